"""Files that cannot be a journal, disks that are full, writers that die: a clear sentence, nothing lost."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from service.journal_parts import SECOND, T, event, notice, reading, stored, verified, write

import hdmonitor.journal
import hdmonitor.reader
from hdmonitor.events import About, Kind, Outcome
from hdmonitor.journal import Journal, JournalRefused, Reader
from hdmonitor.model import Quality
from hdmonitor.reader import schema

NEWEST = len(schema())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def written(path: Path) -> None:
    """Leave a journal of 200 readings and one event, closed."""
    journal = Journal.open(path)
    readings = [reading(n / 10, T + n * SECOND) for n in range(200)]
    journal.commit(Outcome(readings=readings, events=[event(1)]), at=T)
    journal.close()


def refusal(path: Path) -> str:
    with pytest.raises(JournalRefused) as refused:
        Journal.open(path)
    return str(refused.value)


# --- what is no journal ---------------------------------------------------------


def test_a_text_file_is_no_journal_and_stays_as_it_is(path):
    path.write_text("room,temperature\n" * 100)

    assert "is not a journal; name another file, or move this one away" in refusal(path)
    assert path.read_text() == "room,temperature\n" * 100


def test_a_database_of_another_program_is_not_touched(path):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE meta (version)")
    other.close()
    before = path.read_bytes()

    assert refusal(path) == f"{path}: this is a database of another program; name another file"
    assert path.read_bytes() == before


def test_a_journal_of_a_newer_version_is_refused_by_writer_and_reader(path):
    written(path)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("UPDATE meta SET version = 99")
    database.close()

    assert f"a newer hdmonitor wrote this journal (version 99, this one knows {NEWEST})" in refusal(path)
    with pytest.raises(JournalRefused, match="install the newer one again"):
        Reader(path)


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    assert refusal(tmp_path / "away" / "journal.db") == (
        f"{tmp_path}/away/journal.db.lock: No such file or directory;"
        " the folder of the journal must exist and be writable"
    )


def test_a_folder_is_no_journal(tmp_path):
    (tmp_path / "journal.db").mkdir()

    assert "cannot be opened" in refusal(tmp_path / "journal.db")


def test_an_empty_file_becomes_a_journal(path):
    path.touch()

    Journal.open(path).close()

    with Reader(path) as reader:
        assert reader.verify() == []


def test_a_reader_says_that_there_is_no_journal_yet(path):
    with pytest.raises(JournalRefused, match="there is no journal; start the daemon once"):
        Reader(path)
    assert not path.exists()


def test_a_reader_refuses_a_file_that_the_daemon_has_not_made_a_journal_yet(path):
    path.touch()

    with pytest.raises(JournalRefused, match=f"a journal of version 0, this hdmonitor reads {NEWEST}"):
        Reader(path)


# --- damage, rights, space ---------------------------------------------------------


def test_a_damaged_page_is_reported_as_damage_wherever_it_is(path):
    written(path)
    whole = path.read_bytes()
    pages = len(whole) // 4096

    found = []
    for page in range(1, pages):
        path.write_bytes(whole[: page * 4096] + b"\xff" * 4096 + whole[(page + 1) * 4096 :])
        found.append(first_refusal(path))

    assert pages > 20
    assert sum("is damaged; keep a copy of it" in each for each in found) > 5
    assert all(each == "" or "is damaged; keep a copy of it" in each for each in found)


def first_refusal(path: Path) -> str:
    """Open the journal, read all of it, and return the first sentence against it."""
    try:
        journal = Journal.open(path)
    except JournalRefused as refused:
        return str(refused)
    try:
        journal.restore()
        stored(journal)
        verified(journal)
    except JournalRefused as refused:
        return str(refused)
    finally:
        journal.close()
    return ""


def test_a_journal_whose_first_page_is_gone_is_no_journal(path):
    written(path)
    with path.open("r+b") as file:
        file.write(b"\xff" * 4096)

    assert "is not a journal" in refusal(path)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """Give a folder that a user without rights can reach."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def without_rights() -> Iterator[None]:
    """Be nobody for a while where the tests are run by root, whom no mode stops."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_journal_that_may_only_be_read_is_refused_at_the_start(public_folder):
    path = public_folder / "journal.db"
    written(path)
    path.chmod(0o444)
    (public_folder / "journal.db.lock").chmod(0o666)

    with without_rights():
        assert "cannot be written; let the user of hdmonitor write the file and its folder" in refusal(path)


def test_a_folder_that_may_only_be_read_is_refused_at_the_start(public_folder):
    public_folder.chmod(0o555)

    with without_rights():
        assert "Permission denied; the folder of the journal must exist and be writable" in refusal(
            public_folder / "journal.db"
        )


def test_a_commit_for_which_there_is_no_room_changes_nothing_and_the_next_one_works(path):
    journal = Journal.open(path)
    write(journal, reading())
    before = journal.restore()
    (pages,) = journal._database.execute("PRAGMA page_count").fetchone()
    journal._database.execute(f"PRAGMA max_page_count = {pages + 3}")
    large = Outcome(
        readings=[reading(5.0, T + n * SECOND, f"point-{n}") for n in range(2000)],
        events=[event(1)],
        notices=[notice(1)],
        states={"case:a": 1},
    )

    with pytest.raises(JournalRefused, match="the disk is full; free some space and start again"):
        journal.commit(large, at=T + SECOND)

    assert journal.restore() == before
    assert stored(journal) == [reading()]
    assert verified(journal) == []
    journal._database.execute("PRAGMA max_page_count = 1000000")
    journal.commit(large, at=T + SECOND)
    assert len(stored(journal)) == 2001
    assert len(journal.restore().heard) == 2001
    assert verified(journal) == []
    journal.close()


FILL = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from service.journal_parts import SECOND, T, event, reading, stored, verified
from hdmonitor.events import Outcome
from hdmonitor.journal import Journal, JournalRefused

folder = Path(sys.argv[1])
(folder / "ballast").write_bytes(bytes(100_000))
journal = Journal.open(folder / "journal.db")
number = 0
try:
    while True:
        readings = [reading(n, T + number * SECOND, f"point-{n}") for n in range(100)]
        journal.commit(Outcome(readings=readings, events=[event(number + 1)]), at=T)
        number += 1
except JournalRefused as refused:
    print(refused)
print(number > 3, len(stored(journal)) == 100 * number, journal.restore().next_event == number + 1)
journal.close()
(folder / "ballast").unlink()
journal = Journal.open(folder / "journal.db")
print(len(stored(journal)) == 100 * number, journal.restore().next_event == number + 1, verified(journal))
"""


def test_a_really_full_disk_refuses_the_commit_and_keeps_everything_before_it(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = f"mount -t tmpfs -o size=1m none {folder} && exec "
    try:
        subprocess.run(["unshare", "-rm", "sh", "-c", f"{mount} true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no small disk can be mounted here; the limit on pages stands in for it")

    script = [sys.executable, "-c", FILL, str(folder), str(Path(__file__).parents[1])]
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount + '"$@"', "sh", *script],
        text=True,
        capture_output=True,
        check=True,
    )

    sentence, then, after = ran.stdout.splitlines()
    assert sentence.startswith(f"{folder}/journal.db: the journal cannot grow, the disk is full")
    assert then == "True True True"
    assert after == "True True []"


# --- one writer ------------------------------------------------------------------------


def test_a_second_writer_is_refused_until_the_first_is_gone(path):
    journal = Journal.open(path)

    assert refusal(path) == (
        f"{path}: another hdmonitor (process {os.getpid()}) writes this journal;"
        " stop it, or name another file"
    )
    write(journal, reading())
    journal.close()
    journal = Journal.open(path)
    assert stored(journal) == [reading()]
    journal.close()


# --- versions ----------------------------------------------------------------------------


def test_a_journal_of_version_1_opens_with_all_it_holds(path):
    old = sqlite3.connect(path)
    old.executescript(Path(__file__).with_name("journal_v1.sql").read_text())
    old.close()

    journal = Journal.open(path)

    assert verified(journal) == []
    assert stored(journal) == [
        reading(5.0),
        reading(9.4, T + 60 * SECOND),
        reading(None, T + 120 * SECOND, quality=Quality.FAULT, fault="sensor-disconnected"),
    ]
    restored = journal.restore()
    assert restored.next_event == 4
    assert restored.states == {"case:fridge|659-1": {"phase": "active"}}
    assert restored.heard["fridge"].value == 9.4
    with journal.reader() as reader:
        alarm, events, notices = reader.alarm("A2")
        assert [each.event.kind for each in events] == [Kind.MOVED, Kind.CALLED]
        assert (alarm.title, alarm.active) == ("HD Fridge 2: 9.4 °C", True)
        assert [(row.notice.about, row.attempts, row.answer) for row in notices] == [
            (About.OPENED, 1, "timed out")
        ]
        assert len(reader.quarantined()) == 1
        assert len(reader.excursions()) == 1
        assert reader.cursor("influx.reading") == 2
    journal.close()


@pytest.fixture
def next_version(monkeypatch):
    """Pretend that a release after this one brought another script."""

    def bring(script: str) -> None:
        scripts = [*schema(), script]
        for module in (hdmonitor.journal, hdmonitor.reader):
            monkeypatch.setattr(module, "schema", lambda: scripts)

    return bring


def test_the_next_version_is_reached_by_its_script_once(path, next_version):
    written(path)
    next_version("ALTER TABLE reading ADD COLUMN suspect INTEGER;")
    with pytest.raises(
        JournalRefused, match=f"of version {NEWEST}, this hdmonitor reads {NEWEST + 1}; start the daemon once"
    ):
        Reader(path)

    for _ in range(2):
        journal = Journal.open(path)
        assert journal._database.execute("SELECT version FROM meta").fetchone() == (NEWEST + 1,)
        assert len(stored(journal)) == 200
        journal.close()


def test_a_script_that_fails_leaves_the_journal_of_the_version_before(path, next_version, monkeypatch):
    written(path)
    next_version("CREATE TABLE extra (a);\nCREATE TABLE reading (a);")

    assert "table reading already exists" in refusal(path)

    monkeypatch.undo()
    journal = Journal.open(path)
    assert journal._database.execute("SELECT version FROM meta").fetchone() == (NEWEST,)
    assert journal._database.execute("SELECT 1 FROM sqlite_master WHERE name = 'extra'").fetchone() is None
    assert len(stored(journal)) == 200
    journal.close()


def test_no_seq_is_given_twice_though_the_newest_readings_of_version_1_are_gone(path):
    old = sqlite3.connect(path, isolation_level=None)
    old.executescript(Path(__file__).with_name("journal_v1.sql").read_text())
    (newest,) = old.execute("SELECT seq FROM sqlite_sequence WHERE name = 'reading'").fetchone()
    old.execute("DELETE FROM reading WHERE seq = ?", (newest,))
    old.close()

    journal = Journal.open(path)
    journal.commit(Outcome(readings=[reading(6.0, T + 3600 * SECOND)]), at=T)

    assert journal._database.execute("SELECT max(seq) FROM reading").fetchone() == (newest + 1,)
    journal.close()


# --- sudden death ---------------------------------------------------------------------------

COMMITTING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from service.journal_parts import SECOND, T, event, notice, reading
from hdmonitor.events import Outcome
from hdmonitor.journal import Journal, Receipt

journal = Journal.open(Path(sys.argv[1]))
number = journal.restore().next_event
while True:
    at = T + number * SECOND
    outcome = Outcome(
        readings=[reading(number / 10, at, f"point-{n}") for n in range(20)],
        events=[event(number)],
        notices=[notice(number, alarm=f"A{number}")],
        states={"number": number},
    )
    journal.commit(outcome, receipts=[Receipt(number, "t", b"d")], at=at)
    print(number, flush=True)
    number += 1
"""


def test_a_writer_killed_at_20_random_moments_lost_nothing_it_had_confirmed(path):
    committed = 0
    for _ in range(20):
        confirmed = committed + killed_after(path, random.randrange(30))

        journal = Journal.open(path)
        restored = journal.restore()
        committed = restored.next_event - 1
        assert confirmed <= committed <= confirmed + 1  # one may have been in flight
        assert verified(journal) == []
        readings = stored(journal)
        assert len({(each.point, each.measured_at) for each in readings}) == len(readings) == 20 * committed
        assert restored.states == ({"number": committed} if committed else {})
        assert restored.stopped_at == (T + committed * SECOND if committed else None)
        with journal.reader() as reader:
            owed = [each.notice.event for each in reader.owed("phone", T, limit=10_000)]
        assert owed == list(range(1, committed + 1))
        journal.close()
    assert committed > 20


def killed_after(path: Path, commits: int) -> int:
    """Kill a committing process some microseconds after so many commits; return how many it confirmed."""
    arguments = [sys.executable, "-c", COMMITTING, str(path), str(Path(__file__).parents[1])]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as child:
        for _ in range(commits):
            child.stdout.readline()
        time.sleep(random.random() / 200)  # anywhere inside a commit
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read()
    return commits + rest.count("\n")


def test_a_disk_so_full_that_no_journal_opens_is_said_to_be_full_perhaps(tmp_path):
    """SQLite calls it an I/O error when its shared memory has no room, as at a start on a full disk."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE

    with (
        pytest.raises(JournalRefused, match="see whether the disk is full or failing"),
        hdmonitor.reader.refusing(tmp_path / "journal.db"),
    ):
        raise error
