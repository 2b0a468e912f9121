"""The main job on real parts: a sensor's message becomes an alarm that a person answers."""

import json
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from daemons import Daemon, site_text
from paho.mqtt.enums import CallbackAPIVersion
from servers import HttpSink, Mosquitto, wait_until

PAYLOADS = Path(__file__).parents[1] / "payloads" / "zigbee2mqtt.jsonl"


@pytest.fixture
def sink():
    with HttpSink() as server:
        yield server


@pytest.fixture
def client(mosquitto):
    """A connected client that remembers the newest payload of every topic."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.seen = {}
    client.on_message = lambda _c, _u, m: client.seen.__setitem__(m.topic, m.payload)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    wait_until(client.is_connected, 10)
    yield client
    client.disconnect()
    client.loop_stop()


def publish(client, topic, payload):
    client.publish(topic, payload, qos=1).wait_for_publish(10)


def told(sink, path):
    return [json.loads(request.body) for request in sink.requests if request.path == path]


def texts(sink, path):
    return [f"{message['title']} / {message['message']}" for message in told(sink, path)]


def readings(daemon):
    return daemon.command("quarantine", "--config=hdmonitor.yaml").stdout


def real_message(name):
    """Return topic and payload of a sample message."""
    samples = map(json.loads, PAYLOADS.read_text().splitlines())
    sample = next(sample for sample in samples if sample["id"] == name)
    return sample["topic"], sample["payload"]


FRIDGE = """
site: { id: test, name: Test, regime: 503A, time_zone: America/New_York, waste_regime: subpart-p }
rooms:
  store: { name: Store, role: unclassified }
equipment:
  vaccine: { name: Vaccine Fridge, kind: refrigerator, room: store }
  second: { name: Second Fridge, kind: refrigerator, room: store }
points:
  vaccine.temperature:
    { at: vaccine, measures: temperature, topic: zigbee2mqtt/vaccine_fridge, family: zigbee2mqtt,
      field: temperature, unit: degC, every: "5m",
      limits: { warning: none, alarm: { on_delay: "1s" }, critical: { on_delay: "0s" } } }
  second.temperature:
    { at: second, measures: temperature, topic: plain/second, family: plain, field: value, unit: degC,
      every: "5m", limits: { warning: none, alarm: { on_delay: "0s" }, critical: { on_delay: "0s" } } }
people:
  keeper: { name: Store keeper, role: technician }
destinations:
  phone: { name: Phone of the keeper, person: keeper }
  second: { name: Second phone, person: keeper }
escalation:
  containment:
    { steps: [{ after: "0s", notify: [phone] }, { after: "10m", notify: [second] }], repeat: "30m" }
  storage: { steps: [{ after: "0s", notify: [phone] }, { after: "12s", notify: [second] }], repeat: "30m" }
  other:
    { steps: [{ after: "0s", notify: [phone] }, { after: "10m", notify: [second] }], repeat: "30m" }
"""


def test_a_real_message_out_of_range_reaches_a_phone_and_an_answer_stops_the_escalation(
    tmp_path, mosquitto, client, sink
):
    client.subscribe("hdmonitor/#", qos=1)
    with Daemon(tmp_path, FRIDGE, mosquitto.port, sink.url) as daemon:
        daemon.start()
        room = "hdmonitor/test/room/store"
        wait_until(lambda: room in client.seen, 10)
        publish(client, *real_message("zigbee2mqtt-p03"))  # 27.34 °C
        wait_until(lambda: told(sink, "/phone"), 10)
        (first,) = texts(sink, "/phone")
        assert first.startswith("Vaccine Fridge: 27.3 C, limit 8 / ")
        name = first.rpartition(" ")[2]
        assert daemon.command("alarms", "list", "--config=hdmonitor.yaml").stdout.startswith(name)
        wait_until(lambda: json.loads(client.seen[room])["unacknowledged"], 10)
        assert json.loads(client.seen[room])["state"] == "critical"

        answered = daemon.command("alarms", "ack", name, "--by", "keeper", "--config=hdmonitor.yaml")
        assert answered.returncode == 0, answered.stderr
        wait_until(lambda: not json.loads(client.seen[room])["unacknowledged"], 10)

        # Of the two alarms only the one nobody answered is escalated.
        publish(client, "plain/second", b"9.5")
        wait_until(lambda: told(sink, "/second"), 40)
        assert [text.partition(":")[0] for text in texts(sink, "/second")] == ["Second Fridge"]
        assert daemon.command("verify", "--config=hdmonitor.yaml").returncode == 0
        assert daemon.stop() == 0
        wait_until(lambda: client.seen["hdmonitor/test/status"] == b"offline", 10)


def test_a_point_is_held_against_a_reference_and_that_is_recorded(tmp_path, mosquitto, client, sink):
    def commission(reference, by="keeper"):
        files = ("--config=hdmonitor.yaml", "--site=site.yaml")
        instrument = ("--reference", reference, "--by", by, "--certificate", "C-17")
        return daemon.command("commission", "second.temperature", *instrument, *files)

    with Daemon(tmp_path, FRIDGE, mosquitto.port, sink.url) as daemon:
        daemon.start()
        assert "second.temperature has no value now" in commission("4.3 degC").stderr

        publish(client, "plain/second", b"4.2")
        wait_until(lambda: commission("4.3 degC").returncode == 0, 10)
        agreed, refused, wrong = (
            commission("4.3 degC"),
            commission("4.3 degC", "nobody"),
            commission("5 degC"),
        )
        assert daemon.stop() == 0

    assert (
        "Second Fridge: reads 4.2 C, reference 4.3 C: agrees\nrecorded: second.temperature" in agreed.stdout
    )
    assert "nobody called 'nobody' is in the site file; the people are: keeper" in refused.stderr
    assert refused.stdout == ""  # who may not record is not told a verdict either
    assert (wrong.returncode, "write offset: '0.8 degC'" in wrong.stdout) == (1, True)
    with sqlite3.connect(daemon.journal) as record:
        found = record.execute("SELECT detail FROM event WHERE kind = 'commissioned' ORDER BY number DESC")
        newest = json.loads(next(found)[0])
    assert (newest["by"], newest["reading"], newest["reference"], newest["certificate"], newest["found"]) == (
        "keeper", 4.2, 5.0, "C-17", "write offset: '0.8 degC'",
    )  # fmt: skip


BAD = {
    "random bytes": b"\x8f\x00\xff\xfe\x13garbage",
    "a megabyte": b"9" * 1_000_000,
    "invalid UTF-8": b'{"temperature": "\xc3\x28"}',
    "deeply nested": b"[" * 50_000 + b"]" * 50_000,
    "wrong types": b'{"temperature": {"value": true}}',
    "not a number": b'{"temperature": NaN}',
    "a key twice": b'{"temperature": 5, "temperature": 50}',
}


def test_bad_messages_are_quarantined_one_by_one_and_the_daemon_goes_on(tmp_path, mosquitto, client, sink):
    with Daemon(tmp_path, FRIDGE, mosquitto.port, sink.url) as daemon:
        daemon.start()
        for payload in BAD.values():
            publish(client, "zigbee2mqtt/vaccine_fridge", payload)
        for year in ("1970-01-01", "2099-01-01"):
            body = {"temperature": 5.0 if year < "2000" else 5.1, "last_seen": f"{year}T00:00:00Z"}
            publish(client, "zigbee2mqtt/vaccine_fridge", json.dumps(body))
        publish(client, "plain/second", b"9.5")
        wait_until(lambda: told(sink, "/phone"), 20)

        listed = daemon.command("quarantine", "--config=hdmonitor.yaml").stdout
        clock = daemon.command("alarms", "list", "--config=hdmonitor.yaml").stdout

        assert f"{len(BAD)} messages could not be decoded" in listed, listed
        assert "clock" in clock.lower()
        assert daemon.stop() == 0


def test_the_daemon_starts_with_the_broker_down_and_connects_when_it_comes(tmp_path, sink):
    broker = Mosquitto(tmp_path / "broker")
    with Daemon(tmp_path / "daemon", FRIDGE, broker.port, sink.url) as daemon:
        daemon.start(until="127.0.0.1")  # it says that it cannot reach the broker
        assert daemon.process.poll() is None
        with broker:
            wait_until(lambda: daemon.said("onnected to the broker"), 60)
        assert daemon.stop() == 0


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda d: d.journal.write_bytes(b"this is not a database, it is a letter" * 100),
            "is not a journal",
        ),
        (
            lambda d: subprocess.run(
                [
                    sys.executable,
                    "-c",
                    (
                        "import sqlite3, sys; from pathlib import Path;"
                        "from hdmonitor.journal import Journal; Journal.open(Path(sys.argv[1])).close();"
                        "c = sqlite3.connect(sys.argv[1]);"
                        "c.execute('UPDATE meta SET version = 99'); c.commit()"
                    ),
                    str(d.journal),
                ],
                check=True,
            ),
            "newer",
        ),
        (lambda d: (d.directory / "site.yaml").write_text("site:\n\tid: x\n"), "site.yaml:2:1: a tab"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence_and_a_status(tmp_path, sink, spoil, sentence):
    with Daemon(tmp_path, FRIDGE, 1, sink.url) as daemon:
        spoil(daemon)

        ended = daemon.command("run", "--config=hdmonitor.yaml", "--site=site.yaml")

    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_full_disk_ends_the_daemon_with_last_words_and_loses_nothing_confirmed(
    tmp_path, mosquitto, client, sink
):
    with Daemon(tmp_path, site_text(1), mosquitto.port, sink.url) as daemon:
        daemon.start()
        # The kernel refuses to let the journal's files grow, as a full disk does.
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (400_000, 400_000))
        sent = 0
        while daemon.process.poll() is None and sent < 20_000:
            sent += 1
            client.publish("cold/0", f"{3 + sent * 1e-6:.6f}", qos=1)
            if sent % 200 == 0:
                publish(client, "cold/0", f"{4 + sent * 1e-6:.6f}")
        daemon.process.wait(30)

        assert daemon.process.returncode == 1
        assert "Traceback" not in daemon.tail()
        assert any("STOPPED" in text for text in texts(sink, "/phone"))

        daemon.start()
        publish(client, "cold/0", b"9.5")
        wait_until(lambda: any("9.5 C" in text for text in texts(sink, "/phone")), 30)
        assert daemon.command("verify", "--config=hdmonitor.yaml").returncode == 0
        assert daemon.stop() == 0
