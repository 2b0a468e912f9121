"""Mean kinetic temperature against worked examples, to half a thousandth of a degree."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdmonitor.rules.mkt import Aged, Series, Worst, mean_of, micros, rate, stood
from hdmonitor.units import express

HOUR = timedelta(hours=1)
START = datetime(2026, 3, 2, tzinfo=UTC)


def hours(*parts):
    return mean_of((celsius, span * HOUR) for celsius, span in parts)


def counted(*parts):
    """Every temperature as readings of the same weight, a minute apart."""
    values = [celsius for celsius, times in parts for _ in range(times)]
    readings = [(START + index * timedelta(minutes=1), value) for index, value in enumerate(values)]
    return Series(readings, None, by_count=True).whole().mean()


def ramp(low, high, span, steps):
    return [(low + (high - low) * (step + 0.5) / steps, span / steps) for step in range(steps)]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([(20, 1), (30, 1)], 26.260, id="M1"),
        pytest.param([(22, 708), (38, 12)], 22.660, id="M2"),
        pytest.param([(24, 708), (38, 12)], 24.508, id="M3"),
        pytest.param([(5, 18), (14, 6)], 8.285, id="M4"),
        pytest.param([(5, 20), (14, 4)], 7.328, id="M5"),
        pytest.param([(5, 16), (12, 8)], 8.026, id="M6"),
        pytest.param([(5, 714), (14, 6)], 5.133, id="M7"),
        pytest.param([(25, 720)], 25.000, id="M8"),
        pytest.param([(22.5, 1), (24, 1), (21.5, 1), (26, 1)], 23.656, id="M9"),
        pytest.param(
            [(20, 1), (25, 1), (21, 1), (27, 1), (19, 1), (24, 1), (22, 1), (30, 1)], 24.181, id="M10"
        ),
        pytest.param([(25, 1), (27, 1), (24, 1), (30, 1)], 26.783, id="M11"),
        pytest.param([(5, 22), (13, 2)], 6.047, id="M13"),
        pytest.param([(5, 20)], 5.000, id="M14 gap excluded"),
        pytest.param([(5, 20), (5, 4)], 5.000, id="M14 gap held"),
        pytest.param([(5, 20), *ramp(5, 11, 4, 240)], 5.622, id="M14 gap linear"),
        pytest.param([(5, 20), (11, 4)], 6.348, id="M14 gap as after it"),
        pytest.param([(5, 20), (15, 4)], 7.705, id="M14 gap at the worst"),
    ],
)
def test_the_worked_vectors(parts, expected):
    assert hours(*parts) == pytest.approx(expected, abs=0.0005)


def test_vector_m12_counting_readings_fails_what_time_passes():
    assert counted((5, 44), (13, 120)) == pytest.approx(11.481, abs=0.0005)


def test_vector_m15_fahrenheit_is_converted_before_and_after():
    mean = hours((22, 708), (38, 12))

    assert express(mean, "temperature", "degF") == pytest.approx(72.788, abs=0.0005)
    assert mean != pytest.approx(22.422, abs=0.0005)  # °F + 459.67 with 10,000 instead of 18,000


@pytest.mark.parametrize("celsius", [2.0, 7.9, 8.0, 24.5, 25.0, 30.0, 0.1, -20.0])
@pytest.mark.parametrize("weight", [1, 7, 86_399, 2_592_000])
def test_goods_kept_at_one_temperature_have_exactly_that_mean(celsius, weight):
    assert stood(celsius, timedelta(seconds=weight)).mean() == celsius


def test_without_a_reading_that_stood_there_is_no_mean():
    assert Aged().mean() is None
    assert Series([], None).whole().mean() is None
    assert Series([(START, 5.0)], None).whole().mean() is None


def test_a_reading_stands_until_the_next_one_at_most_for_the_cap_and_the_last_has_no_weight():
    readings = [(START, 5.0), (START + 2 * HOUR, 13.0), (START + 3 * HOUR, 40.0)]

    assert Series(readings, None).whole() == stood(5.0, 2 * HOUR) + stood(13.0, HOUR)
    capped = Series(readings, timedelta(minutes=15))
    assert capped.whole() == stood(5.0, HOUR / 4) + stood(13.0, HOUR / 4)
    assert capped.coverage() == pytest.approx(1 / 6)


def test_sums_do_not_depend_on_the_order_of_addition():
    parts = [stood(2.0 + 0.37 * step, timedelta(seconds=1 + 13 * step)) for step in range(200)]

    assert sum(parts, Aged()) == sum(reversed(parts), Aged())
    assert sum(parts, Aged()) - parts[17] == sum(parts[:17] + parts[18:], Aged())


# --- windows -----------------------------------------------------------------------


def hourly(*parts):
    """Readings every hour, and one more that ends the last."""
    values = [celsius for celsius, span in parts for _ in range(span)]
    return [(START + index * HOUR, float(value)) for index, value in enumerate([*values, values[-1]])]


def test_the_worst_window_lies_where_the_warm_span_is_whole():
    worst = Series(hourly((5, 48), (14, 6), (5, 48)), None).worst(24 * HOUR)

    assert worst.mean == pytest.approx(8.285, abs=0.0005)
    assert (worst.start, worst.end) == (START + 30 * HOUR, START + 54 * HOUR)


def test_a_series_shorter_than_the_window_has_no_full_one():
    assert Series(hourly((5, 23)), None).worst(24 * HOUR) is None
    assert Series(hourly((5, 24)), None).worst(24 * HOUR).mean == 5.0


def test_a_window_covered_to_less_than_95_percent_is_not_full():
    readings = hourly((5, 24))

    assert Series(readings, timedelta(minutes=57)).worst(24 * HOUR).mean == 5.0
    assert Series(readings, timedelta(minutes=56)).worst(24 * HOUR) is None


def test_the_first_of_several_windows_as_warm_is_told():
    readings = [(START, 5.0), (START + 10 * HOUR, 14.0), (START + 40 * HOUR, 14.0)]

    assert Series(readings, None).worst(24 * HOUR) == Worst(14.0, START + 10 * HOUR, START + 34 * HOUR)


def test_a_window_may_end_where_a_reading_no_longer_stands():
    minutes = HOUR / 60

    worst = Series(hourly((5, 24), (14, 1), (5, 24)), 57 * minutes).worst(24 * HOUR)

    assert (worst.start, worst.end) == (START + 57 * minutes, START + 24 * HOUR + 57 * minutes)


def test_where_goods_do_not_age_there_is_no_mean():
    assert Series(hourly((-200, 24)), None).worst(24 * HOUR) is None
    assert stood(-200.0, HOUR).mean() is None


def test_the_least_that_can_be_told_is_told():
    assert stood(5.0, timedelta(microseconds=1)).mean() == 5.0
    assert Aged(1, 1).mean() == pytest.approx(-144.8, abs=0.05)
    assert Aged(0, 1).mean() is None
    assert Aged(1, 0).mean() is None


def test_what_stood_between_two_moments_is_cut_at_both():
    series = Series([(START, 5.0), (START + 2 * HOUR, 13.0), (START + 3 * HOUR, 40.0)], None)

    def between(start, end):
        return series.between(micros(START + start * HOUR), micros(START + end * HOUR))

    assert between(1, 2.5) == stood(5.0, HOUR) + stood(13.0, HOUR / 2)
    assert between(-1, 1) == stood(5.0, HOUR)
    assert between(-2, -1) == Aged()
    assert between(2, 9) == stood(13.0, HOUR)


def test_by_count_a_window_holds_the_readings_after_its_begin_and_up_to_its_end():
    series = Series([(START, 5.0), (START + HOUR, 13.0), (START + 2 * HOUR, 40.0)], None, by_count=True)

    assert series.whole() == Aged(3, rate(5.0) + rate(13.0) + rate(40.0))
    assert series.between(micros(START), micros(START + HOUR)) == Aged(1, rate(13.0))


def test_without_two_readings_nothing_is_covered():
    assert Series([], None).coverage() == 0.0
    assert Series([(START, 5.0)], None).coverage() == 0.0


@given(
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from([5.0, 8.0, 14.0])), min_size=2, max_size=12),
    st.integers(2, 8),
)
def test_no_window_of_whole_minutes_is_warmer_than_the_worst(steps, cap):
    minute, at, readings = HOUR / 60, START, []
    for gap, celsius in steps:
        at += gap * minute
        readings.append((at, celsius))
    window = 10

    told = Series(readings, cap * minute).worst(window * minute)

    # The same, minute by minute: what stood in each.
    stood_at = []
    for (begin, celsius), (end, _) in pairwise(readings):
        span = (end - begin) // minute
        stood_at += [celsius] * min(span, cap) + [None] * (span - min(span, cap))
    windows = [stood_at[start : start + window] for start in range(len(stood_at) - window + 1)]
    full = [mean_of((each, minute) for each in part) for part in windows if None not in part]
    assert (told and told.mean) == max(full, default=None)
