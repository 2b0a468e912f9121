"""The commands `hdmonitor people …` beside a running daemon, and where its pages may be served."""

import socket
import subprocess
import sys

import pytest
from daemons import Daemon, site_text
from manned import Browser
from servers import free_port

from hdmonitor.site import load_site

SITE = site_text(1).replace(
    "people:\n",
    "people:\n  boss: { name: The boss, role: administrator }\n  wall: { name: Display, role: board }\n",
)
FILES = ("--config=hdmonitor.yaml", "--site=site.yaml")
PASSWORD = "correct horse battery"


@pytest.fixture
def daemon(tmp_path):
    with Daemon(tmp_path, SITE, free_port(), "http://127.0.0.1:9") as daemon:
        daemon.start(until="watching 1 points")
        yield daemon


def people(daemon, *words, typed=None):
    """Run a command and return its status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "hdmonitor.cli", "people", *words, *FILES],
        cwd=daemon.directory,
        input=typed,
        stdin=subprocess.DEVNULL if typed is None else None,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def command(daemon, *words):
    """Run any other command and return its status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "hdmonitor.cli", *words, FILES[0]],
        cwd=daemon.directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def reached(address, port):
    try:
        socket.create_connection((address, port), timeout=2).close()
    except OSError:
        return False
    return True


def test_the_first_account_is_that_of_an_administrator_and_only_its_hash_is_kept(daemon):
    refused = people(daemon, "password", "keeper", "--stdin", typed=PASSWORD)
    assert refused == (1, "keeper may not change this; an administrator may: boss")

    made = people(daemon, "password", "boss", "--stdin", typed=f"{PASSWORD}\n")
    assert made == (0, "boss may log in with this password")
    assert people(daemon, "password", "keeper", "--by", "boss", "--stdin", typed=PASSWORD)[0] == 0
    assert people(daemon, "pin", "keeper", "--stdin", typed="271828")[0] == 0

    status, listed = people(daemon, "list")
    assert status == 0
    assert [" ".join(line.split()) for line in listed.splitlines()] == [
        "boss administrator password",
        "wall board no account",
        "keeper technician password and pin",
    ]
    assert Browser(daemon.web_port).log_in("keeper", PASSWORD).status == 303
    assert daemon.stop() == 0
    kept = b"".join(path.read_bytes() for path in daemon.directory.glob("journal.db*"))
    assert PASSWORD.encode() not in kept + daemon.log.read_bytes()
    assert b"$argon2id$" in kept
    verified = daemon.command("verify", "--config=hdmonitor.yaml")
    assert verified.returncode == 0


def test_a_board_gets_a_token_that_is_shown_once_and_replaced_by_the_next(daemon):
    people(daemon, "password", "boss", "--stdin", typed=PASSWORD)
    assert "it has a token only" in people(daemon, "password", "wall", "--stdin", typed=PASSWORD)[1]
    assert "a token is for people with the role board" in people(daemon, "token", "keeper", "--by", "boss")[1]

    status, said = people(daemon, "token", "wall", "--by", "boss")
    token = said.rpartition(" ")[2]

    assert (status, len(token)) == (0, 43)
    assert Browser(daemon.web_port, Authorization=f"Bearer {token}").get("/").status == 200
    people(daemon, "token", "wall", "--by", "boss")
    assert Browser(daemon.web_port, Authorization=f"Bearer {token}").get("/").status == 303


def test_what_cannot_be_changed_is_refused_with_a_sentence(daemon):
    for words, typed, says in (
        (("password", "boss"), None, "there is no terminal to type the password; give it on standard input"),
        (
            ("password", "boss", "--stdin"),
            "short",
            "a password has 10 to 200 characters; nothing",
        ),
        (("password", "boss", "--stdin"), "aaaaaaaaaaaa", "this password is one character again and again"),
        (("pin", "boss", "--stdin"), "1234", "a PIN has 6 to 12 digits; nothing was changed"),
        (("pin", "boss", "--stdin"), "654321", "this PIN is the first that is tried"),
        (("disable", "keeper", "--by", "boss"), None, "keeper has no account; give one with"),
        (("password", "nobody", "--stdin"), PASSWORD, "nobody called 'nobody' is in the site file"),
        (("password", "keeper", "--by", "nobody", "--stdin"), PASSWORD, "nobody called 'nobody' is in the"),
    ):
        status, said = people(daemon, *words, typed=typed)
        assert status == 1
        assert says in said, words
        assert "Traceback" not in said


def test_a_disabled_person_is_out_until_enabled_again(daemon):
    people(daemon, "password", "boss", "--stdin", typed=PASSWORD)
    people(daemon, "password", "keeper", "--by", "boss", "--stdin", typed=PASSWORD)
    browser = Browser(daemon.web_port)
    browser.log_in("keeper", PASSWORD)
    assert browser.get("/").status == 200

    assert people(daemon, "disable", "keeper", "--by", "boss")[0] == 0
    assert browser.get("/").status == 303
    assert "DISABLED" in people(daemon, "list")[1]
    assert people(daemon, "enable", "keeper", "--by", "boss")[0] == 0
    assert Browser(daemon.web_port).log_in("keeper", PASSWORD).status == 303


def test_a_disabled_person_acts_by_no_command_either(daemon):
    people(daemon, "password", "boss", "--stdin", typed=PASSWORD)
    people(daemon, "password", "keeper", "--by", "boss", "--stdin", typed=PASSWORD)
    point = next(iter(load_site(daemon.directory / "site.yaml")[0].points))
    reading = ("read", point, "4.9 degC", "--by", "keeper")
    assert command(daemon, *reading) == (
        0,
        f"{point}: 4.9 degC, read by keeper, is on record: inside its limits",
    )

    people(daemon, "disable", "keeper", "--by", "boss")
    assert command(daemon, *reading) == (
        1,
        "keeper is disabled and does nothing here; an administrator may enable that account",
    )
    people(daemon, "enable", "keeper", "--by", "boss")
    assert command(daemon, *reading)[0] == 0


def test_the_only_administrator_stays(daemon):
    people(daemon, "password", "boss", "--stdin", typed=PASSWORD)
    assert people(daemon, "disable", "boss") == (
        1,
        "boss is the only administrator who can log in; give another a password first",
    )


def test_pages_are_served_elsewhere_only_once_somebody_can_log_in(tmp_path):
    with Daemon(tmp_path, SITE, free_port(), "http://127.0.0.1:9") as daemon:
        daemon.environment = {"HDMONITOR_WEB__HOST": "0.0.0.0"}
        daemon.start(until="watching 1 points")
        assert "nobody can log in yet: pages are served at 127.0.0.1 instead of 0.0.0.0" in daemon.tail()
        assert (reached("127.0.0.1", daemon.web_port), reached("127.0.0.2", daemon.web_port)) == (True, False)
        assert people(daemon, "password", "boss", "--stdin", typed=PASSWORD)[0] == 0
        assert daemon.stop() == 0

        daemon.start(until="watching 1 points")

        assert reached("127.0.0.2", daemon.web_port)
        browser = Browser(daemon.web_port)
        assert browser.get("/").status == 303
        assert daemon.stop() == 0


def test_only_the_proxy_that_the_site_names_is_believed(tmp_path):
    with Daemon(tmp_path, SITE, free_port(), "http://127.0.0.1:9") as daemon:
        daemon.environment = {"HDMONITOR_WEB__PROXY": "127.0.0.1"}
        daemon.start(until="watching 1 points")
        people(daemon, "password", "boss", "--stdin", typed=PASSWORD)
        Browser(daemon.web_port, **{"X-Forwarded-For": "203.0.113.9"}).log_in("boss", PASSWORD)
        assert daemon.stop() == 0

        assert b'"address":"203.0.113.9"' in daemon.journal.read_bytes()
