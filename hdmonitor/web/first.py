"""The board: whether anything is known to stand against work, the open alarms, every value."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from hdmonitor.board import Card
from hdmonitor.model import Site
from hdmonitor.reports.chart import spark
from hdmonitor.rules.forecast import LOOKS_BACK
from hdmonitor.web.cards import set_aside, shown
from hdmonitor.web.desk import Desk
from hdmonitor.web.kept import Kept
from hdmonitor.web.look import Look, Looks
from hdmonitor.web.visit import Visit, for_readers

NEW_PAGE = 15  # seconds
MOST_SHOWN = 100  # lines of one list


def routes(desk: Desk, looks: Looks) -> list[Route]:
    """Return the routes of this module."""
    main = Kept(lambda: desk.fragment("board_main.html", **_seen(desk, looks())))

    async def on_page(visit: Visit) -> Response:
        return visit.page("live.html", new_page=NEW_PAGE, shown=main(), name="The board")

    return [for_readers(desk, "/", on_page)]


def _seen(desk: Desk, look: Look) -> dict[str, Any]:
    """Return what the page shows, or that the journal cannot be read."""
    values: dict[str, Any] = {
        "new_page": NEW_PAGE,
        "troubles": look.health.troubles,
        "watched": None,
        "most": MOST_SHOWN,
        **desk.as_of(look.at),
    }
    if look.refused:
        return values
    cards = [(shown(card, room_of(desk.site, card), look.at, desk.zone)) for card in look.cards]
    out, shelved = set_aside(look.cards, look.titles, look.at, desk.zone)
    return values | {
        "watched": look.watched,
        "working": [card for card in cards if card.work],
        "others": [card for card in cards if not card.work],
        "out": out[:MOST_SHOWN],
        "shelved": shelved[:MOST_SHOWN],
        "all_rows": not look.partly,
        "trends": trends(look),
        "barred": look.barred,
    }


def trends(look: Look) -> dict[str, str]:
    """Return the last half hour of points as small lines."""
    start = look.at - LOOKS_BACK
    return {point: spark(values, start, look.at) for point, values in look.recent.items()}


def room_of(site: Site, card: Card) -> str:
    """Return the id of the room that a card belongs to."""
    return site.equipment[card.id].room if card.id in site.equipment else card.id
