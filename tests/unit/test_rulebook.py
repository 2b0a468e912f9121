"""Rules that a site adds or switches off, goods, storage read once a day, and `hdmonitor rules`."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from hdmonitor import cli
from hdmonitor.binding import binding
from hdmonitor.catalogue import load_catalogue
from hdmonitor.explain import explained, listed
from hdmonitor.model import Force, Level, Priority
from hdmonitor.rulebook import check_entry
from hdmonitor.site import draw_site
from hdmonitor.site_limits import RELATIVE
from hdmonitor.web.watched import watched

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)

SITE = """\
site: { id: s, name: S, regime: 503A, time_zone: America/New_York, waste_regime: subpart-p }
rooms:
  store: { name: Store, role: unclassified }
  ante: { name: HD ante-room, role: ante-hd }
  buffer: { name: HD buffer, role: buffer-hd }
equipment:
  fridge: { name: Fridge 1, kind: refrigerator, room: store }
  wash: { name: Eyewash, kind: eyewash, room: store }
points:
  fridge: {at: fridge, measures: temperature, topic: t/1, PLAIN, unit: degC, every: "1m"}
  damp: {at: buffer, measures: humidity, topic: t/2, PLAIN, unit: "%RH", every: "1m"}
  dp: {at: buffer, to: ante, measures: differential_pressure, topic: t/3, PLAIN, unit: Pa, every: "5s"}
people:
  anna: { name: Anna, role: pharmacist }
  bert: { name: Bert, role: manager }
destinations:
  phone: { name: Phone, person: anna }
escalation:
  containment: { steps: [{ after: "0s", notify: [phone] }], repeat: "10m" }
  storage: { steps: [{ after: "0s", notify: [phone] }], repeat: "30m" }
  other: { steps: [{ after: "0s", notify: [phone] }], repeat: "60m" }
""".replace("PLAIN", "family: plain, field: value")

RULE = """\
rules:
  - id: SOP-12
    version: "3"
    like: 659-3
    what: refrigerators of the infusion suite, 3 to 7 degC
    source: Procedure 12
    force: PRACTICE
    confidence: primary
    effective: "2026-01-15"
    thresholds:
      - { level: alarm, side: low, limit: "3 degC", on_delay: "15m", priority: high, name: too cold }
      - { level: alarm, side: high, limit: "7 degC", on_delay: "15m", priority: high, name: too warm }
"""

OFF = """\
switched_off:
  - { rule: 797-T2, points: [damp], by: anna, signed: "2026-03-01", why: The building watches it }
"""


@pytest.fixture
def draw(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def draw(text):
        Path("site.yaml").write_text(text)
        drawn, problems = draw_site(Path("site.yaml"), NOW)
        return SimpleNamespace(drawn=drawn, lines=[str(problem) for problem in problems])

    return draw


def place(text, needle):
    """Return "line:column" of the only `needle`."""
    assert text.count(needle) == 1, needle
    before = text[: text.index(needle)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def rules_of(found, point):
    return [rule.id for rule in found.drawn.site.points[point].rules]


# --- added -------------------------------------------------------------------------


def test_a_rule_of_the_site_is_judged_beside_the_one_of_the_place(draw):
    found = draw(SITE + RULE)

    assert found.lines == []
    package, own = found.drawn.site.points["fridge"].rules
    assert (package.id, own.id, own.version) == ("659-3", "SOP-12", "3")
    assert [each.limit for each in own.thresholds] == [3.0, 7.0]
    assert (own.deadband, own.off_delay, own.holds_stock) == (0.3, timedelta(minutes=10), True)
    assert own.force is Force.PRACTICE


def test_the_makers_limits_go_with_a_word_for_the_contents(draw):
    applies = "    applies: [{ quantity: [temperature], kinds: [refrigerator], contents: [trastuzumab] }]\n"
    rule = RULE.replace("    thresholds:", applies + "    thresholds:")
    holds = SITE.replace("refrigerator, room: store", "refrigerator, room: store, contents: [trastuzumab]")

    assert rules_of(draw(holds + rule), "fridge") == ["659-3", "SOP-12"]
    nobody = draw(SITE + rule)
    assert rules_of(nobody, "fridge") == ["659-3"]
    assert nobody.lines == [
        (
            f"site.yaml:{place(SITE + rule, 'id: SOP')}: warning: SOP-12 judges no point of the site; "
            "check its quantity, kinds, roles and contents"
        )
    ]


@pytest.mark.parametrize(
    ("old", "new", "idle"),
    [
        ('"7 degC"', '"9 degC"', True),  # 659-3 says 8 after 15 minutes
        ('"7 degC"', '"8 degC"', False),  # the same, in other words
        ('"7 degC", on_delay: "15m"', '"8 degC", on_delay: "16m"', True),
        ('"7 degC", on_delay: "15m"', '"9 degC", on_delay: "14m"', False),  # looser, but sooner
        ('level: alarm, side: high, limit: "7 degC"', 'level: critical, side: high, limit: "9 degC"', False),
        ('level: alarm, side: high, limit: "7 degC"', 'level: warning, side: high, limit: "9 degC"', True),
    ],
)
def test_a_limit_that_a_stricter_rule_always_tells_first_is_a_warning(draw, old, new, idle):
    assert old in RULE
    rule = RULE.replace(old, new)

    found = draw(SITE + rule)

    line = (SITE + rule)[: (SITE + rule).index("side: high")].count("\n") + 1
    warning = (
        f"site.yaml:{line}:9: warning: looser than what 659-3 says already, so that it never says anything; "
        "tighten it, or delete it"
    )
    assert found.drawn is not None
    assert found.lines == [warning] * idle


MISTAKES = {
    "an unknown unit": (
        ('"7 degC"', '"7 degX"'),
        '"7 degX"',
        "'degX' is not a unit of temperature; known are degC (°C), degF (°F), K",
    ),
    "a limit without a unit": (
        ('"7 degC"', '"7"'),
        '"7"',
        "'7' has no unit; write for instance '7 degC'",
    ),
    "a low limit above the high one": (
        ('"3 degC"', '"7.1 degC"'),
        '"7 degC"',
        "the low alarm limit is not below the high one; nothing would be inside",
    ),
    "a force that is not one of three": (
        ("force: PRACTICE", "force: MUST"),
        "MUST",
        "'force' cannot be 'MUST'; choose 'SHALL', 'SHOULD' or 'PRACTICE'",
    ),
    "an id of the package": (
        ("id: SOP-12", "id: 659-3 "),
        "659-3 \n",
        "'659-3' is a rule of the package already; give yours another id",
    ),
    "an id of the monitor about itself": (
        ("id: SOP-12", "id: HDM-X"),
        "HDM-X",
        "'HDM-X' is a rule of the package already; give yours another id",
    ),
    "an id that is none": (
        ("id: SOP-12", "id: SOP 12"),
        "SOP 12",
        "'id': 'SOP 12' is not an id of a rule; write letters, digits, '-', '_' or '.', at most 16",
    ),
    "an effective date to come": (
        ("2026-01-15", "2026-03-03"),
        '"2026-03-03"',
        "2026-03-03 is still to come; a rule is judged from the day it stands here, so add it then",
    ),
    "an effective date that is none": (
        ("2026-01-15", "2026-02-30"),
        '"2026-02-30"',
        "'effective': '2026-02-30' is not a day; write it in quotes as '2026-03-02'",
    ),
    "an unknown model": (
        ("like: 659-3", "like: 659-33"),
        "659-33",
        "there is no rule '659-33'; did you mean '659-3'?",
    ),
    "a second limit of one level and side": (
        ("side: low,", "side: high,"),
        '{ level: alarm, side: high, limit: "7 degC"',
        "a second alarm limit on the high side; keep one of them",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_rule_is_one_line_with_its_place_and_what_to_do(draw, mistake):
    (old, new), needle, sentence = MISTAKES[mistake]
    assert RULE.count(old) == 1
    text = SITE + RULE.replace(old, new)

    found = draw(text)

    assert found.drawn is None
    assert found.lines == [f"site.yaml:{place(text, needle)}: {sentence}"]


def test_the_day_is_that_of_the_site(tmp_path):
    text = SITE + RULE.replace("2026-01-15", "2026-03-02")
    midnight = datetime(2026, 3, 2, 5, tzinfo=UTC)  # in New York
    path = tmp_path / "site.yaml"
    path.write_text(text)

    assert draw_site(path, midnight - timedelta(seconds=1))[0] is None
    assert draw_site(path, midnight)[0] is not None


def test_two_rules_with_one_id_are_refused(draw):
    text = SITE + RULE + RULE.removeprefix("rules:\n")

    (line,) = draw(text).lines
    assert line == "site.yaml:34:9: 'SOP-12' is a rule of this file already; give yours another id"


def test_a_rule_that_is_like_no_other_needs_everything(draw):
    text = SITE + RULE.replace("    like: 659-3\n", "")

    assert [line.split(": ", 1)[1] for line in draw(text).lines] == [
        f"{key!r} is missing; add it, or 'like' with the id of a rule"
        for key in ("response", "instruction", "applies", "deadband", "off_delay", "patience")
    ]


def test_an_unknown_quantity_of_a_rule_is_refused(draw):
    applies = "    applies: [{ quantity: [temprature], kinds: [refrigerator] }]\n"
    text = SITE + RULE.replace("    thresholds:", applies + "    thresholds:")

    (line, *_) = draw(text).lines
    assert line == (
        f"site.yaml:{place(text, 'temprature')}: 'temprature' is not a quantity; did you mean 'temperature'?"
    )


def test_every_rule_of_the_package_passes_the_same_checks():
    for entry in load_catalogue().rules:
        check_entry(entry, lambda where, text, entry=entry: pytest.fail(f"{entry.title} {where}: {text}"))
        assert entry.effective <= date(2026, 11, 21)
        for quantity in {name for each in entry.applies for name in each.quantity}:
            assert quantity == entry.applies[0].quantity[0] or all(
                RELATIVE.fullmatch(each.limit) for each in entry.thresholds
            )


# --- contents -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contents", "rules"),
    [
        ("antineoplastic", ["659-3"]),
        ("controlled-cold", ["659-3"]),
        ("freeze-sensitive, controlled-cold", ["659-3", "STO-1"]),
    ],
)
def test_the_strictest_content_sets_the_limit(draw, contents, rules):
    text = SITE.replace("refrigerator, room: store", f"refrigerator, room: store, contents: [{contents}]")

    assert rules_of(draw(text), "fridge") == rules


def test_goods_that_must_not_be_refrigerated_are_refused_in_a_refrigerator(draw):
    text = SITE.replace(
        "refrigerator, room: store", "refrigerator, room: store, contents: [do-not-refrigerate]"
    )

    assert draw(text).lines == [
        (
            f"site.yaml:{place(text, '[do-not')}: STO-2 and 659-3 leave nothing inside at 'fridge'; "
            "keep such goods elsewhere"
        )
    ]


def test_contents_that_no_rule_knows_are_refused(draw):
    text = SITE.replace("refrigerator, room: store", "refrigerator, room: store, contents: [antineoplastics]")

    (line,) = draw(text).lines
    assert line.endswith(": 'antineoplastics' is nothing that a rule knows; did you mean 'antineoplastic'?")


def test_the_water_of_an_eyewash_needs_a_point_for_its_flow(draw):
    plain = 'family: plain, field: value, every: "1m"'
    water = f"  water: {{at: wash, measures: temperature, topic: t/4, unit: degF, {plain}}}\n"
    flow = f"  flow: {{at: wash, measures: flowing, topic: t/5, unit: ON/OFF, {plain}}}\n"
    without = SITE.replace("people:\n", f"{water}people:\n")

    assert draw(without).lines == [
        (
            f"site.yaml:{place(without, '{at: wash')}: is judged only while flowing; "
            "add a point that measures it at 'wash'"
        )
    ]
    both = draw(SITE.replace("people:\n", f"{water}{flow}people:\n"))
    assert both.drawn.site.points["water"].only_while == "flow"


# --- switched off ---------------------------------------------------------------------


def test_a_rule_is_switched_off_with_a_name_a_day_and_a_reason(draw):
    found = draw(SITE + OFF)

    assert found.lines == []
    point = found.drawn.site.points["damp"]
    assert [rule.thresholds for rule in point.rules] == [()]
    assert [str(off) for off in point.off] == [
        "797-T2 switched off by Anna on 2026-03-01: The building watches it"
    ]
    assert point.guards is Priority.LOW


def test_the_other_rules_of_the_point_stay(draw):
    off = OFF.replace("797-T2, points: [damp]", "659-3").replace("by: anna", "by: anna, second: bert")

    found = draw(SITE + RULE + off)

    assert found.lines == []
    assert rules_of(found, "fridge") == ["659-3", "SOP-12"]
    assert [off.by for off in found.drawn.site.points["fridge"].off] == [("Anna", "Bert")]


TWO = "is mandatory or protects people; add 'second', another person who signs"
NOWHERE = "797-T2 judges none of these points; correct the points or delete this"
TO_COME = "2026-03-03 is still to come; write the day on which it was signed"
NEVER = "HDM-SILENCE cannot be switched off: silence and faults are never normal"


def test_a_sum_is_switched_off_as_a_limit_is(draw):
    off = OFF.replace("797-T2, points: [damp]", "659-3-SUM")

    point = draw(SITE + off).drawn.site.points["fridge"]

    assert point.exposures == ()
    assert [rule.id for rule in point.rules] == ["659-3"]
    assert [each.rule for each in point.off] == ["659-3-SUM"]


@pytest.mark.parametrize(
    ("change", "needle", "sentence"),
    [
        (("797-T2, points: [damp]", "659-3"), "{ rule", f"659-3 {TWO}"),
        (("797-T2, points: [damp]", "800-P1"), "{ rule", f"800-P1 {TWO}"),
        (("anna", "anna, second: anna"), "anna, signed", "'anna' has signed already; name another person"),
        (("by: anna", "by: hanna"), "hanna", "there is no person 'hanna'; did you mean 'anna'?"),
        (("[damp]", "[dmp]"), "797-T2", NOWHERE),
        (("[damp]", "[fridge]"), "797-T2", NOWHERE),
        (("797-T2", "797-T9"), "797-T9", "there is no rule '797-T9'; did you mean '797-T2'?"),
        (("797-T2", "HDM-SILENCE"), "HDM-SILENCE", NEVER),
        (("2026-03-01", "2026-03-03"), '"2026-03-03"', TO_COME),
    ],
)
def test_what_cannot_be_switched_off_like_that_is_refused(draw, change, needle, sentence):
    text = SITE + OFF.replace(*change)

    found = draw(text)

    assert found.drawn is None
    assert f"site.yaml:{place(text, needle)}: {sentence}" in found.lines


# --- storage read once a day ------------------------------------------------------------


def test_with_daily_monitoring_only_storage_may_be_silent_for_a_day(draw):
    text = SITE.replace("waste_regime:", "monitoring: daily, waste_regime:")
    points = draw(text).drawn.site.points

    assert {id_: point.silent_after for id_, point in points.items()} == {
        "fridge": timedelta(hours=26),
        "damp": None,
        "dp": None,
    }
    assert points["fridge"].valid_for == timedelta(minutes=15)
    assert all(point.silent_after is None for point in draw(SITE).drawn.site.points.values())


def test_a_reading_by_hand_vouches_for_a_day_at_most(draw):
    text = SITE.replace("waste_regime:", "monitoring: daily, waste_regime:").replace(
        'unit: degC, every: "1m"', 'unit: degC, every: "24h"'
    )

    assert draw(text).drawn.site.points["fridge"].valid_for == timedelta(hours=26)


# --- hdmonitor rules --------------------------------------------------------------------


def test_what_is_switched_off_is_shown_wherever_the_rule_is(draw, capsys):
    drawn = draw(SITE + OFF).drawn
    off = "OFF at damp: 797-T2 switched off by Anna on 2026-03-01: The building watches it"

    assert f"    {off}" in list(listed(drawn.book.catalogue, drawn))
    assert cli.main(["rules", "show", "797-t2", "--site", "site.yaml"]) == 0
    assert f"  {off}" in capsys.readouterr().out.splitlines()
    told = list(explained(drawn, "damp"))
    assert "  OFF: 797-T2 switched off by Anna on 2026-03-01: The building watches it" in told
    assert told[-1] == "NOTHING judges this point; it is recorded and watched for silence only"


def row(found, point):
    rooms = watched(found.drawn.site, {}, (), NOW).rooms
    return next(row for room in rooms for row in room.rows if row.point == point)


def test_the_page_shows_the_strictest_of_several_rules_and_how_binding_each_is(draw):
    shown = row(draw(SITE + RULE), "fridge")

    assert shown.limit == "3 to 7"
    assert [(mark.text, mark.force) for mark in shown.rules] == [
        ("SHALL 659-3", "shall"),
        ("PRACTICE SOP-12", "practice"),
    ]


def test_the_page_shows_what_is_switched_off_and_by_whom(draw):
    shown = row(draw(SITE + OFF), "damp")

    assert (shown.limit, shown.rules) == ("", ())
    assert shown.off == ("797-T2 switched off by Anna on 2026-03-01: The building watches it",)


def test_what_nobody_has_confirmed_looks_different(draw):
    text = SITE.replace(
        "refrigerator, room: store", "refrigerator, room: store, contents: [freeze-sensitive]"
    )

    shown = row(draw(text), "fridge")
    assert [mark.text for mark in shown.rules] == ["SHALL 659-3", "PRACTICE STO-1, UNCONFIRMED"]


def test_a_limit_of_practice_in_a_rule_that_is_mandatory_is_told_as_practice(draw):
    (rule,) = draw(SITE).drawn.site.points["fridge"].rules

    assert binding(rule) == "SHALL"
    assert binding(rule, Level.ALARM) == "SHALL"
    assert binding(rule, Level.CRITICAL) == "PRACTICE"


def test_the_list_tells_force_and_what_nobody_has_confirmed(draw):
    drawn = draw(SITE + RULE).drawn
    rows = {line.split()[0]: line for line in listed(drawn.book.catalogue, drawn)}

    assert rows["659-3"].split()[:5] == ["659-3", "1", "SHALL", "secondary", "2026-11-21"]
    assert rows["797-T1"].split()[:4] == ["797-T1", "1", "SHOULD", "secondary"]
    assert rows["STO-1"].split()[:4] == ["STO-1", "1", "PRACTICE", "UNCONFIRMED"]
    assert rows["SOP-12"].endswith("refrigerators of the infusion suite, 3 to 7 degC (of this site)")


def test_the_list_as_json_is_one_rule_a_line(draw, capsys):
    draw(SITE + RULE + OFF)

    assert cli.main(["rules", "list", "--json", "--site", "site.yaml"]) == 0
    rules = {each["id"]: each for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rules["797-T2"]["switched_off"] == [
        {"point": "damp", "by": ["Anna"], "signed": "2026-03-01", "why": "The building watches it"}
    ]
    assert (rules["SOP-12"]["of_the_site"], rules["659-3"]["of_the_site"]) == (True, False)
    assert rules["659-3"]["thresholds"][3]["limit"] == "8 degC"


def test_explain_tells_what_the_site_tightened_and_how_far_it_could_go(draw):
    limits = 'limits: { alarm: { high: "7.5 degC", on_delay: "10m" }, warning: none }'
    text = SITE.replace('unit: degC, every: "1m"}', f'unit: degC, every: "1m", {limits}}}')

    told = list(explained(draw(text).drawn, "fridge"))

    assert (
        "  alarm     above 7.5 degC             for 10m    high      SHALL     "
        "too warm; rule: 8 degC, rule: 15m, cap 1h"
    ) in told
    assert "  warning   above 7.5 degC             left out by the site file" in told


ALL = "All of them: hdmonitor rules list"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (["show", "659-33"], f"there is no rule '659-33'; did you mean '659-3'? {ALL}\n"),
        (["explain", "frige"], "there is no point 'frige' in the site file; did you mean 'fridge'?\n"),
    ],
)
def test_what_is_not_there_is_told_with_what_was_meant(draw, capsys, typed, answer):
    draw(SITE)

    assert cli.main(["rules", *typed, "--site", "site.yaml"]) == 1
    assert capsys.readouterr().err == answer


def test_without_a_site_the_rules_of_the_package_are_listed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert cli.main(["rules", "list"]) == 0
    printed = capsys.readouterr()
    assert "659-3" in printed.out
    assert printed.err == (
        "there is no config/site.yaml; these are the rules of the package, name a site with --site\n"
    )


def test_a_limit_says_how_binding_it_is_itself(draw):
    (rule,) = draw(SITE).drawn.site.points["fridge"].rules
    forces = {(each.level, each.side.value): each.force for each in rule.thresholds}

    assert forces[Level.WARNING, "high"] is Force.PRACTICE
    assert forces[Level.ALARM, "high"] is Force.SHALL
    assert forces[Level.CRITICAL, "high"] is Force.PRACTICE
