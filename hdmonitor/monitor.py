"""A whole site as one deterministic object: recorded input in, decisions out.

`Monitor.handle` takes inputs in the order in which they are decided and
returns everything there is to write down. It reads no clock, does no I/O and
knows no threads: the same inputs give the same outcome, however they are
cut into batches and however often the monitor is rebuilt from its journal in
between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hdmonitor.acts import Bench
from hdmonitor.added import Part, Parts
from hdmonitor.agenda import Agenda, Due
from hdmonitor.alerts.daily import Daily
from hdmonitor.alerts.duty import Roster
from hdmonitor.alerts.hours import opening
from hdmonitor.aside import Aside
from hdmonitor.builder import LOW, Builder
from hdmonitor.case import COMINGS, Case, House
from hdmonitor.compliance.obligation import Programme
from hdmonitor.digest import Digest
from hdmonitor.doubt import acquaint
from hdmonitor.draft import Draft, cleared_in
from hdmonitor.drills import Drill, Drills
from hdmonitor.edges import Edges
from hdmonitor.events import (
    Act,
    Alarm,
    ClockStepped,
    Complete,
    Condition,
    DrillAct,
    Entry,
    Excursion,
    Input,
    Json,
    Kind,
    Measured,
    Outcome,
    Quarantined,
    Recall,
    Remark,
    Restored,
)
from hdmonitor.filing import Filing
from hdmonitor.gateways import Gates
from hdmonitor.itself import Itself
from hdmonitor.late import Track
from hdmonitor.lights import Face
from hdmonitor.model import (
    MIRROR,
    Decoded,
    Device,
    Message,
    Phase,
    Point,
    Priority,
    Quality,
    Reading,
    Rejected,
    Rule,
    Site,
    Value,
    made,
)
from hdmonitor.order import MICROSECOND, NEVER, Order
from hdmonitor.places import Places
from hdmonitor.reminders import Reminders
from hdmonitor.restart import WATCHED, Restart
from hdmonitor.returns import Returns
from hdmonitor.rounds import Rounds
from hdmonitor.rules.alarm import STILL, Machine
from hdmonitor.rules.changes import Change, Span
from hdmonitor.rules.sums import added
from hdmonitor.seen import Seen
from hdmonitor.sensors import DeviceReader, readers_for, sparkplug
from hdmonitor.sensors.found import GATEWAY
from hdmonitor.sensors.liveness import is_there
from hdmonitor.sensors.times import believed
from hdmonitor.units import add
from hdmonitor.upkeep import Upkeep
from hdmonitor.watch import Watch, at_rest, middle, outside, stake, unseen

# So many messages are decoded one after the other before they are judged one after the other: in turn,
# each would find the processor prepared for the other, which takes a fifth longer.
AHEAD = 50

# Asking an enumeration for a member by name costs more than judging a normal value.
GOOD, RETAINED, NORMAL = Quality.GOOD, Quality.RETAINED, Phase.NORMAL


@dataclass(frozen=True, slots=True)
class Source:
    """What comes on one topic: who reads it, and the points that it is about."""

    reader: DeviceReader
    first: Watch  # has the battery and the clock of the device
    watches: tuple[Watch, ...]  # in the order in which the reader asks for them
    in_sums: tuple[int, ...]  # the places of these points among all parts of sums; empty where none is one

    def place(self, value: Value) -> int:
        """Return where a value comes among the parts of sums; what is no part comes first."""
        return self.in_sums[self.reader.asked[value.device, value.field]]


class Monitor:
    """Judges one site. `own` are the rules for blindness, clocks and the monitor itself.

    `recall` looks up what was recorded of a point: everything that was in an
    earlier outcome. Without it, what comes late is recorded and not judged. `measured`
    does so for the parts of sums, which without it stay as they were first added up.
    """

    def __init__(
        self,
        site: Site,
        own: Mapping[str, Rule],
        at: datetime,
        restored: Restored | None = None,
        daily: Daily | None = None,
        recall: Recall | None = None,
        programme: Programme | None = None,
        measured: Measured | None = None,
    ) -> None:
        self.site = site
        self.own = own
        self.now = at
        self._watches: dict[str, Watch] = {}
        self._aside = Aside(site, self._put_back)
        self._returns = Returns(site)
        self._places = Places(site, self._watches, self._returns, self._blind, self._stir)
        self._house = House(
            zone=site.zone,
            policies=site.policies.__getitem__,
            room=site.rooms.get,
            out_of_service=self._aside.out_of_service,
            behind_door=self._places.excused,
            door=self._places.doors.stands,
            move_to=self._places.move_to,
            beside=self._places.beside,
            roster=Roster(site.zone, site.duties, site.holidays, site.destinations),
            opening=lambda moment: opening(site.hours, site.holidays, site.zone, moment),
            suspect=lambda point: self._builder.suspect(self._watches[point.id]),
            added_up=lambda point, exposure: self._builder.added_up(self._watches[point.id], exposure),
            explained=lambda case: self._gates.explain(case, self.now),
            behind=lambda case, at: self._gates.behind(case, at),  # noqa: PLW0108  # built later, with this
            outlook=self._outlook,
            opened=self._opened,
            over=self._over,
            latched=self._returns.latched,
            unreachable=lambda: self._itself.unreachable,
            missed=self._missed,
            unexplained=self._returns.lost,
        )
        self._measured = measured
        self._cleared: dict[str, Alarm] = {}
        self._agenda = Agenda()
        self._order = Order(self._agenda, recall, self._stir)
        self._rounds = Rounds(
            site, lambda point: self._gates.answered(self._watches[point].silence), self._aside.out_of_service
        )
        notify = daily.notify if daily is not None else ()
        self._reminders = Reminders(site, self._cleared, notify, self._house.roster, self._house.opening)
        self._bench = Bench(
            site,
            self._order_cases,
            self._cleared,
            self._stir,
            lambda point, moment, draft: self._order.time_moved(self._watches[point], moment, draft),
            self._read_by_hand,
            lambda point: self._blind(self._watches[point]),
            self._aside,
            self._returns,
            self._rounds,
            self._reminders,
        )
        for each in (self._aside, self._rounds, self._reminders):
            self._agenda.rank(each)
        self._builder = Builder(site, own, self._house, self._agenda, looks_back=recall is not None)
        self._itself = Itself(self._builder, self._order_cases, self._stir)
        self._edges = Edges(site)
        for device in site.devices.values():
            for point in device.points:
                self._add(point, at)
        for point in site.points.values():
            if point.legs:
                self._add_sum(point, at)
        readers, places = readers_for(site.devices), {id_: n for n, id_ in enumerate(site.points)}
        self._sources = {
            topic: self._source(device, readers[topic], places)
            for topic, device in site.devices.items()
            if not topic.startswith(MIRROR)
        }
        self._readers = {
            topic: source.reader for topic, source in self._sources.items() if topic not in self._edges.topics
        }
        acquaint(watch.doubt for watch in self._watches.values() if watch.doubt is not None)
        self._gates = Gates(site, own["HDM-GATEWAY"], self._house, self._watches, self._stir, at)
        for case in self._gates.cases():
            self._agenda.rank(case)
        self._drills = Drills(site, self._house, self._agenda, self._stands)
        self._digest = (
            Digest(site, daily, self._order_cases, self._cleared, self._all_blind) if daily else None
        )
        self._draft = Draft(restored.next_event if restored else 1, self._cleared)
        if restored is not None:
            self._restore(restored, at)
        self._schedule_all()
        self._upkeep = Upkeep(programme, restored) if programme is not None else None
        self._filing = Filing(site, self._upkeep, self._itself)
        self._looks = [each for each in (self._upkeep, self._digest) if each is not None]
        self._look_next = self._next_look()

    # --- the way in ---------------------------------------------------------

    def handle(self, inputs: Sequence[Input], at: datetime) -> Outcome:
        """Decide `inputs` in their order and let time pass up to `at`.

        A `Reading` needs no decoding: one from a recording or a story. `at` must not be
        later than the reception of anything still waiting outside. Refusals of
        acts are in `Outcome.replies` by index.
        """
        self._draft = Draft(self._draft.next_event, self._cleared)
        for begin in range(0, len(inputs), AHEAD):
            some = inputs[begin : begin + AHEAD]
            for index, (item, said) in enumerate(zip(some, self._read(some), strict=True), begin):
                if isinstance(item, Message):
                    self._pass_time(item.received_at)
                    self._message(item, said)
                elif isinstance(item, Reading):
                    self._pass_time(item.received_at)
                    self._reading(self._watches[item.point], item)
                elif refusal := self._take(item, at):
                    self._draft.outcome.replies[index] = refusal
        self._pass_time(at)
        return self._draft.outcome

    def _read(self, inputs: Sequence[Input]) -> list[Decoded | Rejected | None]:
        """Return what messages say that say it whatever came before; None for everything else."""
        readers = self._readers
        return [
            reader.decode(item)[0]
            if isinstance(item, Message) and (reader := readers.get(item.topic))
            else None
            for item in inputs
        ]

    def _take(self, item: Condition | Remark | ClockStepped | Act | Entry, at: datetime) -> str:
        """Decide what is no measurement; return why an act was refused, or nothing."""
        if isinstance(item, ClockStepped):
            self._shift(item.by)  # before time passes: `at` is what the clock shows after its step
        self._pass_time(at)
        match item:
            case Condition():
                self._itself.take(item, self.now, self._draft)
            case Remark():
                self._draft.event(self.now, item.kind, item.subject, item.detail)
                if item.kind is Kind.STARTED:
                    self._draft.outcome.states[WATCHED] = self._unheard()
                if item.kind in (Kind.DELIVERED, Kind.UNDELIVERED):
                    self._itself.reaches(
                        item.subject, self.now, self._draft, taken=item.kind is Kind.DELIVERED
                    )
                    self._drills.went(item.kind, item.subject, item.detail, self.now, self._draft)
            case ClockStepped():
                pass
            case _:
                return self._do(item)
        return ""

    def _unheard(self) -> dict[str, Json] | None:
        """Return since when points are watched that were never heard, which nothing else would tell."""
        waiting = [watch for watch in self._watches.values() if not watch.signs.heard]
        return {watch.point.id: watch.signs.since.isoformat() for watch in waiting} or None

    def next_due(self) -> datetime | None:
        """Return the earliest moment at which time alone changes something."""
        return self._agenda.next_due()

    def face(self, room: str) -> Face:
        """Return what the light at the door of `room` has to show."""
        return self._places.face(room)

    def undocumented(self) -> tuple[Alarm, ...]:
        """Return the alarms that are over but that nobody has closed, newest first."""
        return tuple(reversed(self._cleared.values()))

    def running_excursions(self) -> list[Excursion]:
        """Return the excursions that have not ended, with their peaks so far."""
        return [one for watch in self._watches.values() for case in watch.rules for one in case.running()]

    # --- building -----------------------------------------------------------

    def _add_sum(self, point: Point, at: datetime) -> None:
        """Watch a value that no sensor measures, if everything it is the sum of is watched."""
        if any(leg.point not in self._watches for leg in point.legs):
            return
        self._add(point, at)
        watch = self._watches[point.id]
        parts = {leg.point: (self._watches[leg.point], leg) for leg in point.legs}
        watch.legs = tuple(parts[id_] for id_ in self.site.points if id_ in parts)
        for part, _ in watch.legs:
            part.feeds += (watch,)
        if watch.track is not None and self._measured is not None:
            of = tuple(Part(leg, part.point.valid_for) for part, leg in watch.legs)
            watch.track.parts = Parts(of, self._measured)

    def _add(self, point: Point, at: datetime) -> None:
        watch = self._builder.watch(point, at)
        self._watches[point.id] = watch
        self._places.add(watch)

    def _source(self, device: Device, reader: DeviceReader, places: Mapping[str, int]) -> Source:
        watches = tuple(self._watches[point.id] for point in device.points)
        summed = any(watch.feeds for watch in watches)
        in_sums = tuple(places[watch.point.id] if watch.feeds else -1 for watch in watches) if summed else ()
        return Source(reader=reader, first=watches[0], watches=watches, in_sums=in_sums)

    def _order_cases(self) -> list[Case]:
        watched = [case for watch in self._watches.values() for case in watch.cases()]
        return [*watched, *self._gates.cases(), *self._itself.cases()]

    def _combine(self, watch: Watch, reading: Reading) -> None:
        """Add up what the parts of a sum said last."""
        heard = ((leg, part.point.valid_for, part.last_at, part.part()) for part, leg in watch.legs)
        if (found := added(watch.point.base, heard)) is None:
            return
        at, value = found
        if watch.last_at is not None and at <= watch.last_at:
            if value == watch.last_value:
                return
            at = watch.last_at + MICROSECOND
        received_at = max(reading.received_at, at)
        self._reading(watch, Reading(watch.point.id, value, at, received_at, live=reading.live))

    # --- time ---------------------------------------------------------------

    def _pass_time(self, at: datetime) -> None:
        """Let everything that is due up to and including `at` happen, in order."""
        if at < self.now:
            return  # messages that were stamped while an earlier one was decided
        if self._look_next <= at:
            self._pass_looks(at)
        while (entry := self._agenda.take(at)) is not None:
            due, case = entry
            self.now = max(self.now, due)
            self._advance(case, due)
        self.now = at

    def _pass_looks(self, at: datetime) -> None:
        """Do what is due on local days up to `at`, each at its moment and as things stand then."""
        while self._look_next <= at:
            moment, self._look_next = max(self.now, self._look_next), NEVER
            self._pass_time(moment)
            for each in self._looks:
                if each.next_look(moment) <= moment:
                    each.look(moment, self._draft)
            self._look_next = self._next_look()

    def _next_look(self) -> datetime:
        return min((each.next_look(self.now) for each in self._looks), default=NEVER)

    def _all_blind(self) -> list[str]:
        return [watch.point.name for watch in self._watches.values() if self._blind(watch)]

    def _advance(self, case: Due, due: datetime) -> None:
        if isinstance(case, Track):
            self._order.look_back(self._watches[case.point.id], due, self._draft)
            return
        if isinstance(case, (Aside, Rounds, Reminders)):
            case.advance(due, self._draft)
            self._agenda.schedule(case)
            return
        if isinstance(case, Drill):
            self._drills.advance(case, due, self._draft)
            return
        assert isinstance(case, Case)  # noqa: S101  # nothing else is on the agenda
        if case.cause == "limit" and case.machine.due() == due:
            self._order.time_moved(self._watches[case.point.id], due, self._draft)
        if case.cause == "silent" and case.machine.due() == due:
            self._fall_silent(case, due)
        else:
            case.advance(due, self._draft)
        self._stir(case)
        if case.cause == "silent" and case.alarm:
            self._gates.blame(case, due, self._draft, linked=self._itself.linked)

    def _fall_silent(self, case: Case, due: datetime) -> None:
        """Open the alarm of a silent point with the priority of what it guards."""
        watch = self._watches[case.point.id]
        signs, by_day = watch.signs, watch.point.silent_after
        case.was_outside = bool(outside(watch))
        if by_day and watch.last_value is not None and not case.was_outside and signs.wait(by_day, due):
            return
        changes = signs.advance(due)
        signs.priced(stake(watch))
        withhold = "" if self._itself.linked else "the broker cannot be reached"
        if not case.was_outside and (deaf := [part.point.id for part, _ in watch.legs if unseen(part)]):
            withhold = withhold or f"{' and '.join(deaf)} cannot be relied on, which is told by itself"
        case.apply(changes, self._draft, withhold=withhold)
        for each in watch.feeds:
            if each.signs.due() is not None:
                each.signs.since = min(each.signs.since, due - each.point.valid_for)
                self._fall_silent(each.silence, due)
                self._stir(each.silence)

    def _missed(self, point: Point, span: Span, at: datetime, draft: Draft) -> str | None:
        return self._builder.late(self._watches[point.id]).find(span, at, draft)

    def _outlook(self, case: Case, at: datetime) -> tuple[str, ...]:
        return self._watches[case.point.id].outlook(at) if case.cause == "limit" else ()

    def _blind(self, watch: Watch) -> bool:
        """Tell whether a point cannot be relied on now: it says nothing, or its gateway is gone."""
        point = watch.point
        return point.topic in self._edges.away or self._gates.gone(point.id) or unseen(watch)

    def _schedule_all(self) -> None:
        for case in self._order_cases():
            self._agenda.schedule(case)
        self._schedule_beside()
        for watch in self._watches.values():
            if watch.track is not None:
                self._agenda.schedule(watch.track)

    def _schedule_beside(self) -> None:
        for each in (self._aside, self._rounds, self._reminders):
            self._agenda.schedule(each)

    def _stir(self, case: Case) -> None:
        """Note what a restart needs of a case, and when time will move it next."""
        self._draft.outcome.states[case.key] = case.state()
        self._agenda.schedule(case)

    def _shift(self, by: timedelta) -> None:
        """Go on after the wall clock stepped: running delays keep their length."""
        for watch in self._watches.values():
            self._order.shift(watch, by, self.now, self._draft)
        self.now += by
        self._places.doors.shift(by)
        self._drills.shift(by, self._draft)
        self._draft.outcome.states.update(self._places.doors.states())
        for case in self._order_cases():
            case.shift(by)
            # The journal knows the times of readings as they were before the step.
            self._draft.outcome.states[case.key] = case.whole_state()
            if case.comings is not None:
                self._draft.outcome.states[f"{COMINGS}{case.key}"] = case.comings.state()
        for watch in self._watches.values():
            watch.shift(by, self._draft)
        self._rounds.shift(by, self._draft)
        self._agenda.clear()
        self._schedule_all()
        self._look_next = self._next_look()
        detail: dict[str, Json] = {"by_s": by.total_seconds()}
        self._draft.event(self.now, Kind.CLOCK_STEPPED, "monitor", detail)

    # --- readings -----------------------------------------------------------

    def _message(self, message: Message, said: Decoded | Rejected | None) -> None:
        """Take a message; `said` is what its points heard, None where that is not all there is to it."""
        if isinstance(said, Decoded):
            self._decoded(message, self._sources[message.topic], said)
        elif said is not None:
            self._quarantine(message, said)
        elif message.topic in self._edges.topics:
            self._session(message)
        else:
            self._beside_points(message)

    def _beside_points(self, message: Message) -> None:
        """Take a message of a gateway, of a drill, or one that nobody asked for."""
        refused: Rejected | None
        if gate := self._gates.by_topic.get(message.topic):
            there = is_there(message)
            refused = there if isinstance(there, Rejected) else None
            if not isinstance(there, Rejected):
                self._gates.hear(gate, there, message.received_at, self._draft)
        elif message.topic.startswith(MIRROR):
            refused = self._drills.message(message, self._draft)
        else:
            refused = Rejected(
                f"no point is configured on topic {message.topic!r:.120}; "
                "add one to the site file or stop publishing"
            )
        if refused:
            self._quarantine(message, refused)

    def _quarantine(self, message: Message, rejected: Rejected) -> None:
        self._draft.outcome.quarantined.append(
            Quarantined(message.topic, message.payload, message.received_at, rejected.reason)
        )

    def _session(self, message: Message) -> None:
        """Take a message of a Sparkplug edge node: births, deaths, data."""
        answer, states = self._edges.hear(message)
        self._draft.outcome.states.update(states)
        if isinstance(answer, Rejected):
            self._quarantine(message, answer)
            return
        at, edge = message.received_at, sparkplug.edge_of(message.topic)
        if answer.left_out:
            self._quarantine(message, Rejected("; ".join(answer.left_out)))
        if "rebirth_needed" in answer.events:
            self._draft.event(at, Kind.REBIRTH, edge, {"why": "; ".join(answer.left_out)})
            self._draft.outcome.requests.append(sparkplug.rebirth(edge, at))
        for found in answer.found:
            if found.quantity == "liveness":
                if found.scope == GATEWAY and (gate := self._gates.of_edge(edge)):
                    self._gates.hear(gate, found.value == 1.0, at, self._draft)
                self._edges.alive(edge, found, self._draft)
        device = self._edges.devices.get(message.topic)
        if device is not None:
            source = self._sources[device.topic]
            self._decoded(message, source, source.reader.picked(answer))

    def _decoded(self, message: Message, source: Source, decoded: Decoded) -> None:
        """Take what a message says about the points of a device."""
        received_at, retained = message.received_at, message.retained
        measured_at, wrong, own_time, first = received_at, "", False, source.first
        if decoded.device_time is not None:
            measured_at, wrong = self._timed(message, first, decoded)
            own_time = not wrong
        if decoded.battery is not None and not retained:
            self._charged(first, decoded.battery, received_at)
        quality = RETAINED if retained and not own_time else GOOD
        device_time = decoded.device_time if wrong else None
        live = not (retained or decoded.backfilled)
        values: Sequence[Value] = decoded.values
        if source.in_sums:  # sums take what was measured together in one order
            values = sorted(values, key=source.place)
        for value in values:
            if value.time is not None:  # several times: judged in their order
                values = sorted(values, key=lambda value: value.time or measured_at)
                break
        watches, asked = source.watches, source.reader.asked
        for value in values:
            watch = watches[asked[value.device, value.field]]
            point, figure = watch.point, value.value
            if figure is not None:
                figure *= point.sign
                if point.offset != 0:
                    figure = add(figure, point.offset)
            if value.time is None and not value.backfilled:
                reading = made(
                    Reading,
                    (point.id, figure, measured_at, received_at, quality, value.fault, device_time, live),
                )
            else:
                reading = _of_its_own_time(point, figure, value, message, measured_at)
            self._reading(watch, reading)

    def _timed(self, message: Message, first: Watch, decoded: Decoded) -> tuple[datetime, str]:
        """Return the time of measurement, and why the device's own time is not believed."""
        at, clock = message.received_at, first.clock
        measured_at, wrong = believed(decoded.device_time, at, backfilled=decoded.backfilled)
        if wrong or not (clock is None or message.retained or at_rest(clock)):
            clock = self._builder.clock(first)
            clock.text = wrong
            self._observe(clock, at, 1.0 if wrong else 0.0)
        return measured_at, wrong

    def _charged(self, watch: Watch, percent: float, at: datetime) -> None:
        """Take how full the battery of a device is."""
        if watch.charge is None:
            watch.charge = Seen()
        watch.charge.note(percent, at)
        if watch.battery is not None or LOW.outside(percent):
            self._observe(self._builder.battery(watch), at, percent)

    def _reading(self, watch: Watch, reading: Reading) -> None:
        """Judge one reading, or keep it for what it is."""
        if reading.quality is RETAINED:
            self._draft.outcome.readings.append(reading)
            return
        at, value = reading.measured_at, reading.value
        if value is None:
            reading = reading._replace(quality=Quality.FAULT)
        if watch.frontier < at < watch.midnight:
            watch.moment = watch.frontier = at
            watch.values = ()
        elif (kept := self._order.look(watch, reading, self._draft)) is not None:
            reading, at = kept, kept.measured_at
            watch.frontier = max(watch.frontier, at)
        else:
            return
        self._draft.outcome.readings.append(reading)
        watch.last_at, watch.last_value = at, value
        if value is None:
            fault = self._builder.fault(watch)
            fault.text = reading.fault or "no value"
            self._observe(fault, at, 1.0)
        else:
            self._value(watch, at, value)
        if reading.live:
            signs, heard_at = watch.signs, reading.received_at
            if signs.phase is not NORMAL:
                self._heard(watch, heard_at)
            elif heard_at > signs.since:
                signs.since = heard_at
        if watch.is_door or watch.feeds:
            self._pass_on(watch, reading, at)

    def _value(self, watch: Watch, at: datetime, value: float) -> None:
        """Let every case of the point see a value: the limits before what doubts it or adds it up."""
        watch.seen.note(value, at)
        if watch.fault is not None and not at_rest(watch.fault):
            self._observe(watch.fault, at, 0.0)
        asked = value if watch.gate is None else self._asked(watch, watch.gate, value)
        for case in watch.rules:
            machine = case.machine
            assert isinstance(machine, Machine)  # noqa: S101  # they are the cases of limits
            if (changes := machine.observe(at, asked)) is not STILL:
                self._changed(case, changes)
        if self._drills.points and watch.point.id in self._drills.points and outside(watch):
            self._drills.real(watch.point.id, value, at, self._draft)
        doubt = watch.doubt
        if doubt is not None and doubt.take(at, value, self._draft):
            self._stir(doubt.case)
        for tally in watch.tallies:
            doubted = doubt is not None and bool(doubt.honesty.doubts)
            if tally.take(at, value, self._draft, doubted, watch.rules):
                self._stir(tally.case)

    def _pass_on(self, watch: Watch, reading: Reading, at: datetime) -> None:
        """Let a judged reading count for the doors and sums that it is part of."""
        if watch.is_door:
            self._places.swing(watch.point.id, reading.value, at, self.now, self._draft)
        for each in watch.feeds:
            self._combine(each, reading)
            self._order.added(each, watch, at, reading.received_at, self._draft)

    def _asked(self, watch: Watch, while_: str, value: float) -> float:
        """Return what is judged: the value, or one inside where no verdict is asked for."""
        gate = self._watches[while_]
        if gate.last_value != 0.0 or self._blind(gate):
            return value
        return middle([limit for case in watch.rules for limit in case.rule.thresholds], value)

    def _observe(self, case: Case, at: datetime, value: float) -> None:
        if case.observe(at, value, self._draft):
            self._stir(case)

    def _changed(self, case: Case, changes: Sequence[Change]) -> None:
        case.apply(changes, self._draft)
        self._stir(case)

    def _heard(self, watch: Watch, at: datetime) -> None:
        """Take the first sign of life, or the first one after a silence."""
        watch.silence.apply(watch.signs.observe(at), self._draft)
        self._draft.outcome.rooms.add(watch.point.room)
        self._stir(watch.silence)

    # --- conditions and acts ------------------------------------------------

    def _do(self, act: Act | Entry) -> str:
        """Do what a named person asks; return why not, or what that person must know, or nothing."""
        if isinstance(act, Entry):
            return self._filing.enter(act, self.now, self._draft)
        if isinstance(act, Complete):
            return self._filing.complete(act, self.now, self._draft)
        if isinstance(act, DrillAct):
            return self._drills.do(act, self.now, self._draft)
        said = self._bench.do(act, self.now, self._draft)
        self._schedule_beside()
        return said

    def _stands(self, point: str) -> bool:
        """Tell whether a point is outside a limit now, or has an alarm about one."""
        watch = self._watches.get(point)
        return watch is not None and bool(outside(watch) or any(case.alarm for case in watch.rules))

    def _opened(self, case: Case, at: datetime, draft: Draft) -> None:
        """Begin what an alarm that opens, or gets worse, brings with it."""
        if not case.explained(at):  # a room is not lost while somebody walks through its door
            self._returns.lost(case, at, draft)
        self._rounds.opened(case, at, draft)
        self._agenda.schedule(self._rounds)

    def _over(self, case: Case, at: datetime, draft: Draft) -> None:
        """End what an alarm that is over had brought with it, and have it written up."""
        assert case.alarm is not None  # noqa: S101  # it has just ended
        self._rounds.over(case, draft)
        if case.alarm.priority > Priority.LOW:
            self._reminders.plan(case.alarm.id, at, draft)
        self._agenda.schedule(self._reminders)
        watch = self._watches.get(case.point.id)
        if case.cause != "silent" or watch is None or watch.hand is None or watch.last_value is None:
            return
        if not any(limit.outside(watch.last_value) for limit in watch.hand.rule.thresholds):
            watch.hand.seen.note(watch.last_value, at)
            self._observe(watch.hand, at, watch.last_value)

    def _read_by_hand(self, point: str, value: float, by: str, at: datetime) -> None:
        """Judge what a person read from a gauge; it says nothing about the sensor."""
        watch = self._watches[point]
        if not watch.point.rules or not any(rule.thresholds for rule in watch.point.rules):
            return
        case = self._builder.hand(watch)
        case.text = f"{self.site.people[by].name}, {at.astimezone(ZoneInfo(self.site.zone)):%H:%M}"
        case.seen.note(value, self.now)
        self._observe(case, self.now, value)
        self._stir(case)
        self._draft.outcome.rooms.add(watch.point.room)

    def _put_back(self, points: frozenset[str], at: datetime) -> None:
        """Let what was held back at some points call now; what still has a reason to wait waits again."""
        for case in self._order_cases():
            if case.point.id not in points or case.resume_at is None or case.by_door:
                continue
            if not self._gates.explain(case, self.now):
                case.resume_at = at
                case.advance(at, self._draft)
                self._stir(case)

    # --- restart ------------------------------------------------------------

    def _restore(self, restored: Restored, at: datetime) -> None:
        """Go on from the decisions of the journal; nothing is decided again."""
        restart = Restart(restored, at)
        beside = (self._aside, self._returns, self._rounds, self._reminders, self._digest)
        for each in (*beside, self._places.doors, self._edges, self._drills, self._itself, self._gates):
            if each is not None:
                each.restore(restart.states)
        self._cleared.update(cleared_in(restart.states))
        for watch in self._watches.values():
            restart.point(watch, self._builder)


def _of_its_own_time(
    point: Point, figure: float | None, value: Value, message: Message, measured_at: datetime
) -> Reading:
    """Return the reading of a value that has a time of its own: one of several, or stored and sent later."""
    wrong = ""
    if value.time is not None:
        measured_at, wrong = believed(value.time, message.received_at, backfilled=value.backfilled)
    return Reading(
        point=point.id,
        value=figure,
        measured_at=measured_at,
        received_at=message.received_at,
        fault=value.fault,
        device_time=value.time if wrong else None,
        live=not (message.retained or value.backfilled),
    )
