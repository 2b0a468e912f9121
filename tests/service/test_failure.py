"""What a browser and a program get when a page fails by a fault of ours."""

import json
import logging
from http.client import HTTPConnection

import pytest
from manned import TOKEN, manned


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with manned(tmp_path_factory.mktemp("failure") / "journal.db") as house:
        yield house


def ask(house, method, path, body=None):
    way = HTTPConnection("127.0.0.1", house.port, timeout=20)
    way.request(method, path, body, {"Authorization": f"Bearer {TOKEN}", "Accept": "text/html"})
    answer = way.getresponse()
    found = answer.status, answer.read().decode()
    way.close()
    return found


def broken(*_):
    raise KeyError("no such thing")


def test_a_page_that_fails_says_so_and_the_log_names_the_fault(house, monkeypatch, caplog):
    monkeypatch.setattr(house.pages.desk, "reader", broken)
    with caplog.at_level(logging.ERROR):
        status, page = ask(house, "GET", "/alarms")
        api = ask(house, "GET", "/api/v1/alarms")

    says = "This page could not be made; nothing is known from it and nothing was done."
    assert (status, says in page, "<main" in page) == (500, True, True)
    assert (api[0], json.loads(api[1])["error"]) == (500, f"{says} Look at the board.")
    assert "GET /api/v1/alarms failed: KeyError" in caplog.messages


@pytest.mark.parametrize("body", ["{", "[1]", ""])
def test_what_is_no_json_object_is_told_so(house, body):
    status, told = ask(house, "POST", "/api/v1/acts/ack", body)

    assert (status, json.loads(told)["error"]) == (422, "the body is not a JSON object")
