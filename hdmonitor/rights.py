"""Which role may do which act: the monitor refuses by it, pages hide by it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

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
)


class Role(StrEnum):
    """What a person is to the pharmacy; `manager` may do what a pharmacist and an administrator may."""

    BOARD = "board"  # a screen on the wall: it sees and does nothing
    TECHNICIAN = "technician"
    PHARMACIST = "pharmacist"
    QA = "qa"
    ADMINISTRATOR = "administrator"
    MANAGER = "manager"


PHARMACISTS = frozenset({Role.PHARMACIST, Role.MANAGER})
STAFF = PHARMACISTS | {Role.TECHNICIAN}
EVERYBODY = STAFF | {Role.QA, Role.ADMINISTRATOR}

MAY: Mapping[type[Act], frozenset[Role]] = {
    Acknowledge: EVERYBODY,
    Silence: EVERYBODY,
    Document: STAFF | {Role.QA},
    Close: STAFF | {Role.QA},
    Shelve: STAFF,
    Unshelve: STAFF | {Role.QA},
    OutOfService: PHARMACISTS,
    BackInService: STAFF,
    Returning: STAFF,
    InUse: STAFF,
    HandReading: STAFF | {Role.QA},
    Override: PHARMACISTS,
    Commission: STAFF | {Role.QA, Role.ADMINISTRATOR},
    Complete: EVERYBODY,
    DrillAlarm: EVERYBODY,
    DrillArrived: EVERYBODY,
    DrillAnswered: EVERYBODY,
    DrillFailed: EVERYBODY,
}

LIST_DRUGS = PHARMACISTS | {Role.ADMINISTRATOR}  # which drugs are hazardous is for the whole site


def may(role: str, act: type[Act], *, contained: bool = False) -> bool:
    """Tell whether a role may do an act; `contained` where it is about a hood or a hazardous room."""
    if act is Shelve and contained:
        return role in PHARMACISTS  # practice rule 9
    return role in MAY[act]


def may_list_drugs(role: str | None) -> bool:
    """Tell whether a role, None for nobody, may replace the site's list of hazardous drugs."""
    return role in LIST_DRUGS


def may_step(role: str, step: ReturnStep) -> bool:
    """Tell whether a role may record a step of a return to service (practice rule 15)."""
    return role in (PHARMACISTS if step is ReturnStep.SIGN else MAY[Returning])
