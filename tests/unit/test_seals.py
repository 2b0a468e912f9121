"""Links, codes, sessions and forms: what opens, and what does not."""

from datetime import UTC, datetime, timedelta

import pytest

from hdmonitor.events import About, Notice
from hdmonitor.links import Links
from hdmonitor.model import Priority
from hdmonitor.seals import KEY_BYTES, Link, NoKey, Seals, key_beside

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY, OTHER = b"k" * KEY_BYTES, b"o" * KEY_BYTES
LINK = Link("A1842", "phone", "lee")


def seals(at=NOW, key=KEY):
    return Seals(key, lambda: at)


def test_a_link_opens_with_the_key_that_made_it_for_72_hours():
    text = seals().link(LINK)

    assert seals().open_link(text) == (LINK, "")
    assert seals(NOW + timedelta(hours=72)).open_link(text) == (LINK, "")
    assert seals(NOW + timedelta(hours=72, seconds=1)).open_link(text) == (LINK, "expired")
    assert seals(key=OTHER).open_link(text) == (None, "forged")


@pytest.mark.parametrize("place", [0, 10, -1, -30])
def test_a_link_with_one_letter_changed_is_forged(place):
    text = list(seals().link(LINK))
    text[place] = "x" if text[place] != "x" else "y"

    assert seals().open_link("".join(text)) == (None, "forged")


def test_what_is_signed_for_one_purpose_opens_nothing_else():
    session, link, form = seals().session("lee", "s"), seals().link(LINK), seals().form("reader")

    assert seals().open_link(session) == seals().open_link(form) == (None, "forged")
    assert seals().open_session(link) is None
    assert seals().open_form(link, "reader") == ("", "foreign")


def test_a_code_has_six_digits_and_is_of_one_alarm_at_one_destination():
    codes = {seals().code(alarm, phone) for alarm in ("A1", "A2") for phone in ("phone", "other")}

    assert len(codes) == 4
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert seals().code("A1", "phone") == seals().code("A1", "phone") != seals(key=OTHER).code("A1", "phone")


def test_a_session_lasts_a_shift_and_that_of_a_board_a_year():
    person, board = seals().session("lee", "s"), seals().session("wall", "s", board=True)

    assert seals(NOW + timedelta(hours=12)).open_session(person) == ("lee", "s", False)
    assert seals(NOW + timedelta(hours=12, seconds=1)).open_session(person) is None
    assert seals(NOW + timedelta(days=365)).open_session(board) == ("wall", "s", True)
    assert seals(NOW + timedelta(days=366)).open_session(board) is None


def test_a_form_is_of_one_reader_and_its_name_is_its_own():
    one, two = seals().form("reader"), seals().form("reader")
    name, wrong = seals().open_form(one, "reader")

    assert (bool(name), wrong) == (True, "")
    assert name != seals().open_form(two, "reader")[0]
    assert seals().open_form(one, "other") == ("", "foreign")
    assert seals(NOW + timedelta(hours=12, seconds=1)).open_form(one, "reader") == ("", "expired")


# --- the key ------------------------------------------------------------------


def test_the_key_is_made_once_and_only_its_user_reads_it(tmp_path):
    key = key_beside(tmp_path / "journal.db")

    assert len(key) == 32
    assert key_beside(tmp_path / "journal.db") == key
    assert (tmp_path / "journal.db.key").stat().st_mode & 0o777 == 0o600
    assert key_beside(tmp_path / "other.db") != key


def test_a_key_that_others_may_read_is_refused(tmp_path):
    key_beside(tmp_path / "journal.db")
    (tmp_path / "journal.db.key").chmod(0o640)

    with pytest.raises(NoKey, match="may be read by others than its user; set its mode to 0600"):
        key_beside(tmp_path / "journal.db")


def test_a_key_of_another_length_or_place_is_refused(tmp_path):
    (tmp_path / "journal.db.key").write_bytes(b"short")
    with pytest.raises(NoKey, match="holds 5 bytes instead of 32; delete it"):
        key_beside(tmp_path / "journal.db")
    with pytest.raises(NoKey, match="its folder must exist and be writable"):
        key_beside(tmp_path / "nowhere" / "journal.db")


# --- what messages carry ------------------------------------------------------


def notice(alarm, priority=Priority.HIGH):
    return Notice(1, alarm, "phone", About.OPENED, priority, False, "title", "body", NOW)


def links(url="https://m.example", recipients=None):
    return Links(seals(), url, {"phone": "lee"} if recipients is None else recipients)


def opened(line):
    return seals().open_link(line.rpartition("/")[2])[0]


def test_a_message_carries_the_link_of_its_alarm_for_the_person_who_reads_it():
    empty, line = links().lines("phone", [notice("A12")]).split("\n")

    assert empty == ""
    assert line.startswith("https://m.example/a/")
    assert opened(line) == Link("A12", "phone", "lee")


def test_a_critical_message_carries_a_code_besides():
    lines = links().lines("phone", [notice("A12", Priority.CRITICAL)]).split("\n")

    assert lines[2] == f"Code {seals().code('A12', 'phone')}"


def test_a_message_about_several_alarms_and_the_digest_carry_the_link_to_the_list():
    for notices in ([notice("A12"), notice("A13")], [notice("daily")]):
        lines = links().lines("phone", notices).split("\n")
        assert lines[1].startswith("https://m.example/l/")
        assert opened(lines[1]) == Link("*", "phone", "lee")
        assert len(lines) == 2


def test_there_is_no_link_without_a_public_address_a_person_or_an_alarm():
    assert links(url=None).lines("phone", [notice("A12")]) == ""
    assert links(recipients={}).lines("phone", [notice("A12")]) == ""
    assert links().lines("phone", [notice("due:training")]) == ""
