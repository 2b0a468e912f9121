from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.model import Device, Message, Point
from hdmonitor.sensors import decode
from hdmonitor.simulator.acts import Act, Deed, working_days
from hdmonitor.simulator.payloads import encode, why_not
from hdmonitor.simulator.pharmacy import INSTRUMENTS, Pharmacy
from hdmonitor.simulator.telemetry import NotSimulated, Sensors
from hdmonitor.site import load_site

START = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def pharmacy(seed=1):
    return Pharmacy(seed, START)


@pytest.fixture(scope="module")
def site():
    loaded, problems = load_site(Path(__file__).parents[2] / "config" / "site.yaml")
    assert problems == []
    return loaded


def test_the_example_site_is_simulated_whole(site):
    sensors = Sensors(site, pharmacy())
    topics = {topic for topic, _ in sensors.messages(START)}

    assert sensors.left_out == ()
    assert set(site.points) == set(INSTRUMENTS)
    assert topics == set(site.devices)


def test_points_that_the_pharmacy_does_not_have_are_left_out_and_named(site):
    hood = site.devices["hoods/bsc-1"]
    flow = replace(site.points["bsc-1.exhaust"], quantity="airflow", unit="m3/h")
    other = replace(
        site,
        points=site.points | {"bsc-1.exhaust": flow},
        devices={"hoods/bsc-1": replace(hood, points=(hood.points[0], flow, hood.points[2]))},
    )

    sensors = Sensors(other, pharmacy())

    assert sensors.left_out == ("bsc-1.exhaust",)
    assert sensors.messages(START) == [("hoods/bsc-1", b'{"airflow": {"inflow": 0.52}, "power": "ON"}')]


def test_a_site_with_nothing_to_simulate_is_refused(site):
    with pytest.raises(
        NotSimulated, match=r"site example has none of the simulated points, which are hd-fridge-1"
    ):
        Sensors(replace(site, devices={}), pharmacy())


def test_what_is_published_decodes_to_what_the_instruments_show(site):
    shown = pharmacy(7).readings()
    read = {}
    for topic, payload in Sensors(site, pharmacy(7)).messages(START):
        device = site.devices[topic]
        decoded = decode(Message(topic, payload, START), device)
        for value, point in zip(decoded.values, device.points, strict=True):
            read[point.id] = point.sign * value.value + point.offset

    assert read == pytest.approx(shown, abs=0.02)


def test_the_same_seed_publishes_the_same_bytes_however_often_it_is_asked(site):
    def play(seed, every):
        sensors = Sensors(site, pharmacy(seed), working_days(seed, site.zone, START))
        return [
            message
            for k in range(1, 30 * 60 // every + 1)
            for message in sensors.messages(START + k * every * SECOND)
        ]

    assert play(1, every=9) == play(1, every=600)
    assert play(2, every=600) != play(1, every=600)


def test_each_device_publishes_at_its_own_interval(site):
    published = [topic for topic, _ in Sensors(site, pharmacy()).messages(START + 10 * MINUTE)]

    assert published.count("zigbee2mqtt/hd-fridge-1") == 6  # every 2 min, and at the start
    assert published.count("tele/hd-fridge-2/SENSOR") == 11
    assert published.count("hd-buffer/sensor/pressure/state") == 121


def test_a_device_of_two_points_publishes_as_often_as_the_quicker_one(site):
    climate = site.devices["zigbee2mqtt/hd-buffer-climate"]
    slow, quick = climate.points[0], replace(climate.points[1], every=MINUTE)
    other = replace(site, devices={climate.topic: replace(climate, points=(slow, quick))})

    assert len(Sensors(other, pharmacy()).messages(START + 10 * MINUTE)) == 11


def test_a_door_is_published_at_the_moment_it_moves_with_the_simulated_time(site):
    opened = Act(START + 7 * SECOND, Deed.OPEN, "hd-fridge-2")
    sensors = Sensors(site, pharmacy(), [opened])
    sensors.messages(START + 6 * SECOND)

    (door,) = [
        payload
        for topic, payload in sensors.messages(START + 8 * SECOND)
        if topic == "zigbee2mqtt/hd-fridge-2-door"
    ]

    decoded = decode(Message("", door, START), site.devices["zigbee2mqtt/hd-fridge-2-door"])
    assert decoded.values[0].value == 1.0
    assert decoded.device_time == START + 7 * SECOND


def point(family, field, unit, quantity, **more):
    return Point(
        id=more.pop("id", "p"),
        name="P",
        room="r",
        equipment=None,
        quantity=quantity,
        topic="t",
        family=family,
        field=field,
        unit=unit,
        every=MINUTE,
        valid_for=15 * MINUTE,
        rules=(),
        **more,
    )


@pytest.mark.parametrize(
    ("configured", "value", "payload"),
    [
        (("zigbee2mqtt", "temperature", "degC", "temperature"), 4.25, b'"temperature": 4.25'),
        (("zigbee2mqtt", "contact", "state", "contact"), 1.0, b'"contact": false'),
        (("tasmota", "SHT3X.Temperature", "degF", "temperature"), 4.25, b'"TempUnit": "F"'),
        (("tasmota", "0000059352D4.Temperature", "degC", "temperature"), 4.25, b'"Id": "0000059352D4"'),
        (("tasmota", "Switch1", "OFF/ON", "contact"), 1.0, b'"Switch1": "OFF"'),
        (("esphome", "value", "hPa", "differential_pressure"), -4.98, b"-0.0498"),
        (("esphome", "value", "ON/OFF", "contact"), 0.0, b"OFF"),
        (("plain", "value", "degF", "temperature"), -20.0, b"-4.0"),
        (("plain", "value", "0=open", "contact"), 1.0, b"0"),
        (("mapped", "a.b[1].c", "inH2O", "differential_pressure"), 6.227, b'"b": [null, {"c": 0.025}]'),
        (("mapped", '"hood 1".inflow', "ft/min", "air_velocity"), 0.508, b'"hood 1": {"inflow": 100.0}'),
        (("mapped", "running", "true/false", "running"), 1.0, b'"running": true'),
        (("mapped", "v", "@u", "temperature"), 4.25, b'"u": "degC"'),
    ],
)
def test_every_family_is_written_as_its_decoder_reads_it(configured, value, payload):
    device = Device("t", configured[0], (point(*configured),))
    written = encode(device, {"p": value}, START)

    assert payload in written
    assert decode(Message("t", written, START), device).values[0].value == pytest.approx(value, abs=0.01)


def test_a_sensor_piped_the_other_way_publishes_the_opposite_and_its_offset():
    piped = point("plain", "value", "Pa", "differential_pressure", sign=-1, offset=0.5)

    assert encode(Device("t", "plain", (piped,)), {"p": -4.5}, START) == b"5.0"


def test_a_mapped_device_says_its_time_and_battery_where_the_site_looks_for_them():
    device = Device(
        "t", "mapped", (point("mapped", "v", "degC", "temperature"),), time="at", battery="bat.level"
    )

    decoded = decode(Message("t", encode(device, {"p": 4.0}, START), START), device)

    assert (decoded.device_time, decoded.battery) == (START, 97)


def test_a_path_that_cannot_be_written_is_refused():
    device = Device("t", "mapped", (point("mapped", "probes[?n=='a'].v | [0]", "degC", "temperature"),))

    assert why_not(device) == (
        "t: the simulator writes plain paths such as 'a.b[0].c', not \"probes[?n=='a'].v | [0]\""
    )
