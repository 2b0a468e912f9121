import pytest

from hdmonitor.sensors.states import polarity, state_of
from hdmonitor.units import UnitError


@pytest.mark.parametrize(
    ("raw", "unit", "quantity", "state"),
    [
        (1, "state", "contact", 1.0),
        (0, "state", "contact", 0.0),
        (1.0, "state", "running", 1.0),
        ("1", "bool", "contact", 1.0),
        (1, "1=open", "contact", 1.0),
        (0, "1=open", "contact", 0.0),
        (1, "0=open", "contact", 0.0),
        (0, "0=open", "contact", 1.0),
        ("0", "0=open", "contact", 1.0),
        (1, "1=closed", "contact", 0.0),
        (0, "0=on mains", "mains", 1.0),
        ("OPEN", "open/closed", "contact", 1.0),
        (" closed ", "open/closed", "contact", 0.0),
        ("ON", "on/off", "contact", 1.0),
        ("off", "ON/OFF", "running", 0.0),
        ("off", "OFF/ON", "contact", 1.0),
        (True, "true/false", "contact", 1.0),
        (True, "false/true", "contact", 0.0),
        ("false", "false/true", "contact", 1.0),
        ("ONLINE", "ONLINE/ONBATT", "mains", 1.0),
        ("ONBATT", "ONLINE/ONBATT", "mains", 0.0),
    ],
)
def test_the_unit_says_which_word_means_open_running_or_on_mains(raw, unit, quantity, state):
    assert state_of(raw, unit, quantity) == state


@pytest.mark.parametrize(
    ("raw", "unit"),
    [
        (2, "state"),
        (0.5, "state"),
        (True, "state"),
        ("open", "state"),
        ("on", "open/closed"),
        (1, "on/off"),
        (None, "on/off"),
        ([], "on/off"),
        (1.0000001, "state"),
        (float("nan"), "state"),
        pytest.param(10**400, "state", id="huge"),
    ],
)
def test_a_word_that_the_unit_does_not_explain_is_no_state(raw, unit):
    assert state_of(raw, unit, "contact") is None


@pytest.mark.parametrize(
    "unit", ["", "open", "on/", "/off", "on/on", "ON/on", "2=open", "1=running", "degC", "="]
)
def test_a_unit_that_explains_nothing_is_refused(unit):
    with pytest.raises(
        UnitError, match="does not say which word means open; write 'state', '1=open', '0=open'"
    ):
        polarity(unit, "contact")


@pytest.mark.parametrize("unit", ["closed/open", "closed/shut", "shut/open"])
def test_words_in_the_wrong_order_are_refused(unit):
    with pytest.raises(UnitError, match="takes closed for open; the word for open stands first"):
        polarity(unit, "contact")


def test_a_temperature_has_no_polarity():
    with pytest.raises(UnitError, match="temperature is not a state"):
        polarity("on/off", "temperature")
