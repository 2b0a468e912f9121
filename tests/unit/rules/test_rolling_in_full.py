"""What a trailing window adds up, keeps for a restart and forgets, written out."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from hdmonitor.rules.mkt import Aged, rate
from hdmonitor.rules.rolling import Rolling, rebuilt

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CAP = timedelta(minutes=15)
SECOND = 1_000_000
START_MICROS, START_MINUTE, START_HOUR = 1_772_409_600_000_000, 29_540_160, 492_336
COOL, WARM = rate(5.0), rate(9.0)


def take(window, second, celsius=5.0, *, doubted=False):
    return window.take(START + timedelta(seconds=second), celsius, doubted=doubted)


def kept(window):
    return json.dumps(window.changed())


def bucket(minute, cool=0, warm=0, doubted_cool=0, doubted_warm=0):
    """Return a bucket of so many seconds at 5 °C and at 9 °C, and the doubted part of them."""
    cool, warm, doubted_cool, doubted_warm = (
        each * SECOND for each in (cool, warm, doubted_cool, doubted_warm)
    )
    ageing, doubted_ageing = cool * COOL + warm * WARM, doubted_cool * COOL + doubted_warm * WARM
    return [START_MINUTE + minute, cool + warm, ageing, doubted_cool + doubted_warm, doubted_ageing]


def test_it_tells_when_a_minute_has_ended():
    window = Rolling(DAY, CAP)

    assert [take(window, second) for second in (0, 59, 60, 61, 200)] == [True, False, True, False, True]
    assert window.window == DAY


def test_what_the_journals_readings_tell_is_not_kept_a_second_time():
    window = Rolling(DAY, CAP)

    for second in (0, 59, 60, 200, 3599):
        take(window, second)
        assert window.changed() == {}


def test_a_reading_is_not_doubted_unless_somebody_says_so():
    window = Rolling(DAY, CAP)
    assert not window.doubted

    window.take(START, 5.0)

    assert not window.doubted


def row(second, of_open, closed=(), doubts=(), *, celsius=5.0, doubted=False, newest=None):
    """Return what is kept beside the hours, after a reading at `second`."""
    return {
        "last": [START_MICROS + second * SECOND, celsius, doubted],
        "newest": START_MICROS + (second if newest is None else newest) * SECOND,
        "open": of_open,
        "closed": list(closed),
        "doubts": [
            [None if each is None else START_MICROS + each * SECOND for each in one] for one in doubts
        ],
    }


def test_doubt_is_kept_when_it_begins_and_ends_second_by_second():
    window = Rolling(DAY, CAP)
    take(window, 0)
    take(window, 90, doubted=True)
    first = [bucket(0, 60)]
    assert kept(window) == json.dumps({"": row(90, bucket(1, 30), first, [(90, None)], doubted=True)})
    assert window.changed() == {}
    take(window, 150, 9.0, doubted=True)
    assert window.changed() == {}
    take(window, 240)
    doubtful = [bucket(1, 60, 0, 30), bucket(2, 30, 30, 30, 30), bucket(3, 0, 60, 0, 60)]
    assert kept(window) == json.dumps({"": row(240, bucket(4), first + doubtful, [(90, 240)])})


def test_a_second_reading_of_one_moment_is_kept():
    window = Rolling(DAY, CAP)
    take(window, 0)
    take(window, 0, 9.0)

    assert kept(window) == json.dumps({"": row(0, bucket(0), celsius=9.0)})


def test_parts_of_a_second_count():
    window = Rolling(DAY, CAP)
    take(window, 0)
    take(window, 1.25)

    take(window, 1.25)

    assert window.changed()[""]["open"] == [START_MINUTE, 1_250_000, 1_250_000 * COOL, 0, 0]


def test_an_hour_that_has_ended_is_kept_once_and_forgotten_with_its_window():
    window = Rolling(DAY, CAP)
    take(window, 0)
    take(window, 3600)
    ended = {str(START_HOUR): [bucket(minute, 60) for minute in range(15)]}
    assert kept(window) == json.dumps(ended | {"": row(3600, bucket(60))})

    take(window, 7200)
    ended = {str(START_HOUR + 1): [bucket(60 + minute, 60) for minute in range(15)]}
    assert kept(window) == json.dumps(ended | {"": row(7200, bucket(120))})

    take(window, 91_800)  # 25 hours and a half
    rows = window.changed()
    assert rows[str(START_HOUR)] is None
    assert set(rows) == {str(START_HOUR), str(START_HOUR + 2), ""}

    take(window, 180_000)
    forgotten = {name for name, body in window.changed().items() if body is None}
    assert forgotten == {str(START_HOUR + hour) for hour in (1, 2)}


def test_doubt_that_is_over_is_forgotten_with_its_window():
    window = Rolling(DAY, CAP)
    take(window, 0, doubted=True)
    take(window, 60)
    take(window, 86_400)
    assert window.changed()[""]["doubts"] == [[START_MICROS, START_MICROS + 60 * SECOND]]

    take(window, 90_000)

    assert window.changed()[""]["doubts"] == []


def test_what_was_doubted_until_the_very_moment_at_which_the_window_begins_is_forgotten():
    window = Rolling(DAY, CAP)
    take(window, 0, doubted=True)
    take(window, 60)
    take(window, 86_400 + 60)

    assert window.changed()[""]["doubts"] == []


def test_a_window_is_whole_to_its_first_minute_also_after_a_restart():
    through, rows = Rolling(DAY, CAP), {}
    for step in range(24 * 12 + 1):
        take(through, 300 * step)
        rows |= through.changed()
    again = Rolling(DAY, CAP)
    again.restore(json.loads(json.dumps(rows)))

    for window in (through, again):
        mean = window.mean()
        assert (mean.coverage, mean.all, mean.trusted, mean.governing) == (1.0, 5.0, None, 5.0)
        assert window.all == Aged(86_400 * SECOND, 86_400 * SECOND * COOL)


def test_a_restart_before_the_first_minute_has_ended_knows_of_none():
    first = Rolling(DAY, CAP)
    take(first, 0)
    take(first, 0)
    again = Rolling(DAY, CAP)

    again.restore(json.loads(kept(first)))

    assert again._totals == [0, 0, 0, 0]


def steady(span, celsius=5.0, *, doubted=timedelta(0)):
    """Return a window after a reading a minute, of which the first ones are doubted."""
    window = Rolling(DAY, CAP)
    for step in range(span // MINUTE + 1):
        at = step * MINUTE
        window.take(START + at, celsius, doubted=at < doubted)
    return window


def test_what_was_doubted_leaves_with_its_window():
    window = steady(30 * HOUR, doubted=3 * HOUR)

    assert window._totals == [86_400 * SECOND, 86_400 * SECOND * COOL, 0, 0]


def test_time_at_which_nothing_ages_is_covered_all_the_same():
    assert steady(DAY, -200.0).mean().coverage == 1.0


def test_how_much_is_covered_is_told_with_and_without_a_verdict():
    assert steady(18 * HOUR).mean().coverage == 0.75
    assert steady(23 * HOUR).mean().coverage == pytest.approx(23 / 24)


def test_without_doubted_readings_95_percent_are_enough_too():
    assert steady(DAY, doubted=72 * MINUTE).mean().trusted == 5.0
    assert steady(DAY, doubted=73 * MINUTE).mean().trusted is None


def test_whether_a_verdict_may_be_of_interest_is_told_in_whole_numbers():
    enough, less = steady(22 * HOUR + 48 * MINUTE), steady(22 * HOUR + 47 * MINUTE)

    assert enough.silent_below(COOL)
    assert not enough.silent_below(COOL - 1)
    assert less.silent_below(COOL - 1)
    assert not steady(DAY, doubted=HOUR).silent_below(WARM)


def budget(hours):
    """Return for how long 15 °C may follow `hours` at 5 °C until 24 hours pass 8 °C."""
    return hours * 3600 * SECOND * Fraction(rate(8.0) - COOL, rate(15.0) - COOL)


@pytest.mark.parametrize("span", [DAY, 23 * HOUR, DAY + MINUTE / 2])
def test_the_budget_is_exact_also_after_a_gap_and_within_a_minute(span):
    readings = [(START + step * MINUTE, 5.0) for step in range(span // MINUTE + 1)]
    window = rebuilt(DAY, CAP, [*readings, (START + span, 5.0)])

    assert window.left(15.0, 8.0) / timedelta(microseconds=1) == pytest.approx(float(budget(24)), abs=2)


def test_a_window_at_its_limit_that_stays_there_never_passes_it():
    assert steady(DAY, 8.0).left(8.0, 8.0) is None


def test_after_the_clock_was_set_back_time_goes_on_from_there():
    window = Rolling(DAY, CAP)
    take(window, 7200)
    assert window.changed() == {}

    window.shift(-HOUR)

    assert kept(window) == json.dumps({"": row(3600, bucket(120), newest=7200)})
    take(window, 3660)
    assert kept(window) == json.dumps({"": row(3660, bucket(120, 60), newest=7200)})


def test_a_clock_set_forward_or_not_at_all_moves_nothing():
    for by in (timedelta(0), HOUR):
        window = Rolling(DAY, CAP)
        take(window, 0)
        window.shift(by)
        assert window.changed() == {}


def test_a_clock_that_steps_before_the_first_reading_leaves_nothing_to_keep():
    window = Rolling(DAY, CAP)

    window.shift(-HOUR)

    assert window.changed() == {}


# --- what came late ------------------------------------------------------------------


def every_five_minutes(until, *, late=()):
    """Return (second, °C) up to `until`, with or without those that are late."""
    return [(second, 5.0 + second % 7) for second in range(0, until + 1, 300) if second not in late]


def at(second):
    return START + timedelta(seconds=second)


@pytest.mark.parametrize("late", [(0, 300), (3600, 3900, 4200), (86_100,), (89_700,)])
@pytest.mark.parametrize("doubted", [range(0), range(3300, 3500), range(50_000, 60_000)])
def test_readings_that_came_late_count_as_if_they_had_come_in_order(late, doubted):
    whole, part = Rolling(DAY, CAP), Rolling(DAY, CAP)
    for second, celsius in every_five_minutes(90_000):
        take(whole, second, celsius, doubted=second in doubted)
    for second, celsius in every_five_minutes(90_000, late=late):
        take(part, second, celsius, doubted=second in doubted)
    back = max(0, late[0] - 900)

    part.retake(at(late[0]), [(at(s), c) for s, c in every_five_minutes(90_000) if s >= back])

    assert part.all == whole.all
    if doubted.stop != 3500 or late[0] != 3600:  # what follows a doubted reading directly is doubted with it
        assert (part._totals, part._open, part._index) == (whole._totals, whole._open, whole._index)
    again = Rolling(DAY, CAP)
    assert again.restore(json.loads(json.dumps(part.changed()))) == at(90_000)


def test_the_hours_that_late_readings_touch_are_kept_anew():
    window = Rolling(DAY, CAP)
    for second in (0, 3600, 7200):
        take(window, second)
        window.changed()

    window.retake(at(4500), [(at(second), 5.0) for second in (3600, 4500, 7200)])

    minutes = [bucket(60 + minute, 60) for minute in range(30)]
    assert kept(window) == json.dumps({str(START_HOUR + 1): minutes, "": row(7200, bucket(120))})


def test_an_hour_of_which_nothing_is_left_is_forgotten():
    window = Rolling(DAY, CAP)
    for second in (0, 3600, 7200):
        take(window, second)
        window.changed()

    window.retake(at(3600), [(at(7200), 5.0)])

    assert kept(window) == json.dumps({str(START_HOUR + 1): None, "": row(7200, bucket(120))})


def test_what_stood_before_the_late_reading_stands_on_in_its_minute_doubted_as_it_was():
    window = Rolling(DAY, CAP)
    take(window, 3590, 9.0, doubted=True)
    take(window, 3700)

    window.retake(at(3630), [(at(3590), 9.0), (at(3630), 5.0), (at(3700), 5.0)])

    ended = [bucket(59, 0, 10, 0, 10), bucket(60, 30, 30, 30, 30)]
    assert window._totals == [sum(part) for part in list(zip(*ended, strict=True))[1:]]
    assert window._open == bucket(61, 40, 0, 40)[1:]
