"""A card of the board in the words and times of the site, as templates show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hdmonitor.board import Card, Overridden, Reason, Verdict
from hdmonitor.vouched import Away

LOOKS = {Verdict.NO: "no", Verdict.UNKNOWN: "unknown", Verdict.NONE_KNOWN: "none-known"}
MOST_REASONS = 6  # of a room with hundreds of points; the page of the room has them all


@dataclass(frozen=True, slots=True)
class Told:
    """Something set aside or gone on with in spite: who, why, until when (clock of the site)."""

    what: str
    by: str
    why: str
    until: str
    alarm: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A card."""

    id: str
    href: str
    name: str
    room: str
    work: bool
    in_use: bool
    verdict: Verdict
    look: str
    reasons: tuple[Reason, ...]
    more: int  # reasons that are not shown
    remarks: tuple[Reason, ...]
    until: str  # "08:52"; never later than the reading vouches
    until_at: str  # the moment itself, ISO 8601
    overridden: Told | None


def shown(card: Card, room: str, now: datetime, zone: ZoneInfo, most: int = MOST_REASONS) -> Shown:
    """Return a card; `room` is the id of the room whose page tells more."""
    over = card.overridden
    return Shown(
        id=card.id,
        href=f"/rooms/{room}",
        name=card.name,
        room=card.room,
        work=card.work,
        in_use=card.in_use,
        verdict=card.verdict,
        look=LOOKS[card.verdict],
        reasons=card.reasons[:most],
        more=max(0, len(card.reasons) - most),
        remarks=card.remarks[:most],
        until=f"{card.until.astimezone(zone):%H:%M}" if card.until else "",  # cut, never rounded up
        until_at=card.until.isoformat() if card.until else "",
        overridden=_override(over, now, zone) if over else None,
    )


def set_aside(
    cards: Iterable[Card], titles: Mapping[str, str], now: datetime, zone: ZoneInfo
) -> tuple[list[Told], list[Told]]:
    """Return what is out of service, and what is shelved, each once; `titles` are those of alarms."""
    out: dict[tuple[str, Away], Told] = {}
    shelved: dict[str, Told] = {}
    for card in cards:
        for name, away in card.out:
            out[name, away] = Told(name, away.by, away.why, clock(away.until, now, zone))
        for each in card.shelved:
            until = clock(each.until, now, zone)
            shelved[each.alarm] = Told(
                titles.get(each.alarm, each.alarm), each.by, each.why, until, each.alarm
            )
    return [*out.values()], [*shelved.values()]


def _override(over: Overridden, now: datetime, zone: ZoneInfo) -> Told:
    return Told(over.place, over.by, over.why, clock(over.until, now, zone))


def clock(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Show a moment as short as it is unmistakable: "02:41", "2 Mar 02:41", "2 Mar 2025 02:41"."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local.day} {local:%b}{'' if local.year == today.year else f' {local.year}'} {local:%H:%M}"
