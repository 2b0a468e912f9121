"""From when a sample can be read, by the readings of its incubators, on the page and by the command."""

import argparse
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import year
from forms import get, post, words
from year import NOW, PROGRAMME, ask, core_of, pages_of

from hdmonitor import cli_compliance
from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.due import by_key
from hdmonitor.events import Complete, Outcome
from hdmonitor.incubators import waiting
from hdmonitor.journal import Journal
from hdmonitor.model import Quality, Reading
from hdmonitor.reader import Reader
from hdmonitor.site import load_site

INCUBATORS = """  warm: { name: Incubator 1, kind: incubator-30-35, room: pharmacy }
  cool: { name: Incubator 2, kind: incubator-20-25, room: pharmacy }
  old: { name: Incubator 3, kind: incubator-30-35, room: pharmacy }
points:
  warm: { at: warm, measures: temperature, topic: w, family: plain, field: value, unit: degC, every: "10m" }
  cool: { at: cool, measures: temperature, topic: c, family: plain, field: value, unit: degC, every: "10m" }
"""
TAKEN = datetime(2026, 11, 16, 15, tzinfo=UTC)  # Monday, 10:00 in New York, four days before
HOUR = timedelta(hours=1)
BY_THE_CLOCK = "20 to 25 degC by the clock: no incubator was named"


@pytest.fixture
def site_file(tmp_path):
    text = year.SITE_FILE.read_text(encoding="utf-8").replace("points:\n", INCUBATORS, 1)
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def site(site_file, monkeypatch):
    """Give the site of the year with three incubators, two of them watched."""
    site, problems = load_site(site_file)
    assert [each for each in problems if not each.warning] == []
    monkeypatch.setattr(year, "SITE", site)
    return site


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "journal.db"
    Journal.open(path).close()
    return path


def at(usual, other=None, span=(0, 0)):
    """Return what an incubator measures at so many hours: its usual temperature, another one in a span."""
    return lambda hours: other if span[0] <= hours < span[1] else usual


WARM, COOL = at(32.5), at(22.0)


def record(path, point="warm", value=WARM, until=NOW):
    """Record a reading every ten minutes since an hour before the sample was taken; none where it is None."""
    times = [TAKEN + n * HOUR / 6 for n in range(-6, int((until - TAKEN) / HOUR * 6) + 1)]
    told = [(moment, value((moment - TAKEN) / HOUR)) for moment in times]
    readings = [Reading(point, each, moment, moment) for moment, each in told if each is not None]
    journal = Journal.open(path)
    journal.commit(Outcome(readings=readings), at=NOW)
    journal.close()


def sample(*places, obligation="garbing-fingertip"):
    filed = [{"incubator": id_, "since": (TAKEN + hours * HOUR).isoformat()} for id_, hours in places]
    values = {"incubation": filed} if filed else {}
    return Completion(
        obligation, "technician-3", date(2026, 11, 16), Result.NOT_JUDGED, "quality-1", values=values
    )


def awaited(site, path, *entries, now=NOW):
    """Return from when what was filed can be read, and how that was counted."""
    with Reader(path) as reader:
        found = waiting(site, PROGRAMME, by_key(entries), reader, now)
    return [(f"{each.sample.ready_on:%m-%d}", each.sample.says) for each in found]


def test_a_sample_without_an_incubator_is_counted_by_the_clock_and_says_so(site, journal):
    assert awaited(site, journal, sample()) == [("11-23", "by the clock: no incubator was named")]


def test_an_incubator_that_was_seen_in_band_all_the_time_pauses_nothing(site, journal):
    record(journal)

    assert awaited(site, journal, sample(("warm", 0))) == [("11-23", BY_THE_CLOCK)]


def test_the_reading_before_a_sample_was_put_in_vouches_for_its_first_minutes(site, journal):
    record(journal)

    assert awaited(site, journal, sample(("warm", 1 / 12))) == [("11-23", BY_THE_CLOCK)]


@pytest.mark.parametrize(
    ("value", "ready"),
    [
        (30.0, ("11-23", BY_THE_CLOCK)),
        (35.0, ("11-23", BY_THE_CLOCK)),
        (29.999, ("11-24", f"paused 15 h: Incubator 1 was out of its band; {BY_THE_CLOCK}")),
        (35.001, ("11-24", f"paused 15 h: Incubator 1 was out of its band; {BY_THE_CLOCK}")),
        (None, ("11-24", f"paused 14 h 40 min: nobody watched Incubator 1; {BY_THE_CLOCK}")),
    ],
)
def test_its_clock_stands_while_the_incubator_is_out_of_band_or_not_watched(site, journal, value, ready):
    record(journal, value=at(32.5, value, (10, 25)))

    assert awaited(site, journal, sample(("warm", 0))) == [ready]


@pytest.mark.parametrize(("days", "ready"), [(21, "12-14"), (300, "12-14"), (20, "12-13")])
def test_a_sample_that_nobody_reads_is_looked_at_for_three_weeks(site, journal, days, ready):
    found = awaited(site, journal, sample(("warm", 0)), now=TAKEN + days * 24 * HOUR)

    assert found == [(ready, f"paused {min(days, 21)} d: nobody watched Incubator 1; {BY_THE_CLOCK}")]


def test_an_incubator_that_is_silent_now_does_not_bring_the_day_nearer(site, journal):
    record(journal, until=TAKEN + 40 * HOUR)

    ((ready, says),) = awaited(site, journal, sample(("warm", 0)))

    assert ready == "11-25"  # 7 h 30 min are left now, on Friday, and five days after that
    assert says == f"paused 2 d 7 h: nobody watched Incubator 1; {BY_THE_CLOCK}"


def test_faults_and_values_that_the_broker_repeated_are_not_watching(site, journal):
    record(journal, until=TAKEN + 10 * HOUR)
    lost = [
        Reading("warm", None, TAKEN + 10.1 * HOUR, NOW, Quality.FAULT, "open circuit"),
        Reading("warm", 32.5, TAKEN + 20 * HOUR, NOW, Quality.RETAINED),
    ]
    journal_ = Journal.open(journal)
    journal_.commit(Outcome(readings=lost), at=NOW)
    journal_.close()

    ((_, says),) = awaited(site, journal, sample(("warm", 0)), now=TAKEN + 21.1 * HOUR)

    assert says == f"paused 11 h: nobody watched Incubator 1; {BY_THE_CLOCK}"


def test_an_incubator_without_a_sensor_is_counted_by_the_clock_and_says_that_nobody_watched(site, journal):
    assert awaited(site, journal, sample(("old", 0))) == [
        ("11-23", f"by the clock: nobody watched Incubator 3; {BY_THE_CLOCK}")
    ]


def test_the_second_incubator_counts_from_the_move(site, journal):
    record(journal)
    record(journal, "cool", at(22.0, 26.0, (70, 73)))

    assert awaited(site, journal, sample(("warm", 0), ("cool", 60))) == [
        ("11-24", "paused 3 h: Incubator 2 was out of its band")
    ]


@pytest.mark.parametrize(("moved", "says"), [(48, ""), (47.5, "incubated 47.5 h of 48 h at 30 to 35 degC")])
def test_a_sample_that_was_moved_too_early_says_so(site, journal, moved, says):
    record(journal)
    record(journal, "cool", COOL)

    assert awaited(site, journal, sample(("warm", 0), ("cool", moved))) == [("11-23", says)]


def test_a_media_fill_is_seven_days_at_each_temperature(site, journal):
    record(journal, "cool", COOL)
    entry = sample(("cool", 0), obligation="aseptic-manipulation")

    assert awaited(site, journal, entry) == [("11-30", "30 to 35 degC by the clock: no incubator was named")]


def test_an_incubator_that_has_left_the_site_leaves_the_day_to_the_clock(site, journal):
    assert awaited(site, journal, sample(("sold", 0))) == [
        ("11-23", "by the clock: sold is no incubator of the site now")
    ]


def test_a_paused_sample_is_overdue_by_its_own_day(site, journal):
    record(journal, value=at(32.5, 36.0, (10, 25)))
    with Reader(journal) as reader:
        (found,) = waiting(site, PROGRAMME, by_key([sample(("warm", 0))]), reader, NOW)

    assert not found.sample.late(date(2026, 11, 27))
    assert found.sample.late(date(2026, 11, 28))


# --- filed, on the page, and by the command ---------------------------------------------

DUTY = "/compliance/duty?obligation=garbing-fingertip&subject=technician-3"
FIELDS = {
    "obligation": "garbing-fingertip",
    "subject": "technician-3",
    "on": "2026-11-16",
    "run": "1",
    "result": "not-judged",
    "incubator1": "warm",
    "since1": "2026-11-16T10:00",
}


def paused(path):
    record(path, value=at(32.5, 36.0, (10, 25)))


@pytest.mark.usefixtures("site")
def test_a_sample_names_its_incubator_on_the_page_and_the_page_tells_of_its_pause(journal):
    paused(journal)
    with pages_of(journal) as (url, cookies):
        status, _ = post(url, cookies, "/compliance/done", DUTY, FIELDS)
        shown = words(get(url, cookies, "/compliance").decode())
        with Reader(journal) as reader:
            (entry,) = reader.completions()
        again = get(url, cookies, f"{DUTY}&correct={entry.number}").decode()

    assert status == 200
    assert entry.values == {"incubation": [{"incubator": "warm", "since": "2026-11-16T10:00:00-05:00"}]}
    assert (
        "Technician 3: fingertip test , taken 2026-11-16, to be read from 2026-11-24 on"
        f" paused 15 h: Incubator 1 was out of its band; {BY_THE_CLOCK}"
    ) in shown
    assert '<option value="warm" selected>' in again  # still there when it is moved, or read
    assert 'value="2026-11-16T10:00"' in again


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"since1": ""}, "When was it put into the incubator?"),
        ({"incubator1": ""}, "Which incubator since 2026-11-16T10:00?"),
        ({"incubator1": "bsc-1"}, "Which incubator since 2026-11-16T10:00?"),
        ({"since1": "2026-11-20T10:01"}, "2026-11-20 10:01 has not come yet"),
    ],
)
def test_an_incubation_that_is_half_said_or_not_begun_is_not_filed(journal, change, says):
    with pages_of(journal) as (url, cookies):
        _, text = post(url, cookies, "/compliance/done", DUTY, {**FIELDS, **change})
        with Reader(journal) as reader:
            assert reader.completions() == []

    assert says in words(text)


@pytest.mark.usefixtures("site")
def test_the_command_tells_which_results_are_awaited_and_which_are_overdue(site_file, journal, capsys):
    paused(journal)
    with core_of(journal) as put:
        assert ask(put, Complete(sample(("warm", 0)))) == ""
        early = replace(sample(), subject="technician-2", on=date(2026, 11, 9))
        assert ask(put, Complete(early)) == ""
    options = {"person": None, "asset": None, "room": None, "all": False, "json": False, "site": site_file}

    cli_compliance.run(argparse.Namespace(**options, on=None), journal, lambda: NOW)
    both = capsys.readouterr().out.splitlines()
    one = options | {"person": "technician-3"}
    cli_compliance.run(argparse.Namespace(**one, on=date(2026, 11, 28)), journal, lambda: NOW)
    only = capsys.readouterr().out.splitlines()

    told = f"paused 15 h: Incubator 1 was out of its band; {BY_THE_CLOCK}"
    two, three = "  Technician 2 (technician-2)", "  Technician 3 (technician-3)"
    late = "overdue, could be read since"
    clock = "(by the clock: no incubator was named)"
    where = both.index("RESULTS AWAITED")
    assert sorted(both[where + 1 : -1]) == [
        f"{two}: fingertip test, taken 2026-11-09, {late} 2026-11-16 {clock}",
        f"{three}: fingertip test, taken 2026-11-16, to be read from 2026-11-24 ({told})",
    ]
    assert both[-1].startswith("2026-11-20: 189 kept, ")
    assert only[-2] == f"{three}: fingertip test, taken 2026-11-16, {late} 2026-11-24 ({told})"
