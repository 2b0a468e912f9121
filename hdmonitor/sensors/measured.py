"""From one raw member of a message to a value in the canonical unit, or to the fault it stands for."""

from __future__ import annotations

from functools import lru_cache

from hdmonitor.model import Rejected
from hdmonitor.sensors.context import Channel
from hdmonitor.sensors.faults import fault_of, fault_of_text
from hdmonitor.sensors.found import BESIDE
from hdmonitor.sensors.states import polarity, state_of
from hdmonitor.sensors.strict import number, text_number
from hdmonitor.units import FIGURES, QUANTITIES, UnitError, convert

BROKEN_LOOP = 3.6  # mA; NAMUR NE 43: below, a 4-20 mA loop is broken
LOOP_START = 4.0
SIGN_BIT, WRAP = 0x8000, 0x10000
# Limits beyond which a value is kept and doubted: a condensed or drifting probe.
DOUBTED = {"humidity": (0.0, 100.0)}
# Quantities beside the readings that are converted like one of them.
ON_WORDS = {"liveness": "online/offline"}
STATES = frozenset(  # quantities whose values are words
    [name for name, each in QUANTITIES.items() if each.words is not None]
    + [name for name, unit in BESIDE.items() if unit in {"state", "bool"}]
)
LIKE = {"battery_voltage": "voltage", "device_temperature": "temperature"}
_CONVERTED = {name: name for name in QUANTITIES if name not in STATES} | LIKE  # as which quantity


def only_unit(quantity: str) -> str | None:
    """Return the unit of a quantity that has but one, or whose values are words of their own."""
    if quantity in BESIDE:
        return BESIDE[quantity] if quantity not in LIKE else None
    known = QUANTITIES[quantity]
    if known.words is not None:
        return f"{known.words[1]}/{known.words[0]}"
    return known.canonical if len(known.units) == 1 else None


def doubt(value: float, quantity: str) -> str | None:
    """Return why a value is kept and doubted, None if it is not."""
    if quantity not in DOUBTED:
        return None
    low, high = DOUBTED[quantity]
    return None if low <= value <= high else "out_of_range"


def split_off(raw: str, unit: object) -> tuple[object, object]:
    """Return the number in a text such as "4.2 °C", and its unit, which wins over `unit`."""
    figure = text_number(raw.strip())
    return (raw, unit) if figure is None else (figure[0], figure[1] or unit)


def measured_text(
    field: str, raw: object, quantity: str, unit: object, family: str
) -> float | str | Rejected:
    """Read like `measured`, and also text such as "4.2" or "39.6 °F"; a unit in it wins over `unit`."""
    if isinstance(raw, str) and quantity not in STATES:
        raw, unit = split_off(raw, unit)
    return measured(field, raw, quantity, unit, family)


def measured(  # noqa: PLR0911  # one call for each reading, and as many reasons as there are
    field: str, raw: object, quantity: str, unit: object, family: str, declared: Channel | None = None
) -> float | str | Rejected:
    """Return the canonical value, the name of a fault, or why `raw` is neither."""
    if raw is None:
        return "null"
    if not isinstance(unit, str):
        return Rejected(f"the unit of {field!r:.60} is {unit!r:.40}, not text")
    try:
        if quantity in STATES:
            return _state(field, raw, quantity, unit)
        if isinstance(raw, str) and (fault := fault_of_text(raw)):
            return fault
        value = number(raw)
        if value is None:
            return Rejected(f"no number in {field!r:.60}: {raw!r:.60}")
        if declared is not None:
            scaled = value + 0.0 if declared.plain else _scaled(value, declared)  # -0.0 is 0.0 in both
            if isinstance(scaled, str):
                return scaled
            value = scaled
        like = _CONVERTED.get(quantity)
        if like is None and quantity in BESIDE:
            return value if unit == BESIDE[quantity] else Rejected(f"{unit!r} is not {BESIDE[quantity]}")
        return _figure(value, like or quantity, unit, family)
    except UnitError as error:
        return Rejected(f"{field!r:.60}: {error}")


def _state(field: str, raw: object, quantity: str, unit: str) -> float | str | Rejected:
    if quantity in BESIDE:
        quantity, unit = (
            "running",
            ON_WORDS.get(quantity, "on=running") if unit in {"state", "bool"} else unit,
        )
    state = state_of(raw, unit, quantity)
    if state is not None:
        return state
    if isinstance(raw, str) and (fault := fault_of_text(raw)):
        return fault
    known = " nor ".join(repr(word) for word in polarity(unit, quantity))
    return Rejected(f"{raw!r:.60} in {field!r:.60} is neither {known}")


@lru_cache(maxsize=FIGURES)
def _figure(value: float, quantity: str, unit: str, family: str) -> float | str:
    """Return what a figure is worth; a sensor repeats its own."""
    return fault_of(value, quantity, unit, family) or convert(value, unit, quantity)


def _scaled(value: float, declared: Channel) -> float | str:
    if value in declared.fault_values:
        return "fault_value"
    if declared.signed16 and SIGN_BIT <= value < WRAP:
        value -= WRAP
    if declared.map:
        (low, low_value), (high, high_value) = declared.map
        if low == LOOP_START and value < BROKEN_LOOP:
            return "loop_open_below_3.6mA"
        value = low_value + (value - low) * (high_value - low_value) / (high - low)
    return value * declared.scale + declared.offset
