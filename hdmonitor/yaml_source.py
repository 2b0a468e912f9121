"""Strict YAML 1.2 with a place for everything, so that each mistake is one line with line and column.

Stricter than YAML: one document, no duplicate keys, no tabs, no tags, no
anchors, and only plain numbers are numbers. `10:30`, `no` and `2026-03-02`
stay the text that was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Where: TypeAlias = tuple[str | int, ...]
Place: TypeAlias = tuple[int, int]  # line and column, from 1
Shape = TypeVar("Shape", bound=BaseModel)

LARGEST_FILE = 4_000_000  # bytes; a site of a thousand points has 400,000
DEEPEST = 20
MOST_LISTED = 12
INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
NUMBER = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}")
CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
TAGS = {  # what the parser itself says of plain values; !!python/… and !secret are none of them
    f"tag:yaml.org,2002:{name}"
    for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "value", "merge")
}
OTHER_BREAKS = re.compile("[\x85\u2028\u2029\ufeff]")  # lines end there in YAML 1.1, not in 1.2
NOT_WELCOME = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration: where, what is wrong, what to do.

    A line of 0 means that the thing has no line, such as an environment
    variable. A warning does not keep the monitor from starting.
    """

    file: str
    line: int
    column: int
    text: str
    warning: bool = False

    def __str__(self) -> str:
        """Write the line that `hdmonitor check` prints."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {'warning: ' if self.warning else ''}{self.text}"


@dataclass(slots=True)
class Source:
    """The contents of a YAML file, and where each key and value stands."""

    file: str
    data: Any = None
    keys: dict[Where, Place] = field(default_factory=dict)
    values: dict[Where, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    misshapen: list[tuple[Where, bool]] = field(default_factory=list)  # where, and whether an unknown key
    styles: dict[Where, str] = field(default_factory=dict)  # of text that is not plain: | > ' "
    lines: tuple[str, ...] = ()  # of the file
    words: dict[str, str] = field(default_factory=dict)

    def word(self, text: str) -> str:
        """Return a text as one object wherever it stands: a large site says the same thousands of times."""
        return self.words.setdefault(text, text)

    def complain_in_block(self, where: Where, number: int, text: str) -> None:
        """Note a problem with line `number`, from 0, of the text that stands at `where`."""
        line, column = self.values[where]
        if self.styles.get(where) == "|":
            line += 1 + number
            written = self.lines[line - 1]
            column = len(written) - len(written.lstrip()) + 1
        self.problems.append(Problem(self.file, line, column, text))

    def complain(self, where: Where, text: str, *, at_key: bool = False, warning: bool = False) -> None:
        """Note a problem with what stands at `where`, or with the nearest thing around it."""
        place = self.keys.get(where) if at_key else None
        while place is None:
            place = self.values.get(where) or self.keys.get(where) or ((1, 1) if not where else None)
            where = where[:-1]
        self.problems.append(Problem(self.file, *place, text, warning))


def read_yaml(path: Path) -> Source:
    """Read a file strictly; what is wrong stands in `problems`, and `data` is None if nothing is usable."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        why = error.strerror or "cannot be read"
        return Source(
            str(path), problems=[Problem(str(path), 0, 0, f"{why}; check the path and who may read it")]
        )
    return parse_yaml(raw, str(path))


def parse_yaml(raw: bytes, file: str) -> Source:
    """Parse YAML text strictly, as `read_yaml` does."""
    source = Source(file)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        source.problems.append(Problem(file, line, column, "not UTF-8 text; save the file as UTF-8"))
        return source
    if len(raw) > LARGEST_FILE:
        source.problems.append(Problem(file, 1, 1, f"larger than {LARGEST_FILE} bytes; this is not a site"))
        return source
    if _unreadable(text.replace("\r\n", "\n"), source):
        return source
    source.lines = tuple(text.split("\n"))
    try:
        root = _composed(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        text = f"not valid YAML: {error.problem or error.context}; check indentation and quotes"
        source.problems.append(Problem(file, line, column, text))
    except RecursionError:
        source.problems.append(Problem(file, 1, 1, f"nested more than {DEEPEST} deep"))
    except (YAMLError, ValueError) as error:
        source.problems.append(Problem(file, 1, 1, f"not valid YAML: {str(error).partition(chr(10))[0]}"))
    else:
        if root is None:
            source.problems.append(
                Problem(file, 1, 1, "the file is empty; start from the example in config/")
            )
        else:
            source.data = _value(root, (), source, set())
    return source


def _composed(text: str) -> Node | None:
    """Return the nodes of a text, or raise what the parser says that tells people where they went wrong.

    The fast parser comes first, twenty times as fast, for what is plain and sound. It is kept from what
    is nested deeply: in C that ends the process.
    """
    with suppress(yaml.YAMLError):
        if _is_plain(text):
            return cast("Node | None", yaml.compose(text, Loader=yaml.CSafeLoader))
    return cast("Node | None", YAML(typ="safe", pure=True).compose(text))


def _is_plain(text: str) -> bool:
    """Tell whether both parsers read a text alike: no anchors, no tags, not nested deeply."""
    if OTHER_BREAKS.search(text):
        return False
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        named = isinstance(event, yaml.NodeEvent) and event.anchor is not None
        if named or getattr(event, "tag", None) is not None or depth > DEEPEST:
            return False
    return True


def _unreadable(text: str, source: Source) -> bool:
    for number, line in enumerate(text.split("\n"), 1):
        if tab := re.match(r" *\t", line):
            source.problems.append(
                Problem(
                    source.file, number, tab.end(), "a tab in the indentation; use spaces, two for each step"
                )
            )
        elif found := NOT_WELCOME.search(line):
            why = f"control character {ord(found[0]):#04x}; delete it"
            source.problems.append(Problem(source.file, number, found.start() + 1, why))
    return bool(source.problems)


def _value(node: Node, where: Where, source: Source, seen: set[int]) -> Any:
    """Return the data of a node and note where everything in it stands."""
    source.values[where] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if id(node) in seen:
        source.complain(where, "an alias (*); write the value out, each thing has its own line here")
        return None
    if str(node.tag) not in TAGS:
        source.complain(where, f"a tag ({node.tag}); write the value without it")
        return None
    if len(where) > DEEPEST:
        source.complain(where, f"nested more than {DEEPEST} deep")
        return None
    seen.add(id(node))
    if isinstance(node, (MappingNode, yaml.MappingNode)):
        return _mapping(node, where, source, seen)
    if isinstance(node, (SequenceNode, yaml.SequenceNode)):
        return [_value(item, (*where, index), source, seen) for index, item in enumerate(node.value)]
    scalar = cast("ScalarNode", node)
    if scalar.style:
        source.styles[where] = str(scalar.style)
    return _scalar(scalar, source)


def _mapping(node: MappingNode, where: Where, source: Source, seen: set[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if not isinstance(key_node, (ScalarNode, yaml.ScalarNode)):
            source.problems.append(
                Problem(source.file, *place, "a list or mapping as a key; a key is one word")
            )
            continue
        key = source.word(key_node.value)
        if key in found:
            first = source.keys[*where, key][0]
            why = f"{key!r} stands here a second time, first in line {first}; keep one of them"
            source.problems.append(Problem(source.file, *place, why))
            continue
        source.keys[*where, key] = place
        found[key] = _value(value_node, (*where, key), source, seen)
    return found


def _scalar(node: ScalarNode, source: Source) -> Any:
    text = source.word(node.value)
    if node.style:
        return text
    if text in CONSTANTS:
        return CONSTANTS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if NUMBER.fullmatch(text) else text


# --- the shape of the contents ------------------------------------------------


def suggest(word: str, known: Iterator[str] | list[str]) -> str:
    """Say which known word was meant, or list them."""
    words = list(known)
    close = get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    more = ", …" if len(words) > MOST_LISTED else ""
    return f"known are {', '.join(words[:MOST_LISTED])}{more}" if words else "there are none"


def validate(source: Source, shape: type[Shape]) -> Shape | None:
    """Check the contents against `shape`; every deviation becomes a problem."""
    try:
        return shape.model_validate(source.data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            where = existing(source.data, detail["loc"])
            unknown = detail["type"] == "extra_forbidden"
            source.misshapen.append((where if unknown else detail["loc"], unknown))
            source.complain(where, sentence(detail, where, shape), at_key=unknown or "[key]" in detail["loc"])
        return None


def existing(data: Any, loc: Where) -> Where:
    """Drop from a pydantic location the steps that are not in the data, such as names of union members."""
    where: Where = ()
    for step in loc:
        inside = (
            step in data if isinstance(data, dict) else isinstance(data, list) and step in range(len(data))
        )
        if inside:
            data = data[step]
            where = (*where, step)
    return where


SENTENCES = {
    "string_type": "must be text; write it in quotes",
    "int_type": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "bool_type": "must be true or false, without quotes",
    "dict_type": "must be a mapping: one 'key: value' a line, indented",
    "model_type": "must be a mapping: one 'key: value' a line, indented",
    "model_attributes_type": "must be a mapping: one 'key: value' a line, indented",
    "list_type": "must be a list: [one, two]",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


def sentence(detail: ErrorDetails, where: Where, shape: type[BaseModel]) -> str:
    """Say what is wrong and what to do; never quotes a value that may be a secret."""
    named = [step for step in where if not isinstance(step, int)]
    name = repr(str(named[-1])) if named else "the file"
    last = str(detail["loc"][-1]) if detail["loc"] else ""
    match detail["type"]:
        case "missing":
            if where and isinstance(where[-1], int):
                name = f"entry {where[-1] + 1} of {str(where[-2])!r}"
            text = f"{last!r} is missing{f' in {name}' if where else ''}; add it"
        case "extra_forbidden":
            text = f"unknown key {name}; {suggest(last, _keys_at(shape, where[:-1]))}"
        case "literal_error" if last == "[key]":
            text = f"unknown key {name}; choose {detail['ctx']['expected']}"
        case "literal_error":
            text = f"{name} cannot be {detail['input']!r:.60}; choose {detail['ctx']['expected']}"
        case "string_pattern_mismatch":
            text = f"{detail['input']!r:.60} is not an id; write small letters, digits, '-', '_' or '.'"
        case "string_too_long":
            text = f"{name} is longer than {detail['ctx']['max_length']} characters; shorten it"
        case "value_error":
            text = f"{name}: {detail['ctx']['error']}"
        case kind if kind in SENTENCES:
            text = f"{name} {SENTENCES[kind]}"
        case _:
            text = f"{name}: {detail['msg']}"
    return text


def _keys_at(shape: Any, where: Where) -> list[str]:
    """Return the keys a mapping at `where` may have."""
    for step in where:
        fields = _models(shape)
        if fields and step in fields[0].model_fields:
            shape = fields[0].model_fields[str(step)].annotation
        else:
            shape = get_args(shape)[-1]
    models = _models(shape)
    return list(models[0].model_fields) if models else []


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models in an annotation that is one, or a union that holds one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    origin = getattr(annotation, "__origin__", None)
    if origin in (dict, list):
        return []
    return [model for part in get_args(annotation) for model in _models(part)]
