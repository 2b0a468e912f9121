"""Who has the duty, at the edges of shifts, days, holidays and clock changes."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from hdmonitor.alerts.duty import Roster, gaps
from hdmonitor.model import HOLIDAY, Duty, Shift, StandIn

ZONE = "America/New_York"
WEEKDAYS = frozenset({0, 1, 2, 3, 4})
WEEKEND = frozenset({5, 6})
HOUR = 60
DUTY = Duty(
    "on-call",
    "Pharmacist on call",
    (
        Shift(WEEKDAYS, 8 * HOUR, 20 * HOUR, ("day",)),
        Shift(WEEKDAYS, 20 * HOUR, 32 * HOUR, ("night",)),
        Shift(WEEKEND, 8 * HOUR, 32 * HOUR, ("weekend",)),
        Shift(frozenset({HOLIDAY}), 8 * HOUR, 32 * HOUR, ("holiday",)),
    ),
    (
        StandIn(
            datetime(2026, 3, 4, 15, tzinfo=UTC),
            datetime(2026, 3, 4, 17, tzinfo=UTC),
            ("stand-in",),
            "dentist",
            "anna",
        ),
    ),
)
CHRISTMAS = date(2026, 12, 25)  # a Friday
ROSTER = Roster(ZONE, {"on-call": DUTY}, frozenset({CHRISTMAS}), ("day", "night", "manager"))


def local(text, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "who", "why"),
    [
        ("2026-03-02T08:00", "day", "Mon 08:00 to 20:00"),
        ("2026-03-02T19:59:59", "day", "Mon 08:00 to 20:00"),
        ("2026-03-02T20:00", "night", "Mon 20:00 to 08:00"),
        ("2026-03-02T23:59:59", "night", "Mon 20:00 to 08:00"),
        ("2026-03-03T00:00", "night", "Mon 20:00 to 08:00"),
        ("2026-03-03T07:59:59", "night", "Mon 20:00 to 08:00"),
        ("2026-03-03T08:00", "day", "Tue 08:00 to 20:00"),
        ("2026-03-07T07:59:59", "night", "Fri 20:00 to 08:00"),
        ("2026-03-07T08:00", "weekend", "Sat 08:00 to 08:00"),
        ("2026-03-09T07:59:59", "weekend", "Sun 08:00 to 08:00"),
        ("2026-03-09T08:00", "day", "Mon 08:00 to 20:00"),
        # a holiday goes before its weekday, and its night before the next day's morning
        ("2026-12-25T07:59:59", "night", "Thu 20:00 to 08:00"),
        ("2026-12-25T08:00", "holiday", "holiday 08:00 to 08:00"),
        ("2026-12-26T07:59:59", "holiday", "holiday 08:00 to 08:00"),
        ("2026-12-26T08:00", "weekend", "Sat 08:00 to 08:00"),
        # an exception goes before everything, from its first moment to the last before its end
        ("2026-03-04T09:59:59", "day", "Wed 08:00 to 20:00"),
        ("2026-03-04T10:00", "stand-in", "dentist (anna)"),
        ("2026-03-04T11:59:59", "stand-in", "dentist (anna)"),
        ("2026-03-04T12:00", "day", "Wed 08:00 to 20:00"),
    ],
)
def test_a_shift_holds_from_its_first_minute_to_its_last(moment, who, why):
    assert ROSTER.reached(("on-call",), local(moment)) == ((who,), [f"on-call: {why}"])


def test_the_hour_that_comes_twice_belongs_to_one_shift_both_times():
    early = Duty(
        "d", "D", (Shift(frozenset({6}), 0, 90, ("first",)), Shift(frozenset({6}), 90, 1440, ("then",)))
    )
    roster = Roster(ZONE, {"d": early}, frozenset(), ())

    assert [
        roster.reached(("d",), local(f"2026-11-01T01:{minute}", fold))[0]
        for fold in (0, 1)
        for minute in ("29", "30")
    ] == [("first",), ("then",)] * 2


def test_a_shift_that_begins_in_the_hour_that_is_left_out_begins_with_the_next():
    early = Duty(
        "d", "D", (Shift(frozenset({6}), 0, 150, ("first",)), Shift(frozenset({6}), 150, 1440, ("then",)))
    )
    roster = Roster(ZONE, {"d": early}, frozenset(), ())

    assert roster.reached(("d",), datetime(2027, 3, 14, 6, 59, 59, tzinfo=UTC))[0] == ("first",)  # 01:59:59
    assert roster.reached(("d",), datetime(2027, 3, 14, 7, tzinfo=UTC))[0] == ("then",)  # 03:00


def test_a_holiday_without_shifts_of_its_own_is_a_day_like_any_other():
    ordinary = Duty("on-call", "X", DUTY.week[:3])
    roster = Roster(ZONE, {"on-call": ordinary}, frozenset({CHRISTMAS}), ())

    assert roster.reached(("on-call",), local("2026-12-25T12:00"))[0] == ("day",)


def test_where_nobody_has_the_duty_everybody_is_told():
    office = Duty("office", "Office", DUTY.week[:1])
    roster = Roster(ZONE, {"office": office}, frozenset(), ("day", "night", "manager"))

    assert roster.reached(("office",), local("2026-03-02T07:59")) == (
        ("day", "night", "manager"),
        ["office: nobody has it now, so everybody is told"],
    )


def test_destinations_stand_as_they_are_and_nobody_is_told_twice():
    at = local("2026-03-02T12:00")

    assert ROSTER.reached(("manager", "on-call", "day"), at) == (
        ("manager", "day"),
        ["on-call: Mon 08:00 to 20:00"],
    )


def test_two_people_can_have_a_duty_at_once():
    both = Duty(
        "d", "D", (Shift(frozenset({0}), 0, 600, ("a",)), Shift(frozenset({0}), 300, 1440, ("b", "a")))
    )
    roster = Roster(ZONE, {"d": both}, frozenset(), ())

    assert roster.reached(("d",), local("2026-03-02T06:00")) == (
        ("a", "b"),
        ["d: Mon 00:00 to 10:00 and Mon 05:00 to 24:00"],
    )


@pytest.mark.parametrize(
    ("week", "expected"),
    [
        (DUTY.week, []),
        ([Shift(frozenset(range(7)), 0, 1440, ("a",))], []),
        (
            [Shift(frozenset(range(7)), 0, 1439, ("a",))],
            [
                f"{day} 23:59 to {after} 00:00"
                for day, after in (
                    ("Mon", "Tue"),
                    ("Tue", "Wed"),
                    ("Wed", "Thu"),
                    ("Thu", "Fri"),
                    ("Fri", "Sat"),
                    ("Sat", "Sun"),
                    ("Sun", "Mon"),
                )
            ],
        ),
        ([Shift(frozenset({0}), 480, 1200, ("a",))], ["Mon 20:00 to Mon 08:00"]),
        ([Shift(frozenset({HOLIDAY}), 0, 1440, ("a",))], ["Mon 00:00 to Mon 00:00"]),
    ],
)
def test_what_a_week_leaves_open_is_named(week, expected):
    assert sorted(gaps(Duty("d", "D", tuple(week)))) == sorted(expected)
