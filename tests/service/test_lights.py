"""The lights at the doors: who gets a sign of life when, from the core's own turns."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue

import pytest

from hdmonitor.catalogue import own_rules
from hdmonitor.clock import Clock
from hdmonitor.core import Core
from hdmonitor.inbox import Arrivals, Arrived, Linked, Tick
from hdmonitor.journal import Journal
from hdmonitor.model import Message
from hdmonitor.monitor import Monitor
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[2] / "config" / "site.yaml")
T = datetime(2026, 3, 2, 8, tzinfo=UTC)
HEARD = Arrivals((Arrived(Message("hd-buffer/sensor/pressure/state", b"-0.03", T), 1, 1, False),))


class Standing(Clock):
    def __init__(self):
        self.at, self.stepped = T, None

    def now(self):
        return self.at

    def step(self):
        step, self.stepped = self.stepped, None
        return step


class Link:
    def __init__(self):
        self.lit = []

    def publish(self, topic, _payload, *, retain):
        assert retain
        self.lit.append(topic.rpartition("/")[2])

    def __getattr__(self, _):
        return lambda *_: None


def large(rooms=25):
    """Return the example site with so many rooms."""
    more = {
        f"office-{number}": replace(SITE.rooms["hd-buffer"], id=f"office-{number}")
        for number in range(rooms - len(SITE.rooms))
    }
    return replace(SITE, rooms={**SITE.rooms, **more})


@pytest.fixture
def link():
    return Link()


@pytest.fixture
def clock():
    return Standing()


@pytest.fixture
def core_of(tmp_path, link, clock):
    journal = Journal.open(tmp_path / "journal.db")

    def made(site):
        core = Core(
            journal,
            Monitor(site, own_rules(), T),
            Queue(),
            clock=clock,
            link=link,
            tell=lambda: None,
            copy=lambda: None,
        )
        core.begin(timedelta(0))
        return core

    yield made
    journal.close()


@pytest.fixture
def core(core_of):
    return core_of(large())


@pytest.mark.parametrize("item", [Linked(True, 1, False, "connected"), Tick()])
def test_all_rooms_get_a_sign_of_life_one_each_fifty_milliseconds(core, link, clock, item):
    core.turn([item])
    assert link.lit == list(large().rooms)[:1]

    clock.at += timedelta(milliseconds=499)
    core.turn([])
    assert link.lit == list(large().rooms)[:10]

    clock.at += timedelta(seconds=1)
    core.turn([])
    core.turn([])
    assert link.lit == list(large().rooms)


def test_the_rooms_of_a_very_large_site_all_get_theirs_before_the_next_beat(core_of, link, clock):
    site = large(3000)
    core = core_of(site)
    core.turn([Tick()])
    assert len(link.lit) == 13

    clock.at += timedelta(seconds=12)
    core.turn([])

    assert link.lit == list(site.rooms)


def test_a_light_that_was_not_reached_before_the_next_beat_goes_first(core, link, clock):
    core.turn([Tick()])
    core.turn([Tick()])
    clock.at += timedelta(seconds=2)
    core.turn([])

    rooms = list(large().rooms)
    assert link.lit == [rooms[0], *rooms[1:], rooms[0]]


def test_a_clock_that_is_set_back_holds_up_no_light(core, link, clock):
    core.turn([Tick()])

    clock.stepped = timedelta(hours=-1)
    clock.at += clock.stepped + timedelta(seconds=2)
    core.turn([])

    assert link.lit == list(large().rooms)


def test_a_room_in_which_something_changes_does_not_wait_for_the_others(core, link):
    core.turn([Linked(True, 1, False, "connected")])
    link.lit.clear()

    core.turn([HEARD])

    assert link.lit == ["hd-buffer"]
