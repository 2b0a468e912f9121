"""What the devices behind a LoRaWAN network server call their values, as tables.

A profile belongs to a maker, since the decoders of one maker use one set of
names and units. A device is known by the maker's block of device EUIs, by the
brand that The Things Stack names, or by the site's `device_profile`
("milesight:em300-th"). Where none fits, nothing is taken: `temperature` of an
unknown maker may be in any unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hdmonitor.sensors.context import Context


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a decoded object."""

    quantity: str
    unit: str
    channel: bool = False  # one of several of its kind


@dataclass(frozen=True, slots=True)
class Profile:
    """The devices of one maker."""

    name: str
    blocks: tuple[str, ...]  # how their device EUIs begin, as assigned by the IEEE
    members: Mapping[str, Member]
    beside: Mapping[str, tuple[str, float]] = field(default_factory=dict)  # quantity, scale
    units: Mapping[str, str] = field(default_factory=dict)  # of members that a site maps


CELSIUS = Member("temperature", "degC")
PROBE = Member("temperature", "degC", channel=True)
HUMIDITY = Member("humidity", "%RH")
CO2 = Member("co2", "ppm")
HPA = Member("pressure", "hPa")
OPEN = Member("contact", "open/closed")
LUX = ("illuminance", 1.0)
METRIC = MappingProxyType({"temperature": "degC", "humidity": "%RH", "pressure": "hPa"})

MILESIGHT = Profile(
    "milesight",
    ("24e124",),
    MappingProxyType(
        {
            "temperature": CELSIUS,
            "temperature_chn1": PROBE,
            "temperature_chn2": PROBE,
            "humidity": HUMIDITY,
            "co2": CO2,
            "pressure": HPA,
            "magnet_status": OPEN,
            "magnet_chn1": Member("contact", "open/closed", channel=True),
            "magnet_chn2": Member("contact", "open/closed", channel=True),
            "current": Member("current", "A"),
            "tamper_status": Member("tamper", "uninstalled/installed"),
        }
    ),
    MappingProxyType(
        {
            "battery": ("battery", 1.0),
            "latitude": ("latitude", 1.0),
            "longitude": ("longitude", 1.0),
            "illumination": LUX,
            "pm2_5": ("pm2_5", 1.0),
            "pm10": ("pm10", 1.0),
        }
    ),
)
DRAGINO = Profile(
    "dragino",
    ("a84040", "a84041"),
    MappingProxyType(
        {
            **dict.fromkeys(("TempC_SHT", "TempC_DS", "TempC1", "TempC2", "TempC3"), PROBE),
            **dict.fromkeys(("Temp_Red", "Temp_White", "Temp_Black"), PROBE),
            **dict.fromkeys(("Temp_Channel1", "Temp_Channel2"), PROBE),
            "Hum_SHT": HUMIDITY,
            "door_open_status": Member("contact", "1=open"),
            "Differential_pressure_Pa": Member("differential_pressure", "Pa"),
            "wind_speed": Member("air_velocity", "m/s"),
        }
    ),
    MappingProxyType(
        {
            "BatV": ("battery_voltage", 1.0),
            "Bat_V": ("battery_voltage", 1.0),
            "BAT": ("battery_voltage", 1.0),
            "IDC_intput_mA": ("current_loop", 1.0),
            "ACI1_mA": ("current_loop", 1.0),
            "ACI2_mA": ("current_loop", 1.0),
        }
    ),
)
ELSYS = Profile(
    "elsys",
    ("a81758",),
    MappingProxyType(
        {
            "temperature": CELSIUS,
            "externalTemperature": PROBE,
            "externalTemperature2": PROBE,
            "humidity": HUMIDITY,
            "co2": CO2,
            "pressure": HPA,
        }
    ),
    MappingProxyType({"vdd": ("battery_voltage", 0.001), "light": LUX}),
)
NETVOX = Profile(
    "netvox",
    ("00137a",),
    MappingProxyType({"Temp": CELSIUS, "Temp1": PROBE, "Temp2": PROBE, "Humi": HUMIDITY}),
    MappingProxyType(
        {"Volt": ("battery_voltage", 1.0), "BatV": ("battery_voltage", 1.0), "Illuminance": LUX}
    ),
)
# By measurementId; some decoders print it as text.
SENSECAP = Profile(
    "sensecap",
    ("2cf7f1",),
    MappingProxyType({"4097": CELSIUS, "4098": HUMIDITY, "4100": CO2, "4101": Member("pressure", "Pa")}),
    MappingProxyType({"4099": LUX, "battery": ("battery", 1.0)}),
)
# Its names are those of the site's own formatter; its figures are metric.
LOBARO = Profile("lobaro", ("70b3d5e05",), MappingProxyType({}), MappingProxyType({}), METRIC)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {each.name: each for each in (MILESIGHT, DRAGINO, ELSYS, NETVOX, SENSECAP, LOBARO)}
)
BRANDS = MappingProxyType({"milesight-iot": "milesight", "seeed": "sensecap"})  # as The Things Stack says


def profile_of(context: Context, brand: str, eui: str) -> Profile | None:
    """Return the profile of a device: what the site says first, then brand, then EUI."""
    if context.device_profile is not None:
        return PROFILES.get(context.device_profile.partition(":")[0].casefold())
    named = PROFILES.get(BRANDS.get(brand, brand))
    if named is not None:
        return named
    return next((each for each in PROFILES.values() if eui.startswith(each.blocks)), None)
