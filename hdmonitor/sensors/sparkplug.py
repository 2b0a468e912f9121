"""Sparkplug B: births, data by alias, deaths, in a session for each edge node.

Field: the full name of the metric, "Room/Temperature". The unit is that of the
birth's engUnit property; without one, the site says it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from hdmonitor.model import EPOCH, Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure
from hdmonitor.sensors.found import Findings
from hdmonitor.sensors.gather import Gathering, known_unit
from hdmonitor.sensors.protobuf import LENGTH, VARINT
from hdmonitor.sensors.sparkplug_node import Known, Node
from hdmonitor.sensors.sparkplug_payload import (
    BOOLEAN,
    FLOAT,
    Metric,
    Payload,
    Scalar,
    read_payload,
    typed,
)
from hdmonitor.sensors.values import wrong_with
from hdmonitor.units import QUANTITIES

NAMESPACE = "spBv1.0"
OF_NODE = frozenset({"NBIRTH", "NDATA", "NDEATH"})
OF_DEVICE = frozenset({"DBIRTH", "DDATA", "DDEATH"})
COMMANDS = frozenset({"NCMD", "DCMD"})
MAX_NODES = 64

BD_SEQ = "bdSeq"
REBIRTH = "Node Control/Rebirth"
CONTROL = ("Node Control/", "Device Control/", "Node Info/")
GOOD = range(192, 256)  # Quality as OPC has it; 0 is bad, 500 stale
QUALITIES = {0: "bad", 500: "stale"}

# The quantity of a metric that no site declares: what its name ends with, if its
# unit is one of that quantity.
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "temperature": "temperature",
        "temp": "temperature",
        "humidity": "humidity",
        "rh": "humidity",
        "differentialpressure": "differential_pressure",
        "dp": "differential_pressure",
        "pressure": "pressure",
        "barometricpressure": "pressure",
        "co2": "co2",
        "airvelocity": "air_velocity",
        "facevelocity": "air_velocity",
        "airflow": "airflow",
    }
)
SIZE = re.compile(r"(?P<um>[0-9]{1,2}(?:\.[0-9]{1,2})?)\s?(?:um|µm|μm)", re.IGNORECASE)  # two signs for micro
COUNTS = re.compile(r"(?:particles|counts?|#|pcs)/(m3|m³|ft3|ft³|l)", re.IGNORECASE)
COUNT_UNITS = {"m3": "1/m3", "m³": "1/m3", "ft3": "1/ft3", "ft³": "1/ft3", "l": "1/L"}
DOORS = {"open": "on=open", "isopen": "on=open", "opened": "on=open", "closed": "on=closed"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a topic comes from."""

    group: str
    kind: str
    node: str
    device: str  # "" for the node itself

    @property
    def edge(self) -> str:
        """Name the node as readings do: group/node."""
        return f"{self.group}/{self.node}"


Nodes = Mapping[str, Node]


def address(topic: str) -> Address | None:
    """Return what a topic of this namespace says, None for any other and for STATE."""
    parts = topic.split("/")
    if parts[0] != NAMESPACE or not all(parts):
        return None
    match parts[1:]:
        case [group, kind, node] if kind in OF_NODE | {"NCMD"}:
            return Address(group, kind, node, "")
        case [group, kind, node, device] if kind in OF_DEVICE | {"DCMD"}:
            return Address(group, kind, node, device)
    return None


def edge_of(topic: str) -> str:
    """Return group/node of a topic, nothing for a topic that is not of an edge node."""
    where = address(topic)
    return where.edge if where is not None else ""


def device_of(topic: str) -> str:
    """Return the device that a topic speaks of, as readings name it."""
    where = address(topic)
    return _device(where) if where is not None else ""


def rebirth(edge: str, at: datetime) -> tuple[str, bytes]:
    """Return topic and payload of the command that asks a node to be born again."""
    group, _, node = edge.partition("/")
    stamp = (at - EPOCH) // timedelta(milliseconds=1)
    name = REBIRTH.encode()
    metric = _key(1, LENGTH) + bytes([len(name)]) + name
    metric += _key(3, VARINT) + _varint(stamp) + _key(4, VARINT) + _varint(BOOLEAN)
    metric += _key(14, VARINT) + b"\x01"
    payload = _key(1, VARINT) + _varint(stamp) + _key(2, LENGTH) + _varint(len(metric)) + metric
    return f"{NAMESPACE}/{group}/NCMD/{node}", payload


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004  # seven bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def state_of(nodes: object) -> dict[str, object]:
    """Return the session as JSON, by node."""
    known = nodes if isinstance(nodes, Mapping) else {}
    return {edge: node.state() for edge, node in known.items()}


def restored(states: Mapping[str, Mapping[str, object]]) -> Nodes:
    """Return the session that `state_of` wrote."""
    return MappingProxyType({edge: Node.restored(state) for edge, state in states.items()})


def read(message: Message, context: Context, state: object) -> tuple[Answer, object]:
    """Read one message of a node's session."""
    nodes: Nodes = state if isinstance(state, Mapping) else MappingProxyType({})
    where = address(message.topic)
    if where is None:
        if message.topic.startswith((f"{NAMESPACE}/STATE/", "STATE/")):
            return Findings(), nodes  # of a host that collects, not of a sensor
        return Rejected(f"{message.topic!r:.120} is not a topic of {NAMESPACE}"), nodes
    if where.kind in COMMANDS:
        return Findings(), nodes
    if where.edge not in nodes and len(nodes) >= MAX_NODES:
        return Rejected(f"more than {MAX_NODES} edge nodes"), nodes
    node = nodes.get(where.edge, Node())
    answer, after = _in_session(message, context, where, node)
    if after is not node:
        nodes = MappingProxyType({**nodes, where.edge: after})
    return answer, nodes


def _in_session(message: Message, context: Context, where: Address, node: Node) -> tuple[Answer, Node]:
    if message.retained:
        return Rejected("a retained message; births, data and deaths are told live only"), node
    payload = read_payload(message.payload)
    if isinstance(payload, Rejected):
        return payload, node
    found = Gathering("sparkplug_b", message, context, _device(where))
    if where.kind != "NDEATH":  # a will has the time of its connection
        found.time = _moment(payload.timestamp)
    after = _SESSION[where.kind](found, where, payload, node)
    return (after, node) if isinstance(after, Rejected) else (_findings(found), after)


def _findings(found: Gathering) -> Answer:
    """Return what was found; a birth, a death or a gap counts also where nothing could be read."""
    left_out = (*found.left_out, *found.reasons)
    if left_out and not (found.found or found.events):
        return Rejected("; ".join(left_out))
    return Findings(tuple(found.found), tuple(found.events), (), left_out, found.time)


# --- one message in its session ----------------------------------------------


def _birth_of_node(found: Gathering, _where: Address, payload: Payload, node: Node) -> Node | Rejected:
    if payload.seq is None or payload.seq not in range(256):
        return Rejected("a birth without a sequence number")
    bd_seq = next((each.raw for each in payload.metrics if each.name == BD_SEQ), None)
    fresh = Node(payload.seq, bd_seq if isinstance(bd_seq, int) else None, node.asked_at)
    born = fresh.with_birth("", _births(payload))
    if born is None:
        return Rejected("a birth with more metrics than are remembered")
    found.alive(online=True, gateway=True)
    return _metrics(found, payload, born, "")


def _birth_of_device(found: Gathering, where: Address, payload: Payload, node: Node) -> Node | Rejected:
    node = _in_sequence(found, payload, node)
    born = node.with_birth(where.device, _births(payload))
    if born is None:
        return Rejected("a birth with more metrics than are remembered")
    found.alive(online=True)
    return _metrics(found, payload, born, where.device)


def _data(found: Gathering, where: Address, payload: Payload, node: Node) -> Node | Rejected:
    node = _in_sequence(found, payload, node)
    if node.seq is not None and where.device not in node.births:
        node = _lost(found, node, f"data of {where.device or where.node!r:.60} before its birth")
    return _metrics(found, payload, node, where.device)


def _death_of_node(found: Gathering, where: Address, payload: Payload, node: Node) -> Node | Rejected:
    bd_seq = next((each.raw for each in payload.metrics if each.name == BD_SEQ), None)
    if node.bd_seq is not None and bd_seq != node.bd_seq:
        return Rejected(f"the will of another session: bdSeq {bd_seq!r:.20}, born with {node.bd_seq}")
    found.alive(online=False, gateway=True)
    for device in node.devices:
        found.device = f"{where.edge}/{device}"
        found.alive(online=False)
    return Node(asked_at=node.asked_at)


def _death_of_device(found: Gathering, where: Address, payload: Payload, node: Node) -> Node | Rejected:
    node = _in_sequence(found, payload, node)
    found.alive(online=False)
    return node.without(where.device)


_SESSION = MappingProxyType(
    {
        "NBIRTH": _birth_of_node,
        "DBIRTH": _birth_of_device,
        "NDATA": _data,
        "DDATA": _data,
        "NDEATH": _death_of_node,
        "DDEATH": _death_of_device,
    }
)


def _in_sequence(found: Gathering, payload: Payload, node: Node) -> Node:
    """Return the node with the number of this message, or without any after a gap."""
    if payload.seq is not None and node.follows(payload.seq):
        return replace(node, seq=payload.seq)
    if node.seq is None:
        return _lost(found, node, "data before a birth that was heard; aliases mean nothing yet")
    found.events.append("sequence_gap")
    return _lost(found, node, f"sequence {payload.seq!r:.20} after {node.seq}: messages were lost")


def _lost(found: Gathering, node: Node, why: str) -> Node:
    found.left_out.append(f"{why}; what comes by alias is not read before the next birth")
    return _asking(found, replace(node, seq=None))


def _asking(found: Gathering, node: Node) -> Node:
    asked = node.asking(found.message.received_at)
    if asked is not node:
        found.events.append("rebirth_needed")
    return asked


# --- metrics -----------------------------------------------------------------


def _device(where: Address) -> str:
    return f"{where.edge}/{where.device}" if where.device else where.edge


def _births(payload: Payload) -> dict[str, Known]:
    return {each.name: _own(each) for each in payload.metrics if each.name is not None}


def _metrics(found: Gathering, payload: Payload, node: Node, device: str) -> Node:
    """Take every metric that means something; those by alias only where the session is unbroken."""
    born = node.births.get(device, {})
    aliases = {each.alias: each for each in born.values() if each.alias is not None}
    for metric in payload.metrics:
        if metric.name is None and node.seq is None:
            continue  # said once for the whole message
        if metric.name is not None:
            known: Known | None = born.get(metric.name) or _own(metric)
        else:
            known = aliases.get(metric.alias) if metric.alias is not None else None
        if known is None:
            found.left_out.append(f"alias {metric.alias} was in no birth")
            node = _asking(found, node)
        elif known.name != BD_SEQ and not known.name.startswith(CONTROL):
            _take(found, metric, known, payload.timestamp)
    return node


def _own(metric: Metric) -> Known:
    """Return what a metric says of itself."""
    unit = metric.properties.get("engUnit")
    return Known(metric.name or "", metric.datatype, unit if isinstance(unit, str) else None, metric.alias)


def _take(found: Gathering, metric: Metric, known: Known, timestamp: int | None) -> None:
    declared = found.context.channel(known.name)
    datatype = metric.datatype or known.datatype
    quantity, unit, size = _meaning(known, datatype)
    if declared is not None and declared.quantity is not None:
        quantity = declared.quantity
        unit = _unit(known.unit, quantity) or unit if quantity != "contact" else None
    found.add(
        known.name,
        _value(metric, datatype),
        quantity,
        said=None if declared is not None and declared.unit and not known.unit else unit,
        text=True,
        fault=_fault(metric),
        channel=known.name,
        time=_moment(metric.timestamp if metric.timestamp is not None else timestamp),
        backfill=metric.historical,
        size_um=size,
    )


def _value(metric: Metric, datatype: int | None) -> Scalar | None:
    value = typed(metric.raw, datatype)
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf"
    # Single precision holds seven digits: 4.2 arrives as 4.19999980926.
    return float(f"{value:.7g}") if datatype == FLOAT else value


def _fault(metric: Metric) -> str | None:
    quality = metric.properties.get("Quality", metric.properties.get("quality"))
    if isinstance(quality, int) and not isinstance(quality, bool) and quality not in GOOD:
        return f"quality_{quality}_{QUALITIES.get(quality, 'bad')}"
    return "is_null" if metric.null or metric.raw is None else None


def _meaning(known: Known, datatype: int | None) -> tuple[str | None, str | None, float | None]:
    """Return quantity, unit and particle size of a metric by its name and the unit of its birth."""
    last = re.sub(r"[\s_-]", "", known.name.rpartition("/")[2]).casefold()
    if datatype == BOOLEAN:
        return ("contact", DOORS[last], None) if last in DOORS else (None, None, None)
    size = SIZE.search(known.name)
    if size is not None and (unit := _unit(known.unit, "particle_count")):
        return "particle_count", unit, float(size["um"])
    quantity = NAMES.get(last)
    unit = _unit(known.unit, quantity)
    return (quantity, unit, None) if unit else (None, None, None)


def _unit(text: str | None, quantity: str | None) -> str | None:
    if text is None or quantity is None or quantity not in QUANTITIES:
        return None
    if quantity == "particle_count" and (per := COUNTS.fullmatch(text)):
        return COUNT_UNITS[per[1].casefold()]
    return known_unit(text, quantity)


def _moment(stamp: int | None) -> datetime | None:
    try:
        return None if stamp is None else EPOCH + timedelta(milliseconds=stamp)
    except OverflowError:
        return None


# --- the family --------------------------------------------------------------


def recognise(message: Message) -> Sure:
    """Tell by the topic alone: its name space belongs to nobody else."""
    if address(message.topic) is not None or message.topic.startswith(f"{NAMESPACE}/STATE/"):
        return Sure.CERTAIN
    return Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    where = address(point.topic)
    if where is None or where.kind not in {"NDATA", "DDATA"}:
        return "the topic of a metric is that of its data: spBv1.0/GROUP/DDATA/NODE/DEVICE, or NDATA"
    return wrong_with(point)


def also(topic: str) -> tuple[str, ...]:
    """Return the topics of births and deaths without which a topic of data or death means little."""
    where = address(topic)
    if where is None:
        return ()
    node = [f"{NAMESPACE}/{where.group}/{kind}/{where.node}" for kind in ("NBIRTH", "NDEATH")]
    own = [f"{NAMESPACE}/{where.group}/{kind}/{where.node}/{where.device}" for kind in ("DBIRTH", "DDEATH")]
    return tuple(each for each in (*node, *(own if where.device else ())) if each != topic)


FAMILY = Family(
    "sparkplug_b",
    2,
    Evidence.COMPOSED,
    "Ignition, industrial gateways and building management, by Sparkplug B",
    recognise,
    read,
    check,
)
