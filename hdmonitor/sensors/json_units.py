"""JSON whose values carry their unit, or whose members the site has mapped by dotted paths.

Field: the dotted path to the value, "temperature.indoor.celsius"; of a value
with its unit beside it, the path of the pair, "report".
"""

from __future__ import annotations

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import BESIDE
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.named import quantity_of_name, quantity_of_unit, unit_as_known
from hdmonitor.sensors.strict import strict_object
from hdmonitor.sensors.values import wrong_with

NAME = "json_units"
TIMES = ("time", "timestamp", "ts")
DEVICES = ("dev", "device", "deviceId", "sn", "serial")
UNIT_WORDS = {"celsius": "degC", "fahrenheit": "degF"}
LAST_LEVELS = frozenset(("json", "out", "sensor", "state", "data", "telemetry"))
PATH_WITH_CHANNEL = 3
ABSENT = object()
DEPTH = 4

Members = dict[str, object]


def read(message: Message, context: Context) -> Answer:
    """Read pairs of value and unit, and what the site has mapped."""
    body = strict_object(message.payload)
    if isinstance(body, Rejected):
        return body
    time = next((body[name] for name in TIMES if name in body), None)
    out = Gathering(NAME, message, context, _device(message.topic, body), time=time)
    for path in context.channels:
        _mapped(out, path, body)
    _columns(out, body)
    if not context.channels:
        _pairs(out, body, "", DEPTH)
    out.beside("rssi", body.get("rssi"))
    return out.findings(body)


def _device(topic: str, body: Members) -> str:
    named = next((body[name] for name in DEVICES if isinstance(body.get(name), str | int)), None)
    if named is not None:
        return f"{named}"
    levels = [level for level in topic.split("/") if level] or [topic]
    return levels[-2] if len(levels) > 1 and levels[-1] in LAST_LEVELS else levels[-1]


def _mapped(out: Gathering, path: str, body: Members) -> None:
    found = _at(path, body)
    if found is ABSENT:
        return
    steps = path.split(".")
    unit = UNIT_WORDS.get(steps[-1].casefold())
    channel = steps[-2] if unit is not None and len(steps) >= PATH_WITH_CHANNEL else None
    if isinstance(found, dict) and "value" in found:
        out.add(path, found["value"], said=unit_as_known(found.get("unit")), text=True, channel=channel)
    else:
        out.add(path, found, None, unit, text=True, channel=channel)


def _at(path: str, body: Members) -> object:
    """Return what stands at a dotted path; members may have dots in their own names."""
    if path in body:
        return body[path]
    dot = path.find(".")
    while dot >= 0:
        inner = body.get(path[:dot])
        if isinstance(inner, dict) and (found := _at(path[dot + 1 :], inner)) is not ABSENT:
            return found
        dot = path.find(".", dot + 1)
    return ABSENT


def _columns(out: Gathering, body: Members) -> None:
    """Read values whose units stand at the same place of another list."""
    units, values = body.get("si"), body.get("values")
    if not (isinstance(units, list) and isinstance(values, list) and len(units) == len(values)):
        return
    for index, (unit, raw) in enumerate(zip(units, values, strict=True)):
        out.add(f"values.{index}", raw, quantity_of_unit(unit), said=unit_as_known(unit))


def _pairs(out: Gathering, body: Members, path: str, depth: int) -> None:
    for name, member in body.items():
        inside = f"{path}{name}"
        if isinstance(member, dict):
            if "value" in member and "unit" in member:
                _pair(out, name, inside, member)
            elif depth:
                _pairs(out, member, f"{inside}.", depth - 1)
        elif (quantity := quantity_of_name(name)) is not None and quantity not in BESIDE:
            out.add(inside, member, quantity, text=True)  # left out: no unit beside it


def _pair(out: Gathering, name: str, path: str, member: Members) -> None:
    unit = member["unit"]
    quantity = quantity_of_name(name) or quantity_of_unit(unit)
    if unit == "%" and quantity is None:
        quantity = out.context.percent_means
        if quantity is None:
            out.left_out.append(f"what the percentage {path!r:.60} is of is not said; declare percent_means")
    out.add(path, member["value"], quantity, said=unit_as_known(unit), text=True)


def recognise(message: Message) -> Sure:
    """Know pairs of value and unit; any other object may be mapped by a site."""
    payload = message.payload
    if not payload.lstrip().startswith(b"{"):
        return Sure.NO
    paired = b'"unit"' in payload and b'"value"' in payload
    listed = b'"si"' in payload and b'"values"' in payload
    return Sure.LIKELY if paired or listed else Sure.SHAPE


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    return wrong_with(point)


FAMILY = Family(
    NAME,
    1,
    Evidence.DOCUMENTED,
    "JSON with units, or mapped by dotted paths",
    recognise,
    stateless(read),
    check,
)
