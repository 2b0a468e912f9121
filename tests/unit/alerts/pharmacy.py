"""The rules and points that the tests of messages talk about: the catalogue's, as at one site."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hdmonitor.alerts.wording import Situation
from hdmonitor.model import (
    Force,
    Level,
    Point,
    Priority,
    Response,
    Room,
    Rule,
    Side,
    Threshold,
)
from hdmonitor.units import convert

ZONE = "America/New_York"
NOW = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)  # Monday 03:05 in New York
HIGH, LOW = Side.HIGH, Side.LOW
WARNING, ALARM, CRITICAL = Level


def limit(level, side, value, priority, name, *, inside=True):
    return Threshold(level, side, value, timedelta(minutes=15), priority, name, inside, Force.SHALL)


def rule(name, quantity, unit, thresholds, instruction, **facts):
    stands = [
        limit(level, side, convert(float(value), unit, quantity) if unit else value, *rest)
        for level, side, value, *rest in thresholds
    ]
    usual = {"response": Response.OTHER, "force": Force.SHALL}
    return Rule(
        id=name,
        version="1",
        what="",
        source="",
        confidence="secondary",
        thresholds=tuple(stands),
        unit=unit,
        deadband=0.0,
        off_delay=timedelta(minutes=10),
        instruction=instruction,
        **(usual | facts),
    )


FRIDGE = rule(
    "659-3",
    "temperature",
    "degC",
    [
        (WARNING, LOW, 2.5, Priority.MEDIUM, "getting cold"),
        (WARNING, HIGH, 7.5, Priority.MEDIUM, "getting warm"),
        (ALARM, LOW, 2, Priority.HIGH, "too cold"),
        (ALARM, HIGH, 8, Priority.HIGH, "too warm"),
        (CRITICAL, LOW, 0.5, Priority.CRITICAL, "freezing"),
        (CRITICAL, HIGH, 15, Priority.CRITICAL, "far too warm"),
    ],
    "Shut the door, check power, tag HOLD",
    response=Response.STORAGE,
    holds_stock=True,
)
FREEZER = rule(
    "659-1",
    "temperature",
    "degC",
    [
        (ALARM, HIGH, -10, Priority.HIGH, "too warm"),
        (CRITICAL, HIGH, -5, Priority.HIGH, "thawing"),
        (ALARM, LOW, -25, Priority.LOW, "too cold"),
    ],
    "Shut the door, do not open to look, tag HOLD",
    response=Response.STORAGE,
    holds_stock=True,
)
ROOM_STORAGE = rule(
    "659-7",
    "temperature",
    "degF",
    [
        (WARNING, HIGH, 77, Priority.LOW, "warm"),
        (ALARM, HIGH, 86, Priority.MEDIUM, "too warm"),
    ],
    "Room warm or cold: call facilities, hold stock",
    response=Response.STORAGE,
    holds_stock=True,
)
COOLER = rule(
    "SHP-1",
    "temperature",
    "degC",
    [
        (ALARM, LOW, 2, Priority.HIGH, "too cold"),
        (ALARM, HIGH, 8, Priority.HIGH, "too warm"),
    ],
    "Call the courier, name the package, tag HOLD",
    response=Response.STORAGE,
    holds_stock=True,
)
HD_BUFFER = rule(
    "800-P1",
    "differential_pressure",
    "inH2O",
    [
        (WARNING, HIGH, -0.012, Priority.MEDIUM, "getting weak"),
        (WARNING, LOW, -0.028, Priority.LOW, "getting strong"),
        (ALARM, HIGH, -0.010, Priority.HIGH, "weak"),
        (ALARM, LOW, -0.030, Priority.MEDIUM, "strong"),
        (CRITICAL, HIGH, -0.002, Priority.CRITICAL, "lost"),
    ],
    "Stop, cap, hood ON, leave, shut the door",
    response=Response.CONTAINMENT,
)
ANTE = rule(
    "800-P3",
    "differential_pressure",
    "inH2O",
    [
        (ALARM, LOW, 0.020, Priority.HIGH, "weak"),
        (CRITICAL, LOW, 0, Priority.HIGH, "lost"),
    ],
    "Sterility at risk: start nothing new, keep doors shut",
)
HOOD_AIR = rule(
    "800-E1",
    "air_velocity",
    "m/s",
    [
        (WARNING, LOW, 0.46, Priority.MEDIUM, "airflow getting low"),
        (ALARM, LOW, 0.41, Priority.CRITICAL, "airflow lost"),
        (ALARM, HIGH, 0.61, Priority.CRITICAL, "airflow too high"),
    ],
    "Hands out. Stop. Do not restart",
    response=Response.CONTAINMENT,
    latched=True,
)
HOOD_EXHAUST = rule(
    "800-E1",
    "running",
    "",
    [(ALARM, LOW, 1.0, Priority.CRITICAL, "exhaust lost")],
    "Hands out. Stop. Do not restart",
    response=Response.CONTAINMENT,
    latched=True,
)
HOOD_POWER = replace(HOOD_EXHAUST, thresholds=(replace(HOOD_EXHAUST.thresholds[0], name="power lost"),))
SUITE_AIR = rule(
    "797-T1",
    "temperature",
    "degC",
    [(WARNING, HIGH, 20, Priority.LOW, "warm")],
    "Tell facilities; staff in gowns get warm",
    force=Force.SHOULD,
)
SUITE_HUMIDITY = rule(
    "797-T2",
    "humidity",
    "%RH",
    [(WARNING, HIGH, 60, Priority.LOW, "damp")],
    "Tell facilities; no portable dehumidifier inside",
    force=Force.SHOULD,
)
DOOR = rule(
    "DOOR-1",
    "contact",
    "",
    [
        (WARNING, HIGH, 0.0, Priority.LOW, "open"),
        (ALARM, HIGH, 0.0, Priority.HIGH, "held open"),
    ],
    "Close the HD room door",
    response=Response.CONTAINMENT,
)
MAINS = rule(
    "PWR-1",
    "mains",
    "",
    [
        (WARNING, LOW, 1.0, Priority.HIGH, "on battery"),
        (ALARM, LOW, 1.0, Priority.CRITICAL, "still out"),
    ],
    "Power out: stop compounding, keep doors shut",
)
UPS = rule(
    "PWR-2",
    "charge",
    "%",
    [(ALARM, LOW, 50, Priority.CRITICAL, "half empty")],
    "Power out: stop compounding, keep doors shut",
)
SILENCE = rule("HDM-SILENCE", "temperature", "", [], "Read the gauge by hand, check power")
FAULT = rule("HDM-FAULT", "temperature", "", [], "Read the gauge by hand, check probe and cable")
BATTERY = rule("HDM-BATTERY", "battery", "", [], "Change the battery this week")
CLOCK = rule("HDM-CLOCK", "battery", "", [], "Set the clock of the device")
SELF = rule("HDM-SELF", "battery", "", [], "Look at the monitor; it may be blind or mute")

HD_ROOM = Room("hd-buffer", "HD buffer", "buffer-hd", "HVAC 2211")
ANTE_ROOM = Room("ante", "Ante-room", "ante-hd", "HVAC 2211")
STORE = Room("store", "Drug store", "unclassified")


def point(name, quantity, rules=(), equipment=None, subject="fridge-2"):
    return Point(
        id=subject,
        name=name,
        room="hd-buffer",
        equipment=equipment,
        quantity=quantity,
        topic="t",
        family="plain",
        field="",
        unit="",
        every=timedelta(minutes=1),
        valid_for=timedelta(minutes=15),
        rules=tuple(rules),
    )


FRIDGE_2 = point("HD Fridge 2", "temperature", [FRIDGE], "fridge-2")
HD_GAUGE = point("HD buffer", "differential_pressure", [HD_BUFFER])
ANTE_GAUGE = point("Ante-room to corridor", "differential_pressure", [ANTE])
BSC_AIR = point("BSC 1", "air_velocity", [HOOD_AIR], "bsc-1")
BSC_EXHAUST = point("BSC 1", "running", [HOOD_EXHAUST], "bsc-1")


def ago(**span):
    return NOW - timedelta(**span)


def situation(point, rule, level=None, side=None, value=None, **facts):
    """Build a situation; `value` in the unit of the rule, the limit chosen by level and side."""
    unit = rule.unit or None
    if value is not None and unit:
        value = convert(value, unit, point.quantity)
    if unit and facts.get("peak") is not None:
        facts["peak"] = convert(facts["peak"], unit, point.quantity)
    threshold = next((t for t in rule.thresholds if (t.level, t.side) == (level, side)), None)
    usual = {
        "alarm": "A1844",
        "cause": "limit",
        "measured_at": NOW - timedelta(seconds=20),
        "began_at": NOW - timedelta(minutes=24),
        "at": NOW,
        "peak": None,
        "rising": None,
    }
    return Situation(point=point, rule=rule, threshold=threshold, value=value, **(usual | facts))
