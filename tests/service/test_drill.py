"""The fire drill on real parts: broker, daemon and HTTP, with each hop broken in turn."""

import json
import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import paho.mqtt.client as paho
import pytest
from daemons import Daemon
from paho.mqtt.enums import CallbackAPIVersion
from servers import HttpSink, Mosquitto, wait_until

from hdmonitor.adapters.control import ask

pytestmark = pytest.mark.timeout(900)  # several programs are started one after the other

SITE = """
site: { id: test, name: Test, regime: 503A, time_zone: America/New_York, waste_regime: subpart-p }
rooms:
  store: { name: Store, role: unclassified }
equipment:
  vaccine: { name: Vaccine Fridge, kind: refrigerator, room: store }
points:
  vaccine.temperature:
    { at: vaccine, measures: temperature, topic: zigbee2mqtt/vaccine_fridge, family: zigbee2mqtt,
      field: temperature, unit: degC, every: "5m" }
people:
  keeper: { name: Store keeper, role: technician }
destinations:
  phone: { name: Phone of the keeper, person: keeper }
  second: { name: Second phone, person: keeper }
escalation:
  containment:
    { steps: [{ after: "0s", notify: [phone] }, { after: "30m", notify: [second] }], repeat: "30m" }
  storage:
    { steps: [{ after: "0s", notify: [phone] }, { after: "30m", notify: [second] }], repeat: "30m" }
  other:
    { steps: [{ after: "0s", notify: [phone] }, { after: "30m", notify: [second] }], repeat: "30m" }
"""
DAY = timedelta(days=1)
TODAY = datetime.now(UTC)
MAINTENANCE = f"""
maintenance:
  - {{ points: [vaccine.temperature], start: "{TODAY - DAY}", end: "{TODAY + DAY}",
      reason: probe is changed, by: keeper }}
"""
FILES = ("--config=hdmonitor.yaml", "--site=site.yaml")
BY = ("--by", "keeper")


@pytest.fixture
def sink():
    with HttpSink() as server:
        yield server


class Drill:
    """`hdmonitor drill alarm` under way, beside a daemon."""

    def __init__(self, daemon, *more, within="8s"):
        command = ("drill", "alarm", "vaccine.temperature", *BY, "--within", within, *more, *FILES)
        self.daemon = daemon
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hdmonitor.cli", *command],
            cwd=daemon.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self):
        """Return the exit status and what it printed."""
        said, _ = self.process.communicate(timeout=400)
        return self.process.returncode, said


def message(sink):
    """Return title and body of the first message at the phone that asks for its code."""

    def asking():
        bodies = [json.loads(each.body) for each in sink.requests]
        return [each for each in bodies if "--code" in each["message"]]

    wait_until(asking, 120)
    return asking()[0]["title"], asking()[0]["message"]


def code(sink):
    """Return the drill and the number that the message at the phone shows."""
    return re.search(r"drill arrived (D\d+) --code (\d{4})", message(sink)[1]).groups()


def evidence(daemon):
    with sqlite3.connect(daemon.journal) as record:
        rows = record.execute("SELECT detail FROM event WHERE kind = 'alarm-drill' ORDER BY number")
        return [json.loads(detail) for (detail,) in rows if json.loads(detail).get("ended")]


def readings(daemon):
    with sqlite3.connect(daemon.journal) as record:
        return record.execute("SELECT count(*) FROM reading").fetchone()[0]


def test_a_drill_passes_every_hop_and_leaves_nothing_but_its_evidence(tmp_path, mosquitto, sink):
    """The message is marked, the code of the message proves its arrival, no reading and no alarm is left."""
    with Daemon(tmp_path, SITE, mosquitto.port, sink.url) as daemon:
        daemon.start()
        drill = Drill(daemon, within="300s")
        title, body = message(sink)
        id_, number = code(sink)
        wrong = daemon.command("drill", "arrived", id_, "--code", "1", *BY, *FILES)
        arrived = daemon.command("drill", "arrived", id_, "--code", number, *BY, *FILES)
        answered = daemon.command("drill", "ack", id_, *BY, *FILES)
        status, said = drill.end()
        alarms = daemon.command("alarms", "list", "--all", *FILES).stdout
        listed = daemon.command("drill", "list", *FILES).stdout
        (filed,) = evidence(daemon)
        kept = readings(daemon)
        intact = daemon.command("verify", "--config=hdmonitor.yaml").returncode
        daemon.stop()

    sys.stdout.write(f"\n{title} / {body}\n{said}")
    assert title.startswith("DRILL: Vaccine Fridge: 0.2 C")
    assert body.startswith("DRILL, nothing is wrong. Code ")
    assert "this is not the code of any message of the drill" in wrong.stderr
    assert (arrived.returncode, answered.returncode, status) == (0, 0, 0)
    hops = ["broker", "decode", "rule", "outbox", "provider", "arrival", "acknowledgement"]
    assert sorted(filed["hops"], key=lambda hop: (filed["hops"][hop], hops.index(hop))) == hops
    assert (filed["failed"], filed["by"]) == (None, "keeper")
    assert "every hop was passed" in said
    assert "every hop was passed" in listed
    assert alarms.startswith("no open alarm is on record")
    assert (kept, intact) == (0, 0)


def named(said):
    """Return the hop that a report names, and why."""
    found = re.findall(r"^  (\w+) +FAILED: (.*)$", said, re.MULTILINE)
    assert len(found) == 1, said
    assert said.rstrip().endswith(f"FAILED at: {found[0][0]}")
    return found[0]


def test_a_drill_with_each_hop_broken_in_turn_names_exactly_that_hop(tmp_path, sink):
    """Real mosquitto, real daemon, real HTTP; what is broken is what breaks in pharmacies."""
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"\x8f\x00 no JSON")
    found, deaf = {}, tmp_path / "acl"
    deaf.write_text("topic readwrite zigbee2mqtt/#\ntopic readwrite hdmonitor/test/#\n"
                    "topic readwrite hdmonitor/canary/#\ntopic deny hdmonitor/drill/#\n")  # fmt: skip

    with (
        Mosquitto(tmp_path / "deaf", f"persistence false\nacl_file {deaf}\n") as broker,
        Daemon(tmp_path / "1", SITE, broker.port, sink.url) as daemon,
    ):
        daemon.start()
        found["broker (access list)"] = Drill(daemon).end()
        broker.kill()
        found["broker (gone)"] = Drill(daemon, within="30s").end()
        daemon.stop()
    sink.requests.clear()
    with Mosquitto(tmp_path / "broker") as broker:
        with Daemon(tmp_path / "2", SITE, broker.port, sink.url) as daemon:
            daemon.start()
            found["decode"] = Drill(daemon, "--payload", str(garbage)).end()
            found["rule"] = Drill(daemon, "--value", "5 degC").end()
            sink.status = 500
            found["provider"] = Drill(daemon).end()
            sink.status = 200
            found["arrival"] = Drill(daemon).end()
            over = "DRILL OVER"  # the last word about the drills before
            wait_until(lambda: any(over in json.loads(each.body)["title"] for each in sink.requests), 30)
            sink.requests.clear()
            drill = Drill(daemon, within="20s")
            id_, number = code(sink)
            socket = daemon.directory / "control.sock"
            arrived = ask(socket, {"do": "drill-arrived", "drill": id_, "code": number, "by": "keeper"})
            refused = ask(socket, {"do": "drill-ack", "drill": id_, "by": "ghost"})
            found["acknowledgement"] = drill.end()
            daemon.stop()
        with Daemon(tmp_path / "3", SITE + MAINTENANCE, broker.port, sink.url) as daemon:
            daemon.start()
            found["outbox"] = Drill(daemon).end()
            daemon.stop()

    for broken, (status, said) in found.items():
        sys.stdout.write(f"\n--- broken: {broken}\n{said}")
        assert status == 1
    reasons = {broken: named(said) for broken, (_, said) in found.items()}
    assert {broken: hop for broken, (hop, _) in reasons.items()} == {
        broken: broken.partition(" ")[0] for broken in found
    }
    assert "no broker at 127.0.0.1:" in reasons["broker (gone)"][1]
    assert "5.0 C is inside every limit" in reasons["rule"][1]
    assert "probe is changed" in reasons["outbox"][1]
    assert "phone: " in reasons["provider"][1]
    assert (arrived, "nobody called 'ghost'" in refused["refused"]) == ({"done": True}, True)
    assert "nobody called 'ghost'" in reasons["acknowledgement"][1]


def test_a_real_reading_out_of_limits_on_that_point_ends_the_drill(tmp_path, mosquitto, sink):
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    with Daemon(tmp_path, SITE, mosquitto.port, sink.url) as daemon:
        daemon.start()
        drill = Drill(daemon, within="300s")
        message(sink)
        real = json.dumps({"temperature": 9.5})
        client.publish("zigbee2mqtt/vaccine_fridge", real, qos=1).wait_for_publish(10)
        status, said = drill.end()
        wait_until(lambda: any(b"DRILL OVER" in each.body for each in sink.requests), 30)
        (filed,) = evidence(daemon)
        again = daemon.command("drill", "alarm", "vaccine.temperature", *BY, *FILES)
        kept = readings(daemon)
        daemon.stop()
    client.loop_stop()

    assert (status, filed["failed"], filed["interrupted"]) == (1, None, True)
    assert "INTERRUPTED: A REAL value is out of limits: 9.5 C" in said
    assert "is out of its limits or has a real alarm" in again.stderr
    assert kept == 1
