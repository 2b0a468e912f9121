"""What the first page says of points and alarms, as values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.events import Alarm, LastHeard
from hdmonitor.model import Level, Maintenance, Priority, Quality
from hdmonitor.site import load_site
from hdmonitor.web.watched import warned, watched

SITE, _ = load_site(Path(__file__).parents[3] / "config" / "site.yaml")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FRIDGE = "hd-fridge-1.temperature"  # 2 to 8 °C, vouched for during 15 min


def heard(value=5.0, age=MINUTE, **facts):
    at = NOW - age
    return replace(LastHeard(value, at, at, at, Quality.GOOD, at), **facts)


def alarm(point=FRIDGE, **facts):
    usual = Alarm("A12", point, "659-3", "1", Level.ALARM, Priority.HIGH, NOW, NOW, "title", active=True)
    return replace(usual, **facts)


def row(of, *alarms, point=FRIDGE, site=SITE):
    page = watched(site, {point: of} if of else {}, alarms, NOW)
    return next(row for room in page.rooms for row in room.rows if row.point == point)


@pytest.mark.parametrize(
    ("value", "look", "state"),
    [
        (8.0, "inside", "inside"),
        (7.51, "outside", "getting warm"),
        (8.01, "outside", "too warm"),
        (2.0, "inside", "inside"),
        (1.99, "outside", "too cold"),
    ],
)
def test_a_value_at_the_limit_is_inside(value, look, state):
    site = SITE
    if value in (8.0, 2.0):  # the example warns before its limits
        point = SITE.points[FRIDGE]
        rule = replace(
            point.rules[0],
            thresholds=tuple(t for t in point.rules[0].thresholds if t.level > Level.WARNING),
        )
        site = replace(SITE, points={**SITE.points, FRIDGE: replace(point, rules=(rule,))})

    shown = row(heard(value), site=site)

    assert (shown.look, shown.state.partition(",")[0]) == (look, state)


def test_a_point_shows_name_value_limit_and_age_as_messages_write_them():
    shown = row(heard(5.04, 90 * timedelta(seconds=1)))

    assert (shown.name, shown.value, shown.limit, shown.age) == (
        "HD Fridge 1",
        "5.0 C",
        "2 to 8",
        "1 min 30 s",
    )


@pytest.mark.parametrize(
    ("point", "value", "shown", "limit"),
    [
        ("hd-buffer.pressure", -4.98, "-0.020 in", "-0.010 to -0.030"),
        ("hd-buffer.door", 0.0, "closed", "closed"),
        ("bsc-1.exhaust", 1.0, "running", "running"),
        ("mains.power", 0.0, "lost", "on mains"),
    ],
)
def test_each_quantity_is_shown_in_its_own_words(point, value, shown, limit):
    found = row(heard(value), point=point)

    assert (found.value, found.limit) == (shown, limit)


def test_a_reading_vouches_to_the_last_moment_and_no_longer():
    fifteen = SITE.points[FRIDGE].valid_for

    assert row(heard(age=fifteen)).look == "inside"
    late = row(heard(age=fifteen + timedelta(microseconds=1)))
    assert (late.look, late.state, late.value) == ("unknown", "silent for 15 min", "was 5.0 C")


def test_a_point_that_was_never_heard_is_unknown_and_has_no_value():
    shown = row(None)

    assert (shown.look, shown.state, shown.value, shown.age) == ("unknown", "never heard", "no value", "")


def test_a_value_that_only_the_broker_remembered_is_no_sign_of_life():
    assert row(heard(live_at=None)).state == "silent"


def test_a_faulty_sensor_is_unknown_whatever_it_said_before():
    shown = row(heard(5.0, quality=Quality.FAULT))

    assert (shown.look, shown.state, shown.value) == ("unknown", "sensor fault", "was 5.0 C")


def test_a_point_out_of_service_is_unknown_and_says_why():
    span = Maintenance(frozenset({FRIDGE}), NOW, NOW + 90 * MINUTE, "new gasket", "manager")

    assert row(heard(), site=replace(SITE, maintenance=(span,))).state == (
        "out of service for 1 h 30 min more: new gasket"
    )
    over = replace(span, start=NOW - MINUTE, end=NOW)
    assert row(heard(), site=replace(SITE, maintenance=(over,))).state == "inside"


def test_outside_without_an_alarm_says_when_it_becomes_one():
    assert row(heard(9.0)).state == "too warm, an alarm if it lasts 15 min"
    assert row(heard(9.0), alarm()).state == "too warm"


def test_an_alarm_stands_beside_its_point_until_it_is_over():
    assert [each.says for each in row(heard(), alarm(level=Level.CRITICAL)).alarms] == ["CRITICAL A12"]
    assert row(heard(), alarm(active=False)).alarms == ()


def test_an_alarm_about_a_battery_says_so_beside_its_point():
    flat = alarm(level=Level.WARNING, rule="HDM-BATTERY")

    assert [each.says for each in row(heard(), flat).alarms] == ["warning A12: battery low"]


def test_the_worst_alarm_comes_first_then_the_oldest():
    mild = alarm(id="A1", level=Level.WARNING)
    new, old = alarm(id="A3", opened_at=NOW), alarm(id="A2", opened_at=NOW - MINUTE)
    worst = alarm(id="A4", level=Level.CRITICAL)

    page = watched(SITE, {}, [mild, new, old, worst], NOW)

    assert [each.id for each in page.alarms] == ["A4", "A2", "A3", "A1"]


def test_an_alarm_that_is_over_stays_listed_until_it_is_documented():
    page = watched(SITE, {}, [alarm(active=False)], NOW)

    assert (page.alarms, [each.id for each in page.undocumented]) == ((), ["A12"])


def test_an_answer_is_shown_with_the_name_of_the_person():
    by_name = watched(SITE, {}, [alarm(acknowledged_by="technician")], NOW).alarms[0]
    by_nobody = watched(SITE, {}, [alarm()], NOW).alarms[0]
    by_stranger = watched(SITE, {}, [alarm(acknowledged_by="left")], NOW).alarms[0]

    assert by_name.answer == "answered by Technician on duty"
    assert by_nobody.answer == "nobody has answered"
    assert by_stranger.answer == "answered by left"


def test_an_alarm_of_the_monitor_itself_leads_to_no_room():
    page = watched(SITE, {}, [alarm("hdmonitor.broker")], NOW)

    assert page.alarms[0].room == ""


def test_every_room_and_every_point_is_shown_in_the_order_of_the_site_file():
    page = watched(SITE, {}, [], NOW)

    assert [room.id for room in page.rooms] == ["pharmacy", "hd-ante", "hd-buffer", "hd-storage"]
    assert {row.point for room in page.rooms for row in room.rows} == set(SITE.points)
    assert page.unknown == len(SITE.points)


def test_a_clock_that_was_set_back_gives_no_negative_age():
    assert row(heard(age=-MINUTE)).age == "0 s"


# --- where a value is going -----------------------------------------------------------

RISING = [(NOW - (20 - minute) * MINUTE, 5.6 + minute * 0.1) for minute in range(21)]  # 7.6 now


def going(level=Level.WARNING, recent=RISING, **more):
    alarms = [alarm(level=level, **more)]
    page = watched(SITE, {FRIDGE: heard(7.6)}, alarms, NOW, {FRIDGE: recent})
    return next(row.state for room in page.rooms for row in room.rows if row.point == FRIDGE)


def test_a_point_that_is_warned_of_says_when_it_reaches_its_limit():
    assert going() == "getting warm; at this rate over 8 in 4 min"


def test_without_a_slope_nothing_is_said_of_the_future():
    assert going(recent=[(at, 7.6) for at, _ in RISING]) == "getting warm"


def test_only_points_with_a_warning_and_nothing_worse_are_asked_where_they_go():
    assert warned(SITE, [alarm(level=Level.WARNING)]) == {FRIDGE}
    assert warned(SITE, [alarm(level=Level.WARNING), alarm(level=Level.ALARM)]) == set()
    assert warned(SITE, [alarm(level=Level.WARNING, active=False)]) == set()
    assert warned(SITE, [alarm("hdmonitor.broker", level=Level.WARNING)]) == set()
