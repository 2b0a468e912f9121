"""The catalogue of obligations: what has to be done how often, with its source, as the package ships it.

The rows live in `compliance/catalogue/*.yaml`; a site's own are written the same way. Nobody chooses one
by name: it follows from the roles of people, the kinds of things, the roles of rooms and the category.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from hdmonitor.catalogue import Confidence, ForceName, Strict
from hdmonitor.compliance.dates import Every, Unit, parse_every
from hdmonitor.compliance.obligation import STEPS, Against, Applies, Case, Obligation, SubjectKind
from hdmonitor.model import Force
from hdmonitor.yaml_source import Source, Where, parse_yaml, validate

BEFORE, INTERVAL = "before", "interval"
MOST_TASKS = 40


def _every(text: Any) -> Every:
    if isinstance(text, Every):
        return text
    # pydantic gives a ValueError its place in the file; what is no text is no interval either
    return parse_every(text if isinstance(text, str) else str(text))


EveryText = Annotated[
    Every,
    BeforeValidator(_every),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(
        {"type": "string", "examples": ["6 months", "1 week", "90 days", "compounding day", "once"]}
    ),
]


def _first(text: Any) -> Any:
    return text if text in (BEFORE, INTERVAL) else _every(text)


First = Annotated[
    Any,
    BeforeValidator(_first),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": [BEFORE, INTERVAL, "1 month"]}),
]
Waste = Literal["subpart-p", "large-generator", "small-generator", "very-small-generator"]
Category = Annotated[int, Field(ge=1, le=3)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]


def _one_for_each(names: list[str]) -> list[str]:
    if len(set(names)) != len(names):
        raise ValueError("the same word stands there twice; keep one of them")
    return names


Names = Annotated[list[Name], AfterValidator(_one_for_each)]


class CaseKeys(Strict):
    """How often, by which rule, under which condition."""

    every: EveryText
    rule: str = Field(max_length=16, description="id of the rule, as verdicts name it")
    category: list[Category] = Field(default_factory=list, description="highest category, 1 to 3")
    waste: list[Waste] = Field(default_factory=list)


class AppliesKeys(Strict):
    """For whom or what; every list that is given must match."""

    roles: Names = Field(default_factory=list, description="of people, or of rooms")
    kinds: Names = Field(default_factory=list, description="of things")
    category: list[Category] = Field(default_factory=list)
    waste: list[Waste] = Field(default_factory=list)


class ObligationKeys(Strict):
    """An obligation, as written."""

    id: Name
    version: str
    what: str = Field(max_length=300)
    short: str = Field(max_length=40, description="as messages say it")
    subject: SubjectKind = Field(strict=False, description="person, facepiece, asset, room or site")
    applies: AppliesKeys = Field(default_factory=AppliesKeys)
    every: EveryText | None = None
    rule: str | None = Field(None, max_length=16)
    cases: list[CaseKeys] = Field(default_factory=list, description="instead of every and rule")
    force: ForceName
    source: str
    confidence: Confidence
    first: First = Field(BEFORE, description="after the start; 'before': nothing without it; or 'interval'")
    steps: list[int] | None = Field(None, description="days before the due day on which to remind")
    against: list[Annotated[Against, Field(strict=False)]] = Field(default_factory=list)
    consequence: str = Field("", max_length=60, description="as messages say it")
    passes: int = Field(1, ge=1, le=10, description="in a row, before it counts for the first time")
    two_persons: bool = False
    dates_only: bool = False
    hours: Annotated[float, Field(gt=0, strict=False)] | None = None
    anchored: bool = False
    windows: bool = False
    tasks: list[str] = Field(default_factory=list, max_length=MOST_TASKS)
    notes: str = ""


class _File(Strict):
    obligations: list[ObligationKeys]


@dataclass(frozen=True, slots=True)
class Obligations:
    """Every obligation the package ships."""

    by_id: Mapping[str, Obligation]
    digest: str


@cache
def load_obligations() -> Obligations:
    """Read the catalogue of the package; raise ValueError naming each mistake."""
    folder = files("hdmonitor") / "compliance" / "catalogue"
    digest = sha256()
    found: dict[str, Obligation] = {}
    problems: list[str] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".yaml"):
            continue
        raw = file.read_bytes()
        digest.update(raw)
        source = parse_yaml(raw, f"hdmonitor/compliance/catalogue/{file.name}")
        found |= read_obligations(source, found)
        problems += map(str, source.problems)
    if problems:
        raise ValueError("\n".join(problems))
    return Obligations(found, digest.hexdigest())


def read_obligations(source: Source, before: Mapping[str, Obligation]) -> dict[str, Obligation]:
    """Return the obligations of one file of the package; what is wrong goes into its problems."""
    file = None if source.problems else validate(source, _File)
    found: dict[str, Obligation] = {}
    for number, keys in enumerate(file.obligations if file else ()):
        where: Where = ("obligations", number)
        if keys.id in found or keys.id in before:
            source.complain((*where, "id"), f"{keys.id!r} is an obligation already; give this one another id")
            continue
        for key, text in wrong(keys):
            source.complain((*where, key) if key else where, text)
        found[keys.id] = drawn(keys)
    return found


def wrong(keys: ObligationKeys) -> list[tuple[str, str]]:
    """Say what in an obligation cannot be kept, each with the key it stands at."""
    single = keys.every is not None and keys.rule is not None
    found = []
    if single == bool(keys.cases) or (keys.every is None) != (keys.rule is None):
        found.append(("", f"{keys.id!r} needs either 'every' and 'rule', or 'cases'"))
    if keys.subject is SubjectKind.ASSET and not keys.applies.kinds:
        found.append(("applies", f"{keys.id!r} is for things, but says not of which kinds; add 'kinds'"))
    if keys.subject in (SubjectKind.PERSON, SubjectKind.FACEPIECE) and not keys.applies.roles:
        found.append(("applies", f"{keys.id!r} is for people, but says not in which roles; add 'roles'"))
    if keys.against and keys.force != "SHALL":
        text = f"{keys.force} stands against no work; only SHALL does, so delete 'against'"
        found.append(("against", text))
    if bool(keys.against) != bool(keys.consequence):
        found.append(("", f"{keys.id!r}: 'against' and 'consequence' go together"))
    return found


def drawn(keys: ObligationKeys) -> Obligation:
    """Return an obligation as the engine knows it."""
    cases = [*keys.cases]
    if keys.every is not None and keys.rule is not None:
        cases.insert(0, CaseKeys(every=keys.every, rule=keys.rule))
    return Obligation(
        id=keys.id,
        version=keys.version,
        what=keys.what,
        short=keys.short,
        kind=keys.subject,
        applies=Applies(
            frozenset(keys.applies.roles),
            frozenset(keys.applies.kinds),
            frozenset(keys.applies.category),
            frozenset(keys.applies.waste),
        ),
        cases=tuple(
            Case(each.every, each.rule, frozenset(each.category), frozenset(each.waste)) for each in cases
        ),
        force=Force(keys.force),
        source=keys.source,
        confidence=keys.confidence,
        before=keys.first == BEFORE,
        first=keys.first if isinstance(keys.first, Every) else None,
        steps=_steps(keys.steps, cases),
        against=frozenset(keys.against),
        consequence=keys.consequence,
        passes=keys.passes,
        two_persons=keys.two_persons,
        dates_only=keys.dates_only,
        hours=keys.hours,
        anchored=keys.anchored,
        windows=keys.windows,
        tasks=tuple(keys.tasks),
        notes=keys.notes,
    )


def _steps(steps: list[int] | None, cases: list[CaseKeys]) -> tuple[int, ...]:
    """Return when to remind; what is done daily is told only where it was left out."""
    if steps is not None:
        return tuple(sorted(set(steps), reverse=True))
    daily = any(each.every.is_daily or each.every == Every(Unit.DAYS, 1) for each in cases)
    return (-1,) if daily else STEPS
