"""The commands about the record as a whole: `hdmonitor quarantine` and `verify`."""

from __future__ import annotations

import argparse
import sys

from hdmonitor.cli_shared import count, usable
from hdmonitor.reader import Reader
from hdmonitor.settings import load_settings

FAILED = 1


def add_quarantine(command: argparse.ArgumentParser) -> None:
    """Declare the list of what could not be decoded."""
    command.set_defaults(run=_quarantine)
    command.add_argument("--limit", type=count, default=50, metavar="N", help="the last so many")


def add_verify(command: argparse.ArgumentParser) -> None:
    """Declare the check of the chain."""
    command.set_defaults(run=_verify)


def _reader(options: argparse.Namespace) -> Reader:
    return Reader(usable(*load_settings(options.config)).record.journal)


def _quarantine(options: argparse.Namespace) -> int:
    with _reader(options) as reader:
        kept, count = reader.quarantined(options.limit), reader.count("quarantined")
    for stored in kept:
        message = stored.message
        print(f"{message.received_at:%Y-%m-%d %H:%M:%SZ}  {message.topic}: {message.reason}")
        print(f"    {message.payload[:80]!r}")
    print(f"{count} messages could not be decoded since the journal began")
    return 0


def _verify(options: argparse.Namespace) -> int:
    with _reader(options) as reader:
        findings = reader.verify()
    for finding in findings:
        print(finding, file=sys.stderr)
    if findings:
        return FAILED
    print("the chain of events is complete and unedited")
    return 0
