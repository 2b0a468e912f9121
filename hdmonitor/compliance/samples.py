"""What a sample says: its count against an action level, and whether it counts at all.

The two are judged apart and both are told. An invalid sample may well be above
its level, and then it has to be acted on; but it never passes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal, TypeAlias

LEAST_LITRES: Final = 1_000.0  # of air at each place (797-V1)

Count: TypeAlias = 'int | Literal["TNTC"]'  # colonies; too numerous to count is above every level


class Iso(IntEnum):
    """Class of the place that was sampled."""

    FIVE = 5
    SEVEN = 7
    EIGHT = 8


@dataclass(frozen=True, slots=True)
class ActionLevel:
    """To be acted on when a count is greater; equal is not."""

    rule: str
    cfu: int
    source: str


_AIR = "USP <797>, viable air monitoring action levels"
_SURFACE = "USP <797>, surface sampling action levels"
AIR: Final = {  # cfu in a cubic metre
    Iso.FIVE: ActionLevel("797-V3", 1, _AIR),
    Iso.SEVEN: ActionLevel("797-V4", 10, _AIR),
    Iso.EIGHT: ActionLevel("797-V5", 100, _AIR),
}
SURFACE: Final = {  # cfu on a contact plate or swab
    Iso.FIVE: ActionLevel("797-S3", 3, _SURFACE),
    Iso.SEVEN: ActionLevel("797-S3", 5, _SURFACE),
    Iso.EIGHT: ActionLevel("797-S3", 50, _SURFACE),
}
AFTER_GARBING: Final = ActionLevel(
    "797-H3", 0, "USP <797>, gloved fingertip and thumb sampling after garbing"
)
AFTER_MEDIA_FILL: Final = ActionLevel(
    "797-H5", 3, "USP <797>, gloved fingertip and thumb sampling after a media fill"
)
IN_A_ROOM: Final = "investigate, correct, try to identify to genus"
BY_A_PERSON: Final = "find the cause, train again, repeat the test before any sterile compounding"


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one sample or test, in facts and in words."""

    rule: str
    above: bool  # the action level, or it shows growth: somebody has to act
    invalid: tuple[str, ...]  # why it does not count, whatever it shows
    says: str

    @property
    def passes(self) -> bool:
        """Tell whether it may be counted as done."""
        return not self.above and not self.invalid


def air(iso: Iso, cfu: Count, litres: float) -> Judged:
    """Judge a volumetric air sample; its count is brought to a cubic metre before it is compared."""
    if not 0.0 < litres < math.inf:
        raise ValueError(f"{litres} L of air is no sample")
    level = AIR[iso]
    # Compared without dividing, so that no rounding decides.
    above = cfu == "TNTC" or cfu * 1_000 > level.cfu * litres
    short = litres < LEAST_LITRES
    invalid = (
        (f"{litres:,.10g} L is less than the {LEAST_LITRES:,.0f} L that a sample needs",) if short else ()
    )
    found = f"{_told(cfu)} in {litres:,.10g} L"
    if cfu != "TNTC":
        found += f" is {_per_cubic_metre(cfu, litres, level, above)} cfu/m3"
    says = _says(found, above, f"{level.cfu} cfu/m3, ISO {iso}", level, invalid, IN_A_ROOM)
    return Judged(level.rule, above, invalid, says)


def surface(iso: Iso, cfu: Count) -> Judged:
    """Judge what one contact plate or swab shows."""
    level = SURFACE[iso]
    above = _greater(cfu, level)
    limit = f"{level.cfu} cfu on a device, ISO {iso}"
    return Judged(level.rule, above, (), _says(f"surface {_told(cfu)}", above, limit, level, (), IN_A_ROOM))


def fingertips(level: ActionLevel, left: Count | None, right: Count | None) -> Judged:
    """Judge gloved fingertips and thumbs, both hands added up; a hand that was not sampled is None."""
    hands = (("left", left), ("right", right))
    missing = tuple(f"the {hand} hand was not sampled" for hand, cfu in hands if cfu is None)
    total = _sum([cfu for _, cfu in hands if cfu is not None])
    above = _greater(total, level)
    found = f"fingertips {_told(total)}" + ("" if missing else " on both hands together")
    return Judged(
        level.rule, above, missing, _says(found, above, f"{level.cfu} cfu", level, missing, BY_A_PERSON)
    )


def media_fill(*, growth: bool, left: Count | None, right: Count | None, surface_cfu: Count | None) -> Judged:
    """Judge an aseptic manipulation test: media, fingertips after it, surface of the direct compounding area.

    One failed part fails it; a part that was not done leaves it without a result.
    """
    hands = fingertips(AFTER_MEDIA_FILL, left, right)
    place = surface(Iso.FIVE, surface_cfu) if surface_cfu is not None else None
    failed = growth or hands.above or (place is not None and place.above)
    missing = (
        *hands.invalid,
        *(() if place else ("the surface of the direct compounding area was not sampled",)),
    )
    media = "media turbid" if growth else "media clear"
    shown = [
        media,
        _part(hands, _told(_sum([each for each in (left, right) if each is not None])), "fingertips", 3),
    ]
    if place is not None and surface_cfu is not None:
        shown.append(_part(place, _told(surface_cfu), "surface", 3))
    result = "FAILED" if failed else "does not count" if missing else "passed"
    says = f"Media fill {result}: {', '.join(shown)} (797-H5)."
    return Judged("797-H5", failed, missing, " ".join([says, *_remarks(failed, missing, BY_A_PERSON)]))


def _per_cubic_metre(cfu: int, litres: float, level: ActionLevel, above: bool) -> str:
    """Write the concentration with as many digits as the verdict needs to be seen."""
    value = cfu * 1_000 / litres
    shown = f"{value:,.4g}"
    return shown if not above or float(shown.replace(",", "")) > level.cfu else f"{value:,.10g}"


def _greater(cfu: Count, level: ActionLevel) -> bool:
    return cfu == "TNTC" or cfu > level.cfu


def _sum(counts: Sequence[Count]) -> Count:
    total = 0
    for each in counts:
        if each == "TNTC":
            return "TNTC"
        total += each
    return total


def _told(cfu: Count) -> str:
    return "too many cfu to count" if cfu == "TNTC" else f"{cfu} cfu"


def _part(judged: Judged, told: str, what: str, most: int) -> str:
    return f"{what} {told}{f' (at most {most})' if judged.above else ''}"


def _says(found: str, above: bool, limit: str, level: ActionLevel, invalid: Sequence[str], to_do: str) -> str:
    stands = "ABOVE" if above else "not above"
    first = f"{found[:1].upper()}{found[1:]}: {stands} the action level of {limit} ({level.rule})."
    return " ".join([first, *_remarks(above, invalid, to_do)])


def _remarks(above: bool, invalid: Sequence[str], to_do: str) -> list[str]:
    told = []
    if invalid:
        told.append(f"INVALID: {'; '.join(invalid)}. It does not pass; take it again.")
    if above:
        told.append(f"To do: {to_do}.")
    return told
