"""Silence and its cause: rules 4 and 5 of practice, and what a gateway may hide and what not."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.catalogue import own_rules
from hdmonitor.events import About, Acknowledge, Close, Kind
from hdmonitor.model import Device, Gateway, Message, Priority
from hdmonitor.monitor import Monitor
from hdmonitor.scenario import Memory
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[1] / "sites" / "one_gateway.yaml")
START = datetime(2026, 3, 2, 7, 20, tzinfo=UTC)  # 02:20 at the site
MINUTE = timedelta(minutes=1)
WILL = "gw-3/LWT"
GATEWAY = "hdmonitor.gateway:gw-3"


def suite(fridges, on_delay=15 * MINUTE):
    """A site with so many refrigerators behind one gateway, one of them in a second room."""
    fridge = SITE.points["fridge-1"]
    (rule,) = fridge.rules
    slower = replace(rule, thresholds=tuple(replace(each, on_delay=on_delay) for each in rule.thresholds))
    fridge = replace(fridge, rules=(slower,))
    points = {}
    for number in range(1, fridges + 1):
        room = "hd-ante" if number == fridges > 1 else "hd-storage"
        points[f"fridge-{number}"] = replace(
            fridge,
            id=f"fridge-{number}",
            name=f"Fridge {number}",
            equipment=f"fridge-{number}",
            room=room,
            topic=f"a/{number}",
        )
    devices = {point.topic: Device(point.topic, point.family, (point,)) for point in points.values()}
    gateways = {"gw-3": Gateway("gw-3", "Gateway 3", WILL, frozenset(points))}
    return replace(SITE, points=points, devices=devices, gateways=gateways)


class Night:
    """A monitor through a night, with everything it told."""

    def __init__(self, site):
        self.site = site
        self.memory = Memory()
        self.monitor = Monitor(site, own_rules(), START)
        self.notices, self.events = [], []

    def pass_to(self, minute):
        self._take(self.monitor.handle([], START + minute * MINUTE))

    def say(self, minute, *messages):
        at = START + minute * MINUTE
        self._take(self.monitor.handle([Message(topic, payload, at) for topic, payload in messages], at))

    def warm(self, minute, **values):
        """Let refrigerators report."""
        self.say(
            minute,
            *(
                (self.site.points[name.replace("_", "-")].topic, json.dumps({"temperature": value}).encode())
                for name, value in values.items()
            ),
        )

    def act(self, act):
        self._take(outcome := self.monitor.handle([act], self.monitor.now))
        return outcome

    def restart(self):
        self.monitor = Monitor(self.site, own_rules(), self.monitor.now, self.memory.restored())

    def _take(self, outcome):
        self.memory.take(outcome, self.monitor.now)
        self.notices += outcome.notices
        self.events += outcome.events

    def told(self, about=About.OPENED):
        return [(notice.title, notice.body) for notice in self.notices if notice.about is about]

    def alarm(self, rule):
        rooms = self.site.rooms
        found = [alarm for room in rooms for alarm in self.monitor.face(room).alarms if alarm.rule == rule]
        return sorted(alarm.point for alarm in found)


def gone(fridges=50, on_delay=15 * MINUTE, **outside):
    """Refrigerators report until 02:40, then their gateway dies; those `outside` rose to these values."""
    night = Night(suite(fridges, on_delay))
    for minute in (0, 4, 12, 20):
        values = {f"fridge_{number}": 5.0 for number in range(1, fridges + 1)}
        rising = {name: value - (20 - minute) / 40 for name, value in outside.items() if minute}
        night.warm(minute, **values | rising)
    night.say(20, (WILL, b"offline"))
    return night


def test_silence_after_an_outside_value_inherits_that_alarms_priority_and_the_message_quotes_the_value():
    night = gone(2, on_delay=40 * MINUTE, fridge_2=9.5)  # still pending: it can mature no more
    night.pass_to(36)

    (notice,) = night.notices
    assert notice.priority is Priority.HIGH  # of "too warm"; what a refrigerator guards is the same
    assert (notice.title, notice.body.partition(" Check")[0]) == (
        "BLIND: 2 units unwatched, 2 rooms",
        "Gateway 3 gone since 02:40; Fridge 2 was 9.5 C and rising.",
    )


def test_only_silence_may_be_inhibited_by_a_dead_gateway_never_a_measured_value_out_of_limits():
    night = gone(2)
    night.warm(30, fridge_2=9.5)  # heard another way, while the gateway is still said to be gone
    night.warm(44, fridge_2=9.5)
    night.pass_to(46)

    assert [title for title, _ in night.told()] == [
        "BLIND: 2 units unwatched, 2 rooms",
        "Fridge 2: 9.5 C, limit 8",
    ]


def test_one_message_with_the_highest_priority_behind_the_gateway_repeated_listing_the_critical_units():
    night = Night(SITE)
    night.warm(0, fridge_1=5.0, fridge_2=5.0)
    night.say(0, ("a/4", b"-5.0"), (WILL, b"offline"))
    for minute in (0, 14, 28, 40):
        night.warm(minute, fridge_3=5.0)  # has its own way

    behind = [notice for notice in night.notices if notice.alarm == night.notices[0].alarm]
    assert [(notice.about, notice.priority) for notice in behind] == [
        (About.OPENED, Priority.HIGH),
        (About.REPEATED, Priority.HIGH),
    ]
    assert behind[0].contained  # the most careful answer of what stands behind
    assert behind[0].title == "BLIND: 3 units unwatched, 2 rooms"
    assert behind[0].body.partition(" A")[0] == (
        "Gateway 3 gone since 02:20. Check its power. Read gauges now, enter every 30 min. First: HD buffer."
    )
    assert night.notices == behind


def test_fifty_sensors_behind_a_dead_gateway_are_one_message_that_names_the_one_outside_its_limit():
    night = gone(50, fridge_2=9.5)
    night.pass_to(42)

    assert len(night.alarm("HDM-SILENCE")) == 50
    (before, _), (title, body) = night.told()
    assert len(night.notices) == 2
    assert before == "Fridge 2: 9.3 C, limit 8, rising"  # its own alarm, from before the gateway died
    assert title == "BLIND: 50 units unwatched, 2 rooms"
    assert "Fridge 2 was 9.5 C and rising" in body
    assert len(title) <= 40
    assert len(body) <= 150


def test_on_return_each_unit_reports_or_alarms_by_itself():
    night = gone(50)
    night.pass_to(48)
    night.notices.clear()
    night.say(60, (WILL, b"online"))
    for minute in (61, 70, 80, 90):
        night.warm(minute, **{f"fridge_{number}": 5.0 for number in range(3, 51)}, fridge_2=9.6)

    assert night.told(About.CLEARED) == [
        (
            "Gateway 3 is there again",
            f"Gone for 40 min from 02:40. Each unit reports or alarms by itself. {night.notices[0].alarm}",
        )
    ]
    opened = [title for title, _ in night.told()]
    assert opened == ["BLIND: Fridge 1 silent", "Fridge 2: 9.6 C, limit 8"]
    assert [event.at - START for event in night.events if event.kind is Kind.CALLED][-2:] == [
        75 * MINUTE,  # one patience after the return
        76 * MINUTE,  # 15 min after the first value outside
    ]


def test_everything_behind_a_gateway_that_is_gone_is_unknown_at_once():
    night = gone(2)
    assert night.monitor.face("hd-storage").unknown
    assert not night.monitor.face("hd-storage").alarms

    night.say(21, (WILL, b"online"))
    assert not night.monitor.face("hd-storage").unknown


def test_the_same_word_again_is_no_news():
    night = gone(2)
    night.say(22, (WILL, b"offline"))
    assert [event.kind for event in night.events].count(Kind.GATEWAY) == 1
    night.pass_to(36)
    assert "gone since 02:40" in night.told()[0][1]


def test_an_answer_for_one_unit_does_not_break_the_silence_about_it_when_it_expires():
    night = gone(2)
    night.pass_to(36)
    one = next(a for a in night.monitor.face("hd-storage").alarms if a.point == "fridge-1")
    night.act(Acknowledge(one.id, "pharmacist"))
    night.pass_to(36 + 61)
    assert {notice.alarm for notice in night.notices if notice.about is not About.ACKNOWLEDGED} == {
        night.notices[0].alarm
    }


def test_a_closed_alarm_of_a_gateway_opens_again_while_it_is_gone():
    night = gone(2)
    night.pass_to(36)
    outcome = night.act(Close(night.notices[0].alarm, "pharmacist", "power cord"))
    assert not outcome.replies
    night.restart()
    night.pass_to(36 + 14)
    assert len(night.told()) == 1
    night.pass_to(36 + 15)
    assert len(night.told()) == 2


WORDS = {20: b"offline", 30: b"online", 32: b"offline", 60: b"online"}


def through(restart_at=None):
    """What is told while a gateway comes and goes, with a restart at a minute."""
    night = Night(suite(3))
    night.warm(18, fridge_1=5.0, fridge_2=5.0, fridge_3=5.0)
    for minute in range(19, 100):
        night.say(minute, *([(WILL, WORDS[minute])] if minute in WORDS else ()))
        if minute == restart_at:
            night.restart()
    return [(notice.title, notice.body, notice.at) for notice in night.notices]


@pytest.mark.parametrize("minute", [19, 20, 25, 30, 31, 32, 33, 34, 45, 48, 60, 61, 75])
def test_a_restart_at_any_moment_tells_the_same(minute):
    assert through(minute) == through()


@pytest.mark.parametrize(
    ("payload", "unknown"),
    [
        (b"Offline", True),
        (b'{"state":"offline"}', True),
        (b'{"status":"offline","timestamp":"1"}', True),
        (b"false", True),
        (b"lost", True),
        (b"online", False),
        (b'{"online":true}', False),
        (b"", False),
        (b"perhaps", False),
        (b'{"state":1}', False),
        (b"\xff", False),
    ],
)
def test_wills_and_states_of_gateways_are_understood_or_kept_for_inspection(payload, unknown):
    night = Night(suite(1))
    night.warm(0, fridge_1=5.0)
    outcome = night.monitor.handle([Message(WILL, payload, START, retained=True)], START)
    assert night.monitor.face("hd-storage").unknown is unknown
    assert bool(outcome.quarantined) == (payload in (b"", b"perhaps", b'{"state":1}', b"\xff"))


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (
            ("topic: gw-3/LWT", "topic: a/3"),
            "'a/3' is the topic of point 'fridge-3'; write that of the gateway's own will",
        ),
        (("topic: gw-3/LWT", "topic: gw-3/#"), "has a wildcard"),
        (("gateway: gw-3 }\n  fridge-3", "gateway: gw-4 }\n  fridge-3"), "there is no gateway 'gw-4'"),
        (("points:", "  gw-4: { name: Gateway 4, topic: gw-4/LWT }\npoints:"), "no point names it"),
    ],
)
def test_a_gateway_that_cannot_be_meant_is_one_sentence(tmp_path, wrong, complaint):
    text = (Path(__file__).parents[1] / "sites" / "one_gateway.yaml").read_text(encoding="utf-8")
    (tmp_path / "site.yaml").write_text(text.replace(*wrong, 1), encoding="utf-8")
    _, problems = load_site(tmp_path / "site.yaml")
    assert [complaint in str(problem) for problem in problems].count(True) == 1
