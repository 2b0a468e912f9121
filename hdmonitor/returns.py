"""Return to service: a hood or a hazardous room that was lost stays red until people have made it ready.

Airflow back is not ready (practice rule 15). Each step is recorded by a named
person, in its order; a pharmacist's signature is the last, and the only thing
that ends it. A new loss begins the steps again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hdmonitor.case import Case
from hdmonitor.draft import Draft
from hdmonitor.events import Kind, ReturnStep
from hdmonitor.model import Level, Response, Site

ORDER = tuple(ReturnStep)
CAUSES = ("limit", "hand")


@dataclass(frozen=True, slots=True)
class Latch:
    """A unit that was lost, and the steps of its return that are recorded."""

    point: str  # that lost it
    alarm: str
    since: datetime
    steps: tuple[tuple[ReturnStep, str, datetime], ...] = ()  # what, by whom, when

    @property
    def missing(self) -> tuple[ReturnStep, ...]:
        """Return the steps that are still to be recorded, in their order."""
        return ORDER[len(self.steps) :]


def unit_of(case: Case) -> str | None:
    """Return the hood or room that is lost with the alarm of a case; None where none is."""
    alarm, point = case.alarm, case.point
    if alarm is None or case.cause not in CAUSES or case.rule.response is not Response.CONTAINMENT:
        return None
    if point.equipment is not None:
        hood = any(rule.latched for rule in point.rules)
        return point.equipment if hood and alarm.level is not Level.WARNING else None
    lost = point.quantity == "differential_pressure" and alarm.level is Level.CRITICAL
    return point.room if lost else None


@dataclass(slots=True)
class Returns:
    """Every unit of a site that waits to be returned to service."""

    site: Site
    units: dict[str, Latch] = field(default_factory=dict)

    def lost(self, case: Case, at: datetime, draft: Draft) -> None:
        """Latch the unit that is lost with the alarm of a case, if one is."""
        unit = unit_of(case)
        if unit is None or case.alarm is None:
            return
        latch = self.units.get(unit)
        if latch is not None and not latch.steps:
            return  # it is latched, and nothing of its return has to be done again
        self._write(unit, Latch(case.point.id, case.alarm.id, at), draft)
        draft.event(at, Kind.LATCHED, unit, {"point": case.point.id}, case.alarm.id)

    def latched(self, case: Case) -> bool:
        """Tell whether the unit of a case waits to be returned to service."""
        return (case.point.equipment or case.point.room) in self.units

    def in_room(self, room: str) -> tuple[str, ...]:
        """Return the units of a room, and the room itself, that wait to be returned to service."""
        return tuple(unit for unit in self.units if self.room_of(unit) == room)

    def room_of(self, unit: str) -> str:
        """Return the room of a unit; of a room, itself."""
        equipment = self.site.equipment.get(unit)
        return equipment.room if equipment is not None else unit

    def refusal(self, unit: str, step: ReturnStep) -> str:
        """Say why a step of a unit cannot be recorded now; nothing if it can."""
        latch = self.units.get(unit)
        if latch is None:
            latched = ", ".join(self.units) or "none"
            return f"{unit!r:.60} does not wait to be returned to service; those that do: {latched}"
        if step is not latch.missing[0]:
            expected = latch.missing[0].value
            return f"the next step of {unit!r} is {expected}, not {step.value}; steps come in order"
        return ""

    def record(self, unit: str, step: ReturnStep, by: str, at: datetime, draft: Draft) -> None:
        """Record a step that is not refused; the signature ends the latch."""
        latch = self.units[unit]
        draft.event(at, Kind.RETURNING, unit, {"by": by, "step": step.value}, latch.alarm)
        done = replace(latch, steps=(*latch.steps, (step, by, at)))
        self._write(unit, done if done.missing else None, draft)

    def _write(self, unit: str, latch: Latch | None, draft: Draft) -> None:
        draft.outcome.rooms.add(self.room_of(unit))
        draft.outcome.states[f"return:{unit}"] = latch_state(latch) if latch is not None else None
        if latch is None:
            del self.units[unit]
        else:
            self.units[unit] = latch

    def restore(self, states: Mapping[str, Any]) -> None:
        """Go on from the states of the journal; what the site file no longer has is forgotten."""
        for key, state in states.items():
            kind, _, unit = key.partition(":")
            if kind == "return" and state is not None and {unit} & {*self.site.rooms, *self.site.equipment}:
                self.units[unit] = restored_latch(state)


def latch_state(latch: Latch) -> dict[str, Any]:
    """Return a latch as JSON."""
    return {
        "point": latch.point,
        "alarm": latch.alarm,
        "since": latch.since.isoformat(),
        "steps": [[step.value, by, at.isoformat()] for step, by, at in latch.steps],
    }


def restored_latch(state: Mapping[str, Any]) -> Latch:
    """Return the latch that `latch_state` wrote."""
    steps = tuple((ReturnStep(step), by, datetime.fromisoformat(at)) for step, by, at in state["steps"])
    return Latch(state["point"], state["alarm"], datetime.fromisoformat(state["since"]), steps)
