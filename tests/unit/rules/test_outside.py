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


# --- written out ---------------------------------------------------------------------

START_MINUTE = 29_540_160  # of START, since 1970
START_HOUR = 492_336


def kept(gauge):
    return json.dumps(gauge.changed())


def written(last, out, event, *buckets):
    body = {"last": 1_772_409_600_000_000 + last, "out": out, "event": event, "buckets": list(buckets)}
    return json.dumps({"": body})


def seconds(gauge, *told):
    for second, value in told:
        gauge.take(START + timedelta(seconds=second), value)
    return gauge


def test_time_outside_is_put_to_the_minute_in_which_it_passed():
    gauge = seconds(fridge(), (10, 9.0), (30, 9.0), (95, 9.0), (100, 5.0))

    assert (gauge.total(), gauge.event()) == (90.0, 90.0)
    minutes = [START_MINUTE, 50_000_000], [START_MINUTE + 1, 40_000_000]
    assert kept(gauge) == written(100_000_000, False, 90_000_000, *minutes)
    assert gauge.changed() == {}


def test_of_longer_windows_it_is_put_to_the_hour():
    month = Outside(30 * DAY, timedelta(hours=1), above=25.0, below=None)
    seconds(month, (3_000, 26.0), (4_200, 26.0), (90_000, 20.0))

    hours = [START_HOUR, 600_000_000], [START_HOUR + 1, 3_600_000_000], [START_HOUR + 2, 600_000_000]
    assert kept(month) == written(90_000_000_000, False, 4_800_000_000, *hours)


def test_a_first_reading_outside_is_kept_before_any_time_has_passed():
    assert kept(seconds(fridge(), (0, 9.0))) == written(0, True, 0)


def test_what_is_over_is_kept_after_the_readings_inside_that_follow():
    gauge = seconds(fridge(), (0, 9.0), (60, 5.0), (120, 5.0))

    assert kept(gauge) == written(120_000_000, False, 0, [START_MINUTE, 60_000_000])


def test_two_readings_of_one_moment_have_no_time_between_them():
    gauge = seconds(fridge(), (0, 9.0), (0, 9.0))

    assert (gauge.total(), gauge.event()) == (0.0, 0.0)


def test_a_band_of_one_end_has_no_other():
    warm = Outside(DAY, CAP, above=25.0, below=None)
    cold = Outside(DAY, CAP, above=None, below=0.5)

    assert [warm.beyond(value) for value in (-40.0, 25.0, 25.1)] == [False, False, True]
    assert [cold.beyond(value) for value in (99.0, 0.5, 0.4)] == [False, False, True]


def test_after_the_clock_was_set_back_time_goes_on_from_there():
    gauge = seconds(fridge(), (7_200, 9.0))
    gauge.changed()

    gauge.shift(timedelta(hours=-1))

    assert kept(gauge) == written(3_600_000_000, True, 0)
    assert seconds(gauge, (3_660, 5.0)).event() == 60.0


def test_a_clock_set_forward_or_not_at_all_moves_nothing():
    for by in (timedelta(0), timedelta(hours=1)):
        gauge = seconds(fridge(), (0, 9.0))
        gauge.changed()
        gauge.shift(by)
        assert gauge.changed() == {}
        assert seconds(gauge, (60, 5.0)).event() == 60.0


def test_a_clock_that_steps_before_the_first_reading_changes_nothing():
    gauge = fridge()

    gauge.shift(timedelta(hours=-1))

    assert gauge.idle
    assert gauge.changed() == {}


def test_it_tells_whether_there_is_anything_outside_to_speak_of():
    gauge = fridge()

    assert [gauge.take(START + step * MINUTE, value) for step, value in enumerate((5.0, 9.0, 5.0))] == [
        False,
        True,
        True,
    ]


def test_the_minute_in_which_the_window_begins_counts_as_a_whole():
    gauge = seconds(fridge(), (0, 9.0), (60, 5.0))

    assert seconds(gauge, (86_430, 5.0)).total() == 60.0
    assert seconds(gauge, (86_460, 5.0)).total() == 0.0


def test_what_came_late_is_added_up_anew_and_kept():
    gauge = seconds(fridge(), (0, 9.0), (600, 9.0))
    gauge.changed()

    gauge.retake([(START + MINUTE, 9.0), (START + 2 * MINUTE, 5.0)])

    assert kept(gauge) == written(120_000_000, False, 60_000_000, [START_MINUTE + 1, 60_000_000])


def test_anew_from_nothing_there_is_nothing():
    gauge = seconds(fridge(), (0, 9.0), (600, 9.0))
    gauge.changed()

    gauge.retake([])

    assert gauge.idle
    assert gauge.changed() == {"": None}
