"""Values that no sensor measures."""

from hdmonitor.model import Leg
from hdmonitor.rules.sums import total


def test_pressures_add_up_each_with_its_sign():
    assert total(0.0, [(Leg("a", 1), -4.981778), (Leg("b", -1), 2.490889)]) == -7.472667


def test_a_sum_at_the_limit_is_at_the_limit():
    assert total(0.0, [(Leg("a"), 0.1), (Leg("b"), 0.2)]) == 0.3


def test_flow_over_volume_is_exact_where_people_reckon_it_so():
    assert total(0.0, [(Leg("flow", over=43.0), 1290.0)]) == 30.0


def test_the_share_that_nothing_measures_is_added():
    assert total(9.0, [(Leg("flow", over=40.0), 840.0)]) == 30.0
