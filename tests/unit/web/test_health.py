"""What /healthz judges: both sides of every edge."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.rows import Owing
from hdmonitor.status import Status
from hdmonitor.web.health import health

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NONE = Owing(0, None)
STATUS = Status(turned_at=1000.0, connected=True, canary_at=1000.0)


def judged(steady=1000.0, owing=NONE, copies=True, **status):
    return health(replace(STATUS, **status), owing, steady=steady, now=NOW, copies=copies)


def says(name, **facts):
    check = judged(**facts).checks[name]
    return check.works, check.says


def test_a_monitor_that_does_its_work_has_no_trouble():
    found = judged()

    assert (found.works, found.troubles) == (True, [])


def test_a_core_that_stands_still_for_more_than_fifteen_seconds_does_not_work():
    assert says("core", steady=1015.0) == (True, "turned 15.0 s ago")
    assert says("core", steady=1015.1) == (
        False,
        "stands still for 15 s: nothing is judged, nothing is announced",
    )
    assert not judged(steady=1015.1).works


def test_without_the_broker_it_does_not_work():
    assert says("broker", connected=False) == (False, "not connected")
    assert says("broker", trouble={"broker": "Lost the broker."}) == (False, "Lost the broker.")
    assert not judged(connected=False).works


def test_a_canary_that_is_late_or_lost_does_not_work():
    assert says("canary", steady=1120.0) == (True, "our own message came back 2 min ago")
    assert says("canary", steady=1120.1)[0] is False
    assert says("canary", trouble={"canary": "did not come back"}) == (False, "did not come back")


def test_the_first_canary_after_a_start_is_given_time():
    assert says("canary", canary_at=None) == (True, "our own message is on its way")
    assert says("canary", canary_at=None, connected=False) == (False, "not connected")


def test_a_notification_owed_for_more_than_five_minutes_does_not_work():
    five = timedelta(minutes=5)

    assert says("notifications", owing=Owing(2, NOW - five)) == (True, "2 owed, the oldest for 5 min")
    assert says("notifications", owing=Owing(2, NOW - five - timedelta(microseconds=1)))[0] is False


def test_a_journal_that_cannot_be_read_does_not_work():
    assert says("notifications", owing="the journal is damaged") == (False, "the journal is damaged")


@pytest.mark.parametrize("copies", [True, False])
def test_dashboards_can_wait(copies):
    found = judged(trouble={"influx": "refuses the token"}, copies=copies)

    assert found.works
    assert found.troubles == (["influx: refuses the token"] if copies else [])


def test_vital_troubles_are_named_first():
    found = judged(connected=False, trouble={"influx": "away"})

    assert found.troubles == ["broker: not connected", "influx: away"]


def test_every_check_has_its_line_in_the_docs_and_no_other_has():
    page = (Path(__file__).parents[3] / "docs" / "watching.md").read_text()
    part = page.partition("## /healthz")[2].partition("\n## ")[0]

    assert re.findall(r"^\| `(\w+)` \| \S", part, re.MULTILINE) == list(judged().checks)
