"""A year of one pharmacy from its spreadsheets to the matrix, the calendar, the digest and the pages."""

import csv
import http.client
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from forms import get, post, words
from icalendar import Calendar
from year import PROGRAMME, SITE, TODAY, ask, core_of, filed, pages_of

from hdmonitor.catalogue import own_rules
from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.due import by_key
from hdmonitor.events import Complete
from hdmonitor.journal import Journal
from hdmonitor.matrix import sheets
from hdmonitor.monitor import Monitor
from hdmonitor.reader import Reader


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    path = tmp_path_factory.mktemp("year") / "journal.db"
    filed(path)
    return path


@pytest.fixture
def own(journal, tmp_path):
    """Give a copy of the journal that may be written."""
    path = tmp_path / "journal.db"
    path.write_bytes(journal.read_bytes())
    return path


def cells(path, on=TODAY):
    """Return what the matrix says, by subject and obligation."""
    with Reader(path) as reader:
        completions = by_key(reader.completions())
    found = sheets(PROGRAMME, completions, on)
    return {
        (cell.subject, cell.obligation): (cell.look, cell.short)
        for sheet in found
        for row in sheet.rows
        for cell in row.cells
        if cell
    }


def test_the_matrix_holds_every_duty_of_the_year_and_what_is_wrong_in_words(journal):
    found = cells(journal)

    assert len(found) == 183
    wrong = {key: short for key, (look, short) in found.items() if look in ("bad", "late")}
    assert wrong == {
        ("technician-3", "aseptic-manipulation"): "to be repeated",
        ("technician-7", "medical-surveillance"): "overdue 331 d",
        ("technician-8", "medical-surveillance"): "overdue 232 d",
        ("bsc-2", "hood-certification"): "overdue 168 d",
        ("caci-1", "isolator-integrity"): "none on record",
        ("gauge-2", "pressure-gauge-check"): "overdue 16 d",
        ("site", "wipe-sampling"): "overdue 31 d",
    }
    assert found["technician-5", "garbing-fingertip"] == ("due", "due today")
    assert found["technician-8", "apprentice-hours"] == ("fine", "540 of 1000 h, 2 Mar 2027")
    assert found["technician-2", "garbing-fingertip"] == ("fine", "12 Feb 2027")
    assert found["technician-1", "garbing-fingertip"] == ("fine", "12 May 2027")
    assert found["technician-4", "hazard-communication"] == ("done", "done 10 Dec 2025")


def test_a_recommendation_that_is_late_does_not_look_like_a_violation(journal):
    found = cells(journal)

    assert found["site", "wipe-sampling"][0] == "late"
    assert found["bsc-2", "hood-certification"][0] == "bad"


# --- pages ------------------------------------------------------------------------


def test_the_calendar_is_accepted_by_a_standard_parser(own):
    with pages_of(own) as (url, cookies):
        whole = Calendar.from_ical(get(url, cookies, "/compliance.ics"))
        of_one = Calendar.from_ical(get(url, cookies, "/compliance.ics?person=technician-3"))

    events = list(whole.walk("VEVENT"))
    assert len({str(event["UID"]) for event in events}) == len(events) == 144
    assert all(isinstance(event["DTSTART"].dt, date) for event in events)
    assert not any(isinstance(event["DTSTART"].dt, datetime) for event in events)
    assert sorted(str(event["SUMMARY"]) for event in of_one.walk("VEVENT")) == [
        "Technician 3: HD competency",
        "Technician 3: fingertip test",
        "Technician 3: knowledge test",
        "Technician 3: media fill",
        "Technician 3: risk acknowledgement",
        "Technician 3: surveillance visit",
    ]


def test_the_table_has_a_line_for_every_duty_and_tells_no_result(own):
    with pages_of(own) as (url, cookies):
        raw = get(url, cookies, "/compliance.csv").decode("utf-8-sig")

    lines = list(csv.DictReader(io.StringIO(raw)))
    assert len(lines) == 183
    (media_fill,) = (
        each for each in lines if (each["subject"], each["what"]) == ("technician-3", "media fill")
    )
    assert media_fill == {
        "subject": "technician-3",
        "name": "Technician 3",
        "obligation": "aseptic-manipulation",
        "what": "media fill",
        "rule": "797-H5",
        "force": "SHALL",
        "state": "to repeat",
        "due": "2026-11-12",
        "last done": "2026-05-20",
    }


def test_the_api_tells_the_year_as_the_page_does_and_no_result(own):
    with pages_of(own) as (url, cookies):
        told = json.loads(get(url, cookies, "/api/v1/compliance"))

    duties = {(each["subject"], each["obligation"]): each for each in told["duties"]}
    assert (told["on"], len(duties), len(told["duties"])) == ("2026-11-20", 183, 183)
    assert duties["technician-3", "aseptic-manipulation"] == {
        "subject": "technician-3",
        "name": "Technician 3",
        "kind": "person",
        "obligation": "aseptic-manipulation",
        "what": "media fill",
        "rule": "797-H5",
        "force": "SHALL",
        "state": "to repeat",
        "look": "bad",
        "shown": "to be repeated",
        "due": "2026-11-12",
        "last_done": "2026-05-20",
    }
    assert {"current", "due", "overdue", "never", "to repeat", "done"} == {
        each["state"] for each in told["duties"]
    }
    (against,) = (
        each
        for each in told["against"]
        if (each["subject"], each["obligation"]) == ("technician-3", "aseptic-manipulation")
    )
    assert (against["since"], against["against"], against["force"]) == (
        "2026-11-12",
        ["compounding"],
        "SHALL",
    )
    assert all("cfu" not in json.dumps(each) for each in told["duties"])


DUTY = "/compliance/duty?obligation=aseptic-manipulation&subject=technician-3"
MEDIA_FILL = {
    "obligation": "aseptic-manipulation",
    "subject": "technician-3",
    "on": "2026-11-20",
    "run": "1",
    "growth": "clear",
    "surface": "0",
}


def test_a_media_fill_filed_on_the_page_is_judged_and_its_file_is_kept(own):
    with pages_of(own) as (url, cookies):
        fields = {**MEDIA_FILL, "left": "2", "right": "1", "evaluator": "quality-1"}
        status, text = post(url, cookies, "/compliance/done", DUTY, fields, ("report.pdf", b"%PDF-1.7 x"))
        link = re.search(r"/compliance/file/[0-9a-f]{64}", text)[0]
        kept = get(url, cookies, link)

    assert status == 200
    assert "Media fill passed: media clear, fingertips 3 cfu, surface 0 cfu (797-H5)." in words(text)
    assert kept == b"%PDF-1.7 x"
    assert cells(own)["technician-3", "aseptic-manipulation"] == ("fine", "20 May 2027")
    with Reader(own) as reader:
        assert reader.verify() == []


@pytest.mark.parametrize(
    ("change", "file", "status", "says"),
    [
        ({"left": "3", "right": "1"}, ("setup.exe", b"MZ"), 422, "'setup.exe' may not be attached"),
        ({"left": "3", "right": "1"}, ("big.pdf", b"%PDF-" + b"x" * 20_000_000), 422, "has 20,000,005 bytes"),
        ({"left": "0", "right": "0", "on": "2026-11-21"}, None, 409, "2026-11-21 has not come yet"),
        ({"left": "0", "right": "0", "on": "2023-04-02"}, None, 409, "before Technician 3 was hired"),
        ({"left": "0", "right": "0", "on": "2026-02-30"}, None, 422, "'2026-02-30' is not a day"),
        ({"left": "0", "right": "0", "on": "2026-11-12"}, None, 409, "it is on file for 2026-11-12 already"),
        ({"left": "0", "right": "0", "subject": "nobody"}, None, 404, "This is not kept"),
        ({"growth": ""}, None, 422, "does the medium show growth?"),
    ],
)
def test_what_cannot_be_filed_is_refused_with_a_sentence_and_nothing_is_filed(
    own, change, file, status, says
):
    with Reader(own) as reader:
        before = len(reader.completions())

    with pages_of(own) as (url, cookies):
        answer = post(url, cookies, "/compliance/done", DUTY, {**MEDIA_FILL, **change}, file)

    assert answer[0] == status
    assert says in answer[1].replace("&#39;", "'").replace("&#34;", '"')
    with Reader(own) as reader:
        assert len(reader.completions()) == before


def test_a_file_of_200_mb_is_refused_before_it_is_sent(own):
    with pages_of(own) as (url, cookies):
        way = http.client.HTTPConnection(url.removeprefix("http://"))
        way.putrequest("POST", "/compliance/done")
        way.putheader("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()))
        way.putheader("Content-Type", "multipart/form-data; boundary=mark")
        way.putheader("Content-Length", "200000000")
        way.endheaders()
        answer = way.getresponse()

        assert (answer.status, answer.read().decode()) == (
            413,
            "The form is longer than 20065536 bytes. Nothing was done: shorten it.\n",
        )


def test_results_of_a_person_are_not_shown_to_the_others(own):
    with pages_of(own, "technician-1") as (url, cookies):
        text = words(get(url, cookies, DUTY).decode())
        own_text = words(get(url, cookies, DUTY.replace("technician-3", "technician-1")).decode())
        matrix = words(get(url, cookies, "/compliance").decode())

    assert "4 cfu" not in text
    assert "What was found is for Technician 3 and for who oversees them." in text
    assert "fingertips 0 cfu" in own_text
    assert "to be repeated" in matrix
    assert "cfu" not in matrix


def test_plates_of_one_sampling_are_one_entry_and_the_worst_of_them_decides(own):
    page = "/compliance/duty?obligation=air-sampling-hood&subject=bsc-1"
    fields = {
        "obligation": "air-sampling-hood",
        "subject": "bsc-1",
        "on": "2026-11-20",
        "run": "1",
        "result": "",
    }
    left = {"place0": "left", "iso0": "5", "cfu0": "1", "litres0": "500"}
    right = {"place1": "right", "iso1": "5", "cfu1": "0", "litres1": "1000"}
    with pages_of(own) as (url, cookies):
        status, text = post(url, cookies, "/compliance/done", page, {**fields, **left, **right})

    assert status == 200
    assert "left: 1 cfu in 500 L is 2 cfu/m3: ABOVE the action level of 1 cfu/m3, ISO 5 (797-V3)." in words(
        text
    )
    assert "INVALID: 500 L is less than the 1,000 L that a sample needs." in words(text)
    assert "right: 0 cfu in 1,000 L is 0 cfu/m3: not above" in words(text)
    assert cells(own)["bsc-1", "air-sampling-hood"] == ("bad", "to be repeated")


def test_a_correction_is_a_new_entry_that_names_the_old_one(own):
    with Reader(own) as reader:
        wrong = next(each for each in reader.completions() if each.result is Result.FAIL)

    with pages_of(own) as (url, cookies):
        page = f"{DUTY}&correct={wrong.number}"
        fields = {**MEDIA_FILL, "on": "2026-11-12", "left": "1", "right": "0", "correct": str(wrong.number)}
        status, text = post(url, cookies, "/compliance/done", page, fields)

    assert status == 200
    assert f"in place of entry {wrong.number}" in words(text)
    assert "corrected by a later entry" in words(text)
    assert cells(own)["technician-3", "aseptic-manipulation"] == ("fine", "12 May 2027")


def test_the_core_refuses_a_result_that_its_values_do_not_give(own):
    claimed = Completion(
        "aseptic-manipulation",
        "technician-3",
        TODAY,
        Result.PASS,
        "pharmacist-1",
        values={"growth": False, "left": 3, "right": 1, "surface": 0},
    )
    with core_of(own) as put:
        refused = ask(put, Complete(claimed))
        done = ask(put, Complete(replace(claimed, result=Result.FAIL)))

    assert refused.startswith(
        "the values say fail, not pass. Media fill FAILED: media clear, fingertips 4 cfu"
    )
    assert done == ""


def test_a_bare_pass_of_an_old_table_is_shown_as_not_measured(own):
    old = Completion(
        "aseptic-manipulation",
        "technician-3",
        TODAY - timedelta(days=1),
        Result.PASS,
        "pharmacist-1",
        values={"not_measured": True},
    )
    with pages_of(own) as (url, cookies), Reader(own) as reader:
        before = len(reader.completions())
        shown = words(get(url, cookies, DUTY).decode())
    with core_of(own) as put:
        assert ask(put, Complete(old)) == ""
    with pages_of(own) as (url, cookies), Reader(own) as reader:
        assert len(reader.completions()) == before + 1
        after = words(get(url, cookies, DUTY).decode())

    told = "Not measured: a table said that it passed, and nothing of what was found."
    assert (told in shown, told in after) == (False, True)


def test_a_sample_is_filed_when_it_is_taken_and_again_when_it_is_read(own):
    with pages_of(own) as (url, cookies):
        taken = {**MEDIA_FILL, "on": "2026-11-03", "growth": "", "surface": "", "result": "not-judged"}
        post(url, cookies, "/compliance/done", DUTY, {**taken, "media_lot": "M-7"})
        waiting = words(get(url, cookies, "/compliance").decode())
        (told,) = json.loads(get(url, cookies, "/api/v1/compliance"))["awaited"]
        with Reader(own) as reader:
            number = reader.completions()[-1].number
        fields = {**MEDIA_FILL, "on": "2026-11-03", "left": "0", "right": "0", "correct": str(number)}
        status, _ = post(url, cookies, "/compliance/done", f"{DUTY}&correct={number}", fields)
        after = words(get(url, cookies, "/compliance").decode())

    assert (
        "Results awaited Technician 3: media fill , taken 2026-11-03, to be read since 2026-11-17" in waiting
    )
    assert told == {
        "subject": "technician-3",
        "name": "Technician 3",
        "obligation": "aseptic-manipulation",
        "what": "media fill",
        "entry": number,
        "taken": "2026-11-03",
        "ready_on": "2026-11-17",
        "overdue": False,
        "says": "by the clock: no incubator was named",
    }
    assert status == 200
    assert "Results awaited" not in after
    assert cells(own)["technician-3", "aseptic-manipulation"][1] == "to be repeated"  # the failure is newer


# --- the morning message --------------------------------------------------------------


def test_the_morning_message_of_the_year_is_one_for_each_phone_with_the_longest_overdue_first(own):
    morning = datetime(2026, 11, 23, 12, tzinfo=UTC)  # Monday, 07:00 in New York
    journal = Journal.open(own)
    restored = replace(journal.restore(), states={}, occurrences=(), reminders=())  # nobody was told before
    journal.close()

    monitor = Monitor(SITE, own_rules(), morning, restored, programme=PROGRAMME)
    (notice,) = monitor.handle([], morning).notices

    assert (notice.destination, notice.title) == ("phone", "107 due, 21 overdue")
    assert notice.body == (
        "CACI 1: glove and leak test Mon 24 Nov 2025; Technician 7: surveillance visit Wed 24 Dec 2025"
        " and 105 more. See: hdmonitor compliance status"
    )
