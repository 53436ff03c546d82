"""What every feature needs to know about people: who belongs to whom, what they are called, may they be asked."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel.dates import get_month_names

from bot.actions import delivery
from bot.actions.desk import Turn
from bot.domain.asked import Own
from bot.domain.consent import CONSENT_TEXTS
from bot.domain.delivery import Guard, Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.people import Client, Person, Status, worker_name_for
from bot.domain.plan import NotLive, Plan, live_problems
from bot.domain.schedules import next_due
from bot.domain.words import Facts, Json, Role
from bot.texts import Texts

_VERSIONS: dict[tuple[str, str], str] = {}
"""Consent versions by plan version and language: the same question is asked for every client that is due."""


@cache
def texts() -> Texts:
    return Texts.shipped()


# ---------------------------------------------------------------- consent


def consent_version(plan: Plan, language: str) -> str:
    """What a client of this language agrees to now: changes when a word of it does, or what it promises."""
    known = _VERSIONS.get((plan.version, language))
    if known is None:
        said = texts().for_language(language, plan.texts).texts
        content = {key: text for key, text in said.items() if key.startswith(CONSENT_TEXTS)}
        promised = [list(plan.service.not_shared_with), plan.alerts.ask_client_first]
        known = hashlib.sha256(json.dumps([content, promised], sort_keys=True).encode()).hexdigest()[:16]
        _VERSIONS[plan.version, language] = known
    return known


def consent_current(client: Client, plan: Plan) -> bool:
    """Whether this client has agreed to what is in force now. Without it nothing is ever asked."""
    return client.consent_version is not None and client.consent_version == consent_version(plan, client.person.language)


def lacks(turn: Turn) -> tuple[NotLive, ...]:
    """What keeps the bot from inviting and asking clients; empty when it is live."""
    today = turn.now.astimezone(ZoneInfo(turn.plan.service.timezone)).date()
    return live_problems(turn.plan, today)


CONTACTS = ("alerts.complaints_to", "safety.duty", "safety.safeguarding_contact")
"""Config keys that name people whom a client's urgent words or wishes go to."""


async def contacts_missing(turn: Turn) -> list[tuple[str, Person | None]]:
    """Contacts (ref, and who that is if known) who have not joined yet: until they have, no client is asked."""
    needed = turn.plan.people_needed
    refs = sorted({ref for key in CONTACTS for ref in needed.get(key, ())})
    found = [(ref, await turn.m.people.by_ref(ref)) for ref in refs]
    return [(ref, person) for ref, person in found if person is None or person.status is not Status.JOINED]


# ---------------------------------------------------------------- who is who


async def client(turn: Turn, client_id: str) -> Client:
    found = await turn.m.people.client(client_id)
    if found is None:
        raise Refusal("errors.unknown_ref")
    return found


async def locked(turn: Turn, client_id: str) -> Client:
    """The client as they are now, kept for this unit: what staff do to a client begins with this."""
    await turn.m.people.lock([client_id])
    return await client(turn, client_id)


async def worker_of(turn: Turn, client: Client) -> Person | None:
    return await turn.m.people.by_id(client.worker_id) if client.worker_id else None


async def worker_then(turn: Turn, client: Client, at: datetime) -> Person | None:
    """Who the worker was at that moment: whom the wish for somebody else is about, whoever it is by now."""
    terms = await turn.m.people.assignments(client.id)
    then = next((worker for worker, starts, ends in terms if starts <= at and (ends is None or at < ends)), None)
    return await turn.m.people.by_id(then) if then else await worker_of(turn, client)


async def others(turn: Turn) -> list[Person]:
    """Who may hear what a client's worker does not, the first before all."""
    found = [await turn.m.people.by_ref(ref) for ref in turn.plan.alerts.complaints_to]
    return [one for one in found if one is not None and one.status is not Status.DISCHARGED]


def other_than_worker(found: Sequence[Person], client: Client) -> Person | None:
    """The first who is not the worker concerned."""
    return next((one for one in found if one.id != client.worker_id), None)


async def other_person(turn: Turn, client: Client) -> Person | None:
    """Who hears that a client would like to see someone else: never the worker concerned."""
    return other_than_worker(await others(turn), client)


async def names_for(turn: Turn, client: Client) -> dict[str, Json]:
    """The facts that nearly every text to a client quotes. Nothing else names staff in a client's chat."""
    worker, other = await worker_of(turn, client), await other_person(turn, client)
    name = worker_name_for(client, worker) if worker else turn.plan.service.place
    return {
        "worker": name,
        "initial": name[:1],
        "manager": other.name if other else turn.plan.service.place,
        "place": turn.plan.service.place,
        "quiet": client.quiet_mode,
    }


async def whole_name(turn: Turn, client: Client) -> str:
    """The worker's name once in full, where a client on a shared phone reads whose initial it will be."""
    worker = await worker_of(turn, client)
    return worker.name if worker else turn.plan.service.place


async def own(turn: Turn, worker: Person, ref: str) -> Client:
    """A worker's own client by ref; the same refusal for unknown refs and other people's clients.

    Covered ones are not among them: who covers sees alerts that are open, and acts on those.
    """
    known = await turn.m.people.client_by_ref(ref)
    found = await locked(turn, known.id) if known is not None and known.worker_id == worker.id else None
    if found is None or found.worker_id != worker.id:
        raise Refusal("errors.unknown_ref")
    return found


DASHES = str.maketrans("\u2010\u2011\u2012\u2013\u2212", "-----")
"""What phones make of a hyphen."""


async def as_spelt(turn: Turn, ref: str) -> str:
    """A ref as the roster spells it, where it was typed in other capitals, with another dash or a comma behind it.

    What is nobody's stays as it was typed.
    """
    if await turn.m.people.by_ref(ref) is not None:
        return ref
    known = {one.casefold(): one for one in await turn.m.people.refs()}
    typed = ref.translate(DASHES).casefold()
    return known.get(typed) or known.get(typed.rstrip(".,;:!")) or ref


# ---------------------------------------------------------------- times


def local(person: Person, at: datetime) -> str:
    """A moment as a fact: in the person's own zone."""
    return at.astimezone(ZoneInfo(person.timezone)).isoformat()


def next_asked(turn: Turn, client: Client) -> datetime | None:
    """When this client is asked next, if they are asked at all; None when nothing is in sight."""
    own, sessions = Own.from_json(client.own_times), [client.next_session] if client.next_session else []
    zone, calendar = client.person.timezone, turn.plan.calendar
    dues = [next_due(one, calendar, zone, turn.now, sessions, own) for one in turn.plan.schedules]
    return min((due.at for due in dues if due is not None), default=None)


@cache
def months(language: str) -> dict[str, int]:
    """Small-letter names of the months, long and short, in a language and in English."""
    named: dict[str, int] = {}
    for code in dict.fromkeys((language, "en")):
        locale = texts().for_language(code).texts["format.locale"]
        for context, width in (("format", "wide"), ("format", "abbreviated"), ("stand-alone", "wide")):
            for number, name in get_month_names(width, context, locale=locale).items():  # type: ignore[arg-type]  # Babel wants literals
                named.setdefault(name.casefold().strip("."), number)
    return named


# ---------------------------------------------------------------- saying


def once(kind: str) -> str:
    """A key for something that may be said any number of times; one update is handled once anyway."""
    return f"{kind}:{secrets.token_hex(8)}"


async def say(turn: Turn, person: Person, key: str, surface: str | None = None, **facts: Json) -> None:
    """Say one text, without buttons. On a surface it takes the place of what stands there."""
    said: Facts = {"key": key, "facts": facts}
    where = surface or once("said")
    await delivery.post(turn, Post(to=person.id, kind="sentence", key=once("said"), facts=said, surface=where))


async def tell_worker(turn: Turn, client: Client, key: str, once_for: str, **facts: Json) -> None:
    """A neutral line to the assigned worker, who knows the client by ref alone."""
    if client.worker_id is None:
        return
    said: Facts = {"key": key, "facts": {"ref": client.ref, **facts}}
    post_key = f"told:{once_for}:{client.id}"
    post = Post(client.worker_id, "sentence", post_key, said, urgency=Urgency.DIGEST)
    await delivery.post(turn, replace(post, guard=Guard.ASSIGNED, client_id=client.id))


async def tell_managers(turn: Turn, once_for: str, key: str, but: Person | None = None, **facts: Json) -> None:
    """A neutral line to every manager, but for the one who knows it already."""
    said: Facts = {"key": key, "facts": facts}
    for manager in await turn.m.people.everybody(Role.MANAGER):
        if but is None or manager.id != but.id:
            post = Post(manager.id, "sentence", f"{once_for}:{manager.id}", said, urgency=Urgency.DIGEST)
            await delivery.post(turn, post)


async def is_theirs(turn: Turn, client: Client, at: datetime) -> bool:
    """Whether something of that moment may be told to whoever has this client's chat now."""
    if client.consent_at is not None:
        return client.may_show(at)
    opened = await turn.m.invitations.last_used(client.id)
    return opened is None or at >= opened


async def show_commands(turn: Turn, staff: Person) -> None:
    """What a member of staff can do here."""
    facts: Facts = {"role": staff.role.value}
    await delivery.post(turn, Post(staff.id, "staff.help", once("help"), facts))


async def expect(turn: Turn, person: Person, what: str | None, until: datetime | None = None) -> None:
    """What the person's next typed words are for; None = nothing in particular."""
    await turn.m.people.change(person.id, expects=what, expects_until=until)


async def expect_no_more(turn: Turn, person: Person) -> None:
    """They went elsewhere: what they type from now on is not for what they were asked before."""
    if person.expects is not None:
        await expect(turn, person, None)
