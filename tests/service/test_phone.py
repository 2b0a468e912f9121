"""Answering an alarm by the link in its message, over real HTTP, with a core that decides."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from manned import PIN, STAFFED, manned

from hdmonitor.events import Close
from hdmonitor.model import Person
from hdmonitor.seals import Link

FRIDGE = "hd-fridge-2.temperature"  # high
BUFFER = "hd-buffer.pressure"  # critical, answered by the technician
LOADED = re.compile(r'(?:src|href)="(http[^"]*|//[^"]*|[^"]*\.(?:css|js|png|svg))"')
EVERY = re.compile(r"<form.*?</form>", re.DOTALL)


@pytest.fixture
def house(tmp_path):
    with manned(tmp_path / "journal.db") as house:
        yield house


@pytest.fixture
def phone(house):
    return house.browser()


def answer(page, where="on-my-way", **more):
    return {**page.form("Answer"), "where": where, "minutes": "10", **more}


# --- the page -----------------------------------------------------------------


def test_the_page_says_what_is_wrong_who_was_told_where_stock_may_go_and_whom_to_call(house, phone):
    page = phone.get(house.link(house.alarm(FRIDGE).id))

    assert page.status == 200
    assert "HD Fridge 2: 9.3 C, limit 8, rising" in page.words
    assert "9.4 C, too warm, 1 min ago; needs 2 to 8" in page.words
    assert "Pharmacist on call (pharmacist-phone): not reached yet" in page.words
    assert "Stock No permitted unit is known to be inside its limits. HOLD, leave it shut." in page.words
    assert "Who decides about stock and work: Pharmacist on call, Pharmacy manager" in page.words
    assert 'role="img" aria-label="HD Fridge 2, in' in page.body
    assert "This page is for Pharmacist on call." in page.words
    pressure = phone.get(house.link(house.alarm(BUFFER).id))
    assert "HD buffer: HVAC 2211" in pressure.words


def test_the_page_and_its_style_are_less_than_30_kb_and_load_nothing_else(house, phone):
    for point in (FRIDGE, BUFFER):
        page = phone.get(house.link(house.alarm(point).id))
        style = phone.get("/style.css")

        assert len(page.body.encode()) + len(style.body.encode()) < 30_000
        assert "<script" not in page.body
        assert re.findall(r'(?:src|href)="(http[^"]*|//[^"]*|[^"]*\.(?:css|js|png|svg))"', page.body) == [
            "/style.css"
        ]


def test_on_my_way_with_minutes_is_one_tap_and_on_record_with_its_person(house, phone):
    alarm = house.alarm(FRIDGE)
    here = house.link(alarm.id)

    done = phone.post(here, answer(phone.get(here), me="yes"))

    assert (done.status, done.headers["location"]) == (303, f"{here}?done=answer")
    told = house.events("acknowledged")[-1]
    assert told.alarm == alarm.id
    assert told.detail["by"] == "pharmacist"
    page = phone.get(done.headers["location"])
    assert "Your answer is on record." in page.words
    assert "Pharmacist on call answered at 07:50" in page.words


def test_what_was_done_is_written_down_and_the_alarm_closed(house, phone):
    alarm = house.alarm(FRIDGE)
    here = house.link(alarm.id)
    form = {**phone.get(here).form("Close it"), "me": "yes", "note": "compressor replaced, stock moved"}

    assert phone.post(here, form).status == 303

    assert house.events("closed")[-1].detail == {
        "by": "pharmacist",
        "note": "compressor replaced, stock moved",
    }


def test_a_cause_that_is_not_on_the_list_is_said_in_words(house, phone):
    here = house.link(house.alarm(FRIDGE).id)
    form = {**phone.get(here).form("What was found"), "me": "yes", "cause": "", "action": "door shut"}
    assert phone.post(here, form).status == 422

    form = {**phone.get(here).form("What was found"), "me": "yes", "cause": "", "action": "door shut"}
    assert phone.post(here, {**form, "note": "a mouse in the compressor"}).status == 303

    told = house.events("documented")[-1].detail
    assert (told["cause"], told["action"]) == ("a mouse in the compressor", "door shut")


def test_a_blind_point_is_read_by_hand_from_the_phone(house, phone):
    alarm = house.alarm("hd-storage.pressure")
    here = house.link(alarm.id)
    page = phone.get(here)
    assert "Read the gauge by hand" in page.words
    form = {**page.form("Enter it"), "me": "yes", "unit": "inH2O"}
    assert phone.post(here, {**form, "value": "much"}).status == 422
    assert phone.post(here, {**form, "value": "-0.014", "point": "hd-buffer.pressure"}).status == 303

    (told,) = house.events("hand-reading")
    assert told.subject == "hd-storage.pressure"
    assert (told.detail["by"], told.detail["read"], told.detail["unit"]) == ("pharmacist", -0.014, "inH2O")
    assert house.alarm("hd-storage.pressure").active  # no sign of life of the sensor


def test_the_steps_of_a_return_to_service_are_recorded_in_their_order(house, phone):
    alarm = house.alarm(BUFFER)
    here, code = house.link(alarm.id), house.code(alarm.id)
    assert "Return to service: deactivate is next" in phone.get(here).words
    assert "HD buffer stays red until every step" in phone.get(here).words
    form = {**phone.get(here).form("It is done"), "code": code}
    skipped = phone.post(here, {**form, "step": "sign"})
    assert skipped.status == 409
    assert "the next step of 'hd-buffer' is deactivate" in skipped.words
    assert phone.post(here, {**phone.get(here).form("It is done"), "code": code}).status == 303

    assert "Return to service: decontaminate is next" in phone.get(here).words
    assert house.events("returning")[-1].detail == {"by": "pharmacist", "step": "deactivate"}


def test_containment_and_hood_alarms_cannot_be_shelved_while_the_room_is_in_use_from_the_phone(house, phone):
    """Otherwise by a pharmacist with PIN, at most 30 min (practice rule 9)."""
    alarm = house.alarm(BUFFER)
    here, code = house.link(alarm.id), house.code(alarm.id)
    form = {**phone.get(here).form(">Shelve<"), "reason": "damper test", "minutes": "30"}
    for wrong in (code, "000000", ""):
        assert phone.post(here, {**form, "code": wrong}).status == 403  # the code of the message is no PIN
    form["code"] = PIN
    in_use = phone.post(here, {**form, "minutes": "30"})
    assert in_use.status == 409
    assert "cannot be shelved while in use" in in_use.words

    assert phone.post(here, {**phone.get(here).form("Nobody works there"), "code": code}).status == 303
    form = {**phone.get(here).form(">Shelve<"), "reason": "damper test", "code": PIN}
    assert phone.post(here, {**form, "minutes": "31"}).status == 409
    form = {**phone.get(here).form(">Shelve<"), "reason": "damper test", "code": PIN}
    assert phone.post(here, {**form, "minutes": "30"}).status == 303
    technician = house.link(alarm.id, "technician-phone", "technician")
    assert ">Shelve<" not in phone.get(technician).body
    assert "shelved" in phone.get(here).words


def test_an_acknowledgement_covers_the_level_that_was_shown(house, phone):
    """Getting worse pages again; an answer to less is refused (practice rule 7)."""
    alarm = house.alarm(BUFFER)
    here = house.link(alarm.id)
    form = answer(phone.get(here), "at-unit", code=house.code(alarm.id))
    assert form["level"] == "critical"

    refused = phone.post(here, {**form, "level": "alarm"})

    assert refused.status == 409
    assert "has got worse: it is critical, you were shown alarm" in refused.words


def test_on_my_way_with_a_time_is_not_at_the_unit_no_arrival_it_escalates_again(house, phone):
    alarm = house.alarm(FRIDGE)
    here = house.link(alarm.id)
    assert phone.post(here, answer(phone.get(here), me="yes")).status == 303
    assert "on the way: there in 10 min" in phone.get(here).words
    assert house.alarm(FRIDGE).acknowledged_by == "pharmacist"
    house.pass_time(minutes=11)

    house.wait(lambda: house.alarm(FRIDGE).acknowledged_by is None)


def test_what_follows_on_a_form_belongs_to_the_alarm_of_its_link(house, phone):
    mine, other = house.alarm(FRIDGE), house.alarm("freezer-1.temperature")
    here = house.link(mine.id)

    phone.post(here, answer(phone.get(here), me="yes", alarm=other.id, by="manager"))

    told = house.events("acknowledged")[-1]
    assert (told.alarm, told.detail["by"]) == (mine.id, "pharmacist")


def test_a_link_to_the_list_leads_to_every_alarm_that_nobody_has_closed(house, phone):
    token = house.seals.link(Link("*", "pharmacist-phone", "pharmacist"))

    listed = phone.get(f"/l/{token}")
    alarm = house.alarm(FRIDGE)

    assert "9 alarms that nobody has closed" in listed.words
    here = f"/l/{token}/{alarm.id}"
    assert f'href="{here}"' in listed.body
    assert phone.post(here, answer(phone.get(here), me="yes")).status == 303


def test_everything_that_people_write_is_escaped(house, phone):
    evil = "<script>alert(1)</script>\"'><b>"
    alarm = house.alarm(FRIDGE)
    here = house.link(alarm.id)
    sent = phone.post(here, answer(phone.get(here), me="yes", note=evil, where=evil))
    refused = phone.post(here, {**phone.get(here).form("Close it"), "note": evil})
    phone.post(here, answer(phone.get(here), me="yes", note=evil))
    shown = phone.get(here)

    assert sent.status == 422
    assert refused.status == 403
    assert "&lt;script&gt;" in shown.body
    for page in (sent, refused, shown):
        assert "<script" not in page.body
        assert "'><b>" not in page.body


# --- practice, section 3 --------------------------------------------------------


def test_no_act_on_get_and_no_page_that_submits_itself(house, phone):
    alarm = house.alarm(FRIDGE)
    here = house.link(alarm.id)
    before = len(house.events("acknowledged")), len(house.events("closed"))

    page = phone.get(here)
    query = "&".join(f"{key}={value}" for key, value in answer(page, me="yes", do="answer").items())
    assert phone.get(f"{here}?{query}").status == 200
    assert phone.ask("HEAD", here).status == 200

    assert (len(house.events("acknowledged")), len(house.events("closed"))) == before
    assert "<script" not in page.body
    assert 'http-equiv="refresh"' not in page.body


def test_acts_on_critical_alarms_need_the_pin_or_the_code_in_the_message(house, phone):
    alarm = house.alarm(BUFFER)
    here = house.link(alarm.id)
    for wrong in ({}, {"code": ""}, {"code": "000000"}, {"me": "yes"}):
        refused = phone.post(here, answer(phone.get(here), "at-unit", **wrong))
        assert refused.status == 403
        assert "That is neither your PIN nor the code in the message." in refused.words
    assert [each.detail["by"] for each in house.events("acknowledged")] == ["technician"]

    assert phone.post(here, answer(phone.get(here), "at-unit", code=house.code(alarm.id))).status in (
        303,
        409,
    )
    assert house.events("acknowledged")[-1].detail["by"] == "pharmacist"
    other = house.alarm("bsc-1.power")
    there = house.link(other.id)
    assert phone.post(there, answer(phone.get(there), "at-unit", code="271828")).status == 303


def test_a_mail_scanner_that_follows_every_link_and_submits_every_form_acts_on_nothing(house):
    scanner = house.browser(**{"User-Agent": "scanner"})
    before = {kind: len(house.events(kind)) for kind in ("acknowledged", "closed", "shelved", "documented")}
    for alarm in house.alarms().values():
        here = house.link(alarm.id)
        page = scanner.get(here)
        forms = EVERY.findall(page.body)
        assert forms
        for form in forms:
            fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form))
            for name in re.findall(r'<(?:input|textarea)[^>]* name="([^"]*)"', form):
                if name != "me":  # a box that nobody ticked is not sent
                    fields.setdefault(name, "Smith")
            for name, values in re.findall(r'<select[^>]* name="([^"]*)">(.*?)</select>', form):
                first = re.search(r'<option(?: value="([^"]*)")?[^>]*>([^<]*)', values)
                fields[name] = first[1] or first[2]
            for name, value in re.findall(r'<button name="([^"]*)" value="([^"]*)"', form) or [("", "")]:
                assert scanner.post(here, {**fields, name: value}).status == 403

    assert {kind: len(house.events(kind)) for kind in before} == before


# --- links that do not open ---------------------------------------------------------


def test_a_forged_link_opens_nothing_and_says_what_to_do(house, phone):
    real = house.link(house.alarm(FRIDGE).id)
    for forged in (real[:-2] + "xx", real[:30], "/a/x", "/a/" + "A" * 3000, "/a/%00", "/l/x", "/l/x/A1"):
        page = phone.get(forged)
        assert page.status == 404, forged
        assert "This link is not one of ours" in page.words
        assert "HD Fridge" not in page.words
        assert phone.post(forged, {"do": "answer", "me": "yes"}).status in (404, 405)


def test_a_link_of_one_kind_is_none_of_another(house, phone):
    token = house.link(house.alarm(FRIDGE).id).removeprefix("/a/")
    everything = house.seals.link(Link("*", "pharmacist-phone", "pharmacist"))
    session = house.seals.session("pharmacist", "x")

    for path in (f"/l/{token}", f"/l/{token}/A50", f"/a/{everything}", f"/a/{session}"):
        assert phone.get(path).status == 404, path


def test_an_expired_link_says_so_and_offers_the_next_step(house, phone):
    alarm = house.alarm(FRIDGE)
    assert phone.get(house.link(alarm.id, sent=timedelta(hours=72))).status == 200
    here = house.link(alarm.id, sent=timedelta(hours=72, seconds=1))
    form = answer(phone.get(house.link(alarm.id)), me="yes")

    page = phone.get(here)

    assert page.status == 410
    assert "This link has expired: links are good for 72 hours." in page.words
    assert f'href="/login?next=/answer/{alarm.id}"' in page.body
    assert phone.post(here, form).status == 410


def test_a_foreign_link_opens_nothing(house, phone):
    alarm = house.alarm(FRIDGE)
    for destination, person in (("technician-phone", "pharmacist"), ("pharmacist-phone", "nobody")):
        page = phone.get(house.link(alarm.id, destination, person))
        assert page.status == 403
        assert "somebody who no longer gets these messages" in page.words


def test_a_link_of_somebody_who_was_disabled_opens_nothing(house, phone):
    from hdmonitor.accounts import changed  # noqa: PLC0415  # beside its use

    here = house.link(house.alarm(FRIDGE).id)
    form = answer(phone.get(here), me="yes")
    assert house.do(changed("pharmacist", "manager", "disable")) == ""

    assert phone.get(here).status == 403
    assert phone.post(here, form).status == 403


def test_the_link_of_a_closed_alarm_says_who_closed_it(house, phone):
    alarm = house.alarm(FRIDGE)
    here = house.link(alarm.id)
    form = answer(phone.get(here), me="yes")
    assert house.do(Close(alarm.id, "manager", "fan replaced")) == ""

    for page in (phone.get(here), phone.post(here, form)):
        assert page.status == 410
        assert f"{alarm.id} is closed, by Pharmacy manager at 07:50 on Mon 2 Mar: fan replaced" in page.words
    assert all(each.alarm != alarm.id for each in house.events("acknowledged"))


def test_an_alarm_that_there_is_not_is_no_page(house, phone):
    for alarm in ("A9999", "A0", "A1x"):
        assert phone.get(house.link(alarm)).status == 404


# --- forms ------------------------------------------------------------------------


def test_a_form_sent_twice_acts_once_and_is_answered_twice(house, phone):
    here = house.link(house.alarm(FRIDGE).id)
    before = len(house.events("acknowledged"))
    form = answer(phone.get(here), me="yes")

    assert [phone.post(here, form).status for _ in range(3)] == [303, 303, 303]

    assert len(house.events("acknowledged")) == before + 1


def test_a_form_of_another_link_is_refused(house, phone):
    mine = phone.get(house.link(house.alarm(FRIDGE).id))
    theirs = house.link(house.alarm(FRIDGE).id, "technician-phone", "technician")

    refused = phone.post(theirs, answer(mine, me="yes"))

    assert refused.status == 403
    assert "not made for you" in refused.words


def test_a_form_from_another_site_is_refused(house, phone):
    here = house.link(house.alarm(FRIDGE).id)
    for header in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert phone.post(here, answer(phone.get(here), me="yes"), **header).status == 403
    ours = {"Origin": f"http://127.0.0.1:{house.port}", "Sec-Fetch-Site": "same-origin"}
    assert phone.post(here, answer(phone.get(here), me="yes"), **ours).status == 303


def test_of_two_people_at_once_both_are_recorded_one_wins_and_the_other_is_told(house):
    alarm = house.alarm(FRIDGE)
    links = {
        person: house.link(alarm.id, f"{person}-phone", person) for person in ("pharmacist", "technician")
    }
    phones = {person: house.browser() for person in links}
    pages = {person: phones[person].get(link) for person, link in links.items()}

    first = phones["pharmacist"].post(links["pharmacist"], answer(pages["pharmacist"], "answer", me="yes"))
    second = phones["technician"].post(links["technician"], answer(pages["technician"], "answer", me="yes"))

    assert first.status == 303
    assert second.status == 409
    assert f"Pharmacist on call has {alarm.id} already" in second.words
    told = [each.detail["by"] for each in house.events("acknowledged") if each.alarm == alarm.id]
    assert told == ["pharmacist", "technician"]
    assert house.alarm(FRIDGE).acknowledged_by == "pharmacist"


# --- guessing ---------------------------------------------------------------------


def test_guessing_a_code_is_locked_out_and_recorded(house, phone):
    alarm = house.alarm(BUFFER)
    here = house.link(alarm.id)
    right = {"code": house.code(alarm.id)}
    for guess in range(5):
        assert phone.post(here, answer(phone.get(here), code=f"00000{guess}")).status == 403
    locked = phone.post(here, answer(phone.get(here), **right))

    assert locked.status == 403
    assert "Nothing is tried before 08:05." in locked.words
    (told,) = house.events("locked-out")
    assert told.subject == "pharmacist"
    assert (told.detail["way"], told.detail["failures"]) == ("code", 5)
    house.pass_time(minutes=15)
    assert phone.post(here, answer(phone.get(here), "at-unit", **right)).status in (303, 409)


def test_who_guesses_at_one_message_locks_no_other(house, phone):
    alarm = house.alarm(BUFFER)
    mine, theirs = house.link(alarm.id), house.link(alarm.id, "technician-phone", "technician")
    for guess in range(6):
        phone.post(theirs, answer(phone.get(theirs), code=f"00000{guess}"))

    form = answer(phone.get(mine), "at-unit", code=house.code(alarm.id))
    assert phone.post(mine, form).status in (303, 409)


def test_a_board_never_acts_even_by_a_link(tmp_path):
    people = {**STAFFED.people, "pharmacist": Person("pharmacist", "A board", "board")}
    with manned(tmp_path / "journal.db", site=replace(STAFFED, people=people), accounts=False) as house:
        phone, here = house.browser(), house.link(house.alarm(FRIDGE).id)
        assert (phone.get(here).status, phone.post(here, {"do": "answer", "me": "yes"}).status) == (403, 403)
