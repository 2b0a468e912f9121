"""How often something may be guessed: passwords and PINs by account, codes by message, all by address."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

FEW = 5  # wrong ones in a row
MANY = 20  # from one address, for whatever
WITHIN = timedelta(minutes=15)
LOCKED = timedelta(minutes=15)
REMEMBERED = 2_000  # what was guessed at, and from where; beyond, the oldest is forgotten


@dataclass(slots=True)
class _Failures:
    count: int
    since: datetime
    until: datetime | None = None  # nothing is tried before


class Throttle:
    """Counts what was wrong. For one thread; what it holds is bounded."""

    few = FEW

    def __init__(self) -> None:
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def locked(self, what: str, address: str, now: datetime) -> datetime | None:
        """Return until when nothing is tried for `what` or from `address`."""
        untils = [found.until for key in (what, _from(address)) if (found := self._failures.get(key))]
        return max((until for until in untils if until is not None and until > now), default=None)

    def failed(self, what: str, address: str, now: datetime) -> tuple[int, datetime | None]:
        """Count a failure; return how many there were of `what`, and until when it is locked from now on."""
        if not _of_this_machine(address):
            self._count(_from(address), MANY, now)
        return self._count(what, FEW, now)

    def succeeded(self, what: str) -> None:
        """Forget the failures of `what`."""
        self._failures.pop(what, None)

    def _count(self, key: str, most: int, now: datetime) -> tuple[int, datetime | None]:
        found = self._failures.pop(key, None)
        if found is None or now - found.since > WITHIN or (found.until is not None and found.until <= now):
            found = _Failures(0, now)
        found.count += 1
        if found.count >= most and found.until is None:
            found.until = now + LOCKED
        self._failures[key] = found
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)
        return found.count, found.until


def _from(address: str) -> str:
    """Name an address; of IPv6 the network, for one machine has as many addresses as it likes."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return f"address {address[:60]}"
    if known.version == 6:  # noqa: PLR2004  # IPv6
        return f"address {ipaddress.ip_network(f'{known}/64', strict=False)}"
    return f"address {known}"


def _of_this_machine(address: str) -> bool:
    """Tell whether an address says nothing: behind a proxy everybody comes from here."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return True
