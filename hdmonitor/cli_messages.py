"""The commands about messages: `hdmonitor decode` and `hdmonitor families`."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TextIO

from hdmonitor.decoding import Unreadable, checked_family, decoded, families_table

FAILED = 1


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Say what `hdmonitor decode` takes."""
    command.set_defaults(run=run)
    command.add_argument("messages", type=Path, nargs="?", default=Path("-"), metavar="FILE.jsonl|-")
    command.add_argument("--as", dest="family", metavar="FAMILY", help="do not recognise, take it for this")


def run(options: argparse.Namespace) -> int:
    """Print what each captured message says."""
    family, failed = checked_family(options.family), 0
    with _lines(options.messages) as lines:
        for answer, wrong in decoded(lines, family):
            print(answer)
            if wrong is not None:
                print(f"{options.messages}: {wrong}", file=sys.stderr)
                failed = FAILED
    return failed


def add_families(command: argparse.ArgumentParser) -> None:
    """Say what `hdmonitor families` takes: nothing."""
    command.set_defaults(run=families)


def families(_options: argparse.Namespace) -> int:
    """Print what can be read, and how far it was tested."""
    print(*families_table(), sep="\n")
    return 0


def _lines(path: Path) -> AbstractContextManager[TextIO]:
    """Open a file of lines, or standard input for "-"; bytes that are no UTF-8 are refused in their line."""
    if path == Path("-"):
        if hasattr(sys.stdin, "reconfigure"):
            sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
        return nullcontext(sys.stdin)
    try:
        return path.open(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error
