"""What a payload family is: how it is recognised, read, and how its points are checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.found import Findings


class Sure(IntEnum):
    """How sure a family is that a message is one of its own."""

    NO = 0
    SHAPE = 1  # it could be read so, and so could others
    LIKELY = 2  # topic or members are typical
    CERTAIN = 3  # topic and members, or members that nobody else sends


class Evidence(StrEnum):
    """The best that a family was tested against."""

    RECORDED = "recorded"
    DOCUMENTED = "documented"
    COMPOSED = "composed"  # never advertised as tested against devices


# The state of a family between messages: an immutable value, None at the start.
State = object
Answer = Findings | Rejected


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of payload.

    `recognise` is pure, cheap and claims no other family's shape. `read` is
    given the family's state and returns it as it is afterwards; it never
    raises, whatever the bytes.
    """

    name: str
    priority: int  # 1 first, 3 by mapping only; payload families in order of use to a pharmacy
    evidence: Evidence
    summary: str
    recognise: Callable[[Message], Sure]
    read: Callable[[Message, Context, State], tuple[Answer, State]]
    check: Callable[[Point], str | None]
    recipe: bool = False  # read by data, not by code of its own


def stateless(
    read: Callable[[Message, Context], Answer],
) -> Callable[[Message, Context, State], tuple[Answer, State]]:
    """Return a reader of messages that say everything themselves."""

    def keep_state(message: Message, context: Context, state: State) -> tuple[Answer, State]:
        return read(message, context), state

    return keep_state
