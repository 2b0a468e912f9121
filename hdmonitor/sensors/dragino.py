"""Dragino: where its decoders print a value for none, and the records of its data log.

They print 0 Pa for any loop current up to 4 mA, a cut wire included, -0.1 °C
for a probe that is not there, and 327.67. The current and the raw frame tell
the difference, so both are read beside the decoded object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hdmonitor.sensors.strict import number

DATA_PORT, LOG_PORT = 2, 3
RECORD = 11  # bytes of one record of a data log
NO_PROBE = frozenset({327.67, -327.68})
MISSING = b"\xff\xff"
LOOP_OPEN, LOOP_START, LOOP_SHORT = 3.6, 4.0, 21.0  # mA; outside, NAMUR NE 43 says broken
LOOP_SPAN = 16.0

# Values at 4 and 20 mA by probe mode and range: differential pressure in Pa, air velocity in m/s.
RANGES: Mapping[tuple[int, int], tuple[float, float]] = MappingProxyType(
    {
        (2, 1): (0, 100),
        (2, 2): (0, 200),
        (2, 3): (0, 300),
        (2, 4): (0, 1000),
        (2, 5): (0, 2000),
        (2, 6): (0, 3000),
        (2, 7): (0, 4000),
        (2, 8): (0, 5000),
        (2, 9): (0, 10000),
        (2, 10): (-100, 100),
        (2, 11): (-200, 200),
        (2, 12): (-1000, 1000),
        (3, 1): (0, 5),
        (3, 2): (0, 10),
        (3, 3): (0, 30),
    }
)
BY_MODE = MappingProxyType({2: "Differential_pressure_Pa", 3: "wind_speed"})
LOOPS = frozenset(BY_MODE.values())

# Where the frame of an LSN50 has its probes, by working mode.
LSN50: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "3DS18B20": MappingProxyType({"TempC1": 2, "TempC2": 7, "TempC3": 9}),
        "DS18B20": MappingProxyType({"Temp_Red": 2, "Temp_White": 7, "Temp_Black": 9}),
        "IIC": MappingProxyType({"TempC1": 2, "TempC_SHT": 7, "Hum_SHT": 9}),
    }
)
LSN50_FRAME = 11

# Columns of a record of the data log, behind them a byte of flags and the epoch.
COLUMNS = MappingProxyType({"lht65": ("TempC_DS", "TempC_SHT", "Hum_SHT")})
GROUP = re.compile(r"\[([^\[\]]{1,200})\]")
MAX_RECORDS = 256

Object = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Loop:
    """A 4-20 mA loop: its current, and what its ends stand for where that is known."""

    current: float | None  # mA
    ends: tuple[float, float] | None

    def fault(self) -> str | None:
        """Return what is wrong with the loop itself."""
        if self.current is None:
            return None
        if self.current < LOOP_OPEN:
            return "loop_open_below_3.6mA"
        return "loop_above_21mA" if self.current > LOOP_SHORT else None

    def value(self) -> float | None:
        """Return what the current stands for, None where the range is not known."""
        if self.current is None or self.ends is None:
            return None
        low, high = self.ends
        return round(low + (self.current - LOOP_START) * (high - low) / LOOP_SPAN, 3)


def loop_of(said: Object, raw: bytes) -> Loop:
    """Return the loop of a PS-LB or Airflow-LN, from the frame where it has one."""
    current, mode = number(said.get("IDC_intput_mA")), _mode(said.get("Probe_mod"))
    if mode is not None and raw[2:4] == bytes(mode):  # else it is another frame
        current = int.from_bytes(raw[4:6], "big") / 1000
    return Loop(current, RANGES.get(mode) if mode else None)


def _mode(text: object) -> tuple[int, int] | None:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9a-fA-F]{4}", text):
        return None
    mode, reach = bytes.fromhex(text)
    return mode, reach


def corrected(name: str, value: object, said: Object, raw: bytes) -> tuple[object, str | None, str | None]:
    """Return a member's value, its fault, and why it is doubted, as far as the frame tells."""
    figure = number(value)
    if name in LOOPS:
        return _of_loop(figure, value, loop_of(said, raw))
    if figure in NO_PROBE:
        return value, "probe_missing_327.67", None
    if name == "door_open_status" and number(said.get("mod", 1)) != 1:
        return value, "not_a_door", None  # the same device detects water in its other modes
    return value, *_missing(name, figure, said, raw)


def _of_loop(figure: float | None, value: object, loop: Loop) -> tuple[object, str | None, str | None]:
    if fault := loop.fault():
        return value, fault, None
    if loop.current is None:
        return value, None, "zero_without_its_current" if figure == 0 else None
    if loop.current > LOOP_START:
        return value, None, None
    real = loop.value()  # the decoder prints 0 here, which is the middle of a two-sided probe
    return (value, "range_not_known", None) if real is None else (real, None, None)


def _missing(name: str, figure: float | None, said: Object, raw: bytes) -> tuple[str | None, str | None]:
    """Tell a probe that is not there, which the decoder prints as -0.1 or 0."""
    probes = LSN50.get(str(said.get("Work_mode")), {})
    if name not in probes:
        return None, None
    if len(raw) == LSN50_FRAME:
        at = probes[name]
        if raw[at : at + 2] == MISSING:
            return "probe_missing_0xFFFF", None
        absent = said.get("Work_mode") == "IIC" and name == "TempC1" and figure == 0
        return None, "absent_probe_reads_0" if absent else None
    if figure != -0.1:  # noqa: PLR2004  # 0xFFFF as a signed tenth
        return None, None
    others = [number(said.get(each)) for each in probes if each in said]
    if len(others) > 1 and set(others) == {-0.1}:
        return "probe_missing_0xFFFF", None
    return None, "may_be_a_missing_probe"


# --- data log ----------------------------------------------------------------


def records(
    said: Object, raw: bytes, order: tuple[str, ...], model: str
) -> list[tuple[object, dict[str, object]]] | str:
    """Return the records of a data log as (time, members), or why they cannot be read.

    The frame has the time as epoch; the text that a decoder makes of it has the
    local time of the network server, without a zone.
    """
    if raw and len(raw) % RECORD == 0:
        if _mode_of_record(raw, said):
            return [_loop_record(raw[at : at + RECORD]) for at in range(0, len(raw), RECORD)]
        known = next((columns for name, columns in COLUMNS.items() if name in model), None)
        columns = known or tuple(name for name in order if name != "time")
        if columns and len(columns) == 3:  # noqa: PLR2004  # columns of a record
            return [_record(raw[at : at + RECORD], columns) for at in range(0, len(raw), RECORD)]
    text = said.get("DATALOG")
    if not isinstance(text, str) or "time" not in order:
        return "a data log whose columns are not known; declare datalog_order"
    return [_text_record(group[1], order) for group in list(GROUP.finditer(text))[:MAX_RECORDS]]


def _mode_of_record(raw: bytes, said: Object) -> bool:
    named = str(said.get("Node_type", "")).casefold()
    return ("ps-lb" in named or "airflow" in named) and (raw[0], raw[1]) in RANGES


def _record(raw: bytes, columns: tuple[str, ...]) -> tuple[object, dict[str, object]]:
    members: dict[str, object] = {}
    for index, name in enumerate(columns):
        figure = int.from_bytes(raw[2 * index : 2 * index + 2], "big", signed=True)
        members[name] = (figure & 0x0FFF) / 10 if name.startswith("Hum") else figure / 100
    return int.from_bytes(raw[7:11], "big"), members


def _loop_record(raw: bytes) -> tuple[object, dict[str, object]]:
    mode = (raw[0], raw[1])
    members: dict[str, object] = {
        "Probe_mod": raw[:2].hex(),
        "IDC_intput_mA": int.from_bytes(raw[4:6], "big") / 1000,
    }
    name = BY_MODE.get(mode[0])
    if name is not None and mode in RANGES:
        members[name] = Loop(number(members["IDC_intput_mA"]), RANGES[mode]).value()
    return int.from_bytes(raw[7:11], "big"), members


def _text_record(text: str, order: tuple[str, ...]) -> tuple[object, dict[str, object]]:
    cells = [cell.strip() for cell in text.split(",")]
    members: dict[str, object] = dict(zip(order, cells, strict=False))
    return members.pop("time", None), members
