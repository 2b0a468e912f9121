"""Messages through Apprise and real HTTP on loopback, owed by a real journal."""

import json
import logging
import socket
import sqlite3
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from queue import Empty, Queue

import pytest
from servers import HttpSink, free_port, wait_until

from hdmonitor.adapters import messenger as adapter
from hdmonitor.adapters.messenger import Messenger, Refused, Way, accepts, masked, send_now
from hdmonitor.clock import Clock, ScaledClock
from hdmonitor.events import About, Event, Kind, Notice, Outcome
from hdmonitor.inbox import Sent, Told
from hdmonitor.journal import Journal
from hdmonitor.model import Priority

# One of the plugins that Apprise loads at first use wants a module that Python 3.13 no longer has.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

SPEED = 120  # of the clock by which tries are planned; HTTP stays real
URGENT, HIGH = Priority.CRITICAL, Priority.HIGH


class StandingClock(Clock):
    at = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)

    def now(self):
        return self.at


class Desk:
    """What the core does for the messenger: owes notices, writes results down, wakes."""

    def __init__(self, path, clock):
        self.journal = Journal.open(path)
        self.clock = clock
        self.inbox = Queue()
        self.events = 0
        self.sent = []
        self.told = []
        self.failures = []

    def start(self, urls):
        self.messenger = Messenger(
            urls, self.journal.reader, self.inbox.put, self.clock, failed=self.failures.append
        )
        return self.messenger

    def owe(self, *destinations, count=1, priority=HIGH, about=About.OPENED):
        """Commit so many alarms to all the destinations; return their ids."""
        outcome = Outcome()
        now = self.clock.now()
        for _ in range(count):
            self.events += 1
            number, alarm = self.events, f"A{self.events}"
            outcome.events.append(Event(number, now, Kind.CALLED, "fridge-2", {}, alarm))
            outcome.notices.extend(
                Notice(
                    number,
                    alarm,
                    to,
                    about,
                    priority,
                    False,
                    "HD Fridge 2: 9.4 C, limit 8",
                    f"Out. {alarm}",
                    now,
                )
                for to in destinations
            )
        self.journal.commit(outcome, at=now)
        self.messenger.wake()
        return [event.alarm for event in outcome.events]

    def owe_about(self, alarm, *destinations, priority, about):
        """Commit another notice about an alarm."""
        self.events += 1
        now = self.clock.now()
        event = Event(self.events, now, Kind.CALLED, "fridge-2", {}, alarm)
        facts = (priority, False, "HD Fridge 2 back to 5.1 C", f"Over. {alarm}", now)
        notices = [Notice(self.events, alarm, to, about, *facts) for to in destinations]
        self.journal.commit(Outcome(events=[event], notices=notices), at=now)
        self.messenger.wake()

    def journal_says(self, alarm):
        """Return how many notices of each kind about an alarm were delivered."""
        with sqlite3.connect(self.journal.path) as record:
            rows = record.execute(
                "SELECT about, count(delivered_at) FROM outbox WHERE alarm = ? GROUP BY about", (alarm,)
            )
            return {About(about): count for about, count in rows}

    def settle(self, until, seconds=10.0):
        """Write down what the messenger reports until a condition holds."""
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, f"not within {seconds} s; sent {self.sent}, told {self.told}"
            assert not self.failures
            try:
                self.take(self.inbox.get(timeout=0.02))
            except Empty:
                continue

    def take(self, item):
        sent = [item] if isinstance(item, Sent) else []
        self.sent += sent
        self.told += [item.condition] if isinstance(item, Told) else []
        self.journal.commit(Outcome(), sent=sent, at=self.clock.now())
        self.messenger.wake()

    def owed(self, destination):
        with self.journal.reader() as reader:
            return [
                each.notice.alarm
                for each in reader.owed(destination, self.clock.now() + timedelta(minutes=15))
            ]


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path / "journal.db", ScaledClock(SPEED))
    yield desk
    desk.journal.close()


@pytest.fixture
def sink():
    with HttpSink() as sink:
        yield sink


def url(sink, path="hook"):
    return f"json://127.0.0.1:{sink.port}/{path}"


def texts(sink):
    return [(body["title"], body["message"]) for body in (json.loads(each.body) for each in sink.requests)]


def test_a_message_is_delivered_once_and_written_down(desk, sink):
    with desk.start({"pharmacist": url(sink)}):
        desk.owe("pharmacist")
        desk.settle(lambda: desk.sent and len(desk.told) == 1)
        desk.owe("pharmacist")
        desk.settle(lambda: len(desk.sent) == 2)

    assert texts(sink) == [
        ("HD Fridge 2: 9.4 C, limit 8", "Out. A1"),
        ("HD Fridge 2: 9.4 C, limit 8", "Out. A2"),
    ]
    assert [(each.rows, each.delivered, each.answer) for each in desk.sent] == [
        ((1,), True, "taken by JSON"),
        ((2,), True, "taken by JSON"),
    ]
    assert desk.owed("pharmacist") == []
    assert [(told.subject, told.wrong) for told in desk.told] == [("notify:pharmacist", False)]


def test_a_message_whose_result_is_on_its_way_is_not_sent_again(desk, sink):
    with desk.start({"pharmacist": url(sink)}) as messenger:
        desk.owe("pharmacist")
        wait_until(lambda: sink.requests, 10)
        messenger.wake()
        desk.owe("pharmacist")
        wait_until(lambda: "Out. A2" in [body for _, body in texts(sink)], 10)

    assert [body for _, body in texts(sink)] == ["Out. A1", "Out. A2"]


def test_a_message_whose_result_was_never_written_is_repeated_with_the_same_alarm(desk, sink):
    with desk.start({"pharmacist": url(sink)}):
        desk.owe("pharmacist")
        wait_until(lambda: sink.requests, 10)
    desk.inbox = Queue()  # as lost with the process
    with desk.start({"pharmacist": url(sink)}):
        desk.settle(lambda: desk.sent)

    assert [body for _, body in texts(sink)] == ["Out. A1", "Out. A1"]


def test_a_provider_that_answers_slowly_has_delivered_and_delays_nobody_else(desk, sink):
    with HttpSink() as slow:
        slow.delay = 4.5  # Apprise by itself gives up after 4
        with desk.start({"slow": url(slow), "quick": url(sink)}):
            began = time.monotonic()
            desk.owe("slow", "quick")
            desk.settle(lambda: desk.sent)
            assert [(each.destination, each.delivered) for each in desk.sent] == [("quick", True)]
            assert time.monotonic() - began < 4
            desk.settle(lambda: len(desk.sent) == 2)

    assert [(each.destination, each.delivered) for each in desk.sent] == [("quick", True), ("slow", True)]


def test_many_destinations_that_hang_do_not_stop_the_last_one(desk, sink, monkeypatch):
    monkeypatch.setattr(adapter, "LEAVE_WITHIN", 0.1)
    names = [f"dead{number}" for number in range(40)]  # more than Apprise's own pool has threads
    with ExitStack() as open_sockets:
        hanging = open_sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
        hanging.settimeout(10)
        dead = {name: f"json://127.0.0.1:{hanging.getsockname()[1]}/" for name in names}
        with desk.start(dead | {"quick": url(sink)}):
            desk.owe(*names)
            for _ in names:
                open_sockets.enter_context(hanging.accept()[0])
            desk.owe("quick")
            desk.settle(lambda: desk.sent)

    assert [(each.destination, each.delivered) for each in desk.sent] == [("quick", True)]


def test_a_failed_message_is_tried_again_with_growing_gaps_of_at_most_a_minute(desk, sink):
    sink.status = 500
    with desk.start({"pharmacist": url(sink)}):
        desk.owe("pharmacist", priority=URGENT)
        desk.settle(lambda: len(desk.sent) == 7)
        sink.status = 200
        desk.settle(lambda: desk.sent[-1].delivered)

    gaps = [
        (after.arrived - before.arrived) * SPEED
        for before, after in zip(sink.requests, sink.requests[1:], strict=False)
    ]
    assert [gap >= least for gap, least in zip(gaps, (5, 10, 20, 40, 60, 60, 60), strict=True)] == [True] * 7
    assert max(gaps) < 120
    assert desk.sent[0].answer == "Failed to send JSON POST notification: Internal server error., error=500."
    assert {body for _, body in texts(sink)} == {"Out. A1"}


def test_criticals_go_first_although_they_came_last(desk, sink):
    messenger = desk.start({"pharmacist": url(sink)})
    desk.owe("pharmacist", count=3)
    desk.owe("pharmacist", priority=URGENT)
    with messenger:
        desk.settle(lambda: len(desk.sent) == 4)

    assert [body for _, body in texts(sink)] == ["Out. A4", "Out. A1", "Out. A2", "Out. A3"]


def test_after_an_outage_the_flood_arrives_folded_and_names_every_alarm(desk):
    port = free_port()
    with desk.start({"pharmacist": f"json://127.0.0.1:{port}/"}):
        alarms = desk.owe("pharmacist", count=30)
        desk.settle(lambda: desk.sent)
        with HttpSink(port) as sink:
            desk.settle(lambda: not desk.owed("pharmacist"))

    told = " ".join(body for _, body in texts(sink)).replace(".", " ").split()
    assert set(alarms) <= set(told)
    assert len(sink.requests) <= 6
    assert any(title.split(" ")[1] == "alarms," for title, _ in texts(sink))


def test_after_an_hour_without_providers_everything_is_delivered_criticals_first(tmp_path):
    """Criticals were tried at least once a minute meanwhile; one that is over is still told."""
    desk, ports = (
        Desk(tmp_path / "journal.db", ScaledClock(300)),
        {"first": free_port(), "second": free_port()},
    )
    with desk.start({name: f"json://127.0.0.1:{port}/" for name, port in ports.items()}):
        began = desk.clock.now()
        desk.owe(*ports, count=6)
        desk.owe(*ports, priority=URGENT, count=2)
        desk.owe_about("A8", *ports, priority=URGENT, about=About.CLEARED)
        desk.settle(lambda: desk.clock.now() - began > timedelta(hours=1), 60)
        tried = [each.at for each in desk.sent if each.destination == "first" and "A7" in each.alarms]
        with HttpSink(ports["first"]) as first, HttpSink(ports["second"]) as second:
            desk.settle(lambda: not desk.owed("first") and not desk.owed("second"), 60)

    assert 25 < len(tried) <= 65  # how often exactly is the outbox's matter; the clock here is fast
    for sink in (first, second):
        assert [title for title, _ in texts(sink)][-1].startswith("6 alarms, first: ")
        said = [body for _, body in texts(sink)]
        assert all("A7" in each or "A8" in each for each in said[:-1])
        assert any("A7" in each for each in said)
        assert sum("A8" in each for each in said) >= 1
        assert len(said) <= 4
    assert desk.journal_says("A8") == {About.OPENED: 2, About.CLEARED: 2}  # delivered, to both
    desk.journal.close()


def test_the_first_success_brings_everything_that_waits_for_its_next_try(desk):
    desk.clock = StandingClock()
    port = free_port()
    with desk.start({"pharmacist": f"json://127.0.0.1:{port}/"}) as messenger:
        desk.owe("pharmacist", priority=URGENT)
        desk.settle(lambda: desk.sent)
        with HttpSink(port) as sink:
            desk.owe("pharmacist", priority=URGENT)
            desk.settle(lambda: len(desk.sent) == 2)
            desk.clock.at += timedelta(seconds=4)  # the next try of the first is due after 5
            messenger.wake()
            desk.settle(lambda: len(desk.sent) == 3)

    assert [body for _, body in texts(sink)] == ["Out. A1", "Out. A2"]


def test_a_destination_that_is_dead_for_five_minutes_raises_an_alarm_until_it_takes_one(desk):
    port = free_port()
    with desk.start({"pharmacist": f"json://127.0.0.1:{port}/"}):
        owed_at = desk.clock.now()
        desk.owe("pharmacist", priority=URGENT)
        desk.settle(lambda: desk.told, 15)
        raised = desk.clock.now() - owed_at
        with HttpSink(port):
            desk.settle(lambda: len(desk.told) == 2)

    assert [(told.subject, told.wrong) for told in desk.told] == [
        ("notify:pharmacist", True),
        ("notify:pharmacist", False),
    ]
    assert desk.told[0].text.startswith("nothing delivered for 5 min: A Connection error occurred sending")
    assert timedelta(minutes=5) <= raised < timedelta(minutes=8)


def test_a_short_failure_raises_no_alarm(desk, sink):
    sink.status = 500
    with desk.start({"pharmacist": url(sink)}):
        desk.owe("pharmacist")
        desk.settle(lambda: len(desk.sent) == 2)
        sink.status = 200
        desk.settle(lambda: desk.told)

    assert [told.wrong for told in desk.told] == [False]


def test_a_provider_that_never_answers_counts_as_failed_and_a_few_such_attempts_are_enough(sink, monkeypatch):
    monkeypatch.setattr(adapter, "ANSWER_WITHIN", 0.1)
    sink.delay = 60
    way = Way(url(sink))

    answers = [way.send("title", "body").answer for _ in range(5)]

    assert answers == ["no answer within 0 s"] * 4 + ["4 earlier attempts still hang"]


def test_a_login_page_in_the_way_is_no_delivery(sink):
    sink.status, sink.headers = 302, {"Location": f"{sink.url}/login"}

    delivered, answer = send_now(url(sink), "title", "body")

    assert not delivered
    assert "error=302" in answer
    assert [each.path for each in sink.requests] == ["/hook"]


def test_a_text_is_told_as_it_is_written(sink):
    assert send_now(url(sink), "5 < 8 & *HOLD*", "a_b <b> \\n {x} :warning: A1").delivered

    assert texts(sink) == [("5 < 8 & *HOLD*", "a_b <b> \\n {x} :warning: A1")]


def test_apprise_neither_repeats_nor_hides_a_failure_by_itself(sink):
    sink.status = 500

    assert not send_now(f"{url(sink)}?retry=3&wait=0&optional=yes", "title", "body").delivered

    assert len(sink.requests) == 1


def test_a_worker_that_fails_ends_the_program(desk, sink):
    with desk.start({"pharmacist": url(sink)}):
        desk.settle(lambda: True)
    failures = []

    def no_journal():
        raise OSError("gone")

    with Messenger({"pharmacist": url(sink)}, no_journal, desk.inbox.put, Clock(), failed=failures.append):
        wait_until(lambda: failures, 5)

    assert str(failures[0]) == "gone"


def test_stopping_does_not_wait_for_a_provider_that_hangs(desk, sink, monkeypatch):
    monkeypatch.setattr(adapter, "LEAVE_WITHIN", 0.2)
    sink.delay = 60
    with desk.start({"pharmacist": url(sink)}):
        desk.owe("pharmacist")
        wait_until(lambda: sink.requests, 10)
        began = time.monotonic()

    assert time.monotonic() - began < 2
    assert desk.owed("pharmacist") == ["A1"]


def test_a_message_under_way_is_finished_and_reported_when_we_stop(desk, sink):
    sink.delay = 0.3
    with desk.start({"pharmacist": url(sink)}):
        desk.owe("pharmacist")
        wait_until(lambda: sink.requests, 10)

    assert desk.inbox.get_nowait().delivered


# --- what may be a destination ----------------------------------------------

SECRET = "tokentokentoken"
REFUSALS = [
    ("", "is not a URL of Apprise; write service://… as Apprise documents it"),
    (SECRET, "is not a URL of Apprise; write service://… as Apprise documents it"),
    (f"nosuch://{SECRET}", "begins with nosuch://, a service that Apprise does not know; correct it"),
    (f"xmpp://user:{SECRET}@host", "begins with xmpp://, which needs a Python library that is not installed"),
    (
        f"mailto://{SECRET}",
        "is refused by Apprise as a mailto:// URL: Invalid ~From~ email specified; correct it",
    ),
    ("tgram://bad/", "is refused by Apprise as a tgram:// URL: Unparseable Telegram URL ***; correct it"),
    (f"json://a/{SECRET},json://b", "holds 2 URLs; give each a destination of its own"),
    (
        f"mailto://u:{SECRET}@example.com?to=a@example.com,b@example.com",
        "names 2 recipients; give each a destination of its own, or one that fails repeats it to the others",
    ),
]


@pytest.mark.parametrize(("given", "sentence"), REFUSALS, ids=[str(given)[:10] for given, _ in REFUSALS])
def test_a_url_that_cannot_be_a_destination_is_refused_with_a_sentence_without_its_secrets(given, sentence):
    assert accepts(given) == sentence
    assert SECRET not in sentence
    with pytest.raises(Refused):
        Way(given)
    assert send_now(given, "title", "body") == (False, sentence)


def test_a_url_that_apprise_takes_is_accepted():
    assert accepts("json://127.0.0.1:8080/hook?rto=60") is None
    assert accepts(f"pover://user@{SECRET}") is None
    assert accepts(f"mailto://u:{SECRET}@example.com?to=a@example.com") is None


def test_our_time_limits_stand_unless_the_url_gives_longer_ones():
    ours, longer = (
        Way(f"json://127.0.0.1/{query}")._service[0] for query in ("?rto=2&cto=1", "?rto=45&cto=20")
    )

    assert (ours.socket_connect_timeout, ours.socket_read_timeout) == (10.0, 30.0)
    assert (longer.socket_connect_timeout, longer.socket_read_timeout) == (20.0, 45.0)


def test_no_part_of_a_url_gets_into_an_answer():
    secret = "json://us%40er:pa%3Ass@hook.example:8443/path-1234/?key=abc"

    assert masked(
        "us@er and us%40er sent path-1234 to\nhttps://hook.example/x?y=z with abc, pa:ss", secret
    ) == ("*** and *** sent *** to *** with ***, ***")


def test_no_url_gets_into_the_log(sink, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    sink.status = 500

    send_now(f"json://user:{SECRET}@127.0.0.1:{sink.port}/{SECRET}", "title", "body")
    send_now(f"json://user:{SECRET}@127.0.0.1:{free_port()}/{SECRET}", "title", "body")
    accepts(f"twilio://sid:{SECRET}@15551234567/15557654321")

    assert SECRET not in caplog.text
    assert capfd.readouterr() == ("", "")
