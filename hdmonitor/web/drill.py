"""The spill drill: a stopwatch with what each role does; its result files itself as the drill's evidence."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import resources

from starlette.responses import Response
from starlette.routing import Route

from hdmonitor import evidence
from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.incidents import SPILL_DRILL, STEPS, Drill
from hdmonitor.events import Complete
from hdmonitor.web.desk import Desk
from hdmonitor.web.visit import Visit, acts, for_anybody, for_people

OBLIGATION, SUBJECT = "spill-drill", "site"
OF_PEOPLE = "oncology-spill-simulation"
LONGEST = timedelta(hours=4)  # a drill that nobody stopped is over
PAGE = "/drills/spill"


def routes(desk: Desk) -> list[Route]:
    """Return the routes of this module."""
    pages = _Pages(desk)
    script = (resources.files("hdmonitor.web") / "templates" / "drill.js").read_bytes()

    async def on_script(_: Visit) -> Response:
        return Response(script, media_type="text/javascript")

    return [
        for_anybody(desk, "/drill.js", on_script),
        for_people(desk, PAGE, pages.on_page),
        acts(desk, f"{PAGE}/start", pages.on_start),
        acts(desk, f"{PAGE}/stop", pages.on_stop),
    ]


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def on_page(self, visit: Visit) -> Response:
        """Show the clock and the checklist."""
        drills, now = self._drills(), self._desk.now()
        running = _running(drills, now)
        return visit.page(
            "drill.html",
            running=running,
            seconds=round((now - running.started_at).total_seconds()) if running else 0,
            elapsed=_minutes(now - running.started_at) if running else "",
            started=f"{running.started_at.astimezone(self._desk.zone):%H:%M:%S}" if running else "",
            roles=SPILL_DRILL,
            people=self._desk.site.people,
            over=[self._told(each) for each in reversed(drills) if each.stopped_at is not None],
            kept=self._desk.programme is not None
            and self._desk.programme.duty(OBLIGATION, SUBJECT) is not None,
        )

    async def on_start(self, visit: Visit) -> Response:
        """Start the clock."""
        if _running(self._drills(), self._desk.now()) is not None:
            return visit.refused("A drill is running already. Stop it first.", back=PAGE)
        refusal = await visit.ask(evidence.drill_started(secrets.token_hex(8), visit.by, self._desk.now()))
        return visit.refused(refusal, back=PAGE) if refusal else visit.done(PAGE)

    async def on_stop(self, visit: Visit) -> Response:
        """Stop the clock, and file what was done for the site and for everybody who took part."""
        now = self._desk.now()
        running = _running(self._drills(), now)
        if running is None or running.id != visit.text("drill"):
            return visit.refused("This drill is over already.", back=PAGE)
        steps = [step for step in STEPS if visit.text(f"step-{step}")]
        people = [id_ for id_ in self._desk.site.people if visit.text(f"person-{id_}")]
        if not people:
            return visit.refused("Who took part? Choose them; the clock still runs.", 422, back=PAGE)
        refusal = await visit.ask(evidence.drill_stopped(running, visit.by, now, steps, people))
        if refusal:
            return visit.refused(refusal, back=PAGE)
        refused = [
            f"{completion.obligation} of {completion.subject}: {why}"
            for completion in self._completions(running, visit.by, now, steps, people)
            if (why := await self._desk.ask(Complete(completion)))
        ]
        if refused:
            says = f"The drill is on record. Not filed as evidence: {'; '.join(refused)}"
            return visit.refused(says, back=PAGE)
        return visit.done(PAGE)

    def _completions(
        self, drill: Drill, by: str, now: datetime, steps: Sequence[str], people: Sequence[str]
    ) -> list[Completion]:
        """Return what a drill is evidence of: for the site if every step was done, for people their part."""
        programme = self._desk.programme
        if programme is None:
            return []
        duties = [(OBLIGATION, SUBJECT), *((OF_PEOPLE, person) for person in people)]
        missed = [step for step in STEPS if step not in steps]
        remark = f"not done: {', '.join(missed)}" if missed else ""
        with self._desk.reader() as journal:
            filed = journal.completions()
        day = now.astimezone(self._desk.zone).date()
        found = []
        for obligation, subject in duties:
            if programme.duty(obligation, subject) is None:
                continue
            runs = [
                each.run
                for each in filed
                if (each.obligation, each.subject, each.on) == (obligation, subject, day)
            ]
            found.append(
                Completion(
                    obligation,
                    subject,
                    day,
                    Result.FAIL if missed and subject == SUBJECT else Result.PASS,
                    by,
                    values={
                        "seconds": round((now - drill.started_at).total_seconds()),
                        "steps": list(steps),
                        "people": list(people),
                    },
                    method=f"spill drill {drill.id}",
                    remark=remark,
                    run=max(runs, default=0) + 1,
                )
            )
        return found

    def _drills(self) -> list[Drill]:
        with self._desk.reader() as journal:
            return journal.drills()

    def _told(self, drill: Drill) -> dict[str, object]:
        assert drill.stopped_at is not None  # noqa: S101  # those that are over
        people = [self._desk.site.people[id_].name for id_ in drill.people if id_ in self._desk.site.people]
        return {
            "day": f"{drill.started_at.astimezone(self._desk.zone):%Y-%m-%d %H:%M}",
            "took": _minutes(drill.stopped_at - drill.started_at),
            "done": len(drill.steps),
            "all": len(STEPS),
            "people": people,
        }


def _running(drills: Sequence[Drill], now: datetime) -> Drill | None:
    """Return the drill whose clock runs."""
    open_ = [each for each in drills if each.stopped_at is None and now - each.started_at < LONGEST]
    return open_[-1] if open_ else None


def _minutes(span: timedelta) -> str:
    minutes, seconds = divmod(max(0, round(span.total_seconds())), 60)
    return f"{minutes}:{seconds:02d}"
