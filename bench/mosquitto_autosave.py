"""What mosquitto's autosave interval costs and what it saves, measured side by side.

For each interval: messages a second from publish to confirmation with a
subscriber that keeps up, and with 1,000 and 10,000 messages queued for one
that is away; and how many confirmed messages are gone after the broker was
killed while the subscriber was away. Loopback only; about three minutes.

    .venv/bin/python bench/mosquitto_autosave.py
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from servers import Mosquitto, wait_until

INTERVALS = (1, 20, 100, 1000)
MESSAGES = 1_000
UNCONFIRMED = 100
QUEUES = (0, 1_000, 10_000)
CONFIGURATION = """
persistence true
persistence_location {{directory}}/
autosave_on_changes true
autosave_interval {interval}
max_inflight_messages 1000
max_queued_messages 100000
"""


def client(name: str, port: int, *, clean: bool) -> paho.Client:
    """Return a connected client."""
    made = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean)
    made.connect("127.0.0.1", port)
    made.loop_start()
    wait_until(made.is_connected, 10)
    return made


def leave(one: paho.Client) -> None:
    """Disconnect and end the client's thread."""
    one.disconnect()
    one.loop_stop()


def publish(sender: paho.Client, count: int) -> float:
    """Publish `count` messages, at most `UNCONFIRMED` at once; return messages a second."""
    window = threading.Semaphore(UNCONFIRMED)
    sender.on_publish = lambda *_: window.release()
    began = time.perf_counter()
    for number in range(count):
        window.acquire()
        sender.publish("bench", str(number), qos=1)
    for _ in range(UNCONFIRMED):
        window.acquire()
    return count / (time.perf_counter() - began)


def subscriber(port: int, received: list[bytes]) -> paho.Client:
    """Return the client with the lasting session, subscribed."""
    made = client("monitor", port, clean=False)
    made.on_message = lambda _c, _u, message: received.append(message.payload)
    made.subscribe("bench", qos=1)
    return made


def rates(interval: int) -> list[float]:
    """Return messages a second for each queue length; 0 has a subscriber that keeps up."""
    found = []
    for queued in QUEUES:
        with (
            tempfile.TemporaryDirectory() as folder,
            Mosquitto(Path(folder), CONFIGURATION.format(interval=interval)) as broker,
        ):
            received: list[bytes] = []
            monitor = subscriber(broker.port, received)
            sender = client("sensors", broker.port, clean=True)
            if queued:
                leave(monitor)
                publish(sender, queued)
            found.append(publish(sender, MESSAGES))
            leave(sender)
            if not queued:
                leave(monitor)
    return found


def lost(interval: int) -> int:
    """Return how many confirmed messages a killed broker forgets while the subscriber is away."""
    with tempfile.TemporaryDirectory() as folder:
        broker = Mosquitto(Path(folder), CONFIGURATION.format(interval=interval))
        broker.start()
        leave(subscriber(broker.port, []))
        sender = client("sensors", broker.port, clean=True)
        publish(sender, MESSAGES + 7)
        broker.kill()
        sender.loop_stop()
        broker.start()
        received: list[bytes] = []
        monitor = subscriber(broker.port, received)
        last = -1
        while len(received) != last:  # until five seconds pass without another one
            last = len(received)
            time.sleep(5)
        leave(monitor)
        broker.stop()
    return MESSAGES + 7 - len(set(received))


def main() -> None:
    """Print the table."""
    head = "".join(f"{f'{queued} queued':>14}" for queued in QUEUES)
    sys.stdout.write(f"messages a second, mosquitto, loopback\n{'interval':>10}{head}{'lost':>8}\n")
    for interval in INTERVALS:
        row = "".join(f"{rate:14.0f}" for rate in rates(interval))
        sys.stdout.write(f"{interval:10}{row}{lost(interval):8}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
