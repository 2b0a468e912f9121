"""Who is told next: every decision with its reason, as tables."""

from datetime import UTC, datetime, time, timedelta

import pytest

from hdmonitor.alerts.escalation import Call, lasts, reaching
from hdmonitor.alerts.quiet import quiet_until
from hdmonitor.events import About
from hdmonitor.model import Level, Policy, Priority, Step

START = datetime(2026, 3, 2, 13, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POLICY = Policy(
    (Step(0 * MINUTE, ("a",)), Step(3 * MINUTE, ("b",)), Step(6 * MINUTE, ("a", "c"))), 10 * MINUTE
)


def run(call, minutes):
    """Take every step that is due within some minutes: when, why, whom, and the last words."""
    told = []
    while (due := call.due()) is not None and due <= START + minutes * MINUTE:
        about, names = call.take(due)
        told.append(((due - START) / MINUTE, about.value, " ".join(names), *call.last_words()))
    return told


def begun(policy=POLICY, *, step=0, escalates=True, priority=Priority.HIGH):
    return Call.at_step(policy, About.OPENED, START, step, escalates, priority)


def test_a_call_takes_its_steps_and_then_repeats_to_all_of_them():
    assert run(begun(), 30) == [
        (0, "opened", "a"),
        (3, "escalated", "b"),
        (6, "escalated", "a c"),
        (16, "repeated", "a b c"),
        (26, "repeated", "a b c"),
    ]


def test_a_warning_is_told_once():
    assert run(begun(escalates=False), 60) == [(0, "opened", "a")]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (0, [(0, "opened", "a"), (3, "escalated", "b"), (6, "escalated", "a c")]),
        (1, [(0, "escalated", "b"), (3, "escalated", "a c"), (13, "repeated", "a b c")]),
        (2, [(0, "escalated", "a c"), (10, "repeated", "a b c")]),
        (3, [(0, "escalated", "a c"), (10, "repeated", "a b c")]),  # all were told: the last ones again
    ],
)
def test_a_call_goes_on_at_the_step_that_it_had_reached(step, told):
    assert run(begun(step=step), 13) == told


def test_repetitions_end_at_their_maximum_and_the_last_says_so():
    policy = Policy(POLICY.steps[:1], 10 * MINUTE, repeat_at_most=2)

    assert run(begun(policy), 120) == [
        (0, "opened", "a"),
        (10, "repeated", "a"),
        (20, "repeated", "a", "the last of 2 repetitions; the digest goes on"),
    ]


def test_a_critical_alarm_is_repeated_without_end():
    policy = Policy(POLICY.steps[:1], 10 * MINUTE, repeat_at_most=2)

    assert len(run(begun(policy, priority=Priority.CRITICAL), 120)) == 13


@pytest.mark.parametrize("minutes", [0, 3, 6, 16, 26])
def test_a_call_goes_on_after_a_restart(minutes):
    policy = Policy(POLICY.steps, 10 * MINUTE, repeat_at_most=2)
    whole = begun(policy)
    expected = run(whole, 60)

    first = begun(policy)
    before = run(first, minutes)
    again = Call.restored(policy, first.state())
    assert before + run(again, 60) == expected


@pytest.mark.parametrize(
    ("targets", "unreachable", "told", "why"),
    [
        (("a", "b"), (), ("a", "b"), []),
        (("a", "b"), ("a",), ("a", "b"), []),
        (("a", "b"), ("a", "b"), ("a", "b", "c"), ["a and b cannot be reached, so everybody is told"]),
        (("c",), ("c",), ("c", "a", "b"), ["c cannot be reached, so everybody is told"]),
        ((), ("a",), (), []),
    ],
)
def test_a_step_that_reaches_nobody_reaches_everybody_and_says_why(targets, unreachable, told, why):
    assert reaching(targets, unreachable, ("a", "b", "c")) == (told, why)


@pytest.mark.parametrize(
    ("level", "added_up", "minutes"),
    [
        (Level.WARNING, False, 60),
        (Level.ALARM, False, 60),
        (Level.CRITICAL, False, 30),
        (Level.ALARM, True, 24 * 60),
    ],
)
def test_how_long_an_answer_holds(level, added_up, minutes):
    assert lasts(level, added_up=added_up) == minutes * MINUTE


NEW_YORK = "America/New_York"
NIGHT = (time(22), time(6))


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-03-02T21:59:59-05:00", None),
        ("2026-03-02T22:00:00-05:00", "2026-03-03T06:00:00-05:00"),
        ("2026-03-03T05:59:59-05:00", "2026-03-03T06:00:00-05:00"),
        ("2026-03-03T06:00:00-05:00", None),
        ("2026-03-08T01:30:00-05:00", "2026-03-08T06:00:00-04:00"),  # the clocks go forward
        ("2026-11-01T01:30:00-04:00", "2026-11-01T06:00:00-05:00"),  # and back
        ("2026-11-01T01:30:00-05:00", "2026-11-01T06:00:00-05:00"),
    ],
)
def test_quiet_hours_are_those_of_the_wall_clock(at, until):
    found = quiet_until(NIGHT, Priority.MEDIUM, NEW_YORK, datetime.fromisoformat(at))

    assert (found and found[0]) == (until and datetime.fromisoformat(until))


def test_quiet_hours_within_one_day():
    hours = (time(12), time(14))
    noon = datetime.fromisoformat("2026-03-02T12:00:00-05:00")

    assert quiet_until(hours, Priority.LOW, NEW_YORK, noon) == (
        datetime.fromisoformat("2026-03-02T14:00:00-05:00"),
        "quiet hours until 14:00; low priority waits",
    )
    assert quiet_until(hours, Priority.LOW, NEW_YORK, noon + timedelta(hours=2)) is None


def test_an_end_that_the_clocks_leave_out_moves_on_with_them():
    at = datetime.fromisoformat("2026-03-08T01:00:00-05:00")

    assert quiet_until((time(22), time(2, 30)), Priority.LOW, NEW_YORK, at)[0] == datetime.fromisoformat(
        "2026-03-08T03:30:00-04:00"
    )


@pytest.mark.parametrize("priority", [Priority.HIGH, Priority.CRITICAL])
def test_high_priorities_know_no_quiet_hours(priority):
    at = datetime.fromisoformat("2026-03-03T02:00:00-05:00")

    assert quiet_until(NIGHT, priority, NEW_YORK, at) is None
