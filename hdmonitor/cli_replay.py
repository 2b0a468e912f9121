"""The command `hdmonitor replay`: a recording or the journal through the judge, and what-if."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from pathlib import Path

from hdmonitor import what_if
from hdmonitor.catalogue import own_rules
from hdmonitor.cli_shared import usable
from hdmonitor.model import Reading, Site
from hdmonitor.reader import Reader
from hdmonitor.refusal import Refusal
from hdmonitor.replay import as_json, as_lines, of_journal, read, remarks, replay
from hdmonitor.settings import load_settings
from hdmonitor.site import load_site, load_untightened

FAILED = 1


class NotReplayed(Refusal):
    """There is nothing to replay: why, what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes besides the two files."""
    parser.set_defaults(run=run)
    parser.add_argument(
        "readings", type=Path, nargs="?", metavar="READINGS.csv", help="without it, the journal is replayed"
    )
    parser.add_argument("--journal", type=Path, metavar="FILE", help="another journal than that of --config")
    parser.add_argument(
        "--what-if", type=Path, metavar="SITE.yaml", help="compare with the limits and delays of this site"
    )
    parser.add_argument("--json", action="store_true", help="one excursion, or limit, a line")


def run(options: argparse.Namespace) -> int:
    """Replay a recording, or the journal."""
    if options.readings is not None and options.journal is not None:
        raise NotReplayed(f"{options.readings} or {options.journal}? name a recording or a journal, not both")
    site = usable(*load_site(options.site))
    other = usable(*load_site(options.what_if)) if options.what_if is not None else None
    with ExitStack() as closing:
        named: list[str] = []
        told: Collection[str]
        readings: Iterable[Reading]
        if options.readings is not None:
            recorded = read(options.readings, site.points)
            readings, told = recorded.readings, {reading.point for reading in recorded.readings}
            unusable = recorded.unusable.items()
            named = recorded.named + [f"{options.readings}: {n} lines not used: {why}" for why, n in unusable]
        else:
            journal = options.journal or usable(*load_settings(options.config)).record.journal
            told, readings = of_journal(closing.enter_context(Reader(journal)), site)
            named = [] if told else [f"{journal}: no reading of any point of the site"]
        if other is not None:
            _compare(options, site, other, readings, told)
        else:
            _tell(options, site, readings, told)
    for line in named:
        print(line, file=sys.stderr)
    return 0 if told else FAILED


def _tell(
    options: argparse.Namespace, site: Site, readings: Iterable[Reading], told: Collection[str]
) -> None:
    result = replay(site, own_rules(), readings, told)
    if options.json:
        for excursion in result.excursions:
            print(json.dumps(as_json(excursion, result.until)))
    else:
        for line in as_lines(result, site):
            print(line)
    for line in remarks(result):
        print(line, file=sys.stderr if options.json else sys.stdout)


def _compare(
    options: argparse.Namespace,
    site: Site,
    other: Site,
    readings: Iterable[Reading],
    told: Collection[str],
) -> None:
    result = what_if.what_if(
        site,
        other,
        untightened=load_untightened(options.site),
        own=own_rules(),
        readings=readings,
        told=told,
    )
    if options.json:
        for row in result.limits:
            print(json.dumps(what_if.as_json(row)))
    else:
        for line in what_if.as_lines(result):
            print(line)
    for point in result.left_out:
        print(f"{point} is not in {options.what_if}, so it is not compared", file=sys.stderr)
