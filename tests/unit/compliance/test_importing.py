"""Tables of completions: what is filed, what is named and left out."""

from datetime import date

import pytest
from year import NOW, PROGRAMME, imported

from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.due import State, all_due, by_key
from hdmonitor.importing import read_completions, table_of
from hdmonitor.spreadsheet import Dates

LIST = "list them with: hdmonitor compliance status"
HEAD = "Who,Test,Date,Result,Left hand,Right hand,Turbid,Surface,Hours,Evaluated by,Location,ISO,CFU,Liters\n"


def read(*lines, filed=(), dates=Dates.UNDECLARED):
    raw = (HEAD + "\n".join(lines) + "\n").encode()
    return read_completions(raw, "log.csv", PROGRAMME, filed, by="quality-1", now=NOW, dates=dates)


def problems(*lines, filed=()):
    return [str(each) for each in read(*lines, filed=filed).problems]


def test_a_line_becomes_the_completion_that_a_person_would_file():
    found = read("Technician 1,fingertip test,2026-05-20,,0,0,,,,Quality 1")

    assert found.problems == []
    assert found.completions == [
        (
            2,
            Completion(
                "garbing-fingertip",
                "technician-1",
                date(2026, 5, 20),
                Result.PASS,
                "quality-1",
                evaluator="quality-1",
                values={"left": 0, "right": 0},
            ),
        )
    ]
    assert found.says == {
        2: "Fingertips 0 cfu on both hands together: not above the action level of 0 cfu (797-H3)."
    }


@pytest.mark.parametrize(
    ("left", "right", "result"), [(3, 1, Result.FAIL), (2, 1, Result.PASS), ("TNTC", 0, Result.FAIL)]
)
def test_a_media_fill_is_what_its_values_say(left, right, result):
    ((_, filed),) = read(f"technician-1,media fill,2026-05-20,,{left},{right},clear,0").completions

    assert filed.result is result


def test_a_bare_pass_of_an_old_table_is_kept_and_said_not_to_be_measured():
    found = read("Technician 1,media fill,2026-05-20,pass", "Technician 2,media fill,2026-05-20,fail")

    assert [each.values for _, each in found.completions] == [{"not_measured": True}, {}]
    assert found.says == {2: "Not measured: a table said that it passed, and nothing of what was found."}


def test_a_table_that_says_pass_where_its_values_fail_is_not_believed():
    assert problems("Technician 1,media fill,2026-05-20,pass,3,1,clear,0") == [
        (
            "log.csv:2:4: the line says pass, its values fail. Media fill FAILED: media clear, "
            "fingertips 4 cfu (at most 3), surface 0 cfu (797-H5). To do: find the cause, train again, "
            "repeat the test before any sterile compounding."
        )
    ]


def test_plates_of_one_sampling_are_one_completion_and_the_worst_of_them_decides():
    found = read(
        "BSC 1,viable air sampling,2026-05-28,,,,,,,,left,5,0,1000",
        "BSC 1,viable air sampling,2026-05-28,,,,,,,,right,5,2,1000",
        "BSC 2,viable air sampling,2026-05-28,,,,,,,,left,5,0,500",
    )

    (_, first), (_, second) = found.completions
    assert (first.result, second.result) == (Result.FAIL, Result.NOT_JUDGED)
    assert [sample["place"] for sample in first.values["samples"]] == ["left", "right"]
    assert found.says[2].split("\n")[1].startswith("right: 2 cfu in 1,000 L is 2 cfu/m3: ABOVE")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "Technicain 1,fingertip test,2026-05-20,,0,0",
            "log.csv:2:1: 'Technicain 1' is nobody and nothing of this site; did you mean 'technician 1'?",
        ),
        (
            "Technician 1,fingertipp test,2026-05-20,,0,0",
            "log.csv:2:2: 'fingertipp test' is no obligation of this site; did you mean 'fingertip test'?",
        ),
        (
            "Gauge ante,fingertip test,2026-05-20,pass",
            "log.csv:2:2: 'fingertip test' is not kept for 'Gauge ante'; kept are: pressure-gauge-check",
        ),
        (
            "Technician 1,risk acknowledgement,2026-05-20,pass",
            (
                "log.csv:2:2: 'risk acknowledgement' for 'Technician 1' may mean reproductive-risk of "
                "technician-1, reproductive-risk-refresh of technician-1; write the id"
            ),
        ),
        (
            "Technician 1,fingertip test,2026-11-21,,0,0",
            (
                "log.csv:2:3: 2026-11-21 has not come yet, today is 2026-11-20; "
                "write down what was done once it is done"
            ),
        ),
        (
            "Technician 8,HD competency,2026-03-01,pass",
            "log.csv:2:3: 2026-03-01 is before Technician 8 was hired on 2026-03-02; check the day",
        ),
        (
            "Technician 1,fingertip test,30 Feb 2026,,0,0",
            "log.csv:2:3: '30 Feb 2026' is a day that does not exist; look it up",
        ),
        (
            "Technician 1,fingertip test,03/04/2026,,0,0",
            "log.csv:2:3: '03/04/2026' may be 4 March or 3 April; say which with --dates mdy or --dates dmy",
        ),
        (
            "Technician 1,knowledge test,2026-05-20,",
            "log.csv:2:4: pass or fail? write it, or the values that were found",
        ),
        (
            "Technician 1,knowledge test,2026-05-20,perhaps",
            "log.csv:2:4: 'perhaps' is neither pass nor fail; write one of them",
        ),
        (
            "Technician 1,media fill,2026-05-20,,0,0,cloudy,0",
            "log.csv:2:7: 'cloudy' does not say whether the medium grew; write turbid or clear",
        ),
        (
            "Technician 1,fingertip test,2026-05-20,,0.5,0",
            "log.csv:2:5: '0.5' is no number of colonies; write a whole number, or TNTC",
        ),
        (
            "BSC 1,viable air sampling,2026-05-20,,,,,,,,left,6,0,1000",
            "log.csv:2:12: '6' is no ISO class of a pharmacy; write 5, 7 or 8",
        ),
        (
            "BSC 1,viable air sampling,2026-05-20,,,,,,,,left,5,0,",
            "log.csv:2:4: how many litres of air? a sample needs 1,000 L or more",
        ),
        (
            "Technician 8,hours on the job,2026-05-20,pass,,,,,25",
            "log.csv:2:3: apprentice-hours counts hours; give them, more than 0 and at most 24 a day",
        ),
        (
            "Technician 1,fingertip test,2026-05-20,,0,0,,,,Technician 1",
            "log.csv:2:3: Technician 1 cannot be the evaluator of Technician 1; name another person",
        ),
        (",fingertip test,2026-05-20,,0,0", "log.csv:2:1: whose line is this? no name stands here or above"),
        ("Technician 1,,2026-05-20,,0,0", "log.csv:2:2: what was done? nothing stands here or above"),
    ],
)
def test_a_bad_line_is_named_with_line_and_column_and_the_rest_is_read(line, says):
    good = "Technician 2,knowledge test,2026-05-20,pass"

    found = read(line, good)

    assert [str(each) for each in found.problems] == [says]
    assert [each.subject for _, each in found.completions] == ["technician-2"]


def test_everything_that_is_wrong_with_a_line_is_told_at_once():
    assert problems("Nobody,nothing,2026-02-30,maybe,x") == [
        f"log.csv:2:1: 'Nobody' is nobody and nothing of this site; {LIST}",
        "log.csv:2:3: '2026-02-30' is a day that does not exist; look it up",
        "log.csv:2:4: 'maybe' is neither pass nor fail; write one of them",
        "log.csv:2:5: 'x' is not a number; write for instance 1000 or 6.5",
    ]


def test_what_is_there_twice_is_told_in_the_file_and_against_the_record():
    line = "Technician 1,knowledge test,2026-05-20,pass"

    assert problems(line, line) == [
        (
            "log.csv:3:3: it is on file for 2026-05-20 already, as number 1; correct that entry, "
            "or give run 2 if it was done again that day"
        )
    ]
    ((_, before),) = read(line).completions
    assert len(problems(line, filed=[before])) == 1


def test_people_are_found_by_their_last_name_first():
    ((_, filed),) = read('"1, Technician",knowledge test,2026-05-20,pass').completions

    assert filed.subject == "technician-1"


def test_the_year_of_a_pharmacy_is_read_without_a_question():
    completions, wrong = imported()

    assert wrong == []
    assert len(completions) == 3527
    failed = [(each.subject, each.on) for each in completions if each.result is Result.FAIL]
    assert failed == [("technician-3", date(2026, 11, 12))]


def test_what_was_exported_is_imported_as_it_was():
    completions, _ = imported()
    raw = table_of(completions).encode()

    again = read_completions(raw, "export.csv", PROGRAMME, (), by="quality-1", now=NOW)

    def known(each):
        return (
            each.obligation,
            each.subject,
            each.on,
            each.run,
            each.result,
            dict(each.values),
            each.evaluator,
        )

    assert again.problems == []
    assert sorted(map(str, map(known, (each for _, each in again.completions)))) == sorted(
        map(str, map(known, completions))
    )


def test_hours_of_an_apprentice_add_up_and_related_instruction_is_data_only():
    completions, _ = imported()
    (due,) = (
        due
        for due in all_due(PROGRAMME, by_key(completions), date(2026, 11, 20))
        if due.obligation.id == "apprentice-hours"
    )

    assert (due.so_far, due.obligation.hours, due.day) == (540, 1000.0, date(2027, 3, 2))
    assert due.state(date(2026, 11, 20)) is State.CURRENT
