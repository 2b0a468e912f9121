"""AWS IoT device shadows: what a thing reported of itself, each attribute with its own time.

`desired`, `delta` and `previous` are no readings. Units are never in a shadow.
Field: the attribute.
"""

from __future__ import annotations

import re

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import Findings
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.named import quantity_of_name
from hdmonitor.sensors.strict import strict_object
from hdmonitor.sensors.values import wrong_with

NAME = "aws_shadow"
TOPIC = re.compile(
    r"\$aws/things/([^/]+)/shadow/(?:name/[^/]+/)?(update|get)(?:/(accepted|documents|delta|rejected))?"
)


def read(message: Message, context: Context) -> Answer:
    """Read the reported attributes."""
    parts = TOPIC.fullmatch(message.topic)
    if parts is None:
        return Rejected("is not below $aws/things/<thing>/shadow/")
    thing, kind, result = parts.groups()
    if result in {"delta", "rejected"}:
        return Findings()
    body = strict_object(message.payload)
    if isinstance(body, Rejected):
        return body
    if result == "documents":
        body = _inner(body, "current")
    reported = _inner(_inner(body, "state"), "reported")
    metadata = _inner(_inner(body, "metadata"), "reported")
    out = Gathering(NAME, message, context, thing)
    for name, raw in reported.items():
        time = out.moment(_inner(metadata, name).get("timestamp"))
        # A deleted attribute is null; what `get` returns was reported some time before.
        if raw is not None:
            out.add(name, raw, quantity_of_name(name), time=time, stale=kind == "get", channel=None)
    return out.findings()


def _inner(body: dict[str, object], name: str) -> dict[str, object]:
    inner = body.get(name)
    return inner if isinstance(inner, dict) else {}


def recognise(message: Message) -> Sure:
    """Know the reserved topics."""
    return Sure.CERTAIN if TOPIC.fullmatch(message.topic) else Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    return wrong_with(point)


FAMILY = Family(
    NAME, 3, Evidence.COMPOSED, "device shadows of AWS IoT, bridged", recognise, stateless(read), check
)
