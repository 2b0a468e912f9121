"""Everything the alarm state machine reports, and all it keeps for a restart, written out."""

import json
from datetime import UTC, datetime, timedelta

from hdmonitor.model import Force, Level, Phase, Priority, Response, Rule, Side, Threshold
from hdmonitor.rules.alarm import Machine
from hdmonitor.rules.changes import Moved, Raised, Span

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
VALID = timedelta(minutes=15)
NONE = timedelta(0)
UNKNOWN, NORMAL, PENDING, ACTIVE, CLEARING = Phase


def minutes(n):
    return NOON + timedelta(minutes=n)


def limit(level=Level.ALARM, side=Side.HIGH, at=8.0, delay=15, priority=Priority.HIGH, inside=True):
    return Threshold(level, side, at, timedelta(minutes=delay), priority, "out", inside)


WARM = limit()
HOT = limit(Level.CRITICAL, at=15.0, priority=Priority.CRITICAL)
COLD = limit(side=Side.LOW, at=2.0)


def machine(*thresholds, deadband=0.0, off_delay=10):
    rule = Rule(
        id="R-1",
        version="1",
        what="test",
        source="test",
        force=Force.PRACTICE,
        confidence="primary",
        thresholds=thresholds,
        unit="degC",
        deadband=deadband,
        off_delay=timedelta(minutes=off_delay),
        response=Response.STORAGE,
        instruction="",
    )
    return Machine(rule, VALID)


def span(at, threshold, start, end=None, *, peak, alarm_at=None, missing=0):
    return Span(
        minutes(at),
        threshold,
        minutes(start),
        None if end is None else minutes(end),
        peak,
        timedelta(minutes=missing),
        None if alarm_at is None else minutes(alarm_at),
    )


def test_every_step_of_an_alarm_is_reported_with_its_moment_and_its_limit():
    watched = machine(WARM)

    steps = [watched.observe(minutes(at), value) for at, value in ((0, 5.0), (1, 9.0), (10, 9.5))]
    assert steps == [
        [Moved(minutes(0), UNKNOWN, NORMAL, None)],
        [span(1, WARM, 1, peak=9.0), Moved(minutes(1), NORMAL, PENDING, WARM)],
        [],
    ]
    assert watched.top is None
    assert watched.observe(minutes(20), 9.2) == [
        span(16, WARM, 1, peak=9.5, alarm_at=16),
        Moved(minutes(16), PENDING, ACTIVE, WARM),
    ]
    assert watched.top is WARM
    assert watched.observe(minutes(21), 5.0) == [
        span(21, WARM, 1, 21, peak=9.5, alarm_at=16),
        Moved(minutes(21), ACTIVE, CLEARING, WARM),
    ]
    assert watched.observe(minutes(22), 9.0) == [
        span(22, WARM, 22, peak=9.0, alarm_at=22),
        Moved(minutes(22), CLEARING, ACTIVE, WARM),
    ]
    assert watched.observe(minutes(23), 5.0) == [
        span(23, WARM, 22, 23, peak=9.0, alarm_at=22),
        Moved(minutes(23), ACTIVE, CLEARING, WARM),
    ]
    assert watched.observe(minutes(33), 5.0) == [Moved(minutes(33), CLEARING, NORMAL, WARM)]
    assert watched.top is None


def test_a_limit_without_a_delay_is_an_alarm_at_once():
    now = limit(delay=0)

    assert machine(now).observe(minutes(0), 9.0) == [
        span(0, now, 0, peak=9.0, alarm_at=0),
        Moved(minutes(0), UNKNOWN, ACTIVE, now),
    ]


def test_outside_again_out_of_the_deadband_is_a_new_excursion_of_the_alarm_that_stands():
    watched = machine(limit(delay=0), deadband=0.5)
    watched.observe(minutes(0), 9.0)

    assert watched.observe(minutes(1), 7.6) == [span(1, limit(delay=0), 0, 1, peak=9.0, alarm_at=0)]
    assert watched.observe(minutes(2), 8.5) == [span(2, limit(delay=0), 2, peak=8.5, alarm_at=2)]


def test_two_levels_that_mature_at_one_moment_are_told_as_the_worse_one():
    watched = machine(WARM, HOT)
    watched.observe(minutes(0), 16.0)

    assert watched.advance(minutes(15)) == [
        span(15, HOT, 0, peak=16.0, alarm_at=15),
        Moved(minutes(15), PENDING, ACTIVE, HOT),
        span(15, WARM, 0, peak=16.0, alarm_at=15),
    ]


def test_two_levels_that_clear_at_one_moment_are_told_as_the_worse_one():
    watched = machine(WARM, HOT)
    for at in (0, 10, 16):
        watched.observe(minutes(at), 16.0)
    watched.observe(minutes(17), 5.0)

    assert watched.advance(minutes(27)) == [Moved(minutes(27), CLEARING, NORMAL, HOT)]


def test_the_other_side_matures_before_the_first_one_clears_at_the_same_moment():
    cold = limit(side=Side.LOW, at=2.0, delay=10, priority=Priority.LOW)
    watched = machine(limit(delay=0), cold)
    watched.observe(minutes(0), 9.0)
    watched.observe(minutes(1), 1.0)

    assert watched.advance(minutes(11)) == [
        span(11, cold, 1, peak=1.0, alarm_at=11),
        Moved(minutes(11), CLEARING, ACTIVE, cold),
        Raised(minutes(11), cold),
    ]


def test_both_sides_clearing_is_no_lowering():
    cold = limit(side=Side.LOW, at=2.0, delay=0)
    watched = machine(limit(delay=0), cold)
    watched.observe(minutes(0), 9.0)
    watched.observe(minutes(5), 1.0)

    assert [type(each) for each in watched.observe(minutes(6), 5.0)] == [Span, Moved]


def test_a_limit_on_the_low_side_alone_is_judged_after_a_calm_time():
    watched = machine(COLD)
    watched.observe(minutes(0), 5.0)
    watched.observe(minutes(1), 20.0)

    assert watched.observe(minutes(2), 1.9) == [
        span(2, COLD, 2, peak=1.9),
        Moved(minutes(2), NORMAL, PENDING, COLD),
    ]


def test_the_limit_itself_is_outside_where_it_is_written_with_or_also_after_a_calm_time():
    for side, calm in ((Side.HIGH, -1.0), (Side.LOW, 0.0)):
        watched = machine(limit(side=side, at=-0.5, inside=False))
        watched.observe(minutes(0), calm)
        watched.observe(minutes(1), calm)
        assert watched.observe(minutes(2), -0.5)[1].after is PENDING


def test_a_calm_time_is_marked_and_its_readings_are_remembered():
    watched = machine(WARM)
    assert watched.calm is False
    watched.observe(minutes(0), 5.0)
    assert watched.calm is True
    watched.observe(minutes(9), 5.0)
    assert watched.last_at == minutes(9)
    watched.observe(minutes(10), 9.0)
    assert watched.calm is False


def test_excursions_that_have_not_ended_are_told_as_they_stand():
    watched = machine(WARM, HOT)
    watched.observe(minutes(0), 9.0)
    watched.observe(minutes(20), 9.5)

    assert watched.running() == [span(20, WARM, 0, peak=9.5, alarm_at=15, missing=5)]


def test_nothing_runs_where_nothing_was_heard():
    assert machine(WARM).running() == []


def test_what_a_restart_needs_is_kept_to_the_microsecond():
    watched = machine(limit(delay=30), HOT)
    watched.observe(minutes(0), 9.0)
    watched.observe(minutes(20) + timedelta(microseconds=1), 9.5)

    strand = {
        "level": 2,
        "side": "high",
        "phase": "pending",
        "credit_us": 900_000_000,
        "counted_at": "2026-03-02T12:20:00.000001+00:00",
        "start": "2026-03-02T12:00:00+00:00",
        "peak": 9.5,
        "missing_us": 300_000_001,
        "alarm_at": None,
    }
    calm = {
        "level": 3,
        "side": "high",
        "phase": "normal",
        "credit_us": 0,
        "counted_at": "2026-03-02T12:00:00+00:00",
        "start": None,
        "peak": 0.0,
        "missing_us": 0,
        "alarm_at": None,
    }
    kept = {"last_at": "2026-03-02T12:20:00.000001+00:00", "strands": [strand, calm]}
    assert json.dumps(watched.state()) == json.dumps(kept)


def test_a_restart_goes_on_from_what_was_kept():
    strand = {
        "level": 2,
        "side": "high",
        "phase": "pending",
        "credit_us": 600_000_000,
        "counted_at": minutes(10).isoformat(),
        "start": minutes(0).isoformat(),
        "peak": 9.5,
        "missing_us": 1_000_000,
        "alarm_at": None,
    }
    watched = machine(WARM)

    watched.restore({"last_at": minutes(10).isoformat(), "strands": [strand]}, None)

    assert (watched.phase, watched.due()) == (PENDING, minutes(15))
    assert watched.running() == [Span(minutes(10), WARM, minutes(0), None, 9.5, timedelta(seconds=1), None)]
    assert json.dumps(watched.state()["strands"]) == json.dumps([strand])


def test_a_point_without_a_state_is_normal_if_it_was_heard_and_unknown_if_not():
    heard, never = machine(WARM), machine(WARM)

    heard.restore(None, minutes(0))
    never.restore(None, None)

    assert (heard.phase, heard.last_at) == (NORMAL, minutes(0))
    assert (never.phase, never.last_at) == (UNKNOWN, None)


def test_the_vouched_time_of_all_readings_counts_towards_a_delay():
    watched = machine(WARM)
    for at in (0, 5, 10):
        watched.observe(minutes(at), 9.0)

    assert watched.due() == minutes(15)


def test_without_a_delay_an_alarm_ends_with_the_first_reading_inside():
    now = limit(delay=0)
    watched = machine(now, off_delay=0)
    watched.observe(minutes(0), 9.0)
    assert watched.phase is ACTIVE

    assert watched.observe(minutes(1), 5.0) == [
        span(1, now, 0, 1, peak=9.0, alarm_at=0),
        Moved(minutes(1), ACTIVE, NORMAL, now),
    ]


def test_in_a_calm_time_a_reading_at_either_limit_says_nothing():
    both, warm = machine(WARM, COLD), machine(WARM)
    for watched in (both, warm):
        watched.observe(minutes(0), 5.0)

    assert [both.observe(minutes(1), 8.0), both.observe(minutes(2), 2.0)] == [(), ()]
    assert warm.observe(minutes(1), -99.0) == ()


def test_an_alarm_that_a_person_ended_arms_again_and_its_excursion_goes_on():
    watched = machine(limit(delay=15))
    for at in (0, 10, 16):
        watched.observe(minutes(at), 9.0)
    watched.close(minutes(17))

    assert watched.observe(minutes(18), 9.0) == [Moved(minutes(18), UNKNOWN, PENDING, limit(delay=15))]


def test_the_worst_limit_that_is_exceeded_is_known_in_whatever_order_they_are_written():
    for watched in (machine(WARM, HOT), machine(HOT, WARM)):
        assert watched.worst_outside() is None
        watched.observe(minutes(0), 9.0)
        assert watched.worst_outside().threshold is WARM
        watched.observe(minutes(1), 16.0)
        assert watched.worst_outside().threshold is HOT


def test_of_two_limits_of_one_rank_the_one_that_is_exceeded_now_governs():
    far, near = limit(at=10.0, delay=0), limit(at=8.0, delay=0)
    watched = machine(far, near)
    watched.observe(minutes(0), 9.0)
    assert watched.top is near

    assert watched.observe(minutes(1), 11.0)[-1] == Raised(minutes(1), far)
    watched.observe(minutes(2), 9.0)
    assert watched.top is near


def test_time_without_readings_is_kept_to_the_microsecond_also_over_days():
    watched = machine(WARM)
    watched.observe(minutes(0), 9.0)
    watched.observe(NOON + timedelta(days=2, seconds=1, microseconds=5), 9.0)

    assert watched.state()["strands"][0]["missing_us"] == 172_801_000_005 - 900_000_000
