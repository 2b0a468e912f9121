"""What threads hand to the core, besides the inputs of a decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol, TypeAlias

from hdmonitor.events import Act, Condition, Entry
from hdmonitor.model import Message


class Reply(Protocol):
    """Takes the core's answer to a person: "" for done, else why not."""

    def put(self, answer: str) -> None:
        """Hand over the answer without blocking."""


class Arrived(NamedTuple):
    """An MQTT publication; `mid` is 0 at QoS 0, where there is nothing to acknowledge."""

    message: Message
    connection: int
    mid: int
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What was read from the broker in one go, in its order."""

    messages: tuple[Arrived, ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """The connection with this number to the broker came up or went down."""

    up: bool
    connection: int
    session_present: bool
    text: str


@dataclass(frozen=True, slots=True)
class CanaryBack:
    """Our own canary came back through the broker."""

    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """The result of one attempt to deliver; several rows when folded into one message."""

    rows: tuple[int, ...]
    destination: str
    delivered: bool
    answer: str
    at: datetime
    alarms: tuple[str, ...] = ()  # that the message was about


@dataclass(frozen=True, slots=True)
class Copied:
    """Everything up to and including `seq` is in InfluxDB."""

    cursor: str
    seq: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that InfluxDB does not take, to be kept where people look."""

    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """An adapter's own condition."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Asked:
    """A person's act, with the place where the answer is awaited.

    `once` names a form: sent twice, it is done once and answered twice.
    """

    act: Act | Entry
    reply: Reply
    once: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A calendar moment: the core wakes, nothing more."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Drain what is before this, then end."""


Item: TypeAlias = Arrivals | Linked | CanaryBack | Sent | Copied | BadLine | Told | Asked | Tick | Stop
