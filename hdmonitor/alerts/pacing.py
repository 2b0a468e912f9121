"""When the next message may go to a destination, so that what starts together is told together.

A critical, and all about a hood or hazardous room, goes at once; further ones
wait for seconds, the longer the more were sent. Anything else waits for two
seconds at first, since what one cause breaks comes in one burst.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hdmonitor.alerts.folding import NOWHERE, Outgoing, Waiting, fold, stands_apart

RECENT = timedelta(minutes=2)  # what was sent before this is no part of the same flood
# After how many recent messages the next one waits for how long: the last figure stands for more.
URGENT_WAITS = tuple(timedelta(seconds=seconds) for seconds in (0, 3, 5, 15))
OTHER_WAITS = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 20, 60))


@dataclass(frozen=True, slots=True)
class Gone:
    """A message that a destination has taken."""

    at: datetime
    whole: bool


def recent(gone: Sequence[Gone], now: datetime) -> list[Gone]:
    """Return what still counts; a message of the future was taken by a clock that was set back since."""
    return [each for each in gone if now - RECENT < each.at <= now]


def next_message(
    owed: Sequence[Waiting], gone: Sequence[Gone], now: datetime, places: Mapping[str, str] = NOWHERE
) -> tuple[Outgoing, datetime]:
    """Return the message that is most urgent of what is `owed`, at least one, and when it may go."""
    gone = recent(gone, now)
    first = fold(owed, len(gone), places)[0]
    if stands_apart(first.alarms[0]):
        return first, now
    before = [each.at for each in gone if each.whole or not first.whole]
    waits = URGENT_WAITS if first.whole else OTHER_WAITS
    wait = waits[min(len(before), len(waits) - 1)]
    since = max(before, default=None) or min(each.notice.at for each in owed if each.row in first.rows)
    return first, max(now, min(since, now) + wait)
