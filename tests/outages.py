"""What a daemon in trouble says of itself, second by second: web, watchdog, topics for lights at doors.

Run by itself, it prints the tables of `docs/watching.md`: `python tests/outages.py [SECONDS WITHOUT BROKER]`.
"""

import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Self
from urllib.error import HTTPError, URLError
from urllib.request import Request

import paho.mqtt.client as paho
from daemons import Daemon, site_text
from paho.mqtt.enums import CallbackAPIVersion
from servers import HttpSink, Mosquitto, fetch, wait_until


class Breakable(Daemon):
    """A daemon with systemd's socket, that can be broken as `breakable.py` describes."""

    program = (str(Path(__file__).with_name("breakable.py")),)
    commands = subprocess.PIPE

    def __exit__(self, *ended: object) -> None:
        super().__exit__(*ended)
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()

    def tell(self, command: str) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body; 0 where nobody answers."""
        try:
            return 200, fetch(Request(f"http://127.0.0.1:{self.web_port}{path}")).decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except (URLError, OSError):
            return 0, ""


class Systemd:
    """The socket to which a service says how it is."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        self._socket.bind(str(self.path))
        self._socket.setblocking(False)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def heard(self) -> list[str]:
        """Return what was said since the last time."""
        said = []
        with suppress(BlockingIOError):
            while True:
                said.append(self._socket.recv(1000).decode())
        return said


class Light:
    """A light at a door: knows the newest retained messages below `hdmonitor/`, and when they came."""

    def __init__(self, port: int) -> None:
        self.seen: dict[str, bytes] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _c, _u, m: self.seen.__setitem__(m.topic, m.payload)
        self._client.on_connect = lambda client, *_: client.subscribe("hdmonitor/#", qos=1)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        wait_until(self._client.is_connected, 10)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(10)

    @property
    def beat(self) -> str:
        """The time in the newest face of the room, empty where there was none."""
        face = self.seen.get("hdmonitor/test/room/store")
        return json.loads(face)["at"] if face else ""

    @property
    def status(self) -> str:
        return self.seen.get("hdmonitor/test/status", b"").decode()


class Second(NamedTuple):
    """Everything that is said at one moment."""

    at: int
    health: int
    wrong: str  # the checks that do not work
    connected: str
    turn_age: str
    alarms: str
    watchdog: bool
    beat: bool  # a new face of the room came
    status: str


def watch(daemon: Breakable, systemd: Systemd, light: Light, seconds: int) -> list[Second]:
    """Look once a second for so many seconds, or until the process has ended."""
    said: list[Second] = []
    systemd.heard()
    begun, beat = time.monotonic(), light.beat
    for at in range(1, seconds + 1):
        time.sleep(max(0.0, begun + at - time.monotonic()))
        status, body = daemon.get("/healthz")
        checks = json.loads(body)["checks"] if body.startswith("{") else {}
        figures = dict(
            line.rsplit(" ", 1) for line in daemon.get("/metrics")[1].splitlines() if not line.startswith("#")
        )
        alarms = [
            figures.get(f'hdmonitor_active_alarms{{level="{level}"}}', "") for level in ("alarm", "critical")
        ]
        said.append(
            Second(
                at=at,
                health=status,
                wrong=" ".join(name for name, check in checks.items() if not check["works"]),
                connected=figures.get("hdmonitor_broker_connected", "")[:1],
                turn_age=figures.get("hdmonitor_core_last_turn_age_seconds", "").partition(".")[0],
                alarms="/".join(count.partition(".")[0] for count in alarms),
                watchdog="WATCHDOG=1" in systemd.heard(),
                beat=light.beat != beat,
                status=light.status,
            )
        )
        beat = light.beat
        if daemon.process is None or daemon.process.poll() is not None:
            break
    return said


def table(said: list[Second]) -> str:
    """Return a table of the seconds in which something changed besides the age of the turn."""
    columns = [
        "s",
        "/healthz",
        "not working",
        "connected",
        "last turn",
        "alarms/critical",
        "watchdog",
        "room beat",
        "status",
    ]
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    before: tuple[object, ...] = ()
    quiet = {"watchdog": 0, "beat": 0}
    for second in said:
        quiet["watchdog"] = 0 if second.watchdog else quiet["watchdog"] + 1
        quiet["beat"] = 0 if second.beat else quiet["beat"] + 1
        fed, beaten = (("yes" if quiet[name] < 20 else "silent") for name in ("watchdog", "beat"))
        told = (second.health, second.wrong, second.connected, second.alarms, fed, beaten, second.status)
        if told != before or second is said[-1]:
            cells = (
                second.at,
                second.health or "nobody answers",
                second.wrong or "-",
                second.connected or "-",
                f"{second.turn_age} s" if second.turn_age else "-",
                second.alarms,
                fed,
                beaten,
                second.status,
            )
            lines.append(f"| {' | '.join(map(str, cells))} |")
        before = told
    return "\n".join(lines)


def main(directory: Path, away: int) -> None:
    """Print what was said while a thread was killed, the core held for a minute, the broker away."""
    for name, trouble, seconds in (
        ("a thread killed", "end control", 10),
        ("the core held for 60 s", "stall", 90),
    ):
        with Mosquitto(directory / name / "broker") as broker, HttpSink() as sink:
            show(name, observed(directory / name, broker, sink, trouble, seconds))
    broker = Mosquitto(directory / "broker")
    with broker, HttpSink() as sink:
        show(f"the broker away for {away} s", observed(directory / "away", broker, sink, "away", away + 60))


def observed(directory: Path, broker: Mosquitto, sink: HttpSink, trouble: str, seconds: int) -> list[Second]:
    """Let a daemon run, bring it into trouble after 5 s, and look on."""
    directory.mkdir(parents=True, exist_ok=True)
    daemon = Breakable(directory / "daemon", site_text(1), broker.port, sink.url)
    with Systemd(directory) as systemd, daemon, Light(broker.port) as light:
        daemon.environment = {"NOTIFY_SOCKET": str(systemd.path), "WATCHDOG_USEC": "30000000"}
        daemon.start(until="watching 1 points")
        wait_until(lambda: daemon.get("/healthz")[0] == 200, 20)
        over = threading.Event()
        script = threading.Thread(target=play, args=(daemon, broker, light, trouble, seconds, over))
        script.start()
        said = watch(daemon, systemd, light, seconds)
        over.set()
        script.join()
    return said


def play(
    daemon: Breakable, broker: Mosquitto, light: Light, trouble: str, seconds: int, over: threading.Event
) -> None:
    """Bring on the trouble, and end it before we stop looking."""
    over.wait(5)
    if trouble == "away":
        broker.kill()
        over.wait(seconds - 60)
        broker.start()
        return
    daemon.tell(trouble)
    light.publish("cold/0", b"9.5")
    if trouble == "stall":
        over.wait(60)
        daemon.tell("go on")


def show(name: str, said: list[Second]) -> None:
    sys.stdout.write(f"\n{name}\n\n{table(said)}\n")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        main(Path(folder), int(sys.argv[1]) if len(sys.argv) > 1 else 600)
