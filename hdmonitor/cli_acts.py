"""The commands by which people act: on alarms, on what is out of service, on lost units, on gauges."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from hdmonitor.adapters.control import ask
from hdmonitor.alerts.picks import DISPOSITIONS
from hdmonitor.cli_shared import both_files, later, usable
from hdmonitor.clock import Clock
from hdmonitor.events import ReturnStep, Where, Why
from hdmonitor.reader import JournalRefused, Reader
from hdmonitor.refusal import Refusal
from hdmonitor.settings import load_settings
from hdmonitor.units import UnitError, parse_duration, show_moment

MINUTE = timedelta(minutes=1)
LONGEST_WAY = timedelta(minutes=60)  # the daemon takes no longer either


MOST_DAYS = 4000  # of which numbers are asked


class NotDone(Refusal):
    """An act that cannot be done: why, what to do."""


def _minutes(text: str) -> str:
    """Read a whole number of minutes, as the daemon takes them."""
    try:
        span = parse_duration(text)
    except UnitError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not span or span % MINUTE:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of minutes; write 30m, or 2h")
    return str(span // MINUTE)


def _arrival(text: str) -> str:
    """Read in how many minutes somebody is there."""
    minutes = _minutes(text)
    if int(minutes) > LONGEST_WAY // MINUTE:
        raise argparse.ArgumentTypeError(f"{text} is more than {LONGEST_WAY // MINUTE} minutes")
    return minutes


def _by(command: argparse.ArgumentParser) -> None:
    command.add_argument("--by", required=True, metavar="PERSON", help="id from the site file")


def add_alarms(command: argparse.ArgumentParser) -> None:
    """Declare what people ask and do about alarms."""
    both = both_files()
    acts = command.add_subparsers(
        required=True, metavar="list|show|numbers|ack|silence|document|shelve|unshelve|close"
    )
    listed = acts.add_parser("list", help="alarms that nobody has closed", parents=[both])
    listed.add_argument("--all", action="store_true", help="closed ones too")
    listed.set_defaults(run=later("cli_alarms", "listed"))
    shown = acts.add_parser("show", help="everything about one alarm", parents=[both])
    shown.add_argument("alarm", type=_alarm, metavar="A12")
    shown.set_defaults(run=later("cli_alarms", "shown"))
    numbers = acts.add_parser("numbers", help="how good the alarms are, by ISA-18.2", parents=[both])
    numbers.add_argument("--days", type=_days, default=30, metavar="N", help="the last so many, 30 by itself")
    numbers.add_argument("--json", action="store_true", help="for programs")
    numbers.set_defaults(run=later("cli_alarms", "counted"))
    _add_answers(acts, both)
    close = acts.add_parser("close", help="end it, written up", parents=[both])
    close.add_argument("alarm", type=_alarm, metavar="A12")
    _by(close)
    close.add_argument("--note", default="", help="what was found and done, if it is not written up")
    close.set_defaults(run=later("cli_alarms", "close"))


def _alarm(text: str) -> str:
    """Take A12 as it is typed at night: a12, 12."""
    return f"A{text}" if text.isdecimal() else text.upper()


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= MOST_DAYS):
        raise argparse.ArgumentTypeError(f"{text!r:.20} must be a number of days from 1 to {MOST_DAYS}")
    return int(text)


def _add_answers(
    command: argparse._SubParsersAction[argparse.ArgumentParser],  # argparse names it nowhere else
    shared: argparse.ArgumentParser,
) -> None:
    """Declare what people do with one alarm, beside closing it."""

    def add(name: str, text: str, gives: tuple[str, ...]) -> argparse.ArgumentParser:
        one = command.add_parser(name, help=text, description=text, parents=[shared])
        one.add_argument("alarm", type=_alarm, metavar="A12")
        _by(one)
        one.set_defaults(run=act, do=name, gives=("alarm", "by", *gives))
        return one

    answer = add("ack", "answer an alarm: the calls stop for a while", ("note", "where", "minutes"))
    answer.add_argument("--note", default="", help="what was found")
    nearer = answer.add_mutually_exclusive_group()
    nearer.add_argument(
        "--in", dest="minutes", type=_arrival, metavar="15m", help="on the way, there by then"
    )
    nearer.add_argument("--at-unit", action="store_true", help="standing in front of it")
    add("silence", "turn off the local sounder; the calls go on", ())
    written = add(
        "document",
        "write down what was found and done",
        ("cause", "action", "disposition", "work_order", "note"),
    )
    written.add_argument("--cause", required=True)
    written.add_argument("--action", required=True, help="what was done about it")
    written.add_argument("--stock", dest="disposition", choices=list(DISPOSITIONS), help="what becomes of it")
    written.add_argument("--work-order", metavar="NUMBER")
    written.add_argument("--note")
    shelve = add("shelve", "stop the calls of an alarm for a while", ("reason", "minutes"))
    shelve.add_argument("--for", dest="minutes", type=_minutes, required=True, metavar="30m")
    shelve.add_argument("--reason", required=True)
    add("unshelve", "let a shelved alarm call again", ())


def add_service(command: argparse.ArgumentParser) -> None:
    """Declare what people say about points and rooms."""
    shared = both_files()
    acts = command.add_subparsers(required=True, metavar="out|back|in-use|empty")
    out = acts.add_parser("out", help="take points out of service", parents=[shared])
    out.add_argument("points", nargs="+", metavar="POINT")
    out.add_argument("--why", required=True, choices=[why.value for why in Why])
    out.add_argument("--reason", required=True)
    out.add_argument("--for", dest="span", type=_minutes, required=True, metavar="2h", help="ends by itself")
    out.set_defaults(run=act, do="out", gives=("points", "by", "why", "reason", "until"))
    back = acts.add_parser("back", help="put points back in service", parents=[shared])
    back.add_argument("points", nargs="+", metavar="POINT")
    back.set_defaults(run=act, do="back", gives=("points", "by"))
    for name, text, used in (("in-use", "people work there", "yes"), ("empty", "nobody works there", "no")):
        use = acts.add_parser(name, help=f"say of a room: {text}", parents=[shared])
        use.add_argument("room", metavar="ROOM")
        use.set_defaults(run=act, do="use", in_use=used, gives=("room", "by", "in_use"))
    for each in acts.choices.values():
        _by(each)


def add_return(command: argparse.ArgumentParser) -> None:
    """Declare a step of a return to service."""
    command.add_argument("unit", metavar="UNIT", help="id of the hood or room")
    command.add_argument("step", choices=[step.value for step in ReturnStep])
    _by(command)
    command.set_defaults(run=act, do="return", gives=("unit", "by", "step"))


def add_read(command: argparse.ArgumentParser) -> None:
    """Declare a reading by hand."""
    command.add_argument("point", metavar="POINT", help="id from the site file")
    command.add_argument("value", metavar="VALUE")
    command.add_argument("unit", metavar="UNIT", nargs="?", help="as it stands on the gauge")
    _by(command)
    command.set_defaults(run=act, do="read", gives=("point", "by", "value", "unit", "read_at"))


def add_override(command: argparse.ArgumentParser) -> None:
    """Declare an override of the board."""
    command.add_argument("place", metavar="PLACE", help="id of a room or hood")
    command.add_argument("--for", dest="minutes", type=_minutes, required=True, metavar="30m")
    command.add_argument("--reason", required=True)
    _by(command)
    command.set_defaults(run=act, do="override", gives=("place", "by", "reason", "minutes"))


def act(options: argparse.Namespace) -> int:
    """Have an act done by the daemon, and say what was done."""
    record = usable(*load_settings(options.config)).record
    request = asked(options, Clock().now())
    if refusal := ask(record.socket, request).get("refused"):
        raise NotDone(str(refusal))
    if options.do == "out":
        from hdmonitor.site import load_site  # noqa: PLC0415  # nobody who answers an alarm waits for it

        site, _ = load_site(options.site)
        until = datetime.fromisoformat(request["until"])
        request["until"] = show_moment(until, site.zone if site else "UTC")
    print(_done(request) + (_verdict(record.journal, request) if options.do == "read" else ""))
    return 0


def _verdict(journal: Path, request: Mapping[str, str]) -> str:
    """Say how the daemon judged a reading; nothing where the record cannot be read."""
    try:
        with Reader(journal) as reader:
            found = reader.read_by_hand(request["point"])
    except JournalRefused:
        return ""
    return f": {found.detail['verdict']}" if found is not None and found.detail["by"] == request["by"] else ""


def asked(options: argparse.Namespace, now: datetime) -> dict[str, str]:
    """Return the request that the options make."""
    given = dict(vars(options))
    if options.do == "ack":
        near = Where.AT_UNIT if options.at_unit else Where.ON_MY_WAY if options.minutes else Where.ANSWER
        given["where"] = near.value
    if options.do == "out":
        given["until"] = (now + int(options.span) * MINUTE).isoformat()
    if options.do == "read" and options.unit is None:
        given["value"], _, given["unit"] = options.value.strip().partition(" ")
        if not given["unit"]:
            raise NotDone(f"give the unit as it stands on the gauge, for instance: {options.value} degC")
    given["read_at"] = now.isoformat()
    if "points" in given:
        given["points"] = " ".join(given["points"])
    return {"do": options.do} | {key: given[key] for key in options.gives if given.get(key) is not None}


# What is said when an act is done.
DONE = {
    "ack": "{alarm}: acknowledged by {by}{where}",
    "silence": "{alarm}: sounder silenced by {by}; the calls go on",
    "document": "{alarm}: written up by {by}",
    "shelve": "{alarm}: shelved by {by} for {minutes} min; it is still recorded",
    "unshelve": "{alarm}: no longer shelved, by {by}",
    "out": "{points}: out of service until {until}, by {by}",
    "back": "{points}: back in service, by {by}",
    "use": "{room}: in use: {in_use}, says {by}",
    "return": "{unit}: {step} recorded by {by}",
    "read": "{point}: {value} {unit}, read by {by}, is on record",
    "override": "{place}: overridden by {by} for {minutes} min; its reasons still stand",
}


def _done(request: Mapping[str, str]) -> str:
    where = {Where.ON_MY_WAY: f", there in {request.get('minutes')} min", Where.AT_UNIT: ", at the unit"}
    near = where.get(Where(request.get("where", Where.ANSWER)), "")
    return DONE[request["do"]].format(**{**request, "where": near})
