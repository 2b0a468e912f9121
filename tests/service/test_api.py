"""The API over real HTTP, with a core behind it: what it tells, what it refuses, whom it believes."""

import json
from copy import deepcopy
from datetime import timedelta
from http.client import HTTPConnection

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from manned import PIN, TOKEN, manned
from pages import NOW, SITE
from programmes import asset, programme
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hdmonitor.alarm_numbers import recorded
from hdmonitor.alerts.numbers import as_json
from hdmonitor.asking import ACTS
from hdmonitor.reader import Reader
from hdmonitor.web.openapi import SUMMARIES, description

BASE = "/api/v1"
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


LIBRARY = {"obligation": "pump-library", "subject": "pumps", "on": "2026-03-02", "result": "pass"}
PROGRAMME = programme(
    asset("pumps", "pump-library", tells=("manager",)),
    only=("pump-library",),
    in_charge="manager",
    reached={"manager": ("pharmacist-phone",)},
)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with manned(tmp_path_factory.mktemp("api") / "journal.db", programme=PROGRAMME) as house:
        yield house


def ask(house, path, body=None, *, token=TOKEN, method=None, **headers):
    way = HTTPConnection("127.0.0.1", house.port, timeout=20)
    told = {"Authorization": f"Bearer {token}"} if token else {}
    way.request(
        method or ("GET" if body is None else "POST"),
        path if path.startswith("/") else f"{BASE}/{path}",
        None if body is None else json.dumps(body),
        {**told, **headers},
    )
    answer = way.getresponse()
    found = answer.status, json.loads(answer.read())
    way.close()
    return found


# --- what it tells ----------------------------------------------------------------


def test_the_board_is_told_with_its_reasons_and_never_says_yes(house):
    status, board = ask(house, "board")

    cards = {card["id"]: card for card in board["cards"]}
    assert status == 200
    assert cards["hd-buffer"]["verdict"] == "no"
    assert cards["hd-buffer"]["reasons"][0] == {
        "verdict": "no",
        "text": "STOP HD WORK: HD buffer not negative",
        "rule": "800-P1 version 1, PRACTICE",
        "alarm": house.alarm("hd-buffer.pressure").id,
    }
    assert {card["verdict"] for card in cards.values()} <= {"no", "unknown", "none-known"}
    assert cards["hd-ante"]["valid_until"] is None


def test_a_point_is_told_with_its_limits_and_how_long_its_reading_vouches(house):
    _, point = ask(house, "points/hd-fridge-2.temperature")

    assert (point["shown"], point["look"], point["says"]) == ("9.4 C", "outside", "too warm")
    assert point["vouched_until"] == "2026-03-02T13:04:00Z"
    assert {(each["level"], each["side"], each["limit"]) for each in point["limits"]} >= {
        ("alarm", "high", 8.0),
        ("alarm", "low", 2.0),
    }


def test_readings_are_told_in_the_order_of_their_times_and_within_their_span(house):
    span = "start=2026-03-02T12:00:00Z&end=2026-03-02T12:03:00Z"
    _, told = ask(house, f"points/hd-fridge-2.temperature/readings?{span}")

    assert [(each["measured_at"], each["value"]) for each in told["readings"]] == [
        ("2026-03-02T12:00:00Z", 5.0),
        ("2026-03-02T12:01:00Z", 5.09),
        ("2026-03-02T12:02:00Z", 5.18),
        ("2026-03-02T12:03:00Z", 5.27),
    ]


def test_an_alarm_is_told_with_its_whole_life(house):
    id_ = house.alarm("hd-buffer.pressure").id

    _, life = ask(house, f"alarms/{id_}")

    assert life["alarm"]["acknowledged_by"] == "technician"
    assert [event["kind"] for event in life["events"]][:2] == ["moved", "latched"]
    assert {notice["destination"] for notice in life["notices"]} >= {"technician-phone"}


def test_the_numbers_of_the_alarms_are_those_of_the_page_and_of_the_command_line(tmp_path):
    with manned(tmp_path / "journal.db") as house:
        status, told = ask(house, "numbers?days=1")
        with Reader(house.path) as journal:
            counted = recorded(journal, NOW - timedelta(days=1), NOW, SITE.zone)

    span = {"since": "2026-03-01T12:50:00Z", "until": "2026-03-02T12:50:00Z"}
    assert (status, told) == (200, as_json(counted) | span)
    assert told["opened"] == {"low": 2, "medium": 0, "high": 5, "critical": 2}
    assert told["answers"]["day"]["alarms"] == 7
    assert {"point": "hd-buffer.pressure", "rule": "800-P1", "alarms": 1} in told["top"]


def test_numbers_are_those_of_seven_days_where_nothing_is_said(house):
    _, told = ask(house, "numbers")

    assert told["since"] == "2026-02-23T12:50:00Z"


@pytest.mark.parametrize("days", ["2", "0", "", "seven", "-7"])
def test_numbers_of_another_span_are_refused_with_the_spans_there_are(house, days):
    assert ask(house, f"numbers?days={days}") == (422, {"error": "days must be one of 1, 7, 30"})


def test_what_is_due_is_told_with_its_day_and_its_rule(house):
    status, told = ask(house, "compliance?on=2026-03-01")

    assert status == 200
    assert told == {
        "on": "2026-03-01",
        "against": [],
        "awaited": [],
        "duties": [
            {
                "subject": "pumps",
                "name": "pumps",
                "kind": "asset",
                "obligation": "pump-library",
                "what": "pump library sign-off",
                "rule": "PUMP-2",
                "force": "PRACTICE",
                "state": "never",
                "look": "late",
                "shown": "none on record",
                "due": "2026-01-01",
                "last_done": None,
            }
        ],
    }


def test_what_is_due_is_told_of_today_where_no_day_is_named_and_of_days_only(house):
    assert ask(house, "compliance")[1]["on"] == "2026-03-02"
    assert ask(house, "compliance?on=tomorrow") == (
        422,
        {"error": "on must be a day such as 2026-03-02"},
    )


def test_a_site_without_a_compliance_calendar_says_so(tmp_path):
    with manned(tmp_path / "journal.db") as house:
        status, told = ask(house, "compliance")

    assert (status, "no section 'compliance'" in told["error"]) == (409, True)


@pytest.mark.parametrize("what", ["rooms/nowhere", "points/nothing", "alarms/A99999", "nothing", "acts/ack"])
def test_what_is_not_there_is_a_sentence_in_json(house, what):
    status, told = ask(house, what)

    assert status in {404, 405}
    assert set(told) == {"error"}


@pytest.mark.parametrize(
    "span", ["start=yesterday", "start=2026-03-02T12:00:00", "start=0001-01-01T00:00:00Z"]
)
def test_a_time_that_cannot_be_read_is_refused_with_how_to_write_it(house, span):
    status, told = ask(house, f"points/hd-fridge-2.temperature/readings?{span}")

    assert status == 422
    assert "2026-03-02T08:00:00-05:00" in told["error"] or "at most 31 days" in told["error"]


# --- who may ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["board", "rooms", "points", "alarms", "points/hd-fridge-2.temperature", "numbers", "compliance"]
)
def test_nothing_is_told_without_a_token_or_with_a_wrong_one(house, path):
    assert ask(house, path, token="")[0] == 401
    assert ask(house, path, token="guessed")[0] == 401


@pytest.mark.parametrize("do", SUMMARIES)
def test_no_act_without_a_token_and_none_without_a_pin(house, do):
    before = len(house.events("acknowledged"))

    assert ask(house, f"acts/{do}", {"by": "pharmacist", "pin": PIN}, token="")[0] == 401
    assert ask(house, f"acts/{do}", {"by": "pharmacist"})[0] == 422
    assert ask(house, f"acts/{do}", {"pin": PIN})[0] == 422
    assert len(house.events("acknowledged")) == before


def test_a_session_is_no_token_so_no_other_sites_page_can_act(house):
    browser = house.browser()
    browser.log_in("pharmacist")
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    body = {"alarm": house.alarm("hd-fridge-2.temperature").id, "by": "pharmacist", "pin": PIN}

    assert ask(house, "acts/ack", body, token="", Cookie=cookie)[0] == 401


def test_an_act_with_token_and_pin_is_done_and_recorded_with_its_person(house):
    id_ = house.alarm("hd-fridge-2.temperature").id
    body = {"alarm": id_, "by": "technician", "where": "on-my-way", "minutes": 10, "note": "coming"}

    status, told = ask(house, "acts/ack", {**body, "pin": PIN})

    assert (status, told) == (200, {"done": True})
    assert house.alarm("hd-fridge-2.temperature").acknowledged_by == "technician"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"attachments": ["0" * 64]}, "no file with the SHA-256 0000000000"),
        ({"values": {"not_measured": True}}, "'not_measured' is for what a table says of earlier days"),
    ],
)
def test_an_entry_names_no_file_that_is_not_kept_and_is_no_old_table(house, more, why):
    entry = {"obligation": "eyewash-flush", "subject": "eyewash-1", "on": "2026-03-02", "result": "pass"}

    status, told = ask(house, "acts/complete", {**entry, "by": "manager", "pin": PIN, **more})

    assert (status, told["error"].startswith(why)) == (422, True)


def test_a_wrong_pin_is_refused_and_a_refusal_of_the_core_is_told(house):
    id_ = house.alarm("hd-fridge-2.temperature").id

    status, told = ask(house, "acts/close", {"alarm": id_, "by": "manager", "note": "x", "pin": "000000"})
    assert (status, told) == (403, {"error": "That is not your PIN."})
    status, told = ask(house, "acts/ack", {"alarm": "A99999", "by": "manager", "pin": PIN})
    assert status == 409
    assert "A99999" in told["error"]


# --- two who sign -----------------------------------------------------------------


def signed(house, **second):
    return ask(house, "acts/complete", {**LIBRARY, "by": "manager", "pin": PIN, **second})


@pytest.fixture
def unguessed(house):
    """The house, where nothing was guessed yet, and nothing afterwards."""
    house.forget()
    yield house
    house.forget()


def test_an_entry_that_two_sign_is_filed_with_the_pin_of_each(tmp_path):
    with manned(tmp_path / "journal.db", programme=PROGRAMME) as house:
        told = signed(house, second="technician", second_pin=PIN)

        assert told == (200, {"done": True})
        with Reader(house.path) as journal:
            (entry,) = journal.completions()
    assert (entry.obligation, entry.filed_by, entry.second) == ("pump-library", "manager", "technician")


@pytest.mark.parametrize(
    "second",
    [
        {"second": "technician"},
        {"second_pin": PIN},
        {"second": "nobody", "second_pin": PIN},
        {"second": "manager", "second_pin": PIN},
        {"second": "technician", "second_pin": 271828},
    ],
    ids=["no PIN", "nobody named", "unknown", "who files", "no text"],
)
def test_a_second_name_without_that_persons_pin_is_told_how_it_is_signed(unguessed, second):
    before = unguessed.count()

    says = "name the second person, another one, as `second`, by id, with their own PIN as `second_pin`"
    assert signed(unguessed, **second) == (422, {"error": says})
    assert unguessed.count() == before


def test_an_entry_for_two_with_one_name_is_refused_by_the_core(unguessed):
    status, told = signed(unguessed)

    assert status == 409
    assert "pump-library needs a second person who signs" in told["error"]


def test_a_second_pin_goes_with_no_act_that_one_person_does(unguessed):
    body = {"alarm": "A1", "by": "manager", "pin": PIN, "second_pin": PIN}

    status, told = ask(unguessed, "acts/ack", body)

    assert (status, told["error"].startswith("'ack' must give alarm, by")) == (422, True)


def test_wrong_pins_of_the_second_person_lock_out_them_and_nobody_else(tmp_path):
    with manned(tmp_path / "journal.db", programme=PROGRAMME) as house:
        says = "Technician on duty has not signed: That is not your PIN."
        for _ in range(5):
            told = signed(house, second="technician", second_pin="000000")
            assert told == (403, {"error": says})

        status, told = signed(house, second="technician", second_pin=PIN)
        (locked,) = house.events("locked-out")
        by_another = signed(house, second="pharmacist", second_pin=PIN)

    assert (status, "Nothing is tried before" in told["error"]) == (403, True)
    assert (locked.subject, locked.detail["failures"]) == ("technician", 5)
    assert by_another == (200, {"done": True})


def test_the_second_pin_is_not_tried_before_the_first_one_is_right(unguessed):
    wrong = {"pin": "000000", "second": "technician", "second_pin": "000000"}
    for _ in range(4):
        assert ask(unguessed, "acts/complete", {**LIBRARY, "by": "manager", **wrong})[0] == 403

    for _ in range(4):
        assert signed(unguessed, second="technician", second_pin="000000")[0] == 403
    assert signed(unguessed, second="technician", second_pin=PIN)[0] != 403


def test_the_description_has_the_second_pin_where_two_may_sign():
    bodies = {
        do: description()["paths"][f"{BASE}/acts/{do}"]["post"]["requestBody"]["content"]["application/json"]
        for do in SUMMARIES
    }

    assert [do for do, body in bodies.items() if "second_pin" in body["schema"]["properties"]] == ["complete"]
    assert bodies["complete"]["schema"]["dependentRequired"] == {
        "second": ["second_pin"],
        "second_pin": ["second"],
    }
    assert "second_pin" not in bodies["complete"]["schema"]["required"]


def test_what_cannot_be_read_as_an_act_says_how_it_is_written(house):
    body = {"alarm": "all", "by": "manager", "pin": PIN}

    assert ask(house, "acts/ack", body) == (
        422,
        {"error": "'all' is not the id of an alarm; write for instance A1842"},
    )


def test_a_body_that_is_too_long_is_not_read(house):
    status, told = ask(house, "acts/ack", {"note": "x" * 100_000})

    assert status == 413
    assert "longer than" in told["error"]


# --- its description ----------------------------------------------------------------


def test_the_description_needs_no_token_and_names_every_act(house):
    status, told = ask(house, "openapi.json", token="")

    assert status == 200
    assert told["openapi"] == "3.1.0"
    assert {path.rpartition("/")[2] for path in told["paths"] if "/acts/" in path} == set(SUMMARIES)
    assert set(ACTS) - set(SUMMARIES) == {"drill", "drill-ack", "drill-arrived", "drill-failed"}


def described(house):
    """Return the description with what is real here beside what is only allowed: ids, people, the PIN."""
    told = deepcopy(description())
    real = {
        "room": ["hd-buffer", "pharmacy"],
        "point": ["hd-buffer.pressure", "hd-buffer.door", "bsc-1.power"],
        "alarm": [alarm.id for alarm in house.alarms().values()],
    }
    for path in told["paths"].values():
        for operation in path.values():
            for each in operation.get("parameters", ()):
                if each["in"] == "path":
                    each["schema"] = {"anyOf": [{"enum": real[each["name"]]}, each["schema"]]}
            if "requestBody" in operation:
                body = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]
                for pin in {"pin", "second_pin"} & body.keys():
                    body[pin] = {"enum": [PIN]}
                body["by"] = {"enum": ["manager", "pharmacist", "technician"]}
                for name in real.keys() & body.keys():
                    body[name] = {"anyOf": [{"enum": real[name]}, body[name]]}
    return told


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"]
)
def test_no_request_that_the_description_allows_or_forbids_is_a_fault_of_the_server(house, mode):
    """schemathesis: bounded by the number of its examples, the same in each run."""
    asked = []

    def hold(operation):
        @settings(
            max_examples=6,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def once(case):
            answer = case.call(
                base_url=f"http://127.0.0.1:{house.port}", headers={"Authorization": f"Bearer {TOKEN}"}
            )
            case.validate_response(answer, checks=CHECKS)
            asked.append(answer.status_code)

        once()

    for found in schemathesis.openapi.from_dict(described(house)).get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.POSITIVE or operation.body or list(operation.query):
            hold(operation)

    assert len(asked) >= 60
    assert len(set(asked)) > 1
