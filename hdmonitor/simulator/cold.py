"""Refrigerators, freezers and shipping coolers as heat capacities and conductances.

Temperatures are °C, heat flows W, conductances W/K, heat capacities J/K.
Nothing here knows the time of day; it is told how much of it has passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

# The controller looks at its thermometer this often, and nothing below is faster
# than a minute and a half. Always whole steps, so that it does not matter in what
# portions time passes.
STEP = 5.0  # s


@dataclass(frozen=True, slots=True)
class Cabinet:
    """What a refrigerator or freezer is made of and how its controller is set."""

    wall: float  # W/K through insulation, gaskets and glass
    doorway: float  # W/K through the open door, moisture included
    air: float  # J/K of air, liner and shelves
    stock: float  # J/K of the contents
    contact: float  # W/K between air and contents
    probe_lag: float  # s, time constant of the probe, bottle included
    cooling: float  # W taken out while the compressor runs
    fan: float  # W of heat from the circulation fan
    cut_in: float  # °C of the air at which the compressor starts
    cut_out: float  # °C of the air at which it stops
    defrost_every: float  # s
    defrost_for: float  # s without cooling
    defrost_heat: float  # W reaching the air from the heater


REFRIGERATOR = Cabinet(
    wall=3.0,  # 650 L upright with a glass door: about 65 W at 21 °C outside and 4.5 °C inside, fan included
    doorway=70.0,  # 0.05 m³/s of exchanged air at 1,206 J/(m³·K), and a sixth more for its moisture
    air=15e3,  # 0.8 kJ/K of air and 30 kg of steel and plastic
    stock=45e3,  # about 12 kg of filled vials and bags
    contact=25.0,
    probe_lag=360.0,  # a 30 mL glycol bottle
    cooling=260.0,
    fan=15.0,
    cut_in=5.8,
    cut_out=3.4,
    defrost_every=6 * 3600.0,  # the ice melts off while the compressor rests
    defrost_for=10 * 60.0,
    defrost_heat=0.0,
)

FREEZER = Cabinet(
    wall=1.6,  # 80 mm of foam, solid door: 70 W at 21 °C outside
    doorway=45.0,
    air=18e3,
    stock=60e3,
    contact=25.0,
    probe_lag=90.0,  # a bare probe in the air
    cooling=300.0,
    fan=10.0,
    cut_in=-18.5,
    cut_out=-21.5,
    defrost_every=8 * 3600.0,
    defrost_for=15 * 60.0,
    defrost_heat=120.0,  # of a 400 W heater; the rest melts ice and drains away
)


class ColdStore:
    """A refrigerator or freezer: air, contents and a probe in the air.

    `phase` (0 to 1) says how far into its cooling and defrost cycles it starts,
    so that two of them do not run in step.
    """

    def __init__(self, cabinet: Cabinet, phase: float) -> None:
        self.cabinet = cabinet
        self.air = cabinet.cut_out + phase * (cabinet.cut_in - cabinet.cut_out)
        self.stock = self.probe = (cabinet.cut_in + cabinet.cut_out) / 2
        self.door_open = False
        self.compressor_works = True
        self.running = False
        self.since_defrost = phase * cabinet.defrost_every / 2
        self._left = 0.0  # s not yet stepped

    def step(self, dt: timedelta, room: float, *, powered: bool) -> None:
        """Let `dt` pass in a room of `room` °C."""
        self._left += dt.total_seconds()
        while self._left >= STEP:
            self._left -= STEP
            self._advance(room, powered)

    def _advance(self, room: float, powered: bool) -> None:
        c = self.cabinet
        self.since_defrost = (self.since_defrost + STEP) % (c.defrost_every + c.defrost_for)
        defrosting = self.since_defrost >= c.defrost_every
        if self.air >= c.cut_in:
            self.running = True
        elif self.air <= c.cut_out:
            self.running = False
        conductance = c.wall + (c.doorway if self.door_open else 0.0)
        heat = conductance * (room - self.air) + c.contact * (self.stock - self.air)
        if powered:
            heat += c.fan
            if defrosting:
                heat += c.defrost_heat
            elif self.running and self.compressor_works:
                heat -= c.cooling
        to_stock = c.contact * (self.air - self.stock)
        to_probe = (self.air - self.probe) / c.probe_lag
        self.air += STEP * heat / c.air
        self.stock += STEP * to_stock / c.stock
        self.probe += STEP * to_probe


class Cooler:
    """A passive shipping box: payload around a pack that melts at 5 °C.

    A 30 L box with 30 mm of foam (0.45 W/K), 6 kg of an organic phase-change
    pack (190 kJ/kg latent, 2 kJ/(kg·K) as liquid) and 3 kg of vials: at 20 °C
    outside it holds about two days, then warms by about 1 °C an hour.
    """

    WALL = 0.45  # W/K
    LID = 6.0  # W/K while open
    CONTACT = 8.0  # W/K between payload and pack
    PAYLOAD = 11e3  # J/K
    PACK = 12e3  # J/K of the pack, solid or liquid
    LATENT = 1.14e6  # J
    MELTS_AT = 5.0  # °C

    def __init__(self) -> None:
        self.payload = self.MELTS_AT + 0.8
        self.melted = 0.0  # J taken up by melting, 0 to LATENT
        self.pack = self.MELTS_AT
        self.lid_open = False

    def exhaust(self) -> None:
        """Melt the whole pack: a box packed with one that was not frozen."""
        self.melted = self.LATENT

    def recharge(self) -> None:
        """Put a frozen pack in, conditioned to its melting point."""
        self.melted = 0.0
        self.pack = self.MELTS_AT

    def step(self, dt: timedelta, outside: float) -> None:
        """Let `dt` pass at `outside` °C around the box."""
        left = dt.total_seconds()
        while left > 0:
            h = min(left, 60.0)  # time constants here are half an hour and more
            to_pack = self.CONTACT * (self.payload - self.pack)
            wall = self.WALL + (self.LID if self.lid_open else 0.0)
            self.payload += h * (wall * (outside - self.payload) - to_pack) / self.PAYLOAD
            self._absorb(h * to_pack)
            left -= h

    def _absorb(self, heat: float) -> None:
        """Melt, freeze or warm the pack by `heat` (J)."""
        enthalpy = self.melted + self.PACK * (self.pack - self.MELTS_AT) + heat
        self.melted = min(max(enthalpy, 0.0), self.LATENT)
        self.pack = self.MELTS_AT + (enthalpy - self.melted) / self.PACK
