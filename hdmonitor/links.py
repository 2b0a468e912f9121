"""What a message carries beside its words: the link to answer by and, when it is critical, a code.

Neither is in the journal: both are added when the message is sent, for the
person who reads that destination.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hdmonitor.alerts.daily import DAILY
from hdmonitor.events import Notice
from hdmonitor.model import Priority
from hdmonitor.seals import Link, Seals

ALARM = re.compile(r"A[1-9][0-9]*")
ALL = "*"  # in place of an alarm: the list of those that are open


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the lines that follow the body of a message; without a public address there are none."""

    seals: Seals
    public_url: str | None
    recipients: Mapping[str, str]  # of each destination, the person who reads it

    def lines(self, destination: str, notices: Sequence[Notice]) -> str:
        """Return what to add to a message that stands for these notices, nothing if there is no link."""
        person = self.recipients.get(destination)
        about = {notice.alarm for notice in notices}
        alarms = {alarm for alarm in about if ALARM.fullmatch(alarm)}
        if self.public_url is None or person is None or not (alarms or DAILY in about):
            return ""
        if len(alarms) != 1:
            token = self.seals.link(Link(ALL, destination, person))
            return f"\n{self.public_url}/l/{token}"
        (alarm,) = alarms
        lines = f"\n{self.public_url}/a/{self.seals.link(Link(alarm, destination, person))}"
        if any(notice.priority is Priority.CRITICAL for notice in notices):
            lines += f"\nCode {self.seals.code(alarm, destination)}"
        return lines
