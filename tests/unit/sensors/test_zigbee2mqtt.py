from datetime import UTC, datetime

import pytest
from unit.sensors.sensor_points import device, message, point

from hdmonitor.model import Decoded, Rejected, Value
from hdmonitor.sensors import check_point, decode

TEMPERATURE = ("temperature", "temperature", "degC")
HUMIDITY = ("humidity", "humidity", "%RH")
CONTACT = ("contact", "contact", "state")
FRIDGE = device("zigbee2mqtt", TEMPERATURE, HUMIDITY)


def values(decoded):
    assert isinstance(decoded, Decoded), decoded
    return {value.field: value.fault or value.value for value in decoded.values}


def test_a_configured_field_that_is_absent_is_left_out():
    assert values(decode(message('{"temperature":4.2}'), FRIDGE)) == {"temperature": 4.2}


def test_zero_degrees_is_a_value():
    assert values(decode(message('{"temperature":0.0,"humidity":0}'), FRIDGE)) == {
        "temperature": 0.0,
        "humidity": 0,
    }


def test_a_value_never_reported_is_a_fault():
    assert values(decode(message('{"temperature":null,"humidity":40}'), FRIDGE)) == {
        "temperature": "null",
        "humidity": 40,
    }


def test_below_its_range_is_a_fault():
    assert values(decode(message('{"temperature":-100}'), FRIDGE)) == {"temperature": "below_range_-100"}


@pytest.mark.parametrize("raw", ["true", '"4.2"', '"cold"', "[4.2]", '{"value":4.2}'])
def test_what_is_no_number_is_a_fault_beside_a_value(raw):
    assert values(decode(message(f'{{"temperature":{raw},"humidity":40}}'), FRIDGE)) == {
        "temperature": "unreadable",
        "humidity": 40,
    }


def test_a_message_of_which_nothing_can_be_read_is_rejected_with_each_reason():
    assert decode(message('{"temperature":true,"humidity":"wet"}'), FRIDGE) == Rejected(
        "no number in 'temperature': True; no number in 'humidity': 'wet'"
    )


def test_a_message_with_nothing_configured_is_rejected_with_the_fields_it_has():
    assert decode(message('{"temp":4.2,"color":{"x":1,"y":2}}'), FRIDGE) == Rejected(
        "has nothing of 'temperature', 'humidity'; it has 'temp', 'color.x', 'color.y'"
    )


def test_only_a_dozen_fields_are_named():
    body = "{" + ",".join(f'"f{number}":1' for number in range(13)) + "}"

    assert decode(message(body), FRIDGE).reason.endswith("'f10', 'f11', …")


def test_diagnostics_alone_are_no_reading_and_no_error():
    assert decode(message('{"linkquality":80,"battery":9,"update":{"state":"idle"}}'), FRIDGE) == Decoded(
        battery=9.0
    )


def test_contact_true_is_closed():
    door = device("zigbee2mqtt", CONTACT)

    assert values(decode(message('{"contact":true}'), door)) == {"contact": 0.0}
    assert values(decode(message('{"contact":false}'), door)) == {"contact": 1.0}
    assert decode(message('{"contact":1}'), door) == Rejected("1 in 'contact' is neither 'false' nor 'true'")


def test_a_plug_says_with_words_whether_it_runs():
    plug = device("zigbee2mqtt", ("state", "running", "ON/OFF"))

    assert values(decode(message('{"state":"ON"}'), plug)) == {"state": 1.0}


def test_an_attribute_topic_carries_the_bare_value():
    topic = "zigbee2mqtt/fridge/temperature"
    fridge = device("zigbee2mqtt", TEMPERATURE, topic=topic)

    assert decode(message("4.2", topic), fridge) == Decoded((Value("temperature", "temperature", 4.2),))
    assert values(decode(message("null", topic), fridge)) == {"temperature": "null"}
    assert values(decode(message("-327.68", topic), fridge)) == {"temperature": "int16_min"}
    assert decode(message("true", topic), fridge) == Rejected("no number in 'temperature': 'true'")


def test_an_attribute_topic_of_a_contact_keeps_its_polarity():
    topic = "zigbee2mqtt/door/contact"

    assert values(decode(message("true", topic), device("zigbee2mqtt", CONTACT, topic=topic))) == {
        "contact": 0.0
    }


def test_a_bare_value_on_the_devices_own_topic_is_rejected():
    assert decode(message("4.2"), FRIDGE) == Rejected(
        "has nothing of 'temperature', 'humidity'; it has '4.2'"
    )


def test_an_empty_payload_after_a_rename_is_no_reading():
    assert decode(message(""), FRIDGE) == Decoded()


@pytest.mark.parametrize(
    "last_seen", ['"2026-03-10T11:59:00.000Z"', '"2026-03-10T12:59:00+01:00"', "1773143940000"]
)
def test_last_seen_is_the_device_time(last_seen):
    decoded = decode(message(f'{{"temperature":4.2,"last_seen":{last_seen}}}'), FRIDGE)

    assert decoded.device_time == datetime(2026, 3, 10, 11, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("members", "battery"),
    [
        ('"battery":88', 88),
        ('"battery":0', 0),
        ('"battery_low":true', 0),
        ('"battery_low":false', None),
        ('"battery":55,"battery_low":true', 55),
        ('"battery":101', None),
        ('"battery":true', None),
        ('"battery":null,"battery_low":true', 0),
    ],
)
def test_the_battery_is_a_percentage_or_bare_low(members, battery):
    assert decode(message(f'{{"temperature":4.2,{members}}}'), FRIDGE).battery == battery


@pytest.mark.parametrize(
    ("field", "quantity", "unit", "wrong"),
    [
        ("temperature", "temperature", "°C", None),
        ("voltage", "voltage", "mV", None),
        ("voltage", "voltage", "V", None),
        ("contact", "contact", "state", None),
        (
            "temperature",
            "temperature",
            "degF",
            "zigbee2mqtt sends temperature in degC; write that unit, not 'degF'",
        ),
        ("pressure", "pressure", "mmHg", "zigbee2mqtt sends pressure in hPa; write that unit, not 'mmHg'"),
        (
            "contact",
            "contact",
            "true/false",
            "Zigbee2MQTT's contact is true when closed, and known; write quantity 'contact', unit 'state'",
        ),
        (
            "contact",
            "running",
            "state",
            "Zigbee2MQTT's contact is true when closed, and known; write quantity 'contact', unit 'state'",
        ),
        (
            "device_temperature",
            "temperature",
            "degC",
            "the field 'device_temperature' is the temperature of the chip, not",
        ),
        (
            "temperature",
            "temperature",
            "Pa",
            "'Pa' is not a unit of temperature; known are degC (°C), degF (°F), K",
        ),
    ],
)
def test_a_point_is_checked(field, quantity, unit, wrong):
    found = check_point(point("zigbee2mqtt", field, quantity, unit))

    assert found == wrong if wrong is None else found.startswith(wrong)
