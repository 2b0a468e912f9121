from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdmonitor.sensors.times import device_time

ARRIVED = datetime(2026, 3, 10, 14, 0, 1, tzinfo=UTC)
TWO = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        "2026-03-10T14:00:00Z",
        "2026-03-10T14:00:00.000Z",
        "2026-03-10T14:00:00.000000000+00:00",
        "2026-03-10T14:00:00,000Z",
        "2026-03-10T15:00:00+01:00",
        "2026-03-10T10:00:00-0400",
        "2026-03-10 14:00Z",
        " 2026-03-10T14:00:00Z ",
        1773151200,
        1773151200.0,
        1773151200000,
        1773151200000000,
        "1773151200",
        "1773151200000",
    ],
)
def test_a_time_is_read_in_every_customary_form(raw):
    assert device_time(raw, None, ARRIVED) == TWO


def test_a_time_without_a_zone_is_local_time_of_the_configured_zone():
    assert device_time("2026-03-10T10:00:00", "America/New_York", ARRIVED) == TWO
    assert device_time("2026-03-10T14:00:00", "UTC", ARRIVED) == TWO


def test_a_time_without_a_zone_says_nothing_where_none_is_configured():
    assert device_time("2026-03-10T10:00:00", None, ARRIVED) is None


def test_its_own_zone_wins_over_the_configured_one():
    assert device_time("2026-03-10T14:00:00Z", "America/New_York", ARRIVED) == TWO


@pytest.mark.parametrize("arrived", ["2026-11-01T05:30:05Z", "2026-11-01T06:30:05Z"])
def test_an_hour_that_comes_twice_is_the_one_nearer_to_the_arrival(arrived):
    received_at = datetime.fromisoformat(arrived)

    assert device_time("2026-11-01T01:30:05", "America/New_York", received_at) == received_at


def test_an_unbelievable_time_is_handed_on_for_the_monitor_to_judge():
    assert device_time(1.61, None, ARRIVED) == datetime(1970, 1, 1, 0, 0, 1, 610_000, tzinfo=UTC)
    assert device_time("2099-01-01T00:00:00Z", None, ARRIVED) == datetime(2099, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        True,
        "",
        "yesterday",
        "14:00:00",
        "2026-03-10",
        "20260310T140000Z",
        "2026-02-30T00:00:00Z",
        "2026-03-10T25:00:00Z",
        "2026-03-10T14:00:00+99:00",
        "0001-01-01T00:00:00+14:00",
        "1773151200 s",
        1e300,
        -1e300,
        {},
        [],
    ],
)
def test_anything_else_is_no_time(raw):
    assert device_time(raw, "Asia/Tokyo", ARRIVED) is None


def test_the_first_day_of_the_calendar_is_no_time_in_an_eastern_zone():
    assert device_time("0001-01-01T00:00:00", "Asia/Tokyo", ARRIVED) is None


@given(
    st.text() | st.floats() | st.integers() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
)
def test_no_time_raises(raw):
    moment = device_time(raw, "America/New_York", ARRIVED)

    assert moment is None or moment.tzinfo is UTC
