"""`docs/obligations.md`, written from the catalogue."""

from __future__ import annotations

from hdmonitor.compliance.obligation import STEPS, Case, Obligation, SubjectKind
from hdmonitor.obligations import load_obligations

INTRODUCTION = """# Obligations

<!-- Written by hdmonitor.obligation_page.page() from its catalogue; a test keeps it fresh. -->

What has to be done again and again, or once. No site chooses one by its name: it follows from the
roles of people, the kinds of things, the roles of rooms, the category and the waste regime
([configuration](configuration.md#compliance)). A site adds its own, does some of these more often, and
switches some off with two signatures where they are mandatory.

- **Force** is that of the source: SHALL is mandatory there, SHOULD is recommended, PRACTICE is in no
  standard. Only what is SHALL stands against work.
- **Confidence** says how it is known: *primary* read in the source itself, *secondary* read about it,
  **UNCONFIRMED** neither. Somebody with access to USP must confirm the last two before relying on them.
- Months are those of the calendar, counted from when it was last done; the due day is the last one in time.
- *Before the first work* means that nothing on record stands against work from the first day on.
- Reminders come 90, 30, 14, 7, 1 and 0 days before, those shorter than half the interval only, then weekly,
  unless other days are given.
"""
WHO = {
    SubjectKind.PERSON: "each person who is",
    SubjectKind.FACEPIECE: "each facepiece of each person who is",
    SubjectKind.ASSET: "each",
    SubjectKind.ROOM: "each room that is",
    SubjectKind.SITE: "the site",
    SubjectKind.INCIDENT: "each reported",
}


def page() -> str:
    """Return `docs/obligations.md`."""
    known = load_obligations().by_id.values()
    return "\n".join([INTRODUCTION, *map(_chapter, known)])


def _chapter(each: Obligation) -> str:
    confidence = each.confidence if each.confidence != "unconfirmed" else "**UNCONFIRMED**"
    facts = [
        f"- For {_whom(each)}.",
        *(f"- {_case(case)}." for case in each.cases),
        f"- {each.force.name}, {confidence}: {each.source} (version {each.version}).",
        f"- First: {_first(each)}.",
    ]
    if each.against:
        facts.append(f"- Stands against {', '.join(sorted(each.against))}: {each.consequence}.")
    if each.steps != STEPS:
        facts.append(f"- Reminders: {', '.join(_step(step) for step in each.steps) or 'weekly when late'}.")
    for said, told in (
        (f"The first time it takes {each.passes} in a row", each.passes > 1),
        ("Two persons sign", each.two_persons),
        ("Nothing but the day is kept", each.dates_only),
        (f"Fulfilled by {each.hours or 0:g} hours", each.hours is not None),
        ("Counted from the beginning, however early it is done", each.anchored),
        ("An accreditor gives a window, which is off unless the site asks for it", each.windows),
        (f"Tasks: {', '.join(each.tasks)}", bool(each.tasks)),
    ):
        if told:
            facts.append(f"- {said}.")
    notes = f"\n{each.notes.strip()}\n" if each.notes else ""
    return f"## {each.id}\n\n{each.what}.\n\n" + "\n".join(facts) + f"\n{notes}"


def _whom(each: Obligation) -> str:
    applies = each.applies
    words = " or ".join(sorted(applies.roles or applies.kinds))
    more = f" of category {_all(applies.category)}" if applies.category else ""
    waste = f", where the waste regime is {_all(applies.waste)}" if applies.waste else ""
    return f"{WHO[each.kind]} {words}".strip() + more + waste


def _case(case: Case) -> str:
    where = f"category {_all(case.category)}" if case.category else ""
    where = where or (f"waste regime {_all(case.waste)}" if case.waste else "")
    often = "Once" if str(case.every) == "once" else f"Every {case.every}"
    return f"{often}{f', {where}' if where else ''}: {case.rule}"


def _all(words: frozenset[int] | frozenset[str]) -> str:
    return " or ".join(map(str, sorted(words)))


def _first(each: Obligation) -> str:
    if each.before:
        return "before the first work"
    return f"after {each.first}" if each.first else "after the interval"


def _step(days: int) -> str:
    if not days:
        return "on the day"
    plural = "" if abs(days) == 1 else "s"
    return f"{abs(days)} day{plural} {'before' if days > 0 else 'late'}"
