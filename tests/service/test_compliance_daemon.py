"""The calendar on the whole daemon: told once whatever happens, filed by the socket, shown by the command."""

import json
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import pytest
from daemons import Daemon, site_text
from servers import HttpSink, wait_until

from hdmonitor.adapters.control import ask
from hdmonitor.reader import Reader

PEOPLE = """  keeper: { name: Store keeper, role: technician }
  boss: { name: Chief, role: pharmacist }
"""


def site(category, at="00:00"):
    text = site_text(1).replace("  keeper: { name: Store keeper, role: technician }\n", PEOPLE)
    text = text.replace(
        "  second: { name: Second phone, person: keeper }", "  second: { name: Chief, person: boss }"
    )
    store = "  store: { name: Store, role: unclassified }\n"
    text = text.replace(store, f"{store}  buffer: {{ name: Buffer, role: buffer }}\n")
    text = text.replace("equipment:\n", "equipment:\n  lafw-1: { name: Hood 1, kind: lafw, room: buffer }\n")
    warmth = "at: buffer, measures: temperature, topic: buffer, family: plain, field: value, unit: degC"
    text = text.replace("points:\n", f'points:\n  buffer.t: {{ {warmth}, every: "1h" }}\n')
    return (
        text
        + f"""compliance:
  since: "2026-01-05"
  pharmacist_in_charge: boss
  at: "{at}"
  category: 2
  people:
    keeper: {{ roles: [compounder], category: {category}, hired: "2025-06-02" }}
  switched_off:
    - {{ obligation: knowledge-training, by: boss, second: keeper, signed: "2026-01-05", why: elsewhere }}
    - {{ obligation: garbing-fingertip, by: boss, second: keeper, signed: "2026-01-05", why: elsewhere }}
"""
    )


def told(sink, path):
    """Return what came to one phone about the media fill; one site-wide message stands beside it."""
    messages = [json.loads(each.body) for each in sink.requests if each.path == path]
    return [each["title"] for each in messages if "media fill" in f"{each['title']} {each['message']}"]


def delivered(daemon):
    """Tell whether every message is on record as taken: what a power cut leaves open is sent again."""
    with Reader(daemon.journal) as reader:
        return not reader.owing(["phone", "second"]).count


@pytest.mark.timeout(300)
def test_what_is_due_is_told_once_through_kill_and_restart_and_a_category_raised_is_told_at_once(
    tmp_path, mosquitto
):
    today = datetime.now(UTC).date()
    last = today - timedelta(days=100)  # more than three months, less than six
    with HttpSink() as sink, Daemon(tmp_path, site(2), mosquitto.port, sink.url) as daemon:
        daemon.start()
        wait_until(lambda: told(sink, "/phone") and delivered(daemon), 20)
        assert told(sink, "/phone") == ["Your media fill is not on record"]
        request = {
            "do": "complete",
            "obligation": "aseptic-manipulation",
            "subject": "keeper",
            "on": last.isoformat(),
            "by": "boss",
            "values": '{"growth": false, "left": 0, "right": 0, "surface": 0}',
            "result": "pass",
        }
        lost = ask(tmp_path / "control.sock", {**request, "attachments": "0" * 64})
        assert lost["refused"].startswith("no file with the SHA-256 0000000000")
        assert ask(tmp_path / "control.sock", request) == {"done": True}
        again = ask(tmp_path / "control.sock", request)
        assert "is on file for" in again["refused"]
        daemon.kill()
        daemon.start()
        assert daemon.stop() == 0
        assert told(sink, "/phone") == ["Your media fill is not on record"]
        shown = daemon.command(
            "compliance", "status", "--config=hdmonitor.yaml", "--site=site.yaml", "--json"
        )
        (state,) = [
            (each["state"], each["rule"])
            for each in json.loads(shown.stdout)
            if each["obligation"] == "aseptic-manipulation"
        ]
        assert state == ("current", "797-H5")

        (tmp_path / "site.yaml").write_text(site(3))
        daemon.start()
        wait_until(lambda: len(told(sink, "/phone")) > 1 and delivered(daemon), 20)
        daemon.kill()
        daemon.start()
        with urlopen(f"http://127.0.0.1:{daemon.web_port}/", timeout=20) as page:
            board = page.read().decode()
        assert "May not compound today</b> by the record: Store keeper (797-H6)." in board
        assert daemon.stop() == 0

        assert told(sink, "/phone") == ["Your media fill is not on record", "Your media fill is overdue"]
        shown = daemon.command(
            "compliance", "status", "--config=hdmonitor.yaml", "--site=site.yaml", "--person=keeper"
        )
        assert "STANDS AGAINST WORK\n  Store keeper (keeper): media fill overdue since" in shown.stdout
        assert "(797-H6, SHALL, secondary): no sterile compounding" in shown.stdout
        verified = daemon.command("verify", "--config=hdmonitor.yaml")
        assert verified.returncode == 0, verified.stderr
