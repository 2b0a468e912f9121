"""The pages of people who are logged in: they fit, everybody can read them, they act without scripts."""

import pytest
from browser.looking import DESK, PHONE, Screen, evaluate, shown, violations
from manned import PASSWORD, PIN, manned

SMALL_TARGETS = """[...document.querySelectorAll('button, summary, select, input:not([type=hidden])')]
    .filter(e => e.checkVisibility() && !e.closest('.tick, header') && e.getBoundingClientRect().height < 44)
    .map(e => e.outerHTML.slice(0, 120))"""
SCREENS = [Screen(PHONE), Screen(DESK, dark=True)]
PATHS = ["/rooms/hd-buffer/acts", "/rooms/hd-storage/acts", "/alarms/numbers", "/me"]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with manned(tmp_path_factory.mktemp("acting") / "journal.db") as house:
        yield house


@pytest.fixture(scope="module")
def session(house):
    """Return what a browser keeps of the pharmacist's login."""
    person = house.browser()
    person.log_in("pharmacist")
    cookies = [
        {"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}
        for name, value in person.cookies.items()
    ]
    return {"storage_state": {"cookies": cookies}}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", PATHS)
def test_a_page_with_forms_fits_and_axe_has_nothing_against_it(house, session, browser, path):
    url = f"http://127.0.0.1:{house.port}{path}"
    for screen in SCREENS:
        assert violations(browser, url, screen, **session) == []
        with shown(browser, url, screen, **session) as page:
            assert evaluate(page, "document.documentElement.scrollWidth") <= screen.size[0]
            assert evaluate(page, SMALL_TARGETS) == []


def test_a_room_is_said_to_be_in_use_and_the_board_overridden_without_scripts(house, browser):
    with shown(browser, f"http://127.0.0.1:{house.port}/login", Screen(PHONE, scripts=False)) as page:
        page.get_by_label("Name").fill("pharmacist")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.goto(f"http://127.0.0.1:{house.port}/rooms/hd-buffer/acts")
        page.get_by_role("button", name="People work here").click()
        assert "On record who says so." in page.locator("main").inner_text()
        page.get_by_text("Work on in spite of what the board says").click()
        form = page.locator("form", has=page.locator("input[value=override]"))
        form.get_by_label("Why").fill("emergency dose")
        form.get_by_label("Your PIN").fill(PIN)
        form.get_by_role("button", name="Override").click()
        assert "The override is on the board with your name." in page.locator("main").inner_text()
        house.wait_for_the_next_look()
        page.goto(f"http://127.0.0.1:{house.port}/")
        card = page.locator("#card-hd-buffer").locator("..").inner_text()

    assert "✕ NO" in card
    assert "in use" in card
    assert "Overridden by Pharmacist on call until 08:05: emergency dose" in card
