"""Puts a story to the test: plays it and compares all that happened with what it expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path

from hdmonitor.events import Event, Outcome
from hdmonitor.model import Reading, Rule
from hdmonitor.scenario import Memory, Story, play
from hdmonitor.stories import Scenario

CONTEXT = 2  # lines around a difference


class Found(StrEnum):
    """How one line of a story came out."""

    TOLD = "as expected"
    MISSING = "missing"  # expected, did not happen
    EXTRA = "extra"  # happened, was not expected


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of what was expected or of what happened."""

    found: Found
    line: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One story as it was played."""

    story: Story
    told: tuple[str, ...]
    readings: Mapping[str, tuple[Reading, ...]]  # as they were judged, by point
    events: tuple[Event, ...]
    restarted: tuple[str, ...] | None = None  # what the same story told with a restart before every input

    @property
    def passed(self) -> bool:
        """Tell whether nothing was missing and nothing too much."""
        return self.told == self.story.then and self.restarted in (None, self.story.then)


@dataclass(frozen=True, slots=True)
class Played:
    """One file of stories with what came of it."""

    file: Path
    scenario: Scenario | None  # None when it could not be read, and then
    problems: tuple[str, ...]  # why
    trials: list[Trial] = field(default_factory=list)


class _Witness(Memory):
    """Keeps events besides what a monitor needs to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []

    def take(self, outcome: Outcome, at: datetime) -> None:
        """Remember an outcome, and what was seen in it."""
        super().take(outcome, at)
        self.events.extend(outcome.events)


def put_to_the_test(story: Story, own: Mapping[str, Rule], *, restarts: bool = False) -> Trial:
    """Play a story, and with `restarts` once more with a restart before every input."""
    witness = _Witness()
    told = play(story, own, remember=lambda: witness)
    again = tuple(play(story, own, restart_always=True)) if restarts else None
    readings = {point: tuple(seen) for point, seen in witness.readings.items()}
    return Trial(story, tuple(told), readings, tuple(witness.events), again)


def compare(expected: tuple[str, ...], told: tuple[str, ...]) -> list[Compared]:
    """Return both stories as one; what is missing stands before what came instead."""
    lines: list[Compared] = []
    for _, first, last, begin, end in SequenceMatcher(None, expected, told, autojunk=False).get_opcodes():
        if expected[first:last] == told[begin:end]:
            lines.extend(Compared(Found.TOLD, line) for line in told[begin:end])
            continue
        for missing, extra in zip_longest(expected[first:last], told[begin:end]):
            lines.extend([Compared(Found.MISSING, missing)] if missing is not None else [])
            lines.extend([Compared(Found.EXTRA, extra)] if extra is not None else [])
    return lines


def difference(trial: Trial) -> Iterator[str]:
    """Yield what a person reads of a story that failed."""
    expected = trial.story.then
    if trial.told != expected:
        yield from _difference(expected, trial.told)
    if trial.restarted not in (None, expected, trial.told):
        yield "with a restart before every line:"
        yield from _difference(expected, trial.restarted or ())


def _difference(expected: tuple[str, ...], told: tuple[str, ...]) -> Iterator[str]:
    lines = compare(expected, told)
    wrong = [number for number, line in enumerate(lines) if line.found is not Found.TOLD]
    near = {n for each in wrong for n in range(each - CONTEXT, each + CONTEXT + 1)}
    skipped = False
    for number, line in enumerate(lines):
        if number not in near:
            skipped = True
            continue
        if skipped:
            yield f"{'':8} …"
            skipped = False
        yield f"{'' if line.found is Found.TOLD else line.found.value:8} {line.line}"
    if skipped:
        yield f"{'':8} …"
