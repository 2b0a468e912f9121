"""Which bands of pressure can be met together."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from hdmonitor.rules.bands import Band, Conflict, conflicts

INCH = 249.0889


def band(room, to, low=-inf, high=inf, **ends):
    return Band(room, to, low * INCH, high * INCH, **ends)


HD = band("buffer", "ante", -0.030, -0.010)
ANTE = band("ante", "corridor", 0.020)


def test_a_suite_that_can_be_has_no_conflict():
    assert conflicts([HD, ANTE]) == []


def test_no_band_at_all_has_no_conflict():
    assert conflicts([]) == []


def test_the_hazardous_drug_buffer_below_ante_room_and_corridor_has_one_point_only():
    wall = band("buffer", "corridor", -0.030, -0.010)

    assert conflicts([HD, ANTE, wall]) == [Conflict((0, 1, 2), possible=True)]


def test_a_step_further_there_is_none():
    wall = band("buffer", "corridor", -0.030, -0.0101)

    assert conflicts([HD, ANTE, wall]) == [Conflict((0, 1, 2), possible=False)]


def test_a_step_back_there_is_room():
    wall = band("buffer", "corridor", -0.030, -0.0099)

    assert conflicts([HD, ANTE, wall]) == []


def test_an_end_that_is_itself_outside_leaves_no_point():
    wall = band("buffer", "corridor", -0.030, -0.010, high_exclusive=True)

    assert conflicts([HD, ANTE, wall]) == [Conflict((0, 1, 2), possible=False)]


def test_two_rooms_that_are_each_below_the_other_are_named():
    one, other = band("a", "b", -0.030, -0.010), band("b", "a", -0.030, -0.010)

    assert conflicts([ANTE, one, other]) == [Conflict((1, 2), possible=False)]


def test_the_direction_in_which_a_pair_is_written_changes_nothing():
    turned = band("corridor", "buffer", 0.0101, 0.030)

    assert conflicts([HD, ANTE, turned]) == [Conflict((0, 1, 2), possible=False)]


def test_each_contradiction_is_told_once():
    first = band("buffer", "corridor", -0.030, -0.0101)
    second = band("corridor", "buffer", 0.0101, 0.030)

    assert [conflict.bands for conflict in conflicts([HD, ANTE, first, second])] == [(0, 1, 2), (0, 1, 3)]


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(-50, 50), st.integers(1, 40)), max_size=8
    ),
    st.lists(st.integers(-100, 100), min_size=5, max_size=5),
)
def test_bands_around_pressures_that_exist_never_contradict_each_other(pairs, pressures):
    bands = [
        Band(str(a), str(b), pressures[a] - pressures[b] - abs(slack), pressures[a] - pressures[b] + width)
        for a, b, slack, width in pairs
        if a != b
    ]

    assert all(conflict.possible for conflict in conflicts(bands))
