"""What the monitor says of itself: the broker is away, the disk is full, nobody can be reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from hdmonitor.builder import NOBODY, Builder
from hdmonitor.case import Case
from hdmonitor.draft import Draft
from hdmonitor.events import Condition
from hdmonitor.gateways import PREFIX
from hdmonitor.watch import at_rest

OWN = "case:hdmonitor."


class Itself:
    """The conditions of one monitor; `cases` gives all of its site, `stir` is told of those that move."""

    def __init__(
        self, builder: Builder, cases: Callable[[], list[Case]], stir: Callable[[Case], None]
    ) -> None:
        self._builder = builder
        self._all = cases
        self._stir = stir
        self._own: dict[str, Case] = {}
        self.linked = True  # to the broker
        self.unreachable: frozenset[str] = frozenset()  # destinations whose newest message was not taken

    def cases(self) -> list[Case]:
        """Return the cases of what has been in trouble."""
        return list(self._own.values())

    def take(self, item: Condition, at: datetime, draft: Draft) -> None:
        """Take the news that something is in trouble, or is not."""
        case = self._case(item.subject)
        if item.subject == "broker" and item.wrong == self.linked:
            self._relink(at, draft, up=not item.wrong)
        if item.wrong or not at_rest(case):
            case.text = item.text
            self._observe(case, at, 1.0 if item.wrong else 0.0, draft)

    def _case(self, subject: str) -> Case:
        """Return the case of a condition, built at its first mention."""
        if subject not in self._own:
            self._own[subject] = self._builder.of_itself(subject)
        return self._own[subject]

    def _observe(self, case: Case, at: datetime, value: float, draft: Draft) -> None:
        if case.observe(at, value, draft):
            self._stir(case)

    def _relink(self, at: datetime, draft: Draft, *, up: bool) -> None:
        """Hold back calls for silence while no message can reach us (practice rule 5)."""
        self.linked = up
        draft.outcome.states["link"] = up
        for case in self._all() if up else ():
            if case.cause == "silent" and case.postpone(at + case.point.valid_for):
                self._stir(case)

    def reaches(self, destination: str, at: datetime, draft: Draft, *, taken: bool) -> None:
        """Take the news that a destination takes messages, or does not."""
        before = self.unreachable
        self.unreachable = before - {destination} if taken else before | {destination}
        told = NOBODY in self._own and not at_rest(self._own[NOBODY])
        if self.unreachable == before and not told:
            return
        draft.outcome.states["unreachable"] = [*sorted(self.unreachable)]
        stuck = [case for case in self._all() if case.nobody_reached]
        if stuck and not told:
            names = " and ".join(case.alarm.id for case in stuck if case.alarm)
            nobody = self._case(NOBODY)
            nobody.text = f"nobody called about {names} can be reached"
            self._observe(nobody, at, 1.0, draft)
        elif told and not stuck:
            self._observe(self._case(NOBODY), at, 0.0, draft)
        for case in stuck:
            case.reach_everybody(at, draft)
            self._stir(case)

    def restore(self, states: Mapping[str, Any]) -> None:
        """Go on from the states of the journal."""
        self.linked = bool(states.get("link", True))
        self.unreachable = frozenset(states.get("unreachable") or ())
        for key, state in states.items():
            if key.startswith(OWN) and not key.startswith(f"case:{PREFIX}") and state is not None:
                self._case(key.removeprefix(OWN).partition("|")[0]).restore(state, None)
