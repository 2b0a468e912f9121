"""The time a device gives to its own message, as far as it can be known."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hdmonitor.model import EPOCH
from hdmonitor.sensors.strict import number, text_number

ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)

# Epoch figures by magnitude: as seconds these would lie beyond the year 5000,
# as milliseconds before 1974.
MILLISECONDS_FROM = 1e11
MICROSECONDS_FROM = 1e14


def device_time(raw: object, zone: str | None, received_at: datetime) -> datetime | None:
    """Return the aware UTC time that `raw` says, or None if it says none.

    Reads ISO 8601 text and epoch figures in s, ms or µs. Text without a zone
    is local time in `zone` (IANA); without `zone` it says nothing. Whether the
    time is to be believed is for the monitor to decide.
    """
    try:
        if isinstance(raw, str) and ISO.fullmatch(raw.strip()):
            return _from_text(raw.strip(), zone, received_at)
        epoch = number(raw)
        if epoch is None and isinstance(raw, str):
            figure = text_number(raw.strip())
            epoch = figure[0] if figure and not figure[1] else None
        return None if epoch is None else _from_epoch(epoch)
    except (ValueError, OverflowError):
        return None  # a date that no calendar has


def _from_text(text: str, zone: str | None, received_at: datetime) -> datetime | None:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    if zone is None:
        return None
    # On the autumn night a local time comes twice; the one nearer to the
    # arrival is meant, or an hour of readings would look an hour late.
    local = moment.replace(tzinfo=ZoneInfo(zone))
    both = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return min(both, key=lambda candidate: abs(candidate - received_at))


def _from_epoch(epoch: float) -> datetime:
    if epoch >= MICROSECONDS_FROM:
        return EPOCH + timedelta(microseconds=epoch)
    if epoch >= MILLISECONDS_FROM:
        return EPOCH + timedelta(milliseconds=epoch)
    return EPOCH + timedelta(seconds=epoch)


# --- which time a reading has ---------------------------------------------------------

DEVICE_TIMES_FROM = datetime(2020, 1, 1, tzinfo=UTC)
DEVICE_TIME_AHEAD = timedelta(minutes=5)
DEVICE_TIME_BEHIND = timedelta(days=30)


def believed(
    device_time: datetime | None, received_at: datetime, *, backfilled: bool
) -> tuple[datetime, str]:
    """Return the time of measurement, and why the device's own time is not believed."""
    if device_time is None:
        return received_at, ""
    if device_time < DEVICE_TIMES_FROM:
        return received_at, f"device time {device_time.isoformat()} is before 2020"
    if device_time > received_at + DEVICE_TIME_AHEAD:
        return received_at, f"device time {device_time.isoformat()} is more than 5 min ahead"
    if device_time < received_at - DEVICE_TIME_BEHIND and not backfilled:
        return received_at, f"device time {device_time.isoformat()} is more than 30 days old"
    return min(device_time, received_at), ""
