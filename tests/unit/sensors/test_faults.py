import math

import pytest

from hdmonitor.sensors.context import Channel
from hdmonitor.sensors.faults import fault_of, fault_of_text
from hdmonitor.sensors.measured import measured


@pytest.mark.parametrize(
    ("value", "quantity", "unit", "fault"),
    [
        (85.0, "temperature", "degC", "ds18b20_power_on_85"),
        (185.0, "temperature", "degF", "ds18b20_power_on_85"),
        (358.15, "temperature", "K", "ds18b20_power_on_85"),
        (-127.0, "temperature", "degC", "ds18b20_disconnected_-127"),
        (-196.6, "temperature", "degF", "ds18b20_disconnected_-127"),
        (327.67, "temperature", "degC", "int16_max"),
        (-327.68, "temperature", "degC", "int16_min"),
        (655.35, "temperature", "degC", "uint16_max"),
        (6553.5, "temperature", "degC", "uint16_max"),
        (-200.01, "temperature", "degC", "open_probe"),
        (-225.0, "temperature", "degC", "open_probe"),
        (-327.0, "temperature", "degC", "open_probe"),
        (9999.9999, "temperature", "degC", "no_value_code"),
        (9999.0, "temperature", "degF", "no_value_code"),
        (-999.0, "temperature", "degC", "no_value_code"),
        (655.35, "humidity", "%RH", "uint16_max"),
        (654.36, "humidity", "%RH", "humidity_impossible"),
        (6553.5, "humidity", "%RH", "uint16_max"),
        (110.01, "humidity", "%RH", "humidity_impossible"),
        (-327.68, "humidity", "%RH", "int16_min"),
        (-10.01, "humidity", "%RH", "humidity_impossible"),
        (327.67, "differential_pressure", "Pa", "int16_max"),
        (9999.9999, "differential_pressure", "inH2O", "no_value_code"),
        (-9999.0, "air_velocity", "ft/min", "no_value_code"),
        (65535.0, "co2", "ppm", "uint16_max"),
        (-1.0, "particle_count", "1/0.1L", "negative_count"),
        (1.7e308, "differential_pressure", "hPa", "infinite"),
        (math.inf, "temperature", "degC", "infinite"),
        (math.nan, "temperature", "degC", "nan"),
    ],
)
def test_a_fault_value_is_a_fault(value, quantity, unit, fault):
    assert fault_of(value, quantity, unit) == fault


@pytest.mark.parametrize(
    ("value", "quantity", "unit"),
    [
        (0.0, "temperature", "degC"),
        (-0.0, "temperature", "degC"),
        (32.0, "temperature", "degF"),
        (84.9, "temperature", "degC"),
        (85.1, "temperature", "degC"),
        (85.0, "temperature", "degF"),
        (-126.9, "temperature", "degC"),
        (-200.0, "temperature", "degC"),
        (-100.0, "temperature", "degC"),
        (327.0, "temperature", "degC"),
        (65.54, "humidity", "%RH"),
        (110.0, "humidity", "%RH"),
        (100.0, "humidity", "%RH"),
        (0.0, "humidity", "%RH"),
        (85.0, "humidity", "%RH"),
        (-85.0, "differential_pressure", "Pa"),
        (85.0, "differential_pressure", "Pa"),
        (9999.0, "particle_count", "1/m3"),
        (0.0, "particle_count", "1/m3"),
        (9999.0, "co2", "ppm"),
        (1018.0, "pressure", "hPa"),
        (0.0, "contact", "state"),
    ],
)
def test_a_legitimate_value_is_no_fault(value, quantity, unit):
    assert fault_of(value, quantity, unit) is None


def test_minus_100_degrees_is_a_fault_of_zigbee_devices_only():
    assert fault_of(-100.0, "temperature", "degC", "zigbee2mqtt") == "below_range_-100"
    assert fault_of(-99.99, "temperature", "degC", "zigbee2mqtt") is None
    assert fault_of(-100.0, "temperature", "degC", "tasmota") is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        ("  \t", "empty"),
        ("null", "null"),
        ("NULL", "null"),
        ("None", "none"),
        ("nan", "nan"),
        ("NaN", "nan"),
        ("-nan", "nan"),
        ("inf", "infinite"),
        ("-Infinity", "infinite"),
        ("unavailable", "unavailable"),
        ("unknown", "unknown"),
        ("n/a", "n/a"),
        ("N/A", "n/a"),
        ("---", "n/a"),
        ("Error", "error"),
        ("Error1", "error"),
        ("read error", "error"),
        ("read failed", "error"),
    ],
)
def test_a_word_for_no_value_is_a_fault(text, fault):
    assert fault_of_text(text) == fault


@pytest.mark.parametrize("text", ["4.2", "0", "OPEN", "on", "nano", "hello"])
def test_another_word_is_no_fault(text):
    assert fault_of_text(text) is None


def test_zero_of_a_declared_field_has_no_sign():
    declared = Channel("temperature", "degC")
    # Figures are kept by family: in one of its own, no 0.0 was read before.
    assert repr(measured("t1", -0.0, "temperature", "degC", "signless", declared)) == "0.0"
