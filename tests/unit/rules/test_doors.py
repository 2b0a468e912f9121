"""Doors between rooms: for how long an opening explains a lost pressure."""

from datetime import UTC, datetime, timedelta

import pytest

from hdmonitor.model import Adjacency, Point
from hdmonitor.rules.doors import Doors

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
OPEN, SHUT = 1.0, 0.0


def at(seconds):
    return T0 + timedelta(seconds=seconds)


def contact(id_):
    return Point(
        id=id_,
        name=id_,
        room="x",
        equipment=None,
        quantity="contact",
        topic=id_,
        family="plain",
        field="value",
        unit="state",
        every=timedelta(minutes=1),
        valid_for=timedelta(minutes=15),
        rules=(),
    )


@pytest.fixture
def doors():
    pairs = (
        Adjacency(("buffer", "ante"), "door", enforced=True, door="inner"),
        Adjacency(("ante", "corridor"), "door", enforced=True, door="outer"),
        Adjacency(("store", "corridor"), "door", enforced=True),
        Adjacency(("store", "vault"), "door", enforced=True, door="far"),
    )
    return Doors(pairs, [contact("inner"), contact("outer"), contact("far")])


def told(doors, *events, which="inner"):
    for seconds, value in events:
        doors.observe(which, at(seconds), value)


def explains(doors, seconds, began=None, rooms=("buffer", "ante")):
    return doors.between(*rooms).explains(at(seconds if began is None else began), at(seconds))


def test_an_opening_explains_what_begins_with_it(doors):
    told(doors, (0, SHUT), (10, OPEN))

    assert explains(doors, 10)


def test_at_most_60_s_per_opening(doors):
    told(doors, (0, SHUT), (10, OPEN))

    assert explains(doors, 69.999999, began=11)
    assert not explains(doors, 70, began=11)


def test_what_began_up_to_five_seconds_before_was_seen_late_and_nothing_earlier(doors):
    told(doors, (0, SHUT), (10, OPEN))

    assert explains(doors, 30, began=5)
    assert not explains(doors, 30, began=4.999999)


def test_a_shut_door_gives_the_room_15_s_to_come_back_and_never_more_than_the_60(doors):
    told(doors, (0, SHUT), (10, OPEN), (20, SHUT))
    assert explains(doors, 34.999999, began=12)
    assert not explains(doors, 35, began=12)

    told(doors, (100, OPEN), (150, SHUT))
    assert explains(doors, 159.999999, began=101)
    assert not explains(doors, 160, began=101)


def test_5_min_in_any_30(doors):
    told(doors, (0, SHUT))
    for opening in range(5):
        told(doors, (60 + 120 * opening, OPEN), (180 + 120 * opening - 1, SHUT))

    told(doors, (700, OPEN), (701, SHUT))
    assert not explains(doors, 700)

    # 30 minutes after the first opening its minute comes free again, second by second
    told(doors, (1500, SHUT), (60 + 1800 + 20, OPEN))
    assert explains(doors, 1899, began=1880)
    assert not explains(doors, 1900, began=1880)


def test_it_needs_a_seen_close(doors):
    told(doors, (0, OPEN))
    assert not explains(doors, 1)

    told(doors, (5, SHUT), (10, OPEN))
    assert explains(doors, 11)


def test_a_contact_that_goes_on_saying_open_explains_its_first_minute_only(doors):
    told(doors, (0, SHUT), *((10 + 5 * n, OPEN) for n in range(40)))

    assert explains(doors, 60, began=12)
    assert not explains(doors, 100)


def test_a_close_that_nobody_vouches_for_any_more_is_none(doors):
    told(doors, (0, SHUT), (900, OPEN))
    assert explains(doors, 901)

    told(doors, (1000, SHUT), (1900.000001, OPEN))
    assert not explains(doors, 1901)


def test_a_dead_contact_counts_as_closed(doors):
    told(doors, (0, SHUT), (10, OPEN), (20, None))
    assert not explains(doors, 20, began=11)

    told(doors, (30, OPEN))  # after a fault nobody has seen it shut
    assert not explains(doors, 31)


def test_with_both_doors_open_there_is_none(doors):
    told(doors, (0, SHUT))
    told(doors, (0, SHUT), (5, OPEN), which="outer")

    concerned = doors.observe("inner", at(10), OPEN)

    assert not explains(doors, 11)
    assert not explains(doors, 11, began=6, rooms=("ante", "corridor"))
    assert [door.contact for door in concerned] == ["inner", "outer"]


def test_a_second_door_that_was_last_open_too_long_ago_counts_as_closed(doors):
    told(doors, (0, SHUT), (5, OPEN), which="outer")
    told(doors, (904, SHUT), (905.000001, OPEN))

    assert explains(doors, 910)


def test_a_door_elsewhere_does_not_matter(doors):
    told(doors, (0, SHUT), (5, OPEN), which="far")
    told(doors, (0, SHUT), (10, OPEN))

    assert explains(doors, 11)


def test_it_covers_only_the_pair_across_that_door(doors):
    told(doors, (0, SHUT), (10, OPEN))

    assert doors.between("ante", "buffer") is doors.between("buffer", "ante")
    assert not explains(doors, 11, rooms=("ante", "corridor"))
    assert doors.between("buffer", "corridor") is None
    assert doors.between("store", "corridor") is None


def test_a_restart_changes_nothing(doors):
    told(doors, (0, SHUT), (10, OPEN), (30, SHUT), (100, OPEN))
    again = Doors((Adjacency(("buffer", "ante"), "door", enforced=True, door="inner"),), [contact("inner")])

    again.restore(doors.states())

    assert again.states()["door:inner"] == doors.states()["door:inner"]
    assert explains(again, 159.999999, began=101)
    assert not explains(again, 160, began=101)


def test_a_clock_that_steps_moves_it(doors):
    told(doors, (0, SHUT), (10, OPEN))

    doors.shift(timedelta(hours=1))

    assert explains(doors, 3669, began=3611)
    assert not explains(doors, 3670, began=3611)


def test_only_a_contact_of_a_door_that_is_known_is_one(doors):
    assert "inner" in doors
    assert "fridge" not in doors


def test_an_opening_is_forgotten_when_it_ended_half_an_hour_ago_and_not_before(doors):
    def spent(seconds):
        told(doors, (seconds, SHUT), (seconds, OPEN))
        return len(doors.states()["door:inner"]["spent"])

    told(doors, (0, SHUT), (10, OPEN), (20, SHUT))  # it explains until 35

    assert spent(35 + 1799.999999) == 1
    assert spent(35 + 1800) == 1  # the one before this
