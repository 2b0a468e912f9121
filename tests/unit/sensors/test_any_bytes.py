"""Whatever arrives, decoding neither raises nor gives a value that is no number."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.sensors.sensor_points import device, message

from hdmonitor.model import Decoded, Rejected
from hdmonitor.sensors import decode

DEVICES = [
    device(
        "zigbee2mqtt",
        ("temperature", "temperature", "degC"),
        ("voltage", "voltage", "mV"),
        ("contact", "contact", "state"),
        ("state", "running", "ON/OFF"),
        zone="America/New_York",
    ),
    device("zigbee2mqtt", ("temperature", "temperature", "degC"), topic="zigbee2mqtt/fridge/temperature"),
    device(
        "tasmota",
        ("temperature.value", "temperature", "degC"),
        ("state", "contact", "1=open"),
        ("A.B.value", "pressure", "mmHg"),
        zone="America/New_York",
    ),
    device("esphome", ("value", "differential_pressure", "hPa")),
    device("plain_value", ("value", "temperature", "degF")),
    device("plain_value", ("value", "mains", "ONLINE/ONBATT")),
    device("chirpstack_v4", ("temperature", "temperature", "degC")),
    device("tts_v3", ("temperature", "temperature", "degC")),
    device("milesight_gateway", ("temperature", "temperature", "degC")),
    device("cayennelpp", ("3.temperature", "temperature", "degC")),
    device("sparkplug_b", ("A", "temperature", "degC"), topic="spBv1.0/a/DDATA/b/c"),
    device(
        "mapped",
        ("temperature.value", "temperature", "@temperature.unit"),
        ("sum(*)", "particle_count", "1/ft3"),
        ("ceil(max(values(@)))", "co2", "ppm"),
        ("state", "contact", "true/false"),
        time="Time",
        battery="battery",
        zone="America/New_York",
    ),
]
NAMES = st.sampled_from(["temperature", "value", "unit", "state", "contact", "voltage"]) | st.sampled_from(
    ["Time", "last_seen", "battery", "StatusSNS", "ZbReceived", "A.B", "Id", "TempUnit", "Error"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["C", "F", "ON", "85.0", "1_0", "inf", "2026-03-10T12:00:00", "\ud800", "9" * 400, 10**25, 1.7e308]
    )
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)
PAYLOADS = (
    st.binary(max_size=200)
    | st.text(max_size=40).map(str.encode)
    | DOCUMENTS.map(lambda document: json.dumps(document).encode())
)


@pytest.mark.parametrize("each", DEVICES, ids=lambda each: f"{each.family} {each.topic}")
@given(payload=PAYLOADS)
def test_no_bytes_raise_or_give_a_value_that_is_no_number(each, payload):
    decoded = decode(message(payload, each.topic), each)

    if isinstance(decoded, Rejected):
        assert decoded.reason
        decoded.reason.encode("utf-8")  # can be written down
        return
    assert isinstance(decoded, Decoded)
    for value in decoded.values:
        assert (value.value is None) == (value.fault is not None)
        assert value.value is None or (isinstance(value.value, float) and math.isfinite(value.value))
    assert {value.field for value in decoded.values} <= {point.field for point in each.points}
    assert decoded.battery is None or 0 <= decoded.battery <= 100
    assert decoded.device_time is None or decoded.device_time.utcoffset().total_seconds() == 0


@pytest.mark.parametrize("each", DEVICES, ids=lambda each: f"{each.family} {each.topic}")
@pytest.mark.parametrize(
    "payload",
    [
        b"\xff" * 1_000_000,
        b"4" * 1_000_000,
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"temperature":' + b"9" * 60_000 + b"}",
    ],
    ids=["noise", "digits", "brackets", "braces", "a huge number"],
)
def test_an_excess_of_bytes_is_rejected(each, payload):
    assert isinstance(decode(message(payload, each.topic), each), Rejected)
