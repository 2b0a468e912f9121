"""Whatever arrives, no family raises, hangs or says a number that is none."""

import json
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.sensors.sensor_points import NOON
from unit.sensors.test_samples import FILES, SAMPLES

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors import FAMILIES, Session, read, recognise
from hdmonitor.sensors.context import UNDECLARED, context_of
from hdmonitor.sensors.family import Sure
from hdmonitor.sensors.found import canonical_unit, said_value
from hdmonitor.sensors.lines import LineError, Listening, answer_to, message_of

TOPICS = sorted({sample["topic"] for sample in SAMPLES.values()})
CONTEXTS = [context_of(sample.get("context", {})) for sample in SAMPLES.values() if "context" in sample]
OWN = {
    name: [message_of(sample) for sample in SAMPLES.values() if sample["family"] == name] for name in FAMILIES
}


def leaves(document):
    """Return the place of every member of a document."""
    if isinstance(document, dict):
        for name, inner in document.items():
            yield (document, name)
            yield from leaves(inner)
    elif isinstance(document, list):
        for index, inner in enumerate(document):
            yield (document, index)
            yield from leaves(inner)


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["nan", "1_0", "85.0", 10**25, 1.7e308, "\ud800", "9999-99-99T99:99:99Z", [], {}, [[]]]),
    st.just({"value": None, "unit": []}),
)


@st.composite
def damaged(draw, family):
    """A sample of the family with some of its members put out of shape, or its bytes."""
    originals = OWN[family] or [message_of(each) for each in SAMPLES.values()]
    original = draw(st.sampled_from(originals))
    topic = draw(st.just(original.topic) | st.sampled_from(TOPICS) | st.text(max_size=20))
    raw = original.payload
    try:
        document = json.loads(raw)
    except ValueError:
        document = None
    if document is None or draw(st.booleans()):
        at = draw(st.integers(0, len(raw)))
        raw = raw[:at] + draw(st.binary(max_size=4)) + raw[at + draw(st.integers(0, 3)) :]
    else:
        places = list(leaves(document))
        for holder, key in draw(st.lists(st.sampled_from(places), max_size=3)) if places else ():
            holder[key] = draw(ODD)
        raw = json.dumps(document).encode()
    return Message(topic, raw, NOON, draw(st.booleans()))


def is_sound(answer):
    if isinstance(answer, Rejected):
        answer.reason.encode("utf-8", "backslashreplace")
        return bool(answer.reason)
    for found in answer.found:
        assert (found.value is None) == (found.fault is not None), found
        assert found.value is None or (isinstance(found.value, float | int) and math.isfinite(found.value))
        assert canonical_unit(found.quantity)
        said_value(found)
        assert found.time is None or found.time.utcoffset().total_seconds() == 0
    return True


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=40)
@given(data=st.data())
def test_no_damaged_message_raises(family, data):
    message = data.draw(damaged(family))
    context = data.draw(st.sampled_from([UNDECLARED, *CONTEXTS]))

    assert FAMILIES[family].recognise(message) in Sure
    answer, session = read(message, FAMILIES[family], context, Session())
    assert is_sound(answer)
    answer, _ = read(message, FAMILIES[family], context, session)
    assert is_sound(answer)


@settings(max_examples=40)
@given(payload=st.binary(max_size=60), topic=st.sampled_from(TOPICS) | st.text(max_size=12))
def test_no_bytes_raise(payload, topic):
    message = Message(topic, payload, NOON)

    recognise(message)
    for family in FAMILIES.values():
        answer, _ = read(message, family)
        assert is_sound(answer)


@given(data=st.data())
def test_a_line_is_answered_whatever_is_in_it(data):
    sample = dict(data.draw(st.sampled_from(list(SAMPLES.values()))))
    key = data.draw(st.sampled_from(["payload", "retained", "context", "id"]))
    if key != "payload":
        sample[key] = data.draw(ODD)
    elif isinstance(sample["payload"], str):
        sample["payload"] = sample["payload"][: data.draw(st.integers(0, 50))]
    try:
        line = json.dumps(sample, allow_nan=False)
    except ValueError:
        return

    try:
        answer, _ = answer_to(line, None, Listening())
    except LineError:
        return  # a sentence for standard error

    assert {"id", "topic", "family", "readings", "rejected"} <= set(answer)
    json.dumps(answer, allow_nan=False)


BOMBS = {
    "brackets": b"[" * 60_000,
    "braces": b'{"a":' * 10_000,
    "a huge number": b'{"temperature":' + b"9" * 60_000 + b"}",
    "noise": b"\xff" * 1_000_000,
    "many pairs": b'{"' + b'","'.join(b"%d" % n for n in range(8_000)) + b'":1}',
    "a protobuf of 4 GB": bytes.fromhex("12ffffffff0f") * 100,
    "a long list": b"[" + b",".join([b'{"n":"temp","v":4}'] * 3_000) + b"]",
    "many feeds": b'{"channel_id":"1","feeds":[' + b",".join([b'{"field1":1}'] * 4_000) + b"]}",
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_work_for_a_message_is_bounded(family, bomb):
    message = Message((OWN[family] or [None])[0].topic if OWN[family] else "x/y", BOMBS[bomb], NOON)

    began = time.process_time()
    FAMILIES[family].recognise(message)
    answer, _ = read(message, FAMILIES[family])

    assert time.process_time() - began < 2
    assert isinstance(answer, Rejected) or len(answer.found) <= 5_000


def test_what_is_remembered_of_a_session_is_bounded():
    listening = Listening()
    for number in range(60):
        for sample in FILES["homie"][:1]:
            topic = f"homie/5/fridge-{number}/$description"
            properties = {f"p{index}": {"unit": "°C"} for index in range(300)}
            payload = json.dumps({"nodes": {"probe": {"properties": properties}}})
            line = json.dumps(sample | {"topic": topic, "payload": payload})
            _, listening = answer_to(line, None, listening)

    assert len(listening.session.learned) == 10_000
