"""The link to a real mosquitto: nothing confirmed too early, nothing lost, every trouble said once."""

import os
import shutil
import socket
import struct
import subprocess
import threading
from contextlib import ExitStack
from datetime import timedelta

import pytest
from links import NOW, STATUS, Core, Device, Heard, broker_at
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from servers import Mosquitto, free_port, wait_until

from hdmonitor.adapters import mqtt
from hdmonitor.adapters.mqtt import BrokerConfig, Link, Unusable
from hdmonitor.events import Condition
from hdmonitor.inbox import Arrivals, Arrived, CanaryBack, Linked, Told
from hdmonitor.model import Message

LASTING = "persistence true\npersistence_location {directory}/\n"


@pytest.fixture
def device(mosquitto):
    with Device(mosquitto.port) as device:
        yield device


@pytest.fixture
def core(mosquitto):
    with Core(broker_at(mosquitto.port)) as core:
        core.connected()
        yield core


# --- what arrives ----------------------------------------------------------------


def test_a_message_arrives_with_its_topic_payload_and_time(core, device):
    device.publish("cold/1", b"4.5")
    [arrived] = core.arrived(1)
    assert arrived.message == Message("cold/1", b"4.5", NOW, retained=False)
    assert (arrived.connection, arrived.duplicate) == (1, False)
    assert arrived.mid > 0


def test_a_message_of_qos_0_has_nothing_to_confirm(core, device):
    device.publish("cold/1", b"4.5", qos=0)
    [arrived] = core.arrived(1)
    assert arrived.mid == 0
    core.link.acknowledge(arrived)
    core.round_trip()


def test_a_retained_value_is_marked_and_comes_only_with_a_new_subscription(mosquitto, device):
    device.publish("cold/1", b"4.5", retain=True)
    with Core(broker_at(mosquitto.port)) as core:
        [arrived] = core.arrived(1)
        assert arrived.message.retained
        core.link.acknowledge(arrived)
        core.round_trip()
        core.link.rebuild()
        core.connected(times=2)
        device.publish("cold/1", b"5.0")
        assert [item.message.payload for item in core.arrived(2)] == [b"4.5", b"5.0"]


def test_a_payload_of_1_mb_arrives_whole(core, device):
    payload = os.urandom(1_000_000)
    device.publish("cold/camera", payload)
    assert core.arrived(1)[0].message.payload == payload


def test_messages_with_properties_of_mqtt_5_arrive_in_their_place(core, device):
    short, long = Properties(PacketTypes.PUBLISH), Properties(PacketTypes.PUBLISH)
    short.ContentType, long.UserProperty = "text/plain", [("unit", "degC")] * 20
    for value, properties in ((b"4.5", None), (b"4.6", short), (b"4.7", long), (b"4.8", None)):
        device.client.publish("cold/1", value, qos=1, properties=properties)
    core.arrived(4)
    assert core.payloads() == [b"4.5", b"4.6", b"4.7", b"4.8"]


def test_several_messages_are_confirmed_in_one_call(core, device):
    for value in range(3):
        device.publish("cold/1", str(value).encode())
    core.link.acknowledge(*core.arrived(3))
    core.round_trip()
    core.link.rebuild()
    core.connected(times=2)
    device.publish("cold/1", b"5.0")
    core.arrived(4)
    assert core.payloads() == [b"0", b"1", b"2", b"5.0"]


def test_what_nobody_wants_does_not_arrive(core, device):
    device.publish("warm/1", b"21")
    device.publish("cold/1", b"4.5")
    core.arrived(1)
    assert core.payloads() == [b"4.5"]


# --- confirming --------------------------------------------------------------------


def test_what_was_not_confirmed_comes_again_on_the_next_connection_with_the_same_id(core, device):
    device.publish("cold/1", b"4.5")
    [first] = core.arrived(1)
    core.link.rebuild()
    [_, again] = core.arrived(2)
    assert again == Arrived(first.message, connection=2, mid=first.mid, duplicate=True)


def test_what_was_confirmed_does_not_come_again(core, device):
    device.publish("cold/1", b"4.5")
    core.link.acknowledge(core.arrived(1)[0])
    core.round_trip()
    core.link.rebuild()
    core.connected(times=2)
    device.publish("cold/1", b"5.0")
    core.arrived(2)
    assert core.payloads() == [b"4.5", b"5.0"]


def test_a_confirmation_for_an_old_connection_confirms_nothing(core, device):
    device.publish("cold/1", b"4.5")
    [first] = core.arrived(1)
    core.link.rebuild()
    core.arrived(2)
    core.connected(times=2)
    core.link.acknowledge(first)
    core.round_trip()
    core.link.rebuild()
    third = core.arrived(3)[2]
    assert (third.connection, third.mid, third.duplicate) == (3, first.mid, True)


def test_confirming_without_a_connection_does_nothing(core, mosquitto, device):
    device.publish("cold/1", b"4.5")
    [arrived] = core.arrived(1)
    mosquitto.stop()
    core.wait(Linked, 2)
    core.link.acknowledge(arrived)
    assert not core.failures


# --- the lasting session -------------------------------------------------------------


def test_what_was_published_while_we_were_away_arrives(mosquitto, device):
    with Core(broker_at(mosquitto.port)) as core:
        assert not core.connected().session_present
    device.publish("cold/1", b"4.5")
    device.publish("cold/2", b"4.6")
    with Core(broker_at(mosquitto.port)) as core:
        core.arrived(2)
        assert core.payloads() == [b"4.5", b"4.6"]
        assert core.every(Linked)[0] == Linked(
            True,
            1,
            True,
            f"Connected to the broker at 127.0.0.1:{mosquitto.port} with MQTT 5; it kept our session.",
        )


def test_topics_no_longer_wanted_are_unsubscribed_and_new_ones_subscribed(mosquitto, device):
    with Core(broker_at(mosquitto.port), ["cold/1", "cold/2"]) as core:
        core.connected()
    with Core(broker_at(mosquitto.port), ["cold/2", "cold/3"], remembered=["cold/1", "cold/2"]) as core:
        core.connected()
        for number in (1, 2, 3):
            device.publish(f"cold/{number}", b"%d" % number)
        core.arrived(2)
        core.round_trip()
        assert core.payloads() == [b"2", b"3"]


def test_a_full_inbox_blocks_the_link_and_loses_nothing(mosquitto, device):
    with Core(broker_at(mosquitto.port), room=3) as core:
        core.connected()
        sent = core.fill(device)
        core.arrived(len(sent))
        assert core.payloads() == sent


def test_messages_that_are_read_together_have_times_of_their_own(mosquitto, device):
    with Core(broker_at(mosquitto.port), room=3) as core:
        core.connected()
        wanted, groups = len(core.fill(device)), []
        while sum(map(len, groups)) < wanted:
            groups.append(core.inbox.get(timeout=10).messages)
    together = [each.message.received_at for each in max(groups, key=len)]
    assert len(set(together)) == len(together) > 1
    assert sorted(together) == together


def test_nothing_is_lost_when_the_inbox_is_full_for_longer_than_the_broker_waits_for_a_sign_of_life(
    mosquitto, device
):
    broker = broker_at(mosquitto.port, keep_alive=timedelta(seconds=1))
    with Device(mosquitto.port, STATUS) as watcher, Core(broker, room=2) as core:
        core.connected()
        sent = core.fill(device)
        watcher.hears(Heard(STATUS, b"online", False), Heard(STATUS, b"offline", False))
        while not set(sent) <= set(core.payloads()):
            for item in core.arrived(1):
                core.link.acknowledge(item)
        core.connected(times=2)
        assert len(core.payloads()) == len(core.every(Arrived))
        assert all(item.duplicate == (item.connection == 2) for item in core.every(Arrived))


# --- connecting, losing, connecting again ---------------------------------------------


def test_a_broker_that_is_started_after_us_is_connected_and_its_absence_was_said_once(tmp_path):
    port = free_port()
    with Core(broker_at(port)) as core:
        wait_until(lambda: core.link._wait >= 0.8, 10)  # it doubles with each attempt from 0.1 on
        with Mosquitto(tmp_path, port=port):
            core.connected()
            wait_until(lambda: len(core.every(Told)) == 2, 10)
    assert [told.condition for told in core.every(Told)] == [
        Condition(
            "broker",
            wrong=True,
            text=f"The broker at 127.0.0.1:{port} cannot be reached: Connection refused; "
            "trying again every 10 s.",
        ),
        Condition(
            "broker", wrong=False, text=f"Connected to the broker at 127.0.0.1:{port}, 1 topics subscribed."
        ),
    ]


@pytest.mark.parametrize(("config", "kept"), [("persistence false\n", False), (LASTING, True)])
def test_a_restart_of_the_broker_is_two_items_and_says_whether_the_session_survived(tmp_path, config, kept):
    with Mosquitto(tmp_path, config) as broker, Core(broker_at(broker.port)) as core:
        core.connected()
        broker.stop()
        core.wait(Linked, 2)
        broker.start()
        core.connected(times=2)
        links = [(item.up, item.connection, item.session_present) for item in core.every(Linked)]
        assert links == [(True, 1, False), (False, 1, False), (True, 2, kept)]
        assert core.every(Linked)[1].text.startswith(f"Lost the broker at 127.0.0.1:{broker.port}: ")


def test_what_was_not_confirmed_comes_again_from_a_restarted_broker_that_saves_its_state(tmp_path):
    with Mosquitto(tmp_path, LASTING) as broker, Core(broker_at(broker.port)) as core:
        core.connected()
        with Device(broker.port) as device:
            device.publish("cold/1", b"4.5")
        [first] = core.arrived(1)
        broker.stop()
        broker.start()
        again = core.arrived(2)[1]
        assert (again.message.payload, again.connection, again.mid) == (b"4.5", 2, first.mid)
        assert again.duplicate


def test_rebuilding_makes_a_new_connection_on_the_same_session(core):
    core.link.rebuild()
    again = core.connected(times=2)
    assert (again.connection, again.session_present) == (2, True)
    assert [item.up for item in core.every(Linked)] == [True, False, True]


def test_a_broker_that_hangs_up_before_it_answers_is_told_once():
    with socket.create_server(("127.0.0.1", free_port())) as server:
        server.settimeout(10)
        with Core(broker_at(server.getsockname()[1])) as core:
            for _ in range(3):
                with server.accept()[0] as connection:
                    connection.recv(1000)
            assert core.trouble().endswith("; trying again every 10 s.")
            assert not core.every(Linked)


# --- signs of life ---------------------------------------------------------------------


def test_a_canary_comes_back_with_its_time_and_is_not_a_message(core):
    core.now = NOW.replace(hour=9)
    core.link.send_canary()
    wait_until(lambda: len(core.every(CanaryBack)) == 2, 10)
    assert core.every(CanaryBack) == [CanaryBack(NOW), CanaryBack(NOW.replace(hour=9))]
    assert not core.every(Arrived)


def test_an_old_canary_that_the_broker_kept_is_not_a_sign_of_life(mosquitto, core):
    core.round_trip()
    other = Core(broker_at(mosquitto.port, "another"))
    other.now = NOW.replace(hour=9)
    with other:
        other.connected()
        assert other.every(CanaryBack)[0] == CanaryBack(NOW.replace(hour=9))


def test_a_canary_does_not_come_again_on_the_next_connection(core):
    core.round_trip()
    first = core.now
    core.link.rebuild()
    core.connected(times=2)
    core.round_trip()
    assert (
        core.every(CanaryBack).count(CanaryBack(first)) == 2
    )  # one more was sent at that time at the connect


def test_a_broker_that_answers_too_few_subscriptions_is_said_to_be_broken(core):
    core.link._on_subscribe(None, None, 99, [], None)
    assert core.trouble().endswith(
        " answers 0 of our 2 subscriptions: it, or what stands between us, is broken. Restart or replace it."
    )
    assert not core.failures


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("foreign", [b"tweet", b"\xff", b"2026-03-02T08:00:00"])
def test_what_others_publish_as_a_canary_is_passed_over(core, device, foreign, qos):
    device.publish("hdmonitor/canary", foreign, qos=qos)
    core.round_trip()
    assert core.every(CanaryBack) == [CanaryBack(NOW), CanaryBack(core.now)]
    assert [item.up for item in core.every(Linked)] == [True]
    assert not core.failures


def test_we_are_online_when_connected_and_leave_our_last_words(mosquitto):
    with Device(mosquitto.port, STATUS) as watcher:
        with Core(broker_at(mosquitto.port)) as core:
            watcher.hears(Heard(STATUS, b"online", False))
            core.link.close(b"stopped by Alex")
        watcher.hears(Heard(STATUS, b"online", False), Heard(STATUS, b"stopped by Alex", False))
    with Device(mosquitto.port, STATUS) as late:
        late.hears(Heard(STATUS, b"stopped by Alex", True))


def test_a_link_cut_without_goodbye_leaves_offline_behind(mosquitto, device):
    with Core(broker_at(mosquitto.port), room=4) as core:
        core.connected()
        core.fill(device)
        core.link.close(b"never said", within=timedelta(seconds=0.2))
        with Device(mosquitto.port, STATUS) as watcher:
            wait_until(lambda: watcher.heard and watcher.heard[-1].payload == b"offline", 10)
    with Device(mosquitto.port, STATUS) as late:
        late.hears(Heard(STATUS, b"offline", True))


def test_after_a_lost_connection_we_are_online_again(mosquitto, core):
    with Device(mosquitto.port, STATUS) as watcher:
        core.link.rebuild()
        core.connected(times=2)
        watcher.hears(
            Heard(STATUS, b"online", True), Heard(STATUS, b"offline", False), Heard(STATUS, b"online", False)
        )


def test_of_what_was_published_without_a_connection_the_latest_retained_payloads_follow(mosquitto):
    core = Core(broker_at(mosquitto.port))
    core.link.publish("state/1", b"old", retain=True)
    core.link.publish("state/1", b"new", retain=True)
    core.link.publish("note/1", b"dropped", retain=False)
    with Device(mosquitto.port, "state/#", "note/#") as watcher, core:
        core.connected()
        core.link.publish("note/1", b"sent", retain=False)
        watcher.hears(Heard("state/1", b"new", False), Heard("note/1", b"sent", False))
    with Device(mosquitto.port, "state/#", "note/#") as late:
        late.hears(Heard("state/1", b"new", True))


def test_retained_payloads_are_published_again_at_each_connect(mosquitto, core):
    core.link.publish("state/1", b"1", retain=True)
    core.round_trip()
    with Device(mosquitto.port, "state/#") as watcher:
        core.link.rebuild()
        core.connected(times=2)
        watcher.hears(Heard("state/1", b"1", True), Heard("state/1", b"1", False))


# --- who we are ----------------------------------------------------------------------------


@pytest.fixture
def guarded(tmp_path):
    if not (mosquitto_passwd := shutil.which("mosquitto_passwd")):
        pytest.skip("mosquitto_passwd is not installed")
    passwords = tmp_path / "passwords"
    subprocess.run(
        [mosquitto_passwd, "-c", "-b", passwords, "monitor", "right"], check=True, capture_output=True
    )
    config = "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file " + str(passwords) + "\n"
    with Mosquitto(tmp_path / "mosquitto", config) as broker:
        yield broker


@pytest.mark.parametrize("mqtt5", [True, False])
def test_a_wrong_password_is_told(guarded, mqtt5):
    with Core(broker_at(guarded.port, user="monitor", password="wrong", mqtt5=mqtt5)) as core:
        assert core.trouble() == (
            f"The broker at 127.0.0.1:{guarded.port} refuses us (Not authorized): check user 'monitor', "
            "its password and what it may do; trying again every 10 s."
        )
        assert not core.every(Linked)


def test_the_right_password_connects(guarded):
    with Core(broker_at(guarded.port, user="monitor", password="right")) as core:
        assert core.connected().up


def test_a_password_is_not_shown():
    assert "secret" not in repr(broker_at(1883, user="monitor", password="secret"))


@pytest.mark.parametrize("mqtt5", [True, False])
def test_another_client_with_our_id_is_guessed_from_three_short_connections(mosquitto, mqtt5):
    with Core(broker_at(mosquitto.port, mqtt5=mqtt5)) as core, ExitStack() as rivals:
        for times in (1, 2, 3):
            core.connected(times)
            assert not [told for told in core.every(Told) if told.condition.wrong]
            rivals.enter_context(Device(mosquitto.port, client_id="monitor"))
        assert core.trouble() == (
            f"The broker at 127.0.0.1:{mosquitto.port} ends our connections right after they are made "
            "(it closed the connection): it crashes, or another client uses our client id 'monitor'. "
            "Give each instance its own."
        )


def test_two_short_connections_are_not_yet_another_client(core):
    for times in (2, 3):
        core.link.rebuild()
        core.connected(times)
    assert not [told for told in core.every(Told) if told.condition.wrong]


def test_connections_that_lived_long_enough_are_not_another_client(core, monkeypatch):
    monkeypatch.setattr(mqtt, "SETTLED", 0.0)
    for times in (2, 3, 4):
        core.link.rebuild()
        core.connected(times)
    assert not [told for told in core.every(Told) if told.condition.wrong]


@pytest.fixture
def scripted():
    """A socket with a link: it says what mosquitto 2.0.11 never says, in packets of MQTT 5."""
    with socket.create_server(("127.0.0.1", free_port())) as server:
        server.settimeout(10)
        with Core(broker_at(server.getsockname()[1])) as core:
            yield core, server


def accept(server):
    connection, _ = server.accept()
    connection.settimeout(10)
    connection.recv(1000)
    connection.sendall(b"\x20\x03\x00\x00\x00")  # CONNACK
    return connection


def test_what_a_dying_broker_sent_last_arrives_although_nothing_can_be_confirmed_any_more():
    arrived = []
    with socket.create_server(("127.0.0.1", free_port())) as server:
        connection = mqtt._Connection(broker_at(server.getsockname()[1]), mqtt.V5, None, (STATUS, b"offline"))
        connection.client.on_message = lambda _, __, message: arrived.append(message.payload)
        connection.open()
        broker, _ = server.accept()
        connection.client.loop_write()
        broker.sendall(b"\x20\x03\x00\x00\x00")  # CONNACK
        connection.turn()
        broker.sendall(b"\x32\x0c\x00\x06cold/1\x00\x01\x007")  # PUBLISH, id 1
        broker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        broker.close()  # at once, as the kernel does for a process that was killed

        connection.client.ack(1, 1)
        connection.client.loop_write()
        while connection.turn():
            pass
        connection.drop()

        assert arrived == [b"7"]


def test_a_broker_that_says_that_the_session_was_taken_over_is_believed_at_once(scripted):
    core, server = scripted
    with accept(server) as connection:
        connection.sendall(b"\xe0\x02\x8e\x00")
        assert "(Session taken over): another client uses our client id 'monitor'" in core.trouble()
    assert len(core.every(Linked)) == 2


def test_a_broker_that_ends_connections_for_another_reason_has_not_taken_them_over(scripted):
    core, server = scripted
    for times in (1, 2, 3):
        with accept(server) as connection:
            connection.sendall(b"\xe0\x02\x97\x00")
            assert core.wait(Linked, 2 * times)[-1].text.endswith(": Quota exceeded.")
    with accept(server):
        core.wait(Linked, 7)
    assert not core.every(Told)


def test_a_broker_that_sends_something_else_than_mqtt_is_said_to(scripted):
    core, server = scripted
    with accept(server) as connection:
        connection.sendall(b"\xd0\xff\xff\xff\xff\xff")  # a length of five bytes
        assert core.wait(Linked, 2)[-1].text.endswith(": what it sends is not MQTT.")


def test_a_broker_that_has_fallen_silent_is_said_to_answer_no_ping():
    with socket.create_server(("127.0.0.1", free_port())) as server:
        broker = broker_at(server.getsockname()[1], keep_alive=timedelta(seconds=1))
        with Core(broker) as core, accept(server):
            assert core.wait(Linked, 2)[-1].text.endswith(": it answers no ping.")


def test_topics_that_the_broker_refuses_are_told(scripted):
    core, server = scripted
    with accept(server) as connection:
        subscribe = connection.recv(1000)
        connection.sendall(b"\x90\x05" + subscribe[2:4] + b"\x00\x87\x01")  # SUBACK: refused, granted
        assert core.trouble() == (
            f"The broker at 127.0.0.1:{server.getsockname()[1]} refuses 1 of our subscriptions: "
            "'cold/#' (Not authorized). Allow them to clients without a user, or set broker.user."
        )


def test_the_all_clear_comes_when_the_other_client_with_our_id_stays_away(mosquitto, core, monkeypatch):
    monkeypatch.setattr(mqtt, "GUESSED_AFTER", 1)
    monkeypatch.setattr(mqtt, "SETTLED_AFTER_TAKE_OVER", 0.5)
    wait_until(lambda: core.every(Told), 10)
    with Device(mosquitto.port, client_id="monitor"):
        core.trouble()
    wait_until(lambda: len(core.every(Told)) == 3, 15)
    assert [told.condition.wrong for told in core.every(Told)] == [False, True, False]


# --- MQTT 3.1.1 ------------------------------------------------------------------------------


def test_with_mqtt_3_the_session_lasts_and_what_was_not_confirmed_comes_again(mosquitto, device):
    with Core(broker_at(mosquitto.port, mqtt5=False)) as core:
        assert core.connected().text.endswith("with MQTT 3.1.1; it had no session of ours.")
        device.publish("cold/1", b"4.5")
        [first] = core.arrived(1)
        core.link.rebuild()
        again = core.arrived(2)[1]
        assert again == Arrived(first.message, connection=2, mid=first.mid, duplicate=True)


# --- TLS ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A folder with an authority, certificates for a server and a client, and a foreign authority."""
    if not (openssl := shutil.which("openssl")):
        pytest.skip("the openssl program is not installed")
    folder = tmp_path_factory.mktemp("certificates")

    def make(name, *more):
        key = [
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            f"{name}.key",
        ]
        command = [openssl, "req", "-x509", "-days", "2", "-subj", f"/CN={name}", "-out", f"{name}.pem"]
        subprocess.run([*command, *key, *more], cwd=folder, check=True, capture_output=True)

    signs = "keyUsage=critical,keyCertSign,cRLSign"
    issued = ("-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:false")
    make("ca", "-addext", signs)
    make("foreign", "-addext", signs)
    make("server", *issued, "-addext", "subjectAltName=IP:127.0.0.1")
    make("client", *issued)
    return folder


@pytest.fixture
def encrypted(tmp_path, certificates):
    config = (
        "listener {port} 127.0.0.1\nallow_anonymous true\nrequire_certificate true\n"
        f"cafile {certificates}/ca.pem\n"
        f"certfile {certificates}/server.pem\nkeyfile {certificates}/server.key\n"
    )
    with Mosquitto(tmp_path / "mosquitto", config) as broker:
        yield broker


def tls_to(broker, folder, authority="ca", **more):
    files = {"certificate": folder / "client.pem", "key": folder / "client.key", **more}
    return broker_at(broker.port, tls=True, ca=folder / f"{authority}.pem", **files)


def test_with_the_authority_and_our_certificate_tls_connects(encrypted, certificates):
    with Core(tls_to(encrypted, certificates), ["cold/#", "state/#"]) as core:
        core.connected()
        payload = os.urandom(200_000)
        core.link.publish("state/1", payload, retain=False)
        assert core.arrived(1)[0].message.payload == payload


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:.*SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_a_broker_whose_authority_we_do_not_know_is_told(encrypted, certificates):
    with Core(tls_to(encrypted, certificates, "foreign")) as core:
        assert core.trouble() == (
            f"The broker at 127.0.0.1:{encrypted.port} cannot be reached: its certificate is not trusted, "
            "self-signed certificate in certificate chain; trying again every 10 s."
        )


def test_without_our_certificate_a_broker_that_wants_one_is_told(encrypted, certificates):
    with Core(tls_to(encrypted, certificates, certificate=None, key=None)) as core:
        assert core.trouble().endswith("trying again every 10 s.")
        assert not core.every(Linked)


@pytest.mark.parametrize("content", [None, "no certificate"])
@pytest.mark.parametrize("which", ["ca", "certificate", "key"])
def test_a_certificate_that_cannot_be_read_is_refused_with_a_sentence(certificates, tmp_path, which, content):
    files = {"ca": certificates / "ca.pem", "certificate": certificates / "client.pem"}
    files |= {"key": certificates / "client.key", which: tmp_path / "bad.pem"}
    if content:
        files[which].write_text(content)
    with pytest.raises(Unusable, match=r"^TLS to the broker at 127.0.0.1:8883: .*bad\.pem.*: .+"):
        Link(
            BrokerConfig("127.0.0.1", 8883, "monitor", tls=True, **files),
            [],
            print,
            lambda: NOW,
            STATUS,
            failed=print,
        )


# --- when the core breaks ------------------------------------------------------------------------


def test_an_exception_of_the_core_ends_the_link_and_is_reported(mosquitto, device):
    error = ValueError("disk full")
    failed = threading.Event()
    reports = []

    def put(item):
        if isinstance(item, Arrivals):
            raise error

    def report(what):
        reports.append(what)
        failed.set()

    with Device(mosquitto.port, STATUS) as watcher:
        with Link(broker_at(mosquitto.port), ["cold/#"], put, lambda: NOW, STATUS, failed=report):
            watcher.hears(Heard(STATUS, b"online", False))
            device.publish("cold/1", b"4.5")
            assert failed.wait(10)
        watcher.hears(Heard(STATUS, b"online", False), Heard(STATUS, b"offline", False))
    assert reports == [error]
