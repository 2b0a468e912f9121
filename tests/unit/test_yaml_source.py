"""Reading YAML: both parsers read the same, and no file ends the process."""

from pathlib import Path

import pytest

from hdmonitor import yaml_source
from hdmonitor.yaml_source import parse_yaml

ROOT = Path(__file__).parents[2]
FILES = [*ROOT.glob("config/*.yaml"), *ROOT.glob("hdmonitor/rules/catalogue/*.yaml")]
ODD = [
    "a: 'x'\nb: |\n  one\n  two\nc: >-\n  three\nd: \"four\"\n",
    "a: [1, 2.5, -3, true, no, 10:30, 2026-03-02, ~]\n",
    "ä: { größe: 'ü', b: [{ c: d }] }\n",
    "'1': 1\n\"2\": 2\n3: 3\n",
    "a: 1\na: 2\n",
    "a: { b: 1 }\n? [c]\n: 2\n",
    "a: 'x\u2028b'\n",
]


def slowly(raw: bytes, monkeypatch):
    """Read with the parser that tells people where they went wrong."""
    with monkeypatch.context() as patch:
        patch.setattr(yaml_source, "_is_plain", lambda _text: False)
        return parse_yaml(raw, "x.yaml")


@pytest.mark.parametrize("raw", [*(file.read_bytes() for file in FILES), *(text.encode() for text in ODD)])
def test_the_fast_parser_reads_what_the_careful_one_reads_and_where(raw, monkeypatch):
    fast, slow = parse_yaml(raw, "x.yaml"), slowly(raw, monkeypatch)

    assert (fast.data, fast.keys, fast.styles, fast.problems) == (
        slow.data,
        slow.keys,
        slow.styles,
        slow.problems,
    )
    assert fast.data is not None
    assert fast.values == slow.values


def test_nothing_at_all_stands_where_its_key_does():
    source = parse_yaml(b"rooms:\n\nsite: 1\n", "x.yaml")

    assert source.values["rooms",] == (1, 7)


@pytest.mark.parametrize("text", ["[" * 300_000, "{a: " * 300_000, "- " * 300_000, "? " * 300_000])
def test_a_file_that_is_nested_without_end_is_refused(text):
    source = parse_yaml(text.encode(), "x.yaml")

    assert [str(problem) for problem in source.problems] == ["x.yaml:1:1: nested more than 20 deep"]
