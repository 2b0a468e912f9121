"""Particle counters: counts by size, for the volume that the message or the site names.

Counts are cumulative: all particles of at least that size. A PMS5003 in a
Tasmota message is read there. Field: "reported.particles_0.5um", or
"channels.0.5" where the sizes are a list.
"""

from __future__ import annotations

import re

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import Findings
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import number, strict_object
from hdmonitor.sensors.values import wrong_with
from hdmonitor.units import CONVERSION_PLACES

NAME = "particle_counter"
PROPERTIES = re.compile(r"/?([^/]+)/([^/]+)/properties/(report|set)")
COUNT = re.compile(r"particles_([0-9]+(?:\.[0-9]+)?)um")
LITRES_IN_CUBIC_METRE = 1000.0

Members = dict[str, object]


def read(message: Message, context: Context) -> Answer:
    """Read the counts of a report."""
    body = strict_object(message.payload)
    if isinstance(body, Rejected):
        return body
    properties = PROPERTIES.fullmatch(message.topic)
    if properties is not None:
        if properties[3] == "set":
            return Findings()  # a command with calibration coefficients
        return _report(Gathering(NAME, message, context, properties[2], time=body.get("timestamp")), body)
    device = message.topic.rpartition("/")[2]
    return _sizes(Gathering(NAME, message, context, device, time=body.get("ts")), body)


def _report(out: Gathering, body: Members) -> Answer:
    reported = body.get("reported")
    counts = reported if isinstance(reported, dict) else {}
    for name, raw in counts.items():
        size = COUNT.fullmatch(name)
        if size is not None:
            out.add(
                f"reported.{name}", raw, "particle_count", said=counts.get("unit"), size_um=float(size[1])
            )
    return out.findings(body)


def _sizes(out: Gathering, body: Members) -> Answer:
    volume = number(body.get(out.context.counts_per)) if out.context.counts_per else None
    channels = body.get("channels")
    for each in channels if isinstance(channels, list) else []:
        size = number(each.get("size")) if isinstance(each, dict) else None
        if size is None:
            continue
        field, count = f"channels.{size:g}", number(each.get("count"))
        if not out.context.wants(field):
            continue
        declared = out.context.channel(field)
        if body.get("flow_ok") is False:
            out.add(field, None, "particle_count", fault="flow", size_um=size)
        elif volume is not None and volume > 0 and count is not None:
            per_cubic_metre = round(count / volume * LITRES_IN_CUBIC_METRE, CONVERSION_PLACES)
            out.add(field, per_cubic_metre, "particle_count", said="1/m3", size_um=size)
        elif declared is not None and declared.unit is not None and out.context.counts_per is None:
            out.add(field, each.get("count"), "particle_count", size_um=size)
        else:
            out.left_out.append(
                f"the volume that {field!r} counts is not known; declare counts_per or the unit"
            )
    return out.findings(body)


def recognise(message: Message) -> Sure:
    """Know the properties of a counter, or counts by size."""
    if PROPERTIES.fullmatch(message.topic) and b'"particles_' in message.payload:
        return Sure.CERTAIN
    marks = (b'"channels"', b'"size"', b'"count"')
    return Sure.LIKELY if all(mark in message.payload for mark in marks) else Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    return wrong_with(point)


FAMILY = Family(
    NAME, 3, Evidence.DOCUMENTED, "particle counters with counts by size", recognise, stateless(read), check
)
