"""The commands `hdmonitor alarms …`: in the site's local time and in the units of its rules."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hdmonitor.adapters.control import ask
from hdmonitor.alarm_numbers import as_lines, recorded
from hdmonitor.alerts.numbers import as_json
from hdmonitor.binding import binding, rule_of
from hdmonitor.cli_shared import usable
from hdmonitor.clock import Clock
from hdmonitor.events import Alarm, Json
from hdmonitor.model import Point, Rule, Site
from hdmonitor.reader import Reader
from hdmonitor.refusal import Refusal
from hdmonitor.rows import OutboxRow, StoredEvent
from hdmonitor.settings import load_settings
from hdmonitor.site import load_site
from hdmonitor.site_limits import shown_unit
from hdmonitor.standing import KEYS, acts_of, case_key
from hdmonitor.units import QUANTITIES, show
from hdmonitor.vouched import away as planned

VALUES = ("value", "limit", "peak")
MOMENTS = ("start", "end", "alarm_at", "until")


class NotDone(Refusal):
    """An act or a question about an alarm that cannot be answered: why, what to do."""


class Speech:
    """How times and values are told; in UTC and canonical units where the site file cannot be read."""

    def __init__(self, path: Path) -> None:
        self._site: Site | None
        self._site, _ = load_site(path)
        if self._site is None:
            told = f"{path} cannot be used, see: hdmonitor check; times are UTC, units canonical"
            print(told, file=sys.stderr)
        self._zone = ZoneInfo(self._site.zone if self._site else "UTC")

    def rule(self, alarm: Alarm) -> str:
        """Name the rule of an alarm, and how binding its limit is."""
        rule = rule_of(self._site.points.get(alarm.point) if self._site else None, alarm.rule)
        told = f"rule {alarm.rule} v{alarm.version}"
        if rule is None:
            return told
        now = f" (version {rule.version} now)" if rule.version != alarm.version else ""
        return f"{told}, {binding(rule, alarm.level)}{now}"

    def aside(self, states: Mapping[str, Json], alarms: Sequence[Alarm], point: str = "") -> Iterator[str]:
        """Tell what is shelved, out of service, overridden or latched now, and until when.

        With `point`, nothing of other points.
        """
        if self._site is None:
            return
        now = Clock().now()
        acts = acts_of(self._site, states, alarms, now)
        out = {**planned(self._site, now), **dict(acts.out)}
        for each in acts.shelved:
            yield f"{each.alarm:8} SHELVED until {self.time(each.until)} by {each.by}: {each.why}"
        for name, away in sorted(out.items()):
            if point in ("", name):
                yield f"{name}: OUT OF SERVICE until {self.time(away.until)} by {away.by}: {away.why}"
        for other in acts.overridden:
            yield f"{other.place}: OVERRIDDEN until {self.time(other.until)} by {other.by}: {other.why}"
        for against in acts.against:
            yield f"{against.place}: NOT IN SERVICE, {against.reason.alarm}: {against.reason.text}"

    def time(self, at: datetime) -> str:
        """Write a moment with its zone: "2026-11-21 22:14:22 EST"."""
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M:%S %Z}"

    def detail(self, stored: StoredEvent, alarm: Alarm) -> str:
        """Write what an event says: values in the unit of the rule, the canonical one beside it."""
        detail = dict(stored.event.detail)
        point = self._site.points.get(stored.event.subject) if self._site else None
        rule = next((r for r in point.rules if r.id == detail.get("rule")), None) if point else None
        if (detail.get("rule"), detail.get("version")) == (alarm.rule, alarm.version):
            del detail["rule"], detail["version"]  # they stand above
        parts = [f"{detail.pop('from')} -> {detail.pop('to')}"] if {"from", "to"} <= detail.keys() else []
        parts += [self._part(key, value, point, rule) for key, value in detail.items() if value is not None]
        return ", ".join(parts)

    def _part(self, key: str, value: Json, point: Point | None, rule: Rule | None) -> str:
        if key in VALUES and isinstance(value, (int, float)) and point is not None:
            return f"{key} {_both(float(value), point, rule)}"
        if key in MOMENTS and isinstance(value, str):
            return f"{key} {self.time(datetime.fromisoformat(value))}"
        if isinstance(value, list):
            return f"{key} {' '.join(map(str, value))}"
        return f"{key} {value}"


def _both(value: float, point: Point, rule: Rule | None) -> str:
    """Write a value as messages do, and exactly in the canonical unit: "-0.001 in (-0.249 Pa)"."""
    quantity = QUANTITIES[point.quantity]
    limits = [limit.limit for limit in rule.thresholds] if rule else []
    shown = show(value, point.quantity, shown_unit(point, rule), *limits)
    return shown if quantity.words else f"{shown} ({value:g} {quantity.canonical})"


def listed(options: argparse.Namespace) -> int:
    """List the alarms that nobody has closed."""
    journal = usable(*load_settings(options.config)).record.journal
    with Reader(journal) as reader:
        alarms = reader.alarms(everything=options.all)
        states = _beside(reader, alarms)
    speech = Speech(options.site)
    for alarm in alarms:
        print(f"{alarm.id:8} {_stands(alarm):24} {speech.time(alarm.opened_at)}  {alarm.title}")
    if not alarms:
        print("no open alarm is on record; this does not say that all is well: see what is being watched")
    for line in speech.aside(states, alarms):
        print(line)
    return 0


def _beside(reader: Reader, alarms: Sequence[Alarm]) -> dict[str, Json]:
    """Read what people have put aside, and what is shelved of `alarms`."""
    found = {key: state for prefix in KEYS for key, state in reader.states(prefix).items()}
    return found | reader.states_of([case_key(alarm) for alarm in alarms if alarm.active])


def _stands(alarm: Alarm) -> str:
    if alarm.closed_at:
        return f"closed by {alarm.closed_by}"
    over = "over, written up, not closed" if alarm.note else "over, not documented"
    state = "ACTIVE" if alarm.active else over
    return f"{state}, {alarm.acknowledged_by}" if alarm.acknowledged_by else state


def counted(options: argparse.Namespace) -> int:
    """Tell the numbers for the quality of the alarms of the last days."""
    journal = usable(*load_settings(options.config)).record.journal
    site, _ = load_site(options.site)
    now, zone = Clock().now(), site.zone if site else "UTC"
    with Reader(journal) as reader:
        found = recorded(reader, now - timedelta(days=options.days), now, zone)
    if options.json:
        print(json.dumps(as_json(found)))
    else:
        print(*as_lines(found, site), sep="\n")
    return 0


def shown(options: argparse.Namespace) -> int:
    """Show everything about one alarm."""
    journal = usable(*load_settings(options.config)).record.journal
    with Reader(journal) as reader:
        found = reader.alarm(options.alarm)
        states = reader.states_of([case_key(found[0]), f"out:{found[0].point}"]) if found is not None else {}
    if found is None:
        raise NotDone(f"no alarm {options.alarm!r}; list them with: hdmonitor alarms list --all")
    alarm, events, messages = found
    speech = Speech(options.site)
    print(f"{alarm.id}  {alarm.title}\n{_stands(alarm)}; {alarm.point}, {speech.rule(alarm)}")
    for line in speech.aside(states, [alarm], alarm.point):
        print(line)
    for stored in events:
        event = stored.event
        print(f"{speech.time(event.at)}  {event.kind.value:12} {speech.detail(stored, alarm)}")
    for line in _messages(messages, speech):
        print(line)
    return 0


def _messages(messages: list[OutboxRow], speech: Speech) -> Iterator[str]:
    for row in messages:
        notice = row.notice
        told = f"{notice.destination}: {notice.title}; {_fate(row, speech)}"
        yield f"{speech.time(notice.at)}  message      {told}"


def _fate(row: OutboxRow, speech: Speech) -> str:
    if row.delivered_at:
        return f"delivered {speech.time(row.delivered_at)}, {row.answer}"
    if row.replaced_by:
        return "replaced by a newer one"
    return f"OWED, {row.attempts} attempts failed{': ' + row.answer if row.answer else ''}"


def close(options: argparse.Namespace) -> int:
    """Close an alarm, and say what is not over with it."""
    record = usable(*load_settings(options.config)).record
    request = {"do": "close", "alarm": options.alarm, "by": options.by, "note": options.note}
    if refusal := ask(record.socket, request).get("refused"):
        raise NotDone(str(refusal))
    more = (
        "; still outside: it arms again with the next reading"
        if _still_outside(options.alarm, record.journal)
        else ""
    )
    print(f"{options.alarm}: closed by {options.by}{more}")
    return 0


def _still_outside(id_: str, journal: Path) -> bool:
    with Reader(journal) as reader:
        found = reader.alarm(id_)
        return found is not None and reader.outside(found[0].point, found[0].rule)
