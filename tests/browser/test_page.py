"""The first page in a real browser, on a phone and on a desk."""

from time import monotonic

import pytest
from browser.chromium import Chromium, found
from pages import bad_morning, served

pytestmark = pytest.mark.skipif(
    found() is None, reason="no Chromium on PATH; on Debian: sudo apt-get install chromium"
)


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    path = tmp_path_factory.mktemp("morning") / "journal.db"
    bad_morning(path)
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def named(condition):
    """Return an expression for the texts of the elements that meet a condition."""
    return f"[...document.querySelectorAll('body *')].filter(e => {condition}).map(e => e.textContent)"


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_the_screen_and_can_be_read(journal, browser, tmp_path, width):
    with served(journal, turned_at=monotonic() - 40) as url:
        browser.open(url, width)
        browser.picture(tmp_path / f"{width}.png")

        assert browser.evaluate("document.documentElement.scrollWidth") <= width
        assert browser.evaluate(named("e.getBoundingClientRect().right > innerWidth")) == []
        assert browser.evaluate(named("parseFloat(getComputedStyle(e).fontSize) < 12")) == []
    assert (tmp_path / f"{width}.png").stat().st_size > 10_000


def test_the_page_is_the_same_without_scripts(journal, browser):
    with served(journal) as url:
        browser.open(url, 360, scripts=False)
        text = browser.tell("DOM.getOuterHTML", nodeId=browser.tell("DOM.getDocument")["root"]["nodeId"])

    assert "STOP HD WORK: HD buffer not negative" in text["outerHTML"]


def test_what_is_unknown_is_grey_and_only_that(journal, browser):
    with served(journal) as url:
        browser.open(url, 1280)
        colours = browser.evaluate(
            "[...document.querySelectorAll('.points li')].map(e =>"
            " [e.querySelector('.name').textContent, getComputedStyle(e).backgroundColor])"
        )

    grey = {name for name, colour in colours if colour == "rgb(227, 230, 234)"}
    assert grey == {
        "BSC 1 power",
        "Cooler 17",
        "Freezer 1",
        "HD ante-room door",
        "HD buffer humidity",
        "HD storage pressure",
    }
