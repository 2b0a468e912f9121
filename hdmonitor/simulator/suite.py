"""The hazardous-drug suite as a network of air flows.

Pressures are Pa above the pharmacy, flows m³/s. Supply and exhaust fans put
air in and take it out; what they do not balance goes through gaps, and the
room pressures are those at which every room's flows add up to nothing. A room
of 40 m³ finds that balance within 0.1 s, so it is solved, not integrated;
only the fans need time to start and stop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta

REFERENCE = "pharmacy"
ROOMS = ("hd-ante", "hd-buffer", "hd-storage")
CRACK = 0.65  # exponent of flow through gaskets, ceilings and door gaps
ORIFICE = 0.5  # exponent of flow through a doorway or an open duct
BALANCED = 1e-9  # m³/s
ROUNDS = 50
LAMINAR = 0.02  # Pa; below it a gap's flow is taken as proportional, as viscosity makes it


@dataclass(frozen=True, slots=True)
class Gap:
    """A way for air from `a` to `b`: flow = coefficient · Δp^exponent."""

    a: str
    b: str
    coefficient: float  # m³/s at 1 Pa
    exponent: float

    def flow(self, dp: float) -> float:
        """Return the flow from `a` to `b` (m³/s) at P(a) - P(b) = `dp`."""
        return self.coefficient * dp * math.pow(dp * dp + LAMINAR * LAMINAR, (self.exponent - 1) / 2)

    def slope(self, dp: float) -> float:
        """Return the change of flow with `dp`, m³/s per Pa, always positive."""
        square = dp * dp + LAMINAR * LAMINAR
        bend = self.exponent * dp * dp + LAMINAR * LAMINAR
        return self.coefficient * math.pow(square, (self.exponent - 3) / 2) * bend


# Closed doors leak through 3 mm gaps and the undercut, about 0.03 m³/s at 5 Pa;
# ceilings and pass-throughs leak towards the building around the suite.
GAPS = (
    Gap("hd-ante", "hd-buffer", 0.0110, CRACK),
    Gap("hd-ante", REFERENCE, 0.0120, CRACK),
    Gap("hd-buffer", REFERENCE, 0.0060, CRACK),
    Gap("hd-storage", REFERENCE, 0.0100, CRACK),
)

# 1.0 by 2.1 m with a discharge coefficient of 0.6 and air of 1.2 kg/m³, two thirds open.
DOORWAY = 1.1
DOORS = {
    "hd-buffer": Gap("hd-buffer", "hd-ante", DOORWAY, ORIFICE),
    "hd-ante": Gap("hd-ante", REFERENCE, DOORWAY, ORIFICE),
}

HOUR = 3600.0
YEAR = 365.25 * 24 * HOUR


@dataclass(slots=True)
class Fan:
    """A constant-speed fan behind a filter, with the inertia of its wheel."""

    room: str
    design: float  # m³/s with a clean filter; positive into the room, negative out of it
    inertia: float = 4.0  # s, time constant of starting and running down
    speed: float = 1.0  # share of full speed
    loading: float = 0.0  # share of the flow lost to the filter

    @property
    def flow(self) -> float:
        """What it brings into the room now, m³/s."""
        return self.design * self.speed * (1.0 - self.loading)

    def step(self, dt: timedelta, *, turning: bool, blocked: bool = False) -> None:
        """Let `dt` pass: a filter costs 4 % of the flow a year, a wet or covered one 8 % an hour."""
        seconds = dt.total_seconds()
        target = 1.0 if turning else 0.0
        self.speed = target + (self.speed - target) * math.exp(-seconds / self.inertia)
        rate = 0.08 / HOUR if blocked else 0.04 / YEAR
        self.loading = min(0.95, self.loading + seconds * rate * self.speed)


def balanced_fans() -> dict[str, Fan]:
    """Return the suite's fans by name as a balancer would leave them.

    30 air changes of supply in a buffer of 43 m³ and an ante-room of 24 m³,
    exhaust chosen so that the ante-room stands 6.2 Pa (0.025 inH2O) above the
    pharmacy, the buffer 5.0 Pa (0.020) below the ante-room and the storage
    2.5 Pa (0.010) below the pharmacy. The hood's canopy draws from the buffer.
    """
    return {
        "hd-ante.supply": Fan("hd-ante", 0.2000),
        "hd-ante.return": Fan("hd-ante", -0.1262),
        "hd-buffer.supply": Fan("hd-buffer", 0.3600),
        "hd-exhaust": Fan("hd-buffer", -0.2332),
        "bsc-1.exhaust": Fan("hd-buffer", -0.1500),
        "hd-storage.supply": Fan("hd-storage", 0.0490),
        "hd-storage.exhaust": Fan("hd-storage", -0.0674),
    }


@dataclass(slots=True)
class Suite:
    """Ante-room, HD buffer room and HD storage with their fans and doors."""

    fans: dict[str, Fan] = field(default_factory=balanced_fans)
    open_doors: set[str] = field(default_factory=set)
    pressure: dict[str, float] = field(default_factory=dict)  # Pa, as of the last `settle`
    _settled: tuple[object, ...] = ()  # doors and flows for which `pressure` holds

    def step(self, dt: timedelta, broken: set[str], *, powered: bool) -> None:
        """Let `dt` pass; `broken` names fans that stand and filters ("….filter") that are blocked."""
        for name, fan in self.fans.items():
            fan.step(dt, turning=powered and name not in broken, blocked=f"{name}.filter" in broken)

    def difference(self, room: str, reference: str) -> float:
        """Return P(room) - P(reference) in Pa, as of the last `settle`."""
        return self.pressure[room] - self.pressure[reference]

    def gaps(self) -> list[Gap]:
        """Return every way for air as the doors and fans now stand."""
        ways = [*GAPS, *(gap for door, gap in DOORS.items() if door in self.open_doors)]
        for fan in self.fans.values():
            if fan.design > 0:
                # A supply fan gives way to its room: 1/400 of its flow per Pa.
                ways.append(Gap(fan.room, REFERENCE, fan.flow / 400.0, 1.0))
            else:
                # An exhaust duct whose fan has stopped is still a hole, with a light damper in it.
                ways.append(Gap(fan.room, REFERENCE, 0.03 * (1.0 - fan.speed), ORIFICE))
        return ways

    def residual(self, gaps: list[Gap]) -> dict[str, float]:
        """Return how far each room is from balance at the present pressures, m³/s."""
        net = dict.fromkeys(ROOMS, 0.0)
        for fan in self.fans.values():
            net[fan.room] += fan.flow
        for gap in gaps:
            flow = gap.flow(self.pressure[gap.a] - self.pressure[gap.b])
            net[gap.a] -= flow
            if gap.b != REFERENCE:
                net[gap.b] += flow
        return net

    def settle(self) -> None:
        """Find the pressures at which every room is in balance.

        Newton's method, always from rest: flow grows ever more slowly with
        pressure, so that from zero it approaches without overshooting, within
        ten rounds; from an arbitrary start it may not.
        """
        standing = (frozenset(self.open_doors), *(round(fan.flow, 7) for fan in self.fans.values()))
        if standing == self._settled:
            return
        gaps = self.gaps()
        self.pressure = dict.fromkeys((*ROOMS, REFERENCE), 0.0)
        for _ in range(ROUNDS):
            net = self.residual(gaps)
            if max(abs(flow) for flow in net.values()) < BALANCED:
                self._settled = standing
                return
            rise = _solve(self._stiffness(gaps), [net[room] for room in ROOMS])
            for room, change in zip(ROOMS, rise, strict=True):
                self.pressure[room] += change
        raise ArithmeticError(f"the suite's air flows do not balance: {net} m³/s left over")

    def _stiffness(self, gaps: list[Gap]) -> list[list[float]]:
        """Return the change of each room's outflow with each room's pressure."""
        matrix = [[0.0] * len(ROOMS) for _ in ROOMS]
        for gap in gaps:
            slope = gap.slope(self.pressure[gap.a] - self.pressure[gap.b])
            a = ROOMS.index(gap.a)
            matrix[a][a] += slope
            if gap.b != REFERENCE:
                b = ROOMS.index(gap.b)
                matrix[b][b] += slope
                matrix[a][b] -= slope
                matrix[b][a] -= slope
        return matrix


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Solve a small diagonally dominant system by elimination; no pivoting is needed."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i, pivot in enumerate(rows):
        for j, row in enumerate(rows):
            if i != j:
                factor = row[i] / pivot[i]
                rows[j] = [x - factor * y for x, y in zip(row, pivot, strict=True)]
    return [row[-1] / row[i] for i, row in enumerate(rows)]
