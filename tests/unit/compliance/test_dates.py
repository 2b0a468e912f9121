"""The traps of calendars: months, ends of months, leap days, zones, days on which nobody works."""

from datetime import date

import pytest

from hdmonitor.compliance.dates import Calendar, DayKind, Every, Unit, later, parse_every


def day(text):
    return date.fromisoformat(text)


# --- 17: a month is not 30 days, six months are not 180, a year is not 365 ------------


@pytest.mark.parametrize(
    ("start", "every", "end", "days"),
    [
        ("2026-03-01", "6 months", "2026-09-01", 184),
        ("2025-09-01", "6 months", "2026-03-01", 181),
        ("2026-01-15", "1 month", "2026-02-15", 31),
        ("2026-02-15", "1 month", "2026-03-15", 28),
        ("2026-03-02", "12 months", "2027-03-02", 365),
        ("2027-03-01", "12 months", "2028-03-01", 366),
        ("2027-03-01", "365 days", "2028-02-29", 365),  # 30: the year of hazardous waste, the earlier day
        ("2026-11-22", "1 week", "2026-11-29", 7),
    ],
)
def test_months_are_those_of_the_calendar_and_days_are_days(start, every, end, days):
    found = later(day(start), parse_every(every))

    assert found == day(end)
    assert (found - day(start)).days == days


# --- 18: ends of months and 29 February ------------------------------------------------


@pytest.mark.parametrize(
    ("start", "every", "times", "end"),
    [
        ("2026-01-31", "1 month", 1, "2026-02-28"),
        ("2026-01-31", "1 month", 2, "2026-03-31"),
        ("2026-01-31", "1 month", 3, "2026-04-30"),
        ("2026-01-30", "1 month", 1, "2026-02-28"),
        ("2026-01-28", "1 month", 1, "2026-02-28"),
        ("2026-01-28", "1 month", 2, "2026-03-28"),
        ("2024-02-29", "12 months", 1, "2025-02-28"),
        ("2024-02-28", "12 months", 1, "2025-02-28"),
        ("2024-03-01", "12 months", 1, "2025-03-01"),
        ("2024-02-29", "12 months", 4, "2028-02-29"),
        ("2025-08-31", "6 months", 1, "2026-02-28"),
        ("2025-08-28", "6 months", 1, "2026-02-28"),
        ("2025-09-01", "6 months", 1, "2026-03-01"),
        ("2026-11-30", "3 months", 1, "2027-02-28"),
        ("2026-12-01", "3 months", 1, "2027-03-01"),
        ("2027-11-30", "3 months", 1, "2028-02-29"),
    ],
)
def test_a_day_that_a_month_does_not_have_is_its_last_and_nothing_drifts(start, every, times, end):
    assert later(day(start), parse_every(every), times) == day(end)


# --- 21: compounding days, closed days, days of which nobody has said anything ----------

CALENDAR = Calendar(
    compounding=frozenset(range(5)),
    closed=frozenset({day("2026-11-26")}),  # Thanksgiving
    extra=frozenset({day("2026-11-28")}),  # a Saturday
    known_from=day("2026-11-02"),
    known_until=day("2026-12-31"),
    opens=frozenset(range(6)),
    shut=frozenset({day("2026-11-26")}),
)


@pytest.mark.parametrize(
    ("on", "compounds", "opens"),
    [
        ("2026-11-25", DayKind.OPEN, DayKind.OPEN),
        ("2026-11-26", DayKind.CLOSED, DayKind.CLOSED),
        ("2026-11-27", DayKind.OPEN, DayKind.OPEN),
        ("2026-11-28", DayKind.OPEN, DayKind.OPEN),
        ("2026-11-29", DayKind.CLOSED, DayKind.CLOSED),
        ("2026-12-05", DayKind.CLOSED, DayKind.OPEN),
        ("2026-12-31", DayKind.OPEN, DayKind.OPEN),
        ("2027-01-01", DayKind.UNKNOWN, DayKind.OPEN),
        ("2027-01-02", DayKind.UNKNOWN, DayKind.OPEN),
        ("2027-01-03", DayKind.UNKNOWN, DayKind.CLOSED),
        ("2026-11-02", DayKind.OPEN, DayKind.OPEN),
        ("2026-11-01", DayKind.UNKNOWN, DayKind.CLOSED),
    ],
)
def test_a_day_is_open_closed_or_unknown(on, compounds, opens):
    assert (CALENDAR.compounds(day(on)), CALENDAR.is_open(day(on))) == (compounds, opens)


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ("2026-11-25", "2026-11-25"),
        ("2026-11-26", "2026-11-27"),
        ("2026-11-29", "2026-11-30"),
        ("2026-12-31", "2026-12-31"),
        ("2027-01-02", "2027-01-02"),  # a Saturday that nobody has said to be closed
    ],
)
def test_the_next_compounding_day_leaves_out_closed_days_and_never_unknown_ones(after, found):
    assert CALENDAR.next_day(Unit.COMPOUNDING_DAY, day(after)) == day(found)


def test_without_a_calendar_every_day_may_be_a_compounding_day():
    assert Calendar().compounds(day("2026-12-25")) is DayKind.UNKNOWN
    assert Calendar().next_day(Unit.COMPOUNDING_DAY, day("2026-12-25")) == day("2026-12-25")


# --- intervals as they are written --------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "every"),
    [
        ("6 months", Every(Unit.MONTHS, 6)),
        ("1 month", Every(Unit.MONTHS, 1)),
        ("month", Every(Unit.MONTHS, 1)),
        ("1 year", Every(Unit.MONTHS, 12)),
        ("3 years", Every(Unit.MONTHS, 36)),
        ("1 week", Every(Unit.DAYS, 7)),
        ("90 days", Every(Unit.DAYS, 90)),
        ("compounding day", Every(Unit.COMPOUNDING_DAY)),
        ("open day", Every(Unit.OPEN_DAY)),
        ("once", Every(Unit.ONCE)),
    ],
)
def test_an_interval_is_read_and_written_again_as_the_same(text, every):
    assert parse_every(text) == every
    assert parse_every(str(every)) == every


@pytest.mark.parametrize("text", ["0 months", "0 days", "0 weeks"])
def test_an_interval_of_zero_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=f"'{text}': an interval of zero is never over"):
        parse_every(text)


@pytest.mark.parametrize("text", ["", "monthly", "6", "-1 month", "1.5 months", "6 months ", "99999 days"])
def test_what_is_no_interval_is_refused_with_what_to_write(text):
    with pytest.raises(ValueError, match="is not an interval; write for instance '6 months'"):
        parse_every(text)
