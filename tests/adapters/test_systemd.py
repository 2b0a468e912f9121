"""What systemd hears, over its real kind of socket."""

import os
import socket
from time import monotonic

import pytest

from hdmonitor.adapters import systemd
from hdmonitor.adapters.systemd import Systemd


@pytest.fixture(params=["path", "abstract"])
def listening(request, tmp_path):
    """A socket as systemd has it, and its name as it stands in NOTIFY_SOCKET."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@hdmonitor-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        ear.setblocking(False)
        yield name, ear


def heard(ear):
    said = []
    try:
        while True:
            said.append(ear.recv(100))
    except BlockingIOError:
        return said


def test_systemd_hears_that_we_are_ready_alive_and_stopping(listening):
    name, ear = listening
    told = Systemd({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "60000000"})

    told.ready()
    told.alive()
    told.stopping()

    assert told.watchdog == 60.0
    assert heard(ear) == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_a_busy_core_says_that_it_lives_four_times_in_the_time_of_the_watchdog(listening, monkeypatch):
    name, ear = listening
    told = Systemd({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "60000000"})
    now = monotonic()
    monkeypatch.setattr(systemd.time, "monotonic", lambda: now)

    told.alive()
    now += 14.9
    told.alive()
    assert heard(ear) == [b"WATCHDOG=1"]
    now += 0.1
    told.alive()
    assert heard(ear) == [b"WATCHDOG=1"]


@pytest.mark.parametrize(
    "asked",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"}],
)
def test_a_watchdog_that_nobody_asked_for_is_not_fed(listening, asked):
    name, ear = listening
    told = Systemd({"NOTIFY_SOCKET": name, **asked})

    told.alive()

    assert told.watchdog is None
    assert heard(ear) == []


def test_without_systemd_nothing_is_said_and_nothing_is_logged(caplog):
    told = Systemd({"WATCHDOG_USEC": "1"})

    told.ready()
    told.alive()

    assert told.watchdog is None
    assert caplog.records == []


def test_a_socket_that_is_gone_is_logged_once_until_it_is_back(tmp_path, caplog):
    path = tmp_path / "notify"
    told = Systemd({"NOTIFY_SOCKET": str(path)})

    told.ready()
    told.stopping()
    assert [record.getMessage() for record in caplog.records] == [
        "systemd does not hear us at NOTIFY_SOCKET ([Errno 2] No such file or directory); going on without it"
    ]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        told.ready()
    told.ready()
    assert len(caplog.records) == 2


def test_a_socket_that_nobody_reads_does_not_hold_up_the_core(tmp_path, caplog):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(path))
        told = Systemd({"NOTIFY_SOCKET": str(path)})
        begun = monotonic()
        for _ in range(2_000):  # more than the kernel keeps for it
            told.ready()

    assert monotonic() - begun < 5.0
    assert len(caplog.records) == 1
