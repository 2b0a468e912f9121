"""What is due next, over all cases of a site: a heap whose entries may be out of date."""

from __future__ import annotations

from datetime import datetime
from heapq import heappop, heappush
from typing import Protocol

LAST = 1_000_000_000  # at equal times, what is ranked last comes after everything else


class Due(Protocol):
    """Something that time alone moves."""

    # The agenda's own: its place among those of the same moment, and when it is known to be due.
    rank: int
    noted: datetime | None

    def due(self) -> datetime | None:
        """Return when it moves next, if no value comes before."""


class Agenda:
    """Names the moments at which time alone changes something, in their order.

    A case that has moved is scheduled again; one whose moment has moved away by
    itself is found out when its old moment comes.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Due]] = []
        self._ranked = 0

    def rank(self, case: Due, *, last: bool = False, before: Due | None = None, room: int = 0) -> None:
        """Give a case its place among those of the same moment: the order in which they come here.

        `last` puts it behind all others, `before` in front of all, in the reverse order of those named.
        `room` leaves so many places right before it to those who know of them.
        """
        self._ranked += room
        place = self._ranked + (LAST if last else 0)
        case.rank = place if before is None else -1 - before.rank
        self._ranked += 1

    def schedule(self, case: Due) -> None:
        """Note when a case is due, if that is earlier than is known."""
        due = case.due()
        if due is not None and (case.noted is None or due < case.noted):
            case.noted = due
            heappush(self._heap, (due, case.rank, case))

    def next_due(self) -> datetime | None:
        """Return the earliest moment at which something is due."""
        while self._heap:
            moment, _, case = self._heap[0]
            if case.noted == moment:
                if case.due() == moment:
                    return moment
                heappop(self._heap)
                case.noted = None
                self.schedule(case)
            else:
                heappop(self._heap)
        return None

    def take(self, at: datetime) -> tuple[datetime, Due] | None:
        """Take what is due first, up to and including `at`."""
        # Nothing is due before the first entry, though it may be out of date itself.
        if not self._heap or self._heap[0][0] > at:
            return None
        due = self.next_due()
        if due is None or due > at:
            return None
        _, _, case = heappop(self._heap)
        case.noted = None
        return due, case

    def clear(self) -> None:
        """Forget every moment; the ranks stay."""
        for _, _, case in self._heap:
            case.noted = None
        self._heap.clear()
