"""Answering an alarm: by the link in a message, without an account, or from a session.

No act on GET (practice rule 8). An act on a critical alarm needs the person's
PIN or the code of the message; any other a box that is ticked by hand, which
what submits every form of a mail does not do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hdmonitor.asking import act_asked
from hdmonitor.events import Act, Alarm, Close, Document, Entry, HandReading, InUse, Shelve, Silence
from hdmonitor.links import ALARM, ALL
from hdmonitor.reader import Reader
from hdmonitor.rights import may, may_step
from hdmonitor.rows import OutboxRow, StoredEvent
from hdmonitor.seals import Link
from hdmonitor.web import proof
from hdmonitor.web.desk import Desk
from hdmonitor.web.phone import is_contained, latched_unit, needs_code, phone
from hdmonitor.web.visit import BOARD, Visit, Visitor, acts, address_of, for_people, take_form

TICK = "Tick the box that says that it is you. Nothing was done."
OTHERWISE = "Log in to see how things stand, or call whoever else was told."
GONE = {
    "forged": ("This link is not one of ours, or a part of it is missing.", 404),
    "expired": ("This link has expired: links are good for 72 hours.", 410),
    "foreign": ("This link was made for somebody who no longer gets these messages.", 403),
}
DONE = {
    "answer": "Your answer is on record. The call has stopped, the recording has not.",
    "shelve": "Shelved. It calls again when the time is over.",
    "unshelve": "It calls again.",
    "document": "Written down.",
    "close": "Closed.",
    "silence": "The sounder is off. The calls go on.",
    "read": "Your reading is on record and judged.",
    "return": "The step is on record.",
    "use": "It is on record that nobody works there.",
}
FIELDS = {
    "answer": ("note", "level", "where", "minutes"),
    "shelve": ("reason", "minutes"),
    "unshelve": (),
    "document": ("cause", "action", "disposition", "work_order", "note"),
    "close": ("note",),
    "silence": (),
    "read": ("value", "unit"),
    "return": ("step",),
    "use": (),
}
EMPTY = dict.fromkeys(("cause", "action", "disposition", "work_order", "note", "reason", "value", "unit"), "")
LONGEST = 1000  # characters of a field


def routes(desk: Desk) -> list[Route]:
    """Return the routes of this module."""

    async def on_link(request: Request) -> Response:
        return await _by_link(desk, request)

    return [
        Route("/a/{token}", on_link, methods=["GET", "POST"]),
        Route("/l/{token}", on_link, methods=["GET"]),
        Route("/l/{token}/{alarm}", on_link, methods=["GET", "POST"]),
        for_people(desk, "/answer/{alarm}", _by_session),
        acts(desk, "/answer/{alarm}", _act_by_session),
    ]


# --- by the link of a message -------------------------------------------------------


async def _by_link(desk: Desk, request: Request) -> Response:
    let_in = _let_in(desk, request)
    if isinstance(let_in, Response):
        return let_in
    visit, link = let_in
    here = request.url.path
    if link.alarm == ALL:
        return _list(visit, str(request.path_params["token"]))
    if request.method in {"GET", "HEAD"}:
        return _page(visit, link.alarm, here)

    async def act(visit: Visit) -> Response:
        return await _act(visit, link.alarm, here, link)

    return await take_form(desk, request, visit.visitor, act)


def _let_in(desk: Desk, request: Request) -> tuple[Visit, Link] | Response:
    """Return who comes by a link, and to which alarm; or the page that says why nobody does."""
    token = str(request.path_params["token"])
    link, wrong = desk.seals.open_link(token)
    nobody = Visit(desk, request, Visitor())
    if link is None or wrong:
        return _gone(nobody, wrong or "forged", link)
    account, person = desk.account(link.person), desk.person(link.person)
    theirs = desk.site.recipients.get(link.destination) == link.person
    out = (person is not None and person.role == BOARD) or (account is not None and account.disabled)
    if person is None or not theirs or out:
        return _gone(nobody, "foreign", link)
    listed = request.url.path.startswith("/l/")
    if listed is not (link.alarm == ALL):
        return _gone(nobody, "forged", None)
    if "alarm" in request.path_params:
        link = Link(str(request.path_params["alarm"]), link.destination, link.person)
    return Visit(desk, request, Visitor(person, "link", f"{link.destination} {token}")), link


def _gone(visit: Visit, why: str, link: Link | None) -> Response:
    """Say that a link leads nowhere, and what to do next; nothing of what the record holds."""
    says, status = GONE[why]
    alarm = link.alarm if link is not None and ALARM.fullmatch(link.alarm) else ""
    return visit.page("gone.html", status, says=says, otherwise=OTHERWISE, alarm=alarm)


def _list(visit: Visit, token: str) -> Response:
    with visit.desk.reader() as journal:
        alarms = journal.alarms()
    alarms.sort(key=lambda alarm: (not alarm.active, -alarm.level, -alarm.priority, alarm.opened_at))
    return visit.page("answer_list.html", alarms=alarms, token=token)


# --- from a session -----------------------------------------------------------------


async def _by_session(visit: Visit) -> Response:
    return _page(visit, str(visit.request.path_params["alarm"]), visit.request.url.path)


async def _act_by_session(visit: Visit) -> Response:
    return await _act(visit, str(visit.request.path_params["alarm"]), visit.request.url.path, None)


# --- the page -----------------------------------------------------------------------


Found = tuple[Alarm, list[StoredEvent], list[OutboxRow]]


def _page(
    visit: Visit,
    id_: str,
    here: str,
    *,
    says: str = "",
    status: int = 200,
    typed: Mapping[str, Any] | None = None,
) -> Response:
    """Show an alarm with what may be done about it; one that is closed says so."""
    with visit.desk.reader() as journal:
        found = _found(journal, id_)
        if found[0].closed_at is not None:
            return _closed(visit, found[0])
        shown = phone(visit.desk, journal, *found)
        last = journal.read_by_hand(found[0].point)
    role = visit.visitor.person.role if visit.visitor.person else ""
    done = DONE.get(visit.request.query_params.get("done", ""), "") if not says else ""
    if last is not None and done == DONE["read"]:
        done = f"{last.detail['read']:g} {last.detail['unit']} is on record: {last.detail['verdict']}."
    return visit.page(
        "answer.html",
        status,
        phone=shown,
        here=here,
        says=says,
        done=done,
        typed=EMPTY | dict(typed or {}),
        by_link=visit.visitor.way == "link",
        new_form=visit.new_form,
        may_shelve=may(role, Shelve, contained=shown.contained),
        may_document=may(role, Document),
        may_close=may(role, Close),
        may_silence=may(role, Silence),
        may_read=may(role, HandReading) and bool(shown.units),
        may_return=shown.next_step is not None and may_step(role, shown.next_step),
        may_use=may(role, InUse) and shown.contained,
        shelved=_shelved(found),
    )


def _shelved(found: Found) -> bool:
    """Tell whether the newest word about shelving is that it is shelved."""
    words = [each.event.kind.value for each in found[1]]
    return any(word == "shelved" for word in words) and "unshelved" not in words[_last(words, "shelved") :]


def _last(words: list[str], word: str) -> int:
    return len(words) - 1 - words[::-1].index(word)


def _closed(visit: Visit, alarm: Alarm) -> Response:
    """Say that a link is used up: the alarm is closed."""
    desk, by = visit.desk, alarm.closed_by or ""
    name = desk.site.people[by].name if by in desk.site.people else by
    at = alarm.closed_at.astimezone(desk.zone) if alarm.closed_at else None
    when = f" at {at:%H:%M} on {at:%a} {at.day} {at:%b}" if at else ""
    says = f"{alarm.id} is closed, by {name}{when}: {alarm.note}"
    return visit.page("gone.html", 410, says=says, otherwise=OTHERWISE, alarm=alarm.id)


# --- the acts -----------------------------------------------------------------------


async def _act(visit: Visit, id_: str, here: str, link: Link | None) -> Response:
    """Do what a form asks, once it is proven who asks; then lead back to the page."""
    do = visit.text("do", 20)
    fields = {name: visit.text(name, LONGEST) for name in FIELDS.get(do, ())}
    with visit.desk.reader() as journal:
        alarm = _found(journal, id_)[0]
    if alarm.closed_at is not None:
        return _closed(visit, alarm)
    by_pin = do == "shelve" and is_contained(visit.desk.site, alarm)
    if refusal := await _unproven(visit, alarm, link, by_pin=by_pin):
        return _page(visit, id_, here, says=refusal, status=403, typed=fields)
    act = _meant(visit, do, alarm, fields)
    if isinstance(act, str):
        return _page(visit, id_, here, says=f"{act}. Nothing was done.", status=422, typed=fields)
    if told := await visit.ask(act):
        return _page(visit, id_, here, says=told, status=409, typed=fields)
    return visit.done(f"{here}?done={do}")


def _meant(visit: Visit, do: str, alarm: Alarm, fields: Mapping[str, str]) -> Act | Entry | str:
    """Return the act that a form means, or why it means none."""
    if do not in FIELDS:
        return "Choose what to do"
    said = {key: text for key, text in fields.items() if text or key in {"note", "reason"}}
    about = {"alarm": alarm.id}
    match do:
        case "answer":
            if said.get("where") != "on-my-way":
                said.pop("minutes", None)
        case "document":  # "something else: say it below"
            said = {"cause": fields["note"], "action": fields["note"], **said}
        case "read" | "return" | "use":
            # What it is about is that of the alarm, whatever the form says.
            about = _place(visit.desk, do, alarm)
            if not about:
                return f"There is nothing of {alarm.id} to do this to"
    word = "ack" if do == "answer" else do
    return act_asked({"do": word, "by": visit.by, **about, **said})


def _place(desk: Desk, do: str, alarm: Alarm) -> dict[str, str]:
    """Return what an act beside the alarm is about: its point, its room, its unit."""
    point = desk.site.points.get(alarm.point)
    if point is None:
        return {}
    if do == "read":
        return {"point": point.id, "read_at": desk.now().isoformat()}
    if do == "use":
        return {"room": point.room, "in_use": "no"}
    with desk.reader() as journal:
        unit = latched_unit(journal, point)[0]
    return {"unit": unit} if unit else {}


def _found(journal: Reader, id_: str) -> Found:
    found = journal.alarm(id_) if ALARM.fullmatch(id_) else None
    if found is None:
        raise HTTPException(404)
    return found


async def _unproven(visit: Visit, alarm: Alarm, link: Link | None, *, by_pin: bool) -> str:
    """Say why it is not proven that this person acts (practice rule 8); nothing if it is.

    `by_pin`: the code of a message is not enough (practice rule 9).
    """
    person, address = visit.visitor.person, address_of(visit.request)
    assert person is not None  # noqa: S101  # links and sessions have one
    secret = visit.text("code", 200)
    if by_pin or (link is None and needs_code(alarm)):
        return await proof.pin(visit.desk, person, secret, address)
    if link is not None and needs_code(alarm):
        return await proof.code_or_pin(visit.desk, link, person, secret, address)
    return "" if link is None or visit.text("me") == "yes" else TICK
