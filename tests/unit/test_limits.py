"""Every limit of the catalogue at itself and one representable step to each side; every change is noticed."""

import subprocess
import sys
from math import inf, nextafter
from pathlib import Path

import changed_catalogue
import pytest
from limits import applied, table, written

from hdmonitor.catalogue import load_catalogue
from hdmonitor.units import QUANTITIES, convert

ROOT = Path(__file__).parents[2]
TABLE = table()
ENTRIES = {entry.title: entry for entry in load_catalogue().rules}
LIMITS = [
    pytest.param(entry, each, cells, quantity, id=f"{title} {cells[0]} {cells[1]} {quantity}")
    for title, entry in ENTRIES.items()
    for each, cells in zip(entry.thresholds, TABLE[title].limits, strict=True)
    for quantity in sorted({name for applies in entry.applies for name in applies.quantity})
    if not QUANTITIES[quantity].words
]


def judged(entry, each, quantity):
    """Return the limit as it applies to a point."""
    rule, complaints = applied(entry.model_copy(update={"thresholds": [each]}), quantity)
    assert complaints == []
    return rule.thresholds[0]


@pytest.mark.parametrize(("entry", "each", "cells", "quantity"), LIMITS)
def test_a_value_at_its_limit_and_one_step_to_each_side(entry, each, cells, quantity):
    limit = judged(entry, each, quantity)
    at, unit = written(cells[1], quantity)
    outwards, inwards = (inf, -inf) if cells[0].endswith("high") else (-inf, inf)

    assert limit.outside(convert(nextafter(at, inwards), unit, quantity)) is False
    assert limit.outside(convert(at, unit, quantity)) is (cells[2] == "outside")
    assert limit.outside(convert(nextafter(at, outwards), unit, quantity)) is True


@pytest.mark.parametrize(
    ("title", "level_side", "value", "unit", "outside"),
    [
        ("659-3", "alarm high", 46.4, "degF", False),
        ("659-3", "alarm high", 46.5, "degF", True),
        ("659-3", "alarm high", 281.15, "K", False),
        ("659-3", "alarm low", 35.6, "degF", False),
        ("659-3", "alarm low", 35.5, "degF", True),
        ("797-P1", "alarm low", 0.020, "inH2O", False),
        ("797-P1", "alarm low", 0.0196, "inH2O", True),
        ("797-P1", "alarm low", 5.0, "Pa", False),
        ("797-P1", "alarm low", 4.981778, "Pa", False),
        ("797-P1", "alarm low", 0.04981778, "hPa", False),
        ("797-P1", "alarm low", 4.98, "Pa", True),
        ("800-P1", "alarm low", -7.5, "Pa", True),
        ("800-P1", "alarm low", -7.472667, "Pa", False),
        ("800-P1", "alarm low", -8.0, "Pa", True),
        ("800-P1", "alarm high", -2.5, "Pa", False),
        ("797-N1", "alarm high", 100.0, "1/ft3", True),
        ("797-N1", "alarm high", 99.0, "1/ft3", False),
        ("EYE-3", "alarm low", 15.5, "degC", True),
        ("EYE-3", "alarm high", 37.7, "degC", False),
    ],
)
def test_a_value_in_another_unit_is_judged_as_people_reckon(title, level_side, value, unit, outside):
    entry = ENTRIES[title]
    quantity = entry.applies[0].quantity[0]
    each = next(one for one in entry.thresholds if f"{one.level} {one.side}" == level_side)

    assert judged(entry, each, quantity).outside(convert(value, unit, quantity)) is outside


@pytest.mark.parametrize("name", changed_catalogue.KINDS)
def test_the_catalogue_does_what_the_table_says(name):
    noticed = {
        entry["id"]: changed_catalogue.verdict(name, entry) for entry in changed_catalogue.written(name)
    }

    assert {id_: wrong for id_, wrong in noticed.items() if wrong} == {}


def test_the_table_has_no_rule_that_the_catalogue_has_not():
    titles = set(ENTRIES)
    titles |= {f"sum {entry.id}" for entry in load_catalogue().exposures}
    titles |= {f"place {entry.id}" for entry in load_catalogue().placement}

    assert set(TABLE) == titles


@pytest.mark.parametrize("name", changed_catalogue.KINDS)
def test_every_changed_number_and_inclusiveness_is_noticed(name):
    killed, alive = changed_catalogue.survivors(name)

    assert alive == []
    assert sum(killed.values()) > 5


def test_a_mutant_that_nobody_notices_would_be_told(monkeypatch):
    monkeypatch.setattr(changed_catalogue, "verdict", lambda *_: [])

    killed, alive = changed_catalogue.survivors("placement")
    assert (sum(killed.values()), len(alive)) == (0, 6)
    assert "800-R1 air_changes: 12 1/h -> 13 1/h" in alive


def test_the_lines_of_a_rule_are_written_for_review():
    printed = subprocess.run(
        [sys.executable, "tests/changed_catalogue.py", "--lines", "659-2"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert printed == (
        "659-2 | SHALL | secondary | 10m | 0.3 degC | 15m\n"
        "  alarm high | 8 degC | inside | 15m | - | 1h | high | SHALL | too warm\n"
    )
