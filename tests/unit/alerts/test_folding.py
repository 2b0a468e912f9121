"""What goes out first, and what goes out together."""

import re
from dataclasses import dataclass

from hypothesis import given
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


def test_what_finds_no_room_in_a_digest_goes_into_the_next():
    messages = sent([row(n, f"A{1000 + n}") for n in range(1, 41)])

    assert [len(rows) for rows, _, _ in messages] == [19, 19, 2]
    assert messages[1][1] == "19 alarms, first: HD Fridge 20: 9.4 C"


ROWS = st.builds(
    row,
    st.integers(1, 10**6),
    st.integers(1, 9_999_999).map("A{}".format),
    st.sampled_from(Priority),
    st.sampled_from(About),
    contained=st.booleans(),
)


@given(st.lists(ROWS, max_size=100, unique_by=lambda each: each.row))
def test_every_row_goes_out_exactly_once_and_its_alarm_is_named_in_its_message(owed):
    owed.sort(key=lambda each: -each.notice.priority)
    alarms = {each.row: each.notice.alarm for each in owed}

    messages = fold(owed)

    assert sorted(r for message in messages for r in message.rows) == sorted(alarms)
    for message in messages:
        assert len(message.title) <= 40
        assert len(message.body) <= 150
        assert {alarms[r] for r in message.rows} <= set(re.findall(r"A[0-9]+", message.body))
