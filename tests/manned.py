"""The pages of a bad morning with a core behind them: forms act, on a clock that the test sets."""

import atexit
import re
import shutil
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from queue import Queue
from time import monotonic
from typing import NamedTuple
from urllib.parse import urlencode

from pages import KEY, NOW, SITE, bad_morning
from servers import free_port, wait_until

from hdmonitor.accounts import changed, hashed, token_hash
from hdmonitor.catalogue import own_rules
from hdmonitor.clock import Clock
from hdmonitor.core import Core
from hdmonitor.inbox import Asked, Stop
from hdmonitor.journal import Journal
from hdmonitor.model import Person
from hdmonitor.monitor import Monitor
from hdmonitor.reader import Reader
from hdmonitor.seals import Link, Seals
from hdmonitor.status import Status
from hdmonitor.web.app import Pages
from hdmonitor.web.desk import Desk, Outside
from hdmonitor.web.server import WebServer, listen
from hdmonitor.web.throttle import Throttle

PASSWORD = "correct horse battery"
PIN = "271828"
LOOK_AGAIN = 2.0  # seconds
TOKEN = "a-token-of-the-wall-display"
HASHED = hashed(PASSWORD)
HASHED_PIN = hashed(PIN)
STAFFED = replace(SITE, people={**SITE.people, "wall": Person("wall", "Display at the door", "board")})


class Stopped(Clock):
    """Stands where the test puts it."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def now(self):
        return self.at

    def step(self):
        return None


class NoLink:
    """Publishes nothing."""

    def acknowledge(self, *_):
        pass

    def publish(self, *_, **__):
        pass

    def send_canary(self):
        pass

    def rebuild(self):
        pass


class Answered(NamedTuple):
    """What a browser got."""

    status: int
    body: str
    headers: dict
    cookies: list

    @property
    def words(self):
        """What a person reads."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.body)).split())

    def form(self, holding="form"):
        """Return the hidden fields of the first form that has this text in it."""
        forms = re.findall(r"<form.*?</form>", self.body, re.DOTALL)
        text = next(each for each in forms if holding in each)
        return dict(
            re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', text),
        )


class Browser:
    """One person's browser: keeps cookies, follows nothing by itself."""

    def __init__(self, port, **headers):
        self.port = port
        self.headers = headers
        self.cookies = {}

    def ask(self, method, path, form=None, **headers):
        way = HTTPConnection("127.0.0.1", self.port, timeout=20)
        told = {"Accept": "text/html", **self.headers, **headers}
        if self.cookies:
            told["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if form is not None:
            told["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form)
        way.request(method, path, body, told)
        answer = way.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
            if "Max-Age=0" in cookie:
                del self.cookies[name]
        text = answer.read().decode()
        way.close()
        got = dict(answer.headers.items())
        return Answered(answer.status, text, got, answer.headers.get_all("Set-Cookie") or [])

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, form, **headers):
        return self.ask("POST", path, form, **headers)

    def log_in(self, name, password=PASSWORD):
        page = self.get("/login")
        return self.post("/login", {**page.form("password"), "name": name, "password": password})


class Manned:
    """What a test holds of running pages: the clock, the record, links, browsers."""

    def __init__(self, path, port, clock, put, pages):
        self.path = path
        self.pages = pages
        self.port = port
        self.clock = clock
        self.put = put
        self.seals = pages.desk.seals
        self.routes = pages.routes

    def browser(self, **headers):
        return Browser(self.port, **headers)

    def pass_time(self, **span):
        self.clock.at += timedelta(**span)

    def count(self):
        """Return how many events there are."""
        with Reader(self.path) as journal:
            return len(journal.events_after(0, 100_000))

    def forget(self):
        """Forget what was guessed, as a restart does."""
        self.pages.desk.throttle = Throttle()

    def wait(self, predicate):
        """Wait for what the core does as time passes."""
        wait_until(predicate, 20)

    def alarms(self):
        with Reader(self.path) as journal:
            return {alarm.point: alarm for alarm in journal.alarms()}

    def alarm(self, point):
        return self.alarms()[point]

    def events(self, kind):
        with Reader(self.path) as journal:
            return [each.event for each in journal.events_after(0, 100_000) if each.event.kind.value == kind]

    def wait_for_the_next_look(self):
        """Let pages look anew: what they saw is kept for a second, or for ten times its making."""
        threading.Event().wait(LOOK_AGAIN)

    def link(self, alarm, destination="pharmacist-phone", person="pharmacist", *, sent=timedelta(0)):
        """Return the path of a link that was sent so long ago."""
        seals = Seals(KEY, lambda: self.clock.at - sent)
        return f"/a/{seals.link(Link(alarm, destination, person))}"

    def code(self, alarm, destination="pharmacist-phone"):
        return self.seals.code(alarm, destination)

    def do(self, act):
        """Have the core decide an act, as the command line would."""
        reply = Queue()
        self.put(Asked(act, reply))
        return reply.get(timeout=10)

    def accounts(self):
        """Give everybody an account, and the wall display its token."""
        for person in ("manager", "pharmacist", "technician"):
            assert self.do(changed(person, "manager", "password", HASHED)) == ""
            assert self.do(changed(person, "manager", "pin", HASHED_PIN)) == ""
        assert self.do(changed("wall", "manager", "token", token_hash(TOKEN))) == ""


@cache
def _morning():
    """Return the journal of the morning, made once: what happened does not depend on who has a login."""
    path = Path(tempfile.mkdtemp(prefix="hdmonitor-morning-")) / "journal.db"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    bad_morning(path)
    return path


@contextmanager
def manned(path, *, site=STAFFED, outside=None, accounts=True, fresh=True, programme=None):
    """Serve the pages of a bad morning, with a core that decides what forms ask."""
    if fresh:
        shutil.copyfile(_morning(), path)
    clock, inbox, journal = Stopped(NOW), Queue(), Journal.open(path)
    monitor = Monitor(site, own_rules(), NOW, journal.restore(), recall=journal.recall, programme=programme)
    core = Core(
        journal,
        monitor,
        inbox,
        clock=clock,
        link=NoLink(),
        tell=lambda: None,
        copy=lambda: None,
        beat=0.05,
    )
    thread = threading.Thread(target=core.run, daemon=True)
    thread.start()
    seals, ended = Seals(KEY, clock.now), []
    pages = Pages(
        Desk(
            site,
            lambda: Reader(path),
            now=clock.now,
            status=lambda: Status(monotonic(), connected=True, canary_at=monotonic()),
            waiting=inbox.qsize,
            copies=False,
            put=inbox.put,
            seals=seals,
            outside=outside or Outside(),
            programme=programme,
        )
    )
    with (
        listen("127.0.0.1", port := free_port()) as door,
        WebServer(door, pages, failed=ended.append, leaving=pages.leave),
    ):
        house = Manned(path, port, clock, inbox.put, pages)
        if accounts:
            house.accounts()
        try:
            yield house
        finally:
            inbox.put(Stop())
            thread.join()  # pytest's own limit ends a core that hangs
            journal.close()
    assert ended == []
