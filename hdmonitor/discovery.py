"""What is there to be heard: families recognised, devices and fields listed, entries for a site file.

Nothing is guessed. A topic that several families could have sent, or a value
whose unit nobody states, is listed with what a person has to say about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copymode
from statistics import median

from hdmonitor.catalogue import load_catalogue
from hdmonitor.model import NO_TIME, Message, Rejected, Site
from hdmonitor.sensors.families import Session, read, recognise
from hdmonitor.sensors.family import Family, Sure
from hdmonitor.sensors.found import Found, canonical_unit, said_value
from hdmonitor.units import QUANTITIES, show
from hdmonitor.yaml_values import show_exact

MOST_TOPICS = 10_000
MOST_FIELDS = 500  # of one topic
SHOWN = 60  # bytes of a message
INTERVALS = tuple(map(float, (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)))  # s, as people set them
FIGURE = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,9})?")
NOT_AN_ID = re.compile(r"[^a-z0-9]+")
SURE = {Sure.SHAPE: "by its shape only", Sure.LIKELY: "likely", Sure.CERTAIN: "certain"}


@dataclass(slots=True)
class Heard:
    """Everything heard on one topic."""

    topic: str
    family: Family | None = None
    sure: Sure = Sure.NO
    why_not: str = ""  # the newest reason for which a message gave nothing
    payload: bytes = b""  # the beginning of the newest message
    times: list[datetime] = field(default_factory=list)  # of live messages, the newest few
    found: dict[tuple[str, str], Found] = field(default_factory=dict)  # the newest, by device and field

    @property
    def every(self) -> timedelta | None:
        """The interval between live messages, rounded up to one that people set; None before two."""
        gaps = [(after - at).total_seconds() for at, after in zip(self.times, self.times[1:], strict=False)]
        if not gaps:
            return None
        usual = median(gaps) * 0.9  # a sensor that is a little early has the same setting
        return timedelta(seconds=next((each for each in INTERVALS if each >= usual), INTERVALS[-1]))


class Discovery:
    """Takes messages in the order of their arrival. One session, so that births and announcements count."""

    def __init__(self, own: str = "") -> None:
        """Take a site's own topics, which begin with `own`, for no sensors."""
        self._own = own
        self.topics: dict[str, Heard] = {}
        self.left_out = 0  # messages on more topics than are listed
        self._session = Session()

    def take(self, message: Message) -> None:
        """Note what a message says."""
        if self._own and message.topic.startswith(self._own):
            return
        heard = self.topics.get(message.topic)
        if heard is None:
            if len(self.topics) >= MOST_TOPICS:
                self.left_out += 1
                return
            heard = self.topics[message.topic] = Heard(message.topic)
        heard.payload = message.payload[:SHOWN]
        if not message.retained:
            heard.times = [*heard.times[-20:], message.received_at]
        family = recognise(message)
        if isinstance(family, Rejected):
            heard.why_not = family.reason
            return
        heard.family, heard.sure = family, family.recognise(message)
        answer, self._session = read(message, family, session=self._session)
        if isinstance(answer, Rejected):
            heard.why_not = answer.reason
            return
        heard.why_not = "; ".join(answer.left_out)
        for each in answer.found:
            key = (each.device, each.field)
            if key in heard.found or len(heard.found) < MOST_FIELDS:
                heard.found[key] = each


def measured(heard: Heard) -> list[Found]:
    """Return what some rule judges: no batteries, signals and chips."""
    judged = {name for rule in load_catalogue().rules for each in rule.applies for name in each.quantity}
    return [each for each in heard.found.values() if each.quantity in judged]


def as_lines(topics: Iterable[Heard], now: datetime, site: Site | None = None) -> Iterator[str]:
    """Yield the table for people: a line for each topic, one for each of its fields.

    What a topic leaves open is no question any more where `site` has points of it.
    """
    devices = site.devices if site else {}
    for heard in sorted(topics, key=lambda each: each.topic):
        family = "unknown" if heard.family is None else f"{heard.family.name}, {SURE[heard.sure]}"
        every = f", every {show_exact(heard.every)}" if heard.every else ""
        yield f"{heard.topic}  ({family}{every})"
        for each in heard.found.values():
            yield f"    {each.field:28} {each.quantity:22} {_shown(each)}{_age(heard, now)}"
        if device := devices.get(heard.topic):
            yield f"    in the site file: {', '.join(point.id for point in device.points)}"
        elif heard.why_not:
            yield f"    {heard.payload.decode(errors='replace')!r}: {heard.why_not}"


def _shown(found: Found) -> str:
    doubt = f" (doubtful: {found.suspect})" if found.suspect else ""
    if found.value is None:
        return f"fault: {found.fault}"
    if found.quantity in QUANTITIES:
        return show(found.value, found.quantity, canonical_unit(found.quantity)) + doubt
    unit = canonical_unit(found.quantity)
    said = said_value(found)
    return f"{said} {unit}{doubt}" if isinstance(said, float) else f"{said}".lower() + doubt


def _age(heard: Heard, now: datetime) -> str:
    if not heard.times:
        return ", an old value that the broker kept"
    return f", {show_exact(max(now - heard.times[-1], NO_TIME))} ago"


def entries(topics: Iterable[Heard], site: Site, now: datetime) -> list[str]:
    """Return commented lines for the points that `site` does not have yet.

    They stay comments until a person has said where the sensor is: that no message tells.
    """
    known = {(point.topic, point.field) for point in site.points.values()}
    ids = set(site.points)
    lines: list[str] = []
    for heard in sorted(topics, key=lambda each: each.topic):
        for each in measured(heard):
            if heard.family is None or (heard.topic, each.field) in known:
                continue
            id_ = _id(each.device, each.quantity, ids)
            unit = "state" if QUANTITIES[each.quantity].words else canonical_unit(each.quantity)
            what = f"{SURE[heard.sure]}: {_shown(each)}"
            keys = (each.quantity, heard.family.name, _quoted(each.field), _quoted(unit))
            lines += _entry(id_, heard, now, what, keys)
        if not heard.found and heard.topic not in {topic for topic, _ in known} and _figure(heard.payload):
            what = f"a bare {_figure(heard.payload)}, of what and in which unit nobody says"
            family = heard.family.name if heard.family else "plain_value"
            keys = ("WHAT  # the quantity", family, "value", "WHICH  # unit")
            lines += _entry(_id(heard.topic, "value", ids), heard, now, what, keys)
    return lines


def _figure(payload: bytes) -> str:
    """Return a payload that is a number and nothing else."""
    text = payload.decode(errors="replace").strip()
    return text if FIGURE.fullmatch(text) else ""


def _entry(id_: str, heard: Heard, now: datetime, what: str, keys: tuple[str, str, str, str]) -> list[str]:
    quantity, family, field_, unit = keys
    every = heard.every or timedelta(seconds=INTERVALS[-1])
    often = "" if heard.every else "  # heard less than twice: write how often it really sends"
    return [
        f"  # heard {now:%Y-%m-%d %H:%M} UTC, {what}",
        f"  # {id_}:",
        "  #   at: WHERE  # id of its room or equipment",
        f"  #   measures: {quantity}",
        f"  #   topic: {_quoted(heard.topic)}",
        f"  #   family: {family}",
        f"  #   field: {field_}",
        f"  #   unit: {unit}",
        f'  #   every: "{show_exact(every)}"{often}',
    ]


def _id(device: str, quantity: str, taken: set[str]) -> str:
    """Return an id that is not taken, and take it."""
    name = f"{NOT_AN_ID.sub('-', device.casefold()).strip('-')[:40] or 'device'}.{quantity.replace('_', '-')}"
    numbered = (f"{name}-{n}" if n > 1 else name for n in range(1, len(taken) + 2))
    free = next(each for each in numbered if each not in taken)
    taken.add(free)
    return free


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def with_entries(text: str, lines: list[str]) -> str:
    """Return a site file with `lines` at the end of its points; raises ValueError where it has none."""
    rows = text.splitlines()
    start = next((n for n, row in enumerate(rows) if re.match(r"points:\s*(#.*)?$", row)), None)
    if start is None:
        raise ValueError("no line 'points:' to add the entries to; write the points as a block")
    after = next((n for n in range(start + 1, len(rows)) if re.match(r"[^\s#]", rows[n])), len(rows))
    while not rows[after - 1].strip() or rows[after - 1].startswith("#"):
        after -= 1  # remarks and blank lines before the next section belong to it
    return "\n".join([*rows[:after], "", *lines, *rows[after:]]) + "\n"


def write_entries(path: Path, lines: list[str]) -> None:
    """Add entries to a site file, by way of a new file: a full disk leaves the old one whole."""
    text = with_entries(path.read_text(encoding="utf-8"), lines)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    copymode(path, fresh)
    fresh.replace(path)
