"""How a family puts together what one message says: one call for each member it knows."""

from __future__ import annotations

from datetime import datetime

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors.context import Channel, Context
from hdmonitor.sensors.found import BESIDE, GATEWAY, Findings, Found, Learned
from hdmonitor.sensors.measured import doubt, is_state, measured, only_unit
from hdmonitor.sensors.strict import number, text_number
from hdmonitor.sensors.times import device_time
from hdmonitor.units import UnitError, unit_named

UNREADABLE = "unreadable"
NAMES_SHOWN = 12
PERCENT = 100.0
AS_IT_IS = "state"  # of a declared state: whatever the family knows it to mean


class Gathering:
    """The findings of one message while a family reads it."""

    __slots__ = (
        "backfill",
        "context",
        "device",
        "events",
        "family",
        "found",
        "learned",
        "left_out",
        "message",
        "reasons",
        "time",
    )

    def __init__(
        self,
        family: str,
        message: Message,
        context: Context,
        device: str,
        *,
        time: object = None,
        backfill: bool = False,
    ) -> None:
        """Start with what holds for the whole message; `time` as the message has it."""
        self.family = family
        self.message = message
        self.context = context
        self.device = device
        self.time = self.moment(time)
        self.backfill = backfill
        self.found: list[Found] = []
        self.learned: list[Learned] = []
        self.events: list[str] = []
        self.left_out: list[str] = []
        self.reasons: list[str] = []  # of what was unreadable

    def moment(self, raw: object, zone: str | None = None) -> datetime | None:
        """Return the aware UTC time of `raw`; `zone` where the protocol lays one down."""
        if raw is None or isinstance(raw, datetime):
            return raw
        return device_time(raw, zone or self.context.timezone, self.message.received_at)

    def add(
        self,
        field: str,
        raw: object,
        quantity: str | None = None,
        unit: str | None = None,
        *,
        said: object = None,
        text: bool = False,
        fault: str | None = None,
        channel: str | None = None,
        device: str | None = None,
        time: datetime | None = None,
        backfill: bool | None = None,
        stale: bool = False,
        suspect: str | None = None,
        size_um: float | None = None,
        channel_id: str | None = None,
    ) -> None:
        """Take one member as a reading.

        What the site declares for `field` goes before `quantity` and `unit`,
        which are the family's own; `said`, the unit in the message or laid down
        by the protocol, goes before all. Without a quantity it is no reading;
        without a unit it is left out with the reason. `text` reads "4.2 °C".
        `fault` is what the message itself says is wrong.
        """
        context = self.context
        if not context.wants(field):
            return
        declared = context.channels.get(field)
        if declared is not None:
            quantity = declared.quantity or quantity
            if declared.unit is not None and not (unit is not None and declared.unit == AS_IT_IS):
                unit = declared.unit
            size_um = declared.size_um or size_um
        if context.learned:
            quantity, unit = self._announced(field, quantity, unit)
        if quantity is None:
            return
        value: float | None = None
        if fault is None:
            stated = said is not None
            figure = self._value(
                field, raw, quantity, said if stated else unit, declared, text=text, stated=stated
            )
            if figure is None:
                return
            if isinstance(figure, str):
                fault = figure
            else:
                value = figure
                suspect = suspect or doubt(value, quantity)
        self.found.append(
            Found(
                self.device if device is None else device,
                field,
                quantity,
                value,
                fault,
                channel,
                self.time if time is None else time,
                self.backfill if backfill is None else backfill,
                stale,
                suspect,
                size_um,
                channel_id,
            )
        )

    def unreadable(self, field: str, quantity: str | None, reason: str) -> None:
        """Take a member as one that says nothing readable."""
        if quantity is not None and self.context.wants(field):
            self.reasons.append(reason)
            self.found.append(
                Found(self.device, field, quantity, None, UNREADABLE, time=self.time, backfill=self.backfill)
            )

    def beside(
        self,
        quantity: str,
        raw: object,
        *,
        scale: float = 1.0,
        channel: str | None = None,
        device: str | None = None,
        time: datetime | None = None,
    ) -> None:
        """Take a figure or truth about the device; what is none is no finding.

        Its time says how old it is: only readings fill gaps. Left out where only
        some fields are wanted, except the battery.
        """
        if self.context.wanted is not None and (
            quantity not in {"battery", "battery_low"} or quantity in self.context.channels
        ):
            return
        value = float(raw) if isinstance(raw, bool) and BESIDE.get(quantity) == "bool" else number(raw)
        if value is None or (quantity == "battery" and not 0 <= value * scale <= PERCENT):
            return
        self.found.append(
            Found(
                self.device if device is None else device,
                quantity,
                quantity,
                value * scale,
                channel=channel,
                time=self.time if time is None else time,
            )
        )

    def alive(self, online: bool, *, gateway: bool = False, sleeping: bool = False) -> None:
        """Take a sign that the device, or a gateway with all behind it, is there or gone."""
        self.found.append(
            Found(
                self.device,
                "liveness",
                "liveness",
                float(online),
                time=self.time,
                scope=GATEWAY if gateway else None,
                sleeping=sleeping,
            )
        )

    def findings(self, body: object = None) -> Findings | Rejected:
        """Return what was found, or Rejected: all of it unreadable, or nothing of use in `body`.

        Without `body` a message may say nothing: it is known, and no reading.
        """
        readings = 0
        for each in self.found:
            if each.quantity not in _STATUS:
                readings += 1
        if self.reasons and len(self.reasons) == readings:
            return Rejected("; ".join(self.reasons))
        if self.left_out and not readings:
            return Rejected("; ".join(self.left_out))
        if body is not None and not readings and not (self.events or self.learned):
            wanted = self.context.wanted
            if wanted is not None:
                expected = ", ".join(f"{name!r:.60}" for name in self.context.channels)
                return Rejected(f"has nothing of {expected}; it has {members(body)}")
            if not self.found:
                return Rejected(f"has nothing that is known as a reading; it has {members(body)}")
        return Findings(
            tuple(self.found), tuple(self.events), tuple(self.learned), tuple(self.left_out), self.time
        )

    def _announced(self, field: str, quantity: str | None, unit: str | None) -> tuple[str | None, str | None]:
        """Complete quantity and unit from what the device announced."""
        for each in self.context.learned:
            if each.path == field:
                quantity, unit = quantity or each.quantity, unit or each.unit
        return quantity, unit

    def _value(
        self,
        field: str,
        raw: object,
        quantity: str,
        unit: object,
        declared: Channel | None,
        *,
        text: bool,
        stated: bool,
    ) -> float | str | None:
        """Return the canonical value, the name of a fault, or None for what was left out."""
        if raw is None:
            return "null"
        if text and isinstance(raw, str) and not is_state(quantity):
            figure = text_number(raw.strip())
            if figure is not None:
                raw, unit = figure[0], figure[1] or unit
                stated = stated or bool(figure[1])
        if unit is None and not stated:
            unit = self.context.units.get(quantity) or only_unit(quantity)
        if unit is None and not stated:
            self.left_out.append(
                f"the unit of {field!r:.60} ({quantity}) is not known; declare it, it is never guessed"
            )
            return None
        value = measured(field, raw, quantity, unit, self.family, declared)
        if isinstance(value, Rejected):
            self.reasons.append(value.reason)
            return UNREADABLE
        return value


_STATUS = frozenset({"battery", "battery_low", "liveness"})


def known_unit(text: object, quantity: str) -> str | None:
    """Return the unit that a message spells `text`, None if `quantity` has no such unit."""
    try:
        return unit_named(text, quantity).name if isinstance(text, str) else None
    except UnitError:
        return None


def members(body: object) -> str:
    """Name the first members of a message, for a reason."""
    if not isinstance(body, dict):
        return f"{body!r:.60}"
    names = []
    for outer, member in body.items():
        names += [f"{outer}.{inner}" for inner in member] if isinstance(member, dict) and member else [outer]
        if len(names) > NAMES_SHOWN:
            break
    shown = ", ".join(f"{name!r:.60}" for name in names[:NAMES_SHOWN])
    return shown + (", …" if names[NAMES_SHOWN:] else "") if names else "no fields"
