from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor import demo
from hdmonitor.catalogue import own_rules
from hdmonitor.events import Acknowledge, Kind
from hdmonitor.model import Message
from hdmonitor.monitor import Monitor
from hdmonitor.simulator.acts import working_days
from hdmonitor.simulator.pharmacy import Pharmacy
from hdmonitor.simulator.telemetry import Sensors
from hdmonitor.site import load_site

START = datetime(2026, 3, 3, 13, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def site():
    loaded, problems = load_site(Path(__file__).parents[2] / "config" / "site.yaml")
    assert problems == []
    return loaded


def play(site, sensors, start, length, scenes=()):
    """Return what the monitor did: (minutes, who is told or what moved, what about)."""
    monitor = Monitor(site, own_rules(), start)
    told = []
    scenes = [scene for scene in scenes if scene.answer]
    at = start
    while at < start + length:
        at += SECOND
        inputs = [Message(topic, payload, at) for topic, payload in sensors.messages(at)]
        while scenes and start + scenes[0].at <= at:
            answer = scenes.pop(0).answer
            face = monitor.face(site.points[answer.point].room)
            (alarm,) = [alarm for alarm in face.alarms if alarm.point == answer.point]
            inputs.append(Acknowledge(alarm.id, answer.by))
        outcome = monitor.handle(inputs, at)
        assert outcome.replies == {}
        assert outcome.quarantined == []
        numbered = {event.number: event for event in outcome.events}
        for notice in outcome.notices:
            event = numbered[notice.event]
            minutes = round((event.at - start) / timedelta(minutes=1), 1)
            told.append((minutes, event.subject, notice.destination, notice.about.value))
        told.extend(
            (0, event.subject, "nobody", "") for event in outcome.events if event.kind is Kind.REFUSED
        )
    return told


@pytest.mark.parametrize("hour", [1, 13])
def test_the_story_happens_as_it_is_told_at_any_time_of_day(site, hour):
    start = START.replace(hour=hour)
    sensors = Sensors(site, Pharmacy(demo.SEED, start), demo.acts(start))

    told = play(site, sensors, start, demo.LENGTH, demo.STORY)

    fridge, room = "hd-fridge-2.temperature", "hd-buffer.pressure"
    assert [line for line in told if line[1] == fridge] == [
        (43.0, fridge, "pharmacist-phone", "opened"),
        (53.0, fridge, "technician-phone", "escalated"),
        (60.0, fridge, "pharmacist-phone", "acknowledged"),
        (60.0, fridge, "technician-phone", "acknowledged"),
        (pytest.approx(83, abs=2), fridge, "pharmacist-phone", "cleared"),
        (pytest.approx(83, abs=2), fridge, "technician-phone", "cleared"),
    ]
    assert [line for line in told if line[1] == room] == [
        (86.4, room, "technician-phone", "opened"),
        (86.4, room, "pharmacist-phone", "opened"),
        (88.0, room, "technician-phone", "acknowledged"),
        (88.0, room, "pharmacist-phone", "acknowledged"),
        (97.2, room, "technician-phone", "cleared"),
        (97.2, room, "pharmacist-phone", "cleared"),
    ]
    assert {line[1] for line in told} == {fridge, room}


def test_the_story_is_told_in_about_a_minute():
    assert 55 <= demo.LENGTH.total_seconds() / demo.SPEED <= 75
    assert [scene.at for scene in demo.STORY] == sorted(scene.at for scene in demo.STORY)


def test_a_morning_with_its_doors_pages_nobody(site):
    sensors = Sensors(site, Pharmacy(1, START), working_days(1, site.zone, START))

    assert play(site, sensors, START, timedelta(hours=3)) == []
