"""A spill or an exposure, reported from the phone; and the button of who is alone with it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TypeVar

from starlette.responses import Response
from starlette.routing import Route

from hdmonitor import evidence
from hdmonitor.compliance.due import Due, all_due, by_key
from hdmonitor.compliance.following import following
from hdmonitor.compliance.hazardous import Drug
from hdmonitor.compliance.incidents import Amount, FirstAid, Incident, What, untimely
from hdmonitor.compliance.obligation import SubjectKind
from hdmonitor.events import HELP, Entry, Kind
from hdmonitor.matrix import cell
from hdmonitor.spreadsheet import Unreadable
from hdmonitor.web.compliance import OVERSEERS
from hdmonitor.web.desk import Desk
from hdmonitor.web.visit import Visit, acts, for_people

LONGEST_NOTE = 1000
ALARM = re.compile(r"A[1-9][0-9]{0,17}")
CALLED, OVER = "called", "over"
WORDS = {
    What.SPILL: "Spill",
    What.EXPOSURE: "Exposure: it touched somebody",
    What.BOTH: "Both",
    Amount.SMALL: "Small: 5 mL or 5 g at most",
    Amount.LARGE: "Large",
    Amount.UNKNOWN: "Not known",
    FirstAid.NONE: "None was needed",
    FirstAid.SKIN: "Skin washed",
    FirstAid.EYES: "Eyes rinsed",
    FirstAid.CLOTHES: "Clothes taken off",
    FirstAid.SENT: "Sent to care",
}
T = TypeVar("T", What, Amount, FirstAid)


def routes(desk: Desk) -> list[Route]:
    """Return the routes of this module."""
    pages = _Pages(desk)
    return [
        for_people(desk, "/incidents", pages.on_page),
        acts(desk, "/incidents/report", pages.on_report),
        acts(desk, "/incidents/help", pages.on_help),
    ]


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def on_page(self, visit: Visit) -> Response:
        """Show the button, the form and what was reported before."""
        with self._desk.reader() as journal:
            incidents, drugs, alarms = journal.incidents(), journal.drugs(), journal.alarms()
        local = self._desk.now().astimezone(self._desk.zone)
        dues = self._dues(incidents, local.date())
        open_ = [alarm for alarm in alarms if alarm.closed_at is None]
        called = {alarm.point.partition(":")[2] for alarm in open_ if _calls(alarm.point) and alarm.active}
        return visit.page(
            "incidents.html",
            incidents=[self._told(each, visit, dues, local.date()) for each in reversed(incidents)],
            drugs=drugs,
            alarms=[alarm for alarm in open_ if not _calls(alarm.point)],
            rooms=self._desk.site.rooms,
            people=self._desk.site.people,
            here=visit.request.query_params.get("room", ""),
            called=sorted(called),
            at=f"{local:%Y-%m-%dT%H:%M}",
            words=WORDS,
            whats=list(What),
            amounts=list(Amount),
            first_aids=list(FirstAid),
        )

    async def on_help(self, visit: Visit) -> Response:
        """Call for help, or say that somebody is there."""
        room, over = visit.text("room"), visit.text("is") == OVER
        if room not in self._desk.site.rooms:
            return visit.refused("Which room? Choose one. Nobody was called.", 422, back="/incidents")
        entry = Entry(Kind.HELP, room, visit.by, {"is": OVER if over else CALLED})
        refusal = await visit.ask(entry)
        if refusal:
            return visit.refused(refusal, back="/incidents")
        return visit.done(f"/incidents?room={room}")

    async def on_report(self, visit: Visit) -> Response:
        """File a report."""
        with self._desk.reader() as journal:
            drugs = journal.drugs()
        try:
            incident = self._incident(visit, drugs)
        except Unreadable as error:
            return visit.refused(f"{error} Nothing was filed.", 422, back="/incidents")
        refusal = await visit.ask(evidence.report(incident, secrets.token_hex(16)))
        return visit.refused(refusal, back="/incidents") if refusal else visit.done("/incidents")

    def _incident(self, visit: Visit, drugs: Sequence[Drug]) -> Incident:
        now, site = self._desk.now(), self._desk.site
        at = self._moment(visit.text("at"), now)
        place, drug = visit.text("place"), visit.text("drug")
        people = tuple(id_ for id_ in site.people if visit.text(f"person-{id_}"))
        told, alarm = visit.text("reported_to"), visit.text("alarm").upper()
        what = _chosen(What, visit.text("what"), "What happened? Choose one.")
        wrong = {
            "Where? Choose the room.": place not in site.rooms,
            "This drug is not on the site's list; choose another, or 'not known'.": bool(drug)
            and drug not in {each.id for each in drugs},
            "Who was exposed? Choose whoever it was, or report a spill.": what is not What.SPILL
            and not people,
            "To whom was it reported? Choose a person.": told not in site.people,
            f"{alarm!r:.20} is not the id of an alarm; leave it empty, or write for instance A1842.": bool(
                alarm
            )
            and not ALARM.fullmatch(alarm),
        }
        for says, is_wrong in wrong.items():
            if is_wrong:
                raise Unreadable(says)
        return Incident(
            number=0,
            what=what,
            at=at,
            place=place,
            people=people,
            drug=drug,
            amount=_chosen(Amount, visit.text("amount"), "How much? Choose one."),
            kit=visit.text("kit"),
            first_aid=_chosen(FirstAid, visit.text("first_aid"), "Which first aid? Choose one."),
            reported_to=told,
            alarm=alarm,
            note=visit.text("note", LONGEST_NOTE),
            filed_by=visit.by,
            filed_at=now,
        )

    def _moment(self, text: str, now: datetime) -> datetime:
        try:
            local = datetime.fromisoformat(text)
        except ValueError:
            raise Unreadable("When? Write day and time.") from None
        at = local if local.tzinfo else local.replace(tzinfo=self._desk.zone)
        if why := untimely(now - at):
            raise Unreadable(f"{text} {why}.")
        return at.astimezone(UTC)

    def _dues(self, incidents: Sequence[Incident], today: date) -> list[Due]:
        """Return what has to follow the incidents, nothing where the site keeps no calendar."""
        if self._desk.programme is None:
            return []
        followed = following(self._desk.programme, [each.to_follow for each in incidents])
        with self._desk.reader() as journal:
            filed = by_key(journal.completions())
        return [due for due in all_due(followed, filed, today) if due.subject.kind is SubjectKind.INCIDENT]

    def _told(self, incident: Incident, visit: Visit, dues: Sequence[Due], today: date) -> dict[str, object]:
        """Return a report as it is shown: who was exposed only to themselves and to who oversees."""
        reader, follows = visit.visitor.person, f"I{incident.number}"
        sees = reader is not None and (
            reader.role in OVERSEERS or reader.id in (*incident.people, incident.filed_by)
        )
        people = [
            self._desk.site.people[id_].name for id_ in incident.people if id_ in self._desk.site.people
        ]
        room = self._desk.site.rooms.get(incident.place)
        return {
            "incident": incident,
            "at": f"{incident.at.astimezone(self._desk.zone):%Y-%m-%d %H:%M}",
            "room": room.name if room else incident.place,
            "people": people if sees else [],
            "sees": sees,
            "to_do": [(cell(due, today), due.obligation.short) for due in dues if due.subject.id == follows],
        }


def _calls(point: str) -> bool:
    return point.startswith(f"hdmonitor.{HELP}:")


def _chosen(kind: type[T], text: str, says: str) -> T:
    try:
        return kind(text)
    except ValueError:
        raise Unreadable(says) from None
