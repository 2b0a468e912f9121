"""What pages ask the journal about the past: bounded, in order, and nothing of other points."""

from dataclasses import replace

import pytest
from service.journal_parts import ALARM, SECOND, T, reading

from hdmonitor.events import Excursion, Outcome
from hdmonitor.journal import Journal
from hdmonitor.model import NO_TIME, Level, Quality


@pytest.fixture
def journal(tmp_path):
    journal = Journal.open(tmp_path / "journal.db")
    yield journal
    journal.close()


def test_a_short_history_is_told_whole_with_its_faults(journal):
    told = [
        reading(5.0),
        reading(None, T + SECOND, quality=Quality.FAULT, fault="open"),
        reading(6.0, T + 2 * SECOND),
    ]
    journal.commit(Outcome(readings=[*told, reading(1.0, point="other"), reading(7.0, T + 9 * SECOND)]), at=T)

    with journal.reader() as reader:
        assert reader.history("fridge", T, T + 8 * SECOND, 10) == told
        assert reader.history("nobody", T, T + 8 * SECOND, 10) == []


def test_a_long_history_keeps_the_lowest_and_the_highest_of_each_part(journal):
    values = dict.fromkeys(range(1000), 5.0) | {333: 9.5, 777: 0.25}
    journal.commit(
        Outcome(readings=[reading(value, T + number * SECOND) for number, value in values.items()]), at=T
    )

    with journal.reader() as reader:
        found = reader.history("fridge", T, T + 999 * SECOND, 100)

    assert len(found) <= 110
    assert [(each.value, each.measured_at) for each in found if each.value != 5.0] == [
        (9.5, T + 333 * SECOND),
        (0.25, T + 777 * SECOND),
    ]
    assert found == sorted(found, key=lambda each: each.measured_at)


def test_the_newest_alarms_and_excursions_of_a_point_come_first(journal):
    alarms = {
        f"A{number}": replace(ALARM, id=f"A{number}", opened_at=T + number * SECOND) for number in (1, 9, 10)
    }
    alarms["A11"] = replace(ALARM, id="A11", point="other", opened_at=T)
    excursions = [
        Excursion("fridge", "659-1", "1", Level.ALARM, "high", T + n * SECOND, None, 9.0, NO_TIME, None)
        for n in range(3)
    ]
    journal.commit(Outcome(alarms=alarms, excursions=excursions), at=T)

    with journal.reader() as reader:
        assert [alarm.id for alarm in reader.newest_alarms(2, "fridge")] == ["A10", "A9"]
        assert [alarm.id for alarm in reader.newest_alarms(9)] == ["A10", "A9", "A1", "A11"]
        assert [each.start for each in reader.excursions_of("fridge", 2)] == [T + 2 * SECOND, T + SECOND]


def test_states_are_found_by_the_beginning_of_their_key(journal):
    journal.commit(Outcome(states={"shelf:A1": {"by": "ann"}, "shelf:A2": [1], "shelves": 1}), at=T)

    with journal.reader() as reader:
        assert reader.states("shelf:") == {"shelf:A1": {"by": "ann"}, "shelf:A2": [1]}


def test_recent_values_are_those_of_the_points_asked_for_in_the_order_of_their_times(journal):
    told = [reading(6.0, T + SECOND), reading(5.0), reading(1.0, point="other"), reading(4.0, T - SECOND)]
    journal.commit(Outcome(readings=told), at=T)

    with journal.reader() as reader:
        assert reader.recent({"fridge"}, T) == {"fridge": [(T, 5.0), (T + SECOND, 6.0)]}
