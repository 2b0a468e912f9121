"""What changed limits and delays would have cut, missed and added."""

import json
from pathlib import Path

import pytest
from recordings import HEADING

from hdmonitor.cli import main

SITE = Path(__file__).parents[1] / "sites" / "cold_rooms.yaml"
LIMITS = 'limits: { alarm: { on_delay: "30m" }, off_delay: "0s", deadband: "0 degC" }'


@pytest.fixture
def compared(tmp_path, capsys):
    """Return what comes of readings, one each minute, under changed limits: the rows by their name."""

    def compare(*stretches, then, now=LIMITS, sensor="wip1"):
        recording = write(tmp_path / "readings.csv", stretches, sensor)
        options = [
            "--site",
            site(tmp_path / "now.yaml", now),
            "--what-if",
            site(tmp_path / "then.yaml", then),
        ]
        status = main(["replay", str(recording), *options, "--json"])
        printed = capsys.readouterr()
        assert (status, printed.err) == (0, "")
        rows = [json.loads(line) for line in printed.out.splitlines()]
        return {row["name"]: row for row in rows}

    return compare


def site(file, limits):
    text = SITE.read_text(encoding="utf-8")
    assert text.count(LIMITS) == 2
    file.write_text(text.replace(LIMITS, limits), encoding="utf-8")
    return str(file)


def write(file, stretches, sensor="wip1"):
    """Write one value a minute: minutes, value."""
    lines, minute = [HEADING], 0
    for count, value in stretches:
        for _ in range(count):
            at = f"2026-03-{2 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:00Z"
            lines.append(f"{at},{sensor},temperature,{value},degC")
            minute += 1
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return file


def limits(delay="30m", off="0s", **levels):
    high = f', high: "{levels["high"]} degC"' if "high" in levels else ""
    parts = [f'alarm: {{ on_delay: "{delay}"{high} }}']
    if "warning" in levels:
        parts.append(f'warning: {{ high: "{levels["warning"]} degC", on_delay: "10m" }}')
    return f'limits: {{ {", ".join(parts)}, off_delay: "{off}", deadband: "0 degC" }}'


def counts(row):
    return {key: row[key] for key in ("before", "after", "cut", "missed", "new")}


def test_the_same_limits_change_nothing(compared):
    (row,) = compared((5, 5), (40, 9), (10, 5), then=LIMITS).values()

    assert counts(row) == {"before": 1, "after": 1, "cut": 0, "missed": 0, "new": 0}
    assert row["later"] == row["earlier"] == {"count": 0, "longest_s": 0.0}


def test_a_limit_that_a_worse_one_called_for_first_changes_nothing_either(compared):
    both = limits("20m", high="7", warning="6").replace('on_delay: "10m"', 'on_delay: "30m"')

    rows = compared((5, 5), (60, 9), (10, 5), now=both, then=both)

    assert len(rows) == 2
    for row in rows.values():
        assert row["before"] == row["after"] == 1
        assert row["later"] == row["earlier"] == {"count": 0, "longest_s": 0.0}


def test_a_longer_delay_cuts_an_alarm_that_was_really_outside_which_is_missed(compared):
    (row,) = compared((5, 5), (40, 9), (10, 5), then=limits("41m")).values()

    assert counts(row) == {"before": 1, "after": 0, "cut": 1, "missed": 1, "new": 0}
    assert row["missed_alarms"] == [
        {
            "point": "wip1",
            "start": "2026-03-02T00:05:00Z",
            "end": "2026-03-02T00:45:00Z",
            "alarm_at": "2026-03-02T00:35:00Z",
            "peak": 9.0,
        }
    ]


def test_a_longer_delay_that_is_still_reached_comes_later(compared):
    (row,) = compared((5, 5), (40, 9), (10, 5), then=limits("40m")).values()

    assert counts(row) == {"before": 1, "after": 1, "cut": 0, "missed": 0, "new": 0}
    assert row["later"] == {"count": 1, "longest_s": 600.0}
    assert row["earlier"] == {"count": 0, "longest_s": 0.0}


def test_a_shorter_delay_comes_earlier_and_finds_more(compared):
    (row,) = compared((5, 5), (40, 9), (10, 5), (15, 9), (5, 5), then=limits("10m")).values()

    assert counts(row) == {"before": 1, "after": 2, "cut": 0, "missed": 0, "new": 1}
    assert row["earlier"] == {"count": 1, "longest_s": 1200.0}
    assert [each["start"] for each in row["new_alarms"]] == ["2026-03-02T00:55:00Z"]


def test_an_alarm_of_a_limit_that_the_site_had_tightened_is_cut_but_not_missed(compared):
    (row,) = compared((5, 5), (40, 7.5), (10, 5), now=limits(high="7"), then=LIMITS).values()

    assert counts(row) == {"before": 1, "after": 0, "cut": 1, "missed": 0, "new": 0}


@pytest.mark.parametrize(("peak", "missed"), [("8", 0), ("8.001", 1)])
def test_really_outside_is_beyond_the_limit_of_the_rule_itself(compared, peak, missed):
    tight = limits(high="7")
    (row,) = compared((5, 5), (30, 7.5), (5, peak), (10, 5), now=tight, then=limits("50m")).values()

    assert (row["cut"], row["missed"]) == (1, missed)


def test_a_warning_that_a_worse_level_makes_up_for_is_later_and_not_cut(compared):
    rows = compared((5, 5), (20, 7.5), (40, 9), (5, 5), now=limits(warning="7"), then=LIMITS)

    assert counts(rows["too high"]) == {"before": 1, "after": 0, "cut": 0, "missed": 0, "new": 0}
    # The warning came at 00:15, the alarm comes at 00:55.
    assert rows["too high"]["later"] == {"count": 1, "longest_s": 2400.0}
    assert counts(rows["too warm"]) == {"before": 1, "after": 1, "cut": 0, "missed": 0, "new": 0}


def test_a_warning_does_not_make_up_for_a_lost_alarm(compared):
    then = limits("45m", warning="7")
    rows = compared((5, 5), (40, 9), (5, 5), now=limits(warning="7"), then=then)

    assert counts(rows["too warm"]) == {"before": 1, "after": 0, "cut": 1, "missed": 1, "new": 0}


def test_outside_again_while_clearing_is_the_same_alarm(compared):
    twice = ((5, 5), (40, 9), (5, 5), (40, 9), (30, 5))
    patient = limits(off="10m")

    (row,) = compared(*twice, now=patient, then=patient).values()
    assert counts(row) == {"before": 1, "after": 1, "cut": 0, "missed": 0, "new": 0}
    (row,) = compared(*twice, now=patient, then=LIMITS).values()
    assert counts(row) == {"before": 1, "after": 2, "cut": 0, "missed": 0, "new": 0}


def test_what_is_still_outside_at_the_end_counts(compared):
    (row,) = compared((5, 5), (40, 9), then=limits("45m")).values()

    assert (row["missed"], row["missed_alarms"][0]["end"]) == (1, None)


def test_the_table_names_what_changes_and_each_missed_alarm(tmp_path, capsys):
    recording = write(tmp_path / "readings.csv", ((5, 5), (40, 9.44), (10, 5)))
    then = site(tmp_path / "then.yaml", limits("41m"))

    assert main(["replay", str(recording), "--site", str(SITE), "--what-if", then]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "changed: wip1, 659-2 alarm high: above 8 C for 30 min -> above 8 C for 41 min",
        "rule     force    level     limit          before  after    cut missed    new  later              earlier",  # noqa: E501  # as it is printed
        "659-2    SHALL    alarm     too warm            1      0      1      1      0  -                  -",
        "missed: wip1, 659-2 too warm, 2026-03-02T00:05:00Z to 2026-03-02T00:45:00Z, peak 9.4 C",
        "1 alarms before, 0 after; 1 of those cut were really outside",
    ]


def test_of_many_missed_alarms_the_table_names_some_and_counts_the_others(tmp_path, capsys):
    recording = write(tmp_path / "readings.csv", ((5, 5), (35, 9)) * 23 + ((5, 5),))
    then = site(tmp_path / "then.yaml", limits("36m"))

    assert main(["replay", str(recording), "--site", str(SITE), "--what-if", then]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("missed: wip1") for line in lines) == 20
    assert lines[-2] == "missed: 3 more; --json names all"


def test_what_the_caps_forbid_is_refused_before_anything_is_judged(tmp_path, capsys):
    recording = write(tmp_path / "readings.csv", ((5, 5),))
    then = site(tmp_path / "then.yaml", limits("61m"))

    assert main(["replay", str(recording), "--site", str(SITE), "--what-if", then]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[0] == (
        f"{then}:23:34: 1h1m exceeds the cap of 1h for 'too warm' of 659-2; shorten it"
    )


def test_another_offset_is_no_matter_of_limits(tmp_path, capsys):
    recording = write(tmp_path / "readings.csv", ((5, 5),))
    then = site(tmp_path / "then.yaml", f"offset: 0.5 degC\n    {LIMITS}")

    assert main(["replay", str(recording), "--site", str(SITE), "--what-if", then]) == 1
    assert capsys.readouterr().err == (
        "wip1: the offset differs between both sites; "
        "a what-if compares limits and delays, so leave the rest as it is\n"
    )


def test_a_point_that_only_one_site_has_is_named_and_left_out(tmp_path, capsys):
    recording = write(tmp_path / "readings.csv", ((5, 5), (40, 9)), sensor="dispatch")
    text = SITE.read_text(encoding="utf-8")
    then = tmp_path / "then.yaml"
    then.write_text(text[: text.index("  dispatch:\n")] + text[text.index("people:") :], encoding="utf-8")

    assert main(["replay", str(recording), "--site", str(SITE), "--what-if", str(then)]) == 0
    printed = capsys.readouterr()
    assert printed.err == f"dispatch is not in {then}, so it is not compared\n"
    assert printed.out.endswith("0 alarms before, 0 after; 0 of those cut were really outside\n")


def test_a_latched_alarm_counts_each_time_since_nobody_closes_it_here(tmp_path, capsys):
    example = SITE.parents[2] / "config" / "site.yaml"
    lines = [HEADING] + [
        f"2026-03-02T08:{minute:02}:00Z,bsc-1.power,running,{0 if minute in (10, 11, 30, 31) else 1},state"
        for minute in range(50)
    ]
    recording = tmp_path / "readings.csv"
    recording.write_text("\n".join([*lines, ""]), encoding="utf-8")

    options = ["--site", str(example), "--what-if", str(example), "--json"]
    assert main(["replay", str(recording), *options]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["rule"], row["before"], row["after"]) == ("800-E1", 2, 2)
