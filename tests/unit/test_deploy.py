"""What stands in deploy/ fits together and fits the program: names, paths, versions, times."""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hdmonitor import cli, cli_watch
from hdmonitor.service import STOP_WITHIN
from hdmonitor.settings import Record, load_settings
from hdmonitor.units import express, parse_duration
from hdmonitor.web import health

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = YAML(typ="safe").load(DEPLOY / "compose.yaml")
SERVICES = COMPOSE["services"]
MONITOR = SERVICES["hdmonitor"]
SECRETS_CONF = DEPLOY / "systemd/hdmonitor.service.d/secrets.conf"
ETC = Path("/etc/hdmonitor")


def directives(file):
    """Return every value of every key of a unit; a key may stand there several times."""
    found = defaultdict(list)
    for line in file.read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[key].append(value)
    return found


UNIT = directives(DEPLOY / "systemd/hdmonitor.service")


def only(key):
    (value,) = UNIT[key]
    return value


def seconds(text):
    return parse_duration(text.replace("min", "m")) / timedelta(seconds=1)


def docker_file():
    """Return the instructions of the Dockerfile, continuation lines joined."""
    text = (DEPLOY / "hdmonitor/Dockerfile").read_text().replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line and line[0] not in " #"]


# --- systemd --------------------------------------------------------------------


def test_systemd_waits_for_the_end_longer_than_the_daemon_takes():
    assert seconds(only("TimeoutStopSec")) > 2 * STOP_WITHIN


def test_the_watchdog_is_more_patient_than_the_health_check():
    assert (only("Type"), only("Restart"), only("StartLimitIntervalSec")) == ("notify", "always", "0")
    assert health.STANDS_STILL < seconds(only("WatchdogSec")) <= 60


def test_the_default_record_is_in_the_folders_that_systemd_makes():
    assert Record().journal.parent == Path("/var/lib") / only("StateDirectory")
    assert Record().socket.parent == Path("/run") / only("RuntimeDirectory")
    assert only("ProtectSystem") == "strict"
    assert not UNIT["ReadWritePaths"]


def test_the_unit_gives_a_command_that_the_program_understands():
    program, *arguments = only("ExecStart").split()
    options = cli._parser().parse_args(arguments)

    assert program == "/opt/hdmonitor/bin/hdmonitor"
    assert options.run is cli_watch._run
    assert (options.config, options.site) == (ETC / "hdmonitor.yaml", ETC / "site.yaml")


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze here")
    here = (
        (DEPLOY / "systemd/hdmonitor.service")
        .read_text()
        .replace("/opt/hdmonitor/bin/hdmonitor", "/bin/true")
    )
    shutil.copytree(SECRETS_CONF.parent, tmp_path / SECRETS_CONF.parent.name)
    (tmp_path / "hdmonitor.service").write_text(here)

    told = subprocess.run(
        [analyze, "verify", "--man=no", str(tmp_path / "hdmonitor.service")],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (0, "")


def test_the_credentials_of_the_unit_are_settings(tmp_path, monkeypatch):
    credentials = [line.split(":", 1) for line in directives(SECRETS_CONF)["LoadCredential"]]
    for name, path in credentials:
        assert Path(path) == ETC / "secrets" / name
        (tmp_path / name).write_text(f"json://127.0.0.1/{name}\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    on_server = tmp_path / "hdmonitor.yaml"
    on_server.write_text(
        "broker: { user: monitor }\ninflux: { url: http://127.0.0.1:8086, bucket: hdmonitor }\n"
    )

    settings, problems = load_settings(on_server)
    assert problems == []
    assert settings.broker.password.get_secret_value() == "json://127.0.0.1/broker__password"
    assert settings.influx.token.get_secret_value() == "json://127.0.0.1/influx__token"
    assert sorted(settings.notifications.urls) == ["manager-phone", "pharmacist-phone", "technician-phone"]


# --- compose --------------------------------------------------------------------


def test_images_are_pinned_and_every_container_is_checked():
    for name, service in SERVICES.items():
        assert service["restart"] == "always", name
        assert service["healthcheck"]["test"][0] == "CMD", name
        if "build" not in service:
            assert re.fullmatch(r"[a-z/-]+:\d+\.\d+\.\d+", service["image"]), name


def test_what_is_mounted_exists_and_what_is_declared_is_used():
    binds = [mount for service in SERVICES.values() for mount in service["volumes"] if mount[0] == "."]
    named = [mount for service in SERVICES.values() for mount in service["volumes"] if mount[0] != "."]

    for mount in binds:
        source, _, mode = mount.split(":")
        assert (DEPLOY / source).exists(), source
        assert mode == "ro"
    assert {mount.split(":")[0] for mount in named} == set(COMPOSE["volumes"])
    mounted = [secret for service in SERVICES.values() for secret in service.get("secrets", ())]
    assert {each if isinstance(each, str) else each["source"] for each in mounted} == set(COMPOSE["secrets"])
    assert {secret["file"] for secret in COMPOSE["secrets"].values()} == {
        f"secrets/{name}" for name in COMPOSE["secrets"]
    }


def test_every_secret_file_is_mounted_where_a_container_looks_for_it():
    for service in SERVICES.values():
        for value in service["environment"].values() if "environment" in service else ():
            if str(value).startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]


def test_environment_and_secrets_of_the_container_are_settings_over_the_example(tmp_path, monkeypatch):
    for name in MONITOR["secrets"]:
        (tmp_path / name).write_text(f"json://127.0.0.1/{name}")
    for name, value in MONITOR["environment"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HDMONITOR_SECRETS_DIR", str(tmp_path))

    settings, problems = load_settings(ROOT / "config/hdmonitor.yaml")
    assert problems == []
    assert settings.broker.host in SERVICES
    assert settings.broker.password.get_secret_value() == "json://127.0.0.1/broker__password"
    assert settings.influx.url == "http://influxdb:8086"
    assert settings.influx.token.get_secret_value() == "json://127.0.0.1/influx__token"
    assert {url.get_secret_value() for url in settings.notifications.urls.values()} == {
        f"json://127.0.0.1/notifications__urls__{who}-phone"
        for who in ("pharmacist", "technician", "manager")
    }
    writable = {mount.split(":")[1] for mount in MONITOR["volumes"] if not mount.endswith(":ro")}
    writable |= {mount.split(":")[0] for mount in MONITOR["tmpfs"]}
    assert {str(settings.record.journal.parent), str(settings.record.socket.parent)} <= writable
    assert (settings.web.host, MONITOR["ports"]) == ("0.0.0.0", [f"127.0.0.1:{settings.web.port}:8080"])
    assert f"http://127.0.0.1:{settings.web.port}/healthz" in MONITOR["healthcheck"]["test"][-1]


def test_the_broker_of_the_containers_differs_from_that_of_a_server_by_whom_it_hears(tmp_path):
    broker = SERVICES["mosquitto"]
    server = DEPLOY / "mosquitto/mosquitto.conf"
    script = broker["entrypoint"][-1].replace("$$", "$").replace("chown mosquitto", "true")
    script = script.replace("/tmp/mosquitto.conf", f"{tmp_path}/mosquitto.conf")
    script = script.replace("/server.conf", str(server))
    subprocess.run(["sh", "-c", script.replace("exec mosquitto", "true")], check=True, timeout=10)

    ours, theirs = (file.read_text().splitlines() for file in (tmp_path / "mosquitto.conf", server))
    assert [pair for pair in zip(theirs, ours, strict=True) if pair[0] != pair[1]] == [
        ("listener 1883 127.0.0.1", "listener 1883")
    ]
    named = {line.split()[0]: line.split()[1] for line in ours if line.startswith("p")}
    assert named["password_file"] == broker["secrets"][0]["target"]
    assert f"broker:{named['persistence_location'].rstrip('/')}" in broker["volumes"]


def test_a_container_gets_the_time_that_the_daemon_takes_to_stop():
    assert seconds(MONITOR["stop_grace_period"]) > 2 * STOP_WITHIN


def test_the_image_is_built_from_what_is_there_and_starts_what_is_mounted():
    instructions = docker_file()
    command = json.loads(dict(instructions)["CMD"])
    options = cli._parser().parse_args(command)
    mounts = dict(mount.split(":")[:2] for mount in MONITOR["volumes"])

    for _, copied in [each for each in instructions if each[0] == "COPY"]:
        for source in copied.split()[:-1]:
            assert (ROOT / source).exists()
    assert json.loads(dict(instructions)["ENTRYPOINT"]) == ["hdmonitor"]
    assert options.run is cli_watch._run
    for file in (options.config, options.site):
        assert mounts["../config"] == str(file.parent)
        assert (ROOT / "config" / file.name).exists()
    assert (DEPLOY / MONITOR["build"]["context"] / MONITOR["build"]["dockerfile"]).exists()


def test_the_container_may_write_where_its_user_owns_the_folders():
    (created,) = [text for name, text in docker_file() if name == "RUN" and "useradd" in text]
    (socket_folder,) = [mount for mount in MONITOR["tmpfs"] if mount.startswith("/run/hdmonitor")]

    assert "--uid 10001" in created
    assert "/var/lib/hdmonitor" in created
    assert socket_folder == "/run/hdmonitor:uid=10001,gid=10001,mode=0750"


# --- InfluxDB and Grafana ----------------------------------------------------------


def datasource():
    (found,) = YAML(typ="safe").load(DEPLOY / "grafana/provisioning/datasources/influxdb.yaml")["datasources"]
    return found


INFLUX = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$1" in
    bucket) printf '0b\\thdmonitor\\tinfinite\\n' ;;
    auth) printf '{\\n\\t"id": "0c",\\n\\t"token": "%s",\\n\\t"status": "active"\\n}\\n' "$TOKEN" ;;
esac
"""
CALLS = [
    "v1 dbrp create --bucket-id 0b --db hdmonitor --rp autogen --default",
    "auth create --description Grafana reads hdmonitor --read-bucket 0b --json",
]


@pytest.fixture
def query_access(tmp_path):
    """The script, with a program in the place of `influx` that notes how it was called."""
    (tmp_path / "influx").write_text(INFLUX)
    (tmp_path / "influx").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "CALLS": str(tmp_path / "calls"), "TOKEN": "r3ad-=="}

    def run(**more):
        return subprocess.run(
            [DEPLOY / "influxdb/query-access.sh", tmp_path / "token"],
            env=environment | more, capture_output=True, text=True, check=False, timeout=10,
        )  # fmt: skip

    return run


def test_the_first_start_maps_the_database_and_makes_a_token_that_only_reads(query_access, tmp_path):
    assert query_access(DOCKER_INFLUXDB_INIT_BUCKET_ID="0b").returncode == 0
    assert (tmp_path / "calls").read_text().splitlines() == CALLS
    assert (tmp_path / "token").read_text() == "r3ad-==\n"


def test_by_hand_the_bucket_is_looked_up(query_access, tmp_path):
    assert query_access().returncode == 0
    assert (tmp_path / "calls").read_text().splitlines() == [
        "bucket list --name hdmonitor --hide-headers",
        *CALLS,
    ]


def test_a_token_that_did_not_come_is_an_error(query_access, tmp_path):
    failed = query_access(TOKEN="")

    assert failed.returncode == 1
    assert failed.stderr == f"no token came back from: influx auth create; {tmp_path}/token is empty\n"


def test_grafana_asks_the_mapped_database_with_the_token_that_the_first_start_wrote():
    source = datasource()
    script = (DEPLOY / "influxdb/query-access.sh").read_text()

    assert source["jsonData"]["dbName"] == "hdmonitor"
    assert source["jsonData"]["httpHeaderName1"] == "Authorization"
    assert source["secureJsonData"]["httpHeaderValue1"] == "Token $__file{/tokens/grafana}"
    assert "token_file=${1:-/tokens/grafana}" in script
    assert "tokens:/tokens" in SERVICES["influxdb"]["volumes"]
    assert "tokens:/tokens:ro" in SERVICES["grafana"]["volumes"]
    assert SERVICES["grafana"]["depends_on"] == {"influxdb": {"condition": "service_healthy"}}
    assert source["url"] == MONITOR["environment"]["HDMONITOR_INFLUX__URL"]
    first_start = SERVICES["influxdb"]["environment"]
    assert first_start["DOCKER_INFLUXDB_INIT_BUCKET"] == "hdmonitor"
    assert first_start["DOCKER_INFLUXDB_INIT_ORG"] == MONITOR["environment"]["HDMONITOR_INFLUX__ORG"]


def test_grafana_finds_its_dashboards_and_they_find_their_source():
    (provider,) = YAML(typ="safe").load(DEPLOY / "grafana/provisioning/dashboards/hdmonitor.yaml")[
        "providers"
    ]
    mounts = dict(mount.split(":")[:2] for mount in SERVICES["grafana"]["volumes"])
    text = (DEPLOY / "grafana/dashboards/overview.json").read_text()

    assert provider["options"]["path"] == mounts["./grafana/dashboards"]
    assert mounts["./grafana/provisioning"] == "/etc/grafana/provisioning"
    assert set(re.findall(r'"type": "influxdb",\s+"uid": "([^"]+)"', text)) == {datasource()["uid"]}


def test_the_panels_of_the_dashboard_are_numbered_and_do_not_overlap():
    panels = json.loads((DEPLOY / "grafana/dashboards/overview.json").read_text())["panels"]
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) == 23
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_the_dashboard_shows_pressures_with_the_factor_of_our_units():
    text = (DEPLOY / "grafana/dashboards/overview.json").read_text()

    factors = set(re.findall(r"\) / (\d+\.\d+) AS", text))
    assert factors == {"249.08891"}
    assert express(249.08891, "differential_pressure", "inH2O") == pytest.approx(1, rel=1e-7)


# --- the page about it ---------------------------------------------------------------


def test_the_readme_names_every_file_and_every_secret():
    text = (DEPLOY / "README.md").read_text()

    for file in DEPLOY.rglob("*"):
        inside = file.relative_to(DEPLOY)
        if file.is_file() and inside.parts[0] != "secrets" and inside.name not in ("README.md", ".gitignore"):
            assert f"`{inside}`" in text, inside
    for secret in COMPOSE["secrets"]:
        assert secret.replace(secret.rpartition("__")[2], "$who-phone") in text or secret in text, secret
