"""What doors and gateways keep for a restart and move with a clock that stepped, and sums, written out."""

from datetime import UTC, datetime, timedelta

from hdmonitor.model import Leg, Phase
from hdmonitor.rules.bands import Band, conflicts
from hdmonitor.rules.changes import Moved
from hdmonitor.rules.doors import Door
from hdmonitor.rules.gone import Gone
from hdmonitor.rules.sums import total

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def door():
    return Door("inner", frozenset({"buffer", "ante"}), timedelta(minutes=15))


def busy():
    """Return a door that was open, is shut, and opened again."""
    told = door()
    told.close(at(0))
    told.open(at(10), alone=True)
    told.close(at(20))
    told.open(at(100), alone=True)
    return told


KEPT = {
    "open": True,
    "seen_at": "2026-03-02T12:01:40+00:00",
    "opened_at": "2026-03-02T12:01:40+00:00",
    "until": "2026-03-02T12:02:40+00:00",
    "spent": [["2026-03-02T12:00:10+00:00", "2026-03-02T12:00:35+00:00"]],
}


def test_all_of_a_door_is_kept():
    assert busy().state() == KEPT
    again = door()
    again.restore(KEPT)
    assert again == busy()


def test_a_door_of_which_nothing_is_known_is_kept_as_such():
    again = door()
    again.restore(door().state())

    assert door().state() == {"open": False, "seen_at": None, "opened_at": None, "until": None, "spent": []}
    assert again == door()


def test_all_of_a_door_moves_with_the_clock():
    moved = busy()

    moved.shift(HOUR)

    assert moved.state() == {
        "open": True,
        "seen_at": "2026-03-02T13:01:40+00:00",
        "opened_at": "2026-03-02T13:01:40+00:00",
        "until": "2026-03-02T13:02:40+00:00",
        "spent": [["2026-03-02T13:00:10+00:00", "2026-03-02T13:00:35+00:00"]],
    }


def test_a_contact_that_died_is_closed():
    died = busy()

    died.die(at(101))

    assert (died.is_open, died.seen_at, died.until) == (False, None, at(101))


def gateway():
    return Gone(timedelta(minutes=15), NOON)


def closed():
    """Return a gateway that is gone, with its alarm closed by a person."""
    told = gateway()
    told.left(at(60))
    told.explains(at(120))
    told.close(at(180))
    return told


def test_a_closed_alarm_of_a_gateway_says_when():
    told = gateway()
    told.left(at(60))
    told.explains(at(120))

    assert told.close(at(180)) == [Moved(at(180), Phase.ACTIVE, Phase.UNKNOWN, None)]
    assert told.due() == at(180) + timedelta(minutes=15)


def test_all_of_a_gateway_is_kept():
    again = gateway()
    again.restore(closed().state(), None)
    assert again.state() == closed().state()
    assert (again.gone, again.due()) == (True, at(1080))

    back = closed()
    back.observe(at(300))
    again.restore(back.state(), None)
    assert (again.gone, again.back_at, again.due()) == (False, at(300), None)


def test_all_of_a_gateway_moves_with_the_clock():
    away, back = closed(), closed()
    back.observe(at(300))

    away.shift(HOUR)
    back.shift(HOUR)

    assert (away.since, away.due(), away.back_at) == (at(60) + HOUR, at(1080) + HOUR, None)
    assert (back.due(), back.back_at) == (None, at(300) + HOUR)


def test_nothing_is_due_at_a_gateway_that_is_there():
    assert gateway().advance(at(9999)) == []
    assert gateway().observe(at(1)) == []  # there it is, and there it was


def test_a_gateway_is_watched_from_the_start():
    told = gateway()

    assert told.since == NOON
    assert (told.phase, told.calm) == (Phase.NORMAL, True)
    assert (told.heard, told.gone) == (True, False)


def test_the_first_silence_it_explains_opens_its_alarm_and_the_next_say_nothing_new():
    told = gateway()
    assert told.explains(at(30)) == []  # it is there
    told.left(at(60))

    assert told.explains(at(120)) == [Moved(at(120), Phase.NORMAL, Phase.ACTIVE, None)]
    assert told.explains(at(121)) == []
    assert told.observe(at(130)) == [Moved(at(130), Phase.ACTIVE, Phase.NORMAL, None)]


def test_a_closed_alarm_of_a_gateway_opens_again_when_its_time_is_over_and_not_before():
    told = closed()

    assert told.explains(at(500)) == []
    assert told.advance(at(1079.999999)) == []
    assert told.advance(at(1080)) == [Moved(at(1080), Phase.UNKNOWN, Phase.ACTIVE, None)]
    assert (told.due(), told.advance(at(9999))) == (None, [])


def test_a_sign_of_life_that_is_newer_than_what_was_kept_counts():
    again = gateway()

    again.restore(gateway().state(), at(300))

    assert again.since == at(300)


def test_a_sum_takes_each_gauge_by_its_sign_and_its_divisor():
    legs = ((Leg("a", -1, 2.0), 3.0), (Leg("b", 1, 4.0), 10.0))

    assert total(5.0, legs) == 6.0  # 5 - 3/2 + 10/4


def test_one_set_of_pressures_is_possible_and_a_step_more_of_room_is_no_conflict():
    def of(high, *, exclusive=False):
        low = Band("a", "b", low=10.0)
        return conflicts([low, Band("a", "b", high=high, high_exclusive=exclusive)])

    assert [(each.bands, each.possible) for each in of(10.0)] == [((0, 1), True)]
    assert [(each.bands, each.possible) for each in of(10.0, exclusive=True)] == [((0, 1), False)]
    assert of(10.001) == []
    # Limits are known to a ten-thousandth of a millionth of a pascal: one such step is still a point.
    assert [(each.bands, each.possible) for each in of(10.0000000001)] == [((0, 1), True)]
    assert of(10.0000000002) == []


def test_an_exclusive_low_end_is_itself_outside():
    bands = [Band("a", "b", low=10.0, low_exclusive=True), Band("a", "b", high=10.0)]

    assert [each.possible for each in conflicts(bands)] == [False]
