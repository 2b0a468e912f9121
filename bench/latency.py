"""Alarm latency: from publishing a value outside its limits to the arrival of the message at an HTTP service.

The rule has no on-delay; 500 messages a second of other sensors are judged at the same time. Beside it, in
turn, a bare paho callback that posts through Apprise at once, judging and storing nothing.

    .venv/bin/python bench/latency.py [--quick]
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from figures import percentile, ratios, spread, table, verdict
from fleet import VALUES
from rig import FAST, READINGS, Broker, Child, rows, warm
from servers import HttpSink, wait_until

DEVICES, RATE = 1000, 500
RUNS, SECONDS, PROBES = 5, 20, 100
NOT_YET = 10**9  # messages: the callback is ended by us
SHARES = {"p50": 0.5, "p99": 0.99, "worst": 1.0}
NUMBER = re.compile(rb"(?:<|&lt;|u003c)(\d+)")
ALARM = re.compile(rb"\bA\d+\b")
OPENED = "SELECT id, point FROM alarm WHERE point LIKE 'probe-%'"


def bare(port: int, url: str, folder: Path) -> Child:
    """Start the callback."""
    child = Child("bare.py", port, NOT_YET, url, log=folder / "bare.log")
    child.ready()
    warm(port, DEVICES, folder)
    return child


def judged(port: int, url: str, folder: Path) -> Child:
    """Start the monitor."""
    child = Child("watch.py", folder, port, DEVICES, PROBES, url, log=folder / "daemon.log")
    child.said("topics subscribed")
    warm(port, DEVICES, folder)
    rows(folder / "journal.db", READINGS, DEVICES * VALUES)
    return child


def opened(journal: Path) -> dict[bytes, int]:
    """Return the number of the probe behind each alarm of the monitor; nothing for the bare callback."""
    if not journal.exists():
        return {}
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
        return {id_.encode(): int(point.rpartition("-")[2]) for id_, point in database.execute(OPENED)}


def one(side: Callable[[int, str, Path], Child], seconds: int, alarms: int) -> list[float]:
    """Return the milliseconds that each alarm took."""
    with TemporaryDirectory() as name, ExitStack() as house:
        folder, count = Path(name), RATE * seconds
        broker = house.enter_context(Broker(folder, FAST))
        sink = house.enter_context(HttpSink())
        house.enter_context(side(broker.port, f"json://127.0.0.1:{sink.port}/phone", folder))
        publisher = house.enter_context(
            Child("publisher.py", broker.port, count, DEVICES, RATE, alarms, log=folder / "publisher.log")
        )
        publisher.ready()
        publisher.go()
        asked = publisher.result()["asked"]
        arrived: dict[int, float] = {}

        def all_there() -> bool:
            numbers = opened(folder / "journal.db")
            for request in sink.requests:
                if numbers:  # several alarms at once come in one message, with their names
                    told = [numbers[name] for name in ALARM.findall(request.body) if name in numbers]
                else:
                    told = [int(found[1])] if (found := NUMBER.search(request.body)) else []
                for number in told:
                    arrived.setdefault(number, request.arrived)
            return len(arrived) == alarms

        wait_until(all_there, 60)
    return [1000 * (arrived[number] - moment) for number, moment in enumerate(asked)]


def run(*, quick: bool) -> str:
    """Return the section for results.md."""
    runs, seconds, alarms = (1, 5, 20) if quick else (RUNS, SECONDS, PROBES)
    sides = {"bare paho and Apprise": bare, "hdmonitor": judged}
    found: dict[str, list[list[float]]] = {name: [] for name in sides}
    for _ in range(runs):
        for name, side in sides.items():
            found[name].append(one(side, seconds, alarms))
            sys.stderr.write(f"{name}: p99 {percentile(found[name][-1], 0.99):.1f} ms\n")
    lines, shares = [], {}
    for what, share in SHARES.items():
        each = {name: [percentile(values, share) for values in found[name]] for name in sides}
        lines += [[f"{name}, {what}", *spread(values).row(1)] for name, values in each.items()]
        shares[what] = spread(ratios(each["hdmonitor"], each["bare paho and Apprise"]))
    lines += [[f"hdmonitor / bare, {what}", *share.row(2)] for what, share in shares.items()]
    return (
        f"## Alarm latency\n\n{alarms} alarms over {seconds} s among {RATE} messages a second, "
        f"{runs} runs of each side in turn; milliseconds from publish to the arrival of the HTTP request.\n\n"
        f"{table(['milliseconds', 'least', 'median', 'most'], lines)}\n\n"
        f"p99, hdmonitor / bare, {verdict(shares['p99'].middle, 3, at_least=False)} (the aim is 1.5).\n"
    )


if __name__ == "__main__":
    sys.stdout.write(run(quick="--quick" in sys.argv))
