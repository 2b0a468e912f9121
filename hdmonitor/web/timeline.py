"""The whole life of one alarm as lines for people: what it did, who was told, who did what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from hdmonitor.alerts.situation import Situation
from hdmonitor.events import Event, Json, Kind
from hdmonitor.model import Point, Site
from hdmonitor.rows import OutboxRow, StoredEvent
from hdmonitor.units import show_duration
from hdmonitor.vouched import situation
from hdmonitor.web.cards import clock

# What a kind of event is called where people read it. Those that are not here are called by their own name.
SAID: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.RAISED: "got worse",
        Kind.LOWERED: "got less",
        Kind.EXCURSION: "value inside again",
        Kind.CALLED: "called",
        Kind.NOT_NOTIFIED: "nobody called",
        Kind.ACKNOWLEDGED: "answered",
        Kind.ACK_EXPIRED: "answer has run out",
        Kind.SILENCED: "sounder turned off",
        Kind.DOCUMENTED: "written up",
        Kind.REMINDED: "reminded",
        Kind.CLOSED: "closed",
        Kind.WITHDRAWN: "withdrawn by late data",
    }
)
PHASES = {
    "pending": "outside, not yet an alarm",
    "active": "ALARM",
    "clearing": "inside again, not yet over",
    "normal": "over",
    "unknown": "unknown",
}
LOUD = frozenset({"active", "critical"})
# Fields that the words of a line tell already, or that say nothing to a person.
TOLD = frozenset({"rule", "version", "from", "to", "by", "side", "level", "name", "about", "destinations"})
VALUES = frozenset({"value", "limit", "peak"})


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    at: str  # ISO 8601
    time: str  # of the site
    what: str
    who: str
    lines: tuple[str, ...]
    look: str  # "alarm", "person", "sent" or ""


def timeline(
    site: Site,
    point: Point | None,
    events: Sequence[StoredEvent],
    notices: Sequence[OutboxRow],
    now: datetime,
) -> list[Line]:
    """Return the lines of an alarm in the order in which things happened."""
    words = _Words(site, point, now)
    told = [(each.event.at, words.event(each.event)) for each in events]
    messages: defaultdict[tuple[datetime, str, str], list[OutboxRow]] = defaultdict(list)
    for row in notices:
        messages[row.notice.at, row.notice.title, row.notice.body].append(row)
    told += [(at, words.message(same)) for (at, _, _), same in messages.items()]
    return [line for _, line in sorted(told, key=lambda each: each[0])]


class _Words:
    def __init__(self, site: Site, point: Point | None, now: datetime) -> None:
        self._site, self._now, self._zone = site, now, ZoneInfo(site.zone)
        self._told: Situation | None = situation(site, point, now) if point else None

    def event(self, event: Event) -> Line:
        """Return the line of an event."""
        detail = event.detail
        by = detail.get("by")
        what = SAID.get(event.kind, event.kind.value.replace("-", " "))
        if event.kind is Kind.MOVED:
            what = PHASES.get(str(detail.get("to")), str(detail.get("to")))
        if name := detail.get("name"):
            what += f": {name}"
        if event.kind is Kind.CALLED:
            what += f" {', '.join(map(self._name, _texts(detail.get('destinations'))))}"
        loud = str(detail.get("to")) in LOUD or event.kind is Kind.RAISED
        look = "person" if by else "alarm" if loud else ""
        return self._line(
            event.at, what, self._name(by) if isinstance(by, str) else "", self._more(detail), look
        )

    def message(self, same: Sequence[OutboxRow]) -> Line:
        """Return the line of one message to several destinations, and what became of it at each."""
        told = same[0].notice
        fates = [f"{self._name(row.notice.destination)}: {self._fate(row)}" for row in same]
        return self._line(told.at, "message", "", (told.title, told.body, *fates), "sent")

    def _fate(self, row: OutboxRow) -> str:
        if row.delivered_at is not None:
            after = show_duration(max(row.delivered_at - row.notice.at, timedelta(0)))
            return f"taken after {after}"
        if row.replaced_by:
            return "not sent, a newer one took its place"
        return f"NOT TAKEN YET, {row.attempts} attempts failed" if row.attempts else "NOT TAKEN YET"

    def _line(self, at: datetime, what: str, who: str, lines: Sequence[str], look: str) -> Line:
        local = at.astimezone(self._zone)
        time = f"{clock(at, self._now, self._zone)}:{local:%S}"
        return Line(at.isoformat(), time, what, who, tuple(each for each in lines if each), look)

    def _more(self, detail: dict[str, Json]) -> list[str]:
        return list(self._parts(detail))

    def _parts(self, detail: dict[str, Json]) -> Iterator[str]:
        for key, value in detail.items():
            if key in TOLD or value in (None, "", []):
                continue
            said = key.removesuffix("_s").replace("_", " ")
            if key in VALUES and self._told is not None and isinstance(value, (int, float)):
                yield f"{said} {self._told.shown(float(value))}"
            elif key.endswith("_s") and isinstance(value, (int, float)):
                if value:
                    yield f"{said} {show_duration(timedelta(seconds=float(value)))}"
            elif isinstance(value, list):
                yield f"{said}: {', '.join(_texts(value))}"
            elif isinstance(value, str):
                yield self._text(key, said, value)
            else:
                yield f"{said} {value}"

    def _text(self, key: str, said: str, value: str) -> str:
        moment = _moment(value)
        if moment is not None:
            return f"{said} {clock(moment, self._now, self._zone)}"
        return value if key in {"note", "text", "reason"} else f"{said}: {value}"

    def _name(self, id_: str) -> str:
        """Return what people call somebody, or a destination."""
        if id_ in self._site.people:
            return self._site.people[id_].name
        return id_


def _texts(value: Json | Sequence[Json]) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
