"""What the values of a completion say about it, where a rule judges them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hdmonitor.completions import Result
from hdmonitor.compliance.samples import (
    AFTER_GARBING,
    Count,
    Iso,
    Judged,
    air,
    fingertips,
    media_fill,
    surface,
)

TOO_MANY: Final = "TNTC"
MOST_CFU: Final = 10_000
MOST_LITRES: Final = 100_000.0
MOST_SAMPLES: Final = 60
MEASURED: Final = frozenset({"left", "right", "surface", "growth", "cfu", "litres", "iso", "samples"})

NOT_MEASURED: Final = "not_measured"  # among the values of an entry that an old table brought as a bare pass


class NotJudged(ValueError):
    """Values that a rule cannot judge: what is missing or wrong, what to write."""


def judged(rule: str, values: Mapping[str, Any]) -> Judged | None:
    """Judge what was found by the rule that asks for it, None where it judges none or nothing was found."""
    judge = JUDGES.get(rule)
    return judge(values) if judge is not None and MEASURED & values.keys() else None


def unmeasured(rule: str, values: Mapping[str, Any]) -> bool:
    """Tell whether a rule judges such a thing by what was found, and nothing was given."""
    return rule in JUDGES and not MEASURED & values.keys()


def result_of(found: Judged) -> Result:
    """Return how it is filed: what is only invalid fails nobody, and fulfils nothing."""
    if found.above:
        return Result.FAIL
    return Result.NOT_JUDGED if found.invalid else Result.PASS


def _garbing(values: Mapping[str, Any]) -> Judged:
    return fingertips(AFTER_GARBING, _hand(values, "left"), _hand(values, "right"))


def _aseptic(values: Mapping[str, Any]) -> Judged:
    growth = values.get("growth")
    if not isinstance(growth, bool):
        raise NotJudged("does the medium show growth? write yes (turbid) or no (clear)")
    return media_fill(
        growth=growth,
        left=_hand(values, "left"),
        right=_hand(values, "right"),
        surface_cfu=_count(values, "surface") if "surface" in values else None,
    )


def _each(one: Callable[[Mapping[str, Any]], Judged]) -> Callable[[Mapping[str, Any]], Judged]:
    """Judge every sample of a sampling; one above its level, or invalid, is what the sampling is."""

    def all_(values: Mapping[str, Any]) -> Judged:
        samples = values.get("samples")
        if samples is None:
            return one(values)
        if (
            not isinstance(samples, list)
            or not 0 < len(samples) <= MOST_SAMPLES
            or not all(isinstance(each, dict) for each in samples)
        ):
            raise NotJudged(f"a sampling has 1 to {MOST_SAMPLES} samples")
        found = [
            (str(each.get("place", "")) or f"sample {n}", one(each)) for n, each in enumerate(samples, 1)
        ]
        invalid = tuple(f"{place}: {why}" for place, each in found for why in each.invalid)
        says = "\n".join(f"{place}: {each.says}" for place, each in found)
        return Judged(found[0][1].rule, any(each.above for _, each in found), invalid, says)

    return all_


def _air(values: Mapping[str, Any]) -> Judged:
    litres = values.get("litres")
    if isinstance(litres, bool) or not isinstance(litres, (int, float)) or not 0.0 < litres <= MOST_LITRES:
        raise NotJudged("how many litres of air? a sample needs 1,000 L or more")
    return air(_iso(values), _count(values, "cfu"), float(litres))


def _surface(values: Mapping[str, Any]) -> Judged:
    return surface(_iso(values), _count(values, "cfu"))


def _hand(values: Mapping[str, Any], hand: str) -> Count | None:
    return _count(values, hand) if hand in values else None


def _count(values: Mapping[str, Any], name: str) -> Count:
    cfu = values.get(name)
    if cfu == TOO_MANY:
        return "TNTC"
    if isinstance(cfu, bool) or not isinstance(cfu, int) or not 0 <= cfu <= MOST_CFU:
        raise NotJudged(f"how many cfu ({name})? write a whole number from 0 on, or {TOO_MANY}")
    return cfu


def _iso(values: Mapping[str, Any]) -> Iso:
    for iso in Iso:
        if values.get("iso") == iso:
            return iso
    raise NotJudged("which ISO class has the place? write 5, 7 or 8")


JUDGES: Final[Mapping[str, Callable[[Mapping[str, Any]], Judged]]] = {
    "797-H2": _garbing,
    "797-H3": _garbing,
    "797-H4": _garbing,
    "797-H5": _aseptic,
    "797-H6": _aseptic,
    "797-V1": _each(_air),
    "797-V2": _each(_air),
    "797-S1": _each(_surface),
    "797-S2": _each(_surface),
}
