"""The catalogue of obligations and the section of the site file: what they hold, how mistakes are told."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hdmonitor.cli import main
from hdmonitor.cli_compliance import print_kept
from hdmonitor.compliance.dates import Every, Unit
from hdmonitor.compliance.obligation import SubjectKind
from hdmonitor.model import Force
from hdmonitor.obligation_page import page
from hdmonitor.obligations import load_obligations, read_obligations
from hdmonitor.site import draw_site, load_programme
from hdmonitor.yaml_source import parse_yaml

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / "config/site.yaml").read_text(encoding="utf-8")
KNOWN = load_obligations().by_id


def test_the_page_of_obligations_is_fresh():
    write = "from hdmonitor.obligation_page import page; open('docs/obligations.md', 'w').write(page())"

    assert (ROOT / "docs/obligations.md").read_text(encoding="utf-8") == page(), (
        f'write it with: python -c "{write}"'
    )


def test_every_obligation_says_where_it_comes_from_and_how_sure_that_is():
    assert len(KNOWN) > 90
    for each in KNOWN.values():
        assert each.source, each.id
        assert each.what, each.id
        assert each.confidence in {"primary", "secondary", "unconfirmed"}
        assert len(each.short) <= 24 or each.id.startswith(("apprentice", "oncology")), each.id
        assert all(case.rule for case in each.cases), each.id


def test_every_row_of_the_facts_is_in_the_catalogue():
    rules = {case.rule for each in KNOWN.values() for case in each.cases}
    asked = {
        "797-C1",
        "797-C2",
        "797-C3",
        "797-C5",
        "797-V1",
        "797-V2",
        "797-S1",
        "797-S2",
        "797-I3",
        "797-H1",
        "797-H3",
        "797-H4",
        "797-H5",
        "797-H6",
        "797-H7",
        "797-H8",
        "797-H9",
        "797-H10",
        "797-K1",
        "797-K2",
        "797-K4",
        "797-K5",
        "797-K6",
        "797-T3",
        "797-T4",
        "797-P4",
        "797-P5",
        "797-R1",
        "797-R3",
        "797-R5",
        "800-W1",
        "800-H1",
        "800-H2",
        "800-H3",
        "800-H4",
        "800-H5",
        "800-X3",
        "800-M1",
        "800-D1",
        "ASHP-HOPA",
        "OSH-1",
        "OSH-2",
        "OSH-3",
        "OSH-4",
        "OSH-5",
        "EYE-1",
        "EYE-2",
        "EPA-1",
        "EPA-4",
        "EPA-7",
        "795-C1",
        "795-H1",
    }

    assert asked - rules == set()


@pytest.mark.parametrize(
    ("obligation", "force"),
    [
        ("spill-drill", Force.SHOULD),
        ("wipe-sampling", Force.SHOULD),
        ("medical-surveillance", Force.SHOULD),
        ("spill-kit", Force.PRACTICE),
        ("emergency-respirator", Force.SHALL),
        ("reproductive-risk", Force.SHALL),
        ("reproductive-risk-refresh", Force.PRACTICE),
        ("under-tray", Force.SHALL),
        ("pressure-gauge-check", Force.SHALL),
    ],
)
def test_what_is_recommended_is_not_called_mandatory(obligation, force):
    assert KNOWN[obligation].force is force


def test_walls_and_ceilings_stay_monthly_for_category_3():
    month = Every(Unit.MONTHS, 1)

    assert [[case.every for case in KNOWN[id_].cases] for id_ in ("walls", "ceilings")] == [[month], [month]]


def test_no_rule_of_california_is_in_the_catalogue():
    texts = [each.source + each.notes for each in KNOWN.values()]

    assert not [text for text in texts if re.search("California|CCR", text)]


# --- mistakes in the catalogue --------------------------------------------------------------

ROW = """obligations:
  - id: a
    version: "1"
    what: Something
    short: something
    subject: site
    every: 1 month
    rule: X-1
    force: SHALL
    source: Somewhere
    confidence: primary
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "every: 1 month",
            "every: 0 months",
            "x.yaml:7:12: 'every': '0 months': an interval of zero is never over",
        ),
        ("every: 1 month", "every: monthly", "x.yaml:7:12: 'every': 'monthly' is not an interval"),
        ("    rule: X-1\n", "", "x.yaml:2:5: 'a' needs either 'every' and 'rule', or 'cases'"),
        ("subject: site", "subject: house", "x.yaml:6:14: 'subject'"),
        ("subject: site", "subject: person", "is for people, but says not in which roles; add 'roles'"),
        ("subject: site", "subject: asset", "is for things, but says not of which kinds; add 'kinds'"),
        ("force: SHALL", "force: MUST", "x.yaml:9:12: 'force' cannot be 'MUST'"),
        ("force: SHALL", "forse: SHALL", "x.yaml:9:5: unknown key 'forse'; did you mean 'force'?"),
        (
            "force: SHALL",
            "force: SHOULD\n    against: [use]\n    consequence: no use",
            "x.yaml:10:14: SHOULD stands against no work; only SHALL does",
        ),
        ("force: SHALL", "force: SHALL\n    against: [use]", "'against' and 'consequence' go together"),
        ("id: a", "id: A b", "x.yaml:2:9: 'A b' is not an id"),
    ],
)
def test_a_mistake_in_an_obligation_is_one_line_with_its_place(old, new, line):
    source = parse_yaml(ROW.replace(old, new).encode(), "x.yaml")

    read_obligations(source, {})

    assert any(line in str(each) for each in source.problems), list(map(str, source.problems))


def test_the_same_id_twice_is_a_mistake():
    twice = ROW + ROW.partition("\n")[2]
    source = parse_yaml(twice.encode(), "x.yaml")

    read_obligations(source, {})

    assert list(map(str, source.problems)) == [
        "x.yaml:12:9: 'a' is an obligation already; give this one another id"
    ]


# --- the section of the site file --------------------------------------------------------------

SECTION = """
compliance:
  since: "2026-03-01"
  pharmacist_in_charge: pharmacist
  category: 2
  people:
    technician: { roles: [compounder, hd-handler], category: 2, hired: "2025-02-01" }
"""


@pytest.fixture
def load(tmp_path):
    def draw(section):
        path = tmp_path / "site.yaml"
        path.write_text(EXAMPLE + section, encoding="utf-8")
        programme, problems = load_programme(path)
        lines = [re.sub(r"^.*site\.yaml:", "", str(each)) for each in problems if not each.warning]
        return programme, lines

    return draw


FIRST_LINE = EXAMPLE.count("\n") + 2  # of the section


def place(row, column):
    return f"{FIRST_LINE + row}:{column}"


def test_people_things_and_rooms_bring_their_obligations(load):
    programme, lines = load(SECTION)

    assert lines == []
    kept = {(obligation.id, subject.key): case.rule for obligation, subject, case in programme.duties()}
    assert kept["garbing-fingertip", "technician"] == "797-H3"
    assert kept["hood-certification", "bsc-1"] == "797-C1"
    assert kept["surface-sampling-room", "hd-buffer"] == "797-S1"
    assert kept["wipe-sampling", "site"] == "800-W1"
    assert ("room-certification", "pharmacy") not in kept
    assert not [key for key in kept if key[1] == "manager"]


def test_without_the_section_nothing_is_kept(load):
    assert load("") == (None, [])


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("roles: [compounder, hd-handler]", "roles: []", "'roles' must not be empty"),
        ("roles: [compounder, hd-handler], ", "", "'roles' is missing in 'technician'; add it"),
        (
            '"2025-02-01"',
            '"2026-02-30"',
            "'hired': '2026-02-30' is not a day; write it in quotes as '2026-03-02'",
        ),
        (
            "[compounder, hd-handler]",
            "[compunder]",
            "'compunder' brings no obligation; did you mean 'compounder'?",
        ),
        ("[compounder, hd-handler]", "[compounder, compounder]", "the same word stands there twice"),
        (
            ", category: 2, hired",
            ", hired",
            "'technician' needs a category, on which fingertip test depends; add 'category'",
        ),
        ("category: 2\n", "category: 4\n", "'category'"),
        (
            "technician:",
            "tecnician:",
            "there is no person 'tecnician' in the site file; did you mean 'technician'?",
        ),
        ("in_charge: pharmacist", "in_charge: farmacist", "there is no person 'farmacist' in the site file"),
        (
            "[compounder, hd-handler]",
            "[respirator-user]",
            "'technician' wears a respirator; add 'facepieces', each is fitted for itself",
        ),
    ],
)
def test_a_mistake_about_people_is_one_line_with_its_place(load, old, new, line):
    programme, lines = load(SECTION.replace(old, new, 1))

    assert programme is None
    assert any(line in each for each in lines), lines
    assert all(re.match(r"\d+:\d+: ", each) for each in lines)


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (
            "  assets: { gauge-1: { name: Gauge 1 } }\n",
            "'gauge-1' is no equipment of the site file; add its 'kind', such as spill-kit",
        ),
        (
            "  assets: { gauge-1: { kind: presure-gauge } }\n",
            "'presure-gauge' brings no obligation; did you mean 'pressure-gauge'?",
        ),
        (
            "  assets: { bsc-1: { kind: lafw } }\n",
            "'bsc-1' is equipment and a bsc-a2 already; delete its kind here",
        ),
        ("  assets: { hd-buffer: { kind: spill-kit } }\n", "'hd-buffer' is a room; put it under 'rooms'"),
        ("  assets: { kit: { kind: spill-kit, room: bufer } }\n", "there is no room 'bufer'"),
        ("  rooms: { bufer: { category: 3 } }\n", "there is no room 'bufer' in the site file"),
        ('  at: "7:00"\n', "'7:00'"),
        (
            '  compounding: { days: [mon, wendsday], known_until: "2027-12-31" }\n',
            "'wendsday' is not a day of the week; write mon, tue, wed, thu, fri, sat, sun",
        ),
        (
            '  compounding: { days: [mon], known_until: "2027-12-31", closed: ["2027-02-30"] }\n',
            "'2027-02-30' is not a day",
        ),
        (
            (
                '  compounding: { days: [mon], known_until: "2027-12-31",'
                ' closed: ["2027-03-01"], also: ["2027-03-01"] }\n'
            ),
            "2027-03-01 is closed and a compounding day as well; keep it in one of the lists",
        ),
        (
            "  tightened: [{ obligation: smoke-studdy, every: 1 month, rule: B, force: SHALL, source: B }]\n",
            "there is no obligation 'smoke-studdy'; did you mean 'smoke-study'?",
        ),
        (
            "  tightened: [{ obligation: smoke-study, every: 1 year, rule: B, force: SHALL, source: B }]\n",
            "12 months is no more often than 6 months; an interval may only be shortened",
        ),
        (
            "  tightened: [{ obligation: walls, every: 0 days, rule: B, force: SHALL, source: B }]\n",
            "an interval of zero is never over",
        ),
        (
            '  switched_off: [{ obligation: walls, by: pharmacist, signed: "2026-03-02", why: x }]\n',
            "walls is mandatory; add 'second', another person who signs",
        ),
        (
            '  switched_off: [{ obligation: wipe-sampling, by: pharmacist, signed: "2999-03-02", why: x }]\n',
            "2999-03-02 is still to come; write the day on which it was signed",
        ),
        (
            '  switched_off: [{ obligation: wipe, by: pharmacist, signed: "2026-03-02", why: x }]\n',
            "there is no obligation 'wipe'",
        ),
    ],
)
def test_a_mistake_about_things_days_and_obligations_is_one_line_with_its_place(load, more, line):
    programme, lines = load(SECTION + more)

    assert programme is None
    assert any(line in each for each in lines), lines


@pytest.mark.parametrize(("until", "warned"), [("2026-11-21", True), ("2026-11-22", False)])
def test_a_calendar_that_has_ended_is_warned_of(tmp_path, until, warned):
    path = tmp_path / "site.yaml"
    more = f'  compounding: {{ days: [mon], known_until: "{until}" }}\n'
    path.write_text(EXAMPLE + SECTION + more, encoding="utf-8")

    drawn, problems = draw_site(path, datetime(2026, 11, 22, 12, tzinfo=UTC))

    assert drawn is not None
    text = "warning: the calendar ended on 2026-11-21; every day is taken for a compounding day since"
    assert any(text in str(each) for each in problems) is warned


def test_a_site_adds_tightens_and_switches_off(load):
    programme, lines = load(
        SECTION
        + """
  obligations:
    - id: cooler-cleaning
      version: "1"
      what: Decontamination of coolers
      short: cooler cleaning
      subject: asset
      applies: { kinds: [cooler] }
      every: 1 month
      rule: SOP-31
      force: PRACTICE
      source: Procedure 31
      confidence: primary
  tightened:
    - { obligation: aseptic-manipulation, every: 4 months, rule: BOARD-7, force: SHALL, source: Board }
  switched_off:
    - { obligation: wipe-sampling, by: pharmacist, signed: "2026-03-02", why: No baseline yet }
    - obligation: smoke-study
      subjects: [bsc-1]
      by: pharmacist
      second: manager
      signed: "2026-03-02"
      why: x
"""
    )

    assert lines == []
    kept = {(obligation.id, subject.key): case for obligation, subject, case in programme.duties()}
    assert kept["cooler-cleaning", "cooler-17"].rule == "SOP-31"
    media = programme.obligations["aseptic-manipulation"]
    assert [(str(case.every), case.rule) for case in media.cases] == [
        ("4 months", "BOARD-7"),
        ("3 months", "797-H6"),
    ]
    assert not [key for key in kept if key[0] in {"wipe-sampling", "smoke-study"}]
    assert programme.duty("cooler-cleaning", "cooler-17")[1].kind is SubjectKind.ASSET


def test_an_own_obligation_may_not_take_the_id_of_one_of_the_package(load):
    own = ROW.partition("\n")[2].replace("id: a", "id: walls")

    _, lines = load(SECTION + "  obligations:\n" + "\n".join("  " + line for line in own.splitlines()) + "\n")

    text = "'walls' is an obligation of the package already; give yours another id, or tighten it"
    assert lines == [f"{place(7, 11)}: {text}"]


# --- the command --------------------------------------------------------------------------------


def test_the_command_without_a_section_or_a_journal_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/hdmonitor.yaml").write_text((ROOT / "config/hdmonitor.yaml").read_text())
    (tmp_path / "config/site.yaml").write_text(EXAMPLE)

    assert main(["compliance", "status"]) == 1
    assert capsys.readouterr().err == (
        "config/site.yaml has no section 'compliance'; add it, see docs/compliance.md\n"
    )
    (tmp_path / "config/site.yaml").write_text(EXAMPLE + SECTION)
    assert main(["compliance", "status"]) == 1
    assert "there is no journal; start the daemon once" in capsys.readouterr().err


def test_the_check_says_how_much_is_kept_and_what_was_switched_off(load, capsys):
    off = "obligation: wipe-sampling, by: pharmacist, signed: '2026-03-02', why: No baseline"
    programme, _ = load(f"{SECTION}  switched_off: [{{ {off} }}]\n")

    print_kept(programme)

    printed = capsys.readouterr().out
    assert re.match(r"# \d+ duties of \d+ obligations are kept, \d+ of these UNCONFIRMED\n", printed)
    assert printed.endswith("#   OFF: wipe-sampling, signed by pharmacist on 2026-03-02: No baseline\n")
