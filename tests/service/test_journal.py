"""The journal on real files: what is committed is there, once, in order, and provably unedited."""

import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from service.journal_parts import (
    ALARM,
    MICROSECOND,
    SECOND,
    T,
    count,
    event,
    notice,
    reading,
    stored,
    verified,
    write,
)

from hdmonitor.events import (
    Event,
    Excursion,
    Kind,
    LastHeard,
    Outcome,
    Quarantined,
    Restored,
)
from hdmonitor.inbox import Copied
from hdmonitor.journal import Journal, JournalRefused, Receipt
from hdmonitor.model import Level, Quality

DOCS = Path(__file__).parents[2] / "docs" / "journal.md"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db")
    yield journal
    journal.close()


# --- what goes in comes out ----------------------------------------------------


def test_a_new_journal_has_nothing_to_restore_and_is_intact(journal):
    found = journal.restore()

    nothing = Restored(states={}, heard={}, next_event=1, stopped_at=None)
    assert replace(found, readings_since=nothing.readings_since) == nothing
    assert verified(journal) == []


def test_everything_of_a_decision_is_there_after_the_file_was_closed_and_opened(tmp_path):
    readings = [
        reading(4.25, T, received_at=T + SECOND),
        reading(None, T + SECOND, quality=Quality.FAULT, fault="sensor-disconnected"),
        reading(-18.5, T - 600 * SECOND, "freezer", quality=Quality.LATE, live=False),
        reading(7.0, T + 2 * SECOND, device_time=datetime(1970, 1, 1, 0, 0, 7, 125000, tzinfo=UTC)),
    ]
    happened = [
        Event(1, T, Kind.STARTED, "monitor", {"version": "1.0", "note": "größer als 8 °C"}),
        Event(2, T + SECOND, Kind.MOVED, "fridge", {"value": 9.4, "told": ["a"], "none": None}, "A2"),
    ]
    alarm = replace(
        ALARM,
        id="A2",
        acknowledged_by="kim",
        acknowledged_at=T + SECOND,
        cleared_at=T + 2 * SECOND,
        closed_by="kim",
        closed_at=T + 3 * SECOND,
        note="Door was ajar.",
    )
    excursion = Excursion(
        "fridge", "659-1", "2024", Level.ALARM, "high", T, T + SECOND, 9.4, 90 * SECOND, T + SECOND, "A2"
    )
    outcome = Outcome(readings, [], happened, [notice(2, alarm="A2")], {"A2": alarm}, [excursion])
    journal = Journal.open(tmp_path / "journal.db")

    journal.commit(outcome, at=T + 5 * SECOND)
    journal.checkpoint()
    journal.close()
    journal = Journal.open(tmp_path / "journal.db")

    assert stored(journal) == readings
    with journal.reader() as reader:
        assert [each.event for each in reader.events_after(0, 10)] == happened
        assert {each.recorded_at for each in reader.events_after(0, 10)} == {T + 5 * SECOND}
        assert reader.alarms(everything=True) == [alarm]
        assert reader.alarms() == []
        assert reader.excursions() == [excursion]
        assert [owed.notice for owed in reader.owed("phone", T)] == [notice(2, alarm="A2")]
        assert reader.verify() == []
    journal.close()


def test_readings_and_events_are_read_on_from_where_a_copy_stands(journal):
    write(journal, *[reading(5.0, T + n * SECOND) for n in range(5)])
    journal.commit(Outcome(events=[event(1), event(2), event(3)]), at=T)

    with journal.reader() as reader:
        assert [each.seq for each in reader.readings_after(2, 2)] == [3, 4]
        assert [each.reading.measured_at for each in reader.readings_after(4, 9)] == [T + 4 * SECOND]
        assert [each.event.number for each in reader.events_after(1, 9)] == [2, 3]
        assert reader.readings_after(5, 9) == []


def test_a_cursor_goes_forward_only(journal):
    journal.commit(Outcome(), copied=[Copied("influx.reading", 7), Copied("influx.event", 2)], at=T)
    journal.commit(Outcome(), copied=[Copied("influx.reading", 6)], at=T)

    with journal.reader() as reader:
        assert reader.cursor("influx.reading") == 7
        assert reader.cursor("influx.event") == 2
        assert reader.cursor("elsewhere") == 0


def test_an_excursion_that_goes_on_is_one_row_until_it_ends(journal):
    going = Excursion("fridge", "659-1", "1", Level.ALARM, "high", T, None, 8.5, 0 * SECOND, None)
    over = replace(going, end=T + 60 * SECOND, peak=12.25, alarm_at=T + 30 * SECOND, alarm="A1")
    low = replace(going, side="low", peak=1.5)

    journal.commit(Outcome(excursions=[going, low]), at=T)
    journal.commit(Outcome(excursions=[over]), at=T)

    with journal.reader() as reader:
        assert reader.excursions() == [over, low]


def test_an_alarm_comes_with_its_events_and_its_notices(journal):
    other = replace(ALARM, id="A3", opened_at=T)
    journal.commit(
        Outcome(
            events=[event(1, "A1"), event(2), event(3, "A3"), event(4, "A1")],
            alarms={"A1": ALARM, "A3": other},
            notices=[notice(1), notice(3, alarm="A3")],
        ),
        at=T,
    )

    with journal.reader() as reader:
        alarm, events, notices = reader.alarm("A1")
        assert alarm == ALARM
        assert [each.event.number for each in events] == [1, 4]
        assert [(each.notice, each.delivered_at) for each in notices] == [(notice(1), None)]
        assert reader.alarm("A2") is None
        assert reader.alarms() == [other, ALARM]


# --- readings that come twice ----------------------------------------------------


def test_the_same_reading_twice_is_stored_once_and_counted(journal):
    write(journal, reading(), reading(None, T + SECOND, fault="open"))

    write(journal, reading(), reading(None, T + SECOND, fault="open"), reading())

    assert stored(journal) == [reading(), reading(None, T + SECOND, fault="open")]
    assert count(journal, "duplicate") == 3
    assert count(journal, "moved") == 0


def test_a_reading_told_again_among_many_is_the_only_one_left_out(journal):
    many = [reading(5.0, T + n * SECOND) for n in range(120)]
    write(journal, many[70], reading(6.0, T + 80 * SECOND))

    write(journal, *many)

    assert sorted(stored(journal), key=lambda each: each.measured_at) == [
        *many[:80],
        reading(6.0, T + 80 * SECOND),
        many[80]._replace(measured_at=T + 80 * SECOND + MICROSECOND, device_time=T + 80 * SECOND),
        *many[81:],
    ]
    assert (count(journal, "moved"), count(journal, "duplicate")) == (1, 1)


@pytest.mark.parametrize("number", [49, 50, 51, 100, 120])
def test_many_readings_are_written_in_their_order(journal, number):
    many = [reading(5.0 + n, T + n * SECOND) for n in range(number)]

    write(journal, *many)

    with journal.reader() as reader:
        assert [each.seq for each in reader.readings_after(0, 200)] == [*range(1, number + 1)]
        assert [each.reading for each in reader.readings_after(0, 200)] == many
        assert reader.heard()["fridge"].value == 5.0 + number - 1


def test_duplicates_that_the_monitor_dropped_are_counted_with_them(journal):
    journal.commit(Outcome(readings=[reading(), reading()], duplicates=4), at=T)

    assert count(journal, "duplicate") == 5


def test_other_values_of_one_moment_are_kept_microseconds_later_with_the_time_they_told(journal):
    write(journal, reading(5.0), reading(6.0), reading(7.0), reading(6.0))

    assert stored(journal) == [
        reading(5.0),
        reading(6.0, T + MICROSECOND, received_at=T, device_time=T),
        reading(7.0, T + 2 * MICROSECOND, received_at=T, device_time=T),
    ]
    assert (count(journal, "moved"), count(journal, "duplicate")) == (2, 1)


def test_a_value_that_was_really_measured_a_microsecond_later_is_not_taken_for_a_moved_one(journal):
    write(journal, reading(5.0), reading(6.0, T + MICROSECOND))

    write(journal, reading(6.0))

    assert [each.measured_at for each in stored(journal)] == [T, T + MICROSECOND, T + 2 * MICROSECOND]


def test_the_same_moment_and_value_at_another_point_is_another_reading(journal):
    write(journal, reading(), reading(point="freezer"))

    assert [each.point for each in stored(journal)] == ["fridge", "freezer"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), None])
def test_a_value_that_is_no_number_is_refused_and_nothing_of_its_batch_is_written(journal, value):
    with pytest.raises(JournalRefused, match="does not take this decision"):
        write(journal, reading(1.0, T, "new"), reading(value))

    assert stored(journal) == []


def test_half_a_character_from_a_device_is_written_out(journal):
    write(journal, reading(None, fault="\ud800"))
    journal.commit(Outcome(quarantined=[Quarantined("t", b"", T, "no number: \udfff")]), at=T)

    assert stored(journal)[0].fault == "\\ud800"
    with journal.reader() as reader:
        assert reader.quarantined()[0].message.reason == "no number: \\udfff"


# --- starting again ----------------------------------------------------------------


def test_states_come_back_and_one_that_is_none_is_gone(journal):
    journal.commit(Outcome(states={"case:a": {"since": "x", "n": 0.1}, "case:b": [1], "link": False}), at=T)
    journal.commit(Outcome(states={"case:b": None, "never": None, "case:a": {"n": 2}}), at=T + SECOND)

    assert journal.restore().states == {"case:a": {"n": 2}, "link": False}
    assert journal.restore().stopped_at == T + SECOND


def test_a_point_is_restored_with_its_newest_good_value_and_its_newest_sign_of_life(journal):
    write(
        journal,
        reading(5.0, T, received_at=T + SECOND),
        reading(6.0, T + 10 * SECOND, received_at=T + 11 * SECOND),
        reading(9.0, T + 5 * SECOND, received_at=T + 20 * SECOND, quality=Quality.LATE, live=False),
        reading(9.0, T + 21 * SECOND, received_at=T + 21 * SECOND, quality=Quality.RETAINED, live=False),
        reading(7.0, T + 12 * SECOND, received_at=T + 22 * SECOND, live=False),
    )

    assert journal.restore().heard == {
        "fridge": LastHeard(
            7.0, T + 12 * SECOND, T + 22 * SECOND, T + 11 * SECOND, Quality.GOOD, T + 12 * SECOND
        )
    }


def test_a_fault_after_a_value_is_a_sign_of_life_that_leaves_the_value(journal):
    write(journal, reading(5.0), reading(None, T + SECOND, quality=Quality.FAULT, fault="open"))

    assert journal.restore().heard == {"fridge": LastHeard(5.0, T, T, T + SECOND, Quality.FAULT, T + SECOND)}


def test_a_point_that_only_had_faults_is_restored_without_a_value(journal):
    write(journal, *[reading(None, T + n * SECOND, quality=Quality.FAULT, fault="open") for n in range(2)])

    assert journal.restore().heard == {
        "fridge": LastHeard(None, T + SECOND, T + SECOND, T + SECOND, Quality.FAULT, T + SECOND)
    }


def test_a_point_that_was_never_judged_was_never_heard(journal):
    write(journal, reading(5.0, quality=Quality.RETAINED, live=False))

    assert journal.restore().heard == {}


def test_a_duplicate_is_no_sign_of_life(journal):
    write(journal, reading())
    write(journal, reading(received_at=T + 60 * SECOND))

    assert journal.restore().heard["fridge"].live_at == T


# --- the event table -----------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, 4])
def test_an_event_that_is_not_the_next_one_is_refused_with_its_whole_decision(journal, number):
    journal.commit(Outcome(events=[event(1), event(2)]), at=T)

    with pytest.raises(JournalRefused, match=rf"event {number} was to be written where 3 is next"):
        journal.commit(Outcome(readings=[reading()], events=[event(number)]), at=T)
    assert stored(journal) == []
    assert journal.restore().next_event == 3
    journal.commit(Outcome(events=[event(3)]), at=T)
    assert verified(journal) == []


def test_an_event_cannot_hold_what_is_not_json(journal):
    with pytest.raises(JournalRefused, match="cannot be written down"):
        journal.commit(Outcome(readings=[reading()], events=[event(1, peak=float("nan"))]), at=T)
    assert journal.restore().next_event == 1
    assert stored(journal) == []


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE event SET subject = 'nobody' WHERE number = 2", "events are not edited"),
        ("DELETE FROM event WHERE number = 3", "events are not removed"),
        (
            "INSERT OR REPLACE INTO event SELECT 2, at, at, kind, 'x', alarm, detail, hash FROM event",
            "numbered",
        ),
        (
            "INSERT INTO event SELECT 5, at, at, kind, 'x', alarm, detail, hash FROM event LIMIT 1",
            "numbered",
        ),
    ],
)
def test_the_file_itself_refuses_to_edit_remove_replace_or_skip_an_event(journal, statement, refusal):
    journal.commit(Outcome(events=[event(1), event(2), event(3)]), at=T)

    with pytest.raises(sqlite3.IntegrityError, match=refusal):
        journal._database.execute(statement)
    assert verified(journal) == []


TAMPERING = {
    "UPDATE event SET subject = 'nobody' WHERE number = 2": ["event 2 is not the one that was recorded"],
    "UPDATE event SET detail = '{}' WHERE number = 1": ["event 1 is not the one that was recorded"],
    "UPDATE event SET at = at + 1 WHERE number = 5": ["event 5 is not the one that was recorded"],
    "UPDATE event SET recorded_at = recorded_at - 1 WHERE number = 5": [
        "event 5 is not the one that was recorded"
    ],
    "UPDATE event SET alarm = 'A9' WHERE number = 3": ["event 3 is not the one that was recorded"],
    "UPDATE event SET hash = zeroblob(32) WHERE number = 3": [
        "event 3 is not the one that was recorded",
        "event 4 is not the one that was recorded",
    ],
    "DELETE FROM event WHERE number = 1": ["event 1 is missing"],
    "DELETE FROM event WHERE number IN (2, 3)": ["events 2 to 3 are missing"],
    "DELETE FROM event WHERE number = 5": ["event 5 is missing"],
    "DELETE FROM event": ["events 1 to 5 are missing"],
    "DELETE FROM event WHERE number = 2; UPDATE event SET number = number - 1 WHERE number > 2": [
        "event 2 is not the one that was recorded",
        "event 3 is not the one that was recorded",
        "event 4 is not the one that was recorded",
        "event 5 is missing",
    ],
    "UPDATE event SET number = 0 WHERE number = 2; UPDATE event SET number = 2 WHERE number = 3;"
    "UPDATE event SET number = 3 WHERE number = 0": [
        "event 2 is not the one that was recorded",
        "event 3 is not the one that was recorded",
        "event 4 is not the one that was recorded",
    ],
    "INSERT INTO event SELECT 6, at, at, kind, 'x', alarm, detail, hash FROM event WHERE number = 5": [
        "event 6 is not the one that was recorded",
        "what stands after event 5 was not recorded by hdmonitor",
    ],
    "UPDATE meta SET head = zeroblob(32)": ["event 5 is not the last one that was recorded"],
    "UPDATE meta SET id = 'another'": ["event 1 is not the one that was recorded"],
}


@pytest.mark.parametrize("statements", TAMPERING)
def test_whoever_goes_past_the_triggers_is_found_by_the_chain_and_by_other_peoples_code(
    journal, tmp_path, statements
):
    journal.commit(Outcome(events=[event(n, value=n / 3) for n in (1, 2, 3, 4, 5)]), at=T)
    assert verified(journal) == []
    assert independently_verified(journal.path, tmp_path) == (0, "5 events, intact\n")

    for trigger in ("event_is_next", "event_is_not_edited", "event_is_not_removed"):
        journal._database.execute(f"DROP TRIGGER {trigger}")
    journal._database.executescript(statements)

    assert verified(journal) == TAMPERING[statements]
    assert independently_verified(journal.path, tmp_path) == (1, "")


def independently_verified(path: Path, folder: Path) -> tuple[int, str]:
    """Run the ten lines of `docs/journal.md` as they stand there."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    script = folder / "verify.py"
    script.write_text(code)
    ran = subprocess.run([sys.executable, script, path], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout


def test_a_chain_of_thousands_is_verified_in_steps_and_a_broken_one_does_not_flood(journal):
    journal.commit(Outcome(events=[event(n) for n in range(1, 2501)]), at=T)
    assert verified(journal) == []

    journal._database.execute("UPDATE meta SET id = 'another'")
    journal._database.execute("DROP TRIGGER event_is_not_edited")
    journal._database.execute("UPDATE event SET subject = 'x' WHERE number BETWEEN 2000 AND 2200")

    found = verified(journal)
    assert len(found) == 101
    assert found[0] == "event 1 is not the one that was recorded"
    assert found[99] == "event 2098 is not the one that was recorded"
    assert found[100] == "and more; the rest was not looked at"


# --- receipts and quarantine -------------------------------------------------------------


def receipt(mid: int, payload: bytes = b"5.0", topic: str = "fridge") -> Receipt:
    return Receipt(mid, topic, sha256(payload).digest()[:16])


def test_a_message_that_was_processed_is_known_by_id_topic_and_payload(journal):
    journal.commit(Outcome(), receipts=[receipt(7)], at=T)

    assert journal.seen(receipt(7))
    assert not journal.seen(receipt(8))
    assert not journal.seen(receipt(7, b"5.1"))
    assert not journal.seen(receipt(7, topic="freezer"))


def test_an_id_that_is_used_again_stands_for_the_newer_message(journal):
    journal.commit(Outcome(), receipts=[receipt(7)], at=T)
    journal.commit(Outcome(), receipts=[receipt(7, b"6.0")], at=T)

    assert journal.seen(receipt(7, b"6.0"))
    assert not journal.seen(receipt(7))


def test_the_newest_49151_receipts_are_kept_and_not_one_more(journal):
    journal.commit(Outcome(), receipts=[receipt(mid) for mid in range(1, 49_152)], at=T)
    assert journal.seen(receipt(1))

    journal.commit(Outcome(), receipts=[receipt(49_152)], at=T)

    assert not journal.seen(receipt(1))
    assert journal.seen(receipt(2))
    assert journal.seen(receipt(49_152))


def test_no_receipt_is_left_when_the_broker_lost_the_session(journal):
    journal.commit(Outcome(), receipts=[receipt(7)], at=T)

    journal.forget_receipts()

    assert not journal.seen(receipt(7))


def test_a_long_undecodable_message_is_cut_to_4_kib_with_length_and_hash_of_the_whole(journal):
    payload = b"x" * 1_000_000
    whole = Quarantined("a", b"y" * 4096, T, "not JSON")

    journal.commit(Outcome(quarantined=[whole, Quarantined("b", payload, T, "too long")]), at=T)

    with journal.reader() as reader:
        newest, before = reader.quarantined()
    assert newest.message == Quarantined("b", b"x" * 4096, T, "too long")
    assert (newest.number, newest.length, newest.sha256) == (2, 1_000_000, sha256(payload).digest())
    assert (before.message, before.length) == (whole, 4096)


def test_the_newest_10000_undecodable_messages_are_kept_and_all_are_counted(journal):
    messages = [Quarantined(f"t{n}", b"?", T, "not JSON") for n in range(10_001)]

    journal.commit(Outcome(quarantined=messages[:10_000]), at=T)
    with journal.reader() as reader:
        assert reader.quarantined(20_000)[-1].message.topic == "t0"
    journal.commit(Outcome(quarantined=messages[10_000:]), at=T)

    with journal.reader() as reader:
        kept = reader.quarantined(20_000)
        assert [len(kept), kept[0].message.topic, kept[-1].message.topic] == [10_000, "t10000", "t1"]
        assert reader.count("quarantined") == 10_001
        assert len(reader.quarantined()) == 50


# --- side by side -------------------------------------------------------------------------------


def test_a_reader_in_the_middle_of_reading_neither_waits_nor_makes_the_writer_wait(journal):
    write(journal, reading())
    with journal.reader() as reader:
        reader._database.execute("BEGIN")
        before = reader.readings_after(0, 10)

        write(journal, reading(6.0, T + SECOND))

        assert reader.readings_after(0, 10) == before
        reader._database.execute("COMMIT")
        assert len(reader.readings_after(0, 10)) == 2


def test_a_reader_cannot_write(journal):
    with (
        journal.reader() as reader,
        pytest.raises(sqlite3.OperationalError, match="attempt to write a readonly database"),
    ):
        reader._database.execute("DELETE FROM reading")


def test_a_journal_opened_in_one_thread_is_written_by_another_and_read_by_a_third(journal):
    seen: list[int] = []

    writer = threading.Thread(target=lambda: write(journal, reading()))
    writer.start()
    writer.join()
    third = threading.Thread(target=lambda: seen.append(len(stored(journal))))
    third.start()
    third.join()

    assert seen == [1]


def test_a_commit_waits_for_the_disk(journal):
    full = 2  # as SQLite numbers it; NORMAL, 1, can lose the last commits with the power

    assert journal._database.execute("PRAGMA synchronous").fetchone() == (full,)
    assert journal._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_checkpoint_empties_the_log_beside_the_file(journal):
    write(journal, reading())
    log = journal.path.with_name("journal.db-wal")
    assert log.stat().st_size > 0

    journal.checkpoint()

    assert log.stat().st_size == 0
