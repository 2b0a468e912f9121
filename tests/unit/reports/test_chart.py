"""Where things lie in the picture of a point over clock time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hdmonitor.events import Excursion
from hdmonitor.model import Level, Reading
from hdmonitor.reports.chart import chart, spark
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[3] / "config" / "site.yaml")
FRIDGE = SITE.points["hd-fridge-2.temperature"]
START = datetime(2026, 3, 2, 12, 10, tzinfo=UTC)  # 07:10 in New York
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ZONE = "America/New_York"


def readings(*values, start=START):
    return [
        Reading(FRIDGE.id, value, start + index * MINUTE, start + index * MINUTE)
        for index, value in enumerate(values)
    ]


def test_times_are_round_and_those_of_the_site():
    drawn = chart(FRIDGE, (), (), START, START + 2 * HOUR, ZONE)

    assert [(mark.at, mark.text) for mark in drawn.ticks] == [
        (16.667, "07:30"),
        (41.667, "08:00"),
        (66.667, "08:30"),
        (91.667, "09:00"),
    ]


def test_several_days_have_their_midnights():
    drawn = chart(FRIDGE, (), (), START, START + timedelta(days=5), ZONE)

    assert [mark.text for mark in drawn.ticks] == ["03 Mar", "04 Mar", "05 Mar", "06 Mar", "07 Mar"]


def test_an_excursion_that_goes_on_reaches_the_edge():
    outside = Excursion(
        FRIDGE.id, "659-3", "1", Level.ALARM, "high", START + 30 * MINUTE, None, 9.0, 0 * MINUTE, None
    )

    drawn = chart(FRIDGE, (), [outside], START, START + HOUR, ZONE)

    assert [(each.left, each.width, each.look) for each in drawn.excursions] == [(50.0, 50.0, "alarm")]
    assert drawn.says == "HD Fridge 2, in C, from 02 Mar 07:10 to 02 Mar 08:10: 1 excursion recorded"


def test_silence_is_a_gap_and_no_line():
    drawn = chart(FRIDGE, readings(5.0, 5.0, 5.0), (), START, START + HOUR, ZONE)

    assert [(gap.left, gap.text) for gap in drawn.panel.gaps] == [(3.333, "no reading")]


def test_a_trend_needs_two_values_and_stays_in_its_frame():
    assert spark([(START, 5.0)], START, START + HOUR) == ""
    assert spark([(START, 5.0), (START + HOUR, 7.0)], START, START + HOUR) == "M0.0 22.0L100.0 2.0L100.0 2.0"


def test_many_values_are_few_in_a_small_trend():
    many = [(START + n * MINUTE / 10, float(n)) for n in range(10_000)]

    assert spark(many, START, START + 20 * HOUR).count("L") <= 51
