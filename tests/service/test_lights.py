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
    def now(self):
        return T

    def step(self):
        return None


class Link:
    def __init__(self):
        self.lit = []

    def publish(self, topic, _payload, *, retain):
        assert retain
        self.lit.append(topic.rpartition("/")[2])

    def __getattr__(self, _):
        return lambda *_: None


def large():
    """Return the example site with so many rooms that there are 25."""
    rooms = dict(SITE.rooms)
    for number in range(25 - len(rooms)):
        rooms[f"office-{number}"] = replace(rooms["hd-buffer"], id=f"office-{number}")
    return replace(SITE, rooms=rooms)


@pytest.fixture
def link():
    return Link()


@pytest.fixture
def core(tmp_path, link):
    site, journal = large(), Journal.open(tmp_path / "journal.db")
    core = Core(
        journal,
        Monitor(site, own_rules(), T),
        Queue(),
        clock=Standing(),
        link=link,
        tell=lambda: None,
        copy=lambda: None,
    )
    core.begin(timedelta(0))
    yield core
    journal.close()


@pytest.mark.parametrize("item", [Linked(True, 1, False, "connected"), Tick()])
def test_all_rooms_get_a_sign_of_life_ten_in_a_turn(core, link, item):
    core.turn([item])
    assert link.lit == list(large().rooms)[:10]

    core.turn([])
    core.turn([])
    core.turn([])

    assert link.lit == list(large().rooms)


def test_a_room_in_which_something_changes_does_not_wait_for_the_others(core, link):
    core.turn([Linked(True, 1, False, "connected")])
    link.lit.clear()

    core.turn([HEARD])

    assert link.lit[0] == "hd-buffer"
    assert len(link.lit) == 11
