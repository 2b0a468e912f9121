"""Every sample message, as `hdmonitor decode` reads it: recognised by itself, each file one session.

With `pytest -s` the table of samples per file is printed.
"""

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from unit.sensors.sensor_points import point

from hdmonitor.model import Decoded, Device
from hdmonitor.sensors import FAMILIES, GROUPS, check_device, check_point, decode
from hdmonitor.sensors.lines import Listening, answer_to, message_of
from hdmonitor.units import QUANTITIES

PAYLOADS = Path(__file__).parents[2] / "payloads"
FILES = {
    path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for path in sorted(PAYLOADS.rglob("*.jsonl"))
}
SAMPLES = {sample["id"]: sample for samples in FILES.values() for sample in samples}
# Of these an answer names all that a message holds, no more and no less.
JUDGED = {"temperature", "humidity", "pressure", "differential_pressure", "co2", "particle_count"}
JUDGED |= {"air_velocity", "contact", "latitude", "longitude", "shock"}
# Where a file of samples is not a family of its own.
SEVERAL = {
    "fault_sentinels": {"tasmota", "plain_value", "zigbee2mqtt", "ha_statestream", "json_units"},
    "lorawan_dragino": {"chirpstack_v4", "tts_v3"},
    "lorawan_milesight": {"chirpstack_v4", "tts_v3"},
    "lorawan_other": {"chirpstack_v4", "tts_v3"},
    "particle_counter": {"particle_counter", "tasmota"},
}
MODEST = {("sparkplug_b", "documented")}  # of its samples only the state of a host is documented
UNKNOWN = {"milesight_gateway-p03": "nobody documents this topic"}


def answers(samples, family=None):
    listening, read = Listening(), {}
    for sample in samples:
        read[sample["id"]], listening = answer_to(json.dumps(sample), family, listening)
    return read


ANSWERS = {name: answer for samples in FILES.values() for name, answer in answers(samples).items()}


def fits(reading, expected, sample):
    same = ("quantity", "unit", "device", "fault")
    if any(reading.get(key) != expected.get(key) for key in same):
        return False
    value = expected["value"]
    if isinstance(value, int | float) and not isinstance(value, bool):
        tolerance = expected.get("tolerance", 0.005 if reading["quantity"] == "temperature" else 1e-9)
        if reading["value"] != pytest.approx(value, abs=tolerance, rel=1e-9):
            return False
    elif reading["value"] != value:
        return False
    told = ("channel", "channel_id", "scope", "size_um", "suspect", "sleeping")
    if any(key in expected and reading.get(key) != expected[key] for key in told):
        return False
    return reading.get("backfill", False) == expected.get("backfill", False) and in_time(
        reading, expected, sample
    )


def in_time(reading, expected, sample):
    at, arrived = datetime.fromisoformat(reading["time"]), datetime.fromisoformat(sample["received_at"])
    zone = sample.get("context", {}).get("timezone")
    if expected.get("time_untrusted") or ("time_local" in expected and zone is None):
        return at == arrived
    if "time_local" in expected:
        meant = datetime.fromisoformat(expected["time_local"]).replace(tzinfo=ZoneInfo(zone))
    elif "time" in expected:
        meant = datetime.fromisoformat(expected["time"])
    else:
        return True
    return abs(at - meant) <= timedelta(seconds=expected.get("time_tolerance_s", 5))


def wrong_with(sample, answer):
    """Return what an answer lacks, and what it has too much."""
    rest = list(answer["readings"])
    wrong = []
    for expected in sample["expect"]:
        one = next((reading for reading in rest if fits(reading, expected, sample)), None)
        if one is None:
            wrong.append(("missing", expected))
        else:
            rest.remove(one)
    return wrong + [("too much", reading) for reading in rest if reading["quantity"] in JUDGED]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_gives_its_readings_and_no_others(name):
    assert wrong_with(SAMPLES[name], ANSWERS[name]) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_taken_for_its_own_family(name):
    family = SAMPLES[name]["family"]

    if name in UNKNOWN:
        assert ANSWERS[name]["family"] is None
    else:
        assert ANSWERS[name]["family"] in SEVERAL.get(family, {family})


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if "must_not" in sample])
def test_what_a_sample_must_not_give_is_no_reading(name):
    said = [(reading["quantity"], reading["value"]) for reading in ANSWERS[name]["readings"]]

    for forbidden in SAMPLES[name]["must_not"]:
        assert (forbidden["quantity"], forbidden["value"]) not in said


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if "expect_event" in sample])
def test_a_sample_gives_its_event(name):
    assert SAMPLES[name]["expect_event"] in ANSWERS[name]["events"]


@pytest.mark.parametrize("file", [each for each in FILES if each in FAMILIES or each in GROUPS])
def test_the_named_family_reads_what_was_recognised(file):
    recognised = answers(FILES[file])

    for name, answer in answers(FILES[file], file).items():
        if name not in UNKNOWN:
            assert answer == recognised[name]


ANNOUNCED = {
    "ha_discovery-p01": [("zigbee2mqtt/Temperatur Balkon", "pressure", "pressure", "hPa")],
    "ha_discovery-p02": [("zigbee2mqtt/Sonoff W1", "contact", "contact", "false/true")],  # false is open
    "ha_discovery-p03": [("bedroom_environment/sensor/bedroom_gas/state", None, "gas_resistance", "ohm")],
    "ha_discovery-p04": [("tele/fridge/SENSOR", "DS18B20.Temperature", "temperature", "°F")],
    "homie-p01": [("homie/5/fridge-1/probe/temperature", None, "temperature", "°C")],
}


@pytest.mark.parametrize("name", ANNOUNCED)
def test_an_announcement_says_where_a_value_stands(name):
    said = [
        (each["state_topic"], each["json_path"], each["quantity"], each["unit"])
        for each in ANSWERS[name]["mapping"]
    ]

    assert said == ANNOUNCED[name]


@pytest.mark.parametrize("name", [name for name in ANNOUNCED if name.startswith("ha_")])
def test_an_announcement_says_who_is_there_and_when_it_expires(name):
    expected, (said,) = SAMPLES[name]["expect_mapping"], ANSWERS[name]["mapping"]

    assert said["unique_id"] == expected.get("unique_id")
    assert said["expire_after_s"] == expected.get("expire_after_s")
    for one, other in zip(expected.get("availability", []), said["availability"], strict=False):
        assert other == {"json_path": None, **one}


def test_the_removal_of_an_announced_sensor_is_an_event():
    assert ANSWERS["ha_discovery-q03"]["events"] == ["announcement_removed"]


@pytest.mark.parametrize("family", [each for each in FAMILIES if each != "mapped"])
def test_the_documentation_says_what_a_family_was_tested_against(family):
    page = (PAYLOADS.parents[1] / "docs" / "sensors.md").read_text(encoding="utf-8")
    origins = Counter(
        SAMPLES[name]["origin"] for name, answer in ANSWERS.items() if answer["family"] == family
    )
    best = next(each for each in ("recorded", "documented", "composed") if origins[each])
    told = [f"{origins[each]} {each}" for each in ("recorded", "documented", "composed") if origins[each]]

    row = next(line for line in page.splitlines() if line.startswith(f"| [{family}]"))
    assert row.split("|")[2].strip() == ", ".join(told)
    assert FAMILIES[family].evidence == best or (family, best) in MODEST


def test_every_sample_is_here():
    table = Counter()
    for file, samples in FILES.items():
        table[file] = sum(not wrong_with(sample, ANSWERS[sample["id"]]) for sample in samples)
    rows = [f"  {file:20} {table[file]:3} of {len(samples):3}" for file, samples in FILES.items()]
    heading = "\nsamples that give their expected values, by file:"
    print(heading, *rows, sep="\n")  # noqa: T201 - shown by pytest -s

    assert len(SAMPLES) == 199
    assert table.total() == 199


# --- the same through the points of a site --------------------------------------------

# A message of another topic, before it, says what this one needs.
OF_A_SESSION = {"sparkplug_b", "homie"}


def configured(sample, reading, family):
    """The point that a site would have for a reading, as its answer shows it."""
    context = sample.get("context", {})
    declared = context.get("channels", {}) if isinstance(context.get("channels"), dict) else {}
    declared = declared | context.get("field_map", {})
    own = declared.get(reading["field"], {})
    unit = own.get("unit") if isinstance(own, dict) else None
    unit = unit or context.get("unit") or context.get("units", {}).get(reading["quantity"]) or reading["unit"]
    if reading["quantity"] == "contact":
        means = [of.get("on") or of.get("true") for of in (own, context) if isinstance(of, dict)]
        unit = next((f"on={word}" for word in means if word), "state")
        unit = "open/closed" if family in {"plain_value", "aws_shadow"} else unit
    return replace(
        point(family, reading["field"], reading["quantity"], unit, topic=sample["topic"]),
        device=reading["device"],
    )


def point_wise():
    for name, answer in ANSWERS.items():
        if answer["family"] and answer["family"] not in OF_A_SESSION:
            for index, reading in enumerate(answer["readings"]):
                if reading["quantity"] in QUANTITIES and reading["quantity"] != "battery":
                    yield pytest.param(name, index, id=f"{name} {reading['field']} {index}")


@pytest.mark.parametrize(("name", "index"), list(point_wise()))
def test_a_point_gets_what_the_whole_message_says(name, index):
    sample, answer = SAMPLES[name], ANSWERS[name]
    reading = answer["readings"][index]
    wanted = configured(sample, reading, answer["family"])
    without = {"time", "battery", "description_seen"}
    declared = {key: value for key, value in sample.get("context", {}).items() if key not in without}
    own = Device(sample["topic"], answer["family"], (wanted,), declared=declared)

    decoded = decode(message_of(sample), own)

    assert check_point(wanted) is None
    assert check_device(own) is None
    assert isinstance(decoded, Decoded), decoded
    words = QUANTITIES[reading["quantity"]].words
    said = [
        (words[int(value.value)] if words and value.value is not None else value.value, value.fault)
        for value in decoded.values
    ]
    assert (reading["value"], reading.get("fault")) in said
    assert {value.device for value in decoded.values} == {reading["device"]}
