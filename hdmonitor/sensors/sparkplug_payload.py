"""The payload of Sparkplug B: metrics with their properties, by a schema of our own.

Only the fields that a reading needs are known here; all others are passed
over. Field numbers are those of the Sparkplug 3.0 specification, section 6.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hdmonitor.model import Rejected
from hdmonitor.sensors.protobuf import (
    FIXED32,
    FIXED64,
    LENGTH,
    VARINT,
    WireError,
    fields,
    float32,
    float64,
    signed,
)

# A birth tells all metrics of a node at once: about 60 bytes each.
MAX_BYTES = 256 * 1024
MAX_METRICS = 4096
MAX_PROPERTIES = 64
MAX_NAME = 512

# Data types of the specification by number; the signed ones travel as unsigned.
SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}
UNSIGNED = {5: 8, 6: 16, 7: 32, 8: 64}
FLOAT, DOUBLE, BOOLEAN, STRING, DATETIME, TEXT = 9, 10, 11, 12, 13, 14

Scalar = bool | int | float | str


@dataclass(slots=True)
class Metric:
    """One metric as it stands in a message: data have often no name, only an alias."""

    name: str | None = None
    alias: int | None = None
    timestamp: int | None = None  # epoch ms
    datatype: int | None = None
    historical: bool = False
    null: bool = False
    properties: Mapping[str, Scalar | None] = field(default_factory=dict)
    raw: Scalar | None = None  # as on the wire; an integer still unsigned


@dataclass(slots=True)
class Payload:
    """One Sparkplug B message."""

    timestamp: int | None = None  # epoch ms
    seq: int | None = None
    metrics: list[Metric] = field(default_factory=list)


def read_payload(message: bytes) -> Payload | Rejected:
    """Return the message, or why it is none."""
    if len(message) > MAX_BYTES:
        return Rejected(f"the payload has {len(message)} bytes; at most {MAX_BYTES} are read")
    payload = Payload()
    try:
        for number, kind, content in fields(message):
            match number, kind, content:
                case 1, _, int():
                    payload.timestamp = content
                case 3, _, int():
                    payload.seq = content
                case 2, _, bytes() if kind == LENGTH:
                    if len(payload.metrics) == MAX_METRICS:
                        return Rejected(f"more than {MAX_METRICS} metrics in one message")
                    payload.metrics.append(_metric(content))
                case ((1 | 2 | 3), _, _):
                    return Rejected(f"not a Sparkplug B payload: field {number} has wire type {kind}")
                case _:
                    pass  # uuid, body, extensions
    except WireError as error:
        return Rejected(f"not a Sparkplug B payload: {error}")
    return payload


def _metric(message: bytes) -> Metric:
    metric = Metric()
    for number, kind, content in fields(message):
        match number, kind, content:
            case 1, _, bytes():
                metric.name = _text(content)
            case 2, 0, int():
                metric.alias = content
            case 3, 0, int():
                metric.timestamp = content
            case 4, 0, int():
                metric.datatype = content
            case 5, 0, int():
                metric.historical = bool(content)
            case 7, 0, int():
                metric.null = bool(content)
            case 9, _, bytes() if kind == LENGTH:
                metric.properties = _properties(content)
            case ((10 | 11 | 12 | 13 | 14 | 15), _, _):
                metric.raw = _scalar(number - 10, kind, content)
            case _:
                pass  # metadata, data sets, templates, files
    return metric


def _properties(message: bytes) -> Mapping[str, Scalar | None]:
    keys: list[str] = []
    values: list[Scalar | None] = []
    for number, kind, content in fields(message):
        if kind != LENGTH or not isinstance(content, bytes):
            continue
        if number == 1:
            keys.append(_text(content))
        elif number == 2:  # noqa: PLR2004  # of the schema: the values
            values.append(_property(content))
        if max(len(keys), len(values)) > MAX_PROPERTIES:
            raise WireError(f"more than {MAX_PROPERTIES} properties of one metric")
    if len(keys) != len(values):
        raise WireError(f"{len(keys)} property names for {len(values)} values")
    return dict(zip(keys, values, strict=True))


def _property(message: bytes) -> Scalar | None:
    value: Scalar | None = None
    datatype: int | None = None
    for number, kind, content in fields(message):
        if number == 1 and isinstance(content, int):
            datatype = content
        elif 3 <= number <= 8:  # noqa: PLR2004  # of the schema: scalars; nested sets are passed over
            value = _scalar(number - 3, kind, content)
    return typed(value, datatype)


def _scalar(member: int, kind: int, content: int | bytes) -> Scalar:
    """Read one member of the `value` union: int, long, float, double, boolean, string."""
    match member, kind, content:
        case ((0 | 1), _, int()):
            return content
        case 2, _, bytes() if kind == FIXED32:
            return float32(content)
        case 3, _, bytes() if kind == FIXED64:
            return float64(content)
        case 4, _, int():
            return bool(content)
        case 5, _, bytes() if kind == LENGTH:
            return _text(content)
    raise WireError(f"a value with wire type {kind}")


def typed(value: Scalar | None, datatype: int | None) -> Scalar | None:
    """Return what an integer of the wire means by its data type."""
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    if datatype in SIGNED:
        return signed(value, SIGNED[datatype])
    if datatype in UNSIGNED:
        return value & ((1 << UNSIGNED[datatype]) - 1)
    return bool(value) if datatype == BOOLEAN else value


def _text(content: bytes) -> str:
    if len(content) > MAX_NAME:
        raise WireError(f"a text of {len(content)} bytes; at most {MAX_NAME} are read")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WireError(f"a text that is not UTF-8 at byte {error.start}") from None


__all__ = ["VARINT", "Metric", "Payload", "Scalar", "read_payload", "typed"]
