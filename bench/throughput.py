"""Durable throughput: messages a second from publish to confirmed after commit.

Messages with three values over 1,000 topics at QoS 1, from a C publisher. The monitor decodes, judges by
the rules of the example site, commits and confirms; beside it, in turn, an empty paho subscriber that only
confirms, and the same job in Node-RED with its SQLite node.

    .venv/bin/python bench/throughput.py [--quick]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import node_red
from figures import ratios, spread, table, verdict
from fleet import VALUES
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from rig import FAST, READINGS, Broker, Child, rows, shipped, warm

DEVICES = 1000
RUNS, MESSAGES, SHIPPED = 5, 20_000, 4_000
STORED = (
    "SELECT coalesce(max(rowid), 0) FROM reading"  # counting them would take the time of those that store
)

INTRODUCTION = """## Durable throughput

{count:,} messages of three values over 1,000 topics at QoS 1, {runs} runs of each side in turn, from
the first publish to the confirmation after the last commit. The publisher is libmosquitto. First the
broker keeps nothing on disk, so that it is the subscribers that are measured.
"""


def published(port: int, count: int, folder: Path) -> Child:
    """Return the publisher, ready to begin."""
    publisher = Child("publisher.py", port, count, DEVICES, log=folder / "publisher.log")
    publisher.ready()
    return publisher


def publisher_only(port: int, count: int, folder: Path) -> float:
    """Return the rate at which the broker takes the messages with nobody to give them to."""
    with published(port, count, folder) as publisher:
        publisher.go()
        told = publisher.result()
    return count / (told["last"] - told["first"])


def bare(port: int, count: int, folder: Path) -> float:
    """Return the rate of the empty subscriber."""
    with Child("bare.py", port, DEVICES + count, log=folder / "bare.log") as subscriber:
        subscriber.ready()
        warm(port, DEVICES, folder)
        with published(port, count, folder) as publisher:
            publisher.go()
            first = publisher.result()["first"]
            return count / (subscriber.result()["last"] - first)


def judged(port: int, count: int, folder: Path) -> float:
    """Return the rate of the monitor."""
    with Child("watch.py", folder, port, DEVICES, log=folder / "daemon.log") as daemon:
        daemon.said("topics subscribed")
        warm(port, DEVICES, folder)
        rows(folder / "journal.db", READINGS, DEVICES * VALUES)
        with published(port, count, folder) as publisher:
            publisher.go()
            first = publisher.result()["first"]
            last = rows(folder / "journal.db", READINGS, (DEVICES + count) * VALUES)
    if left := unconfirmed(port):
        raise SystemExit(f"{left} messages were committed but not confirmed")
    return count / (last - first)


def unconfirmed(port: int) -> int:
    """Return how many messages the broker still has for the session."""
    left = 0

    def on_message(_: paho.Client, __: object, message: paho.MQTTMessage) -> None:
        nonlocal left
        left += message.topic.startswith("bench/")

    client = paho.Client(CallbackAPIVersion.VERSION2, "bench", protocol=paho.MQTTv5)
    client.on_message = on_message
    client.connect("127.0.0.1", port, clean_start=False)
    client.loop_start()
    time.sleep(0.5)
    client.disconnect()
    client.loop_stop()
    return left


def node_red_rate(port: int, count: int, folder: Path) -> float:
    """Return the rate of Node-RED, which confirms before it has stored."""
    with node_red.started(port, folder) as flow:
        flow.said("Connected to broker")
        time.sleep(1)  # it says so before it has subscribed
        warm(port, DEVICES, folder)
        rows(folder / "node-red.db", STORED, DEVICES * VALUES)
        with published(port, count, folder) as publisher:
            publisher.go()
            first = publisher.result()["first"]
            last = rows(folder / "node-red.db", STORED, (DEVICES + count) * VALUES)
    node_red.judged(folder)
    return count / (last - first)


def one(side: Callable[[int, int, Path], float], count: int, config: Callable[[Path], str]) -> float:
    """Measure one side once, with a broker and a folder of its own."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with Broker(folder, config(folder)) as broker:
            return side(broker.port, count, folder)


def section(title: str, runs: int, count: int, config: Callable[[Path], str], *, with_node_red: bool) -> str:
    """Measure all sides in turn and return the table."""
    sides = {"publisher and broker only": publisher_only, "empty paho subscriber": bare, "hdmonitor": judged}
    if with_node_red:
        sides["Node-RED with SQLite"] = node_red_rate
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(runs):
        for name, side in sides.items():
            rates[name].append(one(side, count, config))
            sys.stderr.write(f"{name}: {rates[name][-1]:,.0f}/s\n")
    lines = [[name, *spread(found).row()] for name, found in rates.items()]
    share = spread(ratios(rates["hdmonitor"], rates["empty paho subscriber"]))
    lines.append(["hdmonitor / empty paho", *share.row(2)])
    text = f"\n\nhdmonitor / empty paho, {verdict(share.middle, 0.5, at_least=True)} (the aim is 0.7)."
    if with_node_red:
        times = spread(ratios(rates["hdmonitor"], rates["Node-RED with SQLite"]))
        lines.append(["hdmonitor / Node-RED", *times.row(2)])
        text += f"\nhdmonitor / Node-RED, {verdict(times.middle, 2.5, at_least=True)}."
    heading = [f"messages a second, {title}", "least", "median", "most"]
    return f"{table(heading, lines)}{text}\n"


def run(*, quick: bool) -> str:
    """Return the section for results.md."""
    trouble = node_red.install()
    runs, count, few = (1, 5_000, 1_000) if quick else (RUNS, MESSAGES, SHIPPED)
    parts = [
        INTRODUCTION.format(count=count, runs=runs),
        section("broker in memory", runs, count, lambda _: FAST, with_node_red=not trouble),
        f"The same with {few:,} messages and the broker as deploy/mosquitto ships it.\n",
        section("broker as shipped", runs, few, shipped, with_node_red=False),
    ]
    if trouble:
        parts.append(f"Node-RED could not be installed here: {trouble}\n")
    else:
        parts.append(f"Node-RED: {node_red.versions()}. It confirms a message before it has stored it.\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(run(quick="--quick" in sys.argv))
