"""One lasting MQTT session: what arrives goes to the core, what the core committed is confirmed.

A thread of ours drives paho the way its documentation describes for a foreign
event loop. Each connection has a paho client of its own: an acknowledgement
that comes too late goes to a dead socket, never to the message that bears the
same id on the next connection.
"""

from __future__ import annotations

import logging
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from hdmonitor.events import Condition
from hdmonitor.inbox import Arrivals, Arrived, CanaryBack, Item, Linked, Told
from hdmonitor.model import Message
from hdmonitor.packets import PUBACK, Publication, confirmations, publications
from hdmonitor.refusal import Refusal

ONLINE = b"online"
OFFLINE = b"offline"
# Messages the broker may have handed us unconfirmed. What does not fit waits in the broker's
# queue, and only what waits there can be lost when the broker crashes; the inbox holds more.
WINDOW = 1000
SESSION_KEPT = timedelta(days=7)
# A broker that crashes repeats whatever queue its last save held, some of it as new messages. So
# each second in which something was confirmed we make as many changes (retained messages count)
# as deploy/mosquitto lets pass between saves; it reads our confirmations before them.
MARK_EVERY = 1.0  # seconds
CHANGES_TO_SAVE = 20
ANSWER_WITHIN = 10.0  # seconds from CONNECT to CONNACK
FIRST_WAIT = 0.1  # seconds before the first new attempt, then doubling
LONGEST_WAIT = 10.0
SETTLED = 5.0  # seconds
GUESSED_AFTER = 3  # connections in a row that did not live so long
SETTLED_AFTER_TAKE_OVER = 60.0
READS_PER_TURN = 100
READ_AHEAD = 65_536  # bytes
MICROSECOND = timedelta(microseconds=1)

V5 = MQTTProtocolVersion.MQTTv5
V311 = MQTTProtocolVersion.MQTTv311
_UNSUPPORTED_VERSION = 132
_TAKEN_OVER = 142
_ENDED_BY_US = {  # by paho's name of the reason
    "Keep alive timeout": "it answers no ping",
    "Protocol error": "what it sends is not MQTT",
}
_RETAINED_IF_NEW = 1  # retain handling: old values only with a subscription the broker did not have


class Unusable(Refusal):
    """The connection cannot even be tried: a certificate or key that cannot be read."""


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """Where the broker is and who we are to it."""

    host: str
    port: int
    client_id: str  # one per instance: two with the same take the session from each other
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca: Path | None = None  # None: the system's certificates
    certificate: Path | None = None
    key: Path | None = None
    keep_alive: timedelta = timedelta(seconds=30)
    mqtt5: bool = True  # False: a broker known to speak 3.1.1 only

    @property
    def address(self) -> str:
        """Host and port as people write them."""
        return f"{self.host}:{self.port}"


class Link:
    """The monitor's side of the broker, for as long as the process lives.

    `put` gets `Arrivals`, `Linked`, `CanaryBack` and `Told` from the link's own
    thread; while it blocks, nothing is read and the broker keeps the messages.
    `failed` gets whatever ended that thread, which nothing else would notice.
    `remembered` are the topics subscribed last time: those no longer wanted
    are unsubscribed, because the session at the broker outlives us.
    """

    def __init__(
        self,
        broker: BrokerConfig,
        topics: Sequence[str],
        put: Callable[[Item], None],
        now: Callable[[], datetime],
        status_topic: str,
        *,
        failed: Callable[[BaseException], None],
        remembered: Collection[str] = (),
    ) -> None:
        self._broker = broker
        self._topics = sorted(set(topics))
        self._dropped = sorted(set(remembered) - set(topics))
        self._login = f"user {broker.user!r}" if broker.user else "broker.user, which is not set"
        self._who = f"user {broker.user!r}" if broker.user else "clients without a user, or set broker.user"
        self._put = put
        self._now = now
        self._failed = failed
        self._status_topic = status_topic
        self._canary_topic = "/".join([*status_topic.split("/")[:-1], "canary"])
        self._mark_topic = "/".join([*status_topic.split("/")[:-1], "mark"])
        self._confirmed = self._marked = 0  # messages, and how many of them before the last mark
        self._mark_at = 0.0
        self._tls = _tls_context(broker) if broker.tls else None
        self._protocol = V5 if broker.mqtt5 else V311
        self._lock = threading.Lock()  # over _connection and _retained
        self._connection: _Connection | None = None
        self._retained: dict[str, bytes] = {status_topic: ONLINE}
        self._connections = 0
        self._wait = FIRST_WAIT / 2
        self._short_lived = 0
        self._trouble = ""
        self._all_clear_at: float | None = None
        self._closing = threading.Event()
        self._last_words = OFFLINE
        self._thread = threading.Thread(target=self._live, name="mqtt", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close(OFFLINE)

    # --- for any thread; none of these blocks ----------------------------------

    def acknowledge(self, *arrived: Arrived) -> None:
        """Confirm messages whose readings are committed; nothing for those whose connection is gone."""
        connection = self._connection
        if connection is None:
            return
        mids = [each.mid for each in arrived if each.mid and connection.number == each.connection]
        if mids:
            self._confirmed += len(mids)
            connection.client.confirm(mids)
            connection.wake()

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Publish at QoS 1.

        Without a connection the message is dropped, except that the latest
        retained payload of every topic is published at each connect.
        """
        with self._lock:
            if retain:
                self._retained[topic] = payload
            if self._connection and self._connection.number:
                self._connection.publish(topic, payload, retain=retain)

    def send_canary(self) -> None:
        """Send the time to ourselves, through the broker and its queue; it comes back as `CanaryBack`.

        Retained, so that it counts as a change that mosquitto has to save.
        """
        with self._lock:
            if self._connection and self._connection.number:
                self._connection.publish(self._canary_topic, self._now().isoformat().encode(), retain=True)

    def rebuild(self) -> None:
        """Throw the connection away and make a new one, with a new paho client, on the same session."""
        if connection := self._connection:
            connection.hang_up()

    def close(self, last_words: bytes, within: timedelta = timedelta(seconds=5)) -> None:
        """Leave the last words on the status topic, disconnect in order and end the thread.

        What arrives from now on stays unconfirmed with the broker. After
        `within` the connection is cut, and the broker publishes "offline".
        """
        self._last_words = last_words
        self._closing.set()
        if connection := self._connection:
            connection.wake()
        if self._thread.is_alive():
            self._thread.join(within.total_seconds())
        if connection and self._thread.is_alive():
            connection.hang_up()

    # --- the link's own thread -------------------------------------------------

    def _live(self) -> None:
        try:
            while not self._closing.is_set():
                self._connect_once()
        except BaseException as error:  # noqa: BLE001  the top of a thread: whoever is told ends the program
            self._failed(error)

    def _connect_once(self) -> None:
        connection = _Connection(self._broker, self._protocol, self._tls, (self._status_topic, OFFLINE))
        connection.client.on_connect = self._on_connect
        connection.client.on_subscribe = self._on_subscribe
        connection.client.on_message = self._on_message
        connection.client.on_publications = self._hear
        self._connection = connection
        try:
            connection.open()
            while connection.turn():
                self._attend(connection)
        except OSError as error:
            connection.ended = _reason(error)
        finally:
            with self._lock:
                self._connection = None
            connection.drop()
        if not self._closing.is_set():
            self._ended(connection)
            self._closing.wait(self._wait)

    def _mark(self, connection: _Connection) -> None:
        """Make the broker save what we have confirmed."""
        if connection.number and self._confirmed != self._marked and time.monotonic() >= self._mark_at:
            self._marked, self._mark_at = self._confirmed, time.monotonic() + MARK_EVERY
            for change in range(CHANGES_TO_SAVE):
                connection.client.publish(self._mark_topic, f"{self._marked}.{change}", retain=True)

    def _attend(self, connection: _Connection) -> None:
        self._mark(connection)
        if self._closing.is_set():
            connection.say_goodbye(self._status_topic, self._last_words)
        elif self._all_clear_at is not None and time.monotonic() >= self._all_clear_at:
            self._all_clear_at, self._trouble = None, ""
            text = (
                f"Connected to the broker at {self._broker.address}, {len(self._topics)} topics subscribed."
            )
            self._put(Told(Condition("broker", wrong=False, text=text)))

    def _ended(self, connection: _Connection) -> None:
        """Say what happened, once, and decide how long to wait."""
        self._all_clear_at = None
        at = f"the broker at {self._broker.address}"
        lived = time.monotonic() - connection.accepted_at if connection.number else 0.0
        # MQTT 3.1.1 cannot say that a session was taken over, and mosquitto 2.0.11 does not: it is guessed.
        self._short_lived = self._short_lived + 1 if 0 < lived < SETTLED and not connection.code else 0
        rival = connection.code == _TAKEN_OVER or self._short_lived >= GUESSED_AFTER
        slower = not connection.number or (rival and lived < SETTLED_AFTER_TAKE_OVER)
        self._wait = min(self._wait * 2, LONGEST_WAIT) if slower else FIRST_WAIT
        if connection.number:
            text = f"Lost {at}: {connection.ended}."
            self._put(Linked(False, connection.number, connection.session_present, text))
            if rival:
                guess = "" if connection.code == _TAKEN_OVER else "it crashes, or "
                self._tell(
                    f"{at} ends our connections right after they are made ({connection.ended}): {guess}"
                    f"another client uses our client id {self._broker.client_id!r}. "
                    "Give each instance its own."
                )
        elif connection.code == _UNSUPPORTED_VERSION and self._protocol is V5:
            self._protocol, self._wait = V311, 0.0
        elif connection.code:
            self._tell(
                f"{at} refuses us ({connection.ended}): check {self._login}, its password "
                f"and what it may do; trying again every {LONGEST_WAIT:.0f} s."
            )
        else:
            if connection.unanswered:  # a broker of 3.1.1 may wait for ever for the rest of a CONNECT of 5
                self._protocol = V311 if self._protocol is V5 else V5
            self._tell(
                f"{at} cannot be reached: {connection.ended}; trying again every {LONGEST_WAIT:.0f} s."
            )

    def _tell(self, text: str) -> None:
        if text != self._trouble:
            self._trouble = text
            self._put(Told(Condition("broker", wrong=True, text=text[0].upper() + text[1:])))

    # --- paho's callbacks, on the link's own thread; an exception ends it, and `failed` is told --------

    def _on_connect(
        self, client: paho.Client, _: object, flags: paho.ConnectFlags, reason: ReasonCode, __: object
    ) -> None:
        connection = self._connection
        assert connection is not None  # noqa: S101  set before the client is opened, on this very thread
        if reason.is_failure:
            connection.code, connection.ended = reason.value, str(reason)
            return
        self._connections += 1
        connection.session_present = flags.session_present
        connection.accepted_at = time.monotonic()
        session = "it kept our session" if flags.session_present else "it had no session of ours"
        version = "MQTT 5" if self._protocol is V5 else "MQTT 3.1.1"
        text = f"Connected to the broker at {self._broker.address} with {version}; {session}."
        self._put(Linked(True, self._connections, flags.session_present, text))
        if self._dropped:
            client.unsubscribe(self._dropped)
        client.subscribe(_subscriptions(self._wanted, self._protocol))
        with self._lock:
            connection.number = self._connections  # from here on others publish
            for topic, payload in self._retained.items():
                connection.publish(topic, payload, retain=True)

    @property
    def _wanted(self) -> list[str]:
        return [*self._topics, self._canary_topic]

    def _on_subscribe(
        self, _: paho.Client, __: object, ___: int, reasons: list[ReasonCode], ____: object
    ) -> None:
        wanted = self._wanted
        refused = [
            f"{topic!r} ({reason})"
            for topic, reason in zip(wanted, reasons, strict=False)
            if reason.is_failure
        ]
        if len(reasons) != len(wanted):
            self._tell(
                f"the broker at {self._broker.address} answers {len(reasons)} of our {len(wanted)} "
                "subscriptions: it, or what stands between us, is broken. Restart or replace it."
            )
        elif refused:
            self._tell(
                f"the broker at {self._broker.address} refuses {len(refused)} of our subscriptions: "
                f"{', '.join(refused[:5])}. Allow them to {self._who}."
            )
        else:
            doubtful = "client id" in self._trouble
            self._all_clear_at = time.monotonic() + (SETTLED_AFTER_TAKE_OVER if doubtful else 0.0)
        self.send_canary()

    def _on_message(self, _: paho.Client, __: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError as error:
            topic = error.object.decode("utf-8", "backslashreplace")
        mid = message.mid if message.qos else 0
        self._hear([Publication(topic, bytes(message.payload), mid, message.retain, message.dup)])

    def _hear(self, publications: Sequence[Publication]) -> None:
        connection = self._connection
        if self._closing.is_set() or connection is None:
            return
        number, now = connection.number, self._now()
        heard = []
        for topic, payload, mid, retained, duplicate in publications:
            if topic == self._canary_topic:
                self._on_canary(payload, retained=retained)
                if mid:
                    connection.client.confirm([mid])
            else:
                heard.append(Arrived(Message(topic, payload, now, retained), number, mid, duplicate))
                now += MICROSECOND  # two values of one sensor have two times
        if heard:
            self._put(Arrivals(tuple(heard)))

    def _on_canary(self, payload: bytes, *, retained: bool) -> None:
        try:
            sent_at = datetime.fromisoformat(payload.decode())
        except ValueError:
            return  # somebody else's
        if sent_at.tzinfo and not retained:
            self._put(CanaryBack(sent_at))


class _Connection:
    """One connection from CONNECT to its end, with the paho client that only it uses."""

    def __init__(
        self,
        broker: BrokerConfig,
        protocol: MQTTProtocolVersion,
        tls: ssl.SSLContext | None,
        will: tuple[str, bytes],
    ) -> None:
        self.number = 0  # 0 until the broker has accepted us
        self.session_present = False
        self.accepted_at = 0.0
        self.code = 0  # the broker's reason code for refusing or ending
        self.ended = ""  # why, in words
        self.unanswered = False
        self._broker = broker
        self._goodbye: paho.MQTTMessageInfo | None = None
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._waker.setblocking(False)
        self._log = _LastError()
        self.client = _PahoClient(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            clean_session=False if protocol is V311 else None,
            protocol=protocol,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._protocol = protocol
        self.client.enable_logger(self._log.logger)
        if broker.user is not None:
            self.client.username_pw_set(broker.user, broker.password)
        if tls is not None:
            self.client.tls_set_context(tls)
        self.client.will_set(will[0], will[1], qos=1, retain=True)
        self.client.on_disconnect = self._on_disconnect
        # With this set, paho never writes on the thread that publishes or acknowledges.
        self.client.on_socket_register_write = lambda *_: None

    def open(self) -> None:
        """Connect and send CONNECT; raise OSError when that fails."""
        keep_alive = int(self._broker.keep_alive.total_seconds())
        self._answer_by = time.monotonic() + ANSWER_WITHIN
        if self._protocol is V5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = int(SESSION_KEPT.total_seconds())
            properties.ReceiveMaximum = WINDOW
            self.client.connect(
                self._broker.host, self._broker.port, keep_alive, clean_start=False, properties=properties
            )
        else:
            self.client.connect(self._broker.host, self._broker.port, keep_alive)

    def turn(self) -> bool:
        """Wait for something to do, at most a second, and do it; False when the connection has ended.

        All that can be read is read before anything is written, so that what a
        broker sent before it died is not waiting behind our confirmations.
        """
        if (sock := self.client.socket()) is None:
            return False
        if not self._waiting(sock):
            select.select([sock, self._wake], [sock] if self.client.want_write() else [], [], 1.0)
        with suppress(BlockingIOError):
            self._wake.recv(4096)
        for _ in range(READS_PER_TURN):
            if (sock := self.client.socket()) is None:
                return False
            if not self._waiting(sock) and not select.select([sock], [], [], 0)[0]:
                break
            self.client.loop_read()
        self.client.loop_write()
        self.client.loop_misc()
        if not self.number and not self.code and time.monotonic() > self._answer_by:
            self.ended = f"it accepts the connection but does not answer within {ANSWER_WITHIN:.0f} s"
            self.unanswered = True
            return False
        return self.client.socket() is not None

    def _waiting(self, sock: Any) -> bool:
        """Tell whether there is something to read that `select` cannot see."""
        return bool(self.client.ahead or _pending(sock))

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> paho.MQTTMessageInfo:
        info = self.client.publish(topic, payload, qos=1, retain=retain)
        self.wake()
        return info

    def say_goodbye(self, topic: str, last_words: bytes) -> None:
        """Publish the last words; once they are confirmed, disconnect."""
        if self._goodbye is None:
            self._goodbye = self.publish(topic, last_words, retain=True)
        elif self._goodbye.is_published():
            self.client.disconnect()

    def wake(self) -> None:
        """End the wait in `turn`."""
        with suppress(OSError):  # it is full, so it will wake; or closed, so there is nobody to wake
            self._waker.send(b"\0")

    def hang_up(self) -> None:
        """Cut the line without a word, from any thread."""
        if sock := self.client.socket():
            with suppress(OSError):  # already cut
                sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]  # paho's type knows less

    def drop(self) -> None:
        """Free the sockets."""
        if sock := self.client.socket():
            sock.close()
        self._wake.close()
        self._waker.close()

    def _on_disconnect(
        self, _: paho.Client, __: object, flags: paho.DisconnectFlags, reason: ReasonCode, ___: object
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self.code, self.ended = reason.value, str(reason)
        elif not self.ended:
            self.ended = self._log.text or _ENDED_BY_US.get(reason.getName(), "it closed the connection")


class _PahoClient(paho.Client):
    """Reads ahead, plain publications many at a time, and to its end what a broker sent before it died."""

    on_publications: Callable[[Sequence[Publication]], None]
    _read = b""  # from the socket,
    _at = 0  # and taken up to here

    @property
    def ahead(self) -> bool:
        """Whether something was read that nobody has taken."""
        return self._at < len(self._read)

    def confirm(self, mids: list[int]) -> None:
        """Confirm messages with one write; from any thread."""
        self._packet_queue(PUBACK, confirmations(mids), 0, 0)

    def _packet_read(self) -> MQTTErrorCode:
        if self.ahead and not self._in_packet["command"]:  # between two packets
            found, self._at = publications(self._read, self._at, mqtt5=self._protocol == V5)
            if found:
                self.on_publications(found)
                return MQTTErrorCode.MQTT_ERR_SUCCESS
        return super()._packet_read()

    def _sock_recv(self, bufsize: int) -> bytes:
        """Return at most `bufsize` bytes; paho asks for the first ones of each packet singly."""
        if not self.ahead:
            self._read, self._at = super()._sock_recv(READ_AHEAD), 0
        begin, self._at = self._at, min(self._at + bufsize, len(self._read))
        return self._read[begin : self._at]

    def _sock_send(self, buf: bytes | bytearray) -> int:
        """Send; to a broker that is gone, pretend to.

        paho would close the socket, and throw away what is still to be read
        from it: messages that the broker had confirmed to their publishers.
        Reading comes to the end of the connection soon enough.
        """
        try:
            return super()._sock_send(buf)
        except ConnectionError:
            return len(buf)


class _LastError(logging.Handler):
    """Keeps the last error that paho only logs: why a socket failed."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        # One a connection: a shared one would keep the handlers of all that ever were.
        self.logger = logging.Logger("paho", logging.ERROR)  # noqa: LOG001  # see above
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()


def _pending(sock: Any) -> int:
    """Bytes that TLS has decrypted already and `select` cannot see."""
    return sock.pending() if isinstance(sock, ssl.SSLSocket) else 0


def _subscriptions(
    topics: Sequence[str], protocol: MQTTProtocolVersion
) -> list[tuple[str, SubscribeOptions]] | list[tuple[str, int]]:
    if protocol is V5:
        return [(topic, SubscribeOptions(qos=1, retainHandling=_RETAINED_IF_NEW)) for topic in topics]
    return [(topic, 1) for topic in topics]


def _tls_context(broker: BrokerConfig) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=broker.ca)
        if broker.certificate:
            context.load_cert_chain(broker.certificate, broker.key)
    except OSError as error:
        files = ", ".join(str(file) for file in (broker.ca, broker.certificate, broker.key) if file)
        raise Unusable(f"TLS to the broker at {broker.address}: {files}: {_reason(error)}") from error
    return context


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted, {error.verify_message}"
    return error.strerror or str(error)
