"""What every test may ask for: real servers, and an environment that does not lead outside."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings
from servers import InfluxDB1, Mosquitto, VictoriaMetrics

settings.register_profile("shared-machine", deadline=None)  # the slowest example says how busy the machine is
settings.load_profile("shared-machine")

os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
for name in [name for name in os.environ if name.upper().startswith("HDMONITOR_")]:
    del os.environ[name]


class Influx2(NamedTuple):
    """Where an InfluxDB 2 for tests is."""

    url: str
    token: str
    org: str


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "mosquitto") as server:
        yield server


@pytest.fixture
def victoria_metrics(tmp_path: Path) -> Iterator[VictoriaMetrics]:
    with VictoriaMetrics(tmp_path / "victoria-metrics") as server:
        yield server


@pytest.fixture
def influxdb1(tmp_path: Path) -> Iterator[InfluxDB1]:
    with InfluxDB1(tmp_path / "influxdb1") as server:
        yield server


@pytest.fixture
def influx2() -> Influx2:
    try:
        return Influx2(*(os.environ[f"TEST_INFLUX_{part}"] for part in ("URL", "TOKEN", "ORG")))
    except KeyError as missing:
        pytest.skip(f"no InfluxDB 2 to test against: {missing.args[0]} is not set")
