"""hdmonitor watches the rooms, hoods and refrigerators of a hazardous-drug pharmacy."""

__version__ = "0.1.0"
