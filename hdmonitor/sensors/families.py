"""Every payload family, and how a message finds its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors import (
    aws_shadow,
    batch_json,
    cayennelpp,
    esphome,
    flespi_json,
    ha_discovery,
    ha_statestream,
    homie,
    industrial_json,
    json_units,
    lorawan,
    mapped,
    particle_counter,
    plain_value,
    recipe_book,
    rtl_433,
    ruuvi_gateway,
    shelly_gen1,
    shelly_gen2,
    sparkplug,
    tasmota,
    theengs_omg,
    traccar_json,
    yolink,
    zigbee2mqtt,
)
from hdmonitor.sensors.context import UNDECLARED, Context
from hdmonitor.sensors.family import Answer, Family, State, Sure
from hdmonitor.sensors.found import Learned

_ALL: tuple[Family, ...] = (
    zigbee2mqtt.FAMILY,
    tasmota.FAMILY,
    esphome.FAMILY,
    lorawan.CHIRPSTACK,
    lorawan.TTS,
    yolink.FAMILY,
    ruuvi_gateway.FAMILY,
    shelly_gen1.FAMILY,
    shelly_gen2.FAMILY,
    ha_discovery.FAMILY,
    json_units.FAMILY,
    plain_value.FAMILY,
    mapped.FAMILY,
    sparkplug.FAMILY,
    theengs_omg.FAMILY,
    rtl_433.FAMILY,
    industrial_json.FAMILY,
    traccar_json.FAMILY,
    flespi_json.FAMILY,
    batch_json.FAMILY,
    lorawan.MILESIGHT_GATEWAY,
    cayennelpp.FAMILY,
    homie.FAMILY,
    ha_statestream.FAMILY,
    aws_shadow.FAMILY,
    particle_counter.FAMILY,
    *recipe_book.FAMILIES,
)
FAMILIES: Mapping[str, Family] = MappingProxyType({each.name: each for each in _ALL})
# Devices that come in the messages of several families: of a network server, or of Tasmota.
_SERVERS = (lorawan.CHIRPSTACK.name, lorawan.TTS.name)
GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("lorawan_milesight", "lorawan_dragino", "lorawan_other"), _SERVERS),
        particle_counter.FAMILY.name: (particle_counter.FAMILY.name, tasmota.FAMILY.name),
    }
)
ALIASES: Mapping[str, str] = MappingProxyType({"plain": "plain_value"})

LARGEST_SESSION = 10_000  # topics about which something is remembered; more are announced by no site


@dataclass(frozen=True, slots=True)
class Session:
    """What earlier messages said that later ones need: a value, as it is after each message."""

    states: Mapping[str, State] = field(default_factory=dict)  # by family
    learned: Mapping[str, tuple[Learned, ...]] = field(default_factory=dict)  # by topic


def is_family(name: str) -> bool:
    """Tell whether a family has this name."""
    return name in FAMILIES or name in ALIASES


def family_named(name: str) -> Family:
    """Return the family; raises KeyError for an unknown one."""
    return FAMILIES[ALIASES.get(name, name)]


def among(name: str | None) -> tuple[Family, ...]:
    """Return the families that a name stands for, all for None; raises KeyError for an unknown one."""
    if name is None:
        return _ALL
    return tuple(FAMILIES[each] for each in GROUPS.get(name, (ALIASES.get(name, name),)))


def recognise(message: Message, families: tuple[Family, ...] = _ALL) -> Family | Rejected:
    """Return the family that is surest of `message`, or why there is no such one; one alone is taken."""
    if len(families) == 1:
        return families[0]
    sure = {family.name: family.recognise(message) for family in families}
    best = max(sure.values())
    if best is Sure.NO:
        return Rejected(f"no family knows messages like this on {message.topic!r:.120}; name one")
    fitting = [name for name, each in sure.items() if each is best]
    if len(fitting) > 1:
        return Rejected(f"ambiguous: fits {' and '.join(fitting)}; name one")
    return FAMILIES[fitting[0]]


def read(
    message: Message, family: Family, context: Context = UNDECLARED, session: Session | None = None
) -> tuple[Answer, Session]:
    """Return what `message` says, and the session after it."""
    session = session or Session()
    if learned := session.learned.get(message.topic):
        context = replace(context, learned=learned)
    answer, state = family.read(message, context, session.states.get(family.name))
    states = session.states
    if state is not states.get(family.name):
        states = MappingProxyType({**states, family.name: state})
    return answer, Session(states, _with(session.learned, answer))


def _with(known: Mapping[str, tuple[Learned, ...]], answer: Answer) -> Mapping[str, tuple[Learned, ...]]:
    if isinstance(answer, Rejected) or not answer.learned:
        return known
    after = dict(known)
    for each in answer.learned:
        others = tuple(old for old in after.get(each.topic, ()) if old.path != each.path)
        if each.quantity is not None and (each.topic in after or len(after) < LARGEST_SESSION):
            after[each.topic] = (*others, each)
        elif each.topic in after:
            after[each.topic] = others
    return MappingProxyType(after)
