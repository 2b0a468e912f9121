"""A reading beside a reference: what agrees, what is exchanged, and what an offset may correct."""

from dataclasses import replace

import pytest
from unit.sensors.sensor_points import device

from hdmonitor.commissioning import as_line, compare
from hdmonitor.units import convert

[FRIDGE] = device("plain", ("value", "temperature", "degC")).points
[PRESSURE] = device("plain", ("value", "differential_pressure", "Pa")).points
[HUMIDITY] = device("plain", ("value", "humidity", "%")).points
[DOOR] = device("plain", ("value", "contact", "ON/OFF")).points
INCH = 249.0889


@pytest.mark.parametrize(
    ("point", "reading", "reference", "advice"),
    [
        (FRIDGE, 4.2, 4.7, "agrees"),
        (FRIDGE, 4.2, 4.71, "write offset: '0.51 degC'"),
        (FRIDGE, 4.2, 3.2, "write offset: '-1 degC'"),
        (FRIDGE, 4.2, 5.21, "an offset of 1.01 degC exceeds the cap of 1 degC; adjust or replace the sensor"),
        (replace(FRIDGE, offset=0.6), 4.2, 4.8, "an offset of 1.2 degC exceeds the cap of 1 degC"),
        (FRIDGE, 39.6, 4.2, "the figure is right in another unit: write unit: degF instead of degC"),
        (
            replace(FRIDGE, unit="degF"),
            convert(5.0, "degF", "temperature"),
            5.0,
            "write unit: degC instead of degF",
        ),
        (PRESSURE, 5.0, 5.4, "agrees"),
        (
            PRESSURE,
            5.0,
            -5.0,
            "the reference has the other sign: the two ports are exchanged; write sign: -1",
        ),
        (replace(PRESSURE, sign=-1), 5.0, -5.0, "write sign: 1, and look at the piping"),
        (PRESSURE, 0.05, 5.0, "the figure is right in another unit: write unit: hPa instead of Pa"),
        (PRESSURE, 5.0, 5.7, "write offset: '0.7 Pa'"),
        (HUMIDITY, 40.0, 43.0, "agrees"),
        (DOOR, 1.0, 1.0, "agrees"),
        (DOOR, 1.0, 0.0, "it says 'open' for 'closed': exchange the words of 'unit'"),
    ],
)
def test_a_reading_beside_its_reference(point, reading, reference, advice):
    found = compare(point, reading, reference)

    assert advice in found.advice
    assert found.agrees is (advice == "agrees")


def test_no_other_unit_is_suspected_where_the_message_names_its_own():
    point = replace(FRIDGE, unit="@unit")

    assert "exceeds the cap" in compare(point, 39.6, 4.2).advice


def test_the_line_shows_both_and_what_to_do():
    assert as_line(FRIDGE, compare(FRIDGE, 4.2, 4.9)) == (
        f"{FRIDGE.name}: reads 4.2 C, reference 4.9 C: write offset: '0.7 degC'"
    )
