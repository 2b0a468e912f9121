"""What people do with alarms, units and rooms: each act is refused with a sentence, or done and recorded.

Acknowledge, silence, reset and close are four acts. A call stops by the
first; the sounder by the second; a latch by the steps of a return to service,
a pharmacist's signature last; the alarm by the fourth, once it is written up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hdmonitor.alerts.picks import DISPOSITIONS, RELEASED
from hdmonitor.aside import Aside
from hdmonitor.case import Case
from hdmonitor.draft import Draft
from hdmonitor.events import (
    Acknowledge,
    Alarm,
    BackInService,
    Close,
    Commission,
    Deed,
    Document,
    HandReading,
    InUse,
    Json,
    Kind,
    OfAlarm,
    OutOfService,
    Override,
    Returning,
    ReturnStep,
    Shelve,
    Silence,
    Unshelve,
    Where,
)
from hdmonitor.model import Level, Response, Site
from hdmonitor.reminders import Reminders
from hdmonitor.returns import Returns, unit_of
from hdmonitor.rights import PHARMACISTS, may, may_step
from hdmonitor.rounds import Rounds
from hdmonitor.rules.alarm import Machine
from hdmonitor.shelf import Shelf

MICROSECOND = timedelta(microseconds=1)
LONGEST_SHELF = timedelta(hours=8)  # practice: not beyond a shift
LONGEST_CONTAINED = timedelta(minutes=30)  # practice rule 9
NEARER = (Where.ANSWER, Where.ON_MY_WAY, Where.AT_UNIT)
ABOUT_ALARMS = (Acknowledge, Silence, Document, Close, Shelve, Unshelve)


@dataclass(frozen=True, slots=True)
class Bench:
    """What acts work on: the cases of a site, what is over, and what people keep beside it."""

    site: Site
    cases: Callable[[], list[Case]]
    cleared: dict[str, Alarm]  # over, not closed, by id
    stir: Callable[[Case], None]
    time_moved: Callable[[str, datetime, Draft], None]  # a limit of a point moved without a reading
    read_by_hand: Callable[[str, float, str, datetime], None]  # point, canonical value, by whom, when
    blind: Callable[[str], bool]
    aside: Aside
    returns: Returns
    rounds: Rounds
    reminders: Reminders

    def do(self, act: Deed, at: datetime, draft: Draft) -> str:
        """Do what a named person asks; return why not, or what that person must know, or nothing."""
        refusal = self._refusal(act, at)
        if refusal:
            detail: dict[str, Json] = {"by": act.by, "reason": refusal, "note": _note(act)}
            draft.event(at, Kind.REFUSED, "monitor", detail, getattr(act, "alarm", None))
            return refusal
        match act:
            case Acknowledge():
                return self._acknowledge(act, at, draft)
            case Silence():
                self._case(act.alarm).silence(act.by, at, draft)
                self.stir(self._case(act.alarm))
            case Document():
                self._document(act, at, draft)
            case Close():
                self._close(act, at, draft)
            case Shelve():
                until = at + timedelta(minutes=act.minutes)
                self._case(act.alarm).shelve(Shelf(act.by, act.reason, until), at, draft)
                self.stir(self._case(act.alarm))
            case Unshelve():
                self._case(act.alarm).unshelve(act.by, "put back", at, draft)
                self.stir(self._case(act.alarm))
            case Returning():
                self._returning(act, at, draft)
            case Commission():
                self._commission(act, at, draft)
            case _:
                return self._beside(act, at, draft)
        return ""

    def _beside(
        self, act: OutOfService | BackInService | InUse | Override | HandReading, at: datetime, draft: Draft
    ) -> str:
        """Do what is about places and points; return why not, or nothing."""
        match act:
            case OutOfService():
                refusal = self.aside.take_out(act, at, draft)
            case BackInService():
                refusal = self.aside.put_back(act, at, draft)
            case InUse():
                refusal = self._in_use(act, at, draft)
            case Override():
                refusal = self.aside.override(act, at, draft)
            case HandReading():
                refusal = self._hand_reading(act, at, draft)
        if refusal:
            detail: dict[str, Json] = {"by": act.by, "reason": refusal, "note": _note(act)}
            draft.event(at, Kind.REFUSED, "monitor", detail)
        return refusal

    # --- why not ------------------------------------------------------------

    def _refusal(self, act: Deed, at: datetime) -> str:
        if unknown := unknown_person(self.site, act.by):
            return unknown
        if isinstance(act, ABOUT_ALARMS):
            return self._not_about_alarms(act, at)
        role = self.site.people[act.by].role
        if isinstance(act, Returning):
            return self._not_returning(act, role)
        if isinstance(act, Commission) and act.point not in self.site.points:
            return f"no point {act.point!r:.60} is in the site file of the running monitor; restart it"
        return "" if may(role, type(act)) else _not_allowed(role, act)

    def _not_about_alarms(self, act: OfAlarm, at: datetime) -> str:
        case, role = self._running(act.alarm), self.site.people[act.by].role
        contained = case is not None and case.rule.response is Response.CONTAINMENT
        if not may(role, type(act), contained=contained):
            return _not_allowed(role, act)
        if isinstance(act, Close) and not act.note.strip() and not self._written_up(act.alarm, case):
            return f"closing {act.alarm} needs a note of what was done; give it with --note"
        if case is None:
            return self._not_cleared(act, role)
        match act:
            case Acknowledge():
                why = self._not_acknowledged(act, case.alarm or self.cleared[act.alarm], case)
            case Document():
                why = self._not_documented(act, role)
                if not why and act.disposition == RELEASED:
                    why = f"{act.alarm} is not over: stock is released once it is; write hold"
            case Close():
                why = self._not_closed(act, case)
            case Shelve():
                why = self._not_shelved(act, case, at)
            case _:
                shelved = not isinstance(act, Unshelve) or case.shelf is not None
                why = "" if shelved else f"{act.alarm} is not shelved"
        return why

    def _not_cleared(self, act: OfAlarm, role: str) -> str:
        """Say why an act on an alarm that is over, or that there is not, cannot be done."""
        if act.alarm not in self.cleared:
            return f"no open alarm {act.alarm!r:.20}; list them with: hdmonitor alarms list"
        if isinstance(act, Acknowledge):
            return self._not_acknowledged(act, self.cleared[act.alarm], None)
        if isinstance(act, Document):
            return self._not_documented(act, role)
        return "" if isinstance(act, Close) else f"{act.alarm} is over; write it up and close it"

    def _not_closed(self, act: Close, case: Case) -> str:
        unit = self._latched_unit(case)
        if unit is None:
            return ""
        missing = ", ".join(step.value for step in self.returns.units[unit].missing)
        return (
            f"{unit!r} is latched: the signature of its return to service ends {act.alarm};"
            f" missing are {missing}"
        )

    def _not_acknowledged(self, act: Acknowledge, alarm: Alarm, case: Case | None) -> str:
        if act.level is not None and alarm.level > act.level:
            worse, shown = alarm.level.name.lower(), act.level.name.lower()
            return (
                f"{act.alarm} has got worse: it is {worse}, you were shown {shown}; look again, then answer"
            )
        if act.where is not Where.ON_MY_WAY:
            return f"minutes belong to {Where.ON_MY_WAY.value}" if act.minutes else ""
        longest = case.answer_lasts // timedelta(minutes=1) if case is not None else 60
        if not 0 < act.minutes <= min(longest, 60):
            return f"say in how many minutes you are there, 1 to {min(longest, 60)}"
        return ""

    def _not_documented(self, act: Document, role: str) -> str:
        if not act.cause.strip() or not act.action.strip():
            return f"writing up {act.alarm} needs a cause and what was done about it"
        if act.disposition and act.disposition not in DISPOSITIONS:
            known = ", ".join(DISPOSITIONS)
            return f"{act.disposition!r:.40} is not what becomes of stock here; known are: {known}"
        if act.disposition == RELEASED and role not in PHARMACISTS:
            return "only a pharmacist releases stock; write hold"
        return ""

    def _not_shelved(self, act: Shelve, case: Case, at: datetime) -> str:
        contained = case.rule.response is Response.CONTAINMENT
        longest = (LONGEST_CONTAINED if contained else LONGEST_SHELF) // timedelta(minutes=1)
        if not act.reason.strip():
            return f"shelving {act.alarm} needs a reason"
        if not 0 < act.minutes <= longest:
            return f"{act.alarm} can be shelved for 1 to {longest} minutes, not {act.minutes}"
        if contained and not self.aside.known_idle(case.point.room, at):
            return (
                f"{act.alarm} is about a hood or a hazardous room, which cannot be shelved while in use;"
                f" say first that nobody works in {case.point.room!r}"
            )
        return ""

    def _not_returning(self, act: Returning, role: str) -> str:
        if not may_step(role, act.step):
            return _not_allowed(role, act)
        if refusal := self.returns.refusal(act.unit, act.step):
            return refusal
        if act.step not in (ReturnStep.RECOVERED, ReturnStep.SIGN):
            return ""
        if wrong := self._not_inside(act.unit):
            return f"{wrong}; the air of {act.unit!r} is not back"
        latched = [case for case in self.cases() if case.alarm and self._latched_unit(case) == act.unit]
        if act.step is ReturnStep.SIGN and (
            open_ := [c.alarm.id for c in latched if c.alarm and not c.alarm.note]
        ):
            return f"{open_[0]} is not written up yet: say what was found and done, then sign"
        return ""

    def _not_inside(self, unit: str) -> str:
        """Name a point of a hood or room that is blind or outside its limits; nothing if none is."""
        for case in self.cases():
            point = case.point
            if (point.equipment or point.room) != unit or case.rule.response is not Response.CONTAINMENT:
                continue
            if self.blind(point.id):
                return f"{point.id} is blind"
            worst = case.machine.worst_outside() if isinstance(case.machine, Machine) else None
            if worst is not None and worst.threshold.level is not Level.WARNING:
                return f"{point.id} is {worst.threshold.name}"
        return ""

    # --- alarms -------------------------------------------------------------

    def _running(self, alarm: str) -> Case | None:
        return next((case for case in self.cases() if case.alarm and case.alarm.id == alarm), None)

    def _case(self, alarm: str) -> Case:
        case = self._running(alarm)
        assert case is not None  # noqa: S101  # it was not refused
        return case

    def _written_up(self, alarm: str, case: Case | None) -> bool:
        found = case.alarm if case is not None else self.cleared.get(alarm)
        return found is not None and bool(found.note)

    def _latched_unit(self, case: Case) -> str | None:
        """Return the unit whose return to service alone ends the alarm of a case."""
        unit = unit_of(case)
        return unit if unit in self.returns.units and case.rule.latched else None

    def _acknowledge(self, act: Acknowledge, at: datetime, draft: Draft) -> str:
        """Take an answer. Of two people the first has the alarm, unless the other is nearer to the unit."""
        case, person = self._running(act.alarm), self.site.people[act.by]
        alarm = case.alarm if case is not None and case.alarm else self.cleared[act.alarm]
        where = case.where if case is not None else Where.ANSWER
        first = alarm.acknowledged_by
        if first not in (None, act.by) and NEARER.index(act.where) <= NEARER.index(where):
            detail: dict[str, Json] = {
                "by": act.by,
                "note": act.note,
                "where": act.where.value,
                "beside": first,
            }
            draft.event(at, Kind.ACKNOWLEDGED, alarm.point, detail, alarm.id)
            name = self.site.people[first].name if first in self.site.people else first
            return f"{name} has {alarm.id} already ({where.value}); your answer is on record beside it"
        if case is None:
            self._answer_cleared(act, alarm, at, draft)
            return ""
        arrives = timedelta(minutes=act.minutes) if act.where is Where.ON_MY_WAY else None
        case.acknowledge(act.by, person.name, _said(act), at, draft, where=act.where, arrives=arrives)
        self.stir(case)
        return ""

    def _answer_cleared(self, act: Acknowledge, alarm: Alarm, at: datetime, draft: Draft) -> None:
        detail: dict[str, Json] = {"by": act.by, "note": act.note, "where": act.where.value}
        draft.event(at, Kind.ACKNOWLEDGED, alarm.point, detail, alarm.id)
        draft.keep(replace(alarm, acknowledged_by=act.by, acknowledged_at=at))

    def _document(self, act: Document, at: datetime, draft: Draft) -> None:
        case = self._running(act.alarm)
        alarm = case.alarm if case is not None and case.alarm else self.cleared[act.alarm]
        detail: dict[str, Json] = {
            "by": act.by,
            "cause": act.cause,
            "action": act.action,
            "disposition": act.disposition,
            "work_order": act.work_order,
            "note": act.note,
        }
        draft.event(at, Kind.DOCUMENTED, alarm.point, detail, alarm.id)
        order = f"work order {act.work_order}" if act.work_order else ""
        note = "; ".join(filter(None, (act.cause, act.action, act.disposition, order, act.note)))
        if case is not None:
            case.document(note, draft)
            self.stir(case)
        else:
            draft.keep(replace(alarm, note=note))

    def _close(self, act: Close, at: datetime, draft: Draft) -> None:
        case = self._running(act.alarm)
        if case is None:
            alarm = self.cleared[act.alarm]
            self._closed(alarm, act.by, act.note, alarm.point, at, draft)
        else:
            self._end(case, act.by, act.note, at, draft)

    def _end(self, case: Case, by: str, note: str, at: datetime, draft: Draft) -> None:
        """End a running alarm by a named act, and close it."""
        alarm = case.close(at, draft)
        self.stir(case)
        if case.cause == "limit":
            self.time_moved(case.point.id, at + MICROSECOND, draft)
        self._closed(alarm, by, note, case.point.id, at, draft)

    def _closed(self, alarm: Alarm, by: str, note: str, subject: str, at: datetime, draft: Draft) -> None:
        said = "; ".join(filter(None, (alarm.note, note.strip())))
        closed = replace(alarm, closed_by=by, closed_at=at, note=said, active=False)
        draft.event(at, Kind.CLOSED, subject, {"by": by, "note": note}, alarm.id)
        draft.outcome.alarms[alarm.id] = closed
        draft.forget(alarm.id)
        self.reminders.forget(alarm.id, draft)

    # --- units, rooms, points -----------------------------------------------

    def _returning(self, act: Returning, at: datetime, draft: Draft) -> None:
        latched = [case for case in self.cases() if case.alarm and self._latched_unit(case) == act.unit]
        self.returns.record(act.unit, act.step, act.by, at, draft)
        if act.step is ReturnStep.SIGN:
            for case in latched:
                self._end(case, act.by, "returned to service", at, draft)

    def _in_use(self, act: InUse, at: datetime, draft: Draft) -> str:
        if refusal := self.aside.say_use(act, at, draft):
            return refusal
        for case in self.cases() if act.in_use else ():
            contained = case.rule.response is Response.CONTAINMENT and case.point.room == act.room
            if contained and case.shelf is not None:  # practice rule 9
                case.unshelve(act.by, "the room is in use", at, draft)
                self.stir(case)
        return ""

    def _hand_reading(self, act: HandReading, at: datetime, draft: Draft) -> str:
        value = self.rounds.take(act, at, draft)
        if isinstance(value, str):
            return value
        self.read_by_hand(act.point, value, act.by, min(act.read_at, at))
        return ""

    def _commission(self, act: Commission, at: datetime, draft: Draft) -> None:
        """Write down that a point was held against a reference."""
        point = self.site.points[act.point]
        detail: dict[str, Json] = {
            "by": act.by,
            "reading": act.reading,
            "reference": act.reference,
            "certificate": act.certificate,
            "found": act.found,
            "unit": point.unit,
            "sign": point.sign,
            "offset": point.offset,
        }
        draft.event(at, Kind.COMMISSIONED, act.point, detail)


def unknown_person(site: Site, by: str) -> str:
    """Say that nobody of that id is in the site file; nothing if somebody is."""
    if by in site.people:
        return ""
    known = ", ".join(sorted(site.people))
    return f"nobody called {by!r:.40} is in the site file; the people are: {known}"


def _said(act: Acknowledge) -> str:
    """Return the note of an answer, with where its person is."""
    where = {Where.ANSWER: "", Where.ON_MY_WAY: f"there in {act.minutes} min", Where.AT_UNIT: "at the unit"}
    return "; ".join(filter(None, (where[act.where], act.note.strip())))


def _note(act: Deed) -> str:
    words = (getattr(act, name, "") for name in ("note", "reason", "found"))
    return next((str(word) for word in words if word), "")


def _not_allowed(role: str, act: Deed) -> str:
    what = VERBS[type(act)]
    return f"the role {role} may not {what}; ask a pharmacist"


VERBS: dict[type[Deed], str] = {
    Acknowledge: "answer alarms",
    Silence: "silence alarms",
    Document: "write up alarms",
    Close: "close alarms",
    Shelve: "shelve this alarm",
    Unshelve: "put alarms back",
    OutOfService: "take points out of service",
    BackInService: "put points back in service",
    Returning: "record this step",
    InUse: "say whether a room is in use",
    HandReading: "enter readings",
    Override: "override the board",
    Commission: "commission points",
}
