"""Rewrites what stories expect as what happened, for a person to review.

Only the lines of `then` change; comments, order and all other text of the
file stay as they are, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

from hdmonitor.refusal import Refusal
from hdmonitor.yaml_source import Source, Where, parse_yaml

INDENT = "  "
COMMENT = re.compile(r"""( +#[^"']*)$""")  # after quoted text, or after the | of a block


class NotAccepted(Refusal):
    """The file cannot be rewritten; it is as it was. Where, why, what to do."""


def accept(path: Path, told: Mapping[int, tuple[str, ...]]) -> None:
    """Write `told`, by number of the case, into the `then` of a file of stories that can be read."""
    if not told:
        return
    raw = path.read_bytes()
    source = parse_yaml(raw, str(path))
    lines = raw.decode("utf-8").split("\n")
    for index in sorted(told, reverse=True):  # from the end, so that numbers of lines stay true
        _rewrite(lines, source, ("cases", index, "then"), told[index])
    text = "\n".join(lines).encode()
    again = parse_yaml(text, str(path))
    for index, story in told.items():
        source.data["cases"][index]["then"] = again.data["cases"][index]["then"] if again.data else None
        if again.problems or _words(str(source.data["cases"][index]["then"])) != story:
            place = f"{path}:{source.values['cases', index, 'then'][0]}"
            raise NotAccepted(f"{place}: this 'then' cannot be rewritten; write it as a block after |")
    if again.data != source.data:
        raise NotAccepted(f"{path}: rewriting would change more than 'then'; write 'then' as a block after |")
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
        new.write(text)
    Path(new.name).chmod(path.stat().st_mode & 0o777)
    Path(new.name).replace(path)


def _rewrite(lines: list[str], source: Source, where: Where, story: tuple[str, ...]) -> None:
    first, column = source.values[where]
    end = "\r" if lines[first - 1].endswith("\r") else ""
    key_line, key_column = source.keys[where]
    text = str(source.data["cases"][where[1]]["then"])
    written: dict[str, list[str]] = {}
    indent = " " * (key_column - 1) + INDENT
    after = first
    if source.styles.get(where) == "|":
        after = first + len(text.rstrip("\n").split("\n")) if text.strip() else first
        for line in lines[first:after]:
            written.setdefault(" ".join(line.split()), []).append(line)
        indent = next((_indent(line) for line in lines[first:after] if line.strip()), indent)
    elif first != key_line or "\n" in text:
        return  # told as one that cannot be rewritten
    # An expected line that happened keeps its spaces.
    new = [kept.pop(0) if (kept := written.get(line)) else f"{indent}{line}{end}" for line in story]
    head = lines[first - 1].rstrip("\r")
    opening, rest = head[: column - 1], head[column - 1 :]
    comment = found[1] if (found := COMMENT.search(rest)) else ""
    mark = "|" if story else '""'
    lines[first - 1 : after] = [f"{opening}{mark}{comment}{end}", *new]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _words(text: str) -> tuple[str, ...]:
    return tuple(" ".join(line.split()) for line in text.split("\n") if line.strip())
