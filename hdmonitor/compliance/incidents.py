"""What is written down when a hazardous drug was spilled, or somebody was exposed. Never a patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hdmonitor.completions import FollowUp
from hdmonitor.events import Entry
from hdmonitor.model import EPOCH

AHEAD = timedelta(minutes=5)  # a phone's clock may be so far ahead
LONGEST_AGO = timedelta(days=365)
MOMENTS = {"incident": ("at", "filed_at"), "drill": ("started_at", "stopped_at")}  # columns by table


class What(StrEnum):
    """What happened."""

    SPILL = "spill"
    EXPOSURE = "exposure"
    BOTH = "spill-and-exposure"


class Amount(StrEnum):
    """How much, as it can be told at a glance; more than 5 mL is large."""

    SMALL = "small"
    LARGE = "large"
    UNKNOWN = "unknown"


class FirstAid(StrEnum):
    """What was done for whoever was exposed, at once; anything beyond belongs to their physician."""

    NONE = "none-needed"
    SKIN = "skin-washed"
    EYES = "eyes-rinsed"
    CLOTHES = "clothes-taken-off"
    SENT = "sent-to-care"


@dataclass(frozen=True, slots=True)
class Incident:
    """One report. `people` are ids of the site file: who was there or exposed."""

    number: int
    what: What
    at: datetime
    place: str  # id of a room
    people: tuple[str, ...]
    drug: str  # id in the site's list; empty where nobody knows
    amount: Amount
    kit: str  # which spill kit was used; empty: none
    first_aid: FirstAid
    reported_to: str  # id of a person
    alarm: str  # that it belongs to, if any
    note: str
    filed_by: str
    filed_at: datetime

    @property
    def to_follow(self) -> FollowUp:
        """Return what is to be followed up."""
        return FollowUp(self.number, self.what.value, self.place, self.filed_at)


@dataclass(frozen=True, slots=True)
class Drill:
    """One spill drill, from start to stop."""

    id: str
    started_at: datetime
    started_by: str
    stopped_at: datetime | None = None
    steps: tuple[str, ...] = ()  # that were done
    people: tuple[str, ...] = ()


def untimely(ago: timedelta) -> str:
    """Say why what is reported cannot have been so long ago, or nothing."""
    if ago < -AHEAD:
        return "has not come yet; look at the clock"
    return "is more than a year ago; look at the day" if ago > LONGEST_AGO else ""


def unreportable(entry: Entry, now: datetime) -> str:
    """Say which moment of a report or a drill cannot be filed and why, or nothing."""
    since_epoch = now - EPOCH
    for row in entry.records:
        for column in MOMENTS.get(row.table, ()):
            at = row.values.get(column)
            # Counted, not shown: before the year 1, as after 9999, UTC has no days.
            if at is not None and (why := untimely(since_epoch - timedelta(microseconds=int(at)))):
                return f"{column} of this {row.table} {why}"
    return ""


@dataclass(frozen=True, slots=True)
class DrillRole:
    """What one person of a drill does, in the order of doing it."""

    title: str
    steps: tuple[tuple[str, str], ...]  # id and what to do


# From practice (ASHP-HOPA asks for a yearly simulation), in our words; a site's own procedure goes before it.
SPILL_DRILL = (
    DrillRole(
        "First at the spill",
        (
            ("stop", "Stops work, caps vials, leaves the hood running, calls out “spill”"),
            ("guard", "Keeps everybody away and shuts the door"),
            ("exposed", "Asks whether anybody was touched: clothes off, skin washed, eyes rinsed 15 min"),
            ("kit", "Has the spill kit brought and checks that it is complete"),
        ),
    ),
    DrillRole(
        "Cleaner",
        (
            (
                "dress",
                "Two pairs of chemotherapy gloves, gown, face and eyes covered, shoe covers, respirator",
            ),
            ("sign", "Puts up the warning sign"),
            ("cover", "Covers liquid with pads, powder with damp pads, from the edge to the middle"),
            ("glass", "Picks up glass with the scoop, into the sharps container"),
            ("deactivate", "Deactivates, decontaminates, cleans, each with fresh wipes"),
            ("waste", "Seals everything as hazardous-drug waste, gloves last, washes hands"),
        ),
    ),
    DrillRole(
        "Pharmacist",
        (
            ("told", "Is told, and decides whether the room is closed"),
            ("sheet", "Finds the safety data sheet"),
            ("report", "Writes the incident report with its first evaluation"),
            ("refill", "Has the spill kit filled up again"),
        ),
    ),
)
STEPS = tuple(step for role in SPILL_DRILL for step, _ in role.steps)
