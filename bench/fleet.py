"""A site of any size for the benches, with rules as those of the example site, and what its sensors send.

Each sensor is a Zigbee device with three values: the temperature of a refrigerator, its door, and the
humidity of the room. Reading so many points from YAML takes minutes, so one device is read and the others
are copies of it, which share what points have in common as the loader has them share it: they take the
memory that the loader's own would.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hdmonitor.model import Device, Equipment, Point, Site
from hdmonitor.site import load_site

VALUES = 3  # in each message
PROBE = "alarm"  # topics of the points whose rule has no on-delay: alarm/0, alarm/1, …
TEXT = """
site: { id: bench, name: Bench, regime: 503A, time_zone: America/New_York, waste_regime: subpart-p }
rooms:
  hd-buffer: { name: HD buffer, role: buffer-hd }
equipment:
  fridge: { name: HD Fridge, kind: refrigerator, room: hd-buffer, contents: [antineoplastic] }
  probed: { name: Probed, kind: refrigerator, room: hd-buffer, contents: [antineoplastic] }
points:
  temperature: { at: fridge, measures: temperature, topic: bench, family: zigbee2mqtt, field: temperature,
    unit: degC, every: "2m", probe: buffered }
  door: { at: fridge, measures: contact, topic: bench, family: zigbee2mqtt, field: contact, unit: state,
    every: "1h" }
  humidity: { at: hd-buffer, measures: humidity, topic: bench, family: zigbee2mqtt, field: humidity,
    unit: "%RH", every: "2m" }
  probe: { at: probed, measures: temperature, topic: alarm, family: plain, field: value, unit: degC,
    every: "1h", probe: buffered, limits: { alarm: { on_delay: "0s" } } }
people:
  keeper: { name: Store keeper, role: technician }
destinations:
  phone: { name: Phone of the keeper, person: keeper }
escalation:
  containment: { steps: [{ after: "0s", notify: [phone] }], repeat: "30m" }
  storage: { steps: [{ after: "0s", notify: [phone] }], repeat: "30m" }
  other: { steps: [{ after: "0s", notify: [phone] }], repeat: "30m" }
"""


def fleet(devices: int, probes: int = 0) -> Site:
    """Return a site with so many three-value devices, and points that alarm at once."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "site.yaml"
        file.write_text(TEXT)
        site, problems = load_site(file)
    if site is None:
        raise SystemExit("\n".join(map(str, problems)))
    made: dict[str, Device] = {}
    equipment: dict[str, Equipment] = {}
    # A room and a refrigerator for each device: sensors of one cabinet are held against each other.
    [room] = site.rooms.values()
    rooms = [replace(room, id=f"{room.id}-{number}") for number in range(max(devices, probes))]
    for name, unit, count in (("bench", "fridge", devices), (PROBE, "probed", probes)):
        for number, place in enumerate(rooms[:count]):
            one = replace(site.equipment[unit], id=f"{unit}-{number}", room=place.id)
            topic = f"{name}/{number}"
            points = tuple(_point(point, topic, number, one) for point in site.devices[name].points)
            equipment[one.id] = one
            made[topic] = replace(site.devices[name], topic=topic, points=points)
    return replace(
        site,
        rooms={place.id: place for place in rooms},
        equipment=equipment,
        devices=made,
        points={point.id: point for device in made.values() for point in device.points},
    )


def _point(point: Point, topic: str, number: int, unit: Equipment) -> Point:
    return replace(
        point,
        id=f"{point.id}-{number}",
        name=f"{point.name} <{number}>",
        room=unit.room,
        equipment=unit.id if point.equipment else None,
        topic=topic,
    )


def payloads(devices: int, count: int) -> list[tuple[bytes, bytes]]:
    """Return topic and payload of so many messages, round and round; all values are inside their limits."""
    made = []
    for number in range(count):
        temperature, humidity = 4.0 + number * 7 % 200 / 100, 40.0 + number * 11 % 150 / 10
        body = (
            f'{{"battery":97,"contact":true,"humidity":{humidity:.1f},'
            f'"linkquality":112,"temperature":{temperature:.2f},"voltage":3000}}'
        )
        made.append((f"bench/{number % devices}".encode(), body.encode()))
    return made


def site_text(devices: int) -> str:
    """Return a site file of so many devices as a person would write it."""
    given, wanted, more = TEXT.partition("equipment:\n")
    named, _, end = more.partition("people:\n")
    kinds, _, points = named.partition("points:\n")
    equipment = "".join(
        line.replace("fridge:", f"fridge-{number}:").replace("HD Fridge", f"HD Fridge {number}") + "\n"
        for number in range(devices)
        for line in kinds.splitlines()
        if line.startswith("  fridge:")
    )
    written = points.partition("  probe:")[0]
    for name in ("temperature", "door", "humidity"):
        written = written.replace(f"  {name}: {{", f"  {name}-NUMBER: {{")
    written = written.replace("at: fridge,", "at: fridge-NUMBER,").replace(
        "topic: bench,", "topic: bench/NUMBER,"
    )
    all_points = "".join(written.replace("NUMBER", str(number)) for number in range(devices))
    return f"{given}{wanted}{equipment}points:\n{all_points}people:\n{end}"
