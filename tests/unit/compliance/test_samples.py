"""Counts against action levels, validity beside them, and the words for both."""

import pytest

from hdmonitor.compliance.samples import (
    AFTER_GARBING,
    AFTER_MEDIA_FILL,
    Iso,
    air,
    fingertips,
    media_fill,
    surface,
)

ACT = "To do: investigate, correct, try to identify to genus."
TRAIN = "To do: find the cause, train again, repeat the test before any sterile compounding."


def test_one_cfu_in_500_litres_is_above_the_action_level_and_an_invalid_sample():
    judged = air(Iso.FIVE, 1, 500)

    assert judged.above
    assert judged.invalid == ("500 L is less than the 1,000 L that a sample needs",)
    assert not judged.passes
    assert judged.says == (
        "1 cfu in 500 L is 2 cfu/m3: ABOVE the action level of 1 cfu/m3, ISO 5 (797-V3). "
        "INVALID: 500 L is less than the 1,000 L that a sample needs. It does not pass; take it again. " + ACT
    )


def test_no_cfu_in_500_litres_does_not_pass():
    judged = air(Iso.FIVE, 0, 500)

    assert not judged.above
    assert not judged.passes
    assert judged.says == (
        "0 cfu in 500 L is 0 cfu/m3: not above the action level of 1 cfu/m3, ISO 5 (797-V3). "
        "INVALID: 500 L is less than the 1,000 L that a sample needs. It does not pass; take it again."
    )


@pytest.mark.parametrize(
    ("iso", "cfu", "litres", "rule", "above", "valid"),
    [
        (Iso.FIVE, 1, 1_000, "797-V3", False, True),
        (Iso.FIVE, 2, 1_000, "797-V3", True, True),
        (Iso.FIVE, 1, 999.9, "797-V3", True, False),
        (Iso.FIVE, 2, 2_000, "797-V3", False, True),
        (Iso.FIVE, 3, 2_000, "797-V3", True, True),
        (Iso.FIVE, "TNTC", 1_000, "797-V3", True, True),
        (Iso.SEVEN, 10, 1_000, "797-V4", False, True),
        (Iso.SEVEN, 11, 1_000, "797-V4", True, True),
        (Iso.SEVEN, 1, 500, "797-V4", False, False),
        (Iso.SEVEN, 5, 500, "797-V4", False, False),
        (Iso.SEVEN, 6, 500, "797-V4", True, False),
        (Iso.EIGHT, 100, 1_000, "797-V5", False, True),
        (Iso.EIGHT, 101, 1_000, "797-V5", True, True),
        (Iso.EIGHT, "TNTC", 1_000, "797-V5", True, True),
    ],
)
def test_air_is_brought_to_a_cubic_metre_before_it_is_compared(iso, cfu, litres, rule, above, valid):
    judged = air(iso, cfu, litres)

    assert (judged.rule, judged.above, not judged.invalid) == (rule, above, valid)
    assert judged.passes is (not above and valid)


def test_a_concentration_is_never_shown_as_the_level_it_is_above():
    assert "is 1.00001 cfu/m3: ABOVE" in air(Iso.FIVE, 1, 999.99).says
    assert "999.99 L is less than the 1,000 L" in air(Iso.FIVE, 1, 999.99).says


@pytest.mark.parametrize("litres", [0.0, -1.0, float("nan"), float("inf")])
def test_a_volume_that_is_none_is_no_sample(litres):
    with pytest.raises(ValueError, match="is no sample"):
        air(Iso.FIVE, 0, litres)


@pytest.mark.parametrize(
    ("iso", "cfu", "above"),
    [
        (Iso.FIVE, 3, False),
        (Iso.FIVE, 4, True),
        (Iso.SEVEN, 5, False),
        (Iso.SEVEN, 6, True),
        (Iso.EIGHT, 50, False),
        (Iso.EIGHT, 51, True),
        (Iso.EIGHT, "TNTC", True),
    ],
)
def test_surfaces_are_acted_on_above_their_level_only(iso, cfu, above):
    assert surface(iso, cfu).above is above
    assert surface(iso, cfu).passes is not above


def test_a_surface_is_told_with_its_level():
    assert surface(Iso.FIVE, 3).says == (
        "Surface 3 cfu: not above the action level of 3 cfu on a device, ISO 5 (797-S3)."
    )
    assert surface(Iso.FIVE, 4).says == (
        "Surface 4 cfu: ABOVE the action level of 3 cfu on a device, ISO 5 (797-S3). " + ACT
    )
    assert surface(Iso.SEVEN, "TNTC").says == (
        "Surface too many cfu to count: ABOVE the action level of 5 cfu on a device, ISO 7 (797-S3). " + ACT
    )


@pytest.mark.parametrize(
    ("level", "left", "right", "above"),
    [
        (AFTER_GARBING, 0, 0, False),
        (AFTER_GARBING, 1, 0, True),
        (AFTER_GARBING, 0, 1, True),
        (AFTER_MEDIA_FILL, 2, 1, False),
        (AFTER_MEDIA_FILL, 2, 2, True),
        (AFTER_MEDIA_FILL, 0, "TNTC", True),
    ],
)
def test_both_hands_are_added_up(level, left, right, above):
    assert fingertips(level, left, right).above is above


def test_a_hand_that_was_not_sampled_is_not_a_clean_hand():
    judged = fingertips(AFTER_GARBING, 0, None)

    assert not judged.passes
    assert judged.says == (
        "Fingertips 0 cfu: not above the action level of 0 cfu (797-H3). "
        "INVALID: the right hand was not sampled. It does not pass; take it again."
    )
    assert fingertips(AFTER_GARBING, 1, None).above


def test_garbing_is_told_with_its_level():
    assert fingertips(AFTER_GARBING, 0, 0).says == (
        "Fingertips 0 cfu on both hands together: not above the action level of 0 cfu (797-H3)."
    )
    assert fingertips(AFTER_GARBING, 0, 1).says == (
        "Fingertips 1 cfu on both hands together: ABOVE the action level of 0 cfu (797-H3). " + TRAIN
    )


def test_a_media_fill_with_4_cfu_on_the_fingertips_fails():
    judged = media_fill(growth=False, left=3, right=1, surface_cfu=0)

    assert not judged.passes
    assert judged.says == (
        "Media fill FAILED: media clear, fingertips 4 cfu (at most 3), surface 0 cfu (797-H5). " + TRAIN
    )


def test_a_media_fill_with_3_cfu_on_the_fingertips_passes():
    judged = media_fill(growth=False, left=2, right=1, surface_cfu=3)

    assert judged.passes
    assert judged.says == ("Media fill passed: media clear, fingertips 3 cfu, surface 3 cfu (797-H5).")


@pytest.mark.parametrize(
    ("growth", "left", "right", "surface_cfu", "says"),
    [
        (True, 0, 0, 0, "Media fill FAILED: media turbid, fingertips 0 cfu, surface 0 cfu (797-H5). "),
        (
            False,
            0,
            0,
            4,
            "Media fill FAILED: media clear, fingertips 0 cfu, surface 4 cfu (at most 3) (797-H5). ",
        ),
        (False, "TNTC", 0, 0, "Media fill FAILED: media clear, fingertips too many cfu to count (at most 3)"),
    ],
)
def test_each_part_of_a_media_fill_can_fail_it(growth, left, right, surface_cfu, says):
    judged = media_fill(growth=growth, left=left, right=right, surface_cfu=surface_cfu)

    assert judged.above
    assert judged.says.startswith(says)


def test_a_media_fill_without_one_of_its_parts_has_no_result():
    judged = media_fill(growth=False, left=0, right=0, surface_cfu=None)

    assert (judged.above, judged.passes) == (False, False)
    assert judged.says == (
        "Media fill does not count: media clear, fingertips 0 cfu (797-H5). "
        "INVALID: the surface of the direct compounding area was not sampled. "
        "It does not pass; take it again."
    )
