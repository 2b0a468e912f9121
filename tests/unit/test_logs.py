"""The form of the log."""

import logging
import re
import sys

from hdmonitor.logs import KeyValue


def line(text, *arguments, name="hdmonitor.core", level=logging.WARNING, exc_info=None):
    record = logging.LogRecord(name, level, "core.py", 1, text, arguments, exc_info)
    record.created, record.msecs = 1772438711.204, 204.0
    return KeyValue().format(record)


def test_a_line_is_time_level_part_and_text():
    assert line("%s could not be reached: %s", "manager-phone", "no answer within 60 s") == (
        "time=2026-03-02T08:05:11.204Z level=warning part=core"
        ' text="manager-phone could not be reached: no answer within 60 s"'
    )


def test_a_part_is_named_without_its_place_in_the_package_and_a_library_as_it_calls_itself():
    assert " part=mqtt " in line("x", name="hdmonitor.adapters.mqtt")
    assert " part=uvicorn.error " in line("x", name="uvicorn.error")


def test_whatever_a_sensor_sends_begins_no_line_of_its_own():
    told = line("quarantined a message on %s: %s", 'a"b\nlevel=error', "caf\xe9\u2028\r\x00")

    assert len(told.splitlines()) == 1
    assert told.endswith('text="quarantined a message on a\\"b\\nlevel=error: caf\xe9\\u2028\\r\\u0000"')


def test_an_error_nobody_expected_brings_its_trace_in_the_same_line():
    try:
        int("two\nlines")
    except ValueError:
        told = line("a part failed", exc_info=sys.exc_info())

    assert len(told.splitlines()) == 1
    assert re.search(r' trace="Traceback .*ValueError: invalid literal .*"$', told)
