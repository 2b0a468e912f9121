"""The command line. Every error is a sentence on standard error and a non-zero status."""

from __future__ import annotations

import argparse
import errno
import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from hdmonitor import (
    __version__,
    cli_acts,
    cli_alarms,
    cli_commission,
    cli_compliance,
    cli_discover,
    cli_drill,
    cli_evidence,
    cli_messages,
    cli_people,
    cli_replay,
    cli_rulebook,
    cli_stories,
    kinetic,
    logs,
)
from hdmonitor.acceptance import NotAccepted
from hdmonitor.adapters.control import ControlRefused
from hdmonitor.adapters.listener import NotHeard
from hdmonitor.adapters.messenger import accepts, send_now
from hdmonitor.adapters.mqtt import Unusable
from hdmonitor.adapters.systemd import Systemd
from hdmonitor.catalogue import load_catalogue
from hdmonitor.clock import Clock
from hdmonitor.decoding import Unreadable
from hdmonitor.journal import JournalRefused
from hdmonitor.model import Rule, Site
from hdmonitor.reader import Reader
from hdmonitor.replay import UnusableFile
from hdmonitor.seals import NoKey
from hdmonitor.service import Ended, Service, install_signals, plan_of
from hdmonitor.settings import Settings, check_journal, effective, load_settings
from hdmonitor.simulator.publisher import Broker, NotPublished, simulate
from hdmonitor.simulator.telemetry import NotSimulated
from hdmonitor.site import Checked, check, load_site
from hdmonitor.site_air import certificates
from hdmonitor.units import UnitError, parse_duration
from hdmonitor.web.server import NotServed
from hdmonitor.what_if import NotComparable
from hdmonitor.yaml_source import Problem

FAILED = 1
WINDOWS = {"24h": timedelta(hours=24), "30d": timedelta(days=30)}  # controlled cold, room temperature
MOST_DAYS = 4000  # of which numbers are asked
MOST_SHOWN = 1_000_000  # entries of a list
HIGHEST_PORT = 65_535
DEFAULT_CAP = timedelta(minutes=15)  # for which a reading of storage vouches at least
T = TypeVar("T")


class Refused(Exception):
    """The command cannot be carried out; the lines say why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    for place, word in enumerate(words, 1):
        if not _is_text(word):
            print(f"word {place} after hdmonitor is not UTF-8 text: {word!a}; type it again", file=sys.stderr)
            return FAILED
    options = _parser().parse_args(words)
    try:
        status: int = options.run(options)
    except (
        Refused,
        JournalRefused,
        UnusableFile,
        Ended,
        NotPublished,
        NotSimulated,
        ControlRefused,
        NotServed,
        NoKey,
        Unusable,
        NotAccepted,
        cli_rulebook.NoSuchRule,
        cli_acts.NotDone,
        cli_alarms.NotDone,
        cli_people.NotChanged,
        cli_drill.NotDrilled,
        cli_compliance.NotKept,
        cli_stories.NotPlayed,
        cli_replay.NotReplayed,
        cli_commission.NotCommissioned,
        cli_discover.NotDiscovered,
        NotHeard,
        NotComparable,
        Unreadable,
    ) as error:
        print(error, file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe has left; there is nobody to tell
        return FAILED
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(
            f"the output cannot be written: {error.strerror}; make room, or write elsewhere", file=sys.stderr
        )
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    return status


def _is_text(word: str) -> bool:
    """Say whether bytes that the shell handed over were UTF-8; what was not, Python keeps as surrogates."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hdmonitor", description="Watches the rooms, hoods and refrigerators of a pharmacy."
    )
    parser.add_argument("--version", action="version", version=f"hdmonitor {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    both = _shared()

    def add(
        name: str, run: Callable[[argparse.Namespace], int], text: str, *parents: argparse.ArgumentParser
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text, parents=list(parents))
        command.set_defaults(run=run)
        return command

    add("run", _run, "watch the site until SIGTERM", both)
    add("check", _check, "validate both files and print the effective configuration", both)
    _add_alarms(add("alarms", _alarms_list, "list, show, answer and close alarms"), both)
    cli_acts.add_service(add("service", _deed, "what is out of service, and where people work"), both, _deed)
    cli_acts.add_return(add("return", _deed, "record a step of a return to service", both), _deed)
    cli_acts.add_read(add("read", _deed, "enter what a gauge shows", both), _deed)
    cli_acts.add_override(add("override", _deed, "work on although the board says no", both), _deed)
    what = cli_compliance.add_arguments(
        add("compliance", _compliance, "what is due, what was done, what stands against work"), both
    )
    cli_evidence.add_arguments(what, both)
    cli_drill.add_arguments(add("drill", _drill, "drill an alarm: broker to answer"), both, _duration, _count)
    cli_people.add_arguments(add("people", _people, "who may log in, and with what"), both)
    notify = add("notify", _notify, "send a test message", both)
    notify.add_argument("what", choices=["test"])
    notify.add_argument("destination", nargs="?", help="id of a destination")
    notify.add_argument("--all", action="store_true", help="every destination")
    quarantine = add("quarantine", _quarantine, "list messages that could not be decoded", both)
    quarantine.add_argument("--limit", type=_count, default=50, metavar="N", help="the last so many")
    add("verify", _verify, "check the hash chain of the journal", both)
    cli_replay.add_arguments(add("replay", _replay, "judge recorded readings in event time", both))
    _add_mkt(add("mkt", _mkt, "mean kinetic temperature of recorded readings"))
    cli_rulebook.add_arguments(add("rules", _check, "list, show and explain the rules"))
    cli_stories.add_arguments(add("scenario", cli_stories.run, "play stories on the site's configuration"))
    cli_messages.add_arguments(add("decode", cli_messages.run, "show what captured messages say"))
    add("families", cli_messages.families, "list the payload families that can be read")
    cli_discover.add_arguments(add("discover", _discover, "list what the broker hears", both), _duration)
    cli_commission.add_arguments(add("commission", _commission, "hold a point against a reference", both))
    demo = add("demo", _demo, "a simulated pharmacy in this terminal, in about a minute")
    demo.add_argument("--for", dest="span", type=_duration, metavar="90s", help="end by itself after this")
    simulated = add("simulate", _simulate, "publish the simulated pharmacy to a broker")
    simulated.add_argument("--broker", required=True, metavar="HOST[:PORT]")
    simulated.add_argument("--user", help="the password is read from MQTT_PASSWORD")
    simulated.add_argument("--site", type=Path, default=Path("config/site.yaml"), metavar="FILE")
    simulated.add_argument("--for", dest="span", type=_duration, metavar="90s", help="end after this")
    return parser


def _shared() -> argparse.ArgumentParser:
    """Declare both files, also where only one is read: at night the same words must do for every command."""
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("--config", type=Path, default=Path("config/hdmonitor.yaml"), metavar="FILE")
    both.add_argument("--site", type=Path, default=Path("config/site.yaml"), metavar="FILE")
    return both


def _add_alarms(command: argparse.ArgumentParser, both: argparse.ArgumentParser) -> None:
    acts = command.add_subparsers(
        required=True, metavar="list|show|numbers|ack|silence|document|shelve|unshelve|close"
    )
    listed = acts.add_parser("list", help="alarms that nobody has closed", parents=[both])
    listed.add_argument("--all", action="store_true", help="closed ones too")
    listed.set_defaults(run=_alarms_list)
    shown = acts.add_parser("show", help="everything about one alarm", parents=[both])
    shown.add_argument("alarm", type=_alarm, metavar="A12")
    shown.set_defaults(run=_alarms_show)
    numbers = acts.add_parser("numbers", help="how good the alarms are, by ISA-18.2", parents=[both])
    numbers.add_argument("--days", type=_days, default=30, metavar="N", help="the last so many, 30 by itself")
    numbers.add_argument("--json", action="store_true", help="for programs")
    numbers.set_defaults(run=_alarms_numbers)
    cli_acts.add_to_alarms(acts, _alarm, both, _deed)
    close = acts.add_parser("close", help="end it, written up", parents=[both])
    close.add_argument("alarm", type=_alarm, metavar="A12")
    close.add_argument("--by", required=True, metavar="PERSON", help="id from the site file")
    close.add_argument("--note", default="", help="what was found and done, if it is not written up")
    close.set_defaults(run=_act, do="close")


def _add_mkt(command: argparse.ArgumentParser) -> None:
    command.add_argument("readings", type=Path, metavar="FILE.csv")
    command.add_argument("--window", type=_window, metavar="24h|30d", help="look for the worst full window")
    command.add_argument(
        "--cap", type=_cap, default=DEFAULT_CAP, metavar="15m|none", help="a reading stands at most so long"
    )
    command.add_argument(
        "--weights", choices=["time", "count"], default="time", help="count: each reading weighs the same"
    )
    command.add_argument("--json", action="store_true", help="one sensor a line")


def _window(text: str) -> timedelta:
    if text not in WINDOWS:
        raise argparse.ArgumentTypeError(f"{text!r} is no window; write {' or '.join(WINDOWS)}")
    return WINDOWS[text]


def _cap(text: str) -> timedelta | None:
    if text == "none":
        return None
    cap = _duration(text)
    if not cap:
        raise argparse.ArgumentTypeError("a reading must stand for longer than nothing; write 15m, or none")
    return cap


def _alarm(text: str) -> str:
    """Take A12 as it is typed at night: a12, 12."""
    return f"A{text}" if text.isdecimal() else text.upper()


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= MOST_DAYS):
        raise argparse.ArgumentTypeError(f"{text!r:.20} must be a number of days from 1 to {MOST_DAYS}")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= MOST_SHOWN):
        raise argparse.ArgumentTypeError(f"{text!r:.20} must be a number from 1 to {MOST_SHOWN}")
    return int(text)


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except UnitError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


# --- configuration ------------------------------------------------------------


def _settings(path: Path) -> Settings:
    settings, problems = load_settings(path)
    return _usable(settings, problems)


def _site(path: Path) -> Site:
    site, problems = load_site(path)
    return _usable(site, problems)


def _usable(thing: T | None, problems: Sequence[Problem]) -> T:
    if thing is None:
        raise Refused("\n".join(map(str, problems)))
    return thing


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


# --- the daemon ---------------------------------------------------------------


def _run(options: argparse.Namespace) -> int:
    logs.to_standard_error()
    settings, site, found = _checked(options)
    service = Service(plan_of(settings, site, found.daily, found.programme), Clock(), Systemd(os.environ))
    install_signals(service.stop)
    service.run()
    return 0


# --- alarms -------------------------------------------------------------------


def _reader(options: argparse.Namespace) -> Reader:
    return Reader(_settings(options.config).record.journal)


def _alarms_list(options: argparse.Namespace) -> int:
    return cli_alarms.listed(options, _settings(options.config).record.journal)


def _alarms_show(options: argparse.Namespace) -> int:
    return cli_alarms.shown(options, _settings(options.config).record.journal)


def _deed(options: argparse.Namespace) -> int:
    return cli_acts.act(options, _settings(options.config).record)


def _alarms_numbers(options: argparse.Namespace) -> int:
    return cli_alarms.counted(options, _settings(options.config).record.journal)


def _act(options: argparse.Namespace) -> int:
    record = _settings(options.config).record
    return cli_alarms.close(options, record.journal, record.socket)


def _compliance(options: argparse.Namespace) -> int:
    record = _settings(options.config).record
    if options.what == "status":
        return cli_compliance.run(options, record.journal, Clock().now)
    return cli_evidence.run(options, record, Clock().now)


def _drill(options: argparse.Namespace) -> int:
    return cli_drill.run(options, _settings(options.config), _site(options.site))


def _people(options: argparse.Namespace) -> int:
    return cli_people.run(options, _settings(options.config).record, _site(options.site))


# --- messages, record ---------------------------------------------------------


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


def _quarantine(options: argparse.Namespace) -> int:
    with _reader(options) as reader:
        kept, count = reader.quarantined(options.limit), reader.count("quarantined")
    for stored in kept:
        message = stored.message
        print(f"{message.received_at:%Y-%m-%d %H:%M:%SZ}  {message.topic}: {message.reason}")
        print(f"    {message.payload[:80]!r}")
    print(f"{count} messages could not be decoded since the journal began")
    return 0


def _verify(options: argparse.Namespace) -> int:
    with _reader(options) as reader:
        findings = reader.verify()
    for finding in findings:
        print(finding, file=sys.stderr)
    if findings:
        return FAILED
    print("the chain of events is complete and unedited")
    return 0


# --- replay, stories, simulation ------------------------------------------------


def _replay(options: argparse.Namespace) -> int:
    return cli_replay.run(options, _site, lambda path: _settings(path).record.journal)


def _mkt(options: argparse.Namespace) -> int:
    by_count = options.weights == "count"
    found = kinetic.kinetics(options.readings, options.window, options.cap, by_count=by_count)
    if options.json:
        for each in found.sensors:
            print(json.dumps(kinetic.as_json(each, options.window)))
    else:
        for line in kinetic.as_lines(found, options.window):
            print(line)
    for line in (*kinetic.remarks(found), *found.named):
        print(line, file=sys.stderr)
    for reason, count in found.unusable.items():
        print(f"{options.readings}: {count} lines not used: {reason}", file=sys.stderr)
    return 0 if any(each.readings for each in found.sensors) else FAILED


def _demo(options: argparse.Namespace) -> int:
    try:
        from hdmonitor.demo import NotPlayed, run  # noqa: PLC0415  # needs the optional embedded broker
    except ModuleNotFoundError as error:
        raise Refused(f"the demonstration needs {error.name}; install hdmonitor[broker]") from error
    try:
        return run(options.span)
    except NotPlayed as error:
        raise Refused(str(error)) from error


def _discover(options: argparse.Namespace) -> int:
    return cli_discover.run(options, _settings, _site)


def _commission(options: argparse.Namespace) -> int:
    return cli_commission.run(options, _settings(options.config).record, _site(options.site))


def _simulate(options: argparse.Namespace) -> int:
    stop = threading.Event()
    install_signals(stop.set)
    host, _, port = options.broker.partition(":")
    if not host or (port and not (port.isascii() and port.isdecimal() and 0 < int(port) <= HIGHEST_PORT)):
        raise Refused(f"{options.broker!r} is not HOST[:PORT]; write for instance 127.0.0.1:1883")
    broker = Broker(host, int(port or 1883), options.user, os.environ.get("MQTT_PASSWORD"))
    done = simulate(_site(options.site), broker, stop, Clock(), length=options.span)
    for point in done.left_out:
        print(f"{point} is not simulated", file=sys.stderr)
    print(f"{done.confirmed} messages confirmed by the broker, {done.unconfirmed} not")
    return FAILED if done.unconfirmed else 0


if __name__ == "__main__":
    sys.exit(main())
