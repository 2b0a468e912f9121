"""Every rule that the package ships, worded at every one of its limits."""

import re
from dataclasses import replace
from math import copysign, inf, nextafter

import pytest
from unit.alerts.pharmacy import NOW, ZONE, ago, point

from hdmonitor.alerts.wording import Situation, cleared, opened
from hdmonitor.catalogue import load_catalogue
from hdmonitor.events import About
from hdmonitor.model import Force, Level, Room
from hdmonitor.site_limits import Certified, needs_certified, rule_at_point
from hdmonitor.units import quantity_named, show_limit, unit_named

ROOM = Room("hd-buffer", "HD buffer", "buffer-hd", "HVAC 2211")
INCH = 249.0889


def built(entry, quantity):
    """Build the rule with limits as a site would: a hood certified at 0.53 m/s."""
    unit = {"airflow": "m3/h"}.get(quantity, "m/s")
    certified = Certified(0.53, unit) if needs_certified(entry) else None
    return rule_at_point(entry, quantity, pytest.fail, certified=certified)


def outside(limit, quantity):
    """Return a value just beyond a limit."""
    if quantity_named(quantity).words:
        return 1.0 - limit.limit
    step = {"differential_pressure": 0.001 * INCH, "particle_count": 1.0, "co2": 1.0}.get(quantity, 0.1)
    return limit.limit + (step if limit.side.value == "high" else -step)


WORDED = []
for entry in load_catalogue().rules:
    for quantity in sorted({name for each in entry.applies for name in each.quantity}):
        rule = built(entry, quantity)
        equipment = "unit" if any(each.kinds for each in entry.applies) else None
        place = point("HD Fridge 2", quantity, [rule], equipment)
        WORDED += [
            pytest.param(
                Situation(
                    alarm="A18442",
                    point=place,
                    rule=rule,
                    threshold=limit,
                    cause="limit",
                    value=outside(limit, quantity),
                    measured_at=NOW,
                    began_at=ago(days=2),
                    at=NOW,
                    peak=outside(limit, quantity),
                    rising=True,
                    room=ROOM,
                    unanswered_since=ago(days=1),
                ),
                id=f"{entry.title} {quantity} {limit.name}",
            )
            for limit in rule.thresholds
        ]


def test_every_rule_of_the_catalogue_is_looked_at():
    assert len({param.values[0].rule.id for param in WORDED}) == len(
        {rule.id for rule in load_catalogue().rules}
    )


@pytest.mark.parametrize("about", list(About))
@pytest.mark.parametrize("told", WORDED)
def test_a_rule_of_the_catalogue_fits_with_its_whole_instruction_and_what_is_wrong(told, about):
    text = opened(told, ZONE, about)

    assert len(text.title) <= 40
    assert len(text.body) <= 150
    assert told.rule.instruction[1:] in text.body
    assert text.body.endswith(" A18442")
    assert "HD" in text.title
    assert re.search("Fridge 2|buffer", text.title)
    if about is About.ESCALATED and told.threshold.level > Level.WARNING:
        assert text.body.startswith("Not answered since Sun 03:05. ")


@pytest.mark.parametrize("told", WORDED)
def test_what_is_wrong_stands_in_the_unit_of_its_limit(told):
    short = unit_named(told.rule.unit, told.point.quantity).short if told.rule.unit else ""
    text = opened(told, ZONE)

    assert f" {short}".rstrip() in f"{text.title} {text.body}"


@pytest.mark.parametrize("told", WORDED)
def test_the_end_of_an_alarm_never_releases_what_it_held(told):
    inside = next(
        value
        for value in (
            5.0,
            -15.0,
            22.0,
            18.0,
            0.0,
            1.0,
            0.53,
            -0.02 * INCH,
            0.025 * INCH,
            -0.01 * INCH,
            80.0,
            12.0,
            35.0,
            32.5,
            1e3,
        )
        if not any(limit.outside(value) for limit in told.rule.thresholds)
    )
    text = cleared(
        Situation(**{name: getattr(told, name) for name in told.__slots__} | {"value": inside}), ZONE
    )

    held = told.rule.holds_stock and told.threshold.level > Level.WARNING
    assert ("STOCK ON HOLD" in text.title) is held
    assert ("NOT OK to restart" in text.title) is told.rule.latched
    assert len(text.title) <= 40
    assert len(text.body) <= 150


@pytest.mark.parametrize(
    ("force", "confidence", "level", "said"),
    [
        (Force.SHALL, "secondary", Level.ALARM, ""),
        (Force.SHALL, "unconfirmed", Level.ALARM, "Limit unconfirmed."),
        (Force.PRACTICE, "secondary", Level.CRITICAL, "Practice, in no standard."),
        (Force.PRACTICE, "unconfirmed", Level.ALARM, "Practice, unconfirmed."),
        (Force.PRACTICE, "secondary", Level.WARNING, ""),
    ],
)
def test_a_message_says_what_is_no_duty_or_not_confirmed(force, confidence, level, said):
    told = next(param.values[0] for param in WORDED if param.id == "659-2 temperature too warm")
    limit = replace(told.threshold, force=force, level=level)
    rule = replace(told.rule, confidence=confidence, thresholds=(limit,), instruction="Shut the door")

    body = opened(replace(told, rule=rule, threshold=limit, room=None), ZONE).body

    sentences = ("Limit unconfirmed.", "Practice, in no standard.", "Practice, unconfirmed.")
    assert [each for each in sentences if each in body] == ([said] if said else [])


def test_what_is_beyond_a_duty_as_well_is_not_called_mere_practice():
    told = next(param.values[0] for param in WORDED if param.id == "659-2 temperature too warm")
    duty = replace(told.threshold, force=Force.SHALL, level=Level.ALARM)
    worse = replace(duty, force=Force.PRACTICE, level=Level.CRITICAL, limit=duty.limit + 5)
    rule = replace(told.rule, thresholds=(duty, worse), instruction="Shut the door")

    body = opened(replace(told, rule=rule, threshold=worse, value=worse.limit + 1, room=None), ZONE).body

    assert "ractice" not in body


def beside(limit):
    """Return values as near to a limit as a sensor and as a double can come, and a little further."""
    step, steps = limit.limit, [limit.limit]
    for towards in (inf, -inf):
        step = nextafter(limit.limit, towards)
        steps += [step, limit.limit + copysign(4e-4, towards), limit.limit + copysign(0.04, towards)]
    return steps


@pytest.mark.parametrize("told", [each for each in WORDED if not each.values[0].is_state])
def test_a_shown_figure_never_contradicts_the_verdict_beside_it(told):
    unit, quantity = told.rule.unit, told.point.quantity

    for value in beside(told.threshold):
        figure = told.shown(value).split()[0]
        shown, mark = float(figure.strip("<>")), figure[0]
        for limit in told.rule.thresholds:
            edge = float(show_limit(limit.limit, quantity, unit))
            below, above = (mark == "<", mark == ">") if shown == edge else (shown < edge, shown > edge)
            assert (below, above) == (value < limit.limit, value > limit.limit), (figure, value, limit)
