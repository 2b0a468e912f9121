"""When the next message may go to a destination."""

from datetime import timedelta

import pytest
from unit.alerts.pharmacy import NOW
from unit.alerts.test_folding import row

from hdmonitor.alerts.daily import DAILY
from hdmonitor.alerts.pacing import Gone, next_message
from hdmonitor.model import Priority

SECOND = timedelta(seconds=1)


def moment(priority, *, gone=(), waited=0, contained=False, alarm="A7"):
    """Return after how many seconds a notice of `NOW` goes, looked at after it `waited`."""
    sent = [Gone(NOW + at * SECOND, whole) for at, whole in gone]
    now = NOW + waited * SECOND
    _, at = next_message([row(7, alarm, priority, contained=contained)], sent, now)
    return (at - now) / SECOND


@pytest.mark.parametrize(
    ("gone", "waits"),
    [
        ([], 0),
        ([(-1, False)], 0),  # what is not urgent keeps no critical waiting
        ([(-1, False), (0, False), (0, False), (0, False)], 0),
        ([(0, True)], 3),
        ([(-2, True)], 1),
        ([(-3, True)], 0),
        ([(-4, True), (-1, True)], 4),
        ([(-9, True), (-4, True), (-1, True)], 14),
        ([(-9, True)] * 40 + [(0, True)], 15),
        ([(-121, True), (-121, True)], 0),
        ([(3600, True)], 0),  # taken by a clock that was set back since
    ],
)
def test_a_critical_goes_at_once_and_further_ones_within_seconds(gone, waits):
    assert moment(Priority.CRITICAL, gone=gone) == waits
    assert moment(Priority.MEDIUM, gone=gone, contained=True) == waits


@pytest.mark.parametrize(
    ("gone", "waited", "waits"),
    [
        ([], 0, 2),
        ([], 1, 1),
        ([], 2, 0),
        ([], 3600, 0),  # after an outage
        ([(0, False)], 0, 10),
        ([(0, True)], 0, 10),
        ([(0, True)], 9, 1),
        ([(0, True), (3, True)], 4, 19),
        ([(0, True), (3, True), (23, False)], 23, 60),
    ],
)
def test_anything_else_waits_so_that_one_cause_is_one_message(gone, waited, waits):
    assert moment(Priority.HIGH, gone=gone, waited=waited) == waits


def test_the_digest_of_the_day_and_a_drill_wait_for_nothing():
    gone = [(0, True), (0, False)]

    assert (moment(Priority.LOW, gone=gone, alarm=DAILY), moment(Priority.HIGH, gone=gone, alarm="D12")) == (
        0,
        0,
    )


def test_two_hundred_at_once_are_three_messages():
    """A provider that takes each message at once; the criticals come in the middle of the burst."""
    burst = [
        (NOW + n * SECOND / 200, row(n, f"A{n}", Priority.CRITICAL if n % 20 == 10 else Priority.HIGH))
        for n in range(200)
    ]
    owed, gone, now, told = dict(enumerate(burst)), [], NOW, []
    while owed:
        there = [each for at, each in owed.values() if at <= now]
        if not there:
            now += SECOND / 200
            continue
        message, at = next_message(sorted(there, key=lambda each: -each.notice.priority), gone, now)
        if at > now:
            now += SECOND / 200
            continue
        gone.append(Gone(now, message.whole))
        told.append(((now - NOW) / SECOND, len(message.rows)))
        for each in message.rows:
            del owed[each]

    assert told == [(0.05, 1), (3.05, 9), (23.05, 190)]
