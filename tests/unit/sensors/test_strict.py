import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdmonitor.model import Rejected
from hdmonitor.sensors.strict import number, strict_json, strict_text, text_number

LONG = 64 * 1024


def nested(depth):
    return b"[" * depth + b"]" * depth


def test_a_document_is_read():
    assert strict_json(b' {"temperature": 4.2, "ok": [true, null, -1]}\r\n') == {
        "temperature": 4.2,
        "ok": [True, None, -1],
    }


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b'{"a": NaN}', "unsafe JSON: NaN is not a number"),
        (b'{"a": -Infinity}', "unsafe JSON: -Infinity is not a number"),
        (b'{"a": 1e999}', "unsafe JSON: the number 1e999 is too large"),
        (b'{"a": 1, "b": {"t": 1, "t": 2}}', "unsafe JSON: the key 't' stands there twice"),
        (
            b'{"a": ' + b"9" * 21 + b"}",
            "unsafe JSON: the number 999999999999999999999… has more than 20 digits",
        ),
        (b'{"a": ' + b"9" * 5000 + b"}", f"unsafe JSON: the number {'9' * 30}… has more than 20 digits"),
        (b'{"temperature": 4.2', "not JSON: Expecting ',' delimiter at character 19: ''"),
        (b"", "not JSON: Expecting value at character 0: ''"),
        (b"4,2", "not JSON: Extra data at character 1: ',2'"),
        (b'{"a": "\xb0C"}', "the payload is not UTF-8 text: byte 7 is 0xb0"),
        (nested(17), "unsafe JSON: nested deeper than 16"),
        (nested(LONG // 2), "unsafe JSON: nested deeper than 16"),
        (b'{"a":' * 17 + b"1" + b"}" * 17, "unsafe JSON: nested deeper than 16"),
        (b" " * (LONG + 1), "the payload has 65537 bytes; at most 65536 are read"),
    ],
)
def test_a_document_is_refused_with_its_reason(payload, reason):
    assert strict_json(payload) == Rejected(reason)


def test_a_document_is_read_up_to_its_bounds():
    assert strict_json(nested(16)) == json.loads(nested(16))
    assert strict_json(b"[" + b"[]," * 50 + b"[]]") == [[]] * 51
    assert strict_json(b"1" + b" " * (LONG - 1)) == 1
    assert strict_json(b"18446744073709551615") == 2**64 - 1
    assert strict_json(b"1.7e308") == 1.7e308


def test_blanks_and_line_ends_are_trimmed():
    assert strict_text(b" 4.25\r\n\0") == "4.25"


def test_a_single_megabyte_is_refused_without_being_read():
    assert strict_text(b"4" * 1_000_000) == Rejected("the payload has 1000000 bytes; at most 65536 are read")


@pytest.mark.parametrize("value", [True, False, None, "4.2", [], {}, math.nan, math.inf, -math.inf, 10**400])
def test_what_is_no_json_number_is_none(value):
    assert number(value) is None


def test_a_json_number_is_a_float():
    assert number(4) == 4.0
    assert isinstance(number(4), float)
    assert number(-0.5) == -0.5


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("4.2", (4.2, "")),
        ("-4.0 °F", (-4.0, "°F")),
        ("+8°C", (8.0, "°C")),
        ("100 1/ft3", (100.0, "1/ft3")),
        ("1.5e3", (1500.0, "")),
        (".5", (0.5, "")),
        ("4.", (4.0, "")),
        ("1_0", (1.0, "_0")),
        ("4,2", (4.0, ",2")),
    ],
)
def test_a_number_in_text_is_split_from_its_unit(text, split):
    assert text_number(text) == split


@pytest.mark.parametrize(
    "text", ["", "infinity", "nan", "\N{ARABIC-INDIC DIGIT FOUR}", "e5", "-", ".", "1e999", "°C 4", "_1"]
)
def test_text_without_a_plain_number_first_gives_none(text):
    assert text_number(text) is None


@given(st.binary(max_size=300) | st.text(alphabet='[]{}",:0123456789eE+-.truefalsn\\u ').map(str.encode))
def test_no_bytes_raise(payload):
    document = strict_json(payload)

    if isinstance(document, Rejected):
        document.reason.encode("utf-8")
    else:
        json.dumps(document, allow_nan=False)
