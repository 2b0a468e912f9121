"""Events to programs of the site: signed, in order, each until it is taken, and never a reason to end."""

import json
import logging
from datetime import UTC, datetime

import pytest
from servers import HttpSink, free_port, wait_until
from service.journal_parts import T

from hdmonitor.adapters import webhooks
from hdmonitor.adapters.webhooks import Hook, Webhook, signature
from hdmonitor.clock import Clock
from hdmonitor.events import Event, Kind, Outcome
from hdmonitor.journal import Journal

SECRET = "sixteen-characters"


def ended(error):
    raise AssertionError("the webhook ended") from error


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    for name, value in (
        ("LOOK_EVERY", 0.02),
        ("FIRST_RETRY", 0.02),
        ("SLOWEST_RETRY", 0.04),
        ("PATIENCE", 0.3),
    ):
        monkeypatch.setattr(webhooks, name, value)


@pytest.fixture
def journal(tmp_path):
    journal = Journal.open(tmp_path / "journal.db")
    yield journal
    journal.close()


def happen(journal, *numbers):
    events = [Event(n, T, Kind.MOVED, "fridge", {"to": "active", "value": 9.5}, "A1") for n in numbers]
    journal.commit(Outcome(events=events), at=T)


def sending(journal, url, done):
    """Send to `url`; what the core would write down goes into `done`."""

    def put(copied):
        journal.commit(Outcome(), copied=[copied], at=T)
        done.append((copied.cursor, copied.seq))

    return Webhook(Hook("helpdesk", url, SECRET), "example", journal.reader, put, Clock(), failed=ended)


def numbers(sink):
    return [json.loads(request.body)["number"] for request in sink.requests]


def test_a_new_receiver_hears_what_happens_from_now_on_in_order(journal):
    happen(journal, 1, 2)
    done = []
    with HttpSink() as sink, sending(journal, f"{sink.url}/hook", done):
        wait_until(lambda: done, 10)
        happen(journal, 3, 4)
        wait_until(lambda: len(sink.requests) == 2, 10)
        wait_until(lambda: len(done) == 3, 10)

    assert numbers(sink) == [3, 4]
    assert done == [("webhook.helpdesk", 2), ("webhook.helpdesk", 3), ("webhook.helpdesk", 4)]
    assert json.loads(sink.requests[0].body) == {
        "site": "example",
        "number": 3,
        "at": "2026-03-02T08:00:00+00:00",
        "recorded_at": "2026-03-02T08:00:00+00:00",
        "kind": "moved",
        "subject": "fridge",
        "alarm": "A1",
        "detail": {"to": "active", "value": 9.5},
    }


def test_after_a_restart_it_goes_on_where_the_journal_says(journal):
    happen(journal, 1)
    done = []
    with HttpSink() as sink:
        with sending(journal, sink.url, done):
            wait_until(lambda: done, 10)
        happen(journal, 2)
        with sending(journal, sink.url, done):
            wait_until(lambda: len(done) == 2, 10)

        assert numbers(sink) == [2]


@pytest.mark.parametrize("trouble", ["nobody there", 500, 401, 301])
def test_an_event_is_sent_again_until_it_is_taken_and_that_is_logged_once(journal, trouble, caplog):
    caplog.set_level(logging.INFO)
    happen(journal, 1)
    done, port = [], free_port()
    with sending(journal, f"http://127.0.0.1:{port}", done):
        wait_until(lambda: done, 10)
        if trouble != "nobody there":
            with HttpSink(port) as sink:
                sink.status = trouble
                happen(journal, 2)
                wait_until(lambda: len(sink.requests) >= 3, 10)
                assert set(numbers(sink)) == {2}
        else:
            happen(journal, 2)
            wait_until(lambda: "could not be reached" in caplog.text, 10)
        with HttpSink(port) as sink:
            wait_until(lambda: len(done) == 2, 10)
            assert numbers(sink)[-1] == 2

    assert caplog.text.count("answered 200") == 1


def test_an_event_that_is_not_wanted_keeps_none_after_it_waiting(journal, caplog):
    happen(journal, 1)
    done = []
    with HttpSink() as sink, sending(journal, sink.url, done):
        wait_until(lambda: done, 10)
        sink.status = 422
        happen(journal, 2)
        wait_until(lambda: len(done) == 2, 10)
        sink.status = 200
        happen(journal, 3)
        wait_until(lambda: len(done) == 3, 10)

        assert numbers(sink) == [2, 3]
    assert "webhook helpdesk does not want event 2" in caplog.text


def test_the_signature_is_what_other_peoples_code_computes():
    """openssl dgst -sha256 -hmac sixteen-characters, of the same bytes."""
    time = datetime(2026, 3, 2, 8, tzinfo=UTC).isoformat()

    assert signature(SECRET, time, b'{"number": 3}') == (
        "sha256=aed668a2eab63f54ef08b5a860260b24f1987b5f753e61e9897f9bb9642f1961"
    )
