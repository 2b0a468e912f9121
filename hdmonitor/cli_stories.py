"""The command `hdmonitor scenario`: plays files of stories, says how they went, writes reports."""

from __future__ import annotations

import argparse
import os
import sys
from functools import cache
from pathlib import Path

from hdmonitor.acceptance import accept
from hdmonitor.catalogue import own_rules
from hdmonitor.clock import Clock
from hdmonitor.model import Site
from hdmonitor.refusal import Refusal
from hdmonitor.reports.junit import junit
from hdmonitor.reports.stories import page
from hdmonitor.site import load_site
from hdmonitor.stories import load_scenario, story_files
from hdmonitor.trials import Played, difference, put_to_the_test
from hdmonitor.yaml_source import Problem

FAILED = 1


class NotPlayed(Refusal):
    """The stories cannot be played as asked: why, what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.set_defaults(run=run)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="stories, or a folder of them")
    parser.add_argument(
        "--restarts", action="store_true", help="play each story again with a restart before every line"
    )
    parser.add_argument(
        "--accept", action="store_true", help="write what happened into 'then', for review; never in CI"
    )
    parser.add_argument("--report", type=Path, metavar="OUT.html", help="write a page with plots and tables")
    parser.add_argument("--junit", type=Path, metavar="OUT.xml", help="write the results for CI")


def run(options: argparse.Namespace) -> int:
    """Play all stories; the status tells whether all of them passed."""
    if options.accept:
        _may_accept(options)
    played = _played(options)
    if options.report is not None:
        _write(options.report, page(played, Clock().now()))
    if options.junit is not None:
        _write(options.junit, junit(played))
    trials = [trial for each in played for trial in each.trials]
    failed = sum(not trial.passed for trial in trials)
    unread = sum(bool(each.problems) for each in played)
    if options.accept and failed:
        print(f"{failed} of {len(trials)} stories now expect what happened; read them before you keep them")
    else:
        how = f"{failed} of {len(trials)} stories FAILED" if failed else f"{len(trials)} stories passed"
        print(how + (f", {unread} files could not be read" if unread else ""))
    return FAILED if unread or (failed and not options.accept) else 0


def _may_accept(options: argparse.Namespace) -> None:
    if os.environ.get("CI"):
        raise NotPlayed(
            "--accept is for people, and the environment variable CI says that none is here;"
            " accept on your own machine and look at what changed"
        )
    if options.report is not None or options.junit is not None or options.restarts:
        raise NotPlayed("--accept changes what is expected; accept first, then run again for a report")


def _played(options: argparse.Namespace) -> list[Played]:
    files = story_files(options.files)
    if not files:
        raise NotPlayed(f"no .yaml file in {', '.join(map(str, options.files))}; name a file of stories")
    site_of = cache(load_site)

    def site_at(path: Path) -> tuple[Site | None, list[Problem]]:
        return site_of(path.resolve())

    played = []
    for file in files:
        scenario, problems = load_scenario(file, site_at)
        for problem in problems:
            print(problem, file=sys.stderr)
        one = Played(file, scenario, tuple(map(str, problems)))
        for story in scenario.stories if scenario else ():
            trial = put_to_the_test(story, own_rules(), restarts=options.restarts)
            one.trials.append(trial)
            verdict = "passed" if trial.passed else "accepted" if options.accept else "FAILED"
            print(f"{verdict}  {file.name}: {story.name}")
            if not trial.passed:
                print("\n".join(f"  {line}".rstrip() for line in difference(trial)))
        if options.accept:
            accept(file, {n: trial.told for n, trial in enumerate(one.trials) if not trial.passed})
        played.append(one)
    return played


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = error.strerror or "cannot be written"
        raise NotPlayed(f"{path}: {why}; name a file in a folder that exists and can be written") from error
