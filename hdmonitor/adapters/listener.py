"""Listens to everything a broker says, for a while."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from queue import Empty, Full, Queue
from time import monotonic

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from hdmonitor.model import Message
from hdmonitor.refusal import Refusal

ANSWER_WITHIN = 10.0  # seconds
MOST_WAITING = 10_000  # messages; what comes faster than it is read is left out, and counted


class NotHeard(Refusal):
    """The broker cannot be reached or does not let us in, as a sentence."""


class Listener:
    """A client that has subscribed to every topic; values that the broker kept come first."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.left_out = 0
        self._now = now
        self._waiting: Queue[Message] = Queue(MOST_WAITING)
        self._answer: Queue[str] = Queue()
        # 3.1.1 is spoken by every broker, the embedded one included.
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message

    @contextmanager
    def connected(
        self, host: str, port: int, user: str | None, password: str | None, tls: ssl.SSLContext | None
    ) -> Iterator[None]:
        """Listen; raise NotHeard where that is not possible."""
        where = f"{host}:{port}"
        self._client.username_pw_set(user, password)
        if tls is not None:
            self._client.tls_set_context(tls)
        try:
            self._client.connect(host, port)
            self._client.loop_start()
            refusal = self._answer.get(timeout=ANSWER_WITHIN)
        except OSError as error:
            raise NotHeard(f"no broker at {where}: {error}; start it or name another") from error
        except Empty:
            refusal = f"no answer within {ANSWER_WITHIN:g} s"
        try:
            if refusal:
                raise NotHeard(f"the broker at {where} does not let us in: {refusal}")
            yield
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def messages(self, seconds: float) -> Iterator[Message]:
        """Yield what arrives within `seconds`, in order."""
        ends = monotonic() + seconds
        while (left := ends - monotonic()) > 0:
            try:
                yield self._waiting.get(timeout=left)
            except Empty:
                return

    def _on_connect(
        self, client: paho.Client, _u: object, _f: object, reason: ReasonCode, _p: object
    ) -> None:
        if not reason.is_failure:
            client.subscribe("#")
        self._answer.put(str(reason) if reason.is_failure else "")

    def _on_message(self, _c: object, _u: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
            self._waiting.put_nowait(Message(topic, bytes(message.payload), self._now(), message.retain))
        except (Full, UnicodeDecodeError):
            self.left_out += 1
