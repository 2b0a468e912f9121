"""What is asked for often and made seldom."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

# A scrape every 10 ms must cost the core nothing: the journal is asked, and a page made, once a second, and
# at most a tenth of the time is spent on that, however large the site.
KEPT = 1.0  # seconds
TENFOLD = 10
T = TypeVar("T")


class Kept(Generic[T]):
    """What `make` returns, made anew once it is older than `least` seconds and than ten times its making."""

    def __init__(self, make: Callable[[], T], least: float = KEPT) -> None:
        self._make = make
        self._least = least
        self._made: tuple[float, T] | None = None

    def __call__(self) -> T:
        """Return it."""
        now = time.monotonic()
        if self._made is None or now >= self._made[0]:
            made = self._make()
            took = time.monotonic() - now
            self._made = now + max(self._least, TENFOLD * took), made
        return self._made[1]
