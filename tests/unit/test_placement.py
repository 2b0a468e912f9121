"""Where stock may go now: what the message names, and what it leaves out."""

from dataclasses import replace
from pathlib import Path

import pytest

from hdmonitor.model import Equipment
from hdmonitor.placement import Known, Spares
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[2] / "config" / "site.yaml")
INCH = 249.0889
NORMAL = {
    "hd-fridge-1.temperature": Known(5.0, calm=True),
    "hd-fridge-2.temperature": Known(9.4, calm=False),
    "hd-storage.pressure": Known(-0.010 * INCH, calm=True),
    "freezer-1.temperature": Known(-20.0, calm=True),
}


def spare(unit="hd-fridge-2", site=SITE, **facts):
    known = NORMAL | {name.replace("__", ".").replace("_", "-"): fact for name, fact in facts.items()}
    return Spares(site).of(unit, lambda point: known.get(point, Known(None, calm=True)))


def with_unit(**changes):
    """Return the site with its first refrigerator changed."""
    first = replace(SITE.equipment["hd-fridge-1"], **changes)
    return replace(SITE, equipment={**SITE.equipment, "hd-fridge-1": first})


def with_storage(**changes):
    rooms = {**SITE.rooms, "hd-storage": replace(SITE.rooms["hd-storage"], **changes)}
    return replace(SITE, rooms=rooms)


def test_a_unit_of_the_same_kind_that_is_normal_in_a_permitted_room_is_named():
    assert spare() == ("HD Fridge 1",)


@pytest.mark.parametrize(
    "fact",
    [
        {"hd_fridge_1__temperature": Known(8.2, calm=False)},
        {"hd_fridge_1__temperature": Known(None, calm=True)},
    ],
    ids=["not normal", "silent or faulty"],
)
def test_a_unit_that_is_not_normal_or_not_known_is_left_out(fact):
    assert spare(**fact) == ()


def test_a_unit_without_a_thermometer_is_left_out():
    assert spare("freezer-1") == ()
    unwatched = Equipment("hd-fridge-3", "HD Fridge 3", "refrigerator", "hd-storage", ("antineoplastic",))

    assert spare(site=replace(SITE, equipment={**SITE.equipment, "hd-fridge-3": unwatched})) == (
        "HD Fridge 1",
    )


@pytest.mark.parametrize(
    ("pressure", "named"),
    [
        (-0.0051 * INCH, ("HD Fridge 1",)),
        (-0.005 * INCH, ()),
        (0.0, ()),
        (None, ()),
    ],
)
def test_the_room_must_be_negative_now_beyond_the_accuracy_of_its_gauge(pressure, named):
    assert spare(hd_storage__pressure=Known(pressure, calm=True)) == named


@pytest.mark.parametrize(("hvac", "named"), [(12.0, ("HD Fridge 1",)), (11.9, ())])
def test_the_room_needs_12_air_changes_by_its_report(hvac, named):
    report = replace(SITE.rooms["hd-storage"].certified, hvac=hvac)

    assert spare(site=with_storage(certified=report)) == named


def test_a_room_whose_air_changes_nobody_knows_is_no_place():
    assert spare(site=with_storage(certified=None)) == ()


@pytest.mark.parametrize(("air", "named"), [(12.0, ("HD Fridge 1",)), (11.99, ()), (None, ())])
def test_where_a_sensor_measures_the_air_the_report_does_not_count(air, named):
    gauge = SITE.points["hd-storage.pressure"]
    sensor = replace(gauge, id="hd-storage.supply-air-changes", quantity="air_changes", to=None)
    site = replace(SITE, points={**SITE.points, sensor.id: sensor})

    assert spare(site=site, hd_storage__supply_air_changes=Known(air, calm=True)) == named


@pytest.mark.parametrize(
    "changes",
    [{"room": "pharmacy"}, {"kind": "cold-storage"}, {"contents": ("refrigerated",)}],
    ids=["another room", "another kind", "not for antineoplastics"],
)
def test_another_room_kind_or_stock_is_left_out(changes):
    assert spare(site=with_unit(**changes)) == ()


def test_other_stock_needs_no_negative_room_but_never_goes_among_antineoplastics():
    both = {
        name: replace(unit, contents=("refrigerated",), room="pharmacy") if "fridge" in name else unit
        for name, unit in SITE.equipment.items()
    }
    assert spare(site=replace(SITE, equipment=both)) == ("HD Fridge 1",)

    both["hd-fridge-1"] = SITE.equipment["hd-fridge-1"]
    assert spare(site=replace(SITE, equipment=both)) == ()


@pytest.mark.parametrize("unit", [None, "cooler-17", "bsc-1", "ups"])
def test_what_is_no_store_moves_nothing(unit):
    assert spare(unit) is None
