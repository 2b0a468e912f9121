"""The rules of one site: those of the package, those it adds, without those it has switched off.

A rule of the site is judged beside the package's, never instead of it, so it
can only be stricter. Switching a rule off takes a name, a day and a reason,
and a second name where it is mandatory or protects people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias, get_args

from pydantic import ValidationError

from hdmonitor.catalogue import Applies, Catalogue, Contents, ExposureEntry, RuleEntry
from hdmonitor.model import NO_TIME, Force, Level, Response, Rule, Side, SwitchedOff
from hdmonitor.site_file import OffKeys, RuleKeys, SiteFile
from hdmonitor.site_limits import RELATIVE
from hdmonitor.units import QUANTITIES, UnitError, parse_amount, parse_difference
from hdmonitor.yaml_source import Where, suggest

Complain: TypeAlias = Callable[[Where, str], None]

OWN_PREFIX = "HDM-"  # the monitor's alarms about itself


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule at one point, as it applies there or as it was switched off."""

    entry: RuleEntry | ExposureEntry
    rule: Rule  # without limits where it is switched off
    off: SwitchedOff | None = None


@dataclass(slots=True)
class Rulebook:
    """What a site file says about rules; mistakes go to `complain`."""

    file: SiteFile
    today: date  # where the site is
    complain: Complain
    catalogue: Catalogue  # with the rules of the site
    own: frozenset[str] = frozenset()  # ids of those
    used: set[str] = field(default_factory=set)  # of those, what judges some point
    touched: set[int] = field(default_factory=set)  # switched off, what concerns some point

    @classmethod
    def drawn(cls, file: SiteFile, today: date, catalogue: Catalogue, complain: Complain) -> Rulebook:
        """Read the rules that the site adds."""
        book = cls(file, today, complain, catalogue)
        added: list[RuleEntry] = []
        for number, keys in enumerate(file.rules):
            if entry := book._entry(("rules", number), keys, [rule.id for rule in added]):
                added.append(entry)
        book.own = frozenset(rule.id for rule in added)
        book.catalogue = replace(catalogue, rules=(*catalogue.rules, *added))
        return book

    def _entry(self, where: Where, keys: RuleKeys, before: Sequence[str]) -> RuleEntry | None:
        """Return a rule of the site in full, with what it takes from the one it is `like`."""
        packaged = [rule.id for rule in (*self.catalogue.rules, *self.catalogue.exposures)]
        if keys.id in packaged or keys.id in before or keys.id.startswith(OWN_PREFIX):
            whose = "of this file" if keys.id in before else "of the package"
            self.complain((*where, "id"), f"{keys.id!r} is a rule {whose} already; give yours another id")
            return None
        given = {key: getattr(keys, key) for key in keys.model_fields_set if getattr(keys, key) is not None}
        facts = {}
        if like := given.pop("like", None):
            model = next((rule for rule in self.catalogue.rules if like in (rule.id, rule.title)), None)
            if model is None:
                self.complain((*where, "like"), f"there is no rule {like!r}; {suggest(like, packaged)}")
                return None
            facts = {key: getattr(model, key) for key in LIKE}
        try:
            entry = RuleEntry.model_validate(facts | given | {"beside": True})
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                text = f"{str(detail['loc'][0])!r} is missing; add it, or 'like' with the id of a rule"
                self.complain(where, text)
            return None
        wrong: list[tuple[Where, str]] = []
        if entry.effective > self.today:
            text = f"{entry.effective} is still to come; a rule is judged from the day it stands here"
            wrong.append((("effective",), f"{text}, so add it then"))
        check_entry(entry, lambda inside, text: wrong.append((inside, text)))
        for inside, text in wrong:
            self.complain((*where, *inside), text)
        return None if wrong else entry

    def words(self) -> list[str]:
        """Return what `contents` may say: the words of the package and those of the site's rules."""
        own = {word for rule in self.file.rules for each in rule.applies or () for word in each.contents}
        return sorted({*get_args(Contents), *own})

    # --- switched off -------------------------------------------------------

    def off(self, entry: RuleEntry | ExposureEntry, point: str) -> SwitchedOff | None:
        """Return why `entry` is switched off at `point`, None if it is not."""
        for number, keys in enumerate(self.file.switched_off):
            if keys.rule in (entry.id, title_of(entry)) and (not keys.points or point in keys.points):
                self.touched.add(number)
                by = tuple(
                    person.name
                    for id_ in (keys.by, keys.second)
                    if id_ and (person := self.file.people.get(id_))
                )
                return SwitchedOff(entry.id, by, keys.signed, keys.why)
        return None

    def check_off(self) -> None:
        """Complain about what cannot be switched off, or not like that; after all points were drawn."""
        for number, keys in enumerate(self.file.switched_off):
            where: Where = ("switched_off", number)
            for key, text in self._wrong_off(keys, number):
                self.complain((*where, key) if key else where, text)

    def _wrong_off(self, keys: OffKeys, number: int) -> Iterator[tuple[str, str]]:
        known: list[RuleEntry | ExposureEntry] = [*self.catalogue.rules, *self.catalogue.exposures]
        found = [rule for rule in known if keys.rule in (rule.id, title_of(rule))]
        if keys.rule.startswith(OWN_PREFIX):
            yield "rule", f"{keys.rule} cannot be switched off: silence and faults are never normal"
            return
        if not found:
            ids = [rule.id for rule in known]
            yield "rule", f"there is no rule {keys.rule!r}; {suggest(keys.rule, ids)}"
            return
        if keys.signed > self.today:
            yield "signed", f"{keys.signed} is still to come; write the day on which it was signed"
        heavy = any(_needs_two(rule) for rule in found)
        if heavy and keys.second is None:
            yield "", f"{keys.rule} is mandatory or protects people; add 'second', another person who signs"
        if keys.second == keys.by:
            yield "second", f"{keys.second!r} has signed already; name another person"
        if number not in self.touched:
            yield "rule", f"{keys.rule} judges none of these points; correct the points or delete this"


def title_of(entry: RuleEntry | ExposureEntry) -> str:
    """Return the id, with the part where several rules share it."""
    return entry.title if isinstance(entry, RuleEntry) else entry.id


LIKE = (
    "what",
    "condition",
    "only_while",
    "applies",
    "deadband",
    "off_delay",
    "patience",
    "latched",
    "holds_stock",
    "response",
    "instruction",
)


def _needs_two(rule: RuleEntry | ExposureEntry) -> bool:
    forces = {each.force or rule.force for each in rule.thresholds if each.level != "warning"}
    return Force.SHALL in forces or Response(rule.response) is Response.CONTAINMENT


# --- what must hold of any rule -----------------------------------------------------


def check_entry(entry: RuleEntry, complain: Complain) -> None:
    """Complain about quantities, units and limits that cannot be judged."""
    for number, each in enumerate(entry.applies):
        for index, quantity in enumerate(each.quantity):
            here: Where = ("applies", number, "quantity", index)
            if quantity not in QUANTITIES:
                complain(here, f"{quantity!r} is not a quantity; {suggest(quantity, list(QUANTITIES))}")
            else:
                _check_numbers(entry, quantity, complain)
                return  # further quantities share the units, or the first says what is wrong
        if _nowhere(each):
            complain(("applies", number), "is for no place; add kinds or roles")


def _nowhere(each: Applies) -> bool:
    return not each.kinds and not each.roles


def _check_numbers(entry: RuleEntry, quantity: str, complain: Complain) -> None:
    limits: dict[tuple[Level, Side], float] = {}
    for number, each in enumerate(entry.thresholds):
        where: Where = ("thresholds", number)
        if each.longest is not None and each.longest < max(each.on_delay, each.air_probe_delay or NO_TIME):
            complain((*where, "longest"), "shorter than the delay itself; lengthen it, or shorten the delay")
        if each.key in limits:
            complain(where, f"a second {each.level} limit on the {each.side} side; keep one of them")
        try:
            relative = RELATIVE.fullmatch(each.limit)
            limits[each.key] = float(relative[1]) if relative else parse_amount(each.limit, quantity)
        except UnitError as error:
            complain((*where, "limit"), str(error))
            continue
        other = limits.get((each.key[0], Side.LOW if each.key[1] is Side.HIGH else Side.HIGH))
        if other is not None:
            pair = (limits[each.key], other) if each.key[1] is Side.LOW else (other, limits[each.key])
            if pair[0] >= pair[1]:
                text = f"the low {each.level} limit is not below the high one; nothing would be inside"
                complain((*where, "limit"), text)
    if entry.deadband != "none":
        try:
            if not RELATIVE.fullmatch(entry.deadband) and parse_difference(entry.deadband, quantity) < 0:
                complain(("deadband",), f"{entry.deadband!r} is negative; a deadband is 0 or more")
        except UnitError as error:
            complain(("deadband",), str(error))


def contradiction(rules: Sequence[Rule]) -> tuple[str, str] | None:
    """Return the titles of two rules that no value satisfies together, None if there are none."""
    limits = [(rule, each) for rule in rules for each in rule.thresholds if each.level > Level.WARNING]
    for one, low in limits:
        for other, high in limits:
            if low.side is Side.LOW and high.side is Side.HIGH and low.limit >= high.limit:
                return one.id, other.id
    return None
