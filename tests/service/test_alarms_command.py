"""`hdmonitor alarms`: the site's local time, the units of its rules, and what is not over with an act."""

import shutil
from pathlib import Path

import pytest
from pages import bad_morning

from hdmonitor.adapters.control import ControlServer
from hdmonitor.cli import main

SITE = Path(__file__).parents[2] / "config" / "site.yaml"


@pytest.fixture(scope="module")
def morning(tmp_path_factory):
    path = tmp_path_factory.mktemp("morning") / "journal.db"
    bad_morning(path)
    return path


@pytest.fixture
def alarms(morning, tmp_path, capsys):
    """Give what a command prints."""
    shutil.copy(morning, tmp_path / "journal.db")
    config = tmp_path / "hdmonitor.yaml"
    config.write_text("record: { journal: journal.db, socket: c.sock }\n", encoding="utf-8")

    def alarms(*words, site=SITE):
        site_of = ["--site", str(site)] if words[0] in ("list", "show") else []
        status = main(["alarms", *words, "--config", str(config), *site_of])
        printed = capsys.readouterr()
        return status, printed.out.splitlines(), printed.err

    return alarms


def name_of(lines, words):
    return next(line.split()[0] for line in lines if words in line)


def test_the_list_tells_the_time_at_the_site(alarms):
    _, lines, _ = alarms("list")

    (loss,) = [line for line in lines if "STOP HD WORK" in line]
    assert loss.split(maxsplit=1)[1] == (
        "ACTIVE, technician       2026-03-02 07:42:20 EST  STOP HD WORK: HD buffer not negative"
    )


def test_an_alarm_is_shown_in_the_unit_of_its_rule_with_the_canonical_one_beside_it(alarms):
    _, lines, _ = alarms("list")

    status, shown, _ = alarms("show", name_of(lines, "STOP HD WORK"))
    assert status == 0
    assert shown[1] == "ACTIVE, technician; hd-buffer.pressure, rule 800-P1 v1, PRACTICE"
    assert shown[2] == (
        "2026-03-02 07:42:20 EST  moved        pending -> active, level critical,"
        " limit -0.002 in (-0.498178 Pa), name lost, side high, value -0.001 in (-0.2 Pa)"
    )
    assert "2026-03-02 07:50:00 EST  acknowledged by technician, note on my way, where answer" in shown


def test_moments_within_an_event_are_local_too(alarms):
    _, lines, _ = alarms("list")

    _, shown, _ = alarms("show", name_of(lines, "HD ante-room pressure weak"))
    (excursion,) = [line for line in shown if "name weak" in line and "excursion" in line]
    assert "start 2026-03-02 07:10:00 EST" in excursion
    assert "end 2026-03-02 07:20:00 EST" in excursion


def test_alarms_can_be_read_without_a_site_file(alarms, tmp_path):
    status, lines, told = alarms("list", site=tmp_path / "none.yaml")

    assert status == 0
    assert name_of(lines, "2026-03-02 12:42:20 UTC")
    assert told == (
        f"{tmp_path / 'none.yaml'} cannot be used, see: hdmonitor check; times are UTC, units canonical\n"
    )


@pytest.mark.parametrize(
    ("title", "more"),
    [
        ("STOP HD WORK", "; still outside: it arms again with the next reading"),
        ("HD ante-room pressure weak", ""),
    ],
)
def test_closing_says_whether_the_value_is_still_outside(alarms, tmp_path, title, more):
    _, lines, _ = alarms("list")
    name = name_of(lines, title)

    with ControlServer(tmp_path / "c.sock", lambda asked: asked.reply.put(""), failed=print):
        status, said, _ = alarms("close", name, "--by", "pharmacist", "--note", "seen to")

    assert (status, said) == (0, [f"{name}: closed by pharmacist{more}"])
