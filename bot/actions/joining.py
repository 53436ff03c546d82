"""The six screens: shown, tapped, agreed to, declined; and shown again when their words change."""

from datetime import timedelta
from zoneinfo import ZoneInfo, available_timezones

from bot.actions import accounts, delivery, people
from bot.actions.desk import Turn
from bot.domain import clocks
from bot.domain.asked import Own
from bot.domain.asking import Standing, questions_for
from bot.domain.consent import AGREES_ON, DONE, Choice, End, step
from bot.domain.delivery import Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.people import Asking, Client, Status, Style
from bot.domain.rhythm import describe, per_week
from bot.domain.wall import out_of_quiet
from bot.domain.words import Facts, Json

SURFACE = "join"
CLOCK = "join:clock"
"""What a client's typed words are for while they are asked what their clock says."""
PATIENCE = timedelta(hours=1)
EXPLAINS_QUIET = 2
"""The screen that says whose initial is written from now on."""


async def show(turn: Turn, client: Client, *, fresh: bool = False, page: str | None = None, **more: Json) -> None:
    """The screen on which the client stands, or a page beside the six: `clock`, `done`, `declined`, …"""
    facts: Facts = {**await _facts(turn, client), "page": page, **more}
    key = people.once("join")
    await delivery.post(turn, Post(client.id, "client.join", key, facts, SURFACE, fresh=fresh, client_id=client.id))


async def ask_again(turn: Turn, client: Client) -> bool:
    """The words have changed since this client agreed: show them once more. Until the new yes, nothing is asked."""
    version = people.consent_version(turn.plan, client.person.language)
    if client.consent_version == version or client.join_screen not in (0, DONE):
        return False
    await turn.m.people.change_client(client.id, join_screen=1)
    facts: Facts = {**await _facts(turn, client), "screen": 1, "page": None}
    free = out_of_quiet(turn.now, turn.plan.calendar.quiet_hours, ZoneInfo(client.person.timezone))
    await delivery.post(
        turn,
        Post(
            to=client.id,
            kind="client.join",
            key=asking_key(client, version),
            facts=facts,
            surface=SURFACE,
            urgency=Urgency.QUESTION,
            fresh=True,
            not_before=free,
            client_id=client.id,
        ),
    )
    return True


def asking_key(client: Client, version: str) -> str:
    """Of the post that shows this client the words of this version once more."""
    return f"consent:{client.id}:{version}"


async def ask_all_again(turn: Turn, limit: int = 50) -> int:
    """Everybody who takes part and agreed to other words than those in force. Returns how many."""
    if people.lacks(turn):
        return 0
    versions = {people.consent_version(turn.plan, one) for one in turn.plan.service.languages}
    found = await turn.m.people.agreed_to_others(versions, DONE, limit)
    return sum([await ask_again(turn, client) for client in found])


async def begin_again(turn: Turn) -> int:
    """The words have changed while some are reading them: from the first screen on, or they would agree to words that
    they have not seen. Returns how many.
    """
    reading = [one for one in await turn.m.people.clients() if 0 < one.join_screen <= AGREES_ON]
    for client in reading:
        await turn.m.people.change_client(client.id, join_screen=1)
        if await turn.m.messages.standing(client.id, SURFACE) is not None:
            await show(turn, await people.client(turn, client.id))
    return len(reading)


async def tap(turn: Turn, client: Client, tapped_on: int, choice: Choice, value: int | None = None) -> Client | None:
    """One button of one screen. Returns the client once they have just finished joining, otherwise None."""
    if client.join_screen in (0, DONE):
        raise Refusal("errors.stale_button")
    leads_to = step(client.join_screen, tapped_on, choice)
    if tapped_on != client.join_screen or leads_to is None:
        await show(turn, client)
    elif isinstance(leads_to, End):
        await (_unknown(turn, client) if leads_to is End.UNKNOWN else _declined(turn, client))
    elif choice is Choice.AGREE:
        return await _agreed(turn, client)
    elif choice is Choice.FINE:
        return await _finished(turn, client)
    elif choice is Choice.CHANGE:
        await ask_clock(turn, client)
    elif choice is Choice.CLOCK:
        await _set_zone(turn, client, zone_from_offset(turn, value))
    else:
        await _onward(turn, client, leads_to, choice)
    return None


async def _onward(turn: Turn, client: Client, leads_to: int, choice: Choice) -> None:
    values: dict[str, object] = {"join_screen": leads_to}
    if client.join_screen == 1 and client.is_new_here:
        values["quiet_mode"] = choice is Choice.SHARED
    if choice is Choice.STYLE:
        values["style"] = Style.WORDS if client.style is Style.NUMBERS else Style.NUMBERS
    await turn.m.people.change_client(client.id, **values)
    await show(turn, await people.client(turn, client.id))


async def _agreed(turn: Turn, client: Client) -> Client | None:
    language = client.person.language
    version = people.consent_version(turn.plan, language)
    await turn.m.people.note_consent(client.id, version, language, True, turn.now)
    await turn.m.people.change(client.id, status=Status.JOINED, joined_at=client.person.joined_at or turn.now)
    if accounts.in_another_account(client):
        await accounts.begins_anew(turn, client)
    account = client.person.chat_id
    await turn.m.people.change_client(
        client.id, consent_version=version, consent_at=turn.now, agreed_chat_id=account, join_screen=6
    )
    was_new, client = client.is_new_here, await people.client(turn, client.id)
    if not was_new:  # only the words had changed; times and clock are settled long since
        return await _finished(turn, client)
    await show(turn, client)
    return None


async def _finished(turn: Turn, client: Client) -> Client:
    asking = Asking.ON if client.asking is Asking.NOT_YET else client.asking
    await turn.m.people.change_client(client.id, join_screen=DONE, asking=asking, asking_since=turn.now)
    if client.asking is Asking.NOT_YET:
        await turn.m.people.resume(client.id, turn.now)
    client = await people.client(turn, client.id)
    first = people.next_asked(turn, client) if client.is_asked else None
    page = "waiting" if people.lacks(turn) else "done"
    await show(turn, client, page=page, day=people.local(client.person, first) if first else None)
    await people.tell_worker(turn, client, "worker.invite.opened", people.once("joined"))
    return client


async def _declined(turn: Turn, client: Client) -> None:
    language = client.person.language
    version = people.consent_version(turn.plan, language)
    await turn.m.people.note_consent(client.id, version, language, False, turn.now)
    await turn.m.people.change(client.id, status=Status.DECLINED)
    await turn.m.people.change_client(client.id, join_screen=0, asking=Asking.NOT_YET, consent_version=None)
    await show(turn, client, page="declined")
    await people.tell_worker(turn, client, "worker.invite.declined", people.once("declined"))


async def _unknown(turn: Turn, client: Client) -> None:
    """Not meant for whoever opened it: the link is dead already, the chat is let go with the next message to it."""
    await turn.m.people.change(client.id, status=Status.INVITED)
    await turn.m.people.change_client(client.id, join_screen=0, asking=Asking.NOT_YET)
    await show(turn, client, page="unknown_worker")
    await people.tell_worker(turn, client, "worker.invite.not_meant", people.once("not_meant"))


# ---------------------------------------------------------------- the clock


async def ask_clock(turn: Turn, client: Client) -> None:
    """Other clocks to tap on; one can be typed instead, or the name of a city."""
    await people.expect(turn, client.person, CLOCK, turn.now + PATIENCE)
    await show(turn, client, page="clock", clocks=other_clocks(turn, client))


async def typed_clock(turn: Turn, client: Client, text: str) -> None:
    """What somebody typed as their clock, or as the place where they are."""
    await _set_zone(turn, client, zone_from_words(turn, text))


async def _set_zone(turn: Turn, client: Client, zone: str) -> None:
    await people.expect(turn, client.person, None)
    await turn.m.people.change(client.id, timezone=zone)
    await show(turn, await people.client(turn, client.id))


def other_clocks(turn: Turn, client: Client) -> list[Json]:
    """[minutes from UTC, what the clock shows] for some zones around the client's."""
    near = clocks.offered(client.person.timezone, turn.plan.service.timezone, turn.now)
    return [[minutes, f"{wall:%H:%M}"] for minutes, wall in near]


def zone_from_words(turn: Turn, text: str) -> str:
    """A zone by what a clock shows, or by the name of a city. Raises Refusal when neither is understood."""
    wall, home = clocks.read_clock(text), turn.plan.service.timezone
    zone = clocks.by_clock(wall, home, turn.now) if wall else clocks.by_place(text, available_timezones())
    if zone is None:
        raise Refusal("client.join.clock.unsure")
    return zone


def zone_from_offset(turn: Turn, minutes: int | None) -> str:
    zone = clocks.by_offset(timedelta(minutes=minutes or 0), turn.plan.service.timezone, turn.now)
    if minutes is None or zone is None:
        raise Refusal("errors.stale_button")
    return zone


# ---------------------------------------------------------------- what the screens say


async def _facts(turn: Turn, client: Client) -> dict[str, Json]:
    plan, own = turn.plan, Own.from_json(client.own_times)
    schedule = plan.schedules[0] if plan.schedules else None
    asked = questions_for(schedule, plan.bank, Standing(max_questions=own.max_questions), turn.now) if schedule else ()
    often, n = per_week(plan.schedules, own)
    local = turn.now.astimezone(ZoneInfo(client.person.timezone))
    names = await people.names_for(turn, client)
    if client.quiet_mode and client.join_screen == EXPLAINS_QUIET:
        names["worker"] = await people.whole_name(turn, client)
    return {
        **names,
        "screen": client.join_screen,
        "again": not client.is_new_here,
        "often": often,
        "often_n": n,
        "questions": max(1, len(asked)),
        "ask_first": plan.alerts.ask_client_first,
        "not_shared_with": list(plan.service.not_shared_with),
        "now": f"{local:%H:%M}",
        "words": client.style is Style.WORDS,
        **describe(plan.schedules, own),
    }
