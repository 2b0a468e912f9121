"""The pages over real HTTP, from a real journal: what they show, and what they never say or do."""

import json
import re
import socket
import sqlite3
from dataclasses import replace
from html.parser import HTMLParser
from http.client import HTTPConnection
from time import monotonic
from urllib.error import HTTPError
from urllib.request import Request

import pytest
from pages import SITE, bad_morning, served
from servers import fetch, free_port

from hdmonitor.journal import Journal
from hdmonitor.reader import Reader
from hdmonitor.web import look
from hdmonitor.web.server import NotServed, listen

FORBIDDEN = re.compile(r"\b(safe|ok|okay|all clear|clear|compliant|good)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    path = tmp_path_factory.mktemp("morning") / "journal.db"
    bad_morning(path)
    return path


@pytest.fixture
def empty(tmp_path):
    Journal.open(tmp_path / "journal.db").close()
    return tmp_path / "journal.db"


def get(url):
    return fetch(Request(url)).decode()


def status(url, method="GET"):
    try:
        fetch(Request(url, method=method))
    except HTTPError as error:
        return error.code
    return 200


def words(html):
    """Return what a person reads."""
    parts = []
    parser = HTMLParser()
    parser.handle_data = parts.append
    parser.feed(html)
    return " ".join(" ".join(parts).split())


# --- the first page -----------------------------------------------------------


def test_the_page_shows_every_point_with_value_limit_and_age_and_the_open_alarms(journal):
    with served(journal) as url:
        text = re.sub(r"\bA\d+\b", "A#", words(get(url)))

    assert "As of 07:50:00 EST, Mon 2 Mar 2026." in text
    assert "7 alarms open, 6 points unknown" in text
    assert "critical STOP HD WORK: HD buffer not negative A#, began 8 min ago, answered by Technician" in text
    assert "HD Fridge 2 9.4 C ALARM A# too warm; needs 2 to 8 SHALL 659-3 1 min ago" in text
    assert (
        "Pharmacy temperature 31.0 C too warm, an alarm if it lasts 15 min; needs 15 to 30 SHALL 659-7"
        in text
    )
    assert (
        "HD storage pressure was -0.016 in ALARM A# silent for 20 min 30 s; needs at most -0.005 SHALL 800-P4"
        in text
    )
    assert "2 over, not documented" in text


def test_of_a_large_site_the_board_shows_what_is_outside_or_unknown_and_a_room_shows_all(
    journal, monkeypatch
):
    monkeypatch.setattr(look, "MOST_ROWS", 17)
    with served(journal) as url:
        board, room = words(get(url)), words(get(f"{url}/rooms/hd-buffer"))
        point = words(get(f"{url}/points/hd-buffer.door"))

    assert "7 alarms open, 6 points unknown" in board
    values = board.partition("Values that are outside or unknown")[2]
    assert "HD buffer pressure -0.001 in" in values
    assert "HD buffer door" not in values
    assert "HD buffer door closed" in room
    assert "HD buffer door closed" in point


def test_a_page_without_an_alarm_does_not_call_that_good_news(empty):
    with served(empty) as url:
        text = words(get(url))

    assert "Freezer 1 no value never heard; needs -25 to -10 SHALL 659-1" in text
    assert "0 alarms open, 18 points unknown No alarm is open. That says nothing about points" in text


@pytest.mark.parametrize("trouble", [{}, {"broker": "Lost the broker."}])
def test_no_page_says_that_something_is_safe(journal, empty, trouble):
    for path in (journal, empty):
        with served(path, trouble=trouble) as url:
            assert FORBIDDEN.findall(words(get(url))) == []


def test_trouble_of_the_monitor_itself_stands_above_everything(journal):
    with served(journal, turned_at=monotonic() - 40, trouble={"broker": "Lost the broker."}) as url:
        text = words(get(url))

    assert "The monitor itself is in trouble core: stands still for 40 s" in text
    assert "broker: Lost the broker." in text
    assert text.index("in trouble") < text.index("alarms open")


def test_a_journal_that_cannot_be_read_shows_no_point_at_all(journal, tmp_path):
    damaged = tmp_path / "journal.db"
    damaged.write_bytes(journal.read_bytes()[:5000] + b"x" * 60_000)
    with served(damaged) as url:
        text = words(get(url))
        assert status(f"{url}/healthz") == 503
        assert "hdmonitor_readings_total" in get(f"{url}/metrics")

    assert "nothing is known about any point" in text
    assert "journal" in text
    assert "HD Fridge 2" not in text


def test_everything_from_outside_is_escaped(tmp_path):
    evil = "<script>alert('x')</script>\"&"
    points = {name: replace(point, name=evil) for name, point in SITE.points.items()}
    rooms = {name: replace(room, name=evil) for name, room in SITE.rooms.items()}
    devices = {
        topic: replace(device, points=tuple(points[point.id] for point in device.points))
        for topic, device in SITE.devices.items()
    }
    site = replace(SITE, name=evil, points=points, rooms=rooms, devices=devices)
    bad_morning(tmp_path / "journal.db", site)

    with served(tmp_path / "journal.db", site=site, trouble={"broker": evil}) as url:
        page = get(url)

    assert re.findall("<script[^>]*>", page) == ['<script src="/live.js" defer>']
    assert page.count("&lt;script&gt;") > 10
    assert '"&"' not in page


def test_the_page_needs_no_script_and_loads_nothing_from_elsewhere(journal):
    with served(journal) as url:
        page = get(url)
        style = get(f"{url}/style.css")

    assert re.findall(r'(?:src|href)="(?!/|#)[^"]*"', page) == []
    assert re.findall("<script.*", page) == ['<script src="/live.js" defer></script>']
    assert "url(" not in style
    assert "@import" not in style
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in page


def test_nothing_changes_on_a_visit_and_nothing_else_is_taken(journal):
    with served(journal) as url:
        for path in (
            "/",
            "/rooms/hd-buffer",
            "/points/hd-buffer.pressure",
            "/alarms",
            "/healthz",
            "/metrics",
            "/style.css",
        ):
            assert status(url + path, "POST") == 405
            assert status(url + path, "HEAD") == status(url + path)
        assert status(f"{url}/nothing") == 404
    with sqlite3.connect(journal) as database:
        assert database.execute("SELECT count(*) FROM event WHERE kind = 'acknowledged'").fetchone() == (1,)


def test_pages_are_not_stored_framed_or_sniffed(journal):
    with served(journal) as url, socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as way:
        way.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head = b""
        while b"\r\n\r\n" not in head:
            head += way.recv(4096)

    lines = head.partition(b"\r\n\r\n")[0].decode().lower().splitlines()
    assert "cache-control: no-store" in lines
    assert "x-content-type-options: nosniff" in lines
    assert any(line.startswith("content-security-policy: default-src 'none'") for line in lines)
    assert not any(line.startswith("server:") for line in lines)


# --- for other monitors -------------------------------------------------------


def test_healthz_answers_503_with_the_reason_once_something_vital_does_not_work(empty):
    with served(empty) as url:
        body = json.loads(get(f"{url}/healthz"))
        assert re.fullmatch(r"turned \d\.\d s ago", body["checks"]["core"].pop("says"))
        assert body == {
            "working": True,
            "checks": {
                "core": {"works": True, "vital": True},
                "broker": {"works": True, "vital": True, "says": "connected"},
                "canary": {"works": True, "vital": True, "says": "our own message came back 0 s ago"},
                "notifications": {"works": True, "vital": True, "says": "none is owed"},
                "influx": {"works": True, "vital": False, "says": "no trouble known"},
            },
        }
    with served(empty, connected=False) as url:
        with pytest.raises(HTTPError) as refused:
            fetch(Request(f"{url}/healthz"))
        assert refused.value.code == 503
        assert json.loads(refused.value.read())["checks"]["broker"]["says"] == "not connected"


def test_metrics_are_what_prometheus_reads(journal):
    with served(journal, readings=7) as url:
        text = get(f"{url}/metrics")

    assert "\nhdmonitor_readings_total 7.0\n" in text
    assert "\nhdmonitor_points_silent 4.0\n" in text
    assert '\nhdmonitor_active_alarms{level="critical"} 1.0\n' in text


def test_many_scrapes_ask_the_journal_once_a_second(journal, monkeypatch):
    asked = []
    monkeypatch.setattr(Reader, "heard", lambda _: asked.append(1) or {})
    with served(journal) as url:
        begun = monotonic()
        for _ in range(100):
            for path in ("/", "/metrics", "/healthz"):
                status(url + path)
        took = monotonic() - begun

    assert 1 <= len(asked) <= took + 1


# --- the socket ---------------------------------------------------------------


def test_a_busy_port_is_refused_with_a_sentence():
    with (
        socket.create_server(("127.0.0.1", port := free_port())),
        pytest.raises(NotServed) as refused,
        listen("127.0.0.1", port),
    ):
        pass

    assert str(refused.value) == (
        f"web pages cannot be served at 127.0.0.1, port {port}: Address already in use;"
        " end what listens there, or name another web.host or web.port"
    )


def test_an_address_that_is_not_of_this_machine_is_refused_with_a_sentence():
    with pytest.raises(NotServed, match="Cannot assign requested address"), listen("192.0.2.1", 8080):
        pass


def test_the_port_is_free_again_at_once(empty):
    with served(empty) as url:
        get(url)
    port = int(url.rpartition(":")[2])

    with listen("127.0.0.1", port):
        pass


def test_an_answer_on_a_kept_connection_does_not_wait_for_the_network(empty):
    with served(empty) as url:
        way = HTTPConnection("127.0.0.1", int(url.rpartition(":")[2]))
        took = []
        for _ in range(20):
            begun = monotonic()
            way.request("GET", "/style.css")
            way.getresponse().read()
            took.append(monotonic() - begun)
        way.close()

    assert min(took) < 0.02  # 0.04 is the kernel's delayed acknowledgement
