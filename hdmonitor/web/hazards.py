"""The site's list of hazardous drugs, with the handling that its table requires; for everybody to read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from starlette.responses import Response
from starlette.routing import Route

from hdmonitor.compliance.hazardous import Drug, Handling, Table, handling
from hdmonitor.web.desk import Desk
from hdmonitor.web.visit import Visit, for_readers

LISTS = {Table.ONE: "Table 1", Table.TWO: "Table 2", Table.SITE: "Added by the site"}


@dataclass(frozen=True, slots=True)
class Group:
    """Drugs that ask for the same handling."""

    title: str
    handling: Handling
    drugs: tuple[Drug, ...]


def routes(desk: Desk) -> list[Route]:
    """Return the routes of this module."""

    async def on_page(visit: Visit) -> Response:
        with desk.reader() as journal:
            drugs = journal.drugs()
        oldest = min((drug.reviewed for drug in drugs), default=None)
        versions = sorted({drug.version for drug in drugs})
        return visit.page("hazards.html", groups=grouped(drugs), oldest=oldest, versions=versions)

    return [for_readers(desk, "/hazardous-drugs", on_page)]


def grouped(drugs: list[Drug]) -> list[Group]:
    """Return drugs by what they ask for, the strictest first."""

    def key(drug: Drug) -> tuple[bool, Table, bool, bool, bool]:
        flags = (not drug.antineoplastic, not drug.maker_instructions, drug.reproductive_only)
        return (not handling(drug).strict, drug.table, *flags)

    found = []
    for _, group in groupby(sorted(drugs, key=lambda drug: (key(drug), drug.name)), key):
        same = tuple(group)
        found.append(Group(_title(same[0]), handling(same[0]), same))
    return found


def _title(drug: Drug) -> str:
    words = [LISTS[drug.table]]
    if drug.antineoplastic:
        words.append("antineoplastic")
    if drug.maker_instructions:
        words.append("special handling by the maker")
    if drug.reproductive_only:
        words.append("risk to reproduction only")
    return ", ".join(words)
