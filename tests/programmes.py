"""Small programmes of obligations for tests."""

from dataclasses import replace
from datetime import date, time

from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.dates import Calendar
from hdmonitor.compliance.obligation import Programme, Subject, SubjectKind
from hdmonitor.obligations import load_obligations

SINCE = date(2026, 1, 1)
CLEAN = {
    "garbing-fingertip": {"left": 0, "right": 0},
    "aseptic-manipulation": {"growth": False, "left": 0, "right": 0, "surface": 0},
}  # what was found, where a rule judges it


def day(text):
    return date.fromisoformat(text)


def person(id_="lee", *, roles=("compounder",), category=2, hired=None, start=SINCE, **facts):
    return Subject(
        SubjectKind.PERSON,
        id_,
        id_.title(),
        start,
        roles=frozenset(roles),
        category=category,
        known_from=hired,
        tells=facts.pop("tells", (id_, "kim", "pat")),
        **facts,
    )


def asset(id_, kind, **facts):
    given = {"category": 2, "tells": ("kim", "pat")}
    return Subject(SubjectKind.ASSET, id_, id_, SINCE, what=kind, **given | facts)


def programme(*subjects, only=(), zone="America/New_York", **facts):
    """Return what these subjects have to keep, of the catalogue of the package."""
    known = load_obligations().by_id
    kept = {id_: known[id_] for id_ in only} if only else dict(known)
    people = ("lee", "kim", "pat", "ann")
    given = {
        "waste": "subpart-p",
        "calendar": Calendar(compounding=frozenset(range(5)), known_until=date(2099, 12, 31)),
        "at": time(7),
        "in_charge": "pat",
        "digest": "1",
        "reached": {each: (f"{each}-phone",) for each in people},
    }
    return Programme(zone=zone, obligations=kept, subjects=subjects, **given | facts)


def raised(found, id_, category):
    """Return the programme with another category of a person, as from another site file."""
    subjects = tuple(replace(s, category=category) if s.id == id_ else s for s in found.subjects)
    return replace(found, subjects=subjects, digest=f"{found.digest}+")


def done(obligation, subject, on, result=Result.PASS, **facts):
    values = CLEAN.get(obligation, {}) if result is Result.PASS else {}
    return Completion(obligation, subject, day(on), result, "kim", **{"values": values} | facts)
