"""The command `hdmonitor rules`: what is in force, how binding it is, and why."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from hdmonitor import explain
from hdmonitor.catalogue import Catalogue, load_catalogue
from hdmonitor.clock import Clock
from hdmonitor.refusal import Refusal
from hdmonitor.site import Drawn, draw_site
from hdmonitor.site_air import certificates
from hdmonitor.yaml_source import suggest

SITE = Path("config/site.yaml")


class NoSuchRule(Refusal):
    """What was asked for is not there: what, and what may have been meant."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    acts = parser.add_subparsers(required=True, metavar="list|show|explain")
    listed = acts.add_parser("list", help="all rules: how binding, how sure, since when")
    listed.add_argument("--json", action="store_true", help="one rule a line")
    listed.set_defaults(run=_list)
    shown = acts.add_parser("show", help="everything about one rule")
    shown.add_argument("rule", metavar="ID")
    shown.set_defaults(run=_show)
    told = acts.add_parser("explain", help="the rules of one point, with the limits in effect and why")
    told.add_argument("point", metavar="POINT")
    told.set_defaults(run=_explain)
    for act in (listed, shown, told):
        act.add_argument("--site", type=Path, metavar="FILE", help=f"default {SITE}")


def _drawn(path: Path) -> Drawn:
    drawn, problems = draw_site(path)
    if drawn is None:
        raise NoSuchRule("\n".join(map(str, problems)))
    return drawn


def _rules(options: argparse.Namespace) -> tuple[Catalogue, Drawn | None]:
    """Return the rules of the site, or where there is no site file those of the package."""
    if options.site is None and not SITE.exists():
        print(
            f"there is no {SITE}; these are the rules of the package, name a site with --site",
            file=sys.stderr,
        )
        return load_catalogue(), None
    drawn = _drawn(options.site or SITE)
    return drawn.book.catalogue, drawn


def _list(options: argparse.Namespace) -> int:
    catalogue, drawn = _rules(options)
    if options.json:
        for facts in explain.as_json(catalogue, drawn):
            print(json.dumps(facts))
        return 0
    for line in explain.listed(catalogue, drawn):
        print(line)
    return 0


def _show(options: argparse.Namespace) -> int:
    catalogue, drawn = _rules(options)
    wanted = options.rule.casefold()
    known = explain.entries(catalogue)
    found = [each for each in known if wanted in (each.id.casefold(), explain.title(each).casefold())]
    if not found:
        meant = suggest(options.rule.upper(), [each.id for each in known])
        raise NoSuchRule(f"there is no rule {options.rule!r}; {meant} All of them: hdmonitor rules list")
    for number, each in enumerate(found):
        if number:
            print()
        for line in explain.shown(each, drawn):
            print(line)
    return 0


def _explain(options: argparse.Namespace) -> int:
    drawn = _drawn(options.site or SITE)
    if options.point not in drawn.site.points:
        meant = suggest(options.point, list(drawn.site.points))
        raise NoSuchRule(f"there is no point {options.point!r} in the site file; {meant}")
    for line in explain.explained(drawn, options.point):
        print(line)
    point, site = drawn.site.points[options.point], drawn.site
    today = Clock().now().astimezone(ZoneInfo(site.zone)).date()
    certified = [each for each in certificates(site, drawn.book.catalogue) if each.room.id == point.room]
    if certified and point.equipment is None:
        print("\nthe air of this room, which no sensor measures")
        for each in certified:
            print(f"  {each.said(today)}")
    return 0
