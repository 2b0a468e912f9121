"""The clock of an incubation stands while its incubator is out of band."""

from datetime import UTC, datetime, timedelta

import pytest

from hdmonitor.compliance.incubation import SAMPLES, Run, incubated, too_short

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
