"""The readings of one point over a span of clock time, as a picture with limits and excursions.

As in `plot`, here are places only; the template draws them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hdmonitor.events import Excursion
from hdmonitor.model import Point, Reading
from hdmonitor.reports.plot import ALMOST_ALL, STEPS, Mark, Panel, Segment, Span, panel
from hdmonitor.units import unit_named

MOST_TICKS = 6
NEAR_THE_EDGE = 4.0  # percent; a word there would stand out of the picture
A_DAY = timedelta(days=1)
SPARK = (100, 24)  # wide, high
MOST_SPARKS = 50  # values of a small trend


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, and what it shows in a sentence."""

    panel: Panel
    ticks: tuple[Mark, ...]
    excursions: tuple[Segment, ...]
    says: str


def chart(
    point: Point,
    readings: Iterable[Reading],
    excursions: Sequence[Excursion],
    start: datetime,
    end: datetime,
    zone: str,
) -> Chart:
    """Return the picture of `point` from `start` to `end`, times in the `zone` of the site."""
    span, local = Span(start, end), ZoneInfo(zone)
    drawn = panel(point, readings, span)
    begins, ends = (f"{at.astimezone(local):%d %b %H:%M}" for at in (start, end))
    unit = f", in {unit_named(drawn.unit, point.quantity).short}" if drawn.unit else ""
    count = len(excursions)
    outside = f"{count} excursion{'' if count == 1 else 's'}" if count else "no excursion"
    return Chart(
        drawn,
        tuple(_ticks(span, local)),
        tuple(_outside(excursions, span)),
        f"{point.name}{unit}, from {begins} to {ends}: {outside} recorded",
    )


def _outside(excursions: Iterable[Excursion], span: Span) -> Iterator[Segment]:
    for each in excursions:
        left, right = span.percent(each.start), span.percent(each.end or span.end)
        yield Segment(left, round(max(right - left, 0.2), 3), "", each.level.name.lower())


def _ticks(span: Span, local: ZoneInfo) -> Iterator[Mark]:
    """Yield round clock times; of several days, midnights and round hours."""
    length = span.end - span.start
    step = next((each for each in STEPS if length / each <= MOST_TICKS), length)
    begin = span.start.astimezone(local)
    wall = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(int((length + A_DAY) / step) + 2):
        at = wall + number * step  # on the clock of the wall
        if not span.start <= at <= span.end:
            continue
        where = span.percent(at)
        text = f"{at:%d %b}" if step >= A_DAY else f"{at:%H:%M}"
        look = "first" if where < NEAR_THE_EDGE else "last" if where > ALMOST_ALL else ""
        yield Mark(where, text, look)


def spark(values: Sequence[tuple[datetime, float]], start: datetime, end: datetime) -> str:
    """Return an SVG path of the trend of `values`, `SPARK` large; nothing where there is no line."""
    if len(values) < 2:  # noqa: PLR2004  # a line has two ends
        return ""
    every = -(-len(values) // MOST_SPARKS)
    kept = [*values[::every], values[-1]]
    low, high = min(value for _, value in kept), max(value for _, value in kept)
    wide, tall = SPARK
    spread = (high - low) or 1.0
    parts: list[str] = []
    for at, value in kept:
        x = wide * min(1.0, max(0.0, (at - start) / (end - start)))
        y = tall - 2 - (tall - 4) * ((value - low) / spread if high > low else 0.5)
        parts.append(f"{'L' if parts else 'M'}{x:.1f} {y:.1f}")
    return "".join(parts)
