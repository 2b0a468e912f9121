import pytest
from unit.sensors.sensor_points import device, message, point

from hdmonitor.model import Decoded, Rejected, Value
from hdmonitor.sensors import check_device, check_point, decode

FRIDGE = device("plain", ("value", "temperature", "degC"))


def value(payload, quantity="temperature", unit="degC", family="plain"):
    decoded = decode(message(payload), device(family, ("value", quantity, unit)))
    if isinstance(decoded, Rejected):
        return decoded.reason
    (found,) = decoded.values
    return found.fault or found.value


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("4.2", 4.2),
        (" 4.25\r\n", 4.25),
        ("4.2 °C", 4.2),
        ("4.2°C", 4.2),
        ("39.2 °F", 4.0),
        ("277.15 K", 4.0),
        ("0", 0.0),
        ("-4", -4.0),
        ("4.2e0", 4.2),
        ("85.00", "ds18b20_power_on_85"),
        ("185.0 F", "ds18b20_power_on_85"),
        ("-127.00", "ds18b20_disconnected_-127"),
        ("nan", "nan"),
        ("None", "none"),
        ("", "empty"),
        ("unavailable", "unavailable"),
        ("Error1", "error"),
    ],
)
def test_a_temperature_is_read_or_a_fault_named(payload, expected):
    assert value(payload) == expected


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("warm", "no number in 'value': 'warm'"),
        ("4,2", "'value': ',2' is not a unit of temperature; known are degC (°C), degF (°F), K"),
        ("1_0", "'value': '_0' is not a unit of temperature; known are degC (°C), degF (°F), K"),
        ("4.2 Pa", "'value': 'Pa' is not a unit of temperature; known are degC (°C), degF (°F), K"),
        ("\N{ARABIC-INDIC DIGIT FOUR}", "no number in 'value': '\N{ARABIC-INDIC DIGIT FOUR}'"),
        ('{"temperature":4.2}', "no number in 'value': '{\"temperature\":4.2}'"),
    ],
)
def test_anything_else_is_rejected_with_its_reason(payload, reason):
    assert value(payload) == reason


def test_bytes_that_are_no_text_are_rejected():
    assert decode(message(b"4.2 \xb0C"), FRIDGE) == Rejected("the payload is not UTF-8 text: byte 4 is 0xb0")


def test_a_unit_with_blanks_and_dots_is_read():
    assert value("-0.010 in w.c.", "differential_pressure", "Pa") == pytest.approx(-2.490889)
    assert value("100 1/ft3", "particle_count", "1/m3") == pytest.approx(3531.47)


def test_a_word_says_whether_a_door_is_open():
    assert value("OPEN", "contact", "open/closed") == 1.0
    assert value("closed", "contact", "open/closed") == 0.0
    assert value("0", "contact", "0=open") == 1.0
    assert value("unknown", "contact", "open/closed") == "unknown"
    assert value("ajar", "contact", "open/closed") == "'ajar' in 'value' is neither 'open' nor 'closed'"


@pytest.mark.parametrize(
    ("payload", "quantity", "unit", "expected"),
    [
        ("0.13", "differential_pressure", "hPa", 13.0),
        ("-0.05", "differential_pressure", "hPa", -5.0),
        ("19.8", "temperature", "°C", 19.8),
        ("ON", "contact", "ON/OFF", 1.0),
        ("OFF", "contact", "ON/OFF", 0.0),
        ("nan", "co2", "ppm", "nan"),
        ("nan", "contact", "ON/OFF", "nan"),
        ("None", "temperature", "°C", "none"),
    ],
)
def test_an_esphome_state_is_read(payload, quantity, unit, expected):
    assert value(payload, quantity, unit, "esphome") == expected


@pytest.mark.parametrize("topic", ["room/status", "room/debug"])
def test_esphomes_own_topics_are_no_reading(topic):
    room = device("esphome", ("value", "temperature", "degC"), topic=topic)

    assert decode(message("online", topic), room) == Decoded()


def test_a_plain_message_has_neither_time_nor_battery():
    assert decode(message("4.2"), FRIDGE) == Decoded((Value("value", "temperature", 4.2),), None, None)


@pytest.mark.parametrize("family", ["plain", "esphome"])
def test_a_plain_topic_has_one_field(family):
    assert check_point(point(family, "value", "temperature", "degC")) is None
    assert (
        check_point(point(family, "temperature", "temperature", "degC"))
        == f"a topic of {family} has one value; write the field as 'value', not 'temperature'"
    )


@pytest.mark.parametrize(
    ("quantity", "unit", "wrong"),
    [
        ("contact", "open/closed", None),
        ("contact", "closed/open", "'closed/open' takes closed for open; the word for open stands first"),
        ("temperature", "", "'' is not a unit of temperature; known are degC (°C), degF (°F), K"),
        ("temperature", "@unit", "'@unit' is not a unit of temperature; known are degC (°C), degF (°F), K"),
    ],
)
def test_a_plain_point_is_checked(quantity, unit, wrong):
    assert check_point(point("plain", "value", quantity, unit)) == wrong


def test_an_unknown_family_is_refused_with_the_known_ones():
    sentence = "'modbus' is not a payload family; 'hdmonitor families' lists all"

    assert check_point(point("modbus", "value", "temperature", "degC")) == sentence
    assert check_device(device("modbus")) == sentence


def test_a_device_is_checked():
    assert check_device(device("tasmota", zone="America/New_York")) is None
    assert (
        check_device(device("tasmota", zone="New York"))
        == "'New York' is not a time zone; write an IANA name such as 'America/New_York'"
    )
    assert check_device(device("plain", zone="../etc/passwd")).startswith(
        "'../etc/passwd' is not a time zone"
    )
    assert (
        check_device(device("tasmota", time="Time"))
        == "tasmota messages are known; leave out time and battery (they are for family 'mapped')"
    )
