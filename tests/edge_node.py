"""A Sparkplug B edge node for tests: it writes births, data and deaths as its specification says."""

import struct
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UINT64, FLOAT, BOOLEAN, STRING = 8, 9, 11, 12


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def number(field, value):
    return varint(field << 3) + varint(value)


def block(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def single(field, value):
    return varint(field << 3 | 5) + struct.pack("<f", value)


def millis(at):
    return (at - EPOCH) // timedelta(milliseconds=1)


def properties(**values):
    keys = b"".join(block(1, key.encode()) for key in values)
    texts = b"".join(
        block(
            2,
            number(1, STRING) + block(8, value.encode())
            if isinstance(value, str)
            else number(1, 3) + number(3, value),
        )
        for value in values.values()
    )
    return block(9, keys + texts)


def metric(value, at, *, name=None, alias=None, unit=None, quality=None, historical=False):
    out = block(1, name.encode()) if name else b""
    out += number(2, alias) if alias is not None else b""
    out += number(3, millis(at)) + number(4, FLOAT)
    out += number(5, 1) if historical else b""
    out += properties(engUnit=unit) if unit else b""
    out += properties(Quality=quality) if quality is not None else b""
    return block(2, out + single(12, value))


class EdgeNode:
    """Counts its messages and gives aliases anew at every birth."""

    def __init__(self, group, node, now):
        self.group, self.node, self.now = group, node, now
        self.bd_seq, self.seq, self.births = 0, 0, 0
        self.aliases = {}

    def topic(self, kind, device=""):
        return "/".join(part for part in ("spBv1.0", self.group, kind, self.node, device) if part)

    def connect(self):
        """Start a session with a new will."""
        self.bd_seq += 1

    def birth(self):
        self.seq, self.births = 0, self.births + 1
        self.aliases.clear()
        bd = block(2, block(1, b"bdSeq") + number(4, UINT64) + number(11, self.bd_seq))
        control = block(2, block(1, b"Node Control/Rebirth") + number(4, BOOLEAN) + number(14, 0))
        payload = number(1, millis(self.now())) + bd + control + number(3, 0)
        return self.topic("NBIRTH"), payload

    def device_birth(self, device, metrics):
        told = b""
        for name, (value, unit) in metrics.items():
            alias = 100 * self.births + len(self.aliases)
            self.aliases[device, name] = alias
            told += metric(value, self.now(), name=name, alias=alias, unit=unit)
        return self.topic("DBIRTH", device), self._counted(told)

    def data(self, device, values, *, at=None, quality=None):
        told = b"".join(
            metric(value, at or self.now(), alias=self.aliases[device, name], quality=quality)
            for name, value in values.items()
        )
        return self.topic("DDATA", device), self._counted(told)

    def values(self, device, rows):
        told = b"".join(
            metric(value, at, alias=self.aliases[device, name], historical=historical)
            for name, value, at, historical in rows
        )
        return self.topic("DDATA", device), self._counted(told)

    def death(self):
        """The will, as the broker publishes it."""
        bd = block(2, block(1, b"bdSeq") + number(4, UINT64) + number(11, self.bd_seq))
        return self.topic("NDEATH"), number(1, millis(self.now())) + bd

    def device_death(self, device):
        return self.topic("DDEATH", device), self._counted(b"")

    def _counted(self, metrics):
        self.seq = (self.seq + 1) % 256
        return number(1, millis(self.now())) + metrics + number(3, self.seq)
