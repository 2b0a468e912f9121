"""A declared defrost of the site file, with the bounds that practice gives it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from hdmonitor.model import Defrost
from hdmonitor.site_file import DefrostKeys

Complain: TypeAlias = Callable[[tuple[str, ...], str], None]

LONGEST = timedelta(minutes=30)
MIDNIGHT = datetime(2000, 1, 1)  # noqa: DTZ001  # times of day are compared, of no day in particular
A_DAY = timedelta(days=1)


def declared(keys: DefrostKeys, kind: str | None, probe: str | None, complain: Complain) -> Defrost | None:
    """Return a defrost, or complain: where it stands inside `defrost`, and what is wrong."""
    if kind != "freezer" or probe != "air":
        text = "only a freezer whose probe is in air warms in a defrost (probe: air); delete it"
        complain((), text)
        return None
    if keys.lasts > LONGEST:
        complain(("lasts",), "a defrost holds back calls for 30 minutes at most; write a shorter time")
        return None
    starts = sorted(datetime.combine(MIDNIGHT, each) for each in keys.at)
    following = [*starts[1:], starts[0] + A_DAY]
    if any(one + keys.lasts > other for one, other in zip(starts, following, strict=True)):
        complain(("at",), "one begins before the one before it has ended; leave time between them")
        return None
    return Defrost(tuple(sorted(keys.at)), keys.lasts)
