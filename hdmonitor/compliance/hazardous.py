"""What is known of a hazardous drug, and the handling that follows from it, in plain words.

The site keeps its own list (800-H2); none is shipped. The tables are those of
the NIOSH list of 2024, which a site copies into its own after its review.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Table(StrEnum):
    """Where a drug stands on the list that the site follows."""

    ONE = "1"
    TWO = "2"
    SITE = "site"  # on no list; the site takes it for hazardous after its own review


@dataclass(frozen=True, slots=True)
class Drug:
    """One entry of the site's list."""

    id: str
    name: str
    table: Table
    antineoplastic: bool
    maker_instructions: bool  # the maker's label asks for special handling
    reproductive_only: bool  # a risk to reproduction or development, and no other
    version: str  # of the list it was taken from: "NIOSH 2024", "site 2026-03"
    reviewed: date
    forms: str = ""  # in which it is kept here
    sheet: str = ""  # https link to its safety data sheet
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Handling:
    """What a drug asks for; `strict` where no assessment of risk can lower it once it is manipulated."""

    strict: bool
    heading: str
    rules: tuple[str, ...]


FULL = (
    "Compound in a hood made for containment, in a room below its neighbours (-0.010 to -0.030 inH2O).",
    "Two pairs of chemotherapy gloves (ASTM D6978); new ones when torn or soiled, better every 30 min.",
    "Chemotherapy gown closed in the back; a new one by its data or after 2 to 3 h, at once after a spill.",
    "Store apart from other stock, in a room below its neighbours with 12 air changes or more.",
    "Unpack in gloves; a package that looks damaged is taken for a spill.",
)
ASSESSED = (
    "An assessment of risk may allow less for a dosage form; it is written down and reviewed every year.",
    "Without one, and for the pure ingredient always: all of the handling for antineoplastics of table 1.",
    "Store apart, labelled, at the place that the assessment names.",
    "Gloves for chemotherapy (ASTM D6978) whenever it is touched.",
)
REPRODUCTIVE = (
    "A risk above all to those who are or may become pregnant, breast-feed or father children; "
    "ask the pharmacist for other work, without giving a reason."
)
MAKER = "The maker's label gives special handling; it goes before this page where it asks for more."
NO_TUBE = "Never by pneumatic tube, in any form."
NO_TUBE_LIQUID = "No liquid form by pneumatic tube."


def handling(drug: Drug) -> Handling:
    """Return what <800> asks for by the table and flags of a drug."""
    strict = drug.table is Table.ONE and drug.antineoplastic
    if strict:
        heading, rules = "Full containment; no assessment of risk once it is manipulated", [*FULL]
        rules.append("A closed system to give it, where the dosage form allows.")
    else:
        heading, rules = "Full containment, unless an assessment of risk says otherwise", [*ASSESSED]
    rules.append(NO_TUBE if drug.antineoplastic else NO_TUBE_LIQUID)
    if drug.maker_instructions:
        rules.append(MAKER)
    if drug.reproductive_only:
        rules.append(REPRODUCTIVE)
    return Handling(strict, heading, tuple(rules))
