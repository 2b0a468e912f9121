"""The calendar inside the monitor: what falls due, who is told what and when, what is filed and refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from houses import House
from programmes import asset, day, done, person, programme, raised

from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.dates import parse_every
from hdmonitor.compliance.due import all_due
from hdmonitor.compliance.obligation import Case, SubjectKind
from hdmonitor.compliance.reminders import Told
from hdmonitor.due_words import text
from hdmonitor.events import ClockStepped, Kind
from hdmonitor.obligations import load_obligations


def at(text, hour=12):
    """Return noon (or another hour) in New York on a day without daylight saving, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(hours=hour + 5)


def told(house):
    return [(f"{each.at - timedelta(hours=5):%m-%d}", each.destination, each.title) for each in house.notices]


GAUGE = programme(asset("gauge-1", "pressure-gauge"), only=["pressure-gauge-check"])
LEE = programme(person(hired=day("2025-06-01")), only=["knowledge-training"])
TRAINED = done("knowledge-training", "lee", "2026-01-02")


# --- notices -----------------------------------------------------------------------------


def test_the_steps_go_to_the_person_alone_then_the_supervisor_then_the_pharmacist_in_charge():
    house = House(LEE, at("2026-01-02"))
    house.file(TRAINED, at("2026-01-02"))
    house.notices.clear()

    house.each_day(at("2026-01-03"), at("2027-01-17"))

    assert told(house) == [
        ("10-04", "lee-phone", "Your knowledge test ends Sat 2 Jan 2027"),
        ("12-03", "lee-phone", "Your knowledge test ends Sat 2 Jan 2027"),
        ("12-19", "lee-phone", "Your knowledge test ends Sat 2 Jan 2027"),
        ("12-26", "lee-phone", "Your knowledge test ends Sat 2 Jan 2027"),
        ("01-01", "lee-phone", "Your knowledge test ends Sat 2 Jan"),
        ("01-01", "kim-phone", "Lee: knowledge test due Sat 2 Jan"),
        ("01-02", "lee-phone", "Your knowledge test ends Sat 2 Jan"),
        ("01-02", "kim-phone", "Lee: knowledge test due Sat 2 Jan"),
        ("01-09", "lee-phone", "Your knowledge test is overdue"),
        ("01-09", "kim-phone", "Lee: knowledge test overdue"),
        ("01-09", "pat-phone", "Lee: knowledge test overdue"),
        ("01-16", "lee-phone", "Your knowledge test is overdue"),
        ("01-16", "kim-phone", "Lee: knowledge test overdue"),
        ("01-16", "pat-phone", "Lee: knowledge test overdue"),
    ]


def test_the_words_say_how_long_what_follows_and_by_which_rule():
    house = House(LEE, at("2026-01-02"))
    house.file(TRAINED, at("2026-01-02"))
    house.play([], at("2026-12-25"))
    house.notices.clear()

    house.each_day(at("2026-12-26"), at("2027-01-09"))

    assert [each.body for each in house.notices if each.destination == "lee-phone"] == [
        "7 days left. Book with your supervisor. From 3 Jan 2027 no sterile compounding (797-H1, SHALL).",
        "1 day left. Book with your supervisor. From 3 Jan no sterile compounding (797-H1, SHALL).",
        "Today. Book with your supervisor. From 3 Jan no sterile compounding (797-H1, SHALL).",
        "Since 3 Jan. Book with your supervisor. Until then no sterile compounding (797-H1, SHALL).",
    ]


@pytest.mark.parametrize(
    ("obligation", "subject", "last", "steps"),
    [
        # only those shorter than half the interval: 365.25 / 2, 182.6 / 2, 91.3 / 2, 30.4 / 2, 7 / 2
        ("knowledge-training", person("x"), "2026-03-01", [90, 30, 14, 7, 1, 0, -7]),
        ("garbing-fingertip", person("x"), "2026-03-01", [90, 30, 14, 7, 1, 0, -7]),
        ("garbing-fingertip", person("x", category=3), "2026-03-01", [30, 14, 7, 1, 0, -7]),
        ("spill-kit", asset("x", "spill-kit"), "2026-03-01", [14, 7, 1, 0, -7]),
        ("eyewash-weekly", asset("x", "eyewash"), "2026-03-01", [0, -7]),
        ("hood-cleaning", asset("x", "bsc-a2"), "2026-03-02", [-1, -7]),
    ],
)
def test_only_steps_shorter_than_half_the_interval_are_told_then_one_a_week(obligation, subject, last, steps):
    found = programme(subject, only=[obligation])
    house = House(found, at(last))
    for run in (1, 2, 3):
        house.file(done(obligation, "x", last, run=run), at(last))
    house.reminders.clear()
    (duty,) = found.duties()

    due = min(each.due for key, each in house.occurrences.items() if each.ended_at is None)
    house.each_day(at(last), at(due.isoformat()) + timedelta(days=8))

    assert duty[0].id == obligation
    assert [each.step for each in house.reminders] == steps


@pytest.mark.parametrize(
    ("every", "steps"),
    [
        ("14 days", [1, 0]),
        ("15 days", [7, 1, 0]),
        ("2 days", [0]),
        ("3 days", [1, 0]),
        ("60 days", [14, 7, 1, 0]),
    ],
)
def test_a_step_of_half_the_interval_is_left_out(every, steps):
    found = programme(asset("x", "pump"), only=["pump-maintenance"])
    often = replace(found.obligations["pump-maintenance"], cases=(Case(parse_every(every), "X"),))
    house = House(replace(found, obligations={often.id: often}), at("2026-03-02"))
    house.file(done(often.id, "x", "2026-03-02"), at("2026-03-02"))
    house.reminders.clear()
    (due,) = [each.due for each in house.occurrences.values() if each.ended_at is None]

    house.each_day(at("2026-03-02"), at(due.isoformat()))

    assert [each.step for each in house.reminders] == steps


LONG = "Bartholomew Featherstonehaugh-Cholmondeley the younger of Uttoxeter"


@pytest.mark.parametrize("late", [-30, 0, 1, 40])
@pytest.mark.parametrize("name", ["Lee", LONG])
@pytest.mark.parametrize("reader", ["lee", "kim"])
def test_every_message_fits_on_a_phone_and_names_what_it_is_about(name, reader, late):
    roles = {role for each in load_obligations().by_id.values() for role in each.applies.roles}
    kinds = {kind for each in load_obligations().by_id.values() for kind in each.applies.kinds}
    things = [asset(kind, kind, category=3) for kind in sorted(kinds)]
    people = [replace(person("lee", roles=roles, category=3), kind=kind) for kind in SubjectKind]
    subjects = [replace(each, name=name) for each in (*people, *things)]
    on = day("2026-06-01") + timedelta(days=late)
    told = [
        Told(due, day("2026-06-01"), (0,)) for due in all_due(programme(*subjects), {}) if due.day is not None
    ]

    assert len(told) > 100
    for each in told:
        said = text([each], reader, on)
        assert len(said.title) <= 40, said
        assert len(said.body) <= 150, said
        assert each.due.case.rule in said.body
        assert each.due.obligation.short in f"{said.title} {said.body}", said
    for count in (2, 3, 7, len(told)):
        said = text(told[:count], reader, on)
        assert len(said.title) <= 40, said
        assert len(said.body) <= 150, said
        assert str(count) in said.title


def test_many_things_are_one_message_for_each_reader():
    found = programme(
        *(asset(f"gauge-{n}", "pressure-gauge") for n in range(1, 5)), only=["pressure-gauge-check"]
    )
    house = House(found, at("2026-01-02"))
    for n in range(1, 5):
        house.file(done("pressure-gauge-check", f"gauge-{n}", "2026-01-02"), at("2026-01-02"))
    house.play([], at("2026-06-01"))
    house.notices.clear()

    house.play([], at("2026-06-02"))

    (notice,) = house.notices
    assert (notice.destination, notice.title) == ("kim-phone", "4 due, the first Thu 2 Jul")
    assert notice.body == (
        "gauge-1: accuracy test Thu 2 Jul; gauge-2: accuracy test Thu 2 Jul; gauge-3: accuracy test Thu 2 Jul"
        " and 1 more. See: hdmonitor compliance status"
    )
    assert len(notice.body) <= 150


def test_others_are_never_told_that_somebody_failed_and_the_person_never_why():
    house = House(LEE, at("2026-01-02"))
    house.file(TRAINED, at("2026-01-02"))
    house.notices.clear()
    failed = done("knowledge-training", "lee", "2026-03-01", Result.FAIL, values={"score": 41})
    house.file(failed, at("2026-03-01"))

    house.each_day(at("2026-03-02"), at("2026-03-08"))

    said = [(each.destination, each.title, each.body) for each in house.notices]
    assert [each[:2] for each in said] == [
        ("lee-phone", "Your knowledge test has to be repeated"),
        ("kim-phone", "Lee: knowledge test overdue"),
        ("lee-phone", "Your knowledge test has to be repeated"),
        ("kim-phone", "Lee: knowledge test overdue"),
        ("pat-phone", "Lee: knowledge test overdue"),
    ]
    assert not any("41" in text or "fail" in text.lower() for each in said for text in each)


def test_who_cannot_be_reached_does_not_make_a_silence():
    found = replace(LEE, reached={"pat": ("pat-phone",)})
    house = House(found, at("2026-01-02"))

    house.play([], at("2026-01-02"))

    assert told(house) == [("01-02", "pat-phone", "Lee: knowledge test overdue")]


# --- once, and only once -----------------------------------------------------------------------


def test_two_looks_at_once_tell_nothing_twice():
    house = House(GAUGE, at("2026-01-02"))

    house.play([], at("2026-01-02"))
    first = len(house.notices)
    house.play([], at("2026-01-02"))
    house.restart(at("2026-01-02"))
    house.play([], at("2026-01-02"))

    assert (first, len(house.notices)) == (2, 2)


def test_what_was_slept_through_is_told_once_and_leaves_no_step_out():
    house = House(LEE, at("2026-01-02"))
    house.file(TRAINED, at("2026-01-02"))
    house.notices.clear()
    house.reminders.clear()

    house.restart(at("2026-12-20"))
    house.play([], at("2026-12-20"))

    assert told(house) == [("12-20", "lee-phone", "Your knowledge test ends Sat 2 Jan 2027")]
    assert [each.step for each in house.reminders] == [90, 30, 14]
    assert house.notices[0].body.startswith("13 days left.")


@pytest.mark.parametrize("by", [timedelta(hours=-30), timedelta(hours=30), timedelta(minutes=-5)])
def test_a_clock_that_steps_repeats_nothing_and_leaves_nothing_out(by):
    house = House(LEE, at("2026-01-02"))
    house.file(TRAINED, at("2026-01-02"))
    house.reminders.clear()
    house.each_day(at("2026-09-25"), at("2026-10-05"))

    house.play([ClockStepped(by)], at("2026-10-05") + by)
    house.each_day(at("2026-10-06"), at("2026-12-10"))

    assert [each.step for each in house.reminders] == [90, 30]


def test_a_look_is_taken_at_seven_in_the_morning_of_the_site_once_a_day():
    house = House(GAUGE, at("2026-01-02", 6))
    house.play([], at("2026-01-02", 6))
    house.file(done("pressure-gauge-check", "gauge-1", "2026-01-02"), at("2026-01-02", 6))
    house.play([], at("2026-06-01", 12))  # standard time: summer time moves seven o'clock to six
    house.notices.clear()

    house.play([], datetime(2026, 6, 2, 10, 59, 59, tzinfo=UTC))
    assert house.notices == []
    house.play([], datetime(2026, 6, 2, 12, tzinfo=UTC))

    (notice,) = house.notices
    assert notice.at == datetime(2026, 6, 2, 11, tzinfo=UTC)


def test_after_a_long_jump_each_day_is_looked_at_in_its_place():
    house = House(LEE, at("2026-01-02"))
    house.file(TRAINED, at("2026-01-02"))
    house.notices.clear()

    house.play([], at("2027-01-02"))

    assert [each[0] for each in told(house) if each[1] == "lee-phone"] == [
        "10-04",
        "12-03",
        "12-19",
        "12-26",
        "01-01",
        "01-02",
    ]


# --- what moves -----------------------------------------------------------------------------------


def test_a_category_raised_in_mid_cycle_moves_the_due_day_at_the_next_start_and_tells_it():
    found = programme(person(hired=day("2025-06-01")), only=["aseptic-manipulation"])
    house = House(found, at("2026-01-02"))
    house.file(done("aseptic-manipulation", "lee", "2026-01-02"), at("2026-01-02"))
    house.each_day(at("2026-01-03"), at("2026-03-20"))
    assert not [each for each in house.events if each.kind is Kind.DUE_MOVED]
    house.notices.clear()

    house.restart(at("2026-03-20", 15), raised(found, "lee", 3))
    house.play([], at("2026-03-20", 15))

    (moved,) = [each for each in house.events if each.kind is Kind.DUE_MOVED]
    assert (moved.subject, moved.detail) == (
        "lee",
        {
            "obligation": "aseptic-manipulation",
            "from": "2026-07-02",
            "to": "2026-04-02",
            "rule_before": "797-H5",
            "rule": "797-H6",
            "every": "3 months",
            "force": "SHALL",
            "category": 3,
        },
    )
    assert told(house) == [("03-20", "lee-phone", "Your media fill ends Thu 2 Apr")]
    assert house.notices[0].body.endswith("no sterile compounding (797-H6, SHALL).")
    ended = house.occurrences["aseptic-manipulation", "lee", day("2026-07-02")]
    assert (ended.ended, ended.rule) == ("moved", "797-H5")


def test_who_has_left_is_reminded_of_nothing_more():
    house = House(LEE, at("2026-01-02"))
    house.play([], at("2026-01-02"))
    house.notices.clear()
    gone = replace(LEE, subjects=(replace(LEE.subjects[0], end=day("2026-01-05")),), digest="2")

    house.restart(at("2026-01-05"), gone)
    house.each_day(at("2026-01-05"), at("2026-02-20"))

    assert house.notices == []
    assert [each.ended for each in house.occurrences.values()] == ["gone"]


def test_a_day_that_was_left_out_stays_missed_when_a_later_one_is_done():
    found = programme(asset("bsc-1", "bsc-a2"), only=["hood-cleaning"])
    house = House(found, at("2026-01-05"))
    house.file(done("hood-cleaning", "bsc-1", "2026-01-05"), at("2026-01-05"))

    house.file(done("hood-cleaning", "bsc-1", "2026-01-07"), at("2026-01-07"))

    assert {str(key[2]): each.ended for key, each in house.occurrences.items()} == {
        "2026-01-01": "missed",
        "2026-01-06": "missed",
        "2026-01-08": "",
    }


# --- filing ---------------------------------------------------------------------------------------


def test_a_completion_is_written_down_with_its_event_and_moves_the_due_day():
    house = House(GAUGE, at("2026-03-31"))
    filed = done("pressure-gauge-check", "gauge-1", "2026-03-31", done_by="Gauges Ltd", certificate="C-17")

    assert house.file(filed, at("2026-03-31")) == ""

    (completion,) = house.completions
    (event,) = [each for each in house.events if each.kind is Kind.COMPLETED]
    assert completion == replace(filed, number=event.number, filed_at=at("2026-03-31"))
    assert (event.subject, event.detail) == (
        "gauge-1",
        {
            "obligation": "pressure-gauge-check",
            "day": "2026-03-31",
            "run": 1,
            "result": "pass",
            "by": "kim",
            "done_by": "Gauges Ltd",
            "certificate": "C-17",
        },
    )
    (now,) = [each for each in house.occurrences.values() if each.ended_at is None]
    assert (now.due, now.rule) == (day("2026-09-30"), "797-P5")


BASE = {
    "obligation": "knowledge-training",
    "subject": "lee",
    "on": day("2026-03-31"),
    "result": Result.PASS,
    "filed_by": "kim",
}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (
            {"on": day("2026-04-01")},
            "2026-04-01 has not come yet, today is 2026-03-31; write down what was done once it is done",
        ),
        ({"on": date(9999, 12, 31)}, "9999-12-31 has not come yet, today is 2026-03-31"),
        ({"on": date(1969, 12, 31)}, "1969-12-31 is before 1970-01-01; check the year"),
        ({"on": date(1, 1, 1)}, "0001-01-01 is before 1970-01-01; check the year"),
        ({"on": day("2025-05-31")}, "2025-05-31 is before Lee was hired on 2025-06-01; check the day"),
        ({"filed_by": "kin"}, "nobody called 'kin' is in the site file; the people are: ann, kim, lee, pat"),
        ({"second": "x"}, "nobody called 'x' is in the site file; the people are: ann, kim, lee, pat"),
        (
            {"obligation": "knowledge-trainig"},
            "there is no obligation 'knowledge-trainig'; did you mean 'knowledge-training'?",
        ),
        ({"subject": "ann"}, "knowledge-training is not kept for 'ann'; it is kept for lee"),
        ({"evaluator": "lee"}, "Lee cannot be the evaluator of Lee; name another person"),
        ({"values": {"score": float("nan")}}, "the values must be plain numbers, texts and lists"),
        ({"values": {"x": "y" * 4000}}, "the values must be plain numbers, texts and lists"),
        ({"remark": "x" * 1001}, "a text is longer than 1000 characters; shorten it, or attach it"),
        ({"run": 0}, "run 0 is none; count from 1"),
        (
            {"result": Result.VOID},
            "only a correction can be void; name the number of the entry that is not to count",
        ),
        ({"corrects": 7}, "no entry 7 is about knowledge-training of lee; look up its number"),
    ],
)
def test_what_cannot_be_filed_is_refused_with_a_sentence_and_recorded(change, refusal):
    house = House(LEE, at("2026-03-31"))
    house.play([], at("2026-03-31"))

    answer = house.file(Completion(**BASE | change), at("2026-03-31"))

    assert answer.startswith(refusal)
    assert house.completions == []
    assert (house.events[-1].kind, house.events[-1].detail["reason"]) == (Kind.REFUSED, answer)


FILL = programme(person(), only=["aseptic-manipulation"])
COUNTS = {"growth": False, "left": 0, "right": 0, "surface": 0}
WHAT = "what was found? a pass follows from it (797-H5); give the counts"


@pytest.mark.parametrize(
    ("on", "given", "refusal"),
    [
        ("2026-03-31", {}, WHAT),
        ("2026-03-31", {"values": {"media_lot": "M-7"}}, WHAT),
        ("2026-03-31", {"values": {"not_measured": True}}, WHAT),
        ("2026-03-30", {"values": {"not_measured": "yes"}}, WHAT),
        ("2026-03-30", {"values": {"not_measured": True}}, ""),
        ("2026-03-31", {"result": Result.FAIL}, ""),
        ("2026-03-31", {"result": Result.NOT_JUDGED}, ""),
        ("2026-03-31", {"values": COUNTS}, ""),
        (
            "2026-03-31",
            {"values": COUNTS, "filed_by": "lee"},
            "Lee cannot pass Lee; name the evaluator, another person",
        ),
        ("2026-03-31", {"values": COUNTS, "filed_by": "lee", "evaluator": "ann"}, ""),
        ("2026-03-31", {"result": Result.FAIL, "filed_by": "lee"}, ""),
    ],
)
def test_a_pass_that_a_rule_judges_comes_with_what_was_found_and_is_nobodys_own(on, given, refusal):
    house = House(FILL, at("2026-03-31"))
    entry = Completion(
        "aseptic-manipulation", "lee", day(on), **{"result": Result.PASS, "filed_by": "kim"} | given
    )

    assert house.file(entry, at("2026-03-31")) == refusal


def test_the_day_of_hiring_and_today_are_taken():
    house = House(LEE, at("2026-03-31"))

    assert house.file(Completion(**BASE | {"on": day("2025-06-01")}), at("2026-03-31")) == ""
    assert house.file(Completion(**BASE), at("2026-03-31")) == ""


def test_the_same_twice_is_refused_and_a_second_run_of_the_day_is_not():
    house = House(LEE, at("2026-03-31"))
    house.file(Completion(**BASE), at("2026-03-31"))

    number = house.completions[0].number
    assert house.file(Completion(**BASE), at("2026-03-31")) == (
        f"it is on file for 2026-03-31 already, as number {number}; correct that entry,"
        " or give run 2 if it was done again that day"
    )
    assert house.file(Completion(**BASE, run=2), at("2026-03-31")) == ""


def test_an_entry_is_corrected_once_and_then_its_correction_is():
    house = House(LEE, at("2026-03-31"))
    house.file(Completion(**BASE), at("2026-03-31"))
    first = house.completions[0].number

    assert house.file(Completion(**BASE | {"on": day("2026-03-30")}, corrects=first), at("2026-03-31")) == ""
    second = house.completions[1].number
    assert house.file(Completion(**BASE, corrects=first), at("2026-03-31")) == (
        f"entry {first} is corrected already, by {second}; correct that one"
    )
    assert house.file(Completion(**BASE | {"result": Result.VOID}, corrects=second), at("2026-03-31")) == ""


@pytest.mark.parametrize(
    ("obligation", "subject", "given", "refusal"),
    [
        (
            "medical-surveillance",
            person(roles=["hd-handler"]),
            {"remark": "all well"},
            "medical-surveillance keeps the day only: no findings, no files, no remark about health",
        ),
        (
            "medical-surveillance",
            person(roles=["hd-handler"]),
            {"result": Result.FAIL},
            "medical-surveillance keeps the day only: no findings, no files, no remark about health",
        ),
        (
            "pump-library",
            asset("lee", "pump-library"),
            {},
            "pump-library needs a second person who signs; name one who is not kim",
        ),
        (
            "pump-library",
            asset("lee", "pump-library"),
            {"second": "kim"},
            "pump-library needs a second person who signs; name one who is not kim",
        ),
    ],
)
def test_some_obligations_ask_for_less_and_some_for_more(obligation, subject, given, refusal):
    house = House(programme(subject, only=[obligation]), at("2026-03-31"))

    assert house.file(Completion(**BASE | {"obligation": obligation} | given), at("2026-03-31")) == refusal


def test_a_second_signature_of_another_person_is_enough():
    house = House(programme(asset("lee", "pump-library"), only=["pump-library"]), at("2026-03-31"))
    signed = Completion(**BASE | {"obligation": "pump-library"}, second="pat")

    assert house.file(signed, at("2026-03-31")) == ""


@pytest.mark.parametrize("hours", [{}, {"hours": 0}, {"hours": 24.5}, {"hours": "6"}, {"hours": True}])
def test_hours_that_are_none_are_refused(hours):
    found = programme(asset("x", "pump"), only=["pump-maintenance"])
    counted = replace(found.obligations["pump-maintenance"], hours=144.0)
    house = House(replace(found, obligations={counted.id: counted}), at("2026-03-31"))

    answer = house.file(done(counted.id, "x", "2026-03-31", values=hours), at("2026-03-31"))

    assert answer == "pump-maintenance counts hours; give them, more than 0 and at most 24 a day"


def test_without_a_calendar_nothing_can_be_filed():
    house = House(None, at("2026-03-31"))

    assert house.file(Completion(**BASE), at("2026-03-31")) == (
        "the site file has no section 'compliance'; add it, see docs/compliance.md"
    )
