"""Rooms of a site file: pairs, sums, contradictions, accuracy, air changes, where stock stands."""

from datetime import date
from pathlib import Path

import pytest

from hdmonitor.catalogue import load_catalogue
from hdmonitor.cli import main
from hdmonitor.model import Leg, Priority
from hdmonitor.site import load_site
from hdmonitor.site_air import certificates, is_old

ROOT = Path(__file__).parents[2]
SIDE_BY_SIDE = ROOT / "tests/sites/side_by_side.yaml"
INCH = 249.0889

SITE = """\
site: { id: s, name: S, regime: 503A, time_zone: America/New_York, waste_regime: subpart-p }
rooms:
  corridor: { name: Corridor, role: unclassified }
  ante: { name: Ante-room, role: ante-hd }
  buffer: { name: HD buffer, role: buffer-hd, volume: "43 m3" }
  store: { name: HD store, role: storage-hd, certified: { report: R1, on: "2026-01-12", hvac: "12 1/h" } }
adjacencies:
  - { rooms: [buffer, ante], through: door, door: buffer.door, enforced: true }
  - { rooms: [ante, corridor], through: door, enforced: true }
equipment:
  fridge: { name: Fridge 1, kind: refrigerator, room: store, contents: [antineoplastic] }
points:
  buffer.pressure: {at: buffer, to: ante, measures: PRESSURE, topic: t/1, PLAIN, unit: Pa, every: "5s"}
  ante.pressure: {at: ante, to: corridor, measures: PRESSURE, topic: t/2, PLAIN, unit: Pa, every: "10s"}
  store.pressure: {at: store, to: corridor, measures: PRESSURE, topic: t/3, PLAIN, unit: Pa, every: "5s"}
  buffer.door: {at: buffer, measures: contact, topic: t/4, PLAIN, unit: ON/OFF, every: "1m"}
  store.door: {at: store, measures: contact, topic: t/5, PLAIN, unit: ON/OFF, every: "1m"}
people:
  anna: { name: A, role: pharmacist }
destinations:
  phone: { name: Phone, person: anna }
escalation:
  containment: { steps: [{ after: "0s", notify: [phone] }], repeat: "10m" }
  storage: { steps: [{ after: "0s", notify: [phone] }], repeat: "30m" }
  other: { steps: [{ after: "0s", notify: [phone] }], repeat: "60m" }
""".replace("PLAIN", "family: plain, field: value").replace("PRESSURE", "differential_pressure")
PAIR = "  - { rooms: [ante, corridor], through: door, enforced: true }\n"
FLOW = 'topic: t/9, family: plain, field: value, unit: m3/h, every: "1m"'


def changed(old, new):
    assert SITE.count(old) == 1, old
    return SITE.replace(old, new)


def with_pair(text):
    return changed(PAIR, f"{PAIR}  - {{ {text} }}\n")


def with_point(text):
    return changed("people:\n", f"  x: {{ {text} }}\npeople:\n")


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a site; return it and its problems as lines."""
    monkeypatch.chdir(tmp_path)

    def load(text):
        Path("site.yaml").write_text(text)
        site, problems = load_site(Path("site.yaml"))
        return site, [str(problem) for problem in problems]

    return load


def limit(point, name):
    (found,) = (each for each in point.rules[0].thresholds if each.name == name)
    return found.limit


# --- mistakes -------------------------------------------------------------------

MISTAKES = {
    "a room next to itself": (
        with_pair("rooms: [ante, ante], through: wall, enforced: true"),
        "10:21: 'ante' is next to itself; name the room beside it",
    ),
    "an unknown room": (
        with_pair("rooms: [ante, annex], through: wall, enforced: true"),
        "10:21: there is no room 'annex'; did you mean 'ante'?",
    ),
    "the same pair twice": (
        with_pair("rooms: [corridor, ante], through: wall, enforced: false"),
        "10:14: the pair 'corridor' and 'ante' stands there twice; keep one",
    ),
    "a pair that nobody marked": (
        with_pair("rooms: [store, corridor], through: door"),
        "10:5: 'enforced' is missing in entry 3 of 'adjacencies'; add it",
    ),
    "a pair of three rooms": (
        with_pair("rooms: [store, corridor, ante], through: door, enforced: true"),
        "10:14: 'rooms': name two rooms, such as [hd-buffer, hd-ante]",
    ),
    "a pair without a rule": (
        changed(PAIR, PAIR + "  - { rooms: [corridor, annex], through: door, enforced: true }\n").replace(
            "rooms:\n  corridor", "rooms:\n  annex: { name: Annex, role: sca }\n  corridor"
        ),
        (
            "11:14: no rule says which of 'corridor' and 'annex' is higher; "
            "correct the roles, or mark it enforced: false"
        ),
    ),
    "a contact in a wall": (
        with_pair("rooms: [store, corridor], through: wall, door: store.door, enforced: true"),
        (
            "10:54: a contact tells of a door, and this pair has a wall between; "
            "write through: door, or delete it"
        ),
    ),
    "a door that is no contact": (
        with_pair("rooms: [store, corridor], through: door, door: store.pressure, enforced: true"),
        "10:54: 'store.pressure' measures differential_pressure; name a point that measures contact",
    ),
    "a contact elsewhere": (
        with_pair("rooms: [store, corridor], through: door, door: buffer.door, enforced: true"),
        "10:54: 'buffer.door' is at 'buffer', which is neither of the two rooms",
    ),
    "a contact of two doors": (
        with_pair("rooms: [buffer, corridor], through: door, door: buffer.door, enforced: false"),
        "10:55: 'buffer.door' is the door of another pair already; a door has one contact",
    ),
    "a room without room": (
        changed('"43 m3"', '"0 m3"'),
        "5:55: '0 m3' is no room; write its volume, such as '43 m3'",
    ),
    "a flow into a room without volume": (
        with_point(f"at: store, of: exhaust, measures: airflow, {FLOW}"),
        "6:3: point 'x' needs the volume of the room; write volume: '43 m3'",
    ),
    "a flow of nobody knows what": (
        with_point(f"at: buffer, measures: airflow, {FLOW}"),
        "18:30: airflow of a room; write of: supply",
    ),
    "the air of a hood in an HD room": (
        with_point(f"at: buffer, of: hood, measures: airflow, {FLOW}"),
        (
            "18:24: airflow of a room with the role buffer-hd: "
            "the air of a hood is not counted in a hazardous-drug room; drop the point"
        ),
    ),
    "a report of no day": (
        changed('"2026-01-12"', '"2026-02-30"'),
        "6:75: '2026-02-30' is not a date; write for instance '2026-01-15'",
    ),
    "fewer than no air changes": (
        changed('"12 1/h"', '"-1 1/h"'),
        "6:95: fewer than no air changes; write what the report says",
    ),
    "an accuracy where a rule gives figures": (
        changed('unit: Pa, every: "10s"', "unit: Pa, every: \"10s\", accuracy: '1 Pa'"),
        "14:151: 800-P3 gives figures, so that the accuracy of the gauge decides nothing; delete it",
    ),
    "an accuracy of nothing": (
        changed("topic: t/3", "accuracy: '0 Pa', topic: t/3"),
        "15:88: '0 Pa' is not more than 0 and at most 0.010 inH2O; use another gauge",
    ),
    "a gauge too coarse": (
        changed("topic: t/3", "accuracy: '0.0101 inH2O', topic: t/3"),
        "15:88: '0.0101 inH2O' is not more than 0 and at most 0.010 inH2O; use another gauge",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_with_its_place_and_what_to_do(load, mistake):
    text, line = MISTAKES[mistake]

    site, lines = load(text)

    assert site is None
    assert lines == [f"site.yaml:{line}"]


def test_the_site_of_these_tests_has_no_problem(load):
    site, lines = load(SITE)

    assert lines == []
    assert site.adjacencies[0].door == "buffer.door"


# --- pairs that contradict each other, or that nothing watches ---------------------


def test_a_buffer_below_its_ante_room_and_below_the_corridor_is_a_warning_that_names_the_pairs(load):
    site, lines = load(with_pair("rooms: [buffer, corridor], through: wall, enforced: true"))

    assert site is not None
    (line,) = lines
    assert line == (
        "site.yaml:10:14: warning: only one exact set of pressures satisfies these pairs, so that some alarm "
        "will stand: HD buffer to Ante-room -0.030 to -0.010 inH2O (800-P1), "
        "Ante-room to Corridor at least 0.020 inH2O (800-P3), "
        "HD buffer to Corridor -0.030 to -0.010 inH2O (800-P1); "
        "the designated person decides which pair is enforced"
    )


def test_a_tightened_limit_leaves_no_pressures_at_all(load):
    text = with_pair("rooms: [buffer, corridor], through: wall, enforced: true")

    _, lines = load(text.replace('every: "10s"', 'every: "10s", limits: { alarm: { low: "0.021 inH2O" } }'))

    assert len(lines) == 1
    assert "warning: no pressures satisfy these pairs together: HD buffer to Ante-room" in lines[0]


def test_a_pair_that_is_not_enforced_contradicts_nobody(load):
    _, lines = load(with_pair("rooms: [buffer, corridor], through: wall, enforced: false"))

    assert lines == []


def test_an_enforced_pair_that_nothing_watches_is_a_warning(load):
    text = changed(PAIR, PAIR + "  - { rooms: [annex, store], through: ceiling, enforced: true }\n")

    site, lines = load(
        text.replace("rooms:\n  corridor", "rooms:\n  annex: { name: Annex, role: unclassified }\n  corridor")
    )

    (line,) = lines
    assert line == (
        "site.yaml:11:14: warning: nothing watches HD store to Annex (800-P4): no gauge measures it, "
        "and no gauges between other rooms add up to it; add one"
    )
    assert "store.pressure-to-annex" not in site.points


# --- what is judged where --------------------------------------------------------


def test_one_ante_room_serves_buffers_with_and_without_hazardous_drugs_each_by_its_rule():
    site, problems = load_site(SIDE_BY_SIDE)

    assert problems == []
    rules = {point.id: point.rules[0].id for point in site.points.values() if point.to}
    assert rules == {
        "hd-buffer.pressure": "800-P1",
        "ante.pressure": "800-P3",
        "buffer.pressure": "797-P1",
        "hd-store.pressure": "800-P4",
        "hd-buffer.over-corridor": "800-P1",
        "buffer.pressure-to-corridor": "797-P1",
        "hd-store.pressure-to-ante": "800-P4",
    }
    assert site.points["hd-buffer.over-corridor"].rules[0].thresholds == ()


def test_a_sum_goes_along_the_gauges_each_with_its_sign_and_costs_what_its_rule_costs():
    site, _ = load_site(SIDE_BY_SIDE)

    over = site.points["buffer.pressure-to-corridor"]
    below = site.points["hd-store.pressure-to-ante"]
    assert over.legs == (Leg("buffer.pressure"), Leg("ante.pressure"))
    assert below.legs == (Leg("hd-store.pressure"), Leg("ante.pressure", sign=-1))
    assert over.guards is Priority.HIGH
    assert below.name == "HD store to Ante-room"


def test_the_accuracies_of_gauges_add_up_where_the_rule_only_says_negative():
    site, _ = load_site(SIDE_BY_SIDE)

    assert limit(site.points["hd-store.pressure"], "not negative") == -0.003 * INCH
    assert limit(site.points["hd-store.pressure-to-ante"], "not negative") == pytest.approx(-0.008 * INCH)


@pytest.mark.parametrize(
    ("accuracy", "most"),
    [("", -0.005), ("accuracy: '0.010 inH2O', ", -0.010), ("accuracy: '0.001 inH2O', ", -0.001)],
)
def test_negative_is_beyond_the_accuracy_of_the_gauge(load, accuracy, most):
    site, lines = load(changed("topic: t/3", f"{accuracy}topic: t/3"))

    assert lines == []
    assert limit(site.points["store.pressure"], "not negative") == most * INCH


@pytest.mark.parametrize(
    ("accuracy", "most"),
    [("", 0.005), ("accuracy: '0.010 inH2O', ", 0.005), ("accuracy: '0.001 inH2O', ", 0.001)],
)
def test_neutral_is_within_the_accuracy_of_the_gauge_and_a_coarse_one_makes_it_no_wider(load, accuracy, most):
    text = changed("topic: t/3", f"{accuracy}topic: t/3").replace("role: storage-hd", "role: unpacking")

    site, _ = load(text)

    assert limit(site.points["store.pressure"], "positive") == most * INCH


# --- air changes -------------------------------------------------------------------


def test_ventilation_and_hoods_are_judged_apart_and_hoods_count_for_the_total_only():
    site, _ = load_site(SIDE_BY_SIDE)

    air = {
        p.id: ([leg.point for leg in p.legs], p.base, p.rules[0].id)
        for p in site.points.values()
        if p.quantity == "air_changes"
    }
    assert air == {
        "ante.air-changes": (["ante.supply", "ante.hood"], 0.0, "797-A1"),
        "ante.supply-air-changes": (["ante.supply"], 0.0, "797-A2"),
        "buffer.air-changes": (["buffer.supply"], 9.0, "797-A1"),
        "buffer.supply-air-changes": (["buffer.supply"], 0.0, "797-A2"),
        "hd-buffer.supply-air-changes": (["hd-buffer.supply"], 0.0, "800-A2"),
        "iso8.air-changes": (["iso8.supply"], 0.0, "797-A3"),
        "iso8.supply-air-changes": (["iso8.supply"], 0.0, "797-A3"),
        "csca.exhaust-air-changes": (["csca.exhaust"], 0.0, "800-A3"),
        "hd-store.exhaust-air-changes": (["hd-store.exhaust"], 0.0, "800-A1"),
    }


def said(site, today=date(2026, 3, 1)):
    return [f"{each.room.name}: {each.said(today)}" for each in certificates(site, load_catalogue())]


def test_without_a_sensor_the_report_is_judged_and_named_with_its_date(load):
    site, _ = load(SITE)

    assert said(site) == [
        "HD store: 12 air changes an hour by report R1 of 2026-01-12; 800-A1 (SHALL) needs 12: inside"
    ]


def test_hoods_of_the_report_count_for_the_total_of_rooms_without_hazardous_drugs_only(load):
    report = 'certified: { report: R2, on: "2026-01-12", hvac: "20 1/h", hood: "10 1/h" }'
    text = changed('volume: "43 m3"', report).replace("role: ante-hd }", f"role: ante-hd, {report} }}")

    site, lines = load(text)

    assert said(site)[:3] == [
        "Ante-room: 30 air changes an hour by report R2 of 2026-01-12; 797-A1 (SHALL) needs 30: inside",
        "Ante-room: 20 air changes an hour by report R2 of 2026-01-12; 797-A2 (SHALL) needs 15: inside",
        "HD buffer: 20 air changes an hour by report R2 of 2026-01-12; 800-A2 (SHALL) needs 30: BELOW",
    ]
    (line,) = lines
    assert line == (
        "site.yaml:5:58: warning: 20 air changes an hour are fewer than the 30 of 800-A2 (report R2); "
        "correct the air"
    )


def test_a_report_that_is_old_or_of_the_future_says_so(load):
    site, _ = load(SITE)

    assert "of 2026-01-12; 800" in said(site, date(2026, 7, 12))[0]
    assert "of 2026-01-12, OLDER THAN 6 MONTHS; 800" in said(site, date(2026, 7, 13))[0]
    assert "of 2026-01-12, which is still to come; 800" in said(site, date(2026, 1, 11))[0]


@pytest.mark.parametrize(
    ("on", "today", "old"),
    [
        (date(2025, 8, 31), date(2026, 2, 28), False),
        (date(2025, 8, 31), date(2026, 3, 1), True),
        (date(2026, 1, 12), date(2026, 7, 12), False),
        (date(2026, 1, 12), date(2026, 7, 13), True),
        (date(2025, 1, 12), date(2026, 1, 12), True),
    ],
)
def test_six_months_are_calendar_months(on, today, old):
    assert is_old(on, today) is old


def test_what_a_sensor_measures_is_not_judged_by_the_report():
    site, _ = load_site(SIDE_BY_SIDE)

    assert [line for line in said(site) if line.startswith("Buffer")] == []


# --- where stock stands -------------------------------------------------------------


def placed(load, old, new):
    _, lines = load(changed(old, new))
    return [line.partition("(800-R1, SHALL), and ")[2] for line in lines if "800-R1" in line]


def test_refrigerated_antineoplastics_in_a_room_that_is_not_negative_are_a_warning(load):
    site, lines = load(changed("kind: refrigerator, room: store", "kind: refrigerator, room: corridor"))

    assert site is not None
    (line,) = lines
    assert line == (
        "site.yaml:11:55: warning: Fridge 1 holds antineoplastic stock, which belongs into a negative room "
        "with at least 12 air changes (800-R1, SHALL), and Corridor is unclassified; "
        "move it, or correct its contents"
    )


def test_in_a_room_with_12_air_changes_by_its_report_they_are_right_and_with_fewer_not(load):
    assert placed(load, '"12 1/h"', '"11.9 1/h"') == [
        "HD store was certified with 11.9; correct the air or move it"
    ]


def test_a_room_whose_air_or_pressure_nobody_knows_is_a_warning(load):
    report = ', certified: { report: R1, on: "2026-01-12", hvac: "12 1/h" }'
    assert placed(load, report, "") == [
        "the air changes of HD store are not known; write its report as 'certified'"
    ]

    without = "  - { rooms: [store, corridor], through: door, enforced: false }\n"
    _, lines = load(changed(PAIR, PAIR + without))
    assert [line.rpartition("and ")[2] for line in lines] == [
        "no gauge watches the pressure of HD store; add one"
    ]


def test_a_sensor_of_the_air_is_enough(load):
    report = ', certified: { report: R1, on: "2026-01-12", hvac: "12 1/h" }'
    text = with_point(f"at: store, of: exhaust, measures: airflow, {FLOW}").replace(
        report, ', volume: "20 m3"'
    )

    _, lines = load(text)

    assert lines == []


def test_other_stock_may_stand_anywhere(load):
    _, lines = load(
        changed("room: store, contents: [antineoplastic]", "room: corridor, contents: [refrigerated]")
    )

    assert lines == []


def test_what_explains_a_point_names_the_report_behind_the_air_of_its_room(capsys):
    main(["rules", "explain", "hd-storage.pressure", "--site", str(ROOT / "config/site.yaml")])
    told = capsys.readouterr().out

    assert "the air of this room, which no sensor measures\n  13.4 air changes an hour by report CERT" in told

    main(["rules", "explain", "buffer.air-changes", "--site", str(SIDE_BY_SIDE)])

    assert "the sum of buffer.supply, and 9 by hoods as report C-7 says" in capsys.readouterr().out


def test_a_gauge_measures_a_room_against_another_one(tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(changed("{at: ante, to: corridor,", "{at: ante, to: ante,"), encoding="utf-8")

    site, problems = load_site(file)

    assert site is None
    assert any("'ante' is measured against itself; name the other room" in str(each) for each in problems)
