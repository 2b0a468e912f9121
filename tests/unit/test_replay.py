"""Recorded readings through the one judge: excursions, and lines that cannot be used."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import recordings
from recordings import HEADING, cold_rooms

import hdmonitor.replay
from hdmonitor.catalogue import own_rules
from hdmonitor.replay import UnusableFile, as_json, as_lines, read, remarks, replay
from hdmonitor.site import load_site

TESTS = Path(__file__).parents[1]
SITE, _ = load_site(TESTS / "sites" / "cold_rooms.yaml")
EXAMPLE, _ = load_site(TESTS.parent / "config" / "site.yaml")
OWN = own_rules()
NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "readings.csv"


def write(file, *lines, heading=HEADING):
    file.write_text("\n".join([heading, *lines, ""]), encoding="utf-8")
    return file


def warm(clock, value="9", sensor="wip1", unit="degC"):
    return f"2026-03-02T{clock}Z,{sensor},temperature,{value},{unit}"


def judged(file, site=SITE):
    readings = read(file, site.points, NOW).readings
    return replay(site, OWN, readings, {reading.point for reading in readings})


def told(file, site=SITE):
    result = judged(file, site)
    return [as_json(excursion, result.until) for excursion in result.excursions]


def values(file):
    return [reading.value for reading in read(file, SITE.points, NOW).readings]


def named(file):
    recorded = read(file, SITE.points, NOW)
    assert sum(recorded.unusable.values()) == len(recorded.named)
    return [each.removeprefix(f"{file}:") for each in recorded.named]


# --- the shapes of a real week ------------------------------------------------


@pytest.fixture
def week(file):
    return write(file, *cold_rooms()[1:])


def test_every_excursion_is_told_and_two_of_them_are_alarms(week):
    wip1 = [one for one in told(week) if one["point"] == "wip1"]

    assert len(wip1) == 13
    assert [one for one in wip1 if one["alarm_at"]] == [
        {
            "point": "wip1",
            "rule": "659-2",
            "level": "alarm",
            "start": "2026-03-02T00:57:00Z",
            "end": "2026-03-02T01:39:45Z",
            "peak": 12.25,
            "duration_s": 2565.0,
            "missing_s": 0.0,
            "alarm_at": "2026-03-02T01:27:00Z",
        },
        {
            "point": "wip1",
            "rule": "659-2",
            "level": "alarm",
            "start": "2026-03-02T02:20:36Z",
            "end": "2026-03-02T03:01:27Z",
            "peak": 18.56,
            "duration_s": 2451.0,
            "missing_s": 0.0,
            "alarm_at": "2026-03-02T02:50:36Z",
        },
    ]
    assert [one["peak"] for one in wip1] == [
        8.1, 8.2, 12.25, 10.7, 18.56, 10.2, 8.2, 9.7, 12.1, 8.3, 8.1, 9.2, 13.5,
    ]  # fmt: skip


def test_an_excursion_shorter_than_the_delay_is_told_without_an_alarm(week):
    dispatch = [(one["duration_s"], one["alarm_at"]) for one in told(week) if one["point"] == "dispatch"]

    assert dispatch == [(798.0, None), (57.0, None), (1767.0, None)]


def test_fault_codes_are_counted_and_are_no_values(week):
    assert judged(week).faults == {
        "wip1 (ds18b20_disconnected_-127)": 7,
        "dispatch (ds18b20_disconnected_-127)": 2,
    }


def test_the_table_for_people_tells_the_same(week):
    result = judged(week)

    lines = list(as_lines(result, SITE))
    assert len(lines) == 18
    assert lines[3] == (
        "wip1                     659-2    alarm     2026-03-02T00:57:00Z 2026-03-02T01:39:45Z       12.2 C  "
        "42 min 45 s          0 s  2026-03-02T01:27:00Z"
    )
    assert lines[-1] == "16 excursions, 2 of them alarms"
    assert list(remarks(result)) == [
        "faults, not values: 2 of dispatch (ds18b20_disconnected_-127)",
        "faults, not values: 7 of wip1 (ds18b20_disconnected_-127)",
    ]


def test_lines_in_any_order_give_the_same(week, tmp_path):
    lines = cold_rooms()[1:]
    random.shuffle(lines)

    assert told(write(tmp_path / "shuffled.csv", *lines)) == told(week)


def test_lines_written_twice_give_the_same_and_are_counted(week, tmp_path):
    twice = write(tmp_path / "twice.csv", *cold_rooms()[1:], *cold_rooms()[1:])

    assert told(twice) == told(week)
    assert judged(twice).duplicates == 1600
    assert judged(twice).faults == judged(week).faults
    assert "repeated readings, dropped: 1600" in remarks(judged(twice))


def test_how_many_are_decided_at_once_changes_nothing(week, monkeypatch):
    before = judged(week)

    monkeypatch.setattr(hdmonitor.replay, "BATCH", 1)

    assert judged(week) == before


def test_points_that_the_recording_does_not_tell_are_not_watched(week):
    office = replace(EXAMPLE.points["pharmacy.temperature"], id="office", topic="office")
    device = replace(SITE.devices["cold/wip1"], topic="office", points=(office,))
    wider = replace(
        SITE, points={**SITE.points, "office": office}, devices={**SITE.devices, "office": device}
    )

    assert judged(week, wider) == judged(week)


# --- edges of an excursion ------------------------------------------------------


@pytest.mark.parametrize(("end", "alarm_at"), [("08:29:59", None), ("08:30:00", "2026-03-02T08:30:00Z")])
def test_an_excursion_becomes_an_alarm_when_its_delay_is_over(file, end, alarm_at):
    write(file, warm("08:00:00"), warm("08:10:00"), warm("08:20:00"), warm(end, "5"))

    assert [(one["start"], one["end"], one["alarm_at"]) for one in told(file)] == [
        ("2026-03-02T08:00:00Z", f"2026-03-02T{end}Z", alarm_at)
    ]


def test_a_reading_at_the_limit_is_inside(file):
    write(file, warm("08:00:00", "8"), warm("08:01:00", "8.001"), warm("08:02:00", "8.0"))

    assert [(one["start"], one["end"], one["peak"]) for one in told(file)] == [
        ("2026-03-02T08:01:00Z", "2026-03-02T08:02:00Z", 8.001)
    ]


def test_a_peak_just_outside_is_never_shown_as_the_limit(file):
    write(file, warm("08:00:00", "8.001"), warm("08:01:00", "5"))

    assert " 8.001 C " in list(as_lines(judged(file), SITE))[1]


def test_what_is_still_outside_has_no_end_and_lasts_up_to_the_newest_value_of_its_point(file):
    newest = warm("09:00:00", "5", "dispatch")
    write(file, warm("08:00:00"), warm("08:05:00", "9.5"), warm("08:06:00", "-127"), newest)

    (one,) = told(file)

    assert (one["end"], one["peak"], one["duration_s"], one["alarm_at"]) == (None, 9.5, 300.0, None)
    assert "still outside" in list(as_lines(judged(file), SITE))[1]


def test_time_without_readings_is_missing_and_matures_no_alarm(file):
    write(file, warm("08:00:00"), warm("09:00:00"), warm("09:14:59", "5"))

    (one,) = told(file)

    # A reading vouches for 15 minutes: until 08:15, and the other from 09:00 on.
    assert (one["duration_s"], one["missing_s"], one["alarm_at"]) == (4499.0, 2700.0, None)


def test_times_are_told_in_utc_and_fully(file):
    write(
        file,
        "2026-03-02T03:00:00.250-05:00,wip1,temperature,9,degC",
        "2026-03-02T09:01:00.5+01:00,wip1,temperature,5,degC",
    )

    assert [(one["start"], one["end"], one["duration_s"]) for one in told(file)] == [
        ("2026-03-02T08:00:00.250000Z", "2026-03-02T08:01:00.500000Z", 60.25)
    ]


def test_all_values_of_one_moment_are_judged_in_the_order_of_their_size(file):
    write(file, warm("08:00:00", "5"), warm("08:00:00", "9"), warm("08:00:00", "5.5"), warm("08:01:00", "5"))

    result = judged(file)

    (one,) = result.excursions
    assert one.start == datetime(2026, 3, 2, 8, 0, 0, 2, tzinfo=UTC)
    assert one.end == datetime(2026, 3, 2, 8, 1, tzinfo=UTC)
    assert list(remarks(result)) == []


# --- whose readings, in which unit ------------------------------------------------


def test_a_sensor_is_the_id_of_a_point_or_its_name_in_recordings(file):
    point = replace(SITE.points["wip1"], replay_as="logger 7")
    write(file, warm("08:00:00", sensor="logger 7"), warm("08:01:00", "5", sensor="wip1"))

    readings = read(file, {"wip1": point}, NOW).readings

    assert [(reading.point, reading.value) for reading in readings] == [("wip1", 9.0), ("wip1", 5.0)]


def test_a_sensor_of_another_quantity_is_another_sensor(file):
    write(file, "2026-03-02T08:00:00Z,wip1,current,22.93,A", warm("08:00:00"))

    assert named(file)[0] == "2: no point of the site replays this sensor: 'wip1' 'current'"


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("46.4", "degF", 8.0),
        ("281.15", "K", 8.0),
        ("8.25", "°C", 8.25),
        ("46.4 °F", "degC", 8.0),
        (" 8 ", "degC", 8.0),
    ],
)
def test_values_are_converted_from_the_unit_they_are_recorded_in(file, text, unit, expected):
    write(file, warm("08:00:00", text, unit=unit))

    assert values(file) == [expected]


def test_sign_and_offset_of_the_point_apply(file):
    point = replace(SITE.points["wip1"], sign=-1, offset=0.5)
    write(file, warm("08:00:00", "-4"))

    assert [reading.value for reading in read(file, {"wip1": point}, NOW).readings] == [4.5]


@pytest.mark.parametrize(
    ("text", "fault"),
    [("", "empty"), ("nan", "nan"), ("unavailable", "unavailable"), ("-127", "ds18b20_disconnected_-127"),
     ("327.67", "int16_max"), ("85", "ds18b20_power_on_85")],
)  # fmt: skip
def test_words_and_figures_that_mean_no_value_are_faults(file, text, fault):
    write(file, warm("08:00:00", text))

    (reading,) = read(file, SITE.points, NOW).readings
    assert (reading.value, reading.fault) == (None, fault)


def test_a_figure_that_only_its_family_takes_for_a_fault_is_one_here_too(file):
    fridge = EXAMPLE.points["hd-fridge-1.temperature"]
    write(file, warm("08:00:00", "-100", sensor=fridge.id))

    (reading,) = read(file, {fridge.id: fridge}, NOW).readings
    assert (reading.value, reading.fault) == (None, "below_range_-100")


def test_states_are_read_as_words_and_digits(file):
    door = replace(EXAMPLE.points["hd-buffer.door"], sign=1, offset=0.0)
    write(
        file,
        f"2026-03-02T08:00:00Z,{door.id},contact,1,state",
        f"2026-03-02T08:01:00Z,{door.id},contact,SHUT,OPEN/SHUT",
        f"2026-03-02T08:02:00Z,{door.id},contact,2,state",
    )

    recorded = read(file, {door.id: door}, NOW)

    assert [reading.value for reading in recorded.readings] == [1.0, 0.0]
    assert len(recorded.named) == 1


def test_a_recording_in_fahrenheit_of_an_office_before_christmas():
    room = replace(
        EXAMPLE.points["pharmacy.temperature"], replay_as="office", valid_for=timedelta(hours=3), offset=0.0
    )
    site = replace(
        EXAMPLE,
        points={room.id: room},
        devices={room.topic: replace(EXAMPLE.devices[room.topic], points=(room,))},
    )

    excursions = told(TESTS / "data" / "office_2013-12-20.csv", site)

    longest = max(excursions, key=lambda one: one["duration_s"])
    assert (longest["start"], longest["end"]) == ("2013-12-20T21:00:00Z", "2013-12-25T12:00:00Z")
    assert (longest["level"], round(longest["peak"], 3)) == ("warning", 30.124)
    # At once: it had been too warm two hours before, and was inside by less than the deadband since.
    assert longest["alarm_at"] == longest["start"]


# --- lines that cannot be used ------------------------------------------------------


GOOD = warm("08:00:00", "5")
AFTER = warm("08:10:00", "6")


NOT_BELIEVED = "a time that cannot be right: before 2001 or still to come"
WIDTH = "not 5 columns, as the first line has"
ROOM = "2026-03-02T08:05:00Z,wip1,temperature"
UNITS = "known are degC (°C), degF (°F), K"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("yesterday,wip1,temperature,5,degC", "not an ISO 8601 time: 'yesterday'"),
        ("2026-02-30T00:00:00Z,wip1,temperature,5,degC", "not an ISO 8601 time: '2026-02-30T00:00:00Z'"),
        ("2026-03-02T08:05:00,wip1,temperature,5,degC", "a time without a zone: '2026-03-02T08:05:00'"),
        ("1970-01-01T00:00:00Z,wip1,temperature,5,degC", f"{NOT_BELIEVED}: '1970-01-01T00:00:00Z'"),
        ("2099-01-01T00:00:00Z,wip1,temperature,5,degC", f"{NOT_BELIEVED}: '2099-01-01T00:00:00Z'"),
        ("0001-01-01T00:00:00+14:00,wip1,temperature,5,degC", f"{NOT_BELIEVED}: '0001-01-01T00:00:00+14:00'"),
        ("9999-12-31T23:59:59-14:00,wip1,temperature,5,degC", f"{NOT_BELIEVED}: '9999-12-31T23:59:59-14:00'"),
        (f"{ROOM},cold,degC", "a value that cannot be read: no number in 'value': 'cold'"),
        (f"{ROOM},1e999,degC", "a value that cannot be read: no number in 'value': '1e999'"),
        (
            f"{ROOM},5,bar",
            f"a value that cannot be read: 'value': 'bar' is not a unit of temperature; {UNITS}",
        ),
        (
            f"{ROOM},5\0,K",
            f"a value that cannot be read: 'value': '\\x00' is not a unit of temperature; {UNITS}",
        ),
        (f"{ROOM},5", f"{WIDTH}: 4 in '{ROOM},5\\n'"),
        (f"{ROOM},4,2,degC", f"{WIDTH}: 6 in '{ROOM},4,2,degC\\n'"),
        (f'{ROOM},"5,degC', f"not a line of CSV: unexpected end of data in '{ROOM},\"5,degC\\n'"),
        (f'{ROOM},"5"5,degC', f"not a line of CSV: ',' expected after '\"' in '{ROOM},\"5\"5,degC\\n'"),
        (warm("08:05:00", sensor="x"), "no point of the site replays this sensor: 'x' 'temperature'"),
        (
            warm("08:05:00", sensor="\x1b[31m"),
            "no point of the site replays this sensor: '\\x1b[31m' 'temperature'",
        ),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_rest_is_read(file, line, why):
    write(file, GOOD, line, AFTER)

    assert named(file) == [f"3: {why}"]
    assert values(file) == [5.0, 6.0]


@pytest.mark.parametrize(
    ("time", "used"),
    [
        ("2000-12-31T23:59:59Z", False),
        ("2001-01-01T00:00:00Z", True),
        ("2026-07-01T00:05:00Z", True),
        ("2026-07-01T00:05:01Z", False),
    ],
)
def test_times_are_believed_from_2001_to_five_minutes_ahead(file, time, used):
    write(file, f"{time},wip1,temperature,5,degC", GOOD)

    assert len(values(file)) == 1 + used


def test_of_many_lines_with_the_same_fault_the_first_are_named_and_all_counted(file):
    write(file, *[warm("08:00:00", "cold")] * 7, GOOD)

    recorded = read(file, SITE.points, NOW)

    assert [each.removeprefix(f"{file}:")[0] for each in recorded.named] == ["2", "3", "4", "5", "6"]
    assert recorded.unusable == {"a value that cannot be read": 7}


def test_bytes_that_are_not_utf_8_cost_their_line_only(file):
    bad = [GOOD.replace("wip1", "wi?1"), warm("08:05:00", unit="?C")]
    file.write_bytes("\n".join([HEADING, GOOD, *bad, AFTER]).encode().replace(b"?", b"\xb0"))

    assert values(file) == [5.0, 6.0]
    assert named(file)[0] == "3: no point of the site replays this sensor: 'wi\\\\xb01' 'temperature'"
    assert "'\\\\xb0C' is not a unit of temperature" in named(file)[1]


def test_a_field_of_a_megabyte_costs_its_line_only(file):
    write(file, GOOD, warm("08:05:00", "9" * 1_000_000), warm("08:06:00", '"' + "9" * 1_000_000 + '"'), AFTER)

    assert values(file) == [5.0, 6.0]
    assert [len(each) < 250 for each in named(file)] == [True, True]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", ["", "end"])
def test_files_of_any_system_are_read(file, end, mark, last):
    file.write_bytes((mark + end.join([HEADING, GOOD, "", AFTER]) + (end if last else "")).encode())

    assert values(file) == [5.0, 6.0]
    assert named(file) == []


def test_columns_may_stand_in_any_order_among_others(file):
    write(
        file,
        'degC,5,"3,1",temperature,wip1,2026-03-02T08:00:00Z',
        heading="unit,value,note,quantity,sensor,time",
    )

    assert values(file) == [5.0]


def test_quoted_fields_are_read(file):
    write(
        file,
        '"2026-03-02T08:00:00Z","wip1","temperature","5","degC"',
        heading='"time","sensor","quantity","value","unit"',
    )

    assert values(file) == [5.0]


@pytest.mark.parametrize(
    ("heading", "why"),
    [
        ("time,sensor,value,unit", "1:1: no column 'quantity' in 'time,sensor,value,unit'"),
        ("time;sensor;quantity;value;unit", "1:1: no column 'time' in 'time;sensor;quantity;value;unit'"),
        ("", "1:1: no heading"),
        ("time,sensor,quantity,value,unit,value", "1:33: the column 'value' stands there twice"),
    ],
)
def test_a_file_without_the_columns_is_refused(file, heading, why):
    write(file, GOOD, heading=heading)

    with pytest.raises(UnusableFile) as refused:
        read(file, SITE.points, NOW)

    told = "the first line must name time,sensor,quantity,value,unit, each once"
    assert str(refused.value) == f"{file}:{why}; {told}"


def test_a_file_that_is_not_there_is_refused(file, tmp_path):
    with pytest.raises(UnusableFile, match="No such file or directory; give a readable CSV file"):
        read(file, SITE.points, NOW)
    with pytest.raises(UnusableFile, match="Is a directory; give a readable CSV file"):
        read(tmp_path, SITE.points, NOW)


@pytest.mark.parametrize(
    "content",
    [b"", random.randbytes(4096), b"\0" * 4096, b"\xff\xfet\0i\0m\0e\0"],
    ids=["empty", "random", "zeros", "utf-16"],
)
def test_what_is_no_table_at_all_is_refused(file, content):
    file.write_bytes(content)

    with pytest.raises(UnusableFile, match=r"no heading|no column|not a line of CSV"):
        read(file, SITE.points, NOW)


def test_a_file_without_any_reading_of_the_site_says_so(file):
    recorded = read(write(file), SITE.points, NOW)

    assert recorded.readings == []
    assert recorded.named == [f"{file}: no reading of any point of the site"]
    assert replay(SITE, OWN, [], set()).excursions == []


def test_one_excursion_is_one_line_of_json(file):
    write(file, warm("08:00:00"), warm("08:01:00", "5"))

    (one,) = told(file)

    assert json.loads(json.dumps(one)) == one
    assert list(one) == [
        "point", "rule", "level", "start", "end", "peak", "duration_s", "missing_s", "alarm_at",
    ]  # fmt: skip


def test_the_series_has_the_shapes_that_the_tests_speak_of():
    assert recordings.value("wip1", 147) == 3.0
    assert [len(faults) for faults in recordings.FAULTS.values()] == [7, 2]
