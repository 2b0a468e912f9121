"""What people do in a story: one line of `when` for each act of `hdmonitor.events`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.events import (
    Acknowledge,
    Act,
    BackInService,
    Close,
    Document,
    HandReading,
    InUse,
    Kind,
    OfAlarm,
    OutOfService,
    Override,
    Remark,
    Returning,
    ReturnStep,
    Shelve,
    Silence,
    Unshelve,
    Where,
    Why,
)
from hdmonitor.model import Site
from hdmonitor.scenario import Answer
from hdmonitor.units import UnitError, parse_amount, parse_duration, quantity_named

STEPS = "|".join(ReturnStep)
WHYS = "|".join(Why)
MINUTE = timedelta(minutes=1)
A = "A0"  # stands for the alarm of the point, which only the play knows

Words = re.Match[str]
KNOWN = (
    "PERSON acknowledges POINT, PERSON comes to POINT in 10m, PERSON is at POINT, PERSON silences POINT, "
    "PERSON documents POINT CAUSE; ACTION; DISPOSITION, PERSON closes POINT NOTE, "
    "PERSON shelves POINT for 30m REASON, PERSON unshelves POINT, "
    "PERSON takes POINT out of service for 2h hvac REASON, PERSON puts POINT back in service, "
    "PERSON records STEP for UNIT, PERSON says ROOM is in use, PERSON says ROOM is empty, "
    "PERSON reads POINT 5.1 degC, PERSON overrides PLACE for 30m REASON, messages to DESTINATION fail, "
    "messages to DESTINATION arrive"
)


def _document(words: Words) -> Document:
    cause, action, disposition = (each.strip() for each in f"{words['rest']};;".split(";")[:3])
    return Document(A, words["by"], cause, action, disposition)


# About the worst alarm of a point, which the story has to tell of.
OF_ALARMS: Mapping[str, Callable[[Words], OfAlarm]] = {
    r"(?P<by>\S+) acknowledges (?P<point>\S+)": lambda w: Acknowledge(A, w["by"]),
    r"(?P<by>\S+) comes to (?P<point>\S+) in (?P<span>\S+)": lambda w: Acknowledge(
        A, w["by"], where=Where.ON_MY_WAY, minutes=_minutes(w)
    ),
    r"(?P<by>\S+) is at (?P<point>\S+)": lambda w: Acknowledge(A, w["by"], where=Where.AT_UNIT),
    r"(?P<by>\S+) silences (?P<point>\S+)": lambda w: Silence(A, w["by"]),
    r"(?P<by>\S+) documents (?P<point>\S+) (?P<rest>.+)": _document,
    r"(?P<by>\S+) closes (?P<point>\S+)(?: (?P<rest>.+))?": lambda w: Close(
        A, w["by"], w["rest"] or "written down"
    ),
    r"(?P<by>\S+) shelves (?P<point>\S+) for (?P<span>\S+) (?P<rest>.+)": lambda w: Shelve(
        A, w["by"], w["rest"], _minutes(w)
    ),
    r"(?P<by>\S+) unshelves (?P<point>\S+)": lambda w: Unshelve(A, w["by"]),
}
# About places, points and destinations.
OF_PLACES: Mapping[str, Callable[[Words, datetime], Act | Remark]] = {
    r"(?P<by>\S+) takes (?P<point>\S+) out of service for (?P<span>\S+) "
    rf"(?P<why>{WHYS}) (?P<rest>.+)": lambda w, at: OutOfService(
        (w["point"],), w["by"], Why(w["why"]), w["rest"], at + _minutes(w) * MINUTE
    ),
    r"(?P<by>\S+) puts (?P<point>\S+) back in service": lambda w, _: BackInService((w["point"],), w["by"]),
    rf"(?P<by>\S+) records (?P<step>{STEPS}) for (?P<unit>\S+)": lambda w, _: Returning(
        w["unit"], w["by"], ReturnStep(w["step"])
    ),
    r"(?P<by>\S+) says (?P<room>\S+) is in use": lambda w, _: InUse(w["room"], w["by"], in_use=True),
    r"(?P<by>\S+) says (?P<room>\S+) is empty": lambda w, _: InUse(w["room"], w["by"], in_use=False),
    r"(?P<by>\S+) overrides (?P<place>\S+) for (?P<span>\S+) (?P<rest>.+)": lambda w, _: Override(
        w["place"], w["by"], w["rest"], _minutes(w)
    ),
    r"messages to (?P<to>\S+) fail": lambda w, _: Remark(Kind.UNDELIVERED, w["to"], {}),
    r"messages to (?P<to>\S+) arrive": lambda w, _: Remark(Kind.DELIVERED, w["to"], {}),
}
READS = re.compile(r"(?P<by>\S+) reads (?P<point>\S+) (?P<amount>.+)")


def deed(what: str, at: datetime, site: Site) -> Answer | Act | Remark | None:
    """Return what a line says that somebody does; None if it says nothing of the kind.

    Raises `UnitError` for an amount or a time that cannot be read.
    """
    for pattern, act in OF_ALARMS.items():
        if words := re.fullmatch(pattern, what):
            return Answer(words["point"], words["by"], act=act(words))
    for pattern, done in OF_PLACES.items():
        if words := re.fullmatch(pattern, what):
            return done(words, at)
    words = READS.fullmatch(what)
    if words is None or words["point"] not in site.points:
        return None
    quantity = site.points[words["point"]].quantity
    value = parse_amount(words["amount"], quantity)
    return HandReading(words["point"], words["by"], value, quantity_named(quantity).canonical, at)


def _minutes(words: Words) -> int:
    span: Any = parse_duration(words["span"])
    if span % MINUTE:
        raise UnitError(f"{words['span']!r} is not a whole number of minutes")
    return int(span // MINUTE)
