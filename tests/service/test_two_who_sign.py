"""An entry that two sign, on its page: a name is no signature without that person's own PIN."""

import pytest
from manned import PIN, manned
from programmes import asset, programme

from hdmonitor.reader import Reader

PROGRAMME = programme(
    asset("pumps", "pump-library", tells=("manager",)),
    asset("eyewash-1", "eyewash", tells=("manager",)),
    only=("pump-library", "eyewash-weekly"),
    in_charge="manager",
    reached={"manager": ("pharmacist-phone",)},
)
PUMPS, EYEWASH = ("pump-library", "pumps"), ("eyewash-weekly", "eyewash-1")


@pytest.fixture
def house(tmp_path):
    with manned(tmp_path / "journal.db", programme=PROGRAMME) as house:
        yield house


def file(house, duty, **more):
    """Send the form of a duty as the manager; return what the browser got."""
    browser = house.browser()
    browser.log_in("manager")
    page = browser.get(f"/compliance/duty?obligation={duty[0]}&subject={duty[1]}")
    told = {"on": "2026-03-02", "result": "pass", **more}
    return browser.post("/compliance/done", {**page.form("/compliance/done"), **told})


def entries(house):
    with Reader(house.path) as journal:
        return [(each.obligation, each.filed_by, each.second) for each in journal.completions()]


def test_the_second_person_signs_on_the_page_with_their_own_pin(house):
    assert file(house, PUMPS, second="technician", second_pin=PIN).status == 303

    assert entries(house) == [("pump-library", "manager", "technician")]


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ({}, "This needs a second person who signs with their own PIN."),
        ({"second": "manager", "second_pin": PIN}, "This needs a second person who signs"),
        ({"second": "technician"}, "Technician on duty has not signed: That is not your PIN."),
        ({"second": "technician", "second_pin": "000000"}, "Technician on duty has not signed"),
    ],
    ids=["nobody", "who files", "no PIN", "wrong PIN"],
)
def test_nothing_is_filed_where_the_second_person_has_not_signed(house, second, says):
    told = file(house, PUMPS, **second)

    assert (told.status, says in told.words) == (403, True)
    assert entries(house) == []


def test_one_person_signs_where_one_suffices_and_a_second_name_is_no_less_a_signature_there(house):
    assert file(house, EYEWASH, second="technician").status == 403
    assert entries(house) == []

    assert file(house, EYEWASH).status == 303
    assert entries(house) == [("eyewash-weekly", "manager", "")]
