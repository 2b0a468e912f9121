"""The sign of life to a watcher outside: sent while all is well, and never a reason to end."""

import logging

import pytest
from servers import HttpSink, free_port, wait_until

from hdmonitor.adapters import heartbeat
from hdmonitor.adapters.heartbeat import Heartbeat


def ended(error):
    raise AssertionError("the heartbeat ended") from error


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(heartbeat, "EVERY", 0.02)
    monkeypatch.setattr(heartbeat, "PATIENCE", 0.2)


def asked(sink):
    return [request.path for request in sink.requests]


def test_it_beats_while_everything_works():
    with HttpSink() as sink, Heartbeat(f"{sink.url}/ping/7", lambda: True, failed=ended):
        wait_until(lambda: len(asked(sink)) >= 3, 10)

    assert set(asked(sink)) == {"/ping/7"}


def test_it_is_silent_while_something_does_not_work_and_goes_on_afterwards():
    looks = []

    def works():
        looks.append(None)
        return len(looks) > 5

    with HttpSink() as sink, Heartbeat(sink.url, works, failed=ended):
        wait_until(lambda: asked(sink), 10)
        assert len(looks) > 5


@pytest.mark.parametrize("trouble", ["no server", "an error", "no answer"])
def test_a_watcher_in_trouble_is_logged_once_and_ends_nothing(trouble, caplog):
    caplog.set_level(logging.INFO)
    port, looks = free_port(), []
    with HttpSink(port) as sink:
        sink.status = 500 if trouble == "an error" else 200
        sink.delay = 1.0 if trouble == "no answer" else 0.0
        url = f"http://127.0.0.1:{free_port() if trouble == 'no server' else port}/?secret"
        with Heartbeat(url, lambda: looks.append(None) or True, failed=ended):
            wait_until(lambda: len(looks) >= 4, 20)

    [told] = [record.message for record in caplog.records if record.name == heartbeat.__name__]
    assert told.startswith("the watcher outside ")
    assert told.endswith("; it will call if that lasts")
    assert "secret" not in told


def test_a_watcher_that_is_back_is_logged(caplog):
    caplog.set_level(logging.INFO)
    with HttpSink() as sink, Heartbeat(sink.url, lambda: True, failed=ended):
        sink.status = 503
        wait_until(lambda: "answered 503; it will call if that lasts" in caplog.text, 10)
        sink.status = 204
        wait_until(lambda: "the watcher outside answered 204\n" in caplog.text, 10)


def test_what_ends_the_thread_is_told():
    failures = []

    def works():
        raise RuntimeError("broken")

    with Heartbeat("http://127.0.0.1:1", works, failed=failures.append):
        wait_until(lambda: failures, 10)

    assert str(failures[0]) == "broken"
