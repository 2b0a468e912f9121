"""A Sparkplug B edge node at a real broker: birth, data, a lost message, rebirth, death, return."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from daemons import Daemon
from edge_node import EdgeNode
from paho.mqtt.enums import CallbackAPIVersion
from servers import HttpSink, wait_until

from hdmonitor.sensors.sparkplug import NAMESPACE
from hdmonitor.sensors.sparkplug_payload import read_payload

SITE = (Path(__file__).parents[1] / "sites" / "edge_node.yaml").read_text(encoding="utf-8")
COMMANDS = f"{NAMESPACE}/Pharmacy/NCMD/GW-01"
FRIDGE, PRESSURE = "Fridge/Temperature", "Room/DifferentialPressure"
LATE = 1


class Node:
    """An edge node with a connection: it is born anew when it is asked to."""

    def __init__(self, port):
        self.port, self.edge = port, EdgeNode("Pharmacy", "GW-01", lambda: datetime.now(UTC))
        self.commands, self.value = [], 5.0

    def connect(self):
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        topic, will = self.edge.death()
        self.client.will_set(topic, will, qos=1)
        self.client.on_message = lambda _c, _u, message: self.commands.append(read_payload(message.payload))
        self.client.connect("127.0.0.1", self.port)
        self.client.loop_start()
        wait_until(self.client.is_connected, 10)
        self.client.subscribe(COMMANDS, 1)
        self.be_born()

    def be_born(self):
        self.publish(self.edge.birth())
        self.publish(self.edge.device_birth("CR-101", {FRIDGE: (self.value, "°C"), PRESSURE: (-5.0, "Pa")}))

    def publish(self, message):
        topic, payload = message
        self.client.publish(topic, payload, qos=1).wait_for_publish(10)

    def send(self, value):
        self.value = value
        self.publish(self.edge.data("CR-101", {FRIDGE: value}))

    def die(self):
        """Lose the connection without a goodbye, so that the broker publishes the will."""
        self.client.socket().close()
        self.client.loop_stop()
        self.edge.connect()


@pytest.fixture
def node(mosquitto):
    node = Node(mosquitto.port)
    yield node
    node.client.disconnect()
    node.client.loop_stop()


def rows(daemon, statement):
    with closing(sqlite3.connect(f"file:{daemon.journal}?mode=ro", uri=True)) as journal:
        return journal.execute(statement).fetchall()


def fridge(daemon):
    return rows(
        daemon,
        "SELECT reading.value, reading.quality FROM reading JOIN point ON key = point "
        "WHERE id = 'fridge' ORDER BY seq",
    )


def gateway(daemon):
    return [
        json.loads(text)["there"]
        for (text,) in rows(daemon, "SELECT detail FROM event WHERE kind = 'gateway' ORDER BY number")
    ]


def test_a_session_with_an_edge_node_from_birth_to_death_and_return(tmp_path, mosquitto, node):
    with HttpSink() as sink, Daemon(tmp_path / "daemon", SITE, mosquitto.port, sink.url) as daemon:
        daemon.start()
        node.connect()
        node.send(5.1)
        wait_until(lambda: fridge(daemon) == [(5.0, 0), (5.1, 0)], 20)

        # A message is lost: what comes by alias is not read, and the daemon asks for a rebirth.
        node.edge.data("CR-101", {FRIDGE: 5.2})
        node.send(5.3)
        wait_until(lambda: node.commands, 20)
        (command,) = [each.name for each in node.commands[0].metrics]
        assert command == "Node Control/Rebirth"
        assert fridge(daemon) == [(5.0, 0), (5.1, 0)]
        node.be_born()
        wait_until(lambda: fridge(daemon)[2:] == [(5.3, 0)], 20)

        # The daemon is killed and goes on in the middle of the session.
        daemon.kill()
        daemon.start()
        node.send(5.4)
        wait_until(lambda: fridge(daemon)[3:] == [(5.4, 0)], 20)
        assert len(node.commands) == 1

        # What was stored while the node had no network comes late, and is marked so.
        earlier = datetime.now(UTC) - timedelta(minutes=5)
        node.publish(node.edge.values("CR-101", [(FRIDGE, 4.9, earlier, True)]))
        wait_until(lambda: fridge(daemon)[4:] == [(4.9, LATE)], 20)

        node.die()
        wait_until(lambda: gateway(daemon) == [False], 20)
        node.connect()
        wait_until(lambda: gateway(daemon) == [False, True], 20)
        wait_until(lambda: len(fridge(daemon)) == 6, 20)
        assert daemon.stop() == 0
