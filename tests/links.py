"""The core as the broker's link sees it, and the devices at the other end of the broker."""

import threading
from datetime import UTC, datetime, timedelta
from queue import Queue
from typing import NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from servers import wait_until

from hdmonitor.adapters.mqtt import BrokerConfig, Link
from hdmonitor.inbox import Arrivals, Arrived, CanaryBack, Linked, Told

NOW = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)
STATUS = "hdmonitor/status"


def broker_at(port, client_id="monitor", **more):
    return BrokerConfig("127.0.0.1", port, client_id, **more)


class Core:
    """Takes what the link hands over; a context manager that lives as long as the link."""

    def __init__(self, broker, topics=("cold/#",), *, remembered=(), room=0):
        self.inbox = Queue(room)
        self.items = []
        self.failures = []
        self.now = NOW
        self.link = Link(
            broker,
            topics,
            self.inbox.put,
            lambda: self.now,
            STATUS,
            failed=self.failures.append,
            remembered=remembered,
        )

    def __enter__(self):
        self.link.__enter__()
        return self

    def __exit__(self, *_):
        while not self.inbox.empty():
            self.inbox.get()
        self.link.close(b"offline", within=timedelta(seconds=3))
        wait_until(lambda: not self.link._thread.is_alive(), 10)

    def every(self, kind):
        """Take what is in the inbox; return all items of that kind so far, messages one by one."""
        while not self.inbox.empty():
            item = self.inbox.get()
            self.items.extend(item.messages if isinstance(item, Arrivals) else [item])
        return [item for item in self.items if isinstance(item, kind)]

    def wait(self, kind, count=1, seconds=15):
        """Return all items of a kind when there are at least so many."""
        try:
            wait_until(lambda: len(self.every(kind)) >= count, seconds)
        except TimeoutError as late:
            raise TimeoutError(f"{count} {kind.__name__} wanted: {self.items}, {self.failures}") from late
        return self.every(kind)

    def fill(self, device):
        """Publish numbers until the link waits before a full inbox; return them as payloads."""
        numbers = (b"%d" % number for number in range(1000))
        sent = []
        while not self.inbox.full():
            sent.append(next(numbers))
            device.publish("cold/1", sent[-1])
        for _ in range(20):
            sent.append(next(numbers))
            device.publish("cold/1", sent[-1])
        return sent

    def arrived(self, count):
        return self.wait(Arrived, count)

    def payloads(self):
        return [item.message.payload for item in self.every(Arrived)]

    def trouble(self):
        """Return the one sentence about what is wrong with the broker."""
        wait_until(lambda: any(told.condition.wrong for told in self.every(Told)), 15)
        [text] = [told.condition.text for told in self.every(Told) if told.condition.wrong]
        return text

    def connected(self, times=1):
        """Wait for that many connections, subscribed and proved by a canary; return the last."""
        ups = [item for item in self.wait(Linked, 2 * times - 1) if item.up]
        wait_until(lambda: self._canary_since(ups[-1]), 15)
        return ups[-1]

    def _canary_since(self, up):
        self.every(CanaryBack)
        return any(isinstance(item, CanaryBack) for item in self.items[self.items.index(up) :])

    def round_trip(self):
        """Return when all that was confirmed or published before is at the broker."""
        self.now = NOW.replace(microsecond=self.now.microsecond + 1)
        self.link.send_canary()
        wait_until(lambda: CanaryBack(self.now) in self.every(CanaryBack), 15)


class Heard(NamedTuple):
    topic: str
    payload: bytes
    retained: bool


class Device:
    """Another client of the broker: it publishes, and hears what it subscribes to."""

    def __init__(self, port, *topics, client_id="", user=None, password=None, mqtt5=True):
        self.heard = []
        self._topics = topics
        self._subscribed = threading.Event()
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if mqtt5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        if user:
            self.client.username_pw_set(user, password)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = lambda _, __, message: self.heard.append(
            Heard(message.topic, message.payload, message.retain)
        )
        self.port = port

    def _on_connect(self, client, _, __, reason, ___):
        assert not reason.is_failure, reason
        if self._topics:
            client.subscribe([(topic, 1) for topic in self._topics])
        else:
            self._subscribed.set()

    def __enter__(self):
        self.client.connect("127.0.0.1", self.port)
        self.client.loop_start()
        assert self._subscribed.wait(15)
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, topic, payload, *, retain=False, qos=1):
        """Return when the broker has confirmed it."""
        info = self.client.publish(topic, payload, qos=qos, retain=retain)
        info.wait_for_publish(15)
        assert info.is_published()

    def hears(self, *expected, seconds=15):
        """Wait until exactly this was heard, in this order."""
        wait_until(lambda: len(self.heard) >= len(expected), seconds)
        assert self.heard == list(expected)
