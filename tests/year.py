"""A year of one pharmacy as its staff kept it: three spreadsheets, each saved in another way.

12 people, 3 hoods, 2 classified rooms, 6 instruments (`sites/year.yaml`). Nobody in it is real.
"""

import codecs
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from queue import Queue, SimpleQueue
from threading import Lock
from time import monotonic

from servers import free_port

from hdmonitor.accounts import changed, hashed
from hdmonitor.catalogue import own_rules
from hdmonitor.core import Core
from hdmonitor.events import Complete
from hdmonitor.importing import read_completions
from hdmonitor.inbox import Asked
from hdmonitor.journal import Journal
from hdmonitor.monitor import Monitor
from hdmonitor.reader import Reader
from hdmonitor.seals import Seals
from hdmonitor.site import load_programme, load_site
from hdmonitor.spreadsheet import Dates
from hdmonitor.status import Status
from hdmonitor.web.app import Pages
from hdmonitor.web.desk import Desk
from hdmonitor.web.server import WebServer, listen
from hdmonitor.web.visit import SESSION

KEY = b"k" * 32
SITE_FILE = Path(__file__).parent / "sites" / "year.yaml"
SITE, _ = load_site(SITE_FILE)
PROGRAMME, _ = load_programme(SITE_FILE)
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)  # Friday, 10:00 in New York
TODAY = date(2026, 11, 20)
CLOSED = {date(2025, 11, 27), date(2025, 12, 25), date(2026, 1, 1), date(2026, 7, 3)}
COMPOUNDERS = ["Pharmacist 2", *(f"Technician {number}" for number in range(1, 8))]
HOODS, ROOMS = ("BSC 1", "BSC 2", "CACI 1"), ("HD ante-room", "HD buffer")


def us(day):
    return f"{day.month}/{day.day}/{day.year}"


def words(day):
    return f"{day.day} {day:%b} {day.year}"


def competencies():
    """Semicolons, Latin-1 behind a byte-order mark, days as in the United States, merged names."""
    heading = (
        *("Employee", "Competency", "Date done", "Pass/Fail", "Left hand", "Right hand", "Turbid"),
        *("Surface CFU", "Hours", "Evaluated by"),
    )
    lines = [["Competency log 2026 - printed for the survey (Größe A4)"], heading]
    for name, tests in (*_compounders(), *_handlers(), *_others()):
        lines += [
            [name if first else "", *test] for first, test in zip((True, *[False] * 999), tests, strict=False)
        ]
    text = "\r\n".join(";".join(line) for line in lines)
    return codecs.BOM_UTF8 + f"{text}\r\n".encode("latin-1")


def _test(what, day, result="", hands=("", ""), surface="", hours=""):
    turbid = "clear" if what == "media fill" and not result else ""
    by = "" if result else "Quality 1"
    return what, us(day), result, str(hands[0]), str(hands[1]), turbid, str(surface), hours, by


def _compounders():
    """Who compounds: three garbing tests in a row first; Category 3 every three months."""
    first, last = date(2025, 12, 1), date(2026, 11, 12)
    for name in COMPOUNDERS:
        tests = [_test("knowledge test", first, "Pass")]
        tests += [_test("fingertip test", first + timedelta(days=n), hands=(0, 0)) for n in range(3)]
        tests.append(_test("media fill", first + timedelta(days=3), hands=(1, 0), surface=0))
        quarters = (date(2026, 2, 25), date(2026, 5, 20), date(2026, 8, 18))
        for day in quarters if name == "Technician 2" else quarters[1:2]:
            tests += [
                _test("fingertip test", day, hands=(0, 0)),
                _test("media fill", day, hands=(0, 0), surface=1),
            ]
        if name != "Technician 5":  # whose tests end on 20 November
            hands = {"Technician 3": (3, 1), "Technician 6": (2, 1)}.get(name, (0, 0))
            tests += [
                _test("fingertip test", last, hands=(0, 0)),
                _test("media fill", last, hands=hands, surface=0),
            ]
        yield name, tests


def _handlers():
    """Who handles hazardous drugs; one has never seen the physician."""
    for name in (*COMPOUNDERS, "Pharmacist 1"):
        known = ("HD competency", "reproductive-risk", "reproductive-risk-refresh", "hazard training")
        tests = [_test(each, date(2025, 12, 10), "yes") for each in known]
        if name != "Technician 7":
            tests.append(_test("surveillance visit", date(2025, 12, 15), "done"))
        yield name, tests


def _others():
    """Who oversees, wears a respirator, cleans, or learns."""
    for name in ("Pharmacist 1", "Quality 1"):
        known = ("knowledge test", "garbing competency", "media fill")
        yield name, [_test(each, date(2026, 1, 15), "passed") for each in known]
    day = date(2025, 12, 2)
    yield "Technician 4", [_test(f"respirator {each}", day, "ok") for each in ("evaluation", "training")]
    yield "technician-4/half-mask", [_test("fit test", day, "ok")]
    known = ("procedure training", "hazard training")
    yield "Technician 9", [_test(each, date(2025, 12, 8), "complete") for each in known]
    known = ("HD competency", "reproductive-risk", "hazard training", "oncology-practicum")
    tests = [_test(each, date(2026, 3, 9), "p") for each in (*known, "oncology-hd-training")]
    tests += [_test(f"work process {letter}", date(2026, 9, 30), "pass") for letter in "ABC"]
    tests.append(_test("first aid and CPR", date(2026, 4, 2), "pass", hours="6.5"))
    weeks = [date(2026, 3, 16) + timedelta(days=7 * n) for n in range(36)]
    tests += [
        _test("hours on the job", day + timedelta(days=n), "pass", hours="7.5")
        for day in weeks
        for n in (0, 1)
    ]
    yield "Technician 8", tests


def equipment():
    """Commas, UTF-8, ISO days; every plate of a sampling on a line of its own."""
    heading = "Equipment,Test,Date,Result,Report No,Vendor,Location,ISO class,CFU,Liters"
    lines = [heading, *_certified(), *_sampled()]
    for gauge, day in (("Gauge buffer", "2026-06-15"), ("Gauge ante", "2026-05-04")):
        lines += [f"{gauge},accuracy test,{each},pass,G-1,,,,," for each in ("2025-12-15", day)]
    instruments = ("Thermometer 1", "Thermometer 2", "Hygrometer 1", "Hygrometer 2")
    lines += [f"{each},calibration,2026-02-10,pass,K-9,,,,," for each in instruments]
    return ("\n".join(lines) + "\n").encode()


def _certified():
    """The certifier comes twice; the second time one cabinet was in use."""
    for day, report in ((date(2025, 12, 5), "CERT-25-77"), (date(2026, 5, 28), "CERT-26-31")):
        by = f"{report},Example Certifiers"
        for place in (*HOODS, *ROOMS):
            if (place, report) != ("BSC 2", "CERT-26-31"):
                yield f"{place},certification,{day},pass,{by},,,,"
            if place in HOODS:
                yield f"{place},smoke study,{day},pass,{by},,,,"
            iso, cfu = (5, 0) if place in HOODS else (7, 3)
            for spot in ("left", "right"):
                yield f"{place},viable air sampling,{day},,{by},{spot},{iso},{cfu},1000"
    for hood in HOODS[:2]:
        yield f"{hood},NSF 49 certification,2025-12-05,pass,CERT-25-77,Example Certifiers,,,,"


def _sampled():
    """Surfaces on the fourth of each month."""
    for day in (date(2025, 12, 4), *(date(2026, month, 4) for month in range(1, 12))):
        for hood in HOODS:
            yield f"{hood},surface sampling,{day},,,,work surface,5,{3 if day.month == 7 else 0},"
        for room in ROOMS:
            yield f"{room},surface sampling,{day},,,,floor,7,2,"


def cleaning():
    """Tabs, days in words, the name of each thing in its first line only."""
    lines = ["Item\tTask\tDone on\tStatus"]
    days = [date(2025, 11, 24) + timedelta(days=number) for number in range(362)]
    compounding = [day for day in days if day.weekday() < 5 and day not in CLOSED and day < TODAY]
    months = [date(2025, 12, 3), *(date(2026, month, 3) for month in range(1, 12))]
    daily = {
        **dict.fromkeys(HOODS, ("daily cleaning", "decontamination")),
        **dict.fromkeys(ROOMS, ("daily cleaning", "climate review", "pressure review")),
    }
    monthly = {
        **dict.fromkeys(HOODS, ("sporicidal", "cleaning under the tray")),
        **dict.fromkeys(ROOMS, ("sporicidal", "walls and shelving", "ceiling")),
        "Year Pharmacy": ("expired-stock check",),
    }
    for name in (*HOODS, *ROOMS, "Year Pharmacy"):
        shown = name
        for tasks, on in ((daily.get(name, ()), compounding), (monthly[name], months)):
            for task in tasks:
                for day in on:
                    lines.append(f"{shown}\t{task}\t{words(day)}\tdone")
                    shown = ""
    for task, day in (
        ("wipe sampling", date(2026, 4, 20)),
        ("HD list review", date(2026, 1, 20)),
        ("assessment of risk", date(2026, 1, 20)),
        ("HD SOP review", date(2026, 1, 21)),
        ("SOP review", date(2026, 1, 21)),
        ("QA programme review", date(2026, 1, 22)),
    ):
        lines.append(f"\t{task}\t{words(day)}\tdone")
    return ("\n".join(lines) + "\n").encode()


FILES = {
    "competencies.csv": (competencies, Dates.MDY),
    "equipment.csv": (equipment, Dates.UNDECLARED),
    "cleaning.csv": (cleaning, Dates.UNDECLARED),
}


@cache
def imported():
    """Return every completion of the year, and what was wrong with the files."""
    completions, problems = [], []
    for name, (raw, dates) in FILES.items():
        found = read_completions(raw(), name, PROGRAMME, completions, by="quality-1", now=NOW, dates=dates)
        completions += [each for _, each in found.completions]
        problems += found.problems
    return completions, problems


class Standing:
    """A link to no broker."""

    def acknowledge(self, *arrived):
        pass

    def publish(self, topic, payload, *, retain):
        pass

    def send_canary(self):
        pass

    def rebuild(self):
        pass


@contextmanager
def core_of(path, now=NOW):
    """Give the way into a core that decides at `now`, in the thread that asks."""
    journal = Journal.open(path)
    monitor = Monitor(SITE, own_rules(), now, journal.restore(), programme=PROGRAMME)
    core = Core(journal, monitor, Queue(), clock=Clock(now), link=Standing(), tell=int, copy=int)
    one_at_a_time = Lock()

    def put(item):
        with one_at_a_time:
            core.turn([item])

    yield put
    journal.close()


class Clock:
    """A clock that stands."""

    def __init__(self, now):
        self._now = now

    def now(self):
        return self._now

    def step(self):
        return timedelta()


def ask(put, act):
    """Have the core do something; return why not, or nothing."""
    reply = SimpleQueue()
    put(Asked(act, reply))
    return reply.get(timeout=10)


def filed(path):
    """Write a journal that holds the whole year."""
    completions, problems = imported()
    assert problems == []
    journal = Journal.open(path)
    monitor = Monitor(SITE, own_rules(), NOW, programme=PROGRAMME)
    journal.commit(monitor.handle([Complete(each) for each in completions], NOW), at=NOW)
    journal.close()


@contextmanager
def pages_of(path, person="pharmacist-1", now=NOW):
    """Give the URL of the pages of a journal, and the cookie of a person who has logged in."""
    with core_of(path, now) as put:
        assert ask(put, changed(person, person, "pin", hashed("204060"))) == ""
        with Reader(path) as reader:
            stamp = reader.accounts()[person].stamp
        seals = Seals(KEY, lambda: now)
        pages = Pages(
            Desk(
                SITE,
                lambda: Reader(path),
                now=lambda: now,
                status=lambda: Status(monotonic(), connected=True, canary_at=monotonic()),
                waiting=lambda: 0,
                copies=False,
                put=put,
                seals=seals,
                programme=PROGRAMME,
            )
        )
        ended = []
        with (
            listen("127.0.0.1", port := free_port()) as door,
            WebServer(door, pages, failed=ended.append, leaving=pages.leave),
        ):
            yield f"http://127.0.0.1:{port}", {SESSION: seals.session(person, stamp)}
        assert ended == []
