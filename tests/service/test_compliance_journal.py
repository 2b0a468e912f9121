"""The calendar on a real journal: what was filed and told survives, and nothing is told twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from houses import SITE
from programmes import asset, day, done, person, programme, raised

from hdmonitor.catalogue import own_rules
from hdmonitor.compliance.due import State, all_due, by_key, standing_against
from hdmonitor.events import Complete
from hdmonitor.journal import Journal, JournalRefused, Reader
from hdmonitor.monitor import Monitor

T = datetime(2026, 3, 2, 17, tzinfo=UTC)
KEPT = programme(
    person(), asset("gauge-1", "pressure-gauge"), only=["knowledge-training", "pressure-gauge-check"]
)


def monitor(journal, at, found=KEPT):
    restored = journal.restore()
    return Monitor(SITE, own_rules(), at, restored, None, journal.recall, found)


def play(journal, judge, at, *inputs):
    outcome = judge.handle(inputs, at)
    journal.commit(outcome, at=at)
    return outcome


def counts(path):
    with Reader(path) as reader:
        return len(reader.reminders()), len(reader.owed("kim-phone", T + timedelta(days=400)))


def test_what_was_filed_and_told_is_there_after_a_restart(tmp_path):
    path = tmp_path / "journal.db"
    journal = Journal.open(path)
    judge = monitor(journal, T)
    filed = done(
        "pressure-gauge-check", "gauge-1", "2026-03-02", values={"offset": 0.1}, attachments=("ab" * 32,)
    )
    play(journal, judge, T, Complete(filed))
    before = counts(path)

    play(journal, monitor(journal, T + timedelta(hours=1)), T + timedelta(hours=1))

    assert counts(path) == before
    with Reader(path) as reader:
        (stored,) = reader.completions()
        assert stored == replace(filed, number=stored.number, filed_at=T)
        assert [(each.subject, str(each.due), each.ended) for each in reader.occurrences()] == [
            ("lee", "2026-01-01", ""),
            ("gauge-1", "2026-01-01", "completed"),
            ("gauge-1", "2026-09-02", ""),
        ]
        assert reader.verify() == []
    journal.close()


def test_a_second_sweep_from_the_same_state_is_refused_whole_by_the_journal(tmp_path):
    path = tmp_path / "journal.db"
    journal = Journal.open(path)
    one, other = monitor(journal, T), monitor(journal, T)
    play(journal, one, T)
    before = counts(path)

    outcome = other.handle([], T)
    assert outcome.reminders
    last = one.handle([], T + timedelta(seconds=1))
    assert last.reminders == []
    # As if the numbers of its events were free: the reminders alone keep it out.
    free = before[0] and max(each.number for each in outcome.events)
    moved = [replace(each, number=each.number + free) for each in outcome.events]
    outcome.events[:] = moved
    with pytest.raises(JournalRefused):
        journal.commit(outcome, at=T)

    assert counts(path) == before
    journal.close()


def test_a_commit_that_fails_leaves_neither_the_entry_nor_the_message(tmp_path):
    path = tmp_path / "journal.db"
    journal = Journal.open(path)
    play(journal, monitor(journal, T), T)
    before = counts(path)
    judge = monitor(journal, T)
    outcome = judge.handle([Complete(done("pressure-gauge-check", "gauge-1", "2026-03-02"))], T)
    outcome.completions.append(outcome.completions[0])

    with pytest.raises(JournalRefused):
        journal.commit(outcome, at=T)

    with Reader(path) as reader:
        assert reader.completions() == []
    assert counts(path) == before
    journal.close()


def test_the_file_itself_refuses_to_edit_or_remove_a_completion(tmp_path):
    path = tmp_path / "journal.db"
    journal = Journal.open(path)
    play(journal, monitor(journal, T), T, Complete(done("pressure-gauge-check", "gauge-1", "2026-03-02")))

    for change in ("UPDATE completion SET day = '2026-03-01'", "DELETE FROM completion"):
        with pytest.raises(Exception, match="completions are not"):
            journal._database.execute(change)
    journal.close()


def test_a_correction_goes_in_beside_what_it_corrects(tmp_path):
    path = tmp_path / "journal.db"
    journal = Journal.open(path)
    judge = monitor(journal, T)
    play(journal, judge, T, Complete(done("pressure-gauge-check", "gauge-1", "2026-03-02")))
    with Reader(path) as reader:
        (first,) = reader.completions()
    right = done("pressure-gauge-check", "gauge-1", "2026-02-03", corrects=first.number)

    assert play(journal, judge, T, Complete(right)).replies == {}

    with Reader(path) as reader:
        filed = reader.completions()
    (due,) = [each for each in all_due(KEPT, by_key(filed)) if each.subject.id == "gauge-1"]
    assert (len(filed), due.day) == (2, day("2026-08-03"))
    journal.close()


def test_a_category_raised_in_mid_cycle_shows_on_the_board_with_its_rule(tmp_path):
    path = tmp_path / "journal.db"
    found = programme(person(), only=["aseptic-manipulation"])
    journal = Journal.open(path)
    play(journal, monitor(journal, T, found), T, Complete(done("aseptic-manipulation", "lee", "2026-01-20")))
    at = T + timedelta(days=60)  # 1 May
    with Reader(path) as reader:
        filed = by_key(reader.completions())
    assert standing_against(found, filed, day("2026-05-01")) == []

    higher = raised(found, "lee", 3)
    play(journal, monitor(journal, at, higher), at)

    (reason,) = standing_against(higher, filed, day("2026-05-01"))
    assert reason.text == "Lee: media fill overdue since 2026-04-21 (797-H6, SHALL)"
    assert reason.state is State.OVERDUE
    with Reader(path) as reader:
        assert [(str(each.due), each.rule, each.ended) for each in reader.occurrences()][1:] == [
            ("2026-04-20", "797-H6", ""),
            ("2026-07-20", "797-H5", "moved"),
        ]
    journal.close()
