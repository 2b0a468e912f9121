"""A declared defrost: when it runs."""

from datetime import UTC, datetime, time, timedelta

import pytest

from hdmonitor.alerts.defrost import running
from hdmonitor.model import Defrost

DEFROST = Defrost((time(2), time(23, 50)), timedelta(minutes=20))
ZONE = "America/New_York"


def local(text):
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-03-02T01:59:59-05:00", None),
        ("2026-03-02T02:00:00-05:00", "2026-03-02T02:20:00-05:00"),
        ("2026-03-02T02:19:59-05:00", "2026-03-02T02:20:00-05:00"),
        ("2026-03-02T02:20:00-05:00", None),
        ("2026-03-03T00:09:59-05:00", "2026-03-03T00:10:00-05:00"),  # it began the evening before
        ("2026-03-03T00:10:00-05:00", None),
        ("2026-07-02T02:05:00-04:00", "2026-07-02T02:20:00-04:00"),  # local time, also in summer
    ],
)
def test_a_defrost_runs_from_its_local_time_for_as_long_as_it_lasts(at, until):
    found = running(DEFROST, ZONE, local(at))

    assert found == (until and (local(until) - timedelta(minutes=20), local(until)))


def test_on_the_night_without_two_o_clock_it_runs_an_hour_later():
    assert running(DEFROST, ZONE, local("2026-03-08T03:10:00-04:00")) == (
        local("2026-03-08T03:00:00-04:00"),
        local("2026-03-08T03:20:00-04:00"),
    )
