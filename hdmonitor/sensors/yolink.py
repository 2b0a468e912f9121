"""YoLink: one JSON object per event, `yl-home/<home>/<device>/report`.

Temperatures are always °C; `mode` is what the display shows. Stored samples
come as `DataRecord`. Field: "temperature", "humidity", "state".
"""

from __future__ import annotations

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import number, strict_object
from hdmonitor.sensors.values import wrong_with

NAME = "yolink"
UNITS = {"temperature": "degC", "humidity": "%RH"}
BATTERY_LEVELS = 4
RECORDS_AT_MOST = 1_000

Members = dict[str, object]


def read(message: Message, context: Context) -> Answer:
    """Read a report, an alert or stored samples."""
    body = strict_object(message.payload)
    if isinstance(body, Rejected):
        return body
    event, data = body.get("event"), body.get("data")
    if not isinstance(event, str) or not isinstance(data, dict):
        return Rejected("has no 'event' with 'data'")
    device = body.get("deviceId")
    named = device if isinstance(device, str) and device else message.topic.split("/")[-2:][0]
    out = Gathering(NAME, message, context, named, time=body.get("time"))
    kind, _, what = event.partition(".")
    if what == "DataRecord":
        _records(out, data.get("records"))
    elif what == "StatusChange":
        if data.get("state") in ("online", "offline"):
            out.alive(data["state"] == "online")
    else:
        _climate(out, data)
        if kind == "DoorSensor" and "state" in data:
            out.add("state", data["state"], "contact", said="open/closed")
    _beside(out, data)
    return out.findings()


def _climate(out: Gathering, data: Members) -> None:
    if "temperature" in data:
        out.add("temperature", data["temperature"], "temperature", said="degC")
    if "humidity" in data and not _no_humidity(data):
        out.add("humidity", data["humidity"], "humidity", said="%RH")


def _no_humidity(data: Members) -> bool:
    """Tell whether the probe has no humidity sensor and sends 0 in its place."""
    limit = data.get("humidityLimit")
    return number(data.get("humidity")) == 0 and isinstance(limit, dict) and not any(limit.values())


def _records(out: Gathering, records: object) -> None:
    for record in records[:RECORDS_AT_MOST] if isinstance(records, list) else []:
        if isinstance(record, dict):
            out.time, out.backfill = out.moment(record.get("time")), True
            _climate(out, record)


def _beside(out: Gathering, data: Members) -> None:
    level = number(data.get("battery"))
    if level is not None and 0 <= level <= BATTERY_LEVELS:
        out.beside("battery", level * 100 / BATTERY_LEVELS)
    radio = data.get("loraInfo")
    if isinstance(radio, dict):
        out.beside("rssi", radio.get("signal"))


def recognise(message: Message) -> Sure:
    """Know its reports by topic and members."""
    if b'"event"' not in message.payload or b'"deviceId"' not in message.payload:
        return Sure.NO
    return Sure.CERTAIN if message.topic.startswith("yl-home/") else Sure.LIKELY


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    return wrong_with(point, UNITS)


FAMILY = Family(
    NAME, 1, Evidence.RECORDED, "YoLink sensors through their hub", recognise, stateless(read), check
)
