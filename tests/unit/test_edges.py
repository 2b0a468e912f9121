"""Sparkplug B edge nodes before the monitor: sessions, rebirths, deaths, stored values."""

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from edge_node import EdgeNode

from hdmonitor.catalogue import own_rules
from hdmonitor.events import Kind
from hdmonitor.model import Message, Quality
from hdmonitor.monitor import Monitor
from hdmonitor.scenario import Memory
from hdmonitor.sensors.sparkplug import rebirth
from hdmonitor.site import load_site

SITE, PROBLEMS = load_site(Path(__file__).parents[1] / "sites" / "edge_node.yaml")
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FRIDGE, PRESSURE = "Fridge/Temperature", "Room/DifferentialPressure"


class Heard:
    """A monitor that hears an edge node; it is built anew before every message if asked to."""

    def __init__(self, *, restarts=False):
        self.monitor = Monitor(SITE, own_rules(), NOON)
        self.memory = Memory()
        self.restarts = restarts
        self.readings, self.requests, self.quarantined, self.events = [], [], [], []

    def hear(self, second, *messages):
        at = NOON + second * SECOND
        for topic, payload in messages:
            if self.restarts:
                self.monitor = Monitor(SITE, own_rules(), self.monitor.now, self.memory.restored())
            outcome = self.monitor.handle([Message(topic, payload, at)], at)
            self.memory.take(outcome, at)
            self.readings += [(r.point, r.value, r.measured_at - NOON, r.quality) for r in outcome.readings]
            self.requests += outcome.requests
            self.quarantined += [each.reason for each in outcome.quarantined]
            self.events += outcome.events

    def values(self):
        return [(point, value) for point, value, _, _ in self.readings]


@pytest.fixture(params=[False, True], ids=["unbroken", "with a restart before every message"])
def heard(request):
    return Heard(restarts=request.param)


@pytest.fixture
def node():
    ticks = count()
    return EdgeNode("Pharmacy", "GW-01", lambda: NOON + timedelta(milliseconds=next(ticks)))


def born(heard, node):
    heard.hear(0, node.birth(), node.device_birth("CR-101", {FRIDGE: (5.0, "°C"), PRESSURE: (-5.0, "Pa")}))
    heard.readings.clear()


def test_the_site_listens_to_births_and_deaths():
    assert not [problem for problem in PROBLEMS if not problem.warning]
    assert SITE.topics == [
        "hdmonitor/drill/#",
        "spBv1.0/Pharmacy/DBIRTH/GW-01/CR-101",
        "spBv1.0/Pharmacy/DDATA/GW-01/CR-101",
        "spBv1.0/Pharmacy/DDEATH/GW-01/CR-101",
        "spBv1.0/Pharmacy/NBIRTH/GW-01",
        "spBv1.0/Pharmacy/NDEATH/GW-01",
    ]


def test_a_birth_gives_values_and_data_come_by_alias(heard, node):
    heard.hear(0, node.birth(), node.device_birth("CR-101", {FRIDGE: (5.0, "°C"), PRESSURE: (-5.0, "Pa")}))
    heard.hear(10, node.data("CR-101", {PRESSURE: -4.5}))

    assert heard.values() == [("fridge", 5.0), ("hd-buffer", -5.0), ("hd-buffer", -4.5)]
    assert not heard.quarantined
    assert not heard.requests


def test_the_unit_of_the_birth_wins_over_the_configured_one(heard, node):
    heard.hear(
        0, node.birth(), node.device_birth("CR-101", {PRESSURE: (-0.02, "inH2O"), FRIDGE: (41.0, "°F")})
    )
    assert heard.values() == [("hd-buffer", pytest.approx(-4.981778)), ("fridge", 5.0)]


def test_data_before_a_birth_are_not_read_and_ask_for_one(heard, node):
    node.birth(), node.device_birth("CR-101", {FRIDGE: (5.0, "°C")})  # before anybody listened
    heard.hear(0, node.data("CR-101", {FRIDGE: 5.1}))

    assert heard.readings == []
    assert heard.requests == [rebirth("Pharmacy/GW-01", NOON)]
    (why,) = [event.detail["why"] for event in heard.events if event.kind is Kind.REBIRTH]
    assert why.startswith("data before a birth that was heard")


def test_a_lost_message_asks_for_a_rebirth_and_nothing_is_read_by_alias_until_then(heard, node):
    born(heard, node)
    node.data("CR-101", {FRIDGE: 5.2})  # lost
    heard.hear(10, node.data("CR-101", {FRIDGE: 5.3}))
    assert heard.readings == []
    assert len(heard.requests) == 1

    heard.hear(11, node.birth(), node.device_birth("CR-101", {PRESSURE: (-5.0, "Pa"), FRIDGE: (5.4, "°C")}))
    heard.hear(12, node.data("CR-101", {FRIDGE: 5.5}))
    assert heard.values() == [("hd-buffer", -5.0), ("fridge", 5.4), ("fridge", 5.5)]
    assert len(heard.requests) == 1


def test_a_node_is_asked_once_a_minute_at_most(heard, node):
    born(heard, node)
    node.data("CR-101", {FRIDGE: 5.2})  # lost
    for second in (10, 11, 40, 69, 70, 71):
        heard.hear(second, node.data("CR-101", {FRIDGE: 5.3}))
    assert heard.requests == [
        rebirth("Pharmacy/GW-01", NOON + 10 * SECOND),
        rebirth("Pharmacy/GW-01", NOON + 70 * SECOND),
    ]


def test_the_same_message_twice_is_no_gap(heard, node):
    born(heard, node)
    data = node.data("CR-101", {FRIDGE: 5.3})
    heard.hear(10, data, data, node.data("CR-101", {FRIDGE: 5.4}))
    assert [value for _, value in heard.values()] == [5.3, 5.4]
    assert not heard.requests


def test_the_sequence_goes_round_after_255(heard, node):
    born(heard, node)
    for second in range(1, 300):
        heard.hear(second, node.data("CR-101", {FRIDGE: 5.0}, at=NOON + second * SECOND))
    assert not heard.requests


def test_the_death_of_a_node_makes_everything_behind_it_unknown(heard, node):
    born(heard, node)
    assert not heard.monitor.face("hd-storage").unknown
    heard.hear(10, node.death())
    assert heard.monitor.face("hd-storage").unknown
    assert heard.monitor.face("hd-buffer").unknown
    assert [event.detail["there"] for event in heard.events if event.kind is Kind.GATEWAY] == [False]

    heard.hear(20, node.birth(), node.device_birth("CR-101", {FRIDGE: (5.0, "°C"), PRESSURE: (-5.0, "Pa")}))
    assert not heard.monitor.face("hd-storage").unknown
    assert [event.detail["there"] for event in heard.events if event.kind is Kind.GATEWAY] == [False, True]


def test_the_will_of_an_older_session_kills_nothing(heard, node):
    born(heard, node)
    old = node.death()
    node.connect()
    heard.hear(5, node.birth(), node.device_birth("CR-101", {FRIDGE: (5.0, "°C"), PRESSURE: (-5.0, "Pa")}))
    heard.hear(6, old)
    assert not heard.monitor.face("hd-storage").unknown
    assert heard.quarantined == ["the will of another session: bdSeq 0, born with 1"]


def test_the_death_of_a_device_makes_its_points_unknown(heard, node):
    born(heard, node)
    heard.hear(10, node.device_death("CR-101"))
    assert heard.monitor.face("hd-storage").unknown
    heard.hear(11, node.device_birth("CR-101", {FRIDGE: (5.0, "°C"), PRESSURE: (-5.0, "Pa")}))
    assert not heard.monitor.face("hd-storage").unknown


def test_stored_values_are_judged_in_their_order_and_are_late_where_they_are_older(heard, node):
    born(heard, node)
    minute = timedelta(minutes=1)
    heard.hear(
        1200,
        node.values(
            "CR-101",
            [
                (FRIDGE, 5.3, NOON + 20 * minute, False),
                (FRIDGE, 5.1, NOON + 5 * minute, True),
                (FRIDGE, 5.2, NOON + 10 * minute, True),
                (PRESSURE, -5.1, NOON - 5 * minute, True),
            ],
        ),
    )
    assert heard.readings == [
        ("hd-buffer", -5.1, -5 * minute, Quality.LATE),
        ("fridge", 5.1, 5 * minute, Quality.GOOD),
        ("fridge", 5.2, 10 * minute, Quality.GOOD),
        ("fridge", 5.3, 20 * minute, Quality.GOOD),
    ]


def test_a_stored_value_is_no_sign_of_life(heard, node):
    born(heard, node)
    at = NOON + timedelta(minutes=10)
    heard.hear(840, node.values("CR-101", [(FRIDGE, 5.1, at, True)]))
    heard.monitor.handle([], NOON + timedelta(minutes=15))
    assert [alarm.rule for alarm in heard.monitor.face("hd-storage").alarms] == ["HDM-SILENCE"]


def test_bad_quality_is_a_fault(heard, node):
    born(heard, node)
    heard.hear(10, node.data("CR-101", {FRIDGE: 5.0}, quality=500))
    assert heard.values() == [("fridge", None)]
