"""The site's own list of hazardous drugs: read from a table, with the handling that follows."""

from datetime import date

import pytest

from hdmonitor.compliance.hazardous import Drug, Table, handling
from hdmonitor.drug_list import read_drugs

HEAD = "Generic name;NIOSH table;Antineoplastic;MSHI;Reproductive;List version;Review date;SDS\n"
TODAY = date(2026, 11, 22)


def drug(table, *, antineoplastic=False, maker=False, reproductive=False):
    day = date(2026, 3, 1)
    return Drug("example", "Example", table, antineoplastic, maker, reproductive, "NIOSH 2024", day)


def read(*lines):
    drugs, problems = read_drugs((HEAD + "\n".join(lines)).encode(), "hd.csv", today=TODAY)
    return drugs, [str(each) for each in problems]


def test_an_antineoplastic_of_table_1_can_not_be_lowered_by_an_assessment():
    found = handling(drug(Table.ONE, antineoplastic=True))

    assert found.strict
    assert found.heading == "Full containment; no assessment of risk once it is manipulated"
    assert found.rules[-1] == "Never by pneumatic tube, in any form."


@pytest.mark.parametrize("table", [Table.ONE, Table.TWO, Table.SITE])
def test_what_is_no_antineoplastic_of_table_1_may_be_assessed(table):
    found = handling(drug(table))

    assert not found.strict
    assert found.heading == "Full containment, unless an assessment of risk says otherwise"
    assert found.rules[-1] == "No liquid form by pneumatic tube."


def test_an_antineoplastic_of_table_2_may_be_assessed_but_goes_into_no_tube():
    found = handling(drug(Table.TWO, antineoplastic=True))

    assert not found.strict
    assert found.rules[-1] == "Never by pneumatic tube, in any form."


def test_flags_add_to_the_handling():
    plain, flagged = handling(drug(Table.TWO)), handling(drug(Table.TWO, maker=True, reproductive=True))

    assert flagged.rules[: len(plain.rules)] == plain.rules
    assert [rule.split()[0] for rule in flagged.rules[len(plain.rules) :]] == ["The", "A"]


def test_a_list_is_read_with_its_version_and_review():
    drugs, problems = read(
        "Example-one;1;yes;x;no;NIOSH 2024;1 Mar 2026;https://sds.example/one.pdf",
        "Example-two (oral);Table 2;;;y;NIOSH 2024;2026-03-01;",
    )

    assert problems == []
    assert drugs == [
        Drug(
            "example-one",
            "Example-one",
            Table.ONE,
            antineoplastic=True,
            maker_instructions=True,
            reproductive_only=False,
            version="NIOSH 2024",
            reviewed=date(2026, 3, 1),
            sheet="https://sds.example/one.pdf",
        ),
        Drug(
            "example-two-oral",
            "Example-two (oral)",
            Table.TWO,
            antineoplastic=False,
            maker_instructions=False,
            reproductive_only=True,
            version="NIOSH 2024",
            reviewed=date(2026, 3, 1),
        ),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "A;3;yes;;;NIOSH 2016;2026-03-01;",
            "hd.csv:2:2: '3' is no table; the list of 2016 had a table 3; write 1, 2 or site",
        ),
        (
            ";1;yes;;;v;2026-03-01;",
            "hd.csv:2:1: the drug needs a name of at most 100 characters, with letters in it",
        ),
        ("A;1;perhaps;;;v;2026-03-01;", "hd.csv:2:3: 'perhaps' says neither yes nor no; write yes or no"),
        ("A;1;yes;;yes;v;2026-03-01;", "hd.csv:2:5: an antineoplastic is never a risk to reproduction alone"),
        (
            "A;1;yes;;;;2026-03-01;",
            "hd.csv:2:6: which list is it from? write for instance NIOSH 2024, or site 2026-03",
        ),
        (
            "A;1;yes;;;v;03/04/2026;",
            "hd.csv:2:7: '03/04/2026' may be 4 March or 3 April; say which with --dates mdy or --dates dmy",
        ),
        (
            "A;1;yes;;;v;2026-11-23;",
            "hd.csv:2:7: '2026-11-23' is in the future; write the day of the last review",
        ),
        (
            "A;1;yes;;;v;2026-03-01;javascript:alert(1)",
            "hd.csv:2:8: 'javascript:alert(1)' is not a link; write it from https:// on",
        ),
    ],
)
def test_a_bad_line_of_the_list_is_named_and_left_out(line, says):
    drugs, problems = read(line, "B;2;no;;;v;2026-11-22;")

    assert problems == [says]
    assert [each.name for each in drugs] == ["B"]


def test_a_drug_that_stands_there_twice_is_named():
    drugs, problems = read("Example-one;1;yes;;;v;2026-03-01;", "example one;2;no;;;v;2026-03-01;")

    assert problems == ["hd.csv:3:1: 'example one' stands in line 2 already; keep one of them"]
    assert len(drugs) == 1


def test_an_empty_list_is_not_taken_for_a_site_without_hazardous_drugs():
    assert read() == ([], ["hd.csv: the table has a heading and no line below it"])
