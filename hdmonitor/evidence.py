"""What belongs to compliance and judges nothing, in the journal: the drug list, incidents, drills.

Each is written with an `Entry`, so that an event of the chain tells it. What an incident says
of people is in its row only; the event holds a digest of the row with a random salt, which
vouches for it without telling.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from datetime import date, datetime

from hdmonitor import rows
from hdmonitor.compliance.hazardous import Drug, Table
from hdmonitor.compliance.incidents import Amount, Drill, FirstAid, Incident, What
from hdmonitor.events import Cell, Entry, Json, Kind, Record
from hdmonitor.rows import Row

SELECT_DRUG = (
    "SELECT id, name, niosh, antineoplastic, maker_instructions, reproductive_only, version, reviewed, forms,"
    " sheet, remark FROM hazardous_drug WHERE list = (SELECT max(list) FROM hazardous_drug) ORDER BY name"
)
SELECT_INCIDENT = (
    "SELECT number, what, at, place, people, drug, amount, kit, first_aid, reported_to, alarm, note,"
    " filed_by, filed_at FROM incident ORDER BY number"
)
SELECT_DRILL = "SELECT id, started_at, started_by, stopped_at, steps, people FROM drill ORDER BY started_at"


# --- hazardous drugs ------------------------------------------------------------


def drug_list(drugs: Sequence[Drug], by: str, file: str, digest: str) -> Entry:
    """Return the entry that makes these the site's list; the lists before it are kept."""
    records = tuple(
        Record("hazardous_drug", {"list": None, **_drug_row(drug)}, key=("list", "id"), event="list")
        for drug in drugs
    )
    versions: list[Json] = [*sorted({drug.version for drug in drugs})]
    detail: dict[str, Json] = {"drugs": len(drugs), "versions": versions, "file": file, "sha256": digest}
    return Entry(Kind.DRUG_LIST, "compliance", by, detail, records)


def _drug_row(drug: Drug) -> dict[str, Cell]:
    return {
        "id": drug.id,
        "name": drug.name,
        "niosh": drug.table.value,
        "antineoplastic": int(drug.antineoplastic),
        "maker_instructions": int(drug.maker_instructions),
        "reproductive_only": int(drug.reproductive_only),
        "version": drug.version,
        "reviewed": drug.reviewed.isoformat(),
        "forms": drug.forms,
        "sheet": drug.sheet,
        "remark": drug.remark,
    }


def drugs(database: sqlite3.Connection) -> list[Drug]:
    """Return the newest list by name."""
    return rows.legible(database.execute(SELECT_DRUG), _drug, "a hazardous drug")


def _drug(row: Row) -> Drug:
    id_, name, niosh, antineoplastic, maker, reproductive, version, reviewed, forms, sheet, remark = row
    return Drug(
        id_,
        name,
        Table(niosh),
        bool(antineoplastic),
        bool(maker),
        bool(reproductive),
        version,
        date.fromisoformat(reviewed),
        forms,
        sheet,
        remark,
    )


# --- incidents --------------------------------------------------------------------


def report(incident: Incident, salt: str) -> Entry:
    """Return the entry that files an incident; its number is that of the event."""
    values: dict[str, Cell] = {
        "what": incident.what.value,
        "at": rows.micros(incident.at),
        "place": incident.place,
        "people": rows.json_text(list(incident.people)),
        "drug": incident.drug,
        "amount": incident.amount.value,
        "kit": incident.kit,
        "first_aid": incident.first_aid.value,
        "reported_to": incident.reported_to,
        "alarm": incident.alarm,
        "note": incident.note,
        "filed_by": incident.filed_by,
        "filed_at": rows.micros(incident.filed_at),
        "salt": salt,
    }
    detail: dict[str, Json] = {
        "what": incident.what.value,
        "at": incident.at.isoformat(),
        "drug": incident.drug,
        "kit": incident.kit,
        "row": row_digest(values),
    }
    record = Record("incident", {"number": None, **values}, key=("number",), event="number")
    return Entry(Kind.INCIDENT, incident.place, incident.filed_by, detail, (record,), incident.alarm or None)


def row_digest(values: dict[str, Cell]) -> str:
    """Return the SHA-256 of a row, without its number, as a JSON array in the order of its columns."""
    listed = json.dumps(list(values.values()), separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(listed.encode()).hexdigest()


def incidents(database: sqlite3.Connection) -> list[Incident]:
    """Return every incident in the order of filing."""
    return rows.legible(database.execute(SELECT_INCIDENT), _incident, "an incident")


def _incident(row: Row) -> Incident:
    number, what, at, place, people, drug, amount, kit, first_aid = row[:9]
    reported_to, alarm, note, filed_by, filed_at = row[9:]
    return Incident(
        number,
        What(what),
        rows.moment(at),
        place,
        tuple(json.loads(people)),
        drug,
        Amount(amount),
        kit,
        FirstAid(first_aid),
        reported_to,
        alarm,
        note,
        filed_by,
        rows.moment(filed_at),
    )


# --- drills -------------------------------------------------------------------------


def drill_started(id_: str, by: str, at: datetime) -> Entry:
    """Return the entry with which the clock of a drill starts."""
    values: dict[str, Cell] = {"id": id_, "started_at": rows.micros(at), "started_by": by}
    return Entry(Kind.DRILL, "spill-drill", by, {"drill": id_, "is": "started"}, (_drill_row(values),))


def drill_stopped(drill: Drill, by: str, at: datetime, steps: Sequence[str], people: Sequence[str]) -> Entry:
    """Return the entry with which it stops."""
    values: dict[str, Cell] = {
        "id": drill.id,
        "started_at": rows.micros(drill.started_at),
        "started_by": drill.started_by,
        "stopped_at": rows.micros(at),
        "steps": rows.json_text(list(steps)),
        "people": rows.json_text(list(people)),
    }
    seconds = round((at - drill.started_at).total_seconds())
    detail: dict[str, Json] = {
        "drill": drill.id,
        "is": "stopped",
        "seconds": seconds,
        "steps": [*steps],
        "people": [*people],
    }
    return Entry(Kind.DRILL, "spill-drill", by, detail, (_drill_row(values),))


def _drill_row(values: dict[str, Cell]) -> Record:
    return Record("drill", {**values, "event": None}, key=("id",), event="event")


def drills(database: sqlite3.Connection) -> list[Drill]:
    """Return every drill, the oldest first."""
    return rows.legible(database.execute(SELECT_DRILL), _drill, "a spill drill")


def _drill(row: Row) -> Drill:
    id_, started_at, started_by, stopped_at, steps, people = row
    return Drill(
        id_,
        rows.moment(started_at),
        started_by,
        rows.moment_or_none(stopped_at),
        tuple(json.loads(steps)),
        tuple(json.loads(people)),
    )
