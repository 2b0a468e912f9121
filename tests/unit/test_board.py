"""The board as values: what stands against a room or a hood, and how long the best answer is good for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hdmonitor.board import Acts, Against, Overridden, Reason, Shelved, Verdict, board
from hdmonitor.catalogue import own_rules
from hdmonitor.events import Alarm, LastHeard, Override
from hdmonitor.model import Gateway, Level, Maintenance, Priority, Quality, Reading
from hdmonitor.monitor import Monitor
from hdmonitor.site import load_site
from hdmonitor.vouched import Away

SITE, _ = load_site(Path(__file__).parents[2] / "config" / "site.yaml")
NOW = datetime(2026, 3, 2, 13, 0, 20, tzinfo=UTC)  # 08:00:20 in New York
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
BUFFER, HOOD = "hd-buffer", "bsc-1"
PRESSURE = "hd-buffer.pressure"  # -0.010 to -0.030 inH2O is -2.491 to -7.473 Pa
INSIDE = {
    "hd-fridge-1.temperature": 5.0,
    "hd-fridge-2.temperature": 5.0,
    "hd-fridge-2.door": 0.0,
    "freezer-1.temperature": -18.0,
    "pharmacy.temperature": 22.0,
    "hd-buffer.temperature": 18.5,
    "hd-buffer.humidity": 45.0,
    "hd-buffer.pressure": -5.0,
    "hd-ante.pressure": 6.2,
    "hd-buffer.door": 0.0,
    "hd-ante.door": 0.0,
    "hd-storage.pressure": -4.0,
    "bsc-1.inflow": 0.53,
    "bsc-1.exhaust": 1.0,
    "bsc-1.power": 1.0,
    "cooler-17.temperature": 5.0,
    "mains.power": 1.0,
    "ups.charge": 98.0,
}


def heard(**changed):
    """Return what was heard of every point 5 s ago; `changed` by point: a value, or None for nothing."""
    values = INSIDE | {name.replace("__", ".").replace("_", "-"): value for name, value in changed.items()}
    at = NOW - 5 * SECOND
    return {
        point: LastHeard(value, at, at, at, Quality.GOOD, at)
        for point, value in values.items()
        if value is not None
    }


def alarm(point=PRESSURE, rule="800-P1", **facts):
    title = "STOP HD WORK: HD buffer not negative"
    usual = Alarm("A12", point, rule, "1", Level.CRITICAL, Priority.CRITICAL, NOW, NOW, title, active=True)
    return replace(usual, **facts)


def card(id_=BUFFER, said=None, alarms=(), acts=None, site=SITE, now=NOW, **more):
    cards = board(site, heard() if said is None else said, alarms, now, acts or Acts(), **more)
    return next(each for each in cards if each.id == id_)


def texts(reasons):
    return [reason.text for reason in reasons]


# --- rule 10 --------------------------------------------------------------------


def test_the_board_never_says_yes():
    assert [verdict.name for verdict in Verdict] == ["NONE_KNOWN", "UNKNOWN", "NO"]


def test_it_says_no_known_reason_not_to_valid_until_hh_mm():
    """Pressure and hoods vouch for 2 min; the oldest of what the hood rests on ends it."""
    said = heard()
    old = NOW - 100 * SECOND
    said["hd-ante.pressure"] = replace(said["hd-ante.pressure"], live_at=old)

    shown = card(HOOD, said)

    assert (shown.verdict, shown.reasons) == (Verdict.NONE_KNOWN, ())
    assert shown.until == old + 2 * MINUTE


def test_unknown_or_stale_is_grey_and_means_no():
    vouched, late = heard(), heard()
    vouched[PRESSURE] = replace(vouched[PRESSURE], live_at=NOW - 2 * MINUTE)
    late[PRESSURE] = replace(late[PRESSURE], live_at=NOW - 2 * MINUTE - timedelta(microseconds=1))

    assert card(said=vouched).verdict is Verdict.NONE_KNOWN
    assert card(said=late).verdict is Verdict.UNKNOWN
    assert texts(card(said=late).reasons) == ["HD buffer pressure: silent for 2 min"]
    assert card(said=late).until is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (None, "HD buffer humidity: never heard"),
        ({"live_at": None}, "HD buffer humidity: silent"),
        ({"quality": Quality.FAULT}, "HD buffer humidity: sensor fault"),
    ],
)
def test_whatever_a_room_is_judged_by_makes_it_grey_when_it_is_not_known(change, says):
    said = heard()
    if change is None:
        del said["hd-buffer.humidity"]
    else:
        said["hd-buffer.humidity"] = replace(said["hd-buffer.humidity"], **change)

    assert card(said=said).verdict is Verdict.UNKNOWN
    assert texts(card(said=said).reasons) == [says]


def test_an_override_carries_a_name_and_a_reason():
    over = Overridden(BUFFER, "Ann Lee", "chemo for an emergency, gauge read by hand", NOW + 30 * MINUTE)
    shown = card(alarms=[alarm()], acts=Acts(overridden=[over]))

    assert shown.verdict is Verdict.NO
    assert texts(shown.reasons) == ["STOP HD WORK: HD buffer not negative"]
    assert shown.overridden == over


def test_it_never_drives_an_interlock():
    """Whatever a room loses and whoever works on in spite of it: nothing is asked of any device."""
    monitor = Monitor(SITE, own_rules(), NOW)
    asked = []
    for second in range(0, 120, 5):
        at = NOW + second * SECOND
        asked += monitor.handle([Reading(PRESSURE, -0.1, at, at)], at).requests
    act = Override(BUFFER, "pharmacist", "gauge read by hand", 10)
    done = monitor.handle([act], NOW + 2 * MINUTE)

    assert done.replies == {}
    assert (asked, done.requests) == ([], [])


def test_an_override_ends_at_its_time():
    over = Overridden(BUFFER, "Ann Lee", "gauge read by hand", NOW)

    assert card(alarms=[alarm()], acts=Acts(overridden=[over])).overridden is None


# --- readings and alarms ----------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "verdict", "says"),
    [
        (-2.4909, Verdict.NONE_KNOWN, []),  # -0.010 inH2O, weak from here on
        (-2.4, Verdict.NO, ["HD buffer pressure: weak now, an alarm if it lasts 1 min"]),
        (-0.49, Verdict.NO, ["HD buffer pressure: lost now, an alarm if it lasts 20 s"]),
        (-7.6, Verdict.NO, ["HD buffer pressure: strong now, an alarm if it lasts 5 min"]),
    ],
)
def test_lost_shows_on_the_board_at_once_in_any_case(value, verdict, says):
    shown = card(said=heard(hd_buffer__pressure=value))

    assert (shown.verdict, texts(shown.reasons)) == (verdict, says)


def test_every_no_names_its_rule_and_how_binding_it_is():
    assert card(said=heard(hd_buffer__pressure=-0.4)).reasons[0].rule == "800-P1 version 1, PRACTICE"
    assert card(alarms=[alarm(level=Level.ALARM)]).reasons[0].rule == "800-P1 version 1, SHALL"


def test_an_alarm_says_it_once_and_stands_against_until_it_is_over():
    shown = card(said=heard(hd_buffer__pressure=-0.4), alarms=[alarm()])
    back = card(alarms=[alarm()])  # the value is inside again, the alarm is not over

    assert texts(shown.reasons) == texts(back.reasons) == ["STOP HD WORK: HD buffer not negative"]
    assert shown.reasons[0].alarm == "A12"


def test_an_alarm_that_is_over_and_not_documented_is_a_remark():
    shown = card(alarms=[alarm(active=False)])

    assert (shown.verdict, shown.reasons) == (Verdict.NONE_KNOWN, ())
    assert texts(shown.remarks) == [
        "STOP HD WORK: HD buffer not negative: over, nobody has written down what was done"
    ]


@pytest.mark.parametrize(
    "facts", [{"level": Level.WARNING}, {"rule": "HDM-BATTERY"}, {"rule": "HDM-SUSPECT"}]
)
def test_a_warning_and_the_care_of_a_sensor_are_remarks(facts):
    shown = card(alarms=[alarm(**facts)])

    assert (shown.verdict, len(shown.remarks)) == (Verdict.NONE_KNOWN, 1)


@pytest.mark.parametrize("rule", ["HDM-SILENCE", "HDM-FAULT"])
def test_an_alarm_about_silence_makes_grey_and_not_red(rule):
    blind = alarm(rule=rule, level=Level.ALARM, title="BLIND: HD buffer")
    shown = card(alarms=[blind])

    assert shown.verdict is Verdict.UNKNOWN
    assert [(reason.text, reason.alarm) for reason in shown.reasons] == [
        ("HD buffer pressure: BLIND: HD buffer", "A12")
    ]


def test_behind_a_gateway_that_is_gone_everything_is_unknown_before_it_is_stale():
    gateway = Gateway("gw", "Gateway 3", "gw/state", frozenset({PRESSURE}))
    site = replace(SITE, gateways={"gw": gateway})
    gone = alarm("hdmonitor.gateway:gw", rule="HDM-GATEWAY", title="BLIND: 1 unit unwatched")

    assert card(site=site, alarms=[gone]).verdict is Verdict.UNKNOWN


def test_a_contact_that_no_rule_judges_stands_against_nothing():
    said = heard()
    del said["hd-fridge-2.door"]
    plain = replace(SITE.points["hd-fridge-2.door"], rules=(), exposures=())
    site = replace(SITE, points={**SITE.points, plain.id: plain})

    assert card("hd-storage", said, site=site).verdict is Verdict.NONE_KNOWN


# --- what a place rests on --------------------------------------------------------


def test_a_hood_in_a_lost_room_is_no_place_to_work():
    assert card(HOOD, alarms=[alarm()]).verdict is Verdict.NO


def test_a_lost_hood_leaves_its_room_to_the_other_hoods():
    lost = alarm("bsc-1.exhaust", rule="800-E1", title="BSC 1 EXHAUST LOST: hands out")

    assert card(HOOD, alarms=[lost]).verdict is Verdict.NO
    assert card(BUFFER, alarms=[lost]).verdict is Verdict.NONE_KNOWN


def test_the_ante_room_stands_before_the_buffer_and_the_storage_room_does_not():
    ante = alarm("hd-ante.pressure", rule="800-P3", title="STERILITY AT RISK: HD ante-room")
    storage = alarm("hd-storage.pressure", rule="800-P4", title="HD storage not negative")

    assert card(BUFFER, alarms=[ante]).verdict is Verdict.NO
    assert card(BUFFER, alarms=[storage]).verdict is Verdict.NONE_KNOWN


def test_without_mains_nobody_compounds_anywhere():
    shown = card(said=heard(mains__power=0.0))

    assert shown.verdict is Verdict.NO
    assert texts(shown.reasons) == ["Pharmacy mains: still out now, an alarm if it lasts 2 min"]


def test_a_refrigerator_counts_for_its_room_and_for_no_hood():
    warm = alarm("hd-fridge-1.temperature", rule="659-3", title="HD Fridge 1: 9.4 C, limit 8, rising")

    assert card("hd-storage", alarms=[warm]).verdict is Verdict.NO
    assert card(HOOD, alarms=[warm]).verdict is Verdict.NONE_KNOWN
    assert (card("hd-storage").work, card(HOOD).work, card(BUFFER).work) == (False, True, True)


def test_where_nothing_is_measured_nothing_is_known():
    site = SITE.only([point for point in SITE.points if not point.startswith("bsc-1")])

    shown = card(HOOD, site=site)

    assert (shown.verdict, texts(shown.reasons)) == (Verdict.UNKNOWN, ["nothing is measured here"])


def test_when_the_monitor_itself_is_in_trouble_everything_is_grey():
    cards = board(SITE, heard(), [], NOW, blind="core: stands still for 40 s")

    assert {each.verdict for each in cards} == {Verdict.UNKNOWN}


def test_rooms_come_in_the_order_of_the_site_file_each_followed_by_its_hoods():
    cards = board(SITE, heard(), [], NOW)

    assert [each.id for each in cards] == ["pharmacy", "hd-ante", "hd-buffer", "bsc-1", "hd-storage"]
    assert [each.name for each in cards if each.hood] == ["BSC 1"]


# --- what people and the calendar put beside it -----------------------------------


def test_a_latch_and_a_missing_certification_stand_against_their_place():
    latch = Reason(Verdict.NO, "BSC 1: return to service is not signed")
    due = Reason(Verdict.NO, "certification of BSC 1 ended on 1 Mar", "800-C1 version 1, SHALL")
    acts = Acts(against=[Against(HOOD, latch), Against(HOOD, due)])

    assert card(HOOD, acts=acts).reasons == (latch, due)
    assert card(BUFFER, acts=acts).verdict is Verdict.NONE_KNOWN


def test_what_stands_against_a_room_stands_against_its_hoods_and_what_names_no_place_against_all():
    room = Acts(against=[Against(BUFFER, Reason(Verdict.NO, "not cleaned today"))])
    site = Acts(against=[Against("", Reason(Verdict.NO, "nobody here is competent today"))])

    assert card(HOOD, acts=room).verdict is Verdict.NO
    assert card("hd-storage", acts=room).verdict is Verdict.NONE_KNOWN
    assert card("hd-storage", acts=site).verdict is Verdict.NO


def test_a_remark_of_the_calendar_is_no_reason():
    soon = Acts(against=[Against(HOOD, Reason(Verdict.NONE_KNOWN, "certification ends in 7 days"))])

    assert card(HOOD, acts=soon).verdict is Verdict.NONE_KNOWN
    assert texts(card(HOOD, acts=soon).remarks) == ["certification ends in 7 days"]


def test_out_of_service_is_grey_with_its_person_reason_and_end():
    gone = Away(NOW + 90 * MINUTE, "damper test", "Ann Lee")
    by_file = Maintenance(frozenset({PRESSURE}), NOW, NOW + 90 * MINUTE, "damper test", "manager")

    by_act = card(acts=Acts(out=[(PRESSURE, gone)]))
    planned = card(site=replace(SITE, maintenance=(by_file,)))

    assert by_act.out == (("HD buffer pressure", gone),)
    assert planned.out[0][1].by == "Pharmacy manager"
    for shown in (by_act, planned):
        assert shown.verdict is Verdict.UNKNOWN
        assert texts(shown.reasons) == ["HD buffer pressure: out of service for 1 h 30 min more: damper test"]


def test_shelving_takes_nothing_off_the_board():
    shelf = Shelved("A12", "Ann Lee", "filter change", NOW + 30 * MINUTE)

    shown = card(alarms=[alarm()], acts=Acts(shelved=[shelf]))

    assert shown.verdict is Verdict.NO
    assert shown.shelved == (shelf,)
    assert texts(shown.reasons) == ["STOP HD WORK: HD buffer not negative, shelved by Ann Lee until 08:30"]


def test_a_planned_span_and_midnight_end_what_the_readings_would_vouch_for():
    soon = Maintenance(frozenset({PRESSURE}), NOW + 30 * SECOND, NOW + MINUTE, "damper test", "manager")
    late = datetime(2026, 3, 3, 4, 59, 20, tzinfo=UTC)  # 23:59:20 in New York
    said = {
        name: replace(each, live_at=late, measured_at=late, received_at=late)
        for name, each in heard().items()
    }

    assert card(site=replace(SITE, maintenance=(soon,))).until == NOW + 30 * SECOND
    assert card(said=said, now=late).until == datetime(2026, 3, 3, 5, tzinfo=UTC)
