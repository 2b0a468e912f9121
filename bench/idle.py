"""What the daemon uses on the example site while its sensors talk as they do: ten minutes, in real time.

.venv/bin/python bench/idle.py [--quick]
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from figures import verdict
from rig import HERE, Broker, Child, shipped
from servers import HttpSink, free_port

SECONDS = 600
SITE = HERE.parent / "config" / "site.yaml"
SETTINGS = """
broker: {{ host: 127.0.0.1, port: {port}, client_id: idle }}
record: {{ journal: journal.db, socket: control.sock }}
web: {{ port: {web} }}
notifications:
  urls:
    pharmacist-phone: json://127.0.0.1:{sink}/pharmacist
    technician-phone: json://127.0.0.1:{sink}/technician
    manager-phone: json://127.0.0.1:{sink}/manager
"""


class Idle:
    """The daemon, the simulated pharmacy and what lies between them, for as long as it is entered."""

    def __init__(self, *, quick: bool) -> None:
        self._seconds = 20 if quick else SECONDS
        self._house = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as house:
            folder = Path(house.enter_context(TemporaryDirectory()))
            broker = house.enter_context(Broker(folder, f"{shipped(folder)}\nallow_anonymous true\n"))
            sink = house.enter_context(HttpSink())
            (folder / "hdmonitor.yaml").write_text(
                SETTINGS.format(port=broker.port, web=free_port(), sink=sink.port)
            )
            program = (sys.executable, "-m", "hdmonitor.cli")
            self._daemon = house.enter_context(
                Child(
                    *program,
                    "run",
                    f"--config={folder}/hdmonitor.yaml",
                    f"--site={SITE}",
                    log=folder / "daemon.log",
                )
            )
            self._daemon.said("topics subscribed")
            address = f"--broker=127.0.0.1:{broker.port}"
            house.enter_context(
                Child(*program, "simulate", address, f"--site={SITE}", log=folder / "simulator.log")
            )
            self._house = house.pop_all()
        time.sleep(10)  # the first readings are events
        self._used = self._daemon.seconds()
        self._began = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._house.close()

    def report(self) -> str:
        """Wait for the rest of the time and return the section for results.md."""
        time.sleep(max(0.0, self._began + self._seconds - time.monotonic()))
        taken = time.monotonic() - self._began
        share = 100 * (self._daemon.seconds() - self._used) / taken
        size = self._daemon.kilobytes() / 1000
        return (
            f"## Idle\n\nThe example site with its simulated sensors in real time for {taken:.0f} s.\n\n"
            f"% of a core {share:.2f}, {verdict(share, 1, at_least=False)}; "
            f"MB resident at the end {size:.1f}, {verdict(size, 150, at_least=False)}.\n"
        )


def run(*, quick: bool) -> str:
    """Return the section for results.md."""
    with Idle(quick=quick) as idle:
        return idle.report()


if __name__ == "__main__":
    sys.stdout.write(run(quick="--quick" in sys.argv))
