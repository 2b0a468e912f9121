"""Loads stories: YAML written by QA, played on the site's real configuration.

The format is described in `docs/scenarios.md`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from hdmonitor.events import ClockStepped, Condition, Input
from hdmonitor.model import NO_TIME, Device, Message, Point, Quality, Reading, Site
from hdmonitor.scenario import Answer, Restart, Story
from hdmonitor.units import UnitError, parse_amount, parse_duration
from hdmonitor.yaml_source import Problem, Source, read_yaml

KEYS = {"scenario", "covers", "site", "start", "every", "cases"}
CASE_KEYS = {"name", "given", "when", "then"}
GARBAGE = b'{"unfinished": '
CLOCK = re.compile(r"clock steps ([+-])(\S+)")
AWAY = re.compile(r"broker away for (\S+)")
SENT = re.compile(r"message (\S+) (.+)")
ACT = re.compile(r"(\S+) (acknowledges|closes) (\S+)(?: (.+))?")

# At equal times, time passes first, then values come, then people act.
VALUES, PEOPLE = 0, 1

Timed: TypeAlias = list[tuple[datetime, int, int, Input | Restart | Answer]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One file of stories."""

    name: str
    covers: tuple[str, ...]
    stories: tuple[Story, ...]


class _Wrong(Exception):
    """A line of a story that cannot be read."""


def load_scenario(
    path: Path, load_site: Callable[[Path], tuple[Site | None, list[Problem]]]
) -> tuple[Scenario | None, list[Problem]]:
    """Read a file of stories and the site it plays on; every problem has its line."""
    source = read_yaml(path)
    data = source.data
    if source.problems or not isinstance(data, dict):
        return None, source.problems or [Problem(str(path), 1, 1, "not a scenario; see docs/scenarios.md")]
    if not _shaped(data, source):
        return None, source.problems
    site, problems = load_site(path.parent / data["site"])
    if site is None:
        return None, problems
    stage = _stage(data, site, source)
    stories = (
        [_story(index, case, stage, source) for index, case in enumerate(data["cases"])] if stage else []
    )
    if source.problems:
        return None, source.problems
    covers = tuple(str(rule) for rule in data.get("covers", []))
    return Scenario(str(data["scenario"]), covers, tuple(s for s in stories if s)), []


@dataclass(frozen=True, slots=True)
class _Stage:
    """What all stories of a file share."""

    site: Site
    start: datetime
    every: timedelta


def _stage(data: dict[str, Any], site: Site, source: Source) -> _Stage | None:
    try:
        stage = _Stage(site, datetime.fromisoformat(str(data["start"])), parse_duration(str(data["every"])))
    except (ValueError, UnitError) as error:
        source.complain((), f"start and every: {error}")
        return None
    if not stage.every:
        source.complain(("every",), 'one reading every "0s" never ends; write for instance "10s"')
        return None
    if stage.start.tzinfo is None:
        source.complain(("start",), 'a time without a zone; write "2026-03-02T08:00:00-05:00"')
        return None
    return stage


def _shaped(data: dict[str, Any], source: Source) -> bool:
    """Complain about keys that are unknown or missing, in the file and in its cases."""
    for key in data.keys() - KEYS:
        source.complain((key,), f"unknown key {key!r}; a scenario has {sorted(KEYS)}", at_key=True)
    for key in KEYS - data.keys() - {"covers"}:
        source.complain((), f"the key {key!r} is missing")
    cases = data.get("cases")
    if not isinstance(cases, list) or not cases:
        source.complain(("cases",), "cases must be a list of stories")
        return False
    for index, case in enumerate(cases):
        if not isinstance(case, dict) or not {"name", "given", "then"} <= case.keys():
            source.complain(("cases", index), "a case has name, given, then and perhaps when")
        elif extra := case.keys() - CASE_KEYS:
            source.complain(("cases", index), f"unknown key {min(extra)!r} in a case")
        elif not isinstance(case["given"], dict):
            source.complain(("cases", index, "given"), "given maps points to what they send")
    return not source.problems


def _story(index: int, case: dict[str, Any], stage: _Stage, source: Source) -> Story | None:
    inputs: Timed = []
    site, start = stage.site, stage.start
    end = start
    where: tuple[str | int, ...] = ("cases", index)
    points: dict[str, Point] = {}
    try:
        for name, text in case["given"].items():
            where = ("cases", index, "given", name)
            points[name] = _point(name, site)
            at = start
            for line in str(text).splitlines():
                at = _series(line, points[name], at, stage.every, inputs)
            end = max(end, at)
        where = ("cases", index, "when")
        for line in str(case.get("when", "")).splitlines():
            _when(line, start, inputs)
    except (_Wrong, UnitError, OverflowError) as error:
        source.complain(where, str(error))
        return None
    inputs.sort(key=lambda item: item[:3])
    return Story(
        name=str(case["name"]),
        site=_part(site, points),
        start=start,
        end=end,
        inputs=tuple((at, item) for at, _, _, item in inputs),
        then=tuple(" ".join(line.split()) for line in str(case["then"]).splitlines() if line.strip()),
    )


def _point(name: str, site: Site) -> Point:
    if name not in site.points:
        raise _Wrong(f"no point {name!r} in the site")
    return site.points[name]


def _part(site: Site, points: Mapping[str, Point]) -> Site:
    """Return the site with only the points of a story, so that others need not be told."""
    devices: dict[str, Device] = {}
    for device in site.devices.values():
        if kept := tuple(point for point in device.points if point.id in points):
            devices[device.topic] = replace(device, points=kept)
    return replace(site, points=dict(points), devices=devices)


def _series(line: str, point: Point, at: datetime, every: timedelta, inputs: Timed) -> datetime:
    """Add what one line of `given` sends, and return when it ends: `5m -0.020 inH2O`."""
    span, _, what = line.strip().partition(" ")
    until = at + parse_duration(span)
    what, late = _without(what.strip(), r"late (\S+)$")
    what, own = _without(what, r"every (\S+)$")
    if own == NO_TIME:
        raise _Wrong('a reading every "0s" never ends; write for instance "10s"')
    step, delay = own or every, late or NO_TIME
    if what == "silent":
        return until
    count = -(-(until - at) // step)
    for index in range(count):
        moment = at + index * step
        item = _sent(what, point, moment, moment + delay, index / count)
        inputs.append((moment + delay, VALUES, len(inputs), item))
    return until


def _without(what: str, pattern: str) -> tuple[str, timedelta | None]:
    found = re.search(pattern, what)
    if found is None:
        return what, None
    return what[: found.start()].strip(), parse_duration(found[1])


def _sent(what: str, point: Point, at: datetime, received_at: datetime, part: float) -> Input:
    if what == "garbage":
        return Message(point.topic, GARBAGE, received_at)
    if what == "fault":
        return Reading(point.id, None, at, received_at, fault="told by the story")
    retained = what.startswith("retained ")
    amount = what.removeprefix("retained ").strip()
    first, ramp, last = amount.partition("..")
    if ramp:
        unit = last.strip().partition(" ")[2]
        low, high = parse_amount(f"{first} {unit}", point.quantity), parse_amount(last, point.quantity)
        value = low + (high - low) * part
    else:
        value = parse_amount(amount, point.quantity)
    quality = Quality.RETAINED if retained else Quality.GOOD
    return Reading(point.id, value, at, received_at, quality, live=not retained)


def _when(line: str, start: datetime, inputs: Timed) -> None:
    """Add what one line of `when` does: `12m00s restart`."""
    if not line.strip():
        return
    time, _, what = line.strip().partition(" ")
    at = start + parse_duration(time)
    for moment, item in _acts(what.strip(), at):
        inputs.append((moment, PEOPLE, len(inputs), item))


def _acts(what: str, at: datetime) -> Sequence[tuple[datetime, Input | Restart | Answer]]:
    if what == "restart":
        return [(at, Restart())]
    if away := AWAY.fullmatch(what):
        back = at + parse_duration(away[1])
        return [
            (at, Condition("broker", True, "the broker is away")),
            (back, Condition("broker", False, "the broker is back")),
        ]
    if clock := CLOCK.fullmatch(what):
        step = parse_duration(clock[2])
        return [(at, ClockStepped(step if clock[1] == "+" else -step))]
    if sent := SENT.fullmatch(what):
        return [(at, Message(sent[1], sent[2].encode(), at))]
    if act := ACT.fullmatch(what):
        by, verb, point, note = act.groups()
        note = (note or "written down") if verb == "closes" else ""
        return [(at, Answer(point, by, note))]
    raise _Wrong(
        f"cannot read {what!r}; known are: restart, broker away for 3m, clock steps +1h, "
        "message TOPIC PAYLOAD, PERSON acknowledges POINT, PERSON closes POINT NOTE"
    )
