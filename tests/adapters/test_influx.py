"""The copy in InfluxDB: what is written, what happens when it cannot be, and that both sides end equal."""

import re
import string
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from time import monotonic
from typing import Self
from urllib.parse import unquote
from urllib.request import Request

import pytest
from conftest import Influx2
from hypothesis import given
from hypothesis import strategies as st
from influx_proxy import Answer, InfluxProxy
from influxdb_client.client.influxdb_client import InfluxDBClient
from servers import HttpSink, InfluxDB1, VictoriaMetrics, fetch, wait_until

from hdmonitor.adapters import influx
from hdmonitor.adapters.influx import Copier, Copy, Database, InfluxConfig, Lines, retry_after, tag
from hdmonitor.events import Alarm, Event, Kind, Outcome
from hdmonitor.inbox import Copied, Item, Told
from hdmonitor.journal import Journal
from hdmonitor.model import (
    NO_TIME,
    Force,
    Level,
    Point,
    Priority,
    Quality,
    Reading,
    Response,
    Rule,
    Side,
    Site,
    Threshold,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOON_US = 1_772_452_800_000_000
SECOND = timedelta(seconds=1)
FRIDGE = "equipment=fridge-2,point=fridge-2.temperature,quantity=temperature,room=hd-storage,site=main"


def threshold(level: Level, side: Side, limit: float) -> Threshold:
    return Threshold(level, side, limit, NO_TIME, Priority.HIGH, "out")


def point(name: str, quantity: str, *thresholds: Threshold, equipment: str | None = None) -> Point:
    rule = Rule(
        id="659-1",
        version="1",
        what="test",
        source="test",
        force=Force.SHALL,
        confidence="secondary",
        thresholds=thresholds,
        unit="degC",
        deadband=0.0,
        off_delay=NO_TIME,
        response=Response.STORAGE,
        instruction="",
    )
    return Point(
        id=name,
        name=name,
        room="hd-storage",
        equipment=equipment,
        quantity=quantity,
        topic=name,
        family="plain",
        field="value",
        unit="degC",
        every=SECOND,
        valid_for=timedelta(minutes=15),
        rules=(rule,),
    )


def site(*points: Point) -> Site:
    return Site(
        id="main",
        name="Main",
        regime="503A",
        zone="America/New_York",
        rooms={},
        equipment={},
        points={each.id: each for each in points},
        devices={},
        people={},
        policies={},
    )


FRIDGE_POINT = point(
    "fridge-2.temperature",
    "temperature",
    threshold(Level.WARNING, Side.HIGH, 7.5),
    threshold(Level.ALARM, Side.LOW, 2.0),
    threshold(Level.ALARM, Side.HIGH, 8.0),
    threshold(Level.CRITICAL, Side.HIGH, 15.0),
    equipment="fridge-2",
)
SITE = site(FRIDGE_POINT, point("hd-storage.humidity", "humidity"))


def reading(
    after: float = 0.0,
    value: float | None = 4.7,
    name: str = "fridge-2.temperature",
    quality: Quality = Quality.GOOD,
) -> Reading:
    at = NOON + timedelta(seconds=after)
    fault = None if value is not None else "open circuit"
    return Reading(name, value, at, at, quality if value is not None else Quality.FAULT, fault)


def event(number: int, kind: Kind, detail: dict[str, object], alarm: str | None = "A1") -> Event:
    return Event(number, NOON + number * SECOND, kind, "fridge-2.temperature", detail, alarm)


def moved(number: int, before: str, after: str, **more: object) -> Event:
    return event(number, Kind.MOVED, {"rule": "659-1", "from": before, "to": after, **more})


def alarm(cleared_after: int | None = None) -> Alarm:
    return Alarm(
        id="A1",
        point="fridge-2.temperature",
        rule="659-1",
        version="1",
        level=Level.ALARM,
        priority=Priority.HIGH,
        began_at=NOON,
        opened_at=NOON,
        title="",
        active=cleared_after is None,
        cleared_at=None if cleared_after is None else NOON + cleared_after * SECOND,
    )


# --- what is written --------------------------------------------------------


def test_a_reading_is_one_line_with_the_limits_that_alarm() -> None:
    line = Lines(SITE).reading(reading(0.000001))

    assert line == f"reading,{FRIDGE} value=4.7,low=2.0,high=8.0 {NOON_US + 1}"


def test_of_several_limits_the_tightest_are_shown() -> None:
    two_rules = replace(
        FRIDGE_POINT,
        rules=(
            *FRIDGE_POINT.rules,
            replace(
                FRIDGE_POINT.rules[0],
                id="site-1",
                thresholds=(
                    threshold(Level.CRITICAL, Side.LOW, 2.5),
                    threshold(Level.ALARM, Side.HIGH, 9.0),
                ),
            ),
        ),
    )

    assert (
        Lines(site(two_rules)).reading(reading()) == f"reading,{FRIDGE} value=4.7,low=2.5,high=8.0 {NOON_US}"
    )


def test_a_point_without_equipment_and_limits_has_all_tags_all_the_same() -> None:
    line = Lines(SITE).reading(reading(value=51.0, name="hd-storage.humidity"))

    tags = "equipment=none,point=hd-storage.humidity,quantity=humidity,room=hd-storage,site=main"
    assert line == f"reading,{tags} value=51.0 {NOON_US}"


def test_a_point_that_left_the_site_file_is_still_copied() -> None:
    line = Lines(SITE).reading(reading(name="old.fridge"))

    tags = "equipment=none,point=old.fridge,quantity=none,room=none,site=main"
    assert line == f"reading,{tags} value=4.7 {NOON_US}"


def test_late_readings_are_copied_and_retained_ones_without_a_time_are_not() -> None:
    lines = Lines(SITE)

    assert lines.reading(reading(quality=Quality.LATE)) == lines.reading(reading())
    assert lines.reading(reading(quality=Quality.RETAINED)) is None


def test_a_fault_is_counted_and_never_a_value() -> None:
    assert Lines(SITE).reading(reading(value=None)) == f"fault,{FRIDGE} count=1i {NOON_US}"


@pytest.mark.parametrize(
    ("happened", "fields"),
    [
        (moved(1, "unknown", "normal"), "phase=1i,level=0i,unacknowledged=0i"),
        (moved(1, "normal", "pending", level="alarm"), "phase=2i,level=0i,unacknowledged=0i"),
        (moved(1, "pending", "active", level="alarm"), "phase=3i,level=2i,unacknowledged=1i"),
        (moved(1, "normal", "active"), "phase=3i,level=2i,unacknowledged=1i"),
        (moved(1, "active", "clearing", level="critical"), "phase=4i,level=3i"),
        (moved(1, "clearing", "active", level="warning"), "phase=3i,level=1i"),
        (moved(1, "clearing", "normal", level="alarm"), "phase=1i,level=0i,unacknowledged=0i"),
        (moved(1, "active", "unknown", level="alarm"), "phase=0i,level=0i,unacknowledged=0i"),
        (event(1, Kind.RAISED, {"rule": "659-1", "level": "critical"}), "level=3i,unacknowledged=1i"),
        (event(1, Kind.LOWERED, {"rule": "659-1", "level": "warning"}), "level=1i"),
        (event(1, Kind.ACKNOWLEDGED, {"by": "ana"}), "unacknowledged=0i"),
        (event(1, Kind.ACK_EXPIRED, {"by": "ana"}), "unacknowledged=1i"),
        (event(1, Kind.CLOSED, {"by": "ana"}), "level=0i,unacknowledged=0i"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.kind.value,
)
def test_an_alarm_event_writes_what_it_changes_as_integers(happened: Event, fields: str) -> None:
    line = Lines(SITE).alarm(happened, lambda _: alarm())

    assert line == f"alarm,{FRIDGE},rule=659-1 {fields} {NOON_US + 1_000_000}"


def test_events_that_change_no_alarm_are_not_copied() -> None:
    lines = Lines(SITE)

    changing = {kind for kind in Kind if kind in influx.FIELDS}
    assert changing == {
        Kind.MOVED,
        Kind.RAISED,
        Kind.LOWERED,
        Kind.ACKNOWLEDGED,
        Kind.ACK_EXPIRED,
        Kind.CLOSED,
    }
    assert lines.alarm(event(1, Kind.EXCURSION, {"rule": "659-1"}), lambda _: alarm()) is None


def test_documenting_an_alarm_that_is_over_does_not_touch_the_one_that_runs() -> None:
    lines = Lines(SITE)
    closed = event(60, Kind.CLOSED, {"by": "ana"})

    assert lines.alarm(closed, lambda _: alarm(cleared_after=59)) is None
    assert lines.alarm(closed, lambda _: alarm(cleared_after=60)) is not None


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("hd, 2=b", r"hd\,\ 2\=b"),
        ("a\\", "a%5C"),
        ("50%", "50%25"),
        ("a\nb", "a%0Ab"),
        ("Kühlschrank \N{SNOWFLAKE}", "Kühlschrank\\ \N{SNOWFLAKE}"),
        ("\u2028", "%E2%80%A8"),
        ("\ud800", "%ED%A0%80"),
        ("", "none"),
    ],
    ids=ascii,
)
def test_a_tag_value_is_written_so_that_every_server_reads_the_same(text: str, written: str) -> None:
    assert tag(text) == written


@given(st.text(min_size=1))
def test_any_id_comes_back_from_its_tag_and_ends_where_the_tag_ends(text: str) -> None:
    written = tag(text)

    bare, unescaped = written, written
    for special in ", =":
        bare = bare.replace(f"\\{special}", "")
        unescaped = unescaped.replace(f"\\{special}", special)
    assert unquote(unescaped) == text
    assert bare.isprintable()
    assert not set(bare) & set(", =\\")


# --- what is asked of us ----------------------------------------------------

DATE = "Mon, 02 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7.0),
        ("0", 1.0),
        ("600", 600.0),
        ("86400", 600.0),
        ("9" * 400, 600.0),
        ("Mon, 02 Mar 2026 12:00:20 GMT", 20.0),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 1.0),
        ("Mon, 02 Mar 2099 12:00:00 GMT", 600.0),
        ("-5", None),
        ("soon", None),
        ("\N{SUPERSCRIPT TWO}", None),
        ("", None),
    ],
)
def test_retry_after_is_obeyed_within_reason(asked: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": asked, "Date": DATE}) == seconds


def test_a_retry_date_without_the_servers_own_date_says_nothing() -> None:
    assert retry_after({"Retry-After": "Mon, 02 Mar 2026 12:00:20 GMT"}) is None


@given(st.text(string.printable), st.text(string.printable))
def test_no_retry_after_breaks_us(asked: str, date: str) -> None:
    seconds = retry_after({"Retry-After": asked, "Date": date})

    assert seconds is None or 1.0 <= seconds <= 600.0


# --- against InfluxDB 1.6 ---------------------------------------------------


class Bench:
    """A journal, a place to copy it to, and what the copier hands on."""

    def __init__(self, directory: Path, config: InfluxConfig, site: Site = SITE) -> None:
        self.journal = Journal.open(directory / "journal.db")
        self.config = config
        self.site = site
        self.items: list[Item] = []
        self.bad: list[tuple[str, str]] = []
        self.failures: list[BaseException] = []
        self._open = ExitStack()
        self._open.callback(self.journal.close)

    def record(
        self, *readings: Reading, events: tuple[Event, ...] = (), alarms: tuple[Alarm, ...] = ()
    ) -> None:
        outcome = Outcome(readings=list(readings), events=list(events))
        outcome.alarms = {each.id: each for each in alarms}
        self.journal.commit(outcome, at=NOON)

    def copy(self) -> Copy:
        reader = self._open.enter_context(self.journal.reader())
        database = self._open.enter_context(closing(Database(self.config)))
        return Copy(reader, Lines(self.site), database, self.items.append, self.set_aside)

    def copier(self) -> Copier:
        return Copier(
            self.config,
            self.site,
            self.journal.reader,
            self.items.append,
            bad_line=self.set_aside,
            failed=self.failures.append,
        )

    def set_aside(self, line: str, reason: str) -> None:
        self.bad.append((line, reason))

    @property
    def told(self) -> list[bool]:
        return [item.condition.wrong for item in self.items if isinstance(item, Told)]

    @property
    def text(self) -> str:
        """Return the newest sentence about InfluxDB."""
        return next(item.condition.text for item in reversed(self.items) if isinstance(item, Told))

    @property
    def copied(self) -> dict[str, int]:
        return {item.cursor: item.seq for item in self.items if isinstance(item, Copied)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()


def finish(copy: Copy) -> None:
    """Take steps until all is copied; none may ask for patience."""
    while (pause := copy.step(0.0)) is not None:
        assert pause <= influx.BREATH


def pause_after(copy: Copy) -> float | None:
    """Take steps until there is reason to pause, and return for how long."""
    while (pause := copy.step(0.0)) == 0.0:
        pass
    return pause


@pytest.fixture(scope="module")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB1]:
    with InfluxDB1(tmp_path_factory.mktemp("influxd")) as server:
        yield server


@pytest.fixture
def proxy(influxd: InfluxDB1) -> Iterator[InfluxProxy]:
    """Return a proxy before an empty database."""
    influxd.query("DROP DATABASE hdmonitor")
    influxd.query("CREATE DATABASE hdmonitor")
    with InfluxProxy(influxd.url) as between:
        yield between


@pytest.fixture
def bench(tmp_path: Path, proxy: InfluxProxy) -> Iterator[Bench]:
    with Bench(tmp_path, InfluxConfig(proxy.url, "hdmonitor", timeout=SECOND)) as made:
        yield made


def spoil(server: InfluxDB1, after: float) -> None:
    """Make the values of the week around that moment text: a number is refused there from now on."""
    fetch(
        Request(
            f"{server.url}/write?db=hdmonitor&precision=u",
            f'reading,point=other value="text" {NOON_US + int(after * 1_000_000)}'.encode(),
        )
    )


WEEK = 7 * 86_400
A_YEAR_AGO = -52.0 * WEEK


def test_all_is_copied_and_the_cursors_follow(bench: Bench, influxd: InfluxDB1) -> None:
    bench.record(
        reading(0),
        reading(1, None),
        reading(2, quality=Quality.RETAINED),
        reading(3, 9.1, quality=Quality.LATE),
        events=(
            moved(1, "pending", "active", level="alarm"),
            event(2, Kind.CALLED, {"destinations": ["pharmacist"]}),
            event(3, Kind.ACKNOWLEDGED, {"by": "ana", "note": ""}),
        ),
        alarms=(alarm(),),
    )

    finish(bench.copy())

    assert (influxd.count("reading", "value"), influxd.count("fault", "count")) == (2, 1)
    assert influxd.query("SELECT last(value), last(low), last(high) FROM reading GROUP BY point")[0] == {
        "name": "reading",
        "tags": {"point": "fridge-2.temperature"},
        "columns": ["time", "last", "last_1", "last_2"],
        "values": [["1970-01-01T00:00:00Z", 9.1, 2, 8]],
    }
    state = influxd.query("SELECT last(phase), last(level), last(unacknowledged) FROM alarm GROUP BY rule")[0]
    assert (state["tags"], state["values"]) == ({"rule": "659-1"}, [["1970-01-01T00:00:00Z", 3, 2, 0]])
    assert bench.copied == {"influx.event": 3, "influx.reading": 4}
    assert bench.told == [False]


def test_the_time_of_a_line_is_exact_to_the_microsecond(bench: Bench, influxd: InfluxDB1) -> None:
    bench.record(reading(0.000001))

    finish(bench.copy())

    assert influxd.query("SELECT value FROM reading")[0]["values"] == [["2026-03-02T12:00:00.000001Z", 4.7]]


def test_ids_of_any_kind_arrive_as_they_are(bench: Bench, influxd: InfluxDB1) -> None:
    names = ["a b", "a,b", "a=b", 'a"b', "a'b", "x,quantity=y z=1", "#1", "Kühl-2", "a\\", "a\\ b", "a\nb"]
    bench.record(*(reading(name=name) for name in names))

    finish(bench.copy())

    stored = influxd.query("SHOW TAG VALUES FROM reading WITH KEY = point")[0]["values"]
    assert {unquote(value) for _, value in stored} == set(names)
    assert influxd.count("reading", "value") == 11


def test_copying_starts_at_the_cursor_and_again_writes_the_same_points(
    bench: Bench, influxd: InfluxDB1
) -> None:
    bench.record(*(reading(after) for after in range(10)))
    finish(bench.copy())
    finish(bench.copy())  # killed before the cursor was committed
    assert influxd.count("reading", "value") == 10

    bench.journal.commit(Outcome(), copied=[Copied("influx.reading", 10)], at=NOON)
    bench.record(reading(10))
    bench.items.clear()
    finish(bench.copy())

    assert influxd.count("reading", "value") == 11
    assert bench.copied == {"influx.reading": 11}


def test_a_backlog_goes_in_batches_of_five_thousand(
    bench: Bench, proxy: InfluxProxy, influxd: InfluxDB1
) -> None:
    bench.record(*(reading(after) for after in range(5_001)))

    copy = bench.copy()
    assert copy.step(0.0) == influx.BREATH
    assert bench.copied == {"influx.reading": 5_000}
    finish(copy)

    assert proxy.requests == 2
    assert influxd.count("reading", "value") == 5_001


def test_every_question_in_the_documentation_has_an_answer(bench: Bench, influxd: InfluxDB1) -> None:
    page = Path(__file__).parents[2] / "docs" / "influx-schema.md"
    questions = re.findall(r"```sql\n(.*?)```", page.read_text(), re.DOTALL)
    now = (datetime.now(UTC) - NOON).total_seconds()
    bench.record(
        reading(now - 7_200, 9.5),
        reading(now - 7_100, 4.5),
        reading(now - 7_000, None),
        events=(moved(1, "normal", "active", level="alarm"),),
    )
    finish(bench.copy())

    answers = [influxd.query(question) for question in questions]

    assert len(answers) == 6
    assert all(answers)
    beyond = answers[1][0]["values"]
    assert [values[1:] for values in beyond] == [[9.5, 2, 8]]
    assert answers[3][0]["values"] == [["1970-01-01T00:00:00Z", 1]]


# --- lines it does not take -------------------------------------------------


@pytest.mark.parametrize("bad", [0, 1, 49, 99], ids="line {}".format)
def test_a_bad_line_is_isolated_and_the_others_are_kept(bench: Bench, influxd: InfluxDB1, bad: int) -> None:
    spoil(influxd, A_YEAR_AGO)
    times = [float(after) for after in range(100)]
    times[bad] = A_YEAR_AGO
    bench.record(*(reading(after) for after in times))

    finish(bench.copy())

    ((line, reason),) = bench.bad
    assert line == f"reading,{FRIDGE} value=4.7,low=2.0,high=8.0 {NOON_US + int(A_YEAR_AGO) * 1_000_000}"
    assert "field type conflict" in reason
    assert influxd.query(f"SELECT count(value) FROM reading WHERE point = '{FRIDGE_POINT.id}'")[0][
        "values"
    ] == [["1970-01-01T00:00:00Z", 99]]
    assert bench.copied == {"influx.reading": 100}
    assert bench.told == [False]


def test_a_line_that_is_alone_and_bad_is_set_aside_when_another_is_still_taken(
    bench: Bench, influxd: InfluxDB1
) -> None:
    spoil(influxd, A_YEAR_AGO)
    copy = bench.copy()
    bench.record(reading(0))
    finish(copy)
    bench.record(reading(A_YEAR_AGO))

    finish(copy)

    assert len(bench.bad) == 1
    assert bench.told == [False]
    assert bench.copied == {"influx.reading": 2}


def test_a_database_that_refuses_every_line_stops_the_copy_and_no_line_is_set_aside(
    bench: Bench, proxy: InfluxProxy, influxd: InfluxDB1
) -> None:
    spoil(influxd, 0)
    bench.record(*(reading(after) for after in range(300)))
    copy = bench.copy()

    assert pause_after(copy) == 60.0
    assert proxy.requests < 100
    assert bench.told == [True]
    assert "refuses every line (400 partial write: field type conflict" in bench.text
    assert pause_after(copy) == 60.0

    influxd.query("DROP MEASUREMENT reading")
    finish(copy)
    assert influxd.count("reading", "value") == 300
    assert bench.bad == []
    assert bench.told == [True, False]


def test_a_run_of_bad_lines_is_slowed_down_and_told_but_not_stopped(bench: Bench, influxd: InfluxDB1) -> None:
    spoil(influxd, A_YEAR_AGO)
    copy = bench.copy()
    bench.record(reading(0))
    finish(copy)
    bench.record(*(reading(A_YEAR_AGO + after) for after in range(21)), reading(1))

    pauses = [copy.step(0.0) for _ in range(100)]

    assert pauses.count(60.0) == 2  # the twentieth and the twenty-first
    assert len(bench.bad) == 21
    assert bench.told == [False, True, False]
    assert bench.copied == {"influx.reading": 23}


def test_bad_lines_among_good_ones_slow_nothing_down(bench: Bench, influxd: InfluxDB1) -> None:
    spoil(influxd, A_YEAR_AGO)
    bench.record(*(reading(after if after % 2 else A_YEAR_AGO + after) for after in range(44)))

    finish(bench.copy())

    assert len(bench.bad) == 22
    assert bench.told == [False]


def test_lines_older_than_the_bucket_keeps_are_let_go_without_looking_for_a_culprit(
    bench: Bench, proxy: InfluxProxy, influxd: InfluxDB1
) -> None:
    influxd.query("CREATE RETENTION POLICY short ON hdmonitor DURATION 1h REPLICATION 1 DEFAULT")
    now = (datetime.now(UTC) - NOON).total_seconds()
    bench.record(*(reading(after) for after in range(50)), reading(now))

    finish(bench.copy())

    assert proxy.requests == 1
    assert influxd.count("reading", "value") == 1
    assert bench.bad == []
    assert bench.copied == {"influx.reading": 51}


# --- a server that will not, or is not there --------------------------------


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "refuses the token (401); correct influx.token"),
        (403, "forbids writing (403); allow the token to write to 'hdmonitor'"),
        (404, "has no bucket 'hdmonitor' (404); create it, or correct influx.bucket"),
        (301, "refuses every line (301 Moved Permanently); correct influx, or the database"),
    ],
)
def test_a_refusal_stops_keeps_and_is_told_once(
    bench: Bench, proxy: InfluxProxy, influxd: InfluxDB1, status: int, sentence: str
) -> None:
    proxy.answer = Answer(status)
    bench.record(reading(0), reading(1))
    copy = bench.copy()

    assert [copy.step(now) for now in (0.0, 60.0, 120.0)] == [60.0, 60.0, 60.0]

    assert proxy.requests == 3
    assert bench.told == [True]
    assert bench.text == f"InfluxDB 127.0.0.1:{proxy.port} {sentence}; copies wait in the journal"
    assert bench.copied == {}

    proxy.answer = None
    finish(copy)
    assert influxd.count("reading", "value") == 2
    assert bench.told == [True, False]


def test_a_database_that_does_not_exist_is_a_404_of_the_server_itself(
    bench: Bench, influxd: InfluxDB1
) -> None:
    influxd.query("DROP DATABASE hdmonitor")
    bench.record(reading(0))
    copy = bench.copy()

    assert copy.step(0.0) == 60.0
    assert "has no bucket 'hdmonitor' (404)" in bench.text

    influxd.query("CREATE DATABASE hdmonitor")
    finish(copy)
    assert influxd.count("reading", "value") == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_gets_the_time_it_asks_for(
    bench: Bench, proxy: InfluxProxy, influxd: InfluxDB1, status: int
) -> None:
    proxy.answer = Answer(status, (("Retry-After", "17"),))
    bench.record(reading(0))
    copy = bench.copy()

    assert copy.step(0.0) == 17.0
    proxy.answer = Answer(status, (("Retry-After", "86400"),))
    assert copy.step(17.0) == 600.0
    proxy.answer = Answer(status)
    assert copy.step(18.0) == 4.0
    assert bench.told == []

    proxy.answer = None
    finish(copy)
    assert influxd.count("reading", "value") == 1


def test_a_date_to_retry_after_counts_from_the_servers_own_clock(bench: Bench, proxy: InfluxProxy) -> None:
    proxy.answer = Answer(
        503, (("Retry-After", format_datetime(datetime.now(UTC) + 90 * SECOND, usegmt=True)),)
    )
    bench.record(reading(0))

    pause = bench.copy().step(0.0)

    assert pause is not None
    assert 80.0 <= pause <= 91.0


def test_a_server_that_is_away_is_tried_ever_more_seldom_and_told_after_five_minutes(
    bench: Bench, proxy: InfluxProxy, influxd: InfluxDB1
) -> None:
    proxy.away = True
    bench.record(reading(0))
    copy = bench.copy()

    assert [copy.step(0.0) for _ in range(7)] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert copy.step(299.9) == 30.0
    assert bench.told == []
    copy.step(300.0)
    assert bench.told == [True]
    copy.step(330.0)
    assert bench.told == [True]
    assert bench.text == (
        f"InfluxDB 127.0.0.1:{proxy.port} away for 5 min ([Errno 111] Connection refused); "
        "start it, or correct influx.url; copies wait in the journal"
    )

    proxy.away = False
    finish(copy)
    assert influxd.count("reading", "value") == 1
    assert bench.told == [True, False]

    proxy.away = True
    bench.record(reading(1))
    assert [copy.step(now) for now in (1000.0, 1001.0, 1299.9)] == [1.0, 2.0, 4.0]
    assert bench.told == [True, False]


def test_a_server_too_slow_for_a_large_batch_gets_smaller_ones(
    bench: Bench, proxy: InfluxProxy, influxd: InfluxDB1
) -> None:
    proxy.delay = 1.5
    bench.record(*(reading(after) for after in range(501)))
    copy = bench.copy()

    assert copy.step(0.0) == 1.0  # 501 lines do not pass in time, and are halved
    assert copy.step(1.0) == 2.0  # 250 lines do not either, but are few
    proxy.delay, proxy.requests = 0.0, 0
    finish(copy)

    assert proxy.requests == 2
    assert influxd.count("reading", "value") == 501


def test_an_error_page_in_another_alphabet_is_a_failure_like_any_other(
    bench: Bench, proxy: InfluxProxy
) -> None:
    proxy.answer = Answer(
        502, (("Content-Type", "text/html; charset=latin-1"),), b"<h1>nicht verf\xfcgbar</h1>"
    )
    bench.record(reading(0))

    assert bench.copy().step(0.0) == 1.0


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("http://127.0.0.1:8086", "s3cr3t\n"),
        ("http://127.0.0.1:8086", "s3cr3t\N{SNOWFLAKE}"),
        ("http://user:s3cr3t@127.0.0.1:99999", ""),
        ("http://user:s3cr3t@[::1", ""),
    ],
)
def test_what_cannot_be_sent_is_told_without_showing_a_secret(tmp_path: Path, url: str, token: str) -> None:
    with Bench(tmp_path, InfluxConfig(url, "hdmonitor", token=token)) as bench:
        bench.record(reading(0))

        assert bench.copy().step(0.0) == 60.0
        assert "the token or the url cannot be sent" in bench.text
        assert "s3cr3t" not in bench.text


# --- the thread, against VictoriaMetrics ------------------------------------


@pytest.fixture
def running(tmp_path: Path, victoria_metrics: VictoriaMetrics) -> Iterator[tuple[Bench, Copier]]:
    with Bench(tmp_path, InfluxConfig(victoria_metrics.url, "hdmonitor", timeout=5 * SECOND)) as bench:
        with bench.copier() as copier:
            yield bench, copier
        assert "influx" not in {thread.name for thread in threading.enumerate()}
        assert bench.failures == []


def test_both_sides_are_equal_after_an_outage_and_working_it_off_delays_no_commit(
    running: tuple[Bench, Copier], victoria_metrics: VictoriaMetrics
) -> None:
    bench, copier = running
    bench.record(*(reading(after) for after in range(3_000)))
    copier.wake()
    wait_until(lambda: bench.copied.get("influx.reading") == 3_000, 20)

    victoria_metrics.stop()
    for start in range(3_000, 15_000, 500):
        bench.record(*(reading(after) for after in range(start, start + 500)))
        copier.wake()
    bench.record(*(reading(after, None) for after in range(15_000, 15_007)))
    assert bench.copied == {"influx.reading": 3_000}
    victoria_metrics.start()

    recorded, delays = 15_007, []
    while bench.copied["influx.reading"] < 15_007:
        began = monotonic()
        bench.record(reading(recorded))
        recorded += 1
        delays.append(monotonic() - began)
        assert recorded < 100_000, bench.told
    copier.wake()
    wait_until(lambda: bench.copied["influx.reading"] == recorded, 20)
    assert victoria_metrics.count("reading_value") == recorded - 7
    assert victoria_metrics.count("fault_count") == 7
    assert bench.told == [False]
    assert sum(delay > 0.5 for delay in delays) == 0, f"{len(delays)} commits, the slowest {max(delays)} s"


def test_a_wake_is_enough_for_a_reading_to_show(
    running: tuple[Bench, Copier], victoria_metrics: VictoriaMetrics
) -> None:
    bench, copier = running

    for after in range(3):
        bench.record(reading(after))
        copier.wake()
        wait_until(lambda wanted=after + 1: bench.copied.get("influx.reading") == wanted, 5)

    assert victoria_metrics.count("reading_value") == 3


def test_a_slow_server_makes_neither_a_wake_nor_leaving_wait_for_it(tmp_path: Path) -> None:
    with HttpSink() as sink, Bench(tmp_path, InfluxConfig(sink.url, "hdmonitor", timeout=SECOND)) as bench:
        sink.delay = 30.0
        bench.record(reading(0))
        with bench.copier() as copier:
            wait_until(lambda: sink.requests, 5)
            began = monotonic()
            copier.wake()
            assert monotonic() - began < 0.1

        assert monotonic() - began < 5.0
        assert bench.copied == {}


def test_leaving_does_not_wait_for_a_server_that_is_away(tmp_path: Path, proxy: InfluxProxy) -> None:
    proxy.answer = Answer(401)
    with Bench(tmp_path, InfluxConfig(proxy.url, "hdmonitor")) as bench:
        bench.record(reading(0))
        with bench.copier():
            wait_until(lambda: bench.told, 5)

        assert "influx" not in {thread.name for thread in threading.enumerate()}


def test_whatever_ends_the_thread_is_handed_on(tmp_path: Path, proxy: InfluxProxy) -> None:
    with Bench(tmp_path, InfluxConfig(proxy.url, "hdmonitor")) as bench:
        (tmp_path / "journal.db").rename(tmp_path / "gone.db")
        with bench.copier():
            wait_until(lambda: bench.failures, 5)

        assert "there is no journal" in str(bench.failures[0])


# --- against InfluxDB 2, where there is one ---------------------------------


def test_influxdb_2_takes_all_of_it(tmp_path: Path, influx2: Influx2) -> None:
    bucket = f"hdmonitor-{uuid.uuid4()}"
    with InfluxDBClient(influx2.url, influx2.token, org=influx2.org) as client:
        made = client.buckets_api().create_bucket(bucket_name=bucket)
        try:
            config = InfluxConfig(influx2.url, bucket, influx2.org, influx2.token)
            with Bench(tmp_path, config) as bench:
                bench.record(
                    *(reading(after) for after in range(5_001)), events=(moved(1, "normal", "active"),)
                )
                finish(bench.copy())
            for measurement, name, count in (("reading", "value", 5_001), ("alarm", "phase", 1)):
                tables = client.query_api().query(
                    f'from(bucket: "{bucket}") |> range(start: 2026-01-01T00:00:00Z) |> filter(fn: (r) =>'
                    f' r._measurement == "{measurement}" and r._field == "{name}") |> count()'
                )
                assert [record.get_value() for table in tables for record in table.records] == [count]
            assert bench.copied == {"influx.event": 1, "influx.reading": 5_001}
        finally:
            client.buckets_api().delete_bucket(made)
