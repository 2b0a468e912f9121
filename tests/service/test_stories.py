"""Every story is played through a real journal, with a restart from it before every input."""

from pathlib import Path

import pytest

from hdmonitor.catalogue import own_rules
from hdmonitor.journal import Journal
from hdmonitor.scenario import Memory, play
from hdmonitor.site import load_site
from hdmonitor.stories import load_scenario

FILES = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))


class Recorded(Memory):
    """Remembers in a real journal instead."""

    def __init__(self, journal):
        self.journal = journal

    def take(self, outcome, at):
        self.journal.commit(outcome, at=at)

    def restored(self):
        return self.journal.restore()

    def recall(self, point, since, lead):
        return self.journal.recall(point, since, lead)

    def measured(self, point, since):
        return self.journal.measured(point, since)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_restart_from_a_real_journal_changes_nothing(file, tmp_path):
    scenario, _ = load_scenario(file, load_site)
    for number, story in enumerate(scenario.stories):
        journal = Journal.open(tmp_path / f"{number}.db")
        # Restarts here are clean; losing power is the business of the kill suite.
        journal._database.execute("PRAGMA synchronous = OFF")

        told = play(
            story, own_rules(), restart_always=True, remember=lambda journal=journal: Recorded(journal)
        )

        assert "\n".join(told) == "\n".join(story.then)
        with journal.reader() as reader:
            assert reader.verify() == []
        journal.close()
