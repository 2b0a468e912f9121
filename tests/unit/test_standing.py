"""What people and the calendar have put beside the readings, from the rows of the record."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from hdmonitor.board import AT_WORK, Verdict
from hdmonitor.compliance.due import Reason, State
from hdmonitor.compliance.obligation import Against, Subject, SubjectKind
from hdmonitor.events import Alarm
from hdmonitor.model import Force, Level, Priority
from hdmonitor.site import load_site
from hdmonitor.standing import acts_of, calendar_against, case_key, named

SITE, _ = load_site(Path(__file__).parents[2] / "config" / "site.yaml")
NOW = datetime(2026, 3, 2, 13, tzinfo=UTC)  # 08:00 in New York
LATER = (NOW + timedelta(minutes=30)).isoformat()
TODAY = date(2026, 3, 2)
ALARM = Alarm(
    "A12", "hd-buffer.pressure", "800-P1", "1", Level.ALARM, Priority.HIGH, NOW, NOW, "title", active=True
)


def standing(states, alarms=()):
    return acts_of(SITE, states, alarms, NOW)


def test_a_point_out_of_service_has_its_person_reason_and_end():
    state = {"by": "manager", "why": "calibration", "reason": "ice bath", "until": LATER}

    ((point, away),) = standing({"out:hd-fridge-1.temperature": state, "out:gone": state}).out

    assert (point, away.by, away.why) == (
        "hd-fridge-1.temperature",
        "Pharmacy manager",
        "calibration, ice bath",
    )
    assert away.until == NOW + timedelta(minutes=30)


def test_what_has_ended_stands_no_more():
    ended = {"by": "manager", "why": "hvac", "reason": "test", "until": NOW.isoformat()}

    assert standing({"out:hd-fridge-1.temperature": ended}).out == []


def test_an_alarm_is_shelved_only_as_that_alarm():
    state = {
        "shelf": {"by": "pharmacist", "reason": "filter", "until": LATER},
        "alarm": {"id": "A12"},
    }

    (shelved,) = standing({case_key(ALARM): state}, [ALARM]).shelved
    assert (shelved.alarm, shelved.by, shelved.why) == ("A12", "Pharmacist on call", "filter")
    assert standing({case_key(ALARM): state}, [replace(ALARM, id="A13")]).shelved == []
    assert standing({case_key(ALARM): state | {"shelf": None}}, [ALARM]).shelved == []


def test_a_lost_hood_names_the_steps_that_are_missing():
    state = {
        "point": "bsc-1.exhaust",
        "alarm": "A43",
        "since": NOW.isoformat(),
        "steps": [["deactivate", "technician", NOW.isoformat()]],
    }

    (against,) = standing({"return:bsc-1": state}).against

    assert (against.place, against.reason.verdict, against.reason.alarm) == ("bsc-1", Verdict.NO, "A43")
    assert against.reason.text == (
        "BSC 1 was lost at 08:00 and is not returned to service;"
        " missing: decontaminate, clean, disinfect, recovered, sign"
    )


def test_an_override_and_a_room_in_use_are_shown():
    acts = standing(
        {
            "override:hd-buffer": {"by": "manager", "reason": "emergency dose", "until": LATER},
            "use:hd-buffer": {"by": "technician", "in_use": True, "at": NOW.isoformat()},
            "use:hd-ante": {"by": "technician", "in_use": False, "at": NOW.isoformat()},
        }
    )

    assert [(each.place, each.by, each.why) for each in acts.overridden] == [
        ("hd-buffer", "Pharmacy manager", "emergency dose")
    ]
    assert acts.in_use == {"hd-buffer"}


# --- the calendar -----------------------------------------------------------------


def overdue(kind, id_, bars=Against.COMPOUNDING, force=Force.SHALL):
    subject = Subject(kind, id_, id_.upper(), TODAY)
    return Reason(
        subject, None, "797-C1", force, State.OVERDUE, frozenset({bars}), TODAY, f"{id_} is overdue"
    )


def places(*reasons, compounders=frozenset()):
    found = calendar_against(reasons, frozenset(compounders), TODAY)
    return [(each.place, each.reason.verdict.name) for each in found]


def test_what_is_overdue_bars_its_room_or_hood_if_it_must_be_done():
    assert places(overdue(SubjectKind.ASSET, "bsc-1")) == [("bsc-1", "NO")]
    assert places(overdue(SubjectKind.ROOM, "hd-buffer", force=Force.SHOULD)) == [("hd-buffer", "NONE_KNOWN")]
    assert places(overdue(SubjectKind.SITE, "site")) == [(AT_WORK, "NO")]


def test_what_bars_something_else_bars_no_place():
    assert places(overdue(SubjectKind.ROOM, "hd-buffer", Against.OVERSIGHT)) == []


def test_who_is_barred_is_named_with_the_rule_and_without_a_result():
    ann, bob = overdue(SubjectKind.PERSON, "ann"), overdue(SubjectKind.PERSON, "bob", Against.OVERSIGHT)

    assert named([ann, bob], {"ann": "Ann Ames", "bob": "Bob Byrd"}) == ("Ann Ames (797-C1)",)


def test_one_person_bars_no_room_and_all_of_them_do():
    ann, bob = overdue(SubjectKind.PERSON, "ann"), overdue(SubjectKind.PERSON, "bob")

    assert places(ann, compounders=["ann", "bob"]) == []
    assert places(ann, bob, compounders=["ann", "bob"]) == [(AT_WORK, "NO")]
    assert (
        places(ann, overdue(SubjectKind.PERSON, "bob", force=Force.SHOULD), compounders=["ann", "bob"]) == []
    )
