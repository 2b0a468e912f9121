"""An alarm from the sensor to its end, as people on call see it: message, link, answer, write-up, close."""

import json
import re
import sqlite3

import paho.mqtt.client as paho
import pytest
from browser.looking import DESK, PHONE, Screen, evaluate, shown, violations
from daemons import Daemon, site_text
from manned import PASSWORD, PIN, manned
from paho.mqtt.enums import CallbackAPIVersion
from servers import HttpSink, wait_until

OUT_OF_THE_PAGE = """[...document.querySelectorAll('body *')]
    .filter(e => !e.closest('.wide, .skip, svg') && e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 120))"""
SMALL_TARGETS = """[...document.querySelectorAll('button, summary, select, input:not([type=hidden])')]
    .filter(e => e.checkVisibility() && !e.closest('.tick, header') && e.getBoundingClientRect().height < 44)
    .map(e => e.outerHTML.slice(0, 120))"""
FRIDGE, BUFFER = "hd-fridge-2.temperature", "hd-buffer.pressure"


@pytest.mark.timeout(240)
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_an_alarm_arrives_and_is_answered_written_up_and_closed_by_its_link(
    tmp_path, mosquitto, browser, size
):
    client = paho.Client(CallbackAPIVersion.VERSION2)
    with HttpSink() as sink, Daemon(tmp_path, site_text(1), mosquitto.port, sink.url) as daemon:
        ours = f"http://127.0.0.1:{daemon.web_port}"
        daemon.environment = {"HDMONITOR_WEB__PUBLIC_URL": ours}
        daemon.start()
        client.connect("127.0.0.1", mosquitto.port)
        client.loop_start()
        client.publish("cold/0", b"9.5", qos=1).wait_for_publish(10)
        wait_until(lambda: [each for each in sink.requests if each.path == "/phone"], 20)
        message = json.loads(sink.requests[0].body)["message"]
        body, link = message.splitlines()
        assert re.search(r" A\d+$", body)
        assert len(body) <= 150
        assert link.startswith(f"{ours}/a/")

        with shown(browser, link, Screen(size, scripts=False)) as page:
            evaluate(page, "1")
            assert page.locator("h2").inner_text().startswith("Room 0: 9.5 C")
            page.screenshot(path=tmp_path / f"{size[0]}-opened.png", full_page=True)
            page.get_by_label("I am Store keeper").first.check()
            page.get_by_role("button", name="On my way").click()
            assert "Your answer is on record." in page.locator("main").inner_text()
            page.screenshot(path=tmp_path / f"{size[0]}-answered.png", full_page=True)
            page.get_by_text("What I did").click()
            page.get_by_label("Cause").select_option("door open")
            page.get_by_label("What was done").select_option("door shut")
            page.get_by_label("Work order").fill("4711")
            written = page.locator("form", has=page.locator("input[value=document]"))
            written.get_by_label("I am Store keeper").check()
            page.screenshot(path=tmp_path / f"{size[0]}-writing.png", full_page=True)
            page.get_by_role("button", name="Write it down").click()
            assert "Written down." in page.locator("main").inner_text()
            page.get_by_text("Close", exact=True).click()
            ending = page.locator("form", has=page.locator("input[value=close]"))
            ending.get_by_label("I am Store keeper").check()
            page.get_by_role("button", name="Close it").click()
            assert "is closed, by Store keeper" in page.locator("main").inner_text()
            page.screenshot(path=tmp_path / f"{size[0]}-closed.png", full_page=True)
        client.disconnect()
        client.loop_stop()
        assert daemon.stop() == 0
    with sqlite3.connect(daemon.journal) as database:
        told = database.execute("SELECT kind, detail FROM event WHERE kind IN ('documented', 'closed')")
        kinds = {kind: json.loads(detail) for kind, detail in told}
        (owed,) = database.execute("SELECT count(*) FROM outbox WHERE body LIKE '%http%'").fetchone()
    assert kinds["documented"]["by"] == kinds["closed"]["by"] == "keeper"
    assert kinds["documented"] == {
        "by": "keeper",
        "cause": "door open",
        "action": "door shut",
        "disposition": "hold",
        "work_order": "4711",
        "note": "",
    }
    assert owed == 0  # the link is nowhere in the record


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with manned(tmp_path_factory.mktemp("manned") / "journal.db") as house:
        yield house


def pages(house):
    """Return the address of each page of answering, with what has to be logged in for it."""
    here = f"http://127.0.0.1:{house.port}"
    return {
        "fridge": here + house.link(house.alarm(FRIDGE).id),
        "buffer": here + house.link(house.alarm(BUFFER).id),
        "gone": f"{here}/a/forged",
        "login": f"{here}/login",
    }


@pytest.mark.parametrize("name", ["fridge", "buffer", "gone", "login"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_page_to_answer_on_fits_the_screen_and_a_thumb(house, browser, tmp_path, name, size):
    with shown(browser, pages(house)[name], Screen(size, scripts=False)) as page:
        for summary in page.locator("summary").all():
            summary.click()
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        assert evaluate(page, "document.documentElement.scrollWidth") <= size[0]
        assert evaluate(page, OUT_OF_THE_PAGE) == []
        assert evaluate(page, SMALL_TARGETS) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["fridge", "buffer", "gone", "login"])
def test_axe_has_nothing_against_the_pages_to_answer_on(house, browser, name):
    screens = [Screen(size, dark) for size in (PHONE, DESK) for dark in (False, True)]
    found = {str(screen): violations(browser, pages(house)[name], screen) for screen in screens}

    assert {screen: each for screen, each in found.items() if each} == {}


@pytest.mark.timeout(240)
def test_a_person_logs_in_answers_a_critical_alarm_with_the_pin_and_logs_out(house, browser, tmp_path):
    here = f"http://127.0.0.1:{house.port}"
    path = f"/answer/{house.alarm(BUFFER).id}"
    with shown(browser, here + path, Screen(DESK, scripts=False)) as page:
        page.get_by_label("Name").fill("pharmacist")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_label("Your PIN").first.fill(PIN)
        page.get_by_role("button", name="At the unit").click()
        assert "Your answer is on record." in page.locator("main").inner_text()
        page.screenshot(path=tmp_path / "session.png", full_page=True)
        page.goto(f"{here}/me")
        page.screenshot(path=tmp_path / "me.png", full_page=True)
        page.get_by_role("button", name="Log out").click()
        assert page.url == f"{here}/login"
