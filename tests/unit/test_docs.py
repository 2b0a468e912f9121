"""What the pages say is what the program does: events, commands, stories, examples."""

import argparse
import re
from functools import cache
from pathlib import Path

import pytest

from hdmonitor import builder
from hdmonitor.catalogue import own_rules
from hdmonitor.cli import Command, _parser, main
from hdmonitor.events import Kind
from hdmonitor.scenario import Memory, play
from hdmonitor.site import load_site
from hdmonitor.stories import load_scenario
from hdmonitor.units import show_duration

HERE = Path(__file__).parents[2]
README = (HERE / "README.md").read_text(encoding="utf-8")
EVENTS = (HERE / "docs" / "events.md").read_text(encoding="utf-8")
SCENARIOS = (HERE / "docs" / "scenarios.md").read_text(encoding="utf-8")
ALARMS = (HERE / "docs" / "alarms.md").read_text(encoding="utf-8")
OWN = own_rules()
ARCHITECTURE = (HERE / "docs" / "architecture.md").read_text(encoding="utf-8")
LIMIT = {"rule", "version", "level", "side", "name", "limit"}


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


# --- events -----------------------------------------------------------------------


def sections(page):
    return dict(re.findall(r"^## ([^\n]+)\n\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))


def test_every_kind_of_event_has_its_heading_in_the_order_of_the_program():
    assert list(sections(EVENTS)) == [kind.value for kind in Kind]


def documented(kind):
    """Return the fields that the section of `kind` names after "Detail"."""
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", sections(EVENTS)[kind])
    if "Detail as for `" in text:
        return documented(re.search("Detail as for `([^`]+)`", text)[1])
    detail = re.sub(r"\([^()]*\)", "", text.partition("Detail: ")[2].partition("\n\n")[0])
    return set(re.findall("`([a-z_]+)`", detail.partition(". The ")[0]))


class Noted(Memory):
    """Remembers every event as well."""

    def __init__(self, events):
        super().__init__()
        self.seen = events

    def take(self, outcome, at):
        super().take(outcome, at)
        self.seen.extend(outcome.events)


def test_the_details_of_events_are_those_that_the_page_names():
    seen = []
    site_of = cache(load_site)
    for name in ("blind", "hood", "refrigerator", "hd_buffer_pressure", "duty", "late_data"):
        scenario, _ = load_scenario(HERE / "tests" / "scenarios" / f"{name}.yaml", site_of)
        for story in scenario.stories:
            play(story, OWN, remember=lambda: Noted(seen))

    fields = {}
    for event in seen:
        fields.setdefault(event.kind.value, set()).update(event.detail)
    assert len(fields) >= 9
    assert {kind: documented(kind) for kind in fields} == fields


# --- commands ---------------------------------------------------------------------


def commands(parser, prefix="hdmonitor"):
    """Return every command with its subcommands, as they are typed."""
    if isinstance(parser, Command):
        parser.fill()
    subparsers = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    if not subparsers:
        return [prefix]
    return [
        typed
        for each in subparsers
        for name, command in each.choices.items()
        for typed in commands(command, f"{prefix} {name}")
    ]


def test_every_command_is_explained_in_the_readme():
    explained = {re.sub(r"\s+", " ", each) for each in re.findall(r"\*\*`(hdmonitor [^`]+)`\*\*", README)}

    assert {each.removesuffix(" test") for each in explained} == set(commands(_parser()))


def test_no_page_names_a_command_that_does_not_exist():
    known = {each.split()[1] for each in commands(_parser())}
    pages = [HERE / "README.md", *(HERE / "docs").rglob("*.md")]

    typed = re.compile(r"(?:`|\$ )hdmonitor ([a-z]+)")
    named = {(page.name, word) for page in pages for word in typed.findall(page.read_text(encoding="utf-8"))}
    other = ("journal.md", "journal")  # the first words of the hash chain

    assert {(page, word) for page, word in named if word not in known} - {other} == set()


@pytest.mark.parametrize("name", ["replay", "mkt"])
def test_the_replay_and_the_mean_in_the_readme_print_what_stands_there(name, tmp_path, monkeypatch, capsys):
    files = dict(zip(("readings.csv", "fridge.csv"), blocks(README, "csv"), strict=True))
    shown = next(each for each in blocks(README, "console") if each.startswith(f"$ hdmonitor {name}"))
    command, _, expected = shown.partition("\n")
    for file, readings in files.items():
        (tmp_path / file).write_text(readings, encoding="utf-8")
    (tmp_path / "tests").symlink_to(HERE / "tests")
    (tmp_path / "config").symlink_to(HERE / "config")
    monkeypatch.chdir(tmp_path)

    status = main(command.split()[2:])

    printed = capsys.readouterr()
    assert (status, printed.out + printed.err) == (0, expected)


def test_the_stories_in_the_readme_pass_as_they_stand_there(monkeypatch, capsys):
    shown = next(each for each in blocks(README, "console") if each.startswith("$ hdmonitor scenario"))
    command, _, expected = shown.partition("\n")
    monkeypatch.chdir(HERE)

    assert main(command.split()[2:]) == 0
    assert capsys.readouterr().out == expected


# --- stories ----------------------------------------------------------------------


def test_the_stories_on_their_page_are_told_as_they_happen(tmp_path):
    (text,) = blocks(SCENARIOS, "yaml")
    (tmp_path / "config").symlink_to(HERE / "config")
    folder = tmp_path / "tests" / "scenarios"
    folder.mkdir(parents=True)
    (folder / "page.yaml").write_text(text, encoding="utf-8")

    scenario, problems = load_scenario(folder / "page.yaml", load_site)

    assert problems == []
    for story in scenario.stories:
        assert play(story, OWN) == list(story.then)


LINE = re.compile(r"^\| `(\d+[ms] [^`]+)` \|", re.MULTILINE)
LINES = {
    heading: [
        line for name, text in sections(SCENARIOS).items() if heading in name for line in LINE.findall(text)
    ]
    for heading in ("given", "when")
}
ONE_LINE = """
scenario: One line of the page
site: {site}
start: "2026-03-02T08:00:00-05:00"
every: "10s"
cases:
  - name: It is understood
    given:
      {point}: |
        {given}
    when: |
      {when}
    then: ""
"""


def read_alone(tmp_path, point, given, when):
    """Return the inputs of a story of one line."""
    file = tmp_path / "page.yaml"
    site = HERE / "config" / "site.yaml"
    file.write_text(ONE_LINE.format(site=site, point=point, given=given, when=when), encoding="utf-8")
    scenario, problems = load_scenario(file, load_site)
    assert problems == []
    return scenario.stories[0].inputs


@pytest.mark.parametrize("line", LINES["given"])
def test_every_series_that_the_page_explains_is_understood(tmp_path, line):
    point = {"degC": "hd-fridge-1.temperature", "open": "hd-buffer.door"}
    told = next((name for word, name in point.items() if word in line), "hd-buffer.pressure")

    inputs = read_alone(tmp_path, told, line, "1m restart")

    assert len(inputs) == (1 if "silent" in line else 11 if "every" in line else 31)


@pytest.mark.parametrize("line", LINES["when"])
def test_every_act_that_the_page_explains_is_understood(tmp_path, line):
    for word, example in (
        ("TOPIC", "zigbee2mqtt/hd-fridge-1"),
        ("PERSON", "pharmacist"),
        ("POINT", "hd-fridge-1.temperature"),
    ):
        line = line.replace(word, example)

    inputs = read_alone(tmp_path, "hd-fridge-1.temperature", "1m silent", line)

    assert len(inputs) == (2 if "away" in line else 1)


def test_the_page_explains_all_that_stories_know():
    assert {heading: len(lines) for heading, lines in LINES.items()} == {"given": 8, "when": 19}


# --- alarms and architecture --------------------------------------------------------


@pytest.mark.parametrize("subject", ["broker", "canary", "influx", "notify"])
def test_the_monitors_own_alarms_stand_with_their_delay_and_priority(subject):
    own = builder.OWN[subject]
    row = next(line for line in ALARMS.splitlines() if line.startswith(f"| `{subject}"))

    assert row.split("|")[2:4] == [f" {show_duration(own.on_delay)} ", f" {own.priority.name.lower()} "]


def test_every_test_that_holds_a_promise_is_there():
    named = re.findall(r"`(tests/[^`:]+)::([^`]+)`", ARCHITECTURE)

    assert len(named) > 15
    for file, test in named:
        assert f"def {test}(" in (HERE / file).read_text(encoding="utf-8"), f"{file}::{test}"


# --- links ------------------------------------------------------------------------

PAGES = sorted((HERE / "docs").rglob("*.md"))


def anchors(path):
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_anchor_that_a_page_leads_to_exists(page):
    for name, anchor in re.findall(r"\]\(([\w./-]*\.md)?#([^)]+)\)", page.read_text(encoding="utf-8")):
        other = (page.parent / name).resolve() if name else page
        assert anchor in anchors(other), f"{page.name} leads to {name}#{anchor}"
