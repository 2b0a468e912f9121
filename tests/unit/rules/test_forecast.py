"""Where a value is going, how surely, and when nothing is said."""

from datetime import UTC, datetime, timedelta

import pytest

from hdmonitor.model import NO_TIME, Level, Priority, Side, Threshold
from hdmonitor.rules.forecast import forecast

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def limit(level, side, value):
    return Threshold(level, side, value, NO_TIME, Priority.HIGH, "x")


COLD, FREEZING = limit(Level.ALARM, Side.LOW, 2.0), limit(Level.CRITICAL, Side.LOW, 0.5)
MARGIN, WARM, HOT = (
    limit(Level.WARNING, Side.HIGH, 7.5),
    limit(Level.ALARM, Side.HIGH, 8.0),
    limit(Level.CRITICAL, Side.HIGH, 15.0),
)
LIMITS = (COLD, FREEZING, MARGIN, WARM, HOT)


def line(start, per_minute, minutes=20, noise=0.0, every=1):
    """A straight line with every other reading above and below it."""
    return [
        (START + minute * MINUTE, start + per_minute * minute + (noise if number % 2 else -noise))
        for number, minute in enumerate(range(0, minutes + 1, every))
    ]


@pytest.mark.parametrize(
    ("readings", "threshold", "minutes"),
    [
        (line(5.0, 0.1), WARM, 10.0),  # 7.0 now, a tenth a minute; the margin is no limit
        (line(5.0, -0.1), COLD, 10.0),
        (line(7.0, 0.1), HOT, 60.0),  # beyond the alarm already: the critical one is next
    ],
)
def test_a_straight_line_says_when(readings, threshold, minutes):
    found = forecast(readings, LIMITS)

    assert found.threshold is threshold
    assert found.earliest.total_seconds() == pytest.approx(minutes * 60, abs=1)
    assert found.latest.total_seconds() == pytest.approx(minutes * 60, abs=1)


def test_noise_makes_the_answer_wider_and_the_truth_lies_within():
    quiet, noisy = (forecast(line(5.0, 0.1, noise=noise), LIMITS) for noise in (0.05, 0.2))

    assert noisy.earliest < quiet.earliest < 10 * MINUTE < quiet.latest < noisy.latest


@pytest.mark.parametrize(
    "readings",
    [
        line(5.0, 0.0),  # flat
        line(5.0, 0.001, noise=0.3),  # may be flat
        line(5.0, 0.005),  # ten hours
        line(5.0, 0.1, minutes=3),  # too few
        line(5.0, 0.5, minutes=4, every=1),  # too short
        line(16.0, 0.1),  # no limit ahead
        [(START, 5.0)] * 6,
    ],
)
def test_nothing_is_said_without_a_reason(readings):
    assert forecast(readings, LIMITS) is None


def test_five_readings_over_five_minutes_are_enough():
    readings = [(START + second * timedelta(seconds=75), 5.0 + second * 0.1) for second in range(5)]

    assert forecast(readings, LIMITS).threshold is WARM


def test_only_the_last_half_hour_counts():
    earlier = [(START - (100 - minute) * MINUTE, 20.0 - minute) for minute in range(50)]

    assert forecast(earlier + line(5.0, 0.1), LIMITS) == forecast(line(5.0, 0.1), LIMITS)


def test_where_the_slowest_way_takes_hours_no_end_is_named():
    readings = line(7.0, 0.02, noise=0.2)
    soon, far = forecast(readings, (WARM,)), forecast(readings, (limit(Level.ALARM, Side.HIGH, 9.5),))

    assert soon.latest is not None
    assert far.latest is None


def test_a_reading_of_exactly_half_an_hour_before_the_newest_one_counts():
    readings = [(START + quarter * timedelta(seconds=450), 5.0 + quarter * 0.5) for quarter in range(5)]
    a_moment_more = [(START - timedelta(microseconds=1), 5.0), *readings[1:]]

    assert forecast(readings, LIMITS).threshold is WARM
    assert forecast(a_moment_more, LIMITS) is None  # four are left


def test_the_half_hour_ends_with_the_newest_reading_and_not_the_one_before():
    last = START + 35 * MINUTE
    readings = [*line(5.0, 0.1, minutes=4), (last, 7.9)]  # the five are 31 minutes old and more

    assert forecast(readings, LIMITS) is None


def exactly(rising, *, last=6.0):
    """Five readings on a line without rounding: 128 seconds apart, `rising` a second, up to `last`."""
    return [(START + step * timedelta(seconds=128), last - rising * 128 * (4 - step)) for step in range(5)]


def test_four_hours_ahead_is_told_and_a_moment_more_is_not():
    slope, farthest = 2.0**-12, timedelta(hours=4)
    reached, beyond = (6.0 + slope * seconds for seconds in (14_400, 14_401))

    found = forecast(exactly(slope), (limit(Level.ALARM, Side.HIGH, reached),))

    assert (found.earliest, found.latest) == (farthest, farthest)
    assert forecast(exactly(slope), (limit(Level.ALARM, Side.HIGH, beyond),)) is None


def test_a_value_at_its_limit_that_rises_gets_there_at_once():
    found = forecast(exactly(2.0**-8, last=8.0), LIMITS)

    assert (found.threshold, found.earliest) == (WARM, NO_TIME)


def test_the_uncertainty_is_two_standard_errors_of_the_slope_with_two_degrees_of_freedom_less():
    # 1 °C each 75 s, off the line by 0.1 x (2, -1, -2, -1, 2), so that the line stays the same:
    # squares 0.14, over 5 - 2; spread 10; standard error sqrt(0.14 / 3 / 10) = 0.0683; 2 °C to go.
    off = (0.2, -0.1, -0.2, -0.1, 0.2)
    readings = [(START + step * timedelta(seconds=75), 2.0 + step + off[step]) for step in range(5)]

    found = forecast(readings, LIMITS)

    assert found.earliest.total_seconds() == pytest.approx(131.97, abs=0.01)
    assert found.latest.total_seconds() == pytest.approx(173.74, abs=0.01)
