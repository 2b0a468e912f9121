"""An MQTT broker inside this process, for the demonstration and for trying things out.

amqtt speaks MQTT 3.1.1 only and keeps its queues in memory: what must not be
lost goes through mosquitto.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import threading
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from amqtt.broker import Broker
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

STARTS_WITHIN = 10.0  # seconds
ENDS_WITHIN = 5.0


class EmbeddedBroker:
    """A broker on a free loopback port with one user, for as long as it is entered."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.user = "hdmonitor"
        self.password = secrets.token_urlsafe(16)
        self._folder = TemporaryDirectory(prefix="hdmonitor-broker-")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="broker", daemon=True)
        self._broker: Broker | None = None

    def __enter__(self) -> Self:
        logging.getLogger("amqtt").setLevel(logging.CRITICAL)
        logging.getLogger("transitions").setLevel(logging.WARNING)
        self._thread.start()
        self._do(self._start()).result(STARTS_WITHIN)
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect everybody and end the thread."""
        if self._broker is not None:
            self._do(self._broker.shutdown()).result(ENDS_WITHIN)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ENDS_WITHIN)
        self._loop.close()
        self._folder.cleanup()

    async def _start(self) -> None:
        hashed = PasswordHash((Argon2Hasher(),)).hash(self.password)
        passwords = Path(self._folder.name) / "passwords"
        passwords.write_text(f"{self.user}:{hashed}\n")
        self._broker = Broker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}},
                "plugins": {
                    "amqtt.plugins.authentication.FileAuthPlugin": {"password_file": str(passwords)},
                },
            }
        )
        await self._broker.start()

    def _do(self, work: object) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)  # type: ignore[arg-type]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
