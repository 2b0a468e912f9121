"""What goes out first, and what goes out together, when several messages wait.

Criticals and everything about a hood or a hazardous room go first and whole: the
first alone, in a flood the others together in one message that says what each
of them says. Everything else becomes one message that counts what it cannot
name. So a flood is three messages for each destination.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hdmonitor.alerts import fitting
from hdmonitor.alerts.daily import is_digest
from hdmonitor.alerts.drill import is_drill
from hdmonitor.events import About, Notice
from hdmonitor.model import Priority

FEW = 4  # as many messages are sent one by one
MOST = 3  # messages of a flood
QUOTED = 20  # urgent alarms whose titles one message gives
PLACES = 3  # rooms named in one message
SHORT_ROOM = 14  # characters that leave a title room for what is wrong
TOGETHER = 3  # alarms of one room that are told as one

WORDS = {
    About.ACKNOWLEDGED: "Answered",
    About.CLEARED: "Over, not released",
    About.WITHDRAWN: "Withdrawn, not released",
}
OPEN = "Open"
ADVICE = "See: hdmonitor alarms list"
NOWHERE: Mapping[str, str] = {}


class Waiting(Protocol):
    """A row of the outbox that is due."""

    @property
    def row(self) -> int:
        """Its number in the outbox."""

    @property
    def notice(self) -> Notice:
        """What it says to whom."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send, and the rows and alarms it answers for."""

    rows: tuple[int, ...]
    title: str
    body: str
    alarms: tuple[str, ...]
    whole: bool = False  # about something critical, or a hood or hazardous room


def fold(owed: Sequence[Waiting], sent: int = 0, places: Mapping[str, str] = NOWHERE) -> list[Outgoing]:
    """Return the messages to send for what one destination is owed, most urgent first.

    `owed` comes as the journal gives it: highest priority first, then oldest.
    `sent` is how many it was given just before, which count as part of the same
    flood; `places` names the room of an alarm, where it is known.
    """
    aside = [_alone(each) for each in owed if stands_apart(each.notice.alarm)]
    owed = [each for each in owed if not stands_apart(each.notice.alarm)]
    whole = [each for each in owed if is_whole(each.notice)]
    whole.sort(key=_urgency)
    others = [each for each in owed if not is_whole(each.notice)]
    if len(owed) + sent <= FEW:
        return [_alone(each) for each in whole] + _by_room(others, places) + aside
    room = MOST - sent - bool(others)
    urgent = [_alone(each) for each in whole[: len(whole) if len(whole) <= room else max(0, room - 1)]]
    if rest := whole[len(urgent) :]:
        urgent.append(_quoting(rest))
    return urgent + _digest(others, places) + aside


def is_whole(notice: Notice) -> bool:
    """Tell whether a notice is never one of many that are only counted (practice rule 13)."""
    return notice.contained or notice.priority is Priority.CRITICAL


def stands_apart(alarm: str) -> bool:
    """Tell whether a notice is about no alarm: the digest of the day, a drill."""
    return is_digest(alarm) or is_drill(alarm)


def _urgency(each: Waiting) -> tuple[bool, bool]:
    return each.notice.about in WORDS, each.notice.priority is not Priority.CRITICAL


def _alone(each: Waiting) -> Outgoing:
    notice = each.notice
    return Outgoing((each.row,), notice.title, notice.body, (notice.alarm,), is_whole(notice))


def _by_alarm(owed: Sequence[Waiting]) -> list[list[Waiting]]:
    alarms: dict[str, list[Waiting]] = {}
    for each in owed:
        alarms.setdefault(each.notice.alarm, []).append(each)
    return list(alarms.values())


def _rows(alarms: Iterable[Sequence[Waiting]]) -> tuple[int, ...]:
    return tuple(each.row for alarm in alarms for each in alarm)


# --- criticals, hoods, hazardous rooms --------------------------------------------


def _quoting(owed: Sequence[Waiting]) -> Outgoing:
    """Put several urgent alarms into one message: what each says, one a line.

    It may be longer than other messages: none of these is shortened to a number.
    """
    alarms = _by_alarm(owed)
    ids = tuple(alarm[0].notice.alarm for alarm in alarms)
    if len(alarms) == 1:
        told = _told(alarms[0])
        return Outgoing(_rows(alarms), told.title, told.body, ids, whole=True)
    criticals = sum(alarm[0].notice.priority is Priority.CRITICAL for alarm in alarms)
    word = "CRITICAL" if criticals == len(alarms) else "URGENT"
    title = fitting.shortened(f"{len(alarms)} {word}: {_told(alarms[0]).title}", fitting.TITLE)
    lines = [_line(alarm) for alarm in alarms[:QUOTED]]
    if more := ids[QUOTED:]:
        lines.append(f"and {len(more)} more, {_span(more)}. {ADVICE}")
    return Outgoing(_rows(alarms), title, "\n".join(lines), ids, whole=True)


def _line(alarm: Sequence[Waiting]) -> str:
    told, newest = _told(alarm), _newest(alarm)
    stands = WORDS.get(newest.about, "")
    over = f" ({stands[:1].lower()}{stands[1:]})" if stands and told is not newest else ""
    return f"{told.title}{over} {told.alarm}"


def _told(alarm: Sequence[Waiting]) -> Notice:
    """Return the newest word of what is wrong; of what is over where only that is owed."""
    wrong = [each for each in alarm if each.notice.about not in WORDS]
    return _newest(wrong or alarm)


# --- everything else --------------------------------------------------------------


def _digest(owed: Sequence[Waiting], places: Mapping[str, str]) -> list[Outgoing]:
    """Fold all of these into one message; names them where there is room, else counts them."""
    if not owed:
        return []
    alarms = _by_alarm(owed)
    ids = tuple(alarm[0].notice.alarm for alarm in alarms)
    first = _newest(alarms[0])
    if len(alarms) == 1:
        return [Outgoing(_rows(alarms), first.title, first.body, ids)]
    rooms = Counter(places[id_] for id_ in ids if id_ in places)
    where = next(iter(rooms)) if len(rooms) == 1 and rooms.total() == len(ids) else ""
    start = (
        f"{len(alarms)} alarms, {where}: "
        if len(where) <= SHORT_ROOM and where
        else f"{len(alarms)} alarms, first: "
    )
    title = fitting.shortened(f"{start}{first.title}", fitting.TITLE)
    return [Outgoing(_rows(alarms), title, _list(alarms, rooms), ids)]


def _by_room(owed: Sequence[Waiting], places: Mapping[str, str]) -> list[Outgoing]:
    """Fold what several alarms of one room say into one message; leave the others alone."""
    rooms: dict[str, set[str]] = {}
    for each in owed:
        rooms.setdefault(places.get(each.notice.alarm, ""), set()).add(each.notice.alarm)
    together = {id_ for room, ids in rooms.items() if room and len(ids) >= TOGETHER for id_ in ids}
    grouped = [each for each in owed if each.notice.alarm in together]
    return _digest(grouped, places) + [_alone(each) for each in owed if each not in grouped]


def _list(alarms: Sequence[Sequence[Waiting]], rooms: Counter[str]) -> str:
    """Say how the alarms stand, open ones first: by their ids, or by their number and where they are."""
    groups: dict[str, list[str]] = {OPEN: [], **{word: [] for word in WORDS.values()}}
    for alarm in alarms:
        newest = _newest(alarm)
        groups[WORDS.get(newest.about, OPEN)].append(newest.alarm)
    lines = "\n".join(map(_line, alarms))
    if len(lines) <= fitting.BODY:
        return lines
    named = [f"{word}: {' '.join(ids)}." for word, ids in groups.items() if ids]
    text = " ".join([*named, ADVICE])
    if len(text) <= fitting.BODY:
        return text
    counted = " ".join(f"{word}: {len(ids)}, {_span(ids)}." for word, ids in groups.items() if ids)
    parts = [(0, counted), *((1, where) for where in [_where(rooms)] if where)]
    return fitting.body(ADVICE, parts)


def _where(rooms: Counter[str]) -> str:
    if not rooms:
        return ""
    shown = ", ".join(f"{fitting.shortened(room, 20)} {count}" for room, count in rooms.most_common(PLACES))
    return f"In {shown}{' and more' if len(rooms) > PLACES else ''}."


def _span(ids: Sequence[str]) -> str:
    """Name many alarms by the first and the last of their numbers."""
    ordered = sorted(ids, key=lambda id_: (len(id_), id_))
    return ordered[0] if len(ordered) == 1 else f"{ordered[0]} to {ordered[-1]}"


def _newest(alarm: Sequence[Waiting]) -> Notice:
    return max(alarm, key=lambda each: each.row).notice
