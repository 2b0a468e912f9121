"""What is due, the drug list, incidents and the drill in a real browser, on a phone and on a desk."""

import pytest
from browser.looking import DESK, PHONE, Screen, chromium, evaluate, found, shown, violations
from year import TODAY, ask, core_of, filed, pages_of

from hdmonitor import evidence
from hdmonitor.compliance.incidents import STEPS
from hdmonitor.drug_list import read_drugs
from hdmonitor.reader import Reader

pytestmark = pytest.mark.skipif(
    found() is None, reason="no Chromium on PATH; on Debian: sudo apt-get install chromium"
)

DRUGS = (
    b"Generic name,NIOSH table,Antineoplastic,Reproductive,List version,Review date\n"
    b"Example-platin,1,yes,no,NIOSH 2024,2026-01-20\nExample-hormone,2,no,yes,NIOSH 2024,2026-01-20\n"
)
PAGES = (
    "/compliance",
    "/compliance/duty?obligation=aseptic-manipulation&subject=technician-3",
    "/compliance/duty?obligation=air-sampling-hood&subject=bsc-1",
    "/hazardous-drugs",
    "/incidents",
    "/drills/spill",
)


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """Give the pages of a whole year, and a login."""
    path = tmp_path_factory.mktemp("year") / "journal.db"
    filed(path)
    drugs, _ = read_drugs(DRUGS, "hd.csv", today=TODAY)
    with core_of(path) as put:
        assert ask(put, evidence.drug_list(drugs, "pharmacist-1", "hd.csv", "0" * 64)) == ""
    with pages_of(path) as (url, cookies):
        kept = [
            {"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}
            for name, value in cookies.items()
        ]
        yield path, url, {"storage_state": {"cookies": kept, "origins": []}}


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_fits_the_screen_and_axe_has_nothing_against_it(year, browser, address, size):
    _, url, logged_in = year

    with shown(browser, url + address, Screen(size), **logged_in) as page:
        assert evaluate(page, "document.documentElement.scrollWidth") == size[0]
    assert violations(browser, url + address, Screen(size, dark=size == PHONE), **logged_in) == []


def test_on_a_phone_what_stands_against_work_is_seen_first(year, browser):
    _, url, logged_in = year

    with shown(browser, f"{url}/compliance", Screen(PHONE), **logged_in) as page:
        first = page.inner_text(".against li:first-child")
        columns = page.locator(".sheet").first.locator("thead th").all_inner_texts()

    assert first == "BSC 2: certification overdue since 2026-06-06 (797-C1, SHALL)"
    assert [each.split("\n")[0] for each in columns[:3]] == [
        "Person",
        "HD competency",
        "risk acknowledgement",
    ]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_drill_runs_with_and_without_scripts(year, browser, scripts):
    path, url, logged_in = year
    with Reader(path) as reader:
        before = len(reader.drills())

    with shown(browser, f"{url}/drills/spill", Screen(PHONE, scripts=scripts), **logged_in) as page:
        page.click("text=Start the clock")
        if scripts:
            page.get_by_text("0:01", exact=True).wait_for()
        for step in STEPS:
            page.check(f"[name=step-{step}]")
        page.check("[name=person-technician-8]")
        page.click("text=Stop the clock and file it")
        said = page.inner_text(".entries li:first-child")

    assert "14 of 14 steps" in said
    with Reader(path) as reader:
        assert len(reader.drills()) == before + 1


def test_a_spill_is_reported_from_a_phone_without_scripts(year, browser):
    path, url, logged_in = year

    with shown(browser, f"{url}/incidents", Screen(PHONE, scripts=False), **logged_in) as page:
        page.check("[name=what][value=spill]")
        page.select_option("#place", "hd-buffer")
        page.select_option("#drug", "example-platin")
        page.check("[name=amount][value=small]")
        page.check("[name=first_aid][value=none-needed]")
        page.select_option("#reported_to", "pharmacist-2")
        page.click("text=Report it")
        said = page.inner_text(".entries li:first-child")

    assert "Spill, HD buffer" in said
    assert "first evaluation: 21 Nov" in said
    with Reader(path) as reader:
        assert [each.place for each in reader.incidents()] == ["hd-buffer"]
