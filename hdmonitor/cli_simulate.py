"""The commands that play a pharmacy: `hdmonitor demo`, all in this terminal, and `simulate`, to a broker."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from pathlib import Path

from hdmonitor.cli_shared import Refused, duration, usable
from hdmonitor.clock import Clock
from hdmonitor.service import install_signals
from hdmonitor.simulator.publisher import Broker, simulate
from hdmonitor.site import load_site

FAILED = 1
HIGHEST_PORT = 65_535


def add_demo(command: argparse.ArgumentParser) -> None:
    """Declare the demonstration."""
    command.set_defaults(run=_demo)
    command.add_argument("--for", dest="span", type=duration, metavar="90s", help="end by itself after this")


def add_simulate(command: argparse.ArgumentParser) -> None:
    """Declare the simulated pharmacy."""
    command.set_defaults(run=_simulate)
    command.add_argument("--broker", required=True, metavar="HOST[:PORT]")
    command.add_argument("--user", help="the password is read from MQTT_PASSWORD")
    command.add_argument("--site", type=Path, default=Path("config/site.yaml"), metavar="FILE")
    command.add_argument("--for", dest="span", type=duration, metavar="90s", help="end after this")


def _demo(options: argparse.Namespace) -> int:
    try:
        from hdmonitor.demo import NotPlayed, run  # noqa: PLC0415  # needs the optional embedded broker
    except ModuleNotFoundError as error:
        raise Refused(f"the demonstration needs {error.name}; install hdmonitor[broker]") from error
    try:
        return run(options.span)
    except NotPlayed as error:
        raise Refused(str(error)) from error


def _simulate(options: argparse.Namespace) -> int:
    stop = threading.Event()
    install_signals(stop.set)
    host, _, port = options.broker.partition(":")
    if not host or (port and not (port.isascii() and port.isdecimal() and 0 < int(port) <= HIGHEST_PORT)):
        raise Refused(f"{options.broker!r} is not HOST[:PORT]; write for instance 127.0.0.1:1883")
    broker = Broker(host, int(port or 1883), options.user, os.environ.get("MQTT_PASSWORD"))
    done = simulate(usable(*load_site(options.site)), broker, stop, Clock(), length=options.span)
    for point in done.left_out:
        print(f"{point} is not simulated", file=sys.stderr)
    print(f"{done.confirmed} messages confirmed by the broker, {done.unconfirmed} not")
    return FAILED if done.unconfirmed else 0
