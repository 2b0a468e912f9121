from pathlib import Path

import pytest

from hdmonitor.sensors import FAMILIES, faults
from hdmonitor.units import QUANTITIES

PAGE = (Path(__file__).parents[3] / "docs" / "sensors.md").read_text(encoding="utf-8")
FAULTS = {
    *faults.WORDS.values(),
    *(fault for table in (*faults.EXACT.values(), *faults.OF_FAMILY.values()) for fault in table.values()),
    *(fault for _, _, fault in faults.POSSIBLE.values()),
    "no_value_code",
    "error",
    "unreadable",
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_its_heading(family):
    assert f"\n### {family}\n" in PAGE


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_quantity_is_listed_with_its_units(quantity):
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("| ")]
    units = next(row[2] for row in rows if quantity in row[1].strip().split(", "))

    for unit in QUANTITIES[quantity].units:
        assert f" {unit.name}" in units


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_every_fault_is_explained(fault):
    rows = PAGE.partition("## Faults")[2]

    assert any(fault in line.split("|")[1] for line in rows.splitlines() if line.startswith("| "))
