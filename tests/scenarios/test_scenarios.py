"""Every story is played as it is, and with a restart before every input."""

from functools import cache
from pathlib import Path

import pytest

from hdmonitor.catalogue import load_catalogue, own_rules
from hdmonitor.scenario import play
from hdmonitor.site import load_site
from hdmonitor.stories import load_scenario

FILES = sorted(Path(__file__).parent.glob("*.yaml"))
site_of = cache(load_site)


@cache
def loaded(file):
    scenario, problems = load_scenario(file, lambda path: site_of(path.resolve()))
    assert not problems, "\n".join(map(str, problems))
    return scenario


STORIES = [
    pytest.param(story, id=f"{file.stem}: {story.name}") for file in FILES for story in loaded(file).stories
]


@pytest.mark.parametrize("story", STORIES)
def test_the_story_goes_as_it_is_told(story):
    assert "\n".join(play(story, own_rules())) == "\n".join(story.then)


@pytest.mark.parametrize("story", STORIES)
def test_a_restart_before_every_line_changes_nothing(story):
    assert "\n".join(play(story, own_rules(), restart_always=True)) == "\n".join(story.then)


def test_every_rule_of_the_catalogue_has_a_story():
    told = {rule for file in FILES for rule in loaded(file).covers}

    assert load_catalogue().ids <= told
