"""The description of the API, OpenAPI 3.1: made from what answers and from what can be asked."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from hdmonitor import __version__
from hdmonitor.asking import ACTS, SHAPES, Field
from hdmonitor.web.api_models import (
    ANSWERS,
    Alarms,
    BoardTold,
    ComplianceTold,
    Done,
    LifeTold,
    NumbersTold,
    Points,
    PointTold,
    Problem,
    ReadingsTold,
    Rooms,
    RoomTold,
    Told,
)
from hdmonitor.web.figures import DAYS

BASE = "/api/v1"
REF = "#/components/schemas/{model}"
MOMENT = {"type": "string", "format": "date-time"}
# A drill is run by its command, which hears and answers for itself: its hops are no acts of programs.
SUMMARIES = {
    "ack": "Answer an alarm: the call stops, the recording does not",
    "silence": "Turn off the local sounder of an alarm",
    "document": "Write down what was found and done",
    "close": "End an alarm that is written up",
    "shelve": "Stop the calls of an alarm for a while",
    "unshelve": "Let a shelved alarm call again",
    "out": "Take points out of service until a moment",
    "back": "Put points back in service",
    "return": "Record a step of the return to service of a hood or room",
    "use": "Say whether people work in a room",
    "read": "Enter a reading by hand",
    "override": "Work on although the board knows a reason not to",
    "commission": "Hold a point against a certified instrument",
    "complete": "File something that was due and is done",
}


@cache
def description() -> dict[str, Any]:
    """Return the whole description."""
    _, schemas = models_json_schema([(each, "serialization") for each in ANSWERS], ref_template=REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "hdmonitor",
            "version": __version__,
            "description": "The monitor advises, people decide. It releases nothing, and no answer is a yes.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": {**_gets(), **{f"{BASE}/acts/{do}": _act(do) for do in SUMMARIES}},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def may_be_signed_by_two(do: str) -> bool:
    """Tell whether an act has a second person, who proves it with a PIN of their own."""
    return "second" in ACTS[do][1]


def _gets() -> dict[str, Any]:
    span = [_query("start", MOMENT), _query("end", MOMENT)]
    which = _query("which", {"type": "string", "enum": ["open", "all"]})
    days = _query("days", {"type": "integer", "enum": [*DAYS.values()]})
    on = _query("on", {"type": "string", "format": "date"})
    return {
        f"{BASE}/board": _get("Every room and hood with what stands against it", BoardTold),
        f"{BASE}/rooms": _get("All rooms", Rooms),
        f"{BASE}/rooms/{{room}}": _get("One room", RoomTold, _path("room")),
        f"{BASE}/points": _get("All points with what was last heard of them", Points),
        f"{BASE}/points/{{point}}": _get("One point", PointTold, _path("point")),
        f"{BASE}/points/{{point}}/readings": _get(
            "What was measured of a point, the last 24 hours by default", ReadingsTold, _path("point"), *span
        ),
        f"{BASE}/alarms": _get("Alarms, those nobody has closed by default", Alarms, which),
        f"{BASE}/alarms/{{alarm}}": _get("One alarm with its whole life", LifeTold, _path("alarm")),
        f"{BASE}/numbers": _get("How good the alarms were, of the last 7 days by default", NumbersTold, days),
        f"{BASE}/compliance": _get(
            "What is due, on the local day by default", ComplianceTold, on, calendar=True
        ),
    }


def _get(
    summary: str, answer: type[Told], *parameters: dict[str, Any], calendar: bool = False
) -> dict[str, Any]:
    refusals = {401: "no token", 503: "the record cannot be read"}
    if calendar:
        refusals[409] = "the site keeps no compliance calendar"
    if parameters:
        refusals |= {404: "there is no such thing", 422: "a parameter cannot be read"}
    return {
        "get": {
            "summary": summary,
            "parameters": list(parameters),
            "responses": {"200": _answer("as things stand", answer), **_refusals(refusals)},
        }
    }


def _act(do: str) -> dict[str, Any]:
    fields = ACTS[do][1]
    pin = {"type": "string", "description": "of the person, whatever the alarm"}
    body: dict[str, Any] = {
        "type": "object",
        "properties": {**{name: _shape(field) for name, field in fields.items()}, "pin": pin},
        "required": [*(name for name, field in fields.items() if field.needed), "pin"],
        "additionalProperties": False,
    }
    if may_be_signed_by_two(do):
        body["properties"]["second_pin"] = {"type": "string", "description": "of the second person"}
        body["dependentRequired"] = {"second": ["second_pin"], "second_pin": ["second"]}
    refusals = {
        401: "no token",
        403: "a PIN is not that person's, or too many were wrong",
        408: "the request did not come in time",
        409: "the core has refused it; the sentence says why",
        413: "the request is too long",
        422: "it cannot be read as this act",
        503: "no answer in time; it may still be done",
    }
    return {
        "post": {
            "summary": SUMMARIES[do],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {"200": _answer("it is done and recorded", Done), **_refusals(refusals)},
        }
    }


def _shape(field: Field) -> dict[str, Any]:
    return dict(SHAPES.get(field.read, {"type": "string"}))


def _answer(text: str, model: type[Told]) -> dict[str, Any]:
    schema = {"$ref": REF.format(model=model.__name__)}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _refusals(told: dict[int, str]) -> dict[str, Any]:
    return {str(status): _answer(text, Problem) for status, text in told.items()}


def _path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}
