"""What the benches do with their figures: the middle and the ends of several runs, ratios, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the middle and the greatest of several runs."""

    least: float
    middle: float
    most: float

    def row(self, places: int = 0) -> list[str]:
        """Return the three as cells of a table."""
        return [f"{value:,.{places}f}" for value in (self.least, self.middle, self.most)]


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of at least one value."""
    return Spread(min(values), median(values), max(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Return ours over theirs, run by run, since the two of a run met the same machine."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that is not exceeded by `share` (0 to 1) of them: nearest rank."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, its first column to the left and figures to the right."""
    widths = [max(len(row[column]) for row in (heading, *rows)) for column in range(len(heading))]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return f"| {' | '.join([first[0].ljust(first[1]), *(cell.rjust(wide) for cell, wide in others)])} |"

    rule = f"| {' | '.join(['-' * widths[0], *('-' * (width - 1) + ':' for width in widths[1:])])} |"
    return "\n".join([line(heading), rule, *map(line, rows)])


def verdict(value: float, limit: float, *, at_least: bool) -> str:
    """Say whether a figure meets its target."""
    met = value >= limit if at_least else value <= limit
    return f"{'at least' if at_least else 'at most'} {limit:g}: {'met' if met else 'NOT met'}"
