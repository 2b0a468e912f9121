"""What the API answers, as values whose JSON Schema is its description."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from hdmonitor.matrix import Look, StateWord

PRIORITY: TypeAlias = Literal["low", "medium", "high", "critical"]
FORCE: TypeAlias = Literal["SHALL", "SHOULD", "PRACTICE"]


class Told(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(frozen=True)


class Problem(Told):
    """Why there is nothing else: one sentence."""

    error: str


class Done(Told):
    """An act that the core has decided and recorded."""

    done: Literal[True] = True


class ReasonTold(Told):
    """What stands against a place, or what people there should know."""

    verdict: Literal["none-known", "unknown", "no"]
    text: str
    rule: str
    alarm: str


class OverrideTold(Told):
    """Who works on in spite of it, and why."""

    by: str
    why: str
    until: datetime


class CardTold(Told):
    """A room or a hood. `none-known` is no yes, and holds until `valid_until` only."""

    id: str
    name: str
    room: Annotated[str, Field(description="of a hood: the name of its room")]
    work: Annotated[bool, Field(description="whether the question is if one may compound here")]
    verdict: Literal["none-known", "unknown", "no"]
    valid_until: datetime | None
    reasons: list[ReasonTold]
    remarks: list[ReasonTold]
    overridden: OverrideTold | None
    in_use: bool


class BoardTold(Told):
    """The board as of one moment."""

    at: datetime
    trouble: Annotated[list[str], Field(description="of the monitor itself")]
    cards: list[CardTold]


class RoomTold(Told):
    """A room of the site."""

    id: str
    name: str
    role: str
    points: list[str]


class LimitTold(Told):
    """One limit, in the canonical unit of its point."""

    rule: str
    version: str
    force: FORCE
    level: Literal["warning", "alarm", "critical"]
    side: Literal["high", "low"]
    limit: float
    on_delay_s: float
    name: str


class PointTold(Told):
    """A point with what was last heard of it."""

    id: str
    name: str
    room: str
    equipment: str | None
    quantity: str
    unit: Annotated[str, Field(description="canonical: of `value` and of all limits")]
    value: Annotated[float | None, Field(description="newest one, whether or not it is still vouched for")]
    shown: Annotated[str, Field(description="as pages show it")]
    measured_at: datetime | None
    vouched_until: Annotated[datetime | None, Field(description="after this nothing is known")]
    look: Literal["inside", "outside", "unknown"]
    says: str
    limits: list[LimitTold]


class ReadingTold(Told):
    """One value, or one fault."""

    measured_at: datetime
    received_at: datetime
    value: float | None
    quality: Literal["good", "late", "retained", "fault", "not_judged"]
    fault: str | None


class ReadingsTold(Told):
    """What was measured of a point; of a long span the lowest and highest of each part."""

    point: str
    unit: str
    readings: list[ReadingTold]


class AlarmTold(Told):
    """An alarm as it stands."""

    id: str
    point: str
    rule: str
    version: str
    level: Literal["warning", "alarm", "critical"]
    priority: PRIORITY
    title: str
    active: bool
    began_at: datetime
    opened_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    cleared_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None
    note: str


class EventTold(Told):
    """One decision or human act; the kinds are explained in docs/events.md."""

    number: int
    at: datetime
    recorded_at: datetime
    kind: str
    subject: str
    alarm: str | None
    detail: dict[str, Any]


class NoticeTold(Told):
    """A message owed to a destination, and what became of it."""

    destination: str
    about: str
    title: str
    body: str
    at: datetime
    delivered_at: datetime | None
    attempts: int


class LifeTold(Told):
    """An alarm with everything that happened to it."""

    alarm: AlarmTold
    events: list[EventTold]
    notices: list[NoticeTold]


class AnswersTold(Told):
    """How long alarms of one shift waited for a person."""

    alarms: int
    unanswered: int
    median_s: float | None
    longest_s: float | None


class FrequentTold(Told):
    """A point and rule with the alarms it gave."""

    point: str
    rule: str
    alarms: int


class NumbersTold(Told):
    """The quality of the alarms opened in a span. They are about the alarms, not about the people."""

    since: datetime
    until: datetime
    opened: dict[PRIORITY, int]
    per_day: dict[PRIORITY, float]
    answers: Annotated[
        dict[Literal["day", "evening", "night"], AnswersTold],
        Field(description="by the shift in which the alarm opened, those of low priority left out"),
    ]
    stale: Annotated[list[str], Field(description="alarms that have stood for more than 24 h")]
    chattering: Annotated[list[FrequentTold], Field(description="three times within an hour")]
    flood_share: Annotated[
        float, Field(description="of the span, from 0 to 1: more than 10 alarms in 10 minutes")
    ]
    top: Annotated[list[FrequentTold], Field(description="most frequent")]


class DutyTold(Told):
    """One obligation for one subject. A failed test reads `to repeat`; results are told to nobody here."""

    subject: str
    name: str
    kind: Literal["person", "facepiece", "asset", "room", "site", "incident"]
    obligation: str
    what: str
    rule: str
    force: FORCE
    state: StateWord
    look: Annotated[Look, Field(description="`bad` of a SHALL is `late` of anything else")]
    shown: Annotated[str, Field(description="as the matrix shows it")]
    due: Annotated[date | None, Field(description="last day that is not too late")]
    last_done: date | None


class AgainstTold(Told):
    """Why somebody or something is not to be relied on."""

    subject: str
    obligation: str
    rule: str
    force: FORCE
    since: date
    against: list[Literal["compounding", "hd-handling", "oversight", "respirator", "use"]]
    text: str


class AwaitedTold(Told):
    """A sample without a result."""

    subject: str
    name: str
    obligation: str
    what: str
    entry: Annotated[int, Field(description="number of the entry that its result corrects")]
    taken: date
    ready_on: Annotated[date, Field(description="first day on which it can be read")]
    overdue: bool
    says: Annotated[str, Field(description="how that day was counted")]


class ComplianceTold(Told):
    """What is due on a local day. Nothing against work says nothing about what is not kept here."""

    on: date
    against: list[AgainstTold]
    awaited: Annotated[list[AwaitedTold], Field(description="as of now, whatever the day")]
    duties: list[DutyTold]


class Rooms(Told):
    """All rooms."""

    rooms: list[RoomTold]


class Points(Told):
    """All points."""

    points: list[PointTold]


class Alarms(Told):
    """Some alarms, the newest first."""

    alarms: list[AlarmTold]


ANSWERS: tuple[type[Told], ...] = (
    Problem,
    Done,
    BoardTold,
    Rooms,
    RoomTold,
    Points,
    PointTold,
    ReadingsTold,
    Alarms,
    LifeTold,
    NumbersTold,
    ComplianceTold,
)
