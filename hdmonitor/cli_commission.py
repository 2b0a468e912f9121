"""The command `hdmonitor commission`: a point beside a reference, and the record of it."""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path

from hdmonitor.adapters.control import ask
from hdmonitor.cli_shared import usable
from hdmonitor.clock import Clock
from hdmonitor.commissioning import as_line, compare
from hdmonitor.model import NO_TIME, Point, Quality
from hdmonitor.reader import Reader
from hdmonitor.refusal import Refusal
from hdmonitor.settings import load_settings
from hdmonitor.site import load_site
from hdmonitor.units import UnitError, parse_amount, show_duration

FAILED = 1


class NotCommissioned(Refusal):
    """The point cannot be compared or the act cannot be recorded: why, what to do."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare what the command takes besides the two files."""
    command.set_defaults(run=run)
    command.add_argument("point", metavar="POINT", help="id from the site file")
    command.add_argument(
        "--reference", required=True, metavar="'4.3 degC'", help="what the certified instrument shows"
    )
    command.add_argument("--by", required=True, metavar="PERSON", help="id from the site file")
    command.add_argument(
        "--certificate", required=True, metavar="NUMBER", help="of the instrument's calibration"
    )


def run(options: argparse.Namespace) -> int:
    """Compare the newest live reading with the reference, record it, and say what to do."""
    record, site = usable(*load_settings(options.config)).record, usable(*load_site(options.site))
    point = site.points.get(options.point)
    if point is None:
        raise NotCommissioned(
            f"no point {options.point!r} in {options.site}; list them with: hdmonitor check"
        )
    try:
        reference = parse_amount(options.reference, point.quantity)
    except UnitError as error:
        raise NotCommissioned(f"--reference: {error}") from error
    reading, age = _live(record.journal, point, Clock())
    found = compare(point, reading, reference)
    request = {
        "do": "commission",
        "point": point.id,
        "by": options.by,
        "reading": repr(found.reading),
        "reference": repr(found.reference),
        "certificate": options.certificate,
        "found": found.advice,
    }
    if refusal := ask(record.socket, request).get("refused"):
        raise NotCommissioned(str(refusal))
    print(f"the newest reading is {show_duration(age)} old; the reference must be of the same moment")
    print(as_line(point, found))
    print(f"recorded: {point.id}, by {options.by}, certificate {options.certificate}")
    return 0 if found.agrees else FAILED


def _live(journal: Path, point: Point, clock: Clock) -> tuple[float, timedelta]:
    """Return the newest value of a point, if it is one of now, and how old it is."""
    with Reader(journal) as reader:
        heard = reader.heard().get(point.id)
    if heard is None or heard.value is None or heard.quality is Quality.FAULT or heard.live_at is None:
        raise NotCommissioned(
            f"{point.id} has no value now; wait for its next reading, or look at its sensor"
        )
    age = max(clock.now() - heard.live_at, NO_TIME)
    if age > point.valid_for:
        raise NotCommissioned(
            f"{point.id} has been silent for {show_duration(age)}; wait for its next reading"
        )
    return heard.value, age
