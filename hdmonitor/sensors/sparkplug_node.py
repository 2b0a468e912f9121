"""What is remembered of one Sparkplug B edge node: its metrics by alias, its sequence, its session.

Births lay the names down, data refer to them by alias, and a sequence number
counts every message of the node. After a lost message an alias may mean
another metric: nothing is read by alias then until the node is born again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

SEQUENCE = 256  # numbers go from 0 to 255
ASK_AGAIN = timedelta(seconds=60)  # a node that is busy or does not listen is not pressed
MAX_DEVICES = 256
MAX_KNOWN = 8192  # metrics of one node with all its devices


@dataclass(frozen=True, slots=True)
class Known:
    """What a birth says of one metric."""

    name: str
    datatype: int | None
    unit: str | None  # text of its engUnit
    alias: int | None


@dataclass(frozen=True, slots=True)
class Node:
    """One edge node after the newest message; `seq` None where it has to be born again first."""

    seq: int | None = None
    bd_seq: int | None = None  # of the birth; only a death with the same ends this session
    asked_at: datetime | None = None  # the newest request for a rebirth
    births: Mapping[str, Mapping[str, Known]] = field(default_factory=dict)  # by device ("" the node), name

    @property
    def devices(self) -> tuple[str, ...]:
        """Return the devices that were born behind the node."""
        return tuple(device for device in self.births if device)

    def follows(self, seq: int) -> bool:
        """Tell whether a message with `seq` leaves no gap; the newest one may come twice."""
        return self.seq is not None and seq in {self.seq, (self.seq + 1) % SEQUENCE}

    def asking(self, at: datetime) -> Node:
        """Return the node asked for a rebirth at `at`, unless that was done a moment ago."""
        due = self.asked_at is None or at - self.asked_at >= ASK_AGAIN
        return replace(self, asked_at=at) if due else self

    def with_birth(self, device: str, metrics: Mapping[str, Known]) -> Node | None:
        """Return the node with the birth of `device`; None if it is more than is remembered."""
        births = {**self.births, device: MappingProxyType(dict(metrics))}
        if len(births) > MAX_DEVICES or sum(map(len, births.values())) > MAX_KNOWN:
            return None
        return replace(self, births=MappingProxyType(births))

    def without(self, device: str) -> Node:
        """Return the node after the death of `device`."""
        births = {name: metrics for name, metrics in self.births.items() if name != device}
        return replace(self, births=MappingProxyType(births))

    def state(self) -> dict[str, Any]:
        """Return the node as JSON."""
        return {
            "seq": self.seq,
            "bd_seq": self.bd_seq,
            "asked_at": self.asked_at.isoformat() if self.asked_at else None,
            "births": {
                device: [[each.name, each.datatype, each.unit, each.alias] for each in metrics.values()]
                for device, metrics in self.births.items()
            },
        }

    @staticmethod
    def restored(state: Mapping[str, Any]) -> Node:
        """Return the node that `state` wrote."""
        births = {
            device: MappingProxyType({row[0]: Known(*row) for row in rows})
            for device, rows in state["births"].items()
        }
        asked = state["asked_at"]
        return Node(
            state["seq"],
            state["bd_seq"],
            datetime.fromisoformat(asked) if asked else None,
            MappingProxyType(births),
        )
