"""Every query of the overview dashboard, expanded as Grafana does it, answered by a real engine.

The data: a simulated day of the example site. At noon the exhaust of the HD buffer room stands still for
half an hour, later the canopy of the hood for ten minutes, and nobody lets the hood return to service. In the
evening the compressor of HD Fridge 2 fails, which somebody answers, and the freezer's sensor falls silent.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from pathlib import Path
from typing import Any
from urllib.request import Request

import pytest
from servers import InfluxDB1, fetch

from hdmonitor.adapters.influx import Lines
from hdmonitor.catalogue import own_rules
from hdmonitor.events import Acknowledge, Alarm, Input
from hdmonitor.model import Message
from hdmonitor.monitor import Monitor
from hdmonitor.simulator.acts import Act, Deed, working_days
from hdmonitor.simulator.pharmacy import Pharmacy
from hdmonitor.simulator.telemetry import Sensors
from hdmonitor.site import load_site

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboards/overview.json").read_text())
PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"] if panel["type"] != "row"}
VARIABLES = DASHBOARD["templating"]["list"]

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MORNING = datetime(2026, 3, 2, 5, tzinfo=UTC)  # midnight in New York
EVENING = MORNING + DAY
TRIPPED, RESTARTED = MORNING + 12 * HOUR, MORNING + 12 * HOUR + 30 * MINUTE
CANOPY_FAILED, CANOPY_RUNS = MORNING + 15 * HOUR, MORNING + 15 * HOUR + 10 * MINUTE
COMPRESSOR_FAILED = EVENING - 3 * HOUR
FREEZER_SILENT = EVENING - 2 * HOUR
ANSWERED = EVENING - 20 * MINUTE
SPANS = {"30d": 30 * DAY, "now-24h": DAY}


@dataclass
class Day:
    """What the monitor made of the simulated day."""

    lines: list[str]
    alarms: dict[str, Alarm]

    def open(self) -> list[Alarm]:
        return [alarm for alarm in self.alarms.values() if alarm.active]


def simulated_day(folder: Path) -> Day:
    """Judge every message of the day.

    Sensors of the example site that report every few seconds do so every minute here, and doors of rooms stay
    shut, since a minute is too long to tell a walk through a door from a lost pressure.
    """
    text = (ROOT / "config/site.yaml").read_text()
    (folder / "site.yaml").write_text(re.sub(r'every: "(5|10)s"', 'every: "60s"', text))
    site, problems = load_site(folder / "site.yaml")
    assert site is not None, problems
    acts = [
        Act(TRIPPED, Deed.FAIL, "hd-exhaust"),
        Act(RESTARTED, Deed.REPAIR, "hd-exhaust"),
        Act(CANOPY_FAILED, Deed.FAIL, "bsc-1.exhaust"),
        Act(CANOPY_RUNS, Deed.REPAIR, "bsc-1.exhaust"),
        Act(COMPRESSOR_FAILED, Deed.FAIL, "hd-fridge-2.compressor"),
    ]
    staff = (act for act in working_days(1, site.zone, MORNING) if act.what in site.equipment)
    sensors = Sensors(site, Pharmacy(1, MORNING), merge(staff, acts))
    monitor = Monitor(site, dict(own_rules()), MORNING)
    lines = Lines(site)
    day = Day([], {})
    now = MORNING
    while now < EVENING:
        now += timedelta(seconds=15)
        inputs: list[Input] = [
            Message(topic, payload, now)
            for topic, payload in sensors.messages(now)
            if now <= FREEZER_SILENT or topic != "pharmacy/freezer-1/temperature"
        ]
        if now == ANSWERED:
            (warm,) = [alarm for alarm in day.open() if alarm.rule == "659-3"]
            inputs.append(Acknowledge(warm.id, "technician"))
        outcome = monitor.handle(inputs, now)
        day.alarms |= outcome.alarms
        written = [lines.reading(reading) for reading in outcome.readings]
        written += [lines.alarm(event, day.alarms.get) for event in outcome.events]
        day.lines += [line for line in written if line is not None]
    return day


@pytest.fixture(scope="module")
def day(tmp_path_factory) -> Day:
    return simulated_day(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def database(tmp_path_factory, day: Day) -> Iterator[InfluxDB1]:
    with InfluxDB1(tmp_path_factory.mktemp("influxdb1")) as server:
        write(server, day.lines)
        yield server


def write(database: InfluxDB1, lines: Sequence[str]) -> None:
    for start in range(0, len(lines), 5_000):
        body = "\n".join(lines[start : start + 5_000]).encode()
        fetch(Request(f"{database.url}/write?db=hdmonitor&precision=u", body))


# --- as Grafana expands and asks ------------------------------------------------


def expanded(query: str, values: Mapping[str, Sequence[str]], span: str = "now-24h") -> str:
    """Replace macros as Grafana's server does, variables as its pages do: escaped, `(a|b)` when several."""
    from_ms, to_ms = (int(at.timestamp() * 1000) for at in (EVENING - SPANS[span], EVENING))
    query = query.replace("$timeFilter", f"time >= {from_ms}ms and time <= {to_ms}ms")
    query = query.replace("$__interval", "2m")
    for name, chosen in values.items():
        escaped = [re.sub(r"[\\^$*+?.()|\[\]{}/]", r"\\\g<0>", value) for value in chosen]
        query = query.replace(f"${name}", escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})")
    return query


def chosen(database: InfluxDB1) -> dict[str, list[str]]:
    """Return every variable's values, asked for in the order of the dashboard; of the site the first."""
    values: dict[str, list[str]] = {}
    for variable in VARIABLES:
        series = database.query(expanded(variable["query"]["query"], values))
        found = [value for each in series for _, value in each["values"]]
        values[variable["name"]] = found if variable["multi"] else found[:1]
    return values


def shown(database: InfluxDB1, title: str, **only: str) -> list[dict[str, Any]]:
    """Return what a panel gets: one dictionary a row, with the tags of its series."""
    panel = PANELS[title]
    values = chosen(database) | {name: [value] for name, value in only.items()}
    (target,) = panel["targets"]
    series = database.query(expanded(target["query"], values, panel.get("timeFrom", "now-24h")))
    return [
        dict(zip(each["columns"], row, strict=True)) | each.get("tags", {})
        for each in series
        for row in each["values"]
    ]


def measured(rows: Sequence[Mapping[str, Any]]) -> int:
    """Count the rows that hold a value; the others only say that an interval is empty."""
    return sum(any(isinstance(value, int | float) for value in row.values()) for row in rows)


def at(row: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(row["time"])


def between(rows: Sequence[Mapping[str, Any]], start: datetime, end: datetime) -> list[Mapping[str, Any]]:
    return [row for row in rows if start <= at(row) < end and row["max"] is not None]


# --- what each panel shows ------------------------------------------------------


def test_every_query_of_the_dashboard_returns_rows(database):
    table = [(f"variable {name}", len(values)) for name, values in chosen(database).items()]
    for title, panel in PANELS.items():
        name = panel.get("repeat")
        if name is None:
            table.append((title, measured(shown(database, title))))
        else:
            options = chosen(database)[name]
            table += [(option, measured(shown(database, title, **{name: option}))) for option in options]
            table.append((f"{title}, all at once", measured(shown(database, title))))

    print("\n" + "\n".join(f"{title:48} {rows:5}" for title, rows in table))  # noqa: T201  for whoever runs it with -s
    assert [title for title, rows in table if not rows] == []


def test_nothing_is_left_for_grafana_to_replace(database):
    values = chosen(database)

    for panel in PANELS.values():
        for target in panel["targets"]:
            assert "$" not in expanded(target["query"], values).replace("$/", "")


def test_the_variables_offer_the_points_of_the_site_by_what_they_measure(database):
    assert chosen(database) == {
        "site": ["example"],
        "temperature": [
            "cooler-17.temperature",
            "freezer-1.temperature",
            "hd-buffer.temperature",
            "hd-fridge-1.temperature",
            "hd-fridge-2.temperature",
            "pharmacy.temperature",
        ],
        "pressure": ["hd-ante.pressure", "hd-buffer.pressure", "hd-storage.pressure"],
        "hood": ["bsc-1.inflow"],
    }


def test_the_failed_refrigerator_leaves_its_limits_in_the_evening_only(database):
    rows = shown(database, "$temperature", temperature="hd-fridge-2.temperature")

    before = between(rows, MORNING, COMPRESSOR_FAILED)
    after = between(rows, COMPRESSOR_FAILED + HOUR, EVENING)
    assert {(row["low limit"], row["high limit"]) for row in before + after} == {(2, 8)}
    assert all(2 < row["min"] <= row["max"] < 8 for row in before)
    assert all(row["min"] > 8 for row in after)
    assert len(before) > 600
    assert len(after) > 55


def test_a_refrigerator_nearby_stays_inside(database):
    rows = between(shown(database, "$temperature", temperature="hd-fridge-1.temperature"), MORNING, EVENING)

    assert all(2 < row["min"] <= row["max"] < 8 for row in rows)


def test_a_silent_sensor_leaves_a_gap(database):
    rows = shown(database, "$temperature", temperature="freezer-1.temperature")

    assert between(rows, FREEZER_SILENT - HOUR, FREEZER_SILENT)
    assert not between(rows, FREEZER_SILENT + 2 * MINUTE, EVENING)
    assert any(at(row) > FREEZER_SILENT + HOUR and row["max"] is None for row in rows)


def test_pressures_are_shown_in_inches_of_water_with_their_limits(database):
    rows = shown(database, "$pressure", pressure="hd-buffer.pressure")

    tripped = between(rows, TRIPPED + 2 * MINUTE, RESTARTED - 2 * MINUTE)
    after = between(rows, RESTARTED + 5 * MINUTE, CANOPY_FAILED)
    assert {(round(row["low limit"], 6), round(row["high limit"], 6)) for row in tripped + after} == {
        (-0.03, -0.01)
    }
    assert len(tripped) > 10
    assert all(row["min"] > -0.01 for row in tripped)
    assert -0.021 < sum(row["min"] for row in after) / len(after) < -0.018


def test_the_inflow_of_a_hood_stands_between_the_limits_of_its_certificate(database):
    rows = between(shown(database, "$hood", hood="bsc-1.inflow"), MORNING, EVENING)

    assert {(row["low limit"], row["high limit"]) for row in rows} == {(0.424, 0.636)}
    assert all(0.424 < row["min"] <= row["max"] < 0.636 for row in rows)


def test_fans_and_power_of_a_hood_are_told_apart(database):
    rows = shown(database, "Fans and power of hoods")

    assert {row["point"] for row in rows} == {"bsc-1.exhaust", "bsc-1.power"}
    still = [(row["point"], at(row)) for row in rows if row["running"] == 0]
    assert {point for point, _ in still} == {"bsc-1.exhaust"}
    assert all(CANOPY_FAILED - 2 * MINUTE <= moment <= CANOPY_RUNS + 2 * MINUTE for _, moment in still)
    assert len(still) in (5, 6)


def test_the_alarms_in_the_list_are_those_of_the_monitor(database, day):
    rows = shown(database, "Rules that are not normal now")

    assert {(row["point"], row["rule"]) for row in rows} == {
        (alarm.point, alarm.rule) for alarm in day.open()
    }
    told = {(row["point"], row["rule"]): (row["phase"], row["level"], row["unacknowledged"]) for row in rows}
    assert told == {
        ("bsc-1.exhaust", "800-E1"): (4, 2, 1),  # runs again; returns to service by a named act only
        ("freezer-1.temperature", "HDM-SILENCE"): (3, 2, 1),
        ("hd-fridge-2.temperature", "659-3"): (3, 2, 0),
        ("hd-fridge-2.temperature", "659-3-SUM"): (3, 2, 1),  # outside for more than an hour of the day
    }


def test_the_list_keeps_the_series_apart_that_its_subquery_made():
    # Without it InfluxDB 2.7 tore a row in two: the fields of its last() no longer stood beside each other.
    (target,) = PANELS["Rules that are not normal now"]["targets"]

    assert target["query"].endswith('GROUP BY "point", "rule"')


def test_an_alarm_that_is_over_is_not_in_the_list(database, day):
    over = {alarm.point for alarm in day.alarms.values() if not alarm.active}
    rows = shown(database, "Rules that are not normal now")

    assert over == {"hd-buffer.pressure"}
    assert over.isdisjoint(row["point"] for row in rows)


def test_alarms_are_counted_by_level(database):
    (row,) = shown(database, "Alarms now, by level")

    assert (row["critical"], row["alarm"], row["warning"], row["not answered"]) == (0, 4, 0, 3)


def test_every_level_is_counted_once_and_an_answered_alarm_still_counts(influxdb1):
    state = "alarm,point={},rule=R,site=x phase={}i,level={}i,unacknowledged={}i 1000000"
    rows = [("a", 3, 3, 1), ("b", 3, 2, 0), ("c", 4, 1, 1), ("d", 1, 0, 0), ("e", 3, 3, 0), ("f", 2, 0, 0)]
    write(influxdb1, [state.format(*row) for row in rows])
    write(influxdb1, ["reading,point=a,site=x value=1 1000000"])

    (row,) = shown(influxdb1, "Alarms now, by level")
    assert (row["critical"], row["alarm"], row["warning"], row["not answered"]) == (2, 1, 1, 2)
    assert {row["point"] for row in shown(influxdb1, "Rules that are not normal now")} == set("abcef")


def test_before_anything_was_copied_no_panel_says_that_there_are_no_alarms(influxdb1):
    values = {"site": ["example"]}

    for title in ("Alarms now, by level", "Rules that are not normal now", "Newest reading"):
        (target,) = PANELS[title]["targets"]
        assert influxdb1.query(expanded(target["query"], values)) == []


def test_every_point_is_listed_with_the_age_of_its_data_and_the_silent_one_first(database):
    rows = shown(database, "Every point: age of its data and newest value")

    site, _ = load_site(ROOT / "config/site.yaml")
    assert sorted(row["point"] for row in rows) == sorted(site.points)
    oldest = min(rows, key=at)
    assert (oldest["point"], at(oldest)) == ("freezer-1.temperature", FREEZER_SILENT)
    assert -25 < oldest["value"] < -10
    assert (oldest["low"], oldest["high"]) == (-25, -10)
    hourly = {"hd-fridge-2.door", "hd-fridge-1.temperature"}
    assert all(at(row) > EVENING - HOUR for row in rows if row["point"] in hourly)


def test_the_newest_reading_is_that_of_the_last_minute(database):
    (row,) = shown(database, "Newest reading")

    assert EVENING - MINUTE <= at(row) <= EVENING
