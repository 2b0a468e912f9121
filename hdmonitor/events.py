"""What goes into a decision and what comes out of it.

Inputs are handed to `Monitor.handle` in the order in which they are decided.
An `Outcome` is everything one decision wants written down; the journal stores
it in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from hdmonitor.completions import Completion, FollowUp, Occurrence, Reminder
from hdmonitor.model import EPOCH, Level, Message, Priority, Quality, Reading

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


# --- inputs -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Condition:
    """Something the monitor notices about itself: a link, a disk, a database."""

    subject: str  # "broker", "influx", "canary", "notify:<destination>"
    wrong: bool
    text: str


class Where(StrEnum):
    """Where the person is who answers: an answer from afar is not somebody at the unit."""

    ANSWER = "answer"  # seen, from anywhere
    ON_MY_WAY = "on-my-way"  # with the minutes it takes
    AT_UNIT = "at-unit"


class Why(StrEnum):
    """Why something is out of service."""

    MAINTENANCE = "maintenance"
    CALIBRATION = "calibration"
    HVAC = "hvac"
    DAMPER = "damper"
    GENERATOR = "generator"


class ReturnStep(StrEnum):
    """What stands between a lost hood or room and work in it, in its order."""

    DEACTIVATE = "deactivate"
    DECONTAMINATE = "decontaminate"
    CLEAN = "clean"
    DISINFECT = "disinfect"
    RECOVERED = "recovered"  # the air has had its time
    SIGN = "sign"  # by a pharmacist


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """A named person answers an alarm as it was shown: the call stops, the recording does not."""

    alarm: str
    by: str
    note: str = ""
    level: Level | None = None  # that was shown; one that has got worse since is not answered
    where: Where = Where.ANSWER
    minutes: int = 0  # until the person who is on the way is there


@dataclass(frozen=True, slots=True)
class Silence:
    """A named person turns off the local sounder of an alarm; the calls go on."""

    alarm: str
    by: str


@dataclass(frozen=True, slots=True)
class Document:
    """A named person writes down what was found and done; the alarm may still run."""

    alarm: str
    by: str
    cause: str  # from the list of its kind of alarm, or in words
    action: str
    disposition: str = ""  # what becomes of the stock; nothing where there is none
    work_order: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """A named person ends an alarm that is written up, or writes it up with this note."""

    alarm: str
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class Shelve:
    """A named person stops the calls of an alarm for a while."""

    alarm: str
    by: str
    reason: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Unshelve:
    """A named person lets a shelved alarm call again."""

    alarm: str
    by: str


@dataclass(frozen=True, slots=True)
class OutOfService:
    """A named person takes points out of service until a moment: recorded and judged, not called."""

    points: tuple[str, ...]
    by: str
    why: Why
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class BackInService:
    """A named person puts points back in service before their time."""

    points: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class Returning:
    """A named person records one step of the return to service of a hood or a room."""

    unit: str  # id of equipment or of a room
    by: str
    step: ReturnStep


@dataclass(frozen=True, slots=True)
class InUse:
    """A named person says whether people work in a room."""

    room: str
    by: str
    in_use: bool


@dataclass(frozen=True, slots=True)
class HandReading:
    """A named person reads a gauge, in the unit that stands on it."""

    point: str
    by: str
    value: float
    unit: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Override:
    """A named person works on although the board knows a reason not to."""

    place: str  # id of a room or of equipment
    by: str
    reason: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Commission:
    """A named person holds a point against a certified instrument."""

    point: str
    by: str
    reading: float  # canonical unit, as it is judged
    reference: float
    certificate: str  # of the instrument
    found: str  # what came of it, in words


@dataclass(frozen=True, slots=True)
class Complete:
    """A named person files that an obligation was fulfilled, failed, or corrects what was filed."""

    completion: Completion

    @property
    def by(self) -> str:
        """Return the id of the person."""
        return self.completion.filed_by


@dataclass(frozen=True, slots=True)
class DrillAlarm:
    """A named person starts a fire drill of one point."""

    point: str
    by: str
    seconds: int  # after which it ends by itself


@dataclass(frozen=True, slots=True)
class DrillArrived:
    """A named person gives the code that the message of a drill shows."""

    drill: str
    by: str
    code: str


@dataclass(frozen=True, slots=True)
class DrillAnswered:
    """A named person acknowledges a drill."""

    drill: str
    by: str


@dataclass(frozen=True, slots=True)
class DrillFailed:
    """The excursion of a drill could not be published."""

    drill: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """The wall clock jumped against the monotonic one."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class Remark:
    """A fact for the event table that decides nothing: start, stop, a connection."""

    kind: Kind
    subject: str
    detail: dict[str, Json]


Cell: TypeAlias = "str | int | float | bytes | None"  # of a table of the record


@dataclass(frozen=True, slots=True)
class Record:
    """A row of a table that no judgement reads; it takes the place of the one with the same key."""

    table: str
    values: dict[str, Cell]  # by column
    key: tuple[str, ...]  # columns that are unique together
    event: str = ""  # the column that gets the number of the event it is written with
    taken: str = ""  # refused with this sentence when there is such a row; empty: it is replaced


HELP = "help"  # condition of a room where somebody alone has called; its subject is "help:<room>"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something a person writes down that judges nothing: the event that tells it, and its rows."""

    kind: Kind
    subject: str
    by: str  # id of the person; empty for the monitor itself
    detail: dict[str, Json]
    records: tuple[Record, ...] = ()
    alarm: str | None = None


# What a named person does; which role may do it stands in `hdmonitor.rights`.
OfAlarm: TypeAlias = Acknowledge | Silence | Document | Close | Shelve | Unshelve
Deed: TypeAlias = (
    OfAlarm | OutOfService | BackInService | Returning | InUse | HandReading | Override | Commission
)
DrillAct: TypeAlias = DrillAlarm | DrillArrived | DrillAnswered | DrillFailed
Act: TypeAlias = Deed | Complete | DrillAct
Input: TypeAlias = Message | Reading | Condition | Act | Entry | ClockStepped | Remark


# --- outcome ----------------------------------------------------------------


class Kind(StrEnum):
    """Kinds of event; each has its heading in `docs/events.md`."""

    STARTED = "started"
    STOPPED = "stopped"
    CLOCK_STEPPED = "clock-stepped"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    MOVED = "moved"  # an alarm went from one phase to another
    RAISED = "raised"  # to a higher level
    LOWERED = "lowered"
    EXCURSION = "excursion"  # one ended
    CALLED = "called"  # a step of an escalation was taken
    NOT_NOTIFIED = "not-notified"  # an announcement withheld, with its reason
    ACK_EXPIRED = "ack-expired"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"  # the sounder, not the calls
    DOCUMENTED = "documented"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    OUT_OF_SERVICE = "out-of-service"
    BACK_IN_SERVICE = "back-in-service"
    LATCHED = "latched"  # a hood or room was lost and waits to be returned to service
    RETURNING = "returning"  # a step of that was recorded
    IN_USE = "in-use"  # somebody said whether people work in a room
    HAND_READING = "hand-reading"
    READING_DUE = "reading-due"  # a hand reading that nobody has given
    OVERRIDDEN = "overridden"
    REMINDED = "reminded"  # of an alarm that nobody has written up
    CLOSED = "closed"
    REBIRTH = "rebirth"  # asked of a Sparkplug edge node
    GATEWAY = "gateway"  # one is there, or gone
    COMMISSIONED = "commissioned"  # a point was held against a reference
    REFUSED = "refused"  # an act by a person that could not be done
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"  # the first failure of a notification
    LATE_DISCOVERED = "late-discovered"  # an excursion that only late data show
    LATE_EXTENDED = "late-extended"  # one that was longer, worse or an alarm
    LATE_REVISED = "late-revised"  # one with other figures, none of them worse
    LATE_WITHDRAWN = "late-withdrawn"  # one that never was
    LATE_NOT_JUDGED = "late-not-judged"  # readings that came too late for that
    WITHDRAWN = "withdrawn"  # an alarm of which late data leave nothing
    ACCOUNT = "account"  # who may log in, and with what, was changed
    LOGGED_IN = "logged-in"
    DRUG_LIST = "drug-list"  # the site's list of hazardous drugs is another one
    INCIDENT = "incident"  # a spill or an exposure was reported
    HELP = "help"  # somebody alone called, or is no longer alone
    DRILL = "drill"  # a spill drill started or stopped
    ALARM_DRILL = "alarm-drill"  # a hop of a fire drill, or its end with all of them
    NUMBERS = "numbers"  # for the quality of the alarms of a local day
    LOCKED_OUT = "locked-out"  # after too many wrong passwords, PINs or codes
    COMPLETED = "completed"  # what an obligation asks for was filed, or corrected
    DUE_MOVED = "due-moved"  # without anything having been done
    DUE_TOLD = "due-told"  # people were reminded of what is due


@dataclass(frozen=True, slots=True)
class Event:
    """One decision or human act, numbered without gaps."""

    number: int
    at: datetime
    kind: Kind
    subject: str  # point id, "monitor", "broker", …
    detail: dict[str, Json]
    alarm: str | None = None


class About(StrEnum):
    """Why a notice goes out."""

    OPENED = "opened"
    RAISED = "raised"
    ESCALATED = "escalated"
    REPEATED = "repeated"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"
    WITHDRAWN = "withdrawn"  # late data show that it never was
    REMINDED = "reminded"  # of a reading by hand, or of writing it up


@dataclass(frozen=True, slots=True)
class Notice:
    """One message owed to one destination."""

    event: int  # number of the event that caused it
    alarm: str
    destination: str
    about: About
    priority: Priority
    contained: bool  # about a hood or a hazardous room: never folded with others
    title: str
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm from opening to documentation, as the lists show it."""

    id: str
    point: str
    rule: str
    version: str
    level: Level
    priority: Priority
    began_at: datetime  # first reading outside
    opened_at: datetime
    title: str
    active: bool
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    cleared_at: datetime | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Excursion:
    """From the first reading outside a limit to the first one inside again."""

    point: str
    rule: str
    version: str
    level: Level
    side: str
    start: datetime
    end: datetime | None  # None while still outside
    peak: float  # canonical unit, the value furthest outside
    missing: timedelta
    alarm_at: datetime | None  # None when it never became an alarm
    alarm: str | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """What late data make of an excursion; `event` tells it, what stood before is kept beside it."""

    event: int
    before: tuple[Excursion, ...]  # nothing for one that is discovered
    after: Excursion | None  # None for one that is withdrawn


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the limits of a point stood before its first reading at or after `at`.

    `rules` tells which limits judged; with `first`, nothing older is judged again.
    """

    point: str
    at: datetime
    rules: str
    body: dict[str, Json]
    first: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """What the record holds of a point from its newest snapshot before a moment on."""

    snapshot: Snapshot
    values: Sequence[tuple[datetime, float]]  # with the times that were told, in any order
    excursions: Sequence[Excursion]  # those that end, or have not ended, since then
    closings: Sequence[tuple[datetime, str]]  # when a person ended an alarm of which rule
    before: Sequence[tuple[datetime, float]] = ()  # values from before the snapshot, for what adds up


# Looks a point up in the record: what is known of it since the snapshot before a moment,
# and the values of so long before that snapshot.
Recall: TypeAlias = "Callable[[str, datetime, timedelta], Past | None]"

# Looks up what a point told since a moment, with the times that were told: None for a fault.
Measured: TypeAlias = "Callable[[str, datetime], Sequence[tuple[datetime, float | None]]]"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message that could not be decoded, kept with its reason."""

    topic: str
    payload: bytes
    received_at: datetime
    reason: str


@dataclass(slots=True)
class Outcome:
    """Everything one batch of inputs wants written down."""

    readings: list[Reading] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    alarms: dict[str, Alarm] = field(default_factory=dict)
    excursions: list[Excursion] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)  # to be written before `excursions`
    snapshots: list[Snapshot] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)  # as they are now
    reminders: list[Reminder] = field(default_factory=list)  # each once for ever
    states: dict[str, Json] = field(default_factory=dict)  # machine state by key; None forgets it
    rooms: set[str] = field(default_factory=set)  # rooms whose face may have changed
    requests: list[tuple[str, bytes]] = field(default_factory=list)  # topic and payload, to be published
    records: list[Record] = field(default_factory=list)  # rows of tables that no judgement reads
    duplicates: int = 0
    replies: dict[int, str] = field(default_factory=dict)  # refusals, by index of the input


@dataclass(frozen=True, slots=True)
class LastHeard:
    """What the journal knows of a point besides its machine state."""

    value: float | None  # newest good one; None when there were only faults
    measured_at: datetime
    received_at: datetime
    live_at: datetime | None  # received_at of the newest sign of life
    quality: Quality  # of the newest reading, good or faulty
    judged_at: datetime  # and its time


Since: TypeAlias = Callable[[str, datetime, datetime], Sequence[tuple[datetime, float]]]


def _none_since(
    _point: str, _after: datetime, _late_until: datetime = EPOCH
) -> Sequence[tuple[datetime, float]]:
    return ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What a monitor needs to go on where the last one stopped.

    `readings_since` returns the judged values of a point measured after a moment, in the
    order of their times, with those that came late if they came before a second moment; it
    is asked while the monitor is built and never later.
    """

    states: dict[str, Json]
    heard: dict[str, LastHeard]
    next_event: int
    stopped_at: datetime | None  # the newest moment the journal knows
    readings_since: Since = _none_since
    # of each point, the oldest moment from which it can be judged again, and by which limits
    judged_from: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    completions: Sequence[Completion] = ()
    incidents: Sequence[FollowUp] = ()
    occurrences: Sequence[Occurrence] = ()  # those that have not ended
    reminders: Sequence[Reminder] = ()  # of those
