"""The catalogue of rules: limits with their source, as the package ships them.

The numbers live in `rules/catalogue/*.yaml`; a site chooses none of them by
name, they follow from the kind of equipment or the role of the room.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
)

from hdmonitor.model import NO_TIME, Force, Level, Response, Rule, Side
from hdmonitor.yaml_source import parse_yaml, validate
from hdmonitor.yaml_values import Duration

RULES = (
    "storage",
    "goods",
    "rooms",
    "pressure",
    "air",
    "hoods",
    "particles",
    "doors",
    "incubators",
    "eyewash",
    "power",
)

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

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
    "cool-storage",
    "warm-storage",
    "freezer",
    "cabinet",
    "cooler",
    "incubator-30-35",
    "incubator-20-25",
    "bsc-a2",
    "bsc-b2",
    "caci",
    "lafw",
    "cai",
    "eyewash",
    "power",
]
Contents = Literal[
    "refrigerated",
    "frozen",
    "room-temperature",
    "controlled-cold",
    "freeze-sensitive",
    "do-not-refrigerate",
    "csp",
    "dry",
    "antineoplastic",
    "hazardous",
]
ForceName = Literal["SHALL", "SHOULD", "PRACTICE"]
Confidence = Literal["primary", "secondary", "unconfirmed"]
Part = Literal["inflow", "downflow", "exhaust", "power", "supply", "hood", "total"]
LevelName = Literal["warning", "alarm", "critical"]
Shape = TypeVar("Shape", bound="Strict")


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
    force: ForceName | None = None  # absent: that of the rule

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
    contents: list[str] = []  # words of `Contents`; a rule of a site may have its own


def _day(text: Any) -> date:
    if isinstance(text, date):
        return text
    if isinstance(text, str) and DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise ValueError(f"{text!r:.40} is not a day; write it in quotes as '2026-03-02'")


IsoDay = Annotated[
    date,
    BeforeValidator(_day),
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{DAY.pattern}$"}),
]


class _Entry(Strict):
    id: str
    version: str
    what: str
    source: str
    force: ForceName
    confidence: Confidence
    effective: IsoDay  # since when the source has it so; without a date of its own, since when we do
    response: Literal["containment", "storage", "other"]
    instruction: str = Field(max_length=60)

    @property
    def rule(self) -> Rule:
        """What every rule takes over as it stands: no limits yet, and back to normal at once."""
        return Rule(
            id=self.id,
            version=self.version,
            what=self.what,
            source=self.source,
            force=Force(self.force),
            confidence=self.confidence,
            thresholds=(),
            unit="",
            deadband=0.0,
            off_delay=NO_TIME,
            response=Response(self.response),
            instruction=self.instruction,
        )


class RuleEntry(_Entry):
    """A rule of the catalogue, as written."""

    part: str = ""
    condition: str = ""  # when the limit holds, in words
    only_while: str = ""  # a state of the same equipment, such as "flowing"; else there is no verdict
    beside: bool = False  # judged beside the rule of the place, not instead of it
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
            found = [rule for rule in self.rules if not rule.beside and _fits(rule, spot, with_contents)]
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

    def beside(self, spot: Spot) -> list[RuleEntry]:
        """Return the rules that judge `spot` as well: those of its contents, those of the site."""
        return [rule for rule in self.rules if rule.beside and _fits(rule, spot, None)]

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
            if not rule.beside
            for each in rule.applies
            if spot.kind in each.kinds or spot.role in each.roles
        ]
        if parts := {part for each in here if spot.quantity in each.quantity for part in each.of}:
            return f"{text} as it stands; write of: {' or '.join(sorted(parts))}"
        possible = sorted({quantity for each in here for quantity in each.quantity})
        return f"{text}; there it can be {', '.join(possible) or 'nothing'}"


def _fits(rule: RuleEntry, spot: Spot, with_contents: bool | None) -> bool:
    return any(_fits_entry(each, spot, with_contents) for each in rule.applies)


def _fits_entry(each: Applies, spot: Spot, with_contents: bool | None) -> bool:
    return (
        spot.quantity in each.quantity
        and (spot.kind in each.kinds if spot.kind else spot.role in each.roles)
        and (not each.to or spot.to in each.to)
        and (not each.of or spot.of in each.of)
        and (with_contents is None or bool(each.contents) is with_contents)
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
    """Return a file of the package: by the fast parser, unless something is wrong that wants its place."""
    with suppress(yaml.YAMLError, ValidationError):
        return shape.model_validate({"rules": yaml.load(raw, Loader=yaml.CSafeLoader)})
    source = parse_yaml(raw, f"hdmonitor/rules/catalogue/{name}.yaml")
    source.data = {"rules": source.data}
    found = None if source.problems else validate(source, shape)
    if found is None:
        raise ValueError("\n".join(map(str, source.problems)))
    return found


@cache
def own_rules() -> Mapping[str, Rule]:
    """Return the monitor's own alarms by id, without thresholds: the monitor builds those."""
    return MappingProxyType({entry.id: entry.rule for entry in load_catalogue().own})
