"""The sample messages and the values they must give; see tests/payloads/README.md."""

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from unit.sensors.sensor_points import device

from hdmonitor.model import Decoded, Message, Rejected
from hdmonitor.sensors import check_device, check_point, decode

PAYLOADS = Path(__file__).parents[2] / "payloads"
SAMPLES = {
    sample["id"]: sample
    for path in sorted(PAYLOADS.glob("*.jsonl"))
    for sample in map(json.loads, path.read_text(encoding="utf-8").splitlines())
}

# What a sample's readings are called in the configuration: field, quantity, unit.
Z2M = {
    "temperature": ("temperature", "temperature", "degC"),
    "humidity": ("humidity", "humidity", "%RH"),
    "pressure": ("pressure", "pressure", "hPa"),
    "contact": ("contact", "contact", "state"),
    "battery_voltage": ("voltage", "voltage", "mV"),
}
TASMOTA = {
    "temperature": ("Temperature", "temperature", "degC"),
    "humidity": ("Humidity", "humidity", "%"),
    "pressure": ("Pressure", "pressure", "hPa"),
    "co2": ("CarbonDioxide", "co2", "ppm"),
    "particle_count": ("PB{size_um:g}", "particle_count", "1/0.1L"),
    "switch": ("", "contact", "ON/OFF"),
}
MAPPED = {
    "json_units-p01": ({"temperature": ("values[1]", "temperature", "@si[1]")}, "time"),
    "json_units-p02": ({"temperature": ("report.value", "temperature", "@report.unit")}, "timestamp"),
    "json_units-p03": ({"humidity": ("report.value", "humidity", "@report.unit")}, "timestamp"),
    "json_units-p04": ({"temperature": ("temperature.indoor.celsius", "temperature", "degC")}, None),
    "json_units-p05": (
        {
            "temperature": ("temperature.value", "temperature", "@temperature.unit"),
            "humidity": ("humidity.value", "humidity", "@humidity.unit"),
        },
        None,
    ),
    "fault_sentinels-p07": ({"temperature": ("temperature", "temperature", "degC")}, None),
    "particle_counter-p02": (
        {"particle_count": ('reported."particles_{size_um:.1f}um"', "particle_count", "@reported.unit")},
        "timestamp",
    ),
    "particle_counter-p03": (
        {"particle_count": ("channels[?size==`{size_um:.1f}`].count | [0]", "particle_count", "1/28.3L")},
        "ts",
    ),
    "particle_counter-q01": (
        {"particle_count": ('reported."particles_0.3um"', "particle_count", "1/m3")},
        None,
    ),
}
PLAIN = {
    "fault_sentinels-p02": "degC",
    "fault_sentinels-p04": "degC",
    "fault_sentinels-p05": "degC",
    "fault_sentinels-p06": "degC",
    "plain_value-p01": "°C",
    "plain_value-p02": "°C",
    "plain_value-p03": "°C",
    "plain_value-p04": "°F",
    "plain_value-p05": "open/closed",
}
TASMOTA_ELSEWHERE = {"fault_sentinels-p01", "fault_sentinels-p03", "particle_counter-p01"}

# Facts of a sample that are no quantity of this program, and why.
OUT_OF_SCOPE = {
    "liveness": "the silence of the point itself is judged, not what a gateway says of it",
    "battery": "not a reading: compared with Decoded.battery",
    "battery_low": "counts only where there is no percentage: test_zigbee2mqtt.py",
    "linkquality": "says nothing about a medicine",
    "rssi": "says nothing about a medicine",
    "tamper": "says nothing about a medicine",
    "illuminance": "no rule judges it",
    "gas_resistance": "no rule judges it; its 'nan' is in test_plain.py",
    "device_temperature": "refused by check_point: the chip or the cold junction",
    "pm1": "mass, not counts",
    "pm2_5": "mass, not counts",
    "pm10": "mass, not counts",
}
WITHOUT_A_POINT = {"plain_value-p06": "a status topic: nobody configures a point there"}


def _family(sample):
    if sample["id"] in MAPPED:
        return "mapped"
    if sample["id"] in PLAIN:
        return "plain_value"
    if sample["id"] in TASMOTA_ELSEWHERE:
        return "tasmota"
    return "zigbee2mqtt" if sample["family"] == "fault_sentinels" else sample["family"]


def _esphome(sample):
    unit = "ON/OFF" if sample["context"].get("on") == "open" else sample["context"].get("unit")
    return ("value", sample["context"]["quantity"], unit)


def _configured(sample, expected, *, by_id):
    """Return field, quantity and unit under which a site would configure an expected reading."""
    family, quantity = _family(sample), expected["quantity"]
    if family == "zigbee2mqtt":
        return Z2M[quantity]
    if family == "plain_value":
        return ("value", quantity, PLAIN[sample["id"]])
    if family == "esphome":
        return _esphome(sample)
    if family == "mapped":
        field, quantity, unit = MAPPED[sample["id"]][0][quantity]
        return (field.format(**expected), quantity, unit)
    attribute, quantity, unit = TASMOTA[quantity]
    channel = expected.get("channel_id") if by_id and "channel_id" in expected else expected.get("channel")
    channel = channel or expected["device"].rpartition("/")[2]
    return (".".join(part for part in (channel, attribute.format(**expected)) if part), quantity, unit)


def _expected_value(expected):
    words = {"open": 1.0, "closed": 0.0, "on": 1.0, "off": 0.0}
    return words.get(expected["value"], expected["value"])


def _decode(sample, fields):
    context = sample.get("context", {})
    time = MAPPED[sample["id"]][1] if sample["id"] in MAPPED else None
    configured = device(
        _family(sample), *fields, topic=sample["topic"], zone=context.get("timezone"), time=time
    )
    assert check_device(configured) is None
    assert [check_point(each) for each in configured.points] == [None] * len(fields)
    received_at = datetime.fromisoformat(sample["received_at"])
    payload = sample["payload"].encode()
    return decode(Message(sample["topic"], payload, received_at, sample["retained"]), configured)


def _in_scope(sample):
    return [each for each in sample["expect"] if each["quantity"] not in OUT_OF_SCOPE]


WITH_VALUES = [name for name, sample in SAMPLES.items() if _in_scope(sample) and name not in WITHOUT_A_POINT]
WITHOUT_VALUES = [
    name for name, sample in SAMPLES.items() if not _in_scope(sample) and name not in WITHOUT_A_POINT
]


@pytest.mark.parametrize("by_id", [False, True], ids=["by name", "by address"])
@pytest.mark.parametrize("name", WITH_VALUES)
def test_a_sample_gives_its_values(name, by_id):
    sample = SAMPLES[name]
    readings = _in_scope(sample)
    fields = [_configured(sample, each, by_id=by_id) for each in readings]

    decoded = _decode(sample, fields)

    assert isinstance(decoded, Decoded)
    assert [value.field for value in decoded.values] == [field for field, _, _ in fields]
    for value, expected in zip(decoded.values, readings, strict=True):
        if expected["value"] is None:
            assert (value.value, value.fault) == (None, expected["fault"])
        else:
            assert value.value == pytest.approx(
                _expected_value(expected), abs=expected.get("tolerance", 0.005)
            )
            assert value.fault is None


@pytest.mark.parametrize("name", WITH_VALUES)
def test_a_sample_gives_its_device_time(name):
    sample = SAMPLES[name]
    readings = _in_scope(sample)
    times = {each["time"] for each in readings if "time" in each}
    decoded = _decode(sample, [_configured(sample, each, by_id=False) for each in readings])

    if name == "tasmota-p02":  # local time, and the zone is configured
        assert decoded.device_time == datetime.fromisoformat("2023-08-20T09:09:47Z")
    elif times:
        assert abs(decoded.device_time - datetime.fromisoformat(times.pop())) < timedelta(milliseconds=1)
    else:
        assert decoded.device_time is None


@pytest.mark.parametrize("name", WITH_VALUES)
def test_a_sample_gives_its_battery(name):
    sample = SAMPLES[name]
    levels = [each["value"] for each in sample["expect"] if each["quantity"] == "battery"]
    decoded = _decode(sample, [_configured(sample, each, by_id=False) for each in _in_scope(sample)])

    assert decoded.battery == (levels[0] if levels else None)


@pytest.mark.parametrize("name", [name for name in WITH_VALUES if "must_not" in SAMPLES[name]])
def test_what_a_sample_must_not_give_is_no_value(name):
    sample = SAMPLES[name]
    decoded = _decode(sample, [_configured(sample, each, by_id=False) for each in _in_scope(sample)])

    wrong = {(each["quantity"], each["value"]) for each in sample["must_not"]}
    assert not wrong & {(value.quantity, value.value) for value in decoded.values}


@pytest.mark.parametrize("name", WITHOUT_VALUES)
def test_a_sample_without_readings_gives_none(name):
    sample = SAMPLES[name]
    family = _family(sample)
    fields = {
        "zigbee2mqtt": ("temperature", "temperature", "degC"),
        "tasmota": ("Kitchen.Temperature", "temperature", "degC"),
        "esphome": ("value", "co2", "ppm"),
        "mapped": ('reported."particles_0.3um"', "particle_count", "1/m3"),
    }
    decoded = _decode(sample, [fields[family]])

    if name in {"tasmota-q06", "particle_counter-q01"}:  # cut off; a command
        assert isinstance(decoded, Rejected)
    elif name == "esphome-p03":
        assert [value.fault for value in decoded.values] == ["nan"]
    else:
        assert decoded == Decoded()


def test_all_samples_are_tested_but_those_named():
    assert len(SAMPLES) == 50
    assert {*WITH_VALUES, *WITHOUT_VALUES, *WITHOUT_A_POINT} == set(SAMPLES)
    assert len(WITH_VALUES) == 38


def test_the_documentation_says_what_the_mapped_family_was_tested_against():
    page = (PAYLOADS.parents[1] / "docs" / "sensors.md").read_text(encoding="utf-8")
    origins = Counter(sample["origin"] for sample in SAMPLES.values() if _family(sample) == "mapped")

    assert origins == {"documented": 5, "composed": 4}
    assert "| [mapped](#mapped) | 5 documented, 4 composed |" in page
