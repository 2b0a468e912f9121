"""Logging in, sessions, forms and what is refused to whoever is not logged in, over real HTTP."""

import re
import socket
from dataclasses import replace
from time import monotonic

import pytest
from manned import PASSWORD, PIN, STAFFED, TOKEN, manned
from pages import SITE

from hdmonitor.accounts import changed
from hdmonitor.web import server, visit
from hdmonitor.web.desk import Outside

ABROAD = Outside("https://monitor.example", elsewhere=True)
OPEN = {"/healthz", "/login", "/api/v1/openapi.json"}  # what tells nothing of the site
FRIDGE, BUFFER = "hd-fridge-2.temperature", "hd-buffer.pressure"


@pytest.fixture
def house(tmp_path):
    with manned(tmp_path / "journal.db") as house:
        yield house


@pytest.fixture
def abroad(tmp_path):
    with manned(tmp_path / "journal.db", outside=ABROAD) as house:
        yield house


def paths(house):
    """Return every route of the pages with its methods, its parameters filled in."""
    filled = {"alarm": house.alarm(FRIDGE).id, "token": "x", "room": "hd-buffer", "point": FRIDGE}
    for route in house.routes:
        path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda name: filled.get(name[1], "x"), route.path)
        yield path, route.methods or set()


# --- who is let in ----------------------------------------------------------------


def test_without_an_account_pages_of_this_machine_are_open_and_nothing_acts(tmp_path):
    with manned(tmp_path / "journal.db", accounts=False) as house:
        browser = house.browser()

        assert browser.get("/").status == 200
        assert browser.get("/alarms").status == 200
        assert browser.get(f"/answer/{house.alarm(FRIDGE).id}").status == 303
        assert "Nobody has an account yet." in browser.get("/login").words


def test_a_name_that_was_pointed_at_this_machine_reads_nothing(tmp_path):
    with manned(tmp_path / "journal.db", accounts=False) as house:
        rebound = house.browser(Host="evil.example")

        assert rebound.get("/").status == 303
        assert "checks" not in rebound.get("/healthz").body
        assert house.browser(Host=f"localhost:{house.port}").get("/").status == 200


def test_once_somebody_has_an_account_every_page_asks_for_a_login(house):
    browser = house.browser()
    for path, methods in paths(house):
        if "GET" not in methods or path in OPEN or path.endswith((".css", ".js")):
            continue
        answer = browser.get(path)
        assert answer.status in {303, 401, 403, 404}, path
        assert "Fridge" not in answer.body, path
        if answer.status == 303:
            assert answer.headers["location"].startswith("/login?next="), path


def test_no_route_acts_without_authentication(house):
    """Every POST of every route: bare, with a form of a stranger, with a forged session."""
    before = house.count()
    stranger = house.browser()
    form = stranger.get("/login").form("password")
    forged = house.browser(Cookie="hdmonitor-session=eyJhIjoxfQ.aaaa.bbbb")
    everything = {"do": "answer", "me": "yes", "where": "at-unit", "note": "x", "by": "manager", "code": "1"}
    posted = 0
    for path, methods in paths(house):
        for method in methods - {"GET", "HEAD"}:
            for browser, fields in ((stranger, {}), (stranger, form), (forged, form)):
                answer = browser.ask(method, path, {**everything, **fields})
                posted += 1
                assert answer.status in {401, 403, 404} or (path, answer.status) == ("/login", 200), path
    assert posted >= 12
    assert house.count() == before


def test_a_board_reads_with_its_token_and_never_acts(house):
    program = house.browser(Authorization=f"Bearer {TOKEN}")
    display = house.browser()
    assert display.log_in("wall", TOKEN).status == 303
    for board in (program, display):
        assert board.get("/").status == 200
        assert board.get("/metrics").status == 200
        for path, methods in paths(house):
            if "POST" in methods and path != "/login":
                assert board.post(path, {"do": "answer", "me": "yes"}).status in {401, 403, 404}, path
    for wrong in ("Bearer x", f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN}x"):
        assert house.browser(Authorization=wrong).get("/").status == 303
    assert house.browser().log_in("wall", PASSWORD).status == 403
    assert house.browser().log_in("manager", TOKEN).status == 403


def test_other_programs_learn_only_whether_it_works(house):
    stranger = house.browser()

    assert stranger.get("/healthz").body == '{"working":false}'  # messages are owed for too long
    assert stranger.get("/metrics").status == 401


# --- sessions ---------------------------------------------------------------------


def test_a_person_logs_in_and_every_login_is_on_record(house):
    browser = house.browser()
    page = browser.get("/login?next=/alarms")
    form = {**page.form("password"), "name": "pharmacist", "password": PASSWORD}

    answer = browser.post("/login", form)

    assert (answer.status, answer.headers["location"]) == (303, "/alarms")
    assert "Pharmacist on call" in browser.get("/alarms").words
    (told,) = house.events("logged-in")
    assert (told.subject, told.detail) == ("pharmacist", {"by": "pharmacist", "address": "127.0.0.1"})


@pytest.mark.parametrize("onward", ["//evil.example", "https://evil.example", "/\\evil.example", "x", ""])
def test_a_login_leads_to_pages_of_ours_only(house, onward):
    browser = house.browser()
    form = {**browser.get("/login").form("password"), "name": "manager", "password": PASSWORD, "next": onward}

    assert browser.post("/login", form).headers["location"] == "/"


def test_cookies_are_kept_from_scripts_other_sites_and_open_wires(abroad):
    browser = abroad.browser(Host="monitor.example")
    page = browser.get("/login")
    form = {**page.form("password"), "name": "manager", "password": PASSWORD}

    answer = browser.post("/login", form, Origin="https://monitor.example")

    for cookie in (page.headers["set-cookie"], *answer.cookies):
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"samesite=lax", "path=/"} <= parts
        assert {"httponly", "secure"} <= parts or "max-age=0" in parts


def test_a_session_ends_after_a_shift_and_with_a_logout_everywhere(house):
    first, second = house.browser(), house.browser()
    assert first.log_in("manager").status == second.log_in("manager").status == 303
    stolen = dict(first.cookies)

    assert first.post("/logout", first.get("/alarms").form("Log out")).status == 303

    for browser in (first, second):
        browser.cookies = dict(stolen)
        assert browser.get("/").status == 303
    assert second.log_in("manager").status == 303
    house.pass_time(hours=12, seconds=1)
    assert second.get("/").status == 303


def test_a_new_password_a_disabled_account_or_another_role_ends_sessions(house):
    browser = house.browser()
    browser.log_in("technician")
    assert browser.get("/").status == 200
    assert house.do(changed("technician", "manager", "disable")) == ""
    assert browser.get("/").status == 303
    assert house.browser().log_in("technician").status == 403

    assert house.do(changed("technician", "manager", "enable")) == ""
    assert house.browser().log_in("technician").status == 303


def test_people_change_their_own_pin_and_password_with_their_password(house):
    browser = house.browser()
    browser.log_in("technician")

    def change(what, new, again=None, password=PASSWORD):
        form = browser.get("/me").form(f"/me/{what}")
        fields = {**form, "new": new, "again": again or new, "password": password}
        return browser.post(f"/me/{what}", fields)

    assert "a PIN has 6 to 12 digits" in change("pin", "1234").words
    assert "the first that is tried" in change("pin", "123456").words
    assert "not the same" in change("pin", "314159", "314158").words
    assert change("pin", "314159", password="wrong wrong").status == 403
    assert change("pin", "314159").status == 303
    browser.log_in("technician")
    assert "10 to 200 characters" in change("password", "short").words
    assert change("password", "another long one").status == 303
    assert house.browser().log_in("technician").status == 403
    assert house.browser().log_in("technician", "another long one").status == 303
    told = [each.detail for each in house.events("account") if each.detail["by"] == "technician"]
    assert told == [
        {"by": "technician", "change": "PIN set"},
        {"by": "technician", "change": "password set"},
    ]


# --- acts from a session --------------------------------------------------------------


def test_an_act_on_a_critical_alarm_asks_a_session_for_the_pin(house):
    browser = house.browser()
    browser.log_in("pharmacist")
    here = f"/answer/{house.alarm(BUFFER).id}"
    form = {**browser.get(here).form("Answer"), "where": "at-unit"}
    assert browser.post(here, form).status == 403
    assert browser.post(here, {**form, "code": house.code(house.alarm(BUFFER).id)}).status == 403

    assert browser.post(here, {**form, "code": PIN}).status == 303


def test_a_form_needs_the_session_it_was_made_for(house):
    mine, theirs = house.browser(), house.browser()
    mine.log_in("pharmacist")
    theirs.log_in("technician")
    here = f"/answer/{house.alarm(FRIDGE).id}"
    form = {**mine.get(here).form("Answer"), "where": "answer"}

    for wrong in (form, {**form, "form": ""}, {**form, "form": "x" * 100}, {"do": "answer"}):
        assert theirs.post(here, wrong).status == 403
    house.pass_time(hours=11)
    mine.log_in("pharmacist")
    assert mine.post(here, form).status == 403
    assert house.alarm(FRIDGE).acknowledged_by is None


# --- guessing -----------------------------------------------------------------------


def test_guessing_a_password_is_locked_out_recorded_and_remembered(house):
    for _ in range(5):
        assert "do not" not in house.browser().log_in("pharmacist", "wrong wrong").words
    locked = house.browser().log_in("pharmacist")

    assert locked.status == 403
    assert "Nothing is tried before 08:05." in locked.words
    (told,) = house.events("locked-out")
    assert told.subject == "pharmacist"
    assert told.detail == {
        "way": "password",
        "address": "127.0.0.1",
        "failures": 5,
        "until": "2026-03-02T13:05:00+00:00",
    }
    assert house.browser().log_in("technician").status == 303
    house.forget()  # as a restart does
    assert house.browser().log_in("pharmacist").status == 403
    house.pass_time(minutes=15)
    assert house.browser().log_in("pharmacist").status == 303


def test_a_name_that_nobody_has_is_told_apart_by_nothing(house):
    known = house.browser().log_in("pharmacist", "wrong wrong")
    unknown = house.browser().log_in("nobody", "wrong wrong")

    assert (known.status, known.words) == (unknown.status, unknown.words)


def test_guessing_a_pin_is_locked_out_and_the_code_still_answers(house):
    browser, alarm = house.browser(), house.alarm(BUFFER)
    browser.log_in("pharmacist")
    here = f"/answer/{alarm.id}"
    for guess in range(5):
        form = {**browser.get(here).form("Answer"), "where": "at-unit", "code": f"90000{guess}"}
        assert browser.post(here, form).status == 403
    form = {**browser.get(here).form("Answer"), "where": "at-unit", "code": PIN}
    assert "Nothing is tried before" in browser.post(here, form).words
    assert house.events("locked-out")[-1].detail["way"] == "PIN"

    link, phone = house.link(alarm.id), house.browser()
    form = {**phone.get(link).form("Answer"), "where": "at-unit", "code": house.code(alarm.id)}
    assert phone.post(link, form).status == 303


def test_an_account_of_somebody_the_site_no_longer_names_opens_nothing(tmp_path):
    with manned(tmp_path / "journal.db") as house:
        browser = house.browser()
        browser.log_in("technician")
    people = {id_: each for id_, each in SITE.people.items() if id_ != "technician"}
    again = manned(tmp_path / "journal.db", site=replace(STAFFED, people=people), accounts=False, fresh=False)
    with again as house:
        browser.port = house.port

        assert browser.get("/").status == 303
        assert house.browser().log_in("technician").status == 403


# --- clients that mean no good ----------------------------------------------------------


def raw(house, head, *parts, within=5.0):
    """Send bytes and return what comes back until the server closes, and how long that took."""
    begun, got = monotonic(), b""
    with socket.create_connection(("127.0.0.1", house.port)) as way:
        way.settimeout(within)
        way.sendall(head)
        try:
            for part in parts:
                way.sendall(part)
            while more := way.recv(65536):
                got += more
        except (BrokenPipeError, ConnectionResetError):
            pass
    return got.decode(errors="replace"), monotonic() - begun


def test_a_form_of_10_mb_is_refused_before_it_is_read(house):
    browser = house.browser()
    browser.log_in("manager")
    cookie = f"Cookie: hdmonitor-session={browser.cookies['hdmonitor-session']}\r\n"
    for path in (f"/answer/{house.alarm(FRIDGE).id}", house.link(house.alarm(FRIDGE).id), "/login"):
        visitor = cookie + "" if path != "/login" else "Cookie: hdmonitor-visitor=x\r\n"
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10000000\r\n{visitor}"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        answer, took = raw(house, head.encode())  # not a byte of the body was sent

        assert answer.startswith("HTTP/1.1 413"), path
        assert took < 3


def test_a_form_without_an_end_is_refused_once_it_is_too_long(house):
    head = (
        f"POST {house.link(house.alarm(FRIDGE).id)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Transfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
    chunk = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"

    answer, _ = raw(house, head.encode(), *[chunk] * 5)

    assert answer.startswith("HTTP/1.1 413")


def test_a_client_that_sends_its_request_byte_by_byte_is_left(house, monkeypatch):
    monkeypatch.setattr(server, "HEAD_WITHIN", 0.3)
    answer, took = raw(house, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    assert (answer, took < 3) == ("", True)

    monkeypatch.setattr(visit, "BODY_WITHIN", 0.3)
    head = (
        f"POST {house.link(house.alarm(FRIDGE).id)} HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\nform="
    )
    answer, took = raw(house, head.encode())
    assert answer.startswith("HTTP/1.1 408")
    assert took < 3


def test_a_hundred_slow_clients_keep_nobody_out_for_long(house, monkeypatch):
    monkeypatch.setattr(server, "HEAD_WITHIN", 1.0)
    slow = [socket.create_connection(("127.0.0.1", house.port)) for _ in range(server.MOST_CLIENTS)]
    for way in slow:
        way.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
    begun = monotonic()
    while (answer := house.browser().get("/style.css")).status == 503 and monotonic() - begun < 10:
        pass
    for way in slow:
        way.close()

    assert answer.status == 200
    assert monotonic() - begun < 5


def test_nobody_is_believed_about_where_others_come_from(house):
    liar = house.browser(**{"X-Forwarded-For": "203.0.113.9"})
    liar.log_in("manager")

    assert house.events("logged-in")[-1].detail["address"] == "127.0.0.1"


def test_every_answer_has_the_headers_that_keep_a_page_to_itself(house):
    browser = house.browser()
    browser.log_in("manager")
    for path, methods in paths(house):
        if "GET" not in methods or "events" in path or "live" in path:
            continue
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'"), path
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["cache-control"] == "no-store", path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers
