"""Reads a site's list of hazardous drugs from a table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from hdmonitor.compliance.hazardous import Drug, Table
from hdmonitor.events import Entry
from hdmonitor.evidence import drug_list
from hdmonitor.spreadsheet import Dates, Heading, Line, Unreadable, read_day, read_table
from hdmonitor.yaml_source import Problem

T = TypeVar("T")

HEADING = Heading(
    words={
        "drug": ("generic name", "name", "medication", "generic"),
        "table": ("niosh table", "niosh 2024 table", "list", "niosh"),
        "antineoplastic": ("chemo", "antineoplastic agent", "aho"),
        "maker_instructions": ("mshi", "manufacturer special handling", "special handling"),
        "reproductive_only": ("reproductive", "reproductive risk only", "repro only"),
        "version": ("list version", "source", "edition"),
        "reviewed": ("review date", "date reviewed", "last review", "last reviewed"),
        "forms": ("dosage forms", "dosage form", "form"),
        "sheet": ("sds", "sds link", "safety data sheet", "sds url"),
        "remark": ("remarks", "notes", "comment", "comments"),
    },
    needed=frozenset({"drug", "table", "antineoplastic", "version", "reviewed"}),
)
YES = frozenset({"yes", "y", "x", "true", "1"})
NO = frozenset({"no", "n", "", "false", "0", "-"})
TABLES = {
    "1": Table.ONE,
    "table 1": Table.ONE,
    "2": Table.TWO,
    "table 2": Table.TWO,
    "site": Table.SITE,
    "local": Table.SITE,
}
LONGEST_NAME = 100
LONGEST_LINK = 500
LONGEST_TEXT = 2_000
DIGEST = 64  # hexadecimal digits


def read_drugs(
    raw: bytes, file: str, *, today: date, dates: Dates = Dates.UNDECLARED
) -> tuple[list[Drug], list[Problem]]:
    """Return the drugs that could be read, and what is wrong with the other lines."""
    table = read_table(raw, file, HEADING)
    problems, drugs = table.problems, list[Drug]()
    first: dict[str, int] = {}
    for line in table.lines:
        reader = _Reader(line, file, dates, today)
        drug = reader.drug()
        if reader.problems or drug is None:
            problems.extend(reader.problems)
        elif drug.id in first:
            says = f"{drug.name!r} stands in line {first[drug.id]} already; keep one of them"
            problems.append(Problem(file, line.number, line.column("drug"), says))
        else:
            first[drug.id] = line.number
            drugs.append(drug)
    if not table.lines and not problems:
        problems.append(Problem(file, 0, 0, "the table has a heading and no line below it"))
    return drugs, problems


def drug_id(name: str) -> str:
    """Return the id that follows from a name: "Example one (oral)" is "example-one-oral"."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def drugs_asked(request: Mapping[str, object]) -> Entry | str:
    """Return the entry that a request of the command line asks for, or why it cannot be asked.

    `{"do": "drugs", "by": …, "file": …, "sha256": …, "list": …}`, the list being what `read_drugs`
    found, as JSON.
    """
    keys = ("by", "file", "sha256", "list")
    by, file, digest, listed = (request.get(key) for key in keys)
    if set(request) != {"do", *keys} or not all(isinstance(request[key], str) for key in keys):
        return f"'drugs' must give {', '.join(keys)} as text, and nothing else"
    try:
        drugs = [_again(each) for each in json.loads(str(listed))]
    except (ValueError, TypeError, KeyError, RecursionError):
        drugs = []
    if not drugs or len({drug.id for drug in drugs}) != len(drugs):
        return "this is no list of drugs; send it with: hdmonitor compliance drugs"
    return drug_list(drugs, str(by), str(file)[:LONGEST_NAME], str(digest)[:DIGEST])


def _again(body: Mapping[str, object]) -> Drug:
    texts = [str(body[key])[:LONGEST_TEXT] for key in ("version", "forms", "sheet", "remark")]
    name = _name(str(body["name"]))
    return Drug(
        drug_id(name),
        name,
        Table(str(body["table"])),
        antineoplastic=body["antineoplastic"] is True,
        maker_instructions=body["maker_instructions"] is True,
        reproductive_only=body["reproductive_only"] is True,
        version=texts[0],
        reviewed=date.fromisoformat(str(body["reviewed"])),
        forms=texts[1],
        sheet=_link(texts[2]),
        remark=texts[3],
    )


class _Reader:
    """Reads one line; what is wrong with it is collected, all of it at once."""

    def __init__(self, line: Line, file: str, dates: Dates, today: date) -> None:
        self._line = line
        self._file = file
        self._dates = dates
        self._today = today
        self.problems: list[Problem] = []

    def drug(self) -> Drug | None:
        """Return the drug of this line, None where it cannot be read."""
        name = self._read("drug", _name)
        table = self._read("table", _table)
        antineoplastic, maker, reproductive = (
            self._read(flag, _flag) for flag in ("antineoplastic", "maker_instructions", "reproductive_only")
        )
        reviewed = self._read("reviewed", self._reviewed)
        version = self._read("version", _version)
        sheet = self._read("sheet", _link)
        if name is None or table is None or reviewed is None or version is None:
            return None
        if antineoplastic and reproductive:
            self._wrong("reproductive_only", "an antineoplastic is never a risk to reproduction alone")
        return Drug(
            drug_id(name),
            name,
            table,
            bool(antineoplastic),
            bool(maker),
            bool(reproductive),
            version,
            reviewed,
            self._line["forms"],
            sheet or "",
            self._line["remark"],
        )

    def _read(self, name: str, read: Callable[[str], T]) -> T | None:
        try:
            return read(self._line[name])
        except Unreadable as error:
            self._wrong(name, str(error))
            return None

    def _wrong(self, name: str, says: str) -> None:
        self.problems.append(Problem(self._file, self._line.number, self._line.column(name), says))

    def _reviewed(self, text: str) -> date:
        day = read_day(text, self._dates)
        if day > self._today:
            raise Unreadable(f"{text!r} is in the future; write the day of the last review")
        return day


def _name(text: str) -> str:
    if not drug_id(text) or len(text) > LONGEST_NAME:
        raise Unreadable(f"the drug needs a name of at most {LONGEST_NAME} characters, with letters in it")
    return text


def _version(text: str) -> str:
    if not text:
        raise Unreadable("which list is it from? write for instance NIOSH 2024, or site 2026-03")
    return text


def _table(text: str) -> Table:
    if (found := TABLES.get(text.lower())) is None:
        known = "the list of 2016 had a table 3; " if text in ("3", "Table 3", "table 3") else ""
        raise Unreadable(f"{text!r} is no table; {known}write 1, 2 or site")
    return found


def _flag(text: str) -> bool:
    if text.lower() not in YES | NO:
        raise Unreadable(f"{text!r} says neither yes nor no; write yes or no")
    return text.lower() in YES


def _link(text: str) -> str:
    if text and (not re.fullmatch(r"https://[\x21-\x7e]+", text) or len(text) > LONGEST_LINK):
        raise Unreadable(f"{text!r:.60} is not a link; write it from https:// on")
    return text
