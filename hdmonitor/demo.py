"""The demonstration: an hour and a half in the pharmacy, told in a minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from hdmonitor.scenario import Answer
from hdmonitor.simulator.acts import Act, Deed

SPEED = 100.0  # simulated seconds in a real one
LENGTH = timedelta(minutes=100)  # of simulated time: one minute
SEED = 1


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the story: the sentence for it, what is done to the pharmacy, who answers."""

    at: timedelta  # simulated, from the start
    text: str
    deeds: tuple[tuple[Deed, str], ...] = ()
    answer: Answer | None = None


def _scene(minutes: float, text: str, *deeds: tuple[Deed, str], answer: Answer | None = None) -> Scene:
    return Scene(timedelta(minutes=minutes), text, deeds, answer)


# Both openings stay below the minute at which the door rule stirs. The second,
# with the compressor already dead, brings the excursion forward. From 8 °C at 28
# minutes the alarm comes 15 minutes later, its escalation after 10 more; the room's
# pressure is lost within 5 s, which is an alarm after 20.
STORY = (
    _scene(0, "A quiet day. Every sensor reports; everything is inside its limits."),
    _scene(3, "Somebody takes vials out of HD Fridge 2: door open.", (Deed.OPEN, "hd-fridge-2")),
    _scene(3.75, "Door shut after 45 s. It pages nobody.", (Deed.CLOSE, "hd-fridge-2")),
    _scene(
        5, "The compressor of HD Fridge 2 fails. Nobody notices yet.", (Deed.FAIL, "hd-fridge-2.compressor")
    ),
    _scene(26, "A delivery is put away: HD Fridge 2 open for 50 s.", (Deed.OPEN, "hd-fridge-2")),
    _scene(26 + 50 / 60, "Shut again.", (Deed.CLOSE, "hd-fridge-2")),
    _scene(
        60,
        "The technician on duty answers.",
        answer=Answer("hd-fridge-2.temperature", "technician"),
    ),
    _scene(64, "The compressor starts again after a reset.", (Deed.REPAIR, "hd-fridge-2.compressor")),
    _scene(86, "The exhaust fan of the HD buffer room trips.", (Deed.FAIL, "hd-exhaust")),
    _scene(
        88, "The pharmacist answers from the ante-room.", answer=Answer("hd-buffer.pressure", "pharmacist")
    ),
    _scene(92, "Facilities restart the exhaust.", (Deed.REPAIR, "hd-exhaust")),
)


def acts(start: datetime) -> Iterator[Act]:
    """Return what the story does to the pharmacy when it begins at `start`, in order."""
    return (Act(start + scene.at, deed, what) for scene in STORY for deed, what in scene.deeds)
