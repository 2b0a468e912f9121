"""The rules about what the readings of one point add up to: those of the catalogue as they apply to it."""

from __future__ import annotations

from dataclasses import replace

from hdmonitor.catalogue import Catalogue, ExposureEntry, LimitEntry, Spot
from hdmonitor.model import Exposure, Force, Level, Measure, Priority, Side, Threshold
from hdmonitor.units import parse_amount, parse_difference, parse_duration


def exposures_at(catalogue: Catalogue, spot: Spot) -> tuple[Exposure, ...]:
    """Return what is added up at `spot`."""
    return tuple(_exposure(entry, spot.quantity) for entry in catalogue.exposures_for(spot))


def _exposure(entry: ExposureEntry, quantity: str) -> Exposure:
    measure = Measure(entry.measure)
    deadband = 0.0 if entry.deadband == "none" else parse_difference(entry.deadband, quantity)
    rule = replace(
        entry.rule,
        thresholds=tuple(_threshold(each, entry, quantity) for each in entry.thresholds),
        unit="degC" if measure is Measure.MKT else "s",
        deadband=deadband,
        off_delay=entry.off_delay,
        holds_stock=entry.holds_stock,
    )
    above, below = (parse_amount(each, quantity) if each else None for each in (entry.above, entry.below))
    return Exposure(rule, measure, entry.window, above, below, entry.beside)


def _threshold(each: LimitEntry, entry: ExposureEntry, quantity: str) -> Threshold:
    limit = (
        parse_amount(each.limit, quantity)
        if Measure(entry.measure) is Measure.MKT
        else parse_duration(each.limit).total_seconds()
    )
    return Threshold(
        Level[each.level.upper()],
        Side(each.side),
        limit,
        each.on_delay,
        Priority[each.priority.upper()],
        each.name,
        each.ends == "inclusive",
        Force(each.force or entry.force),
    )
