"""The report is one page that says what was played, on what, and how it went."""

import re
from datetime import UTC, datetime

import pytest
from unit.stories.told import SITE, load, written

from hdmonitor import __version__
from hdmonitor.catalogue import load_catalogue, own_rules
from hdmonitor.reports.stories import page
from hdmonitor.stories import load_scenario
from hdmonitor.trials import Played, put_to_the_test

AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
THEN = "5m00s hd-fridge-1.temperature normal -> pending"


def played(file):
    scenario, problems = load_scenario(file, load)
    trials = [put_to_the_test(story, own_rules()) for story in scenario.stories] if scenario else []
    return Played(file, scenario, tuple(map(str, problems)), trials)


@pytest.fixture
def good(tmp_path):
    return page([played(written(tmp_path, given="1m 9.0 degC", then=THEN))], AT)


@pytest.fixture
def bad(tmp_path):
    return page([played(written(tmp_path, given="1m 9.0 degC", then=THEN.replace("5m00", "5m01")))], AT)


def test_the_page_says_what_was_played_on_what(good):
    site, _ = load(SITE)

    assert f"hdmonitor {__version__}" in good
    assert site.config_hash in good
    assert load_catalogue().digest in good
    assert "2026-03-03 09:00:00 UTC" in good


def test_rules_stand_with_version_force_and_confidence(good):
    row = re.search('<tr><td class="id">659-3</td>.*?</tr>', good)[0]

    assert re.sub("<[^>]+>", "|", row).replace("||", "|") == (
        "|659-3|1|temperature of a refrigerator, 2 to 8 degC|SHALL|secondary|USP &lt;659&gt;, refrigerator|"
    )


def test_a_story_that_passed_is_said_to_in_words(good):
    assert "<b>PASSED</b> 1 of 1 stories went as expected" in good
    assert good.count("as expected</span>") == 2
    assert "FAILED" not in good


def test_a_story_that_failed_shows_what_is_missing_and_what_is_too_much(bad):
    assert "<b>FAILED</b> 0 of 1 stories went as expected" in bad
    assert bad.count('<tr class="missing">') == bad.count('<tr class="extra">') == 1


def test_a_file_that_cannot_be_read_is_on_the_page(tmp_path):
    report = page([played(written(tmp_path, given="soon 5 degC"))], AT)

    assert "<b>FAILED</b> 0 of 0 stories went as expected; 1 file could not be read" in report
    assert "12:9: &#39;soon&#39; is not a duration" in report


def test_the_page_needs_nothing_but_itself(good):
    assert not re.search(r"<script|<link|<img|https?:|url\(|@import", good)


def test_what_a_story_says_is_text_and_never_markup(tmp_path):
    file = written(tmp_path)
    text = file.read_text(encoding="utf-8").replace("It gets warm", "<b>It</b> & <script>alert(1)</script>")
    file.write_text(text, encoding="utf-8")

    report = page([played(file)], AT)

    assert "<script" not in report
    assert "&lt;b&gt;It&lt;/b&gt; &amp; &lt;script&gt;" in report


def test_every_story_of_the_project_can_be_drawn_whatever_its_points_measure():
    scenarios = SITE.parents[1] / "tests" / "scenarios"

    for file in ("air_changes", "pairs_added_up"):  # flows that no limit judges, sums that no sensor measures
        assert "<svg" in page([played(scenarios / f"{file}.yaml")], AT)
