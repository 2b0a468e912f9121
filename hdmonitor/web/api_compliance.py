"""What is due, as the API tells it: the matrix and what stands beside it, without any result."""

from __future__ import annotations

from datetime import date

from hdmonitor.compliance.due import Due, Reason, all_due, standing_against
from hdmonitor.incubators import Waiting
from hdmonitor.matrix import WORDS, cell, full_name
from hdmonitor.web.api_models import AgainstTold, AwaitedTold, ComplianceTold, DutyTold
from hdmonitor.web.duties import Duties


def due_on(duties: Duties, day: date | None) -> ComplianceTold:
    """Return everything that is kept as it stands on a local day, None for today."""
    on, programme, filed = day or duties.today, duties.programme, duties.filed
    return ComplianceTold(
        on=on,
        against=[_against(each) for each in standing_against(programme, filed, on)],
        awaited=[_awaited(each, on) for each in duties.awaited(programme, filed)],
        duties=[_duty(each, on) for each in all_due(programme, filed, on)],
    )


def _against(reason: Reason) -> AgainstTold:
    return AgainstTold(
        subject=reason.subject.key,
        obligation=reason.obligation.id,
        rule=reason.rule,
        force=reason.force.value,
        since=reason.since,
        against=sorted(each.value for each in reason.against),
        text=reason.text,
    )


def _awaited(each: Waiting, on: date) -> AwaitedTold:
    return AwaitedTold(
        subject=each.subject.key,
        name=full_name(each.subject),
        obligation=each.obligation.id,
        what=each.obligation.short,
        entry=each.sample.entry.number,
        taken=each.sample.entry.on,
        ready_on=each.sample.ready_on,
        overdue=each.sample.late(on),
        says=each.sample.says,
    )


def _duty(due: Due, on: date) -> DutyTold:
    shown = cell(due, on)
    return DutyTold(
        subject=due.subject.key,
        name=full_name(due.subject),
        kind=due.subject.kind.value,
        obligation=due.obligation.id,
        what=due.obligation.short,
        rule=due.case.rule,
        force=due.obligation.force.value,
        state=WORDS[due.state(on)],
        look=shown.look,
        shown=shown.short,
        due=due.last_day,
        last_done=due.last.on if due.last else None,
    )
