"""Whatever people do, in whatever order: a restart changes nothing, and no alarm stands unheard."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hdmonitor.catalogue import own_rules
from hdmonitor.events import (
    Acknowledge,
    BackInService,
    Close,
    Document,
    HandReading,
    InUse,
    Kind,
    OutOfService,
    Remark,
    Returning,
    ReturnStep,
    Shelve,
    Silence,
    Unshelve,
    Where,
    Why,
)
from hdmonitor.model import Level, Priority, Reading
from hdmonitor.monitor import Monitor
from hdmonitor.scenario import Memory
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[1] / "sites" / "nights.yaml")
START = datetime(2026, 3, 3, 2, tzinfo=UTC)  # 21:00 there, an hour before the quiet hours
MINUTE = timedelta(minutes=1)
VALUES = {"fridge": (5.0, 7.7, 9.0, 16.0), "buffer": (-5.0, -1.0, -0.1)}
PEOPLE = ("technician", "pharmacist", "remote")

# ruff: noqa: ARG005  # each is called with everything that any of them needs
OF_ALARMS = (
    lambda a, by, n: Acknowledge(a, by),
    lambda a, by, n: Acknowledge(a, by, where=Where.ON_MY_WAY, minutes=n),
    lambda a, by, n: Acknowledge(a, by, where=Where.AT_UNIT),
    lambda a, by, n: Silence(a, by),
    lambda a, by, n: Document(a, by, "door open", "door shut"),
    lambda a, by, n: Close(a, by, "written down"),
    lambda a, by, n: Shelve(a, by, "moving stock", n),
    lambda a, by, n: Unshelve(a, by),
)
OTHERS = (
    lambda at, by, n: OutOfService(("fridge",), by, Why.MAINTENANCE, "defrost", at + n * MINUTE),
    lambda at, by, n: OutOfService(("buffer",), by, Why.HVAC, "filter", at + n * MINUTE),
    lambda at, by, n: BackInService(("fridge",), by),
    lambda at, by, n: InUse("buffer", by, in_use=bool(n % 2)),
    lambda at, by, n: HandReading("fridge", by, (5.0, 9.0)[n % 2], "degC", at),
    lambda at, by, n: Returning("buffer", by, tuple(ReturnStep)[n % 6]),
    lambda at, by, n: Remark(Kind.UNDELIVERED, "remote-phone", {}),
    lambda at, by, n: Remark(Kind.DELIVERED, "remote-phone", {}),
)
STEPS = st.lists(
    st.tuples(
        st.integers(1, 40),  # minutes until then
        st.one_of(
            st.tuples(st.just("value"), st.sampled_from(sorted(VALUES)), st.integers(0, 3)),
            st.tuples(st.just("alarm"), st.integers(0, 7), st.integers(1, 40)),
            st.tuples(st.just("other"), st.integers(0, 7), st.integers(1, 40)),
        ),
        st.sampled_from(PEOPLE),
    ),
    min_size=4,
    max_size=25,
)


PLAYED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # looking for a shorter one takes minutes
)


def meant(monitor, what, by, at):
    """Return the input of a step; about an alarm, the worst that stands or the newest that is over."""
    kind, which, number = what
    if kind == "value":
        values = VALUES[which]
        return Reading(which, values[number % len(values)], at, at)
    if kind == "other":
        return OTHERS[which](at, by, number)
    alarms = [alarm for room in SITE.rooms for alarm in monitor.face(room).alarms]
    found = next(iter((*alarms, *monitor.undocumented())), None)
    return OF_ALARMS[which](found.id if found is not None else "A1", by, number)


def played(steps, *, restarts):
    """Play steps; return everything that was decided, and the monitor at the end."""
    memory, at = Memory(), START
    monitor = Monitor(SITE, own_rules(), START)
    heard = [Reading(point, values[0], START, START) for point, values in VALUES.items()]
    told = [monitor.handle(heard, START)]
    memory.take(told[-1], START)
    for minutes, what, by in steps:
        at += minutes * MINUTE
        told.append(monitor.handle([], at))
        memory.take(told[-1], at)
        if restarts:
            monitor = Monitor(SITE, own_rules(), at, memory.restored())
        told.append(monitor.handle([meant(monitor, what, by, at)], at))
        memory.take(told[-1], at)
    return told, monitor, at


@PLAYED
@given(STEPS)
def test_a_restart_between_any_two_acts_changes_nothing(steps):
    plain, _, _ = played(steps, restarts=False)
    restarted, _, _ = played(steps, restarts=True)

    assert [decided(each) for each in restarted] == [decided(each) for each in plain]
    assert [each.replies for each in restarted] == [each.replies for each in plain]


def decided(outcome):
    """Return the decisions, without what a restart may word otherwise: trends, and what was never heard."""
    events = [
        (e.number, e.at, e.kind, e.subject, e.alarm, {k: v for k, v in e.detail.items() if k != "from"})
        for e in outcome.events
    ]
    return events, [(n.event, n.alarm, n.destination, n.about, n.priority) for n in outcome.notices]


@PLAYED
@given(STEPS)
def test_an_alarm_that_nobody_has_answered_calls_or_says_why_it_does_not(steps):
    told, monitor, _ = played(steps, restarts=False)
    heard = {
        event.alarm
        for outcome in told
        for event in outcome.events
        if event.kind in (Kind.CALLED, Kind.NOT_NOTIFIED, Kind.ACKNOWLEDGED, Kind.SHELVED)
    }

    standing = [alarm for room in SITE.rooms for alarm in monitor.face(room).alarms]
    assert {alarm.id for alarm in standing} <= heard


@PLAYED
@given(STEPS)
def test_nothing_that_people_do_keeps_an_urgent_alarm_silent_for_ever(steps):
    _, monitor, at = played(steps, restarts=False)
    before = urgent(monitor)

    # The longest that anything holds: out of service for 40 minutes, a shelf, an answer, a repetition.
    later = monitor.handle([], at + timedelta(hours=3))

    # What time alone has lowered meanwhile, because its last value was no longer critical, may rest.
    assert before & urgent(monitor) <= {notice.alarm for notice in later.notices}


def urgent(monitor):
    alarms = [alarm for room in SITE.rooms for alarm in monitor.face(room).alarms]
    return {
        alarm.id
        for alarm in alarms
        if alarm.priority is Priority.CRITICAL and alarm.level is not Level.WARNING
    }
