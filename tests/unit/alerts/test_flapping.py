"""How often an alarm has come lately, and when that calls nobody."""

from datetime import timedelta

import pytest
from unit.alerts.pharmacy import NOW

from hdmonitor.alerts.flapping import Comings, again

MINUTE = timedelta(minutes=1)
STANDS = timedelta(minutes=10)


def comings(*spans, told=()):
    """Return what is known after an alarm stood from and to these minutes; `told` names openings."""
    found = None
    for number, (start, end) in enumerate(spans):
        found = again(found, NOW + start * MINUTE)
        if number in told:
            found = found.told(NOW + start * MINUTE)
        found = found.over(NOW + end * MINUTE)
    return found


@pytest.mark.parametrize(
    ("next_at", "times"),
    [(10, 2), (65, 2), (65.02, 1)],  # within an hour of the end at 5 min, and beyond
)
def test_an_alarm_that_opens_within_an_hour_of_its_end_comes_again(next_at, times):
    found = again(comings((0, 5)), NOW + next_at * MINUTE)

    assert found.times == times
    assert found.since == (NOW if times == 2 else NOW + next_at * MINUTE)


def test_from_the_third_time_on_it_comes_and_goes():
    second = again(comings((0, 5)), NOW + 10 * MINUTE)
    third = again(second.over(NOW + 12 * MINUTE), NOW + 20 * MINUTE)

    assert (second.many, third.many) == (False, True)


def test_the_third_opening_calls_and_says_so_and_the_next_ones_wait_whether_they_stand():
    third = again(comings((0, 5), (10, 12)), NOW + 20 * MINUTE)
    assert third.held(NOW + 20 * MINUTE, STANDS) is None

    fourth = again(third.told(NOW + 20 * MINUTE).over(NOW + 22 * MINUTE), NOW + 30 * MINUTE)
    until, why = fourth.held(NOW + 30 * MINUTE, STANDS)
    assert until == NOW + 40 * MINUTE
    assert why == f"comes and goes, 4 times since {NOW.isoformat()}, which was told"


@pytest.mark.parametrize(("minutes", "held"), [(79, True), (80, False)])
def test_once_an_hour_it_is_told_again(minutes, held):
    found = Comings(9, NOW, None, NOW + 20 * MINUTE)

    assert (found.held(NOW + minutes * MINUTE, STANDS) is not None) is held


def test_what_was_told_of_one_or_two_openings_holds_nothing_back():
    assert comings((0, 5), (10, 12), told=(0, 1)).told_at is None


def test_a_restart_and_a_clock_that_steps_keep_the_story():
    found = comings((0, 5), (10, 12), (20, 22), told=(2,))

    assert Comings.restored(found.state()) == found
    assert Comings.restored(None) is None
    moved = found.shifted(MINUTE)
    assert (moved.since, moved.over_at, moved.told_at) == (
        NOW + MINUTE, NOW + 23 * MINUTE, NOW + 21 * MINUTE,
    )  # fmt: skip
