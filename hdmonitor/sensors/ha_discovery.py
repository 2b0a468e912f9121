"""Home Assistant discovery: what devices announce about their topics, never a reading.

Of value templates a strict subset is understood: a path into the JSON, with
`float` and `round`. Anything else is left out with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import Availability, Findings, Learned
from hdmonitor.sensors.named import OPENINGS, quantity_of_name, quantity_of_unit, unit_as_known
from hdmonitor.sensors.strict import number, strict_object

NAME = "ha_discovery"
TOPIC = re.compile(r"(?:.*/)?(sensor|binary_sensor|device)/(?:[^/]+/)?[^/]+/config")
STEP = r"(?:\.[A-Za-z_][A-Za-z0-9_]*|\[(?:'[^'\]]{1,60}'|\"[^\"\]]{1,60}\")\])"
TEMPLATE = re.compile(
    rf"\{{\{{\s*value(?:_json((?:{STEP})+))?\s*(?:\|\s*(?:float|round)\s*(?:\(\s*[0-9]*\s*\))?\s*)*\}}\}}"
)
STEPS = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\['([^']*)'\]|\[\"([^\"]*)\"\]")
LONG = {
    "avty": "availability",
    "avty_t": "availability_topic",
    "avty_tpl": "availability_template",
    "cmps": "components",
    "dev_cla": "device_class",
    "exp_aft": "expire_after",
    "p": "platform",
    "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "stat_t": "state_topic",
    "t": "topic",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}
UNKNOWN_TEMPLATE = "?"

Members = Mapping[str, object]


def read(message: Message, _context: Context) -> Answer:
    """Learn what a configuration message announces; an empty one takes it back."""
    if not message.payload.strip():
        return Findings(events=("announcement_removed",))
    raw = strict_object(message.payload)
    if isinstance(raw, Rejected):
        return raw
    body = _long(raw)
    components = body.get("components")
    parts = (
        [_long(each) for each in components.values() if isinstance(each, dict)]
        if isinstance(components, dict)
        else [body]
    )
    learned: list[Learned] = []
    left_out: list[str] = []
    for part in parts:
        announced = _announced({**body, **part})
        if isinstance(announced, Learned):
            learned.append(announced)
        elif announced is not None:
            left_out.append(announced)
    return Findings(learned=tuple(learned), left_out=tuple(left_out))


def _long(body: Members) -> dict[str, object]:
    """Write abbreviations out and put the base topic in the place of `~`."""
    base = body.get("~")
    full = {LONG.get(name, name): member for name, member in body.items()}
    if isinstance(base, str):
        for name, member in full.items():
            if name.endswith("topic") and isinstance(member, str):
                full[name] = f"{base}{member[1:]}" if member.startswith("~") else re.sub("~$", base, member)
    return full


def _announced(body: Members) -> Learned | str | None:
    topic, unit = body.get("state_topic"), body.get("unit_of_measurement")
    if not isinstance(topic, str):
        return None  # a light or a button has none
    path = path_of(body.get("value_template"))
    if path == UNKNOWN_TEMPLATE:
        return f"the template of {topic!r:.80} is not understood: {body.get('value_template')!r:.80}"
    named = body.get("device_class")
    if isinstance(named, str) and named in OPENINGS:
        quantity: str | None = "contact"
        unit = f"{_word(body.get('payload_on', 'ON'))}/{_word(body.get('payload_off', 'OFF'))}"
    else:
        quantity = quantity_of_name(named) if isinstance(named, str) else quantity_of_unit(unit)
        unit = unit_as_known(unit)
    if quantity is None:
        return f"what {topic!r:.80} measures is not said: class {named!r:.40}, unit {unit!r:.40}"
    unique, expires = body.get("unique_id"), number(body.get("expire_after"))
    return Learned(
        topic,
        path,
        quantity,
        unit if isinstance(unit, str) else None,
        unique if isinstance(unique, str) else None,
        expires,
        tuple(_availability(body)),
    )


def path_of(template: object) -> str | None:
    """Return the dotted path that a template reads, None for the whole value."""
    if template is None:
        return None
    found = TEMPLATE.fullmatch(template.strip()) if isinstance(template, str) else None
    if found is None:
        return UNKNOWN_TEMPLATE
    steps = STEPS.findall(found[1]) if found[1] else []
    return ".".join("".join(each) for each in steps) or None


def _word(payload: object) -> str:
    return f"{payload}".casefold() if isinstance(payload, bool) else f"{payload}"


def _availability(body: Members) -> Iterator[Availability]:
    several = body.get("availability")
    topic = body.get("availability_topic")
    entries = several if isinstance(several, list) else [{"topic": topic}] if topic else []
    for entry in entries:
        keys = {**body, **_long(entry)} if isinstance(entry, dict) else {}
        path = path_of(keys.get("value_template" if isinstance(several, list) else "availability_template"))
        where = keys.get("topic")
        if isinstance(where, str) and path != UNKNOWN_TEMPLATE:
            yield Availability(
                where,
                path,
                f"{keys.get('payload_available', 'online')}",
                f"{keys.get('payload_not_available', 'offline')}",
            )


def recognise(message: Message) -> Sure:
    """Know configuration topics with an object, or emptied."""
    if not TOPIC.fullmatch(message.topic):
        return Sure.NO
    payload = message.payload.strip()
    return Sure.CERTAIN if not payload or payload.startswith(b"{") else Sure.NO


def check(point: Point) -> str | None:
    """Say that no point can be read from announcements."""
    return f"{NAME} announces topics and has no readings; name the family of {point.topic!r:.60} itself"


FAMILY = Family(
    NAME, 1, Evidence.RECORDED, "announcements for Home Assistant", recognise, stateless(read), check
)
