"""The limits of one point: those of the catalogue, tightened by the site, never loosened.

Practice: a limit value of an alarm or critical level moves inwards only, a
warning moves freely up to the alarm, delays grow up to the caps that stand in
the catalogue (`longest`) and in `docs/decisions/0003-caps.md`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import TypeAlias

from hdmonitor.catalogue import LevelName, LimitEntry, RuleEntry
from hdmonitor.model import Force, Level, Point, Priority, Rule, Side, Threshold
from hdmonitor.site_file import LevelKeys, LimitsKeys
from hdmonitor.units import (
    AMOUNT,
    QUANTITIES,
    UnitError,
    convert,
    parse_amount,
    parse_difference,
    show_limit,
    unit_named,
)
from hdmonitor.yaml_source import Where
from hdmonitor.yaml_values import show_exact

Complain: TypeAlias = Callable[[Where, str], None]
Key: TypeAlias = tuple[Level, Side]

RELATIVE = re.compile(r"([0-9]+(?:\.[0-9]+)?) % of certified")
LEVELS: tuple[LevelName, ...] = ("warning", "alarm", "critical")
WORST_WARNING = Priority.MEDIUM  # of a warning that the site adds


@dataclass(frozen=True, slots=True)
class Certified:
    """The speed or flow of a hood at its last certification, as its report writes it."""

    value: float  # in `unit`
    unit: str


def certified_at(text: str, quantity: str) -> Certified:
    """Read what a certification report says; raise UnitError."""
    if parse_amount(text, quantity) <= 0:
        raise UnitError(f"{text!r} is no air; write what the report of the certification says")
    unit = written_unit(text, quantity)
    return Certified(written_value(text), unit)


def written_value(text: str) -> float:
    """Return the number in an amount that `parse_amount` accepts, as it was written."""
    found = AMOUNT.fullmatch(text.strip())
    assert found  # noqa: S101  # as the caller promised
    return float(found[1])


def written_unit(text: str, quantity: str) -> str:
    """Return the name of the unit in an amount that `parse_amount` accepts."""
    found = AMOUNT.fullmatch(text.strip())
    return unit_named(found[2] or found[3], quantity).name if found else QUANTITIES[quantity].canonical


def rule_at_point(
    entry: RuleEntry,
    quantity: str,
    complain: Complain,
    *,
    probe: str | None = None,
    certified: Certified | None = None,
    accuracy: float | None = None,
    limits: LimitsKeys | None = None,
) -> Rule:
    """Return the rule as it applies to a point; `complain` hears of each key that goes too far.

    `accuracy` is that of the gauge, where the site states it (canonical unit).
    """
    own = {each.key: _threshold(each, entry, quantity, probe, certified) for each in entry.thresholds}
    if accuracy is not None:
        for each in entry.thresholds:
            if each.gauge:
                own[each.key] = replace(own[each.key], limit=_by_gauge(own[each.key].limit, accuracy))
    deadband = 0.0
    if entry.deadband != "none":
        deadband = _figure(entry.deadband, quantity, certified, parse_difference)
    off_delay = entry.off_delay
    if limits is not None:
        own = _Tightening(entry, quantity, complain, own).apply(limits)
        if limits.off_delay is not None:
            off_delay = limits.off_delay
        if limits.deadband is not None:
            deadband = _deadband(limits.deadband, deadband, quantity, own, complain)
    first = entry.thresholds[0].limit
    return replace(
        entry.rule,
        thresholds=tuple(own.values()),
        unit=certified.unit if certified else written_unit(first, quantity),
        deadband=deadband,
        off_delay=off_delay,
        latched=entry.latched,
        holds_stock=entry.holds_stock,
    )


def _by_gauge(assumed: float, accuracy: float) -> float:
    """Return how far from zero the gauge must show: beyond it for negative, within it for neutral.

    A gauge that is coarser than assumed does not make neutral wider.
    """
    return -accuracy if assumed < 0 else min(accuracy, assumed)


def shown_unit(point: Point, rule: Rule | None = None) -> str:
    """Return the unit in which people read a point: that of the rule, or of its first rule with limits.

    A flow that only counts towards air changes has neither.
    """
    judging = [each for each in (rule, *point.rules) if each is not None and each.thresholds]
    return judging[0].unit if judging else QUANTITIES[point.quantity].canonical


def limit_words(threshold: Threshold, rule: Rule, quantity: str) -> str:
    """Say when a value is outside: "above 8 C", "-0.002 in or more", "not closed"."""
    written = show_limit(threshold.limit, quantity, rule.unit)
    if QUANTITIES[quantity].words:
        return f"not {written}"
    written = f"{written} {unit_named(rule.unit, quantity).short}"
    if not threshold.limit_is_inside:
        return f"{written} or {'more' if threshold.side is Side.HIGH else 'less'}"
    return f"{'above' if threshold.side is Side.HIGH else 'below'} {written}"


def needs_certified(entry: RuleEntry) -> bool:
    """Tell whether the limits of a rule are relative to a certified speed."""
    return any(RELATIVE.fullmatch(each.limit) for each in entry.thresholds)


def _threshold(
    each: LimitEntry, entry: RuleEntry, quantity: str, probe: str | None, certified: Certified | None
) -> Threshold:
    delay = each.air_probe_delay if probe == "air" and each.air_probe_delay else each.on_delay
    return Threshold(
        level=Level[each.level.upper()],
        side=Side(each.side),
        limit=_figure(each.limit, quantity, certified, parse_amount),
        on_delay=delay,
        priority=Priority[each.priority.upper()],
        name=each.name,
        limit_is_inside=each.ends == "inclusive",
        force=Force(each.force or entry.force),
    )


def _figure(
    text: str, quantity: str, certified: Certified | None, parse: Callable[[str, str], float]
) -> float:
    """Return a limit or deadband of the catalogue, which may be relative to a certified speed."""
    relative = RELATIVE.fullmatch(text)
    if relative and certified:
        share = Fraction(relative[1]) / 100 * Fraction(repr(certified.value))
        return convert(float(share), certified.unit, quantity)
    return parse(text, quantity)


def _deadband(
    text: str, default: float, quantity: str, own: dict[Key, Threshold], complain: Complain
) -> float:
    where = ("limits", "deadband")
    try:
        deadband = parse_difference(text, quantity)
    except UnitError as error:
        complain(where, str(error))
        return default
    if deadband < 0:
        complain(where, f"{text!r} is negative; a deadband is 0 or more")
        return default
    for (level, side), high in own.items():
        low = own.get((level, Side.LOW))
        if side is Side.HIGH and low and low.limit + deadband > high.limit - deadband:
            complain(
                where, f"{text!r} leaves nothing between the {level.name.lower()} limits; make it smaller"
            )
            return default
    return deadband


@dataclass(slots=True)
class _Tightening:
    """One point's changes to the limits of one rule."""

    entry: RuleEntry
    quantity: str
    complain: Complain
    own: dict[Key, Threshold]

    def apply(self, limits: LimitsKeys) -> dict[Key, Threshold]:
        """Return the limits with the changes that are allowed."""
        for name in LEVELS:
            keys = getattr(limits, name)
            if keys == "none":
                self.own = {key: own for key, own in self.own.items() if key[0] is not Level.WARNING}
            elif keys is not None:
                self._level(Level[name.upper()], keys)
        for side in Side:
            self._order(side, limits)
        if not self.own:
            self.complain(
                ("limits",), f"nothing of {self.entry.title} is left; keep a limit or drop the point"
            )
        return self.own

    def _level(self, level: Level, keys: LevelKeys) -> None:
        for side, text in ((Side.HIGH, keys.high), (Side.LOW, keys.low)):
            if text is not None:
                self._limit(level, side, text)
        if keys.on_delay is not None:
            self._delay(level, keys.on_delay)

    def _limit(self, level: Level, side: Side, text: str) -> None:
        where = ("limits", level.name.lower(), side.value)
        if QUANTITIES[self.quantity].words:
            self.complain(
                where, f"{self.quantity} is a state and has no {side} limit; change its delays only"
            )
            return
        try:
            value = parse_amount(text, self.quantity)
        except UnitError as error:
            self.complain(where, str(error))
            return
        known = self.own.get((level, side))
        if known is None:
            known = self._new(level, side)
        elif level is not Level.WARNING and _further_out(side, value, known.limit):
            most = f"{show_limit(known.limit, self.quantity, self._unit)} {self._unit}"
            self.complain(
                where,
                f"{text!r} loosens the {level.name.lower()} limit {side} {most} of {self.entry.title}; "
                f"write {'less' if side is Side.HIGH else 'more'}, or leave it out",
            )
            return
        self.own[level, side] = replace(known, limit=value)

    def _new(self, level: Level, side: Side) -> Threshold:
        """Return a limit that the catalogue does not have, like its nearest."""
        like = min(self.own.values(), key=lambda own: (abs(own.level - level), own.side is not side))
        priority = min(like.priority, WORST_WARNING) if level is Level.WARNING else like.priority
        return Threshold(level, side, like.limit, like.on_delay, priority, f"too {side}")

    def _delay(self, level: Level, delay: timedelta) -> None:
        longest = {each.key: each.longest or each.on_delay for each in self.entry.thresholds}
        if not any(key[0] is level for key in self.own):
            where = ("limits", level.name.lower(), "on_delay")
            self.complain(
                where, f"{self.entry.title} has no {level.name.lower()} limit here to delay; delete it"
            )
        for key, own in self.own.items():
            if key[0] is not level:
                continue
            cap = max(longest.get(key, delay), own.on_delay)
            if level is not Level.WARNING and delay > cap:
                self.complain(
                    ("limits", level.name.lower(), "on_delay"),
                    f"{show_exact(delay)} exceeds the cap of {show_exact(cap)} for '{own.name}' "
                    f"of {self.entry.title}; shorten it",
                )
                return
        for key in self.own:
            if key[0] is level:
                self.own[key] = replace(self.own[key], on_delay=delay)

    def _order(self, side: Side, limits: LimitsKeys) -> None:
        """Keep warning inside alarm inside critical, and low below high."""
        warning, alarm, critical = (self.own.get((level, side)) for level in Level)
        if warning and alarm and _further_out(side, warning.limit, alarm.limit):
            if isinstance(limits.warning, LevelKeys) and getattr(limits.warning, side.value):
                where = ("limits", "warning", side.value)
                self.complain(
                    where, "the warning lies beyond the alarm; move it inside, or write warning: none"
                )
            del self.own[Level.WARNING, side]  # an alarm tightened past it leaves nothing to warn of
        if alarm and critical and _further_out(side, alarm.limit, critical.limit):
            where = ("limits", "critical", side.value)
            self.complain(where, "the critical limit lies inside the alarm limit; tighten the alarm too")
        for level in Level:
            low, high = self.own.get((level, Side.LOW)), self.own.get((level, Side.HIGH))
            if side is Side.LOW and low and high and low.limit >= high.limit:
                self.complain(
                    ("limits", level.name.lower()), "low must be below high; nothing would be inside"
                )

    @property
    def _unit(self) -> str:
        text = self.entry.thresholds[0].limit
        return (
            QUANTITIES[self.quantity].canonical
            if RELATIVE.fullmatch(text)
            else written_unit(text, self.quantity)
        )


def _further_out(side: Side, one: float, other: float) -> bool:
    return one > other if side is Side.HIGH else one < other


def guarded(rule: Rule) -> Priority:
    """Return what silence of a point under this rule costs: the priority of its alarm."""
    alarms = [own for own in rule.thresholds if own.level is Level.ALARM] or rule.thresholds
    return max((own.priority for own in alarms), default=Priority.LOW)
