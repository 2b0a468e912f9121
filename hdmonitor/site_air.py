"""Air changes of rooms: from flow and volume, else from the certification report, and what stock needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hdmonitor.catalogue import Catalogue, RuleEntry, Spot
from hdmonitor.model import AirReport, Force, Leg, Placement, Point, Room, Rule, Site
from hdmonitor.placement import air_of, gauges_of, placements_of
from hdmonitor.site_file import RoomKeys, SiteFile
from hdmonitor.site_limits import guarded, rule_at_point
from hdmonitor.site_rooms import INTERVALS, Complain, without_limits
from hdmonitor.units import UnitError, parse_amount
from hdmonitor.yaml_source import Where

AIR = "air_changes"
PARTS = ("total", "supply", "exhaust")
# What counts for a share. "total" is the only one to which hoods add.
COUNTED = {"total": ("supply", "hood"), "supply": ("supply",), "exhaust": ("exhaust",)}
NO_CREDIT = ("buffer-hd", "c-sca", "nonsterile-hd", "storage-hd")  # practice: for the air of hoods
HALF_A_YEAR = 6  # calendar months between certifications
MONTHS = 12


def volume(id_: str, keys: RoomKeys, complain: Complain) -> float | None:
    """Return the volume of a room, m3."""
    where: Where = ("rooms", id_, "volume")
    found = _amount(where, keys.volume, "volume", complain)
    if found is not None and found <= 0:
        complain(where, f"{keys.volume!r} is no room; write its volume, such as '43 m3'")
        return None
    return found


def report(id_: str, keys: RoomKeys, complain: Complain) -> AirReport | None:
    """Return what the certification report of a room says of its air."""
    if keys.certified is None:
        return None
    where: Where = ("rooms", id_, "certified")
    hvac = _amount((*where, "hvac"), keys.certified.hvac, AIR, complain)
    hood = _amount((*where, "hood"), keys.certified.hood, AIR, complain)
    for key, value in (("hvac", hvac), ("hood", hood)):
        if value is not None and value < 0:
            complain((*where, key), "fewer than no air changes; write what the report says")
    try:
        on = date.fromisoformat(keys.certified.on)
    except ValueError:
        complain((*where, "on"), f"{keys.certified.on!r} is not a date; write for instance '2026-01-15'")
        return None
    return AirReport(keys.certified.report, on, hvac, hood or 0.0) if hvac is not None else None


def _amount(where: Where, text: str | None, quantity: str, complain: Complain) -> float | None:
    if text is None:
        return None
    try:
        return parse_amount(text, quantity)
    except UnitError as error:
        complain(where, str(error))
        return None


# --- from a sensor ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Air:
    """The rules about the air of the rooms of a site file."""

    file: SiteFile
    rooms: Mapping[str, Room]
    catalogue: Catalogue
    complain: Complain

    def flow_rule(self, id_: str, room: str, of: str | None) -> tuple[Rule, RuleEntry] | None:
        """Return the rule that the flow of a point serves; it is judged as part of a sum."""
        role = self.rooms[room].role
        shares = air_rules(self.catalogue, role)
        if of is None and shares:
            parts = sorted({part for _, share in shares for part in COUNTED[share]})
            self.complain(("points", id_, "measures"), f"airflow of a room; write of: {' or '.join(parts)}")
            return None
        found = next((entry for entry, share in shares if of in COUNTED[share]), None)
        if found is None:
            no_credit = of == "hood" and role in NO_CREDIT
            why = (
                "the air of a hood is not counted in a hazardous-drug room"
                if no_credit
                else "no rule counts it"
            )
            self.complain(
                ("points", id_, "of"), f"airflow of a room with the role {role}: {why}; drop the point"
            )
            return None
        if self.file.rooms[room].volume is None:
            text = f"point {id_!r} needs the volume of the room; write volume: '43 m3'"
            self.complain(("rooms", room), text, at_key=True)
            return None
        rule = rule_at_point(found, AIR, lambda *_: None)
        return without_limits(rule), found

    def sums(self, points: Mapping[str, Point]) -> dict[str, Point]:
        """Return the points of air changes that follow from flows."""
        found: dict[str, Point] = {}
        for room in self.rooms.values():
            flows = {
                each: self.file.points[each.id].of
                for each in points.values()
                if each.room == room.id and each.equipment is None and each.quantity == "airflow"
            }
            done: set[str] = set()
            for entry, share in air_rules(self.catalogue, room.role) if room.volume else ():
                counted = [each for each, of in flows.items() if of in COUNTED[share]]
                if entry.what not in done and any(flows[each] != "hood" for each in counted):
                    done.add(entry.what)
                    point = self._sum(room, entry, share, counted)
                    found[point.id] = point
        return found

    def _sum(self, room: Room, entry: RuleEntry, share: str, flows: Sequence[Point]) -> Point:
        assert room.volume  # noqa: S101  # the caller asked
        measured = {self.file.points[each.id].of for each in flows}
        hood = room.certified.hood if room.certified and "hood" in COUNTED[share] else 0.0
        rule = rule_at_point(entry, AIR, lambda *_: None)
        every = max(each.every for each in flows)
        return Point(
            id=f"{room.id}.{'air-changes' if share == 'total' else f'{share}-air-changes'}",
            name=f"{room.name} air",
            room=room.id,
            equipment=None,
            quantity=AIR,
            topic="",
            family="sum",
            field="",
            unit="1/h",
            every=every,
            valid_for=max(INTERVALS * every, entry.patience),
            rules=(rule,),
            guards=guarded(rule),
            response=rule.response,
            legs=tuple(Leg(each.id, over=room.volume) for each in flows),
            base=0.0 if "hood" in measured else hood,
        )


def air_rules(catalogue: Catalogue, role: str) -> list[tuple[RuleEntry, str]]:
    """Return the rules about the air of a role, each with every share that may stand for it."""
    return [
        (entry, share) for share in PARTS for entry in catalogue.rules_for(Spot(AIR, role=role, of=share))
    ]


# --- from the report ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certification report says of one rule about the air of one room."""

    room: Room
    rule: Rule
    found: float  # 1/h, of what counts

    @property
    def need(self) -> float:
        """The least air changes, 1/h."""
        return self.rule.thresholds[0].limit

    @property
    def passes(self) -> bool:
        """Tell whether the certified value is inside."""
        return not self.rule.thresholds[0].outside(self.found)

    def said(self, today: date) -> str:
        """Say what the report says, of when it is, whether that is too long ago, and what is needed."""
        assert self.room.certified is not None  # noqa: S101  # it is made from one
        told = self.room.certified
        age = ""
        if told.on > today:
            age = ", which is still to come"
        elif is_old(told.on, today):
            age = ", OLDER THAN 6 MONTHS"
        what = f"{self.found:g} air changes an hour by report {told.report} of {told.on}{age}"
        inside = "inside" if self.passes else "BELOW"
        return f"{what}; {self.rule.id} ({self.rule.force}) needs {self.need:g}: {inside}"


def certificates(site: Site, catalogue: Catalogue) -> list[Certificate]:
    """Return the verdicts on certified values, for rules that no sensor of the room is judged by."""
    found: list[Certificate] = []
    for room in site.rooms.values():
        if room.certified is None:
            continue
        live = {rule.what for each in site.points.values() if each.room == room.id for rule in each.rules}
        done: set[str] = set()
        for entry, share in air_rules(catalogue, room.role):
            if entry.what not in live | done:
                done.add(entry.what)
                value = room.certified.hvac + (room.certified.hood if share == "total" else 0.0)
                found.append(Certificate(room, rule_at_point(entry, AIR, lambda *_: None), value))
    return found


def is_old(on: date, today: date) -> bool:
    """Tell whether more than six calendar months have passed."""
    months = (today.year - on.year) * MONTHS + today.month - on.month
    return (months, today.day) > (HALF_A_YEAR, on.day)


def complain_of_reports(site: Site, catalogue: Catalogue, complain: Complain) -> None:
    """Warn of certified values that are outside."""
    for each in certificates(site, catalogue):
        if not each.passes:
            assert each.room.certified is not None  # noqa: S101  # it is made from one
            text = f"{each.found:g} air changes an hour are fewer than the {each.need:g} of {each.rule.id}"
            where = ("rooms", each.room.id, "certified")
            complain(where, f"{text} (report {each.room.certified.report}); correct the air", warning=True)


# --- what stock needs ---------------------------------------------------------


def placements(catalogue: Catalogue) -> tuple[Placement, ...]:
    """Return the rules about where stock may stand."""
    return tuple(
        Placement(
            rule=entry.id,
            version=entry.version,
            force=Force(entry.force),
            kinds=frozenset(entry.kinds),
            contents=frozenset(entry.contents),
            roles=frozenset(entry.roles),
            air_changes=parse_amount(entry.air_changes, AIR),
        )
        for entry in catalogue.placement
    )


def complain_of_placement(site: Site, complain: Complain) -> None:
    """Warn of stock that stands where its rule does not want it."""
    for unit in site.equipment.values():
        room = site.rooms.get(unit.room)
        for rule in placements_of(site, unit) if room is not None else ():
            assert room is not None  # noqa: S101  # else there are none
            for why in _against(site, room, rule):
                stock = " and ".join(sorted(rule.contents & set(unit.contents)))
                belongs = f"belongs into a negative room with at least {rule.air_changes:g} air changes"
                named = f"{rule.rule}, {rule.force}"
                text = f"{unit.name} holds {stock} stock, which {belongs} ({named}), and {why}"
                complain(("equipment", unit.id, "room"), text, warning=True)


def _against(site: Site, room: Room, rule: Placement) -> Iterator[str]:
    if room.role not in rule.roles:
        yield f"{room.name} is {room.role}; move it, or correct its contents"
        return
    if not gauges_of(site, room.id):
        yield f"no gauge watches the pressure of {room.name}; add one"
    if air_of(site, room.id) is not None:
        return
    if room.certified is None:
        yield f"the air changes of {room.name} are not known; write its report as 'certified'"
    elif room.certified.hvac < rule.air_changes:
        yield f"{room.name} was certified with {room.certified.hvac:g}; correct the air or move it"
