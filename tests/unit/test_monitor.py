"""The monitor as a whole: times, signs of life, identity of readings, acts of people."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.catalogue import own_rules
from hdmonitor.events import Acknowledge, ClockStepped, Close, Condition, Kind, Remark
from hdmonitor.model import Level, Maintenance, Message, Priority, Quality, Reading
from hdmonitor.monitor import Monitor
from hdmonitor.scenario import Memory
from hdmonitor.site import load_site

SITE, PROBLEMS = load_site(Path(__file__).parents[2] / "config" / "site.yaml")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FRIDGE = "hd-fridge-1.temperature"
TOPIC = "zigbee2mqtt/hd-fridge-1"
MINUTE = timedelta(minutes=1)


def site(*points, **changes):
    kept = {name: SITE.points[name] for name in points or (FRIDGE,)}
    devices = {
        topic: replace(device, points=tuple(p for p in device.points if p.id in kept))
        for topic, device in SITE.devices.items()
        if any(p.id in kept for p in device.points)
    }
    return replace(SITE, points=kept, devices=devices, **changes)


@pytest.fixture
def monitor():
    return Monitor(site(), own_rules(), NOON)


def sent(at, retained=False, **body):
    return Message(TOPIC, json.dumps(body).encode(), at, retained)


def handle(monitor, *items, at=None):
    last = next((i.received_at for i in reversed(items) if isinstance(i, Message | Reading)), monitor.now)
    return monitor.handle(items, at or last)


def told(outcome):
    return [(notice.destination, notice.about.value) for notice in outcome.notices]


def kinds(outcome):
    return [event.kind for event in outcome.events]


def warm(monitor, value=9.0, minutes=20):
    """Let the refrigerator be too warm until the alarm is active; return the outcome of that moment."""
    start = monitor.now
    for minute in range(0, minutes, 2):
        at = start + minute * MINUTE
        handle(monitor, Reading(FRIDGE, value, at, at))
    return monitor.handle([], start + minutes * MINUTE)


def test_the_example_site_has_no_problem():
    assert [problem for problem in PROBLEMS if not problem.warning] == []


# --- which time has a reading? ------------------------------------------------


def measured_at(monitor, **body):
    (reading,) = handle(monitor, sent(NOON, temperature=5.0, **body)).readings
    return reading.measured_at


def test_a_reading_without_device_time_is_of_the_moment_it_arrived(monitor):
    assert measured_at(monitor) == NOON


def test_a_plausible_device_time_is_the_time_of_the_reading(monitor):
    assert measured_at(monitor, last_seen="2026-03-02T11:59:30Z") == NOON - timedelta(seconds=30)


def test_a_reading_is_never_later_than_its_arrival(monitor):
    assert measured_at(monitor, last_seen="2026-03-02T12:04:59Z") == NOON


@pytest.mark.parametrize(
    ("last_seen", "believed"),
    [
        ("2026-03-02T12:05:00Z", True),
        ("2026-03-02T12:05:01Z", False),
        ("1970-01-01T00:00:05Z", False),
        ("2099-01-01T00:00:00Z", False),
        ("2026-01-31T12:00:00Z", True),
        ("2026-01-31T11:59:59Z", False),
    ],
)
def test_a_clock_that_cannot_be_right_is_not_believed_and_told(monitor, last_seen, believed):
    outcome = handle(monitor, sent(NOON, temperature=5.0, last_seen=last_seen))

    clock = [alarm.rule for alarm in outcome.alarms.values()]
    assert clock == ([] if believed else ["HDM-CLOCK"])
    if not believed:
        assert outcome.readings[0].measured_at == NOON
        assert outcome.readings[0].device_time == datetime.fromisoformat(last_seen)


def test_a_clock_alarm_wakes_nobody_and_ends_with_a_time_that_can_be_right(monitor):
    first = handle(monitor, sent(NOON, temperature=5.0, last_seen="1970-01-01T00:00:05Z"))
    later = handle(monitor, sent(NOON + MINUTE, temperature=5.0, last_seen="2026-03-02T12:00:59Z"))

    assert told(first) == []
    assert [e.detail["reason"] for e in first.events if e.kind is Kind.NOT_NOTIFIED] == [
        "low priority wakes nobody"
    ]
    assert [alarm.active for alarm in later.alarms.values()] == [False]


# --- same reading twice, late readings -------------------------------------------


def test_the_same_point_time_and_value_is_a_duplicate(monitor):
    body = {"temperature": 5.0, "last_seen": "2026-03-02T11:59:30Z"}
    handle(monitor, sent(NOON, **body))

    outcome = handle(monitor, sent(NOON + MINUTE, **body))

    assert (outcome.readings, outcome.duplicates) == ([], 1)


def test_another_value_of_the_same_time_is_kept_a_microsecond_later(monitor):
    handle(monitor, sent(NOON, temperature=5.0, last_seen="2026-03-02T11:59:30Z"))

    (reading,) = handle(
        monitor, sent(NOON + MINUTE, temperature=5.1, last_seen="2026-03-02T11:59:30Z")
    ).readings

    assert reading.measured_at == NOON - timedelta(seconds=30) + timedelta(microseconds=1)
    assert reading.device_time == NOON - timedelta(seconds=30)


def test_a_late_reading_is_kept_but_neither_judged_nor_a_sign_of_life(monitor):
    handle(monitor, sent(NOON, temperature=5.0))

    outcome = handle(monitor, sent(NOON + MINUTE, temperature=20.0, last_seen="2026-03-02T11:00:00Z"))

    (reading,) = outcome.readings
    assert (reading.quality, reading.live) == (Quality.LATE, False)
    assert outcome.events == []
    assert monitor.next_due() == NOON + 15 * MINUTE  # silence still counts from the first


def test_a_retained_value_without_its_own_time_is_kept_but_says_nothing(monitor):
    outcome = handle(monitor, sent(NOON + MINUTE, retained=True, temperature=20.0))

    assert [reading.quality for reading in outcome.readings] == [Quality.RETAINED]
    assert outcome.events == []
    assert monitor.next_due() == NOON + 15 * MINUTE


def test_sign_and_offset_are_applied_to_values_never_to_faults():
    point = replace(SITE.points[FRIDGE], sign=-1, offset=0.5)
    base = site()
    device = replace(base.devices[TOPIC], points=(point,))
    monitor = Monitor(replace(base, points={FRIDGE: point}, devices={TOPIC: device}), own_rules(), NOON)

    value = handle(monitor, sent(NOON, temperature=-4.5)).readings[0]
    fault = handle(monitor, sent(NOON + MINUTE, temperature=-127)).readings[0]

    assert value.value == 5.0
    assert (fault.value, fault.quality) == (None, Quality.FAULT)


def test_an_undecodable_message_is_quarantined_with_its_reason(monitor):
    outcome = handle(monitor, Message(TOPIC, b'{"temperature": NaN}', NOON))

    assert [(q.topic, q.payload) for q in outcome.quarantined] == [(TOPIC, b'{"temperature": NaN}')]
    assert "NaN" in outcome.quarantined[0].reason


def test_a_topic_nobody_configured_is_quarantined(monitor):
    outcome = handle(monitor, Message("what/is/this", b"1", NOON))

    assert "no point is configured on topic 'what/is/this'" in outcome.quarantined[0].reason


# --- silence -----------------------------------------------------------------------


def test_a_point_that_was_never_heard_is_an_alarm_after_its_patience(monitor):
    assert monitor.handle([], NOON + 15 * MINUTE - timedelta(microseconds=1)).events == []

    outcome = monitor.handle([], NOON + 15 * MINUTE)

    assert [alarm.rule for alarm in outcome.alarms.values()] == ["HDM-SILENCE"]
    assert told(outcome) == [("pharmacist-phone", "opened")]


def test_silence_after_an_outside_value_inherits_that_alarms_priority_and_the_earlier_deadline_and_quotes_it(
    monitor,
):
    handle(monitor, Reading(FRIDGE, 15.1, NOON, NOON))
    handle(monitor, Reading(FRIDGE, 15.5, NOON + MINUTE, NOON + MINUTE))

    early = monitor.handle([], NOON + 3 * MINUTE)
    silent = monitor.handle([], NOON + 16 * MINUTE)

    # The critical limit's own delay is the earlier deadline, and it is kept without new data.
    assert [(a.rule, a.level) for a in early.alarms.values()] == [("659-3", Level.CRITICAL)]
    blind = next(alarm for alarm in silent.alarms.values() if alarm.rule == "HDM-SILENCE")
    assert blind.priority is Priority.CRITICAL
    text = next(notice for notice in silent.notices if notice.alarm == blind.id)
    assert "15.5 C" in text.title + text.body
    assert "rising" in text.title + text.body


def test_no_data_never_blocks_a_later_alarm_of_the_same_point(monitor):
    monitor.handle([], NOON + 20 * MINUTE)

    warm(monitor)

    assert [alarm.rule for alarm in monitor.face("hd-storage").alarms] == ["659-3"]


def test_only_silence_is_held_back_while_the_broker_is_away(monitor):
    handle(monitor, Condition("broker", True, "away"))

    outcome = monitor.handle([], NOON + 16 * MINUTE)

    reasons = [e.detail["reason"] for e in outcome.events if e.kind is Kind.NOT_NOTIFIED]
    assert reasons == ["the broker cannot be reached"]
    broker = next(alarm for alarm in outcome.alarms.values() if alarm.rule == "HDM-SELF")
    assert {notice.alarm for notice in outcome.notices} == {broker.id}
    assert broker.priority is Priority.CRITICAL


def test_a_point_still_silent_after_the_broker_is_back_is_told_by_itself(monitor):
    handle(monitor, Condition("broker", True, "away"))
    monitor.handle([], NOON + 16 * MINUTE)
    handle(monitor, Condition("broker", False, "back"), at=NOON + 20 * MINUTE)

    before = monitor.handle([], NOON + 35 * MINUTE - timedelta(microseconds=1))
    after = monitor.handle([], NOON + 35 * MINUTE)

    assert told(before) == []
    assert told(after) == [("pharmacist-phone", "opened")]


def test_our_own_downtime_is_not_the_silence_of_a_sensor(monitor):
    memory = Memory()
    memory.take(handle(monitor, Reading(FRIDGE, 5.0, NOON, NOON)), NOON)
    memory.take(monitor.handle([], NOON + 5 * MINUTE), NOON + 5 * MINUTE)

    restarted = Monitor(site(), own_rules(), NOON + 65 * MINUTE, memory.restored())

    assert restarted.next_due() == NOON + 75 * MINUTE  # ten of its fifteen minutes are left


def test_a_restart_after_a_fault_takes_no_older_reading_for_a_new_one(monitor):
    memory = Memory()
    body = {"temperature": 5.0, "last_seen": "2026-03-02T11:59:30Z"}
    memory.take(handle(monitor, sent(NOON, **body)), NOON)
    memory.take(handle(monitor, sent(NOON + MINUTE, temperature=None)), NOON + MINUTE)

    restarted = Monitor(site(), own_rules(), NOON + MINUTE, memory.restored())
    outcome = handle(restarted, sent(NOON + 2 * MINUTE, **body))

    assert [reading.quality for reading in outcome.readings] == [Quality.LATE]


# --- people ------------------------------------------------------------------------


def alarm_of(outcome):
    (alarm,) = outcome.alarms.values()
    return alarm.id


def active(monitor):
    warm(monitor)
    return monitor.face("hd-storage").alarms[0].id


def test_an_alarm_is_named_after_the_event_that_opened_it(monitor):
    handle(monitor, Remark(Kind.STARTED, "monitor", {}))
    start = monitor.now
    events = []
    for minute in range(0, 20, 2):
        at = start + minute * MINUTE
        events += handle(monitor, Reading(FRIDGE, 9.0, at, at)).events
    opened = next(event for event in events if event.detail.get("to") == "active")

    assert opened.alarm == f"A{opened.number}"


def test_an_acknowledgement_stops_the_escalation_until_it_expires(monitor):
    name = active(monitor)
    acknowledged = handle(monitor, Acknowledge(name, "technician", "on my way"))

    quiet = monitor.handle([], monitor.now + 12 * MINUTE)

    assert kinds(acknowledged) == [Kind.ACKNOWLEDGED]
    assert Kind.CALLED not in kinds(quiet)


def test_an_acknowledgement_lasts_an_hour_for_storage_and_half_an_hour_for_criticals(monitor):
    name = active(monitor)
    handle(monitor, Acknowledge(name, "technician"))
    start = monitor.now
    assert monitor.face("hd-storage").unacknowledged is False

    monitor.handle([], start + 60 * MINUTE - timedelta(microseconds=1))
    before = monitor.face("hd-storage").alarms
    monitor.handle([], start + 60 * MINUTE)
    after = monitor.face("hd-storage").alarms

    assert [a.acknowledged_by for a in before if a.id == name] == ["technician"]
    assert [a.acknowledged_by for a in after if a.id == name] == [None]


def test_getting_worse_pages_again_although_somebody_answered(monitor):
    name = active(monitor)
    handle(monitor, Acknowledge(name, "technician"))

    start = monitor.now
    outcome = handle(monitor, Reading(FRIDGE, 16.0, start, start), at=start + 3 * MINUTE)

    assert Kind.RAISED in kinds(outcome)
    assert ("pharmacist-phone", "raised") in told(outcome)
    assert outcome.alarms[name].acknowledged_by is None


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (Acknowledge("A999", "technician"), "no open alarm 'A999'"),
        (Acknowledge("A1", "nobody"), "nobody called 'nobody' is in the site file"),
        (Close("A1", "technician", "  "), "needs a note of what was done"),
    ],
)
def test_an_act_that_cannot_be_done_is_refused_with_a_sentence_and_recorded(monitor, act, why):
    outcome = handle(monitor, act)

    assert why in outcome.replies[0]
    assert kinds(outcome) == [Kind.REFUSED]


def test_an_alarm_that_cleared_stays_until_somebody_writes_down_what_was_done(monitor):
    name = active(monitor)
    start = monitor.now
    for minute in range(12):
        at = start + minute * MINUTE
        handle(monitor, Reading(FRIDGE, 5.0, at, at))
    assert [alarm.id for alarm in monitor.undocumented()] == [name]

    outcome = handle(monitor, Close(name, "pharmacist", "door left open; stock moved"))

    assert outcome.alarms[name].closed_by == "pharmacist"
    assert monitor.undocumented() == ()


def test_closing_while_still_outside_arms_again_under_a_new_name(monitor):
    name = active(monitor)
    handle(monitor, Close(name, "pharmacist", "checked"))

    warm(monitor)

    (again,) = [alarm for alarm in monitor.face("hd-storage").alarms if alarm.rule == "659-3"]
    assert again.id != name


def test_everybody_who_was_told_hears_that_it_is_back_to_normal(monitor):
    active(monitor)
    start = monitor.now
    outcomes = []
    for minute in range(15):
        at = start + minute * MINUTE
        outcomes += told(handle(monitor, Reading(FRIDGE, 5.0, at, at)))

    assert ("pharmacist-phone", "cleared") in outcomes
    assert not {name for name, about in outcomes if about == "cleared"} - {
        "pharmacist-phone",
        "technician-phone",
    }


def test_maintenance_holds_the_call_back_and_makes_up_for_it_afterwards():
    span = Maintenance(frozenset({FRIDGE}), NOON, NOON + 60 * MINUTE, "coil cleaned", "manager")
    monitor = Monitor(site(maintenance=(span,)), own_rules(), NOON)

    start = warm(monitor)
    for minute in range(20, 60, 2):
        at = NOON + minute * MINUTE
        during = handle(monitor, Reading(FRIDGE, 9.0, at, at))
        assert told(during) == []
    after = monitor.handle([], NOON + 60 * MINUTE)

    assert told(start) == []
    assert told(after) == [("pharmacist-phone", "opened")]


def test_the_room_shows_its_worst_alarm_and_that_something_is_unknown():
    monitor = Monitor(site(FRIDGE, "hd-fridge-2.temperature"), own_rules(), NOON)
    assert monitor.face("hd-storage").unknown

    warm(monitor)

    face = monitor.face("hd-storage")
    assert (face.level, face.unacknowledged) == (Level.ALARM, True)
    assert face.alarms[0].rule == "659-3"


def test_several_values_of_one_moment_are_all_judged_and_each_repeat_is_dropped(monitor):
    outcomes = [
        handle(monitor, sent(NOON + n * MINUTE, temperature=value, last_seen="2026-03-02T11:59:30Z"))
        for n, value in enumerate([5.0, 9.0, 5.5, 9.0, 5.0])
    ]

    told = NOON - timedelta(seconds=30)
    assert [(r.value, r.measured_at - told) for outcome in outcomes for r in outcome.readings] == [
        (5.0, timedelta(0)),
        (9.0, timedelta(microseconds=1)),
        (5.5, timedelta(microseconds=2)),
    ]
    assert [outcome.duplicates for outcome in outcomes] == [0, 0, 0, 1, 1]


# --- a wall clock that jumps ----------------------------------------------------


@pytest.mark.parametrize("hours", [3, -3])
def test_a_clock_that_jumps_matures_nothing_and_running_delays_keep_their_length(monitor, hours):
    step = timedelta(hours=hours)
    handle(monitor, Reading(FRIDGE, 9.0, NOON, NOON))
    jumped = NOON + 10 * MINUTE + step  # what the clock shows right after its jump

    outcome = monitor.handle([ClockStepped(step)], jumped)

    assert (monitor.now, outcome.alarms) == (jumped, {})
    assert kinds(outcome) == [Kind.CLOCK_STEPPED]
    at = jumped + 5 * MINUTE - timedelta(microseconds=1)
    assert handle(monitor, Reading(FRIDGE, 9.0, at, at)).alarms == {}
    assert [alarm.rule for alarm in monitor.handle([], jumped + 5 * MINUTE).alarms.values()] == ["659-3"]


@pytest.mark.parametrize("absurd", ["1e308", "9.9e299", "-1e303", "99999"])
def test_a_number_that_no_sensor_measures_is_a_fault_and_stops_nothing(monitor, absurd):
    outcome = handle(monitor, Message(TOPIC, b'{"temperature": %s}' % absurd.encode(), NOON))

    (reading,) = outcome.readings
    assert (reading.value, reading.quality) == (None, Quality.FAULT)
    assert abs(reading.measured_at - NOON) == timedelta(0)


def test_a_long_batch_decides_what_its_inputs_decide_one_by_one():
    together, alone = Monitor(site(), own_rules(), NOON), Monitor(site(), own_rules(), NOON)
    sent_in = [sent(NOON + n * MINUTE, temperature=4.0 + n % 9) for n in range(120)]
    sent_in[70] = Message(TOPIC, b"{", NOON + 70 * MINUTE)
    refused = Acknowledge("A99", "pharmacist", "")

    at_once = handle(together, *sent_in, refused)
    one_by_one = [handle(alone, each) for each in (*sent_in, refused)]

    assert [each.value for each in at_once.readings[49:52]] == [8.0, 9.0, 10.0]
    assert at_once.readings == [reading for each in one_by_one for reading in each.readings]
    assert at_once.events == [event for each in one_by_one for event in each.events]
    assert [each.received_at for each in at_once.quarantined] == [NOON + 70 * MINUTE]
    assert at_once.replies == {120: one_by_one[-1].replies[0]}


def test_the_same_person_answering_again_tells_nobody_twice(monitor):
    name = active(monitor)
    handle(monitor, Acknowledge(name, "technician"))

    outcome = handle(monitor, Acknowledge(name, "technician"))

    assert kinds(outcome) == [Kind.ACKNOWLEDGED]
    assert told(outcome) == []
