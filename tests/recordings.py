"""Recordings for tests of the replay: a week as two real cold rooms have it, made small."""

from datetime import UTC, datetime, timedelta

HEADING = "time,sensor,quantity,value,unit"
START = datetime(2026, 3, 2, tzinfo=UTC)
EVERY = timedelta(seconds=57)  # as the real loggers do, so that no delay ends on a reading
STEPS = 800

# First step outside, steps outside, value in the middle of them.
WARM = {
    "wip1": [
        (20, 2, 8.1),
        (23, 5, 8.2),
        (60, 45, 12.25),
        (140, 7, 10.7),
        (148, 43, 18.56),  # one reading inside before it: its delay starts anew
        (250, 21, 10.2),
        (300, 1, 8.2),
        (330, 3, 9.7),
        (370, 7, 12.1),
        (420, 2, 8.3),
        (470, 2, 8.1),
        (520, 16, 9.2),
        (600, 9, 13.5),
    ],
    "dispatch": [(100, 14, 8.5), (200, 1, 8.1), (350, 31, 9.8)],  # the last one for 29 min 27 s
}
# Lone -127 readings, some while it is warm.
FAULTS = {"wip1": [10, 70, 160, 262, 400, 500, 700], "dispatch": [50, 360]}


def cold_rooms() -> list[str]:
    """Return the lines of the recording, heading first."""
    return [HEADING, *(line(sensor, step) for step in range(STEPS) for sensor in WARM)]


def line(sensor: str, step: int) -> str:
    """Return what `sensor` sends at `step`."""
    at = START + step * EVERY
    return f"{at:%Y-%m-%dT%H:%M:%SZ},{sensor},temperature,{value(sensor, step):g},degC"


def value(sensor: str, step: int) -> float:
    """Return a cycle between 3 and 6 °C, or what disturbs it."""
    if step in FAULTS[sensor]:
        return -127
    for first, length, peak in WARM[sensor]:
        if first <= step < first + length:
            return peak if step == first + length // 2 else 8.05
    return 3 + step % 7 / 2
