from datetime import UTC, datetime

import pytest
from unit.sensors.sensor_points import device, message, point

from hdmonitor.model import Decoded, Rejected, Value
from hdmonitor.sensors import check_device, check_point, decode

TEMPERATURE = ("report.value", "temperature", "@report.unit")
PRESSURE = ("dp", "differential_pressure", "Pa")


def values(payload, *fields, **beside):
    decoded = decode(message(payload), device("mapped", *fields, **beside))
    assert isinstance(decoded, Decoded), decoded
    return {value.field: value.fault or value.value for value in decoded.values}


def test_the_unit_comes_from_where_the_configuration_says():
    assert values('{"report":{"value":39.2,"unit":"F"}}', TEMPERATURE) == {"report.value": 4.0}
    assert values('{"report":{"value":4.0,"unit":"°C"}}', TEMPERATURE) == {"report.value": 4.0}


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ('{"value":4.0}', "the unit of 'report.value' is None, not text"),
        ('{"value":4.0,"unit":"psi"}', "'report.value': 'psi' is not a unit of temperature; known are"),
        ('{"value":4.0,"unit":["C"]}', "the unit of 'report.value' is ['C'], not text"),
    ],
)
def test_a_missing_or_foreign_unit_is_never_guessed(report, reason):
    rejected = decode(message(f'{{"report":{report}}}'), device("mapped", TEMPERATURE))

    assert rejected.reason.startswith(reason)


def test_one_topic_may_carry_two_quantities_told_apart_by_their_unit():
    warm = ("[report][?unit=='C'].value | [0]", "temperature", "degC")
    damp = ("[report][?unit=='%'].value | [0]", "humidity", "%RH")

    assert values('{"report":{"value":21.8,"unit":"C"}}', warm, damp) == {warm[0]: 21.8}
    assert values('{"report":{"value":35.5,"unit":"%"}}', warm, damp) == {damp[0]: 35.5}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("-2.5", -2.5),
        ('"-2.5"', -2.5),
        ('"-0.010 inH2O"', pytest.approx(-2.490889)),
        ("0", 0.0),
        ("null", "null"),
        ('"n/a"', "n/a"),
        ('""', "empty"),
        ("9999.9999", "no_value_code"),
    ],
)
def test_numbers_are_read_also_from_text_and_faults_are_named(raw, expected):
    assert values(f'{{"dp":{raw}}}', PRESSURE) == {"dp": expected}


@pytest.mark.parametrize("raw", ["true", "[1]", "{}", '"1_0"', '"infinity2"'])
def test_what_is_no_number_is_rejected(raw):
    assert isinstance(decode(message(f'{{"dp":{raw}}}'), device("mapped", PRESSURE)), Rejected)


def test_an_explicit_null_is_a_fault_and_an_absent_member_is_nothing():
    both = (("a.t", "temperature", "degC"), ("b.t", "temperature", "degC"))

    assert values('{"a":{"t":null}}', *both) == {"a.t": "null"}
    assert values('{"a":{"t":4},"c":null}', *both) == {"a.t": 4.0}


def test_a_message_with_nothing_configured_is_rejected_with_the_fields_it_has():
    assert decode(message('{"cmd":1,"desired":{"coef":2}}'), device("mapped", PRESSURE)) == Rejected(
        "has nothing of 'dp'; it has 'cmd', 'desired.coef'"
    )
    assert decode(message("[4]"), device("mapped", PRESSURE)) == Rejected("has nothing of 'dp'; it has [4]")
    assert decode(message("{}"), device("mapped", PRESSURE)) == Rejected(
        "has nothing of 'dp'; it has no fields"
    )


def test_an_expression_that_cannot_be_applied_is_a_reason():
    total = ("sum(counts)", "particle_count", "1/m3")

    assert values('{"counts":[1,2]}', total) == {"sum(counts)": 3.0}
    rejected = decode(message('{"counts":["a"]}'), device("mapped", total))
    assert rejected.reason.startswith("'sum(counts)' cannot be applied: ")


def test_an_overflow_in_an_expression_is_a_reason():
    total = ("ceil(sum(counts))", "particle_count", "1/m3")

    assert decode(message('{"counts":[1.7e308,1.7e308]}'), device("mapped", total)) == Rejected(
        "'ceil(sum(counts))' cannot be applied: 'cannot convert float infinity to integer'"
    )


def test_time_and_battery_are_found_by_their_expressions():
    fields = {"time": "meta.ts", "battery": "meta.batt", "zone": "America/New_York"}
    for ts in ("1773144000", '"1773144000000"', '"2026-03-10T08:00:00"'):
        decoded = decode(
            message(f'{{"dp":1,"meta":{{"ts":{ts},"batt":71}}}}'), device("mapped", PRESSURE, **fields)
        )

        assert decoded == Decoded(
            (Value("dp", "differential_pressure", 1.0),), datetime(2026, 3, 10, 12, tzinfo=UTC), 71.0
        )


@pytest.mark.parametrize(
    ("raw", "battery"), [("71", 71), ('"LOW"', 0), ('"ok"', None), ("true", None), ("-1", None), ("{}", None)]
)
def test_a_battery_is_a_percentage_or_low(raw, battery):
    decoded = decode(message(f'{{"dp":1,"batt":{raw}}}'), device("mapped", PRESSURE, battery="batt"))

    assert decoded.battery == battery


def test_a_boolean_is_a_state_where_the_unit_says_so():
    door = ("open", "contact", "true/false")

    assert values('{"open":true}', door) == {"open": 1.0}
    assert values('{"open":false}', door) == {"open": 0.0}
    assert values('{"open":1}', ("open", "contact", "1=open")) == {"open": 1.0}


@pytest.mark.parametrize(
    ("field", "quantity", "unit", "wrong"),
    [
        ("channels[?size==`0.5`].count | [0]", "particle_count", "1/ft3", None),
        ("report.value", "temperature", "@report.unit", None),
        ("sum(counts)", "particle_count", "1/m3", None),
        ("open", "contact", "true/false", None),
        ("report.", "temperature", "degC", "'report.' is not a JMESPath expression: "),
        ("", "temperature", "degC", "'' is not a JMESPath expression: "),
        (
            "total(counts)",
            "particle_count",
            "1/m3",
            "'total(counts)' is not a JMESPath expression: Unknown function",
        ),
        (
            "to_number(dp)",
            "differential_pressure",
            "Pa",
            "'to_number(dp)': leave out to_number; numbers written as",
        ),
        ("dp", "differential_pressure", "@units[", "'units[' is not a JMESPath expression: "),
        ("dp", "differential_pressure", "psi", "'psi' is not a unit of differential_pressure; known are"),
        ("dp", "push", "@unit", "'push' is not a quantity; known are"),
        (
            "open",
            "contact",
            "@unit",
            "a message cannot say which word of contact means what; write the unit as",
        ),
        (
            "a.DewPoint",
            "temperature",
            "@unit",
            "the field 'a.DewPoint' is computed from temperature and humidity",
        ),
    ],
)
def test_a_mapped_point_is_checked(field, quantity, unit, wrong):
    found = check_point(point("mapped", field, quantity, unit))

    assert found == wrong if wrong is None else found.startswith(wrong)


def test_the_expressions_of_a_device_are_checked():
    assert check_device(device("mapped", time="meta.ts", battery="meta.batt")) is None
    assert check_device(device("mapped", time="meta.")).startswith("'meta.' is not a JMESPath expression: ")
    assert check_device(device("mapped", battery="[")).startswith("'[' is not a JMESPath expression: ")
