"""What people file that judges nothing: entries beside the readings, and what was done when it was due."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hdmonitor.acts import unknown_person
from hdmonitor.completions import FollowUp
from hdmonitor.compliance.incidents import unreportable
from hdmonitor.draft import Draft
from hdmonitor.events import HELP, Complete, Condition, Entry, Json, Kind
from hdmonitor.itself import Itself
from hdmonitor.model import EPOCH, Site
from hdmonitor.rights import may, may_list_drugs
from hdmonitor.upkeep import STATE, Upkeep


@dataclass(frozen=True, slots=True)
class Filing:
    """Takes what is filed at one site; who calls for help is a condition of the monitor itself."""

    site: Site
    upkeep: Upkeep | None
    itself: Itself

    def enter(self, entry: Entry, at: datetime, draft: Draft) -> str:
        """Write an entry down; return why not, or nothing."""
        if refusal := self._not_entered(entry, at):
            detail: dict[str, Json] = {"by": entry.by, "reason": refusal, "note": entry.kind.value}
            draft.event(at, Kind.REFUSED, "monitor", detail)
            return refusal
        detail = {"by": entry.by, **entry.detail} if entry.by else entry.detail
        number = draft.event(at, entry.kind, entry.subject, detail, entry.alarm)
        for row in entry.records:
            values = {**row.values, row.event: number} if row.event else row.values
            draft.outcome.records.append(replace(row, values=values))
        if entry.kind is Kind.INCIDENT and self.upkeep is not None:
            filed_at = EPOCH + timedelta(microseconds=int(entry.records[0].values["filed_at"] or 0))
            followed = FollowUp(number, str(entry.detail["what"]), entry.subject, filed_at)
            self.upkeep.follow(followed, at, draft)
        if entry.kind is Kind.HELP:
            called = entry.detail["is"] == "called"
            text = f"{self.site.people[entry.by].name} is alone there and calls for help"
            said = Condition(f"{HELP}:{entry.subject}", called, text if called else "somebody is there")
            self.itself.take(said, at, draft)
        return ""

    def _not_entered(self, entry: Entry, at: datetime) -> str:
        if entry.by and (unknown := unknown_person(self.site, entry.by)):
            return unknown
        if entry.kind is Kind.DRUG_LIST:
            person = self.site.people.get(entry.by)
            if not may_list_drugs(person.role if person else None):
                return (
                    "the list of hazardous drugs is replaced by a pharmacist, a manager or an administrator"
                )
        return unreportable(entry, at)

    def complete(self, act: Complete, at: datetime, draft: Draft) -> str:
        """File what was done about an obligation; return why not, or nothing."""
        asked = act.completion
        refusal = self._not_filed(act)
        if not refusal and self.upkeep is not None:
            refusal = self.upkeep.file(asked, at, draft)
        if refusal:
            detail: dict[str, Json] = {"by": asked.filed_by, "reason": refusal, "note": asked.obligation}
            draft.event(at, Kind.REFUSED, STATE, detail)
        return refusal

    def _not_filed(self, act: Complete) -> str:
        asked = act.completion
        if unknown := unknown_person(self.site, asked.filed_by):
            return unknown
        role = self.site.people[asked.filed_by].role
        if not may(role, Complete):
            return f"the role {role} files nothing; ask a pharmacist"
        if asked.second and (unknown := unknown_person(self.site, asked.second)):
            return unknown
        if self.upkeep is None:
            return "the site file has no section 'compliance'; add it, see docs/compliance.md"
        return ""
