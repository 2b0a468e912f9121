"""The alarm state machine: delays, deadband, levels, gaps, excursions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdmonitor.model import Force, Level, Phase, Priority, Response, Rule, Side, Threshold
from hdmonitor.rules.alarm import ON_BACK, ON_CLOSE, ON_INSIDE, ON_OUTSIDE, Machine
from hdmonitor.rules.changes import Lowered, Moved, Raised, Span

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
VALID = timedelta(minutes=15)


def minutes(n):
    return NOON + timedelta(minutes=n)


def rule(*thresholds, deadband=0.0, off_delay=10, latched=False):
    return Rule(
        id="R-1",
        version="1",
        what="test",
        source="test",
        force=Force.PRACTICE,
        confidence="K",
        thresholds=thresholds,
        unit="degC",
        deadband=deadband,
        off_delay=timedelta(minutes=off_delay),
        response=Response.STORAGE,
        instruction="",
        latched=latched,
    )


def limit(level=Level.ALARM, side=Side.HIGH, at=8.0, delay=15, priority=Priority.HIGH, inside=True):
    return Threshold(level, side, at, timedelta(minutes=delay), priority, "out", inside)


def moves(changes):
    return [(c.at, c.before.value, c.after.value) for c in changes if isinstance(c, Moved)]


def feed(machine, *readings):
    found = []
    for minute, value in readings:
        found += machine.observe(minutes(minute), value)
    return found


def test_a_value_at_an_inclusive_limit_is_inside():
    assert not limit(at=8.0).outside(8.0)
    assert limit(at=8.0).outside(8.000000000000002)


def test_a_value_at_an_exclusive_limit_is_outside():
    lost = limit(at=-0.5, inside=False)
    assert lost.outside(-0.5)
    assert not lost.outside(-0.5000000000000001)


def test_a_low_limit_is_judged_on_its_own_side():
    cold = limit(side=Side.LOW, at=2.0)
    assert not cold.outside(2.0)
    assert cold.outside(1.9999999999999998)


def test_nan_is_outside_every_limit():
    assert limit().outside(float("nan"))
    assert limit(side=Side.LOW).outside(float("nan"))


def test_the_first_reading_inside_makes_an_unknown_point_normal():
    machine = Machine(rule(limit()), VALID)

    assert moves(feed(machine, (0, 5.0))) == [(minutes(0), "unknown", "normal")]


def test_the_alarm_is_active_when_the_on_delay_ends_and_not_a_microsecond_sooner():
    machine = Machine(rule(limit(delay=15)), VALID)
    feed(machine, (0, 5.0), (1, 9.0), (10, 9.0))

    assert machine.advance(minutes(16) - timedelta(microseconds=1)) == []
    assert moves(machine.advance(minutes(16))) == [(minutes(16), "pending", "active")]


def test_a_value_back_inside_within_the_on_delay_cancels():
    machine = Machine(rule(limit(delay=15)), VALID)

    found = feed(machine, (0, 5.0), (1, 9.0), (15.9, 7.0))

    assert moves(found)[-1] == (minutes(15.9), "pending", "normal")
    assert machine.due() is None


def test_at_equal_times_the_delay_ends_before_the_value_comes():
    machine = Machine(rule(limit(delay=15)), VALID)

    found = feed(machine, (0, 5.0), (1, 9.0), (16, 7.0))

    assert moves(found)[2:] == [(minutes(16), "pending", "active"), (minutes(16), "active", "clearing")]


def test_a_move_happens_at_its_due_moment_however_late_it_is_noticed():
    machine = Machine(rule(limit(delay=5)), VALID)
    feed(machine, (0, 9.0))

    assert moves(machine.advance(minutes(600))) == [(minutes(5), "pending", "active")]


def test_the_deadband_holds_an_alarm_until_the_value_is_well_inside():
    machine = Machine(rule(limit(delay=0), deadband=0.5), VALID)

    found = feed(machine, (0, 9.0), (1, 7.6), (2, 7.5))

    assert moves(found) == [(minutes(0), "unknown", "active"), (minutes(2), "active", "clearing")]


def test_clearing_takes_the_whole_off_delay():
    machine = Machine(rule(limit(delay=0), off_delay=10), VALID)
    feed(machine, (0, 9.0), (5, 5.0), (9, 5.0))

    assert machine.advance(minutes(15) - timedelta(microseconds=1)) == []
    assert moves(machine.advance(minutes(15))) == [(minutes(15), "clearing", "normal")]


def test_outside_again_while_clearing_is_the_same_alarm_and_a_new_excursion():
    machine = Machine(rule(limit(delay=0), off_delay=10), VALID)

    found = feed(machine, (0, 9.0), (5, 5.0), (8, 9.5), (9, 5.0))

    assert moves(found) == [
        (minutes(0), "unknown", "active"),
        (minutes(5), "active", "clearing"),
        (minutes(8), "clearing", "active"),
        (minutes(9), "active", "clearing"),
    ]
    ended = [(c.start, c.end, c.alarm_at) for c in found if isinstance(c, Span) and c.end]
    assert ended == [(minutes(0), minutes(5), minutes(0)), (minutes(8), minutes(9), minutes(8))]


def test_an_excursion_is_not_moved_by_delay_or_deadband():
    machine = Machine(rule(limit(delay=15), deadband=0.5, off_delay=10), VALID)

    found = feed(machine, (0, 5.0), (1, 8.4), (10, 9.8), (20, 7.9), (25, 7.0))

    (ended,) = [c for c in found if isinstance(c, Span) and c.end]
    assert (ended.start, ended.end, ended.peak, ended.alarm_at) == (minutes(1), minutes(20), 9.8, minutes(16))


def test_an_excursion_that_never_became_an_alarm_is_recorded_all_the_same():
    machine = Machine(rule(limit(delay=15)), VALID)

    found = feed(machine, (0, 5.0), (1, 8.1), (2, 5.0))

    (ended,) = [c for c in found if isinstance(c, Span) and c.end]
    assert (ended.start, ended.end, ended.peak, ended.alarm_at) == (minutes(1), minutes(2), 8.1, None)


def test_the_peak_of_a_low_excursion_is_its_lowest_value():
    machine = Machine(rule(limit(side=Side.LOW, at=2.0)), VALID)

    found = feed(machine, (0, 1.5), (1, 0.2), (2, 1.9), (3, 3.0))

    assert [c.peak for c in found if isinstance(c, Span) and c.end] == [0.2]


def test_missing_data_cannot_mature_an_alarm():
    machine = Machine(rule(limit(delay=30)), VALID)
    feed(machine, (0, 9.0))

    assert machine.due() is None
    assert machine.advance(minutes(600)) == []


def test_only_vouched_for_time_counts_towards_the_on_delay():
    machine = Machine(rule(limit(delay=30)), VALID)
    feed(machine, (0, 9.0))

    found = feed(machine, (60, 9.0))  # 15 min vouched for, 45 min missing

    assert moves(found) == []
    assert machine.due() == minutes(75)


def test_missing_data_cannot_clear_an_alarm():
    machine = Machine(rule(limit(delay=0), off_delay=30), VALID)
    feed(machine, (0, 9.0), (1, 5.0))

    assert machine.due() is None
    feed(machine, (100, 5.0))
    assert machine.phase is Phase.CLEARING
    assert machine.due() == minutes(115)


def test_the_missing_part_of_an_excursion_is_told():
    machine = Machine(rule(limit(delay=0)), VALID)

    found = feed(machine, (0, 9.0), (60, 9.0), (61, 5.0))

    assert [c.missing for c in found if isinstance(c, Span) and c.end] == [timedelta(minutes=45)]


def test_a_gap_of_exactly_the_vouched_time_misses_nothing():
    machine = Machine(rule(limit(delay=0)), VALID)

    found = feed(machine, (0, 9.0), (15, 5.0))

    assert [c.missing for c in found if isinstance(c, Span) and c.end] == [timedelta(0)]


WARNING = limit(Level.WARNING, at=7.5, delay=20, priority=Priority.MEDIUM)
ALARM = limit(Level.ALARM, at=8.0, delay=15, priority=Priority.HIGH)
CRITICAL = limit(Level.CRITICAL, at=15.0, delay=3, priority=Priority.CRITICAL)


def test_each_level_has_its_own_delay_and_a_higher_one_raises_the_same_alarm():
    machine = Machine(rule(WARNING, ALARM, CRITICAL), VALID)
    feed(machine, (0, 5.0), (1, 9.0), (10, 9.0))

    found = feed(machine, (17, 16.0), (25, 16.0))

    assert moves(found) == [(minutes(16), "pending", "active")]
    assert [(c.at, c.threshold.level) for c in found if isinstance(c, Raised)] == [
        (minutes(20), Level.CRITICAL)
    ]


def test_a_lesser_level_that_matures_later_says_nothing():
    machine = Machine(rule(WARNING, ALARM), VALID)

    found = feed(machine, (0, 9.0), (10, 9.0), (20, 9.0), (21, 9.0))

    assert moves(found) == [(minutes(0), "unknown", "pending"), (minutes(15), "pending", "active")]
    assert not [c for c in found if isinstance(c, Raised | Lowered)]


def test_when_the_worst_level_is_over_the_alarm_is_lowered_not_cleared():
    machine = Machine(rule(ALARM, CRITICAL, off_delay=5), VALID)
    feed(machine, (0, 16.0), (10, 16.0), (16, 16.0))

    found = feed(machine, (17, 9.0), (23, 9.0))

    assert [(c.at, c.threshold.level) for c in found if isinstance(c, Lowered)] == [
        (minutes(22), Level.ALARM)
    ]
    assert machine.phase is Phase.ACTIVE


def test_the_other_side_at_the_same_level_is_raised_again():
    low = limit(side=Side.LOW, at=2.0, delay=0)
    machine = Machine(rule(limit(delay=0), low), VALID)

    found = feed(machine, (0, 9.0), (5, 1.0))

    assert [c.threshold.side for c in found if isinstance(c, Raised)] == [Side.LOW]


def test_the_side_that_is_outside_governs_whatever_is_still_clearing():
    strong = limit(side=Side.LOW, at=-7.5, delay=0, priority=Priority.MEDIUM)
    weak = limit(at=-2.5, delay=0, priority=Priority.HIGH)
    machine = Machine(rule(strong, weak), VALID)
    feed(machine, (0, -8.0))

    assert [c.threshold for c in feed(machine, (1, -2.0)) if isinstance(c, Raised)] == [weak]
    # Weak is clearing then: strong is the only one outside, and it is told.
    assert [c.threshold for c in feed(machine, (2, -8.0)) if isinstance(c, Raised)] == [strong]


def test_a_latched_alarm_is_cleared_by_a_named_act_only():
    machine = Machine(rule(limit(delay=0), latched=True), VALID)
    feed(machine, (0, 9.0), (1, 5.0), (10, 5.0))

    assert machine.due() is None
    assert machine.advance(minutes(1000)) == []
    assert moves(machine.close(minutes(1000))) == [(minutes(1000), "clearing", "normal")]


def test_an_alarm_closed_while_outside_arms_again():
    machine = Machine(rule(limit(delay=5)), VALID)
    feed(machine, (0, 9.0), (6, 9.0))

    assert moves(machine.close(minutes(7))) == [(minutes(7), "active", "unknown")]
    assert moves(feed(machine, (8, 9.0), (14, 9.0))) == [
        (minutes(8), "unknown", "pending"),
        (minutes(13), "pending", "active"),
    ]


def test_a_clock_that_steps_does_not_change_how_long_a_delay_takes():
    machine = Machine(rule(limit(delay=10)), VALID)
    feed(machine, (0, 9.0))

    machine.shift(timedelta(hours=1))

    assert machine.due() == minutes(70)


values = st.sampled_from([1.0, 2.0, 5.0, 7.4, 7.6, 7.9, 8.0, 8.1, 15.0, 15.5])
gaps = st.sampled_from([0.5, 1, 3, 7, 15, 16, 40])
series = st.lists(st.tuples(gaps, values), min_size=1, max_size=40)


def everything(readings, cut=None, step=None):
    """Play readings; with `cut` restart before each of them, with `step` creep instead of jumping."""
    made = rule(WARNING, ALARM, CRITICAL, limit(side=Side.LOW, at=2.0, delay=15), deadband=0.3)
    machine = Machine(made, VALID)
    found, at = [], NOON
    for gap, value in readings:
        until = at + timedelta(minutes=gap)
        if step:
            while at + step < until:
                at += step
                found += machine.advance(at)
        at = until
        if cut:
            state, last_at = machine.state(), machine.last_at
            machine = Machine(made, VALID)
            machine.restore(state, last_at)
        found += machine.observe(at, value)
    found += machine.advance(at + timedelta(hours=2))
    return found, machine.phase


@given(series)
def test_a_restart_before_every_reading_changes_nothing(readings):
    assert everything(readings, cut=True) == everything(readings)


@given(series, st.sampled_from([timedelta(seconds=7), timedelta(minutes=2)]))
def test_small_steps_end_where_one_jump_does(readings, step):
    assert everything(readings, step=step) == everything(readings)


@given(series)
def test_time_alone_never_takes_an_alarm_out_of_active(readings):
    found, _ = everything(readings)
    heard_at = {
        NOON + timedelta(minutes=sum(gap for gap, _ in readings[: index + 1]))
        for index in range(len(readings))
    }

    for change in found:
        if isinstance(change, Moved) and change.before is Phase.ACTIVE:
            assert change.after is Phase.CLEARING
            assert change.at in heard_at


@given(series)
def test_the_next_due_moment_is_never_in_the_past(readings):
    machine = Machine(rule(WARNING, ALARM, CRITICAL), VALID)
    at = NOON
    for gap, value in readings:
        at += timedelta(minutes=gap)
        machine.observe(at, value)
        assert machine.due() is None or machine.due() > at


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_knows_what_every_value_means(phase):
    assert all(phase in table for table in (ON_BACK, ON_CLOSE, ON_INSIDE, ON_OUTSIDE))
