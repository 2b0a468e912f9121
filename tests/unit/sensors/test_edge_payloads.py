"""The sample messages of network servers and edge nodes; see tests/payloads/README.md."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors import cayennelpp, lorawan, sparkplug
from hdmonitor.sensors.context import context_of
from hdmonitor.sensors.family import Sure
from hdmonitor.sensors.found import canonical_unit, said_value

FAMILIES = (
    sparkplug.FAMILY,
    lorawan.CHIRPSTACK,
    lorawan.TTS,
    lorawan.MILESIGHT_GATEWAY,
    cayennelpp.FAMILY,
)
SAMPLES = {
    path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for path in sorted((Path(__file__).parents[2] / "payloads" / "edge").glob("*.jsonl"))
}
# What a message may say without being a reading of what is judged.
BESIDE = {"battery", "battery_voltage", "rssi", "snr", "illuminance", "current", "current_loop", "tamper"}
BESIDE |= {"pm2_5", "pm10", "altitude"}
# Nobody documents this topic, so nothing is made of it.
UNKNOWN = {"milesight_gateway-p03"}


def message(sample):
    payload = sample["payload"]
    raw = bytes.fromhex(payload["hex"]) if isinstance(payload, dict) else payload.encode()
    return Message(sample["topic"], raw, datetime.fromisoformat(sample["received_at"]), sample["retained"])


def family_of(sample):
    sure = sorted(((each.recognise(message(sample)), each.name) for each in FAMILIES), reverse=True)
    if sure[0][0] is Sure.NO:
        return None
    assert sure[0][0] > sure[1][0]
    return next(each for each in FAMILIES if each.name == sure[0][1])


def answers(name):
    """Read all samples of a file as one session."""
    state, read = None, {}
    for sample in SAMPLES[name]:
        family = family_of(sample)
        if family is not None:
            context = context_of(sample.get("context", {}))
            read[sample["id"]], state = family.read(message(sample), context, state)
    return read


ANSWERS = {name: answer for each in SAMPLES for name, answer in answers(each).items()}
BY_ID = {sample["id"]: sample for samples in SAMPLES.values() for sample in samples}


def fits(found, expected, received_at):
    if expected["value"] is None:
        same = found.value is None and found.fault == expected["fault"]
    elif isinstance(expected["value"], str | bool):
        same = said_value(found) == expected["value"]
    else:
        same = found.value == pytest.approx(expected["value"], abs=expected.get("tolerance", 0.005))
    within = timedelta(seconds=expected.get("time_tolerance_s", 5))
    time = datetime.fromisoformat(expected["time"]) if "time" in expected else None
    return (
        same
        and (found.quantity, found.device) == (expected["quantity"], expected["device"])
        and canonical_unit(found.quantity) == expected["unit"]
        and expected.get("channel", found.channel) == found.channel
        and expected.get("size_um") == found.size_um
        and expected.get("backfill", False) == found.backfill
        and expected.get("scope") == found.scope
        and (time is None or abs((found.time or received_at) - time) <= within)
    )


@pytest.mark.parametrize("name", BY_ID.keys() - UNKNOWN)
def test_a_sample_gives_its_values_and_no_others(name):
    sample, answer = BY_ID[name], ANSWERS[name]
    assert not isinstance(answer, Rejected), answer.reason
    rest = list(answer.found)
    for expected in sample["expect"]:
        one = next((each for each in rest if fits(each, expected, message(sample).received_at)), None)
        assert one is not None, (expected, rest)
        rest.remove(one)
    assert [each for each in rest if each.quantity not in BESIDE] == []


@pytest.mark.parametrize("name", [name for name, sample in BY_ID.items() if "expect_event" in sample])
def test_a_sample_gives_its_event(name):
    assert BY_ID[name]["expect_event"] in ANSWERS[name].events


@pytest.mark.parametrize("name", [name for name, sample in BY_ID.items() if "must_not" in sample])
def test_what_a_sample_must_not_give_is_no_value(name):
    said = {(each.quantity, said_value(each)) for each in ANSWERS[name].found}
    assert not said & {(each["quantity"], each["value"]) for each in BY_ID[name]["must_not"]}


def test_a_sample_of_a_family_is_taken_for_no_other():
    envelopes = {"chirpstack_v4": "chirpstack_v4", "tts_v3": "tts_v3"}
    for sample in BY_ID.values():
        family = family_of(sample)
        if sample["id"] in UNKNOWN:
            assert family is None
        elif not sample["family"].startswith("lorawan_"):
            assert family.name == envelopes.get(sample["family"], sample["family"])


def test_all_samples_are_there():
    assert len(BY_ID) == 54
