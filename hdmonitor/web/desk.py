"""What every page stands on: the site, the record, the templates, and the way to the core."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from hdmonitor.compliance.obligation import Programme
from hdmonitor.events import Act, Entry
from hdmonitor.inbox import Asked, Item
from hdmonitor.model import Person, Site
from hdmonitor.reader import Reader
from hdmonitor.rows import Account
from hdmonitor.seals import Seals
from hdmonitor.status import Status
from hdmonitor.web.kept import Kept
from hdmonitor.web.throttle import Throttle

ANSWER_WITHIN = 10.0  # seconds for the core
MOST_ASKING = 16  # acts that wait for the core at once
UNCERTAIN = "No answer in time. It may still be done: look at the page again in a moment."
BUSY = "Too many requests at once. Nothing was done: try again in a moment."


@dataclass(frozen=True, slots=True)
class Outside:
    """How the pages are reached."""

    public_url: str | None = None  # without a slash at its end; links are sent only if there is one
    elsewhere: bool = False  # served at an address that other machines reach

    @property
    def secure(self) -> bool:
        """Whether browsers come by https, so that cookies may be kept to that."""
        return (self.public_url or "").startswith("https://")


INSIDE = Outside()


class Desk:
    """One for all pages. Pages run in the one thread of the web server; only `ask` waits for the core.

    `status` gives the core's newest status and `waiting` the length of its
    inbox, both without waiting. `copies` tells whether an InfluxDB is
    configured. `put` hands an act to the core and may wait for room there.
    """

    def __init__(
        self,
        site: Site,
        reader: Callable[[], Reader],
        *,
        now: Callable[[], datetime],
        status: Callable[[], Status],
        waiting: Callable[[], int],
        copies: bool,
        put: Callable[[Item], None],
        seals: Seals,
        outside: Outside = INSIDE,
        programme: Programme | None = None,
    ) -> None:
        self.site = site
        self.reader = reader
        self.now = now
        self.status = status
        self.waiting = waiting
        self.copies = copies
        self.seals = seals
        self.outside = outside
        self.programme = programme
        self.zone = ZoneInfo(site.zone)
        self.throttle = Throttle()
        self._put = put
        self._asking = threading.Semaphore(MOST_ASKING)
        self._accounts = Kept(self._counted)
        self._templates = Environment(
            loader=PackageLoader("hdmonitor.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    # --- the way to the core --------------------------------------------------

    async def ask(self, act: Act | Entry, once: str = "") -> str:
        """Have the core decide an act; return "" when it is done, else why not.

        `once` is the name of a form: sent twice, it is done once and answered twice.
        """
        if not self._asking.acquire(blocking=False):
            return BUSY
        try:
            return await asyncio.to_thread(self._decided, act, once)
        finally:
            self._asking.release()

    def _decided(self, act: Act | Entry, once: str) -> str:
        reply: SimpleQueue[str] = SimpleQueue()
        self._put(Asked(act, reply, once))  # waits while the inbox is full
        try:
            return reply.get(timeout=ANSWER_WITHIN)
        except Empty:
            return UNCERTAIN

    # --- people ---------------------------------------------------------------

    def account(self, person: str) -> Account | None:
        """Return what somebody may log in with, as it stands now."""
        with self.reader() as journal:
            return journal.accounts().get(person)

    def person(self, id_: str) -> Person | None:
        """Return a person of the site."""
        return self.site.people.get(id_)

    @property
    def anybody(self) -> bool:
        """Whether anybody has an account."""
        return self._accounts() > 0

    @property
    def unlocked(self) -> bool:
        """Whether pages may be read without a login: on this machine only, and nobody can log in yet."""
        return not (self.outside.elsewhere or self.outside.public_url or self._accounts())

    def _counted(self) -> int:
        with self.reader() as journal:
            return len(journal.accounts())

    # --- pages ----------------------------------------------------------------

    def page(self, template: str, values: Mapping[str, Any], status: int = 200) -> Response:
        """Return a page; every template extends `base.html`."""
        text = self._templates.get_template(template).render(**values)
        return Response(text, status, media_type="text/html")

    def fragment(self, template: str, **values: Any) -> str:
        """Return a part of a page as HTML, which another template shows as it is."""
        return self._templates.get_template(template).render(**values)

    def as_of(self, at: datetime | None = None) -> dict[str, str]:
        """Return the time of a page: `now`, and in the site's zone `time`, `day`, `zone`."""
        local = (at or self.now()).astimezone(self.zone)
        return {
            "now": local.isoformat(),
            "time": f"{local:%H:%M:%S}",
            "day": f"{local:%a} {local.day} {local:%b %Y}",
            "zone": local.tzname() or "",
        }
