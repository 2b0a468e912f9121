"""`hdmonitor mkt` on recordings: figures, windows, what is rejected, what is refused."""

import json
from pathlib import Path

import pytest
from recordings import HEADING

from hdmonitor.cli import main

OFFICE = Path(__file__).parents[1] / "data" / "office_2013-12-20.csv"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "readings.csv"


def write(file, *lines):
    file.write_text("\n".join([HEADING, *lines, ""]), encoding="utf-8")
    return file


def line(clock, value, sensor="fridge", unit="degC", quantity="temperature"):
    return f"2026-03-02T{clock}Z,{sensor},{quantity},{value},{unit}"


def told(capsys, *arguments):
    status = main(["mkt", *map(str, arguments), "--json"])
    printed = capsys.readouterr()
    return status, [json.loads(each) for each in printed.out.splitlines()], printed.err


def test_each_temperature_sensor_is_one_line_and_other_quantities_are_passed_over(file, capsys):
    write(
        file,
        line("08:00:00", "5"),
        line("08:00:00", "41", sensor="room", unit="°F"),
        line("08:00:00", "44.2", quantity="humidity", unit="%RH"),
        line("09:00:00", "5"),
        line("09:00:00", "41", sensor="room", unit="°F"),
    )

    assert told(capsys, file, "--cap", "none") == (
        0,
        [
            {"sensor": "fridge", "readings": 2, "rejected": 0, "coverage": 1.0, "mkt": 5.0},
            {"sensor": "room", "readings": 2, "rejected": 0, "coverage": 1.0, "mkt": 5.0},
        ],
        "",
    )


def test_without_a_word_a_reading_stands_for_fifteen_minutes(file, capsys):
    write(file, line("08:00:00", "5"), line("09:00:00", "5"))

    _, (fridge,), _ = told(capsys, file)

    assert fridge["coverage"] == 0.25


def test_by_count_the_spans_between_readings_do_not_matter(file, capsys):
    write(file, line("08:00:00", "20"), line("08:00:01", "30"))

    _, (fridge,), _ = told(capsys, file, "--weights", "count")

    assert fridge["mkt"] == pytest.approx(26.260, abs=0.0005)


def test_bad_lines_are_named_counted_and_the_rest_is_read(file, capsys):
    write(
        file,
        line("08:00:00", "5"),
        line("08:05:00", "-127"),
        line("08:06:00", "warm"),
        line("08:10:00", "5"),
        line("08:10:00", "5"),
        "nonsense",
        line("08:15:00", "5"),
    )

    status, (fridge,), said = told(capsys, file)

    assert status == 0
    assert (fridge["readings"], fridge["rejected"], fridge["mkt"]) == (3, 3, 5.0)
    assert f"{file}:4: a value that cannot be read" in said
    assert f"{file}:7: not 5 columns" in said


def test_the_worst_full_window_stands_with_its_ends(file, capsys):
    days = [f"2026-03-{day:02}T{hour:02}:00:00Z" for day in (2, 3, 4) for hour in range(24)]
    values = [14 if 30 <= index < 36 else 5 for index in range(len(days))]
    write(
        file,
        *(f"{at},fridge,temperature,{value},degC" for at, value in zip(days, values, strict=True)),
    )

    _, (fridge,), _ = told(capsys, file, "--cap", "none", "--window", "24h")
    assert fridge["worst"].pop("mkt") == pytest.approx(8.285, abs=0.0005)
    assert fridge["worst"] == {"from": "2026-03-02T12:00:00Z", "to": "2026-03-03T12:00:00Z"}

    _, (fridge,), _ = told(capsys, file, "--cap", "none", "--window", "30d")
    assert fridge["worst"] is None


def test_people_read_a_table_and_what_the_mean_does_not_say(file, capsys):
    write(file, line("08:00:00", "-1"), line("08:10:00", "5"))

    assert main(["mkt", str(file), "--window", "24h"]) == 0

    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "sensor               readings rejected coverage        MKT  worst full 1 d",
        "fridge                      2        0   100.0%   -1.000 C  insufficient data: no full window",
    ]
    assert "says nothing about freezing, nor about frozen goods" in printed.err


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (HEADING + "\n2026-03-02T08:00:00Z,a,humidity,5,%RH\n", "no line has the quantity 'temperature'"),
        ("time,sensor,value,unit\n", "no column 'quantity'"),
        ("", "no heading"),
    ],
)
def test_a_file_without_temperatures_is_refused(file, capsys, content, sentence):
    file.write_text(content, encoding="utf-8")

    assert main(["mkt", str(file)]) == 1
    assert sentence in capsys.readouterr().err


def test_a_file_that_is_not_there_is_refused(file, capsys):
    assert main(["mkt", str(file)]) == 1
    assert "give a readable CSV file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [("--window", "7d"), ("--cap", "0s"), ("--cap", "soon"), ("--weights", "area")]
)
def test_a_window_cap_or_weight_that_makes_no_sense_is_refused(file, capsys, arguments):
    with pytest.raises(SystemExit):
        main(["mkt", str(file), *arguments])
    assert arguments[0] in capsys.readouterr().err


def test_a_cut_of_a_real_office_in_fahrenheit(capsys):
    _, (office,), _ = told(capsys, OFFICE, "--cap", "none")

    assert office["readings"] == 144
    assert office["mkt"] == pytest.approx(26.546, abs=0.0005)
