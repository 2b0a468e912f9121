"""How long the daemon takes to start with a full journal, beside the same with an empty one.

From the start of the process until the broker has taken all subscriptions. The journal has 10,000 points
and 10 million readings. Reading the site file is measured by itself, at 300 points.

    .venv/bin/python bench/startup.py [--quick]
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from figures import ratios, spread, table
from fleet import VALUES, fleet, site_text
from rig import FAST, Broker, Child

from hdmonitor.journal import Journal
from hdmonitor.site import load_site

RUNS, DEVICES, READINGS = 5, 3_334, 10_000_000
WRITTEN = 100  # devices of the site file
FILL = """
INSERT INTO reading (point, measured_at, received_at, value, quality, live)
WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < :readings)
SELECT 1 + n % :points, :first + n * 6000, :first + n * 6000, 4.0 + n % 100 / 50.0, 0, 1 FROM number
"""
HEARD = """
UPDATE point SET value = 4.5, quality = 0, measured_at = :last, received_at = :last, judged_at = :last,
live_at = :last
"""


def fill(path: Path, devices: int, readings: int) -> float:
    """Make a journal that has heard so much; return its size in MB."""
    Journal.open(path).close()
    points = [(point,) for point in fleet(devices).points]
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    last = time.time_ns() // 1000
    values = {"readings": readings, "points": len(points), "first": last - readings * 6000, "last": last}
    database.execute("BEGIN")
    database.executemany("INSERT INTO point (id) VALUES (?)", points)
    database.execute(FILL, values)
    database.execute(HEARD, values)
    database.execute("UPDATE meta SET stopped_at = ?", (last,))
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path.stat().st_size / 1e6


def started(folder: Path, devices: int) -> float:
    """Return the seconds until everything is subscribed."""
    log = folder / "daemon.log"
    log.unlink(missing_ok=True)
    with Broker(folder / "broker", FAST) as broker:
        began = time.monotonic()
        with Child("watch.py", folder, broker.port, devices, log=log) as daemon:
            daemon.said("topics subscribed")
            return time.monotonic() - began


def site_seconds() -> float:
    """Return the seconds for reading a site file of `WRITTEN` devices."""
    with TemporaryDirectory() as name:
        file = Path(name) / "site.yaml"
        file.write_text(site_text(WRITTEN))
        began = time.process_time()
        site, problems = load_site(file)
        if site is None:
            raise SystemExit("\n".join(map(str, problems)))
        return time.process_time() - began


def run(*, quick: bool) -> str:
    """Return the section for results.md."""
    runs, devices, readings = (1, 334, 100_000) if quick else (RUNS, DEVICES, READINGS)
    full, empty, file = [], [], []
    with TemporaryDirectory() as name:
        kept = Path(name) / "full"
        kept.mkdir()
        size = fill(kept / "journal.db", devices, readings)
        for _ in range(runs):
            fresh = Path(name) / "empty"
            fresh.mkdir()
            empty.append(started(fresh, devices))
            full.append(started(kept, devices))
            shutil.rmtree(fresh)
            file.append(site_seconds())
            sys.stderr.write(f"start: {full[-1]:.2f} s, with an empty journal {empty[-1]:.2f} s\n")
    lines = [
        ["journal with everything, s", *spread(full).row(2)],
        ["empty journal, s", *spread(empty).row(2)],
        ["full / empty", *spread(ratios(full, empty)).row(2)],
        [f"site file of {WRITTEN * VALUES} points, s", *spread(file).row(2)],
    ]
    return (
        f"## Start-up\n\n{devices * VALUES:,} points, {readings:,} readings, {size:,.0f} MB; {runs} runs of "
        "each in turn. Its site is not read from a file; what reading one takes is the last line.\n\n"
        f"{table(['from start to subscribed', 'least', 'median', 'most'], lines)}\n"
    )


if __name__ == "__main__":
    sys.stdout.write(run(quick="--quick" in sys.argv))
