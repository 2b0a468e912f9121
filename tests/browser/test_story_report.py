"""The report of stories in a real browser: on a phone, on a desk, in the dark, on paper."""

from pathlib import Path

import pytest
from browser.chromium import Chromium, found

from hdmonitor.cli import main

pytestmark = pytest.mark.skipif(
    found() is None, reason="no Chromium on PATH; on Debian: sudo apt-get install chromium"
)
SCENARIOS = Path(__file__).parents[1] / "scenarios"
STORIES = [str(SCENARIOS / name) for name in ("hd_buffer_pressure.yaml", "blind.yaml", "doors.yaml")]
OUT_OF_THE_PAGE = """[...document.querySelectorAll('body *')]
    .filter(e => !e.closest('.wide') && e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.textContent)"""
TOO_SMALL = """[...document.querySelectorAll('body *')]
    .filter(e => parseFloat(getComputedStyle(e).fontSize) < 12).map(e => e.textContent)"""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "stories.html"
    assert main(["scenario", *STORIES, "--report", str(path)]) == 0
    return path.as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.mark.parametrize("width", [360, 1280])
def test_the_report_fits_the_screen_and_can_be_read(report, browser, width):
    browser.open(report, width)

    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.evaluate(OUT_OF_THE_PAGE) == []
    assert browser.evaluate(TOO_SMALL) == []


def test_every_story_has_its_picture_and_its_table(report, browser):
    browser.open(report, 1280)

    assert browser.evaluate("document.querySelectorAll('article').length") == 31
    assert browser.evaluate("document.querySelectorAll('article .panel svg').length") >= 31
    assert browser.evaluate("document.querySelectorAll('article table.story').length") == 31


def test_paper_is_white_whatever_the_screen_is(report, browser):
    for media, paper in (("screen", "rgb(20, 23, 26)"), ("print", "rgb(255, 255, 255)")):
        features = [{"name": "prefers-color-scheme", "value": "dark"}]
        browser.tell("Emulation.setEmulatedMedia", media=media, features=features)
        browser.open(report, 1280)
        assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == paper
    browser.tell("Emulation.setEmulatedMedia", media="", features=[])
