"""Many readings in one message, each with its time: ThingsBoard, SenML (RFC 8428), lists and arrays.

Field: the member's or record's name, "temperature".
"""

from __future__ import annotations

from collections.abc import Iterator

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.named import quantity_of_name, unit_as_known
from hdmonitor.sensors.strict import number, strict_json
from hdmonitor.sensors.times import device_time
from hdmonitor.sensors.values import wrong_with

NAME = "batch_json"
THINGSBOARD = frozenset(("v1/gateway/telemetry", "v1/devices/me/telemetry"))
RECORDS_AT_MOST = 5_000
SENML_RELATIVE = 2**28  # RFC 8428, 4.5.3: smaller times count from now

Members = dict[str, object]


def read(message: Message, context: Context) -> Answer:
    """Read every record."""
    body = strict_json(message.payload)
    if isinstance(body, Rejected):
        return body
    levels = [level for level in message.topic.split("/") if level]
    out = Gathering(NAME, message, context, levels[-2] if len(levels) > 1 else message.topic)
    if message.topic in THINGSBOARD:
        _thingsboard(out, body)
    elif isinstance(body, list):
        records = [each for each in body[:RECORDS_AT_MOST] if isinstance(each, dict)]
        if any("n" in each or "bn" in each for each in records):
            _senml(out, records)
        else:
            _list(out, records)
    elif isinstance(body, dict):
        _arrays(out, body)
    return out.findings(body)


def _thingsboard(out: Gathering, body: object) -> None:
    own = out.device
    named = body if isinstance(body, dict) and all(isinstance(each, list) for each in body.values()) else None
    for device, entries in named.items() if named else ((own, body),):
        for entry in (entries if isinstance(entries, list) else [entries])[:RECORDS_AT_MOST]:
            if not isinstance(entry, dict):
                continue
            values = entry.get("values") if "ts" in entry else entry
            out.device, out.time = device, out.moment(entry.get("ts"))
            for name, raw in values.items() if isinstance(values, dict) else ():
                out.add(name, raw, quantity_of_name(name))


def _senml(out: Gathering, records: list[Members]) -> None:
    base_name, base_time, base_unit = "", 0.0, None
    units: dict[str, object] = {}
    for record in records:
        base_name = f"{record.get('bn', base_name)}"
        base_unit = record.get("bu", base_unit)
        begun = number(record.get("bt"))
        base_time = base_time if begun is None else begun
        name = f"{record.get('n', '')}"
        # A record without a unit has the one that its name had before in this pack.
        unit = units.setdefault(name, record.get("u", base_unit))
        unit = record.get("u", base_unit) or unit
        at = base_time + (number(record.get("t")) or 0.0)
        out.device = base_name.rstrip("/") or out.device
        out.time = out.moment(at) if at >= SENML_RELATIVE else None
        raw = record.get("v", record.get("vb", record.get("vs")))
        if name and raw is not None:
            out.add(name, raw, quantity_of_name(name), said=unit_as_known(unit))


def _list(out: Gathering, records: list[Members]) -> None:
    for record in records:
        name = f"{record.get('sensor_id', '')}"
        out.time = out.moment(record.get("timestamp"))
        quantity = out.context.quantity or quantity_of_name(name)
        if "value" in record:
            out.add(name, record["value"], quantity, out.context.unit, channel=name)


def _arrays(out: Gathering, body: Members) -> None:
    """Read arrays of values with a start and a step; the site says which members those are."""
    keys = out.context.array
    start = device_time(body.get(keys.get("t0", "t0")), out.context.timezone, out.message.received_at)
    step = number(body.get(keys.get("step_s", "dt")))
    field = keys.get("field")
    if start is None or step is None:
        out.left_out.append("has no start and step in seconds; declare array: t0, step_s, field")
        return
    for name in [field] if field else list(body):
        values = body.get(name)
        for index, raw in _numbered(values):
            at = out.moment(start.timestamp() + index * step)
            out.add(name, raw, quantity_of_name(name), out.context.unit, time=at)


def _numbered(values: object) -> Iterator[tuple[int, object]]:
    yield from enumerate(values[:RECORDS_AT_MOST] if isinstance(values, list) else ())


def recognise(message: Message) -> Sure:
    """Know ThingsBoard's topics, and the other shapes by their members."""
    if message.topic in THINGSBOARD:
        return Sure.CERTAIN
    payload = message.payload.lstrip()
    if payload.startswith(b"["):
        senml = b'"bn"' in payload or (b'"n"' in payload and b'"v"' in payload)
        listed = b'"sensor_id"' in payload and b'"timestamp"' in payload
        return Sure.LIKELY if senml or listed else Sure.NO
    return Sure.LIKELY if b'"t0"' in payload and b'"dt"' in payload else Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    return wrong_with(point)


FAMILY = Family(
    NAME,
    2,
    Evidence.DOCUMENTED,
    "batches: ThingsBoard, SenML, lists, arrays",
    recognise,
    stateless(read),
    check,
)
