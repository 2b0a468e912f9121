"""The button of somebody who is alone with a spill."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.catalogue import own_rules
from hdmonitor.events import Entry, Kind
from hdmonitor.model import Level, Priority
from hdmonitor.monitor import Monitor
from hdmonitor.scenario import Memory
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[3] / "config" / "site.yaml")
START = datetime(2026, 3, 2, 19, 2, tzinfo=UTC)


def help_(what, by="technician"):
    return Entry(Kind.HELP, "hd-buffer", by, {"is": what})


def test_who_calls_for_help_alone_is_answered_by_a_critical_alarm_at_once():
    monitor = Monitor(SITE, own_rules(), START)

    outcome = monitor.handle([help_("called")], START)

    first = outcome.notices[0]
    assert (first.priority, first.contained) == (Priority.CRITICAL, True)
    assert first.title == "HELP, ALONE: HD buffer"
    assert first.body == (
        "Technician on duty is alone there and calls for help, since 14:02. "
        f"Go there now with a second person. Spill kit, gloves, gown, respirator first. {first.alarm}"
    )
    assert next(event.kind for event in outcome.events) is Kind.HELP
    assert outcome.events[0].detail == {"by": "technician", "is": "called"}
    (alarm,) = outcome.alarms.values()
    assert (alarm.level, alarm.active) == (Level.ALARM, True)


def test_the_call_stands_until_a_person_says_that_somebody_is_there_and_through_a_restart():
    monitor, memory = Monitor(SITE, own_rules(), START), Memory()
    memory.take(monitor.handle([help_("called")], START), START)
    later = START + timedelta(minutes=2)
    again = Monitor(SITE, own_rules(), later, memory.restored())

    outcome = again.handle([help_("over", "pharmacist")], later)

    (alarm,) = outcome.alarms.values()
    assert (alarm.active, alarm.cleared_at) == (False, later)
    assert {notice.title for notice in outcome.notices} == {"HD buffer: no longer alone"}


@pytest.mark.parametrize("by", ["nobody"])
def test_a_call_by_nobody_of_the_site_is_refused(by):
    monitor = Monitor(SITE, own_rules(), START)

    outcome = monitor.handle([help_("called", by)], START)

    assert outcome.notices == []
    assert outcome.replies[0].startswith("nobody called 'nobody' is in the site file")
