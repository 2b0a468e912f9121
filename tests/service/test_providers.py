"""What providers of messages may do, and what comes of a flood: the real daemon, broker and HTTP."""

import json
import socket
import sys
import time

import paho.mqtt.client as paho
import pytest
from daemons import SITE, Daemon, site_text
from paho.mqtt.enums import CallbackAPIVersion
from servers import HttpSink, wait_until


@pytest.fixture
def sink():
    with HttpSink() as server:
        yield server


@pytest.fixture
def client(mosquitto):
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    wait_until(client.is_connected, 10)
    yield client
    client.disconnect()
    client.loop_stop()


def say(text):
    """Show figures to whoever runs this with -s."""
    sys.stdout.write(f"{text}\n")


def told(sink, path):
    return [(each.arrived, json.loads(each.body)) for each in sink.requests if each.path == path]


HOODS, FRIDGES, ROOMS = 5, 15, 180


def failing_site():
    """Return 5 hoods, 15 refrigerators and 180 cold rooms; two people are told of everything at once."""
    equipment, points = [], []
    now = 'limits: { alarm: { on_delay: "0s" } }'
    for n in range(HOODS):
        equipment.append(f"  bsc-{n}: {{ name: BSC {n}, kind: bsc-a2, room: store }}")
        points.append(
            f"  bsc-{n}.power: {{ at: bsc-{n}, measures: running, of: power, topic: hood/{n},"
            f' family: plain, field: value, unit: ON/OFF, every: "30s", {now} }}'
        )
    cold = 'family: plain, field: value, unit: degC, every: "60s"'
    for n in range(FRIDGES):
        equipment.append(f"  fridge-{n}: {{ name: Fridge {n}, kind: refrigerator, room: store }}")
        points.append(
            f"  fridge-{n}.temperature: {{ at: fridge-{n}, measures: temperature, topic: fridge/{n}, {cold},"
            ' limits: { warning: none, alarm: { on_delay: "0s" }, critical: { on_delay: "0s" } } }'
        )
    for n in range(ROOMS):
        equipment.append(f"  room-{n}: {{ name: Room {n}, kind: cold-storage, room: store }}")
        points.append(
            f"  room-{n}.temperature: {{ at: room-{n}, measures: temperature, topic: cold/{n},"
            f" {cold}, {now} }}"
        )
    both = (
        'steps: [{ after: "0s", notify: [phone, second] }, { after: "30m", notify: [third] }], repeat: "30m"'
    )
    third = "  third: { name: Third phone, person: keeper }\n"
    policies = "".join(f"  {response}: {{ {both} }}\n" for response in ("containment", "storage", "other"))
    site = SITE.format(equipment="\n".join(equipment), points="\n".join(points))
    return f"{site}{third}escalation:\n{policies}"


def test_two_hundred_points_that_fail_at_once_are_three_messages_for_each_person_criticals_first(
    tmp_path, mosquitto, client, sink
):
    """The first critical is at a destination within 2 s, though 150 others failed before it."""
    third = f"    third: json://127.0.0.1:{sink.port}/third\n"
    with Daemon(tmp_path, failing_site(), mosquitto.port, sink.url, more=third) as daemon:
        daemon.start()
        began = time.monotonic()
        for n in range(150):
            client.publish(f"cold/{n}", b"9.5", qos=1)
        first_critical = time.monotonic()
        for n in range(HOODS):
            client.publish(f"hood/{n}", b"OFF", qos=1)
        for n in range(FRIDGES):
            client.publish(f"fridge/{n}", b"16.5", qos=1)
        for n in range(150, ROOMS):
            client.publish(f"cold/{n}", b"9.5", qos=1).wait_for_publish(10)
        failed = time.monotonic()

        for path in ("/phone", "/second"):
            wait_until(lambda path=path: len(told(sink, path)) >= 3, 60)
        listed = daemon.command("alarms", "list", "--config=hdmonitor.yaml").stdout
        stopped = daemon.stop()

    assert len(listed.splitlines()) == 200, listed
    say(f"\n200 points failed within {failed - began:.2f} s")
    for path in ("/phone", "/second"):
        messages = told(sink, path)
        say(f"{path}: {len(messages)} messages")
        for at, body in messages:
            say(f"  {at - first_critical:6.2f} s after the first critical: {body['title']}")
            say("           | " + body["message"].replace("\n", "\n           | "))
        first, urgent, others = messages
        assert first[0] - first_critical < 2
        assert first[1]["title"].startswith(("BSC", "Fridge"))
        assert urgent[1]["title"].startswith("19 CRITICAL: ")
        assert "BSC 4 POWER LOST: hands out A" in urgent[1]["message"]
        assert others[1]["title"] == "180 alarms, Store: Room 0: 9.5 C, limit"
    assert stopped == 0


def test_a_provider_that_answers_200_and_drops_everything_delays_no_escalation(
    tmp_path, mosquitto, client, sink
):
    """What the first phone swallows is told to the second after as long as the policy says."""
    with Daemon(tmp_path, site_text(1, escalate_after="6s"), mosquitto.port, sink.url) as daemon:
        daemon.start()
        client.publish("cold/0", b"9.5", qos=1).wait_for_publish(10)
        wait_until(lambda: told(sink, "/second"), 30)
        daemon.stop()

    swallowed, escalated = told(sink, "/phone")[0], told(sink, "/second")[0]
    say(f"\ntaken by the first provider, escalated {escalated[0] - swallowed[0]:.2f} s later")
    assert 5 < escalated[0] - swallowed[0] < 9
    assert "Not answered since" in escalated[1]["message"]


def test_a_provider_that_hangs_makes_nobody_else_late(tmp_path, mosquitto, client, sink):
    with socket.create_server(("127.0.0.1", 0), backlog=8) as hanging:  # takes the connection, says nothing
        port = hanging.getsockname()[1]
        site = site_text(3).replace("notify: [phone]", "notify: [phone, second]")
        with Daemon(tmp_path, site, mosquitto.port, sink.url) as daemon:
            settings = daemon.directory / "hdmonitor.yaml"
            before = f"phone: json://127.0.0.1:{sink.port}/phone"
            settings.write_text(settings.read_text().replace(before, f"phone: json://127.0.0.1:{port}/phone"))
            daemon.start()
            delays = []
            for n in range(3):
                seen, began = len(told(sink, "/second")), time.monotonic()
                client.publish(f"cold/{n}", b"16.5", qos=1).wait_for_publish(10)
                wait_until(lambda seen=seen: len(told(sink, "/second")) > seen, 30)
                delays.append(told(sink, "/second")[-1][0] - began)
            shown = daemon.command("alarms", "list", "--config=hdmonitor.yaml").stdout
            daemon.kill()

    say(f"\nthe second phone, while the first hangs: {', '.join(f'{delay:.2f} s' for delay in delays)}")
    assert len(shown.splitlines()) == 3
    assert delays[0] < 2 + 2  # what is not critical waits 2 s for what starts together
    assert max(delays) < 20 + 2
