"""How long a page or a look into the journal is kept."""

import pytest

from hdmonitor.web import kept as module
from hdmonitor.web.kept import Kept


class Clock:
    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def kept(clock, takes):
    made = []

    def make():
        clock.now += takes
        made.append(clock.now)
        return len(made)

    return Kept(make)


def test_what_is_made_quickly_is_made_anew_after_a_second(clock):
    page = kept(clock, takes=0.01)

    assert page() == 1
    clock.now = 100.999
    assert page() == 1
    clock.now = 101.0
    assert page() == 2


def test_what_took_long_to_make_is_kept_ten_times_as_long(clock):
    page = kept(clock, takes=0.5)

    assert page() == 1
    clock.now = 104.999
    assert page() == 1
    clock.now = 105.0
    assert page() == 2
