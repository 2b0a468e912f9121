"""What a phone shows: the words of every message.

The title and the first sentence say what was measured, then comes what to do,
and last the alarm's id. A message never says that something is in order and
never releases stock: it says who decides. Names are shown as the site wrote
them; all other words are ASCII.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hdmonitor.alerts import fitting, sums
from hdmonitor.alerts.situation import Situation
from hdmonitor.events import HELP, About
from hdmonitor.model import Force, Level, Priority, Response, Side, Threshold

__all__ = [
    "Situation",
    "Text",
    "acknowledged",
    "cleared",
    "last_seen",
    "opened",
    "readings_due",
    "withdrawn",
    "withdrawn_title",
    "write_up",
]

SPARE_UNITS = 2  # named in one message

CRITICAL_ROOM = 48  # characters for the units behind a gateway that cannot wait
INSTRUCTIONS = {  # where a rule gives none
    "limit": "Look at it now",
    "exposure": "Tag HOLD, ask the maker",
    "silent": "Read the gauge by hand, enter it",
    "never-heard": "Read the gauge by hand, check the sensor",
    "fault": "Read the gauge by hand, check the sensor",
    "suspect": "Read the gauge by hand, compare",
    "battery": "Change the battery",
    "clock": "Set the clock of the sensor",
    "self": "Check the monitor, read gauges by hand",
    "gateway": "Check its power. Read gauges now, enter every 30 min",
}
LATE_CONTAINMENT = "Work done meanwhile is in question: a pharmacist decides."
LATE_STOCK = "Stock HOLD, do not discard: a pharmacist decides."
FACTS = {  # title and sentence of an alarm that is not about a limit
    "never-heard": ("BLIND: {name} never heard", "No reading {since}."),
    "fault": ("SENSOR FAULT: {name}", "No value {since}{because}."),
    "suspect": ("DOUBTED: {name}", "Doubted {since}{because}. Its limits are judged as ever."),
    "battery": ("Battery low: {name}", "{left}Low {since}."),
    "clock": ("Wrong clock: {name}", "Its time is not believed {since}{because}."),
}
ENDS = {
    "silent": ("{name} heard again", "Silent {lasted}. What happened meanwhile is not known."),
    "never-heard": ("{name} heard at last", "Silent {lasted}. What happened meanwhile is not known."),
    "fault": ("{name} measures again", "No value {lasted}. What happened meanwhile is not known."),
    "suspect": ("{name} no longer doubted", "It was doubted {lasted}."),
    "battery": ("Battery no longer low: {name}", "It was low {lasted}."),
    "clock": ("Clock believed again: {name}", "It was wrong {lasted}."),
    "self": ("{name} works again", "Alarm stood {lasted}."),
    "gateway": ("{name} is there again", "Gone {lasted}. Each unit reports or alarms by itself."),
    "limit": ("{name}: alarm closed", "Alarm stood {lasted}."),
}
OWN_TITLES = {
    "broker": "BLIND: no connection to the broker",
    "canary": "BLIND: the broker passes no messages",
    "influx": "InfluxDB takes no data",
    "notify": "NOT REACHED: {name}",
    "disk": "DISK NEARLY FULL: the record may stop",
    HELP: "HELP, ALONE: {name}",
    "nobody": "NOBODY REACHED: call them yourself",
}
OWN_ENDS = {
    "broker": "Broker connected again",
    "canary": "Broker passes messages again",
    "influx": "InfluxDB takes data again",
    "notify": "Messages reach {name} again",
    "disk": "Disk has room again",
    HELP: "{name}: no longer alone",
    "nobody": "Somebody can be reached again",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A message as a phone shows it."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Fact:
    """What is wrong: titles with {name}, the fullest first, and two sentences."""

    titles: tuple[str, ...]
    beside: str  # the sentence for a body under a title that gives the figure
    alone: str  # the sentence where the title says something else
    figure: str = ""  # as those titles give it


def title_of(s: Situation, zone: str) -> str:
    """Say what an alarm is called; asks neither for `move_to` nor for `outlook`."""
    return fitting.title(s.name, _fact(s, zone).titles)


def opened(s: Situation, zone: str, about: About = About.OPENED) -> Text:
    """Say what is wrong and what to do; `about` says why it is said now."""
    fact = _fact(s, zone)
    title = fitting.title(s.name, fact.titles)
    parts = (
        (0 if s.comings else 1, _mark(s, zone, about)),
        (0, fact.beside if fact.figure in title else fact.alone),
        (1, _stale(s, zone)),
        (1, f"Read by hand: {fitting.shortened(s.by_hand, 40)}." if s.by_hand else ""),
        (0, _instruction(s)),
        (1, _critical(s)),
        (2, _forbidden(s)),
        (2, _where_to(s)),
        *((2, each) for each in s.outlook),
        (3, f"Door {s.door}." if s.door and s.cause == "limit" else ""),
        (4, _whom_to_call(s)),
        (5, _how_binding(s)),
    )
    return Text(title, fitting.body(s.alarm, parts))


def acknowledged(s: Situation, zone: str, by: str, about_note: str) -> Text:
    """Say who answered, what they wrote, and how it stands."""
    who = f"By {fitting.shortened(by, 40)}."
    note = _sentence(f"Note: {fitting.shortened(about_note, 60)}") if about_note.strip() else ""
    parts = ((0, who), (0, _fact(s, zone).alone), (1, note))
    return Text(fitting.title(s.name, ("Answered: {name}",)), fitting.body(s.alarm, parts))


def cleared(s: Situation, zone: str) -> Text:
    """Say that an alarm ended, and what that does not decide."""
    titles, sentences = _end(s, f"for {s.lasted} from {s.clock(s.began_at, zone)}")
    parts = tuple((0, sentence) for sentence in sentences)
    return Text(fitting.title(s.name, titles), fitting.body(s.alarm, parts))


def readings_due(names: Sequence[str], alarm: str) -> Text:
    """Ask for the readings by hand that are overdue, the most urgent first."""
    count = f"{len(names)} units" if len(names) > 1 else "{name}"
    first = ", ".join(fitting.shortened(name, 30) for name in names[:3])
    more = f" and {len(names) - 3} more" if names[3:] else ""
    parts = (
        (0, "Blind, and not read for 30 min."),
        (0, "Read the gauge now, enter it."),
        (1, f"{first}{more}."),
    )
    return Text(fitting.title(names[0], (f"READING DUE: {count}",)), fitting.body(alarm, parts))


def write_up(name: str, alarm: str) -> Text:
    """Remind of an alarm that is over and that nobody has written up."""
    parts = (
        (0, "Over, and nobody has written it up."),
        (0, "Write down cause, action and what becomes of stock."),
    )
    return Text(fitting.title(name, ("TO WRITE UP: {name}",)), fitting.body(alarm, parts))


def withdrawn(s: Situation, zone: str) -> Text:
    """Say that an alarm should not have been, and that this lifts no hold."""
    if s.rule.latched:
        rule = "Restart only after decontaminating, waiting, and a pharmacist's word."
    elif s.rule.holds_stock:
        rule = "Stock stays on HOLD until a pharmacist decides."
    else:
        rule = "Write down what was done."
    because = f"Readings that came late do not show the alarm of {s.clock(s.began_at, zone)}."
    return Text(withdrawn_title(s.name), fitting.body(s.alarm, ((0, because), (0, rule))))


def withdrawn_title(name: str) -> str:
    """Return what an alarm is called that late data took back."""
    return fitting.title(name, ("{name}: withdrawn by late data",))


# --- what is wrong ----------------------------------------------------------


def _fact(s: Situation, zone: str) -> Fact:
    since = f"since {s.clock(s.began_at, zone)}"
    told = fitting.shortened(s.text, 100).rstrip(".")
    if s.cause == "limit":
        if s.threshold is None or s.value is None:
            return _plain("{name}: outside its limits", f"Outside {since}.")
        return _limit(s, s.threshold, s.value, since)
    if s.cause in WORDED:
        return WORDED[s.cause](s, since)
    if s.cause == "self":
        return _plain(OWN_TITLES.get(s.subject, "{name}"), f"{_capital(told) or 'Wrong'}, {since}.")
    title, sentence = FACTS[s.cause]
    because = f": {told}" if told else ""
    left = f"{s.value:.0f} % left. " if s.value is not None else ""
    return _plain(title, sentence.format(since=since, because=because, left=left))


def _plain(title: str, sentence: str) -> Fact:
    return Fact((title,), sentence, sentence)


def _sum(s: Situation, since: str) -> Fact:
    """Word what readings add up to; both means where some readings are doubted."""
    exposure, figure = s.exposure, s.value
    if exposure is None or figure is None:
        return _plain("{name}: too much in all", f"Outside in all {since}.")
    limit = s.threshold or s.rule.thresholds[0]
    doubt = f" {_sentence(s.text)}" if s.text else ""
    alone = sums.sentence(exposure, limit, figure, since)
    beside = sums.beside(exposure, limit, since)
    return Fact(
        sums.titles(exposure, limit, figure),
        beside + doubt,
        alone + doubt,
        sums.shown(exposure, limit, figure),
    )


def _silent(s: Situation, since: str) -> Fact:
    if s.value is None:
        return _plain("BLIND: {name} silent", f"Silent {since}.")
    was = f"was {s.shown(s.value)}"
    sentence = f"Silent {since}, {was}{s.trend(' and ')}."
    if not s.was_outside:
        return _plain("BLIND: {name} silent", sentence)
    return Fact((f"BLIND: {{name}}, {was}{s.trend(' ')}", f"BLIND: {{name}}, {was}"), sentence, sentence)


def _gateway(s: Situation, since: str) -> Fact:
    """Word a gateway by what stands behind it, and quote what was outside when it was last seen."""
    gone = f"{fitting.shortened(s.name, 30)} gone {since}"
    if s.behind is None:
        return _plain("BLIND: {name} gone", f"{gone}.")
    outside = s.behind.outside
    sentence = f"{gone}; {outside[0]}." if outside else f"{gone}."
    if outside[1:]:
        sentence = f"{gone}; {outside[0]}, {len(outside) - 1} more outside."
    count = f"BLIND: {s.behind.units} unit{'' if s.behind.units == 1 else 's'} unwatched"
    return Fact((f"{count}, {s.behind.place}", count), sentence, sentence)


def _critical(s: Situation) -> str:
    """List the units behind a gateway that cannot wait."""
    names = s.behind.critical if s.behind is not None else ()
    listed, room = [name for name in names if len(name) <= CRITICAL_ROOM], CRITICAL_ROOM
    shown: list[str] = []
    for name in listed:
        if len(name) + 2 > room:
            break
        shown.append(name)
        room -= len(name) + 2
    return f"First: {', '.join(shown)}." if shown else ""


def last_seen(s: Situation) -> str:
    """Say what a point was when it was last heard: "HD Fridge 2 was 9.5 C and rising"."""
    if s.value is None:
        return f"{fitting.shortened(s.name, 30)} was never heard"
    return f"{fitting.shortened(s.name, 30)} was {s.shown(s.value)}{s.trend(' and ')}"


def _late(s: Situation, since: str) -> Fact:
    """Word an excursion that is over and that nobody knew of."""
    if s.threshold is None or s.peak is None:
        return _plain("LATE DATA: {name}", f"Outside {since}.")
    shown, bound = s.shown(s.peak), _bound(s, s.threshold)
    titles = (
        f"LATE DATA: {{name}} was {shown}, {bound}",
        f"LATE DATA: {{name}} was {shown}",
        "LATE DATA: {name}",
    )
    lasted = f"Out for {s.lasted} {since}, told late"
    return Fact(titles, f"{lasted}; {bound}.", f"{lasted}: {shown}, {bound}.", shown)


WORDED = {"silent": _silent, "gateway": _gateway, "exposure": _sum, "late": _late}


def _limit(s: Situation, limit: Threshold, value: float, since: str) -> Fact:
    """Word a value beyond a limit, or inside again while its alarm still stands."""
    shown = s.shown(value)
    if not limit.outside(value):
        was = f"now {shown}, was {s.beyond(limit)}"
        return Fact((f"{{name}}: {was}",), f"Alarm stands {since}.", f"Alarm {since}, {was}.")
    if s.is_state:
        return _state(s, limit, shown, since)
    if s.point.quantity in ("differential_pressure", "air_velocity", "airflow"):
        return _air(s, limit, shown, since)
    return _measured(s, limit, shown, since)


def _state(s: Situation, limit: Threshold, shown: str, since: str) -> Fact:
    """Word a door, a fan, the mains."""
    sentence = f"{_capital(shown)} {since}."
    if s.point.quantity == "mains":
        return _plain("POWER OUT: {name}", f"Mains {shown} {since}.")
    if s.point.quantity == "contact":
        return Fact((f"{{name}} {shown} {since}",), f"Still {shown}.", sentence)
    title = f"{{name}} {limit.name.upper()}{': hands out' if s.is_hood else ''}"
    return Fact((title,), sentence, f"{_capital(limit.name)} {since}.")


def _air(s: Situation, limit: Threshold, shown: str, since: str) -> Fact:
    """Word a pressure or the air of a hood; the worst of them without a figure in the title."""
    against = f" to {s.beside}" if s.beside else ""
    full = f"{shown}{against}, need {s.need}, out {since}."
    if s.rule.response is Response.CONTAINMENT and limit.priority is Priority.CRITICAL:
        loud = (
            f"{{name}} {limit.name.upper()}: hands out" if s.is_hood else "STOP HD WORK: {name} not negative"
        )
        return Fact((loud,), full, full)
    if s.is_room_pressure and limit.level is Level.CRITICAL:
        return Fact(("STERILITY AT RISK: {name}",), full, full)
    what = " pressure" if s.is_room_pressure else ""
    titles = (
        f"{{name}}{what} {limit.name}: {shown}",
        f"{{name}} {limit.name}: {shown}",
        f"{{name}} {limit.name}",
    )
    needed = f"Need {s.need}{against}"
    return Fact(titles, f"{needed}, out {since}.", full, shown)


def _measured(s: Situation, limit: Threshold, shown: str, since: str) -> Fact:
    """Word a temperature, a humidity or a charge."""
    quoted = limit if s.value is None else s.known_limit(s.value) or limit
    bound = _bound(s, quoted)
    if s.rule.force is Force.SHOULD:
        beside = f"Advice (SHOULD), not a duty. Beyond it {since}."
    elif quoted.level is Level.WARNING:
        beside = f"Warning {since}; need {s.need}."
    else:
        beside = f"Out {since}."
    plain, trend = f"{shown}, {bound}", s.trend(", ")
    titles: tuple[str, ...] = (f"{{name}}: {plain}{trend}", f"{{name}}: {plain}")
    if limit.level is Level.CRITICAL:
        loud = f"{{name}} {limit.name.upper()}: {plain}"
        titles = (f"{loud}{trend}", loud, *titles)
    return Fact(titles, beside, f"{plain}{trend}, out {since}.", plain)


def _bound(s: Situation, limit: Threshold) -> str:
    if s.rule.force is Force.SHOULD:
        return f"advised {'max' if limit.side is Side.HIGH else 'min'} {s.figure(limit)}"
    return f"{'warns at' if limit.level is Level.WARNING else 'limit'} {s.figure(limit)}"


# --- how it ended -----------------------------------------------------------


def _end(s: Situation, lasted: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return titles, the fullest first, and sentences."""
    if s.cause == "limit" and s.value is not None:
        return _back(s, s.value)
    if s.exposure is not None:
        return _sum_over(s, lasted)
    title, sentence = ENDS[s.cause]
    if s.cause == "self":
        title = OWN_ENDS.get(s.subject, title)
    titles: tuple[str, ...] = (title,)
    if s.cause in ("silent", "never-heard", "fault") and s.value is not None:
        titles = (f"{title}: {s.shown(s.value)}", title)
    outside = ("It was outside before: a pharmacist decides.",) if s.was_outside else ()
    return titles, (sentence.format(lasted=lasted), *outside)


def _sum_over(s: Situation, lasted: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Word the end of what added up: the window has moved on, the goods have not forgotten."""
    worst = s.known_limit(s.peak) if s.peak is not None else None
    limit = worst or s.rule.thresholds[0]
    stood = f"{_capital(limit.name)} {lasted}."
    if s.rule.holds_stock and s.reached_alarm:
        rule = "Nothing is released until a pharmacist decides."
        return ("{name}: alarm over, STOCK ON HOLD",), (stood, rule)
    return (f"{{name}}: no longer {limit.name}",), (stood, "Write down what was done.")


def _back(s: Situation, value: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Word the return of a value, and what stays forbidden until somebody decides."""
    shown, history = s.shown(value), _history(s)
    if any(limit.outside(value) for limit in s.rule.thresholds):
        sentence = f"Closed by a person while outside: need {s.need}. It opens again if it lasts."
        return (f"{{name}}: {shown}, alarm closed", "{name}: alarm closed"), (sentence,)
    returned = f"{{name}} back to {shown}"
    if s.is_state:
        returned = "{name}: power back" if s.point.quantity == "mains" else f"{{name}}: {shown} again"
    if s.rule.latched:
        rule = "Restart only after decontaminating, waiting, and a pharmacist's word."
        return (f"{{name}} {s.part} back: NOT OK to restart",), (history, rule)
    if s.rule.holds_stock and s.reached_alarm:
        rule = "Nothing is released until a pharmacist decides."
        return (f"{returned}, STOCK ON HOLD", f"{{name}} {shown}, STOCK ON HOLD"), (history, rule)
    if s.rule.response is Response.CONTAINMENT and s.point.quantity == "differential_pressure":
        if s.latched:
            rule = "NOT READY: red until decontaminated and a pharmacist signs."
            return (f"{returned}: NOT READY", f"{{name}} {shown}: NOT READY"), (history, rule)
        return (returned,), (history, "No HD work until a pharmacist decides.")
    return (returned,), (history, "Write down what was done.")


def _history(s: Situation) -> str:
    """Tell how long it was outside, and how far."""
    limit = None if s.peak is None else s.known_limit(s.peak)
    how = f"{'Out' if s.ended_at else 'Alarm stood'} for {s.lasted}"
    if limit is None or s.peak is None or s.is_state:
        return f"{how}."
    if s.point.quantity != "temperature":
        return f"{how}, worst {s.shown(s.peak)}, need {s.need}."
    far = "peak" if limit.side is Side.HIGH else "lowest"
    return f"{how}, {far} {s.shown(s.peak)}, {_bound(s, limit)}."


# --- what to do -------------------------------------------------------------


def _mark(s: Situation, zone: str, about: About) -> str:
    match about:
        case About.RAISED:
            return "Now worse."
        case About.OPENED if s.comings is not None:
            return f"Comes and goes, {s.comings.times} times since {s.clock(s.comings.since, zone)}."
        case About.ESCALATED if s.unanswered_since is not None:
            return f"Not answered since {s.clock(s.unanswered_since, zone)}."
        case About.ESCALATED:
            return "Not answered."
        case About.REPEATED:
            return "Reminder, still open."
        case _:
            return ""


def _instruction(s: Situation) -> str:
    """Give the rule's instruction; a mild warning says that it is not time for it yet."""
    if s.cause == "late":
        return LATE_CONTAINMENT if s.rule.response is Response.CONTAINMENT else LATE_STOCK
    told = fitting.plain(s.rule.instruction) or INSTRUCTIONS[s.cause]
    if s.cause == "self" and s.subject == HELP:
        told = "Go there now with a second person. Spill kit, gloves, gown, respirator first"
    limit = s.threshold if s.cause == "limit" and s.rule.force is not Force.SHOULD else None
    if limit is not None and limit.level is Level.WARNING and limit.priority < Priority.HIGH:
        told = f"Check it. If worse: {told[:1].lower()}{told[1:]}"
    return _sentence(told)


def _forbidden(s: Situation) -> str:
    """Name what must not be done, where the instruction does not name it."""
    if s.cause != "limit" or s.threshold is None or s.threshold.level is Level.WARNING:
        return ""
    if s.rule.latched:
        return "Air back is NOT OK: decontaminate, wait, pharmacist."
    if not s.rule.holds_stock:
        return ""
    told = s.rule.instruction.lower()
    missing = [words for words in ("stock HOLD", "do not discard") if words.split()[-1].lower() not in told]
    return f"{_capital(', '.join(missing))}." if missing else ""


def _where_to(s: Situation) -> str:
    """Name the units that stock may move to now, or say that there is none."""
    if s.move_to is None or s.cause != "limit" or s.threshold is None:
        return ""
    if s.threshold.level is Level.WARNING:
        return ""
    if not s.move_to:
        return "No unit to move to."
    return f"Move only to {' or '.join(s.move_to[:SPARE_UNITS])}."


def _how_binding(s: Situation) -> str:
    """Say that a limit is in no standard, or that nobody has confirmed it; a duty needs no word."""
    if s.cause != "limit" or s.threshold is None or s.threshold.level is Level.WARNING:
        return ""
    sure = s.rule.confidence != "unconfirmed"
    if s.threshold.force is Force.PRACTICE and not _beyond_a_duty(s):
        return "Practice, in no standard." if sure else "Practice, unconfirmed."
    return "" if sure else "Limit unconfirmed."


def _beyond_a_duty(s: Situation) -> bool:
    """Tell whether the value is beyond a limit on the same side that is more than practice."""
    assert s.threshold is not None  # noqa: S101  # the one caller looks
    side, value = s.threshold.side, s.value
    return value is not None and any(
        each.force is not Force.PRACTICE and each.side is side and each.outside(value)
        for each in s.rule.thresholds
    )


def _stale(s: Situation, zone: str) -> str:
    """Give the time of a value that is too old to speak for now."""
    if s.cause != "limit" or s.measured_at is None or s.at - s.measured_at <= s.point.valid_for:
        return ""
    return f"Last value {s.clock(s.measured_at, zone)}."


def _whom_to_call(s: Situation) -> str:
    """Name facilities for what the building does: rooms and exhaust, not a refrigerator."""
    concerned = s.point.equipment is None or s.rule.response is Response.CONTAINMENT
    return f"{s.room.call}." if s.room is not None and s.room.call and concerned else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    return f"{fitting.plain(text).rstrip('.')}."
