"""Fire drills: what they write, what they leave alone, and that a restart changes nothing."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.alerts.drill import Course, Hop, code, over, told
from hdmonitor.catalogue import own_rules
from hdmonitor.cli_drill import excursion
from hdmonitor.events import (
    About,
    DrillAlarm,
    DrillAnswered,
    DrillArrived,
    DrillFailed,
    Kind,
    Remark,
    Restored,
)
from hdmonitor.model import MIRROR, Message, Priority, Reading
from hdmonitor.monitor import Monitor
from hdmonitor.simulator.payloads import why_not
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[2] / "config" / "site.yaml")
START = datetime(2026, 3, 2, 13, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FRIDGE = "hd-fridge-1.temperature"
POINT = SITE.points[FRIDGE]
BAD = json.dumps({"temperature": 16.5}).encode()


class House:
    """A monitor with the journal's memory, that can be restarted."""

    def __init__(self):
        self.states, self.number, self.at = {}, 1, START
        self.monitor = Monitor(SITE, own_rules(), START)
        self.events, self.notices, self.readings, self.quarantined, self.alarms = [], [], [], [], {}

    def restart(self):
        kept = {key: json.loads(json.dumps(state)) for key, state in self.states.items() if state is not None}
        restored = Restored(kept, {}, self.number, self.at)
        self.monitor = Monitor(SITE, own_rules(), self.at, restored)

    def do(self, seconds, *inputs):
        """Hand over inputs at so many seconds; return the newest refusal."""
        self.at = START + seconds * SECOND
        outcome = self.monitor.handle(inputs, self.at)
        self.number += len(outcome.events)
        self.states |= outcome.states
        self.events += outcome.events
        self.notices += outcome.notices
        self.readings += outcome.readings
        self.quarantined += outcome.quarantined
        self.alarms |= outcome.alarms
        return outcome.replies.get(len(inputs) - 1, "")

    def mirror(self, payload=BAD, *, retained=False):
        return Message(MIRROR + POINT.topic, payload, self.at, retained)

    def hops(self):
        return [event.detail["hop"] for event in self.drilled() if "hop" in event.detail]

    def drilled(self):
        return [event for event in self.events if event.kind is Kind.ALARM_DRILL]

    def end(self):
        (event,) = [event for event in self.drilled() if event.detail.get("ended")]
        return event.detail


def message(house, seconds, payload=BAD, **more):
    house.at = START + seconds * SECOND
    return house.do(seconds, house.mirror(payload, **more))


def delivered(id_):
    return Remark(Kind.DELIVERED, "pharmacist-phone", {"rows": [1], "alarms": [id_], "answer": "taken"})


def codes(house):
    return [re.search(r"--code (\d+)", each.body)[1] for each in house.notices if "--code" in each.body]


def play(house, *, restarted=False):
    """Play a whole drill, with or without a restart before every input."""
    assert house.do(0, DrillAlarm(FRIDGE, "technician", 600)) == ""
    id_ = house.events[-1].alarm
    steps = [
        lambda: message(house, 1),
        lambda: house.do(2, delivered(id_)),
        lambda: house.do(30, DrillArrived(id_, "technician", codes(house)[0])),
        lambda: house.do(40, DrillAnswered(id_, "technician")),
    ]
    for step in steps:
        if restarted:
            house.restart()
        assert step() in ("", None)
    return id_


def test_a_drill_goes_through_every_hop_and_files_them_with_their_times():
    house = House()

    id_ = play(house)

    assert house.hops() == [hop.value for hop in Hop]
    end = house.end()
    assert {hop: (datetime.fromisoformat(at) - START) / SECOND for hop, at in end["hops"].items()} == {
        "broker": 1, "decode": 1, "rule": 1, "outbox": 1, "provider": 2, "arrival": 30, "acknowledgement": 40,
    }  # fmt: skip
    assert (end["failed"], end["interrupted"], end["by"]) == (None, False, "technician")
    assert house.states[f"drill:{id_}"] is None
    assert {each.alarm for each in house.notices} == {id_}
    first, *_, last = house.notices
    assert first.title.startswith("DRILL: ")
    assert (last.title, last.about) == ("DRILL OVER: HD Fridge 1", About.CLEARED)
    assert all(len(each.title) <= 40 and len(each.body) <= 150 for each in house.notices)
    assert all(each.priority is not Priority.CRITICAL for each in house.notices)


def test_a_restart_before_every_input_of_a_drill_changes_nothing():
    plain, restarted = House(), House()

    play(plain)
    play(restarted, restarted=True)

    assert restarted.events == plain.events
    assert restarted.notices == plain.notices


def test_drill_readings_never_enter_mkt_ledger_or_influxdb():
    """Nothing of a drill is a reading, an alarm or an excursion, and the point stays as it was."""
    house = House()

    play(house)

    assert (house.readings, house.alarms, house.quarantined) == ([], {}, [])
    kinds = {event.kind for event in house.events}
    assert kinds == {Kind.ALARM_DRILL, Kind.DELIVERED}
    assert [key for key in house.states if not key.startswith("drill:") and FRIDGE in key] == []
    assert house.monitor.running_excursions() == []


def test_a_real_value_out_of_limits_ends_the_drill_and_says_so():
    house = House()
    house.do(0, DrillAlarm(FRIDGE, "technician", 600))
    message(house, 1)

    house.do(5, Reading(FRIDGE, 5.0, START + 5 * SECOND, START + 5 * SECOND))
    assert [each.about for each in house.notices] == [About.OPENED] * len(house.notices)
    house.do(6, Reading(FRIDGE, 9.5, START + 6 * SECOND, START + 6 * SECOND))

    assert house.end()["interrupted"] is True
    assert house.notices[-1].body.startswith("A REAL value is out of limits: 9.5 C. No drill any more.")
    assert house.do(7, DrillAlarm(FRIDGE, "technician", 600)).startswith("HD Fridge 1 is out of its limits")


def test_a_drill_escalates_as_an_alarm_does_until_it_is_acknowledged_or_over():
    house = House()
    house.do(0, DrillAlarm(FRIDGE, "technician", 3600))
    message(house, 0)
    id_ = house.events[0].alarm

    def told():
        return [(each.about, (each.at - START) / SECOND) for each in house.notices if each.alarm == id_]

    house.do(10 * 60)
    assert told()[-1] == (About.ESCALATED, 600)

    house.do(11 * 60, DrillAnswered(id_, "technician"))
    before = told()
    house.do(59 * 60)
    assert told() == before
    house.do(60 * 60)
    assert house.end()["failed"] == "provider"


@pytest.mark.parametrize(
    ("inputs", "failed", "why"),
    [
        ([], "broker", "the monitor heard nothing on the mirror topic"),
        ([b"\x8f"], "decode", ""),
        ([b'{"humidity": 5}'], "decode", "has nothing of 'temperature'"),
        ([b'{"temperature": 5}'], "rule", "5.0 C is inside every limit"),
        ([BAD], "provider", "no provider has taken the message"),
        ([BAD, "delivered"], "arrival", "nobody gave the code"),
        ([BAD, "delivered", "arrived"], "acknowledgement", "nobody acknowledged it"),
    ],
)
def test_at_its_end_a_drill_names_the_first_hop_that_was_not_reached(inputs, failed, why):
    house = House()
    house.do(0, DrillAlarm(FRIDGE, "technician", 60))
    id_ = house.events[-1].alarm
    for each in inputs:
        if each == "delivered":
            house.do(2, delivered(id_))
        elif each == "arrived":
            house.do(3, DrillArrived(id_, "technician", codes(house)[0]))
        else:
            message(house, 1, each)

    house.do(59)
    assert not [event for event in house.drilled() if event.detail.get("ended")]
    house.do(60)

    assert house.end()["failed"] == failed
    assert why in house.end()["why"]


def test_what_nobody_drills_is_kept_for_inspection_and_judged_by_nothing():
    house = House()

    message(house, 0)
    house.do(1, DrillAlarm(FRIDGE, "technician", 60))
    message(house, 2, retained=True)

    assert [each.reason for each in house.quarantined] == [
        "no drill waits for this; start one with: hdmonitor drill alarm POINT"
    ] * 2
    assert house.hops() == []


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (DrillAlarm("nowhere", "technician", 60), "no point 'nowhere' is in the site file"),
        (DrillAlarm(FRIDGE, "ghost", 60), "nobody called 'ghost' is in the site file"),
        (DrillAlarm(FRIDGE, "technician", 4), "a drill lasts 5 s to 3600 s, not 4 s"),
        (DrillAlarm(FRIDGE, "technician", 3601), "a drill lasts 5 s to 3600 s, not 3601 s"),
        (DrillArrived("D99", "technician", "1234"), "no drill 'D99' is running"),
        (DrillAnswered("D99", "technician"), "no drill 'D99' is running"),
        (DrillFailed("D99", "technician", "x"), "no drill 'D99' is running"),
    ],
)
def test_what_cannot_be_drilled_is_refused_with_a_sentence_and_recorded(act, refusal):
    house = House()

    assert house.do(0, act).startswith(refusal)
    assert [event.kind for event in house.events] == [Kind.REFUSED]


def test_a_point_has_one_drill_at_a_time_and_the_next_after_it():
    house = House()
    house.do(0, DrillAlarm(FRIDGE, "technician", 60))

    assert "is running" in house.do(1, DrillAlarm(FRIDGE, "pharmacist", 60))
    house.do(60)
    assert house.do(61, DrillAlarm(FRIDGE, "pharmacist", 60)) == ""


def test_a_code_is_of_one_drill_and_one_destination():
    course = Course("D5", FRIDGE, "lee", START, START + 60 * SECOND)
    other = Course("D6", FRIDGE, "lee", START, START + 60 * SECOND)

    assert len({code(course, "phone"), code(course, "second"), code(other, "phone")}) == 3
    assert 1000 <= int(code(course, "phone")) <= 9999


def test_messages_of_a_drill_are_marked_and_fit():
    course = Course("D1234567", FRIDGE, "lee", START, START + 60 * SECOND)

    text = told(course, "Vaccine refrigerator of the infusion suite 2", "16.5 C", "phone")

    assert text.title.startswith("DRILL: Vaccine refrigerator")
    assert (len(text.title) <= 40, len(text.body) <= 150) == (True, True)
    assert over(course, "HD Fridge 1", "").body == "Failed at: broker. D1234567"


@pytest.mark.parametrize("point", [id_ for id_, each in SITE.points.items() if each.rules and not each.legs])
def test_the_excursion_that_is_published_is_beyond_the_worst_limit_of_every_point(point):
    found = SITE.points[point]
    if why_not(SITE.devices[found.topic]):
        return
    limits = [limit for rule in found.rules for limit in rule.thresholds]
    if not limits:
        return
    worst = max(limit.rank for limit in limits)
    value = excursion(found)

    assert max(limit.rank for limit in limits if limit.outside(value)) == worst
