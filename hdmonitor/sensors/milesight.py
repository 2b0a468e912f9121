"""Milesight: raw frames of channel, type and data, and what its decoded objects say beside values.

A frame does not say how long an entry of an unknown type is, so reading stops
there. Layouts are those of the payload tables in the makers' product pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Object = dict[str, object]

HISTORY = b"\x20\xce"
STAMP = 4  # bytes of the epoch seconds at the start of every history entry
READ_STATUS = {1: "read error", 2: "overload"}
CHANNEL_OF_MAGNET = (5, 6)  # of a history mask; 1 to 4 are temperatures
GOOD_STATUS = frozenset({"normal", "success", "read success", "ok"})
SAME = MappingProxyType({"close": "closed", "opened": "open"})  # as other versions of a decoder say it

SKIPPED: Mapping[tuple[int, int], int] = MappingProxyType(  # versions, serial number, resets
    {
        (0xFF, 0x01): 1,
        (0xFF, 0x09): 2,
        (0xFF, 0x0A): 2,
        (0xFF, 0x0B): 1,
        (0xFF, 0x0F): 1,
        (0xFF, 0x16): 8,
        (0xFF, 0xA0): 9,
        (0xFF, 0xFE): 1,
        (0xFF, 0xFF): 2,
    }
)

# Kinds of parts: bytes, sign and divisor of a figure; the words of a code.
FIGURES = MappingProxyType(
    {
        "u8": (1, False, 1),
        "u8/2": (1, False, 2),
        "u16": (2, False, 1),
        "u16/10": (2, False, 10),
        "i16/10": (2, True, 10),
    }
)
WORDS = MappingProxyType(
    {
        "switch": ("closed", "open"),
        "tamper": ("installed", "uninstalled"),
        "broken": ("read error", "overload"),
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One type of entry: its size, and its parts as (offset, kind, name)."""

    size: int
    parts: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """The frames of one device: entries, and the parts of a history entry behind its stamp."""

    entries: Mapping[tuple[int, int], Entry]
    history: Mapping[int, tuple[tuple[int, str, str], ...]]  # by the size of the entry
    masked: str = ""  # "read status" or "channels": what the byte behind the stamp says


BATTERY = Entry(1, ((0, "u8", "battery"),))
TEMPERATURE = Entry(2, ((0, "i16/10", "temperature"),))
HUMIDITY = Entry(1, ((0, "u8/2", "humidity"),))
CLIMATE = {(0x01, 0x75): BATTERY, (0x03, 0x67): TEMPERATURE, (0x04, 0x68): HUMIDITY}
TH = ((4, "i16/10", "temperature"), (6, "u8/2", "humidity"))
TH_SWITCH = (*TH, (7, "switch", "magnet_status"))

EM300_TH = Model(MappingProxyType({**CLIMATE, (0x05, 0x00): Entry(1)}), MappingProxyType({7: TH}))
MODELS: Mapping[str, Model] = MappingProxyType(
    {
        "em300-th": EM300_TH,
        "em320-th": EM300_TH,
        "em300-mcs": Model(
            MappingProxyType({**CLIMATE, (0x06, 0x00): Entry(1, ((0, "switch", "magnet_status"),))}),
            MappingProxyType({8: TH_SWITCH}),
        ),
        # Which of the series is not said: the byte of the switch or leak is passed over.
        "em300": Model(
            MappingProxyType({**CLIMATE, (0x05, 0x00): Entry(1), (0x06, 0x00): Entry(1)}),
            MappingProxyType({7: TH, 8: TH}),
        ),
        "em500-co2": Model(
            MappingProxyType(
                {
                    **CLIMATE,
                    (0x05, 0x7D): Entry(2, ((0, "u16", "co2"),)),
                    (0x06, 0x73): Entry(2, ((0, "u16/10", "pressure"),)),
                    (0x83, 0xD7): Entry(5),
                }
            ),
            MappingProxyType(
                {
                    11: (
                        (4, "u16", "co2"),
                        (6, "u16/10", "pressure"),
                        (8, "i16/10", "temperature"),
                        (10, "u8/2", "humidity"),
                    )
                }
            ),
        ),
        "em500-pt100": Model(
            MappingProxyType({(0x01, 0x75): BATTERY, (0x03, 0x67): TEMPERATURE}), MappingProxyType({})
        ),
        "ts201": Model(
            MappingProxyType(
                {
                    (0x01, 0x75): BATTERY,
                    (0x03, 0x67): TEMPERATURE,
                    (0x83, 0x67): Entry(3, ((0, "i16/10", "temperature"),)),
                    (0x93, 0x67): Entry(5, ((0, "i16/10", "temperature"),)),
                    (0xB3, 0x67): Entry(1, ((0, "broken", "temperature_sensor_status"),)),
                }
            ),
            MappingProxyType({7: ((5, "i16/10", "temperature"),)}),
            masked="read status",
        ),
        "ts302": Model(
            MappingProxyType(
                {
                    (0x01, 0x75): BATTERY,
                    (0x03, 0x67): Entry(2, ((0, "i16/10", "temperature_chn1"),)),
                    (0x04, 0x67): Entry(2, ((0, "i16/10", "temperature_chn2"),)),
                    (0x03, 0x00): Entry(1, ((0, "switch", "magnet_chn1"),)),
                    (0x04, 0x00): Entry(1, ((0, "switch", "magnet_chn2"),)),
                    (0x83, 0x67): Entry(3, ((0, "i16/10", "temperature_chn1"),)),
                    (0x84, 0x67): Entry(3, ((0, "i16/10", "temperature_chn2"),)),
                    (0x93, 0xD7): Entry(5, ((0, "i16/10", "temperature_chn1"),)),
                    (0x94, 0xD7): Entry(5, ((0, "i16/10", "temperature_chn2"),)),
                }
            ),
            MappingProxyType({9: ()}),
            masked="channels",
        ),
        "ws301": Model(
            MappingProxyType(
                {
                    (0x01, 0x75): BATTERY,
                    (0x03, 0x00): Entry(1, ((0, "switch", "magnet_status"),)),
                    (0x04, 0x00): Entry(1, ((0, "tamper", "tamper_status"),)),
                }
            ),
            MappingProxyType({}),
        ),
    }
)


def frame(model: Model, raw: bytes) -> tuple[Object, str]:
    """Return what a frame says, named like the maker's decoder does, and why its rest was not read."""
    found: Object = {}
    history: list[Object] = []
    at = 0
    while at < len(raw):
        if raw[at : at + 2] == HISTORY:
            size = _history_size(model, raw, at + 2)
            if size is None:
                return _with(found, history), f"a history entry at byte {at} of a size that is not known"
            history.append(_history(model, raw[at + 2 : at + 2 + size]))
            at += 2 + size
            continue
        key = (raw[at], raw[at + 1]) if at + 1 < len(raw) else None
        entry = model.entries.get(key) if key else None
        size = entry.size if entry else SKIPPED.get(key) if key else None
        if size is None:
            return _with(found, history), f"an entry at byte {at} of a type that is not known"
        data = raw[at + 2 : at + 2 + size]
        if len(data) < size:
            return _with(found, history), f"the entry at byte {at} is cut off"
        found |= _parts(entry.parts if entry else (), data)
        at += 2 + size
    return _with(found, history), ""


def _with(found: Object, history: list[Object]) -> Object:
    return found | {"history": history} if history else found


def _history_size(model: Model, raw: bytes, at: int) -> int | None:
    """Return the one known size behind which the frame ends or the next history entry starts."""
    fitting = [
        size
        for size in model.history
        if at + size == len(raw) or (at + size < len(raw) and raw[at + size : at + size + 2] == HISTORY)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _history(model: Model, data: bytes) -> Object:
    said: Object = {"timestamp": int.from_bytes(data[:STAMP], "little")}
    if model.masked == "read status" and (status := data[STAMP] >> 4):
        said["read_status"] = READ_STATUS.get(status, "read error")
    if model.masked == "channels":
        for number, mask, offset in ((1, data[STAMP] >> 4, 5), (2, data[STAMP] & 0x0F, 7)):
            if mask in CHANNEL_OF_MAGNET:
                said |= _parts(((offset, "switch", f"magnet_chn{number}"),), data)
            elif mask:
                said |= _parts(((offset, "i16/10", f"temperature_chn{number}"),), data)
    return said | _parts(model.history[len(data)], data)


def _parts(parts: tuple[tuple[int, str, str], ...], data: bytes) -> Object:
    return {name: _part(kind, data, offset) for offset, kind, name in parts}


def _part(kind: str, data: bytes, at: int) -> object:
    if kind in WORDS:
        words, byte = WORDS[kind], data[at]
        return words[byte] if byte < len(words) else f"value {byte}"
    width, signed, divisor = FIGURES[kind]
    figure = int.from_bytes(data[at : at + width], "little", signed=signed)
    return figure if divisor == 1 else figure / divisor


def broken(said: Mapping[str, object], name: str) -> str | None:
    """Return the fault that the maker's decoder prints beside the member `name`."""
    for key in ("read_status", f"{name}_sensor_status", f"{name}_exception"):
        status = said.get(key)
        if isinstance(status, str) and status.strip().casefold() not in GOOD_STATUS:
            return status.strip().casefold()[:40]
    return None


def statuses(said: Mapping[str, object]) -> list[str]:
    """Return the members that have a status, so that a fault without a value is not lost."""
    ends = ("_sensor_status", "_exception")
    return [key.removesuffix(end) for key in said for end in ends if key.endswith(end)]
