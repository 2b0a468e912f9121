"""What the journal keeps so that late data count: snapshots, revisions, and a look back."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from service.journal_parts import ALARM, SECOND, T, event, reading

from hdmonitor.events import Excursion, Outcome, Revision, Snapshot
from hdmonitor.journal import Journal
from hdmonitor.model import Level, Quality

DAY = timedelta(days=1)
FIRST = Excursion("fridge", "659-3", "1", Level.ALARM, "high", T, T + 60 * SECOND, 9.4, 0 * SECOND, None)


@pytest.fixture
def journal(tmp_path):
    journal = Journal.open(tmp_path / "journal.db")
    yield journal
    journal.close()


def snapshot(at, first=False, point="fridge", rules="abc"):
    return Snapshot(point, at, rules, {"659-3": None, "at": at.isoformat()}, first)


def kept(journal, point="fridge"):
    """Return the moments from which the point can be judged again."""
    moments = [journal.recall(point, T + n * DAY) for n in range(-1, 200)]
    return sorted({past.snapshot.at for past in moments if past})


def test_a_look_back_gives_what_is_recorded_since_the_newest_snapshot_before(journal):
    readings = [reading(5.0, T + n * SECOND) for n in range(-2, 3)]
    late = reading(9.0, T + DAY, quality=Quality.LATE, live=False)
    retained = reading(9.0, T + 2 * SECOND + DAY, quality=Quality.RETAINED, live=False)
    ended = replace(ALARM, point="fridge", cleared_at=T + SECOND, closed_at=T + SECOND, closed_by="kim")
    documented = replace(ended, id="A2", closed_at=T + 2 * SECOND)
    old = replace(FIRST, start=T - 60 * SECOND, end=T - SECOND)
    running = replace(FIRST, start=T - 50 * SECOND, end=None, level=Level.CRITICAL)
    journal.commit(
        Outcome(
            readings=[*readings, late, retained, reading(point="freezer")],
            snapshots=[snapshot(T - DAY, first=True), snapshot(T)],
            excursions=[FIRST, old, running],
            alarms={"A1": ended, "A2": documented},
        ),
        at=T,
    )

    past = journal.recall("fridge", T + SECOND)

    assert past.snapshot == snapshot(T)
    assert sorted(past.values) == [(T + n * SECOND, 5.0) for n in range(3)] + [(T + DAY, 9.0)]
    assert set(past.excursions) == {FIRST, running}
    assert past.closings == [(T + SECOND, "659-1")]
    assert journal.recall("fridge", T - DAY - SECOND) is None
    assert journal.recall("freezer", T) is None


def test_what_a_part_of_a_sum_told_is_all_that_was_judged_or_late_with_its_faults_and_the_times_it_told(
    journal,
):
    told = T + SECOND
    readings = [
        reading(5.0, T - SECOND),
        reading(5.0, T),
        reading(6.0, told),
        reading(5.5, told),  # the second of its moment, which is stored beside it
        reading(None, T + 2 * SECOND, quality=Quality.FAULT, fault="probe off"),
        reading(None, T + 3 * SECOND, quality=Quality.LATE, fault="probe off", live=False),
        reading(7.0, T + 4 * SECOND, quality=Quality.LATE, live=False),
        reading(8.0, T + 5 * SECOND, quality=Quality.RETAINED, live=False),
        reading(8.0, T + 6 * SECOND, quality=Quality.NOT_JUDGED, live=False),
        reading(point="freezer"),
    ]
    journal.commit(Outcome(readings=readings), at=T + 10 * SECOND)

    found = journal.measured("fridge", T)

    assert sorted(found, key=lambda each: (each[0], each[1] or 0.0)) == [
        (T, 5.0),
        (told, 5.5),
        (told, 6.0),
        (T + 2 * SECOND, None),
        (T + 3 * SECOND, None),
        (T + 4 * SECOND, 7.0),
    ]
    assert journal.measured("nowhere", T) == []


def test_a_first_snapshot_makes_an_end_of_what_was_before(journal):
    journal.commit(Outcome(snapshots=[snapshot(T, first=True), snapshot(T + DAY)]), at=T)
    journal.commit(Outcome(snapshots=[snapshot(T + 2 * DAY, first=True, rules="def")]), at=T)

    assert kept(journal) == [T + 2 * DAY]
    assert journal.restore().judged_from == {"fridge": (T + 2 * DAY, "def")}


def test_snapshots_are_kept_for_ninety_days_and_the_newest_one_before(journal):
    journal.commit(Outcome(snapshots=[snapshot(T + n * DAY, first=n == 0) for n in range(96)]), at=T)

    assert kept(journal) == [T + n * DAY for n in range(5, 96)]
    assert journal.restore().judged_from == {"fridge": (T + 5 * DAY, "abc")}


def test_a_revision_replaces_an_excursion_and_keeps_what_stood_there(journal):
    longer = replace(FIRST, start=T - 60 * SECOND, alarm_at=T)
    journal.commit(Outcome(excursions=[FIRST]), at=T)
    journal.commit(Outcome(events=[event(1)], revisions=[Revision(1, (FIRST,), longer)]), at=T)

    with journal.reader() as reader:
        assert reader.excursions() == [longer]
    row = journal._database.execute("SELECT revised FROM excursion").fetchone()
    assert row == (1,)
    (before,) = journal._database.execute("SELECT event, began_at, ended_at, peak FROM revision").fetchall()
    assert before == (1, 1772438400000000, 1772438460000000, 9.4)
    with pytest.raises(sqlite3.IntegrityError, match="revisions are not removed"):
        journal._database.execute("DELETE FROM revision")
    with pytest.raises(sqlite3.IntegrityError, match="revisions are not edited"):
        journal._database.execute("UPDATE revision SET peak = 5")


def test_a_withdrawn_excursion_leaves_the_table_and_stays_in_its_history(journal):
    journal.commit(Outcome(excursions=[FIRST]), at=T)
    journal.commit(Outcome(events=[event(1)], revisions=[Revision(1, (FIRST,), None)]), at=T)

    with journal.reader() as reader:
        assert reader.excursions() == []
    assert journal._database.execute("SELECT count(*) FROM revision").fetchone() == (1,)


def test_an_excursion_that_was_revised_and_goes_on_stays_marked(journal):
    journal.commit(Outcome(events=[event(1)], revisions=[Revision(1, (), replace(FIRST, end=None))]), at=T)
    journal.commit(Outcome(excursions=[FIRST]), at=T)

    assert journal._database.execute("SELECT revised, ended_at FROM excursion").fetchall() == [
        (1, 1772438460000000)
    ]
