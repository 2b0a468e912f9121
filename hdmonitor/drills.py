"""Fire drills: a marked excursion on a mirror topic, judged by a machine of its own.

What comes on a mirror topic is never a reading: nothing of it enters the record
of the point, its sums or its alarms (practice rule 14). A drill takes the point's
own decoder, rule and escalation, and a real value out of limits ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.acts import unknown_person
from hdmonitor.agenda import Agenda
from hdmonitor.alerts import drill as words
from hdmonitor.alerts.drill import Course, Hop
from hdmonitor.alerts.escalation import Call, reaching
from hdmonitor.alerts.wording import Text
from hdmonitor.case import House
from hdmonitor.draft import Draft
from hdmonitor.events import (
    About,
    DrillAct,
    DrillAlarm,
    DrillAnswered,
    DrillArrived,
    DrillFailed,
    Json,
    Kind,
    Notice,
)
from hdmonitor.model import (
    MIRROR,
    NO_TIME,
    Level,
    Message,
    Point,
    Priority,
    Rejected,
    Response,
    Rule,
    Site,
    Threshold,
)
from hdmonitor.rules.alarm import Machine
from hdmonitor.sensors import DeviceReader
from hdmonitor.units import add, quantity_named, show

SHORTEST, LONGEST = 5, 3600  # seconds a drill may last
NO_DRILL = frozenset({"sparkplug"})  # families whose messages mean nothing without a session
KEY = "drill:"


class Drill:
    """One drill that runs."""

    def __init__(self, point: Point, course: Course, call: Call | None = None) -> None:
        self.point = point
        self.course = course
        self.call = call
        self.said = ""  # where the value stands, as messages say it
        self.response = point.response  # of the rule that judged
        self.rank = 0  # on the agenda
        self.noted: datetime | None = None

    def due(self) -> datetime | None:
        """Return when the next people are told, or when it ends."""
        call = self.call.due() if self.call is not None else None
        return min(call, self.course.ends_at) if call is not None else self.course.ends_at

    def state(self) -> dict[str, Any]:
        """Return what a restart needs, as JSON."""
        called = self.call.state() if self.call else None
        return {
            "course": self.course.state(),
            "call": called,
            "said": self.said,
            "response": self.response.value,
        }


class Drills:
    """The drills of a site, and what they write; `stands` says that a point is outside or has an alarm."""

    def __init__(self, site: Site, house: House, agenda: Agenda, stands: Callable[[str], bool]) -> None:
        self._site = site
        self._stands = stands
        self._house = house
        self._agenda = agenda
        self._running: dict[str, Drill] = {}  # by id
        self.points: frozenset[str] = frozenset()  # those that a drill runs for

    # --- beginning and end ----------------------------------------------------

    def do(self, act: DrillAct, at: datetime, draft: Draft) -> str:
        """Begin a drill, or take what is said of one; return why not, or nothing."""
        refusal = unknown_person(self._site, act.by)
        if not refusal and isinstance(act, DrillAlarm):
            refusal = self._start(act, at, draft)
        elif not refusal and not isinstance(act, DrillAlarm):
            refusal = self._answered(act, at, draft)
        if refusal:
            self._refused(act, refusal, draft)
            detail: dict[str, Json] = {"by": act.by, "reason": refusal, "note": "drill"}
            draft.event(at, Kind.REFUSED, "monitor", detail)
        return refusal

    def _start(self, act: DrillAlarm, at: datetime, draft: Draft) -> str:
        if refusal := self._refusal(act):
            return refusal
        id_ = f"D{draft.next_event}"
        ends_at = at + timedelta(seconds=act.seconds)
        drill = Drill(self._site.points[act.point], Course(id_, act.point, act.by, at, ends_at))
        self._running[id_] = drill
        detail: dict[str, Json] = {"by": act.by, "started": True, "ends_at": ends_at.isoformat()}
        draft.event(at, Kind.ALARM_DRILL, act.point, detail, id_)
        self._agenda.rank(drill, last=True)
        self._stir(drill, draft)
        return ""

    def _refusal(self, act: DrillAlarm) -> str:
        point = self._site.points.get(act.point)
        if point is None:
            return f"no point {act.point!r:.60} is in the site file of the running monitor"
        if point.legs:
            return f"{point.name} is added up and has no message of its own; drill one of its parts"
        if point.family in NO_DRILL:
            return f"messages of {point.family} mean nothing outside their session; drill another point"
        stands = self._stands(act.point)
        refusals = {
            f"a drill lasts {SHORTEST} s to {LONGEST} s, not {act.seconds} s": not SHORTEST
            <= act.seconds
            <= LONGEST,
            f"a drill of {act.point} is running; wait for its end": act.point in self.points,
            f"{point.name} is out of its limits or has a real alarm; a drill would be in its way": stands,
        }
        return next((why for why, wrong in refusals.items() if wrong), "")

    def _end(self, drill: Drill, at: datetime, draft: Draft, why: str = "") -> None:
        """File the evidence: every hop with its time, and the first that was not reached."""
        course = drill.course
        failed = course.failed
        detail: dict[str, Json] = {
            "by": course.by,
            "ended": True,
            "started_at": course.started_at.isoformat(),
            "hops": {hop.value: course.hops[hop].isoformat() for hop in Hop if hop in course.hops},
            "failed": failed.value if failed and not why else None,
            "why": why or course.reason,
            "interrupted": bool(why),
        }
        number = draft.event(at, Kind.ALARM_DRILL, course.point, detail, course.id)
        text = words.over(course, drill.point.name, why)
        self._tell(drill, number, About.CLEARED, [(to, text) for to in course.told], at, draft)
        del self._running[course.id]
        self.points = frozenset(each.point.id for each in self._running.values())
        draft.outcome.states[KEY + course.id] = None

    def advance(self, drill: Drill, due: datetime, draft: Draft) -> None:
        """Let a step of the escalation be taken, or the drill end."""
        if drill.course.id not in self._running:
            return
        if due >= drill.course.ends_at:
            self._end(drill, due, draft)
            return
        self._step(drill, due, draft)
        self._stir(drill, draft)

    # --- the hops -------------------------------------------------------------

    def message(self, message: Message, draft: Draft) -> Rejected | None:
        """Take what came on a mirror topic; return why it is nothing, if it is."""
        topic, at = message.topic.removeprefix(MIRROR), message.received_at
        waiting = [
            drill
            for drill in self._running.values()
            if drill.point.topic == topic and Hop.BROKER not in drill.course.hops
        ]
        if message.retained or not waiting:
            return Rejected("no drill waits for this; start one with: hdmonitor drill alarm POINT")
        for drill in waiting:
            self._reach(drill, Hop.BROKER, at, draft, {"topic": message.topic})
            self._decode(drill, message._replace(topic=topic), draft)
            self._stir(drill, draft)
        return None

    def _decode(self, drill: Drill, message: Message, draft: Draft) -> None:
        point, at = drill.point, message.received_at
        decoded, _ = DeviceReader(self._site.devices[point.topic]).decode(message)
        if isinstance(decoded, Rejected):
            self._hinder(drill, Hop.DECODE, decoded.reason)
            return
        found = [each for each in decoded.values if (each.device, each.field) == (point.device, point.field)]
        if not found or found[0].value is None:
            why = found[0].fault or "a fault" if found else f"the message has no {point.field!r}"
            self._hinder(drill, Hop.DECODE, why)
            return
        value = add(found[0].value * point.sign, point.offset)
        self._reach(drill, Hop.DECODE, at, draft, {"value": value})
        self._judge(drill, value, at, draft)

    def _judge(self, drill: Drill, value: float, at: datetime, draft: Draft) -> None:
        """Let the rules of the point judge, in machines of their own that wait for no delay."""
        tops: list[tuple[Threshold, Rule]] = []
        for rule in drill.point.rules:
            at_once = replace(
                rule, thresholds=tuple(replace(each, on_delay=NO_TIME) for each in rule.thresholds)
            )
            machine = Machine(at_once, drill.point.valid_for)
            machine.observe(at, value)
            if machine.top is not None:
                tops.append((machine.top, rule))
        if not tops:
            shown = show(value, drill.point.quantity, _unit(drill.point))
            judged = "is inside every limit" if drill.point.rules else "is judged by no rule"
            self._hinder(drill, Hop.RULE, f"{shown} {judged}")
            return
        top, rule = max(tops, key=lambda each: each[0].rank)
        limits = [each.limit for each in rule.thresholds]
        drill.said = show(value, drill.point.quantity, rule.unit, *limits)
        drill.response = rule.response
        detail: dict[str, Json] = {
            "rule": rule.id,
            "version": rule.version,
            "level": top.level.name.lower(),
            "name": top.name,
            "limit": top.limit,
            "on_delay_s": next(
                each.on_delay.total_seconds()
                for each in rule.thresholds
                if (each.level, each.side, each.limit) == (top.level, top.side, top.limit)
            ),
        }
        self._reach(drill, Hop.RULE, at, draft, detail)
        policy = self._house.policies(rule.response)
        drill.call = Call(policy, About.OPENED, at, top.level is not Level.WARNING)
        if top.priority is Priority.LOW:
            self._hinder(drill, Hop.OUTBOX, "low priority wakes nobody")
            drill.call = None
            return
        self._step(drill, at, draft)

    def _step(self, drill: Drill, at: datetime, draft: Draft) -> None:
        assert drill.call is not None  # noqa: S101  # only a running call is due
        if pause := self._house.out_of_service(drill.point.id, at):
            self._hinder(drill, Hop.OUTBOX, pause[1])
            drill.call = None
            return
        about, names = drill.call.take(at)
        on_duty, _ = self._house.roster.reached(names, at)
        targets, _ = reaching(on_duty, self._house.unreachable(), self._house.roster.everybody)
        told = tuple(dict.fromkeys((*drill.course.told, *targets)))
        drill.course = replace(drill.course, told=told)
        detail: dict[str, Json] = {"destinations": list(targets)}
        number = self._reach(drill, Hop.OUTBOX, at, draft, detail, again=True)
        texts = [(to, words.told(drill.course, drill.point.name, drill.said, to)) for to in targets]
        self._tell(drill, number, about, texts, at, draft)

    def went(self, kind: Kind, destination: str, detail: dict[str, Json], at: datetime, draft: Draft) -> None:
        """Take what came of an attempt to deliver."""
        alarms = detail.get("alarms") or []
        for id_ in alarms if isinstance(alarms, list) else []:
            drill = self._running.get(str(id_))
            if drill is None:
                continue
            if kind is Kind.DELIVERED:
                if Hop.PROVIDER not in drill.course.hops:
                    self._reach(drill, Hop.PROVIDER, at, draft, {"destination": destination})
            else:
                self._hinder(drill, Hop.PROVIDER, f"{destination}: {detail.get('answer')}")
            self._stir(drill, draft)

    def _answered(self, act: DrillArrived | DrillAnswered | DrillFailed, at: datetime, draft: Draft) -> str:
        """Take what a person says of a drill; return why it cannot be, or nothing."""
        drill = self._running.get(act.drill)
        if drill is None:
            return f"no drill {act.drill!r:.20} is running; see: hdmonitor drill list"
        match act:
            case DrillFailed():
                if Hop.BROKER in drill.course.hops:
                    return f"{act.drill} has passed the broker"
                self._hinder(drill, Hop.BROKER, act.why)
                self._end(drill, at, draft)
                return ""
            case DrillArrived():
                course = drill.course
                to = next((each for each in course.told if words.code(course, each) == act.code), None)
                if to is None:
                    return "this is not the code of any message of the drill; read it from the phone"
                self._reach(drill, Hop.ARRIVAL, at, draft, {"by": act.by, "destination": to})
            case DrillAnswered():
                self._reach(drill, Hop.ACKNOWLEDGEMENT, at, draft, {"by": act.by})
                drill.call = None
        if drill.course.failed is None:
            self._end(drill, at, draft)
        else:
            self._stir(drill, draft)
        return ""

    def _refused(self, act: DrillAct, why: str, draft: Draft) -> None:
        """Keep what stood in the way of an answer."""
        drill = self._running.get(act.drill) if isinstance(act, DrillArrived | DrillAnswered) else None
        if drill is not None:
            hop = Hop.ARRIVAL if isinstance(act, DrillArrived) else Hop.ACKNOWLEDGEMENT
            self._hinder(drill, hop, why)
            self._stir(drill, draft)

    def real(self, point: str, value: float, at: datetime, draft: Draft) -> None:
        """End the drills of a point whose real value is out of its limits."""
        drills = [drill for drill in self._running.values() if drill.point.id == point]
        for drill in drills:
            shown = show(value, drill.point.quantity, _unit(drill.point))
            self._end(drill, at, draft, f"A REAL value is out of limits: {shown}. No drill any more")

    # --- writing --------------------------------------------------------------

    def _reach(
        self,
        drill: Drill,
        hop: Hop,
        at: datetime,
        draft: Draft,
        detail: dict[str, Json],
        *,
        again: bool = False,
    ) -> int:
        if hop in drill.course.hops and not again:
            return 0
        drill.course = drill.course.reached(hop, at)
        told: dict[str, Json] = {"hop": hop.value, **detail}
        return draft.event(at, Kind.ALARM_DRILL, drill.point.id, told, drill.course.id)

    def _hinder(self, drill: Drill, hop: Hop, why: str) -> None:
        drill.course = drill.course.hindered(hop, why)

    def _tell(
        self,
        drill: Drill,
        number: int,
        about: About,
        texts: Sequence[tuple[str, Text]],
        at: datetime,
        draft: Draft,
    ) -> None:
        # Never critical: what is over replaces what was not delivered, and no drill overtakes an alarm.
        facts = (about, Priority.HIGH, drill.response is Response.CONTAINMENT)
        draft.outcome.notices.extend(
            Notice(number, drill.course.id, to, *facts, text.title, text.body, at) for to, text in texts
        )

    def _stir(self, drill: Drill, draft: Draft) -> None:
        if drill.course.id not in self._running:
            return
        self.points = frozenset(each.point.id for each in self._running.values())
        draft.outcome.states[KEY + drill.course.id] = drill.state()
        self._agenda.schedule(drill)

    # --- time and restart -----------------------------------------------------

    def shift(self, by: timedelta, draft: Draft) -> None:
        """Move what runs with a clock that stepped."""
        for drill in self._running.values():
            drill.course = replace(drill.course, ends_at=drill.course.ends_at + by)
            if drill.call is not None:
                drill.call.shift(by)
            self._stir(drill, draft)

    def restore(self, states: dict[str, Any]) -> None:
        """Go on with the drills of the journal; one whose point is gone is forgotten."""
        for key, state in states.items():
            if not key.startswith(KEY) or state is None:
                continue
            course = Course.restored(state["course"])
            point = self._site.points.get(course.point)
            if point is None:
                continue
            drill = Drill(point, course)
            drill.said, drill.response = state["said"], Response(state["response"])
            if state["call"]:
                policy = self._house.policies(drill.response)
                drill.call = Call.restored(policy, state["call"])
            self._running[course.id] = drill
            self._agenda.rank(drill, last=True)
            self._agenda.schedule(drill)
        self.points = frozenset(each.point.id for each in self._running.values())


def _unit(point: Point) -> str:
    return point.rules[0].unit if point.rules else quantity_named(point.quantity).canonical
