"""LoRaWAN uplinks as three network servers hand them on: ChirpStack 4, The Things Stack 3, Milesight.

Each puts its envelope around what a decoder made of the device's frame, and
around the frame itself. Field: the member of the decoded object.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors import dragino, milesight
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import Findings
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.lorawan_profiles import METRIC, Member, Profile, profile_of
from hdmonitor.sensors.strict import number, strict_json
from hdmonitor.sensors.values import wrong_with

EUI = re.compile(r"[0-9a-f]{16}")
MAX_FRAME = 512  # base64 characters; a LoRaWAN frame has 242 bytes at most
MAX_HISTORY = 256
MAX_MESSAGES = 64

Object = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Uplink:
    """One uplink, out of its envelope."""

    eui: str
    time: object  # of reception by the network, as written
    port: int | None
    raw: bytes
    said: Object | None  # what a decoder made of it
    brand: str = ""
    model: str = ""  # as somebody named it: "LHT65N", "em300-th"
    links: tuple[tuple[object, object], ...] = ()  # rssi and snr at each gateway


# --- envelopes ---------------------------------------------------------------


def _object(raw: object) -> dict[str, object]:
    return raw if isinstance(raw, dict) else {}


def _objects(raw: object) -> Iterable[dict[str, object]]:
    return (each for each in raw if isinstance(each, dict)) if isinstance(raw, list) else ()


def _eui(raw: object) -> str | None:
    text = raw.casefold() if isinstance(raw, str) else ""
    return text if EUI.fullmatch(text) else None


def _frame(raw: object) -> bytes:
    try:
        return b64decode(raw, validate=True) if isinstance(raw, str) and len(raw) <= MAX_FRAME else b""
    except (NotBase64, ValueError):
        return b""


def _port(raw: object) -> int | None:
    port = number(raw)
    return int(port) if port is not None else None


def _text(raw: object) -> str:
    return raw[:80].casefold() if isinstance(raw, str) else ""


def _body(message: Message) -> dict[str, object] | Rejected:
    body = strict_json(message.payload)
    if isinstance(body, Rejected | dict):
        return body
    return Rejected("is not a JSON object")


def read_chirpstack(message: Message, context: Context) -> Answer:
    """Read an event of ChirpStack 4: up, status, location, log; others are no readings."""
    body = _body(message)
    if isinstance(body, Rejected):
        return body
    info = _object(body.get("deviceInfo"))
    eui = _eui(info.get("devEui"))
    if eui is None:
        return Rejected("has no deviceInfo.devEui")
    event = message.topic.rpartition("/")[2]
    found = Gathering("chirpstack_v4", message, context, eui, time=body.get("time"))
    if event == "status":
        found.beside("battery", body.get("batteryLevel"))
    elif event == "location":
        place = _object(body.get("location"))
        found.beside("latitude", place.get("latitude"))
        found.beside("longitude", place.get("longitude"))
    elif event == "log":
        if body.get("level") == "ERROR":
            found.events.append("network_error")
    elif event == "up":
        said = body.get("object")
        uplink = Uplink(
            eui,
            body.get("time"),
            _port(body.get("fPort")),
            _frame(body.get("data")),
            said if isinstance(said, dict) else None,
            model=_text(info.get("deviceProfileName")),
            links=tuple((each.get("rssi"), each.get("snr")) for each in _objects(body.get("rxInfo"))),
        )
        return _uplink(found, uplink)
    return found.findings()


def read_tts(message: Message, context: Context) -> Answer:
    """Read an uplink of The Things Stack 3; joins and acknowledgements are no readings."""
    body = _body(message)
    if isinstance(body, Rejected):
        return body
    ids = _object(body.get("end_device_ids"))
    eui = _eui(ids.get("dev_eui"))
    if eui is None:
        return Rejected("has no end_device_ids.dev_eui")
    up = body.get("uplink_message")
    if not isinstance(up, dict):
        return Findings()
    if body.get("simulated") is True:
        return Findings(left_out=("a simulated uplink is no reading",))
    versions = _object(up.get("version_ids"))
    said = up.get("decoded_payload")
    time = up.get("received_at", body.get("received_at"))
    uplink = Uplink(
        eui,
        time,
        _port(up.get("f_port")),
        _frame(up.get("frm_payload")),
        said if isinstance(said, dict) else None,
        _text(versions.get("brand_id")),
        _text(versions.get("model_id")),
        tuple((each.get("rssi"), each.get("snr")) for each in _objects(up.get("rx_metadata"))),
    )
    return _uplink(Gathering("tts_v3", message, context, eui, time=time), uplink)


def read_milesight(message: Message, context: Context) -> Answer:
    """Read an uplink of the network server inside a Milesight gateway."""
    body = _body(message)
    if isinstance(body, Rejected):
        return body
    eui = _eui(body.get("devEUI"))
    if eui is None:
        return Rejected("has no devEUI")
    said = body.get("object")
    uplink = Uplink(
        eui,
        body.get("time"),
        _port(body.get("fPort")),
        _frame(body.get("data")),
        said if isinstance(said, dict) else None,
        links=tuple((each.get("rssi"), each.get("loRaSNR")) for each in _objects(body.get("rxInfo"))),
    )
    return _uplink(Gathering("milesight_gateway", message, context, eui, time=body.get("time")), uplink)


# --- what an uplink says -----------------------------------------------------


def _uplink(found: Gathering, uplink: Uplink) -> Answer:
    _links(found, uplink)
    if uplink.said is None and not uplink.raw:
        return found.findings()  # of the network's own housekeeping
    profile = profile_of(found.context, uplink.brand, uplink.eui)
    said = uplink.said if uplink.said is not None else _decoded(found, uplink, profile)
    if said is None:
        found.events.append("undecoded_uplink")
        return found.findings()
    if profile is None and not found.context.channels:
        found.left_out.append(f"the maker of {uplink.eui} is not known; declare device_profile or channels")
    _members(found, profile, said, uplink)
    if profile is not None:
        _specialities(found, profile, said, uplink)
    return found.findings()


def _links(found: Gathering, uplink: Uplink) -> None:
    """Take the best of the gateways that heard one uplink."""
    heard = [(rssi, snr) for rssi, snr in uplink.links if number(rssi) is not None]
    if heard:
        rssi, snr = max(heard, key=lambda link: number(link[0]) or 0.0)
        found.beside("rssi", rssi)
        found.beside("snr", snr)


def _decoded(found: Gathering, uplink: Uplink, profile: Profile | None) -> Object | None:
    """Decode a frame that no network server decoded, if the site says which model sent it."""
    named = (found.context.device_profile or "").casefold()
    model = milesight.MODELS.get(named.partition(":")[2])
    if profile is None or profile.name != "milesight" or model is None:
        return None
    said, why = milesight.frame(model, uplink.raw)
    if why:
        found.left_out.append(f"{why}; the rest of the frame was not read")
    return said


def _members(
    found: Gathering,
    profile: Profile | None,
    said: Object,
    uplink: Uplink,
    *,
    time: object = None,
    backfill: bool = False,
) -> None:
    """Take the members that the maker's table or the site knows."""
    members = profile.members if profile else {}
    for name, raw in said.items():
        if profile is not None and name in profile.beside and not backfill:
            quantity, scale = profile.beside[name]
            found.beside(quantity, raw, scale=scale, channel=name)
        if name in members or found.context.channels.get(name) is not None:
            _member(found, profile, name, raw, said, uplink, time=time, backfill=backfill)


def _member(
    found: Gathering,
    profile: Profile | None,
    name: str,
    raw: object,
    said: Object,
    uplink: Uplink,
    *,
    time: object,
    backfill: bool,
) -> None:
    known = profile.members.get(name) if profile else None
    fault = suspect = None
    if profile is not None and profile.name == "dragino":
        raw, fault, suspect = dragino.corrected(name, raw, said, b"" if backfill else uplink.raw)
    elif profile is not None and profile.name == "milesight":
        raw, fault = (
            milesight.SAME.get(raw, raw) if isinstance(raw, str) else raw,
            milesight.broken(said, name),
        )
    member = known or _mapped(found.context, profile, name)
    found.add(
        name,
        raw,
        member.quantity if member else None,
        member.unit if member else None,
        said=known.unit if known else None,  # laid down by the maker, whatever a site writes
        text=True,
        fault=fault,
        suspect=suspect,
        channel=name if member is None or member.channel or known is None else None,
        time=found.moment(time),
        backfill=backfill,
    )


def _mapped(context: Context, profile: Profile | None, name: str) -> Member | None:
    """Return a member that only the site names: its quantity there, its unit there or the maker's."""
    declared = context.channels.get(name)
    if declared is None or declared.quantity is None or profile is None:
        return None
    unit = profile.units.get(declared.quantity)
    return Member(declared.quantity, unit, channel=True) if unit and declared.unit is None else None


def _specialities(found: Gathering, profile: Profile, said: Object, uplink: Uplink) -> None:
    """Take what one maker tells in ways of its own."""
    match profile.name:
        case "milesight":
            _milesight(found, profile, said, uplink)
        case "dragino" if "DATALOG" in said or (uplink.port == dragino.LOG_PORT and uplink.raw):
            _data_log(found, profile, said, uplink)
        case "sensecap":
            _sensecap(found, profile, said, uplink)


def _milesight(found: Gathering, profile: Profile, said: Object, uplink: Uplink) -> None:
    for record in list(_objects(said.get("history")))[:MAX_HISTORY]:
        if number(record.get("timestamp")) is None:
            found.left_out.append("a record of the history without its time")
            continue
        _members(found, profile, record, uplink, time=record["timestamp"], backfill=True)
    for place in (said, *list(_objects(said.get("event")))[:MAX_HISTORY]):
        for name in milesight.statuses(place):
            if name in profile.members and name not in place and name not in said:
                _member(found, profile, name, None, place, uplink, time=None, backfill=False)


def _data_log(found: Gathering, profile: Profile, said: Object, uplink: Uplink) -> None:
    model = uplink.model or str(said.get("Node_type", "")).casefold()[:40]
    kept = dragino.records(said, uplink.raw, found.context.datalog_order, model)
    if isinstance(kept, str):
        found.left_out.append(kept)
        return
    for time, members in kept[:MAX_HISTORY]:
        if found.moment(time) is None:
            found.left_out.append("a record of the data log without a time that can be known")
        else:
            _members(found, profile, members, uplink, time=time, backfill=True)


def _sensecap(found: Gathering, profile: Profile, said: Object, uplink: Uplink) -> None:
    if said.get("valid") is False or number(said.get("err")):
        found.left_out.append("its decoder says that the frame is not valid")
        return
    listed = said.get("messages")
    rows = listed if isinstance(listed, list) else []
    nested = [each for row in rows for each in (row if isinstance(row, list) else [row])]
    for each in list(_objects(nested))[:MAX_MESSAGES]:
        if "battery" in each:
            found.beside("battery", each["battery"])
        identity = each.get("measurementId")
        name = identity if isinstance(identity, str) else f"{number(identity) or 0:.0f}"
        _members(found, profile, {name: each.get("measurementValue")}, uplink)


# --- the families ------------------------------------------------------------


def _recognise_chirpstack(message: Message) -> Sure:
    if b'"deviceInfo"' in message.payload and b'"devEui"' in message.payload:
        return Sure.CERTAIN
    return Sure.NO


def _recognise_tts(message: Message) -> Sure:
    return Sure.CERTAIN if b'"end_device_ids"' in message.payload else Sure.NO


def _recognise_milesight(message: Message) -> Sure:
    if b'"devEUI"' in message.payload and b'"applicationID"' in message.payload:
        return Sure.CERTAIN
    return Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of these families, or None."""
    return wrong_with(point)


CHIRPSTACK = Family(
    "chirpstack_v4",
    1,
    Evidence.RECORDED,
    "LoRaWAN devices behind ChirpStack 4",
    _recognise_chirpstack,
    stateless(read_chirpstack),
    check,
)
TTS = Family(
    "tts_v3",
    1,
    Evidence.RECORDED,
    "LoRaWAN devices behind The Things Stack 3",
    _recognise_tts,
    stateless(read_tts),
    check,
)
MILESIGHT_GATEWAY = Family(
    "milesight_gateway",
    2,
    Evidence.RECORDED,
    "Milesight sensors behind a Milesight gateway, decoded or not",
    _recognise_milesight,
    stateless(read_milesight),
    check,
)

__all__ = ["CHIRPSTACK", "METRIC", "MILESIGHT_GATEWAY", "TTS"]
