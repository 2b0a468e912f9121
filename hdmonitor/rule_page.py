"""`docs/rules.md`, written from the catalogue."""

from __future__ import annotations

from hdmonitor.catalogue import (
    ExposureEntry,
    LimitEntry,
    OwnEntry,
    PlacementEntry,
    RuleEntry,
    load_catalogue,
)
from hdmonitor.yaml_values import show_exact

INTRODUCTION = """# Rules

<!-- Written by hdmonitor.rule_page.page() from hdmonitor/rules/catalogue; a test keeps it fresh. -->

No site chooses a rule by its name: it follows from the kind of equipment or the role of the room, and
from what is measured. A site may tighten limits, never loosen them
([configuration](configuration.md#pointsidlimits)).

- **Force** is that of the source: SHALL is mandatory there, SHOULD is recommended, PRACTICE is in no
  standard. Delays, deadbands and priorities are PRACTICE everywhere.
- **Confidence** says how the number is known: *primary* read in the source itself, *secondary* read
  about it, **UNCONFIRMED** neither. Somebody with access to USP must confirm the last two before relying
  on them as law.
- **Effective** is since when the source has it so; where the source has no date, since when it stands here.
- A rule *beside* the others is judged as well as the rule of the place, not instead of it. So the strictest
  content of a unit sets its limit, and each of the two has an alarm of its own.
- A site adds [rules of its own](configuration.md#rules) and
  [switches rules off](configuration.md#switched_off) with a name and a reason;
  `hdmonitor rules explain POINT` shows what is in force at a point.
- A value *at* the limit is inside, unless the limit is written with "or".
- **Longest** is the longest delay a site may set ([why](decisions/0003-caps.md)); without one the
  delay of an alarm cannot be lengthened.
- Low priority wakes nobody.
"""


SUMS = """
## What readings add up to

These stand beside the limits of each value and take nothing from them
([why](decisions/0015-exposure.md)). A reading stands until the next one, at most for what it vouches
for; the last has no weight. A mean over a window that is covered to less than 95 % gives no verdict. It
is worked out with doubted readings and without them, and the worse governs. A site cannot change these
limits yet.
"""


def page() -> str:
    """Return `docs/rules.md`."""
    catalogue = load_catalogue()
    own = "\n## The monitor about itself\n\nThese have no limits in the catalogue; the monitor builds them.\n"
    chapters = [
        INTRODUCTION,
        *map(_rule_chapter, catalogue.rules),
        *map(_placement_chapter, catalogue.placement),
        SUMS,
        *map(_exposure_chapter, catalogue.exposures),
        own,
        *map(_own_chapter, catalogue.own),
    ]
    return "\n".join(chapters)


def _rule_chapter(rule: RuleEntry) -> str:
    times = f"off-delay {show_exact(rule.off_delay)}, deadband {rule.deadband}"
    facts = [
        *_facts(rule),
        f"- Back to normal: {times}. A reading vouches for at least {show_exact(rule.patience)}.",
    ]
    if rule.condition:
        facts.insert(0, f"- Holds: {rule.condition}.")
    if rule.beside:
        facts.append("- Judged beside the rule of the place.")
    if rule.latched:
        facts.append("- Latched: returns to service only by a named act.")
    if rule.holds_stock:
        facts.append("- An alarm puts the contents on hold.")
    rows = [
        "| Level | Outside when | Called | On-delay | Longest | Priority | Force |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_row(each, rule) for each in rule.thresholds),
    ]
    notes = f"\n{rule.notes}\n" if rule.notes else ""
    text = "\n".join((*facts, "", *rows))
    return f"## {rule.title}\n\n{_capital(rule.what)}.\n\n- For: {what_for(rule)}.\n{text}\n{notes}"


def _placement_chapter(entry: PlacementEntry) -> str:
    stock = f"- For: {', '.join(entry.kinds)} with {', '.join(entry.contents)}."
    rooms = f"- In: {', '.join(entry.roles)}, with at least {entry.air_changes}."
    text = "\n".join((stock, rooms, *_facts(entry)))
    return f"## {entry.id}\n\n{_capital(entry.what)}.\n\n{text}\n\n{entry.notes}\n"


def _exposure_chapter(entry: ExposureEntry) -> str:
    band = " and ".join(
        f"{side} {limit}" for side, limit in (("above", entry.above), ("below", entry.below)) if limit
    )
    what = {"mkt": "mean kinetic temperature", "total": "time", "event": "time without a reading inside"}
    facts = [
        *_facts(entry),
        f"- Adds up: {what[entry.measure]}{f' {band}' if band else ''}, in {show_exact(entry.window)}.",
        f"- Back to normal: off-delay {show_exact(entry.off_delay)}, deadband {entry.deadband}.",
    ]
    if entry.beside:
        facts.append("- Calls nobody while a limit alarm of the same point is open.")
    if entry.holds_stock:
        facts.append("- An alarm puts the contents on hold.")
    rows = [
        "| Level | Alarm when | Called | Priority | Force |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {t.level} | above {t.limit} | {t.name} | {t.priority} | {t.force or entry.force} |"
            for t in entry.thresholds
        ),
    ]
    notes = f"\n{entry.notes}\n" if entry.notes else ""
    text = "\n".join((*facts, "", *rows))
    return f"### {entry.id}\n\n{_capital(entry.what)}.\n\n- For: {what_for(entry)}.\n{text}\n{notes}"


def _own_chapter(entry: OwnEntry) -> str:
    facts = "\n".join((*_facts(entry), f"- Priority: {entry.priority}."))
    return f"### {entry.id}\n\n{_capital(entry.what)}.\n\n{facts}\n"


def _facts(entry: RuleEntry | OwnEntry | PlacementEntry | ExposureEntry) -> list[str]:
    sure = "**UNCONFIRMED**" if entry.confidence == "unconfirmed" else entry.confidence
    version = f"version {entry.version}, effective {entry.effective}"
    return [
        f"- Force **{entry.force}**, confidence {sure}, {version}.",
        f"- Source: {entry.source}.",
        f"- First instruction: {entry.instruction}.",
        f"- Answered by the escalation policy *{entry.response}*.",
    ]


def outside_when(each: LimitEntry) -> str:
    """Say when a value is outside: "above 8 degC", "-0.002 inH2O or more", "not closed"."""
    if not any(character.isdigit() for character in each.limit):
        return f"not {each.limit}"
    if each.ends == "exclusive":
        more = "more" if each.side == "high" else "less"
        return f"{each.limit} or {more}{' (accuracy of the gauge)' if each.gauge else ''}"
    gauge = " (accuracy of the gauge)" if each.gauge else ""
    return f"{'above' if each.side == 'high' else 'below'} {each.limit}{gauge}"


def _row(each: LimitEntry, rule: RuleEntry) -> str:
    outside = outside_when(each)
    air = f" (probe in air {show_exact(each.air_probe_delay)})" if each.air_probe_delay else ""
    longest = show_exact(each.longest) if each.longest else ""
    cells = (
        each.level,
        outside,
        each.name,
        show_exact(each.on_delay) + air,
        longest,
        each.priority,
        each.force or rule.force,
    )
    return f"| {' | '.join(cells)} |"


def what_for(rule: RuleEntry | ExposureEntry) -> str:
    """Say what a rule is for: "temperature of refrigerator"."""
    return "; ".join(
        f"{' or '.join(each.quantity)} of {', '.join((*each.kinds, *each.roles))}"
        + (f" to {', '.join(each.to)}" if each.to else "")
        + (f" with {', '.join(each.contents)}" if each.contents else "")
        + (f", {' or '.join(each.of)}" if each.of else "")
        for each in rule.applies
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
