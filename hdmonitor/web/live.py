"""What keeps an open page as new as the monitor: a stream of signs, and the script that listens to it.

The stream says only that something changed; the page is then asked for like
any other. So nothing is shown that a page without a script would not show.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from importlib import resources

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from hdmonitor.web.desk import Desk
from hdmonitor.web.look import Look, Looks
from hdmonitor.web.visit import Visit, for_anybody, for_readers

MOST_LIVE = 20  # streams at once; further pages ask every 15 s
LOOK_EVERY = 1.0  # seconds
BEAT = 5.0  # seconds between two signs at most
LASTS = 60.0  # seconds of one stream; the browser comes back, and is asked again who it is
RETRY = 2_000  # milliseconds


class Live:
    """All open streams."""

    def __init__(self, desk: Desk, looks: Looks) -> None:
        self._desk, self._looks = desk, looks
        self._open = 0
        self._leaving = False

    def leave(self) -> None:
        """End all streams within a second: the server stops. From any thread."""
        self._leaving = True

    def routes(self) -> list[Route]:
        """Return the routes of this module."""
        script = (resources.files("hdmonitor.web") / "templates" / "live.js").read_bytes()

        async def on_script(_: Visit) -> Response:
            return Response(script, media_type="text/javascript")

        return [
            for_readers(self._desk, "/live", self._on_live),
            for_anybody(self._desk, "/live.js", on_script),
        ]

    async def _on_live(self, _: Visit) -> Response:
        if self._open >= MOST_LIVE:
            raise HTTPException(503, "Too many pages are live at once; this one asks every 15 s instead.")
        return StreamingResponse(self._told(), media_type="text/event-stream")

    async def _told(self) -> AsyncIterator[str]:
        self._open += 1
        try:
            yield f"retry: {RETRY}\n\n"
            said, silent = "", 0.0
            for _ in range(int(LASTS / LOOK_EVERY)):
                if self._leaving:
                    return
                sign = digest(self._looks())
                if sign != said or silent >= BEAT:
                    said, silent = sign, 0.0
                    yield f"data: {sign}\n\n"
                await asyncio.sleep(LOOK_EVERY)
                silent += LOOK_EVERY
        finally:
            self._open -= 1


def digest(look: Look) -> str:
    """Return a short mark of what people have to see at once: verdicts, reasons, alarms, trouble."""
    told = (
        [
            (card.id, card.verdict, card.reasons, card.overridden, card.shelved, card.out)
            for card in look.cards
        ],
        [(alarm.id, alarm.level, alarm.active, alarm.acknowledged_by) for alarm in look.alarms],
        [name for name, check in look.health.checks.items() if not check.works],
        look.refused,
    )
    return sha256(repr(told).encode()).hexdigest()[:16]
