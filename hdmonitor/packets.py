"""The commonest packets a broker sends, publications, read many at a time.

paho reads a packet byte by byte and makes a dozen objects of it. What is not
plain is left to paho, whole: QoS 2, a topic that is not UTF-8, long
properties, whatever contradicts itself. Short properties are passed over: the
monitor asks for none and uses none. Layout: MQTT 5.0, sections 2.1 and 3.3.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

PUBLISH, PUBACK = 0x30, 0x40
DUPLICATE, QOS, RETAIN = 0x08, 0x06, 0x01
QOS_1 = 0x02
MORE = 0x80  # of a length: another byte follows
SHORTEST = 5  # bytes of a publication: two before its body, the length of a topic of one letter, and that

_confirmation = Struct(">BBH")


class Publication(NamedTuple):
    """What a PUBLISH packet says; `mid` is 0 at QoS 0."""

    topic: str
    payload: bytes
    mid: int
    retained: bool
    duplicate: bool


def publications(data: bytes, at: int, *, mqtt5: bool) -> tuple[list[Publication], int]:
    """Return the plain publications that stand whole at `at`, and where the first other packet begins."""
    found: list[Publication] = []
    while (span := _span(data, at)) is not None:
        begin, end = span
        publication = _publication(data[at], data[begin:end], mqtt5)
        if publication is None:
            break
        found.append(publication)
        at = end
    return found, at


def _span(data: bytes, at: int) -> tuple[int, int] | None:
    """Return where the body of the packet at `at` begins and ends, None if it does not stand there whole."""
    if len(data) - at < SHORTEST:
        return None
    length, begin = data[at + 1], at + 2
    if length & MORE:
        if data[begin] & MORE:  # 16 KB and more are not common
            return None
        length, begin = length & ~MORE | data[begin] << 7, begin + 1
    end = begin + length
    return (begin, end) if end <= len(data) else None


def _publication(head: int, body: bytes, mqtt5: bool) -> Publication | None:
    """Return what a packet publishes, None if it is not plain."""
    if head & 0xF0 != PUBLISH or head & QOS > QOS_1 or len(body) < SHORTEST - 2:
        return None
    at = 2 + (body[0] << 8 | body[1])
    topic, mid = body[2:at], 0
    if head & QOS:
        mid, at = int.from_bytes(body[at : at + 2], "big"), at + 2
    if mqtt5:
        if at >= len(body) or body[at] & MORE:
            return None
        at += 1 + body[at]
    if at > len(body) or not topic or (head & QOS and not mid):
        return None
    try:
        named = topic.decode()
    except UnicodeDecodeError:
        return None
    return Publication(named, body[at:], mid, bool(head & RETAIN), bool(head & DUPLICATE))


def confirmations(mids: list[int]) -> bytes:
    """Return a PUBACK packet for each of the message ids."""
    return b"".join([_confirmation.pack(PUBACK, 2, mid) for mid in mids])
