"""Tables as pharmacies keep them: encodings, separators, headings, merged cells, days."""

import codecs
from datetime import date

import pytest

from hdmonitor.spreadsheet import Dates, Heading, Unreadable, read_day, read_number, read_table, written

HEADING = Heading(
    words={
        "subject": ("employee", "name", "who"),
        "obligation": ("test", "competency"),
        "on": ("date", "date done"),
    },
    needed=frozenset({"subject", "obligation", "on"}),
    merged=frozenset({"subject", "obligation"}),
)


def lines(raw):
    table = read_table(raw, "log.csv", HEADING)

    return [(line.number, line["subject"], line["obligation"], line["on"]) for line in table.lines]


def problems(raw):
    return [str(each) for each in read_table(raw, "log.csv", HEADING).problems]


PLAIN = "Employee;Test;Date\nRené;garbing;12 Mar 2026\n"


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN.encode(),
        codecs.BOM_UTF8 + PLAIN.encode(),
        PLAIN.encode("latin-1"),
        codecs.BOM_UTF8 + PLAIN.encode("latin-1"),
        PLAIN.encode("utf-16"),
        PLAIN.replace(";", ",").encode(),
        PLAIN.replace(";", "\t").encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("Employee", "NAME ").encode(),
    ],
)
def test_the_same_table_is_read_however_it_was_saved(raw):
    assert lines(raw) == [(2, "René", "garbing", "12 Mar 2026")]


def test_a_merged_name_is_the_one_above_until_an_empty_line():
    raw = b"Employee,Test,Date\nlee,garbing,a\n,media,b\n,,c\nkim,garbing,d\n\n,media,e\n"

    assert lines(raw) == [
        (2, "lee", "garbing", "a"),
        (3, "lee", "media", "b"),
        (4, "lee", "media", "c"),
        (5, "kim", "garbing", "d"),
        (7, "", "media", "e"),
    ]


def test_title_lines_and_other_columns_are_passed_over():
    raw = b"Competency log 2026,,,\nprinted by name,,,\nRoom,Name,Test,Date Done\nIV,lee,garbing,2026-03-12\n"

    assert lines(raw) == [(4, "lee", "garbing", "2026-03-12")]


def test_a_cell_may_go_over_several_lines():
    raw = b'Name,Test,Date\nlee,"garbing\nand gloves",x\nkim,media,y\n'

    assert lines(raw) == [(2, "lee", "garbing and gloves", "x"), (4, "kim", "media", "y")]


def test_a_table_without_its_heading_says_what_is_missing():
    assert problems(b"lee,garbing,2026-03-12\n")[0].startswith(
        "log.csv:1:1: no column is headed obligation (also: test, competency); on (also: date, date done); "
        "subject (also: employee, name, who); name it in the first line"
    )


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (
            b"PK\x03\x04rest",
            "log.csv: this is a workbook, not a table of text; save the sheet as CSV (UTF-8)",
        ),
        (b"\xff\xfea", "log.csv: the file begins like UTF-16 and is not; save it as CSV (UTF-8)"),
        (b"Name\0,Test", "log.csv: this is not text; save the sheet as CSV (UTF-8)"),
        (
            b"x" * 5_000_001,
            "log.csv: the file has 5,000,001 bytes; at most 5,000,000 are read, split it by year",
        ),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(raw, says):
    assert problems(raw) == [says]


def test_an_open_quotation_mark_is_found_where_it_stands():
    raw = b'Name,Test,Date\nkim,media,x\nlee,"garbing,2026-03-12\n' + b"kim,media,2026-03-13\n" * 200

    assert problems(raw) == [
        "log.csv:3:2: this cell has more than 2,000 characters; is a quotation mark missing before it?"
    ]
    assert lines(raw) == [(2, "kim", "media", "x")]


def test_an_endless_cell_does_not_end_the_reading_with_a_traceback():
    raw = b'Name,Test,Date\nkim,media,x\nlee,"' + b"x" * 200_000

    assert lines(raw)[0] == (2, "kim", "media", "x")


def test_more_lines_than_a_year_can_have_are_not_read_in_silence():
    table = read_table(b"Name,Test,Date\n" + b"kim,media,x\n" * 20_002, "log.csv", HEADING)

    assert len(table.lines) == 20_000
    assert [str(each) for each in table.problems] == [
        "log.csv:20002:1: more than 20,000 lines; split the file by year"
    ]


@pytest.mark.parametrize(
    ("text", "dates", "day"),
    [
        ("2026-03-12", Dates.UNDECLARED, date(2026, 3, 12)),
        ("2026-03-12 14:05:00", Dates.UNDECLARED, date(2026, 3, 12)),
        ("2026-03-12", Dates.DMY, date(2026, 3, 12)),
        ("12 Mar 2026", Dates.UNDECLARED, date(2026, 3, 12)),
        ("12-Mar-26", Dates.UNDECLARED, date(2026, 3, 12)),
        ("March 12, 2026", Dates.UNDECLARED, date(2026, 3, 12)),
        ("Sept. 9, 2026", Dates.UNDECLARED, date(2026, 9, 9)),
        ("3/13/2026", Dates.UNDECLARED, date(2026, 3, 13)),
        ("13/3/26", Dates.UNDECLARED, date(2026, 3, 13)),
        ("13.03.2026", Dates.UNDECLARED, date(2026, 3, 13)),
        ("3/3/2026", Dates.UNDECLARED, date(2026, 3, 3)),
        ("03/04/2026", Dates.MDY, date(2026, 3, 4)),
        ("03/04/2026", Dates.DMY, date(2026, 4, 3)),
        ("3/4/2026 2:30 PM", Dates.MDY, date(2026, 3, 4)),
        ("02/29/2028", Dates.MDY, date(2028, 2, 29)),
    ],
)
def test_days_are_read_as_they_are_written(text, dates, day):
    assert read_day(text, dates) == day


@pytest.mark.parametrize(
    ("text", "dates", "says"),
    [
        (
            "03/04/2026",
            Dates.UNDECLARED,
            "'03/04/2026' may be 4 March or 3 April; say which with --dates mdy or --dates dmy",
        ),
        (
            "30 Feb 2026",
            Dates.UNDECLARED,
            "'30 Feb 2026' is a day that does not exist; look it up",
        ),
        (
            "2026-02-30",
            Dates.ISO,
            "'2026-02-30' is a day that does not exist; look it up",
        ),
        (
            "13/04/2026",
            Dates.MDY,
            "'13/04/2026' is a day that does not exist; look it up",
        ),
        (
            "3/13/2026",
            Dates.ISO,
            "'3/13/2026' is not a day as declared with --dates iso; write it as 2026-03-12",
        ),
        (
            "46093",
            Dates.UNDECLARED,
            (
                "'46093' is how a spreadsheet counts days; "
                "format the column as a date, or write it as 2026-03-12"
            ),
        ),
        ("soon", Dates.UNDECLARED, "'soon' is not a day; write it as 2026-03-12"),
        ("12 Foo 2026", Dates.UNDECLARED, "'12 Foo 2026': 'Foo' is no month; write it as 2026-03-12"),
        ("", Dates.UNDECLARED, "'' is not a day; write it as 2026-03-12"),
    ],
)
def test_a_day_that_cannot_be_known_is_refused(text, dates, says):
    with pytest.raises(Unreadable) as refused:
        read_day(text, dates)

    assert str(refused.value) == says


@pytest.mark.parametrize(("text", "number"), [("1000", 1000.0), ("1,000", 1000.0), ("6.5", 6.5), ("0", 0.0)])
def test_numbers_are_read(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["", "-1", "1e3", "nan", "1,00", "٣", "6,5", "1_000", "five"])
def test_what_is_no_plain_number_is_refused(text):
    with pytest.raises(Unreadable, match="is not a number; write for instance 1000 or"):
        read_number(text)


def test_what_is_written_for_a_spreadsheet_is_never_a_formula_and_is_read_again():
    text = written([("Name", "Test", "Date"), ("lee", "=cmd()", 'said "no", twice')])

    assert text == 'Name,Test,Date\r\nlee,\'=cmd(),"said ""no"", twice"\r\n'
    assert lines(text.encode()) == [(2, "lee", "=cmd()", 'said "no", twice')]
