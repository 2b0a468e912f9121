"""One captured message as a line of JSON, and what it says as another: for `hdmonitor decode`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors.context import ContextError, context_of
from hdmonitor.sensors.families import Session, among, read, recognise
from hdmonitor.sensors.family import Sure
from hdmonitor.sensors.found import Findings, Found, Learned, canonical_unit, said_value
from hdmonitor.sensors.strict import strict_json

Json = dict[str, object]

KEYS = ("id", "topic", "payload", "retained", "received_at", "context")
CLOCKS_FROM = datetime(2020, 1, 1, tzinfo=UTC)  # an earlier time is that of a clock that was never set
AHEAD, BEHIND = timedelta(minutes=5), timedelta(days=30)
FRESH = timedelta(minutes=10)  # a retained value with a newer time of its own was sent just now
LONGEST_LINE = 1024 * 1024  # the longest message as hexadecimal or escaped text, and what stands beside it
REMEMBERED = 10_000  # readings by which a repeated one is known


class LineError(ValueError):
    """What is wrong with a line, as a sentence."""


@dataclass(frozen=True, slots=True)
class Listening:
    """What was remembered from the lines so far."""

    session: Session = field(default_factory=Session)
    heard: Mapping[tuple[object, ...], None] = field(default_factory=dict)


def answer_to(raw: str, family: str | None, listening: Listening) -> tuple[Json, Listening]:
    """Return what the message of a line says, and what is to be remembered.

    Raises LineError for a line that is no message.
    """
    line = strict_json(raw.encode("utf-8", "surrogateescape"), LONGEST_LINE)
    if isinstance(line, Rejected):
        raise LineError(line.reason)
    if not isinstance(line, dict):
        raise LineError("is not a JSON object")
    message = message_of(line)
    said: Json = {"id": line.get("id"), "topic": message.topic, "family": None, "readings": []}
    try:
        context = context_of(_object(line.get("context"), "context"))
    except ContextError as error:
        return said | {"rejected": f"{error}"}, listening
    chosen = recognise(message, among(family))
    if isinstance(chosen, Rejected):
        return said | {"rejected": chosen.reason}, listening
    said["family"] = chosen.name
    answer, session = read(message, chosen, context, listening.session)
    listening = replace(listening, session=session)
    if isinstance(answer, Rejected):
        if family is None and chosen.recognise(message) is Sure.SHAPE:
            # It merely could have been one: whose message it is, nobody knows.
            said["family"] = None
            return said | {"rejected": f"not recognised; as {chosen.name}: {answer.reason}"}, listening
        return said | {"rejected": answer.reason}, listening
    readings, listening = _readings(answer, message, listening)
    return said | {"readings": readings, "rejected": None} | _beside(answer), listening


def message_of(line: Json) -> Message:
    """Return the message of a line; raise LineError for what is missing or of the wrong kind."""
    topic, payload, at = line.get("topic"), line.get("payload"), line.get("received_at")
    if not isinstance(topic, str) or not topic:
        raise LineError("has no 'topic' as text")
    if isinstance(payload, dict) and isinstance(payload.get("hex"), str):
        try:
            raw = bytes.fromhex(payload["hex"])
        except ValueError:
            raise LineError("'payload.hex' is not hexadecimal") from None
    elif isinstance(payload, str):
        raw = payload.encode("utf-8", "surrogatepass")
    else:
        raise LineError("has no 'payload' as text or {'hex': …}")
    try:
        received_at = datetime.fromisoformat(at) if isinstance(at, str) else None
    except ValueError:
        received_at = None
    if received_at is None or received_at.tzinfo is None:
        raise LineError("has no 'received_at' as a time with its zone, such as 2026-03-10T14:00:00Z")
    return Message(topic, raw, received_at.astimezone(UTC), line.get("retained") is True)


def _object(raw: object, name: str) -> Mapping[str, object]:
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise ContextError(f"{name} is {raw!r:.40}, not an object")
    return raw


def _readings(answer: Findings, message: Message, listening: Listening) -> tuple[list[Json], Listening]:
    heard = dict(listening.heard)
    readings = []
    for found in answer.found:
        measured_at, own = believed(found, message.received_at)
        reading = _reading(found, measured_at, own=own)
        key = (found.device, found.channel, found.quantity, found.size_um, measured_at, found.value)
        if own and key in heard:
            reading["duplicate"] = True
        heard[key] = None
        if found.stale or (message.retained and _is_old(found, measured_at, message, own=own)):
            reading["stale"] = True
        readings.append(reading)
    while len(heard) > REMEMBERED:
        heard.pop(next(iter(heard)))
    return readings, replace(listening, heard=heard)


def believed(found: Found, received_at: datetime) -> tuple[datetime, bool]:
    """Return when it was measured, and whether that is the device's own time."""
    time = found.time
    if time is None or time > received_at + AHEAD:
        return received_at, False
    # Recordings from before 2020 have times from before 2020.
    if time < min(CLOCKS_FROM, received_at - BEHIND) or (time < received_at - BEHIND and not found.backfill):
        return received_at, False
    return min(time, received_at), True


def _is_old(found: Found, measured_at: datetime, message: Message, *, own: bool) -> bool:
    """Tell whether a retained value is old until proven fresh; the state of a device is as it stands."""
    return found.quantity != "liveness" and not (own and message.received_at - measured_at <= FRESH)


def _reading(found: Found, measured_at: datetime, *, own: bool) -> Json:
    reading: Json = {
        "device": found.device,
        "channel": found.channel,
        "field": found.field,
        "quantity": found.quantity,
        "value": said_value(found),
        "unit": canonical_unit(found.quantity),
        "time": measured_at.isoformat().replace("+00:00", "Z"),
        "time_from": "device" if own else "arrival",
    }
    optional = {
        "fault": found.fault,
        "backfill": found.backfill,
        "suspect": found.suspect,
        "size_um": found.size_um,
        "channel_id": found.channel_id,
        "scope": found.scope,
        "sleeping": found.sleeping,
    }
    return reading | {key: value for key, value in optional.items() if value not in (None, False)}


def _beside(answer: Findings) -> Json:
    """Return what a message says beside its readings, where there is anything."""
    beside: Json = {
        "events": list(answer.events),
        "left_out": list(answer.left_out),
        "mapping": [_mapping(each) for each in answer.learned],
    }
    return {key: value for key, value in beside.items() if value}


def _mapping(learned: Learned) -> Json:
    return {
        "state_topic": learned.topic,
        "json_path": learned.path,
        "quantity": learned.quantity,
        "unit": learned.unit,
        "unique_id": learned.unique_id,
        "expire_after_s": learned.expire_after_s,
        "availability": [
            {"topic": each.topic, "json_path": each.path, "online": each.online, "offline": each.offline}
            for each in learned.availability
        ],
    }
