"""The demonstration, played for a while on a machine that is held up."""

import threading
from datetime import timedelta

import pytest

from hdmonitor import demo
from hdmonitor.journal import Journal

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

STALL = 3.0  # real seconds; 300 of the story, in which every gauge would fall silent


def test_a_machine_that_is_held_up_blinds_no_sensor_of_the_demonstration(monkeypatch, capsys):
    commit, stalls = Journal.commit, [10, 60]  # commits from the start
    commits = 0

    def held_up(self, *arguments, **named):
        nonlocal commits
        commits += 1
        if commits in stalls:
            threading.Event().wait(STALL)  # the disk does not answer
        commit(self, *arguments, **named)

    monkeypatch.setattr(Journal, "commit", held_up)

    demo.run(timedelta(seconds=12))

    said = capsys.readouterr().out
    assert commits > 60, "the stalls were not reached"
    assert "A quiet day" in said
    assert "BLIND" not in said
    assert "\nA1" not in said, "nothing has happened yet that is an alarm"
