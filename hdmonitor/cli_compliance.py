"""The commands `hdmonitor compliance …`: what is due, and what stands against work."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from hdmonitor.compliance.due import BAD, Due, all_due, by_key, said
from hdmonitor.compliance.following import following
from hdmonitor.compliance.obligation import Programme, SubjectKind
from hdmonitor.incubators import Waiting, waiting
from hdmonitor.model import Site
from hdmonitor.reader import Reader
from hdmonitor.refusal import Refusal
from hdmonitor.site import draw_site

SOON = 30  # days ahead that are listed
PEOPLE = (SubjectKind.PERSON, SubjectKind.FACEPIECE)
WHOSE = {"person": PEOPLE, "asset": (SubjectKind.ASSET,), "room": (SubjectKind.ROOM,)}


class NotKept(Refusal):
    """A question about obligations that cannot be answered: why, what to do."""


def add_arguments(
    command: argparse.ArgumentParser, both: argparse.ArgumentParser
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    """Declare what `status` takes; return where the other commands are declared."""
    what = command.add_subparsers(
        required=True, metavar="status|done|import|export|calendar|drugs", dest="what"
    )
    text = "what is overdue, what stands against work, what is due soon, which results are awaited"
    status = what.add_parser("status", help=text, description=text, parents=[both])
    whose = status.add_mutually_exclusive_group()
    whose.add_argument("--person", metavar="ID", help="of one person only")
    whose.add_argument("--asset", metavar="ID", help="of one thing only")
    whose.add_argument("--room", metavar="ID", help="of one room only")
    status.add_argument("--on", type=_day, metavar="DATE", help="as of the evening of a day: 2026-03-02")
    status.add_argument("--all", action="store_true", help="what is not due soon, too")
    status.add_argument("--json", action="store_true", help="one object for each obligation and subject")
    return what


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text if len(text) == len("2026-03-02") else "")
    except ValueError:
        why = f"{text!r:.40} is not a day of the calendar; write for instance 2026-03-02"
        raise argparse.ArgumentTypeError(why) from None


def programme_of(path: Path) -> Programme:
    """Return what the site keeps; raise `NotKept` where it keeps nothing or its file cannot be used."""
    return _kept(path)[1]


def _kept(path: Path) -> tuple[Site, Programme]:
    drawn, problems = draw_site(path)
    errors = [str(problem) for problem in problems if not problem.warning]
    if errors or drawn is None:
        raise NotKept("\n".join(errors))
    if drawn.programme is None:
        raise NotKept(f"{path} has no section 'compliance'; add it, see docs/compliance.md")
    return drawn.site, drawn.programme


def print_kept(programme: Programme) -> None:
    """Say how much is kept, how much of that nobody has confirmed, and what was switched off."""
    duties = [obligation for obligation, _, _ in programme.duties()]
    kept = {each.id: each for each in duties}.values()
    unconfirmed = sum(each.confidence == "unconfirmed" for each in kept)
    print(f"# {len(duties)} duties of {len(kept)} obligations are kept, {unconfirmed} of these UNCONFIRMED")
    for off in programme.off:
        whom = f" of {', '.join(sorted(off.subjects))}" if off.subjects else ""
        print(f"#   OFF: {off.obligation}{whom}, signed by {off.by} on {off.signed}: {off.why}")


def run(options: argparse.Namespace, journal: Path, now: Callable[[], datetime]) -> int:
    """Show how everything stands that is kept, or what is kept for one person, thing or room."""
    site, programme = _kept(options.site)
    with Reader(journal) as reader:
        filed = by_key(reader.completions())
        programme = following(programme, [each.to_follow for each in reader.incidents()])
        unread = waiting(site, programme, filed, reader, now())
    on = options.on or now().astimezone(ZoneInfo(programme.zone)).date()
    dues = _chosen(options, programme, all_due(programme, filed, on))
    if options.json:
        print(json.dumps([_object(due, on) for due in dues], indent=2))
    else:
        shown = {due.key for due in dues}
        unread = [each for each in unread if (each.obligation.id, each.subject.key) in shown]
        _print(dues, unread, on, everything=options.all)
    return 0


def _chosen(options: argparse.Namespace, programme: Programme, dues: list[Due]) -> list[Due]:
    for key, kinds in WHOSE.items():
        wanted = getattr(options, key)
        if wanted is None:
            continue
        known = sorted({each.id for each in programme.subjects if each.kind in kinds})
        if wanted not in known:
            raise NotKept(f"there is no {key} {wanted!r:.40} with obligations; known are {', '.join(known)}")
        dues = [due for due in dues if due.subject.kind in kinds and due.subject.id == wanted]
    return sorted(dues, key=lambda due: (due.last_day or date.max, due.subject.name, due.obligation.id))


def _print(dues: list[Due], unread: list[Waiting], on: date, *, everything: bool) -> None:
    bad = [due for due in dues if due.state(on) in BAD]
    against = [due for due in bad if due.obligation.against]
    soon = [due for due in dues if due not in bad and due.last_day and (due.last_day - on).days <= SOON]
    rest = [due for due in dues if due not in bad and due not in soon] if everything else []
    chapters = (
        ("STANDS AGAINST WORK", against),
        ("OVERDUE", [due for due in bad if due not in against]),
        (f"DUE WITHIN {SOON} DAYS", soon),
        ("LATER", rest),
    )
    for title, listed in chapters:
        if listed:
            print(title)
        for due in listed:
            print(f"  {_line(due, on)}")
    _print_awaited(unread, on)
    print(f"{on}: {len(dues)} kept, {len(bad)} overdue, {len(against)} of them stand against work")
    if not bad:
        print("nothing known to be overdue; that is not to say that everything was done well")


def _print_awaited(unread: list[Waiting], on: date) -> None:
    if unread:
        print("RESULTS AWAITED")
    for each in unread:
        sample = each.sample
        state = "overdue, could be read since" if sample.late(on) else "to be read from"
        what = f"{each.subject.name} ({each.subject.key}): {each.obligation.short}"
        why = f" ({sample.says})" if sample.says else ""
        print(f"  {what}, taken {sample.entry.on}, {state} {sample.ready_on}{why}")


def _line(due: Due, on: date) -> str:
    obligation = due.obligation
    so_far = f", {due.so_far} of {obligation.passes} in a row" if due.so_far and not obligation.hours else ""
    consequence = f": {obligation.consequence}" if due.state(on) in BAD and obligation.consequence else ""
    rule = f"{due.case.rule}, {obligation.force.name}, {obligation.confidence}"
    return f"{due.subject.name} ({due.subject.key}): {said(due, on)}{so_far} ({rule}){consequence}"


def _object(due: Due, on: date) -> dict[str, object]:
    since = due.since(on)
    return {
        "obligation": due.obligation.id,
        "subject": due.subject.key,
        "name": due.subject.name,
        "state": due.state(on).value,
        "due": due.day.isoformat() if due.day else None,
        "window_ends": due.window_ends.isoformat() if due.window_ends else None,
        "since": since.isoformat() if since else None,
        "last": due.last.on.isoformat() if due.last else None,
        "every": str(due.case.every),
        "rule": due.case.rule,
        "force": due.obligation.force.name,
        "confidence": due.obligation.confidence,
        "against": sorted(due.obligation.against) if since else [],
    }
