import random
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hdmonitor.simulator.acts import Deed, working_days
from hdmonitor.simulator.cold import REFRIGERATOR, ColdStore, Cooler
from hdmonitor.simulator.pharmacy import Pharmacy
from hdmonitor.simulator.suite import ROOMS, Suite
from hdmonitor.simulator.telemetry import Sensors
from hdmonitor.site import load_site
from hdmonitor.units import express

START = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SITE_FILE = Path(__file__).parents[2] / "config" / "site.yaml"

# Alarm limits in canonical units, pressures in inH2O: lowest and highest allowed.
INSIDE = {
    "hd-fridge-1.temperature": (2.0, 8.0),
    "hd-fridge-2.temperature": (2.0, 8.0),
    "freezer-1.temperature": (-25.0, -10.0),
    "pharmacy.temperature": (20.0, 25.0),
    "hd-buffer.temperature": (15.0, 20.0),
    "hd-buffer.humidity": (30.0, 60.0),
    "bsc-1.inflow": (0.459, 0.561),
    "bsc-1.exhaust": (1.0, 1.0),
    "bsc-1.power": (1.0, 1.0),
    "cooler-17.temperature": (2.0, 8.0),
    "mains.power": (1.0, 1.0),
    "ups.charge": (100.0, 100.0),
}
PRESSED = {
    "hd-buffer.pressure": (-0.030, -0.010),
    "hd-ante.pressure": (0.020, 0.040),
    "hd-storage.pressure": (-0.030, -0.005),
}


def pharmacy(seed=1):
    return Pharmacy(seed, START)


def after(subject, span):
    subject.step(subject.now + span)
    return subject.readings()


def inches(pascals):
    return express(pascals, "differential_pressure", "inH2O")


@pytest.fixture(scope="module")
def site():
    loaded, problems = load_site(SITE_FILE)
    assert problems == []
    return loaded


# --- an ordinary day -----------------------------------------------------------


def test_a_working_day_with_its_doors_stays_inside_every_alarm_limit():
    subject = pharmacy()
    acts = working_days(1, "America/New_York", START)
    act = next(acts)
    opened = 0

    for minute in range(24 * 60):
        moment = START + minute * MINUTE
        while act.at <= moment:
            subject.step(act.at)
            subject.do(act.deed, act.what)
            opened += act.deed is Deed.OPEN
            act = next(acts)
        subject.step(moment)
        readings = subject.readings()
        outside = {
            point: readings[point]
            for point, (low, high) in INSIDE.items()
            if not low <= readings[point] <= high
        }
        if not subject.suite.open_doors:
            outside |= {
                point: inches(readings[point])
                for point, (low, high) in PRESSED.items()
                if not low <= inches(readings[point]) <= high
            }

        assert outside == {}, moment
    assert opened > 80


def test_staff_open_doors_only_while_the_pharmacy_is_open():
    acts = islice(working_days(3, "America/New_York", START), 2000)
    hours = {act.at.astimezone(ZoneInfo("America/New_York")).hour for act in acts if act.deed is Deed.OPEN}

    assert hours == set(range(7, 19))


def test_a_room_door_open_for_40_seconds_takes_the_pressure_and_gives_it_back():
    subject = pharmacy()
    subject.open_door("hd-buffer")
    while_open = after(subject, 40 * SECOND)
    subject.close_door("hd-buffer")
    closed = after(subject, SECOND)

    assert inches(while_open["hd-buffer.pressure"]) > -0.002
    assert while_open["hd-buffer.door"] == 1.0
    assert -0.022 < inches(closed["hd-buffer.pressure"]) < -0.018
    assert closed["hd-buffer.door"] == 0.0


def test_the_door_of_the_ante_room_costs_the_ante_room_its_pressure():
    subject = pharmacy()
    subject.open_door("hd-ante")

    readings = after(subject, SECOND)

    assert inches(readings["hd-ante.pressure"]) < 0.002
    assert readings["hd-ante.door"] == 1.0


def test_a_refrigerator_door_open_for_40_seconds_warms_the_air_but_not_the_product():
    subject = pharmacy()
    subject.step(START + 17 * MINUTE)
    fridge = subject.stores["hd-fridge-2"]
    before = fridge.air
    subject.open_door("hd-fridge-2")
    subject.step(subject.now + 40 * SECOND)
    warmest_air = fridge.air
    subject.close_door("hd-fridge-2")
    warmest = max(after(subject, 10 * SECOND)["hd-fridge-2.temperature"] for _ in range(90))

    assert warmest_air > before + 2
    assert warmest < 7.5


def test_a_freezer_defrosts_without_reaching_its_warning():
    subject = pharmacy()
    seen = [after(subject, MINUTE)["freezer-1.temperature"] for _ in range(12 * 60)]

    assert max(seen) > -17.0
    assert max(seen) < -12.0


# --- what fails ----------------------------------------------------------------


@pytest.mark.parametrize("minutes", [0, 4, 8, 12, 16])
def test_a_dead_compressor_warms_the_product_over_8_degrees_in_30_to_90_minutes(minutes):
    subject = pharmacy()
    subject.step(START + minutes * MINUTE)
    subject.fail("hd-fridge-2.compressor")
    took = 0
    while after(subject, MINUTE)["hd-fridge-2.temperature"] <= 8.0:
        took += 1

    assert 30 <= took <= 90
    assert after(subject, MINUTE)["hd-fridge-1.temperature"] < 6.5


def test_a_repaired_compressor_brings_the_product_back():
    subject = pharmacy()
    subject.fail("hd-fridge-2.compressor")
    assert after(subject, HOUR)["hd-fridge-2.temperature"] > 8.0
    subject.repair("hd-fridge-2.compressor")

    assert after(subject, 30 * MINUTE)["hd-fridge-2.temperature"] < 6.0


def test_a_refrigerator_without_power_ends_at_room_temperature_and_never_beyond():
    fridge = ColdStore(REFRIGERATOR, phase=0.5)
    fridge.step(timedelta(days=5), 21.0, powered=False)

    assert fridge.stock == pytest.approx(21.0, abs=0.01)
    assert fridge.air <= 21.0


def test_a_failed_exhaust_takes_the_negative_pressure_within_seconds_and_leaves_the_hood():
    subject = pharmacy()
    subject.fail("hd-exhaust")
    at_once = inches(subject.readings()["hd-buffer.pressure"])
    soon = after(subject, 5 * SECOND)
    later = after(subject, MINUTE)

    assert at_once < -0.015
    assert inches(soon["hd-buffer.pressure"]) >= -0.002
    assert inches(later["hd-buffer.pressure"]) > 0.002
    assert 0.49 < later["bsc-1.inflow"] < 0.55
    assert later["bsc-1.exhaust"] == 1.0


def test_a_lost_canopy_keeps_the_inflow_of_the_hood_and_weakens_the_room():
    subject = pharmacy()
    subject.fail("bsc-1.exhaust")

    readings = after(subject, MINUTE)

    assert 0.49 < readings["bsc-1.inflow"] < 0.55
    assert readings["bsc-1.exhaust"] == 0.0
    assert -0.010 < inches(readings["hd-buffer.pressure"]) < 0.0


def test_a_hood_whose_own_fan_stops_loses_its_inflow_but_not_its_canopy():
    subject = pharmacy()
    subject.fail("bsc-1.fan")

    readings = after(subject, MINUTE)

    assert readings["bsc-1.inflow"] < 0.02
    assert (readings["bsc-1.exhaust"], readings["bsc-1.power"]) == (1.0, 1.0)


def test_a_blocked_filter_costs_the_ante_room_its_pressure_slowly_until_it_is_changed():
    subject = pharmacy()
    subject.fail("hd-ante.supply.filter")
    soon = inches(after(subject, 5 * MINUTE)["hd-ante.pressure"])
    later = inches(after(subject, 2 * HOUR)["hd-ante.pressure"])
    subject.repair("hd-ante.supply.filter")
    changed = inches(after(subject, MINUTE)["hd-ante.pressure"])

    assert soon > 0.022
    assert later < 0.018
    assert changed > 0.022


def test_a_failed_storage_exhaust_leaves_the_storage_room_not_negative():
    subject = pharmacy()
    subject.fail("hd-storage.exhaust")

    assert inches(after(subject, MINUTE)["hd-storage.pressure"]) > 0.0


def test_without_air_conditioning_the_clean_room_turns_warm_and_damp_in_hours_not_in_minutes():
    subject = pharmacy()
    subject.fail("hvac")
    soon = after(subject, 10 * MINUTE)
    evening = after(subject, 12 * HOUR)
    morning = after(subject, 12 * HOUR)

    assert (soon["hd-buffer.temperature"] < 20.0, soon["hd-buffer.humidity"] < 55.0) == (True, True)
    assert evening["hd-buffer.temperature"] > 23.0
    assert morning["hd-buffer.humidity"] > 60.0


def test_without_mains_everything_stops_and_the_battery_lasts_45_minutes(site):
    subject = pharmacy()
    sensors = Sensors(site, subject)
    sensors.messages(START)
    subject.fail("mains")
    dark = after(subject, 20 * MINUTE)
    on_battery = sensors.messages(START + 46 * MINUTE)
    empty = sensors.messages(START + 60 * MINUTE)
    subject.repair("mains")
    heard_again = sensors.messages(START + 61 * MINUTE)

    assert dark["mains.power"] == dark["bsc-1.power"] == dark["bsc-1.exhaust"] == 0.0
    assert dark["ups.charge"] == pytest.approx(56.0, abs=1.0)
    assert dark["bsc-1.inflow"] < 0.02
    assert abs(inches(dark["hd-buffer.pressure"])) < 0.002
    assert len(on_battery) > 1000
    assert empty == []
    assert len(heard_again) > 50


def test_a_cooler_holds_for_a_day_and_warms_once_its_pack_has_melted():
    held, spent = Cooler(), Cooler()
    held.step(30 * HOUR, 20.0)
    spent.exhaust()
    spent.step(HOUR, 20.0)
    after_an_hour = spent.payload
    spent.step(4 * HOUR, 20.0)
    too_warm = spent.payload
    spent.recharge()
    spent.step(3 * HOUR, 20.0)

    assert 4.5 < held.payload < 6.5
    assert after_an_hour < 8.0 < too_warm
    assert spent.payload < 6.5


@pytest.mark.parametrize("act", ["open_door", "close_door", "fail", "repair"])
def test_what_is_not_there_is_refused_with_what_is(act):
    with pytest.raises(ValueError, match=r"'coffee-machine'.* (hd-fridge-2|hd-fridge-2\.compressor)"):
        getattr(pharmacy(), act)("coffee-machine")


# --- the numbers behind it -----------------------------------------------------


def test_the_flows_of_every_room_add_up_to_nothing_whatever_fans_and_doors_do():
    chance = random.Random(5)
    for _ in range(200):
        suite = Suite()
        for fan in suite.fans.values():
            fan.speed = chance.choice([0.0, 1.0, chance.random()])
            fan.loading = chance.choice([0.0, 0.9 * chance.random()])
        suite.open_doors = set(chance.sample(["hd-buffer", "hd-ante"], chance.randint(0, 2)))

        suite.settle()

        pressure = suite.pressure
        net = {room: sum(fan.flow for fan in suite.fans.values() if fan.room == room) for room in ROOMS}
        for gap in suite.gaps():
            through = gap.flow(pressure[gap.a] - pressure[gap.b])
            net[gap.a] -= through
            net[gap.b] = net.get(gap.b, 0.0) + through
        assert max(abs(net[room]) for room in ROOMS) < 1e-8


def test_one_step_of_a_minute_ends_where_sixty_of_a_second_do():
    coarse, fine = pharmacy(), pharmacy()
    for subject in (coarse, fine):
        subject.fail("hd-fridge-2.compressor")
    for minute in range(1, 121):
        coarse.step(START + minute * MINUTE)
    for second in range(1, 7201):
        fine.step(START + second * SECOND)
    coarse.suite.settle()
    fine.suite.settle()

    for name, store in coarse.stores.items():
        assert store.probe == pytest.approx(fine.stores[name].probe, abs=0.1)
        assert store.stock == pytest.approx(fine.stores[name].stock, abs=0.05)
    assert coarse.pharmacy.temperature == pytest.approx(fine.pharmacy.temperature, abs=0.02)
    assert coarse.buffer.humidity == pytest.approx(fine.buffer.humidity, abs=0.1)
    assert coarse.cooler.payload == pytest.approx(fine.cooler.payload, abs=0.01)
    assert coarse.suite.pressure == pytest.approx(fine.suite.pressure, abs=1e-3)


def test_a_moment_already_passed_changes_nothing():
    subject = pharmacy()
    subject.step(START + HOUR)
    before = subject.stores["hd-fridge-1"].air
    subject.step(START)

    assert subject.now == START + HOUR
    assert subject.stores["hd-fridge-1"].air == before
