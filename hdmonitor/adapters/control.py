"""The Unix socket by which the command line reaches the one writer.

One request and one answer per connection, each a line of JSON:
`{"do": "ack", "alarm": "A1842", "by": "lee", "note": "seen"}`, answered by
`{"done": true}` or `{"refused": "why"}`; `hdmonitor.asking` has the table of
what can be asked. Who may connect is decided by the rights of the file
(0660); who acts is named in the request.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from socketserver import BaseRequestHandler, ThreadingUnixStreamServer
from typing import Any, Self

from hdmonitor.asking import LONGEST_NOTE, act_asked
from hdmonitor.events import Act, Entry, Json
from hdmonitor.inbox import Asked, Item
from hdmonitor.refusal import Refusal

LONGEST_LINE = 262_144  # bytes, of requests and answers; a list of hazardous drugs comes in one
SPEAK_WITHIN = 5.0  # seconds for a client to say what it wants
ANSWER_WITHIN = 10.0  # seconds for the core
MOST_CLIENTS = 16
UNCERTAIN = "no answer in time; it may still be done, look with: hdmonitor alarms show"


class ControlRefused(Refusal):
    """The socket cannot be served or reached: what, where, what to do."""


# --- the command line's side ------------------------------------------------


def ask(path: Path, request: Mapping[str, str]) -> dict[str, Json]:
    """Return the daemon's answer to `request`; raise `ControlRefused` when there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as way:
        way.settimeout(SPEAK_WITHIN)
        try:
            way.connect(str(path))
            way.sendall(json.dumps(dict(request)).encode() + b"\n")
            answer = _line(way, SPEAK_WITHIN + ANSWER_WITHIN)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise ControlRefused(f"no hdmonitor runs at {path}; start it with: hdmonitor run") from error
        except PermissionError as error:
            raise ControlRefused(
                f"{path}: you may not use this socket; join the group that owns it"
            ) from error
        except TimeoutError as error:
            raise ControlRefused(f"{path}: {UNCERTAIN}") from error
        except OSError as error:
            raise ControlRefused(f"{path}: {error}; see whether hdmonitor runs") from error
    try:
        found: dict[str, Json] = json.loads(answer)
    except ValueError as error:
        raise ControlRefused(f"{path}: hdmonitor ended before it answered; {UNCERTAIN}") from error
    return found


def _line(way: socket.socket, within: float) -> bytes:
    """Read up to the end of a line or of the connection; raise TimeoutError after `within` seconds."""
    read, deadline = b"", time.monotonic() + within
    while b"\n" not in read and len(read) <= LONGEST_LINE:
        way.settimeout(max(0.001, deadline - time.monotonic()))
        if not (more := way.recv(LONGEST_LINE)):
            break
        read += more
    return read.partition(b"\n")[0]


# --- the daemon's side ------------------------------------------------------


class ControlServer:
    """Serves the socket at `path` while it is entered; `put` gets `Asked` from threads of its own.

    Raises `ControlRefused` where it cannot. `failed` gets whatever ended the
    serving, which nothing else would notice.
    """

    def __init__(
        self,
        path: Path,
        put: Callable[[Item], None],
        *,
        failed: Callable[[BaseException], None],
        asked: Callable[[object], Act | Entry | str] = act_asked,
    ) -> None:
        self._path = path
        self._put = put
        self._asked = asked  # what a request asks for, or why it cannot be asked
        self._failed = failed

    def __enter__(self) -> Self:
        _make_way(self._path)
        try:
            self._server = _Server(self._path, self._put, self._asked)
        except OSError as error:
            raise ControlRefused(
                f"{self._path}: the socket for the command line cannot be made ({error});"
                " its folder must exist and be writable"
            ) from error
        self._thread = threading.Thread(target=self._live, name="control", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take no more requests; one that waits for the core still gets its answer."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._path.unlink(missing_ok=True)

    def _live(self) -> None:
        try:
            self._server.serve_forever(0.1)
        except BaseException as error:  # noqa: BLE001  # the top of a thread
            self._failed(error)


def _make_way(path: Path) -> None:
    """Remove what a daemon that was killed left behind, and nothing else."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ControlRefused(f"{path} is not a socket; name another place in record.socket")
    except OSError:
        return  # nothing there, or a folder that making the socket will complain about
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(SPEAK_WITHIN)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            raise ControlRefused(f"{path}: {error}; remove it, or name another in record.socket") from error
    raise ControlRefused(f"{path}: another hdmonitor listens here; stop it, or name another in record.socket")


class _Server(ThreadingUnixStreamServer):
    """One thread for each client, and not too many of them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = MOST_CLIENTS

    def __init__(
        self, path: Path, put: Callable[[Item], None], asked: Callable[[object], Act | Entry | str]
    ) -> None:
        self.put = put
        self.asked = asked
        self._room = threading.Semaphore(MOST_CLIENTS)
        super().__init__(str(path), _Client)

    def server_bind(self) -> None:
        """Bind with the rights that the file is to have, at no moment wider ones."""
        os.fchmod(self.fileno(), 0o660)
        super().server_bind()
        Path(str(self.server_address)).chmod(0o660)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a client's thread, or send the client away."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        _answer(request, "too many requests at once; try again in a moment")
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one client, then make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()


class _Client(BaseRequestHandler):
    server: _Server
    request: socket.socket

    def handle(self) -> None:
        """Read one request, have it decided, answer."""
        try:
            line = _line(self.request, SPEAK_WITHIN)
        except OSError:
            _answer(self.request, f"no request within {SPEAK_WITHIN:.0f} s")
            return
        act = _act(line, self.server.asked)
        _answer(self.request, act if isinstance(act, str) else self._decided(act))

    def _decided(self, act: Act | Entry) -> str:
        reply: SimpleQueue[str] = SimpleQueue()
        self.server.put(Asked(act, reply))
        try:
            return reply.get(timeout=ANSWER_WITHIN)
        except Empty:
            return UNCERTAIN


def _answer(request: socket.socket, refusal: str) -> None:
    body: dict[str, Json] = {"refused": refusal[:LONGEST_NOTE]} if refusal else {"done": True}
    with contextlib.suppress(OSError):  # a client that left does not want to know
        request.sendall(json.dumps(body).encode() + b"\n")


def _act(line: bytes, read: Callable[[object], Act | Entry | str]) -> Act | Entry | str:
    """Return what a request asks for, or why it cannot be asked."""
    if len(line) > LONGEST_LINE:
        return f"the request is longer than {LONGEST_LINE} bytes"
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError):
        return "the request is not a line of JSON"
    return read(asked)
