"""The C publisher: libmosquitto, which mosquitto_pub is made of, at QoS 1.

mosquitto_pub itself publishes to one topic for each process. Here a thousand topics go through one
connection; sending, receiving and counting confirmations happen in the library's own thread.

    python bench/publisher.py PORT MESSAGES DEVICES [RATE [PROBES]]

Says "ready" when connected and begins at a line on standard input. Prints the moments (of the monotonic
clock) of the first publish and of the last confirmation. With a RATE it keeps to so many messages a second,
and sends PROBES alarms evenly among them, whose moments it prints too.
"""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fleet import PROBE, payloads
from servers import program

AHEAD = 1000  # messages on their way to the broker, unconfirmed


def library() -> ctypes.CDLL:
    """Load the libmosquitto that mosquitto_pub uses."""
    executable, environment = program("mosquitto_pub")
    linked = subprocess.run(["ldd", executable], env=environment, capture_output=True, text=True, check=True)
    found = re.search(r"libmosquitto\.so\S* => (\S+)", linked.stdout)
    if found is None:
        raise SystemExit(f"{executable} is not linked with libmosquitto")
    return ctypes.CDLL(found[1])


class Publisher:
    """One connection of libmosquitto."""

    def __init__(self, port: int) -> None:
        self._c = c = library()
        c.mosquitto_lib_init()
        c.mosquitto_new.restype = ctypes.c_void_p
        self._client = client = ctypes.c_void_p(c.mosquitto_new(None, ctypes.c_bool(True), None))
        c.mosquitto_max_inflight_messages_set(client, ctypes.c_uint(AHEAD))
        callback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
        self._on_publish = callback(self._confirm)  # kept, or C would call what Python has freed
        c.mosquitto_publish_callback_set(client, self._on_publish)
        self.confirmed = 0
        self.all_of = 0
        self.last = 0.0
        self.done = threading.Event()
        for step in (
            c.mosquitto_connect(client, b"127.0.0.1", ctypes.c_int(port), ctypes.c_int(60)),
            c.mosquitto_loop_start(client),
        ):
            if step:
                raise SystemExit(f"libmosquitto answers {step} to connecting to port {port}")

    def _confirm(self, *_: object) -> None:
        self.confirmed += 1
        if self.confirmed == self.all_of:
            self.last = time.monotonic()
            self.done.set()

    def publish(self, topic: bytes, payload: bytes) -> None:
        """Hand one message to the library."""
        if code := self._c.mosquitto_publish(self._client, None, topic, len(payload), payload, 1, False):
            raise SystemExit(f"libmosquitto answers {code} to a publish")

    def wait(self) -> None:
        """Return when all are confirmed."""
        if not self.done.wait(300):
            raise SystemExit(f"only {self.confirmed} of {self.all_of} messages were confirmed in 300 s")


def main(port: int, count: int, devices: int, rate: float = 0.0, probes: int = 0) -> None:
    """Publish and report."""
    messages = payloads(devices, count)
    publisher = Publisher(port)
    publisher.all_of = count + probes
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    asked: list[float] = []
    first = time.monotonic()
    for number, (topic, payload) in enumerate(messages):
        if rate:
            time.sleep(max(0.0, first + number / rate - time.monotonic()))
        publisher.publish(topic, payload)
        if len(asked) < probes and number * probes >= len(asked) * count:
            asked.append(time.monotonic())
            publisher.publish(f"{PROBE}/{len(asked) - 1}".encode(), b"20.0")
    publisher.wait()
    sys.stdout.write(json.dumps({"first": first, "last": publisher.last, "asked": asked}) + "\n")


if __name__ == "__main__":
    given = [float(each) for each in sys.argv[1:]]
    main(int(given[0]), int(given[1]), int(given[2]), *given[3:4], *map(int, given[4:5]))
