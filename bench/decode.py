"""How many messages a second each payload family decodes, from its samples, on one core.

python bench/decode.py [--quick]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "tests")]
from figures import spread, table
from fuzz import NOW, Victim, victims

from hdmonitor.model import Message

INTRODUCTION = """## Decoding

Every sample of a family in turn, from the bytes of the message to all that it says, on one core; median
of {runs} runs of {seconds:g} s. A site decodes only the fields that its points name, which is faster.
"""


def rate(victim: Victim, seconds: float) -> float:
    """Return messages a second."""
    samples = [(Message(seed.topic, seed.payload, NOW), seed.context) for seed in victim.seeds]
    read, state, done = victim.family.read, None, 0
    started = time.perf_counter()
    while (took := time.perf_counter() - started) < seconds:
        for message, context in samples:
            _, state = read(message, context, state)
        done += len(samples)
    return done / took


def run(*, quick: bool) -> str:
    """Return the section for results.md."""
    runs, seconds = (1, 0.02) if quick else (3, 0.5)
    rows = []
    for victim in victims([]):
        found = spread([rate(victim, seconds) for _ in range(runs)])
        size = sum(len(seed.payload) for seed in victim.seeds) / len(victim.seeds)
        rows.append([victim.family.name, str(len(victim.seeds)), f"{size:,.0f}", *found.row()])
        sys.stderr.write(f"{victim.family.name}: {found.middle:,.0f}/s\n")
    heading = ["family", "samples", "bytes", "least", "median", "most"]
    return f"{INTRODUCTION.format(runs=runs, seconds=seconds)}\n{table(heading, rows)}\n"


if __name__ == "__main__":
    sys.stdout.write(run(quick="--quick" in sys.argv))
