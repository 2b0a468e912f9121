"""The commands of `hdmonitor compliance` that write: `done`, `import`, `drugs`; and `export`, `calendar`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from hdmonitor import cli_compliance
from hdmonitor.adapters.control import ask
from hdmonitor.attachments import FOLDER, NotAttached, keep_file
from hdmonitor.cli_compliance import NotKept, programme_of
from hdmonitor.cli_shared import both_files, usable
from hdmonitor.clock import Clock
from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.due import all_due, by_key
from hdmonitor.compliance.following import following
from hdmonitor.compliance.judging import JUDGES, NotJudged, judged, result_of
from hdmonitor.compliance.obligation import Programme
from hdmonitor.drug_list import read_drugs
from hdmonitor.importing import VALUES, read_completions, table_of, values_of
from hdmonitor.matrix import calendar
from hdmonitor.reader import Reader
from hdmonitor.settings import Record, load_settings
from hdmonitor.site import load_site
from hdmonitor.spreadsheet import LARGEST, Dates, Unreadable
from hdmonitor.yaml_source import Problem

FAILED = 1
Now = Callable[[], datetime]


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare what the commands take, those that read and those that write."""
    command.set_defaults(run=_run)
    both = both_files()
    _add_writing(cli_compliance.add_arguments(command, both), both)


def _run(options: argparse.Namespace) -> int:
    record = usable(*load_settings(options.config)).record
    if options.what == "status":
        return cli_compliance.run(options, record.journal, Clock().now)
    return run(options, record, Clock().now)


def _add_writing(
    what: argparse._SubParsersAction[argparse.ArgumentParser],  # argparse names it nowhere else
    both: argparse.ArgumentParser,
) -> None:
    text = "file that something was done"
    done = what.add_parser("done", help=text, description=text, parents=[both])
    done.add_argument("obligation", metavar="OBLIGATION", help="id, such as garbing-fingertip")
    done.add_argument("subject", metavar="SUBJECT", help="person, person/facepiece, thing, room or 'site'")
    done.add_argument("--by", required=True, metavar="PERSON", help="who files it")
    done.add_argument("--on", metavar="DATE", help="day on which it was done; left out: today")
    done.add_argument("--result", choices=[*Result], help="left out where values are judged")
    for name in VALUES:
        done.add_argument(f"--{name.replace('_', '-')}", dest=name, metavar="VALUE", help=argparse.SUPPRESS)
    done.add_argument("--done-by", default="", metavar="NAME", help="who did it, if from outside")
    done.add_argument("--evaluator", default="", metavar="PERSON", help="who judged it")
    done.add_argument("--second", default="", metavar="PERSON", help="second person, where two sign")
    done.add_argument("--method", default="", metavar="TEXT")
    done.add_argument("--certificate", default="", metavar="NUMBER")
    done.add_argument("--attach", type=Path, action="append", default=[], metavar="FILE", help="kept with it")
    done.add_argument("--remark", default="", metavar="TEXT")
    # `run` is what the command line calls for a command.
    done.add_argument(
        "--run", dest="nth", type=int, default=1, metavar="N", help="which of several on one day"
    )
    done.add_argument("--corrects", type=int, metavar="NUMBER", help="entry that this one replaces")
    for name, text in (
        ("import", "file what a table of completions says"),
        ("drugs", "make a table the site's list of hazardous drugs"),
    ):
        taken = what.add_parser(name, help=text, description=text, parents=[both])
        taken.add_argument("file", type=Path, metavar="FILE.csv")
        taken.add_argument("--by", required=True, metavar="PERSON", help="who files it")
        taken.add_argument("--dry-run", action="store_true", help="name every bad line, file nothing")
        taken.add_argument("--dates", choices=["mdy", "dmy", "iso"], help="how 03/04/2026 is meant")
    text = "write every completion as a table that 'import' reads"
    what.add_parser("export", help=text, description=text, parents=[both])
    text = "write what is due as iCalendar"
    feed = what.add_parser("calendar", help=text, description=text, parents=[both])
    feed.add_argument("--person", metavar="ID", help="of one person only")


def run(options: argparse.Namespace, record: Record, now: Now) -> int:
    """Do what was asked for; raise `NotKept` where it cannot be done."""
    commands: Mapping[str, Callable[[argparse.Namespace, Record, Now], int]] = {
        "done": _done,
        "import": _import,
        "drugs": _drugs,
        "export": _export,
        "calendar": _calendar,
    }
    return commands[options.what](options, record, now)


# --- one completion -------------------------------------------------------------


def _done(options: argparse.Namespace, record: Record, now: Now) -> int:
    programme = programme_of(options.site)
    with Reader(record.journal) as reader:
        programme = following(programme, [each.to_follow for each in reader.incidents()])
    duty = programme.duty(options.obligation, options.subject)
    on = options.on or now().astimezone(ZoneInfo(programme.zone)).date().isoformat()
    try:
        values = values_of({name: getattr(options, name) or "" for name in VALUES})
        found = judged(duty[2].rule, values) if duty is not None and values else None
    except (Unreadable, NotJudged) as error:
        raise NotKept(str(error)) from error
    result = Result(options.result) if options.result else None
    if found is not None:
        if result not in (None, Result.VOID, result_of(found)):
            raise NotKept(f"the values say {result_of(found)}, not {result}. {found.says}")
        result = result or result_of(found)
    if result is None:
        which = "give --result pass or fail"
        if duty is not None and duty[2].rule in JUDGES:
            which = "give what was found, such as --left 0 --right 0"
        raise NotKept(f"what came of it? {which}")
    try:
        attached = [keep_file(record.journal.parent / FOLDER, path) for path in options.attach]
    except NotAttached as error:
        raise NotKept(str(error)) from error
    request = {
        "do": "complete",
        "obligation": options.obligation,
        "subject": options.subject,
        "on": on,
        "by": options.by,
        "result": result.value,
        "values": json.dumps(values),
        "run": str(options.nth),
        "attachments": " ".join(attached),
        **({"corrects": str(options.corrects)} if options.corrects else {}),
        **_texts(options),
    }
    _ask(record, request)
    if found is not None:
        print(found.says)
    print(f"filed: {options.obligation} of {options.subject}, {on}, {result.value}, by {options.by}")
    return 0


def _texts(options: argparse.Namespace) -> dict[str, str]:
    names = ("done_by", "evaluator", "second", "method", "certificate", "remark")
    return {name: text for name in names if (text := getattr(options, name))}


def _ask(record: Record, request: Mapping[str, str]) -> None:
    if refusal := ask(record.socket, request).get("refused"):
        raise NotKept(str(refusal))


# --- tables -----------------------------------------------------------------------


def _import(options: argparse.Namespace, record: Record, now: Now) -> int:
    programme = programme_of(options.site)
    raw = _read(options.file)
    with Reader(record.journal) as reader:
        filed = reader.completions()
        programme = following(programme, [each.to_follow for each in reader.incidents()])
    found = read_completions(
        raw,
        str(options.file),
        programme,
        filed,
        by=options.by,
        now=now(),
        dates=Dates(options.dates or Dates.UNDECLARED),
    )
    _tell(found.problems)
    refused = len(found.problems)
    for line, completion in found.completions:
        if not options.dry_run and (refusal := ask(record.socket, _request(completion)).get("refused")):
            _tell([Problem(str(options.file), line, 1, str(refusal))])
            refused += 1
            continue
        print(_line(completion))
        if says := found.says.get(line):
            print("    " + says.replace("\n", "\n    "))
    count = len(found.completions) - (refused - len(found.problems))
    what = "can be filed" if options.dry_run else "filed"
    print(f"{options.file}: {count} {what}, {refused} lines with something wrong")
    return FAILED if refused else 0


def _request(each: Completion) -> dict[str, str]:
    texts = {
        name: getattr(each, name) for name in ("done_by", "evaluator", "second", "method", "certificate")
    }
    return {
        "do": "complete",
        "obligation": each.obligation,
        "subject": each.subject,
        "on": each.on.isoformat(),
        "by": each.filed_by,
        "result": each.result.value,
        "values": json.dumps(dict(each.values)),
        "run": str(each.run),
        **{name: text for name, text in {**texts, "remark": each.remark}.items() if text},
    }


def _line(each: Completion) -> str:
    run_ = f", run {each.run}" if each.run > 1 else ""
    return f"{each.on}  {each.subject}: {each.obligation}{run_}: {each.result.value}"


def _drugs(options: argparse.Namespace, record: Record, now: Now) -> int:
    site, problems = load_site(options.site)
    if site is None:
        raise NotKept("\n".join(map(str, problems)))
    raw = _read(options.file)
    today = now().astimezone(ZoneInfo(site.zone)).date()
    dates = Dates(options.dates or Dates.UNDECLARED)
    drugs, wrong = read_drugs(raw, str(options.file), today=today, dates=dates)
    _tell(wrong)
    for drug in drugs:
        print(f"{drug.name}: table {drug.table.value}, {drug.version}, reviewed {drug.reviewed}")
    if wrong:
        # Half a list would look like a whole one.
        raise NotKept(f"{options.file}: {len(wrong)} lines with something wrong; the list stays as it was")
    if not options.dry_run:
        listed = json.dumps([{**asdict(drug), "reviewed": drug.reviewed.isoformat()} for drug in drugs])
        digest = sha256(raw).hexdigest()
        request = {
            "do": "drugs",
            "by": options.by,
            "file": options.file.name,
            "sha256": digest,
            "list": listed,
        }
        _ask(record, request)
    print(f"{options.file}: {len(drugs)} drugs {'can be listed' if options.dry_run else 'listed'}")
    return 0


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as error:
        raise NotKept(f"{file}: {error.strerror}; name a file that can be read") from error


def _tell(problems: list[Problem]) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)


# --- out ----------------------------------------------------------------------------


def _export(options: argparse.Namespace, record: Record, _: Now) -> int:
    programme_of(options.site)
    with Reader(record.journal) as reader:
        completions = reader.completions()
    corrected = {each.corrects for each in completions}
    kept = [each for each in completions if each.number not in corrected and each.result is not Result.VOID]
    sys.stdout.write(table_of(kept))
    return 0


def _calendar(options: argparse.Namespace, record: Record, now: Now) -> int:
    programme = programme_of(options.site)
    with Reader(record.journal) as reader:
        filed = by_key(reader.completions())
        programme = following(programme, [each.to_follow for each in reader.incidents()])
    at = now()
    dues = all_due(programme, filed, at.astimezone(ZoneInfo(programme.zone)).date())
    if options.person:
        dues = [due for due in dues if due.subject.id == options.person]
        if not dues:
            raise NotKept(f"nothing is kept for {options.person!r:.40}; known are {_people(programme)}")
    name = dues[0].subject.name if options.person else "What is due"
    sys.stdout.write(calendar(dues, options.site.stem, name, at).decode())
    return 0


def _people(programme: Programme) -> str:
    return ", ".join(sorted({subject.id for subject in programme.subjects}))
