"""What late data bring to light, until a person has answered."""

from datetime import UTC, datetime, timedelta

from hdmonitor.model import Level, Phase, Priority, Side, Threshold
from hdmonitor.rules.changes import Moved, Raised, Span
from hdmonitor.rules.found import Found

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def span(level=Level.ALARM, priority=Priority.HIGH, peak=9.0):
    warm = Threshold(level, Side.HIGH, 8.0, timedelta(minutes=15), priority, "too warm")
    return Span(NOON, warm, NOON - HOUR, NOON, peak, timedelta(0), NOON - HOUR / 2)


def after(*spans):
    found = Found()
    for each in spans:
        found.observe(NOON, each)
    return found


def test_before_anything_is_found_nothing_waits_for_an_answer():
    found = Found()

    assert (found.phase, found.top, found.span, found.calm) == (Phase.NORMAL, None, None, True)


def test_an_excursion_that_is_found_is_an_alarm_at_once():
    found, warm = Found(), span()

    assert found.observe(NOON, warm) == [Moved(NOON, Phase.NORMAL, Phase.ACTIVE, warm.threshold)]
    assert (found.phase, found.top, found.span, found.calm) == (Phase.ACTIVE, warm.threshold, warm, False)


def test_a_lesser_one_changes_nothing_and_one_as_bad_or_worse_is_told():
    worst, less = span(Level.CRITICAL), span()

    found = after(worst)
    assert found.observe(NOON + HOUR, less) == []
    assert found.span is worst

    equal = span(Level.CRITICAL, peak=20.0)
    assert found.observe(NOON + HOUR, equal) == [Raised(NOON + HOUR, equal.threshold)]
    assert (found.span, found.phase) == (equal, Phase.ACTIVE)

    assert after(less).observe(NOON + HOUR, worst) == [Raised(NOON + HOUR, worst.threshold)]


def test_a_person_ends_it_and_the_next_one_is_a_new_alarm_however_small():
    worst, less = span(Level.CRITICAL), span()
    found = after(worst)

    assert found.close(NOON + HOUR) == [
        Moved(NOON + HOUR, Phase.ACTIVE, Phase.UNKNOWN, worst.threshold),
    ]
    assert (found.phase, found.top, found.span, found.calm) == (Phase.UNKNOWN, None, None, True)
    assert found.observe(NOON + HOUR, less) == [
        Moved(NOON + HOUR, Phase.UNKNOWN, Phase.ACTIVE, less.threshold)
    ]


def test_there_is_nothing_to_end_where_nothing_was_found():
    found = Found()

    assert found.close(NOON) == []
    assert found.phase is Phase.NORMAL


def test_neither_time_nor_a_clock_that_steps_changes_it():
    found = after(span())

    found.shift(HOUR)

    assert found.due() is None
    assert found.advance(NOON + 99 * HOUR) == []
    assert found.running() == []
    assert (found.phase, found.span) == (Phase.ACTIVE, span())


def test_whether_it_waits_for_an_answer_is_kept():
    assert after(span()).state() == {"phase": "active"}

    again, fresh = Found(), Found()
    again.restore({"phase": "active"}, None)
    fresh.restore(None, NOON)

    assert (again.phase, again.calm) == (Phase.ACTIVE, False)
    assert fresh.phase is Phase.NORMAL
