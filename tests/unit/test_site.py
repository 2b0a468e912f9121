"""The site file: what it becomes, and the line for each mistake in it."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from hdmonitor import site_file
from hdmonitor.alerts.daily import Daily
from hdmonitor.catalogue import load_catalogue
from hdmonitor.model import Priority, Response, Side
from hdmonitor.site import check, draw_site, load_site
from hdmonitor.site_file import SiteFile
from hdmonitor.yaml_source import parse_yaml

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config/site.yaml"
INCH = 249.0889

SITE = """\
site: { id: s, name: S, regime: 503A, time_zone: America/New_York, waste_regime: subpart-p }
rooms:
  pharmacy: { name: Pharmacy, role: unclassified }
  ante: { name: HD ante-room, role: ante-hd }
  buffer: { name: HD buffer, role: buffer-hd, call: HVAC 2211 }
equipment:
  fridge: { name: Fridge 1, kind: refrigerator, room: pharmacy }
  hood: { name: BSC 1, kind: bsc-a2, room: buffer, certified: { inflow: "100 ft/min" } }
points:
  first: {at: fridge, measures: temperature, topic: t/1, family: plain, field: value, unit: degC, every: "1m"}
people:
  anna: { name: A, role: pharmacist }
destinations:
  phone: { name: Phone, person: anna }
escalation:
  containment: { steps: [{ after: "0s", notify: [phone] }], repeat: "10m" }
  storage: { steps: [{ after: "0s", notify: [phone] }, { after: "10m", notify: [phone] }], repeat: "30m" }
  other: { steps: [{ after: "0s", notify: [phone] }], repeat: "60m" }
"""
POINT_LINE = (
    next(number for number, line in enumerate(SITE.splitlines(), 1) if line.startswith("  first:")) + 1
)
PLAIN = 'topic: t/x, family: plain, field: value, unit: degC, every: "1m"'


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a site and return it with its problems as lines."""
    monkeypatch.chdir(tmp_path)

    def load(text):
        path = Path("site.yaml")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        site, problems = load_site(path)
        return SimpleNamespace(site=site, lines=[str(problem) for problem in problems])

    return load


def changed(old, new):
    assert SITE.count(old) == 1, old
    return SITE.replace(old, new)


def with_point(text):
    """Return the site with one more point, in line POINT_LINE."""
    return changed("people:\n", f"  x: {{ {text} }}\npeople:\n")


def limits(text, at="at: fridge, measures: temperature", unit="degC"):
    return with_point(f"{at}, {PLAIN.replace('degC', unit)}, limits: {{ {text} }}")


def maintenance(start, end, point="first"):
    span = f'{{ points: [{point}], start: "{start}", end: "{end}", reason: r, by: anna }}'
    return f"{SITE}maintenance:\n  - {span}\n"


def thresholds(point):
    return {(each.level.name.lower(), each.side.value): each for each in point.rules[0].thresholds}


# --- what it becomes ----------------------------------------------------------


def test_the_example_is_loaded_without_a_problem():
    site, problems = load_site(EXAMPLE)

    assert problems == []
    assert site is not None
    assert set(site.points) == {
        "hd-fridge-1.temperature",
        "hd-fridge-2.temperature",
        "hd-fridge-2.door",
        "freezer-1.temperature",
        "pharmacy.temperature",
        "hd-buffer.temperature",
        "hd-buffer.humidity",
        "hd-buffer.pressure",
        "hd-ante.pressure",
        "hd-buffer.door",
        "hd-ante.door",
        "hd-storage.pressure",
        "bsc-1.inflow",
        "bsc-1.exhaust",
        "bsc-1.power",
        "cooler-17.temperature",
        "mains.power",
        "ups.charge",
    }
    assert {point.family for point in site.points.values()} == {
        "zigbee2mqtt",
        "tasmota",
        "esphome",
        "plain",
        "mapped",
    }
    assert len(site.config_hash) == 64


def test_the_cold_rooms_have_exactly_one_limit_each():
    site, problems = load_site(ROOT / "tests/sites/cold_rooms.yaml")

    assert problems == []
    assert site is not None
    for id_ in ("wip1", "dispatch"):
        (rule,) = site.points[id_].rules
        (limit,) = rule.thresholds
        assert (limit.limit, limit.side, limit.on_delay) == (8.0, Side.HIGH, timedelta(minutes=30))
        assert (rule.off_delay, rule.deadband) == (timedelta(0), 0.0)
        assert site.points[id_].replay_as == id_


def test_a_point_has_the_name_and_room_of_its_equipment(load):
    point = load(SITE).site.points["first"]

    assert (point.name, point.room, point.equipment) == ("Fridge 1", "pharmacy", "fridge")


def test_a_door_is_called_after_its_room(load):
    text = with_point(f"at: buffer, measures: contact, {PLAIN.replace('degC', 'ON/OFF')}")

    assert load(text).site.points["x"].name == "HD buffer door"


@pytest.mark.parametrize(("every", "valid_for"), [("4m59s", 15 * 60), ("5m", 15 * 60), ("5m1s", 15 * 60 + 3)])
def test_a_storage_reading_vouches_for_three_intervals_but_at_least_15_minutes(load, every, valid_for):
    text = changed('every: "1m"', f'every: "{every}"')

    assert load(text).site.points["first"].valid_for == timedelta(seconds=valid_for)


@pytest.mark.parametrize(("every", "valid_for"), [("5s", 120), ("40s", 120), ("41s", 123)])
def test_a_pressure_reading_vouches_for_at_least_two_minutes(load, every, valid_for):
    at = "at: buffer, to: ante, measures: differential_pressure"
    text = with_point(f'{at}, topic: t, family: plain, field: value, unit: hPa, every: "{every}"')

    assert load(text).site.points["x"].valid_for == timedelta(seconds=valid_for)


def test_silence_costs_what_the_alarm_of_the_point_costs():
    points = load_site(EXAMPLE)[0].points

    assert points["hd-fridge-1.temperature"].guards is Priority.HIGH
    assert points["bsc-1.inflow"].guards is Priority.CRITICAL
    assert points["hd-buffer.humidity"].guards is Priority.LOW
    assert points["hd-fridge-1.temperature"].response is Response.STORAGE
    assert points["bsc-1.inflow"].response is Response.CONTAINMENT


def test_a_hood_is_judged_in_the_unit_of_its_certificate(load):
    text = with_point(f"at: hood, of: inflow, measures: air_velocity, {PLAIN.replace('degC', 'm/s')}")

    (rule,) = load(text).site.points["x"].rules
    assert rule.unit == "ft/min"
    assert [round(each.limit / 0.00508, 9) for each in rule.thresholds] == [90, 110, 80, 120]


def test_points_of_one_topic_are_one_device(load):
    common = 'topic: t/j, family: mapped, every: "5s", unit: ON/OFF'
    text = with_point(f"at: hood, of: power, measures: running, field: p, {common}, time: at, battery: b")
    text = text.replace(
        "people:\n", f"  y: {{ at: hood, of: exhaust, measures: running, field: e, {common} }}\npeople:\n"
    )

    device = load(text).site.devices["t/j"]
    assert [point.id for point in device.points] == ["x", "y"]
    assert (device.time, device.battery, device.zone) == ("at", "b", None)


def test_a_maintenance_may_last_thirty_days(load):
    assert load(maintenance("2026-03-07T12:00Z", "2026-04-06T12:00Z")).site.maintenance


def test_escalation_and_maintenance_become_values(load):
    site = load(maintenance("2026-03-07T06:00-05:00", "2026-03-07T12:00Z")).site

    assert [step.after for step in site.policies[Response.STORAGE].steps] == [
        timedelta(0),
        timedelta(minutes=10),
    ]
    assert site.policies[Response.STORAGE].repeat == timedelta(minutes=30)
    (span,) = site.maintenance
    assert span.start == datetime(2026, 3, 7, 11, tzinfo=UTC)
    assert span.end == datetime(2026, 3, 7, 12, tzinfo=UTC)


def test_the_configuration_hash_follows_the_file(load):
    assert load(SITE).site.config_hash == load(SITE).site.config_hash
    assert load(SITE).site.config_hash != load(SITE + "# a remark\n").site.config_hash


def test_the_configuration_hash_follows_the_catalogue(load, monkeypatch):
    before = load(SITE).site.config_hash
    catalogue = replace(load_catalogue(), digest="another")
    monkeypatch.setattr("hdmonitor.site.load_catalogue", lambda: catalogue)

    assert load(SITE).site.config_hash != before


# --- mistakes, one line each -----------------------------------------------------


def place(text, needle, line=None):
    """Return "line:column" of the first `needle`, in `line` if given."""
    for number, each in enumerate(text.splitlines(), 1):
        if needle in each and number == (line or number):
            return f"{number}:{each.index(needle) + 1}"
    raise AssertionError(needle)


MISTAKES = {
    "an unknown key": (
        changed("call: HVAC", "cal: HVAC"),
        "cal:",
        "unknown key 'cal'; did you mean 'call'?",
    ),
    "an unknown section": (
        SITE + "colours: {}\n",
        "colours",
        (
            "unknown key 'colours'; known are site, rooms, adjacencies, equipment, gateways, points, "
            "devices, people, destinations, duties, holidays, escalation, …"
        ),
    ),
    "a duplicate key": (
        changed("people:\n", "  first: {}\npeople:\n"),
        "first: {}",
        "'first' stands here a second time, first in line 10; keep one of them",
    ),
    "a site without regime": (
        changed("regime: 503A, ", ""),
        "{ id",
        "'regime' is missing in 'site'; add it",
    ),
    "a site without waste regime": (
        changed(", waste_regime: subpart-p", ""),
        "{ id",
        "'waste_regime' is missing in 'site'; add it",
    ),
    "an unknown regime": (
        changed("503A", "503C"),
        "503C",
        "'regime' cannot be '503C'; choose '503A' or '503B'",
    ),
    "an impossible time zone": (
        changed("America/New_York", "Mars/Olympus"),
        "Mars/Olympus",
        "'Mars/Olympus' is not a time zone; write an IANA name such as 'America/New_York'",
    ),
    "a section of the wrong type": (
        changed("people:\n  anna: { name: A, role: pharmacist }", "people: [anna]"),
        "[anna]",
        "'people' must be a mapping: one 'key: value' a line, indented",
    ),
    "a number for text": (
        changed("{ name: Phone,", "{ name: 5,"),
        "5, person",
        "'name' must be text; write it in quotes",
    ),
    "a duration without quotes and unit": (
        changed('every: "1m"', "every: 60"),
        "60}",
        "'every': write the duration in quotes with its unit, such as '20s'",
    ),
    "a duration in an unknown unit": (
        changed('every: "1m"', 'every: "1 minute"'),
        '"1 minute"',
        "'every': '1 minute' is not a duration; write whole d, h, m, s in this order, such as '1h30m'",
    ),
    "an interval of nothing": (
        changed('every: "1m"', 'every: "0s"'),
        '"0s"}',
        "'every': must be longer than nothing",
    ),
    "a missing key": (
        changed(" unit: degC,", ""),
        "{at: fridge",
        "'unit' is missing in 'first'; add it",
    ),
    "an id with capitals": (
        changed("  ante:", "  Ante:"),
        "Ante: {",
        "'Ante' is not an id; write small letters, digits, '-', '_' or '.'",
    ),
    "an unknown unit": (
        changed("unit: degC", "unit: furlong"),
        "furlong",
        "'furlong' is not a unit of temperature; known are degC (°C), degF (°F), K",
    ),
    "an unknown family": (
        changed("family: plain", "family: plane"),
        "plane",
        "'plane' is not a payload family; did you mean 'plain'? 'hdmonitor families' lists all",
    ),
    "a wildcard in a topic": (
        changed("topic: t/1", "topic: t/+"),
        "t/+",
        "'t/+' has a wildcard or starts with '$'; write the full topic",
    ),
    "an unknown room of equipment": (
        changed("kind: refrigerator, room: pharmacy", "kind: refrigerator, room: farmacy"),
        "farmacy",
        "there is no room 'farmacy'; did you mean 'pharmacy'?",
    ),
    "an id of a room for equipment": (
        changed("  hood:", "  buffer:"),
        "buffer: { name: BSC",
        "'buffer' is a room already; give the equipment another id",
    ),
    "an unknown place of a point": (
        changed("at: fridge", "at: fidge"),
        "fidge",
        "there is no room or equipment 'fidge'; did you mean 'fridge'?",
    ),
    "an unknown person": (
        changed("person: anna", "person: hanna"),
        "hanna",
        "there is no person 'hanna'; did you mean 'anna'?",
    ),
    "an unknown destination": (
        changed(
            'containment: { steps: [{ after: "0s", notify: [phone]',
            'containment: { steps: [{ after: "0s", notify: [fone]',
        ),
        "fone",
        "there is no destination or duty 'fone'; did you mean 'phone'?",
    ),
    "a policy without steps": (
        changed('other: { steps: [{ after: "0s", notify: [phone] }]', "other: { steps: []"),
        "[],",
        "'steps' must not be empty",
    ),
    "a policy without a destination": (
        changed(
            'other: { steps: [{ after: "0s", notify: [phone] }]',
            'other: { steps: [{ after: "0s", notify: [] }]',
        ),
        "[] }",
        "'notify' must not be empty",
    ),
    "a missing policy": (
        changed('  other: { steps: [{ after: "0s", notify: [phone] }], repeat: "60m" }\n', ""),
        "containment",
        "'other' is missing in 'escalation'; add it",
    ),
    "steps out of order": (
        changed('{ after: "10m", notify: [phone] }', '{ after: "0s", notify: [phone] }'),
        '"0s", notify: [phone] }], repeat: "30m"',
        "not later than the step before; put steps in order",
    ),
    "a point without a rule": (
        with_point(f"at: pharmacy, measures: humidity, {PLAIN.replace('degC', 'ratio')}"),
        "humidity",
        "no rule for humidity of a room with the role unclassified; there it can be co2, temperature",
    ),
    "a pressure without its reference": (
        with_point(f"at: buffer, measures: differential_pressure, {PLAIN.replace('degC', 'Pa')}"),
        "{ at: buffer",
        "a differential_pressure needs 'to', the id of the reference room",
    ),
    "a pressure against an unknown room": (
        with_point(f"at: buffer, to: hall, measures: differential_pressure, {PLAIN.replace('degC', 'Pa')}"),
        "hall",
        "there is no room 'hall'; known are pharmacy, ante, buffer",
    ),
    "a pressure the other way round": (
        with_point(f"at: ante, to: buffer, measures: differential_pressure, {PLAIN.replace('degC', 'Pa')}"),
        "differential_pressure",
        (
            "no rule for differential_pressure of a room with the role ante-hd to one with the role "
            "buffer-hd; exchange 'at' and 'to' and write sign: -1"
        ),
    ),
    "a hood without its part": (
        with_point(f"at: hood, measures: running, {PLAIN.replace('degC', 'ON/OFF')}"),
        "running",
        "no rule for running of a bsc-a2 as it stands; write of: exhaust or power",
    ),
    "a hood without its certified speed": (
        with_point(f"at: hood, of: downflow, measures: air_velocity, {PLAIN.replace('degC', 'm/s')}"),
        "hood:",
        "point 'x' needs the certified downflow; write certified: { downflow: '0.53 m/s' }",
    ),
    "a certified speed in an unknown unit": (
        with_point(f"at: hood, of: inflow, measures: air_velocity, {PLAIN.replace('degC', 'm/s')}").replace(
            "ft/min", "knots"
        ),
        '"100 knots"',
        "'knots' is not a unit of air_velocity; known are m/s, ft/min (fpm)",
    ),
    "a certified speed below nothing": (
        with_point(f"at: hood, of: inflow, measures: air_velocity, {PLAIN.replace('degC', 'm/s')}").replace(
            '"100 ft/min"', '"-100 ft/min"'
        ),
        '"-100 ft/min"',
        "'-100 ft/min' is no air; write what the report of the certification says",
    ),
    "contents that need two rules": (
        changed(
            "kind: refrigerator, room: pharmacy }",
            "kind: cooler, room: pharmacy, contents: [refrigerated, frozen] }",
        ),
        "[refrigerated",
        "asks for 659-1 and SHP-1 at once; keep goods of one kind there",
    ),
    "two points on the same field of the same topic": (
        with_point(f"at: ante, measures: temperature, {PLAIN.replace('t/x', 't/1')}"),
        "value",
        "the same field of the same topic as 'first'; each value belongs to one point",
    ),
    "two points of one recorded sensor": (
        with_point(f"at: ante, measures: temperature, {PLAIN}, replay_as: first"),
        "first }",
        "recorded temperature of 'first' is that of 'first' already; name another sensor",
    ),
    "a reversed temperature": (
        with_point(f"at: ante, measures: temperature, {PLAIN}, sign: -1"),
        "-1",
        "only a differential_pressure can be reversed; delete it",
    ),
    "an impossible zone of a device": (
        with_point(f"at: ante, measures: temperature, {PLAIN}, zone: Nowhere"),
        "Nowhere",
        "'Nowhere' is not a time zone; write an IANA name such as 'America/New_York'",
    ),
    "a maintenance without offset": (
        maintenance("2026-03-07", "2026-03-07T12:00Z"),
        '"2026-03-07"',
        "'2026-03-07' is not a time with its offset from UTC; write for instance '2026-03-02T08:00-05:00'",
    ),
    "a maintenance that ends before it starts": (
        maintenance("2026-03-07T12:00Z", "2026-03-07T12:00Z"),
        '"2026-03-07T12:00Z", reason',
        "the end is not after the start; correct one of them",
    ),
    "a maintenance of more than thirty days": (
        maintenance("2026-03-07T12:00Z", "2026-04-06T12:01Z"),
        '"2026-04-06T12:01Z", reason',
        "points are out of service for at most 30 days; plan what follows by itself",
    ),
    "a maintenance in a year that no clock reaches": (
        maintenance("2026-03-07T12:00Z", "9999-12-31T23:59-12:00"),
        '"9999-12-31',
        "'9999-12-31T23:59-12:00' is not in the years 2000 to 2199; correct the year",
    ),
    "a maintenance of an unknown point": (
        maintenance("2026-03-07T11:00Z", "2026-03-07T12:00Z", "frist"),
        "frist",
        "there is no point 'frist'; did you mean 'first'?",
    ),
    "a tab": (
        changed("  pharmacy: {", "\tpharmacy: {"),
        "\t",
        "a tab in the indentation; use spaces, two for each step",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_with_its_place_and_what_to_do(load, mistake):
    text, needle, sentence = MISTAKES[mistake]
    line = POINT_LINE if "\n  x: {" in text and needle in text.splitlines()[POINT_LINE - 1] else None

    loaded = load(text)
    assert loaded.site is None
    assert loaded.lines == [f"site.yaml:{place(text, needle, line)}: {sentence}"]


def test_points_of_one_topic_must_not_contradict_each_other(load):
    text = with_point(f"at: ante, measures: temperature, {PLAIN}, zone: Europe/Berlin")
    other = PLAIN.replace("family: plain, field: value", "family: zigbee2mqtt, field: temperature")
    text = text.replace(
        "people:\n", f"  y: {{ at: buffer, measures: temperature, {other}, zone: Europe/Paris }}\npeople:\n"
    )

    assert load(text).lines == [
        (
            "site.yaml:12:63: 'zigbee2mqtt', but another point of this topic says 'plain'; "
            "one device has one family"
        ),
        (
            "site.yaml:12:127: 'Europe/Paris', but another point of this topic says 'Europe/Berlin'; "
            "one device has one zone"
        ),
    ]


def test_503b_is_loaded_with_a_warning(load):
    loaded = load(changed("503A", "503B"))

    assert loaded.site.regime == "503B"
    assert loaded.lines == [
        (
            "site.yaml:1:33: warning: 503B is not covered: <797> numbers are not enough, "
            "10 to 15 Pa between classes is expected"
        )
    ]


def test_everything_wrong_is_told_in_one_go_and_nothing_twice(load):
    text = (
        SITE.replace("regime: 503A, ", "")
        .replace("role: ante-hd", "role: anteroom")
        .replace("room: buffer,", "room: bufer,")
        .replace("unit: degC", "unit: degX")
        .replace("role: pharmacist }", "rule: pharmacist }")
        .replace("steps: [{", "stops: [{", 1)
    )

    assert [line.split(": ", 1)[1] for line in load(text).lines] == [
        "'regime' is missing in 'site'; add it",
        (
            "'role' cannot be 'anteroom'; choose 'unclassified', 'ante', 'ante-hd', 'buffer', 'buffer-hd', "
            "'sca', 'c-sca', 'nonsterile-hd', 'storage-hd' or 'unpacking'"
        ),
        "there is no room 'bufer'; did you mean 'buffer'?",
        "'degX' is not a unit of temperature; known are degC (°C), degF (°F), K",
        "'role' is missing in 'anna'; add it",
        "unknown key 'rule'; did you mean 'role'?",
        "'steps' is missing in 'containment'; add it",
        "unknown key 'stops'; did you mean 'steps'?",
    ]


# --- strict YAML ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ["site.yaml:1:1: the file is empty; start from the example in config/"]),
        ("# only a remark\n", ["site.yaml:1:1: the file is empty; start from the example in config/"]),
        ("just words\n", ["site.yaml:1:1: the file must be a mapping: one 'key: value' a line, indented"]),
        (b"site:\n  name: \xff\n", ["site.yaml:2:9: not UTF-8 text; save the file as UTF-8"]),
        ("site: {\x00}\n", ["site.yaml:1:8: control character 0x00; delete it"]),
        (
            "a:\n\tb: 1\n  \tc: 2\n",
            [
                "site.yaml:2:1: a tab in the indentation; use spaces, two for each step",
                "site.yaml:3:3: a tab in the indentation; use spaces, two for each step",
            ],
        ),
        (
            "a: b: c\n",
            [
                (
                    "site.yaml:1:5: not valid YAML: mapping values are not allowed here; "
                    "check indentation and quotes"
                )
            ],
        ),
        (
            "a: [1\n",
            [
                (
                    "site.yaml:2:1: not valid YAML: expected ',' or ']', but got '<stream end>'; "
                    "check indentation and quotes"
                )
            ],
        ),
        (
            "--- {}\n--- {}\n",
            ["site.yaml:2:1: not valid YAML: but found another document; check indentation and quotes"],
        ),
        ("[" * 1000, ["site.yaml:1:1: nested more than 20 deep"]),
    ],
)
def test_a_file_that_is_no_mapping_is_refused_with_a_sentence(load, text, lines):
    loaded = load(text)

    assert loaded.site is None
    assert loaded.lines == lines


def test_a_file_that_is_not_there_is_a_sentence():
    site, problems = load_site(Path("/nonexistent/site.yaml"))

    assert site is None
    assert [str(problem) for problem in problems] == [
        "/nonexistent/site.yaml: No such file or directory; check the path and who may read it"
    ]


def test_a_file_that_is_too_large_is_not_parsed(load):
    lines = load("#" * 4_000_001).lines

    assert lines == ["site.yaml:1:1: larger than 4000000 bytes; this is not a site"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10:30", "10:30"),
        ("no", "no"),
        ("on", "on"),
        ("2026-03-02", "2026-03-02"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        (".nan", ".nan"),
        ("1e3", "1e3"),
        ("007", 7),
        ("-1", -1),
        ("0.5", 0.5),
        ("true", True),
        ("null", None),
        ("~", None),
        ("'1'", "1"),
        ('"true"', "true"),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_only_plain_numbers_are_numbers(text, value):
    source = parse_yaml(f"key: {text}\n".encode(), "x.yaml")

    assert source.problems == []
    assert source.data == {"key": value}
    assert type(source.data["key"]) is type(value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "a: &x {b: 1}\nc: *x\n",
            "x.yaml:1:4: an alias (*); write the value out, each thing has its own line here",
        ),
        ("a: &x [*x]\n", "x.yaml:1:4: an alias (*); write the value out, each thing has its own line here"),
        ("a: !!python/name:os.system x\n", "x.yaml:1:4: a tag (tag:yaml.org,2002:python/name:os.system)"),
        ("a: !secret x\n", "x.yaml:1:4: a tag (!secret); write the value without it"),
        ("? [a]\n: b\n", "x.yaml:1:3: a list or mapping as a key; a key is one word"),
        ("a: " + "[" * 30 + "]" * 30 + "\n", "x.yaml:1:24: nested more than 20 deep"),
    ],
)
def test_what_makes_yaml_surprising_is_refused(text, line):
    (problem,) = parse_yaml(text.encode(), "x.yaml").problems

    assert str(problem).startswith(line)


def test_windows_line_ends_and_a_byte_order_mark_are_fine(load):
    assert load(b"\xef\xbb\xbf" + SITE.replace("\n", "\r\n").encode()).lines == []


# --- limits -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "limit"),
    [
        ('alarm: { high: "7.8 degC" }', ("alarm", "high"), 7.8),
        ('alarm: { high: "8 degC" }', ("alarm", "high"), 8.0),
        ('alarm: { low: "35.6 degF" }', ("alarm", "low"), 2.0),
        ('critical: { low: "1 degC" }', ("critical", "low"), 1.0),
        ('warning: { high: "8 degC" }', ("warning", "high"), 8.0),
        ('warning: { low: "4 degC" }', ("warning", "low"), 4.0),
    ],
)
def test_a_limit_may_be_tightened(load, text, key, limit):
    assert thresholds(load(limits(text)).site.points["x"])[key].limit == limit


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'alarm: { high: "8.1 degC" }',
            "'8.1 degC' loosens the alarm limit high 8 degC of 659-3; write less, or leave it out",
        ),
        (
            'alarm: { low: "1.9 degC" }',
            "'1.9 degC' loosens the alarm limit low 2 degC of 659-3; write more, or leave it out",
        ),
        (
            'critical: { high: "15.1 degC" }',
            "'15.1 degC' loosens the critical limit high 15 degC of 659-3; write less, or leave it out",
        ),
        (
            'warning: { high: "8.1 degC" }',
            "the warning lies beyond the alarm; move it inside, or write warning: none",
        ),
        (
            'critical: { high: "7.9 degC" }',
            "the critical limit lies inside the alarm limit; tighten the alarm too",
        ),
        ('warning: { low: "6 degC", high: "5 degC" }', "low must be below high; nothing would be inside"),
        ('alarm: { high: "8" }', "'8' has no unit; write for instance '8 degC'"),
        ('alarm: { high: "8 Pa" }', "'Pa' is not a unit of temperature; known are degC (°C), degF (°F), K"),
        ("alarm: none", "'alarm' must be a mapping: one 'key: value' a line, indented"),
        ("critical: none", "'critical' must be a mapping: one 'key: value' a line, indented"),
        ('alarm: { on_delay: "60m1s" }', "1h1s exceeds the cap of 1h for 'too cold' of 659-3; shorten it"),
        ('critical: { on_delay: "5m1s" }', "5m1s exceeds the cap of 5m for 'freezing' of 659-3; shorten it"),
        ('deadband: "2.6 degC"', "'2.6 degC' leaves nothing between the warning limits; make it smaller"),
        ('deadband: "-0.1 degC"', "'-0.1 degC' is negative; a deadband is 0 or more"),
        ('deadband: "0.1 Pa"', "'Pa' is not a unit of temperature; known are degC (°C), degF (°F), K"),
    ],
)
def test_a_limit_may_not_be_loosened_beyond_its_cap(load, text, sentence):
    loaded = load(limits(text))

    assert loaded.site is None
    (line,) = loaded.lines
    assert re.fullmatch(rf"site\.yaml:{POINT_LINE}:\d+: {re.escape(sentence)}", line)


@pytest.mark.parametrize(
    ("text", "key", "delay"),
    [
        ('alarm: { on_delay: "60m" }', ("alarm", "high"), "1:00:00"),
        ('alarm: { on_delay: "0s" }', ("alarm", "low"), "0:00:00"),
        ('critical: { on_delay: "5m" }', ("critical", "low"), "0:05:00"),
        ('warning: { on_delay: "6h" }', ("warning", "high"), "6:00:00"),
    ],
)
def test_a_delay_may_grow_up_to_its_cap_and_shrink_to_nothing(load, text, key, delay):
    assert str(thresholds(load(limits(text)).site.points["x"])[key].on_delay) == delay


def test_a_warning_may_be_left_out(load):
    found = thresholds(load(limits("warning: none")).site.points["x"])

    assert {level for level, _ in found} == {"alarm", "critical"}


def test_a_default_warning_that_a_tightened_alarm_passes_goes_by_itself(load):
    found = thresholds(load(limits('alarm: { high: "7 degC" }')).site.points["x"])

    assert ("warning", "high") not in found
    assert ("warning", "low") in found


def test_the_only_limit_of_a_point_cannot_be_left_out(load):
    (line,) = load(limits("warning: none", at="at: ante, measures: temperature")).lines

    assert line.endswith("nothing of 797-T1 is left; keep a limit or drop the point")


def test_a_site_may_add_a_limit_that_the_catalogue_does_not_have(load):
    at = "at: ante, to: pharmacy, measures: differential_pressure"
    text = limits('warning: { high: "0.08 inH2O" }', at, "Pa")

    added = thresholds(load(text).site.points["x"])["warning", "high"]
    assert added.limit == pytest.approx(0.08 * INCH)
    assert (added.priority, added.on_delay, added.name) == (Priority.MEDIUM, timedelta(minutes=2), "too high")


def test_an_added_alarm_has_the_delay_and_priority_of_its_level(load):
    text = limits('alarm: { low: "1 degC" }', "at: fridge, measures: temperature").replace(
        "kind: refrigerator", "kind: cold-storage"
    )

    added = thresholds(load(text).site.points["x"])["alarm", "low"]
    assert (added.limit, added.priority, added.on_delay) == (1.0, Priority.HIGH, timedelta(minutes=15))


PRESSURE = "at: buffer, to: ante, measures: differential_pressure"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('alarm: { on_delay: "61s" }', "1m1s exceeds the cap of 1m for 'weak' of 800-P1; shorten it"),
        ('critical: { on_delay: "61s" }', "1m1s exceeds the cap of 1m for 'lost' of 800-P1; shorten it"),
        (
            'alarm: { high: "-0.009 inH2O" }',
            "'-0.009 inH2O' loosens the alarm limit high -0.010 inH2O of 800-P1; write less, or leave it out",
        ),
        (
            'critical: { high: "-0.001 inH2O" }',
            (
                "'-0.001 inH2O' loosens the critical limit high -0.002 inH2O of 800-P1; "
                "write less, or leave it out"
            ),
        ),
    ],
)
def test_pressure_has_its_caps(load, text, sentence):
    (line,) = load(limits(text, PRESSURE, "Pa")).lines

    assert line.endswith(f": {sentence}")


@pytest.mark.parametrize(
    ("of", "measures", "unit", "text", "sentence"),
    [
        (
            "power",
            "running",
            "ON/OFF",
            'alarm: { on_delay: "61s" }',
            "1m1s exceeds the cap of 1m for 'power lost'",
        ),
        (
            "inflow",
            "air_velocity",
            "m/s",
            'alarm: { on_delay: "61s" }',
            "1m1s exceeds the cap of 1m for 'airflow",
        ),
        (
            "inflow",
            "air_velocity",
            "m/s",
            'alarm: { low: "79 ft/min" }',
            "'79 ft/min' loosens the alarm limit low 0.4064 m/s of 800-E1 airflow",
        ),
        (
            "power",
            "running",
            "ON/OFF",
            "alarm: { low: stopped }",
            "running is a state and has no low limit; change its delays only",
        ),
    ],
)
def test_hoods_have_their_caps(load, of, measures, unit, text, sentence):
    at = f"at: hood, of: {of}, measures: {measures}"
    point = f"{at}, {PLAIN.replace('degC', unit)}, limits: {{ {text} }}"

    (line,) = load(with_point(point)).lines
    assert sentence in line


@pytest.mark.parametrize(
    ("at", "unit", "offset", "problem"),
    [
        ("at: fridge, measures: temperature", "degC", "1 degC", None),
        ("at: fridge, measures: temperature", "degC", "-1.8 degF", None),
        ("at: fridge, measures: temperature", "degC", "1.01 degC", "exceeds the cap of 1 degC"),
        ("at: fridge, measures: temperature", "degC", "-1.01 degC", "exceeds the cap of 1 degC"),
        ("at: fridge, measures: temperature", "degC", "1", "'1' has no unit"),
        (PRESSURE, "Pa", "0.003 inH2O", None),
        (PRESSURE, "Pa", "0.0031 inH2O", "exceeds the cap of 0.003 inH2O"),
        ("at: ante, measures: humidity", "ratio", "3 %RH", None),
        ("at: ante, measures: humidity", "ratio", "3.1 %RH", "exceeds the cap of 3 %RH"),
        (
            "at: hood, of: inflow, measures: air_velocity",
            "m/s",
            "0.1 m/s",
            "air_velocity cannot be corrected here",
        ),
    ],
)
def test_an_offset_has_its_cap(load, at, unit, offset, problem):
    loaded = load(with_point(f'{at}, {PLAIN.replace("degC", unit)}, offset: "{offset}"'))

    if problem is None:
        assert loaded.lines == []
    else:
        (line,) = loaded.lines
        assert problem in line


def test_an_offset_is_a_difference_in_the_canonical_unit(load):
    text = with_point(f'at: fridge, measures: temperature, {PLAIN}, offset: "-0.9 degF"')

    assert load(text).site.points["x"].offset == pytest.approx(-0.5)


# --- both files together ------------------------------------------------------------


@pytest.fixture
def both(tmp_path, monkeypatch):
    """Check a settings file beside the site, and return the problems as lines."""
    monkeypatch.chdir(tmp_path)
    Path("site.yaml").write_text(SITE)

    def both(settings, accepts=lambda _url: None):
        Path("hdmonitor.yaml").write_text(settings)
        found = check(Path("hdmonitor.yaml"), Path("site.yaml"), accepts).problems
        return [str(problem) for problem in found if not problem.warning]

    return both


def test_both_files_of_the_example_fit_together():
    assert check(ROOT / "config/hdmonitor.yaml", EXAMPLE, lambda _url: None).problems == ()


def policies(tmp_path, steps, more=""):
    """Check a site with two destinations whose policy for storage has these steps."""
    site = SITE.replace(
        "  phone: { name: Phone, person: anna }", "  phone: { name: Phone, person: anna }\n" + more
    )
    old = '[{ after: "0s", notify: [phone] }, { after: "10m", notify: [phone] }]'
    assert old in site
    (tmp_path / "site.yaml").write_text(site.replace(old, steps))
    (tmp_path / "hdmonitor.yaml").write_text("broker: { port: 1883 }\n")
    found = check(tmp_path / "hdmonitor.yaml", tmp_path / "site.yaml", lambda _url: None).problems
    return [(p.warning, p.text) for p in found if "storage" in str(p) or p.text.startswith("escalates")]


def test_a_policy_that_escalates_to_nobody_is_refused(tmp_path):
    other = "  other-phone: { name: Other, person: anna }"
    nobody = "escalates to nobody: no step names anybody but the first; add a step with somebody else"
    only_the_first = '[{ after: "0s", notify: [phone] }, { after: "10m", notify: [phone] }]'
    somebody_else = '[{ after: "0s", notify: [phone] }, { after: "10m", notify: [other-phone] }]'

    # the two other policies of this site have one step each
    assert policies(tmp_path, only_the_first, other) == [(False, nobody)] * 3
    assert policies(tmp_path, somebody_else, other) == [(False, nobody)] * 2


def test_a_site_with_one_phone_is_warned_that_nobody_stands_behind_it(tmp_path):
    steps = '[{ after: "0s", notify: [phone] }]'

    assert [warning for warning, _ in policies(tmp_path, steps)] == [True, True, True]


def test_quiet_hours_and_the_maximum_of_repetitions_are_read(load):
    quiet = 'repeat: "30m", repeat_at_most: 4, quiet: { start: "22:00", end: "06:00" } }'
    site = load(changed('repeat: "30m" }', quiet)).site

    assert site.policies[Response.STORAGE].repeat_at_most == 4
    assert site.policies[Response.STORAGE].quiet == (time(22), time(6))
    assert site.policies[Response.OTHER].quiet is None


def test_quiet_hours_that_never_end_are_refused(load):
    quiet = 'repeat: "30m", quiet: { start: "22:00", end: "22:00" } }'

    (line,) = load(changed('repeat: "30m" }', quiet)).lines
    assert line.endswith("quiet hours that never end; correct start or end")


def test_a_role_that_gives_no_rights_is_refused(load):
    (line,) = load(changed("role: pharmacist", "role: visitor")).lines

    assert "'visitor'" in line
    assert "technician" in line


def test_a_destination_without_an_address_is_named_where_it_stands(both):
    assert both("broker: { port: 1883 }\n") == [
        "site.yaml:14:3: 'phone' has no address; add it to hdmonitor.yaml, under notifications, urls"
    ]


def test_an_address_without_a_destination_is_named_where_it_stands(both):
    text = "notifications:\n  urls:\n    phone: json://127.0.0.1\n    fone: json://127.0.0.1\n"

    assert both(text) == [
        "hdmonitor.yaml:4:5: there is no destination 'fone' in site.yaml; did you mean 'phone'?"
    ]


def test_an_address_that_is_not_accepted_is_named_without_its_secret(both):
    text = "notifications:\n  urls:\n    phone: nosuch://user:secret@host\n"
    asked = []

    def accepts(url):
        asked.append(url)
        return "Apprise does not know this service; check the part before ://"

    assert both(text, accepts) == [
        (
            "hdmonitor.yaml:3:5: the address of 'phone' cannot be used: "
            "Apprise does not know this service; check the part before ://"
        )
    ]
    assert asked == ["nosuch://user:secret@host"]


def test_an_address_from_the_environment_is_named_by_its_variable(both, monkeypatch):
    monkeypatch.setenv("HDMONITOR_NOTIFICATIONS__URLS__PHONE", "json://127.0.0.1")

    assert both("{}\n") == []
    assert both("{}\n", lambda _url: "no") == [
        "environment variable HDMONITOR_NOTIFICATIONS__URLS__PHONE: the address of 'phone' cannot be used: no"
    ]


# --- the daily digest -----------------------------------------------------------------


def digest(text):
    return changed("waste_regime: subpart-p }", f"waste_regime: subpart-p, digest: {text} }}")


def test_the_daily_digest_is_a_local_time_and_its_destinations(load, tmp_path):
    assert load(digest('{ at: "06:05", notify: [phone] }')).lines == []

    drawn, _ = draw_site(tmp_path / "site.yaml")
    assert drawn.daily == Daily(time(6, 5), ("phone",))


def test_a_site_without_a_digest_has_none(load, tmp_path):
    load(SITE)

    drawn, _ = draw_site(tmp_path / "site.yaml")
    assert drawn.daily is None


@pytest.mark.parametrize(
    "at", ['"24:00"', '"6:00"', '"06:60"', "06:00am", '"06:00:00"', "600", "no", '""', "[6]"]
)
def test_a_digest_time_that_is_not_a_time_is_one_line_with_its_place(load, at):
    (line,) = load(digest(f"{{ at: {at}, notify: [phone] }}")).lines

    place, _, text = line.partition(": ")
    assert place == "site.yaml:1:107"
    assert text.startswith("'at': ")
    assert text.endswith(" is not a time of day; write hours and minutes in quotes, such as '06:00'")


def test_a_digest_to_nobody_or_to_a_stranger_is_one_line_with_its_place(load):
    assert load(digest('{ at: "06:00", notify: [] }')).lines == [
        "site.yaml:1:124: 'notify' must not be empty"
    ]
    assert load(digest('{ at: "06:00", notify: [fone] }')).lines == [
        "site.yaml:1:125: there is no destination 'fone'; did you mean 'phone'?"
    ]


# --- schema and page ------------------------------------------------------------------


def test_the_schema_of_the_site_file_is_fresh():
    write = "from hdmonitor.site_file import schema; open('config/schema/site.json', 'w').write(schema())"

    fresh = (ROOT / "config/schema/site.json").read_text() == site_file.schema()
    assert fresh, f'write it with: python -c "{write}"'


def keys(schema, definitions, above=""):
    """Return every key a schema allows, as the headings of the page write it."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for inner in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from keys(inner, definitions, above)
    for inner in (schema.get("items"), *schema.get("patternProperties", {}).values()):
        if isinstance(inner, dict):
            plural = ".ID" if "patternProperties" in schema else ""
            yield from keys(inner, definitions, above + plural)
    for name, inner in schema.get("properties", {}).items():
        key = f"{above}.{name}".removeprefix(".")
        yield key
        yield from keys(inner, definitions, key)


def test_every_key_of_the_site_file_has_its_heading():
    schema = SiteFile.model_json_schema()
    page = (ROOT / "docs/configuration.md").read_text()
    headings = [
        line.lstrip("#").strip()
        for line in page.partition("# site.yaml\n")[2].splitlines()
        if line.startswith("#")
    ]

    found = [
        re.sub(r"^escalation\.(containment|storage|other)\.", "escalation.POLICY.", key)
        for key in keys(schema, schema["$defs"])
    ]
    assert sorted(set(found)) == sorted(headings)


# --- duties -----------------------------------------------------------------------

DUTIES = """\
duties:
  on-call:
    name: Pharmacist on call
    week:
      - { days: [mon, tue, wed, thu, fri, sat, sun], start: "08:00", end: "20:00", notify: [phone] }
      - { days: [mon, tue, wed, thu, fri, sat, sun], start: "20:00", end: "08:00", notify: [phone] }
    exceptions:
      - {start: "2026-03-02T08:00-05:00", end: "2026-03-02T09:00-05:00", notify: [phone], reason: r, by: anna}
holidays: ["2026-12-25"]
"""
DUTIES_LINE = len(SITE.splitlines()) + 1


def with_a_duty():
    return changed(
        'storage: { steps: [{ after: "0s", notify: [phone] }',
        'storage: { steps: [{ after: "0s", notify: [on-call] }',
    )


def test_a_step_may_name_a_duty(load):
    loaded = load(with_a_duty() + DUTIES)

    assert loaded.lines == []
    assert loaded.site.policies[Response.STORAGE].steps[0].notify == ("on-call",)
    assert [(shift.start, shift.end) for shift in loaded.site.duties["on-call"].week] == [
        (480, 1200),
        (1200, 1920),
    ]
    assert loaded.site.holidays == {date(2026, 12, 25)}


def test_a_duty_that_no_step_names_is_a_warning(load):
    loaded = load(SITE + DUTIES)

    assert loaded.site is not None
    [told] = loaded.lines
    assert told.startswith(f"site.yaml:{DUTIES_LINE + 1}:3: warning: no step of the escalation names it, ")


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        (
            'end: "08:00", notify: [phone]',
            'end: "08:00", notify: [phon]',
            5,
            "there is no destination 'phon'; did you mean 'phone'?",
        ),
        (
            'days: [mon, tue, wed, thu, fri, sat, sun], start: "20:00"',
            'days: [mond], start: "20:00"',
            5,
            "'days' cannot be 'mond'; choose 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun' or 'holiday'",
        ),
        (
            'start: "20:00"',
            'start: "24:00"',
            5,
            "is not a time of day; write hours and minutes in quotes, such as '06:00'",
        ),
        ("09:00-05:00", "08:00-05:00", 7, "the end is not after the start; correct one of them"),
        ("by: anna", "by: ann", 7, "there is no person 'ann'; did you mean 'anna'?"),
        (
            "2026-12-25",
            "2026-02-30",
            8,
            "'2026-02-30' is not a day; write it in quotes, such as '2026-12-25'",
        ),
        ("  on-call:\n", "  phone:\n", 1, "'phone' is a destination as well; give the duty another id"),
        (
            'fri, sat, sun], start: "20:00"',
            'fri, sat], start: "20:00"',
            1,
            "warning: nobody has it Sun 20:00 to Mon 08:00; everybody is told then",
        ),
    ],
)
def test_a_mistake_in_a_duty_is_named_with_its_place(load, old, new, line, says):
    assert DUTIES.count(old) == 1
    text = SITE if old == "  on-call:\n" else with_a_duty()
    [told] = load(text + DUTIES.replace(old, new)).lines

    assert told.startswith(f"site.yaml:{DUTIES_LINE + line}:")
    assert told.endswith(says)
