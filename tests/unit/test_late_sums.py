"""Pressures that are added up: late readings of a gauge count for every sum that it is part of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import late_arrivals as late
from hypothesis import given, settings
from hypothesis import strategies as st

from hdmonitor.catalogue import own_rules
from hdmonitor.events import Kind
from hdmonitor.model import Device, Message, Reading
from hdmonitor.monitor import Monitor
from hdmonitor.scenario import Memory
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[1] / "sites" / "side_by_side.yaml")
OWN = own_rules()
START = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(hours=24)
INCH = 249.0889
BUFFER, ANTE, STORE = "buffer.pressure", "ante.pressure", "hd-store.pressure"
TO_CORRIDOR = "buffer.pressure-to-corridor"
VALUES = {
    BUFFER: [0.030, 0.021, 0.001, -0.010, -0.040],
    ANTE: [0.025, 0.020, 0.005, -0.001],
    STORE: [-0.010, -0.004, 0.020],
}


@st.composite
def gauges(draw):
    """Draw what gauges measure: together or apart, with gaps, faults, two values of one moment."""
    told = []
    for point in draw(st.sampled_from([(BUFFER, ANTE), (BUFFER, ANTE, STORE)])):
        at = START + draw(st.sampled_from([0, 1, 3600])) * SECOND
        for _ in range(draw(st.integers(1, 7))):
            value = draw(st.sampled_from(VALUES[point])) * INCH
            step = draw(st.sampled_from([1, 5, 5, 20, 60, 130])) * SECOND
            for _ in range(draw(st.integers(1, 8))):
                told.append((point, at, value))
                at += step
            match draw(st.integers(0, 8)):
                case 0:
                    at += draw(st.sampled_from([119, 120, 600, 20_000])) * SECOND
                case 1:
                    told.append((point, at - step, draw(st.sampled_from(VALUES[point])) * INCH))
                case 2:
                    told.append((point, at, None))
                    at += step
    order = list(SITE.points)
    told.sort(key=lambda each: (each[1], order.index(each[0])))  # sort is stable: a second value stays second
    return list(dict.fromkeys(told))


def site(told):
    return late.Site(SITE.only({point for point, _, _ in told}), OWN)


@settings(max_examples=10, deadline=None)
@given(gauges(), st.integers(0, 1000))
def test_in_order_shuffled_late_duplicated_or_restarted_the_table_of_sums_is_the_same(told, seed):
    pharmacy = site(told)
    until = max(at for _, at, _ in told) + 1.2 * DAY
    expected = pharmacy.table(late.in_order(told), until)

    arrivals = {
        "delayed": late.delayed(told),
        "shuffled": late.shuffled(told, seed),
        "partly late": late.partly_late(told, seed),
        "a little late": late.partly_late(told, seed, by=300 * SECOND),
        "duplicated": late.duplicated(late.shuffled(told, seed), seed),
    }
    for name, readings in arrivals.items():
        assert (name, pharmacy.table(readings, until, batch=1 + seed % 9)) == (name, expected)
        assert (name, pharmacy.table(readings, until, restarts=0.4, seed=seed)) == (name, expected)


def test_of_two_values_of_one_moment_the_greater_counts_in_the_sums_that_follow_also_after_a_restart():
    told = [(STORE, START, 0.020 * INCH), (STORE, START, -0.010 * INCH), (ANTE, START + MINUTE, 0.005 * INCH)]
    pharmacy, until = site(told), START + DAY

    table = pharmacy.table(late.in_order(told), until)

    assert '"point": "hd-store.pressure-to-ante", "rule": "800-P4", "level": "critical"' in table
    assert pharmacy.table(late.delayed(told), until) == table
    assert pharmacy.table(late.in_order(told), until, restarts=1.0) == table


# --- what the property does not show ---------------------------------------------------


def every(point, value, begin, end, step=30):
    return [(point, START + second * SECOND, value * INCH) for second in range(begin * 60, end * 60, step)]


def two_gauges(*, received):
    """The ante-room weak for half an hour, which its gauge tells later; the buffer all the time."""
    live = [*every(BUFFER, 0.000, 0, 90), *every(ANTE, 0.025, 0, 20), *every(ANTE, 0.025, 50, 90)]
    kept = every(ANTE, 0.012, 20, 50)
    readings = late.in_order(live) + late.arriving(kept, [received] * len(kept))
    readings.sort(key=lambda reading: reading.received_at)
    return site(live).judged(readings, START + 2 * DAY)


def excursions(memory, point):
    return [
        (one.level.name, (one.start - START) / MINUTE, (one.end - START) / MINUTE, round(one.peak / INCH, 3))
        for one in memory.excursions.get(point, {}).values()
    ]


def test_a_loss_that_only_a_late_gauge_shows_is_discovered_in_the_sum():
    memory = two_gauges(received=START + 85 * MINUTE)

    assert excursions(memory, TO_CORRIDOR) == [("WARNING", 20.0, 50.0, 0.012), ("ALARM", 20.0, 50.0, 0.012)]
    late_ones = [(each.point, each.title) for each in memory.alarms.values() if each.rule == "HDM-LATE"]
    assert (TO_CORRIDOR, "LATE DATA: Buffer to Corridor pressure") in late_ones


def test_sums_that_late_parts_add_beyond_the_newest_are_recorded_and_are_no_sign_of_life():
    live, kept = every(BUFFER, 0.030, 0, 60), every(ANTE, 0.025, 0, 50)
    end = START + 60 * MINUTE
    readings = late.in_order(live) + late.arriving(kept, [end] * len(kept))

    memory = site([*live, *kept]).judged(readings, end + 5 * MINUTE)

    sums = memory.readings[TO_CORRIDOR]
    assert [(one.measured_at - START) / MINUTE for one in sums] == [0.5 * step for step in range(103)]
    assert {(round(one.value / INCH, 3), one.live, one.received_at) for one in sums} == {
        (0.055, False, end + MINUTE)
    }
    assert memory.heard[TO_CORRIDOR].live_at is None


def test_other_gauges_than_before_judge_only_what_comes_from_now_on():
    told = [*every(BUFFER, 0.030, 0, 10), *every(ANTE, 0.025, 0, 10)]
    memory = site(told).judged(late.in_order(told), START + 10 * MINUTE)
    before = SITE.only({BUFFER, ANTE})
    sums = replace(before.points[TO_CORRIDOR], base=1.0)
    after = replace(before, points=before.points | {TO_CORRIDOR: sums})
    monitor = Monitor(
        after, OWN, memory.at, memory.restored(), recall=memory.recall, measured=memory.measured
    )

    late_one = Reading(ANTE, 0.001 * INCH, START + 315 * SECOND, START + 11 * MINUTE)
    outcome = monitor.handle([late_one], START + 30 * MINUTE)

    refused = [each.subject for each in outcome.events if each.kind is Kind.LATE_NOT_JUDGED]
    assert refused == [TO_CORRIDOR]


def test_without_a_record_of_its_parts_a_sum_stays_as_it_was():
    told = [*every(BUFFER, 0.030, 0, 10), *every(ANTE, 0.025, 0, 10)]
    memory = Memory()
    monitor = Monitor(SITE.only({BUFFER, ANTE}), OWN, START, recall=memory.recall)
    memory.take(monitor.handle(late.in_order(told), START + 10 * MINUTE), START + 10 * MINUTE)

    late_one = Reading(ANTE, -0.040 * INCH, START + 315 * SECOND, START + 11 * MINUTE)
    memory.take(monitor.handle([late_one], START + 30 * MINUTE), START + 30 * MINUTE)

    assert excursions(memory, ANTE)[0][1:3] == (5.25, 5.5)
    assert excursions(memory, TO_CORRIDOR) == []


def test_gauges_of_one_message_are_added_up_in_one_order_and_nothing_is_judged_again():
    fields = {BUFFER: "b", ANTE: "a"}  # the ante-room stands first in the site file
    points = {
        id_: replace(SITE.points[id_], topic="both", family="mapped", field=field)
        for id_, field in fields.items()
    }
    both = SITE.only({BUFFER, ANTE})
    devices = {"both": Device("both", "mapped", tuple(points.values()))}
    pharmacy = replace(both, points=both.points | points, devices=devices)
    monitor = Monitor(pharmacy, OWN, START, recall=Memory().recall, measured=Memory().measured)

    outcomes = [
        monitor.handle([Message("both", f'{{"b": 0.03{step}, "a": 0.025}}'.encode(), at)], at)
        for step in (0, 1)
        for at in [START + 30 * step * SECOND]
    ]

    sums = [
        (one.measured_at, round(one.value / INCH, 3))
        for o in outcomes
        for one in o.readings
        if one.point == TO_CORRIDOR
    ]
    half = START + 30 * SECOND
    assert sums == [(START, 0.055), (half, 0.055), (half + timedelta(microseconds=1), 0.056)]
    assert not any(f"late:{TO_CORRIDOR}" in outcome.states for outcome in outcomes)
