"""How the core is: a value that it publishes after each turn and any thread may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# seconds, the upper ends
COMMIT_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@dataclass(frozen=True, slots=True)
class Status:
    """The core at the end of its newest turn. Moments are those of `time.monotonic`."""

    turned_at: float
    connected: bool = False  # to the broker
    canary_at: float | None = None  # when our own message last came back
    trouble: Mapping[str, str] = field(default_factory=dict)  # subject: what is wrong with it now
    # since the start of the process
    readings: int = 0
    duplicates: int = 0
    quarantined: int = 0
    commits: tuple[int, ...] = (0,) * (len(COMMIT_BUCKETS) + 1)  # by duration; the last are longer than all
    commit_seconds: float = 0.0
