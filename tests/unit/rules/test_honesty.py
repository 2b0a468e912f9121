"""Reasons to doubt a sensor: both sides of each, and restarts."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdmonitor.rules.honesty import HABITS, Honesty

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def fed(quantity, *values, every=MINUTE):
    honesty = Honesty(HABITS[quantity])
    for step, value in enumerate(values):
        honesty.take(START + step * every, value)
    return honesty


@pytest.mark.parametrize(
    ("quantity", "hours"),
    [("temperature", 36), ("humidity", 36), ("differential_pressure", 4), ("air_velocity", 4)],
)
def test_the_same_figure_is_doubted_after_its_time_and_not_before(quantity, hours):
    count = hours * 6
    assert fed(quantity, *[5.0] * count, every=10 * MINUTE).doubts == {}
    assert set(fed(quantity, *[5.0] * (count + 1), every=10 * MINUTE).doubts) == {"stuck"}


def test_a_few_readings_are_no_sign_however_far_apart():
    assert fed("temperature", *[5.0] * 11, every=12 * HOUR).doubts == {}
    assert set(fed("temperature", *[5.0] * 12, every=12 * HOUR).doubts) == {"stuck"}


def test_a_stuck_sensor_is_believed_when_it_moves():
    assert fed("temperature", *[5.0] * 400, 5.1, every=10 * MINUTE).doubts == {}


@pytest.mark.parametrize(("after", "doubts"), [(30.0, set()), (30.01, {"jump"}), (-20.01, {"jump"})])
def test_a_jump_is_more_than_25_degrees(after, doubts):
    assert set(fed("temperature", 5.0, after).doubts) == doubts


def test_over_a_gap_of_more_than_five_minutes_nothing_is_a_jump():
    assert set(fed("temperature", 5.0, 31.0, every=5 * MINUTE).doubts) == {"jump"}
    assert fed("temperature", 5.0, 31.0, every=6 * MINUTE).doubts == {}


def test_a_pressure_may_jump():
    assert fed("differential_pressure", -5.0, 40.0).doubts == {}


def test_a_jump_is_doubted_for_a_quarter_of_an_hour():
    assert set(fed("temperature", 5.0, *[31.0] * 15).doubts) == {"jump"}
    assert fed("temperature", 5.0, *[31.0] * 16).doubts == {}


@pytest.mark.parametrize(
    ("quantity", "end"),
    [
        ("temperature", -40.0),
        ("humidity", 100.0),
        ("differential_pressure", 15.0),
        ("differential_pressure", -125.0),
    ],
)
def test_three_readings_at_the_end_of_the_range_are_doubted(quantity, end):
    assert fed(quantity, 1.0, end, end, every=HOUR).doubts == {}
    assert set(fed(quantity, 1.0, end, end, end, every=HOUR).doubts) == {"saturated"}
    assert fed(quantity, 1.0, end, end, end, 1.0, every=HOUR).doubts == {}


def compared(*pairs, quantity="temperature"):
    honesty = Honesty(HABITS[quantity])
    for step, (value, twin) in enumerate(pairs):
        at = START + step * 10 * MINUTE
        honesty.take(at, value)
        honesty.compare(at, value, twin, "the twin")
    return honesty


def test_two_hours_away_from_the_twin_are_doubted_and_one_reading_less_is_not():
    away = [(6.01 + step / 1000, 5.0) for step in range(13)]

    assert compared(*away[:12]).doubts == {}
    assert set(compared(*away).doubts) == {"drift"}
    assert compared(*away, (6.0, 5.0)).doubts == {}


def test_coming_back_to_the_twin_starts_the_two_hours_anew():
    assert compared(*[(7.0, 5.0)] * 12, (5.0, 5.0), *[(7.0, 5.0)] * 12).doubts == {}


def test_half_a_degree_steps_of_a_steady_refrigerator_are_no_sign_for_a_day():
    steady = [5.0] * (24 * 30)

    assert fed("temperature", *steady, every=2 * MINUTE).doubts == {}


@given(
    steps=st.lists(
        st.tuples(
            st.integers(1, 7_200), st.sampled_from([5.0, 5.1, 31.0, -40.0]), st.sampled_from([5.0, 9.0])
        ),
        max_size=60,
    ),
    cuts=st.sets(st.integers(0, 59)),
)
def test_a_restart_anywhere_changes_no_doubt(steps, cuts):
    through, again = (Honesty(HABITS["temperature"]) for _ in range(2))
    state, at, history = None, START, []
    for count, (seconds, value, twin) in enumerate(steps):
        at += timedelta(seconds=seconds)
        if count in cuts and state is not None:
            again = Honesty(HABITS["temperature"])
            newest = again.restore(json.loads(json.dumps(state)))
            for earlier, before in history:
                if earlier > newest:
                    again.take(earlier, before)
            again.changed()
        for each in (through, again):
            each.take(at, value)
            each.compare(at, value, twin, "the twin")
        history.append((at, value))
        state = again.changed() or state
        assert (again.doubts, again.way()) == (through.doubts, through.way())
