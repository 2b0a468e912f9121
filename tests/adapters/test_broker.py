"""The broker inside the process, with our own link and with a device."""

import pytest
from links import Core, Device, Heard, broker_at
from servers import wait_until

from hdmonitor.adapters import mqtt
from hdmonitor.adapters.broker import EmbeddedBroker
from hdmonitor.inbox import Linked


@pytest.fixture
def broker():
    with EmbeddedBroker() as broker:
        yield broker


def credentials(broker):
    return {"user": broker.user, "password": broker.password}


def test_our_link_connects_with_mqtt_3_and_publishes_and_receives(broker):
    config = broker_at(broker.port, mqtt5=False, **credentials(broker))
    with Core(config) as core, Device(broker.port, "state/#", mqtt5=False, **credentials(broker)) as device:
        assert "with MQTT 3.1.1" in core.connected().text
        device.publish("cold/1", b'{"t": 4.5}')
        [arrived] = core.arrived(1)
        assert (arrived.message.topic, arrived.message.payload) == ("cold/1", b'{"t": 4.5}')
        core.link.acknowledge(arrived)
        core.link.publish("state/1", b"good", retain=False)
        device.hears(Heard("state/1", b"good", False))
        assert not core.failures


def test_without_an_answer_to_mqtt_5_our_link_tries_mqtt_3(broker, monkeypatch):
    monkeypatch.setattr(mqtt, "ANSWER_WITHIN", 2.0)
    with Core(broker_at(broker.port, **credentials(broker))) as core:
        [up] = core.wait(Linked, seconds=30)
        assert "with MQTT 3.1.1" in up.text


def test_a_wrong_password_is_refused_and_told(broker):
    with Core(broker_at(broker.port, mqtt5=False, user=broker.user, password="wrong")) as core:
        text = core.trouble()
        assert f"The broker at 127.0.0.1:{broker.port} refuses us" in text
        assert "check user 'hdmonitor', its password" in text
        assert not core.every(Linked)


def test_two_brokers_have_different_passwords(broker):
    with EmbeddedBroker() as other:
        assert other.password != broker.password
        assert other.port != broker.port


def test_nobody_listens_any_more_after_it_ends():
    with EmbeddedBroker() as broker:
        port = broker.port
    with Core(broker_at(port, mqtt5=False)) as core:
        assert "Connection refused" in core.trouble()
    wait_until(lambda: not broker._thread.is_alive(), 5)
