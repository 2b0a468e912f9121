"""What cannot be read in a story is told with file, line, column and what to do."""

import pytest
from unit.stories.told import SITE, load, written

from hdmonitor.stories import load_scenario
from hdmonitor.story_lines import KNOWN_ACTS

NOT_A_DURATION = "is not a duration; write whole d, h, m, s in this order, such as '1h30m'"
SERIES = "; or silent, fault, garbage, retained VALUE, a ramp such as -0.020..-0.005 inH2O"
ACTS = f"known are: {KNOWN_ACTS}"
TEXT = "must be text; write it in quotes, or as a block after |"
NO_TIME = 'is not a time with its offset from UTC; write for instance "2026-03-02T08:00:00-05:00"'
SHELVES = "pharmacist shelves hd-fridge-1.temperature for 30m"
RECORDS = "pharmacist records cleaning for hd-buffer"
FRIDGE_9 = "there is no point 'hd-fridge-9.temperature' in the site"
WRONG_NAME = "there is no point 'hd-fridge-1.temprature' in the site"


def problems(file):
    scenario, found = load_scenario(file, load)
    assert scenario is None
    return [str(each).removeprefix(f"{file}:") for each in found]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("soon 5.0 degC", f"'soon' {NOT_A_DURATION}"),
        ("5m", "'5m' says how long, but not what; write for instance '5m 5.0 degC'"),
        ("5m late 2m", "'5m late 2m' says how long, but not what; write for instance '5m 5.0 degC'"),
        ("5m quiet", f"'quiet' is not an amount of temperature; write a number and its unit{SERIES}"),
        ("5m 5.0", f"'5.0' has no unit; write for instance '5.0 degC'{SERIES}"),
        ("5m 5.0 degC late", "'late' needs a time; write for instance 'late 2m'"),
        ("5m 5.0 degC every", "'every' needs a time; write for instance 'every 30s'"),
        ("5m 5.0 degC every 0s", 'a reading every "0s" never ends; write for instance "10s"'),
        ("5m 5.0 degC late soon", f"'soon' {NOT_A_DURATION}"),
        ("90d 5.0 degC every 1s", "more than 1,000,000 readings in one story; write a longer 'every'"),
        ("9999999d silent", "'9999999d' leads beyond the calendar; write a shorter time"),
    ],
)
def test_a_line_of_given_that_cannot_be_read_has_its_place(tmp_path, line, why):
    assert problems(written(tmp_path, given=line)) == [f"12:9: {why}"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("restart", f"'restart' {NOT_A_DURATION}"),
        ("3m pharmacist sighs", f"cannot read 'pharmacist sighs'; {ACTS}"),
        (f"3m {SHELVES}", f"cannot read {SHELVES!r}; {ACTS}"),
        (f"3m {RECORDS}", f"cannot read {RECORDS!r}; {ACTS}"),
        (
            "3m pharmacist acknowledges hd-fridge-9.temperature",
            f"{FRIDGE_9}; did you mean 'hd-fridge-2.temperature'?",
        ),
        (
            "3m pharmacist acknowledges hd-buffer.pressure",
            "the story tells nothing of 'hd-buffer.pressure'; add it to given, or name one that is there",
        ),
        ("3m clock steps +1 hour", f"cannot read 'clock steps +1 hour'; {ACTS}"),
    ],
)
def test_a_line_of_when_that_cannot_be_read_has_its_place(tmp_path, line, why):
    assert problems(written(tmp_path, when=line)) == [f"15:7: {why}"]


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path):
    found = problems(written(tmp_path, given="5m cold", when="3m sigh"))

    assert [each.split(": ")[0] for each in found] == ["12:9", "15:7"]


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("every:", "evry:", "5:1: unknown key 'evry'; did you mean 'every'?"),
        ("scenario: A refrigerator\n", "", "1:1: the key 'scenario' is missing; add it"),
        ("scenario: A refrigerator", "scenario: 12", f"1:11: 'scenario' {TEXT}"),
        ("[659-3]", "659-3", "2:9: covers must be a list of rules: [800-P1, 800-P3]"),
        ("[659-3]", "[659-4711]", "2:10: there is no rule '659-4711'; did you mean '659-7'?"),
        ('"2026-03-02T08:00:00-05:00"', '"2026-03-02T08:00:00"', f"4:8: '2026-03-02T08:00:00' {NO_TIME}"),
        ('"2026-03-02T08:00:00-05:00"', '"monday"', f"4:8: 'monday' {NO_TIME}"),
        ('"1m"', '"0s"', '5:8: one reading every "0s" never ends; write for instance "10s"'),
        ('"1m"', '"a minute"', f"5:8: 'a minute' {NOT_A_DURATION}"),
        ("- name: It gets warm\n    given", "- given", "8:5: the case has no 'name'; add it"),
        ("    when: |", "    while: |", "13:5: unknown key 'while' in a case; did you mean 'when'?"),
        ("    when: |", "    when: >", "13:11: 'when' begins with >, which joins its lines; write | instead"),
        ("temperature: |", "temprature: |",
         f"10:7: {WRONG_NAME}; did you mean 'hd-fridge-1.temperature'?"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_named_with_its_place(tmp_path, before, after, why):
    file = written(tmp_path)
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")

    assert why in problems(file)


def test_a_site_that_is_not_there_is_named_where_the_story_names_it(tmp_path):
    file = written(tmp_path)
    file.write_text(file.read_text(encoding="utf-8").replace(str(SITE), "none.yaml"), encoding="utf-8")

    assert problems(file) == [
        f"3:7: there is no site file {tmp_path / 'none.yaml'}; the path counts from this file"
    ]


def test_a_state_has_no_ramp(tmp_path):
    file = written(tmp_path, given="1m 5.0 degC\n      hd-buffer.door: |\n        5m closed..open")

    assert problems(file) == [
        "14:9: 'closed..open': contact is a state and has no ramp; write one line for each state"
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]\n", "1:1: not a scenario; write scenario, site, start, every and cases"),
        ("cases: none\n", "1:8: cases must be a list of stories; each begins with '- name:'"),
        ("cases: [5]\n", "1:9: a case must be a mapping with name, given, then and perhaps when"),
        ("cases: [{given: [5]}]\n", "1:17: given must map points to what they send, one point a line"),
    ],
)
def test_what_is_no_story_at_all_is_refused(tmp_path, text, why):
    file = tmp_path / "story.yaml"
    file.write_text(text, encoding="utf-8")

    assert why in problems(file)
