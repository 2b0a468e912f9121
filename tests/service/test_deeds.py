"""What people do in a room from its page: proven, judged, recorded, and seen on the board at once."""

import pytest
from manned import PIN, manned


@pytest.fixture
def house(tmp_path):
    with manned(tmp_path / "journal.db") as house:
        yield house


def doing(house, person="pharmacist", room="hd-buffer"):
    """Return a browser in which a person is logged in, and the way to send a form of the room's page."""
    browser, path = house.browser(), f"/rooms/{room}/acts"
    browser.log_in(person)

    def do(holding, **fields):
        form = browser.get(path).form(f'value="{holding}"')
        return browser.post(path, {**form, **fields})

    return browser, path, do


def test_an_override_needs_the_pin_and_stands_on_the_board_beside_the_reasons(house):
    browser, path, do = doing(house)

    refused = do("override", place="hd-buffer", reason="emergency dose", minutes="30", pin="000000")
    assert (refused.status, "That is not your PIN." in refused.words) == (403, True)
    assert house.events("overridden") == []

    done = do("override", place="hd-buffer", reason="emergency dose", minutes="30", pin=PIN)
    assert (done.status, done.headers["location"]) == (303, f"{path}?done=override")
    assert [event.detail["by"] for event in house.events("overridden")] == ["pharmacist"]
    house.wait_for_the_next_look()
    board = browser.get("/").words
    assert "Overridden by Pharmacist on call until 08:20: emergency dose" in board
    assert "✕ NO STOP HD WORK: HD buffer not negative" in board


def test_a_technician_sees_no_form_for_an_override_and_is_refused_without_it(house):
    browser, path, do = doing(house, "technician")

    assert "Override the board" not in browser.get(path).words
    refused = do("use", do="override", place="hd-buffer", reason="x", minutes="30", pin=PIN)
    assert refused.status == 409
    assert "the role technician may not override the board; ask a pharmacist" in refused.words


def test_people_say_that_they_work_in_a_room(house):
    browser, path, do = doing(house, "technician")

    assert do("use", in_use="yes").status == 303
    assert [event.detail["in_use"] for event in house.events("in-use")] == [True]
    house.wait_for_the_next_look()
    assert "On record: people work here." in browser.get(path).words


def test_a_lost_room_is_returned_step_by_step_and_not_while_it_is_still_lost(house):
    browser, path, do = doing(house, "technician")

    assert "Return HD buffer to service" in browser.get(path).words
    for _step in range(4):
        assert do("return", pin=PIN).status == 303
    refused = do("return", pin=PIN)

    assert refused.status == 409
    assert "disinfect: Technician on duty, 07:50" in refused.words
    assert [event.detail["step"] for event in house.events("returning")] == [
        "deactivate",
        "decontaminate",
        "clean",
        "disinfect",
    ]
    house.wait_for_the_next_look()
    assert (
        "HD buffer was lost at 07:42 and is not returned to service; missing: recovered, sign"
        in browser.get("/").words
    )


def test_points_go_out_of_service_for_a_reason_and_come_back(house):
    browser, _, do = doing(house, room="hd-storage")
    fields = {"why": "calibration", "reason": "ice bath", "hours": "2", "pin": PIN}

    assert do("out", point="hd-fridge-1.temperature", **fields).status == 303
    (event,) = house.events("out-of-service")
    assert (event.subject, event.detail["by"], event.detail["why"]) == (
        "hd-fridge-1.temperature",
        "pharmacist",
        "calibration",
    )
    house.wait_for_the_next_look()
    assert (
        "HD Fridge 1, out of service 09:50 Pharmacist on call calibration, ice bath" in browser.get("/").words
    )
    assert do("back", point="hd-fridge-1.temperature").status == 303
    assert [each.detail["by"] for each in house.events("back-in-service")] == ["pharmacist"]


def test_a_point_of_another_room_is_not_taken_out_of_service_here(house):
    _, _, do = doing(house, room="hd-storage")

    refused = do("out", point="hd-buffer.pressure", why="hvac", reason="x", hours="2", pin=PIN)

    assert refused.status == 422
    assert house.events("out-of-service") == []


def test_a_gauge_is_read_by_hand_in_the_unit_that_stands_on_it(house):
    browser, path, do = doing(house, "technician", "hd-storage")
    text = browser.get(path).body
    assert "Read just now, in inH2O" in text
    assert "Read just now, in degC" in text

    assert do("hd-storage.pressure", value="-0.015").status == 303
    (event,) = house.events("hand-reading")
    assert (event.subject, event.detail["by"]) == ("hd-storage.pressure", "technician")
    refused = do("hd-storage.pressure", value="about two")
    assert refused.status == 422
    assert "value must be a number" in refused.words


def test_a_board_and_a_stranger_are_led_to_the_login(house):
    assert house.browser().get("/rooms/hd-buffer/acts").status == 303
    assert house.browser().post("/rooms/hd-buffer/acts", {"do": "use", "in_use": "yes"}).status == 401
    assert house.events("in-use") == []


def test_a_room_that_there_is_not_is_no_page(house):
    browser, _, _ = doing(house)

    assert browser.get("/rooms/nowhere/acts").status == 404


def test_the_numbers_of_alarms_are_a_page(house):
    browser, _, _ = doing(house)

    text = browser.get("/alarms/numbers").words

    assert "10 alarms opened" in text or "9 alarms opened" in text
    assert "Time to a human" in text
    assert browser.get("/alarms/numbers?days=3").status == 404
