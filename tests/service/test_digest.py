"""The daily digest on the whole daemon: one that was missed comes at the next start, once."""

import json
import sqlite3

from daemons import Daemon, site_text
from servers import HttpSink, wait_until


def test_a_digest_that_was_missed_is_delivered_once_at_the_next_start(tmp_path, mosquitto):
    site = site_text(1).replace("subpart-p }", 'subpart-p, digest: { at: "00:00", notify: [second] } }')
    with HttpSink() as sink, Daemon(tmp_path, site, mosquitto.port, sink.url) as daemon:
        daemon.start(until="watching 1 points")
        assert daemon.stop() == 0
        assert sink.requests == []
        with sqlite3.connect(daemon.journal) as journal:
            journal.execute("""INSERT OR REPLACE INTO state VALUES ('daily', '"2026-01-01"')""")
        journal.close()

        daemon.start(until="watching 1 points")
        wait_until(lambda: sink.requests, 20)
        assert daemon.stop() == 0
        daemon.start(until="watching 1 points")
        assert daemon.stop() == 0

    (request,) = sink.requests
    message = json.loads(request.body)
    assert (request.path, message["title"]) == ("/second", "Test: 0 open, 0 to document")
    assert message["message"] == (
        "No alarm open. Blind: Room 0. Nothing new in 24 h. See: hdmonitor alarms list"
    )
