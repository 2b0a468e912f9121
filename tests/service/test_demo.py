"""The demonstration, played for a while on a machine that is held up."""

import threading
from datetime import timedelta

import pytest

from hdmonitor import demo
from hdmonitor.simulator.publisher import Publisher

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

STALL = 3.0  # real seconds; 300 of the story, in which every gauge would fall silent


def test_a_machine_that_is_held_up_blinds_no_sensor_of_the_demonstration(monkeypatch, capsys):
    publish, stalls = Publisher.publish, [100, 400]  # messages from the start
    messages = 0

    def held_up(self, topic, payload):
        nonlocal messages
        messages += 1
        if messages in stalls:
            threading.Event().wait(STALL)
        publish(self, topic, payload)

    monkeypatch.setattr(Publisher, "publish", held_up)

    demo.run(timedelta(seconds=12))

    said = capsys.readouterr().out
    assert messages > 400, "the stalls were not reached"
    assert "A quiet day" in said
    assert "BLIND" not in said
    assert "\nA1" not in said, "nothing has happened yet that is an alarm"


def test_a_demonstration_for_no_time_plays_nothing(capsys):
    demo.run(timedelta(0))

    assert "HD Fridge 2" not in capsys.readouterr().out
