"""A loopback proxy that lets influxdb-client meet InfluxDB 1.6, which has no `/api/v2/write`.

It can also stand in the way: answer with an error, be slow, be gone.
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Self
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request

from servers import fetch, free_port

PRECISION = {"us": "u", "ns": "n", "ms": "ms", "s": "s"}  # as version 2 writes it, as version 1 does


class Answer(NamedTuple):
    """What the proxy says instead of asking the server."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class InfluxProxy:
    """Passes writes on to `target` and counts the requests.

    `answer` (instead of the server's), `delay` in seconds and `away` (nobody listens) can be set at any time.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests = 0
        self.answer: Answer | None = None
        self.delay = 0.0
        self._server: ThreadingHTTPServer | None = None

    @property
    def away(self) -> bool:
        return self._server is None

    @away.setter
    def away(self, gone: bool) -> None:
        if gone == self.away:
            return
        if self._server is None:
            self._closing = threading.Event()
            self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self, self._closing))
            self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
            self._thread.start()
        else:
            self._closing.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        self.away = False
        return self

    def __exit__(self, *_: object) -> None:
        self.away = True

    def forward(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Write to the server's version 1 address and return its answer."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        query = urlencode({"db": asked["bucket"], "precision": PRECISION[asked["precision"]]})
        try:
            fetch(Request(f"{self.target}/write?{query}", body, headers))
        except HTTPError as refused:
            with refused:
                return Answer(refused.code, (), refused.read())
        return Answer(204)


def _handler(proxy: InfluxProxy, closing: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Forwarder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            proxy.requests += 1
            closing.wait(proxy.delay)
            headers = {name: self.headers[name] for name in ("Content-Type", "Content-Encoding")}
            answer = proxy.answer or proxy.forward(self.path, body, headers)
            try:
                self.send_response(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
            except ConnectionError:
                pass  # the client's time limit was shorter than our delay

        def log_message(self, *_: object) -> None:
            pass

    return Forwarder
