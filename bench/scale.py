"""What a point costs: memory, and processor time per reading on the whole path, at 1,000 and 10,000 points.

The figures are those of the whole daemon, from the socket to the commit. Memory of a point is what the
daemon has resident beyond one with three points, divided by the points. 100,000 points are measured once,
without a target. The site file is not read here, see startup.py.

    .venv/bin/python bench/scale.py [--quick]
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from figures import ratios, spread, table, verdict
from fleet import VALUES
from rig import FAST, READINGS, Broker, Child, rows, warm

SMALL, LARGE, HUGE = 1_000, 10_000, 100_000  # points
RUNS, MESSAGES = 5, 10_000


def one(points: int, count: int) -> tuple[float, int]:
    """Return microseconds of processor time for each reading, and kilobytes resident."""
    devices = max(1, points // VALUES)
    with TemporaryDirectory() as name:
        folder = Path(name)
        with (
            Broker(folder, FAST) as broker,
            Child("watch.py", folder, broker.port, devices, log=folder / "daemon.log") as daemon,
        ):
            daemon.said("topics subscribed")
            warm(broker.port, devices, folder)
            rows(folder / "journal.db", READINGS, devices * VALUES)
            before = daemon.seconds()
            with Child(
                "publisher.py", broker.port, count, devices, log=folder / "publisher.log"
            ) as publisher:
                publisher.ready()
                publisher.go()
                publisher.result()
                rows(folder / "journal.db", READINGS, (devices + count) * VALUES)
            return 1e6 * (daemon.seconds() - before) / (count * VALUES), daemon.kilobytes()


def run(*, quick: bool) -> str:
    """Return the section for results.md."""
    runs, count = (1, 3_000) if quick else (RUNS, MESSAGES)
    sizes = [SMALL, LARGE]
    costs: dict[int, list[float]] = {size: [] for size in sizes}
    each: dict[int, list[float]] = {size: [] for size in sizes}
    _, empty = one(VALUES, count)
    for _ in range(runs):
        for size in sizes:
            cost, resident = one(size, count)
            costs[size].append(cost)
            each[size].append((resident - empty) / size)
            sys.stderr.write(f"{size:,} points: {cost:.1f} us a reading, {resident / 1000:.0f} MB\n")
    lines = [[f"us of processor a reading, {size:,} points", *spread(costs[size]).row(1)] for size in sizes]
    lines += [[f"KB a point, {size:,} points", *spread(each[size]).row(2)] for size in sizes]
    growth = spread(ratios(costs[LARGE], costs[SMALL]))
    lines.append([f"cost at {LARGE:,} / {SMALL:,} points", *growth.row(2)])
    if not quick:
        cost, resident = one(HUGE, HUGE)
        lines.append([f"us of processor a reading, {HUGE:,} points", *spread([cost]).row(1)])
        lines.append([f"KB a point, {HUGE:,} points", *spread([(resident - empty) / HUGE]).row(2)])
    return (
        f"## Scale\n\n{runs} runs of each size in turn, {count:,} messages of three values; the daemon with "
        f"three points has {empty / 1000:.0f} MB resident. No MKT windows.\n\n"
        f"{table(['the whole path', 'least', 'median', 'most'], lines)}\n\n"
        f"Growth of the cost, {verdict(growth.middle, 1.3, at_least=False)}.\n"
        f"KB a point at {LARGE:,}, {verdict(spread(each[LARGE]).middle, 3, at_least=False)}.\n"
    )


if __name__ == "__main__":
    sys.stdout.write(run(quick="--quick" in sys.argv))
