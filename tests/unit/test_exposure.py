"""What readings add up to, in the monitor: alarms, words, who has it, and what it costs the limits."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.catalogue import Spot, load_catalogue, own_rules
from hdmonitor.events import Acknowledge, ClockStepped, Kind
from hdmonitor.model import Reading
from hdmonitor.monitor import Monitor
from hdmonitor.scenario import Memory
from hdmonitor.site import load_site

SITE, PROBLEMS = load_site(Path(__file__).parents[1] / "sites" / "exposure.yaml")
START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FRIDGE, CABINET = "fridge.temperature", "cabinet.temperature"


def only(*names):
    devices = {
        topic: replace(device, points=tuple(p for p in device.points if p.id in names))
        for topic, device in SITE.devices.items()
        if any(p.id in names for p in device.points)
    }
    return replace(SITE, points={name: SITE.points[name] for name in names}, devices=devices)


class Played:
    """A monitor that is fed values, and everything it said."""

    def __init__(self, point=FRIDGE, every=5 * MINUTE):
        self.monitor = Monitor(only(point), own_rules(), START)
        self.point, self.every, self.at = point, every, START
        self.notices, self.events, self.alarms = [], [], {}
        self.memory = Memory()

    def take(self, outcome):
        self.memory.take(outcome, self.at)
        self.notices += outcome.notices
        self.events += outcome.events
        self.alarms.update(outcome.alarms)

    def send(self, value, span):
        for _ in range(span // self.every):
            self.take(self.monitor.handle([Reading(self.point, value, self.at, self.at)], self.at))
            self.at += self.every
        return self

    def restart(self):
        self.monitor = Monitor(only(self.point), own_rules(), self.at, self.memory.restored())
        return self

    def said(self, rule):
        its = {name for name, alarm in self.alarms.items() if alarm.rule == rule}
        return [(each.title, each.body) for each in self.notices if each.alarm in its]


def rules(spot):
    return [entry.id for entry in load_catalogue().exposures_for(spot)]


def test_the_site_has_no_problem():
    assert PROBLEMS == []


# --- which place has which -----------------------------------------------------------


@pytest.mark.parametrize(
    ("spot", "ids"),
    [
        (Spot("temperature", kind="refrigerator"), ["659-3-SUM"]),
        (Spot("temperature", kind="refrigerator", contents=("refrigerated",)), ["659-3-SUM"]),
        (
            Spot("temperature", kind="refrigerator", contents=("refrigerated", "controlled-cold")),
            ["659-4", "659-4-LONG", "659-4-RANGE", "659-3-SUM"],
        ),
        (
            Spot("temperature", kind="cooler", contents=("controlled-cold",)),
            ["659-4", "659-4-LONG", "659-4-RANGE"],
        ),
        (Spot("temperature", kind="cooler"), []),
        (Spot("temperature", kind="cabinet"), ["659-7-MKT", "659-8", "659-8-SUM"]),
        (Spot("temperature", role="unclassified"), ["659-7-MKT", "659-8", "659-8-SUM"]),
        (Spot("temperature", role="buffer-hd"), []),
        (Spot("humidity", role="unclassified"), []),
        (Spot("temperature", kind="freezer", contents=("frozen",)), []),
        (Spot("temperature", kind="freezer", contents=("controlled-cold",)), []),
        (Spot("temperature", kind="refrigerator", contents=("frozen", "controlled-cold")), []),
    ],
)
def test_the_label_of_the_goods_decides_and_frozen_goods_have_none(spot, ids):
    assert rules(spot) == ids


def test_a_label_that_allows_excursions_does_not_loosen_the_limits_of_the_refrigerator():
    plain, labelled = (
        load_catalogue().rules_for(Spot("temperature", kind="refrigerator", contents=contents))
        for contents in ((), ("controlled-cold",))
    )

    assert [entry.id for entry in labelled] == [entry.id for entry in plain] == ["659-3"]


def test_a_mean_never_judges_cold():
    sides = {
        each.side
        for entry in load_catalogue().exposures
        if entry.measure == "mkt"
        for each in entry.thresholds
    }

    assert sides == {"high"}


def test_the_numbers_of_what_adds_up():
    numbers = {
        entry.id: (
            entry.measure,
            entry.window / HOUR,
            entry.above,
            entry.below,
            [(t.level, t.limit, t.ends, t.on_delay, t.priority) for t in entry.thresholds],
        )
        for entry in load_catalogue().exposures
    }
    at_once, inclusive = timedelta(0), "inclusive"

    assert numbers == {
        "659-4": ("mkt", 24, None, None, [("alarm", "8 degC", inclusive, at_once, "high")]),
        "659-4-LONG": ("event", 24, "8 degC", None, [("alarm", "24h", inclusive, at_once, "high")]),
        "659-4-RANGE": ("total", 24, "15 degC", "2 degC", [("alarm", "0s", inclusive, at_once, "low")]),
        "659-3-SUM": ("total", 24, "8 degC", "2 degC", [("alarm", "60m", inclusive, at_once, "high")]),
        "659-7-MKT": (
            "mkt",
            720,
            None,
            None,
            [
                ("warning", "24.5 degC", inclusive, at_once, "low"),
                ("alarm", "25 degC", inclusive, at_once, "medium"),
            ],
        ),
        "659-8": ("event", 24, "30 degC", None, [("alarm", "24h", inclusive, at_once, "high")]),
        "659-8-SUM": ("total", 720, "30 degC", None, [("warning", "24h", inclusive, at_once, "low")]),
    }


# --- words ----------------------------------------------------------------------------


def test_a_mean_over_its_limit_is_told_with_figure_and_limit():
    played = Played().send(5.0, 24 * HOUR).send(14.0, 6 * HOUR)

    ((title, body),) = played.said("659-4")
    assert title == "Fridge 7: 24 h mean 8.02 C, limit 8"
    assert body == (
        "Mean kinetic temperature, over its limit since 05:25. Allowance used up: tag HOLD, ask the maker. A7"
    )


def test_the_end_of_a_mean_leaves_the_stock_on_hold():
    played = Played().send(5.0, 24 * HOUR).send(14.0, 6 * HOUR).send(5.0, 24 * HOUR)

    (_, (title, body)) = played.said("659-4")
    assert title == "Fridge 7: alarm over, STOCK ON HOLD"
    assert body == (
        "Mean too warm for 19 h 15 min from Tue 05:25. Nothing is released until a pharmacist decides. A7"
    )


def test_a_limit_alarm_says_how_long_the_allowance_lasts():
    played = Played().send(5.0, 24 * HOUR).send(12.0, HOUR)

    ((title, body), *_) = played.said("659-3")
    assert title == "Fridge 7: 12.0 C, limit 8"
    assert "24 h mean passes 8 in 7 h 40 min." in body
    assert len(body) <= 150


def test_every_message_fits_a_phone_and_releases_nothing():
    played = Played().send(5.0, 20 * HOUR)
    for _ in range(12):
        played.send(9.0, 12 * MINUTE).send(5.0, HOUR)
    played.send(14.9, 30 * HOUR).send(5.0, 30 * HOUR)

    assert {"659-3", "659-3-SUM", "659-4", "659-4-LONG"} <= {each.rule for each in played.alarms.values()}
    for notice in played.notices:
        assert len(notice.title) <= 40
        assert len(notice.body) <= 150


def test_time_outside_taken_together_is_told_with_what_is_allowed():
    played = Played()
    for _ in range(7):
        played.send(9.0, 10 * MINUTE).send(5.0, HOUR)

    ((title, body), *_) = played.said("659-3-SUM")
    assert title == "Fridge 7: 1 h 5 min outside 2 to 8 C"
    assert body.startswith("In 24 h, limit 1 h. ")


def test_an_alarm_that_stands_already_tells_it():
    played = Played().send(9.0, 2 * HOUR)

    withheld = [each.detail["reason"] for each in played.events if each.kind is Kind.NOT_NOTIFIED]
    assert played.said("659-3-SUM") == []
    assert withheld == ["A2 tells it already"]


# --- life -------------------------------------------------------------------------------


def test_an_answer_to_a_mean_holds_for_a_day():
    played = Played().send(5.0, 24 * HOUR).send(14.0, 6 * HOUR)
    (name,) = [name for name, alarm in played.alarms.items() if alarm.rule == "659-4"]
    played.take(played.monitor.handle([Acknowledge(name, "pharmacist")], played.at))

    played.send(13.0, 23 * HOUR)
    assert played.alarms[name].acknowledged_by == "pharmacist"
    played.send(13.0, 2 * HOUR)
    assert played.alarms[name].acknowledged_by is None


@pytest.mark.parametrize("point", [FRIDGE, CABINET])
def test_restarts_anywhere_change_no_word(point):
    through, again = Played(point), Played(point)
    for value, span in ((5.0, 23 * HOUR), (14.0, 7 * HOUR), (31.0, 2 * HOUR), (5.0, 4 * HOUR)):
        through.send(value, span)
        for _ in range(span // HOUR):
            again.send(value, HOUR - 20 * MINUTE).restart().send(value, 20 * MINUTE).restart()

    assert again.notices == through.notices
    assert again.events == through.events
    sums = {key: state for key, state in through.memory.states.items() if key.startswith("exposure:")}
    assert sums
    assert {key: json.loads(json.dumps(again.memory.states[key])) for key in sums} == sums


def test_a_clock_set_back_loses_nothing_that_was_added_up():
    played = Played().send(9.0, HOUR)
    played.at -= 30 * MINUTE
    played.take(played.monitor.handle([ClockStepped(-30 * MINUTE)], played.at))
    played.send(9.0, 5 * MINUTE).restart().send(9.0, 20 * MINUTE)

    assert [alarm.rule for alarm in played.alarms.values() if alarm.rule == "659-3-SUM"] == ["659-3-SUM"]


def test_limits_are_judged_the_same_with_sums_and_without():
    summed = Played().send(5.0, HOUR).send(9.0, 3 * HOUR).send(5.0, HOUR)
    bare = Played()
    site = only(FRIDGE)
    point = replace(site.points[FRIDGE], exposures=())
    device = replace(site.devices["fridge"], points=(point,))
    bare.monitor = Monitor(
        replace(site, points={FRIDGE: point}, devices={"fridge": device}), own_rules(), START
    )
    bare.send(5.0, HOUR).send(9.0, 3 * HOUR).send(5.0, HOUR)

    def limits(played):
        return [(e.at, e.kind, e.detail.get("to")) for e in played.events if e.detail.get("rule") == "659-3"]

    assert limits(summed) == limits(bare) != []
