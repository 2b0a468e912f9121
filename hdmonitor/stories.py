"""Loads stories: YAML written by QA, played on the site's real configuration.

The format is described in `docs/scenarios.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hdmonitor.catalogue import load_catalogue
from hdmonitor.late import QUIET
from hdmonitor.model import Point, Reading, Site
from hdmonitor.scenario import Story
from hdmonitor.story_lines import Timed, Wrong, add_acts, add_series, known_point
from hdmonitor.units import UnitError, parse_duration
from hdmonitor.yaml_source import Problem, Source, Where, read_yaml, suggest

KEYS = ("scenario", "covers", "site", "start", "every", "cases")
CASE_KEYS = ("name", "given", "when", "then")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One file of stories."""

    file: Path
    name: str
    covers: tuple[str, ...]
    site: Site
    stories: tuple[Story, ...]


def story_files(paths: list[Path]) -> list[Path]:
    """Return the files that were named, and all YAML files in the folders that were."""
    return [file for path in paths for file in (sorted(path.rglob("*.yaml")) if path.is_dir() else [path])]


def load_scenario(
    path: Path, load_site: Callable[[Path], tuple[Site | None, list[Problem]]]
) -> tuple[Scenario | None, list[Problem]]:
    """Read a file of stories and the site it plays on; every problem has its line."""
    source = read_yaml(path)
    data = source.data
    if not source.problems and not isinstance(data, dict):
        source.complain((), "not a scenario; write scenario, site, start, every and cases")
    if source.problems or not _shaped(data, source):
        return None, source.problems
    site_file = path.parent / data["site"]
    if not site_file.is_file():
        source.complain(("site",), f"there is no site file {site_file}; the path counts from this file")
        return None, source.problems
    site, problems = load_site(site_file)
    if site is None:
        return None, problems
    stage = _stage(data, site, source)
    _known_rules(data, site, source)
    stories = [_story(index, case, stage, source) for index, case in enumerate(data["cases"]) if stage]
    if source.problems:
        return None, source.problems
    covers = tuple(data.get("covers", []))
    return Scenario(path, data["scenario"], covers, site, tuple(s for s in stories if s)), []


@dataclass(frozen=True, slots=True)
class _Stage:
    """What all stories of a file share."""

    site: Site
    start: datetime
    every: timedelta


def _stage(data: dict[str, Any], site: Site, source: Source) -> _Stage | None:
    start = every = None
    with suppress(ValueError):
        start = datetime.fromisoformat(data["start"])
    if start is None or start.tzinfo is None:
        why = f"{data['start']!r} is not a time with its offset from UTC"
        source.complain(("start",), f'{why}; write for instance "2026-03-02T08:00:00-05:00"')
    try:
        every = parse_duration(data["every"])
    except UnitError as error:
        source.complain(("every",), str(error))
    if every is not None and not every:
        source.complain(("every",), 'one reading every "0s" never ends; write for instance "10s"')
    return _Stage(site, start, every) if start and start.tzinfo and every else None


def _shaped(data: dict[str, Any], source: Source) -> bool:
    """Complain about keys that are unknown, missing or of the wrong shape, in the file and in its cases."""
    for key in data:
        if key not in KEYS:
            source.complain((key,), f"unknown key {key!r}; {suggest(key, list(KEYS))}", at_key=True)
    for key in KEYS:
        if key not in data and key != "covers":
            source.complain((), f"the key {key!r} is missing; add it")
    for key in ("scenario", "site", "start", "every"):
        if key in data:
            _text((key,), data[key], source)
    covers = data.get("covers", [])
    if not isinstance(covers, list) or not all(isinstance(rule, str) for rule in covers):
        source.complain(("covers",), "covers must be a list of rules: [800-P1, 800-P3]")
    cases = data.get("cases", [])
    if not isinstance(cases, list) or (not cases and "cases" in data):
        source.complain(("cases",), "cases must be a list of stories; each begins with '- name:'")
        return False
    for index, case in enumerate(cases):
        _shaped_case(("cases", index), case, source)
    return not source.problems


def _shaped_case(where: Where, case: Any, source: Source) -> None:
    if not isinstance(case, dict):
        source.complain(where, "a case must be a mapping with name, given, then and perhaps when")
        return
    for key in case:
        if key not in CASE_KEYS:
            why = f"unknown key {key!r} in a case; {suggest(key, list(CASE_KEYS))}"
            source.complain((*where, key), why, at_key=True)
    for key in CASE_KEYS:
        if key not in case and key != "when":
            source.complain(where, f"the case has no {key!r}; add it")
        elif key in case and key != "given":
            _text((*where, key), case[key], source)
    given = case.get("given", {})
    if not isinstance(given, dict):
        source.complain((*where, "given"), "given must map points to what they send, one point a line")
        return
    for point, series in given.items():
        _text((*where, "given", point), series, source)


def _text(where: Where, value: Any, source: Source) -> None:
    if not isinstance(value, str):
        source.complain(where, f"{where[-1]!r} must be text; write it in quotes, or as a block after |")
    elif source.styles.get(where) == ">":
        source.complain(where, f"{where[-1]!r} begins with >, which joins its lines; write | instead")


def _known_rules(data: dict[str, Any], site: Site, source: Source) -> None:
    """Complain about a rule that is neither in the catalogue nor in the site."""
    known = set(load_catalogue().ids)
    known |= {rule.id for point in site.points.values() for rule in point.rules}
    for index, rule in enumerate(data.get("covers", [])):
        if rule not in known:
            source.complain(("covers", index), f"there is no rule {rule!r}; {suggest(rule, sorted(known))}")


def _story(index: int, case: dict[str, Any], stage: _Stage, source: Source) -> Story | None:
    inputs: Timed = []
    site, start = stage.site, stage.start
    before, end = len(source.problems), start
    points: dict[str, Point] = {}
    for name, text in case["given"].items():
        where: Where = ("cases", index, "given", name)
        try:
            points[name] = known_point(name, site)
        except Wrong as error:
            source.complain(where, str(error), at_key=True)
            continue
        at = start
        for number, line in _lines(text):
            try:
                at = add_series(line, points[name], at, stage.every, inputs)
            except Wrong as error:
                source.complain_in_block(where, number, str(error))
        end = max(end, at)
    # What comes late is waited for, and for its being judged.
    late = [i.received_at for *_, i in inputs if isinstance(i, Reading) and i.received_at > i.measured_at]
    end = max([end, *(moment + QUIET for moment in late)])
    for number, line in _lines(case.get("when", "")):
        try:
            add_acts(line, start, site, set(points), inputs)
        except Wrong as error:
            source.complain_in_block(("cases", index, "when"), number, str(error))
    if len(source.problems) > before:
        return None
    inputs.sort(key=lambda item: item[:3])
    return Story(
        name=case["name"],
        site=site.only(points),  # so that the others need not be told
        start=start,
        end=end,
        inputs=tuple((at, item) for at, _, _, item in inputs),
        then=_told(case["then"]),
        line=source.values["cases", index][0],
        given=tuple((name, _told(text)) for name, text in case["given"].items()),
        when=_told(case.get("when", "")),
    )


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, with their numbers from 0."""
    return ((number, line) for number, line in enumerate(text.split("\n")) if line.strip())


def _told(text: str) -> tuple[str, ...]:
    return tuple(" ".join(line.split()) for _, line in _lines(text))
