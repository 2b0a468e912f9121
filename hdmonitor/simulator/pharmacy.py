"""The whole simulated pharmacy: its physics, what people do to it, what its instruments show."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from hdmonitor.simulator.acts import Deed
from hdmonitor.simulator.climate import BUFFER_ROOM, PHARMACY, Room, outdoor_temperature
from hdmonitor.simulator.cold import FREEZER, REFRIGERATOR, ColdStore, Cooler
from hdmonitor.simulator.suite import DOORS, REFERENCE, Fan, Suite

# The parts exchange heat slowly enough to be stepped one after the other by this much.
CHUNK = timedelta(seconds=60)
HOOD_INFLOW = 0.52  # m/s at the face, a little over the 100 ft/min a Class II A2 cabinet needs
CANOPY_SWITCH = 0.5  # share of the design flow below which the canopy's flow switch opens
BATTERY_LASTS = timedelta(minutes=45)
BATTERY_RECHARGES = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Instrument:
    """What a sensor measures and how it blurs it, in canonical units."""

    quantity: str
    noise: float  # standard deviation
    resolution: float

    def show(self, value: float, chance: random.Random) -> float:
        """Return what the sensor shows for `value`."""
        return round((value + chance.gauss(0.0, self.noise)) / self.resolution) * self.resolution


THERMOMETER = Instrument("temperature", 0.02, 0.0625)  # °C; a 12-bit digital probe
ROOM_THERMOMETER = Instrument("temperature", 0.03, 0.01)
HYGROMETER = Instrument("humidity", 0.2, 0.01)  # %RH
MANOMETER = Instrument("differential_pressure", 0.1, 0.05)  # Pa; 0.0004 inH2O of turbulence
ANEMOMETER = Instrument("air_velocity", 0.004, 0.001)  # m/s
FUEL_GAUGE = Instrument("charge", 0.0, 1.0)  # %
CONTACT = Instrument("contact", 0.0, 1.0)
FLOW_SWITCH = Instrument("running", 0.0, 1.0)
MAINS_RELAY = Instrument("mains", 0.0, 1.0)

TUBE = ".tube"  # of a gauge: off its port, both sides feel the same air
STUCK = ".stuck"  # of a contact: it goes on saying what it said last

INSTRUMENTS = {
    "hd-fridge-1.temperature": THERMOMETER,
    "hd-fridge-2.temperature": THERMOMETER,
    "hd-fridge-2.door": CONTACT,
    "freezer-1.temperature": THERMOMETER,
    "pharmacy.temperature": ROOM_THERMOMETER,
    "hd-buffer.temperature": ROOM_THERMOMETER,
    "hd-buffer.humidity": HYGROMETER,
    "hd-buffer.pressure": MANOMETER,
    "hd-buffer.door": CONTACT,
    "hd-ante.pressure": MANOMETER,
    "hd-ante.door": CONTACT,
    "hd-storage.pressure": MANOMETER,
    "bsc-1.inflow": ANEMOMETER,
    "bsc-1.exhaust": FLOW_SWITCH,
    "bsc-1.power": FLOW_SWITCH,
    "cooler-17.temperature": THERMOMETER,
    "mains.power": MAINS_RELAY,
    "ups.charge": FUEL_GAUGE,
}


class Pharmacy:
    """A small hazardous-drug pharmacy, the same for the same seed and the same acts.

    Two refrigerators, a freezer, a three-room suite with one hood, a shipping
    cooler on its way, mains with a battery behind the sensors. Acts (`open_door`,
    `fail`, …) take effect at the moment up to which it was last stepped.
    """

    def __init__(self, seed: int, start: datetime) -> None:
        self.now = start
        self.broken: set[str] = set()
        self._stuck: dict[str, float] = {}  # what a stuck contact says
        self.stores = {
            "hd-fridge-1": ColdStore(REFRIGERATOR, phase=0.3),
            "hd-fridge-2": ColdStore(REFRIGERATOR, phase=0.8),
            "freezer-1": ColdStore(FREEZER, phase=0.5),
        }
        self.cooler = Cooler()
        self.pharmacy = Room(PHARMACY)
        self.buffer = Room(BUFFER_ROOM)
        self.suite = Suite()
        self.hood = Fan("hd-buffer", HOOD_INFLOW)
        self.charge = 100.0  # % of the battery
        self._chance = random.Random(seed)  # noqa: S311  sensor noise, no secret

    @property
    def doors(self) -> frozenset[str]:
        """Everything that can be opened."""
        return frozenset((*self.stores, *DOORS, "cooler-17"))

    @property
    def faults(self) -> frozenset[str]:
        """Everything that can fail."""
        return frozenset(
            (
                "mains",
                "hvac",
                "bsc-1.fan",
                "cooler-17.pack",
                *(f"{name}.compressor" for name in self.stores),
                *self.suite.fans,
                *(f"{name}.filter" for name in self.suite.fans),
                *(f"{point}{TUBE}" for point, kind in INSTRUMENTS.items() if kind is MANOMETER),
                *(f"{point}{STUCK}" for point, kind in INSTRUMENTS.items() if kind is CONTACT),
            )
        )

    @property
    def sensors_live(self) -> bool:
        """Whether the sensors have current: from the mains or from the battery."""
        return "mains" not in self.broken or self.charge > 0

    def open_door(self, name: str) -> None:
        """Open a door or a lid; it stays open until closed."""
        self._door(name, opened=True)

    def close_door(self, name: str) -> None:
        """Close a door or a lid."""
        self._door(name, opened=False)

    def _door(self, name: str, *, opened: bool) -> None:
        if name in self.stores:
            self.stores[name].door_open = opened
        elif name == "cooler-17":
            self.cooler.lid_open = opened
        elif name in DOORS:
            (self.suite.open_doors.add if opened else self.suite.open_doors.discard)(name)
        else:
            raise ValueError(f"{name!r} is not a door here; doors are {', '.join(sorted(self.doors))}")

    def fail(self, part: str) -> None:
        """Break a part; it stays broken until repaired."""
        self._require(part)
        self.broken.add(part)
        if part.endswith(STUCK):
            contact = part.removesuffix(STUCK)
            self._stuck[contact] = self._true()[contact]
        if part == "cooler-17.pack":
            self.cooler.exhaust()

    def repair(self, part: str) -> None:
        """Repair a part; a filter or a cooler's pack is replaced by a new one."""
        self._require(part)
        self.broken.discard(part)
        if part == "cooler-17.pack":
            self.cooler.recharge()
        elif part.endswith(".filter"):
            self.suite.fans[part.removesuffix(".filter")].loading = 0.0

    def do(self, deed: Deed, what: str) -> None:
        """Do what an act says."""
        {
            Deed.OPEN: self.open_door,
            Deed.CLOSE: self.close_door,
            Deed.FAIL: self.fail,
            Deed.REPAIR: self.repair,
        }[deed](what)

    def _require(self, part: str) -> None:
        if part not in self.faults:
            raise ValueError(f"{part!r} cannot fail here; parts are {', '.join(sorted(self.faults))}")

    def step(self, to: datetime) -> None:
        """Let time pass until `to`; a moment already passed changes nothing."""
        while self.now < to:
            dt = min(CHUNK, to - self.now)
            self._advance(dt)
            self.now += dt

    def _advance(self, dt: timedelta) -> None:
        powered = "mains" not in self.broken
        conditioned = powered and "hvac" not in self.broken
        outdoors = outdoor_temperature(self.now)
        self.pharmacy.step(dt, outdoors, conditioned=conditioned)
        self.buffer.step(dt, outdoors, conditioned=conditioned)
        for name, store in self.stores.items():
            store.compressor_works = f"{name}.compressor" not in self.broken
            store.step(dt, self.pharmacy.temperature, powered=powered)
        self.suite.step(dt, self.broken, powered=powered)
        self.hood.step(dt, turning=powered and "bsc-1.fan" not in self.broken)
        self.cooler.step(dt, outdoors)
        gained = dt / BATTERY_RECHARGES if powered else -(dt / BATTERY_LASTS)
        self.charge = min(100.0, max(0.0, self.charge + 100.0 * gained))

    def readings(self) -> dict[str, float]:
        """Return what every instrument shows now, by point id, in canonical units."""
        true = self._felt()
        return {point: INSTRUMENTS[point].show(true[point], self._chance) for point in INSTRUMENTS}

    def _felt(self) -> dict[str, float]:
        """Return what reaches the instruments, with those out of order."""
        felt = self._true()
        for part in self.broken:
            if part.endswith(TUBE):
                felt[part.removesuffix(TUBE)] = 0.0
            elif part.endswith(STUCK):
                felt[part.removesuffix(STUCK)] = self._stuck[part.removesuffix(STUCK)]
        return felt

    def _true(self) -> dict[str, float]:
        self.suite.settle()
        canopy = self.suite.fans["bsc-1.exhaust"]  # flows out of the room are negative
        return {
            "hd-fridge-1.temperature": self.stores["hd-fridge-1"].probe,
            "hd-fridge-2.temperature": self.stores["hd-fridge-2"].probe,
            "hd-fridge-2.door": float(self.stores["hd-fridge-2"].door_open),
            "freezer-1.temperature": self.stores["freezer-1"].probe,
            "pharmacy.temperature": self.pharmacy.temperature,
            "hd-buffer.temperature": self.buffer.temperature,
            "hd-buffer.humidity": self.buffer.humidity,
            "hd-buffer.pressure": self.suite.difference("hd-buffer", "hd-ante"),
            "hd-buffer.door": float("hd-buffer" in self.suite.open_doors),
            "hd-ante.pressure": self.suite.difference("hd-ante", REFERENCE),
            "hd-ante.door": float("hd-ante" in self.suite.open_doors),
            "hd-storage.pressure": self.suite.difference("hd-storage", REFERENCE),
            "bsc-1.inflow": self.hood.flow,
            "bsc-1.exhaust": float(canopy.flow < CANOPY_SWITCH * canopy.design),
            "bsc-1.power": float("mains" not in self.broken),
            "cooler-17.temperature": self.cooler.payload,
            "mains.power": float("mains" not in self.broken),
            "ups.charge": self.charge,
        }
