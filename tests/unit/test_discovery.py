"""What is listed of what was heard, and what is written into a site file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.discovery import Discovery, as_lines, entries, with_entries, write_entries
from hdmonitor.model import Message
from hdmonitor.simulator.pharmacy import Pharmacy
from hdmonitor.simulator.telemetry import Sensors
from hdmonitor.site import load_site

SITES = Path(__file__).parents[1] / "sites"
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
SIX, _ = load_site(SITES / "six_families.yaml")
OTHER, _ = load_site(SITES / "cold_rooms.yaml")


def heard(*messages, every=10):
    discovery = Discovery()
    for number, (topic, payload, *retained) in enumerate(messages):
        at = START + timedelta(seconds=every * number)
        discovery.take(Message(topic, payload, at, bool(retained)))
    return discovery.topics


@pytest.fixture(scope="module")
def six():
    discovery, sensors = Discovery(), Sensors(SIX, Pharmacy(1, START))
    for second in range(0, 31, 5):
        at = START + timedelta(seconds=second)
        for topic, payload in sensors.messages(at):
            discovery.take(Message(topic, payload, at))
    return discovery.topics


def test_six_families_that_publish_at_once_are_all_found(six):
    assert {topic: heard.family.name for topic, heard in six.items()} == {
        device.topic: {"plain": "plain_value"}.get(device.family, device.family)
        for device in SIX.devices.values()
    }
    assert {heard.every for heard in six.values()} == {timedelta(seconds=5)}


def test_each_field_is_listed_with_its_newest_value_and_its_age(six):
    lines = list(as_lines(six.values(), START + timedelta(seconds=33)))

    assert "zigbee2mqtt/hd-fridge-1  (zigbee2mqtt, certain, every 5s)" in lines
    assert "    temperature                  temperature            4.6 C, 3s ago" in lines
    assert "    battery                      battery                97 %, 3s ago" in lines


def test_a_value_without_a_unit_is_named_and_no_unit_is_guessed(six):
    lines = list(as_lines([six["pharmacy/freezer-1"]], START))

    assert lines[0] == "pharmacy/freezer-1  (plain_value, by its shape only, every 5s)"
    assert lines[1].endswith("what 'pharmacy/freezer-1' measures is not said; declare quantity and unit")
    written = entries([six["pharmacy/freezer-1"]], OTHER, START)
    assert "  #   measures: WHAT  # the quantity" in written
    assert "  #   unit: WHICH  # unit" in written


def test_what_a_site_has_already_is_not_written_again(six):
    assert entries(six.values(), SIX, START) == []


def test_a_value_that_the_broker_kept_is_no_sign_of_life():
    [topic] = heard(("zigbee2mqtt/f", b'{"temperature": 4.2}', True)).values()

    assert list(as_lines([topic], START))[1].endswith("4.2 C, an old value that the broker kept")
    assert '  #   every: "1h"  # heard less than twice: write how often it really sends' in entries(
        [topic], OTHER, START
    )


@pytest.mark.parametrize(("gap", "every"), [(11, 10), (12, 15), (60, 60), (70, 120), (9_000, 3_600)])
def test_an_interval_is_the_next_that_people_set(gap, every):
    [topic] = heard(*[("zigbee2mqtt/f", b'{"temperature": 4.2}')] * 4, every=gap).values()

    assert topic.every == timedelta(seconds=every)


def test_what_no_family_knows_is_listed_with_its_beginning():
    [topic] = heard(("odd", b"\xff\x00 some")).values()

    assert list(as_lines([topic], START)) == [
        "odd  (unknown)",
        "    '\N{REPLACEMENT CHARACTER}\\x00 some': no family knows messages like this on 'odd'; name one",
    ]


def test_two_sensors_of_one_device_get_two_ids():
    topics = heard(
        ("tele/x/SENSOR", b'{"DS18B20":{"Temperature":4},"BME280":{"Temperature":21},"TempUnit":"C"}')
    )

    written = entries(topics.values(), OTHER, START)

    assert [line for line in written if line.endswith(("temperature:", "temperature-2:"))] == [
        "  # x.temperature:",
        "  # x.temperature-2:",
    ]


# --- the site file ----------------------------------------------------------------


def test_a_site_file_with_the_entries_is_as_good_as_before(six, tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text((SITES / "cold_rooms.yaml").read_text())

    write_entries(path, entries(six.values(), OTHER, START))

    site, problems = load_site(path)
    assert problems == []
    assert set(site.points) == set(OTHER.points)


def test_an_entry_without_its_remark_signs_is_a_point(six, tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text((SITES / "cold_rooms.yaml").read_text())
    lines = entries([six["zigbee2mqtt/hd-fridge-1"]], OTHER, START)
    live = [line.replace("  # ", "  ", 1).replace("WHERE", "wip1-room") for line in lines[1:]]

    write_entries(path, live)

    site, problems = load_site(path)
    assert problems == []
    point = site.points["hd-fridge-1.temperature"]
    assert (point.topic, point.family, point.field, point.unit, point.every) == (
        "zigbee2mqtt/hd-fridge-1",
        "zigbee2mqtt",
        "temperature",
        "degC",
        timedelta(seconds=5),
    )


def test_entries_stand_at_the_end_of_the_points_before_the_remarks_of_what_follows():
    text = "points:\n  a: {}\n\n# People.\npeople: {}\n"

    assert with_entries(text, ["  # b: {}"]) == "points:\n  a: {}\n\n  # b: {}\n\n# People.\npeople: {}\n"


def test_points_at_the_end_of_a_file_take_entries_too():
    assert with_entries("points:\n  a: {}\n", ["  # b: {}"]) == "points:\n  a: {}\n\n  # b: {}\n"


def test_points_in_one_line_take_no_entries():
    with pytest.raises(
        ValueError, match="no line 'points:' to add the entries to; write the points as a block"
    ):
        with_entries("points: { a: {} }\n", ["  # b: {}"])


def test_what_the_monitor_itself_publishes_is_no_sensor():
    discovery = Discovery(own="hdmonitor/example/")
    discovery.take(Message("hdmonitor/example/mark", b"125.19", START))
    discovery.take(Message("hdmonitor/other/mark", b"125.19", START))

    assert list(discovery.topics) == ["hdmonitor/other/mark"]


def test_nothing_is_asked_of_a_topic_that_the_site_file_has():
    topics = heard(("pharmacy/freezer-1", b"-4.5"))

    assert [device.topic for device in SIX.devices.values()].count("pharmacy/freezer-1") == 1
    assert list(as_lines(topics.values(), START, SIX))[1:] == ["    in the site file: freezer-1.temperature"]
