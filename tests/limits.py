"""What the catalogue must say (`unit/limits.txt`), and how a rule is held against it by what it does."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf, nextafter
from pathlib import Path

from hdmonitor.catalogue import Catalogue, ExposureEntry, LimitEntry, PlacementEntry, RuleEntry, Spot
from hdmonitor.model import NO_TIME, Phase, Side
from hdmonitor.rules.alarm import Machine
from hdmonitor.site_exposures import exposures_at
from hdmonitor.site_file import LevelKeys, LimitsKeys
from hdmonitor.site_limits import Certified, needs_certified, rule_at_point, written_unit, written_value
from hdmonitor.units import QUANTITIES, UnitError, convert, difference, parse_amount, parse_duration

TABLE = Path(__file__).parent / "unit" / "limits.txt"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND, TICK = timedelta(seconds=1), timedelta(microseconds=1)
CERTIFIED = {"air_velocity": Certified(100.0, "ft/min"), "airflow": Certified(100.0, "cfm")}
LONG = timedelta(days=9)  # as long does a reading vouch


@dataclass
class Expected:
    """One rule as the table has it, cells as written."""

    head: list[str]
    limits: list[list[str]] = field(default_factory=list)


def table() -> dict[str, Expected]:
    """Read the table, by title of the rule."""
    found: dict[str, Expected] = {}
    title = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if line.startswith("  "):
            found[title].limits.append(cells)
        elif line and not line.startswith("#"):
            title = cells[0]
            found[title] = Expected(cells)
    return found


def duration(text: str) -> timedelta | None:
    return None if text == "-" else parse_duration(text)


# --- a rule, by what it does --------------------------------------------------------


def differences(entry: RuleEntry, expected: Expected) -> Iterator[str]:
    """Yield how a rule behaves otherwise than the table says."""
    _, force, confidence, off_delay, deadband, patience = expected.head
    if (entry.force, entry.confidence) != (force, confidence):
        yield "force or confidence"
    if entry.patience != parse_duration(patience):
        yield "how long a reading vouches"
    if [f"{each.level} {each.side}" for each in entry.thresholds] != [cells[0] for cells in expected.limits]:
        yield "levels and sides"
        return
    for quantity in sorted({name for each in entry.applies for name in each.quantity}):
        for each, cells in zip(entry.thresholds, expected.limits, strict=True):
            alone = entry.model_copy(update={"thresholds": [each]})
            yield from _values(alone, quantity, cells)
            yield from _delays(alone, quantity, cells, parse_duration(off_delay), deadband)
            yield from _caps(alone, quantity, cells)
            if (each.priority, each.force or entry.force, each.name) != tuple(cells[6:]):
                yield f"{cells[0]}: priority, force or name"


def written(text: str, quantity: str) -> tuple[float, str]:
    """Return a limit as it is written: its number and its unit."""
    if text.endswith("% of certified"):
        return float(text.split(maxsplit=1)[0]), CERTIFIED[quantity].unit  # of a hood certified at 100
    if QUANTITIES[quantity].words:
        return parse_amount(text, quantity), "state"
    return written_value(text), written_unit(text, quantity)


def applied(entry: RuleEntry, quantity: str, **facts):
    """Return the rule at a point, and what was complained about."""
    certified = CERTIFIED[quantity] if needs_certified(entry) else None
    complaints: list[str] = []
    rule = rule_at_point(
        entry, quantity, lambda _, text: complaints.append(text), certified=certified, **facts
    )
    return rule, complaints


def _values(entry: RuleEntry, quantity: str, cells: list[str]) -> Iterator[str]:
    """The limit and the smallest step to each side of it, in the unit it is written in."""
    (limit,) = applied(entry, quantity)[0].thresholds
    at, unit = written(cells[1], quantity)
    high = cells[0].endswith("high")
    if QUANTITIES[quantity].words:
        if (limit.outside(at), limit.outside(1 - at)) != (False, True):
            yield f"{cells[0]}: {quantity}"
        return
    beyond, within = (inf, -inf) if high else (-inf, inf)
    for value, outside in (
        (nextafter(at, within), False),
        (at, cells[2] == "outside"),
        (nextafter(at, beyond), True),
    ):
        if limit.outside(convert(value, unit, quantity)) is not outside:
            yield f"{cells[0]}: {value!r} {unit} is {'inside' if outside else 'outside'}"


def _delays(
    entry: RuleEntry, quantity: str, cells: list[str], off_delay: timedelta, deadband: str
) -> Iterator[str]:
    """On-delay, for both kinds of probe; deadband and off-delay on the way back."""
    at, unit = written(cells[1], quantity)
    high = cells[0].endswith("high")
    for probe, delay in (("buffered", cells[3]), ("air", cells[3] if cells[4] == "-" else cells[4])):
        rule, _ = applied(entry, quantity, probe=probe)
        machine = Machine(rule, LONG)
        far = at + (1000 if high else -1000) if unit != "state" else 1 - at
        machine.observe(NOON, convert(far, unit, quantity))
        due = NOON + parse_duration(delay)
        machine.advance(due - TICK)
        before = machine.phase
        machine.advance(due)
        if (before, machine.phase) != (Phase.PENDING, Phase.ACTIVE):
            yield f"{cells[0]}: on-delay, probe {probe}"
            return
    yield from _back(machine, entry, quantity, cells, off_delay, _band(deadband), due)


def _band(deadband: str) -> float:
    """Return the deadband in the unit of the limit; 0 for none."""
    if deadband == "none":
        return 0.0
    if deadband.endswith("% of certified"):
        return float(deadband.split(maxsplit=1)[0])
    return written_value(deadband)


def _back(
    machine: Machine,
    entry: RuleEntry,
    quantity: str,
    cells: list[str],
    off_delay: timedelta,
    band: float,
    now: datetime,
) -> Iterator[str]:
    at, unit = written(cells[1], quantity)
    limit, width = convert(at, unit, quantity), difference(band, unit, quantity)
    inwards = -1 if cells[0].endswith("high") else 1
    if width:
        machine.observe(now + SECOND, limit + inwards * width * (1 - 1e-9))
        if machine.phase is not Phase.ACTIVE:
            yield f"{cells[0]}: deadband is narrower"
            return
    machine.observe(now + 2 * SECOND, limit + inwards * width * (1 + 1e-9) if width else limit)
    if machine.phase is not Phase.CLEARING:
        yield f"{cells[0]}: deadband is wider"
        return
    latched = entry.title.startswith("800-E1") and not cells[0].startswith("warning")
    due = None if latched else now + 2 * SECOND + off_delay
    # Where only a named act ends an alarm, the off-delay is still shown to people.
    if machine.due() != due or machine.rule.off_delay != off_delay:
        yield f"{cells[0]}: off-delay"


def _caps(entry: RuleEntry, quantity: str, cells: list[str]) -> Iterator[str]:
    """The longest delay that a site may set, and one second more."""
    level = cells[0].split()[0]
    longest = duration(cells[5]) or (None if level == "warning" else parse_duration(cells[3]))
    if longest is None:
        return
    for delay, allowed in ((longest, True), (longest + SECOND, False)):
        limits = LimitsKeys.model_validate({level: LevelKeys(on_delay=delay)})
        if (applied(entry, quantity, limits=limits)[1] == []) is not allowed:
            yield f"{cells[0]}: longest delay"


# --- sums and places ---------------------------------------------------------------


def differences_of_sum(entry: ExposureEntry, expected: Expected) -> Iterator[str]:
    """Yield how a rule about a sum is applied otherwise than the table says."""
    _, force, confidence, off_delay, deadband, window, above, below = expected.head
    if (entry.force, entry.confidence) != (force, confidence):
        yield "force or confidence"
    applies = entry.applies[0]
    spot = Spot(
        applies.quantity[0],
        kind=applies.kinds[0] if applies.kinds else None,
        role=applies.roles[0] if applies.roles else None,
        contents=tuple(applies.contents),
    )
    (exposure,) = exposures_at(Catalogue((), (), (), (entry,), ""), spot)
    band = [None if text == "-" else parse_amount(text, spot.quantity) for text in (above, below)]
    if [exposure.above, exposure.below] != band:
        yield "band"
    if exposure.window != parse_duration(window):
        yield "window"
    width = 0.0 if deadband == "none" else written_value(deadband)
    if (exposure.rule.off_delay, exposure.rule.deadband) != (parse_duration(off_delay), width):
        yield "way back"
    found = [
        (each.level.name.lower(), each.limit, each.priority.name.lower(), each.force.value, each.name)
        for each in exposure.rule.thresholds
    ]
    rows = [(cells[0], _sum(cells[1], spot.quantity), *cells[2:]) for cells in expected.limits]
    if found != rows or any(each.side is not Side.HIGH for each in exposure.rule.thresholds):
        yield "limits"
    if not all(each.limit_is_inside for each in exposure.rule.thresholds):
        yield "inclusiveness"
    if any(each.on_delay != NO_TIME for each in exposure.rule.thresholds):
        yield "on-delay"


def _sum(text: str, quantity: str) -> float:
    try:
        return parse_amount(text, quantity)
    except UnitError:
        return parse_duration(text).total_seconds()


def differences_of_place(entry: PlacementEntry, expected: Expected) -> Iterator[str]:
    """Yield how a rule about where stock stands differs from the table."""
    if [entry.force, entry.confidence, entry.air_changes] != expected.head[1:]:
        yield "force, confidence or air changes"


# --- what the table would say -------------------------------------------------------


def lines(entry: RuleEntry) -> Iterator[str]:
    """Yield the lines of a rule, for a person to review and add."""
    told = entry.model_dump(mode="json")
    head = (entry.title, entry.force, entry.confidence, told["off_delay"], entry.deadband, told["patience"])
    yield " | ".join(head)
    for each, limit in zip(entry.thresholds, told["thresholds"], strict=True):
        yield "  " + " | ".join(_cells(each, limit, entry))


def _cells(each: LimitEntry, limit: dict[str, str | None], entry: RuleEntry) -> Iterator[str]:
    yield f"{each.level} {each.side}"
    yield each.limit
    yield "inside" if each.ends == "inclusive" else "outside"
    yield limit["on_delay"] or ""
    yield limit["air_probe_delay"] or "-"
    yield limit["longest"] or "-"
    yield from (each.priority, each.force or entry.force, each.name)
