"""Outdoor weather and the temperature and moisture of conditioned rooms.

Temperatures are °C, humidities %RH, moisture is the vapour pressure in Pa
(rooms and outdoors are at one pressure within 0.1 %, so vapour pressures mix
like water contents do).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta


def saturation(temperature: float) -> float:
    """Return the saturation vapour pressure (Pa), Magnus form of Alduchov and Eskridge (1996)."""
    return 610.94 * math.exp(17.625 * temperature / (temperature + 243.04))


# A coil at 8 °C dries the supply air to that dew point: 49 % at 19 °C.
COIL = saturation(8.0)


def outdoor_temperature(at: datetime) -> float:
    """Return the temperature outdoors: a mild day, 14 to 26 °C, warmest at 20:00 UTC."""
    hours = at.hour + at.minute / 60 + at.second / 3600
    return 20.0 + 6.0 * math.cos((hours - 20.0) / 24 * 2 * math.pi)


OUTDOOR_MOISTURE = saturation(12.0)  # a dew point of 12 °C all day


@dataclass(frozen=True, slots=True)
class Enclosure:
    """The building side of a room."""

    setpoint: float  # °C
    fabric: float  # J/K of air, walls and furniture that follow within hours
    walls: float  # W/K towards outdoors
    gains: float  # W of lights, machines and people
    control: float  # W/K that the air conditioning answers a deviation with
    air_changes: float  # per hour of supply air while the air conditioning runs
    infiltration: float  # per hour when it does not
    vapour: float  # Pa/h that people and wet cleaning add


BUFFER_ROOM = Enclosure(
    setpoint=18.8,  # staff in gowns; 20 °C or cooler is advised
    fabric=1.0e6,
    walls=40.0,
    gains=400.0,
    control=2000.0,  # holds the room within 0.3 °C
    air_changes=30.0,
    infiltration=0.5,
    vapour=300.0,
)

PHARMACY = Enclosure(
    setpoint=21.5,
    fabric=8.0e6,
    walls=200.0,
    gains=1500.0,
    control=4000.0,
    air_changes=6.0,
    infiltration=0.3,
    vapour=150.0,
)


class Room:
    """One well-mixed room. Each step is the exact solution, so its length does not matter."""

    def __init__(self, enclosure: Enclosure) -> None:
        self.enclosure = enclosure
        self.temperature = enclosure.setpoint
        self.moisture = COIL

    @property
    def humidity(self) -> float:
        """Relative humidity, %."""
        return min(100.0, 100.0 * self.moisture / saturation(self.temperature))

    def step(self, dt: timedelta, outdoors: float, *, conditioned: bool) -> None:
        """Let `dt` pass at `outdoors` °C, with or without air conditioning."""
        e, seconds = self.enclosure, dt.total_seconds()
        control = e.control if conditioned else 0.0
        gains = e.gains if conditioned else 0.2 * e.gains  # without power most of them stop too
        conductance = e.walls + control
        settles_at = (e.walls * outdoors + control * e.setpoint + gains) / conductance
        self.temperature = settles_at + (self.temperature - settles_at) * math.exp(
            -seconds * conductance / e.fabric
        )
        changes = e.air_changes if conditioned else e.infiltration
        supply = min(COIL, OUTDOOR_MOISTURE) if conditioned else OUTDOOR_MOISTURE
        steady = supply + (e.vapour / changes if conditioned else 0.0)
        self.moisture = steady + (self.moisture - steady) * math.exp(-seconds * changes / 3600)
