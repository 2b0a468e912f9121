"""The daemon, whole, on a site of the benches' making instead of a file.

python bench/watch.py FOLDER PORT DEVICES [PROBES URL]
"""

from __future__ import annotations

import sys
from pathlib import Path

from fleet import fleet

from hdmonitor import logs
from hdmonitor.adapters.mqtt import BrokerConfig
from hdmonitor.alerts import folding, pacing
from hdmonitor.catalogue import own_rules
from hdmonitor.clock import Clock
from hdmonitor.model import NO_TIME
from hdmonitor.service import Plan, Service, install_signals


def main(folder: Path, port: int, devices: int, probes: int = 0, url: str = "json://127.0.0.1:9/") -> None:
    """Watch until SIGTERM."""
    logs.to_standard_error()
    if probes:
        # A hundred alarms in twenty seconds are a flood, of which people get three messages. The
        # bench asks how fast one alarm is, and so many of them are needed to know.
        folding.FEW = probes
        pacing.URGENT_WAITS = pacing.OTHER_WAITS = (NO_TIME,)
    plan = Plan(
        site=fleet(devices, probes),
        own=dict(own_rules()),
        journal=folder / "journal.db",
        socket=folder / "control.sock",
        broker=BrokerConfig("127.0.0.1", port, "bench"),
        urls={"phone": url},
    )
    service = Service(plan, Clock())
    install_signals(service.stop)
    service.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *map(int, sys.argv[4:5]), *sys.argv[5:6])
