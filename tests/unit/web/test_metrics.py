"""The figures for Prometheus."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hdmonitor.alerts.numbers import numbers
from hdmonitor.events import Alarm
from hdmonitor.model import Level, Priority
from hdmonitor.rows import Owing
from hdmonitor.status import Status
from hdmonitor.web.metrics import Figures, exposition

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PAGE = Path(__file__).parents[3] / "docs" / "watching.md"
ALARM = Alarm("A1", "p", "659-3", "1", Level.ALARM, Priority.HIGH, NOW, NOW, "", active=True)
FIGURES = Figures(
    status=Status(
        turned_at=1000.0,
        connected=True,
        canary_at=990.0,
        readings=300,
        duplicates=2,
        quarantined=1,
        commits=(5, 3, *[0] * 10, 1),
        commit_seconds=6.5,
    ),
    steady=1002.5,
    now=NOW,
    waiting=7,
    points=18,
    working=True,
    owing=Owing(4, NOW - timedelta(seconds=90)),
    alarms=[
        ALARM,
        replace(ALARM, id="A2", rule="HDM-SILENCE", level=Level.CRITICAL),
        replace(ALARM, id="A3", rule="HDM-SILENCE", active=False),
    ],
)


def told(figures=FIGURES):
    lines = exposition(figures).decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def test_each_figure_is_told():
    figures = told()

    ours = {
        name: value
        for name, value in figures.items()
        if name.startswith("hdmonitor") and "_bucket" not in name
    }
    assert ours == {
        "hdmonitor_readings_total": 300,
        "hdmonitor_duplicates_total": 2,
        "hdmonitor_quarantined_total": 1,
        "hdmonitor_commit_seconds_count": 9,
        "hdmonitor_commit_seconds_sum": 6.5,
        "hdmonitor_working": 1,
        "hdmonitor_points": 18,
        "hdmonitor_inbox_length": 7,
        "hdmonitor_core_last_turn_age_seconds": 2.5,
        "hdmonitor_broker_connected": 1,
        "hdmonitor_canary_age_seconds": 12.5,
        "hdmonitor_outbox_owed": 4,
        "hdmonitor_outbox_oldest_age_seconds": 90,
        "hdmonitor_points_silent": 1,
        'hdmonitor_active_alarms{level="warning"}': 0,
        'hdmonitor_active_alarms{level="alarm"}': 1,
        'hdmonitor_active_alarms{level="critical"}': 1,
    }
    assert "process_resident_memory_bytes" in figures


def test_commits_are_counted_up_to_each_duration():
    figures = told()

    assert figures['hdmonitor_commit_seconds_bucket{le="0.001"}'] == 5
    assert figures['hdmonitor_commit_seconds_bucket{le="0.0025"}'] == 8
    assert figures['hdmonitor_commit_seconds_bucket{le="5.0"}'] == 8
    assert figures['hdmonitor_commit_seconds_bucket{le="+Inf"}'] == 9


def test_what_is_not_known_is_left_out_rather_than_told_as_zero():
    figures = told(replace(FIGURES, status=replace(FIGURES.status, canary_at=None), owing=None, alarms=None))

    unknown = ("canary", "outbox", "silent", "alarms")
    assert [name for name in figures if any(word in name for word in unknown)] == []


def quality():
    """Return the numbers of a day with two alarms, one of them answered after four minutes."""
    other = replace(ALARM, id="A2", opened_at=NOW - timedelta(hours=30), active=True)
    hot = replace(ALARM, id="A3", priority=Priority.CRITICAL)
    answered = {"A1": NOW + timedelta(minutes=4)}
    end = NOW + timedelta(hours=1)
    return numbers([ALARM, other, hot], answered, end - timedelta(hours=24), end, "UTC")


def test_the_quality_of_the_alarms_of_a_day_is_told():
    figures = told(replace(FIGURES, day=quality()))

    assert {name: value for name, value in figures.items() if "24h" in name or "stale" in name} == {
        'hdmonitor_alarms_opened_24h{priority="low"}': 0,
        'hdmonitor_alarms_opened_24h{priority="medium"}': 0,
        'hdmonitor_alarms_opened_24h{priority="high"}': 1,
        'hdmonitor_alarms_opened_24h{priority="critical"}': 1,
        'hdmonitor_answer_seconds_24h{shift="day"}': 240,
        'hdmonitor_alarms_unanswered_24h{shift="day"}': 1,
        'hdmonitor_alarms_unanswered_24h{shift="evening"}': 0,
        'hdmonitor_alarms_unanswered_24h{shift="night"}': 0,
        "hdmonitor_alarms_stale": 1,
        "hdmonitor_alarms_chattering_24h": 0,
        "hdmonitor_alarm_flood_share_24h": 0,
    }


def test_every_figure_has_its_line_in_the_docs_and_no_other_has():
    everything = exposition(replace(FIGURES, day=quality())).decode()
    families = set(re.findall(r"^# TYPE (hdmonitor\w+)", everything, re.MULTILINE))

    explained = set(re.findall(r"^\| `(hdmonitor\w+)` \| \S", PAGE.read_text(), re.MULTILINE))

    assert explained == families
