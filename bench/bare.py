"""What the monitor is held against: a paho subscriber that does nothing but confirm.

    python bench/bare.py PORT MESSAGES [URL]

Says "ready" once subscribed; prints the moment (of the monotonic clock) at which it had confirmed so many.
With the URL of an Apprise service it sends a message there, in the callback and at once, for each message
on an alarm topic.
"""

from __future__ import annotations

import json
import sys
import time

from apprise import Apprise
from fleet import PROBE
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


def main(port: int, count: int, url: str = "") -> None:
    """Confirm `count` messages, then end."""
    client = paho.Client(
        CallbackAPIVersion.VERSION2, client_id="bench", protocol=paho.MQTTv5, manual_ack=True
    )
    left = count
    phone = Apprise()
    if url:
        phone.add(url)

    def on_message(client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        nonlocal left
        if url and message.topic.startswith(PROBE):
            phone.notify(title=f"Alarm <{message.topic.partition('/')[2]}>", body=message.payload.decode())
        client.ack(message.mid, message.qos)
        left -= 1
        if not left:
            sys.stdout.write(json.dumps({"last": time.monotonic()}) + "\n")
            client.disconnect()

    def on_subscribe(*_: object) -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    client.on_message, client.on_subscribe = on_message, on_subscribe
    client.on_connect = lambda *_: client.subscribe([("bench/#", 1), (f"{PROBE}/#", 1)])
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    properties.ReceiveMaximum = 1000  # as the monitor's
    client.connect("127.0.0.1", port, 60, clean_start=False, properties=properties)
    client.loop_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
