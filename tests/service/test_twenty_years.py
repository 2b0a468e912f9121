"""Twenty simulated years in five zones: every notice exactly once, none missing.

What falls due when is worked out here a second time, with arithmetic of its own.
"""

from calendar import monthrange
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from houses import House
from programmes import asset, done, person, programme, raised

from hdmonitor.completions import Result
from hdmonitor.events import ClockStepped, Kind

FIRST, LAST = date(2026, 1, 5), date(2046, 1, 5)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MONTHS = {  # and for who makes category 3
    "garbing-fingertip": (6, 3),
    "aseptic-manipulation": (6, 3),
    "knowledge-training": (12, 12),
    "pressure-gauge-check": (6, 6),
    "thermometer-check": (12, 12),
    "hood-certification": (6, 6),
    "spill-kit": (1, 1),
}
USUAL, WEEKLY = (90, 30, 14, 7, 1, 0), (0,)
LATER_FIRST = ("spill-kit", "eyewash-weekly")
ZONES = ["America/New_York", "America/Phoenix", "Pacific/Auckland", "Australia/Lord_Howe", "Asia/Kathmandu"]


def kept(zone):
    subjects = [
        person("lee"),
        person("ann"),
        asset("gauge-1", "pressure-gauge"),
        asset("probe-1", "thermometer"),
        asset("bsc-1", "bsc-a2"),
        asset("kit-1", "spill-kit"),
        asset("eye-1", "eyewash"),
    ]
    from_first = [replace(each, start=FIRST) for each in subjects]
    return programme(*from_first, only=[*MONTHS, "eyewash-weekly"], zone=zone)


def months_later(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


class Reference:
    """What must be told and what may be, in an arithmetic of its own."""

    def __init__(self, keys):
        self.high = False
        self.passed, self.failed, self.row = {}, {}, Counter()
        self.lives = {key: [[*self.now(key), FIRST, None]] for key in keys}

    def now(self, key):
        """Return the due day, and half the days of the interval."""
        if key[0] == "eyewash-weekly":
            found, half = self.passed.get(key, FIRST) + 7 * DAY, 3.5
        else:
            months = MONTHS[key[0]][self.high and key[1] == "lee"]
            last = self.passed.get(key, FIRST if key[0] in LATER_FIRST else None)
            found, half = months_later(last, months) if last else FIRST, months * 365.25 / 24
        return min(found, self.failed.get(key, found)), half

    def file(self, key, result, on, today):
        if result is Result.FAIL:
            self.failed[key], self.row[key] = on, 0
        else:
            self.row[key] += 1
            if key in self.passed or key[0] != "garbing-fingertip" or self.row[key] == 3:
                self.passed[key], self.row[key] = on, 0
                self.failed.pop(key, None)
        self.moved(today)

    def moved(self, today, ended=None):
        """Note what is due otherwise from today on; with `ended`, the daemon last saw it as it was then."""
        for key, lives in self.lives.items():
            if tuple(lives[-1][:2]) != self.now(key):
                lives[-1][3] = ended or today
                lives.append([*self.now(key), today, None])

    def steps(self, until, *, least):
        """Return every step that must have been told by a day, or (not `least`) may have been."""
        found = set()
        for key, lives in self.lives.items():
            usual = WEEKLY if key[0] == "eyewash-weekly" else USUAL
            for due, half, opened, ended in lives:
                end = ended - DAY * least if ended else until
                start = opened + DAY * least
                steps = [step for step in usual if step < half]
                steps += range(-7, (due - end).days - 1, -7)
                found |= {(*key, due, step) for step in steps if max(due - step * DAY, start) <= end}
        return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("zone", ZONES)
def test_every_notice_is_told_exactly_once_and_none_is_missing(zone, capsys):  # noqa: PLR0915  # one story
    chance, clock = Random(zone), ZoneInfo(zone)
    found = kept(zone)
    now = datetime.combine(FIRST, time(8), clock).astimezone(UTC)
    house = House(found, now)
    house.play([], now)
    reference = Reference([(obligation.id, subject.key) for obligation, subject, _ in found.duties()])
    runs, newest, counts = Counter(), {}, Counter()

    def today():
        return now.astimezone(clock).date()

    while today() < LAST:
        act = chance.random()
        if act < 0.04:  # down for a minute, or for two months
            went_down = today()
            now += MINUTE * int(10 ** chance.uniform(0, 4.9))
            counts["restarts"] += 1
            if chance.random() < 0.15:
                reference.high = not reference.high
                found = raised(kept(zone), "lee", 3 if reference.high else 2)
                found = replace(found, digest=str(counts["restarts"]))
                reference.moved(today(), went_down)
                counts["categories"] += 1
            house.restart(now, found)
            house.play([], now)
        elif act < 0.06:  # the clock is put right
            step = MINUTE * chance.choice([-90, -60, -1, 1, 60, 90])
            if (now + step).astimezone(clock).date() == today():
                now += step
                house.play([ClockStepped(step)], now)
                counts["steps of the clock"] += 1
        elif act < 0.55:
            key = min(chance.sample(sorted(reference.lives), 3), key=lambda each: reference.now(each)[0])
            near = (reference.now(key)[0] - today()).days < chance.choice([3, 20, 40])
            if near or chance.random() < 0.01:
                result = Result.FAIL if chance.random() < 0.05 else Result.PASS
                on = max(today() - DAY * chance.choice([0, 0, 0, 1, 2]), newest.get(key, FIRST), FIRST)
                newest[key] = on
                runs[key, on] += 1
                refused = house.file(done(*key, str(on), result, run=runs[key, on]), now)
                assert refused == ""
                reference.file(key, result, on, today())
                counts["filed"] += 1
        else:
            now += MINUTE * int(10 ** chance.uniform(0, 3.8))
            house.play([], now)
    house.play([], now)

    told = [(each.obligation, each.subject, each.due, each.step) for each in house.reminders]
    must, may = reference.steps(today(), least=True), reference.steps(today(), least=False)
    messages = Counter((each.event, each.destination) for each in house.notices)
    spoken = [each for each in house.events if each.kind is Kind.DUE_TOLD]
    figures = {
        "notices": len(told),
        "twice": len(told) - len(set(told)),
        "missing": len(must - set(told)),
        "out of place": len(set(told) - may),
        "messages": len(messages),
        **counts,
    }
    with capsys.disabled():
        print(f"\n{zone}: {figures}", end="")  # noqa: T201  # the counts are what is asked for
    assert len(told) > 2000
    assert max(Counter(told).values()) == 1
    assert must - set(told) == set()
    assert set(told) - may == set()
    # Each message goes once, and each event that tells something has one for each of its destinations.
    assert set(messages.values()) == {1}
    assert [each.detail["destinations"] for each in spoken] == [
        [to for number, to in messages if number == each.number] for each in spoken
    ]
    assert [step for each in spoken for step in each.detail["steps"]] == grouped(house.reminders)


def grouped(reminders):
    """Return reminders as events tell them: one list for each due day of each event."""
    found = {}
    for each in reminders:
        key = (each.event, each.obligation, each.subject, each.due)
        found.setdefault(key, [each.obligation, each.subject, each.due.isoformat()]).append(each.step)
    return list(found.values())
