"""A fire drill of one point: the hops of an alarm from the broker to the answer, and what its messages say.

The first hop that was not reached is the one that failed: nothing behind it
can be judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from hdmonitor.alerts import fitting
from hdmonitor.alerts.wording import Text

CODES = 9000


class Hop(StrEnum):
    """What an alarm passes, in this order."""

    BROKER = "broker"
    DECODE = "decode"
    RULE = "rule"
    OUTBOX = "outbox"
    PROVIDER = "provider"
    ARRIVAL = "arrival"
    ACKNOWLEDGEMENT = "acknowledgement"


# What is wrong where nothing better is known when the time is over.
MISSING = {
    Hop.BROKER: "the monitor heard nothing on the mirror topic: look at the broker and at its access list",
    Hop.DECODE: "nothing was decoded",
    Hop.RULE: "no rule judged it",
    Hop.OUTBOX: "nobody was owed a message",
    Hop.PROVIDER: "no provider has taken the message",
    Hop.ARRIVAL: "the provider took it and nobody gave the code that the message shows",
    Hop.ACKNOWLEDGEMENT: "it arrived and nobody acknowledged it",
}


@dataclass(frozen=True, slots=True)
class Course:
    """How far a drill has come."""

    id: str
    point: str
    by: str
    started_at: datetime
    ends_at: datetime
    hops: Mapping[Hop, datetime] = field(default_factory=dict)
    why: Mapping[Hop, str] = field(default_factory=dict)  # what is known to stand against a hop
    told: tuple[str, ...] = ()  # destinations

    def reached(self, hop: Hop, at: datetime) -> Course:
        """Note when a hop was reached first."""
        return self if hop in self.hops else replace(self, hops={**self.hops, hop: at})

    def hindered(self, hop: Hop, why: str) -> Course:
        """Note what stands against a hop."""
        return replace(self, why={**self.why, hop: why})

    @property
    def failed(self) -> Hop | None:
        """The first hop that was not reached."""
        return next((hop for hop in Hop if hop not in self.hops), None)

    @property
    def reason(self) -> str:
        """Why that one was not, as far as is known."""
        hop = self.failed
        return self.why.get(hop, MISSING[hop]) if hop is not None else ""

    def state(self) -> dict[str, Any]:
        """Return what a restart needs, as JSON."""
        return {
            "id": self.id,
            "point": self.point,
            "by": self.by,
            "started_at": self.started_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "hops": {hop.value: at.isoformat() for hop, at in self.hops.items()},
            "why": {hop.value: why for hop, why in self.why.items()},
            "told": list(self.told),
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Course:
        """Go on from what `state` wrote."""
        return cls(
            state["id"],
            state["point"],
            state["by"],
            datetime.fromisoformat(state["started_at"]),
            datetime.fromisoformat(state["ends_at"]),
            {Hop(hop): datetime.fromisoformat(at) for hop, at in state["hops"].items()},
            {Hop(hop): why for hop, why in state["why"].items()},
            tuple(state["told"]),
        )


def is_drill(alarm: str) -> bool:
    """Tell whether an id is that of a drill and not of an alarm."""
    return alarm.startswith("D")


def code(course: Course, destination: str) -> str:
    """Return the number that only the message to this destination shows: who gives it has read it."""
    digest = sha256(f"{course.id}|{destination}|{course.started_at.isoformat()}".encode()).hexdigest()
    return str(1000 + int(digest, 16) % CODES)


def told(course: Course, name: str, what: str, destination: str) -> Text:
    """Return the message of a drill; `what` is where the value stands: "16.1 C, limit 8"."""
    title = fitting.title(name, (f"DRILL: {{name}}: {what}", "DRILL: {name}"))
    number = code(course, destination)
    parts = (
        (0, "DRILL, nothing is wrong."),
        (0, f"Code {number}: hdmonitor drill arrived {course.id} --code {number}, then drill ack."),
    )
    return Text(title, fitting.body(course.id, parts))


def over(course: Course, name: str, why: str) -> Text:
    """Return the message that ends a drill for those who were told."""
    title = fitting.title(name, ("DRILL OVER: {name}",))
    failed = f"Failed at: {course.failed}." if course.failed else "Every hop was passed."
    return Text(title, fitting.body(course.id, ((0, _sentence(why) or failed),)))


def _sentence(text: str) -> str:
    return text if not text or text.endswith(".") else f"{text}."
