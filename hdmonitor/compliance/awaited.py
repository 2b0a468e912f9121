"""Samples that were taken and have no result yet: from when they can be read, and which are late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.due import counted
from hdmonitor.compliance.incubation import MEDIA, SAMPLES, Stage
from hdmonitor.compliance.judging import JUDGES, MEASURED

A_WEEKEND: Final = timedelta(days=3)  # practice: a plate that is ready on Friday is read on Monday
MEDIA_RULES: Final = frozenset({"797-H5", "797-H6"})
BY_THE_CLOCK: Final = "by the clock: no incubator was named"


@dataclass(frozen=True, slots=True)
class Awaited:
    """A sample without a result."""

    entry: Completion
    ready_on: date  # when it has been incubated for as long as its rule asks at least
    says: str = ""  # how that day was counted

    def late(self, on: date) -> bool:
        """Tell whether somebody should have read it."""
        return on > self.ready_on + A_WEEKEND


def stages_of(rule: str) -> tuple[Stage, ...]:
    """Return how a rule has its samples incubated."""
    return MEDIA if rule in MEDIA_RULES else SAMPLES


def awaited(rule: str, completions: Iterable[Completion]) -> list[Awaited]:
    """Return what was taken under a rule and not read, of one duty, the oldest first, by the clock.

    An invalid sample has its counts and is not awaited: it has to be taken again.
    """
    if rule not in JUDGES:
        return []
    span = sum((stage.at_least for stage in stages_of(rule)), timedelta())
    return [
        Awaited(each, each.on + span, BY_THE_CLOCK)
        for each in counted(completions)
        if each.result is Result.NOT_JUDGED and not MEASURED & each.values.keys()
    ]
