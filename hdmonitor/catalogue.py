"""The catalogue of rules: limits with their source, as the package ships them.

The numbers live in `rules/catalogue/*.yaml`; a site chooses none of them by
name, they follow from the kind of equipment or the role of the room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from hdmonitor.model import NO_TIME, Force, Level, Response, Rule, Side
from hdmonitor.units import parse_duration
from hdmonitor.yaml_source import parse_yaml, validate

RULES = ("storage", "rooms", "pressure", "air", "hoods", "doors", "power")

Role = Literal[
    "unclassified",
    "ante",
    "ante-hd",
    "buffer",
    "buffer-hd",
    "sca",
    "c-sca",
    "nonsterile-hd",
    "storage-hd",
    "unpacking",
]
Kind = Literal[
    "refrigerator",
    "cold-storage",
    "freezer",
    "cabinet",
    "cooler",
    "bsc-a2",
    "bsc-b2",
    "caci",
    "power",
]
Contents = Literal[
    "refrigerated", "controlled-cold", "frozen", "room-temperature", "antineoplastic", "hazardous"
]
Part = Literal["inflow", "downflow", "exhaust", "power", "supply", "hood", "total"]
LevelName = Literal["warning", "alarm", "critical"]
Shape = TypeVar("Shape", bound="Strict")


def _duration(text: Any) -> timedelta:
    if not isinstance(text, str):
        # pydantic gives a ValueError its place in the file, a TypeError ends the program
        why = "write the duration in quotes with its unit, such as '20s'"
        raise ValueError(why)  # noqa: TRY004  # see above
    return parse_duration(text)


def show_exact(duration: timedelta) -> str:
    """Write a duration as `parse_duration` reads it: "1h30m"."""
    seconds = int(duration.total_seconds())
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(show_exact, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$", "examples": ["20s", "5m", "1h30m"]}
    ),
]


class Strict(BaseModel):
    """A mapping in a file: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LimitEntry(Strict):
    """One limit of a catalogue rule, as written."""

    level: LevelName
    side: Literal["high", "low"]
    limit: str
    ends: Literal["inclusive", "exclusive"] = "inclusive"
    on_delay: Duration
    air_probe_delay: Duration | None = None
    gauge: bool = False  # it is the accuracy of the gauge, assumed where none is stated
    longest: Duration | None = None  # absent: a site may not lengthen the delay of an alarm
    priority: Literal["low", "medium", "high", "critical"]
    name: str
    force: Literal["SHALL", "SHOULD", "PRACTICE"] | None = None  # absent: that of the rule

    @property
    def key(self) -> tuple[Level, Side]:
        """Level and side; a rule has one limit for each."""
        return Level[self.level.upper()], Side(self.side)


class Applies(Strict):
    """What a rule is for; every list that is given must match."""

    quantity: list[str]
    kinds: list[Kind] = []
    roles: list[Role] = []
    to: list[Role] = []
    of: list[Part] = []
    contents: list[Contents] = []


class _Entry(Strict):
    id: str
    version: str
    what: str
    source: str
    force: Literal["SHALL", "SHOULD", "PRACTICE"]
    confidence: Literal["primary", "secondary", "unconfirmed"]
    response: Literal["containment", "storage", "other"]
    instruction: str = Field(max_length=60)


class RuleEntry(_Entry):
    """A rule of the catalogue, as written."""

    part: str = ""
    applies: list[Applies]
    thresholds: list[LimitEntry]
    deadband: str
    off_delay: Duration
    patience: Duration  # the least time a reading vouches for
    latched: bool = False
    holds_stock: bool = False
    notes: str = ""

    @property
    def title(self) -> str:
        """The id, with its part where several rules share it."""
        return f"{self.id} {self.part}".strip()


class OwnEntry(_Entry):
    """An alarm of the monitor about itself, as written."""

    priority: str


class PlacementEntry(_Entry):
    """Where stock may stand, as written."""

    kinds: list[Kind]
    contents: list[Contents]
    roles: list[Role]
    air_changes: str
    notes: str = ""


class _PlacementFile(Strict):
    rules: list[PlacementEntry]


class ExposureEntry(_Entry):
    """A rule about what readings add up to, as written."""

    measure: Literal["mkt", "total", "event"]
    window: Duration
    above: str | None = None
    below: str | None = None
    applies: list[Applies]
    thresholds: list[LimitEntry]  # of a time: durations
    deadband: str
    off_delay: Duration
    beside: bool = False
    holds_stock: bool = False
    notes: str = ""


class _ExposureFile(Strict):
    rules: list[ExposureEntry]


class _RuleFile(Strict):
    rules: list[RuleEntry]


class _OwnFile(Strict):
    rules: list[OwnEntry]


@dataclass(frozen=True, slots=True)
class Spot:
    """What the choice of a rule depends on."""

    quantity: str
    kind: str | None = None  # of the equipment; None for a room
    role: str | None = None  # of the room; None for equipment
    to: str | None = None  # role of the reference room
    of: str | None = None
    contents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every rule the package ships."""

    rules: tuple[RuleEntry, ...]
    own: tuple[OwnEntry, ...]
    placement: tuple[PlacementEntry, ...]
    exposures: tuple[ExposureEntry, ...]
    digest: str  # of the files, part of a site's configuration hash

    @property
    def ids(self) -> frozenset[str]:
        """The id of every rule: about values, about sums, about the monitor itself."""
        return frozenset(each.id for each in (*self.rules, *self.exposures, *self.own))

    def rules_for(self, spot: Spot) -> list[RuleEntry]:
        """Return the rule for `spot`; none or several mean that the site must say more.

        A rule for certain contents goes before one for the kind alone.
        """
        for with_contents in (True, False):
            found = [rule for rule in self.rules if _fits(rule, spot, with_contents)]
            if found:
                return found
        return []

    def exposures_for(self, spot: Spot) -> list[ExposureEntry]:
        """Return the rules about what the readings of `spot` add up to: for its kind, and for what it holds.

        Frozen goods have none: a mean says nothing about thawing, nor 2 to 8 degC about a freezer.
        """
        if "frozen" in spot.contents:
            return []
        return [
            each
            for each in self.exposures
            if any(_fits_entry(one, spot, with_contents=bool(one.contents)) for one in each.applies)
        ]

    def why_none(self, spot: Spot) -> str:
        """Say what has no rule at `spot`, and what has."""
        what = f"a {spot.kind}" if spot.kind else f"a room with the role {spot.role}"
        text = f"no rule for {spot.quantity} of {what}"
        if spot.to:
            reverse = Spot(spot.quantity, role=spot.to, to=spot.role)
            swap = "exchange 'at' and 'to' and write sign: -1"
            what_next = swap if self.rules_for(reverse) else "check the roles and 'to'"
            return f"{text} to one with the role {spot.to}; {what_next}"
        here = [
            each
            for rule in self.rules
            for each in rule.applies
            if spot.kind in each.kinds or spot.role in each.roles
        ]
        if parts := {part for each in here if spot.quantity in each.quantity for part in each.of}:
            return f"{text} as it stands; write of: {' or '.join(sorted(parts))}"
        possible = sorted({quantity for each in here for quantity in each.quantity})
        return f"{text}; there it can be {', '.join(possible) or 'nothing'}"


def _fits(rule: RuleEntry, spot: Spot, with_contents: bool) -> bool:
    return any(_fits_entry(each, spot, with_contents) for each in rule.applies)


def _fits_entry(each: Applies, spot: Spot, with_contents: bool) -> bool:
    return (
        spot.quantity in each.quantity
        and (spot.kind in each.kinds if spot.kind else spot.role in each.roles)
        and (not each.to or spot.to in each.to)
        and (not each.of or spot.of in each.of)
        and bool(each.contents) is with_contents
        and (not each.contents or bool(set(each.contents) & set(spot.contents)))
    )


@cache
def load_catalogue() -> Catalogue:
    """Read the catalogue of the package; raise ValueError naming each mistake."""
    folder = files("hdmonitor") / "rules" / "catalogue"
    digest = sha256()
    rules: list[RuleEntry] = []
    for name in RULES:
        raw = (folder / f"{name}.yaml").read_bytes()
        digest.update(raw)
        rules.extend(_read(raw, name, _RuleFile).rules)
    found = {}
    for name in ("own", "placement", "exposure"):
        found[name] = (folder / f"{name}.yaml").read_bytes()
        digest.update(found[name])
    return Catalogue(
        rules=tuple(rules),
        own=tuple(_read(found["own"], "own", _OwnFile).rules),
        placement=tuple(_read(found["placement"], "placement", _PlacementFile).rules),
        exposures=tuple(_read(found["exposure"], "exposure", _ExposureFile).rules),
        digest=digest.hexdigest(),
    )


def _read(raw: bytes, name: str, shape: type[Shape]) -> Shape:
    source = parse_yaml(raw, f"hdmonitor/rules/catalogue/{name}.yaml")
    source.data = {"rules": source.data}
    found = None if source.problems else validate(source, shape)
    if found is None:
        raise ValueError("\n".join(map(str, source.problems)))
    return found


@cache
def own_rules() -> Mapping[str, Rule]:
    """Return the monitor's own alarms by id, without thresholds: the monitor builds those."""
    return MappingProxyType(
        {
            entry.id: Rule(
                id=entry.id,
                version=entry.version,
                what=entry.what,
                source=entry.source,
                force=Force(entry.force),
                confidence=entry.confidence,
                thresholds=(),
                unit="",
                deadband=0.0,
                off_delay=NO_TIME,
                response=Response(entry.response),
                instruction=entry.instruction,
            )
            for entry in load_catalogue().own
        }
    )


# --- docs/rules.md ------------------------------------------------------------

INTRODUCTION = """# Rules

<!-- Written by hdmonitor.catalogue.page() from hdmonitor/rules/catalogue; a test keeps it fresh. -->

No site chooses a rule by its name: it follows from the kind of equipment or the role of the room, and
from what is measured. A site may tighten limits, never loosen them
([configuration](configuration.md#limits)).

- **Force** is that of the source: SHALL is mandatory there, SHOULD is recommended, PRACTICE is in no
  standard. Delays, deadbands and priorities are PRACTICE everywhere.
- **Confidence** says how the number is known: *primary* read in the source itself, *secondary* read
  about it, *unconfirmed* neither. Somebody with access to USP must confirm the last two before relying
  on them as law.
- A value *at* the limit is inside, unless the limit is written with "or".
- **Longest** is the longest delay a site may set ([why](decisions/0003-caps.md)); without one the
  delay of an alarm cannot be lengthened.
- Low priority wakes nobody.
"""


SUMS = """
## What readings add up to

These stand beside the limits of each value and take nothing from them
([why](decisions/0015-exposure.md)). A reading stands until the next one, at most for what it vouches
for; the last has no weight. A mean over a window that is covered to less than 95 % gives no verdict. It
is worked out with doubted readings and without them, and the worse governs. A site cannot change these
limits yet.
"""


def page() -> str:
    """Return `docs/rules.md`."""
    catalogue = load_catalogue()
    own = "\n## The monitor about itself\n\nThese have no limits in the catalogue; the monitor builds them.\n"
    chapters = [
        INTRODUCTION,
        *map(_rule_chapter, catalogue.rules),
        *map(_placement_chapter, catalogue.placement),
        SUMS,
        *map(_exposure_chapter, catalogue.exposures),
        own,
        *map(_own_chapter, catalogue.own),
    ]
    return "\n".join(chapters)


def _rule_chapter(rule: RuleEntry) -> str:
    times = f"off-delay {show_exact(rule.off_delay)}, deadband {rule.deadband}"
    facts = [
        *_facts(rule),
        f"- Back to normal: {times}. A reading vouches for at least {show_exact(rule.patience)}.",
    ]
    if rule.latched:
        facts.append("- Latched: returns to service only by a named act.")
    if rule.holds_stock:
        facts.append("- An alarm puts the contents on hold.")
    rows = [
        "| Level | Outside when | Called | On-delay | Longest | Priority | Force |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_row(each, rule) for each in rule.thresholds),
    ]
    notes = f"\n{rule.notes}\n" if rule.notes else ""
    text = "\n".join((*facts, "", *rows))
    return f"## {rule.title}\n\n{_capital(rule.what)}.\n\n- For: {_for(rule)}.\n{text}\n{notes}"


def _placement_chapter(entry: PlacementEntry) -> str:
    stock = f"- For: {', '.join(entry.kinds)} with {', '.join(entry.contents)}."
    rooms = f"- In: {', '.join(entry.roles)}, with at least {entry.air_changes}."
    text = "\n".join((stock, rooms, *_facts(entry)))
    return f"## {entry.id}\n\n{_capital(entry.what)}.\n\n{text}\n\n{entry.notes}\n"


def _exposure_chapter(entry: ExposureEntry) -> str:
    band = " and ".join(
        f"{side} {limit}" for side, limit in (("above", entry.above), ("below", entry.below)) if limit
    )
    what = {"mkt": "mean kinetic temperature", "total": "time", "event": "time without a reading inside"}
    facts = [
        *_facts(entry),
        f"- Adds up: {what[entry.measure]}{f' {band}' if band else ''}, in {show_exact(entry.window)}.",
        f"- Back to normal: off-delay {show_exact(entry.off_delay)}, deadband {entry.deadband}.",
    ]
    if entry.beside:
        facts.append("- Calls nobody while a limit alarm of the same point is open.")
    if entry.holds_stock:
        facts.append("- An alarm puts the contents on hold.")
    rows = [
        "| Level | Alarm when | Called | Priority | Force |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {t.level} | above {t.limit} | {t.name} | {t.priority} | {t.force or entry.force} |"
            for t in entry.thresholds
        ),
    ]
    notes = f"\n{entry.notes}\n" if entry.notes else ""
    text = "\n".join((*facts, "", *rows))
    return f"### {entry.id}\n\n{_capital(entry.what)}.\n\n- For: {_for(entry)}.\n{text}\n{notes}"


def _own_chapter(entry: OwnEntry) -> str:
    facts = "\n".join((*_facts(entry), f"- Priority: {entry.priority}."))
    return f"### {entry.id}\n\n{_capital(entry.what)}.\n\n{facts}\n"


def _facts(entry: _Entry) -> list[str]:
    return [
        f"- Force **{entry.force}**, confidence {entry.confidence}, version {entry.version}.",
        f"- Source: {entry.source}.",
        f"- First instruction: {entry.instruction}.",
        f"- Answered by the escalation policy *{entry.response}*.",
    ]


def _row(each: LimitEntry, rule: RuleEntry) -> str:
    if not any(character.isdigit() for character in each.limit):
        outside = f"not {each.limit}"
    elif each.ends == "exclusive":
        outside = f"{each.limit} or {'more' if each.side == 'high' else 'less'}"
    else:
        outside = f"{'above' if each.side == 'high' else 'below'} {each.limit}"
    if each.gauge:
        outside += " (accuracy of the gauge)"
    air = f" (probe in air {show_exact(each.air_probe_delay)})" if each.air_probe_delay else ""
    longest = show_exact(each.longest) if each.longest else ""
    cells = (
        each.level,
        outside,
        each.name,
        show_exact(each.on_delay) + air,
        longest,
        each.priority,
        each.force or rule.force,
    )
    return f"| {' | '.join(cells)} |"


def _for(rule: RuleEntry | ExposureEntry) -> str:
    return "; ".join(
        f"{' or '.join(each.quantity)} of {', '.join((*each.kinds, *each.roles))}"
        + (f" to {', '.join(each.to)}" if each.to else "")
        + (f" with {', '.join(each.contents)}" if each.contents else "")
        + (f", {' or '.join(each.of)}" if each.of else "")
        for each in rule.applies
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
