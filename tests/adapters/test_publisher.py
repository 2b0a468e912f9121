import threading
from datetime import timedelta
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from servers import Mosquitto, free_port, wait_until

from hdmonitor.clock import Clock, ScaledClock
from hdmonitor.simulator.publisher import Broker, NotPublished, simulate
from hdmonitor.site import load_site

SITE_FILE = Path(__file__).parents[2] / "config" / "site.yaml"


@pytest.fixture
def site():
    return load_site(SITE_FILE)[0]


def test_everything_published_is_confirmed_and_arrives(mosquitto, site):
    heard = []
    subscriber = paho.Client(CallbackAPIVersion.VERSION2)
    subscriber.on_message = lambda _c, _u, message: heard.append(message.topic)
    subscribed = threading.Event()
    subscriber.on_subscribe = lambda *_: subscribed.set()
    subscriber.connect("127.0.0.1", mosquitto.port)
    subscriber.loop_start()
    subscriber.subscribe("#", qos=1)
    assert subscribed.wait(10)
    stop, result = threading.Event(), []
    broker = Broker("127.0.0.1", mosquitto.port)
    simulation = threading.Thread(
        target=lambda: result.append(simulate(site, broker, stop, ScaledClock(100)))
    )

    simulation.start()
    wait_until(lambda: len(heard) > 200, 20)
    stop.set()
    simulation.join(20)
    (published,) = result
    wait_until(lambda: len(heard) >= published.confirmed, 10)
    subscriber.disconnect()
    subscriber.loop_stop()

    assert set(heard) == set(site.devices)
    assert (published.unconfirmed, published.left_out) == (0, ())
    assert len(heard) == published.confirmed


def test_a_simulation_ends_by_itself_after_its_length(mosquitto, site):
    broker = Broker("127.0.0.1", mosquitto.port)

    published = simulate(site, broker, threading.Event(), Clock(), length=timedelta(seconds=0.5))

    assert published.confirmed >= len(site.devices)


def test_no_broker_is_a_sentence(site):
    port = free_port()

    with pytest.raises(NotPublished, match=rf"no broker at 127.0.0.1:{port}: .*; start one or name another"):
        simulate(site, Broker("127.0.0.1", port), threading.Event(), Clock())


def test_a_broker_that_wants_a_password_is_a_sentence(tmp_path, site):
    config = "listener {port} 127.0.0.1\nallow_anonymous false\n"
    with Mosquitto(tmp_path, config) as closed:
        broker = Broker("127.0.0.1", closed.port, user="simulator", password="wrong")

        with pytest.raises(NotPublished, match=r"does not let the simulator in: Not authorized"):
            simulate(site, broker, threading.Event(), Clock())
