"""What is in force, in words: all rules, one rule, the rules of one point and why they have these limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hdmonitor.catalogue import (
    Catalogue,
    ExposureEntry,
    LimitEntry,
    OwnEntry,
    PlacementEntry,
    RuleEntry,
)
from hdmonitor.events import Json
from hdmonitor.model import NO_TIME, Level, Point, Rule, Side, SwitchedOff, Threshold
from hdmonitor.rule_page import outside_when, what_for
from hdmonitor.rulebook import Judged
from hdmonitor.site import Drawn
from hdmonitor.units import QUANTITIES, show_duration, show_limit, unit_named
from hdmonitor.yaml_values import show_exact

Entry = RuleEntry | ExposureEntry | OwnEntry | PlacementEntry


ADDED = {"mkt": "mean kinetic temperature", "total": "time", "event": "time without a reading inside"}


def confidence(entry: Entry) -> str:
    """Say how a number is known, loudly where it is not."""
    return "UNCONFIRMED" if entry.confidence == "unconfirmed" else entry.confidence


def title(entry: Entry) -> str:
    """Return the id, with the part where several rules share it."""
    return entry.title if isinstance(entry, RuleEntry) else entry.id


def entries(catalogue: Catalogue) -> tuple[Entry, ...]:
    """Return all rules, those of the monitor about itself last."""
    return (*catalogue.rules, *catalogue.exposures, *catalogue.placement, *catalogue.own)


def switched_off(drawn: Drawn | None) -> Mapping[str, Sequence[tuple[str, SwitchedOff]]]:
    """Return by rule where it is switched off, and by whom."""
    found: dict[str, list[tuple[str, SwitchedOff]]] = {}
    for point, judged in (drawn.judged if drawn else {}).items():
        for each in judged:
            if each.off:
                found.setdefault(title(each.entry), []).append((point, each.off))
    return found


# --- rules list -------------------------------------------------------------------


def listed(catalogue: Catalogue, drawn: Drawn | None) -> Iterator[str]:
    """Yield the table of all rules."""
    off = switched_off(drawn)
    yield f"{'rule':28} {'version':8} {'force':9} {'confidence':12} {'effective':11} what"
    for each in entries(catalogue):
        whose = " (of this site)" if drawn and each.id in drawn.book.own else ""
        yield (
            f"{title(each):28} {each.version:8} {each.force:9} {confidence(each):12} "
            f"{each.effective!s:11} {each.what}{whose}"
        )
        for point, why in off.get(title(each), ()):
            yield f"    OFF at {point}: {why}"


def as_json(catalogue: Catalogue, drawn: Drawn | None) -> Iterator[dict[str, Json]]:
    """Yield one object for each rule."""
    off = switched_off(drawn)
    for each in entries(catalogue):
        facts: dict[str, Json] = each.model_dump(mode="json")
        facts["of_the_site"] = bool(drawn and each.id in drawn.book.own)
        facts["switched_off"] = [
            {
                "point": point,
                "by": list(why.by),
                "signed": why.signed.isoformat(),
                "why": why.why,
            }
            for point, why in off.get(title(each), ())
        ]
        yield facts


# --- rules show -------------------------------------------------------------------


def shown(entry: Entry, drawn: Drawn | None) -> Iterator[str]:
    """Yield everything about one rule."""
    yield f"{title(entry)}: {entry.what}"
    yield f"  force       {entry.force}"
    yield f"  confidence  {confidence(entry)}"
    yield f"  version     {entry.version}, effective {entry.effective}"
    yield f"  source      {entry.source}"
    yield f"  do first    {entry.instruction}"
    yield f"  answered by {entry.response}"
    if isinstance(entry, OwnEntry):
        yield f"  priority    {entry.priority}"
        return
    if isinstance(entry, PlacementEntry):
        yield f"  for         {', '.join(entry.kinds)} with {', '.join(entry.contents)}"
        yield f"  only in     {', '.join(entry.roles)}, with at least {entry.air_changes}"
        return
    if isinstance(entry, ExposureEntry):
        yield from _exposure(entry)
        for point, why in switched_off(drawn).get(entry.id, ()):
            yield f"  OFF at {point}: {why}"
        return
    yield f"  for         {what_for(entry)}{' (judged beside the rule of the place)' if entry.beside else ''}"
    if entry.condition:
        yield f"  holds       {entry.condition}"
    for each in entry.thresholds:
        yield f"  {_limit_line(each, entry)}"
    yield f"  back        after {show_exact(entry.off_delay)}, deadband {entry.deadband}"
    yield f"  vouches     a reading, for at least {show_exact(entry.patience)}"
    for holds, text in (
        (entry.latched, "latched: returns to service only by a named act"),
        (entry.holds_stock, "an alarm puts the contents on hold"),
        (bool(entry.notes), entry.notes),
    ):
        if holds:
            yield f"  {text}"
    for point, why in switched_off(drawn).get(entry.title, ()):
        yield f"  OFF at {point}: {why}"


def _exposure(entry: ExposureEntry) -> Iterator[str]:
    band = " or ".join(
        f"{s} {limit}" for s, limit in (("above", entry.above), ("below", entry.below)) if limit
    )
    yield f"  for         {what_for(entry)}"
    yield f"  adds up     {ADDED[entry.measure]}{f' {band}' if band else ''}, in {show_exact(entry.window)}"
    for each in entry.thresholds:
        force = each.force or entry.force
        yield f"  {each.level:9} {f'above {each.limit}':37} {each.priority:9} {force:9} {each.name}"
    if entry.notes:
        yield f"  {entry.notes}"


def _limit_line(each: LimitEntry, entry: RuleEntry) -> str:
    longest = f", a site may set up to {show_exact(each.longest)}" if each.longest else ""
    return (
        f"{each.level:9} {outside_when(each):26} for {show_exact(each.on_delay):6} "
        f"{each.priority:9} {each.force or entry.force:9} {each.name}{longest}"
    )


# --- rules explain ----------------------------------------------------------------


def explained(drawn: Drawn, id_: str) -> Iterator[str]:
    """Yield which rules judge a point, with which limits, and why."""
    point = drawn.site.points[id_]
    yield f"{id_}: {point.name}, {point.quantity}"
    yield f"  {_place(drawn, point)}"
    yield f"  {_hearing(point)}"
    for each in drawn.judged[id_]:
        yield ""
        yield from _judged(each, drawn, point)
    if not any(rule.thresholds for rule in point.rules):
        yield ""
        yield "NOTHING judges this point; it is recorded and watched for silence only"


def _place(drawn: Drawn, point: Point) -> str:
    room = drawn.site.rooms[point.room]
    where = f"room {room.id}, role {room.role}"
    if point.equipment is None:
        legs = f", the sum of {' and '.join(leg.point for leg in point.legs)}" if point.legs else ""
        if point.base and room.certified is not None:
            legs += f", and {point.base:g} by hoods as report {room.certified.report} says"
        return f"{where}{f', against {point.to}' if point.to else ''}{legs}"
    equipment = drawn.site.equipment[point.equipment]
    holds = f" with {', '.join(equipment.contents)}" if equipment.contents else ""
    return f"{equipment.id}, a {equipment.kind}{holds}, in {where}"


def _hearing(point: Point) -> str:
    probe = f"{point.probe} probe, " if point.probe else ""
    if point.defrost is not None:
        starts = " and ".join(f"{start:%H:%M}" for start in point.defrost.starts)
        probe += f"calls held back for a defrost of {show_duration(point.defrost.lasts)} from {starts}, "
    silent = point.silent_after or point.valid_for
    by_day = " (monitoring: daily)" if point.silent_after else ""
    gate = f"; judged only as {point.only_while} says" if point.only_while else ""
    return (
        f"{probe}every {show_duration(point.every)}, a reading vouches for {show_duration(point.valid_for)}, "
        f"silence is an alarm after {show_duration(silent)}{by_day}{gate}"
    )


def _judged(each: Judged, drawn: Drawn, point: Point) -> Iterator[str]:
    entry = each.entry
    yield f"{title(entry)} version {entry.version}, {entry.force}, {confidence(entry)}: {entry.what}"
    place = drawn.site.equipment[point.equipment].kind if point.equipment else _role(drawn, point)
    here = [each for each in entry.applies if place in (*each.kinds, *each.roles)]
    beside = ", beside the others" if isinstance(entry, ExposureEntry) or entry.beside else ""
    whose = "a rule of this site " if entry.id in drawn.book.own else ""
    yield f"  {whose}for {what_for(entry.model_copy(update={'applies': here}))}{beside}"
    if each.off:
        yield f"  OFF: {each.off}"
        return
    if isinstance(entry, ExposureEntry):
        yield from list(_exposure(entry))[1:]
        return
    if not each.rule.thresholds:
        yield "  no limit: recorded, shown and added up, but not judged here"
        return
    written = {limit.key: limit for limit in entry.thresholds}
    for threshold in each.rule.thresholds:
        yield f"  {_threshold(threshold, each.rule, point, written.get((threshold.level, threshold.side)))}"
    for key, limit in written.items():
        if key not in {(own.level, own.side) for own in each.rule.thresholds}:
            yield f"  {limit.level:9} {outside_when(limit):26} left out by the site file"
    back = f"after {show_duration(each.rule.off_delay)}" if each.rule.off_delay > NO_TIME else "at once"
    usual = f" (rule: {show_exact(entry.off_delay)})" if each.rule.off_delay != entry.off_delay else ""
    yield f"  back to normal {back}{usual}; {entry.response} answers: {entry.instruction}"


def _role(drawn: Drawn, point: Point) -> str:
    return drawn.site.rooms[point.room].role


def _threshold(own: Threshold, rule: Rule, point: Point, entry: LimitEntry | None) -> str:
    """Describe a limit in effect and what the site file changed of it."""
    figure = show_limit(own.limit, point.quantity, rule.unit)
    if QUANTITIES[point.quantity].words:
        outside = f"not {figure}"
    else:
        amount = f"{figure} {unit_named(rule.unit, point.quantity).name}"
        more, beyond = ("more", "above") if own.side is Side.HIGH else ("less", "below")
        outside = f"{beyond} {amount}" if own.limit_is_inside else f"{amount} or {more}"
    line = (
        f"{own.level.name.lower():9} {outside:26} for {show_exact(own.on_delay):6} "
        f"{own.priority.name.lower():9} {own.force:9} {own.name}"
    )
    return f"{line}{_changes(own, entry, figure)}"


def _changes(own: Threshold, entry: LimitEntry | None, figure: str) -> str:
    if entry is None:
        return "; added by the site file"
    changes = []
    if entry.limit.partition(" ")[0] != figure and entry.limit != figure:
        changes.append(f"rule: {entry.limit}")
    if own.on_delay not in (entry.on_delay, entry.air_probe_delay):
        changes.append(f"rule: {show_exact(entry.on_delay)}")
    if own.on_delay == entry.air_probe_delay != entry.on_delay:
        changes.append(f"probe in air; else {show_exact(entry.on_delay)}")
    cap = entry.longest or (None if own.level is Level.WARNING else entry.on_delay)
    if cap:
        changes.append(f"cap {show_exact(cap)}")
    return f"; {', '.join(changes)}" if changes else ""
