"""HTTP in a thread of its own, on a socket that was bound before anything else was started."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from hdmonitor.refusal import Refusal

START_WITHIN = 10.0  # seconds
LEAVE = 2  # seconds for answers that are under way when we stop
MOST_CLIENTS = 100  # connections; more are told to come back
HEAD_WITHIN = 10.0  # seconds for a client to say what it wants
LONGEST_HEAD = 16 * 1024  # bytes


class NotServed(Refusal):
    """The pages cannot be served: where, why, what to do."""


@contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """Give the socket for the pages, bound; raises `NotServed`."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        door = socket.create_server((str(address[0]), port), family=family)
    except OSError as error:
        # Python puts the address into the text of the system's errors, where we name it ourselves.
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise NotServed(
            f"web pages cannot be served at {host}, port {port}: {why};"
            " end what listens there, or name another web.host or web.port"
        ) from error
    with door:
        # Accepted sockets inherit it. asyncio would set it itself, but not on a socket that it did not make:
        # then each answer on a kept connection waits 40 ms for an acknowledgement.
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield door


class WebServer:
    """Serves `pages` on the bound socket `door` while it is entered.

    `failed` gets whatever ended the thread, which nothing else would notice.
    `proxy` is the address whose X-Forwarded-For is believed.
    `leaving` is called before the end, for answers that would go on for ever.
    """

    def __init__(
        self,
        door: socket.socket,
        pages: ASGIApp,
        *,
        failed: Callable[[BaseException], None],
        proxy: str | None = None,
        leaving: Callable[[], None] = lambda: None,
    ) -> None:
        self._door = door
        self._failed = failed
        self._leaving = leaving
        self._server = _Server(
            uvicorn.Config(
                pages,
                loop="asyncio",
                http=Patient,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                limit_concurrency=MOST_CLIENTS,
                h11_max_incomplete_event_size=LONGEST_HEAD,
                # Who asks is what the connection says, unless the site names its proxy.
                proxy_headers=proxy is not None,
                forwarded_allow_ips=proxy or "",
                timeout_graceful_shutdown=LEAVE,
            )
        )
        self._thread = threading.Thread(target=self._live, name="web", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._server.up.wait(START_WITHIN):
            raise NotServed(f"web pages were not served within {START_WITHIN:.0f} s; see the log")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the answers that are under way, up to a limit."""
        self._leaving()
        self._server.should_exit = True
        self._thread.join(LEAVE + 1.0)

    def _live(self) -> None:
        try:
            self._server.run(sockets=[self._door])
        except BaseException as error:  # noqa: BLE001  # the top of a thread; uvicorn raises SystemExit
            self._failed(error)
        else:
            if not self._server.should_exit:
                self._failed(RuntimeError("the web server has stopped"))


class Patient(H11Protocol):
    """Waits for a request only so long: a client that sends it byte by byte keeps no place from others."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Stop waiting once a request has begun to be answered."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before or (self.cycle is not None and not self.cycle.response_complete):
            self._rest()
        elif self._patience is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._rest()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._patience = self.loop.call_later(HEAD_WITHIN, self._leave)

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _leave(self) -> None:
        self._patience = None
        self.transport.abort()


class _Server(uvicorn.Server):
    """Tells when it takes requests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so only if it worked."""
        await super().startup(sockets)
        if self.started:
            self.up.set()
