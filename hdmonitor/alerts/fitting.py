"""Making words fit on a phone without losing what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TITLE = 40
BODY = 150


def title(name: str, templates: Sequence[str]) -> str:
    """Return the first template that fits with `name` for {name}; else the last, with the name shortened."""
    name = plain(name)
    for template in templates:
        if len(text := template.replace("{name}", name)) <= TITLE:
            return text
    room = TITLE - len(templates[-1].replace("{name}", ""))
    return shortened(templates[-1].replace("{name}", _short_name(name, room)), TITLE)


def body(alarm: str, parts: Sequence[tuple[int, str]]) -> str:
    """Join the parts and end with the alarm's id.

    Each part is a sentence with its rank. Rank 0 is always said, the others
    where they fit, lowest rank first. Where rank 0 alone is too long, its
    longest sentence is cut.
    """
    room = BODY - len(alarm) - 1
    said = {index: part for index, part in enumerate(parts) if part[0] == 0 and part[1]}
    over = len(_joined(said)) - room
    if over > 0:
        longest = max(said, key=lambda index: len(said[index][1]))
        sentence = said[longest][1]
        said[longest] = (0, f"{shortened(sentence, len(sentence) - over - 1)}.")
    for index, (rank, sentence) in sorted(enumerate(parts), key=lambda each: each[1][0]):
        if rank and sentence and len(_joined(said)) + 1 + len(sentence) <= room:
            said[index] = (rank, sentence)
    return f"{_joined(said)} {alarm}"


def plain(text: str) -> str:
    """Put a text on one line, without control characters."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


def shortened(text: str, size: int) -> str:
    """Cut a text between words to at most `size` characters; a single long word never inside a number."""
    text = plain(text)
    if len(text) <= size:
        return text
    cut = text[: max(size, 0) + 1].rpartition(" ")[0] or _without_number(text[: max(size, 0)])
    return cut.rstrip(" ,;:.-")


def _joined(said: Mapping[int, tuple[int, str]]) -> str:
    return " ".join(said[index][1] for index in sorted(said))


def _without_number(word: str) -> str:
    return word.rstrip("0123456789.,+-")


def _short_name(name: str, size: int) -> str:
    """Drop words from the end, but keep those with a digit: they tell one unit from the next."""
    words = name.split()
    while len(" ".join(words)) > size:
        spare = [i for i, word in enumerate(words) if i and not any(c.isdigit() for c in word)]
        if not spare:
            break
        del words[spare[-1]]
    return shortened(" ".join(words), size)
