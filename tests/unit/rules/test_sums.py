"""Values that no sensor measures."""

from datetime import UTC, datetime, timedelta

import pytest

from hdmonitor.model import Leg
from hdmonitor.rules.sums import added, total

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TWO_MINUTES = timedelta(minutes=2)


def test_pressures_add_up_each_with_its_sign():
    assert total(0.0, [(Leg("a", 1), -4.981778), (Leg("b", -1), 2.490889)]) == -7.472667


def test_a_sum_at_the_limit_is_at_the_limit():
    assert total(0.0, [(Leg("a"), 0.1), (Leg("b"), 0.2)]) == 0.3


def test_flow_over_volume_is_exact_where_people_reckon_it_so():
    assert total(0.0, [(Leg("flow", over=43.0), 1290.0)]) == 30.0


def test_the_share_that_nothing_measures_is_added():
    assert total(9.0, [(Leg("flow", over=40.0), 840.0)]) == 30.0


def part(value, age=0, *, sign=1, valid_for=TWO_MINUTES):
    """A part that was heard so many seconds before noon, if it was heard."""
    return Leg("a", sign), valid_for, None if age is None else NOON - age * SECOND, value


def test_the_newest_values_add_up_as_of_the_newest_of_them():
    assert added(1.0, [part(5.0, 30), part(2.0, 0, sign=-1), part(4.0, 119)]) == (NOON, 8.0)


def test_a_value_is_vouched_for_until_its_silence_is_told_and_no_longer():
    moment = timedelta(microseconds=1)

    assert added(0.0, [part(5.0), part(2.0, 120, valid_for=TWO_MINUTES + moment)]) == (NOON, 7.0)
    assert added(0.0, [part(5.0), part(2.0, 120)]) is None


@pytest.mark.parametrize(
    "other",
    [part(None), part(None, 30), part(None, None), part(2.0, 600)],
    ids=["faulty", "faulty for a while", "never heard", "too old"],
)
def test_a_part_that_nobody_vouches_for_leaves_the_sum_unknown(other):
    assert added(0.0, [part(5.0), other]) is None
    assert added(0.0, [other, part(5.0)]) is None


def test_nothing_adds_up_to_nothing():
    assert added(9.0, []) is None
