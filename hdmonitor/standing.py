"""What people and the calendar have put beside the readings: from rows of the record to the board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hdmonitor.board import AT_WORK, Acts, Against, Overridden, Reason, Shelved, Verdict
from hdmonitor.compliance import due
from hdmonitor.compliance.obligation import Against as Bars
from hdmonitor.compliance.obligation import SubjectKind
from hdmonitor.events import Alarm, ReturnStep
from hdmonitor.model import Force, Site
from hdmonitor.vouched import Away

# Of the states in the journal, by the beginning of their keys: those that the board shows.
KEYS = ("out:", "use:", "override:", "return:")
STEPS = tuple(ReturnStep)
BARS_A_PLACE = frozenset({Bars.COMPOUNDING, Bars.USE})
THINGS = (SubjectKind.ASSET, SubjectKind.ROOM)


def case_key(alarm: Alarm) -> str:
    """Return the key of the state that knows whether an alarm is shelved."""
    return f"case:{alarm.point}|{alarm.rule}"


def acts_of(
    site: Site,
    states: Mapping[str, Any],
    alarms: Iterable[Alarm],
    now: datetime,
    calendar: Sequence[Against] = (),
) -> Acts:
    """Return what stands at `now` by the `states` of `KEYS` and of the cases of `alarms`."""
    zone = ZoneInfo(site.zone)
    out: list[tuple[str, Away]] = []
    over: list[Overridden] = []
    against: list[Against] = []
    used: set[str] = set()
    for key, state in states.items():
        kind, _, id_ = key.partition(":")
        if state is None:
            continue
        if kind == "out" and id_ in site.points:
            why = f"{state['why']}, {state['reason']}"
            out.append((id_, Away(_time(state["until"]), why, _name(site, state["by"]))))
        elif kind == "use" and state["in_use"]:
            used.add(id_)
        elif kind == "override":
            over.append(Overridden(id_, _name(site, state["by"]), state["reason"], _time(state["until"])))
        elif kind == "return":
            against.append(Against(id_, _latched(site, id_, state, now.astimezone(zone), zone)))
    return Acts(
        against=(*against, *calendar),
        out=[each for each in out if each[1].until > now],
        shelved=[found for alarm in alarms if (found := _shelved(site, alarm, states)) and found.until > now],
        overridden=over,
        in_use=frozenset(used),
    )


def _latched(site: Site, unit: str, state: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> Reason:
    """Say that a unit was lost and what is missing until it is returned to service (practice rule 15)."""
    done = len(state["steps"])
    missing = [step.value for step in STEPS[done:]]
    since = _time(state["since"]).astimezone(zone)
    at = f"{since:%H:%M}" if since.date() == now.date() else f"{since.day} {since:%b} {since:%H:%M}"
    place = site.equipment.get(unit) or site.rooms.get(unit)
    called = place.name if place else unit
    text = f"{called} was lost at {at} and is not returned to service; missing: {', '.join(missing)}"
    return Reason(Verdict.NO, text, alarm=state["alarm"])


def _shelved(site: Site, alarm: Alarm, states: Mapping[str, Any]) -> Shelved | None:
    state = states.get(case_key(alarm)) or {}
    shelf = state.get("shelf")
    if not shelf or not state.get("alarm") or state["alarm"]["id"] != alarm.id:
        return None
    return Shelved(alarm.id, _name(site, shelf["by"]), shelf["reason"], _time(shelf["until"]))


def calendar_against(reasons: Sequence[due.Reason], compounders: frozenset[str], on: date) -> list[Against]:
    """Return what is overdue on a local day and bars a place.

    `compounders` are the ids of the people for whom anything bars compounding. What bars one
    of them bars no room; when it bars all of them, nobody is left to work.
    """
    found = [
        Against(each.subject.id, Reason(_weight(each.force), each.text))
        for each in reasons
        if each.subject.kind in THINGS and each.against & BARS_A_PLACE
    ]
    found += [
        Against(AT_WORK, Reason(_weight(each.force), each.text))
        for each in reasons
        if each.subject.kind is SubjectKind.SITE and Bars.COMPOUNDING in each.against
    ]
    if compounders and compounders == barred(reasons):
        text = f"by the record nobody may compound on {on.isoformat()}: see who and why under Compliance"
        found.append(Against(AT_WORK, Reason(Verdict.NO, text)))
    return found


def barred(reasons: Iterable[due.Reason]) -> frozenset[str]:
    """Return the ids of the people whom a SHALL bars from compounding."""
    return frozenset(
        each.subject.id
        for each in reasons
        if each.subject.kind is SubjectKind.PERSON
        and Bars.COMPOUNDING in each.against
        and each.force is Force.SHALL
    )


def named(reasons: Iterable[due.Reason], compounders: Mapping[str, str]) -> tuple[str, ...]:
    """Name those of `compounders` (names by id) who are barred, each with the rules that bar; never why."""
    rules: dict[str, set[str]] = {}
    for each in reasons:
        if barred([each]):
            rules.setdefault(each.subject.id, set()).add(each.rule)
    return tuple(
        f"{compounders[id_]} ({', '.join(sorted(rules[id_]))})" for id_ in sorted(rules) if id_ in compounders
    )


def _weight(force: Force) -> Verdict:
    """Only what must be done stands against work; the rest is told."""
    return Verdict.NO if force is Force.SHALL else Verdict.NONE_KNOWN


def _name(site: Site, id_: str) -> str:
    return site.people[id_].name if id_ in site.people else id_


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
