"""Doubts in the monitor: beside the limits, and in what is added up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.catalogue import own_rules
from hdmonitor.model import Priority, Reading
from hdmonitor.monitor import Monitor
from hdmonitor.rules.honesty import Honesty
from hdmonitor.site import load_site

FILE = Path(__file__).parents[1] / "sites" / "doubt.yaml"
SITE, PROBLEMS = load_site(FILE)
START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TOP = "top.temperature"


def played(*values, every=MINUTE):
    """Return the monitor and everything it said of a probe that sends `values`."""
    monitor = Monitor(SITE, own_rules(), START)
    notices, events, at = [], [], START
    for value in values:
        outcome = monitor.handle([Reading(TOP, value, at, at)], at)
        notices, events = notices + outcome.notices, events + outcome.events
        at += every
    return monitor, notices, events


def of_limits(events):
    return [(e.at, e.kind, e.detail) for e in events if e.detail.get("rule") == "659-3"]


def test_the_site_has_no_problem():
    assert PROBLEMS == []


STORIES = {
    "a jump": [5.0] * 10 + [31.0] * 20 + [5.0] * 30,
    "the end of the range": [5.0] * 10 + [-40.0] * 20 + [5.0] * 30,
    "stuck outside": [9.0] * 250,
    "stuck inside, then too warm": [5.0] * 250 + [9.0] * 30,
}


@pytest.mark.parametrize("story", STORIES)
def test_sensor_honesty_may_add_suspicion_it_never_delays_lowers_or_removes_a_limit_alarm(story, monkeypatch):
    every = (10 if story.startswith("stuck") else 1) * MINUTE
    _, _, doubted = played(*STORIES[story], every=every)
    assert [event for event in doubted if event.detail.get("rule") == "HDM-SUSPECT"]

    monkeypatch.setattr(Honesty, "take", lambda *_: False)
    _, _, believed = played(*STORIES[story], every=every)

    assert of_limits(doubted) == of_limits(believed) != []


def test_mkt_is_computed_with_and_without_suspect_readings_both_are_shown_the_worse_governs():
    # An hour from below freezing at the end of the range would hide that the rest is too warm.
    day = [8.05 + (step % 3) / 100 for step in range(24 * 12)]
    day[30:40] = [-40.0] * 10

    monitor, notices, _ = played(*day, 8.1, 8.1, every=5 * MINUTE)

    (tally,) = [each for each in monitor._watches[TOP].tallies if each.exposure.rule.id == "659-4"]
    mean = tally.gauge.mean()
    assert mean.all < 8.0 < mean.trusted == mean.governing
    (said,) = [each for each in notices if "mean 8." in each.title]
    assert "With doubted readings 7." in said.body
    assert "without 8." in said.body


def test_only_fault_codes_are_left_out_of_a_mean():
    monitor = Monitor(SITE, own_rules(), START)
    for step, value in enumerate([5.0, None, 5.0]):
        at = START + step * 5 * MINUTE
        monitor.handle([Reading(TOP, value, at, at, fault=None if value else "probe off")], at)

    (tally,) = [each for each in monitor._watches[TOP].tallies if each.exposure.rule.id == "659-4"]
    assert tally.gauge.all.weight == 10 * MINUTE // timedelta(microseconds=1)
    assert tally.gauge.all.mean() == 5.0


def test_a_doubted_sensor_is_told_with_its_reason_and_the_limits_go_on():
    _, notices, _ = played(*[5.0] * 2, *[31.0] * 2)

    (said,) = [each for each in notices if "DOUBTED" in each.title]
    assert said.title == "DOUBTED: Fridge 7 top"
    assert "jumped from 5.0 to 31.0 at once" in said.body
    assert len(said.body) <= 150


@pytest.mark.parametrize(
    ("guards", "priority"),
    [(Priority.LOW, Priority.LOW), (Priority.MEDIUM, Priority.MEDIUM), (Priority.CRITICAL, Priority.MEDIUM)],
)
def test_a_doubt_is_never_louder_than_medium_nor_than_what_it_guards(guards, priority):
    point = replace(SITE.points[TOP], guards=guards)
    device = replace(SITE.devices["top"], points=(point,))
    monitor = Monitor(replace(SITE, points={TOP: point}, devices={"top": device}), own_rules(), START)

    assert monitor._watches[TOP].doubt.case.rule.thresholds[0].priority is priority


@pytest.mark.parametrize(
    ("twin", "sentence"),
    [
        ("nowhere.temperature", "there is no point 'nowhere.temperature'"),
        (TOP, "a point is no twin of itself; name the other sensor"),
    ],
)
def test_a_twin_that_does_not_exist_is_refused_with_its_place(tmp_path, twin, sentence):
    file = tmp_path / "site.yaml"
    text = FILE.read_text(encoding="utf-8").replace("twin: twin.temperature", f"twin: {twin}")
    file.write_text(text, encoding="utf-8")
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "    twin:" in each)

    site, problems = load_site(file)

    assert site is None
    (problem,) = map(str, problems)
    assert problem.startswith(f"{file}:{line}:11: {sentence}")


def test_a_twin_measures_the_same(tmp_path):
    file = tmp_path / "site.yaml"
    text = FILE.read_text(encoding="utf-8").replace(
        "  twin.temperature:\n    at: fridge\n    measures: temperature",
        "  twin.temperature:\n    at: fridge\n    measures: contact",
    )
    file.write_text(
        text.replace('unit: degC\n    every: "5m"\n\npeople', 'unit: state\n    every: "5m"\n\npeople'),
        encoding="utf-8",
    )

    _, problems = load_site(file)

    assert any(
        "'twin.temperature' measures contact, this point temperature" in str(each) for each in problems
    )


def test_a_twin_is_at_the_same_place(tmp_path):
    file = tmp_path / "site.yaml"
    other = "  twin.temperature:\n    at: "
    room = next(iter(SITE.rooms))
    file.write_text(
        FILE.read_text(encoding="utf-8").replace(f"{other}fridge", f"{other}{room}"), encoding="utf-8"
    )

    _, problems = load_site(file)

    assert any(
        f"'twin.temperature' is at {room!r}, this point at 'fridge'; a twin is at the same place" in str(each)
        for each in problems
    )
