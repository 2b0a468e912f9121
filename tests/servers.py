"""Real servers for tests: each on a free loopback port, in a directory of the test, ended by its own pid.

Programs come from PATH or /usr/sbin, else from the Debian packages that `make test` unpacks into `.cache/`.
"""

import json
import os
import random
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple, Self
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

CACHE = Path(__file__).resolve().parent.parent / ".cache"
UNPACKED = CACHE / "debian" / "root"
# A process as it is installed: Python keeps what it has compiled, also where a test run switches that off.
COMPILED = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(CACHE / "compiled")}

_loopback = build_opener(ProxyHandler({}))


def free_port() -> int:
    """Return a TCP port nobody listens on, below the range from which the kernel takes client ports.

    A client that retries against a stopped server in that range can end up connected to itself.
    """
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def wait_until(predicate: Callable[[], object], seconds: float) -> None:
    """Return as soon as the predicate is true; raise TimeoutError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not predicate():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not true within {seconds} s: {predicate}")
        time.sleep(0.02)


def program(name: str) -> tuple[str, dict[str, str]]:
    """Return a server's executable and the environment that it needs."""
    environment = dict(os.environ)
    folders = [environment.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]
    if found := shutil.which(name, path=os.pathsep.join(folders)):
        return found, environment
    if found := shutil.which(name, path=f"{UNPACKED}/usr/sbin:{UNPACKED}/usr/bin"):
        libraries = {str(file.parent) for file in UNPACKED.glob("**/lib/**/*.so*")}
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(sorted(libraries))
        return found, environment
    raise RuntimeError(f"{name} is neither installed nor unpacked in .cache; run: make servers")


class Server:
    """A program that listens on a loopback port; a context manager that starts and stops it."""

    name: str

    def __init__(self, directory: Path, port: int | None = None) -> None:
        self.directory = directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.log = directory / f"{self.name}-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    def arguments(self) -> list[str]:
        """Return the command line after the program's name."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Say whether it answers."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def start(self) -> None:
        """Return when the server answers; raise RuntimeError with its log when it does not."""
        executable, environment = program(self.name)
        with self.log.open("ab") as log:
            self._process = process = subprocess.Popen(
                [executable, *self.arguments()],
                cwd=self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(lambda: process.poll() is not None or self.ready(), 30)
        except TimeoutError as late:
            self.kill()
            raise RuntimeError(f"{self.name} did not answer in 30 s:\n{self.tail()}") from late
        if process.poll() is not None:
            self._process = None
            raise RuntimeError(f"{self.name} ended with code {process.returncode}:\n{self.tail()}")

    def stop(self) -> None:
        """End it in order; with SIGKILL when that takes more than ten seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def tail(self) -> str:
        """Return the end of its log."""
        return self.log.read_text(errors="replace")[-4000:]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Mosquitto(Server):
    """An MQTT broker.

    In the configuration `{port}` and `{directory}` are replaced; without a `listener` line
    it gets one on loopback that admits anybody.
    """

    name = "mosquitto"

    def __init__(self, directory: Path, config: str | None = None, port: int | None = None) -> None:
        super().__init__(directory, port)
        self.config = "persistence false\nmax_queued_messages 0\n" if config is None else config

    def arguments(self) -> list[str]:
        text = self.config
        if not any(line.startswith("listener") for line in text.splitlines()):
            text = f"listener {self.port} 127.0.0.1\nallow_anonymous true\n{text}"
        if os.geteuid() == 0 and not any(line.startswith("user ") for line in text.splitlines()):
            text += "\nuser root\n"  # else it becomes somebody who may not write the test's directory
        file = self.directory / f"mosquitto-{self.port}.conf"
        file.write_text(text.replace("{port}", str(self.port)).replace("{directory}", str(self.directory)))
        return ["-v", "-c", str(file)]


class HttpServer(Server):
    """A server that is ready when a page answers."""

    health: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ready(self) -> bool:
        try:
            self.get(self.health)
        except (URLError, ConnectionError):
            return False
        return True

    def get(self, path: str, **parameters: str) -> bytes:
        """Return the body of a page; raise urllib's HTTPError for an answer of 400 or more."""
        return fetch(Request(f"{self.url}{path}?{urlencode(parameters)}"))


class VictoriaMetrics(HttpServer):
    """Speaks InfluxDB's line protocol at `/api/v2/write`; series are named `measurement_field`.

    It keeps the last seconds in memory: `stop()` saves them, `kill()` loses what it had already confirmed.
    """

    name = "victoria-metrics"
    health = "/health"

    def arguments(self) -> list[str]:
        return [
            f"-storageDataPath={self.directory / 'victoria-metrics'}",
            f"-httpListenAddr=127.0.0.1:{self.port}",
            "-retentionPeriod=100y",  # else data of more than a month ago are dropped silently
            "-dedup.minScrapeInterval=1ms",  # else a repeated line is stored twice
        ]

    def count(self, measurement_field: str) -> int:
        """Return how many samples are stored under that name, over all tags."""
        self.get("/internal/force_flush")
        lines = self.get("/api/v1/export", **{"match[]": f'{{__name__="{measurement_field}"}}'}).splitlines()
        return sum(len(json.loads(line)["values"]) for line in lines)


class InfluxDB1(HttpServer):
    """InfluxDB 1.x with an empty database `hdmonitor`: `/write` and InfluxQL, no `/api/v2/write`."""

    name = "influxd"
    health = "/ping"

    def arguments(self) -> list[str]:
        home = self.directory / "influxdb"
        home.mkdir(exist_ok=True)
        file = home / "influxdb.conf"
        file.write_text(
            "reporting-disabled = true\n"
            f'bind-address = "127.0.0.1:{free_port()}"\n'
            f'[meta]\ndir = "{home}/meta"\n'
            f'[data]\ndir = "{home}/data"\nwal-dir = "{home}/wal"\n'
            f'[http]\nbind-address = "127.0.0.1:{self.port}"\n'
            "[monitor]\nstore-enabled = false\n"
        )
        return ["-config", str(file)]

    def start(self) -> None:
        super().start()
        fetch(Request(f"{self.url}/query", urlencode({"q": "CREATE DATABASE hdmonitor"}).encode()))

    def query(self, influxql: str) -> list[dict[str, object]]:
        """Return the series that InfluxQL gives: dictionaries with `columns` and `values`."""
        answer = json.loads(self.get("/query", db="hdmonitor", q=influxql))
        return answer["results"][0].get("series", [])

    def count(self, measurement: str, field: str) -> int:
        """Return how many points have that field."""
        series = self.query(f'SELECT count("{field}") FROM "{measurement}"')
        return series[0]["values"][0][1] if series else 0


class Received(NamedTuple):
    """One request at an HttpSink."""

    arrived: float  # time.monotonic()
    path: str
    body: bytes


class HttpSink:
    """An HTTP server in this process that records every request and answers as it is told.

    `status` and `delay` (seconds before the answer) can be set at any time; `headers` go with each answer.
    """

    def __init__(self, port: int | None = None) -> None:
        self.requests: list[Received] = []
        self.status = 200
        self.delay = 0.0
        self.headers: dict[str, str] = {}
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self, self._closing))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(sink: HttpSink, closing: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Recorder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, delay = sink.status, sink.delay
            sink.requests.append(Received(time.monotonic(), self.path, body))
            closing.wait(delay)
            try:
                self.send_response(status)
                for name, value in sink.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except ConnectionError:
                pass  # the client's time limit was shorter than our delay

        do_GET = do_PUT = do_POST  # noqa: N815  the names that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    return Recorder


def fetch(request: Request) -> bytes:
    """Return the body of the answer of a loopback server, past any proxy that is configured."""
    with _loopback.open(request, timeout=30) as answer:
        return answer.read()
