"""`hdmonitor decode` and `hdmonitor families`: what captured messages say, and what can be read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from hdmonitor.refusal import Refusal
from hdmonitor.sensors import ALIASES, FAMILIES, GROUPS
from hdmonitor.sensors.lines import LineError, Listening, answer_to


class Unreadable(Refusal):
    """No family has this name, or the file of messages cannot be read; the sentence says which."""


def checked_family(name: str | None) -> str | None:
    """Return the name if a family, or several behind one network server, have it."""
    known = (*FAMILIES, *ALIASES, *GROUPS)
    if name is None or name in known:
        return name
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise Unreadable(f"{name!r} is not a payload family; {meant}'hdmonitor families' lists all")


def decoded(lines: Iterable[str], family: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield for each line its answer as JSON, and what is wrong with the line itself, if anything.

    Lines are one session in their order.
    """
    listening = Listening()
    for number, raw in enumerate(lines, start=1):
        wrong = None
        try:
            answer, listening = answer_to(raw, family, listening)
        except LineError as error:
            wrong = f"line {number} {error}"
            answer = {"id": None, "topic": None, "family": None, "readings": [], "rejected": wrong}
        yield json.dumps(answer, ensure_ascii=False, allow_nan=False), wrong


def families_table() -> Iterator[str]:
    """Yield a line for each family: its name, priority, evidence, how it is read, what it is."""
    width = max(len(name) for name in FAMILIES)
    yield f"{'family':{width}}  priority  evidence    read by  what"
    for name, family in FAMILIES.items():
        by = "recipe" if family.recipe else "decoder"
        yield f"{name:{width}}  {family.priority:8}  {family.evidence:10}  {by:7}  {family.summary}"
    yield ""
    yield "evidence: recorded from devices, documented by the maker, or composed from a field list only;"
    yield "a family that is only composed was never tested against devices."
