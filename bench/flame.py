"""Where the time of the daemon goes under load: a flame graph of its threads while it works off a queue.

Needs py-spy on PATH, which samples from outside and is no dependency of ours. Only samples that hold the
interpreter's lock are taken: the threads share it, so these are what bounds the throughput.

    .venv/bin/python bench/flame.py [OUT.svg]
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rig import FAST, HERE, READINGS, Broker, Child, rows, warm
from throughput import DEVICES, VALUES, published

MESSAGES = 20_000


def main(out: Path) -> None:
    """Write the graph."""
    spy = shutil.which("py-spy")
    if spy is None:
        raise SystemExit("py-spy is not there; install it, for instance with: pipx install py-spy")
    with TemporaryDirectory() as name:
        folder = Path(name)
        with (
            Broker(folder, FAST) as broker,
            Child("watch.py", folder, broker.port, DEVICES, log=folder / "daemon.log") as daemon,
        ):
            daemon.said("topics subscribed")
            warm(broker.port, DEVICES, folder)
            rows(folder / "journal.db", READINGS, DEVICES * VALUES)
            options = ["--gil", "--threads", "--rate", "100", "--output", str(out)]
            watched = subprocess.Popen(
                [spy, "record", *options, "--pid", str(daemon.process.pid)], stdout=subprocess.DEVNULL
            )
            time.sleep(1)
            with published(broker.port, MESSAGES, folder) as publisher:
                publisher.go()
                publisher.result()
                rows(folder / "journal.db", READINGS, (DEVICES + MESSAGES) * VALUES)
            watched.send_signal(signal.SIGINT)
            watched.wait(60)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "flame.svg")
