"""What a site says about a device that its messages do not: units, zone, channels, profile.

The keys are the same in a site file and beside a line for `hdmonitor decode`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hdmonitor.sensors.found import BESIDE
from hdmonitor.sensors.strict import number
from hdmonitor.units import QUANTITIES

if TYPE_CHECKING:
    from hdmonitor.sensors.found import Learned

NOTHING: Mapping[str, object] = MappingProxyType({})


class ContextError(ValueError):
    """What is wrong with a context, as a sentence."""


@dataclass(frozen=True, slots=True)
class Channel:
    """What a site says about one field of a device's messages."""

    quantity: str | None = None
    unit: str | None = None
    scale: float = 1.0  # applied to the raw figure, before the unit
    offset: float = 0.0  # added after the scale, in the unit
    signed16: bool = False
    map: tuple[tuple[float, float], ...] = ()  # two corners of a line: raw figure, value in the unit
    fault_values: tuple[float, ...] = ()  # as received
    size_um: float | None = None
    plain: bool = field(init=False)  # a figure means itself

    def __post_init__(self) -> None:
        """Find out once what is asked with each figure."""
        meant = self.signed16 or self.map or self.fault_values or self.scale != 1 or self.offset != 0
        object.__setattr__(self, "plain", not meant)


@dataclass(frozen=True, slots=True)
class Context:
    """What a site says about a device; everything may be missing."""

    quantity: str | None = None  # of a topic with one value
    unit: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)  # by quantity
    channels: Mapping[str, Channel] = field(default_factory=dict)  # by field
    only: frozenset[str] | None = None  # channels written as a list: these and no others
    timezone: str | None = None
    device_profile: str | None = None
    percent_means: str | None = None
    counts_per: str | None = None
    full_topic: str | None = None
    array: Mapping[str, str] = field(default_factory=dict)  # t0, step_s, field
    datalog_order: tuple[str, ...] = ()
    time: str | None = None  # mapped family: JMESPath of the device time
    battery: str | None = None  # mapped family: JMESPath of the battery percentage
    learned: tuple[Learned, ...] = ()  # what the device announced about this topic
    # Fields that somebody asks for; None for all. Others need not be read.
    wanted: Collection[str] | None = None

    def channel(self, name: str) -> Channel | None:
        """Return what the site says about a field, if anything."""
        return self.channels.get(name)

    def wants(self, name: str) -> bool:
        """Tell whether a field is to be read."""
        return (self.wanted is None or name in self.wanted) and (self.only is None or name in self.only)


UNDECLARED = Context()

_TEXTS = ("quantity", "unit", "timezone", "device_profile", "percent_means", "counts_per", "full_topic")
_MORE = ("units", "channels", "field_map", "array", "datalog_order", "datalog_timezone", "fault_values")
_KEYS = frozenset((*_TEXTS, *_MORE, "on", "true", "temperature_unit", "time", "battery", "description_seen"))
_CHANNEL_KEYS = frozenset(
    ("quantity", "unit", "scale", "offset", "signed16", "map", "fault_values", "size_um", "on", "true")
)
_MAP_CORNERS = 2


def context_of(raw: Mapping[str, object]) -> Context:
    """Read a context from its keys; raise ContextError with a sentence for what cannot be used."""
    _known(raw, _KEYS, "context")
    texts = {key: _text(raw.get(key), key) for key in (*_TEXTS, "time", "battery")}
    texts["unit"] = _polarity(raw, "context") or texts["unit"]
    texts["timezone"] = texts["timezone"] or _text(raw.get("datalog_timezone"), "datalog_timezone")
    _zone(texts["timezone"])
    _quantity(texts["quantity"], "context")
    units = _texts(raw.get("units"), "units")
    if "temperature_unit" in raw:
        units["temperature"] = _text(raw["temperature_unit"], "temperature_unit") or ""
    channels = _channels(raw.get("field_map"), "field_map")
    listed = raw.get("channels")
    only = None
    if isinstance(listed, list):
        only = frozenset(_text(name, "channels") or "" for name in listed)
    else:
        channels |= _channels(listed, "channels")
    for name, values in _members(raw.get("fault_values"), "fault_values").items():
        known = channels.get(name, Channel())
        channels[name] = _with_faults(known, _figures(values, f"fault_values.{name}"))
    order = raw.get("datalog_order") or []
    if not isinstance(order, list):
        raise ContextError("datalog_order is not a list of names")
    return Context(
        **texts,  # type: ignore[arg-type]
        units=units,
        channels=channels,
        only=only,
        array=_texts(raw.get("array"), "array"),
        datalog_order=tuple(_text(name, "datalog_order") or "" for name in order),
    )


def _known(raw: Mapping[str, object], keys: frozenset[str], where: str) -> None:
    for key in raw:
        if key not in keys:
            raise ContextError(f"{where} has an unknown key {key!r:.60}; known are {', '.join(sorted(keys))}")


def _text(raw: object, where: str) -> str | None:
    if raw is None or isinstance(raw, str):
        return raw
    raise ContextError(f"{where} is {raw!r:.40}, not text")


def _members(raw: object, where: str) -> Mapping[str, object]:
    if raw is None:
        return NOTHING
    if not isinstance(raw, dict):
        raise ContextError(f"{where} is {raw!r:.40}, not an object of names")
    return raw


def _texts(raw: object, where: str) -> dict[str, str]:
    return {name: _text(each, f"{where}.{name}") or "" for name, each in _members(raw, where).items()}


def _figures(raw: object, where: str) -> tuple[float, ...]:
    figures = [number(each) for each in raw] if isinstance(raw, list) else [number(raw)]
    if any(figure is None for figure in figures):
        raise ContextError(f"{where} is {raw!r:.40}, not a list of numbers")
    return tuple(figure for figure in figures if figure is not None)


def _zone(name: str | None) -> None:
    try:
        if name is not None:
            ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ContextError(f"timezone {name!r:.60} is not an IANA name such as 'America/New_York'") from None


def _quantity(name: str | None, where: str) -> None:
    if name is not None and name not in QUANTITIES and name not in BESIDE:
        known = ", ".join((*QUANTITIES, *BESIDE))
        raise ContextError(f"{where}: {name!r:.60} is not a quantity; known are {known}")


def _polarity(raw: Mapping[str, object], where: str) -> str | None:
    """Return the unit that `on: open` or `true: open` stands for."""
    for key in ("on", "true"):
        if key in raw:
            return f"on={_text(raw[key], f'{where}.{key}')}"
    return None


def _channels(raw: object, where: str) -> dict[str, Channel]:
    return {name: _channel(each, f"{where}.{name}") for name, each in _members(raw, where).items()}


def _channel(raw: object, where: str) -> Channel:
    if isinstance(raw, str):
        _quantity(raw, where)
        return Channel(raw)
    keys = _members(raw, where)
    _known(keys, _CHANNEL_KEYS, where)
    quantity = _text(keys.get("quantity"), f"{where}.quantity")
    _quantity(quantity, where)
    return Channel(
        quantity=quantity,
        unit=_polarity(keys, where) or _text(keys.get("unit"), f"{where}.unit"),
        scale=_figure(keys, "scale", 1.0, where),
        offset=_figure(keys, "offset", 0.0, where),
        signed16=keys.get("signed16") is True,
        map=_corners(keys.get("map"), f"{where}.map"),
        fault_values=_figures(keys.get("fault_values", []), f"{where}.fault_values"),
        size_um=number(keys.get("size_um")),
    )


def _figure(keys: Mapping[str, object], key: str, default: float, where: str) -> float:
    return default if key not in keys else _figures(keys[key], f"{where}.{key}")[0]


def _corners(raw: object, where: str) -> tuple[tuple[float, float], ...]:
    if raw is None:
        return ()
    pairs = [_figures(pair, where) for pair in raw] if isinstance(raw, list) else []
    if len(pairs) != _MAP_CORNERS or any(len(pair) != _MAP_CORNERS for pair in pairs):
        raise ContextError(f"{where} is {raw!r:.60}; write two corners such as [[4, -50], [20, 50]]")
    (low, low_value), (high, high_value) = pairs
    if low == high:
        raise ContextError(f"{where} has the same figure at both corners")
    return ((low, low_value), (high, high_value))


def _with_faults(channel: Channel, values: tuple[float, ...]) -> Channel:
    return replace(channel, fault_values=values)
