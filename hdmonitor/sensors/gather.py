"""How a family puts together what one message says: one call for each member it knows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors.context import Channel, Context
from hdmonitor.sensors.faults import fault_of, fault_of_text
from hdmonitor.sensors.found import BESIDE, GATEWAY, Findings, Found, Learned
from hdmonitor.sensors.states import polarity, state_of
from hdmonitor.sensors.strict import number, text_number
from hdmonitor.sensors.times import device_time
from hdmonitor.units import QUANTITIES, UnitError, convert, unit_named

UNREADABLE = "unreadable"
BROKEN_LOOP = 3.6  # mA; NAMUR NE 43: below, a 4-20 mA loop is broken
LOOP_START = 4.0
SIGN_BIT, WRAP = 0x8000, 0x10000
PERCENT = 100.0
# Limits beyond which a value is kept and doubted: a condensed or drifting probe.
DOUBTED = {"humidity": (0.0, 100.0)}
# Quantities beside the readings that are converted like one of them.
LIKE = {"battery_voltage": "voltage", "device_temperature": "temperature"}


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
        note: str | None = None,
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
        declared = context.channel(field)
        if declared is not None:
            quantity, unit = declared.quantity or quantity, declared.unit or unit
            size_um = declared.size_um or size_um
        if quantity is None:
            return
        value: float | None = None
        if fault is None:
            figure = self._value(field, raw, quantity, said or unit, declared, text=text)
            if figure is None:
                return
            if isinstance(figure, str):
                fault = figure
            else:
                value = figure
                suspect = suspect or _doubt(value, quantity)
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
                None,
                note,
            )
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

        Left out where only some fields are wanted, except the battery.
        """
        if self.context.wanted is not None and quantity not in {"battery", "battery_low"}:
            return
        value = float(raw) if isinstance(raw, bool) else number(raw)
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
                backfill=self.backfill,
            )
        )

    def alive(self, online: bool, *, gateway: bool = False, note: str | None = None) -> None:
        """Take a sign that the device, or a gateway with all behind it, is there or gone."""
        self.found.append(
            Found(
                self.device,
                "liveness",
                "liveness",
                float(online),
                time=self.time,
                scope=GATEWAY if gateway else None,
                note=note,
            )
        )

    def findings(self, nothing: str | None = None) -> Findings | Rejected:
        """Return what was found; Rejected where all of it was unreadable, or there was nothing of use.

        `nothing` is the reason to reject a message without any finding, event or announcement.
        """
        if self.reasons and len(self.reasons) == sum(each.quantity not in _STATUS for each in self.found):
            return Rejected("; ".join(self.reasons))
        if not (self.found or self.events or self.learned):
            if self.left_out:
                return Rejected("; ".join(self.left_out))
            if nothing is not None:
                return Rejected(nothing)
        return Findings(tuple(self.found), tuple(self.events), tuple(self.learned), tuple(self.left_out))

    def _value(
        self, field: str, raw: object, quantity: str, unit: object, declared: Channel | None, *, text: bool
    ) -> float | str | None:
        """Return the canonical value, the name of a fault, or None for what was left out."""
        if raw is None:
            return "null"
        if text and isinstance(raw, str) and _words(quantity) is None:
            figure = text_number(raw.strip())
            if figure is not None:
                raw, unit = figure[0], figure[1] or unit
        if unit is None:
            unit = self.context.units.get(quantity) or _only_unit(quantity)
        if unit is None:
            self.left_out.append(
                f"the unit of {field!r:.60} ({quantity}) is not known; declare it, it is never guessed"
            )
            return None
        wrong = _measured(raw, quantity, unit, self.family, declared)
        if isinstance(wrong, Rejected):
            self.reasons.append(f"{field!r:.60}: {wrong.reason}")
            return UNREADABLE
        return wrong


_STATUS = frozenset({"battery", "battery_low", "liveness"})


def _words(quantity: str) -> tuple[str, str] | None:
    return QUANTITIES[quantity].words if quantity in QUANTITIES else None


def _only_unit(quantity: str) -> str | None:
    """Return the unit of a quantity that has but one, or whose values are words of their own."""
    if quantity in BESIDE:
        return BESIDE[quantity] if quantity not in LIKE else None
    known = QUANTITIES[quantity]
    if known.words is not None:
        return f"{known.words[1]}/{known.words[0]}"
    return known.canonical if len(known.units) == 1 else None


def _doubt(value: float, quantity: str) -> str | None:
    if quantity not in DOUBTED:
        return None
    low, high = DOUBTED[quantity]
    return None if low <= value <= high else "out_of_range"


def _measured(
    raw: object, quantity: str, unit: object, family: str, declared: Channel | None
) -> float | str | Rejected:
    """Return the canonical value or the name of a fault."""
    if not isinstance(unit, str):
        return Rejected(f"its unit is {unit!r:.40}, not text")
    try:
        if _words(quantity) is not None or BESIDE.get(quantity) in {"state", "bool"}:
            return _state(raw, quantity, unit)
        return _number(raw, quantity, unit, family, declared)
    except UnitError as error:
        return Rejected(str(error))


def _state(raw: object, quantity: str, unit: str) -> float | str | Rejected:
    if quantity in BESIDE:
        quantity, unit = "running", "on=running" if unit in {"state", "bool"} else unit
    state = state_of(raw, unit, quantity)
    if state is not None:
        return state
    if isinstance(raw, str) and (fault := fault_of_text(raw)):
        return fault
    known = " nor ".join(repr(word) for word in polarity(unit, quantity))
    return Rejected(f"{raw!r:.60} is neither {known}")


def _number(
    raw: object, quantity: str, unit: str, family: str, declared: Channel | None
) -> float | str | Rejected:
    if isinstance(raw, str) and (fault := fault_of_text(raw)):
        return fault
    value = number(raw)
    if value is None:
        return Rejected(f"no number: {raw!r:.60}")
    if declared is not None:
        scaled = _scaled(value, declared)
        if isinstance(scaled, str):
            return scaled
        value = scaled
    if quantity in BESIDE and quantity not in LIKE:
        return value if unit == BESIDE[quantity] else Rejected(f"{unit!r} is not {BESIDE[quantity]}")
    quantity = LIKE.get(quantity, quantity)
    return fault_of(value, quantity, unit, family) or convert(value, unit, quantity)


def _scaled(value: float, declared: Channel) -> float | str:
    if value in declared.fault_values:
        return "fault_value"
    if declared.signed16 and SIGN_BIT <= value < WRAP:
        value -= WRAP
    if declared.map:
        (low, low_value), (high, high_value) = declared.map
        if low == LOOP_START and value < BROKEN_LOOP:
            return "loop_open_below_3.6mA"
        value = low_value + (value - low) * (high_value - low_value) / (high - low)
    return value * declared.scale + declared.offset


def known_unit(text: object, quantity: str) -> str | None:
    """Return the unit that a message spells `text`, None if `quantity` has no such unit."""
    try:
        return unit_named(text, quantity).name if isinstance(text, str) else None
    except UnitError:
        return None


def names(body: Iterable[object]) -> str:
    """Name the first members of a message, for a reason."""
    shown = [f"{name!r:.60}" for name in body]
    return ", ".join(shown[:12]) + (", …" if shown[12:] else "") if shown else "no fields"
