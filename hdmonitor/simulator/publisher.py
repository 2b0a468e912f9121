"""Publishes the simulated pharmacy to any MQTT broker, as its sensors would."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from queue import Empty, Queue
from time import monotonic, sleep
from typing import Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from hdmonitor.clock import Clock
from hdmonitor.model import Site
from hdmonitor.refusal import Refusal
from hdmonitor.simulator.acts import working_days
from hdmonitor.simulator.pharmacy import Pharmacy
from hdmonitor.simulator.telemetry import Sensors

ANSWER_WITHIN = 10.0  # s, for the broker's welcome and for the last confirmations
TURN = 0.2  # s between looks at what is due
# What sensors say while the broker is away is kept up to here, then lost, as theirs would be.
QUEUE = 10_000


class NotPublished(Refusal):
    """The broker cannot be reached or does not let us in, as a sentence."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to publish."""

    host: str
    port: int = 1883
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Published:
    """What a simulation did."""

    confirmed: int  # messages the broker took
    unconfirmed: int
    left_out: tuple[str, ...]  # points of the site that the simulated pharmacy does not have


def simulate(
    site: Site,
    broker: Broker,
    stop: threading.Event,
    clock: Clock,
    *,
    length: timedelta | None = None,
    seed: int = 1,
) -> Published:
    """Publish an ordinary day of the pharmacy from now on, until `stop` is set or `length` is over.

    `length` is real time; the devices' own times are those of `clock`. Raises
    NotSimulated for a site that cannot be imitated and NotPublished when the
    broker does not let us in at the start; a broker that goes away later is
    waited for.
    """
    start = clock.now()
    sensors = Sensors(site, Pharmacy(seed, start), working_days(seed, site.zone, start))
    ends = inf if length is None else monotonic() + length.total_seconds()
    with Publisher(broker) as publisher:
        while monotonic() < ends and not stop.wait(TURN):
            for topic, payload in sensors.messages(clock.now()):
                publisher.publish(topic, payload)
        publisher.drain()
    return Published(publisher.confirmed, publisher.given - publisher.confirmed, sensors.left_out)


class Publisher:
    """A connection that publishes at QoS 1 and comes back by itself once it stood."""

    def __init__(self, broker: Broker) -> None:
        self.given = 0
        self.confirmed = 0
        self._broker = broker
        self._answer: Queue[str] = Queue()
        # 3.1.1 is spoken by every broker, the embedded one included.
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
        self._client.max_queued_messages_set(QUEUE)
        self._client.username_pw_set(broker.user, broker.password)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    def __enter__(self) -> Self:
        """Connect; raise NotPublished where that fails."""
        where = f"{self._broker.host}:{self._broker.port}"
        try:
            self._client.connect(self._broker.host, self._broker.port)
            self._client.loop_start()
            refusal = self._answer.get(timeout=ANSWER_WITHIN)
        except OSError as error:
            raise NotPublished(f"no broker at {where}: {error}; start one or name another") from error
        except Empty:
            refusal = f"no answer within {ANSWER_WITHIN:g} s"
        if refusal:
            self.__exit__()
            raise NotPublished(f"the broker at {where} does not let the simulator in: {refusal}")
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect in order."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes) -> None:
        """Hand a message over; it is counted as confirmed when the broker took it."""
        self.given += 1
        self._client.publish(topic, payload, qos=1)

    def drain(self) -> None:
        """Wait until the broker took everything, as long as it answers."""
        last = monotonic() + ANSWER_WITHIN
        while self.confirmed < self.given and self._client.is_connected() and monotonic() < last:
            sleep(0.01)

    def _on_connect(self, _c: object, _u: object, _f: object, reason: ReasonCode, _p: object) -> None:
        self._answer.put(str(reason) if reason.is_failure else "")

    def _on_publish(self, *_: object) -> None:
        self.confirmed += 1
