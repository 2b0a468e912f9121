"""What a site file says about devices, down to the values that its points get."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors import decode
from hdmonitor.site import load_site

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SITE = """\
site: {{ id: s, name: S, regime: 503A, time_zone: America/New_York, waste_regime: subpart-p }}
rooms:
  pharmacy: {{ name: Pharmacy, role: unclassified }}
equipment:
  fridge: {{ name: Fridge 1, kind: refrigerator, room: pharmacy }}
  freezer: {{ name: Freezer A, kind: freezer, room: pharmacy }}
points:
{points}
people:
  anna: {{ name: A, role: pharmacist }}
destinations:
  phone: {{ name: Phone, person: anna }}
escalation:
  containment: {{ steps: [{{ after: "0s", notify: [phone] }}], repeat: "10m" }}
  storage: {{ steps: [{{ after: "0s", notify: [phone] }}], repeat: "30m" }}
  other: {{ steps: [{{ after: "0s", notify: [phone] }}], repeat: "60m" }}
{devices}
"""
MONNIT = 'measures: temperature, topic: monnit/webhook, family: monnit, every: "10m"'
NEURON = 'measures: temperature, topic: neuron/hoods, family: industrial_json, unit: degC, every: "1m"'


@pytest.fixture
def load(tmp_path):
    def load(points, devices=""):
        path = tmp_path / "site.yaml"
        lines = "\n".join(f"  {name}: {{ {keys} }}" for name, keys in points.items())
        path.write_text(SITE.format(points=lines, devices=devices), encoding="utf-8")
        site, problems = load_site(path)
        return SimpleNamespace(site=site, lines=[problem.text for problem in problems])

    return load


def values(site, topic, payload):
    decoded = decode(Message(topic, payload.encode(), NOON), site.devices[topic])
    assert not isinstance(decoded, Rejected), decoded.reason
    return [(value.device, value.value) for value in decoded.values]


def monnit(*readings):
    sensors = ",".join(
        f'{{"sensorID":"{sensor}","dataType":"TemperatureData","dataValue":"{value}","batteryLevel":"9",'
        '"messageDate":"3/10/2026 11:59:00 AM"}'
        for sensor, value in readings
    )
    return f'{{"gatewayMessage":{{}},"sensorMessages":[{sensors}]}}'


def test_two_sensors_of_one_topic_are_told_apart_by_their_device(load):
    field = f"{MONNIT}, field: TemperatureData, unit: degC"
    site = load(
        {"cold": f'at: fridge, {field}, device: "10001"', "ice": f'at: freezer, {field}, device: "10002"'}
    ).site

    both = values(site, "monnit/webhook", monnit((10002, -19.6), (10001, 4.2), (10003, 21.0)))
    assert both == [("10002", -19.6), ("10001", 4.2)]


def test_the_battery_of_one_of_several_devices_is_nobodys(load):
    field = f"{MONNIT}, field: TemperatureData, unit: degC"
    shared = load({"cold": f'at: fridge, {field}, device: "10001"'}).site
    alone = load({"cold": f"at: fridge, {field}"}).site
    message = Message("monnit/webhook", monnit((10001, 4.2)).encode(), NOON)

    assert decode(message, shared.devices["monnit/webhook"]).battery is None
    assert decode(message, alone.devices["monnit/webhook"]).battery == 9


@pytest.mark.parametrize("device", ["", 'device: "10001", '])
def test_one_value_belongs_to_one_point(load, device):
    field = f"{MONNIT}, field: TemperatureData, unit: degC"
    loaded = load({"cold": f'at: fridge, {field}, device: "10001"', "ice": f"at: freezer, {device}{field}"})

    assert loaded.lines == ["the same field of the same topic as 'cold'; each value belongs to one point"]


def test_one_field_of_a_topic_has_one_meaning(load):
    field = f"{MONNIT}, field: TemperatureData"
    loaded = load(
        {
            "cold": f'at: fridge, {field}, unit: degC, device: "10001"',
            "ice": f'at: freezer, {field}, unit: degF, device: "10002"',
        }
    )

    (line,) = loaded.lines
    assert line == (
        "the field 'TemperatureData' is temperature in degC for 'cold' and temperature in degF for 'ice'; "
        "one topic has one meaning"
    )


def test_the_scale_of_a_register_is_declared(load):
    devices = "devices:\n  neuron/hoods: { channels: { tag0: { scale: 0.1 } } }"
    site = load({"cold": f"at: fridge, {NEURON}, field: tag0"}, devices).site
    message = '{"node":"modbus","group":"g","timestamp":1773140400000,"tags":[{"name":"tag0","value":42}]}'

    assert values(site, "neuron/hoods", message) == [(None, 4.2)]


def test_a_figure_that_is_declared_a_fault_is_no_value(load):
    devices = "devices:\n  neuron/hoods: { fault_values: { tag0: [-1] } }"
    site = load({"cold": f"at: fridge, {NEURON}, field: tag0"}, devices).site
    message = '{"node":"modbus","group":"g","timestamp":1773140400000,"tags":[{"name":"tag0","value":-1}]}'

    (value,) = decode(Message("neuron/hoods", message.encode(), NOON), site.devices["neuron/hoods"]).values
    assert (value.value, value.fault) == (None, "fault_value")


@pytest.mark.parametrize(
    ("devices", "sentence"),
    [
        ("neuron/hods: {}", "no point has this topic; did you mean 'neuron/hoods'?"),
        (
            "neuron/hoods: { timezone: Mars/Base }",
            "timezone 'Mars/Base' is not an IANA name such as 'America/New_York'",
        ),
        (
            "neuron/hoods: { channels: { tag0: { map: [[4, 0]] } } }",
            "channels.tag0.map is [[4.0, 0.0]]; write two corners such as [[4, -50], [20, 50]]",
        ),
        ("neuron/hoods: { scael: 2 }", "unknown key 'scael'; "),
    ],
)
def test_a_mistake_about_a_device_is_one_sentence(load, devices, sentence):
    (line,) = load({"cold": f"at: fridge, {NEURON}, field: tag0"}, f"devices:\n  {devices}").lines

    assert line.startswith(sentence)
