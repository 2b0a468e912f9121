"""Accepting writes what happened into `then` and touches nothing else."""

import pytest
from unit.stories.told import SITE

from hdmonitor.acceptance import NotAccepted, accept

HEAD = f"""# Written by the pharmacist in charge.
scenario: A refrigerator   # the one by the door
site: {SITE}
start: "2026-03-02T08:00:00-05:00"
every: "1m"
cases:
"""
CASE = """
  # Why this story is here.
  - name: It gets warm
    given: {{ hd-fridge-1.temperature: 5m 5.0 degC }}
    then: {then}

# and this is the end
"""
TOLD = ("0m00s first", "1m00s second thing")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "story.yaml"


def accepted(file, *thens, told=TOLD):
    """Return what became of the text after each `then:`."""
    text = HEAD + "".join(CASE.format(then=then) for then in thens)
    file.write_text(text, encoding="utf-8")
    accept(file, {len(thens) - 1: told})
    now = file.read_text(encoding="utf-8")
    before, after = text.split(thens[-1])[0], "\n\n# and this is the end\n"
    assert now.startswith(before)
    assert now.endswith(after)
    return now[len(before) : -len(after)]


def test_a_block_is_replaced_and_everything_around_it_stays(file):
    assert accepted(file, "|\n      0m00s other") == "|\n      0m00s first\n      1m00s second thing"


def test_a_line_that_stays_true_keeps_its_spaces(file):
    assert (
        accepted(file, "|\n        0m00s     first\n        9m00s     gone")
        == "|\n        0m00s     first\n        1m00s second thing"
    )


def test_a_story_that_expected_nothing_gets_a_block(file):
    assert accepted(file, '""') == "|\n      0m00s first\n      1m00s second thing"


def test_a_story_in_which_nothing_happens_gets_an_empty_text(file):
    assert accepted(file, "|\n      0m00s other", told=()) == '""'


def test_a_comment_behind_then_stays(file):
    assert accepted(file, "|  # see SOP 12\n      0m00s other").startswith("|  # see SOP 12\n")
    assert accepted(file, '""  # see SOP 12').startswith("|  # see SOP 12\n")


def test_blank_lines_within_a_story_are_replaced_with_it(file):
    assert accepted(file, "|\n\n      0m00s other\n\n      1m00s more") == (
        "|\n      0m00s first\n      1m00s second thing"
    )


def test_of_two_stories_only_the_one_that_failed_changes(file):
    text = HEAD + CASE.format(then="|\n      0m00s   kept") + CASE.format(then='""')
    file.write_text(text, encoding="utf-8")

    accept(file, {1: TOLD})

    now = file.read_text(encoding="utf-8")
    assert now == text.replace('""', "|\n      0m00s first\n      1m00s second thing")


def test_a_file_with_other_line_ends_keeps_them(file):
    file.write_bytes((HEAD + CASE.format(then="|\n      0m00s other")).replace("\n", "\r\n").encode())

    accept(file, {0: TOLD})

    now = file.read_bytes()
    assert now.count(b"\n") == now.count(b"\r\n")
    assert b"then: |\r\n      0m00s first\r\n      1m00s second thing\r\n\r\n# and" in now


def test_rights_of_the_file_stay(file):
    file.write_text(HEAD + CASE.format(then='""'), encoding="utf-8")
    file.chmod(0o640)

    accept(file, {0: TOLD})

    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("then", ['"0m00s other\n      1m00s more"', "0m00s other\n      1m00s more"])
def test_a_then_that_is_no_block_is_left_alone_with_a_sentence(file, then):
    text = HEAD + CASE.format(then=then)
    file.write_text(text, encoding="utf-8")

    with pytest.raises(
        NotAccepted, match=r"story\.yaml:11: this 'then' cannot be rewritten; write it as a block"
    ):
        accept(file, {0: TOLD})

    assert file.read_text(encoding="utf-8") == text


def test_nothing_is_written_when_everything_passed(file):
    accept(file, {})

    assert not file.exists()
