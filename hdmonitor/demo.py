"""The demonstration: an hour and a half in the pharmacy, told in a minute.

Everything is the real thing on a clock that runs faster: an MQTT broker in
this process, the daemon with its journal, HTTP from Apprise to a phone that
writes into this terminal, answers through the daemon's socket. Only the
pharmacy is simulated.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic
from zoneinfo import ZoneInfo

from hdmonitor.adapters.broker import EmbeddedBroker
from hdmonitor.adapters.control import ask
from hdmonitor.adapters.mqtt import BrokerConfig
from hdmonitor.catalogue import own_rules
from hdmonitor.clock import ScaledClock
from hdmonitor.events import Kind
from hdmonitor.model import Site
from hdmonitor.reader import Reader
from hdmonitor.scenario import Answer
from hdmonitor.service import Plan, Service
from hdmonitor.simulator.acts import Act, Deed
from hdmonitor.simulator.pharmacy import Pharmacy
from hdmonitor.simulator.publisher import Broker, Publisher
from hdmonitor.simulator.telemetry import Sensors
from hdmonitor.site import load_site
from hdmonitor.units import show_duration

SPEED = 100.0  # simulated seconds in a real one
LENGTH = timedelta(minutes=100)  # of simulated time: one minute
SEED = 1


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the story: the sentence for it, what is done to the pharmacy, who answers."""

    at: timedelta  # simulated, from the start
    text: str
    deeds: tuple[tuple[Deed, str], ...] = ()
    answer: Answer | None = None


def _scene(minutes: float, text: str, *deeds: tuple[Deed, str], answer: Answer | None = None) -> Scene:
    return Scene(timedelta(minutes=minutes), text, deeds, answer)


# Both openings stay below the minute at which the door rule stirs. The second,
# with the compressor already dead, brings the excursion forward. From 8 °C at 28
# minutes the alarm comes 15 minutes later, its escalation after 10 more; the room's
# pressure is lost within 5 s, which is an alarm after 20.
STORY = (
    _scene(0, "A quiet day. Every sensor reports; everything is inside its limits."),
    _scene(3, "Somebody takes vials out of HD Fridge 2: door open.", (Deed.OPEN, "hd-fridge-2")),
    _scene(3.75, "Door shut after 45 s. It pages nobody.", (Deed.CLOSE, "hd-fridge-2")),
    _scene(
        5, "The compressor of HD Fridge 2 fails. Nobody notices yet.", (Deed.FAIL, "hd-fridge-2.compressor")
    ),
    _scene(26, "A delivery is put away: HD Fridge 2 open for 50 s.", (Deed.OPEN, "hd-fridge-2")),
    _scene(26 + 50 / 60, "Shut again.", (Deed.CLOSE, "hd-fridge-2")),
    _scene(
        60,
        "The technician on duty answers.",
        answer=Answer("hd-fridge-2.temperature", "technician"),
    ),
    _scene(64, "The compressor starts again after a reset.", (Deed.REPAIR, "hd-fridge-2.compressor")),
    _scene(86, "The exhaust fan of the HD buffer room trips.", (Deed.FAIL, "hd-exhaust")),
    _scene(
        88, "The pharmacist answers from the ante-room.", answer=Answer("hd-buffer.pressure", "pharmacist")
    ),
    _scene(92, "Facilities restart the exhaust.", (Deed.REPAIR, "hd-exhaust")),
)


def acts(start: datetime) -> Iterator[Act]:
    """Return what the story does to the pharmacy when it begins at `start`, in order."""
    return (Act(start + scene.at, deed, what) for scene in STORY for deed, what in scene.deeds)


# --- playing it ----------------------------------------------------------------

TURN = 0.02  # real seconds between two looks at the clock
START_WITHIN = 20.0  # real seconds
# By so much the story may be ahead of what is written down; a gauge is silent after two minutes.
AHEAD = timedelta(seconds=60)


class NotPlayed(Exception):
    """The demonstration cannot be played, as a sentence."""


def run(span: timedelta | None = None) -> int:
    """Play the story in this terminal; `span` (real time) ends it earlier."""
    site = _example()
    folder = Path(mkdtemp(prefix="hdmonitor-demo-"))
    clock = ScaledClock(1.0)  # the machine's own until everything is connected
    with ExitStack() as house:
        broker = house.enter_context(EmbeddedBroker())
        phones = house.enter_context(_phones(Show(site, clock)))
        login = BrokerConfig(
            "127.0.0.1",
            broker.port,
            "hdmonitor-demo",
            user=broker.user,
            password=broker.password,
            mqtt5=False,
        )
        plan = Plan(
            site=site,
            own=dict(own_rules()),
            journal=folder / "journal.db",
            socket=folder / "control.sock",
            broker=login,
            urls={name: f"json://127.0.0.1:{phones}/{name}" for name in site.destinations},
        )
        house.enter_context(_running(Service(plan, clock)))
        sensors = house.enter_context(
            Publisher(Broker("127.0.0.1", broker.port, broker.user, broker.password))
        )
        _await_connection(plan.journal)
        clock.run(SPEED)
        _play(Show(site, clock), plan, sensors, span)
    _sum_up(plan, folder)
    return 0


def _example() -> Site:
    """Return the example site, from the package or from the checkout."""
    here = Path(__file__).parent
    places = (here / "example" / "site.yaml", here.parent / "config" / "site.yaml")
    site, problems = load_site(next((place for place in places if place.exists()), places[0]))
    if site is None:
        raise NotPlayed("\n".join(map(str, problems)))
    return site


@dataclass(frozen=True, slots=True)
class Show:
    """Writes what happens into the terminal, in the time of the story."""

    site: Site
    clock: ScaledClock

    def say(self, who: str, text: str) -> None:
        """Write one line: the local time of the pharmacy, who speaks, what."""
        local = self.clock.now().astimezone(ZoneInfo(self.site.zone))
        # One write: two phones may ring at once.
        print(f"{local:%H:%M}  {who:18} {text}\n", end="", flush=True)


@contextmanager
def _phones(show: Show) -> Iterator[int]:
    """Be everybody's phone: an HTTP server that writes messages into the terminal."""

    class Phone(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Show one message, as Apprise posts it."""
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            show.say(self.path.strip("/"), f"[ {body['title']} ]  {body['message']}")
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            """Say nothing: the messages are the log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Phone)
    thread = threading.Thread(target=server.serve_forever, name="phones", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _running(service: Service) -> Iterator[None]:
    """Run the daemon in a thread of this process until the story is over."""
    ready = threading.Event()
    failure: list[BaseException] = []

    def live() -> None:
        try:
            service.run(ready.set)
        except BaseException as error:  # noqa: BLE001  # the top of a thread
            failure.append(error)
            ready.set()

    thread = threading.Thread(target=live, name="service", daemon=True)
    thread.start()
    if not ready.wait(START_WITHIN) or failure:
        raise NotPlayed(f"the daemon did not start: {failure[0] if failure else 'no answer'}")
    try:
        yield
    finally:
        service.stop()
        thread.join(START_WITHIN)
    if failure:
        raise NotPlayed(f"the daemon ended: {failure[0]}")


def _await_connection(journal: Path) -> None:
    """Wait until the daemon has reached the broker."""
    deadline = monotonic() + START_WITHIN
    with Reader(journal) as reader:
        while not any(stored.event.kind is Kind.CONNECTED for stored in reader.events_after(0, 20)):
            if monotonic() > deadline:
                raise NotPlayed("the daemon did not reach the broker of the demonstration; run it again")
            threading.Event().wait(TURN)


def _play(show: Show, plan: Plan, publisher: Publisher, span: timedelta | None) -> None:
    start = show.clock.now()
    sensors = Sensors(plan.site, Pharmacy(SEED, start), acts(start))
    scenes = list(STORY)
    wait = threading.Event()
    ends = monotonic() + span.total_seconds() if span is not None else float("inf")
    kept, kept_at = start, monotonic()
    show.clock.allow(start + AHEAD)
    with Reader(plan.journal) as reader:
        while (now := show.clock.now()) < start + LENGTH and monotonic() < ends:
            if (newest := _written_down(reader, start)) > kept:
                kept, kept_at = newest, monotonic()
                show.clock.allow(kept + AHEAD)
            elif monotonic() > kept_at + START_WITHIN:
                raise NotPlayed(f"nothing was written down for {START_WITHIN:.0f} s; run it again")
            for topic, payload in sensors.messages(now):
                publisher.publish(topic, payload)
            while scenes and start + scenes[0].at <= now:
                scene = scenes.pop(0)
                show.say("", scene.text)
                if scene.answer is not None:
                    show.say(scene.answer.by, _answered(plan, scene.answer))
            wait.wait(TURN)


def _written_down(reader: Reader, start: datetime) -> datetime:
    """Return when the newest reading was received that the journal has, `start` if that is later."""
    return max((heard.received_at for heard in reader.heard().values()), default=start)


def _answered(plan: Plan, answer: Answer) -> str:
    """Answer the newest open alarm of a point through the daemon's socket, as the command line does."""
    with Reader(plan.journal) as reader:
        names = [alarm.id for alarm in reader.alarms() if alarm.point == answer.point and alarm.active]
    if not names:
        return "finds nothing to answer"
    request = {"do": "ack", "alarm": names[-1], "by": answer.by, "note": ""}
    refusal = ask(plan.socket, request).get("refused")
    return f"hdmonitor alarms ack {names[-1]} --by {answer.by}" + (f": {refusal}" if refusal else "")


def _sum_up(plan: Plan, folder: Path) -> None:
    """Write the table of what happened, from the journal, and where to look next."""
    zone = ZoneInfo(plan.site.zone)

    def at(moment: datetime | None) -> str:
        return f"{moment.astimezone(zone):%H:%M}" if moment else "-"

    with Reader(plan.journal) as reader:
        alarms, excursions = reader.alarms(everything=True), reader.excursions()
        findings = reader.verify()
    print(f"\n{'alarm':7}{'what':42}{'began':>7}{'alarm':>7}{'answer':>8}{'over':>7}")
    for alarm in alarms:
        answer = at(alarm.acknowledged_at)
        print(
            f"{alarm.id:7}{alarm.title:42}{at(alarm.began_at):>7}{at(alarm.opened_at):>7}"
            f"{answer:>8}{at(alarm.cleared_at):>7}"
        )
    quiet = {(one.point, one.start): one.end for one in excursions if one.alarm_at is None and one.end}
    for (point, start), end in quiet.items():
        print(f"{'-':7}{plan.site.points[point].name} {show_duration(end - start)}, paged nobody  ({point})")
    kept = "is complete and unedited" if not findings else findings[0]
    settings = folder / "hdmonitor.yaml"
    settings.write_text("record: { journal: journal.db, socket: control.sock }\n")
    print(f"\nThe record of this hour {kept}. Look into it:")
    print(f"  {sys.argv[0]} alarms show {alarms[-1].id if alarms else 'A1'} --config {settings}")
    print("Next: config/site.yaml describes this pharmacy; README.md says how to describe yours.")
