"""A story that goes otherwise is told line by line: what is missing, what is too much."""

from dataclasses import replace

from unit.stories.told import load, written

from hdmonitor.catalogue import own_rules
from hdmonitor.stories import load_scenario
from hdmonitor.trials import difference, put_to_the_test

NORMAL = "0m00s hd-fridge-1.temperature unknown -> normal"
PENDING = "5m00s hd-fridge-1.temperature normal -> pending"
BACK = "6m00s hd-fridge-1.temperature pending -> normal"


def trial(folder, *then, restarts=False):
    given = "1m 9.0 degC\n        5m 5.0 degC"
    scenario, _ = load_scenario(written(folder, given=given), load)
    (story,) = scenario.stories
    return put_to_the_test(replace(story, then=then), own_rules(), restarts=restarts)


def test_a_story_that_goes_as_told_passes_and_differs_in_nothing(tmp_path):
    played = trial(tmp_path, NORMAL, PENDING, BACK, restarts=True)

    assert played.passed
    assert list(difference(played)) == []


def test_a_missing_line_is_named(tmp_path):
    warm = "5m30s hd-fridge-1.temperature raised: too warm"

    played = trial(tmp_path, NORMAL, PENDING, warm, BACK)

    assert not played.passed
    assert list(difference(played)) == [
        f"         {NORMAL}",
        f"         {PENDING}",
        f"missing  {warm}",
        f"         {BACK}",
    ]


def test_an_extra_line_is_named(tmp_path):
    assert list(difference(trial(tmp_path, NORMAL, BACK))) == [
        f"         {NORMAL}",
        f"extra    {PENDING}",
        f"         {BACK}",
    ]


def test_a_second_too_late_is_another_line(tmp_path):
    late = PENDING.replace("5m00s", "5m01s")

    assert list(difference(trial(tmp_path, NORMAL, late, BACK))) == [
        f"         {NORMAL}",
        f"missing  {late}",
        f"extra    {PENDING}",
        f"         {BACK}",
    ]


def test_a_story_in_which_nothing_is_to_happen_fails_when_something_does(tmp_path):
    assert list(difference(trial(tmp_path))) == [
        f"extra    {NORMAL}",
        f"extra    {PENDING}",
        f"extra    {BACK}",
    ]


def test_only_the_lines_around_a_difference_are_shown(tmp_path):
    played = trial(tmp_path, NORMAL, PENDING, BACK)
    long = replace(played, told=(*"abcdefgh",), story=replace(played.story, then=(*"abcdXfgh",)))

    assert list(difference(long)) == [
        "         …", "         c", "         d", "missing  X", "extra    e", "         f", "         g",
        "         …",
    ]  # fmt: skip


def test_a_story_that_only_a_restart_changes_fails_too(tmp_path):
    played = trial(tmp_path, NORMAL, PENDING, BACK, restarts=True)

    forgetful = replace(played, restarted=(NORMAL, PENDING))

    assert not forgetful.passed
    assert list(difference(forgetful)) == [
        "with a restart before every line:",
        f"         {NORMAL}",
        f"         {PENDING}",
        f"missing  {BACK}",
    ]


def test_the_readings_of_a_story_are_kept_as_they_were_judged(tmp_path):
    readings = trial(tmp_path).readings["hd-fridge-1.temperature"]

    assert [reading.value for reading in readings] == [5.0, 5.0, 5.0, 5.0, 5.0, 9.0, 5.0, 5.0, 5.0, 5.0, 5.0]
