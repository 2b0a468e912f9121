"""`hdmonitor compliance done|import|export|calendar|drugs` against a core behind its socket."""

import shutil
from pathlib import Path

import pytest
from icalendar import Calendar
from year import NOW, SITE_FILE, Clock, competencies, core_of

from hdmonitor import cli, cli_evidence
from hdmonitor.adapters.control import ControlServer
from hdmonitor.asking import act_asked
from hdmonitor.drug_list import drugs_asked
from hdmonitor.reader import Reader

DRUGS = Path(__file__).parents[2] / "docs" / "compliance.md"


@pytest.fixture
def command(tmp_path, capsys, monkeypatch):
    """Give what a command prints, on a day of the year that does not pass."""
    config = tmp_path / "hdmonitor.yaml"
    config.write_text("record: { journal: journal.db, socket: c.sock }\n", encoding="utf-8")
    monkeypatch.setattr(cli_evidence, "Clock", lambda: Clock(NOW))

    def asked(request):
        return drugs_asked(request) if request["do"] == "drugs" else act_asked(request)

    def command(*words):
        where = ("--site", str(SITE_FILE), "--config", str(config))
        status = cli.main(["compliance", *map(str, words), *where])
        printed = capsys.readouterr()
        return status, printed.out.splitlines(), printed.err.splitlines()

    with (
        core_of(tmp_path / "journal.db") as put,
        ControlServer(tmp_path / "c.sock", put, asked=asked, failed=pytest.fail),
    ):
        yield command


def completions(tmp_path):
    with Reader(tmp_path / "journal.db") as reader:
        assert reader.verify() == []
        return reader.completions()


FILL = ("done", "aseptic-manipulation", "technician-3", "--by", "quality-1", "--growth", "clear")


def test_a_media_fill_with_4_cfu_is_filed_as_failed_and_one_with_3_as_passed(command, tmp_path):
    failed = command(*FILL, "--left", 3, "--right", 1, "--surface", 0, "--on", "2026-11-12")
    passed = command(*FILL, "--left", 2, "--right", 1, "--surface", 0, "--evaluator", "pharmacist-1")

    assert failed == (
        0,
        [
            (
                "Media fill FAILED: media clear, fingertips 4 cfu (at most 3), surface 0 cfu (797-H5). "
                "To do: find the cause, train again, repeat the test before any sterile compounding."
            ),
            "filed: aseptic-manipulation of technician-3, 2026-11-12, fail, by quality-1",
        ],
        [],
    )
    assert passed[1] == [
        "Media fill passed: media clear, fingertips 3 cfu, surface 0 cfu (797-H5).",
        "filed: aseptic-manipulation of technician-3, 2026-11-20, pass, by quality-1",
    ]
    assert [each.result.value for each in completions(tmp_path)] == ["fail", "pass"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*FILL, "--left", "3", "--right", "1", "--surface", "0", "--result", "pass"), "the values say fail"),
        ((*FILL, "--left", "x"), "'x' is not a number; write for instance 1000 or 6.5"),
        (
            ("done", "garbing-fingertip", "technician-3", "--by", "quality-1"),
            "what came of it? give what was found, such as --left 0 --right 0",
        ),
        (
            ("done", "garbing-fingertip", "technician-3", "--by", "quality-1", "--result", "pass"),
            "what was found? a pass follows from it (797-H3); give the counts",
        ),
        (
            ("done", "knowledge-training", "technician-3", "--by", "quality-1"),
            "what came of it? give --result pass or fail",
        ),
        (
            ("done", "knowledge-training", "nobody", "--by", "quality-1", "--result", "pass"),
            "knowledge-training is not kept for 'nobody'; it is kept for",
        ),
        (
            ("done", "knowledge-training", "technician-3", "--by", "nobody", "--result", "pass"),
            "nobody called 'nobody' is in the site file",
        ),
        (
            (
                "done",
                "knowledge-training",
                "technician-3",
                "--by",
                "quality-1",
                "--result",
                "pass",
                "--on",
                "soon",
            ),
            "on must be a day of the calendar such as 2026-03-02, not 'soon'",
        ),
    ],
)
def test_what_cannot_be_filed_is_told_in_a_sentence(command, tmp_path, words, says):
    status, out, err = command(*words)

    assert (status, out) == (1, [])
    assert says in "\n".join(err)
    assert completions(tmp_path) == []


def test_a_certificate_is_kept_beside_the_journal_and_a_program_is_not(command, tmp_path):
    (tmp_path / "cert.pdf").write_bytes(b"%PDF-1.7 x")
    (tmp_path / "cert.exe").write_bytes(b"MZ")
    words = ("done", "hood-certification", "bsc-1", "--by", "quality-1", "--result", "pass", "--attach")

    command(*words, tmp_path / "cert.pdf", "--certificate", "C-1", "--done-by", "Example Certifiers")
    refused = command(*words, tmp_path / "cert.exe", "--run", 2)

    assert (refused[0], "may not be attached" in refused[2][0]) == (1, True)
    (filed,) = completions(tmp_path)
    (digest,) = filed.attachments
    assert (tmp_path / "attachments" / f"{digest}.pdf").read_bytes() == b"%PDF-1.7 x"
    assert (filed.certificate, filed.done_by) == ("C-1", "Example Certifiers")


def test_a_table_is_tried_then_filed_and_what_is_wrong_is_named_both_times(command, tmp_path):
    raw = competencies().replace(b";fingertip test;12/1/2025;", b";fingertip test;2/30/2026;", 1)
    (tmp_path / "log.csv").write_bytes(raw)
    words = ("import", tmp_path / "log.csv", "--by", "quality-1")
    says = "'2/30/2026' is a day that does not exist; look it up"

    tried = command(*words, "--dry-run", "--dates", "mdy")
    nothing = completions(tmp_path)
    done = command(*words, "--dates", "mdy")

    assert (tried[0], nothing) == (1, [])
    assert tried[2] == done[2] == [f"{tmp_path}/log.csv:4:3: {says}"]
    count = len(completions(tmp_path))
    assert tried[1][-1] == f"{tmp_path}/log.csv: {count} can be filed, 1 lines with something wrong"
    assert done[1][-1] == f"{tmp_path}/log.csv: {count} filed, 1 lines with something wrong"
    assert count > 150


def test_what_was_exported_can_be_imported_elsewhere(command):
    command(*FILL, "--left", 2, "--right", 1, "--surface", 0)

    _, lines, _ = command("export")

    assert lines[0].startswith("subject,obligation,on,result,")
    assert lines[1].startswith("technician-3,aseptic-manipulation,2026-11-20,pass,")
    assert len(lines) == 2


def test_the_calendar_of_a_person_is_iCalendar(command):  # noqa: N802  # its name
    _, lines, _ = command("calendar", "--person", "technician-3")

    events = Calendar.from_ical("\r\n".join(lines)).walk("VEVENT")
    assert "Technician 3: media fill" in {str(event["SUMMARY"]) for event in events}
    refused = command("calendar", "--person", "nobody")

    assert (refused[0], refused[1]) == (1, [])
    assert "nothing is kept for 'nobody'; known are" in refused[2][0]


def test_the_list_of_the_page_is_taken_as_it_stands_there(command, tmp_path):
    text = DRUGS.read_text(encoding="utf-8")
    (tmp_path / "hd.csv").write_text(text.partition("```csv\n")[2].partition("```")[0], encoding="utf-8")

    tried = command("drugs", tmp_path / "hd.csv", "--by", "pharmacist-1", "--dry-run")
    done = command("drugs", tmp_path / "hd.csv", "--by", "pharmacist-1")

    assert tried[1][-1] == f"{tmp_path}/hd.csv: 2 drugs can be listed"
    assert done[1][-1] == f"{tmp_path}/hd.csv: 2 drugs listed"
    with Reader(tmp_path / "journal.db") as reader:
        assert [drug.name for drug in reader.drugs()] == ["Example-hormone", "Example-platin"]


def test_a_journal_beside_which_nothing_can_be_written_is_told(command, tmp_path):
    shutil.rmtree(tmp_path / "attachments", ignore_errors=True)
    (tmp_path / "attachments").write_text("in the way", encoding="utf-8")
    (tmp_path / "cert.pdf").write_bytes(b"%PDF-1.7 x")

    verdict = ("--left", 0, "--right", 0, "--surface", 0)
    status, out, err = command(*FILL, *verdict, "--attach", tmp_path / "cert.pdf")

    assert (status, out) == (1, [])  # no verdict of what is not on file
    assert "the folder must be writable and have room" in err[0]


def test_a_verdict_is_not_told_of_what_the_core_refuses(command):
    status, out, err = command(
        *FILL, "--left", 0, "--right", 0, "--surface", 0, "--on", "2026-11-21", "--run", 2
    )

    assert (status, out) == (1, [])
    assert err[0].startswith("2026-11-21 has not come yet")
