"""Incidents as subjects of obligations: what has to follow a report is due like everything else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from zoneinfo import ZoneInfo

from hdmonitor.completions import FollowUp
from hdmonitor.compliance.obligation import Programme, Subject, SubjectKind


def following(programme: Programme, incidents: Iterable[FollowUp]) -> Programme:
    """Return the programme with the incidents in it."""
    subjects = tuple(_subject(programme, each) for each in incidents)
    return replace(programme, subjects=(*programme.subjects, *subjects)) if subjects else programme


def _subject(programme: Programme, incident: FollowUp) -> Subject:
    day = incident.filed_at.astimezone(ZoneInfo(programme.zone)).date()
    site = next((each.tells for each in programme.subjects if each.kind is SubjectKind.SITE), ())
    return Subject(
        kind=SubjectKind.INCIDENT,
        id=f"I{incident.number}",
        name=f"I{incident.number} {incident.what.replace('-', ' ')}",
        start=day,
        known_from=day,
        what=incident.what,
        room=incident.place,
        tells=site or (programme.in_charge,),
    )
