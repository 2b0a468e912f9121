"""Values as all our files have them: durations and ids."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from hdmonitor.units import parse_duration

# Ids become MQTT topic levels, tags in InfluxDB and, for destinations, names of
# environment variables, which know no case.
Id = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9._-]*$",
        max_length=64,
        description="small letters, digits, '-', '_' and '.'",
    ),
]


def _duration(text: Any) -> timedelta:
    if isinstance(text, timedelta):
        return text  # of a rule that another one is like
    if not isinstance(text, str):
        # pydantic gives a ValueError its place in the file, a TypeError ends the program
        why = "write the duration in quotes with its unit, such as '20s'"
        raise ValueError(why)  # noqa: TRY004  # see above
    return parse_duration(text)


def show_exact(duration: timedelta) -> str:
    """Write a duration as `parse_duration` reads it: "1h30m"."""
    seconds = int(duration.total_seconds())
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(show_exact, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$", "examples": ["20s", "5m", "1h30m"]}
    ),
]
