"""The control socket, with real clients."""

import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from queue import Queue

import pytest
from servers import wait_until

from hdmonitor.adapters import control
from hdmonitor.adapters.control import ControlRefused, ControlServer, ask
from hdmonitor.events import Acknowledge, Close, Commission

REQUEST = {"do": "ack", "alarm": "A1842", "by": "lee", "note": "on my way"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "control.sock"


class Core:
    """Answers every act with the same words, as the core thread would."""

    def __init__(self, answer):
        self.answer = answer
        self.acts = []

    def put(self, asked):
        self.acts.append(asked.act)
        if self.answer is not None:
            asked.reply.put(self.answer)


def ended(error):
    raise AssertionError("the serving ended") from error


def raw(path, sent, *, finish=True):
    """Send bytes and return the answer."""
    with socket.socket(socket.AF_UNIX) as way:
        way.settimeout(10)
        way.connect(str(path))
        way.sendall(sent)
        if finish:
            way.shutdown(socket.SHUT_WR)
        return json.loads(way.recv(4096))


def test_an_acknowledgement_reaches_the_core_and_its_answer_comes_back(path):
    core = Core("")
    with ControlServer(path, core.put, failed=ended):
        assert ask(path, REQUEST) == {"done": True}

    assert core.acts == [Acknowledge("A1842", "lee", "on my way")]


def test_a_closing_is_refused_with_the_words_of_the_core(path):
    core = Core("closing A1842 needs a note of what was done")
    with ControlServer(path, core.put, failed=ended):
        answer = ask(path, REQUEST | {"do": "close", "note": " \n"})

    assert answer == {"refused": "closing A1842 needs a note of what was done"}
    assert core.acts == [Close("A1842", "lee", "")]


ACKNOWLEDGES = "alarm, by, perhaps note, perhaps level, perhaps where, perhaps minutes"
KNOWN = (
    "ack, silence, document, close, shelve, unshelve, out, back, return, use, read, override, commission,"
    " drill, drill-arrived, drill-ack, drill-failed, complete"
)
WRONG = [
    (b"\n", "the request is not a line of JSON"),
    (b"", "the request is not a line of JSON"),
    (b"\xff\xfe\n", "the request is not a line of JSON"),
    (b"[" * 5000, "the request is not a line of JSON"),
    (b"[]\n", 'a request is a mapping of texts; one of them is "do"'),
    (b"7\n", 'a request is a mapping of texts; one of them is "do"'),
    (b" " * 262_145, "the request is longer than 262144 bytes"),
] + [
    (json.dumps(REQUEST | change).encode() + b"\n", sentence)
    for change, sentence in (
        ({"note": 5}, 'a request is a mapping of texts; one of them is "do"'),
        ({"more": ""}, f"'ack' must give {ACKNOWLEDGES} as text, and nothing else"),
        ({"do": "release"}, f"'release' is not something to do; ask for one of: {KNOWN}"),
        ({"alarm": "1842"}, "'1842' is not the id of an alarm; write for instance A1842"),
        ({"by": " "}, "name the person who does this, in at most 100 characters"),
        ({"by": "x" * 101}, "name the person who does this, in at most 100 characters"),
        ({"note": "x" * 1001}, "the note is longer than 1000 characters; shorten it"),
        ({"note": "\ud800"}, "what 'ack' gives must be plain text"),
    )
]


@pytest.mark.parametrize(("sent", "sentence"), WRONG, ids=range(len(WRONG)))
def test_a_bad_request_gets_a_sentence_and_never_reaches_the_core(path, sent, sentence):
    core = Core("")
    with ControlServer(path, core.put, failed=ended):
        assert raw(path, sent) == {"refused": sentence}
        assert ask(path, REQUEST) == {"done": True}

    assert len(core.acts) == 1


def test_a_client_that_says_nothing_is_sent_away_and_delays_nobody(path, monkeypatch):
    monkeypatch.setattr(control, "SPEAK_WITHIN", 0.2)
    with ControlServer(path, Core("").put, failed=ended), socket.socket(socket.AF_UNIX) as mute:
        mute.connect(str(path))

        assert ask(path, REQUEST) == {"done": True}
        assert raw(path, b"{", finish=False) == {"refused": "no request within 0 s"}


def test_more_clients_than_there_is_room_for_are_told_to_come_back(path):
    core = Core(None)
    with ControlServer(path, core.put, failed=ended), ExitStack() as clients:
        for _ in range(control.MOST_CLIENTS):
            way = clients.enter_context(socket.socket(socket.AF_UNIX))
            way.connect(str(path))
        assert raw(path, b"", finish=False) == {"refused": "too many requests at once; try again in a moment"}

        clients.close()
        core.answer = ""
        wait_until(lambda: ask(path, REQUEST) == {"done": True}, 10)


def test_a_core_that_does_not_answer_is_said_to_be_uncertain(path, monkeypatch):
    monkeypatch.setattr(control, "ANSWER_WITHIN", 0.1)
    with ControlServer(path, Core(None).put, failed=ended):
        assert ask(path, REQUEST) == {
            "refused": "no answer in time; it may still be done, look with: hdmonitor alarms show"
        }


def test_a_full_inbox_does_not_keep_the_command_line_for_ever(path, monkeypatch):
    monkeypatch.setattr(control, "ANSWER_WITHIN", 0.1)
    monkeypatch.setattr(control, "SPEAK_WITHIN", 0.1)
    inbox = Queue(1)
    inbox.put("something")
    with ControlServer(path, inbox.put, failed=ended):
        with pytest.raises(ControlRefused, match="no answer in time; it may still be done"):
            ask(path, REQUEST)
        inbox.get()
        assert inbox.get(timeout=10).act == Acknowledge("A1842", "lee", "on my way")


def test_a_request_that_waits_for_the_core_is_answered_although_the_server_stops(path):
    inbox, answers = Queue(), Queue()
    with ControlServer(path, inbox.put, failed=ended):
        client = threading.Thread(target=lambda: answers.put(ask(path, REQUEST)))
        client.start()
        asked = inbox.get(timeout=10)
    asked.reply.put("")
    client.join(10)

    assert answers.get_nowait() == {"done": True}


# --- the file ---------------------------------------------------------------


def test_only_owner_and_group_may_use_the_socket_and_it_goes_with_the_daemon(path):
    before = os.umask(0)
    try:
        with ControlServer(path, Core("").put, failed=ended):
            mode = path.stat().st_mode & 0o777
    finally:
        os.umask(before)

    assert oct(mode) == "0o660"
    assert not path.exists()


def test_no_daemon_is_a_clear_sentence(path):
    with pytest.raises(ControlRefused, match=r"no hdmonitor runs at \S+; start it with: hdmonitor run"):
        ask(path, REQUEST)


def test_what_a_killed_daemon_left_behind_is_replaced(path):
    leave = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
    subprocess.run([sys.executable, "-c", leave, path], check=True)
    with pytest.raises(ControlRefused, match="no hdmonitor runs"):
        ask(path, REQUEST)

    with ControlServer(path, Core("").put, failed=ended):
        assert ask(path, REQUEST) == {"done": True}


def test_a_second_daemon_is_refused_and_the_first_goes_on(path):
    with ControlServer(path, Core("").put, failed=ended):
        with pytest.raises(ControlRefused, match="another hdmonitor listens here; stop it"):
            ControlServer(path, Core("").put, failed=ended).__enter__()
        assert ask(path, REQUEST) == {"done": True}


def test_a_file_that_is_not_a_socket_is_left_alone(path):
    path.write_text("mine")

    with pytest.raises(ControlRefused, match=r"control\.sock is not a socket; name another place"):
        ControlServer(path, Core("").put, failed=ended).__enter__()
    assert path.read_text() == "mine"


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ControlRefused, match=r"No such file.*its folder must exist and be writable"):
        ControlServer(tmp_path / "none" / "control.sock", Core("").put, failed=ended).__enter__()


def test_a_socket_that_somebody_else_serves_is_not_believed(path):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        hangs_up = threading.Thread(target=_hang_up, args=(other,))
        hangs_up.start()
        with pytest.raises(ControlRefused, match=r"control\.sock"):
            ask(path, REQUEST)
        hangs_up.join(10)


def _hang_up(server):
    client, _ = server.accept()
    client.close()


# --- commissioning ----------------------------------------------------------------

COMMISSION = {
    "do": "commission",
    "point": "fridge.temperature",
    "by": "lee",
    "reading": "4.2",
    "reference": "4.3",
    "certificate": "C-2026-17",
    "found": "agrees",
}


def test_a_commissioning_reaches_the_core(path):
    core = Core("")
    with ControlServer(path, core.put, failed=ended):
        assert ask(path, COMMISSION) == {"done": True}

    assert core.acts == [Commission("fridge.temperature", "lee", 4.2, 4.3, "C-2026-17", "agrees")]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"reading": "warm"}, "reading must be a number, not 'warm'"),
        ({"reference": "nan"}, "reference must be a number, not 'nan'"),
        ({"reference": "1e999"}, "reference must be a number, not '1e999'"),
        ({"certificate": "  "}, "the certificate is missing; say it in a few words"),
        ({"found": "a\x00b"}, "what 'commission' gives must be plain text"),
        (
            {"more": "x"},
            "'commission' must give point, by, reading, reference, certificate, found as text,",
        ),
        ({"by": 7}, "a request is a mapping of texts"),
    ],
)
def test_a_commissioning_that_cannot_be_recorded_is_refused(path, changed, why):
    core = Core("")
    with ControlServer(path, core.put, failed=ended):
        assert ask(path, COMMISSION | changed)["refused"].startswith(why)

    assert core.acts == []
