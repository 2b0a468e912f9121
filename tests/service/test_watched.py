"""The whole daemon in trouble: what ends it, what it says meanwhile, and that alarms go on."""

import json
import signal
import subprocess
import sys
import time
from itertools import pairwise
from statistics import median

import pytest
from daemons import ONE_BY_ONE, site_text
from outages import Breakable, Light, Systemd, watch
from servers import HttpSink, Mosquitto, free_port, wait_until

ROOMS = 24


@pytest.fixture
def sink():
    with HttpSink() as server:
        yield server


@pytest.fixture
def systemd(tmp_path):
    with Systemd(tmp_path) as listening:
        yield listening


def told(sink):
    return [json.loads(request.body)["title"] for request in sink.requests if request.path == "/phone"]


def daemon_in(tmp_path, broker, sink, systemd=None, *, rooms=1, watchdog=20, more=""):
    daemon = Breakable(tmp_path / "daemon", site_text(rooms), broker, sink.url, more)
    if systemd is not None:
        daemon.environment = {"NOTIFY_SOCKET": str(systemd.path), "WATCHDOG_USEC": f"{watchdog}000000"}
    return daemon


# --- a part that dies ---------------------------------------------------------

OTHERS = (
    "  heartbeat: {0}/alive\n"
    "  webhooks: {{ log: {{ url: {0}/log, secret: sixteen-characters }} }}\n"
    "influx: {{ url: {0}, bucket: test }}\n"
)
THREADS = ("core", "mqtt", "messenger phone", "influx", "control", "timer", "web", "heartbeat", "webhook log")


@pytest.mark.parametrize("name", THREADS)
def test_a_thread_that_dies_ends_the_process_with_an_error(tmp_path, mosquitto, sink, name):
    with (
        daemon_in(tmp_path, mosquitto.port, sink, more=OTHERS.format(sink.url)) as daemon,
        Light(mosquitto.port) as light,
    ):
        daemon.start(until="watching 1 points")
        daemon.tell(f"end {name}")
        light.publish("cold/0", b"9.5")  # wakes whoever waits for something to do
        ended = daemon.process.wait(30)

        assert ended == 1, daemon.tail()
        assert daemon.said("a part failed: SystemExit") == 1
        wait_until(lambda: light.status == "offline", 10)
        if name == "core":
            assert any("STOPPED" in title for title in told(sink))


def test_every_thread_of_the_daemon_is_among_those(tmp_path, mosquitto, sink):
    """A new thread needs its place in the list above."""
    with daemon_in(tmp_path, mosquitto.port, sink, more=OTHERS.format(sink.url)) as daemon:
        daemon.start(until="watching 1 points")
        daemon.tell("threads")
        wait_until(lambda: daemon.said("threads:"), 10)
        (line,) = (line for line in daemon.tail().splitlines() if line.startswith("threads:"))

    names = set(line.removeprefix("threads: ").split(", "))
    assert names - {"MainThread", "breaker", "messenger second"} == set(THREADS)


def test_a_watcher_outside_hears_that_everything_works(tmp_path, mosquitto, sink):
    with daemon_in(tmp_path, mosquitto.port, sink, more=OTHERS.format(sink.url)) as daemon:
        daemon.start(until="watching 1 points")
        wait_until(lambda: [request.path for request in sink.requests].count("/alive") >= 2, 20)


# --- a part that stands still ---------------------------------------------------


def test_a_core_that_stands_still_feeds_no_watchdog_and_answers_503_while_the_web_lives(
    tmp_path, mosquitto, sink, systemd
):
    with daemon_in(tmp_path, mosquitto.port, sink, systemd) as daemon, Light(mosquitto.port) as light:
        daemon.start(until="watching 1 points")
        wait_until(lambda: daemon.get("/healthz")[0] == 200, 10)
        assert systemd.heard()[:2] == ["WATCHDOG=1", "READY=1"]

        daemon.tell("stall")
        light.publish("cold/0", b"9.5")
        stalled = watch(daemon, systemd, light, 22)

        assert [second.health for second in stalled[:12]] == [200] * 12
        assert {(second.health, second.wrong) for second in stalled[18:]} == {(503, "core")}
        assert not any(second.watchdog for second in stalled[2:])
        assert not any(second.beat for second in stalled[2:])
        assert told(sink) == []

        daemon.tell("go on")
        wait_until(lambda: told(sink), 20)
        wait_until(lambda: daemon.get("/healthz")[0] == 200, 10)
        wait_until(lambda: "WATCHDOG=1" in systemd.heard(), 10)
        assert daemon.stop() == 0
        assert "STOPPING=1" in systemd.heard()


def test_an_idle_core_feeds_the_watchdog_in_time(tmp_path, mosquitto, sink, systemd):
    with daemon_in(tmp_path, mosquitto.port, sink, systemd, watchdog=4) as daemon:
        daemon.start(until="watching 1 points")
        fed = []
        for _ in range(5):
            wait_until(lambda: "WATCHDOG=1" in systemd.heard(), 10)
            fed.append(time.monotonic())

    assert max(after - before for before, after in pairwise(fed)) < 4.0  # systemd would have killed it


def test_a_core_that_never_goes_on_does_not_keep_the_process_from_ending(tmp_path, mosquitto, sink):
    with daemon_in(tmp_path, mosquitto.port, sink) as daemon, Light(mosquitto.port) as light:
        daemon.start(until="watching 1 points")
        daemon.tell("stall")
        light.publish("cold/0", b"9.5")
        wait_until(lambda: float(figure(daemon, "hdmonitor_core_last_turn_age_seconds")) > 6, 20)

        daemon.process.terminate()

        assert daemon.process.wait(60) == 1
        assert "the core did not come to its end" in daemon.tail()


def figure(daemon, name):
    for line in daemon.get("/metrics")[1].splitlines():
        if line.startswith(f"{name} "):
            return line.rpartition(" ")[2]
    return "nan"


# --- what is not there --------------------------------------------------------


def test_a_broker_that_goes_away_is_told_everywhere_and_the_watchdog_is_fed_on(tmp_path, sink, systemd):
    broker = Mosquitto(tmp_path / "broker")
    with broker, daemon_in(tmp_path, broker.port, sink, systemd) as daemon:
        daemon.start(until="watching 1 points")
        with Light(broker.port) as light:
            wait_until(lambda: daemon.get("/healthz")[0] == 200, 10)
            broker.kill()
            away = watch(daemon, systemd, light, 12)

            assert {(second.health, second.wrong, second.connected) for second in away[4:]} == {
                (503, "broker", "0")
            }
            assert any(second.watchdog for second in away[6:])
            assert not any(second.beat for second in away[1:])
            page = daemon.get("/")[1]
            assert "The monitor itself is in trouble" in page
            assert "broker: Lost the broker" in page or "cannot be reached" in page

            broker.start()
            wait_until(lambda: daemon.get("/healthz")[0] == 200, 40)
            wait_until(lambda: light.status == "online", 20)
        assert daemon.stop() == 0


def test_a_busy_port_is_one_sentence_and_a_status(tmp_path, sink):
    with HttpSink() as other, daemon_in(tmp_path, free_port(), sink) as daemon:
        settings = daemon.directory / "hdmonitor.yaml"
        settings.write_text(
            settings.read_text().replace(f"port: {daemon.web_port} }}", f"port: {other.port} }}")
        )

        ended = daemon.command("run", "--config=hdmonitor.yaml", "--site=site.yaml")

    assert ended.returncode == 1
    assert (
        f"web pages cannot be served at 127.0.0.1, port {other.port}: Address already in use" in ended.stderr
    )
    assert "Traceback" not in ended.stderr


def test_a_notify_socket_that_is_gone_is_one_line_and_alarms_go_on(tmp_path, mosquitto, sink, systemd):
    with (
        daemon_in(tmp_path, mosquitto.port, sink, systemd, watchdog=2) as daemon,
        Light(mosquitto.port) as light,
    ):
        daemon.start(until="watching 1 points")
        systemd.path.unlink()
        wait_until(lambda: daemon.said("systemd does not hear us"), 10)
        light.publish("cold/0", b"9.5")
        wait_until(lambda: told(sink), 20)
        light.publish("cold/0", b"9.6")
        time.sleep(2)  # several more of its signs of life

        assert daemon.said("systemd does not hear us") == 1
        assert daemon.stop() == 0


# --- who asks too often ---------------------------------------------------------


SCRAPER = """
import sys, time
from http.client import HTTPConnection
way, count = HTTPConnection("127.0.0.1", int(sys.argv[1])), 0
while True:
    begun = time.monotonic()
    way.request("GET", ("/metrics", "/", "/healthz")[count % 3])
    answer = way.getresponse()
    answer.read()
    count += 1
    print(answer.status, count, flush=True)
    time.sleep(max(0.0, 0.01 - (time.monotonic() - begun)))
"""


def test_a_scrape_every_ten_milliseconds_does_not_slow_alarms(tmp_path, mosquitto, sink, capsys):
    """Figures, page and health in turn, by a process of its own that is held while an alarm goes alone."""

    def alarm(room):
        begun, before = time.monotonic(), len(sink.requests)
        light.publish(f"cold/{room}", b"9.5")
        wait_until(lambda: len(sink.requests) > before, 20)
        return sink.requests[before].arrived - begun

    scrapes = tmp_path / "scrapes"
    with (
        daemon_in(tmp_path, mosquitto.port, sink, rooms=ROOMS) as daemon,
        Light(mosquitto.port) as light,
        scrapes.open("w") as answers,
    ):
        daemon.program = ONE_BY_ONE
        daemon.start(until=f"watching {ROOMS} points")
        alarm(0)
        scraper = subprocess.Popen([sys.executable, "-c", SCRAPER, str(daemon.web_port)], stdout=answers)
        wait_until(lambda: scrapes.stat().st_size, 10)
        quiet, busy = [], []
        for room in range(1, ROOMS - 1, 2):
            scraper.send_signal(signal.SIGSTOP)
            quiet.append(alarm(room))
            scraper.send_signal(signal.SIGCONT)
            written = scrapes.stat().st_size
            wait_until(lambda written=written: scrapes.stat().st_size > written + 100, 10)  # some 15 answers
            busy.append(alarm(room + 1))
        scraper.kill()
        scraper.wait()
        answered = scrapes.read_text().split("\n")[:-1]

    with capsys.disabled():
        print(  # noqa: T201  # the figures
            f"\nalarm latency, ms: {median(quiet) * 1e3:.0f} alone (worst {max(quiet) * 1e3:.0f}),"
            f" {median(busy) * 1e3:.0f} while scraped (worst {max(busy) * 1e3:.0f}), {len(answered)} scrapes"
        )
    assert {line.split()[0] for line in answered} == {"200"}
    assert median(busy) < 3 * median(quiet) + 0.05
    assert max(busy) < 2.0
