"""What is written down about obligations: what was done, when it fell due, of what somebody was reminded.

An obligation is named by its id, what it is for by the key of a subject: "lee" for a person,
"lee/half-mask" for a person and a facepiece, "bsc-1" for a thing, "hd-buffer" for a room, "site".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class Result(StrEnum):
    """What came of it."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    NOT_JUDGED = "not-judged"  # such as a plate that is still in the incubator; fulfils nothing
    VOID = "void"  # of a correction: what it names is not to count


@dataclass(frozen=True, slots=True)
class Completion:
    """One piece of evidence: somebody did what an obligation asks for.

    `number` and `filed_at` are given when it is written down; the number is that of its event.
    """

    obligation: str
    subject: str
    on: date  # local day of the site
    result: Result
    filed_by: str  # id of a person
    done_by: str = ""  # id of a person, or whoever came from outside, such as a certifier
    evaluator: str = ""  # who judged it
    second: str = ""  # id of the second person, where two have to sign
    values: Mapping[str, Any] = field(default_factory=dict)  # JSON: {"cfu": 0}, {"hours": 6.5}
    method: str = ""
    certificate: str = ""
    attachments: tuple[str, ...] = ()  # SHA-256 of files, in hexadecimal digits
    remark: str = ""
    run: int = 1  # which of several on one day
    corrects: int | None = None  # number of the completion that this one replaces
    number: int = 0
    filed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An incident as far as something has to follow it: what it was, never who was in it."""

    number: int  # of its event
    what: str  # "spill", "exposure", "spill-and-exposure"
    place: str  # id of a room
    filed_at: datetime


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One day on which an obligation falls due for a subject; `ended` says why it no longer does."""

    obligation: str
    subject: str
    due: date
    rule: str
    version: str
    opened_at: datetime
    ended_at: datetime | None = None
    ended: str = ""  # "completed", "moved", "gone"


@dataclass(frozen=True, slots=True)
class Reminder:
    """A step of days before (negative: after) a due day that needs telling no more; `event` tells it."""

    obligation: str
    subject: str
    due: date
    step: int
    event: int
