"""Values and words by which a sensor says that it has no value.

A fault is never a value: it must not be averaged, judged or shown as a
temperature. Only what is a fault without any doubt stands here. 0.0 is a
legitimate value, and a value that is merely far out is an excursion.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from hdmonitor.units import convert

HUNDREDTHS = {327.67: "int16_max", -327.68: "int16_min", 655.35: "uint16_max", 6553.5: "uint16_max"}

# Exactly these, in the canonical unit. The signed and unsigned limits are the
# "no measurement" marks of registers that count hundredths or tenths.
EXACT: Mapping[str, Mapping[float, str]] = {
    "temperature": HUNDREDTHS
    | {
        # Power-on content of a DS18B20: no conversion was done. No refrigerator,
        # room or incubator reaches 85 °C; a channel that can is not for this table.
        85.0: "ds18b20_power_on_85",
        -127.0: "ds18b20_disconnected_-127",
    },
    "humidity": HUNDREDTHS,
    "differential_pressure": HUNDREDTHS,
    "co2": {65535.0: "uint16_max"},
    "pressure": {6553.5: "uint16_max"},
}

# Exactly these, in the unit as received, for quantities that cannot reach them.
NO_VALUE_CODES = frozenset({9999.0, 9999.9, 9999.99, 9999.9999, -999.0, -9999.0})
WITH_NO_VALUE_CODES = frozenset({"temperature", "humidity", "differential_pressure", "air_velocity"})

# Outside of these there is no physics: (lowest, highest, fault), canonical unit.
POSSIBLE: Mapping[str, tuple[float, float, str]] = {
    "temperature": (-200.0, 1000.0, "open_probe"),  # PT100 open: -225, -327, or its upper end
    "humidity": (-10.0, 110.0, "humidity_impossible"),  # 654.36 and such
    "particle_count": (0.0, 1e12, "negative_count"),
}
# Beyond this in any quantity no sensor has measured anything, whatever it sends.
ABSURD = 1e12

# Marks of one publisher's devices: Aqara shows -100 °C below its range.
OF_FAMILY: Mapping[str, Mapping[tuple[str, float], str]] = {
    "zigbee2mqtt": {("temperature", -100.0): "below_range_-100"},
}

WORDS: Mapping[str, str] = {
    "": "empty",
    "null": "null",
    "none": "none",
    "nan": "nan",
    "-nan": "nan",
    "+nan": "nan",
    "inf": "infinite",
    "-inf": "infinite",
    "+inf": "infinite",
    "infinity": "infinite",
    "-infinity": "infinite",
    "unavailable": "unavailable",
    "unknown": "unknown",
    "undefined": "unknown",
    "n/a": "n/a",
    "na": "n/a",
    "-": "n/a",
    "--": "n/a",
    "---": "n/a",
}


def fault_of(value: float, quantity: str, unit: str, family: str = "") -> str | None:
    """Return the fault that `value`, in `unit` as received, stands for; None if it is a value.

    `family` adds the marks of that payload family. Raises UnitError like `units.convert`.
    """
    canonical = convert(value, unit, quantity)
    if not math.isfinite(canonical):
        return "infinite" if math.isinf(canonical) else "nan"
    if family in OF_FAMILY and (quantity, canonical) in OF_FAMILY[family]:
        return OF_FAMILY[family][quantity, canonical]
    if quantity in EXACT and canonical in EXACT[quantity]:
        return EXACT[quantity][canonical]
    if value in NO_VALUE_CODES and quantity in WITH_NO_VALUE_CODES:
        return "no_value_code"
    if quantity in POSSIBLE:
        lowest, highest, fault = POSSIBLE[quantity]
        if not lowest <= canonical <= highest:
            return fault
    return "absurd" if abs(canonical) > ABSURD else None


def fault_of_text(text: str) -> str | None:
    """Return the fault that a word stands for ("nan", "Error1", ""); None if it is no such word."""
    word = text.strip().casefold()
    if word in WORDS:
        return WORDS[word]
    return "error" if "error" in word or "fail" in word else None
