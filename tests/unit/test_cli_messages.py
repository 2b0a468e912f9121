"""`hdmonitor decode` and `hdmonitor families`, as they are typed."""

import errno
import json
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from hdmonitor.cli import main
from hdmonitor.sensors import FAMILIES

PAYLOADS = Path(__file__).parents[1] / "payloads"
AT = "2026-03-10T14:00:00Z"


def line(payload, topic="pharm/fridge/temperature", **beside):
    return json.dumps({"id": "a", "topic": topic, "payload": payload, "received_at": AT, **beside})


@pytest.fixture
def decode(tmp_path, capsys):
    def decode(*lines, options=()):
        path = tmp_path / "messages.jsonl"
        path.write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")
        status = main(["decode", str(path), *options])
        printed = capsys.readouterr()
        return status, [json.loads(each) for each in printed.out.splitlines()], printed.err

    return decode


def test_every_line_has_its_answer(decode):
    degrees = {"quantity": "temperature", "unit": "°F"}
    status, answers, errors = decode(line("39.2", context=degrees, retained=True), line("39.2"))

    assert (status, errors) == (0, "")
    assert answers == [
        {
            "id": "a",
            "topic": "pharm/fridge/temperature",
            "family": "plain_value",
            "readings": [
                {
                    "device": "fridge",
                    "channel": None,
                    "field": "value",
                    "quantity": "temperature",
                    "value": 4.0,
                    "unit": "degC",
                    "time": AT,
                    "time_from": "arrival",
                    "stale": True,
                }
            ],
            "rejected": None,
        },
        {
            "id": "a",
            "topic": "pharm/fridge/temperature",
            "family": None,
            "readings": [],
            "rejected": "not recognised; as plain_value: what 'pharm/fridge/temperature' measures is not "
            "said; declare quantity and unit",
        },
    ]


@pytest.mark.parametrize("payload", ["68", '{"temperature":68}', '{"temperature":"68"}'])
def test_sixty_eight_is_neither_fahrenheit_nor_celsius(decode, payload):
    for context in ({}, {"quantity": "temperature"}, {"field_map": {"temperature": "temperature"}}):
        _, (answer,), _ = decode(line(payload, context=context))

        assert answer["readings"] == []
        assert "declare" in answer["rejected"]


@pytest.mark.parametrize(("unit", "value"), [("°F", 20.0), ("°C", 68.0)])
def test_sixty_eight_is_what_the_site_says(decode, unit, value):
    context = {"field_map": {"temperature": {"quantity": "temperature", "unit": unit}}}
    _, (answer,), _ = decode(line('{"temperature":68}', context=context))

    assert [reading["value"] for reading in answer["readings"]] == [value]


def test_what_fits_several_families_is_refused_as_ambiguous(decode):
    # flespi's names with the mark of another publisher: nobody can say whose it is
    payload = '[{"ident":"x","timestamp":1773151200,"sensor_id":"temperature","value":4}]'
    _, (answer,), _ = decode(line(payload))

    assert answer["family"] is None
    assert answer["rejected"] == "ambiguous: fits flespi_json and batch_json; name one"


def test_a_named_family_is_not_recognised_again(decode):
    payload = '[{"ident":"x","timestamp":1773151200,"sensor.temperature":4.5}]'
    _, (answer,), _ = decode(line(payload, topic="anything"), options=["--as", "flespi_json"])

    assert answer["family"] == "flespi_json"
    assert [reading["value"] for reading in answer["readings"]] == [4.5]


def test_the_same_reading_twice_is_marked(decode):
    payload = '{"temperature":4.2,"last_seen":1773151199000}'
    _, (first, second), _ = decode(*[line(payload, topic="zigbee2mqtt/fridge")] * 2)

    assert "duplicate" not in first["readings"][0]
    assert second["readings"][0]["duplicate"] is True


def test_an_announcement_counts_for_the_lines_after_it(decode):
    unit = line('"°F"', topic="homeassistant/sensor/fridge/unit_of_measurement")
    state = line("39.2", topic="homeassistant/sensor/fridge/state")
    _, (before, _, after), _ = decode(state, unit, state)

    assert before["rejected"].startswith("what 'homeassistant/sensor/fridge/state' measures is not said")
    assert [reading["value"] for reading in after["readings"]] == [4.0]


def test_bytes_come_as_hexadecimal(decode):
    _, (answer,), _ = decode(line({"hex": "342e32ff"}, topic="zigbee2mqtt/fridge/temperature"))

    assert answer["rejected"] == "the payload is not UTF-8 text: byte 3 is 0xff"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("garbage", "line 1 not JSON: Expecting value at character 0: 'garbage'"),
        ("[]", "line 1 is not a JSON object"),
        ("{}", "line 1 has no 'topic' as text"),
        ('{"topic":"t"}', "line 1 has no 'payload' as text or {'hex': …}"),
        ('{"topic":"t","payload":{"hex":"0"}}', "line 1 'payload.hex' is not hexadecimal"),
        (
            '{"topic":"t","payload":"4","received_at":"2026-03-10T14:00:00"}',
            "line 1 has no 'received_at' as a time with its zone, such as 2026-03-10T14:00:00Z",
        ),
    ],
)
def test_a_line_that_is_no_message_is_one_sentence(decode, raw, sentence):
    status, (answer,), errors = decode(raw)

    assert status == 1
    assert answer["rejected"] == sentence
    assert errors.endswith(f"messages.jsonl: {sentence}\n")


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"scael": 1}, "context has an unknown key 'scael'; known are array, "),
        ({"unit": 1}, "unit is 1, not text"),
        ({"quantity": "warmth"}, "context: 'warmth' is not a quantity; known are temperature, "),
        ({"timezone": "Mars/Base"}, "timezone 'Mars/Base' is not an IANA name"),
        ({"channels": {"a": {"map": [1]}}}, "channels.a.map is [1]; write two corners"),
        ("x", "context is 'x', not an object"),
    ],
)
def test_a_context_that_cannot_be_used_is_a_reason(decode, context, sentence):
    _, (answer,), _ = decode(line("4.2", context=context))

    assert answer["readings"] == []
    assert answer["rejected"].startswith(sentence)


def test_messages_come_from_standard_input(capsys, monkeypatch):
    raw = (PAYLOADS / "families" / "yolink.jsonl").read_bytes()
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(raw)))

    assert main(["decode"]) == 0
    assert [json.loads(each)["family"] for each in capsys.readouterr().out.splitlines()] == ["yolink"] * 4


def test_an_unknown_family_is_refused_with_the_nearest(capsys):
    assert main(["decode", "--as", "zigbee2mq"]) == 1
    assert capsys.readouterr().err == (
        "'zigbee2mq' is not a payload family; did you mean 'zigbee2mqtt'? 'hdmonitor families' lists all\n"
    )


def test_a_file_that_is_not_there_is_one_sentence(capsys):
    assert main(["decode", "nowhere.jsonl"]) == 1
    assert capsys.readouterr().err == "nowhere.jsonl cannot be read: No such file or directory\n"


def test_the_families_are_listed_with_what_they_were_tested_against(capsys):
    assert main(["families"]) == 0
    printed = capsys.readouterr().out

    rows = [row.split() for row in printed.splitlines() if row.split()[:1] and row.split()[0] in FAMILIES]
    assert {row[0] for row in rows} == set(FAMILIES)
    assert ["traccar_json", "2", "composed", "decoder"] in [row[:4] for row in rows]
    assert ["monnit", "2", "documented", "recipe"] in [row[:4] for row in rows]
    assert "was never tested against devices" in printed


def test_output_to_a_full_disk_is_one_sentence(monkeypatch, capsys):
    def full():
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("hdmonitor.cli_messages.families_table", full)

    assert main(["families"]) == 1
    told = "the output cannot be written: No space left on device; make room, or write elsewhere\n"
    assert capsys.readouterr().err == told
