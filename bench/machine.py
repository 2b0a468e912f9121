"""On what the figures were taken: machine, versions, date."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from servers import program

LIBRARIES = ("paho-mqtt", "apprise", "pydantic")


def described() -> str:
    """Return the facts as a list in Markdown."""
    return "\n".join(
        [
            f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load before the start {os.getloadavg()[0]:.1f}",
            f"- {_processor()}, {os.cpu_count()} processors, {_memory()} GB, {platform.platform()}",
            f"- Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
            + ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
            f"- {_mosquitto()}; publisher: its C library",
            f"- hdmonitor {_commit()}",
        ]
    )


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.processor()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)


def _mosquitto() -> str:
    executable, environment = program("mosquitto")
    told = subprocess.run([executable, "-h"], env=environment, capture_output=True, text=True, check=False)
    return told.stdout.partition("\n")[0]


def _commit() -> str:
    here = Path(__file__).parent
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=here, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "without a repository"
