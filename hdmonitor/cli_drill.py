"""The commands `hdmonitor drill …`: an alarm that is none, through everything that an alarm passes."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hdmonitor.adapters import mirror
from hdmonitor.adapters.control import ask
from hdmonitor.alerts.drill import Hop
from hdmonitor.cli_discover import encryption
from hdmonitor.cli_shared import both_files, count, duration, usable
from hdmonitor.clock import Clock
from hdmonitor.events import Event
from hdmonitor.model import MIRROR, Device, Point, Side, Site, Threshold
from hdmonitor.reader import Reader
from hdmonitor.refusal import Refusal
from hdmonitor.settings import Settings, load_settings
from hdmonitor.simulator.payloads import encode, why_not
from hdmonitor.site import load_site
from hdmonitor.units import UnitError, parse_amount
from hdmonitor.watch import middle

TEN_MINUTES = timedelta(minutes=10)
LOOK_EVERY = 0.5  # seconds
GRACE = 15.0  # seconds for the monitor to file the evidence
FAILED = 1


class NotDrilled(Refusal):
    """A drill that cannot be made, or of which nothing is known: why, what to do."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare what the commands take."""
    command.set_defaults(run=run)
    both = both_files()
    what = command.add_subparsers(required=True, metavar="alarm|arrived|ack|list", dest="what")
    alarm = what.add_parser("alarm", help="drill the alarm of a point", parents=[both])
    alarm.add_argument("point", metavar="POINT")
    alarm.add_argument("--within", type=duration, default=TEN_MINUTES, metavar="10m", help="then it ends")
    alarm.add_argument("--value", metavar="'9.5 degC'", help="instead of one beyond the worst limit")
    alarm.add_argument("--payload", type=Path, metavar="FILE", help="a captured message, instead of one made")
    arrived = what.add_parser("arrived", help="say that its message has arrived", parents=[both])
    arrived.add_argument("--code", required=True, help="the number that the message shows")
    answer = what.add_parser("ack", help="acknowledge a drill", parents=[both])
    for each in (arrived, answer):
        each.add_argument("drill", metavar="D12")
    for each in (alarm, arrived, answer):
        each.add_argument("--by", required=True, metavar="PERSON", help="id from the site file")
    listed = what.add_parser("list", help="drills on record, with their hops", parents=[both])
    listed.add_argument("--last", type=count, default=20, metavar="N", help="the last so many")


def run(options: argparse.Namespace) -> int:
    """Carry out one of them."""
    settings, site = usable(*load_settings(options.config)), usable(*load_site(options.site))
    if options.what == "list":
        return _listed(settings, site, options.last)
    if options.what == "alarm":
        return _drill(options, settings, site)
    request = {"drill": options.drill.upper(), "by": options.by}
    if options.what == "arrived":
        _ask(settings, {"do": "drill-arrived", "code": options.code, **request})
        print(f"{options.drill}: arrived, told by {options.by}")
    else:
        _ask(settings, {"do": "drill-ack", **request})
        print(f"{options.drill}: acknowledged by {options.by}")
    return 0


def _ask(settings: Settings, request: Mapping[str, str]) -> None:
    if refusal := ask(settings.record.socket, request).get("refused"):
        raise NotDrilled(str(refusal))


# --- one drill --------------------------------------------------------------------


def _drill(options: argparse.Namespace, settings: Settings, site: Site) -> int:
    """Start a drill, publish its excursion, follow it to its end and tell which hop failed."""
    point = site.points.get(options.point)
    if point is None:
        raise NotDrilled(f"no point {options.point!r:.60} is in {options.site}")
    payload = _payload(options, site.devices.get(point.topic), point)
    seconds = f"{options.within.total_seconds():.0f}"
    with Reader(settings.record.journal) as reader:
        before = reader.newest_event()
    _ask(settings, {"do": "drill", "point": point.id, "by": options.by, "seconds": seconds})
    with Reader(settings.record.journal) as reader:
        started = next(each for each in reader.drill_events(before) if each.subject == point.id)
        id_, number = str(started.alarm), started.number
        print(f"{id_}: drill of {point.name}, for {seconds} s at most", flush=True)
        try:
            _publish(settings, MIRROR + point.topic, payload)
        except (mirror.NotTaken, OSError) as error:
            _ask(settings, {"do": "drill-failed", "drill": id_, "by": options.by, "why": str(error)[:300]})
        end = _follow(reader, id_, number, options.within.total_seconds() + GRACE, ZoneInfo(site.zone))
    if end is None:
        raise NotDrilled(
            f"{id_}: the monitor has not ended it; see whether it runs, and: hdmonitor drill list"
        )
    print(*_evidence(end, site), sep="\n")
    return 0 if end.detail["failed"] is None and not end.detail["interrupted"] else FAILED


def _publish(settings: Settings, topic: str, payload: bytes) -> None:
    broker = settings.broker
    password = broker.password.get_secret_value() if broker.password else None
    way = (broker.host, broker.port, broker.user, password, encryption(broker.tls))
    mirror.publish(*way, topic=topic, payload=payload)


def _follow(reader: Reader, id_: str, number: int, seconds: float, zone: ZoneInfo) -> Event | None:
    """Print each hop as it is recorded; return the event that ends the drill, None if it never came."""
    last = time.monotonic() + seconds
    while time.monotonic() < last:
        for event in reader.drill_events(number):
            number = event.number
            if event.alarm != id_:
                continue
            if event.detail.get("ended"):
                return event
            print(f"  {event.at.astimezone(zone):%H:%M:%S}  {event.detail['hop']}{_said(event)}", flush=True)
        time.sleep(LOOK_EVERY)
    return None


def _said(event: Event) -> str:
    shown = {key: value for key, value in event.detail.items() if key != "hop"}
    text = ", ".join(
        f"{key} {' '.join(map(str, value)) if isinstance(value, list) else value}"
        for key, value in shown.items()
    )
    return f": {text}" if text else ""


# --- what is published ------------------------------------------------------------


def _payload(options: argparse.Namespace, device: Device | None, point: Point) -> bytes:
    if options.payload is not None:
        try:
            return bytes(options.payload.read_bytes())
        except OSError as error:
            raise NotDrilled(f"{options.payload} cannot be read: {error.strerror}") from error
    if device is None:
        raise NotDrilled(f"{point.name} has no message of its own; drill a point that a sensor measures")
    if why := why_not(device):
        raise NotDrilled(f"{why}; capture a message of it that is out of limits and give it with --payload")
    value = _given(options.value, point) if options.value else excursion(point)
    values = {each.id: value if each.id == point.id else _harmless(each) for each in device.points}
    return encode(device, values, Clock().now())


def _given(text: str, point: Point) -> float:
    try:
        return parse_amount(text, point.quantity)
    except UnitError as error:
        raise NotDrilled(f"--value: {error}") from error


def _harmless(point: Point) -> float:
    return middle([limit for rule in point.rules for limit in rule.thresholds], 1.0)


def excursion(point: Point) -> float:
    """Return a value beyond the worst limit of a point, in its canonical unit."""
    limits = [(limit, rule.deadband) for rule in point.rules for limit in rule.thresholds]
    if not limits:
        raise NotDrilled(f"no rule judges {point.name}: there is no alarm to drill")
    worst, deadband = max(limits, key=lambda each: each[0].rank)
    candidates = (0.0, 1.0) if worst.limit in {0.0, 1.0, 0.5} and deadband == 0 else ()
    beyond = _beyond(worst, max(deadband, abs(worst.limit) * 0.05, 1e-3))
    return next((each for each in (*candidates, beyond) if worst.outside(each)), beyond)


def _beyond(limit: Threshold, by: float) -> float:
    return limit.limit + by if limit.side is Side.HIGH else limit.limit - by


# --- what came of it --------------------------------------------------------------


def _listed(settings: Settings, site: Site, last: int) -> int:
    with Reader(settings.record.journal) as reader:
        ends = [event for event in reader.drill_events(0) if event.detail.get("ended")]
    for end in ends[-last:]:
        print(*_evidence(end, site), sep="\n")
    if not ends:
        print("no drill is on record; make one with: hdmonitor drill alarm POINT --by PERSON")
    return 0


def _evidence(end: Event, site: Site) -> list[str]:
    """Tell every hop with its time, and the one that failed."""
    detail: dict[str, Any] = dict(end.detail)
    zone, started = ZoneInfo(site.zone), datetime.fromisoformat(detail["started_at"])
    point = site.points.get(end.subject)
    name = point.name if point else end.subject
    lines = [f"{end.alarm}  {started.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}  {name}, by {detail['by']}"]
    for hop in Hop:
        at = detail["hops"].get(hop.value)
        if at is not None:
            after = (datetime.fromisoformat(at) - started).total_seconds()
            lines.append(f"  {hop.value:16} after {after:.1f} s")
        elif hop.value == detail["failed"]:
            lines.append(f"  {hop.value:16} FAILED: {detail['why']}")
        else:
            lines.append(f"  {hop.value:16} not reached")
    lines.append(_verdict(detail))
    return lines


def _verdict(detail: Mapping[str, Any]) -> str:
    if detail["interrupted"]:
        return f"INTERRUPTED: {detail['why']}"
    return f"FAILED at: {detail['failed']}" if detail["failed"] else "every hop was passed"
