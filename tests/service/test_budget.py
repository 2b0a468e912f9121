"""What adds up at a point, and what is left of it: the page has it from the record."""

from contextlib import closing
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.budget import budgets
from hdmonitor.catalogue import own_rules
from hdmonitor.journal import Journal
from hdmonitor.model import Reading
from hdmonitor.monitor import Monitor
from hdmonitor.reader import Reader
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[1] / "sites" / "exposure.yaml")
START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=5)
FRIDGE, CABINET = "fridge.temperature", "cabinet.temperature"


@pytest.fixture
def told(tmp_path):
    """Return what the record says after some spans of one value each, a reading every five minutes."""

    def told(point, *spans):
        path, at = tmp_path / f"{len(list(tmp_path.iterdir()))}.db", START
        with closing(Journal.open(path)) as journal:
            monitor = Monitor(SITE, own_rules(), START)
            for hours, value in spans:
                for _ in range(round(hours * 12)):
                    journal.commit(monitor.handle([Reading(point, value, at, at)], at), at=at)
                    at += MINUTE
        with Reader(path) as reader:
            found = budgets(reader, SITE.points[point], reader.heard().get(point), at - MINUTE)
        return {each.rule: astuple(each)[1:] for each in found}

    return told


def left(found):
    return {rule: each[-2:] for rule, each in found.items()}


def test_hours_outside_are_told_with_what_is_left_of_them(told):
    found = told(FRIDGE, (1, 5.0), (0.75, 9.0))

    assert found["659-3-SUM"][:2] == (
        "PRACTICE, UNCONFIRMED",
        "time of a refrigerator outside 2 to 8 degC, at most 60 minutes in 24 hours",
    )
    assert left(found) == {
        "659-4": ("insufficient data, covered to 7%", "not known"),
        "659-4-LONG": ("40 min above 8 C", "23 h 20 min left of 24 h above 8 C."),
        "659-4-RANGE": ("0 s outside 2 to 15 C", "none is allowed"),
        "659-3-SUM": ("40 min outside 2 to 8 C", "20 min left of 1 h outside 2 to 8 C in 24 h."),
    }


def test_a_mean_is_told_with_when_it_passes_its_limit(told):
    calm, warm = left(told(FRIDGE, (25, 5.0))), left(told(FRIDGE, (25, 5.0), (1, 15.0)))

    assert calm["659-4"] == ("mean kinetic temperature 5.0 C", "stays within its limit")
    assert warm["659-4"] == ("mean kinetic temperature 5.7 C", "24 h mean passes 8 in 3 h 36 min.")
    assert warm["659-3-SUM"] == ("55 min outside 2 to 8 C", "5 min left of 1 h outside 2 to 8 C in 24 h.")


def test_a_doubted_reading_shows_both_means(told):
    leapt = told(FRIDGE, (25, 5.0), (0.25, 40.0))

    assert leapt["659-4"][2] == ("mean kinetic temperature 7.5 C; with doubted readings 7.5 C, without 5.0 C")


def test_a_point_that_was_never_heard_has_no_budget(told):
    assert told(FRIDGE) == {}
