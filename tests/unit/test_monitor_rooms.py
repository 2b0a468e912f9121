"""The monitor and rooms side by side: doors, sums, where stock may go, what the board shows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.catalogue import own_rules
from hdmonitor.events import Acknowledge, ClockStepped, Kind
from hdmonitor.model import Level, Quality, Reading
from hdmonitor.monitor import Monitor
from hdmonitor.scenario import Memory
from hdmonitor.site import load_site

ROOT = Path(__file__).parents[2]
SITE, _ = load_site(ROOT / "config" / "site.yaml")
SIDE_BY_SIDE, _ = load_site(ROOT / "tests" / "sites" / "side_by_side.yaml")
NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
INCH = 249.0889
DOOR, OTHER_DOOR = "hd-buffer.door", "hd-ante.door"
PRESSURE = "hd-buffer.pressure"
GOOD, LOST = -0.020 * INCH, -0.001 * INCH


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def started(*points, site=SITE):
    return Monitor(site.only(points), own_rules(), NOON)


def read(monitor, seconds, **values):
    """Hand over values of one moment; a name is a point's with '_' for '-' and '__' for '.'."""
    items = [
        Reading(name.replace("__", ".").replace("_", "-"), value, at(seconds), at(seconds))
        for name, value in values.items()
    ]
    return monitor.handle(items, at(seconds))


def told(*outcomes):
    return [(notice.at - NOON).total_seconds() for outcome in outcomes for notice in outcome.notices]


def door_cycle(monitor, opened=10, shut=50, until=400, back=None):
    """Open the buffer's door and shut it; the pressure is away from `opened` until `back`."""
    outcomes = []
    for second in range(0, until, 5):
        outcomes.append(read(monitor, second, hd_buffer__door=float(opened <= second < shut)))
        lost = opened <= second < (shut if back is None else back)
        outcomes.append(read(monitor, second, hd_buffer__pressure=LOST if lost else GOOD))
    return outcomes


def test_door_suppression_covers_only_the_pair_across_that_door_at_most_60_s_per_opening():
    assert told(*door_cycle(started(DOOR, PRESSURE))) == []
    assert told(*door_cycle(started(DOOR, PRESSURE), back=300))[:2] == [65.0, 65.0]  # 15 s after the close
    assert told(*door_cycle(started(DOOR, PRESSURE), shut=300))[:2] == [70.0, 70.0]  # 60 s after the opening


def test_what_a_door_explains_is_on_record_with_its_cause():
    outcomes = door_cycle(started(DOOR, PRESSURE))

    withheld = [e for o in outcomes for e in o.events if e.kind is Kind.NOT_NOTIFIED]
    assert [(e.at - NOON).total_seconds() for e in withheld] == [30.0]
    assert withheld[0].detail["reason"].startswith("hd-buffer.door opened at 2026-03-02T17:00:10")
    assert next(alarm.level for o in outcomes for alarm in o.alarms.values()) is Level.CRITICAL
    assert any(x.alarm_at and x.level is Level.CRITICAL for o in outcomes for x in o.excursions)


def test_lost_shows_on_the_board_at_once_in_any_case():
    monitor = started(DOOR, PRESSURE)
    read(monitor, 0, hd_buffer__door=0.0, hd_buffer__pressure=GOOD)
    assert not monitor.face("hd-buffer").lost

    read(monitor, 10, hd_buffer__door=1.0)
    outcome = read(monitor, 10, hd_buffer__pressure=-0.002 * INCH)

    face = monitor.face("hd-buffer")
    assert (face.lost, face.level, face.unacknowledged) == (True, Level.CRITICAL, False)
    assert "hd-buffer" in outcome.rooms
    assert told(outcome) == []

    back = read(monitor, 15, hd_buffer__pressure=-0.0021 * INCH)
    assert not monitor.face("hd-buffer").lost
    assert "hd-buffer" in back.rooms


def test_lost_sterility_is_not_shown_as_lost_containment():
    monitor = started("hd-ante.pressure")

    read(monitor, 0, hd_ante__pressure=-0.010 * INCH)

    assert not monitor.face("hd-ante").lost


def test_an_answer_given_while_a_door_explains_it_stops_the_call_that_would_come():
    monitor = started(DOOR, PRESSURE)
    for second in range(0, 45, 5):
        read(
            monitor,
            second,
            hd_buffer__door=float(second >= 10),
            hd_buffer__pressure=LOST if second >= 10 else GOOD,
        )
    (alarm,) = monitor.face("hd-buffer").alarms

    monitor.handle([Acknowledge(alarm.id, "technician")], at(44))

    later = [read(monitor, second, hd_buffer__pressure=LOST) for second in range(45, 180, 5)]
    assert told(*later) == []


def test_a_clock_that_steps_during_an_opening_moves_its_end():
    monitor = started(DOOR, PRESSURE)
    for second in range(0, 45, 5):
        read(
            monitor,
            second,
            hd_buffer__door=float(second >= 10),
            hd_buffer__pressure=LOST if second >= 10 else GOOD,
        )

    hour = timedelta(hours=1)
    monitor.handle([ClockStepped(hour)], at(40) + hour)

    outcomes = [
        monitor.handle([Reading(PRESSURE, LOST, at(s) + hour, at(s) + hour)], at(s) + hour)
        for s in range(45, 100, 5)
    ]
    assert told(*outcomes)[0] == 3670.0


@pytest.mark.parametrize("restart", range(0, 120, 5))
def test_a_restart_at_any_moment_of_an_opening_changes_nothing(restart):
    memory, monitor = Memory(), started(DOOR, OTHER_DOOR, PRESSURE)
    seen = []
    for second in range(0, 120, 5):
        if second == restart:
            monitor = Monitor(
                SITE.only((DOOR, OTHER_DOOR, PRESSURE)), own_rules(), at(second), memory.restored()
            )
        opened = {"hd_buffer__door": float(10 <= second < 50), "hd_ante__door": float(70 <= second < 75)}
        outcome = read(monitor, second, **opened, hd_buffer__pressure=LOST if second >= 10 else GOOD)
        memory.take(outcome, at(second))
        seen += told(outcome)

    assert seen == [65.0, 65.0]


# --- sums -------------------------------------------------------------------------

SUM = "buffer.pressure-to-corridor"
PARTS = ("buffer.pressure", "ante.pressure")


def sums(*outcomes):
    return [
        ((r.measured_at - NOON).total_seconds(), round(r.value / INCH, 6))
        for outcome in outcomes
        for r in outcome.readings
        if r.point == SUM
    ]


def test_a_sum_is_recorded_as_of_its_newest_part_and_not_before_every_part_was_heard():
    monitor = started(*PARTS, site=SIDE_BY_SIDE)

    first = read(monitor, 0, buffer__pressure=0.030 * INCH)
    second = read(monitor, 3, ante__pressure=0.025 * INCH)
    third = read(monitor, 5, buffer__pressure=0.031 * INCH)

    assert sums(first, second, third) == [(3, 0.055), (5, 0.056)]


def test_parts_that_come_out_of_order_are_combined_as_of_the_newest():
    monitor = started(*PARTS, site=SIDE_BY_SIDE)
    read(monitor, 0, ante__pressure=0.025 * INCH)
    read(monitor, 10, buffer__pressure=0.030 * INCH)

    early = Reading("ante.pressure", 0.024 * INCH, at(8), at(11))
    outcome = monitor.handle([early], at(11))

    assert sums(outcome) == [(10.000001, 0.054)]


def test_a_part_vouches_until_the_moment_at_which_its_silence_is_told():
    for age, count in ((119, 1), (120, 0)):
        monitor = started(*PARTS, site=SIDE_BY_SIDE)
        parts = [
            Reading("ante.pressure", 0.025 * INCH, at(0), at(age - 1)),
            Reading("buffer.pressure", 0.030 * INCH, at(age), at(age)),
        ]

        assert len(sums(monitor.handle(parts, at(age)))) == count


def test_late_and_retained_parts_make_no_sum():
    monitor = started(*PARTS, site=SIDE_BY_SIDE)
    read(monitor, 10, buffer__pressure=0.030 * INCH, ante__pressure=0.025 * INCH)

    late = Reading("ante.pressure", 0.010 * INCH, at(5), at(12))
    kept = Reading("ante.pressure", 0.010 * INCH, at(13), at(13), Quality.RETAINED, live=False)

    assert sums(monitor.handle([late, kept], at(13))) == []


def test_a_sum_of_which_a_part_is_not_watched_is_not_watched():
    monitor = started("buffer.pressure", site=SIDE_BY_SIDE)

    assert sums(read(monitor, 0, buffer__pressure=0.030 * INCH)) == []


def test_a_room_with_several_pairs_is_told_with_the_other_room():
    monitor = started(*PARTS, site=SIDE_BY_SIDE)
    outcomes = [
        read(monitor, second, buffer__pressure=-0.040 * INCH, ante__pressure=0.025 * INCH)
        for second in range(0, 40, 5)
    ]

    texts = {(n.title, n.body.partition(" Sterility")[0]) for outcome in outcomes for n in outcome.notices}
    assert texts == {
        ("STERILITY AT RISK: Buffer", "-0.040 in to Ante-room, need at least 0.020, out since 12:00."),
        ("STERILITY AT RISK: Buffer", "-0.015 in to Corridor, need at least 0.020, out since 12:00."),
    }


def test_the_message_says_how_the_door_stands():
    (notice, _) = (n for o in door_cycle(started(DOOR, PRESSURE), back=70, until=70) for n in o.notices)

    assert notice.body.startswith("-0.001 in, need -0.010 to -0.030, out since 12:00. Stop, cap, hood ON")
    assert "Door shut." in notice.body


# --- where stock may go -------------------------------------------------------------

FRIDGES = ("hd-fridge-1.temperature", "hd-fridge-2.temperature", "hd-storage.pressure")


def warm(**others):
    """Let HD Fridge 2 be too warm for 16 minutes; return the body of the first message about it."""
    monitor = started(*FRIDGES)
    for minute in range(17):
        outcome = read(monitor, 60 * minute, hd_fridge_2__temperature=9.4, **others)
        for notice in outcome.notices:
            if "HD Fridge 2: 9.4" in notice.title:
                return notice.body
    raise AssertionError


def test_after_an_excursion_the_message_names_the_units_to_which_stock_may_move_now():
    body = warm(hd_fridge_1__temperature=5.0, hd_storage__pressure=-0.010 * INCH)

    assert "Do not discard. Move only to HD Fridge 1." in body
    assert len(body) <= 150


@pytest.mark.parametrize(
    "others",
    [
        {"hd_fridge_1__temperature": 8.5, "hd_storage__pressure": -0.010 * INCH},
        {"hd_storage__pressure": -0.010 * INCH},
        {"hd_fridge_1__temperature": 5.0},
        {"hd_fridge_1__temperature": 5.0, "hd_storage__pressure": -0.004 * INCH},
    ],
    ids=[
        "the other is warm too",
        "the other is silent",
        "the room's pressure is not known",
        "the room is not negative",
    ],
)
def test_if_there_is_none_the_message_says_so(others):
    assert "No unit to move to." in warm(**others)
