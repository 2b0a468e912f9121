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
