"""What is due: the matrix of all, one duty with its evidence, and the form that files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from hdmonitor.attachments import FOLDER, LARGEST, NotAttached, find, keep
from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.due import all_due, due_of, standing_against
from hdmonitor.compliance.incubation import INCUBATION, NotPlaced, placed
from hdmonitor.compliance.judging import JUDGES, MEASURED, NOT_MEASURED, NotJudged, judged, result_of
from hdmonitor.compliance.obligation import Case, Obligation, Subject, SubjectKind
from hdmonitor.events import Complete
from hdmonitor.importing import UNMEASURED, values_of
from hdmonitor.incubators import incubators
from hdmonitor.matrix import calendar, cell, sheets, table
from hdmonitor.model import Person
from hdmonitor.spreadsheet import Unreadable
from hdmonitor.web import proof
from hdmonitor.web.desk import Desk
from hdmonitor.web.duties import Duties
from hdmonitor.web.visit import Visit, acts, address_of, for_anybody, for_people, for_readers

OVERSEERS = frozenset({"pharmacist", "manager", "qa", "administrator"})
LONGEST_REMARK = 1000
FORM = LARGEST + 64 * 1024  # bytes: a file and what is said of it
LONGEST_NUMBER = 15  # digits
FIELDS = {  # by the rule that judges them
    "797-H2": ("left", "right"),
    "797-H3": ("left", "right"),
    "797-H4": ("left", "right"),
    "797-H5": ("growth", "left", "right", "surface", "media_lot", "plate_lot"),
    "797-H6": ("growth", "left", "right", "surface", "media_lot", "plate_lot"),
    "797-V1": ("plate_lot",),
    "797-V2": ("plate_lot",),
    "797-S1": ("plate_lot",),
    "797-S2": ("plate_lot",),
}
AIR_PLATE, SURFACE_PLATE = ("place", "iso", "cfu", "litres", "genus"), ("place", "iso", "cfu", "genus")
PLATES = {"797-V1": AIR_PLATE, "797-V2": AIR_PLATE, "797-S1": SURFACE_PLATE, "797-S2": SURFACE_PLATE}
MOST_PLATES = 6  # of one sampling, on the page
KEPT = ("media_lot", "plate_lot")
PLACES = ((1, "Incubator"), (2, "Moved to incubator"))
LABELS = {
    "left": "Left hand, cfu",
    "right": "Right hand, cfu",
    "surface": "Surface of the direct compounding area, cfu",
    "growth": "Medium",
    "iso": "ISO class of the place",
    "cfu": "Colonies, cfu",
    "litres": "Litres of air",
    "plate_lot": "Lot of the plates",
    "media_lot": "Lot of the medium",
    "genus": "Genus, if identified",
    "place": "Where exactly",
    "hours": "Hours",
}


def routes(desk: Desk) -> list[Route]:
    """Return the routes of this module."""
    pages = _Pages(desk)
    style = (resources.files("hdmonitor.web") / "templates" / "compliance.css").read_bytes()

    async def on_style(_: Visit) -> Response:
        return Response(style, media_type="text/css")

    return [
        for_anybody(desk, "/compliance.css", on_style),
        for_readers(desk, "/compliance", pages.on_matrix),
        for_readers(desk, "/compliance.csv", pages.on_table),
        for_readers(desk, "/compliance.ics", pages.on_calendar),
        for_people(desk, "/compliance/duty", pages.on_duty),
        for_people(desk, "/compliance/file/{digest}", pages.on_file),
        acts(desk, "/compliance/done", pages.on_done, longest=FORM, files=1),
    ]


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry of evidence, as far as the reader may see it."""

    entry: Completion
    corrected: bool
    says: str
    bad: bool


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._duties = Duties(desk)

    # --- the matrix -----------------------------------------------------------

    async def on_matrix(self, visit: Visit) -> Response:
        """Show everybody and everything against what is kept for them."""
        programme = self._duties.programme
        on = self._on(visit)
        filed = self._duties.filed
        return visit.page(
            "compliance.html",
            sheets=sheets(programme, filed, on),
            reasons=standing_against(programme, filed, on),
            awaited=await asyncio.to_thread(self._duties.awaited, programme, filed),
            on=on,
            today=self._duties.today,
        )

    async def on_table(self, visit: Visit) -> Response:
        """Give every duty as a line of a table."""
        on = self._on(visit)
        text = table(all_due(self._duties.programme, self._duties.filed, on), on)
        headers = {"Content-Disposition": f'attachment; filename="compliance-{on}.csv"'}
        return Response("\ufeff" + text, headers=headers, media_type="text/csv")

    async def on_calendar(self, visit: Visit) -> Response:
        """Give the due days of the site, or of one person."""
        on, person = self._duties.today, visit.request.query_params.get("person", "")
        dues = all_due(self._duties.programme, self._duties.filed, on)
        name = self._desk.site.name
        if person:
            of_people = (SubjectKind.PERSON, SubjectKind.FACEPIECE)
            dues = [due for due in dues if due.subject.kind in of_people and due.subject.id == person]
            if not dues:
                raise HTTPException(404, "Nothing is kept for this person. Name an id of the site file.")
            name = f"{name}: {dues[0].subject.name}"
        body = calendar(dues, self._desk.site.id, name, self._desk.now())
        return Response(body, media_type="text/calendar; charset=utf-8")

    # --- one duty -------------------------------------------------------------

    async def on_duty(self, visit: Visit) -> Response:
        """Show what was asked for and what was done, and the form to file more."""
        asked = visit.request.query_params
        obligation, subject, case = self._duty(asked.get("obligation", ""), asked.get("subject", ""))
        programme, filed, today = self._duties.programme, self._duties.filed, self._duties.today
        due = due_of(programme, obligation, subject, case, filed.get((obligation.id, subject.key), ()))
        entries = filed.get((obligation.id, subject.key), [])
        sees = _sees(visit.visitor.person, subject)
        corrected = next((each for each in entries if str(each.number) == asked.get("correct")), None)
        return visit.page(
            "duty.html",
            obligation=obligation,
            subject=subject,
            case=case,
            due=due,
            cell=cell(due, today),
            entries=[_shown(each, case, entries) for each in reversed(entries)] if sees else None,
            people=self._desk.site.people,
            today=today,
            fields=fields_of(obligation, case),
            labels=LABELS,
            plates=range(MOST_PLATES) if case.rule in PLATES else range(0),
            plate=PLATES.get(case.rule, ()),
            judges=case.rule in JUDGES,
            correct=asked.get("correct", ""),
            taken=str(corrected.on) if corrected else "",
            before=self._before(corrected) if corrected and sees else {},
            incubators=incubators(self._desk.site) if case.rule in JUDGES else [],
            places=PLACES,
        )

    async def on_done(self, visit: Visit) -> Response:
        """File what was done."""
        obligation, subject, case = self._duty(visit.text("obligation"), visit.text("subject"))
        back = address(obligation.id, subject.key)
        try:
            completion = self._completion(visit, obligation, subject, case)
        except (Unreadable, NotJudged) as error:
            return visit.refused(str(error), 422, back=back)
        signs = obligation.two_persons or completion.second  # a name is a signature wherever it stands
        if signs and (wrong := await self._second(visit, completion.second)):
            return visit.refused(wrong, 403, back=back)
        try:
            attached = await self._attached(visit, obligation)
        except NotAttached as error:
            return visit.refused(str(error), 422, back=back)
        filed = Complete(replace(completion, attachments=attached))
        refusal = await visit.ask(filed)
        return visit.refused(refusal, back=back) if refusal else visit.done(back)

    async def on_file(self, visit: Visit) -> Response:
        """Give a file of evidence to whoever may see that evidence."""
        digest = visit.request.path_params["digest"]
        programme = self._duties.programme
        people = {each.key: each for each in programme.subjects}
        entries = [
            each for every in self._duties.filed.values() for each in every if digest in each.attachments
        ]
        visible = [
            each
            for each in entries
            if (subject := people.get(each.subject)) is not None and _sees(visit.visitor.person, subject)
        ]
        found = find(self._folder(), digest) if visible else None
        if found is None:
            raise HTTPException(404)
        place, media = found
        return FileResponse(place, media_type=media, filename=place.name)

    # --- what a form says -------------------------------------------------------

    def _completion(self, visit: Visit, obligation: Obligation, subject: Subject, case: Case) -> Completion:
        told = visit.text("result")
        values: dict[str, Any] = values_of({name: visit.text(name) for name in fields_of(obligation, case)})
        if samples := _samples(visit, PLATES.get(case.rule, ())):
            values["samples"] = samples
        if places := self._places(visit):
            values[INCUBATION] = places
        if tasks := [task for number, task in enumerate(obligation.tasks) if visit.text(f"task{number}")]:
            values["tasks"] = tasks
        judges = case.rule in JUDGES and told not in (Result.VOID, Result.NOT_JUDGED)
        result = Result.PASS if obligation.dates_only or judges else _result(told)
        if judges and not MEASURED & values.keys():
            raise NotJudged("What was found? Pass or fail follows from it. Nothing was filed.")
        found = judged(case.rule, values) if told != Result.VOID else None
        if found is not None:
            result = result_of(found)
        correct = visit.text("correct")
        return Completion(
            obligation.id,
            subject.key,
            _day(visit.text("on")),
            result,
            visit.by,
            done_by=visit.text("done_by"),
            evaluator=visit.text("evaluator"),
            second=visit.text("second"),
            values=values,
            method=visit.text("method"),
            certificate=visit.text("certificate"),
            remark=visit.text("remark", LONGEST_REMARK),
            run=_number(visit.text("run") or "1", "run"),
            corrects=_number(correct, "entry to correct") if correct else None,
        )

    def _places(self, visit: Visit) -> list[dict[str, str]]:
        """Return the incubators that a form names, and since when, with the offset of that moment."""
        known = [each.id for each in incubators(self._desk.site)]
        places = []
        for number, _ in PLACES:
            incubator, since = visit.text(f"incubator{number}"), visit.text(f"since{number}")
            if not incubator and not since:
                continue
            if incubator not in known:
                raise Unreadable(f"Which incubator since {since}? Choose one of the site. Nothing was filed.")
            places.append({"incubator": incubator, "since": _moment(since, self._desk.zone).isoformat()})
        return places

    def _before(self, corrected: Completion) -> dict[str, str]:
        """Return what of an entry still holds when its plate is read: lots and incubators, never a count."""
        filled = {name: str(corrected.values[name]) for name in KEPT if name in corrected.values}
        try:
            places = placed(corrected.values)
        except NotPlaced:
            places = ()
        for (number, _), each in zip(PLACES, places, strict=False):
            filled[f"incubator{number}"] = each.incubator
            filled[f"since{number}"] = f"{each.since.astimezone(self._desk.zone):%Y-%m-%dT%H:%M}"
        return filled

    async def _second(self, visit: Visit, second: str) -> str:
        """Say why the second signature does not hold, or nothing: it needs that person's PIN."""
        person = self._desk.person(second)
        if person is None or person.id == visit.by:
            return "This needs a second person who signs with their own PIN. Nothing was filed."
        return await proof.second_pin(self._desk, person, visit.text("second_pin"), address_of(visit.request))

    async def _attached(self, visit: Visit, obligation: Obligation) -> tuple[str, ...]:
        upload = visit.form.get("attachment")
        if not isinstance(upload, UploadFile) or not upload.filename:
            return ()
        if obligation.dates_only:
            raise NotAttached("Here the day only is kept: no files. Nothing was filed.")
        return (keep(self._folder(), upload.filename, await upload.read()),)

    # --- what there is ------------------------------------------------------------

    def _duty(self, obligation: str, key: str) -> tuple[Obligation, Subject, Case]:
        found = self._duties.programme.duty(obligation, key)
        if found is None:
            raise HTTPException(404, "This is not kept for them here.")
        return found[0], found[1], found[2]

    def _on(self, visit: Visit) -> date:
        asked = visit.request.query_params.get("on", "")
        try:
            return date.fromisoformat(asked) if asked else self._duties.today
        except ValueError:
            raise HTTPException(404, "Name a day such as 2026-03-02.") from None

    def _folder(self) -> Path:
        with self._desk.reader() as journal:
            return journal.path.parent / FOLDER


def fields_of(obligation: Obligation, case: Case) -> tuple[str, ...]:
    """Return which values a form asks for."""
    if obligation.hours is not None:
        return ("hours",)
    return FIELDS.get(case.rule, ())


def address(obligation: str, subject: str) -> str:
    """Return where a duty is shown."""
    return f"/compliance/duty?{urlencode({'obligation': obligation, 'subject': subject})}"


def _sees(reader: Person | None, subject: Subject) -> bool:
    """Tell whether somebody may read results: those of a person are theirs and of who oversees them."""
    if subject.kind not in (SubjectKind.PERSON, SubjectKind.FACEPIECE):
        return True
    return reader is not None and (reader.id == subject.id or reader.role in OVERSEERS)


def _shown(entry: Completion, case: Case, entries: Sequence[Completion]) -> Shown:
    says = ""
    if entry.result is not Result.VOID:
        try:
            found = judged(case.rule, entry.values)
            says = found.says if found else UNMEASURED if entry.values.get(NOT_MEASURED) else ""
        except NotJudged:
            says = ""  # filed when another rule held
    corrected = any(each.corrects == entry.number for each in entries)
    return Shown(entry, corrected, says, entry.result in (Result.FAIL, Result.NOT_JUDGED))


def _samples(visit: Visit, fields: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the plates of a sampling that were counted: together they are one entry, the worst decides."""
    rows = [{name: visit.text(f"{name}{n}") for name in fields} for n in range(MOST_PLATES)]
    return [values_of(row) for row in rows if row.get("cfu")]


def _result(text: str) -> Result:
    try:
        return Result(text)
    except ValueError:
        raise Unreadable("Pass or fail? Choose one. Nothing was filed.") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"{text!r:.40} is not a day; write it as 2026-03-12. Nothing was filed.") from None


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=zone)
    except ValueError:
        why = f"When was it put into the incubator? {text!r:.40} is no time. Nothing was filed."
        raise Unreadable(why) from None


def _number(text: str, what: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > LONGEST_NUMBER:
        raise Unreadable(f"{text!r:.20} is no number of a {what}. Nothing was filed.")
    return int(text)
