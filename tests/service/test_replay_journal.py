"""The journal itself is replayed: in the order of measurement, in short steps, while others write."""

import random
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from recordings import cold_rooms

from hdmonitor.catalogue import own_rules
from hdmonitor.cli import main
from hdmonitor.events import Outcome
from hdmonitor.journal import Journal
from hdmonitor.model import Quality, Reading
from hdmonitor.monitor import Monitor
from hdmonitor.replay import read
from hdmonitor.site import load_site

CONFIG = """
record: { journal: journal.db, socket: control.sock }
"""
SITE_FILE = Path(__file__).parents[1] / "sites" / "cold_rooms.yaml"
SITE, _ = load_site(SITE_FILE)
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def week(tmp_path):
    file = tmp_path / "week.csv"
    file.write_text("\n".join([*cold_rooms(), ""]), encoding="utf-8")
    return file


def recorded(path, readings, arrivals):
    """Write a journal as the daemon does, with readings as they arrived."""
    journal = Journal.open(path)
    journal._database.execute("PRAGMA synchronous = OFF")
    at = START
    monitor = Monitor(SITE, own_rules(), at)
    for index in arrivals:
        reading = readings[index]
        at = max(at, reading.measured_at)
        came = Reading(reading.point, reading.value, reading.measured_at, at, fault=reading.fault)
        journal.commit(monitor.handle([came], at), at=at)
    return journal


def printed(capsys, *arguments):
    assert main(["replay", *map(str, arguments), "--site", str(SITE_FILE), "--json"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_journal_tells_what_its_recording_does_however_late_readings_came(week, tmp_path, capsys, shuffled):
    readings = read(week, SITE.points).readings
    arrivals = list(range(len(readings)))
    if shuffled:  # blocks of an hour that come in any order, as loggers upload them
        blocks = [arrivals[first : first + 40] for first in range(0, len(arrivals), 40)]
        random.shuffle(blocks)
        arrivals = [index for block in blocks for index in block]
    with closing(recorded(tmp_path / "journal.db", readings, arrivals)):
        (tmp_path / "hdmonitor.yaml").write_text(CONFIG, encoding="utf-8")

        from_file = printed(capsys, week)
        assert from_file.count("\n") == 16
        assert printed(capsys, "--journal", tmp_path / "journal.db") == from_file
        assert printed(capsys, "--config", tmp_path / "hdmonitor.yaml") == from_file


def test_values_that_the_broker_repeated_are_no_part_of_it(tmp_path):
    with closing(Journal.open(tmp_path / "journal.db")) as journal:
        good = Reading("wip1", 5.0, START, START)
        old = Reading("wip1", 9.0, START - timedelta(days=1), START, Quality.RETAINED, live=False)
        journal.commit(Outcome(readings=[good, old]), at=START)
        with journal.reader() as reader:
            assert [reading.value for reading in reader.in_event_order(["wip1"])] == [5.0]


def test_a_long_journal_is_read_in_order_and_never_held_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("hdmonitor.reader.READINGS_AT_ONCE", 2_000)
    many = 60_000
    second = timedelta(seconds=1)
    with closing(Journal.open(tmp_path / "journal.db")) as journal:
        journal.commit(
            Outcome(readings=[Reading("abcd"[n % 4], n / 7, START + n * second, START) for n in range(many)]),
            at=START,
        )
        with journal.reader() as reader:
            tracemalloc.start()
            count, newest = 0, START - second
            for reading in reader.in_event_order(["a", "b", "c", "d"]):
                assert reading.measured_at >= newest
                newest = reading.measured_at
                count += 1
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()

    assert count == many
    assert peak < 4_000_000  # all of them would be 25 MB


def test_a_recording_and_a_journal_at_once_are_refused(week, tmp_path, capsys):
    assert main(["replay", str(week), "--journal", str(tmp_path / "j.db"), "--site", str(SITE_FILE)]) == 1
    assert "name a recording or a journal, not both" in capsys.readouterr().err


def test_a_journal_that_is_not_there_is_a_sentence(tmp_path, capsys):
    assert main(["replay", "--journal", str(tmp_path / "j.db"), "--site", str(SITE_FILE)]) == 1
    assert "there is no journal" in capsys.readouterr().err


def test_a_journal_without_a_reading_of_the_site_says_so(tmp_path, capsys):
    Journal.open(tmp_path / "journal.db").close()

    assert main(["replay", "--journal", str(tmp_path / "journal.db"), "--site", str(SITE_FILE)]) == 1
    assert capsys.readouterr().err == f"{tmp_path / 'journal.db'}: no reading of any point of the site\n"
