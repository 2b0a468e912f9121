"""Mapping recipes: publishers whose messages plain data describes, read by one reader.

What reaches a broker only through somebody's bridge, or is rarely bought, is
described here by JMESPath expressions instead of by code of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.mapped import look
from hdmonitor.sensors.named import unit_as_known
from hdmonitor.sensors.strict import strict_json, text_number
from hdmonitor.sensors.values import wrong_with

RECORDS_AT_MOST = 2_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """Where everything stands in one kind of message.

    Expressions are JMESPath. `groups` finds the parts of a message that have a
    device and a time of their own; `device`, `time` and so on are looked up in
    the part, then in the message. `records` gives objects with the members
    `raw`, and where it helps `field`, `channel`, `quantity`, `unit`, `time` and
    `fault`. `$name` stands for a named group of the topic.
    """

    marks: tuple[bytes, ...]  # all in the payload
    records: str = "[]"
    quantities: Mapping[str, tuple[str, str | None]] = field(
        default_factory=dict
    )  # and unit, as written there
    topic: str | None = None  # regular expression with named groups
    groups: str | None = None
    device: str | None = None
    lower: bool = False  # the device's text is an address, known in small letters
    device_part: str | None = None  # regular expression that picks the last group of the device's text
    time: str | None = None
    time_format: str | None = None  # of strptime, in UTC
    backfill: str | None = None  # true where it was stored
    stale: str | None = None
    untrusted: str | None = None  # true where the device says its clock is not set
    late_after: timedelta | None = None  # stored, where the time is older than this
    aside: Mapping[str, str] = field(default_factory=dict)  # quantity: expression
    declared: bool = False  # members that the site declares are readings
    units: Mapping[str, str] = field(default_factory=dict)  # of declared members, by quantity
    nulls: bool = True  # a null is a fault; False: a block that is not fitted


def fitting(recipes: tuple[Recipe, ...], message: Message) -> Recipe | None:
    """Return the first recipe whose topic and marks a message has."""
    for recipe in recipes:
        if all(mark in message.payload for mark in recipe.marks) and (
            recipe.topic is None or re.fullmatch(recipe.topic, message.topic)
        ):
            return recipe
    return None


def family_of(
    name: str, priority: int, evidence: Evidence, summary: str, recipes: tuple[Recipe, ...]
) -> Family:
    """Return the family that reads messages by `recipes`."""

    def recognise(message: Message) -> Sure:
        return Sure.NO if fitting(recipes, message) is None else Sure.CERTAIN

    def read(message: Message, context: Context) -> Answer:
        recipe = fitting(recipes, message)
        if recipe is None:
            return Rejected(f"is none of the known messages of {name}")
        return _read(name, recipe, message, context)

    return Family(name, priority, evidence, summary, recognise, stateless(read), check, recipe=True)


def check(point: Point) -> str | None:
    """Say what is wrong with a point of a recipe's family, or None."""
    return wrong_with(point)


def _read(name: str, recipe: Recipe, message: Message, context: Context) -> Answer:
    body = strict_json(message.payload)
    if isinstance(body, Rejected):
        return body
    topic = re.fullmatch(recipe.topic, message.topic) if recipe.topic else None
    told = topic.groupdict() if topic else {}
    out = Gathering(name, message, context, message.topic)
    groups = look(recipe.groups, body) if recipe.groups else [body]
    for group in groups[:RECORDS_AT_MOST] if isinstance(groups, list) else []:
        _group(out, recipe, _Place(group, body, told))
    return out.findings()


@dataclass(frozen=True, slots=True)
class _Place:
    group: object
    body: object
    told: Mapping[str, str]

    def find(self, expression: object) -> object:
        """Return what an expression finds in the group, in the message, or in the topic."""
        if not isinstance(expression, str):
            return None
        if expression.startswith("$"):
            return self.told.get(expression[1:])
        for where in (self.group, self.body):
            found = look(expression, where)
            if found is not None and not isinstance(found, Rejected):
                return found
        return None


def _group(out: Gathering, recipe: Recipe, place: _Place) -> None:
    device = place.find(recipe.device)
    part = re.search(recipe.device_part, device) if recipe.device_part and isinstance(device, str) else None
    out.device = part[1] if part else f"{device!s:.80}"
    out.device = out.device.lower() if recipe.lower else out.device
    out.time = None if place.find(recipe.untrusted) is True else _time(out, recipe, place)
    late = recipe.late_after is not None and out.time is not None
    out.backfill = place.find(recipe.backfill) is True or bool(
        late and recipe.late_after and out.time and out.message.received_at - out.time > recipe.late_after
    )
    stale = place.find(recipe.stale) is True
    for record in _records(recipe, place):
        _take(out, recipe, record, place, stale=stale)
    if recipe.declared and isinstance(place.group, dict):
        for name, channel in out.context.channels.items():
            if name in place.group:
                unit = recipe.units.get(channel.quantity or "")
                out.add(name, place.group[name], None, unit, channel=name, text=True)
    for quantity, expression in recipe.aside.items():
        raw = place.find(expression)
        figure = text_number(raw) if isinstance(raw, str) else None
        out.beside(quantity, figure[0] if figure else raw)


def _time(out: Gathering, recipe: Recipe, place: _Place) -> datetime | None:
    raw = place.find(recipe.time)
    if recipe.time_format is None or not isinstance(raw, str):
        return out.moment(raw)
    try:
        return datetime.strptime(raw, recipe.time_format).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _records(recipe: Recipe, place: _Place) -> Iterator[dict[str, object]]:
    found = look(recipe.records, place.group)
    for record in found[:RECORDS_AT_MOST] if isinstance(found, list) else []:
        if isinstance(record, dict) and (recipe.nulls or record.get("raw") is not None):
            yield record


def _take(out: Gathering, recipe: Recipe, record: dict[str, object], place: _Place, *, stale: bool) -> None:
    named = record.get("quantity", place.told.get("quantity"))
    quantity, unit = recipe.quantities.get(named, (None, None)) if isinstance(named, str) else (None, None)
    channel = record.get("channel", place.told.get("channel"))
    fault = record.get("fault")
    out.add(
        f"{record.get('field') or channel or named or 'value'}",
        record.get("raw"),
        quantity,
        said=unit_as_known(record.get("unit")) or unit,
        text=True,
        channel=None if channel is None else f"{channel}",
        time=out.moment(record.get("time")),
        stale=stale,
        fault=f"{fault!s:.30}".casefold() if fault else None,
    )
