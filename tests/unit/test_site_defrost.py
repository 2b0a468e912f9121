"""What a site may declare of a defrost, and what is refused where."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from hdmonitor.model import Defrost
from hdmonitor.site import load_site

FILE = Path(__file__).parents[1] / "sites" / "defrost.yaml"
DECLARED = 'defrost: { at: ["02:00", "10:00"], lasts: "20m" }'
LINE = next(n for n, each in enumerate(FILE.read_text(encoding="utf-8").splitlines(), 1) if DECLARED in each)


def loaded(tmp_path, *changes):
    file = tmp_path / "site.yaml"
    text = FILE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    site, problems = load_site(file)
    return site, [str(each).removeprefix(f"{file}:") for each in problems]


@pytest.mark.parametrize(
    ("said", "starts", "minutes"),
    [
        ('at: ["10:00", "02:00"], lasts: "20m"', (time(2), time(10)), 20),
        (
            'at: ["00:00", "00:30", "12:00", "23:30"], lasts: "30m"',
            (time(0), time(0, 30), time(12), time(23, 30)),
            30,
        ),
    ],
)
def test_four_defrosts_of_half_an_hour_are_the_most(tmp_path, said, starts, minutes):
    site, problems = loaded(tmp_path, (DECLARED, f"defrost: {{ {said} }}"))

    assert problems == []
    assert site.points["freezer.temperature"].defrost == Defrost(starts, timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            '"20m"',
            '"31m"',
            f"{LINE}:47: a defrost holds back calls for 30 minutes at most; write a shorter time",
        ),
        (
            '["02:00", "10:00"]',
            '["02:00", "02:19"]',
            f"{LINE}:20: one begins before the one before it has ended; leave time between them",
        ),
        (
            '["02:00", "10:00"]',
            '["00:00", "23:41"]',
            f"{LINE}:20: one begins before the one before it has ended; leave time between them",
        ),
        (
            "probe: air",
            "probe: buffered",
            f"{LINE}:14: only a freezer whose probe is in air warms in a defrost (probe: air); delete it",
        ),
        (
            "kind: freezer, room: pharmacy, contents: [frozen]",
            "kind: cold-storage, room: pharmacy",
            f"{LINE}:14: only a freezer whose probe is in air warms in a defrost (probe: air); delete it",
        ),
    ],
)
def test_what_is_no_defrost_of_a_freezer_is_refused_with_its_place(tmp_path, old, new, sentence):
    site, problems = loaded(tmp_path, (old, new))

    assert site is None
    assert problems == [sentence]


def test_five_a_day_are_refused(tmp_path):
    many = '["00:00", "05:00", "10:00", "15:00", "20:00"]'

    site, problems = loaded(tmp_path, ('["02:00", "10:00"]', many))

    assert site is None
    assert [each.partition(":")[0] for each in problems] == [str(LINE)]
