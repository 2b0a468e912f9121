"""A point that was never heard, through restarts of the daemon and the time in between."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.catalogue import own_rules
from hdmonitor.events import Kind, Remark
from hdmonitor.journal import Journal
from hdmonitor.monitor import Monitor
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[2] / "config" / "site.yaml")
FRIDGE = "hd-fridge-1.temperature"
T = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
PATIENCE = SITE.points[FRIDGE].valid_for


@pytest.fixture
def journal(tmp_path):
    journal = Journal.open(tmp_path / "journal.db")
    yield journal
    journal.close()


def started(journal, at):
    monitor = Monitor(SITE.only([FRIDGE]), own_rules(), at, journal.restore())
    passed(journal, monitor, at, Remark(Kind.STARTED, "monitor", {}))
    return monitor


def passed(journal, monitor, at, *inputs):
    """Let time pass, write it down, and return the rules of alarms that opened."""
    outcome = monitor.handle(inputs, at)
    journal.commit(outcome, at=at)
    return [alarm.rule for alarm in outcome.alarms.values()]


def test_restarts_do_not_begin_its_patience_anew(journal):
    for minute in range(5):
        monitor = started(journal, T + minute * MINUTE)
        assert passed(journal, monitor, T + minute * MINUTE) == []
        passed(journal, monitor, T + (minute + 1) * MINUTE)

    monitor = started(journal, T + 5 * MINUTE)

    assert passed(journal, monitor, T + PATIENCE - timedelta(microseconds=1)) == []
    assert passed(journal, monitor, T + PATIENCE) == ["HDM-SILENCE"]


def test_the_days_in_which_nobody_listened_do_not_count(journal):
    monitor = started(journal, T)
    passed(journal, monitor, T + MINUTE)

    monitor = started(journal, T + 2 * DAY)

    left = PATIENCE - MINUTE
    assert passed(journal, monitor, T + 2 * DAY + left - timedelta(microseconds=1)) == []
    assert passed(journal, monitor, T + 2 * DAY + left) == ["HDM-SILENCE"]


def test_a_point_that_is_new_after_days_off_has_its_own_patience_and_no_more(journal):
    other = Monitor(SITE.only(["freezer-1.temperature"]), own_rules(), T, journal.restore())
    passed(journal, other, T, Remark(Kind.STARTED, "monitor", {}))

    monitor = started(journal, T + 2 * DAY)

    assert passed(journal, monitor, T + 2 * DAY + PATIENCE) == ["HDM-SILENCE"]
