"""The shape of a site file: its sections and keys, as people write them.

Meaning (references, units, limits) is checked in `hdmonitor.site`. The
descriptions here are what an editor shows, through the JSON Schema.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from datetime import date, time
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    WithJsonSchema,
)

from hdmonitor.catalogue import (
    Applies,
    Confidence,
    ForceName,
    IsoDay,
    Kind,
    LimitEntry,
    Part,
    Role,
    Strict,
)
from hdmonitor.model import NO_TIME, Response
from hdmonitor.site_compliance import ComplianceKeys
from hdmonitor.units import QUANTITIES
from hdmonitor.yaml_source import Source, Where, validate
from hdmonitor.yaml_values import Duration, Id

LOCAL_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
Words = Annotated[str, Field(min_length=1, max_length=200)]
Amount = Annotated[str, Field(description="a number and its unit in quotes, such as '8 degC'")]


def _longer_than_nothing(duration: Any) -> Any:
    if duration == NO_TIME:
        raise ValueError("must be longer than nothing")
    return duration


def _two(rooms: list[str]) -> list[str]:
    if len(rooms) != 2:  # noqa: PLR2004  # a pair
        raise ValueError("name two rooms, such as [hd-buffer, hd-ante]")
    return rooms


Interval = Annotated[Duration, AfterValidator(_longer_than_nothing)]


def _local_time(text: Any) -> time:
    if isinstance(text, str) and LOCAL_TIME.fullmatch(text):
        return time.fromisoformat(text)
    raise ValueError(f"{text!r:.40} is not a time of day; write hours and minutes in quotes, such as '06:00'")


RULE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}")


def _rule_id(text: Any) -> Any:
    if isinstance(text, str) and not RULE_ID.fullmatch(text):
        why = f"{text!r:.40} is not an id of a rule; write letters, digits, '-', '_' or '.', at most 16"
        raise ValueError(why)
    return text


RuleId = Annotated[
    str,
    BeforeValidator(_rule_id),
    WithJsonSchema({"type": "string", "pattern": f"^{RULE_ID.pattern}$"}),
]

LocalTime = Annotated[
    time,
    BeforeValidator(_local_time),
    WithJsonSchema({"type": "string", "pattern": f"^{LOCAL_TIME.pattern}$"}),
]


def _local_date(text: Any) -> date:
    try:
        return date.fromisoformat(text if isinstance(text, str) and len(text) == len("2026-12-25") else "")
    except ValueError:
        raise ValueError(f"{text!r:.40} is not a day; write it in quotes, such as '2026-12-25'") from None


LocalDate = Annotated[
    date, BeforeValidator(_local_date), WithJsonSchema({"type": "string", "format": "date"})
]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
PersonRole = Literal["board", "technician", "pharmacist", "qa", "administrator", "manager"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
OPEN_SPAN = re.compile(rf"({LOCAL_TIME.pattern})-({LOCAL_TIME.pattern}|24:00)")


def _open_span(text: Any) -> tuple[time, time]:
    span = OPEN_SPAN.fullmatch(text) if isinstance(text, str) else None
    if span is None:
        raise ValueError(f"{text!r:.40} is not from opening to closing; write for instance '07:00-18:00'")
    opens, _, closes = text.partition("-")
    found = time.fromisoformat(opens), time.max if closes == "24:00" else time.fromisoformat(closes)
    if found[0] >= found[1]:
        raise ValueError(f"{text!r:.40} closes before it opens; write for instance '07:00-18:00'")
    return found


OpenSpan = Annotated[
    tuple[time, time],
    BeforeValidator(_open_span),
    WithJsonSchema({"type": "string", "pattern": f"^{OPEN_SPAN.pattern}$"}),
]


class DigestKeys(Strict):
    """One message a day that says how everything stands."""

    at: LocalTime = Field(description="local time of the site, such as '06:00'")
    notify: list[Id] = Field(min_length=1, description="ids of destinations")


class SiteKeys(Strict):
    """The pharmacy as a whole."""

    id: Id
    name: Words = Field(description="as staff and reports say it")
    regime: Literal["503A", "503B"] = Field(
        description="section of the law it works under; 503B is not covered"
    )
    time_zone: str = Field(description="IANA name, such as America/New_York")
    waste_regime: Literal["subpart-p", "large-generator", "small-generator", "very-small-generator"] = Field(
        description="how long hazardous waste may stay; there is no default on purpose"
    )
    hours: dict[Day, OpenSpan] = Field(
        default_factory=dict,
        description="when somebody is there, by weekday; a day left out is closed, all left out: always open",
    )
    monitoring: Literal["continuous", "daily"] = Field(
        "continuous", description="daily: storage must be heard once a day, not every interval"
    )
    digest: DigestKeys | None = Field(None, description="left out: nobody is told how everything stands")


class AirKeys(Strict):
    """What the newest certification report says of the air of a room."""

    report: Words = Field(description="its number or name")
    on: str = Field(description="date of the certification in quotes, such as '2026-01-15'")
    hvac: Amount = Field(description="air changes by ventilation through HEPA filters, such as '32 1/h'")
    hood: Amount | None = Field(None, description="air changes by the filtered air of hoods")


class RoomKeys(Strict):
    """A room."""

    name: Words
    role: Role = Field(description="its place in the pressure order; decides its limits")
    call: Words | None = Field(None, description="whom facilities messages name, such as 'HVAC 2211'")
    volume: Amount | None = Field(None, description="for air changes from a flow sensor, such as '43 m3'")
    certified: AirKeys | None = Field(None, description="the air changes that were certified")


class AdjacencyKeys(Strict):
    """Two rooms side by side."""

    rooms: Annotated[list[Id], AfterValidator(_two)] = Field(description="ids of the two rooms")
    through: Literal["door", "wall", "ceiling"] = Field(description="what lies between them")
    door: Id | None = Field(None, description="id of the contact at the door between them")
    enforced: bool = Field(description="whether the pair is judged, as the designated person marks it")


class Certified(Strict):
    """Speeds or flows found at the last certification of a hood."""

    inflow: Amount | None = None
    downflow: Amount | None = None
    exhaust: Amount | None = None


class EquipmentKeys(Strict):
    """A refrigerator, freezer, cabinet, cooler, hood or power supply."""

    name: Words
    kind: Kind = Field(description="decides its limits")
    room: Id = Field(description="id of the room it stands in")
    contents: list[Words] = Field(
        default_factory=list, description="what it holds; the strictest content sets the limit"
    )
    certified: Certified | None = Field(None, description="for hoods: the speeds that limits are measured by")


class LevelKeys(Strict):
    """One level of limits at a point."""

    high: Amount | None = None
    low: Amount | None = None
    on_delay: Duration | None = Field(None, description="how long outside before it is an alarm")


NoLevel = Annotated[Literal["none"], Tag("none")]
SomeLevel = Annotated[LevelKeys, Tag("level")]
LevelOrNone = Annotated[
    NoLevel | SomeLevel, Discriminator(lambda given: "none" if isinstance(given, str) else "level")
]


class LimitsKeys(Strict):
    """What a point changes of the limits that its kind or role gives it."""

    warning: LevelOrNone | None = Field(None, description="may be moved, or 'none'")
    alarm: LevelKeys | None = Field(None, description="may only be tightened")
    critical: LevelKeys | None = Field(None, description="may only be tightened")
    off_delay: Duration | None = Field(None, description="how long inside before the alarm is over")
    deadband: Amount | None = Field(None, description="how far inside before the alarm is over")


class DefrostKeys(Strict):
    """When a freezer heats its own air, every day."""

    at: list[LocalTime] = Field(
        min_length=1, max_length=4, description="when it begins, local times of the site, at most four"
    )
    lasts: Interval = Field(description="until the air is cold again, at most '30m'")


class PointKeys(Strict):
    """One quantity measured at one place."""

    at: Id = Field(description="id of the room or the equipment it is measured at")
    measures: Literal[tuple(QUANTITIES)] = Field(description="the quantity")  # type: ignore[valid-type]
    to: Id | None = Field(None, description="for differential_pressure: the reference room")
    of: Part | None = Field(None, description="for hoods and the air of rooms: which part is measured")
    name: Words | None = Field(None, description="in messages; that of the room or equipment by default")
    topic: Words = Field(description="MQTT topic, without wildcards")
    family: str = Field(description="format of the message")
    field: str = Field(description="where in the message the value stands")
    unit: str = Field(description="unit of the value as it arrives")
    every: Interval = Field(description="expected interval; silence is three of them")
    sign: Literal[1, -1] = Field(1, description="-1 for a differential pressure that is piped the other way")
    accuracy: Amount | None = Field(None, description="of the gauge of a differential pressure")
    twin: Id | None = Field(None, description="id of a second point that measures the same at the same place")
    offset: Amount | None = Field(None, description="correction from the calibration, added after the sign")
    probe: Literal["air", "buffered", "payload"] | None = None
    defrost: DefrostKeys | None = Field(None, description="of a freezer whose probe is in air")
    gateway: Id | None = Field(None, description="id of the gateway that its messages pass through")
    zone: str | None = Field(None, description="IANA zone of device times that carry none")
    time: str | None = Field(None, description="mapped family: JMESPath of the device time")
    battery: str | None = Field(None, description="mapped family: JMESPath of the battery percentage")
    device: Words | None = Field(None, description="which of several whose messages come on one topic")
    replay_as: Words | None = Field(None, description="name of the sensor in recorded readings")
    limits: LimitsKeys | None = None


class GatewayKeys(Strict):
    """What messages of sensors pass through; when it is gone, it explains their silence."""

    name: Words
    topic: Words = Field(description="of its will, availability or state, such as 'zigbee2mqtt/bridge/state'")


class PersonKeys(Strict):
    """Somebody who may act on an alarm."""

    name: Words
    role: PersonRole = Field(
        description="decides what the person may do; manager: pharmacist and administrator"
    )


class DestinationKeys(Strict):
    """A phone or mailbox; its address stands in hdmonitor.yaml, under notifications."""

    name: Words
    person: Id = Field(description="id of the person who reads it")


class ShiftKeys(Strict):
    """A span of some days of the week in which somebody has the duty."""

    days: list[Day] = Field(min_length=1, description="on which it starts; a holiday goes before its day")
    start: LocalTime = Field(description="local time of the site, such as '20:00'")
    end: LocalTime = Field(description="not later than start: on the next day; '00:00' is midnight")
    notify: list[Id] = Field(min_length=1, description="ids of destinations")


class StandInKeys(Strict):
    """A span in which others have the duty."""

    start: str = Field(description="with its offset from UTC: '2026-03-02T08:00-05:00'")
    end: str = Field(description="with its offset from UTC")
    notify: list[Id] = Field(min_length=1, description="ids of destinations")
    reason: Words
    by: Id = Field(description="id of the person who arranged it")


class DutyKeys(Strict):
    """What changing people have in turn; escalation steps name it like a destination."""

    name: Words
    week: list[ShiftKeys] = Field(min_length=1)
    exceptions: list[StandInKeys] = Field(default_factory=list)


class StepKeys(Strict):
    """Whom an escalation tells, and when."""

    after: Duration = Field(description="since the alarm opened, without an answer")
    notify: list[Id] = Field(min_length=1, description="ids of destinations and duties")


class QuietKeys(Strict):
    """Local hours in which low and medium priorities wait until they end."""

    start: LocalTime = Field(description="local time of the site, such as '22:00'")
    end: LocalTime = Field(description="not later than start: on the next day")


class PolicyKeys(Strict):
    """Who is told, who next, how often again."""

    steps: list[StepKeys] = Field(min_length=1)
    repeat: Interval = Field(description="after the last step, everybody again, until somebody answers")
    repeat_at_most: int | None = Field(
        None, ge=1, le=1000, description="how often; critical alarms are repeated without end"
    )
    quiet: QuietKeys | None = Field(None, description="when low and medium priorities wait")


class EscalationKeys(Strict):
    """One policy for each kind of answer."""

    containment: PolicyKeys = Field(description="hazardous-drug rooms and hoods")
    storage: PolicyKeys = Field(description="refrigerators, freezers, coolers, room temperature")
    other: PolicyKeys = Field(description="everything else")


class MaintenanceKeys(Strict):
    """A planned span in which some points are out of service."""

    points: list[Id] = Field(min_length=1)
    start: str = Field(description="with its offset from UTC: '2026-03-02T08:00-05:00'")
    end: str = Field(description="with its offset from UTC")
    reason: Words
    by: Id = Field(description="id of the person who answers for it")


class RuleKeys(Strict):
    """A rule that the site adds: a state board's, its own, a maker's."""

    id: RuleId = Field(description="stands in every verdict; not one of the package")
    version: Words = Field(description="change it whenever a number changes")
    like: str | None = Field(None, description="id of a rule from which everything else is taken")
    what: Words | None = Field(None, description="what is limited, in a sentence")
    source: Words = Field(description="law, standard, label or procedure it comes from")
    force: ForceName = Field(description="SHALL, SHOULD or PRACTICE, as its source has it")
    confidence: Confidence = Field(description="whether somebody has read it in the source")
    effective: IsoDay = Field(description="since when it holds; not in the future")
    condition: Words | None = Field(None, description="when it holds, in words")
    applies: list[Applies] | None = Field(None, min_length=1, description="what it is for")
    thresholds: list[LimitEntry] = Field(min_length=1, description="its limits")
    deadband: str | None = Field(None, description="how far inside before the alarm is over, or 'none'")
    off_delay: Duration | None = Field(None, description="how long inside before the alarm is over")
    patience: Duration | None = Field(None, description="the least time a reading vouches for")
    response: Literal["containment", "storage", "other"] | None = Field(
        None, description="escalation policy that answers"
    )
    holds_stock: bool | None = Field(None, description="whether an alarm puts the contents on hold")
    instruction: str | None = Field(None, max_length=60, description="what the first person does")
    notes: str | None = None


class OffKeys(Strict):
    """A rule that the site does not apply, signed."""

    rule: str = Field(description="id of the rule")
    points: list[Id] = Field(default_factory=list, description="ids of points; left out: everywhere")
    by: Id = Field(description="id of the person who answers for it")
    second: Id | None = Field(None, description="id of another one, for SHALL and containment")
    signed: IsoDay = Field(description="the day it was signed")
    why: Words


class ChannelKeys(Strict):
    """What is known of one field of a device's messages."""

    quantity: str | None = None
    unit: str | None = None
    on: str | None = Field(None, description="which state 'on', 'true' or 1 means, such as open")
    true: str | None = Field(None, description="the same as on")
    scale: float | None = Field(None, description="the figure is multiplied by it")
    offset: float | None = Field(None, description="added after the scale, in the unit")
    signed16: bool | None = Field(None, description="a register of 16 bits with sign, sent without")
    map: list[list[float]] | None = Field(None, description="two corners: [[4, -50], [20, 50]]")
    fault_values: list[float] | None = Field(None, description="figures that are faults")
    size_um: float | None = Field(None, description="of a particle count: at least this size")


class DeviceKeys(Strict):
    """What is known of a device that its messages do not say; the same as context of `hdmonitor decode`."""

    quantity: str | None = None
    unit: str | None = None
    on: str | None = Field(None, description="which state 'on', 'true' or 1 means, such as open")
    true: str | None = Field(None, description="the same as on")
    units: dict[str, str] | None = Field(None, description="by quantity")
    temperature_unit: str | None = None
    channels: dict[str, str | ChannelKeys] | list[str] | None = Field(None, description="by field")
    field_map: dict[str, str | ChannelKeys] | None = Field(None, description="by dotted path")
    fault_values: dict[str, list[float]] | None = Field(None, description="by field")
    timezone: str | None = Field(None, description="IANA zone of times that carry none")
    datalog_timezone: str | None = Field(None, description="the same for the times of a data log")
    datalog_order: list[str] | None = Field(None, description="what the columns of a data log are")
    device_profile: str | None = Field(None, description="maker and model, such as milesight:em300")
    percent_means: str | None = Field(None, description="the quantity of a bare percentage")
    counts_per: str | None = Field(
        None, description="member with the volume of a particle counter, in litres"
    )
    full_topic: str | None = Field(None, description="Tasmota's FullTopic, where it was changed")
    array: dict[str, str] | None = Field(None, description="names of t0, step_s and field")


class SiteFile(Strict):
    """A pharmacy: rooms, equipment, points, people and who is told."""

    site: SiteKeys
    rooms: dict[Id, RoomKeys]
    adjacencies: list[AdjacencyKeys] = Field(default_factory=list)
    equipment: dict[Id, EquipmentKeys] = Field(default_factory=dict)
    gateways: dict[Id, GatewayKeys] = Field(default_factory=dict)
    points: dict[Id, PointKeys] = Field(min_length=1)
    devices: dict[Words, DeviceKeys] = Field(default_factory=dict, description="by topic")
    people: dict[Id, PersonKeys]
    destinations: dict[Id, DestinationKeys]
    duties: dict[Id, DutyKeys] = Field(default_factory=dict)
    holidays: list[LocalDate] = Field(default_factory=list, description="days that have shifts of their own")
    escalation: EscalationKeys
    maintenance: list[MaintenanceKeys] = Field(default_factory=list)
    rules: list[RuleKeys] = Field(default_factory=list)
    switched_off: list[OffKeys] = Field(default_factory=list)
    compliance: ComplianceKeys | None = Field(None, description="left out: no calendar of obligations")


def schema() -> str:
    """Return the JSON Schema of a site file, from which editors complete it."""
    return json.dumps(SiteFile.model_json_schema(), indent=2) + "\n"


# --- what can be checked in a file with parts of the wrong shape ----------------------

NOUNS = {
    "rooms": "room",
    "equipment": "equipment",
    "gateways": "gateway",
    "points": "point",
    "people": "person",
    "destinations": "destination",
    "duties": "duty",
}
# In place of sections of the wrong shape, so that the others can be checked.
STAND_INS: dict[str, Any] = {
    "site": {
        "id": "x",
        "name": "x",
        "regime": "503A",
        "time_zone": "UTC",
        "waste_regime": "subpart-p",
    },
    "escalation": {kind: {"steps": [{"after": "0s", "notify": ["x"]}], "repeat": "1h"} for kind in Response},
    "adjacencies": [],
    "holidays": [],
    "maintenance": [],
    "rules": [],
    "switched_off": [],
    "compliance": None,
}


def sound_parts(source: Source) -> tuple[SiteFile | None, frozenset[Where]]:
    """Return the file, or what is left of it without the parts of the wrong shape, and which those are."""
    file = validate(source, SiteFile)
    if file is not None or not isinstance(source.data, dict):
        return file, frozenset()
    rest = deepcopy(source.data)
    left_out: set[Where] = set()
    for where, unknown in sorted(source.misshapen, key=lambda wrong: not wrong[1]):
        if unknown:
            _holder(rest, where).pop(where[-1])
        elif where[0] in NOUNS and len(where) > 1:
            left_out.add(where[:2])
            rest[where[0]].pop(where[1], None)
        else:
            left_out.add(where[:1])
            rest[str(where[0])] = STAND_INS.get(str(where[0]), {})
    try:
        return SiteFile.model_validate(rest), frozenset(left_out)
    except ValidationError:
        return None, frozenset(left_out)


def _holder(data: Any, where: Where) -> Any:
    for step in where[:-1]:
        data = data[step]
    return data
