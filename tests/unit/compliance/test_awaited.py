"""Samples that were taken and not read."""

from datetime import date

import pytest

from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.awaited import awaited

TAKEN = date(2026, 11, 2)


def sample(result=Result.NOT_JUDGED, number=1, **more):
    return Completion("media-fill", "lee", TAKEN, result, "kim", number=number, **more)


@pytest.mark.parametrize(
    ("rule", "ready_on"),
    [
        ("797-H3", date(2026, 11, 9)),
        ("797-V1", date(2026, 11, 9)),
        ("797-S2", date(2026, 11, 9)),
        ("797-H5", date(2026, 11, 16)),
        ("797-H6", date(2026, 11, 16)),
    ],
)
def test_a_sample_can_be_read_when_it_has_been_incubated_long_enough(rule, ready_on):
    (found,) = awaited(rule, [sample(values={"plate_lot": "P-1"})])

    assert found.ready_on == ready_on


def test_a_sample_is_overdue_after_a_weekend():
    (found,) = awaited("797-H3", [sample()])

    assert not found.late(date(2026, 11, 12))
    assert found.late(date(2026, 11, 13))


def test_what_was_read_is_not_awaited():
    read = sample(Result.PASS, 2, values={"left": 0, "right": 0}, corrects=1)

    assert awaited("797-H3", [sample(), read]) == []


def test_an_invalid_sample_has_its_counts_and_is_not_awaited():
    assert awaited("797-V1", [sample(values={"iso": 5, "cfu": 0, "litres": 500})]) == []


def test_what_no_rule_judges_is_not_awaited():
    assert awaited("797-H1", [sample()]) == []
