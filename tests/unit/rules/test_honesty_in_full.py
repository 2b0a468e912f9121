"""Everything that is told of a doubted sensor, and all that is kept for a restart, written out."""

from datetime import UTC, datetime, timedelta

import pytest

from hdmonitor.rules.honesty import HABITS, Habits, Honesty

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, NONE = timedelta(hours=1), timedelta(0)
MICROSECOND = timedelta(microseconds=1)


def at(minutes):
    return START + timedelta(minutes=minutes)


def sensor(quantity="temperature", *told):
    """Return a sensor after readings of (minute, value)."""
    honesty = Honesty(HABITS[quantity])
    for minute, value in told:
        honesty.take(at(minute), value)
    return honesty


def news(quantity, *values, every=1):
    """Return what each of the readings changes."""
    honesty = Honesty(HABITS[quantity])
    return [honesty.take(at(step * every), value) for step, value in enumerate(values)]


# --- each doubt is told once, and once when it is over -------------------------------


def test_a_jump_is_told_at_once_and_when_it_is_over():
    assert news("temperature", 5.0, 31.0, *[31.0] * 16) == [False, True, *[False] * 14, True, False]


def test_a_jump_is_over_for_readings_that_move_too():
    moving = [31.0 + step / 10 for step in range(17)]

    assert news("temperature", 5.0, *moving) == [False, True, *[False] * 14, True, False]


def test_the_end_of_the_range_is_told_at_the_third_reading_and_when_it_is_left():
    assert news("humidity", 44.0, *[100.0] * 4, 44.0, 44.1) == [False, False, False, True, False, True, False]


def test_a_figure_that_stands_is_told_after_its_time_and_when_it_moves():
    told = news("air_velocity", *[0.4] * 26, 0.41, 0.42, every=10)

    assert told == [*[False] * 24, True, False, True, False]


@pytest.mark.parametrize(
    ("quantity", "told", "text"),
    [
        ("temperature", [(0, 5.0), (1, 31.04)], "jumped from 5.0 to 31.0 at once"),
        ("humidity", [(0, 100.0), (1, 100.0), (2, 100.0)], "at the end of its range, 100"),
        ("temperature", [(200 * n, 5.25) for n in range(12)], "exactly 5.25 for 36 h"),
        ("air_velocity", [(60 * n, 0.4) for n in range(12)], "exactly 0.4 for 4 h"),
    ],
)
def test_what_is_doubted_is_said_in_words(quantity, told, text):
    assert sensor(quantity, *told).text == text


def test_several_doubts_are_said_together():
    wet = sensor("humidity", *[(30 * n, 100.0) for n in range(80)])

    assert wet.text == "at the end of its range, 100; exactly 100 for 36 h"


# --- how far it went -----------------------------------------------------------------


def test_the_way_is_counted_from_a_quarter_to_half_an_hour_ago():
    probe = Honesty(HABITS["temperature"])
    assert probe.way() == 0.0

    ways = []
    for minute, value in ((0, 5.0), (10, 6.0), (14.9, 6.5), (15, 7.0), (29, 8.0), (30, 10.0)):
        probe.take(at(minute), value)
        ways.append(probe.way())

    assert ways == [0.0, 1.0, 1.5, 2.0, 3.0, 3.0]


def test_the_newest_value_counts_unless_it_is_too_old():
    assert sensor().newest(START) is None

    told = sensor("temperature", (0, 5.0))
    assert told.newest(START) == 5.0
    assert told.newest(START + MICROSECOND) is None


# --- its twin ------------------------------------------------------------------------


def apart(honesty, minute, by=1.5):
    return honesty.compare(at(minute), 5.0 + by, 5.0, "Probe B")


def test_away_from_its_twin_for_two_hours_is_told_once():
    told = sensor("temperature", (0, 6.5))

    assert [apart(told, minute) for minute in (0, 119.999, 120, 121)] == [False, False, True, False]
    assert told.text == "differs from Probe B for 2 h, one of both is wrong"
    assert [apart(told, 122, by=1.0), apart(told, 123, by=1.0)] == [True, False]
    assert told.doubts == {}


def test_a_difference_that_ends_before_anybody_doubts_it_is_no_news():
    told = sensor("temperature", (0, 6.5))

    assert [apart(told, 0), apart(told, 60, by=-1.0), apart(told, 61), apart(told, 180)] == [False] * 4


def test_what_has_no_limit_between_twins_is_held_against_none():
    told = Honesty(Habits(stuck=HOUR))
    told.take(START, 6.5)

    assert [apart(told, minute) for minute in (0, 600)] == [False, False]


def test_each_turn_of_a_difference_is_kept_and_nothing_between():
    told = sensor("temperature", (0, 6.5))
    told.changed()

    def kept(minute, by=1.5):
        apart(told, minute, by)
        return told.changed() is not None

    assert [kept(0), kept(60), kept(120), kept(180), kept(181, by=0.0), kept(182, by=0.0)] == [
        True,
        False,
        True,
        False,
        True,
        False,
    ]


# --- its neighbours ------------------------------------------------------------------


def went(way, quantity="temperature"):
    return sensor(quantity, (0, 0.0), (10, way))


@pytest.mark.parametrize(
    ("way", "neighbours", "moved"),
    [
        (6.0, [0.0], False),
        (6.001, [0.0], True),
        (-6.001, [0.0], True),
        (8.0, [2.0], True),
        (8.0, [-2.001], False),
        (8.0, [0.0, 7.0], False),
        (8.0, [], False),
    ],
)
def test_a_probe_was_moved_if_it_went_far_and_all_its_neighbours_stayed(way, neighbours, moved):
    probe = went(way)

    assert probe.left([went(each) for each in neighbours]) is moved
    text = "left its neighbours in the cabinet, which stayed: moved?"
    assert probe.doubts == ({"moved": text} if moved else {})


def test_a_gauge_that_cannot_be_moved_is_not_looked_for():
    assert not went(-20.0, "differential_pressure").left([went(0.0, "differential_pressure")])


def test_a_moved_probe_is_told_once_and_believed_when_it_is_half_the_way_back():
    probe, stayed = went(8.0), [went(0.0)]

    assert [probe.left(stayed), probe.left(stayed)] == [True, False]
    probe.take(at(11), 3.001)
    assert not probe.left(stayed)
    probe.take(at(12), 3.0)
    assert [probe.left(stayed), probe.left(stayed)] == [True, False]
    assert probe.doubts == {}


def test_a_moved_probe_is_kept_when_it_goes_and_when_it_comes_back():
    probe, stayed = went(8.0), [went(0.0)]
    probe.changed()

    def kept():
        probe.left(stayed)
        return probe.changed() is not None

    assert [kept(), kept()] == [True, False]
    probe.take(at(12), 3.0)
    assert [kept(), kept()] == [True, False]


# --- restarts ------------------------------------------------------------------------


def doubted():
    """Return a sensor of which everything is known."""
    told = sensor("temperature", (0, 5.0), (1, 31.0))
    told.compare(at(2), 31.0, 5.0, "Probe B")
    return told


KEPT = {
    "at": "2026-03-02T00:01:00+00:00",
    "value": 31.0,
    "since": "2026-03-02T00:01:00+00:00",
    "again": 1,
    "jumped": "2026-03-02T00:01:00+00:00",
    "drift": "2026-03-02T00:02:00+00:00",
    "marks": [["2026-03-02T00:00:00+00:00", 5.0]],
    "save": "2026-03-02T00:15:00+00:00",
    "doubts": {"jump": "jumped from 5.0 to 31.0 at once"},
}


def test_all_of_a_sensor_is_kept_and_once():
    told = doubted()

    assert told.changed() == KEPT
    assert told.changed() is None


def test_a_restart_goes_on_from_what_was_kept():
    again = sensor()

    assert again.restore(KEPT) == at(1)

    assert again.changed() is None
    again.compare(at(3), 31.0, 31.0, "Probe B")
    assert again.changed() == KEPT | {"drift": None}


def test_all_of_a_sensor_moves_with_a_clock_that_was_set_back():
    told = doubted()
    told.changed()

    told.shift(-HOUR)

    assert told.changed() == KEPT | {
        "at": "2026-03-01T23:01:00+00:00",
        "since": "2026-03-01T23:01:00+00:00",
        "jumped": "2026-03-01T23:01:00+00:00",
        "drift": "2026-03-01T23:02:00+00:00",
        "marks": [["2026-03-01T23:00:00+00:00", 5.0]],
        "save": "2026-03-01T23:15:00+00:00",
    }


def test_a_clock_set_forward_or_not_at_all_moves_nothing():
    for by in (NONE, HOUR):
        told = doubted()
        told.changed()
        told.shift(by)
        assert told.changed() is None
        assert told.newest(at(1)) == 31.0
        assert told.newest(at(1) + MICROSECOND) is None


def test_a_clock_that_steps_before_the_first_reading_leaves_nothing_to_keep():
    fresh = sensor()

    fresh.shift(-HOUR)

    assert fresh.changed() is None


def test_a_quiet_sensor_is_kept_with_its_first_reading_and_once_an_hour():
    told, kept = sensor(), []
    for minute in range(0, 150, 15):
        told.take(at(minute), 5.0 + minute / 100)
        if told.changed() is not None:
            kept.append(minute)

    assert kept == [0, 60, 120]


def test_a_doubt_is_kept_also_when_nobody_asked_before_the_next_quarter_of_an_hour():
    told = sensor("temperature", (0, 5.0))
    told.changed()

    told.take(at(1), 31.0)
    told.take(at(15), 31.0)

    assert told.changed() is not None
