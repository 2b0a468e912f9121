"""All benches, one after the other, into results.md; about twenty minutes.

The ten minutes of the idle daemon run beside throughput and latency, of which they take under one hundredth
of a core.

    .venv/bin/python bench/everything.py [--quick]
"""

from __future__ import annotations

import sys
import time

import decode
import idle
import latency
import machine
import replay
import scale
import startup
import throughput
from rig import FAST, HERE, shipped

OUT = HERE / "results.md"
HEAD = """# Results

Written by `make bench`; [README.md](README.md) says how to read it.

{machine}
- broker in memory: `{fast}`
- broker as shipped: `{shipped}`
"""


def one_line(config: str) -> str:
    """Return a broker's configuration on one line."""
    return "; ".join(line for line in config.splitlines() if line)


def main(*, quick: bool) -> None:
    """Run all and write the file."""
    began = time.monotonic()
    kept, _, _ = one_line(shipped(HERE)).partition("; persistence_location")
    parts = [HEAD.format(machine=machine.described(), fast=one_line(FAST), shipped=kept)]
    with idle.Idle(quick=quick) as daemon:
        parts += [throughput.run(quick=quick), latency.run(quick=quick), daemon.report()]
    parts += [scale.run(quick=quick), startup.run(quick=quick), replay.run(quick=quick)]
    parts.append(decode.run(quick=quick))
    parts.append(f"All of it took {(time.monotonic() - began) / 60:.0f} minutes.\n")
    text = "\n".join(parts)
    sys.stdout.write(text)
    if not quick:
        OUT.write_text(text)


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
