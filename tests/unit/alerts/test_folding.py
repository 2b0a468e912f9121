"""What goes out first, and what goes out together."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.alerts.pharmacy import NOW

from hdmonitor.alerts.daily import DAILY
from hdmonitor.alerts.folding import fold
from hdmonitor.events import About, Notice
from hdmonitor.model import Priority


@dataclass(frozen=True)
class Row:
    row: int
    notice: Notice


def row(number, alarm, priority=Priority.HIGH, about=About.OPENED, *, contained=False, title="", body=""):
    title = title or f"HD Fridge {number}: 9.4 C, limit 8"
    body = body or f"Out since 02:41. Shut the door. {alarm}"
    return Row(number, Notice(number, alarm, "pharmacist", about, priority, contained, title, body, NOW))


def sent(owed):
    return [(message.rows, message.title, message.body) for message in fold(owed)]


def test_four_messages_go_out_one_by_one():
    assert [rows for rows, _, _ in sent([row(n, f"A{n}") for n in (1, 2, 3, 4)])] == [(1,), (2,), (3,), (4,)]


def test_five_messages_go_out_as_one_that_names_every_alarm():
    assert sent([row(n, f"A{n}") for n in (1, 2, 3, 4, 5)]) == [
        (
            (1, 2, 3, 4, 5),
            "5 alarms, first: HD Fridge 1: 9.4 C",
            "Open: A1 A2 A3 A4 A5. See: hdmonitor alarms list",
        )
    ]


def test_in_a_flood_the_criticals_come_first_and_whole():
    flood = [row(n, f"A{n}") for n in range(1, 7)]
    critical = row(9, "A9", Priority.CRITICAL, title="HD Fridge 2 FREEZING: 0.3 C, limit 2", body="Out. A9")

    messages = sent([critical, *flood])

    assert messages[0] == ((9,), "HD Fridge 2 FREEZING: 0.3 C, limit 2", "Out. A9")
    assert messages[1][0] == (1, 2, 3, 4, 5, 6)
    assert len(messages) == 2


def test_what_is_due_goes_last_each_day_by_itself_and_is_never_folded():
    due = [row(n, f"due 2026-03-0{n}", Priority.LOW, About.REPEATED) for n in (1, 2)]

    flood = sent([*due, *(row(n, f"A{n}") for n in range(3, 9))])

    assert [rows for rows, _, _ in flood[-2:]] == [(1,), (2,)]
    assert "due" not in flood[0][2]


def test_the_daily_digest_goes_last_and_is_never_folded():
    daily = row(1, DAILY, Priority.LOW, About.REPEATED, title="Example: 5 open", body="Open: A1.")

    assert [rows for rows, _, _ in sent([daily, *(row(n, f"A{n}") for n in (2, 3))])] == [(2,), (3,), (1,)]
    flood = sent([daily, *(row(n, f"A{n}") for n in range(2, 8))])
    assert [rows for rows, _, _ in flood] == [(2, 3, 4, 5, 6, 7), (1,)]


def test_containment_is_never_folded_into_a_digest_of_storage():
    flood = [row(n, f"A{n}") for n in range(1, 6)]
    hood = row(8, "A8", Priority.MEDIUM, contained=True, title="BSC 1 airflow getting low", body="Need. A8")
    critical = row(9, "A9", Priority.CRITICAL)

    assert [rows for rows, _, _ in sent([critical, *flood, hood])] == [(9,), (8,), (1, 2, 3, 4, 5)]


def test_a_digest_tells_what_is_open_answered_and_over_by_the_newest_word_on_each_alarm():
    owed = [
        row(1, "A1"),
        row(2, "A2"),
        row(3, "A3", about=About.CLEARED),
        row(4, "A4", about=About.ACKNOWLEDGED),
        row(5, "A5", about=About.REPEATED),
        row(6, "A1", about=About.CLEARED),
    ]

    assert sent(owed) == [
        (
            (1, 6, 2, 3, 4, 5),
            "5 alarms, first: HD Fridge 6: 9.4 C",
            "Open: A2 A5. Answered: A4. Over, not released: A1 A3. See: hdmonitor alarms list",
        )
    ]


def test_five_messages_about_one_alarm_are_told_by_the_newest():
    owed = [row(n, "A1", body=f"Number {n}. A1") for n in (1, 2, 3, 4, 5)]

    assert sent(owed) == [((1, 2, 3, 4, 5), "HD Fridge 5: 9.4 C, limit 8", "Number 5. A1")]


def test_what_cannot_be_named_in_one_message_is_counted_with_where_it_is():
    alarms = [row(n, f"A{1000 + n}") for n in range(1, 41)]
    alarms[3] = row(4, "A1004", about=About.CLEARED)
    places = {f"A{1000 + n}": "Store" if n < 31 else "IV room" for n in range(1, 41)}

    assert [(len(each.rows), each.title, each.body) for each in fold(alarms, places=places)] == [
        (
            40,
            "40 alarms, first: HD Fridge 1: 9.4 C",
            (
                "Open: 39, A1001 to A1040. Over, not released: 1, A1004. In Store 30, IV room 10."
                " See: hdmonitor alarms list"
            ),
        )
    ]


def test_what_starts_together_in_one_room_is_one_message_that_names_it():
    alarms = [row(n, f"A{n}") for n in range(1, 6)]

    (message,) = fold(alarms, places={f"A{n}": "Store" for n in range(1, 6)})
    (few,) = fold(alarms[:3], places={f"A{n}": "Store" for n in range(1, 4)})

    assert (message.title, message.body) == (
        "5 alarms, Store: HD Fridge 1: 9.4 C",
        "Open: A1 A2 A3 A4 A5. See: hdmonitor alarms list",
    )
    assert (few.title, few.body) == (
        "3 alarms, Store: HD Fridge 1: 9.4 C",
        "HD Fridge 1: 9.4 C, limit 8 A1\nHD Fridge 2: 9.4 C, limit 8 A2\nHD Fridge 3: 9.4 C, limit 8 A3",
    )


def test_two_alarms_of_a_room_and_those_of_several_rooms_stand_alone():
    alarms = [row(n, f"A{n}") for n in range(1, 5)]
    places = {"A1": "Store", "A2": "Store", "A3": "IV room", "A4": "IV room"}

    assert [message.rows for message in fold(alarms, places=places)] == [(1,), (2,), (3,), (4,)]
    assert [message.rows for message in fold(alarms, places=places | {"A3": "Store"})] == [(1, 2, 3), (4,)]


def flood():
    """Return a pharmacy that fails at once: 5 of containment, 3 more criticals, 192 others."""
    lost = "STOP HD WORK: HD buffer not negative"
    hoods = [row(n, f"A{n}", Priority.CRITICAL, contained=True, title=lost) for n in range(1, 4)]
    doors = [row(n, f"A{n}", Priority.MEDIUM, contained=True, title="HD door open") for n in (4, 5)]
    cold = [row(n, f"A{n}", Priority.CRITICAL, title="HD Fridge 2 FREEZING: 0.3 C") for n in (6, 7, 8)]
    others = [row(n, f"A{n}") for n in range(9, 201)]
    return [*hoods, *cold, *others, *doors]


def test_a_flood_of_two_hundred_is_three_messages_and_every_critical_is_said_in_its_words():
    first, urgent, others = fold(flood())

    assert (first.rows, first.title) == ((1,), "STOP HD WORK: HD buffer not negative")
    assert urgent.title == "7 URGENT: STOP HD WORK: HD buffer not"
    assert urgent.body.split("\n") == [
        "STOP HD WORK: HD buffer not negative A2",
        "STOP HD WORK: HD buffer not negative A3",
        "HD Fridge 2 FREEZING: 0.3 C A6",
        "HD Fridge 2 FREEZING: 0.3 C A7",
        "HD Fridge 2 FREEZING: 0.3 C A8",
        "HD door open A4",
        "HD door open A5",
    ]
    assert len(others.rows) == 192
    assert others.body == "Open: 192, A9 to A200. See: hdmonitor alarms list"


@pytest.mark.parametrize(("sent", "messages"), [(0, 3), (1, 2), (2, 2), (3, 2), (9, 2)])
def test_what_was_sent_just_before_counts_as_part_of_the_flood(sent, messages):
    assert len(fold(flood(), sent)) == messages


def test_criticals_are_together_only_where_they_are_many():
    criticals = [row(n, f"A{n}", Priority.CRITICAL) for n in (1, 2, 3, 4)]

    assert [message.rows for message in fold(criticals)] == [(1,), (2,), (3,), (4,)]
    assert [message.rows for message in fold(criticals[:3], sent=1)] == [(1,), (2,), (3,)]
    assert [message.rows for message in fold(criticals, sent=1)] == [(1,), (2, 3, 4)]


def test_a_critical_that_cleared_before_delivery_says_in_a_flood_what_it_was_and_that_it_is_over():
    criticals = [row(n, f"A{n}", Priority.CRITICAL, title=f"BSC {n} AIRFLOW LOST") for n in range(1, 6)]
    back = row(9, "A4", Priority.CRITICAL, About.CLEARED, title="BSC 4 airflow back: NOT OK to restart")

    told = fold([*criticals, back])

    assert told[-1].rows == (3, 4, 9, 5)
    assert "BSC 4 AIRFLOW LOST (over, not released) A4" in told[-1].body.split("\n")


ROWS = st.builds(
    row,
    st.integers(1, 10**6),
    st.integers(1, 9_999_999).map("A{}".format),
    st.sampled_from(Priority),
    st.sampled_from(About),
    contained=st.booleans(),
)


@given(st.lists(ROWS, max_size=300, unique_by=lambda each: each.row), st.integers(0, 4))
@settings(deadline=None)
def test_every_row_goes_out_exactly_once_and_a_flood_is_three_messages(owed, sent):
    owed.sort(key=lambda each: -each.notice.priority)
    alarms = {each.row: each.notice.alarm for each in owed}

    messages = fold(owed, sent)

    assert sorted(r for message in messages for r in message.rows) == sorted(alarms)
    assert len(messages) <= max(3 - sent, 2) or len(owed) + sent <= 4
    whole = {each.row for each in owed if each.notice.contained or each.notice.priority is Priority.CRITICAL}
    for message in messages:
        assert len(message.title) <= 40
        assert set(message.alarms) == {alarms[r] for r in message.rows}
        assert not set(message.rows) & whole or set(message.rows) <= whole
        assert len(message.body) <= 150 or set(message.rows) <= whole
