"""What a case writes down for a restart."""

from dataclasses import fields
from datetime import UTC, datetime

from hdmonitor.draft import alarm_state, restored_alarm
from hdmonitor.events import Alarm
from hdmonitor.model import Level, Priority

T = datetime(2026, 3, 2, tzinfo=UTC)


def test_an_alarm_is_written_down_with_all_its_fields():
    alarm = Alarm(
        "A1",
        "p",
        "659-3",
        "1",
        Level.ALARM,
        Priority.HIGH,
        T,
        T,
        "title",
        True,
        "by",
        T,
        T,
        "closer",
        T,
        "note",
    )

    assert list(alarm_state(alarm)) == [field.name for field in fields(Alarm)]
    assert restored_alarm(alarm_state(alarm)) == alarm
