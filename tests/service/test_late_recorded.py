"""The daemon's journal and a replay give one table of excursions, in whatever order readings came."""

import os
import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import late_arrivals as late
import pytest
from recordings import cold_rooms

from hdmonitor.catalogue import own_rules
from hdmonitor.cli import main
from hdmonitor.journal import Journal
from hdmonitor.monitor import Monitor
from hdmonitor.replay import read
from hdmonitor.site import load_site

SITE_FILE = Path(__file__).parents[1] / "sites" / "cold_rooms.yaml"
SITE, _ = load_site(SITE_FILE)
OWN = own_rules()
HOUR = timedelta(hours=1)


@pytest.fixture
def small_week(tmp_path):
    file = tmp_path / "small_week.csv"
    file.write_text("\n".join([*cold_rooms(), ""]), encoding="utf-8")
    return file


@pytest.fixture
def real_week():
    folder = os.environ.get("TEST_RECORDED_DATA")
    if not folder:
        pytest.skip("TEST_RECORDED_DATA names no folder with cf_week_2021-05-10.csv (not ours to publish)")
    return Path(folder) / "cf_week_2021-05-10.csv"


def replayed(file, capsys):
    assert main(["replay", "--site", str(SITE_FILE), str(file), "--json"]) == 0
    return capsys.readouterr().out


def mixed(file, to, *, twice):
    """Write the lines of a recording in any order, some of them `twice`."""
    heading, *lines = file.read_text(encoding="utf-8").splitlines()
    lines += lines[::twice]
    random.shuffle(lines)
    to.write_text("\n".join([heading, *lines, ""]), encoding="utf-8")
    return to


def told(file):
    return [(one.point, one.measured_at, one.value) for one in read(file, SITE.points).readings]


class Daemon:
    """Judges arrivals in batches, with restarts, from and into a real journal."""

    def __init__(self, path, site=SITE):
        self.site = site
        self.journal = Journal.open(path)
        # Restarts here are clean; losing power is the business of the kill suite.
        self.journal._database.execute("PRAGMA synchronous = OFF")

    def table(self, readings, until, restarts):
        start = min(reading.measured_at for reading in readings)
        calm = {name: replace(policy, repeat=9000 * HOUR) for name, policy in self.site.policies.items()}
        site = replace(self.site, policies=calm)
        looks = {"recall": self.journal.recall, "measured": self.journal.measured}
        monitor = Monitor(site, OWN, start, **looks)
        while readings:
            size = random.randint(1, 400)
            batch, readings = readings[:size], readings[size:]
            self.journal.commit(monitor.handle(batch, batch[-1].received_at), at=monitor.now)
            if random.random() < restarts:
                monitor = Monitor(site, OWN, monitor.now, self.journal.restore(), **looks)
        self.journal.commit(monitor.handle([], until), at=until)
        with self.journal.reader() as reader:
            assert reader.verify() == []
            table = late.printed(reader.excursions())
        self.journal.close()
        return table


def tables(series, folder, site=SITE):
    """Return the tables that a series led to in the journals of daemons that got it differently."""
    until = max(at for _, at, _ in series) + 30 * HOUR
    arrivals = {
        "in order": late.in_order(series),
        "shuffled": late.shuffled(series, random.random()),
        "delayed by 24 hours": late.delayed(series),
        "each late by its own": late.partly_late(series, random.random(), often=0.005),
        "duplicated": late.duplicated(late.shuffled(series, random.random()), random.random()),
    }
    return {
        name: Daemon(folder / f"{number}.db", site).table(readings, until, restarts=0.2)
        for number, (name, readings) in enumerate(arrivals.items())
    }


def test_a_shuffled_and_doubled_recording_replays_byte_for_byte_as_the_ordered_one(
    small_week, tmp_path, capsys
):
    expected = replayed(small_week, capsys)

    assert expected.count("\n") == 16
    assert replayed(mixed(small_week, tmp_path / "mixed.csv", twice=3), capsys) == expected


def test_two_values_of_one_moment_replay_alike_in_either_order(tmp_path, capsys):
    heading = "time,sensor,quantity,value,unit"
    lines = [f"2026-03-02T00:0{minute}:00Z,wip1,temperature,{v},degC" for minute in (0, 1, 2) for v in (9, 5)]
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("\n".join([heading, *lines, ""]), encoding="utf-8")
    other.write_text("\n".join([heading, *reversed(lines), ""]), encoding="utf-8")

    assert replayed(one, capsys) == replayed(other, capsys)


def test_the_real_week_replays_byte_for_byte_alike_in_any_order(real_week, tmp_path, capsys):
    expected = replayed(real_week, capsys)

    assert expected.count("\n") == 17
    assert replayed(mixed(real_week, tmp_path / "mixed.csv", twice=3), capsys) == expected


def test_the_journal_holds_the_same_table_however_a_week_arrived(small_week, tmp_path):
    expected, *others = tables(told(small_week), tmp_path).values()

    assert expected.count("\n") == 15
    assert others == [expected] * 4


def test_the_journal_holds_the_same_table_however_the_real_week_arrived(real_week, tmp_path):
    expected, *others = tables(told(real_week), tmp_path).values()

    assert expected.count("\n") == 16
    assert others == [expected] * 4


# Two gauges of one house, each two hours, as those between ante-room and corridor, buffer and ante-room.
GAUGES = {"indoor-outdoor": "ante.pressure", "subslab-indoor": "buffer.pressure"}
SUM = "buffer.pressure-to-corridor"


def added_up():
    """Return a site with these two gauges and their sum, whose readings vouch for six hours."""
    site, _ = load_site(SITE_FILE.with_name("side_by_side.yaml"))
    site = site.only(GAUGES.values())
    points = {id_: replace(point, valid_for=6 * HOUR) for id_, point in site.points.items()}
    devices = {
        topic: replace(device, points=tuple(points[each.id] for each in device.points))
        for topic, device in site.devices.items()
    }
    return replace(site, points=points, devices=devices)


def test_the_journal_holds_the_same_table_of_sums_however_real_pressures_arrived(tmp_path):
    folder = os.environ.get("TEST_RECORDED_DATA")
    if not folder:
        pytest.skip("TEST_RECORDED_DATA names no folder with indianapolis_dp_422.csv")
    _, *lines = (Path(folder) / "indianapolis_dp_422.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines if line.split(",")[1] in GAUGES]
    series = sorted(
        (datetime.fromisoformat(at), GAUGES[sensor], float(value)) for at, sensor, _, value, _ in rows[:500]
    )
    series = [(point, at, value) for at, point, value in series]

    expected, *others = tables(series, tmp_path, added_up()).values()

    assert expected.count(SUM) == 10
    assert others == [expected] * 4
