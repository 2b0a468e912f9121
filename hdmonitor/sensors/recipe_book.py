"""The mapping recipes themselves: HTTP-only publishers behind a bridge, and what is rarely bought."""

from __future__ import annotations

from datetime import timedelta

from hdmonitor.sensors.family import Evidence
from hdmonitor.sensors.recipes import Recipe, family_of

COMET = Recipe(
    marks=(b'"JsonType"', b'"Channels"', b'"Sn"'),
    device="Sn",
    time="Time.Sample",
    untrusted="Time.IsValid == `0`",
    backfill="MsgCache > `0`",
    # ValStr is "n/a" or "Error1" where there is no value; Val then holds a number all the same.
    records="Channels[?En == `1`].{channel: to_string(Nr), quantity: Quant, raw: Val, unit: Unit, "
    "fault: (contains(ValStr, 'rror') || ValStr == 'n/a') && ValStr || ''}",
    quantities={"Temperature": ("temperature", None), "Relative humidity": ("humidity", None)},
    aside={"rssi": "Rssi.Sample"},
)
EFENTO = Recipe(
    marks=(b'"serial"', b'"measured_at"', b'"params"'),
    groups="measurements",
    device="serial",
    time="measured_at",
    records="params[].{channel: to_string(channel), quantity: type, raw: value}",
    quantities={
        "temperature": ("temperature", "degC"),
        "humidity": ("humidity", "%RH"),
        "pressure_diff": ("differential_pressure", "Pa"),
        "open-close": ("contact", "open/closed"),
    },
    aside={"rssi": "signal", "battery_low": "battery == 'low'"},
)
MONNIT = Recipe(
    marks=(b'"gatewayMessage"', b'"sensorMessages"'),
    groups="sensorMessages",
    device="sensorID",
    time="messageDate",
    time_format="%m/%d/%Y %I:%M:%S %p",  # the API's times are UTC and do not say so
    records="[{field: dataType, quantity: dataType, raw: dataValue}]",
    quantities={"TemperatureData": ("temperature", "degC")},
    aside={"battery": "batteryLevel", "battery_voltage": "voltage"},
)
TIVE = Recipe(
    marks=(b'"EntityName"', b'"EntryTimeEpoch"'),
    device="EntityName",
    time="EntryTimeEpoch",
    late_after=timedelta(minutes=15),
    # Weather is outdoors. A ShockTime of 1970 means that there was none.
    records="[{field: 'Temperature', channel: 'internal', quantity: 't', raw: Temperature.Celsius}, "
    "{field: 'ProbeTemperature', channel: 'probe', quantity: 't', raw: ProbeTemperature.Celsius}, "
    "{field: 'Humidity', quantity: 'h', raw: Humidity.Percentage}, "
    "{field: 'Pressure', quantity: 'p', raw: Pressure.Psi}, "
    "{field: 'Light', quantity: 'l', raw: Light.Lux}, "
    "{field: 'Shock', quantity: 's', raw: Shock.G, time: ShockTime}]"
    "[?!(field == 'Shock' && (!time || starts_with(time, '1970')))]",
    quantities={
        "t": ("temperature", "degC"),
        "h": ("humidity", "%RH"),
        "p": ("pressure", "psi"),
        "l": ("illuminance", "lx"),
        "s": ("shock", "g"),
    },
    nulls=False,
    aside={"battery": "Battery.Percentage", "rssi": "Cellular.Dbm", "acceleration": "Accelerometer.G"},
)
UBIBOT = Recipe(
    marks=(b'"feeds"', b'"channel_id"'),
    groups="feeds",
    device="channel_id",
    time="created_at",
    declared=True,  # which field is what depends on the product
    units={"temperature": "degC", "humidity": "%RH", "illuminance": "lx"},  # in every product
)
OPENSTREAM = Recipe(
    marks=(b'"value"', b'"timestamp"'),
    topic=r"/?device_sensor_data/[^/]+/(?P<device>[^/]+)/(?P<channel>[^/]+)/[^/]+/(?P<quantity>[0-9]+)",
    device="$device",
    lower=True,
    time="timestamp",
    records="[{raw: value}]",
    quantities={
        "4097": ("temperature", "degC"),
        "4098": ("humidity", "%RH"),
        "4100": ("co2", "ppm"),
        "4101": ("pressure", "Pa"),
    },
)
DISRUPTIVE = Recipe(
    marks=(b'"event"', b'"eventType"', b'"targetName"'),
    device="event.targetName",
    device_part=r"([^/]+)$",
    time="event.timestamp",
    records="[{quantity: event.eventType, raw: event.data.temperature.value, "
    "time: event.data.temperature.updateTime}]",
    quantities={"temperature": ("temperature", "degC")},
    nulls=False,
)
BACNET = Recipe(
    marks=(b'"acquiredAt"', b'"value"'),
    topic=r"(?:.*/)?telemetry/(?P<device>[^/]+)/(?P<channel>[0-9]+_[0-9]+)",
    device="$device",
    time="acquiredAt",
    stale="sourceStatus && sourceStatus != 'ok'",
    records="[{raw: value}]",
)
BACNET_STATE = Recipe(
    marks=(),
    topic=r"homeassistant/[a-z_]+/(?P<device>[^/]+)/(?P<channel>[0-9]+_[0-9]+)/state",
    device="$device",
    records="[{raw: @}]",
)

FAMILIES = (
    family_of("comet_json", 2, Evidence.COMPOSED, "COMET and ATAL loggers, bridged from HTTP", (COMET,)),
    family_of("efento", 2, Evidence.DOCUMENTED, "Efento gateway, bridged from HTTP", (EFENTO,)),
    family_of("monnit", 2, Evidence.DOCUMENTED, "Monnit webhook, bridged from HTTP", (MONNIT,)),
    family_of("tive_webhook", 2, Evidence.DOCUMENTED, "Tive trackers, bridged from HTTP", (TIVE,)),
    family_of(
        "cloud_feeds",
        3,
        Evidence.DOCUMENTED,
        "UbiBot, SenseCAP OpenStream, Disruptive",
        (UBIBOT, OPENSTREAM, DISRUPTIVE),
    ),
    family_of("bacnet_mqtt", 3, Evidence.COMPOSED, "BACnet gateways", (BACNET, BACNET_STATE)),
)
