"""What is taken past paho says what paho would have said, wherever the stream is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.enums import MQTTProtocolVersion

from hdmonitor.packets import Publication, confirmations, publications

PINGRESP = b"\xd0\x00"


def length(number):
    """Write a length as MQTT does, seven bits in a byte."""
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + length(high) if high else bytes([low])


def packet(topic, payload, *, mid=1, qos=1, retained=False, duplicate=False, properties=b"", mqtt5=True):
    name = topic if isinstance(topic, bytes) else topic.encode()
    body = len(name).to_bytes(2, "big") + name + (mid.to_bytes(2, "big") if qos else b"")
    body += (length(len(properties)) + properties if mqtt5 else b"") + payload
    return bytes([0x30 | duplicate << 3 | qos << 1 | retained]) + length(len(body)) + body


def test_a_publication_is_read_with_all_its_flags():
    said = packet("cold/1", b"4.2", mid=515, retained=True, duplicate=True)

    assert publications(said, 0, mqtt5=True) == ([Publication("cold/1", b"4.2", 515, True, True)], len(said))


def test_at_qos_0_there_is_nothing_to_confirm():
    said = packet("cold/1", b"4.2", qos=0)

    assert publications(said, 0, mqtt5=True)[0] == [Publication("cold/1", b"4.2", 0, False, False)]


def test_the_shortest_publication_is_one_letter_and_nothing_more():
    said = packet("a", b"", qos=0, mqtt5=False)

    assert publications(said, 0, mqtt5=False) == ([Publication("a", b"", 0, False, False)], 5)
    assert publications(said[:4], 0, mqtt5=False) == ([], 0)


def test_mqtt_3_1_1_has_no_properties():
    said = packet("cold/1", b"4.2", mqtt5=False)

    assert publications(said, 0, mqtt5=False)[0] == [Publication("cold/1", b"4.2", 1, False, False)]


def test_short_properties_are_passed_over():
    expiry = bytes([2, 0, 0, 0, 60])

    assert publications(packet("cold/1", b"4.2", properties=expiry), 0, mqtt5=True)[0] == [
        Publication("cold/1", b"4.2", 1, False, False)
    ]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(PINGRESP, id="another packet"),
        pytest.param(packet("cold/2", b"4.2", qos=2), id="QoS 2"),
        pytest.param(packet("cold/2", b"4.2", qos=3), id="QoS 3, which there is not"),
        pytest.param(packet("cold/2", b"4.2", mid=0), id="no message id"),
        pytest.param(packet("", b"4.2"), id="no topic"),
        pytest.param(packet(b"cold/\xff", b"4.2"), id="a topic that is not UTF-8"),
        pytest.param(packet("cold/2", b"4.2", properties=bytes(128)), id="long properties"),
        pytest.param(packet("cold/2", bytes(20_000)), id="a packet of three bytes of length"),
        pytest.param(b"\x32\x05\x00\x09cold", id="a topic longer than its packet"),
        pytest.param(b"\x32\x06\x00\x03a/b\x00", id="an end within the message id"),
        pytest.param(b"\x32\x07\x00\x03a/b\x00\x01", id="an end before the properties"),
        pytest.param(b"\x32\x08\x00\x03a/b\x00\x01\x05", id="an end within the properties"),
        pytest.param(b"\x30\x03\x00\x01a", id="QoS 0 that ends before the properties"),
        pytest.param(b"\x30\x00\x00\x00", id="nothing"),
    ],
)
def test_what_is_not_plain_is_left_where_it_begins(other):
    before, after = packet("cold/1", b"4.2"), packet("cold/3", b"4.3")

    found, at = publications(before + other + after, 0, mqtt5=True)

    assert [each.topic for each in found] == ["cold/1"]
    assert at == len(before)


TOPICS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0+#"), min_size=1, max_size=20)


@st.composite
def said(draw, *, mqtt5):
    qos = draw(st.integers(0, 1))
    payload = draw(st.binary(max_size=40) | st.integers(100, 17_000).map(bytes))
    properties = (
        draw(st.sampled_from([b"", bytes([2, 0, 0, 0, 60]), b"\x26\0\1k\0\1v" * 30])) if mqtt5 else b""
    )
    return packet(
        draw(TOPICS),
        payload,
        mid=draw(st.integers(1, 65_535)),
        qos=qos,
        retained=draw(st.booleans()),
        duplicate=bool(qos) and draw(st.booleans()),
        properties=properties,
        mqtt5=mqtt5,
    )


@given(st.booleans(), st.data())
def test_it_says_what_paho_says_and_never_more_than_stands_there(mqtt5, data):
    packets = data.draw(st.lists(said(mqtt5=mqtt5), max_size=6))
    stream = b"".join(packets)
    cut = data.draw(st.integers(0, len(stream)))
    version = MQTTProtocolVersion.MQTTv5 if mqtt5 else MQTTProtocolVersion.MQTTv311
    expected, whole = [], 0
    for each in packets:
        whole += len(each)
        if whole > cut or not _plain(each):
            break
        told = _packet.decode_publish(each[0], _body(each), version)
        expected.append(Publication(told.topic.decode(), told.payload, told.mid, told.retain, told.dup))

    found, at = publications(stream[:cut], 0, mqtt5=mqtt5)

    assert found == expected
    assert at == sum(map(len, packets[: len(expected)]))


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_are_taken_or_left_and_nothing_is_raised(noise, mqtt5):
    found, at = publications(noise, 0, mqtt5=mqtt5)

    assert 0 <= at <= len(noise)
    assert bool(found) == bool(at)


def test_many_messages_are_confirmed_with_the_bytes_paho_would_send_for_each():
    assert confirmations([1, 65_535]) == b"\x40\x02\x00\x01\x40\x02\xff\xff"


def _body(said):
    at = 1
    while said[at] & 0x80:
        at += 1
    return said[at + 1 :]


def _plain(said):
    return not (said[1] & 0x80 and said[2] & 0x80) and b"\x26\0\1k" not in said
