"""The first page: every point with its value, and the open alarms."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from hdmonitor.reader import JournalRefused
from hdmonitor.rules.forecast import LOOKS_BACK
from hdmonitor.web.desk import Desk
from hdmonitor.web.kept import Kept
from hdmonitor.web.machine import health_now
from hdmonitor.web.visit import Visit, for_readers
from hdmonitor.web.watched import warned, watched

NEW_PAGE = 15  # seconds


def routes(desk: Desk) -> list[Route]:
    """Return the routes of this module."""
    seen = Kept(lambda: _seen(desk))

    async def on_page(visit: Visit) -> Response:
        return visit.page("watched.html", **seen())

    return [for_readers(desk, "/", on_page)]


def _seen(desk: Desk) -> dict[str, Any]:
    """Return what the page shows, or that the journal cannot be read."""
    now, site = desk.now(), desk.site
    try:
        with desk.reader() as journal:
            alarms, owing = journal.alarms(), journal.owing(site.destinations)
            going = warned(site, alarms)
            recent = journal.recent(going, now - LOOKS_BACK) if going else {}
            found = watched(site, journal.heard(), alarms, now, recent)
    except JournalRefused as refused:
        troubles, found = health_now(desk, str(refused)).troubles, None
    else:
        troubles = health_now(desk, owing).troubles
    return {"new_page": NEW_PAGE, "troubles": troubles, "watched": found, **desk.as_of()}
