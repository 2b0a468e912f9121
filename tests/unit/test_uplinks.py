"""LoRaWAN uplinks before the monitor: what is live, what was stored, what a decoder made up."""

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.catalogue import own_rules
from hdmonitor.model import Device, Message, Quality
from hdmonitor.monitor import Monitor
from hdmonitor.sensors import check_point
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[1] / "sites" / "one_gateway.yaml")
NOON = datetime(2026, 2, 6, 12, tzinfo=UTC)
MILESIGHT, DRAGINO, ELSEWHERE = "24e124136b000001", "a84041b7b1820f01", "0011223344556677"


def point(field, quantity, unit, eui):
    base = SITE.points["hd-buffer" if quantity == "differential_pressure" else "fridge-1"]
    topic = f"application/a/device/{eui}/event/up"
    made = replace(
        base, id=field, field=field, topic=topic, family="chirpstack_v4", unit=unit, quantity=quantity
    )
    assert check_point(made) is None
    return made


def readings(*points, at=NOON, port=2, raw="", decoded=True, **said):
    """Return what a site with these points makes of one uplink."""
    topic = points[0].topic
    site = replace(
        SITE,
        points={each.id: each for each in points},
        devices={topic: Device(topic, "chirpstack_v4", tuple(points))},
        gateways={},
    )
    body = {
        "time": at.isoformat(),
        "deviceInfo": {"devEui": topic.split("/")[3], "deviceProfileName": "LHT65N"},
        "fPort": port,
        "data": b64encode(bytes.fromhex(raw)).decode(),
    }
    if decoded:
        body["object"] = said
    outcome = Monitor(site, own_rules(), at).handle([Message(topic, json.dumps(body).encode(), at)], at)
    if outcome.quarantined:
        return outcome.quarantined[0].reason
    return [
        (r.point, r.fault if r.value is None else r.value, r.measured_at, r.live, r.quality)
        for r in outcome.readings
    ]


TEMPERATURE = ("temperature", "temperature", "degC")


def test_a_live_value_has_the_time_of_the_network():
    assert readings(point(*TEMPERATURE, MILESIGHT), temperature=4.3) == [
        ("temperature", 4.3, NOON, True, Quality.GOOD)
    ]


def test_stored_values_come_in_their_order_and_are_no_sign_of_life():
    def stored(minutes):
        return int((NOON - timedelta(minutes=minutes)).timestamp())

    history = [
        {"timestamp": stored(10), "temperature": 4.1},
        {"timestamp": stored(20), "temperature": 4.0},
        {"timestamp": stored(30), "temperature": -0.1, "read_status": "read error"},
    ]
    assert readings(point(*TEMPERATURE, MILESIGHT), temperature=4.3, history=history) == [
        ("temperature", "read error", NOON - timedelta(minutes=30), False, Quality.FAULT),
        ("temperature", 4.0, NOON - timedelta(minutes=20), False, Quality.GOOD),
        ("temperature", 4.1, NOON - timedelta(minutes=10), False, Quality.GOOD),
        ("temperature", 4.3, NOON, True, Quality.GOOD),
    ]


def test_a_data_log_is_read_from_the_frame_with_its_epochs():
    # two records: external probe, inside, humidity, flags, epoch (2026-02-06 10:00 and 10:20 UTC)
    epochs = [int(datetime(2026, 2, 6, 10, minute, tzinfo=UTC).timestamp()) for minute in (0, 20)]
    raw = f"01a30a1b023b41{epochs[0]:08x}fff60a1c023a41{epochs[1]:08x}"
    log = "[4.19,25.87,57.1,2026-02-06 02:00:00],[655.26,25.88,57,2026-02-06 02:20:00],"
    found = readings(point("TempC_DS", "temperature", "degC", DRAGINO), port=3, raw=raw, DATALOG=log)
    assert [(value, at.hour, at.minute, live) for _, value, at, live, _ in found] == [
        (4.19, 10, 0, False),
        (-0.1, 10, 20, False),
    ]


PRESSURE = ("Differential_pressure_Pa", "differential_pressure", "Pa")


@pytest.mark.parametrize(
    ("current", "printed", "means"),
    [
        (0, 0, "loop_open_below_3.6mA"),  # a cut wire
        (3599, 0, "loop_open_below_3.6mA"),
        (3600, 0, -105.0),  # the probe goes from -100 to 100 Pa: 0 is what the decoder prints up to 4 mA
        (4000, 0, -100.0),
        (4001, -99.988, -99.988),
        (12400, 5.0, 5.0),
        (21000, 112.5, 112.5),
        (21001, 112.513, "loop_above_21mA"),
    ],
)
def test_the_current_tells_what_a_printed_pressure_is_worth(current, printed, means):
    raw = f"0ce4020a{current:04x}000000"
    said = {"Probe_mod": "020a", "IDC_intput_mA": current / 1000, "Differential_pressure_Pa": printed}
    ((_, value, *_),) = readings(point(*PRESSURE, DRAGINO), raw=raw, **said)
    assert value == means


def test_a_pressure_probe_of_unknown_range_is_not_believed_at_the_start_of_its_loop():
    raw = "0ce4020f0f3c000000"  # 3.9 mA
    said = {"Probe_mod": "020f", "IDC_intput_mA": 3.9, "Differential_pressure_Pa": 0}
    ((_, fault, *_),) = readings(point(*PRESSURE, DRAGINO), raw=raw, **said)
    assert fault == "range_not_known"


@pytest.mark.parametrize(
    ("raw", "said", "value"),
    [
        ("0e20ffff00000cffffffff", {"TempC1": -0.1}, "probe_missing_0xFFFF"),
        ("0e20000100000cffffffff", {"TempC1": 0.1}, 0.1),
        ("0e20fffe00000cffffffff", {"TempC1": -0.2}, -0.2),
        ("", {"TempC1": -0.1, "TempC2": -0.1}, "probe_missing_0xFFFF"),  # as many as there are
        ("", {"TempC1": -0.1, "TempC2": 4.0}, -0.1),
        ("", {"TempC1": 327.67}, "probe_missing_327.67"),
        ("", {"TempC1": "NULL"}, "null"),
        ("", {"TempC1": -327.0}, "open_probe"),
    ],
)
def test_a_probe_that_is_not_there_is_no_temperature(raw, said, value):
    probe = point("TempC1", "temperature", "degC", DRAGINO)
    found = readings(probe, raw=raw, Work_mode="3DS18B20", **said)
    assert [each[1] for each in found] == [value]


@pytest.mark.parametrize(
    ("eui", "field", "raw", "value"),
    [
        (MILESIGHT, "magnet_status", "open", 1.0),
        (MILESIGHT, "magnet_status", "close", 0.0),
        (MILESIGHT, "magnet_status", "opened", 1.0),
        (DRAGINO, "door_open_status", 1, 1.0),
        (DRAGINO, "door_open_status", 0, 0.0),
    ],
)
def test_each_maker_has_its_word_for_an_open_door(eui, field, raw, value):
    door = replace(point(field, "temperature", "degC", eui), quantity="contact", unit="state")
    ((_, found, *_),) = readings(door, **{field: raw})
    assert found == value


def test_the_unit_that_a_maker_lays_down_is_not_changed_by_a_site():
    ((_, value, *_),) = readings(point("temperature", "temperature", "degF", MILESIGHT), temperature=20)
    assert value == 20.0


def test_a_value_of_an_unknown_maker_has_the_unit_of_the_site():
    ((_, value, *_),) = readings(point("temp", "temperature", "degF", ELSEWHERE), temp=68)
    assert value == 20.0


def test_an_uplink_that_nobody_decoded_is_kept_with_what_to_do():
    assert readings(point(*TEMPERATURE, MILESIGHT), decoded=False, raw="0367ffff") == (
        "nobody decoded this uplink; give the device a codec in its network server, or a device_profile here"
    )
