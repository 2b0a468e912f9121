"""A replay tells what the daemon would have recorded; the numbers of a real week of two cold rooms."""

import csv
import json
import os
import random
from datetime import datetime
from pathlib import Path

import pytest
from recordings import cold_rooms

from hdmonitor.catalogue import own_rules
from hdmonitor.cli import main
from hdmonitor.journal import Journal
from hdmonitor.model import Message
from hdmonitor.monitor import Monitor
from hdmonitor.replay import as_json
from hdmonitor.site import load_site

SITE_FILE = Path(__file__).parents[1] / "sites" / "cold_rooms.yaml"
SITE, _ = load_site(SITE_FILE)
OWN = own_rules()
RESTARTS = 0.2  # of all commits are followed by one


@pytest.fixture
def real_week():
    folder = os.environ.get("TEST_RECORDED_DATA")
    if not folder:
        pytest.skip(
            "TEST_RECORDED_DATA does not name a folder with cf_week_2021-05-10.csv (not ours to publish)"
        )
    return Path(folder) / "cf_week_2021-05-10.csv"


@pytest.fixture
def small_week(tmp_path):
    file = tmp_path / "small_week.csv"
    file.write_text("\n".join([*cold_rooms(), ""]), encoding="utf-8")
    return file


def replayed(file, capsys):
    """Return what `hdmonitor replay --json` prints, and what it says on the side."""
    assert main(["replay", "--site", str(SITE_FILE), str(file), "--json"]) == 0
    printed = capsys.readouterr()
    return [json.loads(line) for line in printed.out.splitlines()], printed.err.splitlines()


def recorded_by_a_daemon(file, path):
    """Return what the journal holds after the same readings came as messages, with restarts in between."""
    topics = {point.replay_as: point.topic for point in SITE.points.values()}
    with file.open(encoding="utf-8", newline="") as lines:
        messages = [
            Message(topics[row["sensor"]], row["value"].encode(), datetime.fromisoformat(row["time"]))
            for row in csv.DictReader(lines)
            if row["quantity"] == "temperature"
        ]
    journal = Journal.open(path)
    monitor = Monitor(SITE, OWN, messages[0].received_at)
    while messages:
        size = random.randint(1, 200)
        batch, messages = messages[:size], messages[size:]
        journal.commit(monitor.handle(batch, batch[-1].received_at), at=monitor.now)
        if random.random() < RESTARTS:
            monitor = Monitor(SITE, OWN, monitor.now, journal.restore())
    with journal.reader() as reader:
        excursions = [as_json(one, {}) for one in reader.excursions()]
    journal.close()
    return excursions


def test_a_replay_tells_what_the_daemon_would_have_recorded(small_week, tmp_path, capsys):
    told, _ = replayed(small_week, capsys)

    assert len(told) == 16
    assert recorded_by_a_daemon(small_week, tmp_path / "journal.db") == told


def test_the_real_week_is_recorded_as_it_is_replayed(real_week, tmp_path, capsys):
    told, _ = replayed(real_week, capsys)

    assert len(told) == 17
    assert recorded_by_a_daemon(real_week, tmp_path / "journal.db") == told


def test_the_real_week_has_thirteen_excursions_two_of_them_alarms(real_week, capsys):
    told, said = replayed(real_week, capsys)
    wip1 = [one for one in told if one["point"] == "wip1"]

    assert len(wip1) == 13
    assert [one for one in told if one["alarm_at"]] == [
        {
            "point": "wip1",
            "rule": "659-2",
            "level": "alarm",
            "start": "2021-05-11T08:01:53Z",
            "end": "2021-05-11T08:44:38Z",
            "peak": 12.25,
            "duration_s": 2565.0,
            "missing_s": 0.0,
            "alarm_at": "2021-05-11T08:31:53Z",
        },
        {
            "point": "wip1",
            "rule": "659-2",
            "level": "alarm",
            "start": "2021-05-12T13:58:59Z",
            "end": "2021-05-12T14:39:47Z",
            "peak": 18.56,
            "duration_s": 2448.0,
            "missing_s": 0.0,
            "alarm_at": "2021-05-12T14:28:59Z",
        },
    ]
    assert said[:2] == [
        "faults, not values: 2 of dispatch (ds18b20_disconnected_-127)",
        "faults, not values: 7 of wip1 (ds18b20_disconnected_-127)",
    ]
    assert said[-1] == f"{real_week}: 21290 lines not used: no point of the site replays this sensor"


def test_the_command_prints_a_table_and_names_what_it_did_not_use(small_week, capsys):
    with small_week.open("a", encoding="utf-8") as file:
        file.write("2026-03-02T20:00:00Z,wip1,temperature,cold,degC\n")

    assert main(["replay", "--site", str(SITE_FILE), str(small_week)]) == 0

    printed = capsys.readouterr()
    assert printed.out.splitlines()[-3] == "16 excursions, 2 of them alarms"
    assert printed.err.splitlines() == [
        f"{small_week}:1602: a value that cannot be read: no number in 'value': 'cold'",
        f"{small_week}: 1 lines not used: a value that cannot be read",
    ]


def test_the_command_refuses_a_file_without_a_column(tmp_path, capsys):
    file = tmp_path / "readings.csv"
    file.write_text("time,sensor,value\n", encoding="utf-8")

    assert main(["replay", "--site", str(SITE_FILE), str(file)]) == 1

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"{file}:1:1: no column 'quantity' in ")


def test_the_command_fails_when_nothing_could_be_replayed(tmp_path, capsys):
    file = tmp_path / "readings.csv"
    file.write_text("time,sensor,quantity,value,unit\n", encoding="utf-8")

    assert main(["replay", "--site", str(SITE_FILE), str(file), "--json"]) == 1

    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"{file}: no reading of any point of the site\n")
