"""What goes out first, and what goes out together, when several messages wait.

Criticals and everything about a hood or a hazardous room go first, alone and
whole. In a flood the others are folded into one message that names every
alarm it stands for; one that found no room waits for the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hdmonitor.alerts import fitting
from hdmonitor.alerts.daily import is_digest
from hdmonitor.events import About, Notice
from hdmonitor.model import Priority

FEW = 4  # as many messages are sent one by one

WORDS = {
    About.ACKNOWLEDGED: "Answered",
    About.CLEARED: "Over, not released",
    About.WITHDRAWN: "Withdrawn, not released",
}
OPEN = "Open"
ADVICE = "See: hdmonitor alarms list"


class Waiting(Protocol):
    """A row of the outbox that is due."""

    @property
    def row(self) -> int:
        """Its number in the outbox."""

    @property
    def notice(self) -> Notice:
        """What it says to whom."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send, and the rows it answers for."""

    rows: tuple[int, ...]
    title: str
    body: str


def fold(owed: Sequence[Waiting]) -> list[Outgoing]:
    """Return the messages to send for what one destination is owed, most urgent first.

    `owed` comes as the journal gives it: highest priority first, then oldest.
    """
    daily = [_alone(each) for each in owed if is_digest(each.notice.alarm)]
    owed = [each for each in owed if not is_digest(each.notice.alarm)]
    whole = [each for each in owed if each.notice.contained or each.notice.priority is Priority.CRITICAL]
    whole.sort(key=lambda each: each.notice.priority is not Priority.CRITICAL)
    others = [each for each in owed if each not in whole]
    if len(others) <= FEW:
        return [_alone(each) for each in whole + others] + daily
    return [_alone(each) for each in whole] + list(_digests(others)) + daily


def _alone(each: Waiting) -> Outgoing:
    return Outgoing((each.row,), each.notice.title, each.notice.body)


def _digests(others: Sequence[Waiting]) -> Iterable[Outgoing]:
    """Fold whole alarms, in order, into as few messages as can name them all."""
    alarms: dict[str, list[Waiting]] = {}
    for each in others:
        alarms.setdefault(each.notice.alarm, []).append(each)
    waiting = list(alarms.values())
    while waiting:
        taken = len(waiting)
        while taken > 1 and len(_list(waiting[:taken])) > fitting.BODY:
            taken -= 1
        yield _digest(waiting[:taken])
        waiting = waiting[taken:]


def _digest(alarms: Sequence[Sequence[Waiting]]) -> Outgoing:
    rows = tuple(each.row for alarm in alarms for each in alarm)
    first = _newest(alarms[0])
    if len(alarms) == 1:
        return Outgoing(rows, first.title, first.body)
    return Outgoing(
        rows, fitting.shortened(f"{len(alarms)} alarms, first: {first.title}", fitting.TITLE), _list(alarms)
    )


def _list(alarms: Sequence[Sequence[Waiting]]) -> str:
    """Name the alarms by how they stand: open ones first."""
    groups: dict[str, list[str]] = {OPEN: [], **{word: [] for word in WORDS.values()}}
    for alarm in alarms:
        newest = _newest(alarm)
        groups[WORDS.get(newest.about, OPEN)].append(newest.alarm)
    told = [f"{word}: {' '.join(ids)}." for word, ids in groups.items() if ids]
    return " ".join([*told, ADVICE])


def _newest(alarm: Sequence[Waiting]) -> Notice:
    return max(alarm, key=lambda each: each.row).notice
