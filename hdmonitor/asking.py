"""What a person asks for, from texts to an act: one table for the control socket and for everybody else.

A request is a mapping of texts with a word for the act under `do`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hdmonitor.completions import Completion, Result
from hdmonitor.events import (
    Acknowledge,
    Act,
    BackInService,
    Close,
    Commission,
    Complete,
    Document,
    DrillAlarm,
    DrillAnswered,
    DrillArrived,
    DrillFailed,
    HandReading,
    InUse,
    OutOfService,
    Override,
    Returning,
    ReturnStep,
    Shelve,
    Silence,
    Unshelve,
    Where,
    Why,
)
from hdmonitor.model import Level

LONGEST_NAME = 100  # characters
LONGEST_NOTE = 1000
MOST_POINTS = 500
MOST_MINUTES = 100_000
SHA256 = re.compile(r"[0-9a-f]{64}")
MOST_ATTACHMENTS = 20
LONGEST_QUOTE = 40
LONGEST_COUNT = 15  # digits
ALARM = re.compile(r"A[1-9][0-9]{0,17}")
DRILL = re.compile(r"D[1-9][0-9]{0,17}")


class Unreadable(Exception):
    """A text that cannot be part of an act: what is wrong, what to do."""


def quoted(text: str) -> str:
    """Return a text in quotation marks, shortened so that both of them stay."""
    return repr(text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…")


@dataclass(frozen=True, slots=True)
class Field:
    """One text of a request: how it is read, and whether it may be left out."""

    read: Callable[[str, str], Any]  # of its name and its text
    needed: bool = True


def _alarm(_: str, text: str) -> str:
    if not ALARM.fullmatch(text):
        raise Unreadable(f"{quoted(text)} is not the id of an alarm; write for instance A1842")
    return text


def _drill(_: str, text: str) -> str:
    if not DRILL.fullmatch(text):
        raise Unreadable(f"{quoted(text)} is not the id of a drill; write for instance D1842")
    return text


def _person(_: str, text: str) -> str:
    if not 0 < len(text) <= LONGEST_NAME:
        raise Unreadable(f"name the person who does this, in at most {LONGEST_NAME} characters")
    return text


def _id(name: str, text: str) -> str:
    if not 0 < len(text) <= LONGEST_NAME:
        raise Unreadable(f"name the {name} by its id in the site file")
    return text


def _ids(name: str, text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(text.split()))
    if not 0 < len(found) <= MOST_POINTS:
        raise Unreadable(f"name 1 to {MOST_POINTS} {name} by their ids, with spaces between them")
    return found


def _note(name: str, text: str) -> str:
    if len(text) > LONGEST_NOTE:
        raise Unreadable(f"the {name} is longer than {LONGEST_NOTE} characters; shorten it")
    return text


def _words(name: str, text: str) -> str:
    if not text:
        raise Unreadable(f"the {name} is missing; say it in a few words")
    return _note(name, text)


def _number(name: str, text: str) -> float:
    try:
        value = float(text) if "_" not in text and text.isascii() else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Unreadable(f"{name} must be a number, not {quoted(text)}")
    return value


def _minutes(_: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(MOST_MINUTES)):
        raise Unreadable(f"minutes must be a whole number, {MOST_MINUTES} at most, not {quoted(text)}")
    return int(text)


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        why = f"{name} must be a time with its offset from UTC, not {quoted(text)}"
        raise Unreadable(f"{why}; write for instance 2026-03-02T08:00-05:00")
    return moment


def _one_of(*words: str) -> Callable[[str, str], str]:
    def read(name: str, text: str) -> str:
        if text not in words:
            raise Unreadable(f"{name} must be one of {', '.join(words)}, not {quoted(text)}")
        return text

    return read


def _level(name: str, text: str) -> Level:
    return Level[_one_of(*(level.name.lower() for level in Level))(name, text).upper()]


def _where(name: str, text: str) -> Where:
    return Where(_one_of(*Where)(name, text))


def _why(name: str, text: str) -> Why:
    return Why(_one_of(*Why)(name, text))


def _step(name: str, text: str) -> ReturnStep:
    return ReturnStep(_one_of(*ReturnStep)(name, text))


def _yes(name: str, text: str) -> bool:
    return _one_of("yes", "no")(name, text) == "yes"


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text if len(text) == len("2026-03-02") else "")
    except ValueError:
        raise Unreadable(
            f"{name} must be a day of the calendar such as 2026-03-02, not {quoted(text)}"
        ) from None


def _result(name: str, text: str) -> Result:
    return Result(_one_of(*Result)(name, text))


def _count(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > LONGEST_COUNT:
        raise Unreadable(f"{name} must be a whole number, not {quoted(text)}")
    return int(text)


def _values(name: str, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unreadable(f'{name} must be a JSON object such as {{"cfu": 0}}, not {quoted(text)}')
    return found


def _hashes(name: str, text: str) -> tuple[str, ...]:
    found = tuple(text.split())
    if not all(SHA256.fullmatch(each) for each in found) or len(found) > MOST_ATTACHMENTS:
        raise Unreadable(f"{name} are at most {MOST_ATTACHMENTS} SHA-256, with spaces between them")
    return found


def completing(by: str, **words: Any) -> Complete:
    """Return the act that files a completion."""
    return Complete(Completion(filed_by=by, **words))


BY = {"by": Field(_person)}
ON = {"alarm": Field(_alarm), **BY}

ACTS: Mapping[str, tuple[Callable[..., Act], Mapping[str, Field]]] = {
    "ack": (
        Acknowledge,
        {
            **ON,
            "note": Field(_note, needed=False),
            "level": Field(_level, needed=False),
            "where": Field(_where, needed=False),
            "minutes": Field(_minutes, needed=False),
        },
    ),
    "silence": (Silence, ON),
    "document": (
        Document,
        {
            **ON,
            "cause": Field(_words),
            "action": Field(_words),
            "disposition": Field(_note, needed=False),
            "work_order": Field(_note, needed=False),
            "note": Field(_note, needed=False),
        },
    ),
    "close": (Close, {**ON, "note": Field(_note)}),
    "shelve": (Shelve, {**ON, "reason": Field(_words), "minutes": Field(_minutes)}),
    "unshelve": (Unshelve, ON),
    "out": (
        OutOfService,
        {
            "points": Field(_ids),
            **BY,
            "why": Field(_why),
            "reason": Field(_words),
            "until": Field(_moment),
        },
    ),
    "back": (BackInService, {"points": Field(_ids), **BY}),
    "return": (Returning, {"unit": Field(_id), **BY, "step": Field(_step)}),
    "use": (InUse, {"room": Field(_id), **BY, "in_use": Field(_yes)}),
    "read": (
        HandReading,
        {
            "point": Field(_id),
            **BY,
            "value": Field(_number),
            "unit": Field(_id),
            "read_at": Field(_moment),
        },
    ),
    "override": (Override, {"place": Field(_id), **BY, "reason": Field(_words), "minutes": Field(_minutes)}),
    "commission": (
        Commission,
        {
            "point": Field(_id),
            **BY,
            "reading": Field(_number),
            "reference": Field(_number),
            "certificate": Field(_words),
            "found": Field(_words),
        },
    ),
    "drill": (DrillAlarm, {"point": Field(_id), **BY, "seconds": Field(_count)}),
    "drill-arrived": (DrillArrived, {"drill": Field(_drill), **BY, "code": Field(_words)}),
    "drill-ack": (DrillAnswered, {"drill": Field(_drill), **BY}),
    "drill-failed": (DrillFailed, {"drill": Field(_drill), **BY, "why": Field(_words)}),
    "complete": (
        completing,
        {
            "obligation": Field(_id),
            "subject": Field(_id),
            "on": Field(_day),
            **BY,
            "result": Field(_result),
            "done_by": Field(_note, needed=False),
            "evaluator": Field(_note, needed=False),
            "second": Field(_id, needed=False),
            "values": Field(_values, needed=False),
            "method": Field(_note, needed=False),
            "certificate": Field(_note, needed=False),
            "attachments": Field(_hashes, needed=False),
            "remark": Field(_note, needed=False),
            "run": Field(_count, needed=False),
            "corrects": Field(_count, needed=False),
        },
    ),
}


# How each text of a request is written in JSON; what is not here is a text there, too.
SHAPES: Mapping[Callable[[str, str], Any], Mapping[str, Any]] = {
    _alarm: {"type": "string", "pattern": f"^{ALARM.pattern}$"},
    _person: {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
    _id: {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
    _ids: {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "minItems": 1,
        "maxItems": MOST_POINTS,
    },
    _note: {"type": "string", "maxLength": LONGEST_NOTE},
    _words: {"type": "string", "minLength": 1, "maxLength": LONGEST_NOTE},
    _number: {"type": "number"},
    _minutes: {"type": "integer", "minimum": 0, "maximum": MOST_MINUTES},
    _count: {"type": "integer", "minimum": 0},
    _yes: {"type": "boolean"},
    _values: {"type": "object"},
    _hashes: {"type": "array", "items": {"type": "string"}, "maxItems": MOST_ATTACHMENTS},
    _moment: {"type": "string", "format": "date-time"},
    _day: {"type": "string", "format": "date"},
    _level: {"type": "string", "enum": [level.name.lower() for level in Level]},
    _where: {"type": "string", "enum": [*Where]},
    _why: {"type": "string", "enum": [*Why]},
    _step: {"type": "string", "enum": [*ReturnStep]},
    _result: {"type": "string", "enum": [*Result]},
}


def as_text(value: object) -> object:
    """Return a value of JSON as the text that a request has for it; what has none stays as it is."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return repr(value)
        case list() if all(isinstance(each, str) for each in value):
            return " ".join(value)
        case dict():
            return json.dumps(value)
    return value


def act_asked(request: object) -> Act | str:
    """Return the act that a request asks for, or why it cannot be asked."""
    if not isinstance(request, dict) or not all(
        isinstance(key, str) and isinstance(text, str) for key, text in request.items()
    ):
        return 'a request is a mapping of texts; one of them is "do"'
    words = {key: " ".join(text.split()) for key, text in request.items()}
    do = words.pop("do", "")
    if do not in ACTS:
        return f"{quoted(do)} is not something to do; ask for one of: {', '.join(ACTS)}"
    kind, fields = ACTS[do]
    missing = [key for key, field in fields.items() if field.needed and key not in words]
    if missing or set(words) - set(fields):
        return f"{do!r} must give {_listed(fields)} as text, and nothing else"
    if not all(text.isprintable() for text in words.values()):
        return f"what {do!r} gives must be plain text"
    try:
        return kind(**{key: fields[key].read(key, text) for key, text in words.items()})
    except Unreadable as error:
        return str(error)


def _listed(fields: Mapping[str, Field]) -> str:
    return ", ".join(key if field.needed else f"perhaps {key}" for key, field in fields.items())
