"""The command `hdmonitor discover`: what the broker has to say, and entries for the site file."""

from __future__ import annotations

import argparse
import ssl
from datetime import timedelta

from hdmonitor.adapters.listener import Listener
from hdmonitor.cli_shared import duration, usable
from hdmonitor.clock import Clock
from hdmonitor.discovery import Discovery, as_lines, entries, write_entries
from hdmonitor.refusal import Refusal
from hdmonitor.settings import load_settings
from hdmonitor.site import load_site

FAILED = 1
TWO_MINUTES = timedelta(minutes=2)


class NotDiscovered(Refusal):
    """Nothing can be listened to or written: why, what to do."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare what the command takes besides the two files."""
    command.set_defaults(run=run)
    command.add_argument("--for", dest="span", type=duration, default=TWO_MINUTES, metavar="2m")
    command.add_argument("--write", action="store_true", help="add commented entries to the site file")


def run(options: argparse.Namespace) -> int:
    """Listen, list, and write what is new."""
    broker, site = usable(*load_settings(options.config)).broker, usable(*load_site(options.site))
    clock, discovery = Clock(), Discovery(own=f"hdmonitor/{site.id}/")
    listener = Listener(clock.now)
    password = broker.password.get_secret_value() if broker.password else None
    with listener.connected(broker.host, broker.port, broker.user, password, encryption(broker.tls)):
        print(f"listening to {broker.host}:{broker.port} for {options.span.total_seconds():g} s", flush=True)
        for message in listener.messages(options.span.total_seconds()):
            discovery.take(message)
    now = clock.now()
    print(*as_lines(discovery.topics.values(), now, site), sep="\n")
    if lost := listener.left_out + discovery.left_out:
        print(f"{lost} messages came too fast or on too many topics and are not listed")
    fresh = entries(discovery.topics.values(), site, now)
    count = sum(line.endswith("WHERE  # id of its room or equipment") for line in fresh)
    print(f"{len(discovery.topics)} topics, {count} things measured that {options.site} does not have")
    if options.write and fresh:
        try:
            write_entries(options.site, fresh)
        except (OSError, ValueError) as error:
            raise NotDiscovered(f"{options.site}: nothing was written: {error}") from error
        print(f"added them to {options.site} as remarks: say where each is, then remove the '# '")
    return 0 if discovery.topics else FAILED


def encryption(keys: object) -> ssl.SSLContext | None:
    """Return how to speak with a broker that wants encryption, None for one that does not."""
    if keys is None:
        return None
    ca, certificate, key = (getattr(keys, name) for name in ("ca", "certificate", "key"))
    try:
        context = ssl.create_default_context(cafile=ca)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except OSError as error:
        raise NotDiscovered(f"broker.tls cannot be used: {error}; check the files it names") from error
    return context
