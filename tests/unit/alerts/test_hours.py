"""When somebody is there to be told of what is over."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from hdmonitor.alerts.hours import opening

ZONE = "America/New_York"
HOURS = {0: (time(7), time(18)), 1: (time(7), time(18)), 5: (time(8), time(12)), 7: (time(10), time(11))}
HOLIDAYS = {date(2026, 3, 10)}  # a Tuesday


def at(day, hour, minute=0):
    """Return a moment of March 2026 by the clock of the site, which is set forward on the 8th."""
    return datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (at(2, 6, 59), at(2, 7)),
        (at(2, 7), at(2, 7)),
        (at(2, 17, 59), at(2, 17, 59)),
        (at(2, 18), at(3, 7)),
        (at(3, 18), at(7, 8)),  # closed from Wednesday to Friday
        (at(7, 12), at(9, 7)),  # over a Sunday on which the clocks change
        (at(9, 18), at(10, 10)),  # a holiday has hours of its own
    ],
)
def test_what_can_wait_is_told_while_the_site_is_open_or_at_the_next_opening(moment, opens):
    assert opening(HOURS, HOLIDAYS, ZONE, moment) == opens


def test_a_site_without_hours_is_always_open():
    assert opening({}, HOLIDAYS, ZONE, at(2, 3)) == at(2, 3)


def test_a_whole_day_is_open_until_midnight():
    assert opening({0: (time(0), time.max)}, (), ZONE, at(2, 23, 59)) == at(2, 23, 59)


def test_nothing_waits_for_a_site_that_never_opens():
    assert opening({7: (time(8), time(9))}, (), ZONE, at(2, 3)) == at(2, 3)
