"""What is owed to whom and when it is tried again, on a real journal."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from service.journal_parts import ALARM, MICROSECOND, SECOND, T, event, notice

from hdmonitor.events import About, Notice, Outcome
from hdmonitor.inbox import Sent
from hdmonitor.journal import Journal
from hdmonitor.model import Priority
from hdmonitor.rows import Owing


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db")
    yield journal
    journal.close()


def owe(journal: Journal, *notices: Notice) -> None:
    """Commit notices, each after an event of its own."""
    first = journal.restore().next_event
    events = [event(first + n) for n in range(len(notices))]
    owed = [replace(each, event=first + n) for n, each in enumerate(notices)]
    journal.commit(Outcome(events=events, notices=owed), at=T)


def due(journal: Journal, at: datetime = T, to: str = "phone") -> list[int]:
    with journal.reader() as reader:
        return [owed.row for owed in reader.owed(to, at)]


def outcomes(journal: Journal, alarm: str = "A1") -> list[tuple[int, bool, int | None]]:
    """Return row, delivered, replaced by."""
    journal.commit(Outcome(alarms={alarm: replace(ALARM, id=alarm)}), at=T)
    with journal.reader() as reader:
        return [(row.row, row.delivered_at is not None, row.replaced_by) for row in reader.alarm(alarm)[2]]


def test_a_notice_is_owed_until_it_is_delivered(journal):
    owe(journal, notice(), notice(to="mail"))
    assert due(journal) == [1]

    journal.commit(Outcome(), sent=[Sent((1,), "phone", True, "202 accepted", T + SECOND)], at=T + SECOND)

    assert due(journal) == []
    assert due(journal, to="mail") == [2]
    assert outcomes(journal) == [(1, True, None), (2, False, None)]
    with journal.reader() as reader:
        assert (reader.next_owed("phone"), reader.next_owed("mail")) == (None, T)
        row = reader.alarm("A1")[2][0]
        assert (row.delivered_at, row.answer, row.attempts) == (T + SECOND, "202 accepted", 0)


def test_what_is_owed_to_a_destination_that_the_site_gave_up_is_no_arrear(journal):
    owe(journal, notice(), notice(to="mail"))

    with journal.reader() as reader:
        assert reader.owing(("phone", "mail")) == Owing(2, T)
        assert reader.owing(("phone",)) == Owing(1, T)
        assert reader.owing(()) == Owing(0, None)


def test_the_highest_priority_goes_first_then_the_oldest(journal):
    for alarm, priority in (
        ("A1", Priority.MEDIUM),
        ("A2", Priority.HIGH),
        ("A3", Priority.CRITICAL),
        ("A4", Priority.HIGH),
    ):
        owe(journal, notice(alarm=alarm, priority=priority))

    assert due(journal) == [3, 2, 4, 1]
    with journal.reader() as reader:
        assert [owed.row for owed in reader.owed("phone", T, limit=2)] == [3, 2]


@pytest.mark.parametrize(
    ("priority", "waits"),
    [
        (Priority.CRITICAL, [5, 10, 20, 40, 60, 60, 60]),
        (Priority.HIGH, [5, 10, 20, 40, 60, 60, 60]),
        (Priority.MEDIUM, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900, 900]),
        (Priority.LOW, [5, 10, 20, 40, 80, 160, 320, 640, 900]),
    ],
)
def test_a_failed_notice_is_tried_again_later_and_later_up_to_its_cap(journal, priority, waits):
    owe(journal, notice(priority=priority))
    at = T

    for attempt, wait in enumerate(waits, start=1):
        journal.commit(Outcome(), sent=[Sent((1,), "phone", False, "timed out", at)], at=at)
        following = at + wait * SECOND
        assert due(journal, following - MICROSECOND) == []
        with journal.reader() as reader:
            (owed,) = reader.owed("phone", following)
            assert (owed.attempts, owed.first_failed_at, owed.next_attempt_at) == (attempt, T, following)
            assert reader.next_owed("phone") == following
        at = following


def test_notices_folded_into_one_message_share_its_result(journal):
    owe(journal, notice(alarm="A1"), notice(alarm="A2"), notice(alarm="A3"))

    journal.commit(Outcome(), sent=[Sent((1, 3), "phone", True, "ok", T)], at=T)
    journal.commit(Outcome(), sent=[Sent((2, 99), "phone", False, "503", T)], at=T)

    assert due(journal) == []
    assert due(journal, T + 5 * SECOND) == [2]


def test_the_same_notice_twice_is_owed_once(journal):
    journal.commit(Outcome(events=[event(1)], notices=[notice(1), notice(1)]), at=T)
    journal.commit(Outcome(notices=[notice(1), notice(1, About.ESCALATED)]), at=T)

    assert outcomes(journal) == [(1, False, 2), (2, False, None)]


def test_a_newer_notice_about_the_alarm_replaces_what_that_destination_did_not_get(journal):
    owe(journal, notice(), notice(to="mail"), notice(alarm="A2"))

    owe(journal, notice(about=About.CLEARED))

    assert outcomes(journal) == [(1, False, 4), (2, False, None), (4, False, None)]
    assert outcomes(journal, "A2") == [(3, False, None)]
    assert due(journal) == [3, 4]


def test_what_was_delivered_is_not_replaced(journal):
    owe(journal, notice())
    journal.commit(Outcome(), sent=[Sent((1,), "phone", True, "ok", T)], at=T)

    owe(journal, notice(about=About.REPEATED))

    assert outcomes(journal) == [(1, True, None), (2, False, None)]


@pytest.mark.parametrize("first", [About.OPENED, About.RAISED, About.ESCALATED, About.REPEATED])
@pytest.mark.parametrize("second", [About.ACKNOWLEDGED, About.CLEARED])
def test_a_critical_that_was_answered_or_cleared_before_delivery_is_still_told(journal, first, second):
    owe(journal, notice(about=first, priority=Priority.CRITICAL), notice(about=second))

    assert due(journal) == [1, 2]


@pytest.mark.parametrize("second", [About.RAISED, About.ESCALATED, About.REPEATED])
def test_a_critical_is_replaced_by_a_newer_one_that_still_says_it(journal, second):
    owe(journal, notice(priority=Priority.CRITICAL), notice(about=second, priority=Priority.CRITICAL))

    assert due(journal) == [2]


def test_an_acknowledgement_of_a_critical_is_replaced_by_its_end(journal):
    critical = notice(priority=Priority.CRITICAL)
    owe(
        journal, critical, replace(critical, about=About.ACKNOWLEDGED), replace(critical, about=About.CLEARED)
    )

    assert due(journal) == [1, 3]


def test_a_replaced_notice_that_was_on_its_way_is_not_tried_again_but_its_delivery_is_noted(journal):
    owe(journal, notice(), notice(alarm="A2"))
    owe(journal, notice(about=About.ACKNOWLEDGED), notice(about=About.ACKNOWLEDGED, alarm="A2"))

    journal.commit(
        Outcome(), sent=[Sent((1,), "phone", False, "503", T), Sent((2,), "phone", True, "ok", T)], at=T
    )

    assert due(journal, T + 3600 * SECOND) == [3, 4]
    assert outcomes(journal, "A2") == [(2, True, 4), (4, False, None)]


def test_a_try_planned_before_the_clock_was_set_back_is_due_at_once(journal):
    owe(journal, notice())
    ahead = T + timedelta(days=365)
    journal.commit(Outcome(), sent=[Sent((1,), "phone", False, "503", ahead)], at=ahead)

    assert due(journal, T) == [1]
    assert due(journal, ahead) == []
    assert due(journal, ahead + 5 * SECOND - timedelta(minutes=15) - MICROSECOND) == [1]
    assert due(journal, ahead + 5 * SECOND - timedelta(minutes=15)) == []
