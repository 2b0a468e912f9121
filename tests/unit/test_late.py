"""Late data count: whatever the order of arrival, the table of excursions is the same."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import late_arrivals as late
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdmonitor.catalogue import own_rules
from hdmonitor.events import About, ClockStepped, Close, Kind
from hdmonitor.model import Level, Quality, Reading
from hdmonitor.monitor import Monitor
from hdmonitor.scenario import Memory
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[2] / "config" / "site.yaml")
OWN = own_rules()
START = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
FRIDGE = "hd-fridge-1.temperature"
INCH = 249.0889
VALUES = {
    "hd-fridge-1.temperature": [5.0, 7.5, 7.6, 8.0, 8.1, 9.4, 15.5, 1.9, 0.2],
    "hd-buffer.pressure": [-0.020 * INCH, -0.012 * INCH, -0.009 * INCH, -0.001 * INCH, -0.031 * INCH],
    "bsc-1.inflow": [0.53, 0.48, 0.45, 0.3, 0.6],
}


def part(*points):
    kept = {name: SITE.points[name] for name in points}
    devices = {
        topic: replace(device, points=tuple(p for p in device.points if p.id in kept))
        for topic, device in SITE.devices.items()
        if any(p.id in kept for p in device.points)
    }
    return replace(SITE, points=kept, devices=devices)


@st.composite
def series(draw):
    """Draw what one point measures: values that last, gaps, faults, two values of one moment."""
    point = draw(st.sampled_from(sorted(VALUES)))
    at, told = START, []
    for _ in range(draw(st.integers(1, 12))):
        value = draw(st.sampled_from(VALUES[point]))
        step = draw(st.sampled_from([1, 5, 20, 60, 120, 300])) * SECOND
        for _ in range(draw(st.integers(1, 8))):
            told.append((point, at, value))
            at += step
        match draw(st.integers(0, 8)):
            case 0:
                at += draw(st.sampled_from([600, 3600, 20_000])) * SECOND
            case 1:
                told.append((point, at - step, draw(st.sampled_from(VALUES[point]))))
            case 2:
                told.append((point, at, None))
                at += step
    return list(dict.fromkeys(told))


@settings(max_examples=25, deadline=None)
@given(series(), st.integers(0, 1000))
def test_in_order_shuffled_late_duplicated_or_restarted_the_excursion_table_is_the_same(told, seed):
    site = late.Site(part(told[0][0]), OWN)
    until = max(at for _, at, _ in told) + 1.2 * DAY
    expected = site.table(late.in_order(told), until)

    arrivals = {
        "delayed": late.delayed(told),
        "shuffled": late.shuffled(told, seed),
        "partly late": late.partly_late(told, seed),
        "a little late": late.partly_late(told, seed, by=300 * SECOND),
        "duplicated": late.duplicated(late.shuffled(told, seed), seed),
    }
    for name, readings in arrivals.items():
        assert (name, site.table(readings, until, batch=1 + seed % 9)) == (name, expected)
        assert (name, site.table(readings, until, restarts=0.4, seed=seed)) == (name, expected)


def test_an_alarm_that_late_data_show_when_it_is_nearly_over_is_lowered_without_a_word():
    told = [  # the pressure, measured and received so many seconds after the start
        (-0.020 * INCH, 757, 1358),
        (-0.012 * INCH, 97, 1438),
        (-0.001 * INCH, 33, 1598),
        (-0.020 * INCH, 1358, 2238),
    ]
    readings = [
        Reading("hd-buffer.pressure", value, START + measured * SECOND, START + received * SECOND)
        for value, measured, received in told
    ]
    site = late.Site(part("hd-buffer.pressure"), OWN)
    in_order = sorted((reading.point, reading.measured_at, reading.value) for reading in readings)

    assert site.table(readings, START + DAY) == site.table(late.in_order(in_order), START + DAY)


# --- practice rule 3 ------------------------------------------------------------------

NIGHT = replace(part(FRIDGE), hours={day: (time(7), time(18)) for day in range(6)})
EVENING = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)  # a Monday, 15:00 at the site


def told_of(outcomes, *, about="opened"):
    """Return when and whom calls about late data were for."""
    return [
        (notice.at, notice.destination)
        for outcome in outcomes
        for notice in outcome.notices
        if notice.title.startswith("LATE DATA") and notice.about.value == about
    ]


class Told(Memory):
    def __init__(self):
        super().__init__()
        self.outcomes = []

    def take(self, outcome, at):
        super().take(outcome, at)
        self.outcomes.append(outcome)


def uploaded(received_at, site=NIGHT, value=9.4):
    """Half an hour of warmth between cool readings, uploaded at once."""
    warm = [(FRIDGE, EVENING + n * MINUTE, value) for n in range(10, 40, 2)]
    live = [(FRIDGE, EVENING + n * MINUTE, 5.0) for n in (*range(0, 10, 2), *range(40, 20 * 60, 10))]
    readings = late.in_order(live) + late.arriving(warm, [received_at] * len(warm))
    readings.sort(key=lambda reading: reading.received_at)
    return late.Site(site, OWN, Told).judged(readings, EVENING + 20 * HOUR)


def test_a_late_discovered_excursion_at_alarm_level_puts_a_hold_and_asks_for_acknowledgement_at_once_if_the_site_is_open_at_opening_otherwise():  # noqa: E501  # the rule's sentence
    by_day = uploaded(EVENING + 2 * HOUR)
    by_night = uploaded(EVENING + 6 * HOUR)

    assert told_of(by_day.outcomes)[0] == (EVENING + 2 * HOUR + MINUTE, "pharmacist-phone")
    opening = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
    assert told_of(by_night.outcomes)[0] == (opening, "pharmacist-phone")
    (alarm,) = (alarm for alarm in by_day.alarms.values() if alarm.rule == "HDM-LATE")
    assert (alarm.level, alarm.title) == (Level.ALARM, "LATE DATA: HD Fridge 1 was 9.4 C")
    body = next(n.body for o in by_day.outcomes for n in o.notices if n.alarm == alarm.id)
    assert body.removesuffix(f" {alarm.id}") == (
        "Out for 30 min since 15:10, told late; limit 8. Stock HOLD, do not discard: a pharmacist decides."
    )
    assert alarm.closed_at is None


def test_what_is_discovered_below_alarm_level_asks_nobody():
    memory = uploaded(EVENING + 2 * HOUR, value=7.6)

    assert told_of(memory.outcomes) == []
    assert [one.level for table in memory.excursions.values() for one in table.values()] == [Level.WARNING]


def took_back():
    """An alarm of which a late value in its middle leaves nothing."""
    live = [(FRIDGE, EVENING + n * MINUTE, 5.0) for n in range(0, 10, 2)]
    live += [(FRIDGE, EVENING + n * MINUTE, 8.5) for n in (*range(10, 18, 2), *range(20, 30, 2))]
    live += [(FRIDGE, EVENING + n * MINUTE, 5.0) for n in range(30, 90, 2)]
    inside = late.arriving([(FRIDGE, EVENING + 18 * MINUTE, 5.0)], [EVENING + 33 * MINUTE])
    readings = sorted(late.in_order(live) + inside, key=lambda reading: reading.received_at)
    return late.Site(part(FRIDGE), OWN, Told).judged(readings, EVENING + 2 * HOUR)


def test_withdrawn_never_lifts_a_hold():
    memory = took_back()

    (alarm,) = (alarm for alarm in memory.alarms.values() if alarm.rule == "659-3")
    assert (alarm.title, alarm.active) == ("HD Fridge 1: withdrawn by late data", False)
    assert alarm.closed_at is None  # it still has to be documented
    assert f"cleared:{alarm.id}" in memory.states
    (last,) = (n for o in memory.outcomes for n in o.notices if n.about is About.WITHDRAWN)
    assert last.body == (
        "Readings that came late do not show the alarm of 15:10. "
        f"Stock stays on HOLD until a pharmacist decides. {alarm.id}"
    )


def test_a_person_documents_a_withdrawn_alarm_like_any_other():
    memory = took_back()
    (alarm,) = (alarm for alarm in memory.alarms.values() if alarm.rule == "659-3")
    monitor = Monitor(part(FRIDGE), OWN, memory.at, memory.restored(), recall=memory.recall)

    outcome = monitor.handle([Close(alarm.id, "pharmacist", "never warm for long")], memory.at)

    assert (outcome.replies, outcome.alarms[alarm.id].closed_by) == ({}, "pharmacist")


# --- people's acts ---------------------------------------------------------------------


def test_an_alarm_that_a_person_ended_is_not_opened_again_by_late_readings():
    memory = Told()
    monitor = Monitor(part(FRIDGE), OWN, EVENING, recall=memory.recall)

    def give(at, *items):
        memory.take(monitor.handle(items, at), at)

    for n in range(0, 30, 2):
        at = EVENING + n * MINUTE
        give(at, Reading(FRIDGE, 9.0, at, at))
    (alarm,) = memory.alarms.values()
    give(EVENING + 30 * MINUTE, Close(alarm.id, "pharmacist", "moved the stock"))
    for n in (31, 33):
        at = EVENING + n * MINUTE
        give(at, Reading(FRIDGE, 5.0, at, at))
    give(EVENING + 34 * MINUTE, Reading(FRIDGE, 8.9, EVENING + 15 * MINUTE, EVENING + 34 * MINUTE))
    give(EVENING + 40 * MINUTE)

    assert [one.id for one in memory.alarms.values()] == [alarm.id]
    assert [event.kind for event in memory.outcomes[-1].events] == []


# --- when, and from where ---------------------------------------------------------------


def dirty(*received):
    """A monitor with one live reading, then late ones received so many seconds after it."""
    memory = Told()
    monitor = Monitor(part(FRIDGE), OWN, EVENING, recall=memory.recall)
    memory.take(monitor.handle([Reading(FRIDGE, 5.0, EVENING, EVENING)], EVENING), EVENING)
    for seconds in received:
        at = EVENING + seconds * SECOND
        measured = EVENING - HOUR + seconds * SECOND
        memory.take(monitor.handle([Reading(FRIDGE, 7.6, measured, at)], at), at)
    return monitor, memory


def test_history_is_judged_a_minute_after_the_newest_late_reading():
    monitor, _ = dirty(10, 30)

    assert monitor.next_due() == EVENING + 90 * SECOND


def test_history_is_judged_ten_minutes_after_the_first_late_reading_at_the_latest():
    monitor, _ = dirty(*range(10, 610, 50))

    assert monitor.next_due() == EVENING + 610 * SECOND


def test_a_restart_while_late_readings_wait_forgets_none_of_them():
    _, memory = dirty(10, 30)
    monitor = Monitor(part(FRIDGE), OWN, memory.at, memory.restored(), recall=memory.recall)

    assert monitor.next_due() == EVENING + 90 * SECOND
    outcome = monitor.handle([], EVENING + 90 * SECOND)
    assert {event.kind for event in outcome.events} == {Kind.LATE_DISCOVERED}


def test_a_late_reading_is_no_sign_of_life():
    monitor, memory = dirty(600)
    silent = Told()
    silent.take(monitor.handle([], EVENING + 15 * MINUTE), EVENING)

    assert memory.readings[FRIDGE][-1].live is False
    assert [alarm.rule for alarm in silent.alarms.values()] == ["HDM-SILENCE"]


def test_a_late_fault_is_recorded_and_nothing_else():
    monitor, _ = dirty()
    at = EVENING + 10 * SECOND
    outcome = monitor.handle([Reading(FRIDGE, None, EVENING - HOUR, at, fault="open")], at)

    assert [(reading.quality, reading.live) for reading in outcome.readings] == [(Quality.LATE, False)]
    assert monitor.next_due() == EVENING + 15 * MINUTE  # its patience
    assert outcome.states == {}


@pytest.mark.parametrize(
    ("late_by", "quality"), [(90 * DAY, Quality.LATE), (90 * DAY + SECOND, Quality.NOT_JUDGED)]
)
def test_what_comes_more_than_ninety_days_late_is_kept_marked_and_told(late_by, quality):
    monitor, _ = dirty()
    at = EVENING + 10 * SECOND

    outcome = monitor.handle([Reading(FRIDGE, 9.0, at - late_by, at)], at)
    later = monitor.handle([], at + MINUTE)

    assert [reading.quality for reading in outcome.readings] == [quality]
    told = [event.detail for event in later.events if event.kind is Kind.LATE_NOT_JUDGED]
    assert [detail["readings"] for detail in told] == ([1] if quality is Quality.NOT_JUDGED else [])


def test_a_changed_limit_never_rewrites_what_was_judged_by_the_old_one():
    _, memory = dirty()
    at = EVENING + HOUR
    point = SITE.points[FRIDGE]
    rule = replace(point.rules[0], off_delay=point.rules[0].off_delay + MINUTE)
    changed = part(FRIDGE)
    point = replace(point, rules=(rule,))
    (device,) = (replace(d, points=(point,)) for d in changed.devices.values())
    changed = replace(changed, points={FRIDGE: point}, devices={device.topic: device})
    monitor = Monitor(changed, OWN, at, memory.restored(), recall=memory.recall)
    memory.take(monitor.handle([Reading(FRIDGE, 5.0, at, at)], at), at)

    before = Reading(FRIDGE, 7.6, EVENING - SECOND, at + MINUTE)
    after = Reading(FRIDGE, 7.6, EVENING + SECOND, at + MINUTE)
    outcome = monitor.handle([before, after], at + MINUTE)
    memory.take(outcome, at + MINUTE)
    later = monitor.handle([], at + 2 * MINUTE)

    assert [reading.quality for reading in outcome.readings] == [Quality.NOT_JUDGED, Quality.LATE]
    assert {event.kind for event in later.events} == {Kind.LATE_NOT_JUDGED, Kind.LATE_DISCOVERED}


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_nothing_is_judged_again_across_a_step_of_the_clock(by):
    monitor, memory = dirty()
    memory.take(monitor.handle([ClockStepped(by)], EVENING + MINUTE + by), EVENING + MINUTE + by)
    at = EVENING + 3 * HOUR
    memory.take(monitor.handle([Reading(FRIDGE, 5.0, at, at)], at), at)
    outcome = monitor.handle([Reading(FRIDGE, 9.0, EVENING - MINUTE, at)], at)
    memory.take(outcome, at)

    later = monitor.handle([], at + MINUTE)

    assert [reading.quality for reading in outcome.readings] == [Quality.NOT_JUDGED]
    assert [event.kind for event in later.events] == [Kind.LATE_NOT_JUDGED]


def test_without_a_record_to_look_back_into_late_readings_are_kept_and_not_judged():
    monitor = Monitor(part(FRIDGE), OWN, EVENING)
    monitor.handle([Reading(FRIDGE, 5.0, EVENING, EVENING)], EVENING)
    monitor.handle([Reading(FRIDGE, 9.0, EVENING - HOUR, EVENING + SECOND)], EVENING + SECOND)

    assert monitor.next_due() == EVENING + 15 * MINUTE
    assert monitor.handle([], EVENING + 10 * MINUTE).events == []
