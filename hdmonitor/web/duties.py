"""What the site keeps, with what was filed and what followed incidents: for pages and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from starlette.exceptions import HTTPException

from hdmonitor.completions import Completion
from hdmonitor.compliance.due import Key, by_key
from hdmonitor.compliance.following import following
from hdmonitor.compliance.obligation import Programme
from hdmonitor.incubators import Waiting, waiting
from hdmonitor.web.desk import Desk

NO_CALENDAR = "This site keeps no compliance calendar: its site file has no section 'compliance'."


class Duties:
    """The calendar as the record has it now; 409 where the site keeps none."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def programme(self) -> Programme:
        """What is kept, with what has to follow the incidents."""
        if self._desk.programme is None:
            raise HTTPException(409, NO_CALENDAR)
        with self._desk.reader() as journal:
            return following(self._desk.programme, [each.to_follow for each in journal.incidents()])

    @property
    def filed(self) -> Mapping[Key, list[Completion]]:
        """What was filed, by what it is about."""
        with self._desk.reader() as journal:
            return by_key(journal.completions())

    @property
    def today(self) -> date:
        """The day at the site."""
        return self._desk.now().astimezone(self._desk.zone).date()

    def awaited(self, programme: Programme, filed: Mapping[Key, list[Completion]]) -> list[Waiting]:
        """Return samples without a result; weeks of readings are read for it, so not in the web thread."""
        with self._desk.reader() as journal:
            return waiting(self._desk.site, programme, filed, journal, self._desk.now())
