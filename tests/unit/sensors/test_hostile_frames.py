"""Frames cut off, blown up or lying about themselves: read up to there, or refused with a reason."""

import pytest
from edge_node import EdgeNode, block, number
from hypothesis import given
from hypothesis import strategies as st
from unit.sensors.sensor_points import NOON

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors import milesight, sparkplug
from hdmonitor.sensors.cayennelpp import read as read_lpp
from hdmonitor.sensors.context import UNDECLARED
from hdmonitor.sensors.protobuf import WireError, fields, signed
from hdmonitor.sensors.sparkplug_payload import read_payload, typed


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"\x12\xff\xff\xff\xff\x0f", "field 2 claims 4294967295 bytes where 0 are left"),
        (b"\x12\x05\x0a\x03ab", "field 2 claims 5 bytes where 4 are left"),
        (b"\x08" + b"\xff" * 11, "a number of more than 10 bytes at byte 1"),
        (b"\x08" + b"\xff" * 9 + b"\x7f", "a number of more than 64 bits before byte 10"),
        (b"\x08\x80", "cut off inside a number"),
        (b"\x02\x00", "field number 0 before byte 1"),
        (b"\x0b\x00", "wire type 3 before byte 1"),
        (b"\x10\x00", "field 2 has wire type 0"),
        (block(2, block(1, b"\xff\xfe")), "a text that is not UTF-8 at byte 0"),
        (block(2, block(1, b"x" * 513)), "a text of 513 bytes; at most 512 are read"),
        (block(2, number(12, 1)), "a value with wire type 0"),
        (block(2, block(9, block(1, b"key"))), "1 property names for 0 values"),
        (block(2, block(9, block(1, b"k") * 65)), "more than 64 properties of one metric"),
        (block(2, b"") * 4097, "more than 4096 metrics in one message"),
        (b"\x2a" + b"\x00" * 300_000, "the payload has 300001 bytes; at most 262144 are read"),
    ],
)
def test_a_protobuf_that_lies_is_refused_with_the_place(payload, why):
    answer = read_payload(payload)
    assert isinstance(answer, Rejected)
    assert why in answer.reason


def test_as_many_metrics_and_properties_as_are_read_are_read():
    assert len(read_payload(block(2, b"") * 4096).metrics) == 4096
    pairs = (block(1, b"k") + block(2, number(3, 1))) * 64
    assert read_payload(block(2, block(9, pairs))).metrics[0].properties == {"k": 1}


@given(st.binary(max_size=300))
def test_no_bytes_make_the_wire_reader_fail_in_another_way(raw):
    try:
        assert sum(1 for _ in fields(raw)) <= len(raw)
    except WireError as error:
        assert str(error)  # noqa: PT017  # either is right


@pytest.mark.parametrize(
    ("raw", "datatype", "means"),
    [
        (4294967295, 3, -1),
        (4294966046, 3, -1250),
        (2147483647, 3, 2147483647),
        (255, 1, -1),
        (65535, 2, -1),
        (65535, 6, 65535),
        (18446744073709551615, 4, -1),
        (18446744073709551615, 8, 18446744073709551615),
        (1, 11, True),
        (7, None, 7),
        (None, 3, None),
    ],
)
def test_an_integer_means_what_its_data_type_says(raw, datatype, means):
    assert typed(raw, datatype) == means


def test_twos_complement_at_its_edges():
    assert [signed(value, 16) for value in (0, 0x7FFF, 0x8000, 0xFFFF)] == [0, 32767, -32768, -1]


def test_an_edge_node_with_more_metrics_than_are_remembered_is_refused():
    def birth(count):
        metrics = b"".join(block(2, block(1, f"m{i}".encode()) + number(2, i)) for i in range(count))
        return Message("spBv1.0/a/NBIRTH/b", metrics + number(3, 0), NOON)

    answer, nodes = sparkplug.read(birth(4096), UNDECLARED, None)
    assert not isinstance(answer, Rejected)
    for device in ("c", "d"):
        message = birth(4096)._replace(topic=f"spBv1.0/a/DBIRTH/b/{device}")
        answer, nodes = sparkplug.read(message, UNDECLARED, nodes)
    assert answer == Rejected("a birth with more metrics than are remembered")
    assert sum(len(metrics) for metrics in nodes["a/b"].births.values()) == 8192


def test_more_edge_nodes_than_a_site_has_are_refused():
    nodes = None
    for index in range(65):
        topic, payload = EdgeNode("a", f"n{index}", lambda: NOON).birth()
        answer, nodes = sparkplug.read(Message(topic, payload, NOON), UNDECLARED, nodes)
    assert answer == Rejected("more than 64 edge nodes")
    assert len(nodes) == 64


@pytest.mark.parametrize(
    ("model", "frame", "said", "why"),
    [
        ("em300-th", "01755c03673401046865", {"battery": 92, "temperature": 30.8, "humidity": 50.5}, ""),
        ("em300-th", "036734010468", {"temperature": 30.8}, "the entry at byte 4 is cut off"),
        ("em300-th", "0367340104", {"temperature": 30.8}, "an entry at byte 4 of a type that is not known"),
        ("em300-th", "99990367ffff", {}, "an entry at byte 0 of a type that is not known"),
        ("em300-th", "20ce9e7446", {}, "a history entry at byte 0 of a size that is not known"),
        (
            "em300-mcs",
            "20ce9e74466310015d01",
            {
                "history": [
                    {"timestamp": 1665561758, "temperature": 27.2, "humidity": 46.5, "magnet_status": "open"}
                ]
            },
            "",
        ),
        (
            "em300",
            "20ce9e74466310015d" * 2,
            {"history": [{"timestamp": 1665561758, "temperature": 27.2, "humidity": 46.5}] * 2},
            "",
        ),
        (
            "em500-co2",
            "01756403671901046873057d670406736827",
            {"battery": 100, "temperature": 28.1, "humidity": 57.5, "co2": 1127, "pressure": 1008.8},
            "",
        ),
        ("ts201", "b36701", {"temperature_sensor_status": "overload"}, ""),
        (
            "ts201",
            "20cec79afa6412bdff",
            {"history": [{"timestamp": 1694145223, "read_status": "read error", "temperature": -6.7}]},
            "",
        ),
        (
            "ts302",
            "20cec79afa6444bdfff600",
            {"history": [{"timestamp": 1694145223, "temperature_chn1": -6.7, "temperature_chn2": 24.6}]},
            "",
        ),
        (
            "ts302",
            "0175640367f100040001",
            {"battery": 100, "temperature_chn1": 24.1, "magnet_chn2": "open"},
            "",
        ),
        ("ws301", "030002", {"magnet_status": "value 2"}, ""),
    ],
)
def test_a_milesight_frame_is_read_up_to_what_cannot_be_known(model, frame, said, why):
    assert milesight.frame(milesight.MODELS[model], bytes.fromhex(frame)) == (said, why)


@given(st.binary(max_size=242), st.sampled_from(sorted(milesight.MODELS)))
def test_no_frame_makes_a_milesight_model_fail(raw, model):
    said, _ = milesight.frame(milesight.MODELS[model], raw)
    assert len(said.get("history", ())) * 9 <= len(raw)


def test_a_cayenne_frame_is_read_up_to_a_type_that_is_not_known():
    answer = read_lpp(Message("lpp/a/up", bytes.fromhex("036700ff05990000"), NOON), UNDECLARED)
    assert [(each.field, each.value) for each in answer.found] == [("3.temperature", 25.5)]
    assert answer.left_out == ("byte 4: a type that is not known or that is cut off; the rest is not read",)
