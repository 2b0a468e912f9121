"""What a request says: an act, or one sentence why it is none."""

from datetime import datetime

import pytest

from hdmonitor.asking import ACTS, act_asked
from hdmonitor.events import (
    Acknowledge,
    BackInService,
    Close,
    Document,
    HandReading,
    InUse,
    OutOfService,
    Override,
    Returning,
    ReturnStep,
    Shelve,
    Silence,
    Unshelve,
    Where,
    Why,
)
from hdmonitor.model import Level

AT = "2026-03-02T08:00-05:00"
MOMENT = datetime.fromisoformat(AT)
NO_OFFSET = (
    "until must be a time with its offset from UTC, not '2026-03-02T08:00';"
    " write for instance 2026-03-02T08:00-05:00"
)
ALARM = {"alarm": "A12", "by": "lee"}
ASKED = [
    ({"do": "ack", **ALARM}, Acknowledge("A12", "lee")),
    (
        {"do": "ack", **ALARM, "level": "critical", "where": "on-my-way", "minutes": "15", "note": "by car"},
        Acknowledge("A12", "lee", "by car", Level.CRITICAL, Where.ON_MY_WAY, 15),
    ),
    ({"do": "silence", **ALARM}, Silence("A12", "lee")),
    (
        {"do": "document", **ALARM, "cause": " door  open ", "action": "shut", "work_order": "W-7"},
        Document("A12", "lee", "door open", "shut", work_order="W-7"),
    ),
    ({"do": "close", **ALARM, "note": ""}, Close("A12", "lee", "")),
    ({"do": "shelve", **ALARM, "reason": "test", "minutes": "30"}, Shelve("A12", "lee", "test", 30)),
    ({"do": "unshelve", **ALARM}, Unshelve("A12", "lee")),
    (
        {"do": "out", "points": "a  b a", "by": "lee", "why": "hvac", "reason": "filter", "until": AT},
        OutOfService(("a", "b"), "lee", Why.HVAC, "filter", MOMENT),
    ),
    ({"do": "back", "points": "a", "by": "lee"}, BackInService(("a",), "lee")),
    (
        {"do": "return", "unit": "bsc-1", "by": "lee", "step": "sign"},
        Returning("bsc-1", "lee", ReturnStep.SIGN),
    ),
    ({"do": "use", "room": "r", "by": "lee", "in_use": "no"}, InUse("r", "lee", in_use=False)),
    (
        {"do": "read", "point": "p", "by": "lee", "value": "-5.5", "unit": "degC", "read_at": AT},
        HandReading("p", "lee", -5.5, "degC", MOMENT),
    ),
    (
        {"do": "override", "place": "r", "by": "lee", "reason": "certified", "minutes": "60"},
        Override("r", "lee", "certified", 60),
    ),
]


TESTED_ELSEWHERE = {"commission", "complete", "drill", "drill-ack", "drill-arrived", "drill-failed"}


@pytest.mark.parametrize(("request_", "act"), ASKED, ids=[act.__class__.__name__ for _, act in ASKED])
def test_texts_become_an_act(request_, act):
    assert act_asked(request_) == act


def test_every_act_can_be_asked_for_in_one_way():
    assert {request["do"] for request, _ in ASKED} | TESTED_ELSEWHERE == set(ACTS)


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (None, 'a request is a mapping of texts; one of them is "do"'),
        ({"do": "ack", "alarm": 12, "by": "lee"}, 'a request is a mapping of texts; one of them is "do"'),
        (
            {"do": "ack", "alarm": "A0", "by": "lee"},
            "'A0' is not the id of an alarm; write for instance A1842",
        ),
        (
            {"do": "ack", "alarm": "the-fridge-in-the-corner", "by": "lee"},
            "'the-fridge-in-the-corner' is not the id of an alarm; write for instance A1842",
        ),
        (
            {"do": "ack", **ALARM, "level": "worst"},
            "level must be one of warning, alarm, critical, not 'worst'",
        ),
        (
            {"do": "ack", **ALARM, "where": "home"},
            "where must be one of answer, on-my-way, at-unit, not 'home'",
        ),
        (
            {"do": "ack", **ALARM, "minutes": "1.5"},
            "minutes must be a whole number, 100000 at most, not '1.5'",
        ),
        (
            {"do": "shelve", **ALARM, "reason": "  ", "minutes": "30"},
            "the reason is missing; say it in a few words",
        ),
        (
            {"do": "shelve", **ALARM, "reason": "test", "minutes": "-30"},
            "minutes must be a whole number, 100000 at most, not '-30'",
        ),
        (
            {"do": "shelve", **ALARM, "reason": "test", "minutes": "9" * 400},
            f"minutes must be a whole number, 100000 at most, not '{'9' * 40}…'",
        ),
        (
            {"do": "back", "points": " ", "by": "lee"},
            "name 1 to 500 points by their ids, with spaces between them",
        ),
        (
            {
                "do": "out",
                "points": "a",
                "by": "lee",
                "why": "hvac",
                "reason": "x",
                "until": "2026-03-02T08:00",
            },
            NO_OFFSET,
        ),
        (
            {"do": "read", "point": "p", "by": "lee", "value": "1_0", "unit": "degC", "read_at": AT},
            "value must be a number, not '1_0'",
        ),
        (
            {"do": "read", "point": "p", "by": "lee", "value": "nan", "unit": "degC", "read_at": AT},
            "value must be a number, not 'nan'",
        ),
        (
            {"do": "use", "room": "r", "by": "lee", "in_use": "maybe"},
            "in_use must be one of yes, no, not 'maybe'",
        ),
        ({"do": "silence", **ALARM, "note": "x"}, "'silence' must give alarm, by as text, and nothing else"),
        ({"do": "silence", "alarm": "A1"}, "'silence' must give alarm, by as text, and nothing else"),
        ({"do": "close", **ALARM, "note": "a\x1bb"}, "what 'close' gives must be plain text"),
        ({"do": "close", **ALARM, "note": "x" * 1001}, "the note is longer than 1000 characters; shorten it"),
    ],
)
def test_what_is_no_act_is_refused_with_a_sentence(request_, why):
    assert act_asked(request_) == why
