"""What late data bring to light: an excursion nobody was told of, until somebody has seen it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hdmonitor.model import Phase, Threshold
from hdmonitor.rules.changes import Change, Moved, Raised, Span


class Found:
    """The worst excursion at alarm level that late data showed. No value ends it, a person does."""

    __slots__ = ("phase", "span", "top")

    def __init__(self) -> None:
        self.phase = Phase.NORMAL
        self.top: Threshold | None = None
        self.span: Span | None = None

    @property
    def calm(self) -> bool:
        """Tell whether nothing waits for an answer."""
        return self.phase is not Phase.ACTIVE

    def observe(self, at: datetime, span: Span) -> list[Change]:
        """Take an excursion that was found at `at`."""
        if self.span is not None and span.threshold.rank < self.span.threshold.rank:
            return []
        before, self.phase, self.span, self.top = self.phase, Phase.ACTIVE, span, span.threshold
        if before is Phase.ACTIVE:
            return [Raised(at, span.threshold)]
        return [Moved(at, before, Phase.ACTIVE, span.threshold)]

    def close(self, at: datetime) -> list[Change]:
        """End it by a named act."""
        if self.phase is not Phase.ACTIVE:
            return []
        was, self.phase, self.top, self.span = self.top, Phase.UNKNOWN, None, None
        return [Moved(at, Phase.ACTIVE, Phase.UNKNOWN, was)]

    def due(self) -> None:
        """Return nothing: time alone changes nothing."""

    def advance(self, at: datetime) -> list[Change]:  # noqa: ARG002  # as of other machines
        """Let time pass, which changes nothing."""
        return []

    def shift(self, by: timedelta) -> None:
        """Leave recorded times as they are when the clock steps."""

    def running(self) -> list[Span]:
        """Return nothing: what was found is over."""
        return []

    def state(self) -> dict[str, Any]:
        """Return what a restart needs beside the excursion itself."""
        return {"phase": self.phase.value}

    def restore(self, state: dict[str, Any] | None, _heard_at: datetime | None) -> None:
        """Go on from `state`."""
        if state is not None:
            self.phase = Phase(state["phase"])
