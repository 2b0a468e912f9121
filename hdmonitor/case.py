"""One case: a rule at a point, the machine that judges it, and its alarm once it is open.

A case turns changes of its machine into events, an alarm with a name, and
calls to people. It decides and writes into a `Draft`; it sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.alerts import wording
from hdmonitor.alerts.duty import Roster
from hdmonitor.alerts.escalation import Call, lasts, reaching
from hdmonitor.alerts.flapping import BLIND_STANDS, VALUE_STANDS, Comings, again
from hdmonitor.alerts.quiet import quiet_until
from hdmonitor.alerts.situation import Behind
from hdmonitor.draft import Draft, alarm_state, restored_alarm
from hdmonitor.events import About, Alarm, Excursion, Json, Kind, Notice, Where
from hdmonitor.history import described
from hdmonitor.model import (
    ALWAYS,
    NO_TIME,
    Exposure,
    Level,
    Phase,
    Point,
    Policy,
    Priority,
    Response,
    Room,
    Rule,
    Threshold,
    iso,
    moment_of,
)
from hdmonitor.rules.alarm import STILL, Machine
from hdmonitor.rules.changes import Change, Lowered, Moved, Raised, Span
from hdmonitor.rules.found import Found
from hdmonitor.rules.silence import Silence
from hdmonitor.seen import MARK_EVERY, Seen
from hdmonitor.shelf import Shelf

# Where an opening may be one of many. What the monitor says of itself, or who calls for help, always calls.
COME_AND_GO = frozenset({"limit", "silent", "fault"})
COMINGS = "comings:"

CLOSED = "the site is closed; told at opening"


@dataclass(frozen=True, slots=True)
class House:
    """What every case of a site needs to know of it."""

    zone: str
    policies: Callable[[Response], Policy]
    room: Callable[[str], Room | None]
    out_of_service: Callable[[str, datetime], tuple[datetime, str] | None]  # until, why
    # until and why a door, or a defrost, explains what began at the first time, asked at the second
    behind_door: Callable[[Point, datetime, datetime], tuple[datetime, str] | None]
    door: Callable[[Point, datetime], str]  # how the door across a pair stands; empty where none is known
    move_to: Callable[[Point, datetime], tuple[str, ...] | None]  # spare units; None where nothing is moved
    beside: Callable[[Point], str]  # the other room of a pair, where a room has several pairs
    roster: Roster
    opening: Callable[[datetime], datetime]  # when somebody is there: that moment, or the next opening
    suspect: Callable[[Point], Case]  # what is doubted of a sensor
    added_up: Callable[[Point, Exposure], Case]  # what its readings add up to
    explained: Callable[[Case], str] = lambda _case: ""  # why its silence calls nobody
    behind: Callable[[Case, datetime], Behind | None] = lambda _case, _at: None  # of a gateway
    outlook: Callable[[Case, datetime], tuple[str, ...]] = lambda _case, _at: ()  # how long it may go on
    opened: Callable[[Case, datetime, Draft], None] = lambda _case, _at, _draft: None  # or got worse
    over: Callable[[Case, datetime, Draft], None] = lambda _case, _at, _draft: None
    latched: Callable[[Case], bool] = lambda _case: False  # its unit waits to be returned to service
    unreachable: Callable[[], frozenset[str]] = frozenset  # destinations that take nothing now
    # late data show an excursion that nobody was called for: the alarm that tells of it
    missed: Callable[[Point, Span, datetime, Draft], str | None] = lambda *_: None
    # what a door, or a defrost, had explained is explained no more
    unexplained: Callable[[Case, datetime, Draft], None] = lambda _case, _at, _draft: None


class Case:
    """A rule at a point: machine, open alarm, running call."""

    # A site has thousands of cases, and few of them have anything to tell: what stands in the class is
    # how things are until an alarm opens, and takes no room in the others.
    __slots__ = ("__dict__", "cause", "house", "machine", "noted", "point", "rank", "rule", "seen")

    exposure: Exposure | None = None  # what readings add up to; `seen` is the sum then
    text = ""  # fault code or the sentence of an own condition
    alarm: Alarm | None = None
    call: Call | None = None
    told: tuple[str, ...] = ()
    to_all = False  # whatever its policy says
    acknowledged_until: datetime | None = None
    resume_at: datetime | None = None  # a withheld call starts then
    by_door = False  # it is withheld because an opening, or a defrost, explains the value
    was_outside = False  # silence after a value outside
    comings: Comings | None = None  # how often it has opened lately
    over: Span | None = None  # the worst excursion of this alarm that has ended
    withdrawn = False  # late data showed that the alarm never was
    held = False  # and only a named act ends it
    shelf: Shelf | None = None  # a person stopped the calls for a while
    silenced_by: str | None = None  # the sounder, not the calls
    where = Where.ANSWER  # of the person who answered
    reached = 0  # the step of the policy at which that person stopped the call

    def __init__(
        self,
        point: Point,
        rule: Rule,
        machine: Machine | Silence | Found,
        *,
        seen: Seen,
        house: House,
        cause: str,
    ) -> None:
        self.point = point
        self.rule = rule
        self.machine = machine
        self.seen = seen
        self.house = house
        self.cause = cause
        self.rank = 0  # on the agenda
        self.noted: datetime | None = None

    @property
    def key(self) -> str:
        """Name the case in the journal."""
        return f"case:{self.point.id}|{self.rule.id}"

    @property
    def resting(self) -> bool:
        """Tell whether a restart could rebuild this case from the readings alone."""
        if self.alarm is not None:
            return False
        return self.machine.calm

    # --- time ---------------------------------------------------------------

    def due(self) -> datetime | None:
        """Return the earliest moment at which time alone changes something here."""
        moments = (
            self.machine.due(),
            self.call.due() if self.call and self.resume_at is None else None,
            self.acknowledged_until,
            self.resume_at,
            self.shelf.until if self.shelf is not None else None,
        )
        return min((moment for moment in moments if moment is not None), default=None)

    def advance(self, at: datetime, draft: Draft) -> None:
        """Let time pass up to and including `at`, one due moment after the other."""
        while (due := self.due()) is not None and due <= at:
            if due == self.machine.due():
                self.apply(self.machine.advance(due), draft)
            elif due == self.acknowledged_until:
                self._expire(due, draft)
            elif self.shelf is not None and due == self.shelf.until:
                self.unshelve(self.shelf.by, "its time is over", due, draft)
            elif due == self.resume_at:
                self.resume(due, draft)
            else:
                self._step(due, draft)

    def resume(self, at: datetime, draft: Draft) -> None:
        """Start the call that was withheld; behind a door only if the value has not come back."""
        self.resume_at = None
        if self.by_door and self.machine.phase is not Phase.ACTIVE:
            self.call = None  # it starts if the value leaves again
            return
        self._announce(at, draft)

    def shift(self, by: timedelta) -> None:
        """Move everything that runs with a clock that stepped."""
        self.machine.shift(by)
        if self.call is not None:
            self.call.shift(by)
        if self.acknowledged_until is not None:
            self.acknowledged_until += by
        if self.resume_at is not None:
            self.resume_at += by
        if self.comings is not None:
            self.comings = self.comings.shifted(by)
        if self.shelf is not None:
            self.shelf = self.shelf.moved(by)

    def postpone(self, at: datetime) -> bool:
        """Let an alarm that called nobody call by itself at `at`, if it lasts; tell whether it will."""
        answered = self.alarm is None or self.alarm.acknowledged_by is not None
        if answered or self.call is not None or self.resume_at is not None:
            return False
        self.resume_at = at
        return True

    # --- what the machine says ----------------------------------------------

    def observe(self, at: datetime, value: float, draft: Draft) -> bool:
        """Judge a value; tell whether anything has changed."""
        assert isinstance(self.machine, Machine)  # noqa: S101  # nothing else is observed with values
        changes = self.machine.observe(at, value)
        if changes is STILL:
            return False
        self.apply(changes, draft)
        return True

    def apply(self, changes: Sequence[Change], draft: Draft, *, withhold: str = "") -> None:
        """Write what `changes` mean; `withhold` says why an alarm opens without a call."""
        for change in changes:
            match change:
                case Span():
                    if self.cause == "limit":  # a fault or a flat battery is no excursion of a value
                        self._excursion(change, draft)
                    elif self.exposure is not None or self.cause == "hand":
                        self._remember(change)
                case Moved():
                    self._moved(change, draft, withhold)
                case Raised():
                    self._raised(change, draft)
                case Lowered() if self.alarm is not None:  # late data may show one that nobody was told of
                    self._lowered(change, draft)

    def _excursion(self, span: Span, draft: Draft) -> None:
        excursion = self._described(span)
        draft.outcome.excursions.append(excursion)
        if span.threshold.level is Level.CRITICAL:
            draft.outcome.rooms.add(self.point.room)  # lost containment shows at once, see `lost`
        self._remember(span)
        if span.end is not None:
            detail: dict[str, Json] = {
                **self.named(span.threshold),
                "start": span.start.isoformat(),
                "end": span.end.isoformat(),
                "peak": span.peak,
                "missing_s": span.missing.total_seconds(),
                "alarm_at": span.alarm_at.isoformat() if span.alarm_at else None,
            }
            draft.event(span.at, Kind.EXCURSION, self.point.id, detail, excursion.alarm)

    def _remember(self, span: Span) -> None:
        """Keep the worst that has ended, which the end of the alarm tells."""
        worst = self.over is None or span.threshold.rank >= self.over.threshold.rank
        if worst and span.end is not None and span.alarm_at is not None:
            self.over = span

    def _described(self, span: Span) -> Excursion:
        return described(self.point, self.rule, span, self.alarm.id if self.alarm else None)

    @property
    def lost(self) -> bool:
        """Whether a room has lost its containment now, alarm or not (practice rule 6)."""
        room = self.rule.response is Response.CONTAINMENT and self.point.quantity == "differential_pressure"
        worst = self.machine.worst_outside() if room and isinstance(self.machine, Machine) else None
        return worst is not None and worst.threshold.level is Level.CRITICAL

    def running(self) -> list[Excursion]:
        """Return the excursions that have not ended, as they stand."""
        return [self._described(span) for span in self.machine.running()]

    def _moved(self, change: Moved, draft: Draft, withhold: str) -> None:
        opening = change.after is Phase.ACTIVE and self.alarm is None
        name = f"A{draft.next_event}" if opening else self.alarm.id if self.alarm else None
        detail: dict[str, Json] = {
            **self.named(change.threshold),
            "from": change.before.value,
            "to": change.after.value,
            "value": self.seen.value,
        }
        if self.text:
            detail["text"] = self.text
        number = draft.event(change.at, Kind.MOVED, self.point.id, detail, name)
        draft.outcome.rooms.add(self.point.room)
        if opening and name is not None:
            self._open(name, change, draft, withhold)
        elif self.held and change.after is Phase.ACTIVE and change.threshold is not None:
            self.held = self.withdrawn = False  # now it is one
            self._raised(Raised(change.at, change.threshold), draft)
        elif self.by_door and change.after is Phase.ACTIVE and self.resume_at is None:
            self._start(About.OPENED, change.at, draft)
        elif self.alarm is not None and change.after not in (Phase.ACTIVE, Phase.CLEARING) and not self.held:
            self._clear(number, change.at, draft, back=change.after is Phase.NORMAL)

    def _open(self, name: str, change: Moved, draft: Draft, withhold: str) -> None:
        threshold = change.threshold
        worst = threshold or self.machine.top
        self.alarm = Alarm(
            id=name,
            point=self.point.id,
            rule=self.rule.id,
            version=self.rule.version,
            level=worst.level if worst else Level.ALARM,
            priority=worst.priority if worst else Priority.HIGH,
            began_at=self._began(change.at),
            opened_at=change.at,
            title="",
            active=True,
        )
        self._came(again(self.comings, change.at), draft)
        self.alarm = replace(self.alarm, title=self._title(change.at))
        draft.outcome.alarms[name] = self.alarm
        self.house.opened(self, change.at, draft)
        self._start(About.OPENED, change.at, draft, withhold)

    def _raised(self, change: Raised, draft: Draft) -> None:
        draft.event(change.at, Kind.RAISED, self.point.id, self.named(change.threshold), self._alarm().id)
        # practice rule 7: an acknowledgement covers its level only
        self._update(
            draft,
            level=change.threshold.level,
            priority=change.threshold.priority,
            acknowledged_by=None,
            acknowledged_at=None,
        )
        self._update(draft, title=self._title(change.at))
        self.acknowledged_until = self.silenced_by = None
        self.house.opened(self, change.at, draft)
        if self.shelf is not None:  # it was shelved at its level, as it is answered at its level
            self._end_shelf(self.shelf.by, "it has got worse", change.at, draft)
        self._start(About.RAISED, change.at, draft)

    def _lowered(self, change: Lowered, draft: Draft) -> None:
        draft.event(change.at, Kind.LOWERED, self.point.id, self.named(change.threshold), self._alarm().id)
        self._update(draft, level=change.threshold.level, priority=change.threshold.priority)

    def _clear(self, number: int, at: datetime, draft: Draft, *, back: bool) -> None:
        if self.told and (back or self.withdrawn) and not self.held:
            text = self._last_words(at)
            about = About.WITHDRAWN if self.withdrawn else About.CLEARED
            self._tell(number, about, self.told, text, at=at, draft=draft)
        self._update(draft, active=False, cleared_at=at)
        draft.keep(self._alarm())
        self.house.over(self, at, draft)
        # Ended by a person it is a new story when it opens again.
        self._came(self.comings.over(at) if self.comings and back else None, draft)
        self.alarm = self.call = self.acknowledged_until = self.resume_at = None
        self.shelf = self.silenced_by = None
        self.where, self.reached = Where.ANSWER, 0
        self.by_door = False
        self.told = ()
        self.was_outside = self.withdrawn = self.held = False
        self.over = None

    def _last_words(self, at: datetime) -> wording.Text:
        worded = wording.withdrawn if self.withdrawn else wording.cleared
        return worded(self._situation(at), self.house.zone)

    # --- late data ----------------------------------------------------------

    def rejudged(self, machine: Machine, at: datetime, draft: Draft, *, withdrawn: bool) -> None:
        """Go on with what the limits made of all readings, those that came late as well.

        `withdrawn` says that nothing is left of what opened the alarm. What is
        long past does not call people while the site is closed.
        """
        before, was, self.machine = self.machine.phase, self.machine.top, machine
        if withdrawn and not self.withdrawn:
            self._withdraw(at, draft)
        changes: list[Change] = []
        if machine.phase is not before:
            changes.append(Moved(at, before, machine.phase, machine.top or was))
        if self.alarm is not None and was and machine.top and machine.top is not was:
            worse = machine.top.rank >= was.rank
            changes.append(Raised(at, machine.top) if worse else Lowered(at, machine.top))
        stale = machine.last_at is not None and at > machine.last_at + machine.valid_for
        opening = self.house.opening(at) if stale and self.alarm is None else at
        self.apply(changes, draft, withhold=CLOSED if opening > at else "")
        if opening > at and self.alarm is not None:
            self.resume_at = opening
        worst = machine.worst_outside()
        if self.alarm is not None and worst and worst.start and worst.start < self.alarm.began_at:
            self._update(draft, began_at=worst.start)

    def _withdraw(self, at: datetime, draft: Draft) -> None:
        """Say that an alarm never was. One that latches stays until a person ends it."""
        self.withdrawn = True
        draft.event(at, Kind.WITHDRAWN, self.point.id, self.named(None), self._alarm().id)
        self.held = self.rule.latched and self._alarm().level is not Level.WARNING
        text = self._last_words(at)
        self._update(draft, title=text.title)
        if self.held and self.told:
            detail = _called(About.WITHDRAWN, self.told)
            number = draft.event(at, Kind.CALLED, self.point.id, detail, self._alarm().id)
            self._tell(number, About.WITHDRAWN, self.told, text, at=at, draft=draft)

    # --- calls to people ----------------------------------------------------

    def _start(self, about: About, at: datetime, draft: Draft, withhold: str = "", *, step: int = 0) -> None:
        """Start a call at a step of its policy, or write down why nobody is called."""
        was_by_door = self.by_door
        self.by_door = False
        self._call(about, at, draft, withhold, step)
        if was_by_door and not self.by_door:
            self.house.unexplained(self, at, draft)

    def _call(self, about: About, at: datetime, draft: Draft, withhold: str, step: int) -> None:
        alarm = self._alarm()
        self.call = self.resume_at = None
        withhold = withhold or self.house.explained(self)
        if self.shelf is not None:
            withhold = withhold or self.shelf.said(self.house.zone)
        if not withhold and alarm.priority is Priority.LOW:
            withhold = "low priority wakes nobody"
        if withhold:
            self._withhold(withhold, at, draft)
            return
        if about is About.OPENED and at == alarm.opened_at and (pause := self._comes_and_goes(at)):
            self.resume_at, reason = pause
            self._withhold(reason, at, draft)
            return
        policy = self.house.policies(self.rule.response)
        escalates = alarm.level is not Level.WARNING  # a warning is inside the limit of the rule
        self.call = Call.at_step(policy, about, at, step, escalates, alarm.priority)
        while (due := self.call.due()) and due <= at and self.resume_at is None:
            self._step(at, draft)

    def _comes_and_goes(self, at: datetime) -> tuple[datetime, str] | None:
        """Say until when and why an alarm that comes and goes calls nobody; None for what always calls."""
        loud = self._alarm().priority is Priority.CRITICAL or self._alarm().level is Level.CRITICAL
        if self.comings is None or loud or self.rule.response is Response.CONTAINMENT:
            return None
        stands = VALUE_STANDS if self.cause == "limit" or self.was_outside else BLIND_STANDS
        return self.comings.held(at, stands)

    def _came(self, comings: Comings | None, draft: Draft) -> None:
        """Remember how often the alarm has come, which its machine does not."""
        if self.cause in COME_AND_GO:
            self.comings = comings
            draft.outcome.states[f"{COMINGS}{self.key}"] = comings.state() if comings is not None else None

    def _announce(self, at: datetime, draft: Draft) -> None:
        """Start or go on with a call that was withheld, if the alarm still stands."""
        if self.alarm is not None and self.alarm.active and self.alarm.acknowledged_by is None:
            self._start(About.OPENED if not self.told else About.REPEATED, at, draft)

    def _step(self, at: datetime, draft: Draft) -> None:
        assert self.call is not None  # noqa: S101  # only a running call is due
        if pause := self.house.out_of_service(self.point.id, at):
            self.resume_at, reason = pause
            self._withhold(reason, at, draft)
            return
        if pause := self._behind_door(at):
            self.resume_at, reason = pause
            self.by_door = True
            self._withhold(reason, at, draft)
            return
        if pause := quiet_until(self.call.policy.quiet, self._alarm().priority, self.house.zone, at):
            self.resume_at, reason = pause
            self._withhold(reason, at, draft)
            return
        self._take(at, draft)

    def _take(self, at: datetime, draft: Draft, *, everybody: bool = False) -> None:
        """Take the next step of the running call; with `everybody`, since nobody it told can be reached."""
        assert self.call is not None  # noqa: S101  # only a running call is due
        about, names = self.call.take(at)
        on_duty, why = self.house.roster.reached(names, at)
        lost = (*self.house.unreachable(), *on_duty) if everybody or self.to_all else self.house.unreachable()
        targets, nobody = reaching(on_duty, lost, self.house.roster.everybody)
        why += [*nobody, *self.call.last_words()]
        self.told = tuple(dict.fromkeys((*self.told, *targets)))
        detail = _called(about, targets)
        if why:
            detail["why"] = [*why]
        number = draft.event(at, Kind.CALLED, self.point.id, detail, self._alarm().id)
        self._tell(number, about, targets, self._text(at, about), at=at, draft=draft)
        if self.comings is not None and self.comings.many:
            self._came(self.comings.told(at), draft)

    def explained(self, at: datetime) -> bool:
        """Tell whether a door, or a defrost, explains everything that is outside."""
        return self._behind_door(at) is not None

    def _behind_door(self, at: datetime) -> tuple[datetime, str] | None:
        """Return until when and why a door explains everything that is outside; None if it does not."""
        if self.cause != "limit" or not isinstance(self.machine, Machine):
            return None
        outside = [strand for strand in self.machine.strands if strand.start is not None]
        serious = [strand for strand in outside if strand.threshold.level is not Level.WARNING]
        began = min((strand.start for strand in serious or outside if strand.start), default=None)
        return self.house.behind_door(self.point, began, at) if began is not None else None

    def _withhold(self, reason: str, at: datetime, draft: Draft) -> None:
        draft.event(at, Kind.NOT_NOTIFIED, self.point.id, {"reason": reason}, self._alarm().id)

    def _tell(
        self,
        number: int,
        about: About,
        targets: Sequence[str],
        text: wording.Text,
        *,
        at: datetime,
        draft: Draft,
    ) -> None:
        alarm = self._alarm()
        contained = self.rule.response is Response.CONTAINMENT
        draft.outcome.notices.extend(
            Notice(number, alarm.id, target, about, alarm.priority, contained, text.title, text.body, at)
            for target in targets
        )

    @property
    def nobody_reached(self) -> bool:
        """Whether a call is running, and nobody whom it has told can be reached."""
        running = self.call is not None and self.resume_at is None and bool(self.told)
        return running and self.house.unreachable().issuperset(self.told)

    def reach_everybody(self, at: datetime, draft: Draft) -> None:
        """Take the next step of the running call now, if there is anybody who was not told."""
        if not set(self.told) >= set(self.house.roster.everybody):
            self._take(at, draft, everybody=True)

    # --- what people say ----------------------------------------------------

    @property
    def answer_lasts(self) -> timedelta:
        """How long an answer given now holds."""
        return lasts(self._alarm().level, added_up=self.exposure is not None)

    def acknowledge(
        self,
        by: str,
        name: str,
        note: str,
        at: datetime,
        draft: Draft,
        *,
        where: Where = Where.ANSWER,
        arrives: timedelta | None = None,
    ) -> None:
        """Take the answer of a person: the call stops until the answer expires, or nobody has arrived."""
        again = self._alarm().acknowledged_by == by
        self._update(draft, acknowledged_by=by, acknowledged_at=at)
        detail: dict[str, Json] = {"by": by, "note": note, "where": where.value}
        number = draft.event(at, Kind.ACKNOWLEDGED, self.point.id, detail, self._alarm().id)
        self.reached = self.call.step if self.call is not None else self.reached
        self.call = self.resume_at = None
        if self.by_door:
            self.by_door = False
            self.house.unexplained(self, at, draft)
        self.where = where
        self.acknowledged_until = at + min(self.answer_lasts, arrives or self.answer_lasts)
        if self.told and not again:
            text = wording.acknowledged(self._situation(at), self.house.zone, name, note)
            self._tell(number, About.ACKNOWLEDGED, self.told, text, at=at, draft=draft)
        draft.outcome.rooms.add(self.point.room)

    def close(self, at: datetime, draft: Draft) -> Alarm:
        """End the alarm by a named act; return it as it stood, cleared."""
        alarm = self._alarm()
        self.apply(self.machine.close(at), draft)
        if self.held:
            self._clear(draft.next_event, at, draft, back=False)
        return draft.outcome.alarms[alarm.id]

    def _expire(self, at: datetime, draft: Draft) -> None:
        self.acknowledged_until = self.silenced_by = None
        alarm = self._alarm()
        nobody_came = self.where is Where.ON_MY_WAY  # practice rule 7
        detail: dict[str, Json] = {"by": alarm.acknowledged_by, "where": self.where.value}
        draft.event(at, Kind.ACK_EXPIRED, self.point.id, detail, alarm.id)
        self._update(draft, acknowledged_by=None, acknowledged_at=None)
        self.where = Where.ANSWER
        if nobody_came:
            self._start(About.ESCALATED, at, draft, step=self.reached)
        else:
            self._start(About.REPEATED, at, draft)
        draft.outcome.rooms.add(self.point.room)

    def silence(self, by: str, at: datetime, draft: Draft) -> None:
        """Turn off the sounder of this alarm; the calls go on."""
        self.silenced_by = by
        draft.event(at, Kind.SILENCED, self.point.id, {"by": by}, self._alarm().id)
        draft.outcome.rooms.add(self.point.room)

    def shelve(self, shelf: Shelf, at: datetime, draft: Draft) -> None:
        """Stop the calls until the shelf ends; nothing else changes."""
        self.shelf = shelf
        self.call = self.resume_at = None
        self.by_door = False
        detail: dict[str, Json] = {"by": shelf.by, "reason": shelf.reason, "until": shelf.until.isoformat()}
        draft.event(at, Kind.SHELVED, self.point.id, detail, self._alarm().id)
        draft.outcome.rooms.add(self.point.room)

    def unshelve(self, by: str, why: str, at: datetime, draft: Draft) -> None:
        """Let the alarm call again, if it still stands and nobody has answered."""
        self._end_shelf(by, why, at, draft)
        self._announce(at, draft)

    def _end_shelf(self, by: str, why: str, at: datetime, draft: Draft) -> None:
        self.shelf = None
        draft.event(at, Kind.UNSHELVED, self.point.id, {"by": by, "why": why}, self._alarm().id)
        draft.outcome.rooms.add(self.point.room)

    def document(self, note: str, draft: Draft) -> None:
        """Keep what was written down while the alarm runs."""
        self._update(draft, note=note)

    # --- words --------------------------------------------------------------

    def _text(self, at: datetime, about: About) -> wording.Text:
        return wording.opened(self._situation(at), self.house.zone, about)

    def _title(self, at: datetime) -> str:
        return wording.title_of(self._situation(at, advice=False), self.house.zone)

    def _situation(self, at: datetime, *, advice: bool = True) -> wording.Situation:
        """Return what can be said of the alarm; `advice` is where stock may go and how long there is."""
        worst = self.machine.worst_outside() if isinstance(self.machine, Machine) else None
        over = self.over if worst is None else None
        return wording.Situation(
            alarm=self.alarm.id if self.alarm else "",
            point=self.point,
            rule=self.rule,
            threshold=self.machine.top or (over.threshold if over else None),
            cause=self._cause(),
            value=self.seen.value,
            measured_at=self.seen.at,
            began_at=over.start if over else self.alarm.began_at if self.alarm else at,
            ended_at=over.end if over else None,
            at=at,
            peak=worst.peak if worst else over.peak if over else None,
            rising=self.seen.rising,
            text="" if self.cause == "hand" else self.text,
            by_hand=self.text if self.cause == "hand" else "",
            room=self.house.room(self.point.room),
            was_outside=self.was_outside,
            unanswered_since=self.call.started_at if self.call else None,
            door=self.house.door(self.point, at),
            beside=self.house.beside(self.point),
            move_to=self.house.move_to(self.point, at) if advice and self.rule.holds_stock else None,
            behind=self.house.behind(self, at),
            exposure=self.exposure,
            comings=self.comings if self.comings and self.comings.many else None,
            outlook=self.house.outlook(self, at) if advice else (),
            latched=self.house.latched(self),
        )

    def quoted(self, at: datetime) -> str:
        """Say what the point was when it was last heard: "HD Fridge 2 was 9.5 C and rising"."""
        return wording.last_seen(self._situation(at))

    def _cause(self) -> str:
        if isinstance(self.machine, Silence) and not self.machine.heard:
            return "never-heard"
        return "limit" if self.cause == "hand" else self.cause  # it is worded like any value

    def _began(self, at: datetime) -> datetime:
        if isinstance(self.machine, Silence):
            return self.machine.since
        worst = self.machine.worst_outside() if isinstance(self.machine, Machine) else None
        return worst.start if worst and worst.start else at

    def named(self, threshold: Threshold | None) -> dict[str, Json]:
        """Return the fields that name the rule and one of its limits."""
        detail: dict[str, Json] = {"rule": self.rule.id, "version": self.rule.version}
        if threshold is not None:
            detail |= {
                "level": threshold.level.name.lower(),
                "side": threshold.side.value,
                "name": threshold.name,
                "limit": threshold.limit,
            }
        return detail

    def _alarm(self) -> Alarm:
        assert self.alarm is not None  # noqa: S101  # callers have an open alarm
        return self.alarm

    def _update(self, draft: Draft, **facts: Any) -> None:
        self.alarm = replace(self._alarm(), **facts)
        draft.outcome.alarms[self.alarm.id] = self.alarm

    # --- persistence --------------------------------------------------------

    def state(self) -> Json:
        """Return what a restart needs; None when the readings tell it all."""
        return None if self.resting else self.whole_state()

    def whole_state(self) -> Json:
        """Return all there is to know of the case."""
        return {
            "machine": self.machine.state(),
            "marks": list(self.seen.marks),
            "marked_at": iso(self.seen.marked_at),
            "text": self.text,
            "was_outside": self.was_outside,
            "over": self._over_state(),
            "figure": self.seen.value if self.exposure or self.cause == "hand" else None,
            "withdrawn": self.withdrawn,
            "held": self.held,
            "alarm": alarm_state(self.alarm) if self.alarm else None,
            "call": self.call.state() if self.call else None,
            "told": list(self.told),
            "acknowledged_until": iso(self.acknowledged_until),
            "resume_at": iso(self.resume_at),
            "by_door": self.by_door,
            "shelf": self.shelf.state() if self.shelf is not None else None,
            "silenced_by": self.silenced_by,
            "where": self.where.value,
            "reached": self.reached,
        }

    def _over_state(self) -> Json:
        if self.over is None or self.over.end is None:
            return None
        return {
            "limit": self.rule.thresholds.index(self.over.threshold),
            "start": self.over.start.isoformat(),
            "end": self.over.end.isoformat(),
            "peak": self.over.peak,
        }

    def _restored_over(self, state: Any) -> Span | None:
        if not state or state["limit"] >= len(self.rule.thresholds):
            return None
        start, end = datetime.fromisoformat(state["start"]), datetime.fromisoformat(state["end"])
        threshold = self.rule.thresholds[state["limit"]]
        return Span(end, threshold, start, end, state["peak"], NO_TIME, start)

    def restore(self, state: Any, heard_at: datetime | None) -> None:
        """Go on from `state` and from the moment of the newest judged (or live) reading."""
        self.machine.restore(state["machine"] if state else None, heard_at)
        if not state:
            return
        marked_at = moment_of(state["marked_at"])
        self.seen.marks = tuple(state["marks"])
        self.seen.next_mark_at = marked_at + MARK_EVERY if marked_at is not None else ALWAYS
        self.text, self.was_outside = state["text"], state["was_outside"]
        self.over = self._restored_over(state["over"])
        if self.exposure is not None:
            self.seen.value = state["figure"]
        elif self.cause == "hand" and isinstance(self.machine, Machine):
            self.seen.value, self.seen.at = state["figure"], self.machine.last_at
        self.withdrawn, self.held = state.get("withdrawn", False), state.get("held", False)
        self.alarm = restored_alarm(state["alarm"]) if state["alarm"] else None
        self.told = tuple(state["told"])
        if state["call"]:
            self.call = Call.restored(self.house.policies(self.rule.response), state["call"])
        self.acknowledged_until = moment_of(state["acknowledged_until"])
        self.resume_at = moment_of(state["resume_at"])
        # Older journals do not know these.
        self.by_door = state.get("by_door", False)
        self.shelf = Shelf.restored(state["shelf"]) if state.get("shelf") else None
        self.silenced_by = state.get("silenced_by")
        self.where, self.reached = Where(state.get("where", Where.ANSWER)), state.get("reached", 0)


def _called(about: About, targets: Sequence[str]) -> dict[str, Json]:
    return {"about": about.value, "destinations": list(targets)}
