"""The words for what readings add up to: means, times outside, and how long they may go on."""

from __future__ import annotations

from datetime import timedelta

from hdmonitor.model import Exposure, Measure, Threshold
from hdmonitor.units import show, show_duration, show_limit

HOURS = timedelta(hours=48)  # up to here a window is told in hours
QUANTITY, UNIT = "temperature", "degC"


def span(window: timedelta) -> str:
    """Say a window as rules do: "24 h", "30 d"."""
    return f"{window // timedelta(hours=1)} h" if window <= HOURS else f"{window.days} d"


def band(exposure: Exposure) -> str:
    """Say what is outside: "outside 2 to 8 C", "above 30 C"."""
    above, below = (
        show_limit(each, QUANTITY, UNIT) if each is not None else ""
        for each in (exposure.above, exposure.below)
    )
    if above and below:
        return f"outside {below} to {above} C"
    return f"above {above} C" if above else f"below {below} C"


def shown(exposure: Exposure, limit: Threshold, figure: float) -> str:
    """Show a mean on its side of the limit, or a time."""
    if exposure.measure is Measure.MKT:
        return show(figure, QUANTITY, UNIT, limit.limit)
    return f"{_time(figure)} {band(exposure)}"


def titles(exposure: Exposure, limit: Threshold, figure: float) -> tuple[str, ...]:
    """Return titles with {name}, the fullest first."""
    said, plain = shown(exposure, limit, figure), f"{{name}}: {limit.name}"
    if exposure.measure is Measure.MKT:
        said = f"mean {said}, limit {show_limit(limit.limit, QUANTITY, UNIT)}"
        return (f"{{name}}: {span(exposure.window)} {said}", f"{{name}}: {said}", plain)
    return (f"{{name}}: {said}", plain)


def beside(exposure: Exposure, limit: Threshold, since: str) -> str:
    """Say what a figure that the title gives is of."""
    if exposure.measure is Measure.MKT:
        return f"Mean kinetic temperature, over its limit {since}."
    return _capital(f"{_within(exposure)}, {_most(limit)}.")


def sentence(exposure: Exposure, limit: Threshold, figure: float, since: str) -> str:
    """Say what the sum is and what it may be."""
    said = shown(exposure, limit, figure)
    if exposure.measure is Measure.MKT:
        most = show_limit(limit.limit, QUANTITY, UNIT)
        return f"Mean kinetic temperature of {span(exposure.window)} {said}, limit {most}, over {since}."
    return f"{said} {_within(exposure)}, {_most(limit)}."


def _within(exposure: Exposure) -> str:
    return f"in {span(exposure.window)}" if exposure.measure is Measure.TOTAL else "without a break"


def _most(limit: Threshold) -> str:
    return f"limit {_time(limit.limit)}" if limit.limit else "never allowed"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def both(everything: float | None, trusted: float | None) -> str:
    """Show the mean with doubted readings and without them; nothing where none are doubted."""
    if everything is None or trusted is None:
        return ""
    with_them, without = (show(each, QUANTITY, UNIT) for each in (everything, trusted))
    return f"With doubted readings {with_them}, without {without}"


def mean_left(exposure: Exposure, left: timedelta | None) -> str:
    """Say when a mean passes its limit if nothing changes."""
    if left is None:
        return ""
    most = show_limit(exposure.rule.thresholds[-1].limit, QUANTITY, UNIT)
    what = f"{span(exposure.window)} mean passes {most}"
    return f"{what} in {show_duration(left)}." if left else f"{what} already."


def time_left(exposure: Exposure, left: timedelta) -> str:
    """Say how much of an allowed time is left."""
    each = f" in {span(exposure.window)}" if exposure.measure is Measure.TOTAL else ""
    most = _time(exposure.rule.thresholds[-1].limit)
    return f"{_time(left.total_seconds())} left of {most} {band(exposure)}{each}."


def _time(seconds: float) -> str:
    whole = timedelta(seconds=seconds)
    hours = whole // timedelta(hours=1)
    return f"{hours} h" if whole == timedelta(hours=hours) and hours > 1 else show_duration(whole)
