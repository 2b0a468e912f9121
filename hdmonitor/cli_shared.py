"""What all commands share: the two files they read, and how a span is typed. It imports next to nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from hdmonitor.refusal import Refusal
from hdmonitor.units import UnitError, parse_duration

MOST_SHOWN = 1_000_000  # entries of a list
T = TypeVar("T")


class Refused(Refusal):
    """The command cannot be carried out; the lines say why."""


def add_files(command: argparse.ArgumentParser) -> None:
    """Declare both files, also where only one is read: at night the same words must do for every command."""
    command.add_argument("--config", type=Path, default=Path("config/hdmonitor.yaml"), metavar="FILE")
    command.add_argument("--site", type=Path, default=Path("config/site.yaml"), metavar="FILE")


def both_files() -> argparse.ArgumentParser:
    """Return the parent of commands below a command, which take both files."""
    shared = argparse.ArgumentParser(add_help=False)
    add_files(shared)
    return shared


def usable(thing: T | None, problems: Iterable[object]) -> T:
    """Return what was loaded, or refuse with all that is wrong with its file."""
    if thing is None:
        raise Refused("\n".join(map(str, problems)))
    return thing


def duration(text: str) -> timedelta:
    """Read a span as it is typed: 90s, 1h30m."""
    try:
        return parse_duration(text)
    except UnitError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def count(text: str) -> int:
    """Read how many entries of a list are asked for."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= MOST_SHOWN):
        raise argparse.ArgumentTypeError(f"{text!r:.20} must be a number from 1 to {MOST_SHOWN}")
    return int(text)


def found(module: str, name: str) -> Callable[[Any], Any]:
    """Import what a command needs, once it is that command that was chosen."""
    named: Callable[[Any], Any] = getattr(import_module(f"hdmonitor.{module}"), name)
    return named


def later(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """Return a command that is imported when it is carried out."""

    def run(options: argparse.Namespace) -> int:
        status: int = found(module, name)(options)
        return status

    return run
