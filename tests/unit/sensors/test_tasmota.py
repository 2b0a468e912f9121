from datetime import UTC, datetime

import pytest
from unit.sensors.sensor_points import device, message, point

from hdmonitor.model import Decoded, Rejected
from hdmonitor.sensors import check_point, decode

TOPIC = "tele/cold_room/SENSOR"


def tasmota(*fields, **beside):
    return device("tasmota", *fields, topic=TOPIC, **beside)


def values(decoded):
    assert isinstance(decoded, Decoded), decoded
    return {value.field: value.fault or value.value for value in decoded.values}


def degrees(field, unit="degC"):
    return tasmota((field, "temperature", unit))


def test_a_probe_named_by_address_is_found_whatever_its_number():
    before = '{"DS18B20-1":{"Id":"00000566CC39","Temperature":4.2},"TempUnit":"C"}'
    after = (
        '{"DS18B20-1":{"Id":"000000000001","Temperature":20.1},'
        '"DS18B20-2":{"Id":"00000566CC39","Temperature":4.3},"TempUnit":"C"}'
    )
    fridge = degrees("00000566CC39.Temperature")

    assert values(decode(message(before, TOPIC), fridge)) == {"00000566CC39.Temperature": 4.2}
    assert values(decode(message(after, TOPIC), fridge)) == {"00000566CC39.Temperature": 4.3}


def test_a_probe_that_left_the_bus_is_left_out():
    both = tasmota(("A.Temperature", "temperature", "degC"), ("B.Temperature", "temperature", "degC"))

    assert values(decode(message('{"DS18B20":{"Id":"B","Temperature":4}}', TOPIC), both)) == {
        "B.Temperature": 4
    }


def test_a_probe_that_was_renumbered_is_rejected_with_what_is_there():
    assert decode(
        message('{"DS18B20":{"Id":"A","Temperature":4}}', TOPIC), degrees("DS18B20-1.Temperature")
    ) == Rejected("has nothing of 'DS18B20-1.Temperature'; it has 'DS18B20.Id', 'DS18B20.Temperature'")


def test_the_unit_in_the_message_wins_over_the_configured_one():
    payload = '{"DS18B20":{"Temperature":39.2},"TempUnit":"F"}'

    assert values(decode(message(payload, TOPIC), degrees("DS18B20.Temperature", "degC"))) == {
        "DS18B20.Temperature": 4.0
    }


def test_without_a_unit_in_the_message_the_configured_one_holds():
    payload = '{"MLX90614":{"OBJTMP":39.2}}'

    assert values(decode(message(payload, TOPIC), degrees("MLX90614.OBJTMP", "degF"))) == {
        "MLX90614.OBJTMP": 4.0
    }


@pytest.mark.parametrize("unit", ['"X"', '""', "null", "1"])
def test_a_unit_that_means_nothing_is_never_guessed(unit):
    payload = f'{{"DS18B20":{{"Temperature":39.2}},"TempUnit":{unit}}}'

    assert isinstance(decode(message(payload, TOPIC), degrees("DS18B20.Temperature")), Rejected)


def test_the_pressure_unit_is_of_the_barometer_only():
    payload = '{"BME280":{"Pressure":760.0},"SDP810":{"Differential":-5.0},"PressureUnit":"mmHg"}'
    suite = tasmota(
        ("BME280.Pressure", "pressure", "hPa"), ("SDP810.Differential", "differential_pressure", "Pa")
    )

    assert values(decode(message(payload, TOPIC), suite)) == {
        "BME280.Pressure": pytest.approx(1013.25, abs=0.001),
        "SDP810.Differential": -5.0,
    }


def test_an_attribute_or_a_name_may_hold_a_dot():
    payload = '{"PMS5003":{"PB0.3":423},"Cold.Room":{"Temperature":4.2}}'
    counters = tasmota(
        ("PMS5003.PB0.3", "particle_count", "1/0.1L"), ("Cold.Room.Temperature", "temperature", "degC")
    )

    assert values(decode(message(payload, TOPIC), counters)) == {
        "PMS5003.PB0.3": 4_230_000.0,
        "Cold.Room.Temperature": 4.2,
    }


def test_a_zigbee_device_is_found_by_key_address_or_name():
    fridge = '{"Device":"0x2916","Name":"Fridge","Temperature":4.2,"BatteryPercentage":73}'
    payload = f'{{"ZbReceived":{{"0x2916":{fridge}}}}}'
    for field in ("0x2916.Temperature", "Fridge.Temperature"):
        decoded = decode(message(payload, TOPIC), degrees(field))

        assert values(decoded) == {field: 4.2}
        assert decoded.battery == 73


def test_what_a_bridge_relays_for_another_device_is_no_error():
    payload = '{"ZbReceived":{"0x2917":{"Device":"0x2917","Temperature":21.0}}}'

    assert decode(message(payload, TOPIC), degrees("0x2916.Temperature")) == Decoded()


def test_a_zigbee_contact_of_one_is_open():
    payload = '{"ZbReceived":{"0x2916":{"Device":"0x2916","Contact":1}}}'
    door = tasmota(("0x2916.Contact", "contact", "state"))

    assert values(decode(message(payload, TOPIC), door)) == {"0x2916.Contact": 1.0}


def test_what_a_bridge_remembers_is_no_reading():
    payload = '{"ZbInfo":{"0x2916":{"Device":"0x2916","Temperature":4.2,"LastSeen":90000}}}'

    assert decode(message(payload, TOPIC), degrees("0x2916.Temperature")) == Decoded()


def test_a_switch_means_what_its_unit_says():
    payload = '{"Switch1":"OFF"}'

    assert values(decode(message(payload, TOPIC), tasmota(("Switch1", "contact", "ON/OFF")))) == {
        "Switch1": 0.0
    }
    assert values(decode(message(payload, TOPIC), tasmota(("Switch1", "contact", "OFF/ON")))) == {
        "Switch1": 1.0
    }


def test_an_open_thermocouple_is_a_fault():
    payload = '{"MAX31855":{"Temperature":0.0,"ReferenceTemperature":23.6,"Error":1},"TempUnit":"C"}'

    assert values(decode(message(payload, TOPIC), degrees("MAX31855.Temperature"))) == {
        "MAX31855.Temperature": "error"
    }


def test_zero_degrees_is_a_value():
    assert values(
        decode(message('{"DS18B20":{"Temperature":0.0}}', TOPIC), degrees("DS18B20.Temperature"))
    ) == {"DS18B20.Temperature": 0.0}


def test_local_time_is_read_in_the_configured_zone_only():
    payload = '{"Time":"2026-03-10T08:00:00","DS18B20":{"Temperature":4.0}}'
    there = tasmota(("DS18B20.Temperature", "temperature", "degC"), zone="America/New_York")

    assert decode(message(payload, TOPIC), there).device_time == datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert decode(message(payload, TOPIC), degrees("DS18B20.Temperature")).device_time is None


@pytest.mark.parametrize(
    ("payload", "topic"), [("Online", "tele/x/LWT"), ('{"Uptime":"0T01"}', "tele/x/STATE"), ("", TOPIC)]
)
def test_a_sign_of_the_node_is_no_reading(payload, topic):
    assert decode(message(payload, topic), degrees("DS18B20.Temperature")) == Decoded()


@pytest.mark.parametrize("payload", ["[]", "4.2", '"text"', "null"])
def test_what_is_no_object_is_rejected(payload):
    assert decode(message(payload, TOPIC), degrees("DS18B20.Temperature")) == Rejected("is not a JSON object")


@pytest.mark.parametrize(
    ("field", "quantity", "unit", "wrong"),
    [
        ("DS18B20.Temperature", "temperature", "degF", None),
        ("0x2916.Contact", "contact", "state", None),
        ("Switch1", "contact", "ON/OFF", None),
        (
            "Switch1",
            "contact",
            "state",
            "what 'Switch1' means depends on the wiring; write the unit as 'ON/OFF' or 'OFF/ON'",
        ),
        (
            "MAX31855.ReferenceTemperature",
            "temperature",
            "degC",
            "the field 'MAX31855.ReferenceTemperature' is the cold junction of the amplifier, not",
        ),
        (
            "BME280.DewPoint",
            "temperature",
            "degC",
            "the field 'BME280.DewPoint' is computed from temperature and humidity, not",
        ),
        (
            "SCD40.eCO2",
            "co2",
            "ppm",
            "the field 'SCD40.eCO2' is a smoothed estimate, not what is measured; name another field",
        ),
        ("A.B", "warmth", "degC", "'warmth' is not a quantity; known are"),
    ],
)
def test_a_point_is_checked(field, quantity, unit, wrong):
    found = check_point(point("tasmota", field, quantity, unit))

    assert found == wrong if wrong is None else found.startswith(wrong)
