"""Time outside a band: of one event and of a trailing window."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hdmonitor.rules.outside import Outside

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CAP = timedelta(minutes=15)


def fridge():
    return Outside(DAY, CAP, above=8.0, below=2.0)


def feed(gauge, *values, start=START, every=5 * MINUTE):
    for step, value in enumerate(values):
        gauge.take(start + step * every, value)
    return gauge


def test_a_reading_outside_stands_until_the_next_one():
    gauge = feed(fridge(), 5.0, 8.1, 8.1, 5.0)

    assert (gauge.total(), gauge.event()) == (600.0, 600.0)


def test_at_the_ends_of_the_band_is_inside():
    assert not feed(fridge(), 8.0, 2.0, 8.0).take(START + DAY, 5.0)


def test_nobody_vouches_for_longer_than_the_cap():
    assert feed(fridge(), 9.0, 9.0, every=timedelta(hours=2)).total() == 900.0


def test_events_are_counted_apart_and_together():
    gauge = feed(fridge(), 9.0, 5.0, 1.0, 1.0, 5.0)

    assert (gauge.total(), gauge.event()) == (900.0, 600.0)
    gauge.take(START + 25 * MINUTE, 5.0)
    assert (gauge.total(), gauge.event()) == (900.0, 0.0)


def test_what_is_older_than_the_window_is_forgotten_by_whole_buckets():
    gauge = feed(fridge(), 9.0, 5.0)

    gauge.take(START + DAY, 5.0)
    assert gauge.total() == 300.0
    gauge.take(START + DAY + 4 * MINUTE, 5.0)
    assert gauge.total() == 60.0
    gauge.take(START + DAY + 5 * MINUTE, 5.0)
    assert gauge.total() == 0.0


def test_inside_with_nothing_to_remember_costs_and_says_nothing():
    gauge = feed(fridge(), 5.0, 5.0)

    assert gauge.changed() == {}
    assert not gauge.take(START + DAY, 5.0)


def test_what_is_forgotten_is_forgotten_in_the_journal_too():
    gauge = feed(fridge(), 9.0, 5.0)
    assert gauge.changed()[""]["out"] is False

    gauge.take(START + 2 * DAY, 5.0)

    assert gauge.changed() == {"": None}


@given(
    steps=st.lists(st.tuples(st.integers(1, 40_000), st.sampled_from([1.0, 5.0, 9.0])), max_size=40),
    cuts=st.sets(st.integers(0, 39)),
)
def test_a_restart_anywhere_changes_nothing(steps, cuts):
    through, again, rows, at = fridge(), fridge(), {}, START
    for count, (seconds, value) in enumerate(steps):
        at += timedelta(seconds=seconds)
        if count in cuts:
            again = fridge()
            again.restore(json.loads(json.dumps(rows)))
        assert through.take(at, value) == again.take(at, value)
        rows.update(again.changed())
        assert (through.total(), through.event()) == (again.total(), again.event())
