"""What the command line imports before it does anything: of a command what it needs, nothing for others."""

import subprocess
import sys

import pytest

SEE = """
import sys
from hdmonitor.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""
HEAVY = {"apprise", "apscheduler", "jinja2", "paho", "starlette", "uvicorn", "icalendar"}
FILES = {"ruamel", "yaml", "pydantic", "sqlite3"}  # what reads them


def imported(tmp_path, *words):
    """Return what a command has imported: its own modules, and of libraries the names."""
    seen = subprocess.run(
        [sys.executable, "-c", SEE, *words], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    modules = seen.stderr.splitlines()[-1].split()
    return {name.partition(".")[0] for name in modules} | {each for each in modules if "hdmonitor." in each}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["nothing"]])
def test_what_needs_no_command_imports_none_and_reads_no_file(tmp_path, words):
    found = imported(tmp_path, *words)

    assert found & (HEAVY | FILES) == set()
    assert {each for each in found if each.startswith("hdmonitor.cli_")} == {"hdmonitor.cli_shared"}


@pytest.mark.parametrize(
    "words",
    [
        ["alarms", "ack", "A1", "--by", "lee"],
        ["alarms", "shelve", "A1", "--help"],
        ["read", "p", "4 degC", "--by", "x"],
    ],
)
def test_who_answers_at_night_waits_for_no_page_no_chart_and_no_site(tmp_path, words):
    found = imported(tmp_path, *words)

    assert found & HEAVY == set()
    assert (
        found
        & {f"hdmonitor.{each}" for each in ("monitor", "site", "service", "web", "catalogue", "sensors")}
        == set()
    )


def test_the_mean_kinetic_temperature_needs_no_daemon(tmp_path):
    assert imported(tmp_path, "mkt", "none.csv") & (HEAVY | {"hdmonitor.service", "hdmonitor.web"}) == set()


def test_the_daemon_has_all_its_parts_before_it_starts(tmp_path):
    assert imported(tmp_path, "check") >= {"apprise", "apscheduler", "paho", "starlette"}
