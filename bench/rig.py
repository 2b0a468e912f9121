"""What the benches put together: a broker, processes that are ended by their own pid, and what they use."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
from servers import COMPILED, Mosquitto, wait_until

# Without persistence: what is measured is the subscriber, not the broker's disk.
FAST = """persistence false
max_inflight_messages 1000
max_queued_messages 0
max_queued_bytes 0
log_type none
"""
TICKS = os.sysconf("SC_CLK_TCK")


def shipped(folder: Path) -> str:
    """Return the configuration of deploy/ as far as it is not about who may connect."""
    lines = (HERE.parent / "deploy" / "mosquitto" / "mosquitto.conf").read_text().splitlines()
    ours = ("listener", "allow_anonymous", "password_file", "persistence_location", "#")
    kept = [line for line in lines if line and not line.startswith(ours)]
    return "\n".join([*kept, f"persistence_location {folder}/", "log_type none", ""])


class Broker(Mosquitto):
    """A mosquitto that writes no log."""

    def arguments(self) -> list[str]:
        """Leave out -v, which would write a line for every packet."""
        return [each for each in super().arguments() if each != "-v"]


class Child:
    """A process of ours: a script of this folder, or any other program."""

    def __init__(self, *arguments: object, log: Path, cwd: Path | None = None) -> None:
        self.log = log
        command = [str(each) for each in arguments]
        if command[0].endswith(".py"):
            command[:1] = [sys.executable, str(HERE / command[0])]
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | COMPILED | {"PYTHONPATH": str(HERE.parent)},
                text=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()

    def ready(self) -> None:
        """Wait for the line that says so."""
        if self._line() != "ready":
            raise SystemExit(f"did not start:\n{self.log.read_text()[-2000:]}")

    def go(self) -> None:
        """Give the sign to begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def result(self) -> Any:
        """Return what it prints at its end."""
        line = self._line()
        if not line:
            raise SystemExit(f"ended without a result:\n{self.log.read_text()[-2000:]}")
        return json.loads(line)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def said(self, text: str, within: float = 300.0) -> None:
        """Wait until its log says `text`."""
        wait_until(lambda: text in self.log.read_text() or self.process.poll() is not None, within)
        if self.process.poll() is not None:
            raise SystemExit(f"ended:\n{self.log.read_text()[-2000:]}")

    def seconds(self) -> float:
        """Return the processor time it has used, all threads together."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def kilobytes(self) -> int:
        """Return the memory it has resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])


def rows(database: Path, sql: str, at_least: int, within: float = 300.0) -> float:
    """Return the moment at which `sql` (a count) gave at least so many, asked each 5 ms."""
    deadline = time.monotonic() + within
    reader = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        while (reader.execute(sql).fetchone() or (0,))[0] < at_least:
            if time.monotonic() > deadline:
                raise SystemExit(f"{database} had not {at_least} rows in {within:.0f} s")
            time.sleep(0.005)
        return time.monotonic()
    finally:
        reader.close()


READINGS = "SELECT seq FROM sqlite_sequence WHERE name = 'reading'"


def warm(port: int, devices: int, folder: Path) -> None:
    """Let each topic be heard once: a point's first reading is an event, the others are not."""
    with Child("publisher.py", port, devices, devices, log=folder / "warm.log") as publisher:
        publisher.ready()
        publisher.go()
        publisher.result()
