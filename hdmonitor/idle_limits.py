"""Limits of a site's own rules that can never say anything, because a stricter one always says it first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from hdmonitor.model import Side, Threshold
from hdmonitor.rulebook import Judged
from hdmonitor.site_file import RuleKeys


def idle_limits(
    rules: Sequence[RuleKeys], points: Collection[Sequence[Judged]]
) -> Iterator[tuple[int, int, str]]:
    """Name each limit that is looser than one of another rule at every point: by both numbers, and why."""
    for number, rule in enumerate(rules):
        here = [(judged, mine) for judged in points for mine in judged if mine.entry.id == rule.id]
        for index, keys in enumerate(rule.thresholds):
            stricter = [
                _stricter(own, judged, mine)
                for judged, mine in here
                for own in mine.rule.thresholds
                if (own.level.name.lower(), own.side) == (keys.level, Side(keys.side))
            ]
            if stricter and all(stricter):
                names = " and ".join(dict.fromkeys(filter(None, stricter)))
                text = f"looser than what {names} says already, so that it never says anything"
                yield number, index, f"{text}; tighten it, or delete it"


def _stricter(own: Threshold, judged: Sequence[Judged], mine: Judged) -> str:
    """Return the rule beside that is as serious, as early and as strict, and stricter in one of them."""
    for other in judged:
        for limit in other.rule.thresholds if other is not mine else ():
            if limit.side is own.side and _first(limit, own):
                return other.entry.id
    return ""


def _first(limit: Threshold, own: Threshold) -> bool:
    high = own.side is Side.HIGH
    tighter = limit.limit <= own.limit if high else limit.limit >= own.limit
    same = (limit.level, limit.limit, limit.on_delay) == (own.level, own.limit, own.on_delay)
    return tighter and not same and limit.level >= own.level and limit.on_delay <= own.on_delay
