"""That a person is who they say: password, PIN, or the code of a message. Guessing is locked out."""

from __future__ import annotations

import asyncio
import hmac
from datetime import datetime

from hdmonitor.accounts import fits, hashed, locked_out, token_hash
from hdmonitor.model import Person
from hdmonitor.rows import Account
from hdmonitor.seals import Link
from hdmonitor.web.desk import Desk
from hdmonitor.web.visit import BOARD

WRONG_LOGIN = "That is not a name and password that belong together."
WRONG_PIN = "That is not your PIN."
WRONG_CODE = "That is neither your PIN nor the code in the message."
OTHER_WAY = "Answer on the server with hdmonitor alarms ack, or have somebody else answer."


async def login(desk: Desk, name: str, secret: str, address: str) -> tuple[Person | None, str]:
    """Return the person whom name and password, or the token of a board, prove; or why nobody."""
    now, person = desk.now(), desk.person(name)
    account = desk.account(name) if person else None
    what = f"password {name[:100]}"
    if until := _locked(desk, what, account, address, now):
        return None, _try_again(desk, until)
    if person is not None and person.role == BOARD:
        known = account.token if account else None
        proven = known is not None and hmac.compare_digest(known, token_hash(secret))
    else:
        proven = await asyncio.to_thread(fits, secret, account.password if account else None)
    if proven and person is not None and account is not None and not account.disabled:
        desk.throttle.succeeded(what)
        return person, ""
    await _failed(desk, what, person if account else None, "password", address, now)
    return None, WRONG_LOGIN


async def pin(desk: Desk, person: Person, secret: str, address: str) -> str:
    """Return nothing if this is the person's PIN, or password; else why not."""
    now, account = desk.now(), desk.account(person.id)
    what = f"pin {person.id}"
    if until := _locked(desk, what, account, address, now):
        return _try_again(desk, until)
    if account is not None and not account.disabled:
        for known in (account.pin, account.password):
            if known is not None and secret and await asyncio.to_thread(fits, secret, known):
                desk.throttle.succeeded(what)
                return ""
    await _failed(desk, what, person if account else None, "PIN", address, now)
    return WRONG_PIN


async def second_pin(desk: Desk, person: Person, secret: str, address: str) -> str:
    """Return nothing if the second of two who sign has proven to be there; else that they have not signed."""
    wrong = await pin(desk, person, secret, address)
    return f"{person.name} has not signed: {wrong}" if wrong else ""


async def code_or_pin(desk: Desk, link: Link, person: Person, secret: str, address: str) -> str:
    """Return nothing if this is the code of the message with this link, or the person's PIN; else why not.

    The two are locked apart: whoever guesses at a PIN from elsewhere does not keep the code from
    the person who got the message.
    """
    now, typed = desk.now(), "".join(secret.split())
    what = f"code {link.alarm} {link.destination}"
    if until := desk.throttle.locked(what, address, now):
        return _try_again(desk, until)
    if hmac.compare_digest(desk.seals.code(link.alarm, link.destination).encode(), typed.encode()):
        desk.throttle.succeeded(what)
        return ""
    account = desk.account(person.id)
    may_try = account is not None and not _locked(desk, f"pin {person.id}", account, address, now)
    if (
        may_try
        and account is not None
        and account.pin
        and typed
        and await asyncio.to_thread(fits, typed, account.pin)
    ):
        desk.throttle.succeeded(what)
        return ""
    await _failed(desk, what, person, "code", address, now, link.alarm)
    return WRONG_CODE


async def hash_of(secret: str) -> str:
    """Return the hash of a new secret, without keeping other pages waiting."""
    return await asyncio.to_thread(hashed, secret)


def _locked(desk: Desk, what: str, account: Account | None, address: str, now: datetime) -> datetime | None:
    """Return until when nothing is tried; the record remembers it over a restart."""
    until = desk.throttle.locked(what, address, now)
    if account is not None and account.locked_until > now:
        return max(account.locked_until, until or now)
    return until


async def _failed(
    desk: Desk,
    what: str,
    person: Person | None,
    way: str,
    address: str,
    now: datetime,
    alarm: str | None = None,
) -> None:
    """Count it, and write it down when it locks somebody out."""
    count, until = desk.throttle.failed(what, address, now)
    if until is not None and person is not None and count == desk.throttle.few:
        await desk.ask(locked_out(person.id, way, address, count, until, alarm))


def _try_again(desk: Desk, until: datetime) -> str:
    return f"Too many wrong tries. Nothing is tried before {until.astimezone(desk.zone):%H:%M}. {OTHER_WAY}"
