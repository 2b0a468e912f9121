"""What a line of a story says: the words of `given` and `when`.

A line that cannot be read raises `Wrong` with one sentence that says what to do.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TypeAlias

from hdmonitor.events import ClockStepped, Condition, HandReading, Input
from hdmonitor.model import NO_TIME, Message, Point, Quality, Reading, Site
from hdmonitor.scenario import Answer, Restart
from hdmonitor.story_acts import KNOWN, deed
from hdmonitor.units import UnitError, parse_amount, parse_duration, quantity_named
from hdmonitor.yaml_source import suggest

GARBAGE = b'{"unfinished": '
MOST_READINGS = 1_000_000  # of one story; a month of one reading each 3 s
CLOCK = re.compile(r"clock steps ([+-])(\S+)")
AWAY = re.compile(r"broker away for (\S+)")
SENT = re.compile(r"message (\S+) (.+)")
LATE = re.compile(r"\s*\blate(?: (\S+))?$")
EVERY = re.compile(r"\s*\bevery(?: (\S+))?$")

# Words that stories are to have and the monitor cannot play yet.
KNOWN_ACTS = f"restart, broker away for 3m, clock steps +1h, message TOPIC PAYLOAD, {KNOWN}"

# At equal times, time passes first, then values come, then people act.
VALUES, PEOPLE = 0, 1

Happens: TypeAlias = Input | Restart | Answer
Timed: TypeAlias = list[tuple[datetime, int, int, Happens]]


class Wrong(Exception):
    """A line of a story that cannot be read: what is wrong, what to do."""


def add_series(line: str, point: Point, at: datetime, every: timedelta, inputs: Timed) -> datetime:
    """Add what one line of `given` sends, and return when it ends: `5m -0.020 inH2O`."""
    span, what = _timed(line, at)
    until = at + span
    what, late = _without(what, LATE, "late 2m")
    what, own = _without(what, EVERY, "every 30s")
    if own == NO_TIME:
        raise Wrong('a reading every "0s" never ends; write for instance "10s"')
    step, delay = own or every, late or NO_TIME
    if what == "silent":
        return until
    if not what:
        raise Wrong(f"{line.strip()!r} says how long, but not what; write for instance '5m 5.0 degC'")
    count = -(-span // step)
    if count + len(inputs) > MOST_READINGS:
        raise Wrong(f"more than {MOST_READINGS:,} readings in one story; write a longer 'every'")
    for index in range(count):
        moment = at + index * step
        item = _sent(what, point, moment, moment + delay, index / count)
        inputs.append((moment + delay, VALUES, len(inputs), item))
    return until


def add_acts(line: str, start: datetime, site: Site, told: set[str], inputs: Timed) -> None:
    """Add what one line of `when` does: `12m00s restart`; `told` are the points of the story."""
    span, what = _timed(line, start)
    for moment, item in _acts(what, start + span, site, told):
        inputs.append((moment, PEOPLE, len(inputs), item))


def _timed(line: str, at: datetime) -> tuple[timedelta, str]:
    """Split a line into its time and the rest."""
    written, _, what = line.strip().partition(" ")
    span = _duration(written)
    try:
        _ = at + span + span
    except OverflowError:
        raise Wrong(f"{written!r} leads beyond the calendar; write a shorter time") from None
    return span, " ".join(what.split())


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except UnitError as error:
        raise Wrong(str(error)) from error


def _without(what: str, word: re.Pattern[str], example: str) -> tuple[str, timedelta | None]:
    found = word.search(what)
    if found is None:
        return what, None
    if found[1] is None:
        raise Wrong(f"{found[0].strip()!r} needs a time; write for instance {example!r}")
    return what[: found.start()], _duration(found[1])


def _sent(what: str, point: Point, at: datetime, received_at: datetime, part: float) -> Input:
    """Return one reading or message of a series; `part` is how much of its time has passed."""
    if what == "garbage":
        return Message(point.topic, GARBAGE, received_at)
    if what == "fault":
        return Reading(point.id, None, at, received_at, fault="told by the story")
    retained = what.startswith("retained ")
    value = _value(what.removeprefix("retained ").strip(), point.quantity, part)
    quality = Quality.RETAINED if retained else Quality.GOOD
    return Reading(point.id, value, at, received_at, quality, live=not retained)


def _value(text: str, quantity: str, part: float) -> float:
    """Read an amount or a ramp between two; canonical unit."""
    first, ramp, last = text.partition("..")
    if ramp and quantity_named(quantity).words:
        raise Wrong(f"{text!r}: {quantity} is a state and has no ramp; write one line for each state")
    try:
        if not ramp:
            return parse_amount(text, quantity)
        unit = last.strip().lstrip("+-0123456789.").strip()
        low, high = parse_amount(f"{first} {unit}", quantity), parse_amount(last, quantity)
    except UnitError as error:
        raise Wrong(
            f"{error}; or silent, fault, garbage, retained VALUE, a ramp such as -0.020..-0.005 inH2O"
        ) from error
    return low + (high - low) * part


def _acts(what: str, at: datetime, site: Site, told: set[str]) -> list[tuple[datetime, Happens]]:
    if what == "restart":
        return [(at, Restart())]
    if away := AWAY.fullmatch(what):
        back = at + _duration(away[1])
        return [
            (at, Condition("broker", True, "the broker is away")),
            (back, Condition("broker", False, "the broker is back")),
        ]
    if clock := CLOCK.fullmatch(what):
        step = _duration(clock[2])
        return [(at, ClockStepped(step if clock[1] == "+" else -step))]
    if sent := SENT.fullmatch(what):
        return [(at, Message(sent[1], sent[2].encode(), at))]
    if (done := _deed(what, at, site, told)) is not None:
        return [(at, done)]
    raise Wrong(f"cannot read {what!r}; known are: {KNOWN_ACTS}")


def _deed(what: str, at: datetime, site: Site, told: set[str]) -> Happens | None:
    """Return what a person does; None if the line says nothing of the kind."""
    try:
        done = deed(what, at, site)
    except UnitError as error:
        raise Wrong(str(error)) from error
    if isinstance(done, (Answer, HandReading)):
        known_point(done.point, site)
        if done.point not in told:
            raise Wrong(
                f"the story tells nothing of {done.point!r}; add it to given, or name one that is there"
            )
    return done


def known_point(name: str, site: Site) -> Point:
    """Return a point of the site."""
    if name not in site.points:
        raise Wrong(f"there is no point {name!r} in the site; {suggest(name, list(site.points))}")
    return site.points[name]
