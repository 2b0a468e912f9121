"""The pages in a real browser: on a phone and on a desk, by day and by night, with scripts and without."""

from time import monotonic

import pytest
from browser.looking import DESK, EVERY_SCREEN, PHONE, Screen, evaluate, shown, violations
from pages import NOW, bad_morning, served

from hdmonitor.reader import Reader

OUT_OF_THE_PAGE = """[...document.querySelectorAll('body *')]
    .filter(e => !e.closest('.wide, .skip, svg') && e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 120))"""
TOO_SMALL = """[...document.querySelectorAll('body *')]
    .filter(e => parseFloat(getComputedStyle(e).fontSize) < 12).map(e => e.outerHTML.slice(0, 120))"""
GREY = "rgb(227, 230, 234)"
PATHS = [
    "/",
    "/rooms/hd-buffer",
    "/points/hd-fridge-2.temperature",
    "/points/hd-buffer.door?span=6h",
    "/alarms",
    "/alarms/A50",
    "/nothing",
]


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    path = tmp_path_factory.mktemp("morning") / "journal.db"
    bad_morning(path)
    with Reader(path) as reader:
        assert "A50" in [alarm.id for alarm in reader.alarms()]
    return path


@pytest.fixture(scope="module")
def url(journal):
    with served(journal) as url:
        yield url


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_page_fits_the_screen_and_can_be_read(url, browser, path, size):
    with shown(browser, url + path, Screen(size)) as page:
        assert evaluate(page, "document.documentElement.scrollWidth") <= size[0]
        assert evaluate(page, OUT_OF_THE_PAGE) == []
        assert evaluate(page, TOO_SMALL) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", PATHS)
def test_axe_has_nothing_against_a_page_on_any_screen(url, browser, path):
    found = {str(screen): violations(browser, url + path, screen) for screen in EVERY_SCREEN}

    assert {screen: each for screen, each in found.items() if each} == {}


@pytest.mark.parametrize("path", PATHS[:-1])
def test_a_page_says_the_same_without_scripts(url, browser, path):
    texts = []
    for scripts in (True, False):
        with shown(browser, url + path, Screen(scripts=scripts)) as page:
            texts.append(evaluate(page, "document.querySelector('main').innerText.replace(/ago|[0-9]/g, '')"))

    assert texts[0] == texts[1]
    assert len(texts[0]) > 100


def test_what_is_unknown_is_grey_and_only_that(url, browser):
    with shown(browser, url) as page:
        colours = evaluate(
            page,
            "[...document.querySelectorAll('.points li')].map(e =>"
            " [e.querySelector('.name').textContent, getComputedStyle(e).backgroundColor])",
        )

    grey = {name for name, colour in colours if colour == GREY}
    assert grey == {
        "BSC 1 power",
        "Cooler 17",
        "Freezer 1",
        "HD ante-room door",
        "HD buffer humidity",
        "HD storage pressure",
    }


# --- the board ------------------------------------------------------------------


def test_a_state_of_the_board_is_read_from_three_metres(url, browser):
    """Letters 15 mm high; on a screen of 24 inches 1280 pixels are 531 mm."""
    with shown(browser, url, Screen(DESK)) as page:
        sizes = evaluate(
            page,
            "[...document.querySelectorAll('.work .verdict')]"
            ".map(e => parseFloat(getComputedStyle(e).fontSize))",
        )

    assert min(sizes) * 0.72 * 531 / 1280 > 11  # capitals are 0.72 of the size; the least that can be read
    assert max(sizes) * 0.72 * 531 / 1280 > 13


def test_a_state_has_its_word_and_its_mark_beside_its_colour(url, browser):
    with shown(browser, url) as page:
        said = evaluate(page, "[...document.querySelectorAll('.card .verdict')].map(e => e.innerText)")

    assert said == ["✕ NO", "✕ NO", "✕ ATTENTION", "? UNKNOWN", "✕ ATTENTION"]


def test_a_page_that_lost_its_connection_blanks_itself(journal, browser):
    with served(journal) as url:
        context = browser.new_context()
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("main .card", state="visible")
        context.set_offline(True)
        page.wait_for_selector("#lost", state="visible", timeout=30_000)

        assert "Nothing on this page is known any more" in page.inner_text("body")
        assert page.locator("main").is_hidden()
        assert "HD buffer" not in page.inner_text("body")

        context.set_offline(False)
        page.wait_for_selector("main .card", state="visible", timeout=30_000)
        assert page.locator("#lost").is_hidden()
        context.close()


def test_a_page_whose_monitor_has_ended_blanks_itself(journal, browser):
    context = browser.new_context()
    page = context.new_page()
    with served(journal) as url:
        page.goto(url)
        page.wait_for_selector("main .card", state="visible")
    page.wait_for_selector("#lost", state="visible", timeout=30_000)

    assert page.locator("main").is_hidden()
    context.close()


@pytest.mark.parametrize(
    ("look", "says"),
    [
        ("card work", "? UNKNOWN, so NO: the readings are too old"),
        ("card", "? UNKNOWN: the readings are too old"),
    ],
)
def test_no_known_reason_ends_at_its_time_even_if_no_newer_page_comes(url, browser, look, says):
    with shown(browser, url, Screen()) as page:
        page.route("**/*", lambda _: None)  # nothing comes any more, and nothing says so
        # Marked again where a newer page, under way before, has taken the place of the first.
        page.wait_for_function(
            "() => { const it = document.querySelector('#it') ?? document.querySelector('.card');"
            f" if (it.id !== 'it') {{ it.id = 'it'; it.className = '{look} none-known';"
            f" it.dataset.until = '{NOW.isoformat()}'; }} return it.classList.contains('unknown'); }}"
        )

        assert page.inner_text("#it.unknown .verdict") == says


def test_trouble_is_shown_live(journal, browser):
    """The page asks again by itself: nobody reloads it."""
    with served(journal, turned_at=monotonic() - 12) as url, shown(browser, url) as page:
        page.wait_for_selector("text=core: stands still", timeout=30_000)


# --- with a keyboard --------------------------------------------------------------


def test_the_keyboard_comes_to_the_content_first_and_to_everything_that_leads_somewhere(url, browser):
    with shown(browser, url) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert (
            page.evaluate(
                'document.querySelectorAll(\'[tabindex]:not([tabindex="-1"],[tabindex="0"])\').length'
            )
            == 0
        )
