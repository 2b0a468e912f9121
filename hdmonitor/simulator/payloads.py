"""Writes readings the way each payload family does: the inverse of `hdmonitor.sensors`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from hdmonitor.model import Device, Point
from hdmonitor.sensors.mapped import compiled
from hdmonitor.sensors.states import polarity
from hdmonitor.units import express, quantity_named, unit_named

PLACES = 4  # decimals on the wire; 0.0001 inH2O is a quarter of the noise
PROBE_ADDRESS = re.compile(r"[0-9A-F]{12,16}")
TASMOTA_UNITS = {"degC": "C", "degF": "F"}

Raw = bool | int | float | str
Raws = list[tuple[Point, Raw]]


def encode(device: Device, readings: Mapping[str, float], at: datetime) -> bytes:
    """Return what `device` publishes for `readings` (by point id, canonical units) at `at` (aware UTC)."""
    raw = [(point, _raw(point, readings[point.id])) for point in device.points]
    return _ENCODERS[device.family](device, raw, at).encode()


def why_not(device: Device) -> str | None:
    """Say why the simulator cannot write as `device` does, or None."""
    if device.family not in _ENCODERS:
        return f"{device.topic}: the simulator does not write {device.family}"
    if device.family == "mapped":
        paths = [point.field for point in device.points]
        paths += [point.unit[1:] for point in device.points if point.unit.startswith("@")]
        for path in (*paths, device.time, device.battery):
            if path and _steps(compiled(path).parsed) is None:
                return f"{device.topic}: the simulator writes plain paths such as 'a.b[0].c', not {path!r}"
    return None


def _raw(point: Point, value: float) -> Raw:
    """Return the value as the device has it: its unit, its sign, its word for a state."""
    if quantity_named(point.quantity).words is not None:
        return _word(point, value)
    return round(express((value - point.offset) * point.sign, point.quantity, _unit(point)), PLACES)


def _unit(point: Point) -> str:
    return quantity_named(point.quantity).canonical if point.unit.startswith("@") else point.unit


def _word(point: Point, value: float) -> Raw:
    unit = "false/true" if _inverted_contact(point) else point.unit
    word = next(word for word, state in polarity(unit, point.quantity).items() if state == value)
    if word in {"true", "false"}:
        return word == "true"
    if word in {"0", "1"}:
        return int(word)
    return next(part for part in point.unit.split("/") if part.strip().casefold() == word).strip()


def _inverted_contact(point: Point) -> bool:
    """Tell whether true means closed, as Zigbee2MQTT has it."""
    return point.family == "zigbee2mqtt" and point.field == "contact"


def _text(raw: Raw) -> str:
    return json.dumps(raw) if isinstance(raw, bool) else f"{raw}"


def _zigbee2mqtt(_device: Device, raw: Raws, at: datetime) -> str:
    body: dict[str, Raw] = {point.field: value for point, value in raw}
    return json.dumps(body | {"battery": 97, "linkquality": 112, "last_seen": _iso(at)})


def _tasmota(_device: Device, raw: Raws, at: datetime) -> str:
    # The firmware says whole seconds; without the zone it would be local time of the device.
    body: dict[str, Any] = {"Time": at.isoformat(timespec="seconds")}
    for point, value in raw:
        driver, _, attribute = point.field.rpartition(".")
        if PROBE_ADDRESS.fullmatch(driver):
            body[f"DS18B20-{driver[-4:]}"] = {"Id": driver, attribute: value}
        elif driver:
            body.setdefault(driver, {})[attribute] = value
        else:
            body[attribute] = value
    temperatures = [point for point, _ in raw if point.quantity == "temperature"]
    units = {TASMOTA_UNITS.get(unit_named(point.unit, point.quantity).name) for point in temperatures}
    if len(units) == 1 and (unit := units.pop()):
        body["TempUnit"] = unit
    return json.dumps(body)


def _shelly_gen2(device: Device, raw: Raws, at: datetime) -> str:
    components: dict[str, Any] = {"ts": at.timestamp()}
    for point, value in raw:
        name, _, member = point.field.rpartition(".")
        components.setdefault(name, {"id": 0})[member] = value
    source = device.topic.partition("/")[0]
    return json.dumps(
        {"src": source, "dst": f"{source}/events", "method": "NotifyStatus", "params": components}
    )


def _json_units(_device: Device, raw: Raws, at: datetime) -> str:
    body: dict[str, Any] = {"timestamp": _iso(at)}
    for point, value in raw:
        body[point.field] = {"value": value, "unit": point.unit}
    return json.dumps(body)


def _bare(_device: Device, raw: Raws, _at: datetime) -> str:
    ((_, value),) = raw
    return _text(value)


def _mapped(device: Device, raw: Raws, at: datetime) -> str:
    placed: list[tuple[str, Raw]] = [(point.field, value) for point, value in raw]
    placed += [(point.unit[1:], _unit(point)) for point, _ in raw if point.unit.startswith("@")]
    if device.time:
        placed.append((device.time, _iso(at)))
    if device.battery:
        placed.append((device.battery, 97))
    body: Any = {}
    for path, value in placed:
        body = _place(body, _steps(compiled(path).parsed) or [], value)
    return json.dumps(body)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _steps(node: Any) -> list[str | int] | None:
    """Return the members and indices that a parsed JMESPath walks through; None if it does more."""
    match node["type"]:
        case "field" | "index":
            return [node["value"]]
        case "subexpression" | "index_expression":
            parts = [_steps(child) for child in node["children"]]
            return None if None in parts else [step for part in parts if part for step in part]
    return None


def _place(tree: Any, steps: list[str | int], value: Raw) -> Any:
    """Return `tree` with `value` at the end of `steps`."""
    if not steps:
        return value
    first, *rest = steps
    if isinstance(first, str):
        members = dict(tree or {})
        members[first] = _place(members.get(first), rest, value)
        return members
    items = list(tree or [])
    items += [None] * (max(first, 0) + 1 - len(items))
    items[first] = _place(items[first], rest, value)
    return items


_ENCODERS: dict[str, Callable[[Device, Raws, datetime], str]] = {
    "zigbee2mqtt": _zigbee2mqtt,
    "tasmota": _tasmota,
    "esphome": _bare,
    "plain": _bare,
    "plain_value": _bare,
    "shelly_gen2": _shelly_gen2,
    "json_units": _json_units,
    "mapped": _mapped,
}
