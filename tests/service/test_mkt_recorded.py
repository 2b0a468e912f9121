"""Mean kinetic temperatures of real recordings, against figures that were worked out elsewhere."""

import json
import os
from pathlib import Path

import pytest

from hdmonitor.cli import main

FRIDGE, OFFICE, ROOM = "ruuvi_fridge_2020-05-05.csv", "nab_office.csv", "rc5_room_log1.csv"


@pytest.fixture
def told(capsys):
    folder = os.environ.get("TEST_RECORDED_DATA")
    if not folder:
        pytest.skip(f"TEST_RECORDED_DATA does not name a folder with {FRIDGE} (not ours to publish)")

    def run(name, *arguments):
        assert main(["mkt", str(Path(folder) / name), *arguments, "--json"]) == 0
        (sensor,) = map(json.loads, capsys.readouterr().out.splitlines())
        return sensor

    return run


@pytest.mark.parametrize(
    ("name", "arguments", "mean"),
    [
        (FRIDGE, ("--cap", "none"), 2.586),
        (FRIDGE, ("--cap", "15m"), 2.695),
        (FRIDGE, (), 2.695),
        (FRIDGE, ("--weights", "count"), 2.674),
        (OFFICE, ("--cap", "none"), 22.077),
        (ROOM, (), 21.021),
    ],
)
def test_the_mean_of_a_whole_recording(told, name, arguments, mean):
    found = told(name, *arguments)

    assert found["mkt"] == pytest.approx(mean, abs=0.0005)
    assert found["rejected"] == 0


def test_the_worst_full_day_of_a_room(told):
    worst = told(ROOM, "--window", "24h")["worst"]

    assert worst.pop("mkt") == pytest.approx(22.656, abs=0.0005)
    assert worst == {"from": "2016-03-24T14:51:30Z", "to": "2016-03-25T14:51:30Z"}
