"""InfluxDB's place is away under load and comes back: the copy is whole, and no alarm waited for it."""

import re
import sqlite3
import sys
import threading
import time

import paho.mqtt.client as paho
import pytest
from daemons import ONE_BY_ONE, Daemon, site_text
from paho.mqtt.enums import CallbackAPIVersion
from servers import HttpSink, VictoriaMetrics, wait_until

# Messages a second, each from another sensor: the database keeps milliseconds, and however
# long the machine stalls, there are hundreds of messages between two of one sensor.
RATE = 200
SECONDS = 8  # of load in each of the three parts
MOST_DELAY = 2.0  # seconds from publishing to the phone; a dead database must not show in it


@pytest.mark.timeout(300)
def test_an_outage_of_influxdb_delays_no_alarm_and_loses_no_reading(tmp_path, mosquitto, capsys):
    database = VictoriaMetrics(tmp_path / "victoria-metrics")
    influx = (
        f'influx: {{ url: "http://127.0.0.1:{database.port}", bucket: hdmonitor, org: test, token: test }}\n'
    )
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    pulses: dict[str, tuple[str, float]] = {}

    def load(part):
        for second in range(SECONDS):
            for n in range(RATE):
                client.publish(f"cold/{1 + n}", f"{3 + (part * 100 + second) * 0.01 + n * 1e-5:.5f}", qos=1)
                time.sleep(1 / RATE)
                if n == RATE // 2:
                    value = f"{9 + len(pulses) * 0.1:.1f}"
                    pulses[value] = (part, time.monotonic())
                    client.publish("cold/0", value, qos=1)
            client.publish("cold/0", "5.0", qos=1).wait_for_publish(10)

    with (
        database,
        HttpSink() as sink,
        Daemon(tmp_path / "daemon", site_text(1 + RATE), mosquitto.port, sink.url, more=influx) as daemon,
    ):
        daemon.program = ONE_BY_ONE
        daemon.start()
        load(0)
        database.stop()
        load(1)
        database.start()
        load(2)
        wait_until(lambda: _stored(daemon.journal) == 3 * SECONDS * (RATE + 2), 60)
        wait_until(lambda: database.count("reading_value") == _stored(daemon.journal), 60)
        counts = _stored(daemon.journal), database.count("reading_value")
        wait_until(lambda: len(_arrivals(sink)) == len(pulses), 60)
        assert daemon.stop() == 0
    client.loop_stop()

    arrivals = _arrivals(sink)
    delays = {part: [arrivals[v] - at for v, (p, at) in pulses.items() if p == part] for part in range(3)}
    with capsys.disabled():
        sys.stdout.write(f"\nreadings in the journal {counts[0]}, in the database {counts[1]}\n")
        for part, name in enumerate(("database there", "database away", "database back")):
            slow = sorted(delays[part])
            median = slow[len(slow) // 2]
            sys.stdout.write(f"alarm delay, {name}: median {median:.3f} s, worst {slow[-1]:.3f} s\n")
    assert counts[0] == counts[1]
    assert max(delays[1] + delays[2]) < MOST_DELAY
    assert threading.active_count() < 20


def _stored(journal):
    with sqlite3.connect(journal) as record:
        return record.execute("SELECT count(*) FROM reading").fetchone()[0]


def _arrivals(sink):
    """Return when each out-of-range value first reached the phone."""
    found = {}
    for request in sink.requests:
        if value := re.search(rb"Room 0: ([0-9.]+) C, limit 8", request.body):
            found.setdefault(value[1].decode(), request.arrived)
    return found
