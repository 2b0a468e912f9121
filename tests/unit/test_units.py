from datetime import timedelta
from math import inf, nextafter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hdmonitor.units import (
    QUANTITIES,
    UnitError,
    add,
    convert,
    difference,
    express,
    parse_amount,
    parse_difference,
    parse_duration,
    show,
    show_duration,
    show_limit,
)

INCH = 249.0889
PRESSURE = "differential_pressure"
NUMERIC = [(name, unit.name) for name, quantity in QUANTITIES.items() for unit in quantity.units]


@pytest.mark.parametrize(
    ("value", "unit", "quantity", "canonical"),
    [
        (46.4, "°F", "temperature", 8.0),
        (35.6, "degF", "temperature", 2.0),
        (-4.0, "F", "temperature", -20.0),
        (185.0, "degF", "temperature", 85.0),
        (281.15, "K", "temperature", 8.0),
        (8.0, "C", "temperature", 8.0),
        (1.0, "inH2O", "differential_pressure", 249.0889),
        (-0.02, "in w.c.", "differential_pressure", -4.981778),
        (0.13, "hPa", "differential_pressure", 13.0),
        (0.13, "mbar", "differential_pressure", 13.0),
        (1.0, "mmH2O", "differential_pressure", 9.80665),
        (101800.0, "Pa", "pressure", 1018.0),
        (760.0, "mmHg", "pressure", 1013.250144354),
        (0.44, "ratio", "humidity", 44.0),
        (60.0, "%", "humidity", 60.0),
        (100.0, "fpm", "air_velocity", 0.508),
        (1000.0, "cfm", "airflow", 1699.0091945),
        (10.0, "L/s", "airflow", 36.0),
        (100.0, "1/ft3", "particle_count", 3531.47),
        (423.0, "1/0.1L", "particle_count", 4_230_000.0),
        (3.0, "1/L", "particle_count", 3000.0),
        (283.0, "1/28.3L", "particle_count", 10_000.0),
        (2995.0, "mV", "voltage", 2.995),
        (40.0, "mA", "current", 0.04),
        (618.0, "ppm", "co2", 618.0),
        (1.0, "state", "contact", 1.0),
    ],
)
def test_a_value_is_converted_to_the_canonical_unit(value, unit, quantity, canonical):
    assert convert(value, unit, quantity) == pytest.approx(canonical, abs=1e-7)


def test_a_limit_written_in_two_units_is_one_limit():
    assert convert(46.4, "degF", "temperature") == 8.0
    assert convert(281.15, "K", "temperature") == 8.0
    assert convert(0.04981778, "hPa", "differential_pressure") == convert(
        0.02, "inH2O", "differential_pressure"
    )


@given(st.sampled_from(NUMERIC), st.floats(-1e5, 1e5))
def test_a_value_expressed_again_is_the_value_it_was(kind, value):
    quantity, unit = kind

    assert express(convert(value, unit, quantity), quantity, unit) == pytest.approx(value, abs=1e-5)


def test_an_unknown_unit_is_refused_with_the_known_ones():
    with pytest.raises(
        UnitError, match=r"'psi' is not a unit of differential_pressure; known are Pa, hPa, mbar, inH2O"
    ):
        convert(1.0, "psi", "differential_pressure")


def test_a_unit_of_another_quantity_is_refused():
    with pytest.raises(UnitError, match="'Pa' is not a unit of temperature"):
        convert(1.0, "Pa", "temperature")


def test_an_unknown_quantity_is_refused_with_the_known_ones():
    with pytest.raises(UnitError, match="'warmth' is not a quantity; known are temperature, humidity"):
        convert(1.0, "degC", "warmth")


def test_a_difference_in_fahrenheit_has_no_shift_of_the_zero():
    assert difference(1.8, "°F", "temperature") == 1.0
    assert difference(1.0, "K", "temperature") == 1.0
    assert difference(0.002, "inH2O", "differential_pressure") == pytest.approx(0.4981778)
    assert parse_difference("0.9 °F", "temperature") == 0.5


@pytest.mark.parametrize(
    ("text", "quantity", "canonical"),
    [
        ("-0.020 inH2O", "differential_pressure", -4.981778),
        ("8 degC", "temperature", 8.0),
        ("8degC", "temperature", 8.0),
        ("+46.4 °F", "temperature", 8.0),
        (" 3520 1/m3 ", "particle_count", 3520.0),
        ("0.020 in w.c.", "differential_pressure", 4.981778),
        ("60%", "humidity", 60.0),
        ("open", "contact", 1.0),
        ("closed", "contact", 0.0),
        ("on mains", "mains", 1.0),
        ("stopped", "running", 0.0),
    ],
)
def test_an_amount_is_read_with_its_unit(text, quantity, canonical):
    assert parse_amount(text, quantity) == pytest.approx(canonical, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        "8",
        "degC",
        "",
        "8,0 degC",
        "1_0 degC",
        "\N{ARABIC-INDIC DIGIT EIGHT} degC",
        "nan degC",
        "inf degC",
        "1e3 degC",
        "8 degC 9",
        "8. degC",
        "9" * 400,
    ],
)
def test_an_amount_that_is_not_exactly_a_number_and_a_unit_is_refused(text):
    with pytest.raises(UnitError):
        parse_amount(text, "temperature")


def test_an_amount_without_a_unit_is_told_what_to_write():
    with pytest.raises(UnitError, match="'8' has no unit; write for instance '8 degC'"):
        parse_amount("8", "temperature")


def test_a_state_is_not_a_number():
    with pytest.raises(UnitError, match="'1' is not a state of contact; write 'open' or 'closed'"):
        parse_amount("1", "contact")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20s", 20),
        ("5m", 300),
        ("1h30m", 5400),
        ("24h", 86_400),
        ("30d", 2_592_000),
        ("1h 30m", 5400),
        ("0s", 0),
    ],
)
def test_a_duration_is_read_with_its_units(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "20",
        "5 min",
        "1.5h",
        "-5m",
        "30m1h",
        "5m5m",
        "\N{ARABIC-INDIC DIGIT FIVE}m",
        "1_0s",
        "10:30",
        "9" * 20 + "d",
    ],
)
def test_anything_else_is_no_duration(text):
    with pytest.raises(
        UnitError, match="is not a duration; write whole d, h, m, s in this order, such as '1h30m'"
    ):
        parse_duration(text)


def test_a_duration_beyond_all_calendars_is_refused():
    with pytest.raises(UnitError, match="longer than any duration"):
        parse_duration("999999999d24h")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (0.9, "0 s"),
        (45, "45 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (4320, "1 h 12 min"),
        (4379, "1 h 12 min"),
        (3605, "1 h"),
        (2_592_000, "30 d"),
        (90_000, "1 d 1 h"),
        (-45, "-45 s"),
    ],
)
def test_a_duration_shows_its_two_largest_parts(seconds, shown):
    assert show_duration(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("value", "quantity", "unit", "shown"),
    [
        (9.44, "temperature", "degC", "9.4 C"),
        (8.0, "temperature", "degF", "46.4 F"),
        (-0.001 * INCH, "differential_pressure", "inH2O", "-0.001 in"),
        (-0.0001 * INCH, "differential_pressure", "inH2O", "0.000 in"),
        (-0.02, "temperature", "degC", "0.0 C"),
        (4.982, "differential_pressure", "Pa", "4.98 Pa"),
        (60.6, "humidity", "%RH", "61 %RH"),
        (0.456, "air_velocity", "m/s", "0.46 m/s"),
        (0.508, "air_velocity", "ft/min", "100 fpm"),
        (3520.0, "particle_count", "1/m3", "3520 /m3"),
        (1.0, "contact", "state", "open"),
        (0.0, "running", "state", "stopped"),
        (0.0, "mains", "state", "lost"),
        (44.0, "humidity", "ratio", "0.44"),
    ],
)
def test_a_value_is_shown_as_is_customary(value, quantity, unit, shown):
    assert show(value, quantity, unit) == shown


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [
        (0.0196, 0.020, "0.0196 in"),
        (0.0199999, 0.020, "0.0199999 in"),
        (0.0201, 0.020, "0.0201 in"),
        (0.020, 0.020, "0.020 in"),
        (0.0186, 0.020, "0.019 in"),
        (-0.0001, 0.0, "-0.0001 in"),
        (0.0, 0.0, "0.000 in"),
    ],
)
def test_rounding_never_contradicts_a_verdict(value, limit, shown):
    assert show(value * INCH, "differential_pressure", "inH2O", limit * INCH) == shown


def test_rounding_never_contradicts_a_verdict_in_degrees():
    assert show(8.04, "temperature", "degC", 8.0) == "8.04 C"
    assert show(8.0, "temperature", "degC", 8.0) == "8.0 C"
    assert show(60.3, "humidity", "%RH", 60.0) == "60.3 %RH"
    assert show(7.96, "temperature", "degC", 8.0) == "7.96 C"


MEASURED = [(name, unit) for name, unit in NUMERIC if not QUANTITIES[name].words]
LIMITS = st.lists(st.decimals(-100, 100, places=4).map(float), min_size=1, max_size=4)


@given(st.sampled_from(MEASURED), LIMITS, st.floats(-120, 120), st.integers(-3, 3))
def test_a_shown_value_stands_on_its_side_of_every_limit(kind, limits, anywhere, steps):
    quantity, unit = kind
    edges = [convert(limit, unit, quantity) for limit in limits]
    beside = edges[0]
    for _ in range(abs(steps)):
        beside = nextafter(beside, inf if steps > 0 else -inf)

    for value in (convert(anywhere, unit, quantity), beside):
        text = show(value, quantity, unit, *edges).split()[0].split("/")[0]
        low, high = text.startswith("<"), text.startswith(">")
        shown = float(text.strip("<>"))
        for limit, edge in zip(limits, edges, strict=True):
            if low or high:  # as near to a limit as no figure can tell
                assert min(limits, key=lambda each: abs(each - shown)) == shown
                assert (value < edge, value > edge) == (low, high) if limit == shown else True
            else:
                assert (shown > limit, shown < limit) == (value > edge, value < edge)


@pytest.mark.parametrize(
    ("value", "shown"), [(7.97, "7.97 C"), (7.955, "7.955 C"), (8.0, "8.0 C"), (7.96, "7.96 C")]
)
def test_a_value_between_two_near_limits_crosses_neither(value, shown):
    assert show(value, "temperature", "degC", 7.96, 8.0) == shown


def test_a_value_that_no_figure_tells_from_its_limit_is_shown_as_beyond_it():
    below, above = nextafter(0.02 * INCH, 0), nextafter(8.0, 9)

    assert show(below, "differential_pressure", "inH2O", convert(0.02, "inH2O", PRESSURE)) == "<0.020 in"
    assert show(above, "temperature", "degC", 8.0) == ">8 C"


# --- exactness --------------------------------------------------------------------


@given(st.sampled_from(MEASURED), st.decimals(-400, 400, places=3).map(float).filter(bool))
def test_the_smallest_step_from_what_was_written_is_a_step_in_every_unit(kind, written):
    quantity, unit = kind
    at = convert(written, unit, quantity)

    assert convert(nextafter(written, -inf), unit, quantity) < at
    assert convert(nextafter(written, inf), unit, quantity) > at


@given(st.sampled_from(MEASURED), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
@example(("temperature", "degF"), 0.0, 1.401298464324817e-45)
@example(("temperature", "degF"), 1.0000000000000002e-20, 1.1e-20)
def test_a_conversion_keeps_the_order(kind, one, other):
    quantity, unit = kind
    low, high = sorted((one, other))

    assert convert(low, unit, quantity) <= convert(high, unit, quantity)


@pytest.mark.parametrize(
    ("value", "unit", "canonical"),
    [
        (0.020, "inH2O", 4.981778),
        (0.030, "inH2O", 7.472667),
        (-0.030, "inH2O", -7.472667),
        (0.508, "mmH2O", 4.9817782),
    ],
)
def test_a_pressure_is_converted_as_people_reckon(value, unit, canonical):
    assert convert(value, unit, PRESSURE) == canonical


def test_five_pascals_pass_0_020_inches_and_seven_and_a_half_fail_0_030():
    at_least, at_most = convert(0.020, "inH2O", PRESSURE), convert(0.030, "inH2O", PRESSURE)

    assert convert(5.0, "Pa", PRESSURE) > at_least
    assert convert(7.5, "Pa", PRESSURE) > at_most
    assert show(7.5, PRESSURE, "inH2O", at_most) == "0.0301 in"
    assert show(5.0, PRESSURE, "inH2O", at_least) == "0.0201 in"


def test_a_correction_is_added_as_people_add():
    assert add(0.1, 0.2) == 0.3
    assert add(8.1, -0.1) == 8.0
    assert add(-4.7, 0.0) == -4.7


@pytest.mark.parametrize(
    ("limit", "quantity", "unit", "shown"),
    [
        (8.0, "temperature", "degC", "8"),
        (2.5, "temperature", "degC", "2.5"),
        (8.0, "temperature", "degF", "46.4"),
        (-0.010 * INCH, "differential_pressure", "inH2O", "-0.010"),
        (0.0, "differential_pressure", "inH2O", "0.000"),
        (0.0125 * INCH, "differential_pressure", "inH2O", "0.0125"),
        (20.0, "humidity", "%RH", "20"),
        (352000.0, "particle_count", "1/m3", "352000"),
        (1.0, "contact", "state", "open"),
    ],
)
def test_a_limit_is_shown_as_it_was_written(limit, quantity, unit, shown):
    assert show_limit(limit, quantity, unit) == shown
