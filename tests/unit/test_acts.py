"""Acts of people that no story can tell: the light at the door, what is written up, what is over."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.catalogue import own_rules
from hdmonitor.events import (
    Acknowledge,
    BackInService,
    ClockStepped,
    Close,
    Document,
    HandReading,
    InUse,
    Kind,
    OutOfService,
    Override,
    Returning,
    ReturnStep,
    Shelve,
    Silence,
    Unshelve,
    Why,
)
from hdmonitor.model import Level, Quality, Reading
from hdmonitor.monitor import Monitor
from hdmonitor.rounds import GAUGES
from hdmonitor.scenario import Memory
from hdmonitor.site import load_site
from hdmonitor.units import QUANTITIES

SITE, _ = load_site(Path(__file__).parents[2] / "config" / "site.yaml")
START = datetime(2026, 3, 2, 13, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FRIDGE, PRESSURE = "hd-fridge-1.temperature", "hd-buffer.pressure"
TECHNICIAN, PHARMACIST = "technician", "pharmacist"


class Played:
    """A monitor with some points, whose readings come a minute apart, and everything it decided."""

    def __init__(self, *points, every=MINUTE):
        self.site = SITE.only(set(points))
        self.every, self.at = every, START
        self.memory = Memory()
        self.monitor = Monitor(self.site, own_rules(), START)
        self.events, self.notices, self.readings = [], [], []

    def take(self, outcome):
        self.memory.take(outcome, self.at)
        self.events += outcome.events
        self.notices += outcome.notices
        self.readings += outcome.readings
        return outcome

    def hear(self, point, value, span):
        for _ in range(span // self.every):
            self.take(self.monitor.handle([Reading(point, value, self.at, self.at)], self.at))
            self.at += self.every

    def pass_time(self, span):
        self.at += span
        self.take(self.monitor.handle([], self.at))

    def do(self, act):
        return self.take(self.monitor.handle([act], self.at)).replies.get(0, "")

    def restart(self):
        self.monitor = Monitor(self.site, own_rules(), self.at, self.memory.restored())

    def kinds(self):
        return [event.kind for event in self.events]


def warm():
    played = Played(FRIDGE)
    played.hear(FRIDGE, 5.0, 5 * MINUTE)
    played.hear(FRIDGE, 9.0, 20 * MINUTE)
    (alarm,) = played.monitor.face("hd-storage").alarms
    return played, alarm.id


# --- the light at the door ------------------------------------------------------------


def test_a_silenced_sounder_is_heard_again_when_the_alarm_gets_worse():
    played, alarm = warm()
    assert not played.monitor.face("hd-storage").silenced

    played.do(Silence(alarm, TECHNICIAN))
    silenced = played.monitor.face("hd-storage")
    played.restart()
    assert played.monitor.face("hd-storage") == silenced
    assert (silenced.silenced, silenced.unacknowledged) == (True, True)

    played.hear(FRIDGE, 16.0, 5 * MINUTE)
    assert not played.monitor.face("hd-storage").silenced


def test_an_answered_alarm_has_no_sounder_to_silence():
    played, alarm = warm()
    played.do(Silence(alarm, TECHNICIAN))
    played.do(Acknowledge(alarm, TECHNICIAN))

    face = played.monitor.face("hd-storage")
    assert (face.silenced, face.unacknowledged) == (False, False)


def test_a_latched_room_is_red_without_an_alarm_and_after_a_restart():
    played = Played(PRESSURE, every=timedelta(seconds=10))
    played.hear(PRESSURE, -5.0, MINUTE)
    played.hear(PRESSURE, -0.1, MINUTE)
    played.hear(PRESSURE, -5.0, 10 * MINUTE)
    played.restart()

    face = played.monitor.face("hd-buffer")
    assert (face.alarms, face.level, face.latched) == ((), Level.CRITICAL, ("hd-buffer",))
    played.do(Returning("hd-buffer", TECHNICIAN, ReturnStep.DEACTIVATE))
    played.restart()
    refused = played.do(Returning("hd-buffer", TECHNICIAN, ReturnStep.DEACTIVATE))
    assert refused == "the next step of 'hd-buffer' is decontaminate, not deactivate; steps come in order"


def test_a_room_that_is_blind_is_not_recovered():
    played = Played(PRESSURE, every=timedelta(seconds=10))
    played.hear(PRESSURE, -5.0, MINUTE)
    played.hear(PRESSURE, -0.1, MINUTE)
    played.hear(PRESSURE, -5.0, MINUTE)
    for step in ("deactivate", "decontaminate", "clean", "disinfect"):
        assert played.do(Returning("hd-buffer", TECHNICIAN, ReturnStep(step))) == ""
    played.pass_time(3 * MINUTE)

    refused = played.do(Returning("hd-buffer", TECHNICIAN, ReturnStep.RECOVERED))
    assert refused == "hd-buffer.pressure is blind; the air of 'hd-buffer' is not back"


# --- acts that are refused --------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (
            lambda _: Silence("A999", TECHNICIAN),
            "no open alarm 'A999'; list them with: hdmonitor alarms list",
        ),
        (lambda a: Silence(a, "nobody"), "nobody called 'nobody' is in the site file; the people are: "),
        (lambda a: Document(a, TECHNICIAN, " ", "shut"), "needs a cause and what was done about it"),
        (
            lambda a: Document(a, TECHNICIAN, "door", "shut", "eaten"),
            "'eaten' is not what becomes of stock here",
        ),
        (lambda a: Document(a, TECHNICIAN, "door", "shut", "released"), "only a pharmacist releases stock"),
        (
            lambda a: Document(a, PHARMACIST, "door", "shut", "released"),
            "is not over: stock is released once it is; write hold",
        ),
        (lambda a: Shelve(a, TECHNICIAN, " ", 5), "needs a reason"),
        (lambda a: Shelve(a, TECHNICIAN, "x", 481), "can be shelved for 1 to 480 minutes, not 481"),
        (lambda a: Unshelve(a, TECHNICIAN), "is not shelved"),
        (lambda a: Acknowledge(a, TECHNICIAN, minutes=5), "minutes belong to on-my-way"),
        (lambda _: out("nowhere"), "there is no point 'nowhere' in the site file"),
        (lambda _: out(FRIDGE, span=timedelta(days=31)), "within 30 days"),
        (lambda _: out(FRIDGE, span=timedelta(0)), "ends in the future"),
        (lambda _: BackInService((FRIDGE,), TECHNICIAN), "was not put out of service by an act"),
        (lambda _: InUse("nowhere", TECHNICIAN, in_use=True), "there is no room 'nowhere' in the site file"),
        (
            lambda _: Returning("bsc-1", TECHNICIAN, ReturnStep.CLEAN),
            "does not wait to be returned to service",
        ),
        (lambda _: read("nowhere", 5.0), "there is no point 'nowhere' in the site file"),
        (lambda _: read(FRIDGE, 5.0, unit="Pa"), "Pa"),
        (lambda _: read(FRIDGE, 5.0, age=61 * MINUTE), "is not of the last hour; read the gauge again"),
        (lambda _: read(FRIDGE, 5.0, age=-6 * MINUTE), "is not of the last hour; read the gauge again"),
        (
            lambda _: Override("hd-buffer", PHARMACIST, "x", 721),
            "an override lasts 1 to 720 minutes, not 721",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence_and_recorded(act, why):
    played, alarm = warm()
    before = len(played.events)

    refused = played.do(act(alarm))

    assert why in refused
    (event,) = played.events[before:]
    assert (event.kind, event.detail["reason"]) == (Kind.REFUSED, refused)


def out(point, span=timedelta(hours=1)):
    return OutOfService((point,), PHARMACIST, Why.MAINTENANCE, "defrost", START + 25 * MINUTE + span)


def read(point, value, *, unit="degC", age=timedelta(0)):
    return HandReading(point, TECHNICIAN, value, unit, START + 25 * MINUTE - age)


@pytest.mark.parametrize("act", [Close, Document])
def test_an_alarm_that_is_closed_takes_no_more_acts(act):
    played, alarm = warm()
    played.do(Close(alarm, PHARMACIST, "stock judged"))

    told = played.do(act(alarm, PHARMACIST, *(("x",) if act is Close else ("x", "y"))))

    assert told == f"no open alarm {alarm!r}; list them with: hdmonitor alarms list"


# --- writing up ---------------------------------------------------------------------------


def test_an_alarm_that_is_over_closes_once_it_is_written_up_and_not_before():
    played, alarm = warm()
    played.hear(FRIDGE, 5.0, 15 * MINUTE)

    refused = played.do(Close(alarm, PHARMACIST, ""))
    assert refused == f"closing {alarm} needs a note of what was done; give it with --note"
    written = Document(alarm, TECHNICIAN, "door open", "door shut", "hold", "W-7", "seen twice")
    assert played.do(written) == ""
    assert played.do(Close(alarm, PHARMACIST, "")) == ""
    closed = played.memory.alarms[alarm]
    assert (closed.closed_by, closed.note) == (
        PHARMACIST,
        "door open; door shut; hold; work order W-7; seen twice",
    )


def test_what_is_written_up_is_not_reminded_of_any_more():
    reminded = []
    for written_up in (False, True):
        played, alarm = warm()
        played.hear(FRIDGE, 5.0, 15 * MINUTE)
        if written_up:
            played.do(Document(alarm, TECHNICIAN, "door open", "door shut"))
        played.every = timedelta(minutes=10)
        played.hear(FRIDGE, 5.0, timedelta(hours=50))
        reminded.append(played.kinds().count(Kind.REMINDED))

    assert reminded == [2, 0]


# --- readings by hand ------------------------------------------------------------------------


def test_a_reading_by_hand_is_evidence_and_neither_a_reading_nor_a_sign_of_life():
    plain, read_ = Played(FRIDGE), Played(FRIDGE)
    for played in (plain, read_):
        played.hear(FRIDGE, 5.0, 5 * MINUTE)
    read_.pass_time(10 * MINUTE)
    read_.do(HandReading(FRIDGE, TECHNICIAN, 41.0, "degF", read_.at))
    plain.pass_time(30 * MINUTE)
    read_.pass_time(20 * MINUTE)

    assert read_.readings == plain.readings
    silences = [[e.at for e in played.events if e.kind is Kind.MOVED] for played in (plain, read_)]
    assert silences[0] == silences[1]
    (event,) = [event for event in read_.events if event.kind is Kind.HAND_READING]
    assert event.detail == {
        "by": TECHNICIAN,
        "value": 5.0,
        "read": 41.0,
        "unit": "degF",
        "read_at": (START + 15 * MINUTE).isoformat(),
        "outside": None,
        "verdict": "inside its limits",
    }


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (2.0, None),
        (8.0, None),
        (8.01, Level.ALARM),
        (1.99, Level.ALARM),
        (7.6, Level.WARNING),
        (15.1, Level.CRITICAL),
    ],
)
def test_a_reading_by_hand_is_judged_by_the_limits_of_the_point_at_once(value, level):
    played = Played(FRIDGE)
    played.hear(FRIDGE, 5.0, 5 * MINUTE)
    played.do(HandReading(FRIDGE, TECHNICIAN, value, "degC", played.at))

    alarms = played.monitor.face("hd-storage").alarms
    warnings = {2.0: Level.WARNING, 8.0: Level.WARNING}
    assert [alarm.level for alarm in alarms] == [each for each in (level or warnings.get(value),) if each]
    assert all(alarm.rule == "HDM-HAND" for alarm in alarms)


def test_an_alarm_of_a_reading_by_hand_says_whose_reading_it_was_also_after_a_restart():
    played = Played(FRIDGE)
    played.hear(FRIDGE, 5.0, 5 * MINUTE)
    played.do(HandReading(FRIDGE, TECHNICIAN, 9.4, "degC", played.at))
    played.restart()
    played.pass_time(10 * MINUTE)

    first, again = (n for n in played.notices if n.title.startswith("HD Fridge 1"))
    assert first.title == again.title == "HD Fridge 1: 9.4 C, limit 8"
    assert "Read by hand: Technician on duty, 08:05." in first.body


@pytest.mark.parametrize(
    ("value", "unit", "says"),
    [
        (8.0, "degC", "getting warm, above 7.5 C"),
        (9.4, "degC", "too warm, above 8.0 C"),
        (49.0, "degF", "too warm, above 46.4 F"),
        (1.9, "degC", "too cold, below 2.0 C"),
        (5.0, "degC", "inside its limits"),
    ],
)
def test_a_reading_by_hand_is_on_record_with_its_verdict(value, unit, says):
    played = Played(FRIDGE)
    played.do(HandReading(FRIDGE, TECHNICIAN, value, unit, played.at))

    (event,) = [each for each in played.events if each.kind is Kind.HAND_READING]
    assert event.detail["verdict"] == says


@pytest.mark.parametrize(("value", "unit"), [(900.0, "degC"), (100.1, "degC"), (-201.0, "degC"), (0.0, "K")])
def test_a_reading_that_no_gauge_shows_is_a_slip_that_calls_nobody(value, unit):
    played = Played(FRIDGE)
    refused = played.do(HandReading(FRIDGE, TECHNICIAN, value, unit, played.at))

    ends = "-200 to 100" if unit == "degC" else "73.15 to 373.15"
    assert refused == (
        f"no gauge shows {value:g} {unit} here, only {ends}; read it again, nothing is on record"
    )
    assert (played.notices, Kind.HAND_READING in played.kinds()) == ([], False)


@pytest.mark.parametrize("value", [-200.0, 100.0])
def test_a_reading_at_the_end_of_what_gauges_show_is_taken(value):
    played = Played(FRIDGE)
    assert played.do(HandReading(FRIDGE, TECHNICIAN, value, "degC", played.at)) == ""


def test_every_figure_has_a_range_that_gauges_show():
    assert set(GAUGES) == {name for name, quantity in QUANTITIES.items() if quantity.words is None}


def test_times_are_told_in_the_time_of_the_site_to_the_minute():
    played, _ = warm()
    told = played.do(out(FRIDGE, span=timedelta(days=31)))
    assert told == "out of service ends in the future, within 30 days, not at 2026-04-02 09:25 EDT"


# --- the clock ---------------------------------------------------------------------------------


def test_what_lasts_keeps_its_length_and_what_ends_at_a_time_keeps_its_end_when_the_clock_steps():
    played, alarm = warm()
    hour = timedelta(hours=1)
    played.do(Shelve(alarm, TECHNICIAN, "moving stock", 60))
    end = played.at + 3 * hour
    played.do(OutOfService(("hd-fridge-1.temperature",), PHARMACIST, Why.HVAC, "test", end))
    played.at += hour
    played.take(played.monitor.handle([ClockStepped(hour)], played.at))
    shelf_ends = played.at + 60 * MINUTE

    played.pass_time(4 * hour)

    ended = {event.kind: event.at for event in played.events}
    assert ended[Kind.UNSHELVED] == shelf_ends
    assert ended[Kind.BACK_IN_SERVICE] == end


def test_a_fault_is_read_by_hand_too():
    played = Played(FRIDGE)
    played.hear(FRIDGE, 5.0, 5 * MINUTE)
    played.take(
        played.monitor.handle(
            [Reading(FRIDGE, None, played.at, played.at, Quality.FAULT, "probe open")], played.at
        )
    )

    assert played.do(HandReading(FRIDGE, TECHNICIAN, 5.0, "degC", played.at)) == ""
