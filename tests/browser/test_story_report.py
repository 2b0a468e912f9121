"""The report of stories in a real browser: on a phone, on a desk, in the dark, on paper."""

from pathlib import Path

import pytest
from browser.looking import DESK, PHONE, Screen, evaluate, shown

from hdmonitor.cli import main

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


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_report_fits_the_screen_and_can_be_read(report, browser, size):
    with shown(browser, report, Screen(size)) as page:
        assert evaluate(page, "document.documentElement.scrollWidth") <= size[0]
        assert evaluate(page, OUT_OF_THE_PAGE) == []
        assert evaluate(page, TOO_SMALL) == []


def test_every_story_has_its_picture_and_its_table(report, browser):
    with shown(browser, report) as page:
        assert evaluate(page, "document.querySelectorAll('article').length") == 31
        assert evaluate(page, "document.querySelectorAll('article .panel svg').length") >= 31
        assert evaluate(page, "document.querySelectorAll('article table.story').length") == 31


def test_paper_is_white_whatever_the_screen_is(report, browser):
    with shown(browser, report, Screen(dark=True)) as page:
        for media, paper in (("screen", "rgb(20, 23, 26)"), ("print", "rgb(255, 255, 255)")):
            page.emulate_media(media=media)
            assert evaluate(page, "getComputedStyle(document.body).backgroundColor") == paper
