"""What is signed with the key of this installation: links in messages, codes, sessions, forms.

The key is a file beside the journal, made at the first start and readable by
its user only. Whoever has it can act as anybody; without it nothing here can
be made. Delete it and every link, session and form ends at once.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from hdmonitor.refusal import Refusal

KEY_BYTES = 32
LINK_LIVES = timedelta(hours=72)  # a weekend: answered on Friday night, written down on Monday
SESSION_LIVES = timedelta(hours=12)  # a shift
BOARD_LIVES = timedelta(days=365)  # a screen on the wall that acts on nothing
FORM_LIVES = timedelta(hours=12)
CODE_DIGITS = 6


class NoKey(Refusal):
    """The key cannot be read or made: which file, why, what to do."""


def key_beside(journal: Path) -> bytes:
    """Return the key of this installation; make it if there is none. Raises `NoKey`."""
    path = journal.with_name(f"{journal.name}.key")
    with suppress(FileExistsError):
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise
        except OSError as error:
            raise NoKey(f"{path}: {error.strerror}; its folder must exist and be writable") from error
        with os.fdopen(file, "wb") as made:
            made.write(secrets.token_bytes(KEY_BYTES))
            made.flush()
            os.fsync(made.fileno())
    try:
        key = path.read_bytes()
        rights = path.stat().st_mode & 0o077
    except OSError as error:
        raise NoKey(f"{path}: {error.strerror}; let the user of hdmonitor read it") from error
    if len(key) != KEY_BYTES:
        raise NoKey(f"{path} holds {len(key)} bytes instead of {KEY_BYTES}; delete it, and a new one is made")
    if rights:
        raise NoKey(f"{path} may be read by others than its user; set its mode to 0600, or delete it")
    return key


@dataclass(frozen=True, slots=True)
class Link:
    """What a link in a message says: this alarm, sent to this destination, read by this person."""

    alarm: str
    destination: str
    person: str


class Seals:
    """Signs and opens, with one key and one clock."""

    def __init__(self, key: bytes, now: Callable[[], datetime]) -> None:
        self._key = key
        self._now = now

    # --- links ----------------------------------------------------------------

    def link(self, link: Link) -> str:
        """Return the text that stands for a link in an address."""
        return str(self._signs("link").dumps([link.alarm, link.destination, link.person]))

    def open_link(self, text: str) -> tuple[Link | None, str]:
        """Return what a link says, and what is wrong with it: "expired", "forged" or nothing."""
        body, wrong = self._opened("link", text, LINK_LIVES)
        if isinstance(body, list) and len(body) == 3 and all(isinstance(part, str) for part in body):  # noqa: PLR2004  # the three of `link`
            return Link(*body), wrong
        return None, wrong or "forged"

    def code(self, alarm: str, destination: str) -> str:
        """Return the code that stands in a critical message: who has it has read the message."""
        told = hmac.digest(self._key, f"code\0{alarm}\0{destination}".encode(), "sha256")
        return f"{int.from_bytes(told[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"

    # --- sessions -------------------------------------------------------------

    def session(self, person: str, stamp: str, *, board: bool = False) -> str:
        """Return what a browser keeps of a login."""
        return str(self._signs("board" if board else "session").dumps([person, stamp]))

    def open_session(self, text: str) -> tuple[str, str, bool] | None:
        """Return person and stamp of a session and whether it is a board's, None if there is none."""
        for board, lives in ((False, SESSION_LIVES), (True, BOARD_LIVES)):
            body, wrong = self._opened("board" if board else "session", text, lives)
            if not wrong and isinstance(body, list) and len(body) == 2:  # noqa: PLR2004  # the two of `session`
                return str(body[0]), str(body[1]), board
        return None

    # --- forms ----------------------------------------------------------------

    def form(self, reader: str) -> str:
        """Return the hidden field of a form: made for one reader, good for one act."""
        return str(self._signs("form").dumps([_digest(reader), secrets.token_urlsafe(12)]))

    def open_form(self, text: str, reader: str) -> tuple[str, str]:
        """Return the name of a form, and what is wrong with it: "expired", "foreign" or nothing."""
        body, wrong = self._opened("form", text, FORM_LIVES)
        if wrong == "expired":
            return "", wrong
        if isinstance(body, list) and len(body) == 2 and hmac.compare_digest(str(body[0]), _digest(reader)):  # noqa: PLR2004  # the two of `form`
            return str(body[1]), ""
        return "", "foreign"

    # --- signing --------------------------------------------------------------

    def _signs(self, what: str) -> URLSafeTimedSerializer:
        now = self._now

        class Signer(TimestampSigner):
            """Takes the time from the one clock."""

            def get_timestamp(self) -> int:
                """Return whole seconds."""
                return int(now().timestamp())

        return URLSafeTimedSerializer(
            self._key,
            salt=f"hdmonitor {what}",
            signer=Signer,
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )

    def _opened(self, what: str, text: str, lives: timedelta) -> tuple[Any, str]:
        signs = self._signs(what)
        try:
            return signs.loads(text, max_age=int(lives.total_seconds())), ""
        except SignatureExpired as expired:
            return signs.load_payload(expired.payload or b"null"), "expired"
        except BadSignature:
            return None, "forged"


def _digest(reader: str) -> str:
    return hashlib.sha256(reader.encode()).hexdigest()[:32]
