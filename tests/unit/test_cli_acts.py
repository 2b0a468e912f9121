"""What is typed becomes the act that is meant."""

from datetime import UTC, datetime, timedelta

import pytest

from hdmonitor.asking import act_asked
from hdmonitor.cli import _parser
from hdmonitor.cli_acts import NotDone, asked
from hdmonitor.events import (
    Acknowledge,
    BackInService,
    Document,
    HandReading,
    InUse,
    OutOfService,
    Override,
    Returning,
    ReturnStep,
    Shelve,
    Silence,
    Unshelve,
    Where,
    Why,
)

NOW = datetime(2026, 3, 2, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "act"),
    [
        ("alarms ack 12 --by lee", Acknowledge("A12", "lee")),
        (
            "alarms ack a12 --by lee --in 15m --note by_car",
            Acknowledge("A12", "lee", "by_car", where=Where.ON_MY_WAY, minutes=15),
        ),
        ("alarms ack A12 --by lee --at-unit", Acknowledge("A12", "lee", where=Where.AT_UNIT)),
        ("alarms silence A12 --by lee", Silence("A12", "lee")),
        (
            "alarms document A12 --by lee --cause door --action shut --stock hold --work-order W-7",
            Document("A12", "lee", "door", "shut", "hold", "W-7"),
        ),
        ("alarms shelve A12 --by lee --for 2h --reason test", Shelve("A12", "lee", "test", 120)),
        ("alarms unshelve A12 --by lee", Unshelve("A12", "lee")),
        (
            "service out a b --by lee --why hvac --reason filter --for 90m",
            OutOfService(("a", "b"), "lee", Why.HVAC, "filter", NOW + timedelta(minutes=90)),
        ),
        ("service back a --by lee", BackInService(("a",), "lee")),
        ("service in-use buffer --by lee", InUse("buffer", "lee", in_use=True)),
        ("service empty buffer --by lee", InUse("buffer", "lee", in_use=False)),
        ("return bsc-1 clean --by lee", Returning("bsc-1", "lee", ReturnStep.CLEAN)),
        ("read fridge 9.4 degC --by lee", HandReading("fridge", "lee", 9.4, "degC", NOW)),
        ("read freezer -20 degC --by lee", HandReading("freezer", "lee", -20.0, "degC", NOW)),
        ("override buffer --by lee --for 30m --reason certified", Override("buffer", "lee", "certified", 30)),
    ],
)
def test_what_is_typed_is_the_act_that_is_meant(typed, act):
    assert act_asked(asked(_parser().parse_args(typed.split()), NOW)) == act


@pytest.mark.parametrize(
    "typed",
    [
        "alarms shelve A12 --by lee --for 0m --reason test",
        "alarms shelve A12 --by lee --for 90s --reason test",
        "alarms shelve A12 --by lee --for soon --reason test",
        "alarms ack A12 --by lee --in 15m --at-unit",
        "alarms ack A12",
        "return bsc-1 wipe --by lee",
    ],
)
def test_what_cannot_be_meant_is_refused_before_it_is_sent(typed, capsys):
    with pytest.raises(SystemExit):
        _parser().parse_args(typed.split())

    assert "error:" in capsys.readouterr().err


def test_a_reading_and_its_unit_may_be_one_word_of_the_shell():
    typed = _parser().parse_args(["read", "fridge", "4.9 degC", "--by", "lee"])

    assert act_asked(asked(typed, NOW)) == HandReading("fridge", "lee", 4.9, "degC", NOW)


def test_a_reading_without_a_unit_is_asked_for_it():
    with pytest.raises(NotDone, match=r"give the unit as it stands on the gauge, for instance: 4\.9 degC"):
        asked(_parser().parse_args(["read", "fridge", "4.9", "--by", "lee"]), NOW)


def test_whoever_is_on_the_way_is_there_within_the_hour(capsys):
    words = ["alarms", "ack", "A12", "--by", "lee", "--in"]
    assert _parser().parse_args([*words, "60m"]).minutes == "60"

    for span in ("61m", "99h"):
        with pytest.raises(SystemExit):
            _parser().parse_args([*words, span])
        assert f"{span} is more than 60 minutes" in capsys.readouterr().err
