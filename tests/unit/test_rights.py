"""Which role may do which act."""

from pathlib import Path
from typing import get_args

import pytest

from hdmonitor.alerts.picks import DISPOSITIONS, PICKS, RELEASED, kind_of
from hdmonitor.catalogue import own_rules
from hdmonitor.events import Act, Deed, OfAlarm, ReturnStep, Shelve
from hdmonitor.rights import MAY, Role, may, may_step
from hdmonitor.site import load_site
from hdmonitor.site_file import PersonRole

SITE, _ = load_site(Path(__file__).parents[2] / "config" / "site.yaml")


def classes(union):
    return {each for part in get_args(union) for each in (classes(part) if get_args(part) else {part})}


def test_every_act_has_its_rights():
    assert set(MAY) == classes(Act)
    assert classes(OfAlarm) < classes(Deed) < classes(Act)


def test_a_board_may_do_nothing():
    assert [act for act in MAY if may(Role.BOARD, act)] == []


def test_a_manager_may_what_a_pharmacist_and_an_administrator_may():
    below = (Role.PHARMACIST, Role.ADMINISTRATOR)

    assert [act for act in MAY if may(Role.MANAGER, act) is not any(may(role, act) for role in below)] == []


def test_a_role_that_nobody_knows_may_nothing():
    assert [act for act in MAY if may("visitor", act)] == []


def test_the_roles_of_the_site_file_are_these():
    assert set(get_args(PersonRole)) == {role.value for role in Role}


@pytest.mark.parametrize("role", Role)
def test_hoods_and_hazardous_rooms_are_shelved_by_pharmacists_only(role):
    assert may(role, Shelve, contained=True) is (role in (Role.PHARMACIST, Role.MANAGER))


@pytest.mark.parametrize("role", Role)
def test_a_return_to_service_is_signed_by_pharmacists_only(role):
    assert may_step(role, ReturnStep.SIGN) is (role in (Role.PHARMACIST, Role.MANAGER))
    assert may_step(role, ReturnStep.CLEAN) is (role in (Role.PHARMACIST, Role.MANAGER, Role.TECHNICIAN))


# --- what people pick from ----------------------------------------------------------


@pytest.mark.parametrize(
    ("point", "rule", "kind"),
    [
        ("hd-fridge-1.temperature", "659-3", "storage"),
        ("hd-fridge-1.temperature", "HDM-SILENCE", "sensor"),
        ("hd-fridge-1.temperature", "HDM-HAND", "storage"),
        ("hd-fridge-1.temperature", "HDM-LATE", "storage"),
        ("hd-fridge-2.door", "DOOR-3", "door"),
        ("pharmacy.temperature", "659-7", "room"),
        ("hd-buffer.pressure", "800-P1", "pressure"),
        ("bsc-1.inflow", "800-E1", "hood"),
        ("bsc-1.power", "800-E1", "hood"),
        ("mains.power", "PWR-1", "power"),
        ("ups.charge", "PWR-2", "power"),
        ("no such point", "659-3", "monitor"),
    ],
)
def test_the_kind_of_an_alarm_decides_what_people_pick_from(point, rule, kind):
    assert kind_of(SITE.points.get(point), rule) == kind
    assert PICKS[kind].causes
    assert PICKS[kind].actions


def test_the_first_choice_for_stock_is_hold_and_released_names_the_pharmacist():
    assert next(iter(DISPOSITIONS)) == "hold"
    assert "pharmacist" in DISPOSITIONS[RELEASED]


def test_every_rule_about_sensors_has_its_list():
    assert {kind_of(SITE.points["hd-fridge-1.temperature"], rule) for rule in own_rules()} <= set(PICKS)
