"""The API: what the pages show and do, as JSON, with a token. Described at /api/v1/openapi.json.

A token opens, a person acts: every act names its person and carries the
person's PIN, whatever the alarm (practice rule 8).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hdmonitor.alerts.numbers import as_json
from hdmonitor.asking import act_asked, as_text
from hdmonitor.attachments import FOLDER, missing
from hdmonitor.board import Card, Reason
from hdmonitor.compliance.judging import NOT_MEASURED
from hdmonitor.events import Act, Alarm, Complete
from hdmonitor.model import Person, Point, Reading
from hdmonitor.reader import JournalRefused
from hdmonitor.rows import OutboxRow, StoredEvent
from hdmonitor.units import QUANTITIES
from hdmonitor.vouched import away, situation, worth
from hdmonitor.web import proof
from hdmonitor.web.api_compliance import due_on
from hdmonitor.web.api_models import (
    Alarms,
    AlarmTold,
    BoardTold,
    CardTold,
    ComplianceTold,
    Done,
    EventTold,
    LifeTold,
    LimitTold,
    NoticeTold,
    NumbersTold,
    OverrideTold,
    Points,
    PointTold,
    Problem,
    ReadingsTold,
    ReadingTold,
    ReasonTold,
    Rooms,
    RoomTold,
    Told,
)
from hdmonitor.web.desk import BUSY, UNCERTAIN, Desk
from hdmonitor.web.duties import Duties
from hdmonitor.web.figures import DAYS, USUAL, Counts
from hdmonitor.web.look import Look, Looks
from hdmonitor.web.openapi import BASE, SUMMARIES, description, may_be_signed_by_two
from hdmonitor.web.visit import Visit, acts_of_programs, address_of, body_of, for_anybody, for_programs

MOST = 500  # of what is listed
MOST_READINGS = 5_000
LONGEST_SPAN = timedelta(days=31)
USUAL_SPAN = timedelta(hours=24)
SECOND = "name the second person, another one, as `second`, by id, with their own PIN as `second_pin`"
FIRST_YEAR, LAST_YEAR = 1970, 9999  # what is asked for lies between
Answer = Callable[[Visit], Awaitable[Told]]


class Refused(Exception):
    """Why a request has no answer: status and sentence."""

    def __init__(self, status: int, says: str) -> None:
        super().__init__(says)
        self.status, self.says = status, says


def routes(desk: Desk, looks: Looks, counts: Counts) -> list[Route]:
    """Return the routes of this module."""
    api = _Api(desk, looks, counts)

    async def on_description(_: Visit) -> Response:
        return JSONResponse(description())

    gets: dict[str, Answer] = {
        "/board": api.board,
        "/rooms": api.rooms,
        "/rooms/{room}": api.room,
        "/points": api.points,
        "/points/{point}": api.point,
        "/points/{point}/readings": api.readings,
        "/alarms": api.alarms,
        "/alarms/{alarm}": api.alarm,
        "/numbers": api.numbers,
        "/compliance": api.compliance,
    }
    return [
        for_anybody(desk, f"{BASE}/openapi.json", on_description),
        *(for_programs(desk, BASE + path, _told(view)) for path, view in gets.items()),
        acts_of_programs(desk, f"{BASE}/acts/{{do}}", _told(api.act)),
    ]


def _told(view: Answer) -> Callable[[Visit], Awaitable[Response]]:
    async def answer(visit: Visit) -> Response:
        try:
            return _json(await view(visit))
        except Refused as refused:
            return _json(Problem(error=refused.says), refused.status)
        except JournalRefused:
            return _json(Problem(error="The record cannot be read: nothing is known."), 503)

    return answer


def _json(told: Told, status: int = 200) -> Response:
    return Response(told.model_dump_json(), status, media_type="application/json")


class _Api:
    def __init__(self, desk: Desk, looks: Looks, counts: Counts) -> None:
        self._desk, self._looks, self._counts = desk, looks, counts
        self._duties = Duties(desk)

    def _look(self) -> Look:
        look = self._looks()
        if look.refused:
            raise Refused(503, "The record cannot be read: nothing is known.")
        return look

    # --- how things stand -----------------------------------------------------

    async def board(self, _: Visit) -> BoardTold:
        look = self._look()
        return BoardTold(at=look.at, trouble=look.health.troubles, cards=[_card(card) for card in look.cards])

    async def rooms(self, _: Visit) -> Rooms:
        return Rooms(rooms=[self._room(id_) for id_ in self._desk.site.rooms])

    async def room(self, visit: Visit) -> RoomTold:
        return self._room(_named(visit, "room", self._desk.site.rooms))

    def _room(self, id_: str) -> RoomTold:
        site = self._desk.site
        room = site.rooms[id_]
        points = [point.id for point in site.points.values() if point.room == id_]
        return RoomTold(id=id_, name=room.name, role=room.role, points=points)

    async def points(self, _: Visit) -> Points:
        look = self._look()
        return Points(points=[self._point(point, look) for point in self._desk.site.points.values()])

    async def point(self, visit: Visit) -> PointTold:
        points = self._desk.site.points
        return self._point(points[_named(visit, "point", points)], self._look())

    def _point(self, point: Point, look: Look) -> PointTold:
        site, last = self._desk.site, look.heard.get(point.id)
        found = worth(point, look.heard, look.at, away(site, look.at) | dict(look.acts.out))
        told, value = situation(site, point, look.at), last.value if last else None
        return PointTold(
            id=point.id,
            name=told.name,
            room=point.room,
            equipment=point.equipment,
            quantity=point.quantity,
            unit=QUANTITIES[point.quantity].canonical,
            value=value,
            shown="" if value is None else told.shown(value),
            measured_at=last.measured_at if last else None,
            vouched_until=found.until,
            look=found.look.value,
            says=found.says,
            limits=[
                LimitTold(
                    rule=rule.id,
                    version=rule.version,
                    force=limit.force.value,
                    level=_word(limit.level),
                    side=limit.side.value,
                    limit=limit.limit,
                    on_delay_s=limit.on_delay.total_seconds(),
                    name=limit.name,
                )
                for rule in point.rules
                for limit in rule.thresholds
            ],
        )

    # --- the past -------------------------------------------------------------

    async def readings(self, visit: Visit) -> ReadingsTold:
        points = self._desk.site.points
        point = points[_named(visit, "point", points)]
        end = _moment(visit, "end") or self._desk.now()
        start = _moment(visit, "start") or end - USUAL_SPAN
        if not timedelta(0) < end - start <= LONGEST_SPAN:
            raise Refused(422, f"end must be after start, by at most {LONGEST_SPAN.days} days")
        with self._desk.reader() as journal:
            found = journal.history(point.id, start, end, MOST_READINGS)
        unit = QUANTITIES[point.quantity].canonical
        return ReadingsTold(point=point.id, unit=unit, readings=[_reading(each) for each in found])

    async def alarms(self, visit: Visit) -> Alarms:
        which = visit.request.query_params.get("which", "open")
        if which not in {"open", "all"}:
            raise Refused(422, "which must be open or all")
        with self._desk.reader() as journal:
            found = journal.alarms()[::-1][:MOST] if which == "open" else journal.newest_alarms(MOST)
        return Alarms(alarms=[_alarm(each) for each in found])

    async def alarm(self, visit: Visit) -> LifeTold:
        id_ = visit.request.path_params["alarm"]
        with self._desk.reader() as journal:
            found = journal.alarm(id_)
        if found is None:
            raise Refused(404, f"there is no alarm {id_[:40]!r}; list them at {BASE}/alarms")
        alarm, events, notices = found
        return LifeTold(
            alarm=_alarm(alarm),
            events=[_event(each) for each in events],
            notices=[_notice(each) for each in notices],
        )

    async def numbers(self, visit: Visit) -> NumbersTold:
        days = visit.request.query_params.get("days", USUAL)
        if days not in DAYS:
            raise Refused(422, f"days must be one of {', '.join(DAYS)}")
        return NumbersTold.model_validate(as_json(self._counts(days)))

    async def compliance(self, visit: Visit) -> ComplianceTold:
        return await asyncio.to_thread(due_on, self._duties, _day(visit, "on"))

    # --- acts -----------------------------------------------------------------

    async def act(self, visit: Visit) -> Done:
        """Do what is asked, once a PIN has proven each person."""
        do = visit.request.path_params["do"]
        if do not in SUMMARIES:
            raise Refused(404, f"{do[:40]!r} is not something to do")
        body = _object(await body_of(visit.request))
        pin = body.pop("pin", None)
        second_pin = body.pop("second_pin", None) if may_be_signed_by_two(do) else None
        by = body.get("by")
        person = self._desk.person(by) if isinstance(by, str) else None
        if not isinstance(pin, str) or person is None:
            raise Refused(422, "name the person as `by`, by id, with the PIN as `pin`")
        act = act_asked({"do": do, **{key: as_text(value) for key, value in body.items()}})
        if isinstance(act, str):
            raise Refused(422, act)
        if isinstance(act, Complete):
            await asyncio.to_thread(self._see, act)
        second = self._second(act, second_pin)
        address = address_of(visit.request)
        if wrong := await proof.pin(self._desk, person, pin, address):
            raise Refused(403, wrong)
        if second and (wrong := await proof.second_pin(self._desk, *second, address)):
            raise Refused(403, wrong)
        if refusal := await self._desk.ask(act):
            raise Refused(503 if refusal in {BUSY, UNCERTAIN} else 409, refusal)
        return Done()

    def _second(self, act: Act, pin: object) -> tuple[Person, str] | None:
        """Return who signs as well, and with which PIN; None where nobody does."""
        named = act.completion.second if isinstance(act, Complete) else ""
        if not named and pin is None:
            return None
        person = self._desk.person(named)
        if person is None or person.id == act.by or not isinstance(pin, str):
            raise Refused(422, SECOND)
        return person, pin

    def _see(self, act: Complete) -> None:
        """Refuse an entry not all of which is there."""
        if NOT_MEASURED in act.completion.values:
            raise Refused(
                422, f"{NOT_MEASURED!r} is for what a table says of earlier days; give what was found"
            )
        with self._desk.reader() as journal:
            folder = journal.path.parent / FOLDER
        if gone := missing(folder, act.completion.attachments):
            raise Refused(422, gone)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise HTTPException(422, "the body is not a JSON object")
    return found


def _named(visit: Visit, what: str, known: Any) -> str:
    id_ = str(visit.request.path_params[what])
    if id_ not in known:
        raise Refused(404, f"there is no {what} {id_[:60]!r}; list them at {BASE}/{what}s")
    return id_


def _moment(visit: Visit, name: str) -> datetime | None:
    text = visit.request.query_params.get(name)
    if text is None:
        return None
    says = f"{name} must be a time with its offset from UTC, such as 2026-03-02T08:00:00-05:00"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(422, says) from None
    if at.tzinfo is None or not FIRST_YEAR < at.year < LAST_YEAR:
        raise Refused(422, says)
    return at


def _day(visit: Visit, name: str) -> date | None:
    text = visit.request.query_params.get(name)
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise Refused(422, f"{name} must be a day such as 2026-03-02") from None


def _word(level: Any) -> Any:
    return level.name.lower()


def _verdict(verdict: Any) -> Any:
    return verdict.name.lower().replace("_", "-")


def _reason(each: Reason) -> ReasonTold:
    return ReasonTold(verdict=_verdict(each.verdict), text=each.text, rule=each.rule, alarm=each.alarm)


def _card(card: Card) -> CardTold:
    over = card.overridden
    return CardTold(
        id=card.id,
        name=card.name,
        room=card.room,
        work=card.work,
        verdict=_verdict(card.verdict),
        valid_until=card.until,
        reasons=[_reason(each) for each in card.reasons],
        remarks=[_reason(each) for each in card.remarks],
        overridden=OverrideTold(by=over.by, why=over.why, until=over.until) if over else None,
        in_use=card.in_use,
    )


def _reading(each: Reading) -> ReadingTold:
    return ReadingTold(
        measured_at=each.measured_at,
        received_at=each.received_at,
        value=each.value,
        quality=_word(each.quality),
        fault=each.fault,
    )


def _alarm(alarm: Alarm) -> AlarmTold:
    return AlarmTold(
        id=alarm.id,
        point=alarm.point,
        rule=alarm.rule,
        version=alarm.version,
        level=_word(alarm.level),
        priority=_word(alarm.priority),
        title=alarm.title,
        active=alarm.active,
        began_at=alarm.began_at,
        opened_at=alarm.opened_at,
        acknowledged_by=alarm.acknowledged_by,
        acknowledged_at=alarm.acknowledged_at,
        cleared_at=alarm.cleared_at,
        closed_by=alarm.closed_by,
        closed_at=alarm.closed_at,
        note=alarm.note,
    )


def _event(stored: StoredEvent) -> EventTold:
    event = stored.event
    return EventTold(
        number=event.number,
        at=event.at,
        recorded_at=stored.recorded_at,
        kind=event.kind.value,
        subject=event.subject,
        alarm=event.alarm,
        detail=event.detail,
    )


def _notice(row: OutboxRow) -> NoticeTold:
    notice = row.notice
    return NoticeTold(
        destination=notice.destination,
        about=notice.about.value,
        title=notice.title,
        body=notice.body,
        at=notice.at,
        delivered_at=row.delivered_at,
        attempts=row.attempts,
    )
