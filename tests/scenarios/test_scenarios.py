"""Every story is played: as it is, with a restart before every input, and through a real journal."""

from pathlib import Path

import pytest

from hdmonitor.catalogue import load_catalogue, own_rules
from hdmonitor.journal import Journal
from hdmonitor.scenario import Memory, play
from hdmonitor.site import load_site
from hdmonitor.stories import load_scenario

FILES = sorted(Path(__file__).parent.glob("*.yaml"))


def loaded(file):
    scenario, problems = load_scenario(file, load_site)
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


class Recorded(Memory):
    """Remembers in a real journal instead."""

    def __init__(self, journal):
        self.journal = journal

    def take(self, outcome, at):
        self.journal.commit(outcome, at=at)

    def restored(self):
        return self.journal.restore()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_restart_from_a_real_journal_changes_nothing(file, tmp_path):
    for number, story in enumerate(loaded(file).stories):
        journal = Journal.open(tmp_path / f"{number}.db")
        journal._database.execute(
            "PRAGMA synchronous = OFF"
        )  # restarts here are clean; the kill suite is not

        told = play(
            story, own_rules(), restart_always=True, remember=lambda journal=journal: Recorded(journal)
        )

        assert "\n".join(told) == "\n".join(story.then)
        with journal.reader() as reader:
            assert reader.verify() == []
        journal.close()


def test_every_rule_of_the_catalogue_has_a_story():
    told = {rule for file in FILES for rule in loaded(file).covers}

    assert {rule.id for rule in load_catalogue().rules} | set(own_rules()) <= told
