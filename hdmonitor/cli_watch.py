"""The commands that take the whole configuration: `hdmonitor run`, `check` and `notify`."""

from __future__ import annotations

import argparse
import os
import sys
from zoneinfo import ZoneInfo

from hdmonitor import cli_compliance, logs
from hdmonitor.adapters.messenger import accepts, send_now
from hdmonitor.adapters.systemd import Systemd
from hdmonitor.catalogue import load_catalogue
from hdmonitor.cli_shared import Refused
from hdmonitor.clock import Clock
from hdmonitor.model import Rule, Site
from hdmonitor.service import Service, install_signals, plan_of
from hdmonitor.settings import Settings, check_journal, effective
from hdmonitor.site import Checked, check
from hdmonitor.site_air import certificates

FAILED = 1


def add_run(command: argparse.ArgumentParser) -> None:
    """Declare the daemon, which takes its two files only."""
    command.set_defaults(run=_run)


def add_check(command: argparse.ArgumentParser) -> None:
    """Declare the check of the two files."""
    command.set_defaults(run=_check)


def add_notify(command: argparse.ArgumentParser) -> None:
    """Declare a test message."""
    command.set_defaults(run=_notify)
    command.add_argument("what", choices=["test"])
    command.add_argument("destination", nargs="?", help="id of a destination")
    command.add_argument("--all", action="store_true", help="every destination")


def _checked(options: argparse.Namespace) -> tuple[Settings, Site, Checked]:
    found = check(options.config, options.site, accepts)
    for problem in found.problems:
        print(problem, file=sys.stderr)
    if any(not problem.warning for problem in found.problems):
        raise Refused("the configuration cannot be used; nothing was started")
    assert found.settings is not None  # noqa: S101  # else there was a problem
    assert found.site is not None  # noqa: S101  # else there was a problem
    return found.settings, found.site, found


def _check(options: argparse.Namespace) -> int:
    settings, site, found = _checked(options)
    if problems := check_journal(options.config):
        raise Refused("\n".join(map(str, problems)))
    print(effective(settings), end="")
    print(f"# {len(site.points)} points in {len(site.rooms)} rooms, configuration {site.config_hash[:12]}")
    for point in site.points.values():
        rules = ", ".join(f"{rule.id} ({_standing(rule)})" for rule in point.rules)
        print(f"# {point.id}: {rules or 'NOT JUDGED'}")
        for off in point.off:
            print(f"#   OFF: {off}")
    if settings.web.public_url is None:
        print("# messages carry no links to answer by: web.public_url is not set")
    today = Clock().now().astimezone(ZoneInfo(site.zone)).date()
    for certificate in certificates(site, load_catalogue()):
        print(f"# {certificate.room.name}: {certificate.said(today)}")
    if found.programme is not None:
        cli_compliance.print_kept(found.programme)
    return 0


def _standing(rule: Rule) -> str:
    """Say how binding a rule is, and loudly if nobody has confirmed it."""
    return f"{rule.force}, UNCONFIRMED" if rule.confidence == "unconfirmed" else rule.force


def _run(options: argparse.Namespace) -> int:
    logs.to_standard_error()
    settings, site, found = _checked(options)
    service = Service(plan_of(settings, site, found.daily, found.programme), Clock(), Systemd(os.environ))
    install_signals(service.stop)
    service.run()
    return 0


def _notify(options: argparse.Namespace) -> int:
    settings, site, _ = _checked(options)
    if not options.all and options.destination is None:
        raise Refused(f"name a destination ({', '.join(site.destinations)}) or give --all")
    names = list(site.destinations) if options.all else [options.destination]
    failed = 0
    for name in names:
        if name not in site.destinations:
            raise Refused(f"no destination {name!r}; known are {', '.join(site.destinations)}, or --all")
        url = settings.notifications.urls[name].get_secret_value()
        delivered, answer = send_now(url, f"TEST for {name}", "hdmonitor can reach you. Nothing to do.")
        print(f"{name}: {'delivered' if delivered else 'NOT delivered'}{': ' + answer if answer else ''}")
        failed += not delivered
    return FAILED if failed else 0
