"""Each message, read as if it woke you at three in the morning."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.alerts.pharmacy import (
    ALARM,
    ANTE,
    ANTE_GAUGE,
    ANTE_ROOM,
    BATTERY,
    BSC_AIR,
    BSC_EXHAUST,
    CLOCK,
    COOLER,
    CRITICAL,
    DOOR,
    FAULT,
    FREEZER,
    FRIDGE,
    FRIDGE_2,
    HD_BUFFER,
    HD_GAUGE,
    HD_ROOM,
    HIGH,
    HOOD_AIR,
    HOOD_EXHAUST,
    HOOD_POWER,
    LOW,
    MAINS,
    NOW,
    ROOM_STORAGE,
    SELF,
    SILENCE,
    STORE,
    SUITE_AIR,
    SUITE_HUMIDITY,
    UPS,
    WARNING,
    ZONE,
    ago,
    point,
    situation,
)

from hdmonitor.alerts.wording import acknowledged, cleared, opened, withdrawn
from hdmonitor.events import About
from hdmonitor.model import Response

FREEZER_1 = point("Freezer 1", "temperature", [FREEZER], "freezer-1")
DRUG_STORE = point("Drug store", "temperature", [ROOM_STORAGE])
BUFFER_AIR = point("HD buffer", "temperature", [SUITE_AIR])
BUFFER_DAMP = point("HD buffer", "humidity", [SUITE_HUMIDITY])
COOLER_7 = point("Cooler 7", "temperature", [COOLER], "cooler-7")
BUFFER_DOOR = point("HD buffer door", "contact", [DOOR])
HOOD_MAINS = point("BSC 1", "running", [HOOD_POWER], "bsc-1")
MAINS_1 = point("Mains", "mains", [MAINS], "power")
UPS_1 = point("UPS", "charge", [UPS], "power")
STATIC = {"room": HD_ROOM}


def test_a_fan_that_stopped_neither_rises_nor_falls():
    told = situation(HOOD_MAINS, SILENCE, cause="silent", value=0.0, rising=False, was_outside=True, **STATIC)

    assert opened(told, ZONE, About.OPENED).title == "BLIND: BSC 1 running, was stopped"


def test_readings_by_hand_have_no_trend():
    told = situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 9.5, rising=True, by_hand="Lee, 03:04")

    text = opened(told, ZONE, About.OPENED)
    assert "9.5 C" in text.title + text.body
    assert "rising" not in text.title + text.body


def own(subject, text):
    return situation(point("Monitor", "state", subject=f"hdmonitor.{subject}"), SELF, cause="self", text=text)


def case(told, title, *body):
    return told, title, " ".join(body)


OPENINGS = [
    case(
        situation(HD_GAUGE, HD_BUFFER, CRITICAL, HIGH, -0.001, **STATIC),
        "STOP HD WORK: HD buffer not negative",
        "-0.001 in, need -0.010 to -0.030, out since 02:41. Stop, cap, hood ON, leave, shut the door.",
        "HVAC 2211. A1844",
    ),
    case(
        situation(HD_GAUGE, HD_BUFFER, ALARM, HIGH, -0.009, **STATIC),
        "HD buffer pressure weak: -0.009 in",
        "Need -0.010 to -0.030, out since 02:41. Stop, cap, hood ON, leave, shut the door. HVAC 2211. A1844",
    ),
    case(
        situation(HD_GAUGE, HD_BUFFER, ALARM, LOW, -0.0302, **STATIC),
        "HD buffer pressure strong: -0.0302 in",
        "Need -0.010 to -0.030, out since 02:41. Stop, cap, hood ON, leave, shut the door. HVAC 2211. A1844",
    ),
    case(
        situation(HD_GAUGE, HD_BUFFER, WARNING, HIGH, -0.011, **STATIC),
        "HD buffer getting weak: -0.011 in",
        "Need -0.010 to -0.030, out since 02:41.",
        "Check it. If worse: stop, cap, hood ON, leave, shut the door. HVAC 2211. A1844",
    ),
    case(
        situation(ANTE_GAUGE, ANTE, ALARM, LOW, 0.0196, room=ANTE_ROOM),
        "Ante-room pressure weak: 0.0196 in",
        "Need at least 0.020, out since 02:41. Sterility at risk: start nothing new, keep doors shut.",
        "HVAC 2211. A1844",
    ),
    case(
        situation(ANTE_GAUGE, ANTE, CRITICAL, LOW, -0.001, room=ANTE_ROOM),
        "STERILITY AT RISK: Ante-room",
        "-0.001 in, need at least 0.020, out since 02:41.",
        "Sterility at risk: start nothing new, keep doors shut. HVAC 2211. A1844",
    ),
    case(
        situation(BSC_AIR, HOOD_AIR, ALARM, LOW, 0.12, **STATIC),
        "BSC 1 AIRFLOW LOST: hands out",
        "0.12 m/s, need 0.41 to 0.61, out since 02:41. Hands out. Stop. Do not restart.",
        "Air back is NOT OK: decontaminate, wait, pharmacist. HVAC 2211. A1844",
    ),
    case(
        situation(BSC_AIR, HOOD_AIR, WARNING, LOW, 0.45, **STATIC),
        "BSC 1 airflow getting low: 0.45 m/s",
        "Need 0.41 to 0.61, out since 02:41. Check it. If worse: hands out. Stop. Do not restart. HVAC 2211.",
        "A1844",
    ),
    case(
        situation(BSC_EXHAUST, HOOD_EXHAUST, ALARM, LOW, 0.0, **STATIC),
        "BSC 1 EXHAUST LOST: hands out",
        "Stopped since 02:41. Hands out. Stop. Do not restart.",
        "Air back is NOT OK: decontaminate, wait, pharmacist. HVAC 2211. A1844",
    ),
    case(
        situation(HOOD_MAINS, HOOD_POWER, ALARM, LOW, 0.0),
        "BSC 1 POWER LOST: hands out",
        "Stopped since 02:41. Hands out. Stop. Do not restart.",
        "Air back is NOT OK: decontaminate, wait, pharmacist. A1844",
    ),
    case(
        situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 9.4, rising=True, move_to=("HD Fridge 1",)),
        "HD Fridge 2: 9.4 C, limit 8, rising",
        "Out since 02:41. Shut the door, check power, tag HOLD. Do not discard.",
        "Move only to HD Fridge 1. A1844",
    ),
    case(
        situation(FRIDGE_2, FRIDGE, ALARM, LOW, 1.2, rising=False),
        "HD Fridge 2: 1.2 C, limit 2, falling",
        "Out since 02:41. Shut the door, check power, tag HOLD. Do not discard. A1844",
    ),
    case(
        situation(FRIDGE_2, FRIDGE, CRITICAL, LOW, 0.3, rising=False),
        "HD Fridge 2 FREEZING: 0.3 C, limit 2",
        "Out since 02:41. Shut the door, check power, tag HOLD. Do not discard. A1844",
    ),
    case(
        situation(FRIDGE_2, FRIDGE, CRITICAL, HIGH, 16.1, rising=True),
        "HD Fridge 2: 16.1 C, limit 8, rising",
        "Out since 02:41. Shut the door, check power, tag HOLD. Do not discard. A1844",
    ),
    case(
        situation(FRIDGE_2, FRIDGE, WARNING, HIGH, 7.98, rising=True),
        "HD Fridge 2: 7.98 C, warns at 7.5",
        "Warning since 02:41; need 2 to 8. Check it. If worse: shut the door, check power, tag HOLD. A1844",
    ),
    case(
        situation(FREEZER_1, FREEZER, ALARM, HIGH, -8, rising=True),
        "Freezer 1: -8.0 C, limit -10, rising",
        "Out since 02:41. Shut the door, do not open to look, tag HOLD. Do not discard. A1844",
    ),
    case(
        situation(DRUG_STORE, ROOM_STORAGE, ALARM, HIGH, 87.2, room=STORE),
        "Drug store: 87.2 F, limit 86",
        "Out since 02:41. Room warm or cold: call facilities, hold stock. Do not discard. A1844",
    ),
    case(
        situation(BUFFER_AIR, SUITE_AIR, WARNING, HIGH, 21.3, **STATIC),
        "HD buffer: 21.3 C, advised max 20",
        "Advice (SHOULD), not a duty. Beyond it since 02:41. Tell facilities; staff in gowns get warm.",
        "HVAC 2211. A1844",
    ),
    case(
        situation(BUFFER_DAMP, SUITE_HUMIDITY, WARNING, HIGH, 63.2, **STATIC),
        "HD buffer: 63 %RH, advised max 60",
        "Advice (SHOULD), not a duty. Beyond it since 02:41.",
        "Tell facilities; no portable dehumidifier inside. HVAC 2211. A1844",
    ),
    case(
        situation(COOLER_7, COOLER, ALARM, HIGH, 8.4),
        "Cooler 7: 8.4 C, limit 8",
        "Out since 02:41. Call the courier, name the package, tag HOLD. Do not discard. A1844",
    ),
    case(
        situation(BUFFER_DOOR, DOOR, ALARM, HIGH, 1.0, **STATIC),
        "HD buffer door open since 02:41",
        "Still open. Close the HD room door. HVAC 2211. A1844",
    ),
    case(
        situation(MAINS_1, MAINS, WARNING, LOW, 0.0),
        "POWER OUT: Mains",
        "Mains lost since 02:41. Power out: stop compounding, keep doors shut. A1844",
    ),
    case(
        situation(UPS_1, UPS, ALARM, LOW, 48.2, rising=False),
        "UPS: 48 %, limit 50, falling",
        "Out since 02:41. Power out: stop compounding, keep doors shut. A1844",
    ),
    case(
        situation(FRIDGE_2, SILENCE, value=9.5, cause="silent", rising=True, was_outside=True),
        "BLIND: HD Fridge 2, was 9.5 C rising",
        "Silent since 02:41, was 9.5 C and rising. Read the gauge by hand, check power. A1844",
    ),
    case(
        situation(FRIDGE_2, SILENCE, value=5.1, cause="silent", rising=False),
        "BLIND: HD Fridge 2 silent",
        "Silent since 02:41, was 5.1 C and falling. Read the gauge by hand, check power. A1844",
    ),
    case(
        situation(FRIDGE_2, SILENCE, cause="never-heard"),
        "BLIND: HD Fridge 2 never heard",
        "No reading since 02:41. Read the gauge by hand, check power. A1844",
    ),
    case(
        situation(HD_GAUGE, SILENCE, value=-0.2491, cause="silent", was_outside=True, **STATIC),
        "BLIND: HD buffer pressure, was -0.001 in",
        "Silent since 02:41, was -0.001 in. Read the gauge by hand, check power. HVAC 2211. A1844",
    ),
    case(
        situation(BSC_EXHAUST, replace(SILENCE, response=Response.CONTAINMENT), value=1.0, cause="silent"),
        "BLIND: BSC 1 exhaust silent",
        "Silent since 02:41, was running. Read the gauge by hand, check power. A1844",
    ),
    case(
        situation(FRIDGE_2, FAULT, value=5.1, cause="fault", text="-127, probe missing"),
        "SENSOR FAULT: HD Fridge 2",
        "No value since 02:41: -127, probe missing. Read the gauge by hand, check probe and cable. A1844",
    ),
    case(
        situation(FRIDGE_2, BATTERY, value=11.0, cause="battery"),
        "Battery low: HD Fridge 2",
        "11 % left. Low since 02:41. Change the battery this week. A1844",
    ),
    case(
        situation(FRIDGE_2, CLOCK, cause="clock", text="device time 1970-01-01T00:00:00 is before 2020"),
        "Wrong clock: HD Fridge 2",
        "Its time is not believed since 02:41: device time 1970-01-01T00:00:00 is before 2020.",
        "Set the clock of the device. A1844",
    ),
    case(
        own("broker", "the broker cannot be reached: connection refused"),
        "BLIND: no connection to the broker",
        "The broker cannot be reached: connection refused, since 02:41.",
        "Look at the monitor; it may be blind or mute. A1844",
    ),
    case(
        own("canary", "our own message did not come back from the broker; the connection is built anew"),
        "BLIND: the broker passes no messages",
        "Our own message did not come back from the broker; the connection is built anew, since 02:41.",
        "Look at the monitor; it may be blind or mute. A1844",
    ),
    case(
        own("influx", "InfluxDB answers 401 unauthorized"),
        "InfluxDB takes no data",
        "InfluxDB answers 401 unauthorized, since 02:41. Look at the monitor; it may be blind or mute. A1844",
    ),
    case(
        own("notify:pharmacist", "no message delivered for 5 min"),
        "NOT REACHED: pharmacist",
        "No message delivered for 5 min, since 02:41. Look at the monitor; it may be blind or mute. A1844",
    ),
    case(
        own("disk", "80 MB are left"),
        "DISK NEARLY FULL: the record may stop",
        "80 MB are left, since 02:41. Look at the monitor; it may be blind or mute. A1844",
    ),
]


@pytest.mark.parametrize(("told", "title", "body"), OPENINGS, ids=[title for _, title, _ in OPENINGS])
def test_an_opening_says_what_was_measured_what_to_do_and_which_alarm(told, title, body):
    text = opened(told, ZONE)

    assert (text.title, text.body) == (title, body)


def test_every_message_stands_as_an_example_in_the_documentation():
    page = " ".join((Path(__file__).parents[3] / "docs" / "messages.md").read_text().split())

    missing = [title for _, title, body in OPENINGS + ENDS if f"**{title}** {body}" not in page]

    assert missing == []


def test_a_value_that_is_inside_again_is_not_told_as_outside():
    text = opened(situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 7.9), ZONE, About.REPEATED)

    assert text.title == "HD Fridge 2: now 7.9 C, was over 8"
    assert text.body == (
        "Reminder, still open. Alarm stands since 02:41."
        " Shut the door, check power, tag HOLD. Do not discard. A1844"
    )


def test_the_limit_itself_is_inside():
    assert opened(situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 8.0), ZONE).title == (
        "HD Fridge 2: now 8.0 C, was over 8"
    )


def test_rounding_never_contradicts_the_verdict():
    assert (
        opened(situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 8.04), ZONE).title == "HD Fridge 2: 8.04 C, limit 8"
    )


def test_a_second_person_reads_since_when_nobody_answers():
    told = situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 9.4, unanswered_since=ago(minutes=10))

    assert opened(told, ZONE, About.ESCALATED).body == (
        "Not answered since 02:55. Out since 02:41."
        " Shut the door, check power, tag HOLD. Do not discard. A1844"
    )


def test_getting_worse_is_said_first():
    told = situation(FRIDGE_2, FRIDGE, CRITICAL, HIGH, 16.1)

    assert opened(told, ZONE, About.RAISED).body.startswith("Now worse. Out since 02:41.")


def test_a_value_that_no_longer_speaks_for_now_is_given_its_time():
    fresh = situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 9.4, measured_at=ago(minutes=15))
    stale = situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 9.4, measured_at=ago(minutes=16))

    assert "Last value" not in opened(fresh, ZONE).body
    assert "Out since 02:41. Last value 02:49. Shut the door" in opened(stale, ZONE).body


def test_an_instruction_that_does_not_name_the_hold_gets_it_added():
    told = situation(FRIDGE_2, replace(FRIDGE, instruction="Shut the door"), ALARM, HIGH, 9.4)

    assert opened(told, ZONE).body == "Out since 02:41. Shut the door. Stock HOLD, do not discard. A1844"


def test_a_rule_without_an_instruction_still_says_what_to_do():
    assert opened(situation(FRIDGE_2, replace(SILENCE, instruction=""), cause="silent"), ZONE).body == (
        "Silent since 02:41. Read the gauge by hand, enter it. A1844"
    )


@pytest.mark.parametrize(
    ("began", "shown"),
    [
        (datetime(2026, 3, 2, 5, 0, tzinfo=UTC), "00:00"),
        (datetime(2026, 3, 2, 4, 59, tzinfo=UTC), "Sun 23:59"),
        (datetime(2026, 2, 24, 5, 0, tzinfo=UTC), "Tue 00:00"),
        (datetime(2026, 2, 24, 4, 59, tzinfo=UTC), "23 Feb 23:59"),
    ],
)
def test_a_local_time_is_as_short_as_it_is_unmistakable(began, shown):
    told = situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 9.4, began_at=began)

    assert opened(told, ZONE).body.startswith(f"Out since {shown}. ")


# --- answered ---------------------------------------------------------------


def test_an_answer_names_the_person_the_state_and_the_note():
    told = situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 9.4, rising=True)

    text = acknowledged(told, ZONE, "Ann Lee", "on my way,\n20 min.")

    assert text.title == "Answered: HD Fridge 2"
    assert text.body == "By Ann Lee. 9.4 C, limit 8, rising, out since 02:41. Note: on my way, 20 min. A1844"


def test_an_answer_to_a_silent_point_quotes_its_last_value():
    told = situation(FRIDGE_2, SILENCE, value=9.5, cause="silent", rising=True, was_outside=True)

    assert acknowledged(told, ZONE, "Ann Lee", "").body == (
        "By Ann Lee. Silent since 02:41, was 9.5 C and rising. A1844"
    )


def test_an_answer_about_a_hood_says_which_part_of_it():
    told = situation(BSC_EXHAUST, HOOD_EXHAUST, ALARM, LOW, 0.0)

    assert acknowledged(told, ZONE, "Ann Lee", "").body == "By Ann Lee. Exhaust lost since 02:41. A1844"


# --- over -------------------------------------------------------------------

LASTED = {"began_at": ago(minutes=82), "ended_at": ago(minutes=10)}
ENDS = [
    case(
        situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 5.1, peak=9.8, **LASTED),
        "HD Fridge 2 back to 5.1 C, STOCK ON HOLD",
        "Out for 1 h 12 min, peak 9.8 C, limit 8. Nothing is released until a pharmacist decides. A1844",
    ),
    case(
        situation(FRIDGE_2, FRIDGE, None, None, 5.1, began_at=ago(minutes=82)),
        "HD Fridge 2 back to 5.1 C, STOCK ON HOLD",
        "Alarm stood for 1 h 22 min. Nothing is released until a pharmacist decides. A1844",
    ),
    case(
        situation(FRIDGE_2, FRIDGE, ALARM, LOW, 5.1, peak=1.2, **LASTED),
        "HD Fridge 2 back to 5.1 C, STOCK ON HOLD",
        "Out for 1 h 12 min, lowest 1.2 C, limit 2. Nothing is released until a pharmacist decides. A1844",
    ),
    case(
        situation(FRIDGE_2, FRIDGE, WARNING, HIGH, 5.1, peak=8.0, **LASTED),
        "HD Fridge 2 back to 5.1 C",
        "Out for 1 h 12 min, peak 8.0 C, warns at 7.5. Write down what was done. A1844",
    ),
    case(
        situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 9.1, peak=9.8, began_at=ago(minutes=82)),
        "HD Fridge 2: 9.1 C, alarm closed",
        "Closed by a person while outside: need 2 to 8. It opens again if it lasts. A1844",
    ),
    case(
        situation(HD_GAUGE, HD_BUFFER, CRITICAL, HIGH, -0.020, peak=0.001, **STATIC, **LASTED),
        "HD buffer back to -0.020 in",
        "Out for 1 h 12 min, worst 0.001 in, need -0.010 to -0.030. No HD work until a pharmacist decides.",
        "A1844",
    ),
    case(
        situation(BSC_AIR, HOOD_AIR, ALARM, LOW, 0.51, peak=0.02, **LASTED),
        "BSC 1 airflow back: NOT OK to restart",
        "Out for 1 h 12 min, worst 0.02 m/s, need 0.41 to 0.61.",
        "Restart only after decontaminating, waiting, and a pharmacist's word. A1844",
    ),
    case(
        situation(BSC_EXHAUST, HOOD_EXHAUST, ALARM, LOW, 1.0, peak=0.0, **LASTED),
        "BSC 1 exhaust back: NOT OK to restart",
        "Out for 1 h 12 min. Restart only after decontaminating, waiting, and a pharmacist's word. A1844",
    ),
    case(
        situation(BUFFER_DOOR, DOOR, ALARM, HIGH, 0.0, **LASTED),
        "HD buffer door: closed again",
        "Out for 1 h 12 min. Write down what was done. A1844",
    ),
    case(
        situation(MAINS_1, MAINS, WARNING, LOW, 1.0, **LASTED),
        "Mains: power back",
        "Out for 1 h 12 min. Write down what was done. A1844",
    ),
    case(
        situation(BUFFER_AIR, SUITE_AIR, WARNING, HIGH, 19.3, peak=21.4, **LASTED),
        "HD buffer back to 19.3 C",
        "Out for 1 h 12 min, peak 21.4 C, advised max 20. Write down what was done. A1844",
    ),
    case(
        situation(FRIDGE_2, SILENCE, value=5.5, cause="silent", was_outside=True, **LASTED),
        "HD Fridge 2 heard again: 5.5 C",
        "Silent for 1 h 12 min from 01:43. What happened meanwhile is not known.",
        "It was outside before: a pharmacist decides. A1844",
    ),
    case(
        situation(FRIDGE_2, FAULT, value=5.1, cause="fault", **LASTED),
        "HD Fridge 2 measures again: 5.1 C",
        "No value for 1 h 12 min from 01:43. What happened meanwhile is not known. A1844",
    ),
    case(
        situation(FRIDGE_2, BATTERY, value=96.0, cause="battery", **LASTED),
        "Battery no longer low: HD Fridge 2",
        "It was low for 1 h 12 min from 01:43. A1844",
    ),
    case(
        situation(FRIDGE_2, CLOCK, cause="clock", **LASTED),
        "Clock believed again: HD Fridge 2",
        "It was wrong for 1 h 12 min from 01:43. A1844",
    ),
    case(
        replace(own("notify:pharmacist", ""), **LASTED),
        "Messages reach pharmacist again",
        "Alarm stood for 1 h 12 min from 01:43. A1844",
    ),
]


@pytest.mark.parametrize(("told", "title", "body"), ENDS, ids=[f"{s.rule.id} {t}" for s, t, _ in ENDS])
def test_an_end_tells_what_happened_and_what_stays_forbidden(told, title, body):
    text = cleared(told, ZONE)

    assert (text.title, text.body) == (title, body)


# --- whatever the site is called --------------------------------------------

EVERYTHING = [told for told, _, _ in OPENINGS] + [told for told, _, _ in ENDS]
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80) | st.from_regex(
    r"(Refrigerator|Lab|HD|No\.|Kühlschrank|[0-9]{1,6}|[a-z]{1,45})( [A-Za-z]{1,12}| [0-9]{1,6}){0,8}",
    fullmatch=True,
)
SENTENCES = st.text(st.characters(codec="ascii"), max_size=120)
PRAISE = re.compile(r"\b(safe|compliant|all clear|resolved|released)\b|(?<!NOT )\bOK\b", re.IGNORECASE)


def renamed(told, name, text, alarm):
    room = told.room and replace(told.room, name=name)
    return replace(told, point=replace(told.point, name=name), room=room, text=text, alarm=alarm)


def all_texts(told, note):
    yield from (opened(told, ZONE, about) for about in About)
    yield acknowledged(told, ZONE, told.point.name, note)
    yield cleared(told, ZONE)


@given(st.sampled_from(EVERYTHING), NAMES, SENTENCES, st.integers(1, 9_999_999))
def test_no_name_or_sentence_makes_a_message_too_long_or_loses_its_alarm(told, name, sentence, number):
    told = renamed(told, name, sentence, f"A{number}")

    for text in all_texts(told, sentence):
        assert 0 < len(text.title) <= 40
        assert len(text.body) <= 150
        assert text.body.endswith(f" A{number}")


@given(st.sampled_from(EVERYTHING), NAMES)
def test_the_instruction_survives_every_name(told, name):
    told = renamed(told, name, "", "A1844")

    body = opened(told, ZONE, About.ESCALATED).body

    assert told.rule.instruction[1:] in body


@settings(max_examples=40)
@given(st.from_regex(r"[A-Z][a-z]{2,9}( [a-z]{2,14}){2,6} [1-9][0-9]{0,3}", fullmatch=True))
def test_a_long_name_keeps_the_number_that_tells_units_apart(name):
    told = renamed(situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 9.4), name, "", "A1844")

    title = opened(told, ZONE).title

    assert title.endswith(f" {name.rpartition(' ')[2]}: 9.4 C, limit 8")


@given(st.integers(10**20, 10**60))
def test_a_number_is_never_cut_in_two(number):
    told = renamed(situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 9.4), str(number), "", "A1844")

    title = opened(told, ZONE).title

    assert str(number) in title or not re.search(r"\d{3}", title)


@given(st.floats(-1e9, 1e9), st.sampled_from([FRIDGE, ROOM_STORAGE, HD_BUFFER]))
def test_any_value_fits_and_is_told_on_its_side_of_the_limit(value, rule):
    place = HD_GAUGE if rule is HD_BUFFER else FRIDGE_2
    for threshold in rule.thresholds:
        told = replace(situation(place, rule, value=None), value=value, threshold=threshold, rising=True)

        text = opened(told, ZONE)

        assert len(text.title) <= 40
        assert len(text.body) <= 150
        assert ("now" in text.title) is not threshold.outside(value)


@pytest.mark.parametrize("told", EVERYTHING, ids=lambda told: told.rule.id)
def test_no_message_says_that_something_is_in_order_or_released(told):
    for text in all_texts(told, ""):
        said = text.body.replace("Nothing is released until", "")
        assert not PRAISE.search(f"{text.title} {said}"), text
        assert (text.title + text.body).isascii()
        assert "violat" not in text.body.lower()


def test_a_message_is_told_in_the_time_of_the_site_on_both_sides_of_a_clock_change():
    before = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)  # 01:30 EST
    after = before + timedelta(hours=1)  # 03:30 EDT
    told = situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 9.4, began_at=before, at=after, measured_at=after)

    assert opened(told, ZONE).body.startswith("Out since 01:30. ")
    assert opened(replace(told, began_at=after), ZONE).body.startswith("Out since 03:30. ")
    assert NOW.utcoffset() == timedelta(0)


# --- late data ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (situation(FRIDGE_2, FRIDGE, ALARM, HIGH, 9.4), "Stock stays on HOLD until a pharmacist decides."),
        (
            situation(BSC_AIR, HOOD_AIR, CRITICAL, LOW, 0.2),
            "Restart only after decontaminating, waiting, and a pharmacist's word.",
        ),
    ],
)
def test_withdrawn_never_lifts_a_hold_or_a_latch_in_words(told, sentence):
    text = withdrawn(told, ZONE)

    assert text.title.endswith(": withdrawn by late data")
    assert text.body == f"Readings that came late do not show the alarm of 02:41. {sentence} A1844"
