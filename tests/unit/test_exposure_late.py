"""What readings add up to does not depend on when they came, nor on restarts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from hdmonitor.catalogue import own_rules
from hdmonitor.model import Reading
from hdmonitor.monitor import Monitor
from hdmonitor.rules.rolling import Rolling
from hdmonitor.scenario import Memory
from hdmonitor.site import load_site
from tests.late_arrivals import in_order, partly_late

SITE, _ = load_site(Path(__file__).parents[1] / "sites" / "exposure.yaml")
OWN = own_rules()
START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FRIDGE, CABINET = "fridge.temperature", "cabinet.temperature"


def sums(monitor):
    """Return every window and clock as it stands, with the verdicts."""
    return {
        tally.key: (
            (tally.gauge._totals, tally.gauge._open, list(tally.gauge._closed), tally.gauge._last)
            if isinstance(tally.gauge, Rolling)
            else (tally.gauge.total(), tally.gauge.event(), tally.gauge._out),
            tally.case.machine.phase,
        )
        for watch in monitor._watches.values()
        for tally in watch.tallies
    }


def series(seed, hours=30):
    """A refrigerator and a cabinet with warm spells and gaps of both kinds: vouched for, and not."""
    chance, at = Random(seed), START
    while at < START + hours * HOUR:
        hour = (at - START) // HOUR
        warm = 12.6 if hour % 11 in (4, 5, 6) else 5.0
        yield FRIDGE, at, warm + chance.randint(-90, 90) / 100
        yield CABINET, at, (31.0 if hour % 7 == 3 else 22.0) + chance.randint(-90, 90) / 100
        at += chance.choice([5, 5, 5, 5, 17, 65]) * MINUTE


def played(readings, until, restarts=0.0, seed=0):
    memory, chance = Memory(), Random(seed)
    monitor = Monitor(SITE, OWN, START, recall=memory.recall)
    for reading in readings:
        at = reading.received_at
        memory.take(monitor.handle([reading], at), at)
        if chance.random() < restarts:
            monitor = Monitor(SITE, OWN, at, memory.restored(), recall=memory.recall)
    memory.take(monitor.handle([], until), until)
    return monitor, memory


@pytest.mark.parametrize("seed", range(4))
def test_late_readings_add_up_as_if_they_had_come_in_order(seed):
    told = list(series(seed))
    until = START + 34 * HOUR
    expected, _ = played(in_order(told), until)

    late, _ = played(partly_late(told, seed, by=3 * HOUR), until)

    assert {key: each[0] for key, each in sums(late).items()} == {
        key: each[0] for key, each in sums(expected).items()
    }


def told_of(memory):
    """Return the alarms about values, without their titles: a trend begins anew with a restart."""
    about = [alarm for alarm in memory.alarms.values() if alarm.rule.startswith("659")]
    return [replace(alarm, title="") for alarm in about]


def test_a_late_reading_between_doubted_ones_is_doubted_and_the_others_stay_so():
    def window(readings):
        rolling = Rolling(24 * HOUR, 10 * MINUTE)
        for at, doubted in readings:
            rolling.take(at, 9.0, doubted=doubted)
        return rolling

    told = [(START + n * 5 * MINUTE, 60 <= n < 120) for n in range(24 * 12 + 12)]
    expected, lacking = window(told), window(told[:70] + told[74:])

    lacking.retake(told[70][0], [(at, 9.0) for at, _ in told])

    assert lacking.mean() == expected.mean()
    assert lacking.mean().trusted is None
    assert (lacking._totals, lacking._open) == (expected._totals, expected._open)
    assert lacking._totals[2] == 5 * HOUR // timedelta(microseconds=1)


@pytest.mark.parametrize("seed", range(4))
def test_restarts_between_late_readings_change_no_digit(seed):
    told = list(series(seed))
    until = START + 34 * HOUR
    readings = partly_late(told, seed, by=3 * HOUR)
    through, memory = played(readings, until)

    again, memory_again = played(readings, until, restarts=0.2, seed=seed)
    fresh = Monitor(SITE, OWN, until, memory_again.restored(), recall=memory_again.recall)

    assert sums(again) == sums(through)
    for monitor in (fresh, through):  # what a window leaves behind goes with the next reading
        monitor.handle([Reading(point, 5.0, until, until) for point in (FRIDGE, CABINET)], until)
    assert sums(fresh) == sums(through)
    assert told_of(memory_again) == told_of(memory)
