"""Reads tables as pharmacies keep them, in whatever way their spreadsheet wrote the file.

UTF-8, UTF-16 or Latin-1, with or without a byte-order mark; commas, semicolons
or tabs; title lines above the heading; merged cells, which arrive as blanks
below the first. What cannot be read is named with its line and column; the
rest is read all the same.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from hdmonitor.yaml_source import Problem

LARGEST: Final = 5_000_000  # bytes
MOST_LINES: Final = 20_000
MOST_TITLES: Final = 10  # lines above the heading
LONGEST_CELL: Final = 2_000  # characters
SEPARATORS: Final = (",", ";", "\t")
FORMULA: Final = ("=", "+", "-", "@")  # what a spreadsheet takes a cell for that begins so
CENTURY: Final = 2000  # of a year with two digits; nothing here is older


class Unreadable(ValueError):
    """A cell that does not say what its column asks for: what it says, what to write."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell, and in which column, counted from 1."""

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: its cells by the name of their column."""

    number: int
    cells: Mapping[str, Cell]

    def __getitem__(self, name: str) -> str:
        """Return the text of a cell, empty if there is none."""
        cell = self.cells.get(name)
        return cell.text if cell else ""

    def column(self, name: str) -> int:
        """Return where a column stands, 1 if the table does not have it."""
        cell = self.cells.get(name)
        return cell.column if cell else 1


@dataclass(slots=True)
class Table:
    """The lines that could be read, and what was wrong with the others."""

    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Heading:
    """What the columns of a table may be called; `needed` ones must be there.

    A blank cell of a `merged` column repeats the one above, until an empty line.
    """

    words: Mapping[str, Sequence[str]]
    needed: frozenset[str]
    merged: frozenset[str] = frozenset()

    def fields(self, cells: Sequence[str]) -> dict[str, int]:
        """Return which column (from 0) is which, the first where two have the same name."""
        known = {plain(word): name for name, words in self.words.items() for word in (name, *words)}
        found: dict[str, int] = {}
        for index, cell in enumerate(cells):
            if (name := known.get(plain(cell))) is not None:
                found.setdefault(name, index)
        return found


def read_table(raw: bytes, file: str, heading: Heading) -> Table:
    """Read a table; what is wrong stands in its problems."""
    table = Table()
    try:
        text = _text(raw)
    except Unreadable as error:
        table.problems.append(Problem(file, 0, 0, str(error)))
        return table
    found = max(
        (_rows(text, separator, heading) for separator in SEPARATORS), key=lambda each: len(each.fields)
    )
    if missing := sorted(heading.needed - found.fields.keys()):
        wanted = "; ".join(f"{name} (also: {', '.join(heading.words[name][:4])})" for name in missing)
        table.problems.append(Problem(file, 1, 1, f"no column is headed {wanted}; name it in the first line"))
        return table
    _read_lines(table, file, found, heading)
    return table


@dataclass(frozen=True, slots=True)
class _Rows:
    """A file cut up in one way, from its heading on."""

    rows: list[tuple[int, list[str]]]
    fields: dict[str, int]


def _text(raw: bytes) -> str:
    if len(raw) > LARGEST:
        raise Unreadable(f"the file has {len(raw):,} bytes; at most {LARGEST:,} are read, split it by year")
    if raw.startswith(b"PK\x03\x04"):
        raise Unreadable("this is a workbook, not a table of text; save the sheet as CSV (UTF-8)")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError as error:
            raise Unreadable("the file begins like UTF-16 and is not; save it as CSV (UTF-8)") from error
    raw = raw.removeprefix(codecs.BOM_UTF8)  # some programs put it before Latin-1, too
    if b"\0" in raw:
        raise Unreadable("this is not text; save the sheet as CSV (UTF-8)")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")  # what Windows calls Latin-1


def _rows(text: str, separator: str, heading: Heading) -> _Rows:
    """Cut `text` up; without a heading among the first lines it has no fields."""
    reader = csv.reader(re.split(r"(?<=\n)", text), delimiter=separator)
    rows: list[tuple[int, list[str]]] = []
    best: dict[str, int] = {}
    start, number = 0, 1
    try:
        for cells in reader:
            if len(rows) < MOST_TITLES:
                fields = heading.fields(cells)
                if len(fields) > len(best):
                    best, start = fields, len(rows)
            rows.append((number, cells))
            number = reader.line_num + 1
            if len(rows) > MOST_LINES + MOST_TITLES:
                break
    except csv.Error:
        rows.append((number, []))  # a cell without end; told as a line that is too long
    return _Rows(rows[start + 1 :], best)


def _read_lines(table: Table, file: str, found: _Rows, heading: Heading) -> None:
    above: dict[str, str] = {}
    if len(found.rows) > MOST_LINES:
        table.problems.append(
            Problem(
                file, found.rows[MOST_LINES][0], 1, f"more than {MOST_LINES:,} lines; split the file by year"
            )
        )
    for number, row in found.rows[:MOST_LINES]:
        cells = {
            name: Cell(_content(row[index]) if index < len(row) else "", index + 1)
            for name, index in found.fields.items()
        }
        if not any(cell.strip() for cell in row):
            above = {}
            continue
        if long := [cell for cell in cells.values() if len(cell.text) > LONGEST_CELL]:
            says = (
                f"this cell has more than {LONGEST_CELL:,} characters; is a quotation mark missing before it?"
            )
            table.problems.append(Problem(file, number, long[0].column, says))
            continue
        for name in heading.merged & cells.keys():
            if cells[name].text:
                above[name] = cells[name].text
            elif name in above:
                cells[name] = Cell(above[name], cells[name].column)
        table.lines.append(Line(number, cells))


def _content(text: str) -> str:
    """Return a cell without needless spaces, and without the mark that `written` puts before text."""
    text = " ".join(text.split())
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text


def plain(text: str) -> str:
    """Return a heading as it is compared: small letters and digits."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower().replace("\ufeff", "")).strip()


# --- days -----------------------------------------------------------------------


class Dates(StrEnum):
    """How days with slashes are written, as whoever keeps the table declares it."""

    UNDECLARED = "undeclared"
    MDY = "mdy"
    DMY = "dmy"
    ISO = "iso"


MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FULL: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?)?"
_ISO = re.compile(rf"(\d{{4}})-(\d{{2}})-(\d{{2}}){_TIME}", re.ASCII)
_SLASHED = re.compile(rf"(\d{{1,2}})([/.-])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})[ .-]*([A-Za-z]{3,9})\.?[ ,-]*(\d{4}|\d{2})", re.ASCII)
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? *(\d{1,2}),? +(\d{4}|\d{2})", re.ASCII)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
HOW: Final = "write it as 2026-03-12"
MONTHS_A_YEAR: Final = 12


def read_day(text: str, dates: Dates) -> date:
    """Read a day in one of the ways in which spreadsheets write it; raise `Unreadable`."""
    if found := _ISO.fullmatch(text):
        return _day(text, int(found[1]), int(found[2]), int(found[3]))
    if dates is Dates.ISO:
        raise Unreadable(f"{text!r} is not a day as declared with --dates iso; {HOW}")
    if found := _SLASHED.fullmatch(text):
        return _slashed(text, int(found[1]), int(found[3]), _year(found[4]), dates)
    if found := _DAY_FIRST.fullmatch(text):
        return _day(text, _year(found[3]), _month(text, found[2]), int(found[1]))
    if found := _MONTH_FIRST.fullmatch(text):
        return _day(text, _year(found[3]), _month(text, found[1]), int(found[2]))
    if _SERIAL.fullmatch(text):
        raise Unreadable(f"{text!r} is how a spreadsheet counts days; format the column as a date, or {HOW}")
    raise Unreadable(f"{text!r} is not a day; {HOW}")


def _slashed(text: str, first: int, second: int, year: int, dates: Dates) -> date:
    month_first, day_first = first <= MONTHS_A_YEAR, second <= MONTHS_A_YEAR
    if dates is Dates.MDY or (dates is Dates.UNDECLARED and month_first and not day_first):
        return _day(text, year, first, second)
    if dates is Dates.DMY or first == second or not month_first:
        return _day(text, year, second, first)
    one, other = _day(text, year, first, second), _day(text, year, second, first)
    raise Unreadable(
        f"{text!r} may be {_told(one)} or {_told(other)}; say which with --dates mdy or --dates dmy"
    )


def _day(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Unreadable(f"{text!r} is a day that does not exist; look it up") from error


def _month(text: str, word: str) -> int:
    small = word.lower()
    if small == "sept":
        return 9
    for names in (MONTHS, FULL):
        if small in names:
            return names.index(small) + 1
    raise Unreadable(f"{text!r}: {word!r} is no month; {HOW}")


def _year(text: str) -> int:
    return int(text) + (CENTURY if len(text) == 2 else 0)  # noqa: PLR2004  # two digits


def _told(day: date) -> str:
    return f"{day.day} {FULL[day.month - 1].capitalize()}"


# --- words ------------------------------------------------------------------------


def read_number(text: str) -> float:
    """Read a plain number, with a comma for thousands or none; raise `Unreadable`."""
    if not re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?|\d{1,3}(?:,\d{3})+(?:\.\d{1,6})?", text, re.ASCII):
        raise Unreadable(f"{text!r} is not a number; write for instance 1000 or 6.5")
    return float(text.replace(",", ""))


def written(rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    """Write rows as CSV that a spreadsheet opens without taking text for formulas."""
    return "".join(",".join(_cell(each) for each in row) + "\r\n" for row in rows)


def _cell(text: str) -> str:
    if text[:1] in FORMULA:
        text = f"'{text}"
    if any(mark in text for mark in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text
