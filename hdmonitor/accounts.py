"""With what people log in: passwords, PINs, tokens. The record holds hashes only."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from hdmonitor.events import Cell, Entry, Json, Kind, Record
from hdmonitor.model import Site
from hdmonitor.rights import Role
from hdmonitor.rows import Account, micros

SHORTEST_PASSWORD = 10  # characters
LONGEST_PASSWORD = 200
PIN = re.compile(r"[0-9]{6,12}")
HASHED = re.compile(r"\$argon2id\$[\x21-\x7e]{20,200}")
TOKEN_HASH = re.compile(r"[0-9a-f]{64}")
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR, Role.MANAGER})
CHANGES = {
    "password": "password set",
    "pin": "PIN set",
    "token": "token made",
    "disable": "disabled",
    "enable": "enabled",
}
OWN = frozenset({"password", "pin"})  # what people may change of themselves

# argon2id as RFC 9106 has it for machines with little memory: 64 MiB and 3 passes. Two at once
# at most, so that many wrong passwords cost no more than that.
_hasher = PasswordHasher()
_two = threading.Semaphore(2)


@cache
def _nobody() -> str:
    """Return a hash that no secret fits: made by the first login, whoever logs in, and not at each start."""
    return _hasher.hash(secrets.token_urlsafe(16))


def hashed(secret: str) -> str:
    """Return the hash of a password or PIN; takes about a tenth of a second."""
    with _two:
        return _hasher.hash(secret)


def fits(secret: str, known: str | None) -> bool:
    """Tell whether a password or PIN is the one that was hashed; takes as long if there is none."""
    with _two:
        nobody = _nobody()
        try:
            return _hasher.verify(known or nobody, secret) and known is not None
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False


def weak_password(password: str) -> str:
    """Say why this cannot be a password; nothing if it can."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
    if len(set(password)) <= 3:  # noqa: PLR2004  # "aaaaaaaaaa", "1212121212"
        return "this password is one character again and again; take another"
    return ""


def weak_pin(pin: str) -> str:
    """Say why this cannot be a PIN; nothing if it can."""
    if not PIN.fullmatch(pin):
        return "a PIN has 6 to 12 digits"
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        return "this PIN is the first that is tried; take another"
    return ""


def token() -> str:
    """Return a new token: it is shown once and kept as its hash only."""
    return secrets.token_urlsafe(32)


def token_hash(text: str) -> str:
    """Return what the record keeps of a token. It is long and random: one pass of SHA-256 is enough."""
    return hashlib.sha256(text.encode()).hexdigest()


# --- changes, as entries of the record --------------------------------------------


def changed(account: str, by: str, change: str, value: str = "") -> Entry:
    """Return the entry that changes one thing of an account; sessions of that person end with it."""
    values: dict[str, Cell] = {"person": account, "stamp": secrets.token_urlsafe(9)}
    if change in {"disable", "enable"}:
        values["disabled"] = int(change == "disable")
    else:
        values[change] = value
    return _entry(Kind.ACCOUNT, account, by, {"change": CHANGES[change]}, values)


def ended(account: str) -> Entry:
    """Return the entry that ends the sessions of a person: a log-out."""
    values: dict[str, Cell] = {"person": account, "stamp": secrets.token_urlsafe(9)}
    return _entry(Kind.ACCOUNT, account, account, {"change": "logged out"}, values)


def logged_in(account: str, address: str) -> Entry:
    """Return the entry that tells a login."""
    return Entry(Kind.LOGGED_IN, account, account, {"address": address})


def locked_out(
    account: str, way: str, address: str, failures: int, until: datetime, alarm: str | None = None
) -> Entry:
    """Return the entry that locks what was guessed at; a code in a message locks no password."""
    detail: dict[str, Json] = {
        "way": way,
        "address": address,
        "failures": failures,
        "until": until.isoformat(timespec="seconds"),
    }
    if way == "code":
        return Entry(Kind.LOCKED_OUT, account, "", detail, alarm=alarm)
    values: dict[str, Cell] = {"person": account, "locked_until": micros(until)}
    return _entry(Kind.LOCKED_OUT, account, "", detail, values)


def _entry(kind: Kind, account: str, by: str, detail: dict[str, Json], values: dict[str, Cell]) -> Entry:
    return Entry(kind, account, by, detail, (Record("account", values, ("person",), event="event"),))


# --- from the command line --------------------------------------------------------


def account_asked(request: Mapping[str, object], site: Site, accounts: Mapping[str, Account]) -> Entry | str:
    """Return the entry that a request of the command line asks for, or why it cannot be asked.

    `{"do": "account", "change": …, "person": …, "by": …, "value": …}`, where the value is a hash:
    what was typed stays with the command line.
    """
    if set(request) != {"do", "change", "person", "by", "value"} or not all(
        isinstance(text, str) for text in request.values()
    ):
        return "an account is changed by change, person, by and value as text, and nothing else"
    change, person, by, value = (str(request[key]) for key in ("change", "person", "by", "value"))
    if change not in CHANGES:
        return f"{change!r:.20} is not something to change; ask for one of: {', '.join(CHANGES)}"
    shapes = {"password": HASHED, "pin": HASHED, "token": TOKEN_HASH}
    if change in shapes and not shapes[change].fullmatch(value):
        return f"the value of {change} must be its hash"
    return refusal(site, accounts, change, person, by) or changed(person, by, change, value)


def refusal(site: Site, accounts: Mapping[str, Account], change: str, person: str, by: str) -> str:
    """Say why somebody may not change this of an account; nothing if they may."""
    for each in (person, by):
        if each not in site.people:
            known = ", ".join(sorted(site.people))
            return f"nobody called {each!r:.40} is in the site file; the people are: {known}"
    if refused := _of_disabled(site, accounts, change, person, by):
        return refused
    board = site.people[person].role == Role.BOARD
    if board is not (change == "token") and change not in {"disable", "enable"}:
        return (
            f"{person} is a board: it has a token only, see: hdmonitor people token"
            if board
            else f"{person} is a person; a token is for people with the role board"
        )
    first = not any(account.password and not account.disabled for account in accounts.values())
    own = by == person and change in OWN and person in accounts
    if site.people[by].role in ADMINISTRATORS or own:
        return "" if person in accounts or change not in {"disable", "enable"} else _none(person)
    who = ", ".join(sorted(id_ for id_, each in site.people.items() if each.role in ADMINISTRATORS))
    if first and not who:
        return "nobody in the site file has the role administrator or manager; give it to one person first"
    return f"{by} may not change this; an administrator may: {who}"


def _of_disabled(site: Site, accounts: Mapping[str, Account], change: str, person: str, by: str) -> str:
    """Say what disabling stands against: who is disabled changes nothing, and one administrator stays."""
    active = {
        id_
        for id_, account in accounts.items()
        if account.password
        and not account.disabled
        and id_ in site.people
        and site.people[id_].role in ADMINISTRATORS
    }
    if change == "disable" and active == {person}:
        return f"{person} is the only administrator who can log in; give another a password first"
    # Where an older record has nobody left, somebody has to begin again.
    if active and by in accounts and accounts[by].disabled:
        return f"{by} is disabled and changes nothing; an administrator may: {', '.join(sorted(active))}"
    return ""


def _none(person: str) -> str:
    return f"{person} has no account; give one with: hdmonitor people password {person}"
