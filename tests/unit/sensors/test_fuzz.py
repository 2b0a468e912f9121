"""A short run of `make fuzz`, and that it would see what it looks for."""

import time

import fuzz
import pytest

from hdmonitor.sensors import FAMILIES
from hdmonitor.sensors.found import Findings, Found

MESSAGES = 100_000  # over all families; ten million in `make fuzz`
SECONDS = 240  # it takes some 10 s of one core


@pytest.mark.timeout(SECONDS)
def test_a_hundred_thousand_messages_break_no_family_and_fill_no_memory():
    before = fuzz.peak()
    fed = fuzz.fuzz(MESSAGES, 1, [])

    assert {victim.family.name for victim in fed} == set(FAMILIES)
    assert sum(sum(victim.outcome.values()) for victim in fed) >= MESSAGES
    assert all(victim.outcome["read"] or victim.outcome["nothing"] for victim in fed)
    assert fuzz.peak() - before < 100


def broken(monkeypatch, answer):
    """Fuzz a family that answers so."""
    (victim,) = fuzz.victims(["cayennelpp"])

    class Family:
        name = "broken"
        recognise = staticmethod(victim.family.recognise)
        read = staticmethod(answer)

    monkeypatch.setattr(fuzz, "victims", lambda _: [fuzz.Victim(Family, victim.seeds)])
    monkeypatch.setattr(fuzz, "SLOW", 0.2)
    with pytest.raises(fuzz.Broken) as caught:
        fuzz.fuzz(10, 1, [])
    return str(caught.value)


def test_it_sees_an_exception_with_the_message_that_made_it(monkeypatch):
    def raises(message, *_):
        return message.payload[10_000], None

    told = broken(monkeypatch, raises)
    assert told.startswith("IndexError: index out of range\nbroken on 'lpp/cooler-3/up': 03670110056700ff")


def test_it_sees_a_value_that_is_no_number(monkeypatch):
    def infinite(*_):
        return Findings((Found("a", "b", "temperature", float("inf")),)), None

    assert "no number" in broken(monkeypatch, infinite)


def test_it_sees_a_message_that_holds_up_the_others(monkeypatch):
    def slow(*_):
        ends = time.process_time() + 0.3
        while time.process_time() < ends:
            pass
        return Findings(), None

    monkeypatch.setattr(fuzz, "LONGEST", 0)  # nothing is traced
    assert "s for one message of broken" in broken(monkeypatch, slow)
