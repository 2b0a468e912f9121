"""Completions from the tables and calendars that pharmacies keep, and the same table back.

Nothing is guessed: a line that could mean two things, or says a pass where its
values fail, is named and left out. What is left is asked of the same object
that files completions in the daemon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import ZoneInfo

from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.judging import NOT_MEASURED, TOO_MANY, NotJudged, judged, result_of, unmeasured
from hdmonitor.compliance.obligation import Obligation, Programme, Subject
from hdmonitor.draft import Draft
from hdmonitor.events import Restored
from hdmonitor.spreadsheet import (
    Dates,
    Heading,
    Line,
    Unreadable,
    plain,
    read_day,
    read_number,
    read_table,
    written,
)
from hdmonitor.upkeep import Upkeep
from hdmonitor.yaml_source import Problem

HEADING: Final = Heading(
    words={
        "subject": (
            *("employee", "person", "name", "staff", "technician", "employee name", "who"),
            *("equipment", "asset", "instrument", "hood", "room", "item", "device"),
        ),
        "obligation": ("competency", "test", "activity", "task", "requirement", "training", "what", "event"),
        "on": ("date", "date done", "done on", "completed", "date completed", "completion date", "last done"),
        "result": ("pass fail", "outcome", "status", "pass"),
        "done_by": ("done by", "performed by", "certifier", "vendor", "company"),
        "evaluator": ("evaluated by", "assessor", "observer", "observed by", "trainer"),
        "second": ("second person", "verified by", "witness", "witnessed by", "co signed by"),
        "method": ("how", "procedure"),
        "certificate": ("certificate no", "certificate number", "report", "report no", "cert"),
        "remark": ("remarks", "notes", "note", "comment", "comments"),
        "run": ("run no", "attempt"),
        "hours": ("hrs", "hours done"),
        "left": ("left hand", "cfu left", "left cfu", "left hand cfu"),
        "right": ("right hand", "cfu right", "right cfu", "right hand cfu"),
        "surface": ("surface cfu", "cfu surface"),
        "growth": ("turbid", "turbidity", "media growth", "media fill"),
        "cfu": ("count", "colonies", "cfu count"),
        "litres": ("liters", "volume", "volume l", "litres of air", "liters of air"),
        "iso": ("iso class", "class"),
        "plate_lot": ("plate lot", "lot of plate"),
        "media_lot": ("media lot", "medium lot", "tsb lot", "lot"),
        "genus": ("organism",),
        "place": ("location", "sample site", "sampling site", "sample location", "plate"),
    },
    needed=frozenset({"subject", "obligation", "on"}),
    merged=frozenset({"subject", "obligation"}),
)
RESULTS: Final = {
    "pass": Result.PASS,
    "passed": Result.PASS,
    "p": Result.PASS,
    "ok": Result.PASS,
    "yes": Result.PASS,
    "done": Result.PASS,
    "complete": Result.PASS,
    "completed": Result.PASS,
    "fail": Result.FAIL,
    "failed": Result.FAIL,
    "f": Result.FAIL,
    "no": Result.FAIL,
    "not judged": Result.NOT_JUDGED,
    "pending": Result.NOT_JUDGED,
}
YES: Final = frozenset({"yes", "y", "turbid", "growth", "positive", "true"})
NO: Final = frozenset({"no", "n", "clear", "no growth", "negative", "false"})
COLUMNS: Final = tuple(HEADING.words)
UNMEASURED: Final = "Not measured: a table said that it passed, and nothing of what was found."
WORDS: Final = ("plate_lot", "media_lot", "genus", "place")


@dataclass(slots=True)
class Import:
    """What a file holds that can be filed, with its lines, and what is wrong with the others."""

    completions: list[tuple[int, Completion]] = field(default_factory=list)
    says: dict[int, str] = field(default_factory=dict)  # how values were judged, by line
    problems: list[Problem] = field(default_factory=list)


def read_completions(
    raw: bytes,
    file: str,
    programme: Programme,
    filed: Sequence[Completion],
    *,
    by: str,
    now: datetime,
    dates: Dates = Dates.UNDECLARED,
) -> Import:
    """Read a table of completions, in the order of their days, as `by` would file them at `now`."""
    table = read_table(raw, file, HEADING)
    found = Import(problems=table.problems)
    meant = _Meant(programme)
    samplings: dict[
        tuple[str, str, date], int
    ] = {}  # the place in `completions` of several plates of one day
    for line in table.lines:
        reader = _Reader(line, file, meant, dates, by)
        completion = reader.completion()
        found.problems.extend(reader.problems)
        if completion is None or reader.problems:
            continue
        sampling = completion.obligation, completion.subject, completion.on
        if "cfu" in completion.values and not line["run"]:
            if sampling in samplings:
                _add_sample(found, samplings[sampling], completion, meant.kept[sampling[:2]])
                continue
            samplings[sampling] = len(found.completions)
        found.completions.append((line.number, completion))
        if reader.says:
            found.says[line.number] = reader.says
    if not table.lines and not table.problems:
        found.problems.append(Problem(file, 0, 0, "the table has a heading and no line below it"))
    found.completions.sort(key=lambda each: (each[1].on, each[0]))
    columns = {line.number: line.column("on") for line in table.lines}
    try_out(found, file, columns, programme, filed, now)
    return found


def _add_sample(found: Import, index: int, more: Completion, rule: str) -> None:
    """Put another plate to those of the same day: one above its level is what the sampling is."""
    number, before = found.completions[index]
    samples = before.values.get("samples", [dict(before.values)])
    values = {"samples": [*samples, dict(more.values)]}
    together = judged(rule, values)
    assert together is not None  # noqa: S101  # each was judged by this rule before
    found.completions[index] = number, replace(before, values=values, result=result_of(together))
    found.says[number] = together.says


def try_out(
    found: Import,
    file: str,
    columns: Mapping[int, int],
    programme: Programme,
    filed: Sequence[Completion],
    now: datetime,
) -> None:
    """Leave out what the daemon would refuse, with its own sentence."""
    next_event = max((each.number for each in filed), default=0) + 1
    restored = Restored(
        states={},
        heard={},
        next_event=next_event,
        stopped_at=None,
        completions=filed,
        occurrences=(),
        reminders=(),
    )
    upkeep = Upkeep(programme, restored)
    draft = Draft(next_event, {})
    kept = []
    for number, completion in found.completions:
        if refusal := upkeep.file(completion, now, draft):
            found.problems.append(Problem(file, number, columns.get(number, 1), refusal))
            found.says.pop(number, None)
        else:
            kept.append((number, completion))
    found.completions = kept
    found.problems.sort(key=lambda each: (each.line, each.column))


class _Meant:
    """What words of a table mean at this site."""

    def __init__(self, programme: Programme) -> None:
        self.zone = ZoneInfo(programme.zone)
        self._subjects: dict[str, set[Subject]] = {}
        self._obligations: dict[str, set[str]] = {}
        self.kept: dict[tuple[str, str], str] = {}  # rule by obligation and subject
        self._shown: dict[str, Obligation] = dict(programme.obligations)
        for subject in programme.subjects:
            first, _, last = subject.name.rpartition(" ")
            turned = (f"{last} {first}",) if first else ()  # "Last, First"
            for word in (subject.key, subject.name, *turned, *((subject.id,) if not subject.part else ())):
                self._subjects.setdefault(plain(word), set()).add(subject)
        for obligation in programme.obligations.values():
            words = (
                obligation.id,
                obligation.short,
                obligation.what,
                *(case.rule for case in obligation.cases),
            )
            for word in words:
                self._obligations.setdefault(plain(word), set()).add(obligation.id)
        for obligation, subject, case in programme.duties():
            self.kept[obligation.id, subject.key] = case.rule

    def pair(self, who: str, what: str) -> tuple[str, str]:
        """Return the obligation and the subject that two cells mean; raise `Unreadable`."""
        subjects = self._subjects.get(plain(who), set())
        obligations = self._obligations.get(plain(what), set())
        pairs = sorted(
            (obligation, subject.key)
            for obligation in obligations
            for subject in subjects
            if (obligation, subject.key) in self.kept
        )
        if len(pairs) == 1:
            return pairs[0]
        if not subjects:
            raise _Wrong("subject", f"{who!r} is nobody and nothing of this site{_near(who, self._subjects)}")
        if not obligations:
            raise _Wrong(
                "obligation", f"{what!r} is no obligation of this site{_near(what, self._obligations)}"
            )
        if not pairs:
            known = sorted({each for each, key in self.kept if key in {subject.key for subject in subjects}})
            raise _Wrong("obligation", f"{what!r} is not kept for {who!r}; kept are: {', '.join(known)}")
        told = ", ".join(f"{obligation} of {key}" for obligation, key in pairs)
        raise _Wrong("obligation", f"{what!r} for {who!r} may mean {told}; write the id")

    def person(self, text: str) -> str:
        """Return the id of a person, or the text itself for somebody from outside."""
        found = {subject.id for subject in self._subjects.get(plain(text), ())}
        return found.pop() if len(found) == 1 else text


class _Wrong(Unreadable):
    """What is wrong, and in which column."""

    def __init__(self, column: str, says: str) -> None:
        self.column = column
        super().__init__(says)


def _near(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(plain(word), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else "; list them with: hdmonitor compliance status"


class _Reader:
    """Reads one line; what is wrong with it is collected."""

    def __init__(self, line: Line, file: str, meant: _Meant, dates: Dates, by: str) -> None:
        self._line = line
        self._file = file
        self._meant = meant
        self._dates = dates
        self._by = by
        self.problems: list[Problem] = []
        self.says = ""

    def completion(self) -> Completion | None:
        """Return what the line says was done, None where it cannot be read."""
        pair = self._read("obligation", lambda _: self._pair())
        on = self._read("on", lambda text: read_day(text, self._dates))
        told = self._read("result", _result)
        values = self._values()
        run = self._read("run", _run)
        if pair is None or on is None or run is None or values is None or self.problems:
            return None
        obligation, key = pair
        result = self._judged(self._meant.kept[pair], told, values)
        if result is None:
            return None
        if result is Result.PASS and unmeasured(self._meant.kept[pair], values):
            values[NOT_MEASURED] = True
            self.says = UNMEASURED
        line, person = self._line, self._meant.person
        return Completion(
            obligation,
            key,
            on,
            result,
            self._by,
            done_by=line["done_by"],
            evaluator=person(line["evaluator"]),
            second=person(line["second"]),
            values=values,
            method=line["method"],
            certificate=line["certificate"],
            remark=line["remark"],
            run=run,
        )

    def _pair(self) -> tuple[str, str]:
        who, what = self._line["subject"], self._line["obligation"]
        if not who:
            raise _Wrong("subject", "whose line is this? no name stands here or above")
        if not what:
            raise _Wrong("obligation", "what was done? nothing stands here or above")
        return self._meant.pair(who, what)

    def _values(self) -> dict[str, Any] | None:
        """Return what was found, by name; empty cells say nothing."""
        values: dict[str, Any] = {}
        for name, read in VALUES.items():
            if self._line[name] and (value := self._read(name, read)) is not None:
                values[name] = value
        return values

    def _judged(self, rule: str, told: Result | None, values: Mapping[str, Any]) -> Result | None:
        """Return the result: that of the values where a rule judges them, else the one told."""
        try:
            found = judged(rule, values)
        except NotJudged as error:
            self._wrong("result", str(error))
            return None
        if found is not None:
            result = result_of(found)
            if told is not None and told is not result:
                self._wrong("result", f"the line says {told.value}, its values {result.value}. {found.says}")
                return None
            self.says = found.says
            return result
        if told is None:
            self._wrong("result", "pass or fail? write it, or the values that were found")
        return told

    def _read(self, name: str, read: Callable[[str], Any]) -> Any:
        try:
            return read(self._line[name])
        except _Wrong as error:
            self._wrong(error.column, str(error))
        except Unreadable as error:
            self._wrong(name, str(error))
        return None

    def _wrong(self, name: str, says: str) -> None:
        self.problems.append(Problem(self._file, self._line.number, self._line.column(name), says))


def _result(text: str) -> Result | None:
    if not text:
        return None
    if (found := RESULTS.get(plain(text))) is None:
        raise Unreadable(f"{text!r} is neither pass nor fail; write one of them")
    return found


def _run(text: str) -> int:
    if not text:
        return 1
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:4]) <= 99:  # noqa: PLR2004  # on one day
        raise Unreadable(f"{text!r} does not count the runs of a day; write 1, 2 or 3")
    return int(text)


def _count(text: str) -> int | str:
    if plain(text) in ("tntc", "too many", "too numerous to count"):
        return TOO_MANY
    number = read_number(text)
    if number != int(number):
        raise Unreadable(f"{text!r} is no number of colonies; write a whole number, or {TOO_MANY}")
    return int(number)


def _growth(text: str) -> bool:
    if plain(text) not in YES | NO:
        raise Unreadable(f"{text!r} does not say whether the medium grew; write turbid or clear")
    return plain(text) in YES


def _iso(text: str) -> int:
    digits = plain(text).removeprefix("iso").strip()
    if digits not in ("5", "7", "8"):
        raise Unreadable(f"{text!r} is no ISO class of a pharmacy; write 5, 7 or 8")
    return int(digits)


VALUES: Final[Mapping[str, Callable[[str], Any]]] = {
    "hours": read_number,
    "left": _count,
    "right": _count,
    "surface": _count,
    "growth": _growth,
    "cfu": _count,
    "litres": read_number,
    "iso": _iso,
    **dict.fromkeys(WORDS, str),
}


def values_of(texts: Mapping[str, str]) -> dict[str, Any]:
    """Read what was found from a form; raise `Unreadable`. Empty fields say nothing."""
    return {name: VALUES[name](text) for name, text in texts.items() if text}


# --- out ----------------------------------------------------------------------------


def table_of(completions: Iterable[Completion]) -> str:
    """Write completions as a table that `read_completions` reads."""
    lines = [
        replace(each, values=sample)
        for each in completions
        for sample in each.values.get("samples", [each.values])
    ]
    return written([COLUMNS, *([_shown(each, name) for name in COLUMNS] for each in lines)])


def _shown(each: Completion, name: str) -> str:
    match name:
        case "on":
            return each.on.isoformat()
        case "result":
            # One plate of a sampling has no result: that is the sampling's, and follows from all of them.
            return "" if "place" in each.values else each.result.value
        case "run":
            return "" if each.run == 1 else str(each.run)
        case (
            "subject"
            | "obligation"
            | "done_by"
            | "evaluator"
            | "second"
            | "method"
            | "certificate"
            | "remark"
        ):
            return str(getattr(each, name))
    value = each.values.get(name, "")
    if isinstance(value, bool):
        return "turbid" if value else "clear"
    return f"{value:g}" if isinstance(value, float) else str(value)
