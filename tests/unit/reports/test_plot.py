"""Where things lie in the picture of a story."""

from itertools import pairwise

import pytest
from unit.stories.told import load, written

from hdmonitor.catalogue import own_rules
from hdmonitor.reports.plot import picture, told_after
from hdmonitor.scenario import moment
from hdmonitor.stories import load_scenario
from hdmonitor.trials import put_to_the_test


def drawn(folder, *given, when="0m restart"):
    scenario, _ = load_scenario(written(folder, given="\n        ".join(given), when=when), load)
    return picture(put_to_the_test(scenario.stories[0], own_rules()))


def phases(strip):
    return [(part.left, part.width, part.text) for part in strip.segments]


def test_phases_are_stretches_of_the_time_with_their_words(tmp_path):
    shown = drawn(tmp_path, "16m 9.0 degC", "4m 5.0 degC")

    (strip,) = shown.panels[0].strips
    assert strip.name == "659-3"
    assert phases(strip) == [
        (0.0, 20.0, "normal"),
        (20.0, 60.0, "pending"),
        (80.0, 4.0, "ACTIVE: too warm"),
        (84.0, 16.0, "clearing"),
    ]


def test_who_was_told_is_marked_with_the_number_of_the_line(tmp_path):
    shown = drawn(tmp_path, "16m 9.0 degC", "4m 5.0 degC")

    (told,) = shown.others
    assert [(mark.at, mark.text) for mark in told.marks] == [(80.0, "4")]


def test_limits_around_the_values_are_drawn_and_the_others_named(tmp_path):
    panel = drawn(tmp_path, "5m 9.0 degC").panels[0]

    assert [mark.text + mark.more for mark in panel.limits] == [
        "far too warm: above 15 C for 3 min",
        "too warm: above 8 C for 15 min",
        "getting warm: above 7.5 C for 20 min",
        "getting cold: below 2.5 C for 20 min",
        "too cold: below 2 C for 15 min",
    ]
    assert panel.further == ("freezing: below 0.5 C",)


def test_words_of_limits_do_not_cover_each_other(tmp_path):
    panel = drawn(tmp_path, "5m 16.0 degC").panels[0]

    places = [mark.label_at for mark in panel.limits]
    assert all(below - above >= 15 for above, below in pairwise(places))
    assert 0 <= min(places) <= max(places) <= panel.height - 15


def test_time_that_no_reading_vouches_for_is_shown_as_such(tmp_path):
    panel = drawn(tmp_path, "30m silent", "5m 5.0 degC", "60m silent").panels[0]

    assert [(gap.left, gap.width, gap.text) for gap in panel.gaps] == [
        (4.0, 31.0, "no reading"),
        (39.0, 61.0, "no reading"),
    ]
    assert panel.line.count("M") == 2


def test_faults_and_repeated_values_are_no_part_of_the_line(tmp_path):
    panel = drawn(tmp_path, "2m fault", "2m retained 20.0 degC", "1m 5.0 degC").panels[0]

    assert panel.faults == (50.0, 60.0)
    assert panel.kept.count("M") == 2
    assert panel.line.count("M") + panel.line.count("L") == 6


def test_a_day_of_readings_keeps_its_extremes_and_stays_small(tmp_path):
    panel = drawn(tmp_path, "12h 5.0 degC every 5s", "5s 3.3 degC every 5s", "12h 5.0 degC every 5s").panels[
        0
    ]

    heights = {float(step.split()[1]) for step in panel.line.replace("L", "M").split("M") if step}
    assert len(panel.line) < 40_000
    assert len(heights) == 2


@pytest.mark.parametrize("text", ["0m00s", "59m59s", "1h02m00s", "30h00m00.25s"])
def test_the_time_of_a_line_is_read_as_it_is_written(text):
    assert moment(told_after(text)) == text


def test_a_line_without_a_time_has_none():
    assert told_after("refused:") is None
