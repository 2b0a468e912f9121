"""What the API answers, as values whose JSON Schema is its description."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


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
    force: Literal["SHALL", "SHOULD", "PRACTICE"]
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
    priority: Literal["low", "medium", "high", "critical"]
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
)
