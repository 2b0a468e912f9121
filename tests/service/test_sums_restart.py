"""What has added up survives a restart from the real journal, to the last digit."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hdmonitor.catalogue import own_rules
from hdmonitor.journal import Journal
from hdmonitor.model import Reading
from hdmonitor.monitor import Monitor
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[1] / "sites" / "exposure.yaml")
START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTES = timedelta(minutes=5)


def means(monitor):
    return [
        (tally.key, tally.gauge.mean())
        for watch in monitor._watches.values()
        for tally in watch.tallies
        if hasattr(tally.gauge, "mean")
    ]


def readings():
    chance = random.Random(8)
    at = START
    for step in range(40 * 12):
        warm = 13.9 if 300 <= step < 380 else 5.0
        for point in SITE.points:
            yield Reading(point, warm + chance.randint(-90, 90) / 100, at, at)
        at += MINUTES


def test_means_and_events_are_the_same_with_restarts_from_the_journal(tmp_path):
    journal = Journal.open(tmp_path / "journal.db")
    own = own_rules()
    through, again = Monitor(SITE, own, START), Monitor(SITE, own, START)
    told, told_again = [], []
    for count, reading in enumerate(readings()):
        told += through.handle([reading], reading.received_at).events
        outcome = again.handle([reading], reading.received_at)
        told_again += outcome.events
        journal.commit(outcome, at=again.now)
        if count % 37 == 0:
            again = Monitor(SITE, own, again.now, journal.restore())
    journal.close()

    assert [each.detail["rule"] for each in told if each.detail.get("rule") == "659-4"]
    assert told_again == told
    assert means(again) == means(through)
    assert {key: mean.coverage > 0 for key, mean in means(again)} == {
        "exposure:fridge.temperature|659-4": True,
        "exposure:cabinet.temperature|659-7-MKT": True,
    }


def test_a_label_that_is_new_starts_from_the_readings_of_the_journal(tmp_path):
    journal = Journal.open(tmp_path / "journal.db")
    own = own_rules()
    monitor = Monitor(SITE, own, START)
    outcome = None
    for reading in readings():
        outcome = monitor.handle([reading], reading.received_at)
        outcome.states = {key: body for key, body in outcome.states.items() if "exposure:" not in key}
        journal.commit(outcome, at=monitor.now)

    fresh = Monitor(SITE, own, monitor.now, journal.restore())
    journal.close()

    assert (
        dict(means(fresh))["exposure:fridge.temperature|659-4"]
        == dict(means(monitor))["exposure:fridge.temperature|659-4"]
    )
