"""Modbus and analogue gateways: channel codes whose meaning and scale only the site knows.

Advantech WISE, Neuron, King Pigeon, CWT and AWADA. Their quality marks are
known; their channels are declared. Field: the channel code, "ai1".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import number, strict_object
from hdmonitor.sensors.values import wrong_with

NAME = "industrial_json"
GOOD = 192  # OPC quality
ADVANTECH = re.compile(r"(?:.*/)?Advantech/([^/]+)/data")
AWADA = re.compile(r"(?:.*/)?AirDifferentialPressureSensor/([^/]+)/PressureDrop")
CWT = re.compile(r"(.+):CWTIO-SVR")
INPUT = re.compile(r"ai([0-9]+)")
CWT_INPUT = re.compile(r"[AD]I[0-9]+")
CWT_STATUS = {2: "status_2_disconnected"}
KING_PIGEON_TIME = re.compile(r"([0-9]{2}:[0-9]{2}:[0-9]{2}) ([0-9]{2})/([0-9]{2})/([0-9]{4}) UTC")

Members = dict[str, object]


def read(message: Message, context: Context) -> Answer:
    """Read the declared channels, with the quality that the gateway gives them."""
    body = strict_object(message.payload)
    if isinstance(body, Rejected):
        return body
    reader = _reader(message.topic, body)
    if reader is None:
        return Rejected("is none of the known gateways' messages")
    out = Gathering(NAME, message, context, message.topic.rpartition("/")[2])
    reader(out, body)
    known = bool(out.found) or not context.channels
    return out.findings(None if known or "states" in body else body)


def _reader(topic: str, body: Members) -> Callable[[Gathering, Members], None] | None:
    if ADVANTECH.fullmatch(topic):
        return _advantech
    if "node" in body or "states" in body:
        return _neuron
    if "sensorDatas" in body:
        return _king_pigeon
    if CWT.fullmatch(topic):
        return _cwt
    return _awada if AWADA.fullmatch(topic) else None


def _advantech(out: Gathering, body: Members) -> None:
    parts = ADVANTECH.fullmatch(out.message.topic)
    out.device, out.time = (parts[1] if parts else out.device), out.moment(body.get("t"))
    quality = number(body.get("q"))
    wrong = None if quality == GOOD else f"quality_{quality:g}" if quality is not None else "quality_missing"
    for name, raw in body.items():
        place = INPUT.fullmatch(name)
        disabled = place is not None and number(body.get(f"ai_st{place[1]}")) == 0
        out.add(name, raw, channel=name, fault=wrong or ("disabled" if disabled else None))


def _neuron(out: Gathering, body: Members) -> None:
    node = body.get("node")
    out.device, out.time = (
        (f"{node}" if isinstance(node, str) else out.device),
        out.moment(body.get("timestamp")),
    )
    tags = body.get("tags")
    for tag in tags if isinstance(tags, list) else []:
        if isinstance(tag, dict) and isinstance(tag.get("name"), str):
            _tag(out, tag["name"], tag.get("value"), tag.get("error"))
    values, errors = body.get("values"), body.get("errors")
    for name, raw in values.items() if isinstance(values, dict) else ():
        _tag(out, name, raw, None)
    for name, error in errors.items() if isinstance(errors, dict) else ():
        _tag(out, name, None, error)


def _tag(out: Gathering, name: str, raw: object, error: object) -> None:
    out.add(name, raw, channel=name, fault=None if error is None else f"error_{error!s:.20}")


def _king_pigeon(out: Gathering, body: Members) -> None:
    written = body.get("time")
    found = KING_PIGEON_TIME.fullmatch(written) if isinstance(written, str) else None
    if found is not None:
        clock, month, day, year = found.groups()
        out.time = out.moment(f"{year}-{month}-{day}T{clock}Z")
    out.backfill = body.get("retransmit") == "enable"
    listed = body.get("sensorDatas")
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and isinstance(each.get("flag"), str):
            out.add(each["flag"], each.get("value"), channel=each["flag"])


def _cwt(out: Gathering, body: Members) -> None:
    parts = CWT.fullmatch(out.message.topic)
    out.device, out.time = (parts[1] if parts else out.device), out.moment(body.get("TIME"))
    for name, member in body.items():
        if CWT_INPUT.fullmatch(name) and isinstance(member, dict):
            status = number(member.get("S"))
            # With a status other than 0 the value is a filler, most often 0.000.
            wrong = (
                None if status == 0 else CWT_STATUS.get(int(status or -1), f"status_{member.get('S')!s:.10}")
            )
            out.add(name, member.get("V"), channel=name, fault=wrong)


def _awada(out: Gathering, body: Members) -> None:
    parts = AWADA.fullmatch(out.message.topic)
    out.device, out.time = (parts[1] if parts else out.device), out.moment(body.get("timestamp"))
    if "value" in body:
        out.add("value", body["value"], "differential_pressure", said="Pa")


def recognise(message: Message) -> Sure:
    """Know each gateway by its topic, or by members that nobody else sends."""
    topic, payload = message.topic, message.payload
    if ADVANTECH.fullmatch(topic) or AWADA.fullmatch(topic) or CWT.fullmatch(topic):
        return Sure.CERTAIN
    if b'"sensorDatas"' in payload and b'"flag"' in payload:
        return Sure.CERTAIN
    neuron = b'"node"' in payload and (b'"group"' in payload or b'"states"' in payload)
    return Sure.CERTAIN if neuron and b'"timestamp"' in payload else Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    return wrong_with(point)


FAMILY = Family(
    NAME, 2, Evidence.DOCUMENTED, "Modbus and analogue gateways", recognise, stateless(read), check
)
