"""What people do in a room besides answering alarms: use, hand readings, out of service, return, override.

A page of its own, because a live page would swap away what somebody types.
Setting something aside and returning it to service need the person's PIN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from hdmonitor.asking import act_asked
from hdmonitor.events import (
    BackInService,
    HandReading,
    InUse,
    OutOfService,
    Override,
    Returning,
    ReturnStep,
    Why,
)
from hdmonitor.model import Room
from hdmonitor.rights import may, may_step
from hdmonitor.site_limits import shown_unit
from hdmonitor.units import QUANTITIES, unit_named
from hdmonitor.vouched import situation
from hdmonitor.web import proof
from hdmonitor.web.cards import clock
from hdmonitor.web.desk import Desk
from hdmonitor.web.look import Looks
from hdmonitor.web.visit import Visit, acts, address_of, for_people

STEPS = tuple(ReturnStep)
OVERRIDES = (15, 30, 60, 120, 240)  # minutes
HOURS = (1, 2, 4, 8, 24, 72, 168)  # out of service
NEED_PIN = frozenset({"override", "return", "out"})
FIELDS: Mapping[str, tuple[str, ...]] = {
    "use": ("in_use",),
    "read": ("point", "value", "unit"),
    "out": ("why", "reason"),
    "back": (),
    "return": ("unit", "step"),
    "override": ("place", "reason", "minutes"),
}


@dataclass(frozen=True, slots=True)
class Latched:
    """A unit that waits to be returned to service."""

    unit: str
    name: str
    done: tuple[str, ...]  # "deactivate, Lee, 14:10"
    step: str  # the next
    may: bool


def routes(desk: Desk, looks: Looks) -> list[Route]:
    """Return the routes of this module."""
    deeds = _Deeds(desk, looks)
    return [
        for_people(desk, "/rooms/{room}/acts", deeds.on_page),
        acts(desk, "/rooms/{room}/acts", deeds.on_act),
    ]


class _Deeds:
    def __init__(self, desk: Desk, looks: Looks) -> None:
        self._desk, self._looks = desk, looks

    async def on_page(self, visit: Visit) -> Response:
        """Show what this person may do in a room."""
        return self._page(visit, self._room(visit))

    async def on_act(self, visit: Visit) -> Response:
        """Do what a form asks, once it is proven who asks where that is needed."""
        room, do = self._room(visit), visit.text("do", 20)
        if do not in FIELDS:
            return self._page(visit, room, "Choose what to do.", 422)
        person = visit.visitor.person
        assert person is not None  # noqa: S101  # `acts` lets nobody else in
        if do in NEED_PIN:
            wrong = await proof.pin(self._desk, person, visit.text("pin", 200), address_of(visit.request))
            if wrong:
                return self._page(visit, room, wrong, 403)
        act = act_asked(self._request(visit, room, do))
        if isinstance(act, str):
            return self._page(visit, room, f"{act}. Nothing was done.", 422)
        if refusal := await visit.ask(act):
            return self._page(visit, room, refusal, 409)
        return visit.done(f"/rooms/{room.id}/acts?done={do}")

    def _request(self, visit: Visit, room: Room, do: str) -> dict[str, str]:
        """Return what a form says as the control socket would be asked."""
        request = {"do": do, "by": visit.by, **{name: visit.text(name, 1000) for name in FIELDS[do]}}
        now = self._desk.now()
        if do == "use":
            request["room"] = room.id
        if do == "read":
            request["read_at"] = now.isoformat()
        if do in {"out", "back"}:
            chosen = [each for each in visit.form.getlist("point") if isinstance(each, str)]
            request["points"] = " ".join(each for each in chosen if each in self._points(room))
        if do == "out":
            hours = visit.text("hours", 5)
            span = timedelta(hours=int(hours)) if hours in map(str, HOURS) else timedelta(0)
            request["until"] = (now + span).isoformat()
        return request

    # --- the page -------------------------------------------------------------

    def _room(self, visit: Visit) -> Room:
        room = self._desk.site.rooms.get(visit.request.path_params["room"])
        if room is None:
            raise HTTPException(404)
        return room

    def _points(self, room: Room) -> list[str]:
        return [point.id for point in self._desk.site.points.values() if point.room == room.id]

    def _page(self, visit: Visit, room: Room, says: str = "", status: int = 200) -> Response:
        desk, look = self._desk, self._looks()
        role = visit.visitor.person.role if visit.visitor.person else ""
        with desk.reader() as journal:
            latches = journal.states("return:")
            out = journal.states("out:")
        inside = self._points(room)
        names = {id_: situation(desk.site, desk.site.points[id_], look.at).name for id_ in inside}
        places = {room.id: room.name}
        places |= {unit.id: unit.name for unit in desk.site.equipment.values() if unit.room == room.id}
        return visit.page(
            "deeds.html",
            status,
            room=room,
            says=says,
            done=visit.request.query_params.get("done", "") if not says else "",
            new_form=visit.new_form,
            used=room.id in look.acts.in_use,
            may={
                "use": may(role, InUse),
                "read": may(role, HandReading),
                "out": may(role, OutOfService),
                "back": may(role, BackInService),
                "override": may(role, Override),
                "return": may(role, Returning),
            },
            names=names,
            units={id_: self._unit(id_) for id_ in inside if self._is_read(id_)},
            readable=[id_ for id_ in inside if self._is_read(id_)],
            out={id_: names[id_] for id_ in inside if out.get(f"out:{id_}")},
            latched=[found for id_ in places if (found := self._latched(id_, places[id_], latches, role))],
            places={id_: name for id_, name in places.items() if any(card.id == id_ for card in look.cards)},
            whys=[each.value for each in Why],
            hours=HOURS,
            overrides=OVERRIDES,
        )

    def _is_read(self, id_: str) -> bool:
        """Tell whether there is a gauge to read: a figure that is judged, and no sum."""
        point = self._desk.site.points[id_]
        is_state = QUANTITIES[point.quantity].words is not None
        return not is_state and not point.legs and any(rule.thresholds for rule in point.rules)

    def _unit(self, id_: str) -> str:
        point = self._desk.site.points[id_]
        return unit_named(shown_unit(point), point.quantity).name

    def _latched(self, unit: str, name: str, latches: Mapping[str, Any], role: str) -> Latched | None:
        state = latches.get(f"return:{unit}")
        if not state:
            return None
        people, desk = self._desk.site.people, self._desk
        done = tuple(
            f"{step}: {people[by].name if by in people else by},"
            f" {clock(datetime.fromisoformat(at), desk.now(), desk.zone)}"
            for step, by, at in state["steps"]
        )
        step = STEPS[len(state["steps"])]
        return Latched(unit, name, done, step.value, may_step(role, step))
