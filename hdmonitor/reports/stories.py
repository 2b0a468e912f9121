"""The report of played stories: one HTML page that needs nothing else, for the screen and for paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from hdmonitor import __version__
from hdmonitor.catalogue import load_catalogue, own_rules
from hdmonitor.model import Point, Rule, Site
from hdmonitor.reports.plot import Picture, picture
from hdmonitor.site_limits import limit_words
from hdmonitor.trials import Found, Played, Trial, compare
from hdmonitor.units import show_duration


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a story, beside what was expected."""

    number: int | None  # of what happened
    time: str
    expected: str
    happened: str
    found: str


@dataclass(frozen=True, slots=True)
class _Limit:
    """One limit in force."""

    point: str
    rule: str
    level: str
    name: str
    outside: str
    on_delay: str
    priority: str


@dataclass(frozen=True, slots=True)
class _Case:
    """One story on the page."""

    id: str
    trial: Trial
    picture: Picture
    rows: list[_Row]
    restarted: list[_Row]


@dataclass(frozen=True, slots=True)
class _File:
    """One file of stories on the page."""

    played: Played
    rules: list[_Source]
    limits: list[_Limit]
    cases: list[_Case]


@dataclass(frozen=True, slots=True)
class _Source:
    """What a rule stands on."""

    id: str
    version: str
    what: str
    force: str
    confidence: str
    source: str


@cache
def _template() -> Template:
    templates = Environment(
        loader=PackageLoader("hdmonitor.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("stories.html")


def page(played: Sequence[Played], at: datetime) -> str:
    """Return the page; `at` is when the stories were played."""
    trials = [trial for each in played for trial in each.trials]
    sites = {each.scenario.site.config_hash: each.scenario.site for each in played if each.scenario}
    return _template().render(
        files=[_file(number, each) for number, each in enumerate(played, 1)],
        sites=list(sites.values()),
        passed=sum(trial.passed for trial in trials),
        total=len(trials),
        unread=sum(each.scenario is None for each in played),
        restarted=any(trial.restarted is not None for trial in trials),
        version=__version__,
        catalogue=load_catalogue().digest,
        at=f"{at:%Y-%m-%d %H:%M:%S} UTC",
    )


def _file(number: int, played: Played) -> _File:
    scenario = played.scenario
    if scenario is None:
        return _File(played, [], [], [])
    told = {name for trial in played.trials for name, _ in trial.story.given}
    points = [point for name, point in scenario.site.points.items() if name in told]
    return _File(
        played,
        list(_rules(scenario.covers, points, scenario.site)),
        [limit for point in points for limit in _limits(point)],
        [_case(f"story-{number}-{count}", trial) for count, trial in enumerate(played.trials, 1)],
    )


def _rules(covers: Sequence[str], points: Sequence[Point], site: Site) -> Iterator[_Source]:
    """Yield the rules that the file covers, and the others that judge its points."""
    in_use = {rule.id: rule for point in points for rule in (*point.rules, *_sums(point))}
    everywhere = {rule.id: rule for each in site.points.values() for rule in (*each.rules, *_sums(each))}
    known: dict[str, Rule] = {**everywhere, **own_rules(), **in_use}
    for id_ in dict.fromkeys([*covers, *in_use]):
        if rule := known.get(id_):
            yield _Source(rule.id, rule.version, rule.what, rule.force, rule.confidence, rule.source)
            continue
        catalogue = load_catalogue()
        entry = next(each for each in (*catalogue.rules, *catalogue.exposures) if each.id == id_)
        yield _Source(entry.id, entry.version, entry.what, entry.force, entry.confidence, entry.source)


def _sums(point: Point) -> Iterator[Rule]:
    """Yield the rules about what the readings of a point add up to."""
    return (exposure.rule for exposure in point.exposures)


def _limits(point: Point) -> Iterator[_Limit]:
    for rule in point.rules:
        for limit in sorted(rule.thresholds, key=lambda each: (each.side, each.level)):
            yield _Limit(
                point.id,
                rule.id,
                limit.level.name.lower(),
                limit.name,
                limit_words(limit, rule, point.quantity),
                show_duration(limit.on_delay),
                limit.priority.name.lower(),
            )


def _case(id_: str, trial: Trial) -> _Case:
    again = trial.restarted
    differs = again is not None and again != trial.told
    return _Case(
        id_,
        trial,
        picture(trial),
        list(_rows(trial.story.then, trial.told)),
        list(_rows(trial.story.then, again)) if differs and again is not None else [],
    )


def _rows(expected: tuple[str, ...], told: tuple[str, ...]) -> Iterator[_Row]:
    number = 0
    for line in compare(expected, told):
        time, _, text = line.line.replace("->", "\N{RIGHTWARDS ARROW}").partition(" ")
        if line.found is Found.MISSING:
            yield _Row(None, time, text, "did not happen", "missing")
            continue
        number += 1
        if line.found is Found.EXTRA:
            yield _Row(number, time, "nothing", text, "extra")
        else:
            yield _Row(number, time, text, "as expected", "")
