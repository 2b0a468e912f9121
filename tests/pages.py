"""A journal of a bad morning at the example pharmacy, and the pages that show it, served on loopback."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from servers import free_port

from hdmonitor.catalogue import own_rules
from hdmonitor.events import Acknowledge, Condition
from hdmonitor.journal import Journal
from hdmonitor.model import Quality, Reading
from hdmonitor.monitor import Monitor
from hdmonitor.reader import Reader
from hdmonitor.seals import Seals
from hdmonitor.site import load_site
from hdmonitor.status import Status
from hdmonitor.web.app import Pages
from hdmonitor.web.desk import Desk
from hdmonitor.web.server import WebServer, listen

SITE, _ = load_site(Path(__file__).parents[1] / "config" / "site.yaml")
START = datetime(2026, 3, 2, 12, tzinfo=UTC)  # 07:00 in New York
NOW = START + timedelta(minutes=50)
KEY = b"k" * 32
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)

# Point: interval, from when, until when (minutes), value by minute.
MORNING = {
    "hd-fridge-1.temperature": (2, 0, 50, lambda _: 4.2),
    "hd-fridge-2.temperature": (1, 0, 50, lambda m: 5.0 + m * 0.09),  # too warm from minute 34
    "hd-fridge-2.door": (10, 0, 50, lambda _: 0.0),
    "pharmacy.temperature": (1, 0, 50, lambda m: 31.0 if m >= 47 else 22.4),  # not yet an alarm
    "hd-buffer.temperature": (2, 0, 50, lambda _: 18.6),
    "hd-buffer.pressure": (0.5, 0, 50, lambda m: -0.2 if m >= 42 else -5.1),  # lost
    "hd-ante.pressure": (0.5, 0, 50, lambda m: 2.1 if 10 <= m < 20 else 6.2),  # weak for a while
    "hd-buffer.door": (1, 0, 50, lambda _: 0.0),
    "hd-storage.pressure": (0.5, 0, 30, lambda _: -4.0),  # silent from minute 30
    "bsc-1.inflow": (0.5, 0, 50, lambda _: 0.53),
    "bsc-1.exhaust": (0.5, 0, 50, lambda _: 1.0),
    "mains.power": (1, 0, 50, lambda _: 1.0),
    "ups.charge": (1, 0, 50, lambda _: 98.0),
}


def bad_morning(path, site=SITE):
    """Write the journal: alarms of each level, one answered, one over, points silent, faulty, never heard."""
    monitor = Monitor(site, own_rules(), START)
    journal = Journal.open(path)
    journal.commit(monitor.handle([Condition("influx", True, "refuses the token")], START), at=START)
    told = sorted(
        (
            (START + m * 30 * SECOND, point, value(m / 2))
            for point, (every, first, last, value) in MORNING.items()
            for m in range(first * 2, last * 2)
            if (m / 2) % every == 0
        ),
        key=lambda each: each[:2],
    )
    for at, point, value in told:
        reading = Reading(point, value, at, at)
        journal.commit(monitor.handle([reading], at), at=at)
    at = NOW - MINUTE
    fault = Reading("hd-buffer.humidity", None, at, at, Quality.FAULT, fault="open circuit")
    journal.commit(monitor.handle([fault], at), at=at)
    loss = next(alarm.id for alarm in monitor.face("hd-buffer").alarms if alarm.point == "hd-buffer.pressure")
    journal.commit(monitor.handle([Acknowledge(loss, "technician", "on my way")], NOW), at=NOW)
    journal.close()


@contextmanager
def served(path, *, site=SITE, now=NOW, put=None, **status):
    """Give the URL of the pages of the journal at `path`, with the core as `status` says."""
    fresh = {"connected": True, "canary_at": monotonic()}
    turned = replace(Status(monotonic()), **(fresh | status))
    pages = Pages(
        Desk(
            site,
            lambda: Reader(path),
            now=lambda: now,
            status=lambda: turned,
            waiting=lambda: 3,
            copies=True,
            put=put,
            seals=Seals(KEY, lambda: now),
        )
    )
    ended = []
    with (
        listen("127.0.0.1", port := free_port()) as door,
        WebServer(door, pages, failed=ended.append, leaving=pages.leave),
    ):
        yield f"http://127.0.0.1:{port}"
    assert ended == []
