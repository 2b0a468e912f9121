"""Incidents, the call for help, the drug list and the spill drill, from the pages to the record and back."""

import json
import re
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from forms import get, post, words
from year import NOW, PROGRAMME, SITE, TODAY, ask, core_of, pages_of

from hdmonitor import evidence
from hdmonitor.catalogue import own_rules
from hdmonitor.cli import main
from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.due import all_due, by_key
from hdmonitor.compliance.following import following
from hdmonitor.compliance.incidents import STEPS, Amount, FirstAid, Incident, What
from hdmonitor.drug_list import drugs_asked, read_drugs
from hdmonitor.events import Complete, Kind
from hdmonitor.journal import Journal
from hdmonitor.monitor import Monitor
from hdmonitor.reader import Reader

DRUGS = (
    "Generic name,NIOSH table,Antineoplastic,MSHI,Reproductive,List version,Review date,SDS\n"
    "Example-platin,1,yes,no,no,NIOSH 2024,2026-01-20,https://sds.example/platin.pdf\n"
    "Example-hormone,2,no,no,yes,NIOSH 2024,2026-01-20,\n"
)
REPORT = {
    "what": "spill-and-exposure",
    "at": "2026-11-20T09:40",
    "place": "hd-buffer",
    "drug": "example-platin",
    "amount": "small",
    "person-technician-3": "yes",
    "first_aid": "eyes-rinsed",
    "kit": "kit 2",
    "reported_to": "pharmacist-2",
    "alarm": "",
    "note": "vial broke at the pass-through",
}


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "journal.db"
    drugs, problems = read_drugs(DRUGS.encode(), "hd.csv", today=TODAY)
    assert problems == []
    with core_of(path) as put:
        assert ask(put, evidence.drug_list(drugs, "pharmacist-1", "hd.csv", "0" * 64)) == ""
    return path


def follow_ups(path, on=TODAY):
    with Reader(path) as reader:
        filed, incidents = by_key(reader.completions()), reader.incidents()
    programme = following(PROGRAMME, [each.to_follow for each in incidents])
    return {
        due.obligation.id: (due.state(on).value, due.day.isoformat() if due.day else None)
        for due in all_due(programme, filed, on)
        if due.subject.id == f"I{incidents[0].number}"
    }


# --- reports ------------------------------------------------------------------------


def test_a_report_is_on_record_with_its_follow_ups_and_the_chain_does_not_name_who_was_exposed(journal):
    with pages_of(journal, "technician-1") as (url, cookies):
        status, text = post(url, cookies, "/incidents/report", "/incidents", REPORT)

    assert status == 200
    with Reader(journal) as reader:
        (incident,) = reader.incidents()
        told = [each.event for each in reader.events_after(0, 1000) if each.event.kind is Kind.INCIDENT]
        assert reader.verify() == []
    assert (incident.place, incident.drug) == ("hd-buffer", "example-platin")
    assert incident.people == ("technician-3",)
    assert incident.number == told[0].number
    assert "technician-3" not in json.dumps(told[0].detail)
    assert "eyes" not in json.dumps(told[0].detail)
    assert follow_ups(journal) == {
        "incident-evaluation": ("current", "2026-11-21"),
        "incident-medical": ("current", "2026-11-21"),
        "incident-kit": ("current", "2026-11-21"),
        "incident-action": ("current", "2026-12-20"),
    }
    assert f"I{incident.number}: Both, HD buffer" in words(text)


def test_follow_ups_outlive_a_restart_and_are_fulfilled_like_everything_else(journal):
    with pages_of(journal) as (url, cookies):
        post(url, cookies, "/incidents/report", "/incidents", REPORT)
    with Reader(journal) as reader:
        (incident,) = reader.incidents()
    done = Completion("incident-kit", f"I{incident.number}", TODAY, Result.PASS, "technician-1")

    with core_of(journal, NOW + timedelta(hours=2)) as put:
        assert ask(put, Complete(done)) == ""
        refused = ask(
            put, Complete(Completion("incident-medical", "I9999", TODAY, Result.PASS, "technician-1"))
        )

    assert follow_ups(journal)["incident-kit"] == ("done", None)
    assert refused.startswith("incident-medical is not kept for 'I9999'")
    with Reader(journal) as reader:
        ended = [(each.obligation, each.ended) for each in reader.occurrences() if each.ended]
    assert ("incident-kit", "completed") in ended
    assert ("incident-action", "moved") not in ended


def test_who_was_exposed_is_shown_to_themselves_and_to_who_oversees_only(journal):
    with pages_of(journal, "technician-1") as (url, cookies):
        post(url, cookies, "/incidents/report", "/incidents", REPORT)
    seen = {}
    for person in ("technician-2", "technician-3", "pharmacist-1"):
        with pages_of(journal, person) as (url, cookies):
            seen[person] = words(get(url, cookies, "/incidents").decode()).partition("Reports")[2]

    assert "Technician 3; eyes rinsed" not in seen["technician-2"]
    assert "Technician 3; eyes rinsed" in seen["technician-3"]
    assert "Technician 3; eyes rinsed" in seen["pharmacist-1"]
    assert "vial broke" not in seen["technician-2"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"what": ""}, "What happened? Choose one. Nothing was filed."),
        ({"place": "roof"}, "Where? Choose the room. Nothing was filed."),
        ({"drug": "aspirin"}, "This drug is not on the site"),
        ({"person-technician-3": ""}, "Who was exposed? Choose whoever it was, or report a spill."),
        ({"at": "2026-11-20T10:06"}, "2026-11-20T10:06 has not come yet; look at the clock."),
        (
            {"at": "0001-01-01T00:00+14:00"},
            "0001-01-01T00:00+14:00 is more than a year ago; look at the day.",
        ),
        ({"at": "0001-01-01T00:00"}, "0001-01-01T00:00 is more than a year ago; look at the day."),
        ({"at": "9999-12-31T23:59-14:00"}, "has not come yet; look at the clock."),
        ({"at": "2025-11-20T09:59"}, "2025-11-20T09:59 is more than a year ago; look at the day."),
        ({"at": "soon"}, "When? Write day and time."),
        ({"reported_to": "nobody"}, "To whom was it reported? Choose a person."),
        ({"alarm": "x"}, "is not the id of an alarm"),
        ({"amount": "ocean"}, "How much? Choose one."),
        ({"first_aid": ""}, "Which first aid? Choose one."),
    ],
)
def test_a_report_that_is_not_one_is_refused_with_a_sentence(journal, change, says):
    with pages_of(journal) as (url, cookies):
        status, text = post(url, cookies, "/incidents/report", "/incidents", {**REPORT, **change})

    assert status == 422
    assert says in text
    with Reader(journal) as reader:
        assert reader.incidents() == []


INCIDENT = Incident(
    number=0,
    what=What.SPILL,
    at=NOW,
    place="hd-buffer",
    people=(),
    drug="",
    amount=Amount.SMALL,
    kit="",
    first_aid=FirstAid.NONE,
    reported_to="pharmacist-2",
    alarm="",
    note="",
    filed_by="technician-1",
    filed_at=NOW,
)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (NOW - timedelta(days=365), ""),
        (
            NOW - timedelta(days=365, seconds=1),
            "at of this incident is more than a year ago; look at the day",
        ),
        (NOW + timedelta(minutes=5), ""),
        (NOW + timedelta(minutes=5, seconds=1), "at of this incident has not come yet; look at the clock"),
        (
            datetime.fromisoformat("0001-01-01T00:00+14:00"),
            "at of this incident is more than a year ago; look at the day",
        ),
        (
            datetime.fromisoformat("9999-12-31T23:59-14:00"),
            "at of this incident has not come yet; look at the clock",
        ),
    ],
)
def test_the_core_files_no_moment_that_cannot_be(journal, at, why):
    with core_of(journal) as put:
        assert ask(put, evidence.report(replace(INCIDENT, at=at), "0" * 32)) == why
        drill = evidence.drill_started("d", "technician-1", at)
        assert ask(put, drill) == why.replace("at of this incident", "started_at of this drill")
    with Reader(journal) as reader:
        assert len(reader.incidents()) == len(reader.drills()) == (0 if why else 1)


def test_rows_that_cannot_be_read_are_left_out_with_a_sentence_and_the_site_is_watched(journal, caplog):
    with core_of(journal) as put:
        assert ask(put, evidence.report(INCIDENT, "0" * 32)) == ""
    database = sqlite3.connect(journal)
    columns = [row[1] for row in database.execute("PRAGMA table_info(incident)")]

    def copied(number, **other):
        values = ", ".join(f"'{other[each]}'" if each in other else each for each in columns[1:])
        database.execute(f"INSERT INTO incident SELECT {number}, {values} FROM incident LIMIT 1")

    assert columns[0] == "number"
    copied(900, at=-62135647200000000 * 100)
    copied(901, what="flood")
    database.execute(
        "INSERT INTO completion SELECT 902, 'eyewash-flush', 'eyewash-1', '0000-00-00', 1, 'pass',"
        " 'technician-1', 0, '', '', '', '{}', '', '', '[]', '', NULL"
    )
    database.commit()
    database.close()

    with core_of(journal) as put:
        assert ask(put, evidence.report(INCIDENT, "1" * 32)) == ""
    with pages_of(journal) as (url, cookies):
        page = words(get(url, cookies, "/incidents").decode())
        get(url, cookies, "/compliance")

    assert "I900: Spill, HD buffer" in page
    assert "I901" not in page
    assert "an incident that begins (901, 'flood'" in caplog.text
    assert "a completion that begins (902, 'eyewash-flush', 'eyewash-1') cannot be read" in caplog.text


def test_an_incident_cannot_be_edited_or_removed(journal):
    with pages_of(journal) as (url, cookies):
        post(url, cookies, "/incidents/report", "/incidents", REPORT)
    writer = Journal.open(journal)
    for change in ("UPDATE incident SET kit = ''", "DELETE FROM incident"):
        with pytest.raises(Exception, match="incidents are not"):
            writer._database.execute(change)
    writer.close()


def test_the_button_calls_help_and_a_person_ends_it(journal):
    with pages_of(journal, "technician-1") as (url, cookies):
        status, text = post(url, cookies, "/incidents/help", "/incidents", {"room": "hd-buffer"})
        over = post(url, cookies, "/incidents/help", "/incidents", {"room": "hd-buffer", "is": "over"})
        nowhere = post(url, cookies, "/incidents/help", "/incidents", {"room": "roof"})

    assert (status, "Help was called to HD buffer" in text) == (200, True)
    assert (over[0], "Help was called" in over[1]) == (200, False)
    assert (nowhere[0], "Which room? Choose one. Nobody was called." in nowhere[1]) == (422, True)
    with Reader(journal) as reader:
        titles = [row.notice.title for row in reader.owed("phone", NOW)]
        helps = [each.event.detail for each in reader.events_after(0, 1000) if each.event.kind is Kind.HELP]
    assert "HELP, ALONE: HD buffer" in titles
    assert helps == [{"by": "technician-1", "is": "called"}, {"by": "technician-1", "is": "over"}]


# --- hazardous drugs ------------------------------------------------------------------


def test_everybody_reads_the_list_with_the_handling_its_table_asks_for(journal):
    with pages_of(journal, "technician-9") as (url, cookies):
        text = words(get(url, cookies, "/hazardous-drugs").decode())

    assert "Table 1, antineoplastic Full containment; no assessment of risk once it is manipulated." in text
    assert (
        "Table 2, risk to reproduction only Full containment, unless an assessment of risk says otherwise."
        in text
    )
    assert text.index("Example-platin") < text.index("Example-hormone")


def test_a_new_list_takes_the_place_of_the_old_one_which_is_kept(journal):
    drugs, _ = read_drugs(DRUGS.encode(), "hd.csv", today=TODAY)
    with core_of(journal) as put:
        assert ask(put, evidence.drug_list(drugs[:1], "pharmacist-1", "hd-2.csv", "1" * 64)) == ""

    with Reader(journal) as reader:
        assert [drug.name for drug in reader.drugs()] == ["Example-platin"]
        lists = [
            each.event.detail for each in reader.events_after(0, 1000) if each.event.kind is Kind.DRUG_LIST
        ]
    assert [each["drugs"] for each in lists] == [2, 1]


@pytest.mark.parametrize(
    ("by", "may"),
    [
        ("pharmacist-1", True),
        ("manager-1", True),
        ("administrator-1", True),
        ("technician-1", False),
        ("quality-1", False),
        ("", False),
    ],
)
def test_the_list_is_replaced_by_those_who_may(by, may):
    people = dict(SITE.people)
    for role in ("manager", "administrator"):
        people[f"{role}-1"] = replace(people["pharmacist-1"], id=f"{role}-1", role=role)
    monitor = Monitor(replace(SITE, people=people), own_rules(), NOW)
    drugs, _ = read_drugs(DRUGS.encode(), "hd.csv", today=TODAY)

    outcome = monitor.handle([evidence.drug_list(drugs, by, "hd.csv", "0" * 64)], NOW)

    assert len(outcome.records) == (2 if may else 0)
    refused = "the list of hazardous drugs is replaced by a pharmacist, a manager or an administrator"
    assert [event.detail.get("reason") for event in outcome.events] == [None if may else refused]


def test_a_request_with_a_list_that_no_command_wrote_is_refused():
    body = {"do": "drugs", "by": "lee", "file": "x", "sha256": "0"}

    assert drugs_asked(body) == "'drugs' must give by, file, sha256, list as text, and nothing else"
    for wrong in ("", "{}", "[]", '[{"name": "x"}]', '[{"name": 3}]'):
        assert drugs_asked({**body, "list": wrong}) == (
            "this is no list of drugs; send it with: hdmonitor compliance drugs"
        )


def test_half_a_list_is_not_taken(tmp_path, capsys):
    (tmp_path / "hd.csv").write_text(DRUGS + "Bad,9,yes,,,v,2026-01-20,\n", encoding="utf-8")
    config = tmp_path / "hdmonitor.yaml"
    config.write_text("record: { journal: journal.db, socket: c.sock }\n", encoding="utf-8")
    site = ["--site", "tests/sites/year.yaml", "--config", str(config)]

    status = main(["compliance", "drugs", str(tmp_path / "hd.csv"), "--by", "pharmacist-1", *site])

    assert status == 1
    told = capsys.readouterr().err
    assert "hd.csv:4:2: '9' is no table; write 1, 2 or site" in told
    assert "1 lines with something wrong; the list stays as it was" in told


# --- the drill ------------------------------------------------------------------------


def drill(url, cookies, **fields):
    post(url, cookies, "/drills/spill/start", "/drills/spill", {})
    page = get(url, cookies, "/drills/spill").decode()
    id_ = re.search(r'name="drill" value="([^"]+)"', page)[1]
    return post(url, cookies, "/drills/spill/stop", "/drills/spill", {"drill": id_, **fields})


def test_a_drill_files_itself_for_the_site_and_for_who_took_part(journal):
    everything = {f"step-{step}": "yes" for step in STEPS}
    people = {"person-technician-8": "yes", "person-technician-1": "yes"}
    with pages_of(journal) as (url, cookies):
        status, text = drill(url, cookies, **everything, **people)

    assert status == 200
    assert "14 of 14 steps Technician 1, Technician 8" in words(text)
    with Reader(journal) as reader:
        filed = [(each.obligation, each.subject, each.result.value) for each in reader.completions()]
        assert reader.verify() == []
    assert filed == [
        ("spill-drill", "site", "pass"),
        ("oncology-spill-simulation", "technician-8", "pass"),
    ]


def test_a_drill_with_a_step_left_out_fails_and_says_which(journal):
    most = {f"step-{step}": "yes" for step in STEPS if step != "guard"}
    with pages_of(journal) as (url, cookies):
        drill(url, cookies, **most, **{"person-technician-1": "yes"})
        again = drill(url, cookies, **most, **{"step-guard": "yes", "person-technician-1": "yes"})

    assert again[0] == 200
    with Reader(journal) as reader:
        filed = [(each.result.value, each.remark, each.run) for each in reader.completions()]
    assert filed == [("fail", "not done: guard", 1), ("pass", "", 2)]


def test_a_drill_without_people_goes_on_and_a_second_one_cannot_start(journal):
    with pages_of(journal) as (url, cookies):
        status, text = drill(url, cookies)
        second = post(url, cookies, "/drills/spill/start", "/drills/spill", {})

    assert (status, "Who took part? Choose them; the clock still runs." in text) == (422, True)
    assert (second[0], "A drill is running already. Stop it first." in second[1]) == (409, True)


def test_a_site_without_a_calendar_reports_incidents_all_the_same():
    monitor = Monitor(SITE, own_rules(), NOW)
    told = ("hd-buffer", (), "", Amount.SMALL, "", FirstAid.NONE, "pharmacist-1", "", "", "pharmacist-1")
    entry = evidence.report(Incident(0, What.SPILL, NOW, *told, NOW), "salt")

    outcome = monitor.handle([entry], NOW)

    assert [event.kind for event in outcome.events] == [Kind.INCIDENT]
    assert outcome.occurrences == []
