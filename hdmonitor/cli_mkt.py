"""The command `hdmonitor mkt`: the mean kinetic temperature of recorded readings."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import timedelta
from pathlib import Path

from hdmonitor import kinetic
from hdmonitor.cli_shared import duration

FAILED = 1
WINDOWS = {"24h": timedelta(hours=24), "30d": timedelta(days=30)}  # controlled cold, room temperature
DEFAULT_CAP = timedelta(minutes=15)  # for which a reading of storage vouches at least


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    command.set_defaults(run=_mkt)
    command.add_argument("readings", type=Path, metavar="FILE.csv")
    command.add_argument("--window", type=_window, metavar="24h|30d", help="look for the worst full window")
    command.add_argument(
        "--cap", type=_cap, default=DEFAULT_CAP, metavar="15m|none", help="a reading stands at most so long"
    )
    command.add_argument(
        "--weights", choices=["time", "count"], default="time", help="count: each reading weighs the same"
    )
    command.add_argument("--json", action="store_true", help="one sensor a line")


def _window(text: str) -> timedelta:
    if text not in WINDOWS:
        raise argparse.ArgumentTypeError(f"{text!r} is no window; write {' or '.join(WINDOWS)}")
    return WINDOWS[text]


def _cap(text: str) -> timedelta | None:
    if text == "none":
        return None
    cap = duration(text)
    if not cap:
        raise argparse.ArgumentTypeError("a reading must stand for longer than nothing; write 15m, or none")
    return cap


def _mkt(options: argparse.Namespace) -> int:
    by_count = options.weights == "count"
    found = kinetic.kinetics(options.readings, options.window, options.cap, by_count=by_count)
    if options.json:
        for each in found.sensors:
            print(json.dumps(kinetic.as_json(each, options.window)))
    else:
        for line in kinetic.as_lines(found, options.window):
            print(line)
    for line in (*kinetic.remarks(found), *found.named):
        print(line, file=sys.stderr)
    for reason, count in found.unusable.items():
        print(f"{options.readings}: {count} lines not used: {reason}", file=sys.stderr)
    return 0 if any(each.readings for each in found.sensors) else FAILED
