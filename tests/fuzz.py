"""Feed every payload family with what nobody should send, guided by the lines it reaches.

    make fuzz                       ten million messages over all families
    make fuzz FUZZ="--messages 1000000 --seed 7 --family sparkplug_b"

Starts from the sample messages. A message that reaches a line of the decoders
that none before it reached is kept and changed further. One message in a few
is traced for that, so that the others run at full speed.
"""

import argparse
import json
import math
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import CodeType, FrameType

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors import FAMILIES
from hdmonitor.sensors.context import UNDECLARED, Context, context_of
from hdmonitor.sensors.family import Answer, Family

PAYLOADS = Path(__file__).parent / "payloads"
SENSORS = str(Path(sys.modules["hdmonitor.sensors"].__file__ or "").parent)
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TRACED = 128  # one in so many messages is watched for the lines it reaches
LARGEST_CORPUS = 512  # seeds of a family; beyond, a random one makes room
LONGEST = 4096  # bytes of a changed message; the bombs are longer
SLOW = 2.0  # seconds of the processor; a message of 64 KiB takes a few milliseconds
RARELY = 5000  # messages between two bombs

BOMBS = (
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b'{"temperature":' + b"9" * 60_000 + b"}",
    b'{"history":[' + b'{"timestamp":1,"temperature":1},' * 2000 + b"{}]}",
    b"\x12\xff\xff\xff\xff\x0f",  # a field that claims 4 GB
    b"\x12\x02\x4a\x00" * 16_000,
    b"\x08" + b"\xff" * 64_000,
    b"\x00" * 65_536,
)
WORDS = (b"null", b"NaN", b"-0", b"1e999", b"85.0", b"327.67", b"true", b'""', b"[]", b"{}", b"\xff\xff")
WORDS += (b"1_0", b"-1e-5", b'"\\ud800"', b"9" * 40, b"2026-13-45T99:00:00", b"\x80\x80\x80\x01", b"spBv1.0")
ODD = (None, True, -0.0, 85.0, 327.67, 1e308, 10**25, -1, "", "4.2 °F", "NaN", "open", "\ud800", [], {}, [[]])
ODD += ("2026-13-45T99:00:00", "1_0", "A" * 300, 4294967296, 1773151200000, {"a": {"a": {}}}, "read error")
IN_SHAPE, DEEPER = 0.5, 0.8
EDGES = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)


class Broken(AssertionError):
    """What a family did that it must not do, with the message that made it."""


@dataclass(slots=True)
class Seed:
    """A message worth changing."""

    topic: str
    payload: bytes
    context: Context


@dataclass(slots=True)
class Victim:
    """One family with its seeds, its session and what came of it."""

    family: Family
    seeds: list[Seed] = field(default_factory=list)
    state: object = None
    lines: set[tuple[CodeType, int]] = field(default_factory=set)
    outcome: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0


def seeds() -> Iterator[tuple[str, Seed]]:
    """Give the sample messages with the name of their family."""
    for path in sorted(PAYLOADS.rglob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            sample = json.loads(line)
            payload = sample["payload"]
            raw = bytes.fromhex(payload["hex"]) if isinstance(payload, dict) else payload.encode()
            yield sample["family"], Seed(sample["topic"], raw, _context(sample))


def _context(sample: dict[str, object]) -> Context:
    given = sample.get("context", {})
    return context_of(given) if isinstance(given, dict) else UNDECLARED


def victims(names: list[str]) -> list[Victim]:
    """Return the families with the samples that they recognise, or all where they recognise none."""
    known = list(seeds())
    chosen = [Victim(family) for name, family in FAMILIES.items() if not names or name in names]
    for victim in chosen:
        for name, seed in known:
            message = Message(seed.topic, seed.payload, NOW)
            if name == victim.family.name or victim.family.recognise(message):
                victim.seeds.append(seed)
        victim.seeds = victim.seeds or [seed for _, seed in known]
    return chosen


def changed(seed: Seed, other: Seed, random: Random) -> Seed:
    """Return a seed that was changed; now and then with another's topic or context."""
    if seed.payload[:1] in (b"{", b"[") and random.random() < IN_SHAPE:
        payload = _in_shape(seed.payload, random)
    else:
        payload = _out_of_shape(seed.payload, other.payload, random)
    topic = random.choice((seed.topic,) * 14 + (other.topic, seed.topic + "/x"))
    return Seed(topic, payload[:LONGEST], random.choice((seed.context, other.context, UNDECLARED)))


def _in_shape(payload: bytes, random: Random) -> bytes:
    """Change one member somewhere in a JSON document, so that it stays one."""
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return payload
    where = document
    while isinstance(where, dict | list) and where:
        key = random.choice(list(where)) if isinstance(where, dict) else random.randrange(len(where))
        if isinstance(where[key], dict | list) and random.random() < DEEPER:
            where = where[key]
            continue
        match random.randrange(4):
            case 0:
                del where[key]
            case 1 if isinstance(where, dict):
                where[str(random.choice(ODD))[:20]] = where.pop(key)
            case 2:
                where[key] = [where[key]] if random.random() < 0.5 else {"value": where[key]}
            case _:
                where[key] = random.choice(ODD)
        break
    return json.dumps(document).encode()


def _out_of_shape(seed: bytes, other: bytes, random: Random) -> bytes:
    """Change one to four places, whatever stands there."""
    payload = bytearray(seed)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(payload) + 1)
        match random.randrange(8):
            case 0 if payload:
                payload[at % len(payload)] ^= 1 << random.randrange(8)
            case 1 if payload:
                payload[at % len(payload)] = random.choice(EDGES)
            case 2:
                payload[at:at] = random.choice(WORDS)
            case 3:
                del payload[at : at + random.randint(1, 8)]
            case 4:
                start = random.randrange(len(other) + 1)
                payload[at : at + random.randint(0, 16)] = other[start : start + 16]
            case 5:
                payload[at:at] = payload[at : at + random.randint(1, 64)]
            case 6:
                payload = payload[:at]
            case _:
                payload[at:at] = random.randbytes(random.randint(1, 4))
    return bytes(payload)


def check(answer: Answer) -> str:
    """Return what came of a message in a word; raise Broken where it is nothing that may come."""
    if isinstance(answer, Rejected):
        answer.reason.encode("utf-8")  # can be written down
        return "rejected"
    for found in answer.found:
        if (found.value is None) == (found.fault is None):
            raise Broken(f"neither a value nor a fault, or both: {found}")
        if found.value is not None and not math.isfinite(found.value):
            raise Broken(f"no number: {found}")
        if found.time is not None and found.time.utcoffset() != timedelta(0):
            raise Broken(f"a time that is not UTC: {found}")
    return "read" if answer.found else "nothing"


def feed(victim: Victim, seed: Seed, at: datetime, *, traced: bool) -> bool:
    """Let a family read one message; return whether it reached a new line."""
    message = Message(seed.topic, seed.payload, at)
    before = len(victim.lines)
    started = time.process_time()
    try:
        if traced:
            sys.settrace(_tracer(victim.lines))
        victim.family.recognise(message)
        answer, victim.state = victim.family.read(message, seed.context, victim.state)
        sys.settrace(None)
        victim.outcome[check(answer)] += 1
    except Exception as error:
        sys.settrace(None)
        told = f"{victim.family.name} on {seed.topic!r}: {seed.payload[:2000].hex()}"
        raise Broken(f"{type(error).__name__}: {error}\n{told}\n{seed.context}") from error
    took = time.process_time() - started
    if took > SLOW and not traced:
        raise Broken(f"{took:.1f} s for one message of {victim.family.name}: {seed.payload[:2000].hex()}")
    victim.slowest = max(victim.slowest, 0.0 if traced else took)
    return len(victim.lines) > before


def _tracer(lines: set[tuple[CodeType, int]]):  # a trace function returns one
    def trace(frame: FrameType, event: str, _: object):  # see above
        if not frame.f_code.co_filename.startswith(SENSORS):
            return None
        if event == "line":
            lines.add((frame.f_code, frame.f_lineno))
        return trace

    return trace


def fuzz(messages: int, seed: int, names: list[str]) -> list[Victim]:
    """Feed so many messages to the families in turn; raise Broken at the first that breaks one."""
    random = Random(seed)
    fed = victims(names)
    for victim in fed:
        for each in (*victim.seeds, *(Seed(victim.seeds[0].topic, bomb, UNDECLARED) for bomb in BOMBS)):
            feed(victim, each, NOW, traced=len(each.payload) <= LONGEST)
    with suppress(KeyboardInterrupt):  # stopped: what was done so far is told
        _go_on(fed, messages, random)
    return fed


def _go_on(fed: list[Victim], messages: int, random: Random) -> None:
    for number in range(messages):
        victim = fed[number % len(fed)]
        base, other = random.choice(victim.seeds), random.choice(victim.seeds)
        if number % RARELY == 0:
            each = Seed(base.topic, random.choice(BOMBS), base.context)
        else:
            each = changed(base, other, random)
        traced = random.randrange(TRACED) == 0 and len(each.payload) <= LONGEST
        if feed(victim, each, NOW + timedelta(seconds=number), traced=traced):
            if len(victim.seeds) >= LARGEST_CORPUS:
                victim.seeds[random.randrange(LARGEST_CORPUS)] = each
            else:
                victim.seeds.append(each)
        if random.randrange(RARELY) == 0:
            victim.state = None  # a session that begins anew


def peak() -> int:
    """Return the most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Fuzz, and print a line for each family."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--family", action="append", default=[])
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    victims(given.family)
    before, started = peak(), time.perf_counter()
    try:
        fed = fuzz(given.messages, given.seed, given.family)
    except Broken as broken:
        sys.exit(f"BROKEN\n{broken}")
    took = time.perf_counter() - started
    for victim in fed:
        outcome = victim.outcome
        print(
            f"{victim.family.name:18} read {outcome['read']:>9}  nothing {outcome['nothing']:>9}"
            f"  rejected {outcome['rejected']:>9}  lines {len(victim.lines):>4}"
            f"  seeds {len(victim.seeds):>3}  slowest {1000 * victim.slowest:.0f} ms"
        )
    total = sum(sum(victim.outcome.values()) for victim in fed)
    print(f"{total} messages over {len(fed)} families in {took:.0f} s, {total / took:.0f}/s, no crash")
    print(f"peak memory {peak()} MB, {peak() - before} MB more than before the first message")


if __name__ == "__main__":
    main()
