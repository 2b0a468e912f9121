"""The whole daemon as its users start it: a process with two files, killed by its own pid."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from servers import COMPILED, free_port, wait_until

SITE = """
site: {{ id: test, name: Test, regime: 503A, time_zone: America/New_York, waste_regime: subpart-p }}
rooms:
  store: {{ name: Store, role: unclassified }}
equipment:
{equipment}
points:
{points}
people:
  keeper: {{ name: Store keeper, role: technician }}
destinations:
  phone: {{ name: Phone of the keeper, person: keeper }}
  second: {{ name: Second phone, person: keeper }}
"""
START_WITHIN = 120.0  # seconds; two on a machine that has nothing else to do
POLICY = '{ steps: [{ after: "0s", notify: [phone] }, { after: "%s", notify: [second] }], repeat: "30m" }'


def site_text(count, *, escalate_after="10m", on_delay="0s"):
    """Return a site of `count` cold rooms, each with one limit of 8 °C and a plain topic."""
    equipment = "".join(
        f"  room-{i}: {{ name: Room {i}, kind: cold-storage, room: store }}\n" for i in range(count)
    )
    points = "".join(
        f"  room-{i}.temperature: {{ at: room-{i}, measures: temperature, topic: cold/{i}, family: plain,"
        f' field: value, unit: degC, every: "60s",'
        f' limits: {{ alarm: {{ on_delay: "{on_delay}" }}, off_delay: "0s", deadband: "0 degC" }} }}\n'
        for i in range(count)
    )
    policy = POLICY % escalate_after
    return (
        SITE.format(equipment=equipment, points=points)
        + f"escalation:\n  containment: {policy}\n  storage: {policy}\n  other: {policy}\n"
    )


ONE_BY_ONE = (str(Path(__file__).with_name("one_by_one.py")),)  # in place of `Daemon.program`


class Daemon:
    """`hdmonitor run` in a directory of its own."""

    program = ("-m", "hdmonitor.cli")
    commands = subprocess.DEVNULL

    def __init__(self, directory: Path, site: str, broker_port: int, sink_url: str, more: str = "") -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.web_port = free_port()
        host = sink_url.removeprefix("http://")
        (directory / "site.yaml").write_text(site)
        (directory / "hdmonitor.yaml").write_text(
            f"broker: {{ host: 127.0.0.1, port: {broker_port}, client_id: test }}\n"
            f"record: {{ journal: journal.db, socket: control.sock }}\n"
            f"web: {{ port: {self.web_port} }}\n"
            f"notifications:\n  urls:\n    phone: json://{host}/phone\n    second: json://{host}/second\n{more}"
        )
        self.journal = directory / "journal.db"
        self.log = directory / "daemon.log"
        self.environment: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another hdmonitor command beside the daemon and return what it printed."""
        return subprocess.run(
            [sys.executable, "-m", "hdmonitor.cli", *arguments],
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *, until: str = "topics subscribed") -> None:
        """Return when the daemon's log says `until` once more than before."""
        before = self.said(until)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.program, "run", "--config=hdmonitor.yaml", "--site=site.yaml"],
                cwd=self.directory,
                stdin=self.commands,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | COMPILED | {"PYTHONUNBUFFERED": "1"} | self.environment,
            )
        process = self.process
        wait_until(lambda: self.said(until) > before or process.poll() is not None, START_WITHIN)
        assert process.poll() is None, self.tail()

    def said(self, text: str) -> int:
        return self.log.read_text().count(text) if self.log.exists() else 0

    def tail(self) -> str:
        return self.log.read_text()[-4000:]

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it as systemd would, and return the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
