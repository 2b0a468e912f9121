"""When things are due: from when they were last done, by which rule, and what stands against work."""

from dataclasses import replace
from datetime import timedelta

import pytest
from programmes import asset, day, done, person, programme, raised

from hdmonitor.completions import Result
from hdmonitor.compliance.dates import parse_every
from hdmonitor.compliance.due import State, all_due, by_key, due_of, reason_of, standing_against
from hdmonitor.compliance.obligation import Against, Case, SubjectKind


def due(found, *completions, obligation=None):
    """Return the due day of the only obligation and subject of a programme."""
    duties = [each for each in found.duties() if obligation in (None, each[0].id)]
    ((what, whom, case),) = duties
    return due_of(found, what, whom, case, [replace(c, number=n) for n, c in enumerate(completions, 1)])


FINGERTIP = programme(person(), only=["garbing-fingertip"])
GAUGE = programme(asset("gauge-1", "pressure-gauge"), only=["pressure-gauge-check"])


# --- 19: from the last time, not from a schedule; due inclusive ----------------------------


def test_what_was_done_early_makes_the_next_one_due_earlier():
    found = due(GAUGE, done("pressure-gauge-check", "gauge-1", "2026-03-31"))
    early = due(
        GAUGE,
        done("pressure-gauge-check", "gauge-1", "2026-03-31"),
        done("pressure-gauge-check", "gauge-1", "2026-09-01"),
    )

    assert found.day == day("2026-09-30")
    assert early.day == day("2027-03-01")


def test_the_due_day_is_the_last_one_that_is_in_time():
    found = due(GAUGE, done("pressure-gauge-check", "gauge-1", "2026-03-31"))

    assert found.state(day("2026-09-29")) is State.CURRENT
    assert found.state(day("2026-09-30")) is State.DUE
    assert found.state(day("2026-10-01")) is State.OVERDUE
    assert found.since(day("2026-09-30")) is None
    assert found.since(day("2026-10-15")) == day("2026-10-01")


def test_what_was_filed_late_about_an_earlier_day_counts_in_the_order_of_the_days():
    found = due(
        GAUGE,
        done("pressure-gauge-check", "gauge-1", "2026-08-01"),
        done("pressure-gauge-check", "gauge-1", "2026-03-31"),
    )

    assert found.day == day("2027-02-01")


@pytest.mark.parametrize(
    ("last", "windows", "day_", "last_day"),
    [
        ("2026-03-02", False, "2027-03-02", "2027-03-02"),
        ("2026-03-02", True, "2027-03-02", "2027-04-01"),  # 30 days
    ],
)
def test_an_accreditors_window_is_off_and_moves_no_due_day_when_it_is_on(last, windows, day_, last_day):
    found = due(
        programme(asset("eye-1", "eyewash"), only=["eyewash-yearly"], accreditor_windows=windows),
        done("eyewash-yearly", "eye-1", last),
    )

    assert (found.day, found.last_day) == (day(day_), day(last_day))


@pytest.mark.parametrize(("last", "ends"), [("2026-11-16", "2026-11-29"), ("2026-11-22", "2026-11-29")])
def test_a_weekly_window_ends_with_the_week_of_the_calendar(last, ends):
    found = due(
        programme(asset("eye-1", "eyewash"), only=["eyewash-weekly"], accreditor_windows=True),
        done("eyewash-weekly", "eye-1", last),
    )

    assert found.window_ends == day(ends)


def test_a_window_never_reaches_what_usp_asks_for():
    found = due(
        replace(GAUGE, accreditor_windows=True), done("pressure-gauge-check", "gauge-1", "2026-03-31")
    )

    assert found.window_ends is None
    assert found.state(day("2026-10-01")) is State.OVERDUE


def test_a_schedule_with_a_beginning_of_its_own_does_not_move_with_what_was_done_early():
    anchored = programme(
        asset("permit", "registration"),
        only=["site-registration"],
    )

    assert due(anchored).day == day("2027-01-01")
    early = done("site-registration", "permit", "2026-11-02")
    assert due(anchored, early).day == day("2028-01-01")
    again = done("site-registration", "permit", "2026-12-02")
    assert due(anchored, early, again).day == day("2028-01-01")
    late = done("site-registration", "permit", "2027-02-03")
    assert due(anchored, late).day == day("2028-01-01")
    much_later = done("site-registration", "permit", "2029-02-03")
    assert due(anchored, much_later).day == day("2030-01-01")


def test_an_anchored_month_keeps_its_last_day():
    end = replace(asset("x", "registration"), start=day("2026-01-31"))
    found = programme(end, only=["site-registration"])
    monthly = replace(found.obligations["site-registration"], cases=(Case(parse_every("1 month"), "X"),))
    found = replace(found, obligations={monthly.id: monthly})

    assert due(found).day == day("2026-02-28")
    assert due(found, done(monthly.id, "x", "2026-02-28")).day == day("2026-03-31")
    assert due(found, done(monthly.id, "x", "2026-02-28"), done(monthly.id, "x", "2026-03-31")).day == day(
        "2026-04-30"
    )


# --- 20: different clocks for the same thing --------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "obligation", "last", "due_on", "rule"),
    [
        (asset("x", "pressure-gauge"), "pressure-gauge-check", "2026-03-01", "2026-09-01", "797-P5"),
        (asset("x", "thermometer"), "thermometer-check", "2026-03-01", "2027-03-01", "797-T4"),
        (person("x", category=1), "aseptic-manipulation", "2026-03-01", "2026-09-01", "797-H5"),
        (person("x", category=2), "aseptic-manipulation", "2026-03-01", "2026-09-01", "797-H5"),
        (person("x", category=3), "aseptic-manipulation", "2026-03-01", "2026-06-01", "797-H6"),
        (person("x", roles=["oversight"]), "oversight-aseptic", "2026-03-01", "2027-03-01", "797-H7"),
        (asset("x", "bsc-a2"), "hood-certification", "2026-03-01", "2026-09-01", "797-C1"),
        (asset("x", "bsc-a2", category=3), "air-sampling-hood", "2026-03-01", "2026-04-01", "797-V2"),
        (asset("x", "bsc-a2", category=2), "air-sampling-hood", "2026-03-01", "2026-09-01", "797-V1"),
        (asset("x", "bsc-a2", category=2), "surface-sampling-hood", "2026-03-01", "2026-04-01", "797-S1"),
        (asset("x", "bsc-a2", category=3), "surface-sampling-hood", "2026-03-01", "2026-03-08", "797-S2"),
        (asset("x", "powder-hood"), "powder-hood-certification", "2026-03-01", "2027-03-01", "795-C1"),
        (asset("x", "waste-container"), "waste-removal", "2027-03-01", "2028-02-29", "EPA-1"),
    ],
)
def test_each_thing_has_the_clock_of_its_rule(subject, obligation, last, due_on, rule):
    found = due(programme(subject, only=[obligation]), done(obligation, "x", last))

    assert (found.day, found.case.rule) == (day(due_on), rule)


@pytest.mark.parametrize(
    ("waste", "due_on"),
    [("subpart-p", "2027-03-01"), ("large-generator", "2026-05-30"), ("small-generator", "2026-08-28")],
)
def test_waste_has_the_clock_of_the_regime_of_the_site(waste, due_on):
    found = programme(asset("x", "waste-container"), only=["waste-removal"], waste=waste)

    assert due(found, done("waste-removal", "x", "2026-03-01")).day == day(due_on)


def test_a_very_small_generator_has_no_clock_for_waste():
    found = programme(asset("x", "waste-container"), only=["waste-removal"], waste="very-small-generator")

    assert list(found.duties()) == []


def test_a_fit_test_is_kept_for_each_facepiece_by_itself():
    lee = person(roles=["respirator-user"])
    faces = [replace(lee, kind=SubjectKind.FACEPIECE, part=part) for part in ("half-mask", "full-face")]
    found = programme(*faces, only=["fit-test"])

    dues = all_due(found, by_key([done("fit-test", "lee/half-mask", "2026-03-01")]))

    assert [(each.subject.key, each.state(day("2026-04-01"))) for each in dues] == [
        ("lee/half-mask", State.CURRENT),
        ("lee/full-face", State.NEVER),
    ]


PASSED = [done("garbing-fingertip", "lee", "2026-05-01", run=run) for run in (1, 2, 3)]


def test_a_category_raised_from_2_to_3_moves_the_due_day_at_once_by_the_rule_that_is_named():
    before, after = due(FINGERTIP, *PASSED), due(raised(FINGERTIP, "lee", 3), *PASSED)

    assert (before.day, before.case.rule) == (day("2026-11-01"), "797-H3")
    assert (after.day, after.case.rule) == (day("2026-08-01"), "797-H4")
    assert before.state(day("2026-09-10")) is State.CURRENT
    assert after.state(day("2026-09-10")) is State.OVERDUE

    (reason,) = standing_against(raised(FINGERTIP, "lee", 3), by_key(PASSED), day("2026-09-10"))
    assert reason.text == "Lee: fingertip test overdue since 2026-08-02 (797-H4, SHALL)"
    assert (reason.since, reason.against) == (day("2026-08-02"), {Against.COMPOUNDING})
    assert standing_against(FINGERTIP, by_key(PASSED), day("2026-09-10")) == []


# --- counts -----------------------------------------------------------------------------------


def test_the_first_fingertip_tests_are_three_in_a_row_and_a_failure_starts_them_again():
    two = PASSED[:2]
    failed = done("garbing-fingertip", "lee", "2026-05-02", Result.FAIL)
    later = [done("garbing-fingertip", "lee", "2026-05-03", run=run) for run in (1, 2, 3)]
    on = day("2026-05-03")

    assert due(FINGERTIP).state(on) is State.NEVER
    assert (due(FINGERTIP, *two).state(on), due(FINGERTIP, *two).so_far) == (State.NEVER, 2)
    assert due(FINGERTIP, *PASSED).state(on) is State.CURRENT
    assert due(FINGERTIP, *two, failed).state(on) is State.FAILED
    assert due(FINGERTIP, *two, failed, *later[:1]).state(on) is State.FAILED
    assert due(FINGERTIP, *two, failed, *later[:2]).state(on) is State.FAILED
    assert due(FINGERTIP, *two, failed, *later).state(on) is State.CURRENT


def test_who_once_had_the_three_needs_one_pass_after_a_failure():
    failed = done("garbing-fingertip", "lee", "2026-06-01", Result.FAIL)
    again = done("garbing-fingertip", "lee", "2026-06-03")

    assert due(FINGERTIP, *PASSED, failed).state(day("2026-06-02")) is State.FAILED
    assert due(FINGERTIP, *PASSED, failed).day == day("2026-06-01")
    assert due(FINGERTIP, *PASSED, failed, again).state(day("2026-06-03")) is State.CURRENT
    assert due(FINGERTIP, *PASSED, failed, again).day == day("2026-12-03")


def test_what_is_not_judged_yet_fulfils_nothing_and_breaks_no_row():
    waiting = done("garbing-fingertip", "lee", "2026-05-01", Result.NOT_JUDGED, run=4)

    assert due(FINGERTIP, *PASSED[:2], waiting).so_far == 2
    assert due(FINGERTIP, *PASSED[:2], waiting, done("garbing-fingertip", "lee", "2026-05-02")).last


def test_a_correction_replaces_the_entry_it_names_and_a_void_one_takes_it_out():
    first = done("pressure-gauge-check", "gauge-1", "2026-03-31")
    corrected = done("pressure-gauge-check", "gauge-1", "2026-03-13", corrects=1)
    void = done("pressure-gauge-check", "gauge-1", "2026-03-31", Result.VOID, corrects=1)

    assert due(GAUGE, first, corrected).day == day("2026-09-13")
    assert due(GAUGE, first, void).last is None
    assert due(
        GAUGE, first, corrected, done("pressure-gauge-check", "gauge-1", "2026-03-14", corrects=2)
    ).day == (day("2026-09-14"))


def test_hours_add_up_until_they_are_enough():
    found = programme(asset("x", "pump"), only=["pump-maintenance"])
    hours = replace(found.obligations["pump-maintenance"], hours=10.0)
    found = replace(found, obligations={hours.id: hours})
    half = done(hours.id, "x", "2026-02-01", values={"hours": 6.5})
    rest = done(hours.id, "x", "2026-03-01", values={"hours": 3.5})

    assert (due(found, half).last, due(found, half).so_far) == (None, 6)
    assert due(found, half, rest).day == day("2027-03-01")


def test_what_has_to_be_done_once_is_done_for_good():
    found = programme(person(roles=["hd-handler"]), only=["reproductive-risk"])

    assert due(found).state(day("2026-01-01")) is State.NEVER
    assert due(found, done("reproductive-risk", "lee", "2026-01-01")).state(day("2099-01-01")) is State.DONE


# --- 21: days ---------------------------------------------------------------------------------


CLEANING = programme(asset("bsc-1", "bsc-a2"), only=["hood-cleaning"])


def test_what_is_due_on_compounding_days_is_due_on_the_next_one():
    friday = done("hood-cleaning", "bsc-1", "2026-11-20")

    found = due(CLEANING, friday)

    assert found.day == day("2026-11-23")
    assert found.state(day("2026-11-22")) is State.CURRENT
    assert found.state(day("2026-11-23")) is State.DUE
    assert found.state(day("2026-11-24")) is State.OVERDUE


# --- who and when -------------------------------------------------------------------------------


def test_nobody_owes_anything_before_the_first_and_after_the_last_day():
    lee = person(start=day("2026-03-02"), end=day("2026-09-30"))
    found = programme(lee, only=["knowledge-training"])
    count = {text: len(all_due(found, {}, day(text))) for text in ("2026-03-01", "2026-03-02", "2026-09-30")}

    assert count | {"after": len(all_due(found, {}, day("2026-10-01")))} == {
        "2026-03-01": 0,
        "2026-03-02": 1,
        "2026-09-30": 1,
        "after": 0,
    }


def test_a_look_back_knows_only_what_had_been_done_by_that_day():
    filed = by_key([done("pressure-gauge-check", "gauge-1", "2026-03-31")])

    (before,) = all_due(GAUGE, filed, day("2026-03-30"))
    (after,) = all_due(GAUGE, filed, day("2026-03-31"))

    assert (before.last, after.day) == (None, day("2026-09-30"))


def test_what_is_only_recommended_stands_against_nothing():
    found = programme(asset("site", "x"), person(roles=["hd-handler"]), only=["medical-surveillance"])

    (late,) = all_due(found, {}, day("2026-06-01"))

    assert late.state(day("2026-06-01")) is State.OVERDUE
    assert reason_of(late, day("2026-06-01")) is None


def test_a_failure_is_told_as_something_to_be_repeated_never_with_its_figures():
    failed = done("garbing-fingertip", "lee", "2026-06-01", Result.FAIL, values={"cfu": 4})

    (reason,) = standing_against(FINGERTIP, by_key([*PASSED, failed]), day("2026-06-02"))

    assert reason.text == "Lee: fingertip test has to be repeated since 2026-06-01 (797-H3, SHALL)"


def test_what_stands_against_work_begins_the_day_after_the_due_day():
    filed = by_key(PASSED)
    found = [standing_against(FINGERTIP, filed, day("2026-11-01") + timedelta(days=n)) for n in (0, 1)]

    assert [len(each) for each in found] == [0, 1]
