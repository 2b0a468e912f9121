"""The catalogue: every number of the rules, which rule applies where, and its page."""

from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
import yaml

from hdmonitor.catalogue import Contents, Kind, Part, Role, Spot, load_catalogue, own_rules
from hdmonitor.model import Level, Priority, Response, Rule, Side
from hdmonitor.rule_page import page
from hdmonitor.site_limits import Certified, guarded, needs_certified, rule_at_point
from hdmonitor.units import QUANTITIES, show_limit
from hdmonitor.yaml_source import parse_yaml

FOLDER = Path(__file__).parents[2] / "hdmonitor" / "rules" / "catalogue"

ROOT = Path(__file__).parents[2]
WARNING, ALARM, CRITICAL = Level
LOW, MEDIUM, HIGH, TOP = Priority


def minutes(number):
    return timedelta(minutes=number)


def seconds(number):
    return timedelta(seconds=number)


def applied(entry, quantity, probe=None) -> Rule:
    certified = Certified(0.5, "m/s") if needs_certified(entry) else None
    return rule_at_point(entry, quantity, pytest.fail, probe=probe, certified=certified)


def rule(spot, probe=None) -> Rule:
    (entry,) = load_catalogue().rules_for(spot)
    return applied(entry, spot.quantity, probe)


def numbers(spot, probe=None):
    """Level, side, limit as written, whether the limit is inside, delay, priority and name."""
    found = rule(spot, probe)
    return [
        (
            each.level,
            each.side.value,
            show_limit(each.limit, spot.quantity, found.unit),
            each.limit_is_inside,
            each.on_delay,
            each.priority,
            each.name,
        )
        for each in found.thresholds
    ]


def test_a_refrigerator_has_2_to_8_degrees_with_a_warning_before_and_freezing_after():
    assert numbers(Spot("temperature", kind="refrigerator")) == [
        (WARNING, "low", "2.5", True, minutes(20), MEDIUM, "getting cold"),
        (WARNING, "high", "7.5", True, minutes(20), MEDIUM, "getting warm"),
        (ALARM, "low", "2", True, minutes(15), HIGH, "too cold"),
        (ALARM, "high", "8", True, minutes(15), HIGH, "too warm"),
        (CRITICAL, "low", "0.5", True, minutes(3), TOP, "freezing"),
        (CRITICAL, "high", "15", True, minutes(3), TOP, "far too warm"),
    ]


def test_a_cold_place_has_one_limit():
    assert numbers(Spot("temperature", kind="cold-storage")) == [
        (ALARM, "high", "8", True, minutes(15), HIGH, "too warm")
    ]


def test_a_freezer_is_too_cold_without_waking_anybody():
    assert numbers(Spot("temperature", kind="freezer"), probe="buffered") == [
        (WARNING, "high", "-12", True, minutes(30), MEDIUM, "getting warm"),
        (ALARM, "high", "-10", True, minutes(30), HIGH, "too warm"),
        (CRITICAL, "high", "-5", True, minutes(10), HIGH, "thawing"),
        (ALARM, "low", "-25", True, minutes(30), LOW, "too cold"),
    ]


def test_a_freezer_probe_in_air_gets_45_minutes_at_alarm_level():
    delays = [each[4] for each in numbers(Spot("temperature", kind="freezer"), probe="air")]

    assert delays == [minutes(30), minutes(45), minutes(10), minutes(45)]


@pytest.mark.parametrize(
    "spot",
    [
        Spot("temperature", kind="cabinet"),
        Spot("temperature", kind="cooler", contents=("room-temperature",)),
        Spot("temperature", role="unclassified"),
        Spot("temperature", role="storage-hd"),
    ],
)
def test_leaving_20_to_25_degrees_alone_wakes_nobody(spot):
    assert numbers(spot) == [
        (WARNING, "low", "20", True, minutes(60), LOW, "cool"),
        (WARNING, "high", "25", True, minutes(60), LOW, "warm"),
        (ALARM, "low", "15", True, minutes(15), MEDIUM, "too cold"),
        (ALARM, "high", "30", True, minutes(15), MEDIUM, "too warm"),
        (CRITICAL, "high", "40", True, minutes(5), HIGH, "far too warm"),
    ]


@pytest.mark.parametrize("contents", [(), ("refrigerated",), ("antineoplastic",)])
def test_a_cooler_is_judged_as_refrigerated_unless_it_holds_something_else(contents):
    assert numbers(Spot("temperature", kind="cooler", contents=contents)) == [
        (WARNING, "low", "3", True, minutes(15), MEDIUM, "getting cold"),
        (WARNING, "high", "7", True, minutes(15), MEDIUM, "getting warm"),
        (ALARM, "low", "2", True, minutes(30), HIGH, "too cold"),
        (ALARM, "high", "8", True, minutes(30), HIGH, "too warm"),
        (CRITICAL, "low", "0.5", True, minutes(5), HIGH, "freezing"),
        (CRITICAL, "high", "15", True, minutes(5), HIGH, "far too warm"),
    ]


def test_goods_that_need_different_limits_in_one_cooler_ask_for_two_rules():
    spot = Spot("temperature", kind="cooler", contents=("refrigerated", "frozen"))

    assert [entry.id for entry in load_catalogue().rules_for(spot)] == ["659-1", "SHP-1"]


@pytest.mark.parametrize(("quantity", "limit"), [("temperature", "20"), ("humidity", "60")])
def test_the_air_of_the_suite_is_advice_of_low_priority(quantity, limit):
    spot = Spot(quantity, role="buffer-hd")

    assert [each[:4] for each in numbers(spot)] == [(WARNING, "high", limit, True)]
    assert rule(spot).force == "SHOULD"
    assert guarded(rule(spot)) is LOW


@pytest.mark.parametrize("role", ["buffer-hd", "c-sca", "nonsterile-hd"])
def test_lost_containment_stands_above_weak_and_weak_above_strong(role):
    spot = Spot("differential_pressure", role=role, to="ante-hd")

    assert numbers(spot) == [
        (WARNING, "high", "-0.012", True, minutes(2), MEDIUM, "getting weak"),
        (WARNING, "low", "-0.028", True, minutes(5), LOW, "getting strong"),
        (ALARM, "high", "-0.010", True, seconds(60), HIGH, "weak"),
        (ALARM, "low", "-0.030", True, minutes(5), MEDIUM, "strong"),
        (CRITICAL, "high", "-0.002", False, seconds(20), TOP, "lost"),
    ]
    by_rank = sorted(rule(spot).thresholds, key=lambda each: each.rank, reverse=True)
    assert [each.name for each in by_rank][:3] == ["lost", "weak", "strong"]


@pytest.mark.parametrize(
    ("role", "to", "id_"),
    [("buffer", "ante", "797-P1"), ("ante", "unclassified", "797-P2"), ("ante-hd", "unclassified", "800-P3")],
)
def test_a_room_that_must_be_positive_has_lost_it_at_zero(role, to, id_):
    spot = Spot("differential_pressure", role=role, to=to)

    assert rule(spot).id == id_
    assert numbers(spot) == [
        (WARNING, "low", "0.022", True, minutes(2), MEDIUM, "getting weak"),
        (ALARM, "low", "0.020", True, seconds(60), HIGH, "weak"),
        (CRITICAL, "low", "0.000", False, seconds(30), HIGH, "lost"),
    ]


def test_storage_of_hazardous_drugs_is_negative_beyond_the_accuracy_of_the_gauge():
    assert numbers(Spot("differential_pressure", role="storage-hd", to="unclassified")) == [
        (ALARM, "high", "-0.005", False, seconds(60), HIGH, "not negative"),
        (CRITICAL, "high", "0.000", False, seconds(20), TOP, "lost"),
    ]


def test_an_unpacking_area_is_not_positive():
    assert numbers(Spot("differential_pressure", role="unpacking", to="unclassified")) == [
        (ALARM, "high", "0.005", True, seconds(60), MEDIUM, "positive")
    ]


def test_the_hazardous_drug_buffer_is_never_judged_as_a_positive_one():
    spots = [Spot("differential_pressure", role="buffer-hd", to=to) for to in get_args(Role)]

    assert {rule(spot).id for spot in spots} == {"800-P1"}


@pytest.mark.parametrize(
    ("part", "names"),
    [("inflow", "airflow"), ("downflow", "airflow"), ("exhaust", "exhaust")],
)
def test_the_speeds_of_a_hood_are_judged_by_its_certification(part, names):
    spot = Spot("air_velocity", kind="bsc-a2", of=part)
    lost, too_high = f"{names} lost", f"{names} too high"

    assert [(e[0], e[1], e[2], e[4], e[5]) for e in numbers(spot)] == [
        (WARNING, "low", "0.45", seconds(60), MEDIUM),
        (WARNING, "high", "0.55", seconds(60), MEDIUM),
        (ALARM, "low", "0.4", seconds(10), TOP),
        (ALARM, "high", "0.6", seconds(10), TOP),
    ]
    assert [each[6] for each in numbers(spot) if each[0] is ALARM] == [lost, too_high]
    assert rule(spot).deadband == 0.025


@pytest.mark.parametrize("part", ["exhaust", "power"])
def test_a_hood_without_exhaust_or_power_is_critical_within_ten_seconds(part):
    spot = Spot("running", kind="bsc-b2", of=part)

    assert numbers(spot) == [(ALARM, "low", "running", True, seconds(10), TOP, f"{part} lost")]


def test_a_hood_returns_to_service_only_by_a_named_act():
    latched = {entry.id for entry in load_catalogue().rules if entry.latched}

    assert latched == {"800-E1"}
    assert all(entry.latched for entry in load_catalogue().rules if entry.id == "800-E1")


@pytest.mark.parametrize(
    ("spot", "priority", "response"),
    [
        (Spot("contact", role="buffer-hd"), HIGH, Response.CONTAINMENT),
        (Spot("contact", role="buffer"), HIGH, Response.OTHER),
        (Spot("contact", kind="refrigerator"), MEDIUM, Response.STORAGE),
    ],
)
def test_a_door_is_local_at_one_minute_and_pages_at_three(spot, priority, response):
    assert numbers(spot) == [
        (WARNING, "high", "closed", True, seconds(60), LOW, "open"),
        (ALARM, "high", "closed", True, minutes(3), priority, "held open"),
    ]
    assert rule(spot).off_delay == seconds(10)
    assert rule(spot).response is response


def test_mains_lost_is_told_after_15_seconds_and_critical_after_two_minutes():
    assert numbers(Spot("mains", kind="power")) == [
        (WARNING, "low", "on mains", True, seconds(15), HIGH, "on battery"),
        (ALARM, "low", "on mains", True, minutes(2), TOP, "still out"),
    ]
    assert numbers(Spot("charge", kind="power")) == [
        (ALARM, "low", "50", True, seconds(15), TOP, "half empty")
    ]


@pytest.mark.parametrize(
    ("spot", "off_delay", "deadband", "patience", "response"),
    [
        (Spot("temperature", kind="refrigerator"), "10m", "0.3 degC", "15m", "storage"),
        (Spot("temperature", kind="cold-storage"), "10m", "0.3 degC", "15m", "storage"),
        (Spot("temperature", kind="freezer"), "15m", "1.0 degC", "15m", "storage"),
        (Spot("temperature", kind="cabinet"), "30m", "0.5 degC", "15m", "storage"),
        (Spot("temperature", kind="cooler"), "15m", "0.5 degC", "2h", "storage"),
        (Spot("differential_pressure", role="buffer-hd"), "5m", "0.002 inH2O", "2m", "containment"),
        (
            Spot("differential_pressure", role="ante-hd", to="unclassified"),
            "5m",
            "0.002 inH2O",
            "2m",
            "other",
        ),
        (Spot("differential_pressure", role="storage-hd"), "5m", "0.001 inH2O", "2m", "containment"),
        (Spot("running", kind="caci", of="power"), "5m", "none", "2m", "containment"),
        (Spot("mains", kind="power"), "5m", "none", "15m", "other"),
    ],
)
def test_the_way_back_and_the_patience_of_each_asset(spot, off_delay, deadband, patience, response):
    (entry,) = load_catalogue().rules_for(spot)
    dumped = entry.model_dump(mode="json")

    assert [dumped[key] for key in ("off_delay", "deadband", "patience", "response")] == [
        off_delay,
        deadband,
        patience,
        response,
    ]


def test_one_place_and_quantity_has_at_most_one_rule():
    catalogue = load_catalogue()
    places = [{"kind": kind, "of": part} for kind, part in product(get_args(Kind), (None, *get_args(Part)))]
    places += [{"role": role, "to": to} for role, to in product(get_args(Role), (None, *get_args(Role)))]
    spots = [Spot(quantity, **place) for quantity, place in product(QUANTITIES, places)]

    assert [spot for spot in spots if len(catalogue.rules_for(spot)) > 1] == []


def test_a_single_kind_of_contents_never_asks_for_two_rules():
    catalogue = load_catalogue()
    spots = [
        Spot("temperature", kind=kind, contents=(contents,))
        for kind, contents in product(get_args(Kind), get_args(Contents))
    ]

    assert [spot for spot in spots if len(catalogue.rules_for(spot)) > 1] == []


def test_a_level_has_one_limit_on_each_side():
    for entry in load_catalogue().rules:
        keys = [each.key for each in entry.thresholds]
        assert len(keys) == len(set(keys)), entry.title


def test_a_warning_never_lies_beyond_its_alarm_nor_an_alarm_beyond_critical():
    for entry in load_catalogue().rules:
        quantity = entry.applies[0].quantity[0]
        found = applied(entry, quantity)
        for side in Side:
            limits = [
                each.limit for each in sorted(found.thresholds, key=lambda e: e.level) if each.side is side
            ]
            assert limits == sorted(limits, reverse=side is Side.LOW), entry.title


def test_pressure_and_hoods_have_at_most_a_minute_before_an_alarm_but_for_too_strong():
    slow = {
        (entry.id, each.name)
        for entry in load_catalogue().rules
        if entry.id.startswith(("797-P", "800-")) and not entry.id.startswith("800-A")
        for each in entry.thresholds
        if each.level != "warning" and max(each.on_delay, each.longest) > seconds(60)
    }

    assert slow == {("800-P1", "strong")}


def test_freezing_may_never_wait_longer_than_five_minutes():
    freezing = [
        each for entry in load_catalogue().rules for each in entry.thresholds if each.name == "freezing"
    ]

    assert [each.longest for each in freezing] == [minutes(5), minutes(5)]


def test_instructions_fit_a_phone():
    entries = [*load_catalogue().rules, *load_catalogue().own]

    assert [entry.id for entry in entries if len(entry.instruction) > 60] == []


def test_the_monitor_has_rules_for_its_own_alarms():
    rules = own_rules()

    assert list(rules) == [
        "HDM-SILENCE",
        "HDM-GATEWAY",
        "HDM-FAULT",
        "HDM-SUSPECT",
        "HDM-HAND",
        "HDM-BATTERY",
        "HDM-CLOCK",
        "HDM-LATE",
        "HDM-SELF",
    ]
    assert all(rule.thresholds == () and rule.instruction for rule in rules.values())


def test_the_page_of_rules_is_fresh():
    write = "from hdmonitor.rule_page import page; open('docs/rules.md', 'w').write(page())"

    assert (ROOT / "docs/rules.md").read_text() == page(), f'write it with: python -c "{write}"'


def test_every_rule_has_its_heading():
    headings = [line.lstrip("# ") for line in page().splitlines() if line.startswith("#")]

    catalogue = load_catalogue()
    titles = [*(entry.title for entry in catalogue.rules), *(entry.id for entry in catalogue.own)]
    assert [title for title in titles if title not in headings] == []
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yaml")), ids=lambda file: file.stem)
def test_the_fast_parser_reads_the_same_as_the_strict_one(file):
    """YAML 1.1 takes "no" for false and 10:30 for 630, and a key that stands twice for once."""
    strict = parse_yaml(file.read_bytes(), file.name)

    assert strict.problems == []
    assert yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader) == strict.data
