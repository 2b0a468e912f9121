"""A trailing window that is kept up to date: the same digits as working it out afresh, whatever happens."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdmonitor.rules.mkt import Series, micros
from hdmonitor.rules.rolling import Rolling, rebuilt

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CAP = timedelta(minutes=15)


def steady(celsius, span, every, start=START):
    return [(start + step * every, float(celsius)) for step in range(span // every + 1)]


def window_of(*parts, window=DAY, every=5 * MINUTE, cap=CAP):
    """Return a window after parts of (°C, how long)."""
    at, readings = START, []
    for celsius, span in parts:
        readings += steady(celsius, span - every, every, at)
        at += span
    readings.append((at, float(parts[-1][0])))
    return rebuilt(window, cap, readings)


series = st.lists(
    st.tuples(st.integers(1, 5_000), st.integers(-400, 4_000), st.booleans()), min_size=1, max_size=60
)


def told(steps):
    at, readings = START, []
    for seconds, hundredths, doubted in steps:
        at += timedelta(seconds=seconds)
        readings.append((at, hundredths / 100, doubted))
    return readings


@given(steps=series, window=st.sampled_from([DAY, 30 * DAY]))
def test_every_window_has_the_very_digits_of_adding_up_afresh(steps, window):
    readings = told(steps)
    rolling = Rolling(window, CAP)
    bucket = 60_000_000 if window == DAY else 3_600_000_000
    for count, (at, celsius, doubted) in enumerate(readings, start=1):
        rolling.take(at, celsius, doubted=doubted)
        whole = Series([each[:2] for each in readings[:count]], CAP)
        end = micros(at) // bucket * bucket
        assert rolling.all == whole.between(end - window // timedelta(microseconds=1), end)


@given(steps=series, window=st.sampled_from([DAY, 30 * DAY]), cuts=st.sets(st.integers(0, 59)))
def test_a_restart_anywhere_changes_no_digit(steps, window, cuts):
    readings = told(steps)
    through, again = Rolling(window, CAP), Rolling(window, CAP)
    rows = {}
    for count, (at, celsius, doubted) in enumerate(readings):
        if count in cuts:
            again = Rolling(window, CAP)
            newest = again.restore(json.loads(json.dumps(rows)))
            for earlier, value, _ in readings[:count]:
                if newest is None or earlier > newest:
                    again.take(earlier, value, doubted=again.doubted)
            again.changed()
        through.take(at, celsius, doubted=doubted)
        again.take(at, celsius, doubted=doubted)
        for row, body in again.changed().items():
            rows[row] = body
            if body is None:
                del rows[row]
        assert again.mean() == through.mean()
        assert (again._totals, again._index, again._open) == (through._totals, through._index, through._open)


def test_a_window_is_judged_when_95_percent_of_it_are_covered():
    assert window_of((8.0, timedelta(hours=22, minutes=47))).mean().all is None
    assert window_of((8.0, timedelta(hours=22, minutes=48))).mean().all == 8.0


def test_with_too_little_there_are_bounds_instead_of_a_verdict():
    half = window_of((5.0, timedelta(hours=20)))

    assert half.mean().governing is None
    low, high = half.bounds(5.0, 15.0)
    assert (low, high) == (5.0, pytest.approx(7.705, abs=0.0005))


def test_mean_is_computed_with_and_without_doubted_readings_and_the_worse_governs():
    rolling = Rolling(DAY, CAP)
    for at, celsius in steady(7.0, DAY, 5 * MINUTE):
        rolling.take(at, celsius, doubted=at < START + HOUR)
    assert rolling.mean().all == rolling.mean().trusted == 7.0

    colder = Rolling(DAY, CAP)
    for at, _ in steady(7.0, DAY, 5 * MINUTE):
        doubted = at < START + HOUR
        colder.take(at, 2.0 if doubted else 7.0, doubted=doubted)
    mean = colder.mean()
    assert mean.all < mean.trusted == mean.governing == 7.0


def test_without_doubted_readings_there_may_be_too_few_left():
    rolling = Rolling(DAY, CAP)
    for at, celsius in steady(7.0, DAY, 5 * MINUTE):
        rolling.take(at, celsius, doubted=at < START + 2 * HOUR)

    assert (rolling.mean().all, rolling.mean().trusted) == (7.0, None)


ROOM = {
    20: (267.07, 130.41, 70.94),
    22: (202.39, 92.09, 48.66),
    24: (90.89, 37.01, 18.78),
    24.5: (49.70, 19.48, 9.76),
}
COLD = {3: (14.986, 10.158, 6.168), 5: (12.655, 7.919, 4.521), 7: (7.068, 3.735, 1.918)}


@pytest.mark.parametrize(
    ("base", "warm", "hours"),
    [(base, warm, each) for base, row in ROOM.items() for warm, each in zip((30, 35, 40), row, strict=True)],
)
def test_the_budget_of_a_room_until_its_30_days_pass_25_degrees(base, warm, hours):
    month = window_of((base, 30 * DAY), window=30 * DAY, every=HOUR, cap=HOUR)

    assert month.left(warm, 25.0) / HOUR == pytest.approx(hours, abs=0.005)


@pytest.mark.parametrize(
    ("base", "warm", "hours"),
    [(base, warm, each) for base, row in COLD.items() for warm, each in zip((10, 12, 15), row, strict=True)],
)
def test_the_budget_of_controlled_cold_until_its_24_hours_pass_8_degrees(base, warm, hours):
    assert window_of((base, DAY)).left(warm, 8.0) / HOUR == pytest.approx(hours, abs=0.005)


def test_a_budget_that_is_partly_used_is_what_is_left_of_it():
    used = window_of((5.0, DAY), (15.0, HOUR))

    assert used.left(15.0, 8.0) / HOUR == pytest.approx(3.521, abs=0.005)


def test_at_the_limit_or_below_there_is_no_end_and_over_it_nothing_left():
    assert window_of((5.0, DAY)).left(8.0, 8.0) is None
    assert window_of((9.0, DAY)).left(9.0, 8.0) == timedelta(0)
    assert window_of((5.0, HOUR)).left(15.0, 8.0) is None  # too little is known


def test_the_budget_counts_from_now_and_not_from_the_last_whole_minute():
    readings = [*steady(5.0, DAY, 5 * MINUTE), (START + DAY + timedelta(seconds=30), 5.0)]

    assert rebuilt(DAY, CAP, readings).left(15.0, 8.0) / HOUR == pytest.approx(4.521, abs=0.005)
