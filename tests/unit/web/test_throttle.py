"""How often something may be guessed."""

from datetime import UTC, datetime, timedelta

from hdmonitor.web.throttle import REMEMBERED, Throttle

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FAR = "203.0.113.9"
MINUTE = timedelta(minutes=1)


def failed(throttle, times, what="password lee", address=FAR, at=NOW):
    return [throttle.failed(what, address, at) for _ in range(times)][-1]


def test_after_five_wrong_ones_nothing_is_tried_for_a_quarter_of_an_hour():
    throttle = Throttle()
    assert failed(throttle, 4) == (4, None)
    assert throttle.locked("password lee", FAR, NOW) is None

    assert failed(throttle, 1) == (5, NOW + 15 * MINUTE)

    assert throttle.locked("password lee", FAR, NOW + 15 * MINUTE - timedelta(seconds=1)) is not None
    assert throttle.locked("password lee", FAR, NOW + 15 * MINUTE) is None
    assert throttle.locked("password kim", FAR, NOW) is None


def test_after_a_lock_the_count_begins_anew():
    throttle = Throttle()
    failed(throttle, 5)

    assert failed(throttle, 1, at=NOW + 15 * MINUTE) == (1, None)


def test_wrong_ones_long_apart_lock_nobody_out():
    throttle = Throttle()
    for number in range(20):
        assert failed(throttle, 1, at=NOW + number * 16 * MINUTE) == (1, None)


def test_a_right_one_forgets_the_wrong_ones_before_it():
    throttle = Throttle()
    failed(throttle, 4)
    throttle.succeeded("password lee")

    assert failed(throttle, 4) == (4, None)


def test_twenty_wrong_ones_from_one_address_lock_it_for_everything():
    throttle = Throttle()
    for number in range(19):
        failed(throttle, 1, f"password {number}")
    assert throttle.locked("password lee", FAR, NOW) is None
    failed(throttle, 1, "password last")

    assert throttle.locked("password lee", FAR, NOW) == NOW + 15 * MINUTE
    assert throttle.locked("password lee", "203.0.113.10", NOW) is None


def test_a_network_of_ipv6_is_one_address_and_this_machine_is_none():
    throttle = Throttle()
    for number in range(20):
        failed(throttle, 1, f"password {number}", f"2001:db8::{number:x}")
        failed(throttle, 1, f"pin {number}", "127.0.0.1")

    assert throttle.locked("password lee", "2001:db8::ffff", NOW) is not None
    assert throttle.locked("password lee", "2001:db8:0:1::1", NOW) is None
    assert throttle.locked("password lee", "127.0.0.1", NOW) is None


def test_what_it_remembers_is_bounded():
    throttle = Throttle()
    for number in range(REMEMBERED * 2):
        failed(throttle, 1, f"password {number}", "127.0.0.1")

    assert len(throttle._failures) == REMEMBERED
