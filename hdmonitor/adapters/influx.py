"""Copies readings and alarms from the journal to InfluxDB, for dashboards.

The journal is the record; nothing decides on what stands in InfluxDB, so a
copy may be late, and may be made again: a line with the same tags and time
overwrites itself. Measurements, tags and fields are in
`docs/influx-schema.md`, the reasons in `docs/decisions/0005-influx.md`.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from urllib3.exceptions import HTTPError, ReadTimeoutError

from hdmonitor.events import Alarm, Condition, Event, Json, Kind
from hdmonitor.inbox import Copied, Item, Told
from hdmonitor.model import EPOCH, Level, Phase, Point, Quality, Reading, Side, Site
from hdmonitor.reader import Reader

if TYPE_CHECKING:
    from influxdb_client.rest import ApiException

BATCH = 5_000  # lines in one request, as InfluxDB recommends
SMALL = 500  # lines that every server takes in time; a larger batch that times out is halved
BREATH = 0.25  # seconds between batches: they fill up, and the core keeps the processor
LONGEST_BACKOFF = 30.0  # seconds
LONGEST_RETRY_AFTER = 600.0  # seconds; more is a mistake of the server
REFUSED_PAUSE = 60.0  # seconds until a token or bucket is tried again
AWAY = 300.0  # seconds without success until somebody is told
LEAVE = 2.0  # seconds for the running request when we stop
MANY_REFUSED = 20  # lines in a row: then something is wrong with the database, not with the lines

MICROSECOND = timedelta(microseconds=1)
NONE = "none"  # where a point has no equipment, or is not (or no longer) in the site file
PHASES = {Phase.UNKNOWN: 0, Phase.NORMAL: 1, Phase.PENDING: 2, Phase.ACTIVE: 3, Phase.CLEARING: 4}

log = logging.getLogger(__name__)


# --- lines ------------------------------------------------------------------


def tag(text: str) -> str:
    """Return any text as a tag value of the line protocol.

    Servers disagree about backslashes and control characters, and none takes
    an empty value: the former become %XX (as does %), the latter `none`.
    """
    return "".join(_escaped(c) for c in text) or NONE


def _escaped(character: str) -> str:
    if character in ", =":
        return f"\\{character}"
    if character in "%\\" or not character.isprintable():
        return quote(character, safe="", errors="surrogatepass")
    return character


class Lines:
    """Writes journal rows of one site in line protocol, times in microseconds."""

    def __init__(self, site: Site) -> None:
        self._site = tag(site.id)
        self._tags = {point.id: self._tags_of(point) for point in site.points.values()}
        self._limits = {point.id: _limits(point) for point in site.points.values()}

    def reading(self, reading: Reading) -> str | None:
        """Return the line of a reading; None for one that has no time of its own."""
        if reading.quality is Quality.RETAINED:
            return None
        tags, at = self._tags_at(reading.point), _microseconds(reading.measured_at)
        if reading.value is None:
            return f"fault,{tags} count=1i {at}"
        return f"reading,{tags} value={reading.value!r}{self._limits.get(reading.point, '')} {at}"

    def alarm(self, event: Event, alarm: Callable[[str], Alarm | None]) -> str | None:
        """Return the line of an event that changes how an alarm stands; None for others.

        `alarm` looks an alarm up by its id: acts of people do not name the rule.
        """
        if (fields := FIELDS.get(event.kind)) is None:
            return None
        rule = event.detail.get("rule")
        if rule is None:
            subject = alarm(event.alarm or "")
            if subject is None or (subject.cleared_at is not None and subject.cleared_at < event.at):
                return None  # documented after it was over; the next alarm may be running already
            rule = subject.rule
        written = ",".join(f"{name}={number}i" for name, number in fields(event.detail).items())
        tags = f"{self._tags_at(event.subject)},rule={tag(str(rule))}"
        return f"alarm,{tags} {written} {_microseconds(event.at)}"

    def _tags_at(self, point: str) -> str:
        return self._tags.get(point) or self._tags_written(NONE, point, NONE, NONE)

    def _tags_of(self, point: Point) -> str:
        return self._tags_written(point.equipment or NONE, point.id, point.quantity, point.room)

    def _tags_written(self, equipment: str, point: str, quantity: str, room: str) -> str:
        # All tags always, sorted: InfluxDB 3 fixes the set at the first write.
        return (
            f"equipment={tag(equipment)},point={tag(point)},quantity={tag(quantity)},"
            f"room={tag(room)},site={self._site}"
        )


def _limits(point: Point) -> str:
    """Return the tightest limits at alarm level or above as further fields."""
    limits = [t for rule in point.rules for t in rule.thresholds if t.level >= Level.ALARM]
    low = max((t.limit for t in limits if t.side is Side.LOW), default=None)
    high = min((t.limit for t in limits if t.side is Side.HIGH), default=None)
    return "".join(
        f",{name}={float(limit)!r}" for name, limit in (("low", low), ("high", high)) if limit is not None
    )


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def _moved(detail: Mapping[str, Json]) -> dict[str, int]:
    before, after = Phase(str(detail["from"])), Phase(str(detail["to"]))
    if after not in (Phase.ACTIVE, Phase.CLEARING):
        return {"phase": PHASES[after], "level": 0, "unacknowledged": 0}
    fields = {"phase": PHASES[after], **_level(detail)}
    return fields if before in (Phase.ACTIVE, Phase.CLEARING) else fields | {"unacknowledged": 1}


def _level(detail: Mapping[str, Json]) -> dict[str, int]:
    return {"level": int(Level[str(detail.get("level", Level.ALARM.name)).upper()])}


FIELDS: Mapping[Kind, Callable[[Mapping[str, Json]], dict[str, int]]] = {
    Kind.MOVED: _moved,
    Kind.RAISED: lambda detail: _level(detail) | {"unacknowledged": 1},
    Kind.LOWERED: _level,
    Kind.ACKNOWLEDGED: lambda _: {"unacknowledged": 0},
    Kind.ACK_EXPIRED: lambda _: {"unacknowledged": 1},
    Kind.CLOSED: lambda _: {"level": 0, "unacknowledged": 0},
}


# --- the database -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InfluxConfig:
    """Where InfluxDB is; `org` and `token` are empty where it asks for none."""

    url: str
    bucket: str
    org: str = ""
    token: str = field(default="", repr=False)
    timeout: timedelta = timedelta(seconds=10)

    @property
    def address(self) -> str:
        """Host and port, without any secret of the url."""
        return self.url.partition("://")[2].partition("/")[0].rpartition("@")[2]


class Then(Enum):
    """What follows from a batch that was not taken."""

    LATER = "the server may take it later"
    STOP = "somebody has to change something first"
    DIVIDE = "the server objects to what is in it"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a batch was not taken, and what to do with it."""

    then: Then
    reason: str
    status: int = 0
    retry_after: float | None = None  # seconds
    timed_out: bool = False


class Database:
    """One bucket, written synchronously; used from one thread."""

    def __init__(self, config: InfluxConfig) -> None:
        # The library takes a fifth of all imports; who has no InfluxDB starts without it.
        from influxdb_client.client.influxdb_client import InfluxDBClient  # noqa: PLC0415  # see above
        from influxdb_client.client.write_api import SYNCHRONOUS  # noqa: PLC0415  # see above
        from influxdb_client.domain.write_precision import WritePrecision  # noqa: PLC0415  # see above
        from influxdb_client.rest import ApiException  # noqa: PLC0415  # see above

        self.config = config
        self._precision = WritePrecision.US
        self._refusal = ApiException
        self._client = InfluxDBClient(
            url=config.url,
            token=config.token,
            org=config.org,
            timeout=config.timeout // timedelta(milliseconds=1),
            enable_gzip=True,
        )
        self._writer = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, lines: Sequence[str]) -> Refusal | None:
        """Write lines; return why they were not taken."""
        try:
            self._writer.write(
                self.config.bucket,
                record="\n".join(lines),
                write_precision=self._precision,  # type: ignore[arg-type]  # the library's own constant
            )
        except self._refusal as error:
            return _refused(error)
        except ReadTimeoutError:
            return Refusal(Then.LATER, "no answer in time", timed_out=True)
        except UnicodeDecodeError:
            return Refusal(Then.LATER, "an error page that is not UTF-8 text")
        except ValueError:  # its text would quote the token, or the url with its password
            return Refusal(Then.STOP, "the token or the url cannot be sent")
        except HTTPError as error:
            return Refusal(Then.LATER, _short(str(error).rpartition(": ")[2]))
        return None

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()  # type: ignore[no-untyped-call]  # the library's


def _refused(error: ApiException) -> Refusal | None:
    status, reason = error.status or 0, _reason(error)
    if status in (400, 413, 422):
        # The bucket keeps no data that old. The rest of the batch was written,
        # and writing these lines again would end the same way.
        if "beyond retention policy" in reason:
            log.warning("InfluxDB dropped lines older than its bucket keeps: %s", reason)
            return None
        return Refusal(Then.DIVIDE, reason, status)
    if status in (0, 408, 429) or status >= 500:  # noqa: PLR2004  # HTTP: the server's own trouble
        return Refusal(Then.LATER, reason, status, retry_after(error.headers or {}))
    return Refusal(Then.STOP, reason, status)


def _reason(error: ApiException) -> str:
    """Return what the server says: versions 2 and 3 in `message`, version 1 in `error`."""
    try:
        body = json.loads(error.body or "")
        text = str(body.get("message") or body["error"])
    except (ValueError, LookupError, AttributeError):
        text = error.body or error.reason or ""
    return _short(f"{error.status} {text}" if error.status else text)


def _short(text: str) -> str:
    return " ".join(text.split())[:160]


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return for how many seconds the server asks us to wait; None if it does not say.

    A date counts from the server's own `Date`, so that its clock need not be ours.
    """
    text = headers.get("Retry-After", "").strip()
    try:
        if text.isascii() and text.isdigit():
            seconds = float(text)
        else:
            seconds = (
                parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))
            ).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 1.0), LONGEST_RETRY_AFTER)


# --- copying ----------------------------------------------------------------


class Copy:
    """What is copied, how far, and with how much patience; used from one thread."""

    def __init__(
        self,
        journal: Reader,
        lines: Lines,
        database: Database,
        put: Callable[[Item], None],
        bad_line: Callable[[str, str], None],
    ) -> None:
        self._journal = journal
        self._lines = lines
        self._database = database
        self._name = f"InfluxDB {database.config.address}"
        self._put = put
        self._bad_line = bad_line
        self._read = {name: journal.cursor(name) for name in ("influx.event", "influx.reading")}
        self._copied = dict(self._read)
        self._pieces: deque[list[str]] = deque()  # what was read and is not yet written
        self._proven: str | None = None  # the newest line that was taken
        self._refused_lines = 0  # in a row
        self._failures = 0  # in a row
        self._failing_since = 0.0
        self._wrong: bool | None = None  # what was told last; unknown at first

    def step(self, now: float) -> float | None:
        """Write one batch, or part of one, at `now` (monotonic seconds).

        Return how many seconds to pause before the next step; None when
        everything is copied.
        """
        if not self._pieces and not self._take():
            return None
        pause = self._attempt(now) if self._pieces else 0.0
        if self._pieces:
            return pause
        for name, position in self._read.items():
            if position != self._copied[name]:
                self._put(Copied(name, position))
                self._copied[name] = position
        return max(pause, BREATH)

    def _take(self) -> bool:
        """Read the next batch: events first, they are few."""
        events = self._journal.events_after(self._read["influx.event"], BATCH)
        if events:
            self._read["influx.event"] = events[-1].event.number
            lines = [self._lines.alarm(stored.event, self._alarm) for stored in events]
        else:
            readings = self._journal.readings_after(self._read["influx.reading"], BATCH)
            if not readings:
                return False
            self._read["influx.reading"] = readings[-1].seq
            lines = [self._lines.reading(stored.reading) for stored in readings]
        if piece := [line for line in lines if line is not None]:
            self._pieces.append(piece)
        return True

    def _alarm(self, name: str) -> Alarm | None:
        found = self._journal.alarm(name)
        return found[0] if found else None

    def _attempt(self, now: float) -> float:
        piece = self._pieces[0]
        refusal = self._database.write(piece)
        if refusal is None:
            self._pieces.popleft()
            self._accepted(piece[-1])
            return 0.0
        if refusal.then is Then.DIVIDE:
            if len(piece) > 1:
                self._halve()
                return 0.0
            return self._alone(piece[0], refusal, now)
        if refusal.timed_out and len(piece) > SMALL:
            self._halve()
        return self._wait(refusal, now)

    def _halve(self) -> None:
        piece = self._pieces.popleft()
        middle = len(piece) // 2
        self._pieces.extendleft((piece[middle:], piece[:middle]))

    def _alone(self, line: str, refusal: Refusal, now: float) -> float:
        """Set a refused line aside if the database still takes another one; else keep it."""
        proven = self._proven is not None and self._database.write([self._proven]) is None
        if proven:
            self._pieces.popleft()
            log.warning("%s refused a line, set aside: %s: %.200s", self._name, refusal.reason, line)
            self._bad_line(line, refusal.reason)
        else:
            self._pieces.rotate(-1)
        self._refused_lines += 1
        if self._refused_lines < (MANY_REFUSED if proven else min(MANY_REFUSED, len(self._pieces))):
            return 0.0
        return self._wait(replace(refusal, then=Then.STOP), now)

    def _accepted(self, line: str) -> None:
        if self._failures:
            log.info("%s takes copies again", self._name)
        self._proven, self._refused_lines, self._failures = line, 0, 0
        self._tell(False, "takes copies")

    def _wait(self, refusal: Refusal, now: float) -> float:
        """Note a failure and return for how long to leave the database alone."""
        if not self._failures:
            self._failing_since = now
            log.warning("%s: %s; copies wait in the journal", self._name, refusal.reason)
        self._failures += 1
        if refusal.then is Then.STOP:
            self._tell(True, self._remedy(refusal))
            return REFUSED_PAUSE
        if now - self._failing_since >= AWAY:
            self._tell(
                True, f"away for {AWAY / 60:.0f} min ({refusal.reason:.80}); start it, or correct influx.url"
            )
        return refusal.retry_after or min(2.0 ** min(self._failures - 1, 5), LONGEST_BACKOFF)

    def _remedy(self, refusal: Refusal) -> str:
        bucket = self._database.config.bucket
        match refusal.status:
            case 401:
                return "refuses the token (401); correct influx.token"
            case 403:
                return f"forbids writing (403); allow the token to write to {bucket!r}"
            case 404:
                return f"has no bucket {bucket!r} (404); create it, or correct influx.bucket"
        return f"refuses every line ({refusal.reason:.80}); correct influx, or the database"

    def _tell(self, wrong: bool, what: str) -> None:
        if wrong is not self._wrong:
            self._wrong = wrong
            kept = "; copies wait in the journal" if wrong else ""
            self._put(Told(Condition("influx", wrong, f"{self._name} {what}{kept}")))


class Copier:
    """The thread that copies, for as long as it is entered.

    `put` gets `Copied` and `Told` from that thread, `bad_line` a line that
    InfluxDB does not take and its reason. `failed` gets whatever ended the
    thread, which nothing else would notice.
    """

    def __init__(
        self,
        config: InfluxConfig,
        site: Site,
        reader: Callable[[], Reader],
        put: Callable[[Item], None],
        *,
        bad_line: Callable[[str, str], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._config = config
        self._lines = Lines(site)
        self._reader = reader
        self._put = put
        self._bad_line = bad_line
        self._failed = failed
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._live, name="influx", daemon=True)

    def __enter__(self) -> Self:
        """Start copying where the journal's cursors stand."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread; a request that hangs is left behind, the next start repeats it."""
        self._closing.set()
        self._woken.set()
        self._thread.join(LEAVE)

    def wake(self) -> None:
        """Say that the journal has grown; never blocks, from any thread."""
        self._woken.set()

    def _live(self) -> None:
        try:
            with self._reader() as journal, closing(Database(self._config)) as database:
                self._copy(Copy(journal, self._lines, database, self._put, self._bad_line))
        except BaseException as error:  # noqa: BLE001  the top of a thread: whoever is told ends the program
            self._failed(error)

    def _copy(self, copy: Copy) -> None:
        while True:
            self._woken.clear()  # before looking, so that no wake is missed
            if self._closing.is_set():
                return
            pause = copy.step(time.monotonic())
            if pause is None:
                self._woken.wait()
            else:
                self._closing.wait(pause)
