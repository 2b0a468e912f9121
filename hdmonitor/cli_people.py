"""The commands `hdmonitor people …`: who may log in, and with what."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from hdmonitor.accounts import hashed, token, token_hash, weak_password, weak_pin
from hdmonitor.adapters.control import ask
from hdmonitor.cli_shared import both_files, usable
from hdmonitor.clock import Clock
from hdmonitor.model import Site
from hdmonitor.reader import Reader
from hdmonitor.refusal import Refusal
from hdmonitor.rows import Account
from hdmonitor.settings import load_settings
from hdmonitor.site import load_site

WHAT = {
    "password": "set a password, and so make an account",
    "pin": "set the PIN that acts on critical alarms need",
    "token": "make the token of a board",
    "disable": "end all sessions and links of a person",
    "enable": "take that back",
}


class NotChanged(Refusal):
    """An account that cannot be changed: why, what to do."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare what the commands take."""
    command.set_defaults(run=run)
    both = both_files()
    what = command.add_subparsers(required=True, metavar="|".join(["list", *WHAT]), dest="what")
    what.add_parser("list", help="who may log in", parents=[both])
    for name, text in WHAT.items():
        change = what.add_parser(name, help=text, description=text, parents=[both])
        change.add_argument("person", metavar="PERSON", help="id from the site file")
        change.add_argument("--by", metavar="PERSON", help="who does this; left out: the person")
        if name in {"password", "pin"}:
            change.add_argument("--stdin", action="store_true", help="read it from standard input")


def run(options: argparse.Namespace) -> int:
    """Carry out one of them."""
    record, site = usable(*load_settings(options.config)).record, usable(*load_site(options.site))
    if options.what == "list":
        return _listed(record.journal, site)
    secret, value = "", ""
    if options.what in {"password", "pin"}:
        value = hashed(_typed(options.what, options.person, piped=options.stdin))
    elif options.what == "token":
        secret = token()
        value = token_hash(secret)
    request = {
        "do": "account",
        "change": options.what,
        "person": options.person,
        "by": options.by or options.person,
        "value": value,
    }
    if refusal := ask(record.socket, request).get("refused"):
        raise NotChanged(str(refusal))
    done = {
        "password": f"{options.person} may log in with this password",
        "pin": f"{options.person} may act on critical alarms with this PIN",
        "token": f"the token of {options.person}, shown this once: {secret}",
        "disable": f"{options.person} is disabled; sessions and links have ended",
        "enable": f"{options.person} may log in again",
    }
    print(done[options.what])
    return 0


def _typed(what: str, person: str, *, piped: bool) -> str:
    """Return a password or PIN, typed twice without being shown, or from a pipe."""
    name = "PIN" if what == "pin" else "password"
    if piped:
        secret = sys.stdin.readline().rstrip("\n")
    elif not sys.stdin.isatty():
        raise NotChanged(f"there is no terminal to type the {name}; give it on standard input with --stdin")
    else:
        secret = getpass.getpass(f"New {name} of {person}: ")
        if getpass.getpass("Again: ") != secret:
            raise NotChanged("the two are not the same; nothing was changed")
    if why := (weak_pin if what == "pin" else weak_password)(secret):
        raise NotChanged(f"{why}; nothing was changed")
    return secret


def _listed(journal: Path, site: Site) -> int:
    with Reader(journal) as reader:
        accounts = reader.accounts()
    now = Clock().now()
    for id_, person in site.people.items():
        account = accounts.get(id_, Account(id_))
        has = [word for word in ("password", "pin", "token") if getattr(account, word)]
        stands = [" and ".join(has) or "no account"]
        if account.disabled:
            stands.append("DISABLED")
        if account.locked_until > now:
            stands.append(f"LOCKED until {account.locked_until:%Y-%m-%d %H:%M:%SZ}")
        print(f"{id_:24} {person.role:14} {', '.join(stands)}")
    for id_ in accounts.keys() - site.people.keys():
        print(f"{id_:24} {'':14} not in the site file; cannot log in")
    return 0
