"""A monitor with its record, for tests of the calendar: it can be started again at any moment."""

from dataclasses import replace
from datetime import timedelta

from hdmonitor.catalogue import own_rules
from hdmonitor.events import Complete, Restored
from hdmonitor.model import Person, Response, Site
from hdmonitor.monitor import Monitor

PEOPLE = {id_: Person(id_, id_.title(), "technician") for id_ in ("lee", "kim", "pat", "ann")}
SITE = Site(
    id="x",
    name="X",
    regime="503A",
    zone="America/New_York",
    rooms={},
    equipment={},
    points={},
    devices={},
    people=PEOPLE,
    policies=dict.fromkeys(Response, None),
)


class House:
    """A monitor with its record, which can be started again at any moment."""

    def __init__(self, found, start):
        self.found = found
        self.site = replace(SITE, zone=found.zone if found else SITE.zone)
        self.events, self.notices, self.completions, self.reminders = [], [], [], []
        self.occurrences, self.states, self.next_event = {}, {}, 1
        self.monitor = Monitor(self.site, own_rules(), start, None, None, None, found)

    def play(self, inputs, when):
        outcome = self.monitor.handle(inputs, when)
        self.take(outcome)
        return outcome.replies.get(0, "")

    def take(self, outcome):
        self.events += outcome.events
        self.notices += outcome.notices
        self.completions += outcome.completions
        self.reminders += outcome.reminders
        for each in outcome.occurrences:
            self.occurrences[each.obligation, each.subject, each.due] = each
        self.states |= outcome.states
        self.next_event += len(outcome.events)

    def restored(self, stopped_at):
        return Restored(
            states=self.states,
            heard={},
            next_event=self.next_event,
            stopped_at=stopped_at,
            completions=tuple(self.completions),
            occurrences=tuple(each for each in self.occurrences.values() if each.ended_at is None),
            reminders=tuple(self.reminders),
        )

    def restart(self, when, found=None):
        self.found = found or self.found
        stopped_at = self.monitor.now
        self.monitor = Monitor(
            self.site, own_rules(), when, self.restored(stopped_at), None, None, self.found
        )

    def file(self, completion, when):
        return self.play([Complete(completion)], when)

    def each_day(self, first, last):
        while first <= last:
            self.play([], first)
            first += timedelta(days=1)
