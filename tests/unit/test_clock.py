"""The clock of demonstrations, on a steady clock that the test turns."""

from datetime import timedelta

import pytest

from hdmonitor import clock
from hdmonitor.clock import ScaledClock


@pytest.fixture
def steady(monkeypatch):
    """Return a function that lets real seconds pass."""
    seconds = 0.0

    def let_pass(more):
        nonlocal seconds
        seconds += more

    monkeypatch.setattr(clock, "monotonic", lambda: seconds)
    return let_pass


def test_a_scaled_clock_goes_faster_and_can_change_its_speed(steady):
    scaled = ScaledClock(1.0)
    start = scaled.now()

    steady(5)
    scaled.run(100.0)
    steady(0.5)

    assert scaled.now() - start == timedelta(seconds=55)
    assert scaled.seconds(timedelta(seconds=50)) == 0.5


def test_a_clock_stands_still_at_the_last_moment_it_is_allowed(steady):
    scaled = ScaledClock(100.0)
    start = scaled.now()
    scaled.allow(start + timedelta(seconds=60))

    steady(0.5)
    assert scaled.now() - start == timedelta(seconds=50)
    steady(0.5)
    assert scaled.now() - start == timedelta(seconds=60)
    steady(10)
    assert scaled.now() - start == timedelta(seconds=60)


def test_a_clock_that_stood_still_goes_on_from_there_and_makes_up_for_nothing(steady):
    scaled = ScaledClock(100.0)
    start = scaled.now()
    scaled.allow(start + timedelta(seconds=60))
    steady(10)

    scaled.allow(start + timedelta(seconds=120))

    assert scaled.now() - start == timedelta(seconds=60)
    steady(0.25)
    assert scaled.now() - start == timedelta(seconds=85)


def test_a_clock_never_goes_back(steady):
    scaled = ScaledClock(100.0)
    start = scaled.now()
    steady(1)

    scaled.allow(start + timedelta(seconds=30))

    assert scaled.now() - start == timedelta(seconds=100)
