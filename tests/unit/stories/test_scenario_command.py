"""`hdmonitor scenario`: files and folders, status, what is written where."""

from xml.etree import ElementTree as ET

import pytest
from unit.stories.told import written

from hdmonitor.cli import main

HOT = "16m 9.0 degC"
THEN = """5m00s hd-fridge-1.temperature normal -> pending
      20m00s hd-fridge-1.temperature pending -> active: too warm
      20m00s notify pharmacist-phone"""


@pytest.fixture(autouse=True)
def by_a_person(monkeypatch):
    monkeypatch.delenv("CI", raising=False)


def test_a_story_that_passes(tmp_path, capsys):
    file = written(tmp_path, given=HOT, then=THEN)

    assert main(["scenario", str(file)]) == 0
    assert capsys.readouterr().out == "passed  story.yaml: It gets warm\n1 stories passed\n"


def test_a_story_that_fails_is_told_as_a_difference(tmp_path, capsys):
    file = written(tmp_path, given=HOT, then=THEN.replace("20m00s notify", "21m00s notify"))

    assert main(["scenario", str(file)]) == 1
    assert capsys.readouterr().out == (
        "FAILED  story.yaml: It gets warm\n"
        "           …\n"
        "           5m00s hd-fridge-1.temperature normal -> pending\n"
        "           20m00s hd-fridge-1.temperature pending -> active: too warm\n"
        "  missing  21m00s notify pharmacist-phone\n"
        "  extra    20m00s notify pharmacist-phone\n"
        "1 of 1 stories FAILED\n"
    )


def test_a_folder_is_all_its_stories(tmp_path, capsys):
    (tmp_path / "cold" / "rooms").mkdir(parents=True)
    written(tmp_path / "cold", given=HOT, then=THEN)
    written(tmp_path / "cold" / "rooms", given=HOT, then=THEN)

    assert main(["scenario", str(tmp_path)]) == 0
    assert capsys.readouterr().out.endswith("2 stories passed\n")


def test_a_folder_without_stories_is_refused(tmp_path, capsys):
    assert main(["scenario", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"no .yaml file in {tmp_path}; name a file of stories\n"


def test_a_file_that_cannot_be_read_fails_and_the_others_are_played(tmp_path, capsys):
    (tmp_path / "a").mkdir()
    broken = written(tmp_path / "a", given="soon 5 degC")
    written(tmp_path, given=HOT, then=THEN)

    assert main(["scenario", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert told.err.startswith(f"{broken}:12:9: 'soon' is not a duration")
    assert told.out == "passed  story.yaml: It gets warm\n1 stories passed, 1 files could not be read\n"


def test_restarts_play_each_story_a_second_time(tmp_path, capsys):
    assert main(["scenario", "--restarts", str(written(tmp_path, given=HOT, then=THEN))]) == 0
    assert capsys.readouterr().out.endswith("1 stories passed\n")


def test_accepting_writes_what_happened_and_the_next_run_passes(tmp_path, capsys):
    file = written(tmp_path, given=HOT)

    assert main(["scenario", "--accept", str(file)]) == 0
    assert capsys.readouterr().out.endswith(
        "1 of 1 stories now expect what happened; read them before you keep them\n"
    )
    assert THEN in file.read_text(encoding="utf-8")
    assert main(["scenario", str(file)]) == 0


def test_accepting_is_refused_where_no_person_is(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CI", "true")
    file = written(tmp_path, given=HOT)
    before = file.read_bytes()

    assert main(["scenario", "--accept", str(file)]) == 1
    assert "the environment variable CI says that none is here" in capsys.readouterr().err
    assert file.read_bytes() == before


@pytest.mark.parametrize("other", [["--report", "out.html"], ["--junit", "out.xml"], ["--restarts"]])
def test_accepting_makes_no_evidence(tmp_path, capsys, other):
    assert main(["scenario", "--accept", str(written(tmp_path)), *other]) == 1
    assert "accept first, then run again" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--report", "--junit"])
def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path, capsys, option):
    place = tmp_path / "none" / "out"

    assert main(["scenario", str(written(tmp_path, given=HOT, then=THEN)), option, str(place)]) == 1
    assert capsys.readouterr().err == (
        f"{place}: No such file or directory; name a file in a folder that exists and can be written\n"
    )


def test_results_for_ci_name_file_line_and_difference(tmp_path):
    (tmp_path / "a").mkdir()
    broken = written(tmp_path / "a", given="soon 5 degC")
    file = written(tmp_path, given=HOT)
    out = tmp_path / "out.xml"

    assert main(["scenario", str(tmp_path), "--junit", str(out)]) == 1

    suites = ET.fromstring(out.read_text(encoding="utf-8"))
    assert [(s.get("name"), s.get("tests"), s.get("failures"), s.get("errors")) for s in suites] == [
        (str(broken), "1", "0", "1"),
        ("A refrigerator", "1", "1", "0"),
    ]
    (case,) = suites[1]
    assert (case.get("name"), case.get("file"), case.get("line")) == ("It gets warm", str(file), "8")
    assert "extra    20m00s notify pharmacist-phone" in case[0].text
    assert "12:9: 'soon' is not a duration" in suites[0][0][0].text
