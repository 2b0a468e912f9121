"""Files of evidence: what is taken, what is refused, and that what is kept is what was given."""

from hashlib import sha256

import pytest

from hdmonitor.attachments import NotAttached, find, keep, keep_file

TAKEN = "attach a PDF, a picture (JPEG, PNG) or a table (CSV, TXT)"
PDF = b"%PDF-1.7\nreport"


def test_a_report_is_kept_under_its_hash_and_found_again(tmp_path):
    digest = keep(tmp_path / "attachments", "Report.PDF", PDF)

    assert digest == sha256(PDF).hexdigest()
    assert find(tmp_path / "attachments", digest) == (
        tmp_path / "attachments" / f"{digest}.pdf",
        "application/pdf",
    )
    assert keep(tmp_path / "attachments", "again.pdf", PDF) == digest


def test_a_file_that_was_changed_afterwards_is_not_shown_as_the_evidence(tmp_path):
    digest = keep(tmp_path, "report.pdf", PDF)
    (tmp_path / f"{digest}.pdf").write_bytes(PDF + b"x")

    assert find(tmp_path, digest) is None


@pytest.mark.parametrize(
    ("name", "raw", "says"),
    [
        (
            "setup.exe",
            b"MZ",
            f"'setup.exe' may not be attached; {TAKEN}",
        ),
        (
            "page.html",
            b"<script>",
            f"'page.html' may not be attached; {TAKEN}",
        ),
        (
            "report.pdf",
            b"MZ\x90\x00",
            f"'report.pdf' is not what its name says; {TAKEN}",
        ),
        (
            "table.csv",
            b"a,b\x00",
            f"'table.csv' is not what its name says; {TAKEN}",
        ),
        ("empty.pdf", b"", "'empty.pdf' is empty; attach the file itself"),
    ],
)
def test_what_may_not_be_attached_is_refused_with_a_sentence(tmp_path, name, raw, says):
    with pytest.raises(NotAttached) as refused:
        keep(tmp_path / "attachments", name, raw)

    assert str(refused.value) == says
    assert not (tmp_path / "attachments").exists()


def test_a_file_of_200_mb_is_refused_without_reading_it(tmp_path):
    huge = tmp_path / "scan.pdf"
    with huge.open("wb") as file:
        file.truncate(200_000_000)

    with pytest.raises(NotAttached) as refused:
        keep_file(tmp_path / "attachments", huge)

    assert str(refused.value) == (
        "'scan.pdf' has 200,000,000 bytes, at most 20,000,000 are taken; scan it coarser, or split it"
    )


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(NotAttached, match=r"nothing\.pdf: No such file or directory; name a file"):
        keep_file(tmp_path, tmp_path / "nothing.pdf")
