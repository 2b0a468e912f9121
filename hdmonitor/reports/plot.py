"""A story as a picture: one panel for each point, with limits, phases and what people were told.

Here are places only, in percent of the time and in pixels of the height; the
template draws them. Lines are stretched to any width of the page, words are
not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from math import floor, isfinite, log10
from typing import TypeAlias

from hdmonitor.events import Event, Kind
from hdmonitor.model import Point, Quality, Reading, Rule, Threshold
from hdmonitor.scenario import moment
from hdmonitor.site_limits import limit_words, shown_unit
from hdmonitor.trials import Trial
from hdmonitor.units import QUANTITIES, express, show_duration, unit_named

HEIGHT = 190  # pixels of a panel
STATE_HEIGHT = 70  # of one that has two words instead of a scale
MOST_DOTS = 120  # of more, only the line is drawn
MOST_DRAWN = 1_500  # values of one line; of more, the extremes of each stretch
LABEL = 15  # pixels that a label needs
ALMOST_ALL = 96.0  # percent; a word there would stand out of the page
NARROW = 4.0  # percent that the number of a call needs
STEPS = [
    timedelta(seconds=seconds)
    for seconds in (
        *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
        *(3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000),
    )
]
MOST_TICKS = 6
MOST_FIGURES = 5  # at the left edge
TOLD = "told"  # of a strip without phases

Place: TypeAlias = Callable[[float], float]  # from a value to pixels from the top
Values: TypeAlias = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A word at a place."""

    at: float  # percent from the left, or pixels from the top
    text: str
    look: str = ""
    more: str = ""  # where there is room for it
    label_at: float = 0.0  # where its word stands, moved so that words do not cover each other


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time with a word."""

    left: float  # percent
    width: float
    text: str
    look: str


@dataclass(frozen=True, slots=True)
class Strip:
    """One rule of a point through its phases."""

    name: str
    segments: tuple[Segment, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One point over the time of the story."""

    title: str
    unit: str
    height: int
    line: str  # SVG path, 1000 wide
    dots: str
    kept: str  # values that the broker repeated
    faults: tuple[float, ...]  # percent
    scale: tuple[Mark, ...]
    limits: tuple[Mark, ...]
    further: tuple[str, ...]  # limits beyond the picture
    gaps: tuple[Segment, ...]
    moves: tuple[Mark, ...]
    strips: tuple[Strip, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All of a story."""

    panels: tuple[Panel, ...]
    others: tuple[Strip, ...]  # of the monitor itself, and who was told
    ticks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """The time of a story."""

    start: datetime
    end: datetime

    def percent(self, at: datetime) -> float:
        """Return where a moment lies."""
        return round(min(100.0, max(0.0, 100 * ((at - self.start) / (self.end - self.start)))), 3)


def picture(trial: Trial) -> Picture:
    """Return where everything of a story lies."""
    story = trial.story
    ends = [story.end, *(event.at for event in trial.events), story.start + timedelta(seconds=1)]
    span = Span(story.start, max(ends))
    strips = dict(_strips(trial.events, span))
    shown = dict.fromkeys(name for name, _ in story.given)
    shown |= dict.fromkeys(subject for subject, _ in strips if subject in story.site.points)
    panels = tuple(_of_story(story.site.points[name], trial, span, strips) for name in shown)
    own = tuple(strip for (subject, _), strip in strips.items() if subject not in story.site.points)
    return Picture(panels, (*own, *_calls(trial, span)), tuple(_ticks(span)))


# --- values -------------------------------------------------------------------


def _of_story(point: Point, trial: Trial, span: Span, strips: dict[tuple[str, str], Strip]) -> Panel:
    own = tuple(strip for (subject, _), strip in strips.items() if subject == point.id)
    return panel(point, trial.readings.get(point.id, ()), span, own, _moves(trial.events, point.id, span))


def panel(
    point: Point,
    told: Iterable[Reading],
    span: Span,
    strips: tuple[Strip, ...] = (),
    moves: tuple[Mark, ...] = (),
) -> Panel:
    """Return where the readings of a point lie, in any order, with its limits and gaps."""
    readings = sorted(told, key=lambda reading: reading.measured_at)
    unit = shown_unit(point)
    words = QUANTITIES[point.quantity].words
    height = STATE_HEIGHT if words else HEIGHT
    shown = [(r.measured_at, _shown(r.value, point, unit)) for r in readings if _judged(r)]
    kept = [(r.measured_at, _shown(r.value, point, unit)) for r in readings if r.quality is Quality.RETAINED]
    limits = [(_shown(t.limit, point, unit), t, each) for each in point.rules for t in each.thresholds]
    low, high = _range([value for _, value in shown + kept], [at for at, _, _ in limits], bool(words))

    def place(value: float) -> float:
        return round(height * (high - value) / (high - low), 2)

    drawn = [] if words else [limit for limit in limits if low < limit[0] < high]
    unseen = [] if words else [limit for limit in limits if not low < limit[0] < high]
    stretches = list(_stretches(shown, point.valid_for))
    return Panel(
        title=point.id,
        unit="" if words else unit_named(unit, point.quantity).name,
        height=height,
        line=" ".join(_path(_thinned(stretch), span, place, stepped=bool(words)) for stretch in stretches),
        dots=_dots(shown, span, place) if len(shown) <= MOST_DOTS else "",
        kept=_dots(_thinned(kept), span, place),
        faults=tuple(span.percent(r.measured_at) for r in readings if r.quality is Quality.FAULT),
        scale=tuple(_scale(low, high, place, words)),
        limits=tuple(_apart([_limit_mark(*limit, place, point) for limit in drawn], height)),
        further=tuple(f"{t.name}: {limit_words(t, each, point.quantity)}" for _, t, each in unseen),
        gaps=tuple(_gaps(stretches, span, point.valid_for)),
        moves=moves,
        strips=strips,
    )


def _judged(reading: Reading) -> bool:
    return reading.value is not None and reading.quality is not Quality.RETAINED and isfinite(reading.value)


def _shown(value: float | None, point: Point, unit: str) -> float:
    return express(value or 0.0, point.quantity, unit)


def _range(values: list[float], limits: list[float], state: bool) -> tuple[float, float]:
    """Return a scale that holds the values, and the nearest limit on either side of them."""
    if state:
        return -0.35, 1.35
    low, high = min(values or limits or [0.0]), max(values or limits or [0.0])
    low = max((limit for limit in limits if limit < low), default=low)
    high = min((limit for limit in limits if limit > high), default=high)
    margin = (high - low) * 0.12 or abs(high) * 0.1 or 1.0
    return low - margin, high + margin


def _stretches(values: Values, valid_for: timedelta) -> Iterator[Values]:
    """Cut the values where nobody vouches for the time between two."""
    first = 0
    for index in range(1, len(values)):
        if values[index][0] - values[index - 1][0] > valid_for:
            yield values[first:index]
            first = index
    if values:
        yield values[first:]


def _gaps(stretches: Sequence[Values], span: Span, valid_for: timedelta) -> Iterator[Segment]:
    ends = [span.start, *(end for values in stretches for end in (values[0][0], values[-1][0])), span.end]
    for number, (before, after) in enumerate(pairwise(ends)):
        if number % 2 == 0 and after - before > valid_for:
            left = span.percent(before)
            yield Segment(left, round(span.percent(after) - left, 3), "no reading", "gap")


def _thinned(values: Values) -> Values:
    """Keep lowest and highest of each stretch when there are more than a screen can show."""
    if len(values) <= MOST_DRAWN:
        return values
    size = -(-2 * len(values) // MOST_DRAWN)
    thinned: list[tuple[datetime, float]] = []
    for first in range(0, len(values), size):
        part = values[first : first + size]
        thinned.extend(
            sorted({min(part, key=lambda each: each[1]), max(part, key=lambda each: each[1]), part[-1]})
        )
    return thinned


def _path(values: Values, span: Span, place: Place, *, stepped: bool) -> str:
    """Return a line through the values; a state stands until the next one."""
    parts: list[str] = []
    for index, (at, value) in enumerate(values):
        x, y = 10 * span.percent(at), place(value)
        if stepped and index:
            parts.append(f"H{x:g}V{y:g}")
        else:
            parts.append(f"{'L' if index else 'M'}{x:g} {y:g}")
    return "".join(parts)


def _dots(values: Values, span: Span, place: Place) -> str:
    return "".join(f"M{10 * span.percent(at):g} {place(value):g}h0" for at, value in values)


def _scale(low: float, high: float, place: Place, words: tuple[str, str] | None) -> Iterator[Mark]:
    """Yield round figures for the left edge, or the two words of a state."""
    if words:
        yield from (Mark(place(value), word) for value, word in ((0.0, words[0]), (1.0, words[1])))
        return
    size = 10.0 ** floor(log10((high - low) / MOST_FIGURES))
    step = next(size * factor for factor in (1, 2, 5, 10) if (high - low) / (size * factor) <= MOST_FIGURES)
    decimals = max(0, -floor(log10(step) + 1e-9))
    value = (floor(low / step) + 1) * step
    while value < high:
        yield Mark(place(value), f"{value:z.{decimals}f}")
        value += step


def _limit_mark(at: float, threshold: Threshold, rule: Rule, place: Place, point: Point) -> Mark:
    more = f": {limit_words(threshold, rule, point.quantity)}"
    if threshold.on_delay:
        more += f" for {show_duration(threshold.on_delay)}"
    return Mark(place(at), threshold.name, threshold.level.name.lower(), more=more)


def _apart(marks: list[Mark], height: int) -> list[Mark]:
    """Give each mark's word a place of its own near its line, from the top down."""
    marks = sorted(marks, key=lambda mark: mark.at)
    places: list[float] = []
    for mark in marks:
        places.append(max(mark.at - LABEL, places[-1] + LABEL if places else 0.0))
    lowest = float(height - LABEL)
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], lowest)
        lowest = places[index] - LABEL
    return [Mark(m.at, m.text, m.look, m.more, at) for m, at in zip(marks, places, strict=True)]


# --- phases -------------------------------------------------------------------


@dataclass(slots=True)
class _Phases:
    """The phases of one rule at one point, as they follow each other."""

    text: str
    look: str
    at: float = 0.0
    segments: list[Segment] = field(default_factory=list)

    def turn(self, at: float, text: str, look: str) -> None:
        at = max(at, self.at)  # a clock may have stepped back
        if at > self.at:
            self.segments.append(Segment(self.at, round(at - self.at, 3), self.text, self.look))
        self.at, self.text, self.look = at, text, look


def _strips(events: Iterable[Event], span: Span) -> Iterator[tuple[tuple[str, str], Strip]]:
    """Yield a strip for each point and rule that left its first phases."""
    phases: dict[tuple[str, str], _Phases] = {}
    for event in events:
        if event.kind not in (Kind.MOVED, Kind.RAISED, Kind.LOWERED):
            continue
        detail = event.detail
        key = (event.subject, str(detail["rule"]))
        before = str(detail.get("from", "active"))
        turned = phases.setdefault(key, _Phases(text=before, look=before))
        phase = str(detail.get("to", "active"))
        name, level = str(detail.get("name", "")), str(detail.get("level", "alarm"))
        look = f"{phase} {level}" if phase in ("active", "clearing") else phase
        text = phase.upper() if phase == "active" else phase
        text += f": {name}" if phase == "active" and name else ""
        turned.turn(span.percent(event.at), text, look)
    for (subject, rule), turned in phases.items():
        turned.turn(100.0, "", "")
        name = rule.removeprefix("HDM-").lower() if rule.startswith("HDM-") else rule
        yield (subject, rule), Strip(name, tuple(turned.segments))


def _moves(events: Iterable[Event], point: str, span: Span) -> tuple[Mark, ...]:
    """Return the moments at which the phase of a point changed, but for its first."""
    return tuple(
        Mark(span.percent(event.at), str(event.detail["to"]))
        for event in events
        if event.kind is Kind.MOVED and event.subject == point and event.at > span.start
    )


def _calls(trial: Trial, span: Span) -> Iterator[Strip]:
    """Yield who was told and what people did, by the numbers of the lines of the story."""
    marks: list[Mark] = []
    seconds = (span.end - span.start).total_seconds()
    for number, line in enumerate(trial.told, 1):
        time, _, text = line.partition(" ")
        since = told_after(time)
        if since is None or " -> " in text:
            continue
        at = round(min(100.0, 100 * since.total_seconds() / seconds), 3)
        near = marks and at - next(mark.at for mark in reversed(marks) if mark.text) < NARROW
        marks.append(Mark(at, "" if near else str(number)))
    if marks:
        yield Strip(TOLD, marks=tuple(marks))


# --- time ---------------------------------------------------------------------


def told_after(time: str) -> timedelta | None:
    """Return the time that begins a line of a story: "1h02m00s"; None when the line has none."""
    hours, _, rest = time.rpartition("h")
    minutes, _, seconds = rest.partition("m")
    try:
        return timedelta(hours=int(hours or 0), minutes=int(minutes), seconds=float(seconds.rstrip("s")))
    except ValueError:
        return None


def _ticks(span: Span) -> Iterator[Mark]:
    length = span.end - span.start
    step = next((each for each in STEPS if length / each <= MOST_TICKS), length)
    count = int(length / step)
    for index in range(count + 1):
        at = round(100 * (index * step / length), 3)
        yield Mark(at, _tick(index * step), "first" if not index else "last" if at > ALMOST_ALL else "")


def _tick(since: timedelta) -> str:
    """Write a time of the axis shortly: "25m", "1h30m"."""
    text = moment(since)
    while text not in ("0m00s", "0s") and text.endswith(("m00s", "h00m")):
        text = text[:-3]
    return "0" if text == "0m00s" else text.removeprefix("0m")
