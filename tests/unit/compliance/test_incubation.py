"""The clock of an incubation stands while its incubator is out of band."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hdmonitor.compliance.incubation import (
    SAMPLES,
    Placed,
    Run,
    incubated,
    misplaced,
    pauses,
    placed,
    readable_at,
    too_short,
    watched,
)

WARM, COOL = SAMPLES
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def run(hours, *unseen, stage=WARM):
    """Return a run of so many hours, out of band in spans given in hours from its start."""
    end = None if hours is None else START + hours * HOUR
    return Run(
        stage, "incubator-1", START, end, tuple((START + a * HOUR, START + b * HOUR) for a, b in unseen)
    )


def at(hours):
    return START + hours * HOUR


@pytest.mark.parametrize(
    ("hours", "unseen", "counted", "enough_at"),
    [
        (48, [], 48, 48),
        (47, [], 47, None),
        (60, [], 60, 48),
        (48, [(10, 11)], 47, None),
        (49, [(10, 11)], 48, 49),
        (60, [(10, 11), (10.5, 12)], 58, 50),
        (60, [(-5, 2), (59, 70)], 57, 50),
        (60, [(50, 55)], 55, 48),
        (48, [(-9, -1), (48, 50)], 48, 48),
    ],
)
def test_a_run_counts_only_while_its_incubator_was_seen_in_band(hours, unseen, counted, enough_at):
    found = incubated(run(hours, *unseen), at(500))

    assert found.counted == counted * HOUR
    assert found.enough_at == (None if enough_at is None else at(enough_at))


def test_the_day_on_which_a_plate_can_be_read_moves_with_each_pause():
    assert incubated(run(None), at(10)).enough_at == at(48)
    assert incubated(run(None, (4, 9)), at(10)).enough_at == at(53)
    assert incubated(run(None, (4, 20)), at(10)).enough_at == at(54)


def test_a_sample_says_which_stage_was_too_short_and_why():
    long = Run(COOL, "incubator-2", at(50), at(50 + 120))

    assert too_short(SAMPLES, [run(48), long], at(500)) == ()
    assert too_short(SAMPLES, [run(48, (3, 5.5)), long], at(500)) == (
        "incubated 45.5 h of 48 h at 30 to 35 degC; 2.5 h out of band or unseen do not count",
    )
    assert too_short(SAMPLES, [run(48)], at(500)) == ("incubated 0 h of 120 h at 20 to 25 degC",)


def test_a_plate_that_is_still_in_there_has_not_been_incubated():
    assert too_short((WARM,), [run(None)], at(500)) == ("incubated 0 h of 48 h at 30 to 35 degC",)


def test_two_runs_at_the_same_temperature_add_up():
    first, second = run(24), Run(WARM, "incubator-3", at(30), at(54))

    assert too_short((WARM,), [first, second], at(500)) == ()


def test_what_is_a_minute_too_short_is_never_shown_as_enough():
    almost = Run(WARM, "incubator-1", START, at(48) - timedelta(seconds=1))

    assert too_short((WARM,), [almost], at(500)) == ("incubated 47.9 h of 48 h at 30 to 35 degC",)


# --- from when it can be read ------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "now", "readable"),
    [
        ([run(None)], 10, 48 + 120),  # the cool stage is not begun: by the clock
        ([run(None, (4, 9))], 10, 53 + 120),
        ([run(50), Run(COOL, "cool", at(50), None)], 60, 170),
        ([run(50), Run(COOL, "cool", at(50), None, unseen=((at(60), at(63)),))], 70, 173),
        ([run(50), Run(COOL, "cool", at(50), None, outside=((at(60), at(63)),))], 70, 173),
        ([run(20), Run(WARM, "other", at(20), None)], 30, 48 + 120),  # moved at the same temperature
        ([run(60), Run(WARM, "other", at(60), None)], 60, 60 + 120),
    ],
)
def test_a_sample_can_be_read_when_its_newest_run_has_been_long_enough(runs, now, readable):
    assert readable_at(SAMPLES, runs, at(now)) == at(readable)


def test_a_pause_is_told_with_its_reason_and_only_while_the_run_needed_the_time():
    one = Run(
        WARM,
        "Incubator 1",
        START,
        None,
        unseen=((at(20), at(20.5)),),
        outside=((at(10), at(13)), (at(60), at(65))),
    )

    assert pauses(one, at(10)) == ()
    assert pauses(one, at(70)) == (
        "paused 3 h: Incubator 1 was out of its band",
        "paused 30 min: nobody watched Incubator 1",
    )


MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)


def spans(found):
    return [((a - START) / MINUTE, (b - START) / MINUTE) for a, b in found]


@pytest.mark.parametrize(
    ("told", "outside", "unseen"),
    [
        ([], [], [(0, 10)]),
        ([(0, True), (3, True), (6, True), (9, True)], [], []),
        ([(-1, True), (2, True), (5, True), (8, True)], [], []),
        ([(0, True), (4, True), (7, True)], [], [(3, 4)]),
        ([(1, True), (4, True), (7, True)], [], [(0, 1)]),
        ([(0, True), (3, False), (5, True), (8, True)], [(3, 5)], []),
        ([(0, True), (3, None), (5, True), (8, True)], [], [(3, 5)]),
        ([(0, True), (3, False)], [(3, 6)], [(6, 10)]),
        ([(-2, False), (0.5, True), (3, True), (6, True), (9, True)], [(0, 0.5)], []),
        ([(0, True), (3, True)], [], [(6, 10)]),
    ],
)
def test_a_reading_holds_until_the_next_one_and_no_longer_than_it_vouches(told, outside, unseen):
    found = watched(
        [(START + a * MINUTE, inside) for a, inside in told], 3 * MINUTE, START, START + 10 * MINUTE
    )

    assert spans(found.outside) == outside
    assert spans(found.unseen) == unseen


def test_a_reading_that_comes_just_too_late_leaves_that_moment_unseen():
    late = [(START, True), (START + 3 * MINUTE + MICROSECOND, True)]

    found = watched(late, 3 * MINUTE, START, START + 4 * MINUTE)

    assert found.unseen == ((START + 3 * MINUTE, START + 3 * MINUTE + MICROSECOND),)


# --- what is filed -------------------------------------------------------------------


def place(since, incubator="incubator-1"):
    return {"incubator": incubator, "since": since}


def test_where_a_sample_is_incubated_is_read_from_what_was_filed():
    filed = {"incubation": [place("2026-03-02T03:00:00-05:00"), place("2026-03-04T09:00:00Z", "incubator-2")]}

    assert placed(filed) == (Placed("incubator-1", START), Placed("incubator-2", at(49)))
    assert placed({"plate_lot": "P-1"}) == ()


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("incubation", "says"),
    [
        ([place("2026-03-02T08:00:00Z")], ""),
        (
            [place("2026-03-02T08:00:00.000001Z")],
            "2026-03-02 03:00 has not come yet; write down",
        ),
        ([place("2026-03-02T05:00:00Z")], ""),  # midnight there
        ([place("2026-03-02T04:59:00Z")], "on 2026-03-01, before it was taken on 2026-03-02"),
        (
            [place("2026-03-02T07:00:00Z"), place("2026-03-02T07:00:00Z", "b")],
            "b before incubator-1; write",
        ),
        ([place("2026-03-02T07:00:00Z"), place("2026-03-02T07:00:01Z", "b")], ""),
        ([place("2026-03-02T07:00:00")], "when was it put into incubator-1? write 2026-03-02T14:30"),
        ([place("0001-01-01T00:00:00+14:00")], "when was it put into incubator-1? write 2026-03-02T14:30"),
        ([place("9999-12-31T23:00:00-14:00")], "when was it put into incubator-1? write 2026-03-02T14:30"),
        ([place("9998-12-31T23:00:00-14:00")], "has not come yet"),
        ([place("1999-12-31T23:59:59Z")], "when was it put into incubator-1? write 2026-03-02T14:30"),
        ([place("2000-01-01T00:00:00Z")], "on 1999-12-31, before it was taken on 2026-03-02"),
        ([place("noon")], "when was it put into incubator-1? write 2026-03-02T14:30"),
        ([{"incubator": "incubator-1"}], "when was it put into incubator-1?"),
        ([{"since": "2026-03-02T07:00:00Z"}], "which incubator? name its id in the site file"),
        (["incubator-1"], "which incubator? name its id in the site file"),
        ("incubator-1", "an incubation is a list of at most 4 incubators"),
        ([place("2026-03-02T07:00:00Z")] * 5, "an incubation is a list of at most 4 incubators"),
    ],
)
def test_an_incubation_that_cannot_be_meant_is_refused(incubation, says):
    found = misplaced({"incubation": incubation}, date(2026, 3, 2), START, NEW_YORK)

    assert says in found if says else found == ""
