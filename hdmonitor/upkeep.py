"""The compliance calendar of a site inside its monitor: what falls due, who is reminded, what is filed.

Everything is a function of the files, of what was filed and of the local day; one look a day is
enough, two change nothing, and one that was slept through is made up for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from hdmonitor import due_words
from hdmonitor.alerts.daily import DUE, Daily
from hdmonitor.completions import Completion, FollowUp, Occurrence, Reminder, Result
from hdmonitor.compliance.due import Due, Key, by_key, due_of
from hdmonitor.compliance.following import following
from hdmonitor.compliance.incubation import misplaced
from hdmonitor.compliance.judging import JUDGES, NOT_MEASURED, NotJudged, judged, result_of, unmeasured
from hdmonitor.compliance.obligation import Case, Obligation, Programme, Subject, SubjectKind
from hdmonitor.compliance.reminders import Told, reached
from hdmonitor.draft import Draft
from hdmonitor.events import About, Json, Kind, Restored

STATE = "compliance"
LONGEST_TEXT = 1000  # characters
LONGEST_VALUES = 4000
HOURS_A_DAY = 24
FIRST_DAY = date(1970, 1, 1)  # no evidence that anybody still goes by is older


class Upkeep:
    """What is due at one site, and of what its people were reminded."""

    def __init__(self, programme: Programme, restored: Restored | None) -> None:
        programme = following(programme, restored.incidents if restored else ())
        self.programme = programme
        self._zone = ZoneInfo(programme.zone)
        self._daily = Daily(programme.at, ())
        self._filed = by_key(restored.completions if restored else ())
        self._open: dict[Key, Occurrence] = {
            (each.obligation, each.subject): each for each in (restored.occurrences if restored else ())
        }
        # What is due depends on what was filed, not on the day: it is worked out once, and when that changes.
        self._dues: dict[Key, Due] = {}
        for duty in programme.duties():
            self._weigh(*duty)
        self._told: dict[tuple[str, str, date], set[int]] = {}
        for each in restored.reminders if restored else ():
            self._steps(each.obligation, each.subject, each.due).add(each.step)
        state = restored.states.get(STATE) if restored else None
        self._looked: date | None = None  # None: look at once
        if isinstance(state, dict) and state.get("digest") == programme.digest:
            self._looked = date.fromisoformat(str(state["day"]))

    def next_look(self, now: datetime) -> datetime:
        """Return when the next look is due: at once after a start with other files, else once a day."""
        today = self._today(now)
        if self._looked is None or self._looked > today:
            return now  # a day that has not come yet was seen by a clock that was wrong
        return self._daily.moment(
            self._daily.day(self._looked, self.programme.zone, now), self.programme.zone
        )

    def look(self, now: datetime, draft: Draft) -> None:
        """Write down what fell due or moved by now, and owe the messages about it."""
        today = self._today(now)
        told: list[Told] = []
        kept: set[Key] = set()
        for key, due in self._dues.items():
            subject = due.subject
            if subject.start > today or (subject.end is not None and subject.end < today):
                continue
            kept.add(key)
            self._open_or_move(due, now, draft, filed=None)
            if due.day is not None and (new := reached(due, today, self._steps(*key, due.day))):
                told.append(new)
        for key in self._open.keys() - kept:
            self._end(self._open[key], now, "gone", draft)
        self._remind(told, today, now, draft)
        self._looked = today
        draft.outcome.states[STATE] = {"day": today.isoformat(), "digest": self.programme.digest}

    def follow(self, incident: FollowUp, now: datetime, draft: Draft) -> None:
        """Take up what has to follow an incident."""
        self.programme = following(self.programme, [incident])
        for duty in self.programme.duties():
            if duty[1] is self.programme.subjects[-1]:
                self._open_or_move(self._weigh(*duty), now, draft, filed=None)

    def _weigh(self, obligation: Obligation, subject: Subject, case: Case) -> Due:
        key = (obligation.id, subject.key)
        filed = self._filed.get(key, ())
        self._dues[key] = due_of(self.programme, obligation, subject, case, filed)
        return self._dues[key]

    def _today(self, now: datetime) -> date:
        return now.astimezone(self._zone).date()

    def _steps(self, obligation: str, subject: str, due: date) -> set[int]:
        return self._told.setdefault((obligation, subject, due), set())

    # --- occurrences --------------------------------------------------------

    def _open_or_move(self, due: Due, now: datetime, draft: Draft, filed: Completion | None) -> None:
        """Keep the open occurrence where the due day is; `filed` is what has just moved it, if anything."""
        before, case, obligation = self._open.get(due.key), due.case, due.obligation
        if before is not None and (before.due, before.rule, before.version) == (
            due.day,
            case.rule,
            obligation.version,
        ):
            return
        if before is not None and before.due != due.day:
            ended = "moved"
            if filed is not None:
                ended = "missed" if case.every.is_daily and filed.on > before.due else "completed"
            elif due.day is not None:
                self._tell_move(before, due, now, draft)
            self._end(before, now, ended, draft)
            before = None
        if due.day is not None:
            opened = before.opened_at if before else now
            after = Occurrence(*due.key, due.day, case.rule, obligation.version, opened)
            self._open[due.key] = after
            draft.outcome.occurrences.append(after)

    def _tell_move(self, before: Occurrence, due: Due, now: datetime, draft: Draft) -> None:
        detail: dict[str, Json] = {
            "obligation": due.obligation.id,
            "from": before.due.isoformat(),
            "to": due.day.isoformat() if due.day else None,
            "rule_before": before.rule,
            "rule": due.case.rule,
            "every": str(due.case.every),
            "force": due.obligation.force.name,
        }
        if due.subject.category is not None:
            detail["category"] = due.subject.category
        draft.event(now, Kind.DUE_MOVED, due.subject.key, detail)

    def _end(self, occurrence: Occurrence, now: datetime, ended: str, draft: Draft) -> None:
        draft.outcome.occurrences.append(replace(occurrence, ended_at=now, ended=ended))
        del self._open[occurrence.obligation, occurrence.subject]

    # --- reminders ----------------------------------------------------------

    def _remind(self, told: list[Told], today: date, now: datetime, draft: Draft) -> None:
        """Owe each destination one message about everything that is new for it."""
        if not told:
            return
        steps: list[Json] = [
            [each.due.obligation.id, each.due.subject.key, each.day.isoformat(), *each.steps] for each in told
        ]
        letters: dict[str, dict[str, list[Told]]] = {}  # by person and destination
        for each in told:
            for person in self._readers(each.people):
                for destination in self.programme.reached[person]:
                    letters.setdefault(destination, {}).setdefault(person, []).append(each)
        detail: dict[str, Json] = {"day": today.isoformat(), "destinations": [*letters], "steps": steps}
        number = draft.event(now, Kind.DUE_TOLD, STATE, detail)
        for each in told:
            key = each.due.key
            self._steps(*key, each.day).update(each.steps)
            draft.outcome.reminders += [Reminder(*key, each.day, step, number) for step in each.steps]
        for destination, by_person in letters.items():
            ((person, lines),) = by_person.items()  # a destination has one reader
            said = due_words.text(lines, person, today)
            draft.letter(number, f"{DUE}{today.isoformat()}", [destination], About.REPEATED, said, now)

    def _readers(self, people: Iterable[str]) -> list[str]:
        """Return who of these can be reached; the pharmacist in charge where nobody can."""
        found = [person for person in people if self.programme.reached.get(person)]
        return found or [self.programme.in_charge]

    # --- filing -------------------------------------------------------------

    def file(self, asked: Completion, now: datetime, draft: Draft) -> str:
        """Write down a completion; return why not, or nothing."""
        duty = self.programme.duty(asked.obligation, asked.subject)
        if duty is None:
            return self._unknown(asked)
        obligation, subject, case = duty
        key = (obligation.id, subject.key)
        if refusal := (
            _wrong_day(asked, subject, self._today(now))
            or _wrong_people(asked, obligation, subject, case.rule)
            or _wrong_form(asked, obligation)
            or _misjudged(asked, case.rule, self._today(now))
            or misplaced(asked.values, asked.on, now, self._zone)
            or _on_file(asked, self._filed.get(key, ()))
        ):
            return refusal
        completion = replace(asked, number=draft.next_event, filed_at=now)
        draft.event(now, Kind.COMPLETED, subject.key, _detail(completion))
        draft.outcome.completions.append(completion)
        self._filed.setdefault(key, []).append(completion)
        self._open_or_move(self._weigh(obligation, subject, case), now, draft, filed=completion)
        return ""

    def _unknown(self, asked: Completion) -> str:
        obligations = self.programme.obligations
        if asked.obligation not in obligations:
            close = get_close_matches(asked.obligation, list(obligations), n=1)
            meant = f"did you mean {close[0]!r}?" if close else "list them with: hdmonitor compliance status"
            return f"there is no obligation {asked.obligation!r:.60}; {meant}"
        kept = [
            each.key for obligation, each, _ in self.programme.duties() if obligation.id == asked.obligation
        ]
        who = f"it is kept for {', '.join(sorted(kept))}" if kept else "it is kept for nobody here"
        return f"{asked.obligation} is not kept for {asked.subject!r:.60}; {who}"


def _wrong_day(asked: Completion, subject: Subject, today: date) -> str:
    if asked.on > today:
        return f"{asked.on} has not come yet, today is {today}; write down what was done once it is done"
    if asked.on < FIRST_DAY:
        return f"{asked.on} is before {FIRST_DAY}; check the year"
    if subject.known_from is not None and asked.on < subject.known_from:
        began = "was hired" if subject.kind is SubjectKind.PERSON else "came into use"
        return f"{asked.on} is before {subject.name} {began} on {subject.known_from}; check the day"
    if subject.end is not None and asked.on > subject.end:
        return f"{asked.on} is after the last day of {subject.name}, {subject.end}; check the day"
    return ""


def _wrong_people(asked: Completion, obligation: Obligation, subject: Subject, rule: str) -> str:
    if subject.kind is SubjectKind.PERSON and asked.evaluator == subject.id:
        return f"{subject.name} cannot be the evaluator of {subject.name}; name another person"
    own = subject.kind is SubjectKind.PERSON and asked.filed_by == subject.id
    if own and rule in JUDGES and asked.result is Result.PASS and not asked.evaluator:
        return f"{subject.name} cannot pass {subject.name}; name the evaluator, another person"
    if obligation.two_persons and asked.second in ("", asked.filed_by):
        return f"{obligation.id} needs a second person who signs; name one who is not {asked.filed_by}"
    return ""


def _wrong_form(asked: Completion, obligation: Obligation) -> str:
    """Say what of the contents of an entry cannot be filed."""
    texts = (asked.done_by, asked.evaluator, asked.method, asked.certificate, asked.remark)
    health = asked.values or asked.remark or asked.method or asked.attachments
    refusals = {
        f"a text is longer than {LONGEST_TEXT} characters; shorten it, or attach it": any(
            len(each) > LONGEST_TEXT for each in texts
        ),
        f"the values must be plain numbers, texts and lists, at most {LONGEST_VALUES} characters; attach"
        " what is longer": not _fits(asked.values),
        f"run {asked.run} is none; count from 1": asked.run < 1,
        "only a correction can be void; name the number of the entry that is not to count": (
            asked.result is Result.VOID and asked.corrects is None
        ),
        f"{obligation.id} keeps the day only: no findings, no files, no remark about health": (
            obligation.dates_only and bool(health or asked.result is Result.FAIL)
        ),
        f"{obligation.id} counts hours; give them, more than 0 and at most {HOURS_A_DAY} a day": (
            obligation.hours is not None and asked.result is Result.PASS and not _are_hours(asked.values)
        ),
    }
    return next((why for why, wrong in refusals.items() if wrong), "")


def _misjudged(asked: Completion, rule: str, today: date) -> str:
    """Say where the result is another one than the values give, or a pass has none to follow from."""
    if asked.result is Result.VOID:
        return ""
    if asked.result is Result.PASS and unmeasured(rule, asked.values):
        old = asked.values.get(NOT_MEASURED) is True and asked.on < today
        return "" if old else f"what was found? a pass follows from it ({rule}); give the counts"
    try:
        found = judged(rule, asked.values)
    except NotJudged as error:
        return str(error)
    if found is None or result_of(found) is asked.result:
        return ""
    return f"the values say {result_of(found).value}, not {asked.result.value}. {found.says}"


def _fits(values: Mapping[str, Any]) -> bool:
    try:
        return len(json.dumps(dict(values), allow_nan=False)) <= LONGEST_VALUES
    except (TypeError, ValueError):
        return False


def _are_hours(values: Mapping[str, Any]) -> bool:
    hours = values.get("hours")
    return isinstance(hours, (int, float)) and not isinstance(hours, bool) and 0 < hours <= HOURS_A_DAY


def _on_file(asked: Completion, filed: Iterable[Completion]) -> str:
    entries = list(filed)
    if asked.corrects is None:
        for each in entries:
            if each.corrects is None and (each.on, each.run) == (asked.on, asked.run):
                return (
                    f"it is on file for {asked.on} already, as number {each.number}; correct that entry,"
                    f" or give run {asked.run + 1} if it was done again that day"
                )
        return ""
    if all(each.number != asked.corrects for each in entries):
        return f"no entry {asked.corrects} is about {asked.obligation} of {asked.subject}; look up its number"
    for each in entries:
        if each.corrects == asked.corrects:
            return f"entry {asked.corrects} is corrected already, by {each.number}; correct that one"
    return ""


def _detail(each: Completion) -> dict[str, Json]:
    """Return everything that was filed, so that the hash chain holds it."""
    told: dict[str, Json] = {
        "obligation": each.obligation,
        "day": each.on.isoformat(),
        "run": each.run,
        "result": each.result.value,
        "by": each.filed_by,
    }
    more: dict[str, Json] = {
        "done_by": each.done_by,
        "evaluator": each.evaluator,
        "second": each.second,
        "values": dict(each.values),
        "method": each.method,
        "certificate": each.certificate,
        "attachments": list(each.attachments),
        "remark": each.remark,
        "corrects": each.corrects,
    }
    return told | {key: value for key, value in more.items() if value}
