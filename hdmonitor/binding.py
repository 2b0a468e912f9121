"""How binding a verdict is: the force of its limit and how sure its number is, as pages and lists show it."""

from __future__ import annotations

from hdmonitor.catalogue import own_rules
from hdmonitor.model import Force, Level, Point, Rule

UNCONFIRMED = "unconfirmed"


def rule_of(point: Point | None, rule: str) -> Rule | None:
    """Return a rule that judges `point`, or one of the monitor about itself; None if there is none now."""
    judging = (*point.rules, *(each.rule for each in point.exposures)) if point else ()
    return next((each for each in judging if each.id == rule), own_rules().get(rule))


def force_of(rule: Rule, level: Level | None = None) -> Force:
    """Return the force of the limits at `level`, which may bind less than the rule."""
    forces = [each.force for each in rule.thresholds if each.level is level]
    return forces[0] if forces and len(set(forces)) == 1 else rule.force


def binding(rule: Rule, level: Level | None = None) -> str:
    """Say it in words: "SHALL", "PRACTICE, UNCONFIRMED"."""
    sure = f", {UNCONFIRMED.upper()}" if rule.confidence == UNCONFIRMED else ""
    return f"{force_of(rule, level)}{sure}"
