"""Silence: patience, priority, restart, each step written out."""

from datetime import UTC, datetime, timedelta

from hdmonitor.model import Level, Phase, Priority, Side, Threshold
from hdmonitor.rules.changes import Moved
from hdmonitor.rules.silence import Silence

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
VALID = timedelta(minutes=15)
UNKNOWN, NORMAL, PENDING, ACTIVE, CLEARING = Phase


def minutes(n):
    return NOON + timedelta(minutes=n)


def watch():
    return Silence(VALID, NOON)


def test_a_watch_begins_unknown_and_with_all_its_patience():
    silence = watch()

    assert (silence.phase, silence.heard, silence.top) == (UNKNOWN, False, None)
    assert silence.calm is False
    assert silence.due() == minutes(15)


def test_the_first_sign_of_life_is_no_news():
    silence = watch()

    assert silence.observe(minutes(1)) == []
    assert (silence.phase, silence.heard, silence.calm) == (NORMAL, True, True)
    assert silence.due() == minutes(16)


def test_signs_of_life_out_of_order_never_shorten_the_patience():
    silence = watch()
    silence.observe(minutes(5))

    silence.observe(minutes(3))

    assert silence.due() == minutes(20)


def test_silence_is_an_alarm_when_the_patience_ends_and_not_a_microsecond_sooner():
    silence = watch()
    silence.observe(minutes(1))

    assert silence.advance(minutes(16) - timedelta(microseconds=1)) == []
    assert silence.advance(minutes(99)) == [Moved(minutes(16), NORMAL, ACTIVE, None)]
    assert (silence.due(), silence.calm) == (None, False)
    assert silence.advance(minutes(999)) == []


def test_a_sign_of_life_at_the_very_moment_comes_too_late():
    silence = watch()

    assert silence.advance(minutes(15)) == [Moved(minutes(15), UNKNOWN, ACTIVE, None)]


def test_a_sign_of_life_ends_the_alarm():
    silence = watch()
    silence.advance(minutes(15))
    silence.priced(Priority.HIGH)

    assert silence.observe(minutes(20)) == [Moved(minutes(20), ACTIVE, NORMAL, None)]
    assert silence.top is None
    assert silence.due() == minutes(35)


def test_an_open_alarm_has_the_priority_of_what_the_point_guards():
    silence = watch()

    assert silence.priced(Priority.CRITICAL) == Threshold(
        Level.ALARM, Side.HIGH, 0.0, VALID, Priority.CRITICAL, "silent"
    )
    assert silence.top == silence.priced(Priority.CRITICAL)


def test_closing_begins_the_watch_again():
    silence = watch()
    silence.advance(minutes(15))
    silence.priced(Priority.HIGH)

    assert silence.close(minutes(20)) == [Moved(minutes(20), ACTIVE, UNKNOWN, None)]
    assert (silence.phase, silence.top, silence.due()) == (UNKNOWN, None, minutes(35))


def test_a_clock_that_steps_moves_the_deadline():
    silence = watch()

    silence.shift(timedelta(hours=-1))

    assert silence.due() == minutes(-45)


def test_silence_is_a_gap_and_no_excursion():
    assert watch().running() == []


def test_what_a_restart_needs():
    silence = watch()
    silence.observe(minutes(1))
    quiet = {"since": "2026-03-02T12:01:00+00:00", "heard": True, "phase": "normal", "priority": None}
    assert silence.state() == quiet

    silence.advance(minutes(16))
    silence.priced(Priority.CRITICAL)
    assert silence.state() == quiet | {"phase": "active", "priority": 4}


def restored(state, live_at):
    silence = watch()
    silence.restore(state, live_at)
    return silence


OPEN = {"since": minutes(-60).isoformat(), "heard": True, "phase": "active", "priority": 3}


def test_a_restart_goes_on_from_what_was_kept():
    silence = restored(OPEN, None)

    assert (silence.phase, silence.since, silence.heard) == (ACTIVE, minutes(-60), True)
    assert silence.top.priority is Priority.HIGH
    assert silence.state() == OPEN


def test_a_restart_of_a_watch_that_heard_nothing_yet():
    unheard = {"since": minutes(-5).isoformat(), "heard": False, "phase": "unknown", "priority": None}

    silence = restored(unheard, None)

    assert (silence.phase, silence.heard, silence.top, silence.due()) == (UNKNOWN, False, None, minutes(10))


def test_a_point_that_was_heard_is_normal_after_a_restart():
    silence = restored(None, minutes(-3))

    assert (silence.phase, silence.heard, silence.due()) == (NORMAL, True, minutes(12))


def test_a_point_that_was_never_heard_keeps_the_patience_of_a_new_watch():
    silence = restored(None, None)

    assert (silence.phase, silence.heard, silence.due()) == (UNKNOWN, False, minutes(15))


def test_of_the_kept_state_and_the_newest_sign_of_life_the_later_one_counts():
    kept = {"since": minutes(-5).isoformat(), "heard": True, "phase": "normal", "priority": None}

    assert restored(kept, minutes(-3)).since == minutes(-3)
    assert restored(kept, minutes(-9)).since == minutes(-5)


def test_an_alarm_stays_open_over_a_restart_however_the_journal_looks():
    silence = restored(OPEN, minutes(-60))

    assert (silence.phase, silence.heard) == (ACTIVE, True)


def test_a_point_may_be_given_longer_since_its_newest_sign_of_life():
    silence = watch()
    silence.observe(minutes(1))

    assert silence.wait(timedelta(minutes=60), minutes(16))
    assert silence.due() == minutes(61)
    assert silence.advance(minutes(60)) == []
    assert silence.advance(minutes(61)) == [Moved(minutes(61), NORMAL, ACTIVE, None)]


def test_the_longer_wait_ends_with_the_next_sign_of_life():
    silence = watch()
    silence.observe(minutes(1))
    silence.wait(timedelta(minutes=60), minutes(16))

    silence.observe(minutes(20))

    assert silence.due() == minutes(35)


def test_a_longer_wait_that_is_over_already_is_none():
    silence = watch()
    silence.observe(minutes(1))

    assert silence.wait(timedelta(minutes=60), minutes(61) - timedelta(microseconds=1))
    assert not silence.wait(timedelta(minutes=60), minutes(61))


def test_a_point_that_was_never_heard_gets_no_longer_wait():
    assert not watch().wait(timedelta(minutes=60), minutes(16))
