"""How many recorded readings are judged in a second of processor time, beside a bare `csv.reader` loop.

    .venv/bin/python bench/replay.py [--quick]

The readings are inside their limits, which is what nearly all readings are.
Five runs of each in turn, so that a machine that is busy is so for both.
"""

import csv
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from figures import ratios, spread, table, verdict

from hdmonitor.catalogue import own_rules
from hdmonitor.model import Rule, Site
from hdmonitor.replay import read, replay
from hdmonitor.site import load_site

SITE = Path(__file__).parents[1] / "tests" / "sites" / "cold_rooms.yaml"
START = datetime(2026, 3, 2, tzinfo=UTC)
RUNS, READINGS = 5, 200_000


def recorded(path: Path, count: int) -> None:
    """Write `count` readings of two cold rooms, one each minute."""
    with path.open("w", encoding="utf-8") as out:
        out.write("time,sensor,quantity,value,unit\n")
        for number in range(count):
            at = START + (number // 2) * timedelta(minutes=1)
            sensor, value = ("wip1", "dispatch")[number % 2], 2.5 + number * 7 % 500 / 100
            out.write(f"{at:%Y-%m-%dT%H:%M:%SZ},{sensor},temperature,{value:.2f},degC\n")


def bare(path: Path) -> int:
    """Do nothing with every row."""
    with path.open(encoding="utf-8", newline="") as lines:
        return sum(1 for _ in csv.reader(lines)) - 1


def judged(path: Path, site: Site, own: Mapping[str, Rule]) -> int:
    """Read and judge every reading."""
    readings = read(path, site.points, START + timedelta(days=3650)).readings
    if replay(site, own, readings, {reading.point for reading in readings}).excursions:
        raise SystemExit("there is an excursion; these figures are not those of the fast path")
    return len(readings)


def seconds(work: Callable[[Path], int], path: Path, count: int) -> float:
    """Return the processor time that `work` takes."""
    before = process_time()
    if work(path) != count:
        raise SystemExit("some readings were left out")
    return process_time() - before


def run(*, quick: bool) -> str:
    """Return the section for results.md."""
    runs, count = (1, 50_000) if quick else (RUNS, READINGS)
    site, _ = load_site(SITE)
    if site is None:
        raise SystemExit(f"{SITE} cannot be used")
    own = own_rules()
    alone, whole, only = [], [], []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "readings.csv"
        recorded(path, count)
        readings = read(path, site.points, START + timedelta(days=3650)).readings
        for _ in range(runs):
            alone.append(count / seconds(bare, path, count))
            whole.append(count / seconds(partial(judged, site=site, own=own), path, count))
            before = process_time()
            replay(site, own, readings, site.points)
            only.append(count / (process_time() - before))
    lines = [
        ["csv.reader alone", *spread(alone).row()],
        ["read and judged", *spread(whole).row()],
        ["judged, once read", *spread(only).row()],
        ["read and judged / csv.reader", *spread(ratios(whole, alone)).row(2)],
    ]
    return (
        f"## Replay\n\n{count:,} readings inside their limits, {runs} runs of each in turn.\n\n"
        f"{table(['readings for each second of processor', 'least', 'median', 'most'], lines)}\n\n"
        f"Judged, once read, {verdict(spread(only).middle, 200_000, at_least=True)} (the aim is 1,000,000).\n"
    )


if __name__ == "__main__":
    sys.stdout.write(run(quick="--quick" in sys.argv))
