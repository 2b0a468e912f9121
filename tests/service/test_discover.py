"""`hdmonitor discover` at a real broker to which the simulated pharmacy publishes."""

import subprocess
import sys
from pathlib import Path
from shutil import copy

import pytest
from servers import free_port

from hdmonitor import cli

SITES = Path(__file__).parents[1] / "sites"


@pytest.fixture
def config(tmp_path, mosquitto):
    path = tmp_path / "hdmonitor.yaml"
    path.write_text(
        f"broker: {{ host: 127.0.0.1, port: {mosquitto.port} }}\n"
        "record: { journal: journal.db, socket: control.sock }\n"
        "notifications: { urls: { phone: 'json://127.0.0.1:9/' } }\n"
    )
    return path


def test_six_families_are_found_and_written_and_the_file_still_passes(tmp_path, config, mosquitto, capsys):
    site = Path(copy(SITES / "cold_rooms.yaml", tmp_path / "site.yaml"))
    simulate = (
        sys.executable, "-m", "hdmonitor.cli", "simulate", "--for", "60s",
        "--broker", f"127.0.0.1:{mosquitto.port}", "--site", SITES / "six_families.yaml",
    )  # fmt: skip
    simulated = subprocess.Popen(simulate, stdout=subprocess.DEVNULL)
    try:
        files = ["--config", f"{config}", "--site", f"{site}"]
        assert cli.main(["discover", "--for", "15s", "--write", *files]) == 0
    finally:
        simulated.terminate()
        simulated.wait(10)
    said = capsys.readouterr().out

    for topic in (
        "couriers/cooler-17  (json_units, likely",
        "pharmacy/freezer-1  (plain_value, by its shape only",
        "pharmacy/sensor/temperature/state  (esphome, likely",
        "shellyplusht-a8032abe54dc/events/rpc  (shelly_gen2, certain",
        "tele/hd-fridge-2/SENSOR  (tasmota, certain",
        "zigbee2mqtt/hd-fridge-1  (zigbee2mqtt, certain",
    ):
        assert f"\n{topic}" in said
    assert f"6 topics, 6 things measured that {site} does not have\n" in said
    assert site.read_text().count("at: WHERE") == 6
    check = (sys.executable, "-m", "hdmonitor.cli", "check", *files)
    assert subprocess.run(check, stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_a_broker_that_is_not_there_is_a_sentence(tmp_path, capsys):
    port = free_port()
    config = tmp_path / "hdmonitor.yaml"
    config.write_text(f"broker: {{ host: 127.0.0.1, port: {port} }}\n")

    assert cli.main(["discover", "--config", f"{config}", "--site", f"{SITES / 'cold_rooms.yaml'}"]) == 1

    told = capsys.readouterr().err
    assert told.startswith(f"no broker at 127.0.0.1:{port}: ")
    assert told.endswith("; start it or name another\n")


def test_a_broker_that_says_nothing_leaves_an_error(config, capsys):
    files = ["--config", f"{config}", "--site", f"{SITES / 'cold_rooms.yaml'}"]

    assert cli.main(["discover", "--for", "1s", *files]) == 1
    assert "0 topics, 0 things measured" in capsys.readouterr().out
