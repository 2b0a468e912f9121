"""One series of readings in different orders of arrival, and the table of excursions that it leads to."""

import json
from dataclasses import replace
from datetime import timedelta
from random import Random

from hdmonitor.model import Reading
from hdmonitor.monitor import Monitor
from hdmonitor.replay import as_json
from hdmonitor.scenario import Memory

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)


def arriving(series, received):
    """Return the readings of a series as they arrive: `series` holds (point, time, value)."""
    return [
        Reading(point, value, at, max(moment, at), fault="told" if value is None else None)
        for (point, at, value), moment in zip(series, received, strict=True)
    ]


def in_order(series):
    return arriving(series, [at for _, at, _ in series])


def delayed(series, by=DAY):
    return arriving(series, [at + by for _, at, _ in series])


def shuffled(series, seed, within=HOUR):
    """All of it uploaded later, in any order."""
    chance = Random(seed)
    last = max(at for _, at, _ in series)
    mixed = chance.sample(series, len(series))
    step = within / len(series)
    return arriving(mixed, [last + number * step for number in range(len(mixed))])


def partly_late(series, seed, by=HOUR, often=0.25):
    """Some readings late by something between nothing and `by`."""
    chance = Random(seed)
    received = [at + by * (chance.random() if chance.random() < often else 0) for _, at, _ in series]
    readings = arriving(series, received)
    return sorted(readings, key=lambda reading: reading.received_at)


def duplicated(readings, seed):
    """Every third reading once more, later."""
    chance = Random(seed)
    again = [r._replace(received_at=r.received_at + chance.random() * HOUR) for r in readings[::3]]
    return sorted([*readings, *again], key=lambda reading: reading.received_at)


class Site:
    """A site that judges arrivals and may stop and start again at any of them."""

    def __init__(self, site, own, remember=Memory):
        # Nobody answers for a day; how often people are called again is not looked at here.
        calm = {name: replace(policy, repeat=100 * DAY) for name, policy in site.policies.items()}
        self.site, self.own = replace(site, policies=calm), own
        self.remember = remember

    def table(self, readings, until, *, restarts=0.0, seed=0, batch=1):
        """Return the table of excursions as one text, byte by byte comparable."""
        memory = self.judged(readings, until, restarts=restarts, seed=seed, batch=batch)
        return printed(one for table in memory.excursions.values() for one in table.values())

    def judged(self, readings, until, *, restarts=0.0, seed=0, batch=1):
        chance, memory = Random(seed), self.remember()
        start = min(reading.measured_at for reading in readings)
        monitor = Monitor(self.site, self.own, start, recall=memory.recall, measured=memory.measured)
        for first in range(0, len(readings), batch):
            together = readings[first : first + batch]
            at = together[-1].received_at
            memory.take(monitor.handle(together, at), at)
            if chance.random() < restarts:
                looks = {"recall": memory.recall, "measured": memory.measured}
                monitor = Monitor(self.site, self.own, at, memory.restored(), **looks)
        memory.take(monitor.handle([], until), until)
        return memory


def printed(excursions):
    ordered = sorted(excursions, key=lambda one: (one.start, one.point, one.rule, one.level, one.side))
    return "\n".join(json.dumps(line(one)) for one in ordered)


def line(one):
    """Return all there is to say of an excursion but its alarm, whose number counts events."""
    return as_json(one, {one.point: one.start}) | {"version": one.version}
