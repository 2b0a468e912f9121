"""Publishes one message and waits until the broker has taken it."""

from __future__ import annotations

import ssl
from queue import Empty, Queue

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

ANSWER_WITHIN = 10.0  # seconds


class NotTaken(Exception):
    """The broker cannot be reached, or does not take the message: a sentence."""


def publish(
    host: str,
    port: int,
    user: str | None,
    password: str | None,
    tls: ssl.SSLContext | None,
    *,
    topic: str,
    payload: bytes,
) -> None:
    """Publish at QoS 1, not retained; raise NotTaken where the broker does not confirm it."""
    where, answer = f"{host}:{port}", Queue[str]()

    def on_connect(_c: object, _u: object, _f: object, reason: ReasonCode, _p: object) -> None:
        answer.put(str(reason) if reason.is_failure else "")

    # 3.1.1 is spoken by every broker, the embedded one included.
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
    client.username_pw_set(user, password)
    client.on_connect = on_connect
    if tls is not None:
        client.tls_set_context(tls)
    try:
        client.connect(host, port)
        client.loop_start()
        if refusal := answer.get(timeout=ANSWER_WITHIN):
            raise NotTaken(f"the broker at {where} does not let us in: {refusal}")
        sent = client.publish(topic, payload, qos=1)
        sent.wait_for_publish(ANSWER_WITHIN)
        if not sent.is_published():
            raise NotTaken(f"the broker at {where} did not confirm the message")
    except OSError as error:
        raise NotTaken(f"no broker at {where}: {error}") from error
    except Empty as error:
        raise NotTaken(f"the broker at {where} gives no answer") from error
    finally:
        client.disconnect()
        client.loop_stop()
