"""What a client starts by themselves: wanting to talk, wanting somebody else, wanting help now."""

from datetime import datetime

from bot.actions import alerts, crisis, duty, menu, people, prompts, remarks
from bot.actions.desk import Turn
from bot.domain.alerts import Kind
from bot.domain.errors import Refusal
from bot.domain.people import Asking, Client, Person, Status
from bot.domain.signals.history import HARM_BY_OTHERS, TalkAbout
from bot.domain.words import Json
from storage.remarks import NOBODY

ABOUT = {TalkAbout.HOW_WE_WORK: "how", TalkAbout.WHAT_WE_WORK_ON: "what", TalkAbout.TIMES_AND_PLACE: "times"}


async def about(turn: Turn, client: Client, what: TalkAbout) -> None:
    """The client would like to talk about something with the worker."""
    await alerts.raise_talk(turn, client, ABOUT[what])
    await menu.show(turn, client, "talk_done", what=what.value)


async def ask_someone_else(turn: Turn, client: Client) -> None:
    """Before anything is passed on: to whom it would go, and that the worker is not told."""
    await _other(turn, client)
    await menu.show(turn, client, "someone_else")


async def someone_else(turn: Turn, client: Client) -> None:
    """It goes to the named other person, and never to the worker."""
    await _other(turn, client)
    known = await turn.m.alerts.open_of(client.id, Kind.SOMEONE_ELSE)
    await alerts.raise_someone_else(turn, client)
    matter = await turn.m.alerts.open_of(client.id, Kind.SOMEONE_ELSE)
    since = matter.goes_at if matter else turn.now
    by = duty.promised(turn.plan, since)
    page = "someone_else_open" if known is not None and known.goes_at == since else "someone_else_sent"
    await menu.show(turn, client, page, day=people.local(client.person, by))


async def _other(turn: Turn, client: Client) -> Person:
    person = await people.other_person(turn, client)
    if person is None:
        raise Refusal("client.talk.nobody_else", {"place": turn.plan.service.place})
    return person


# ---------------------------------------------------------------- help now


async def show_help(turn: Turn, client: Client, *, fresh: bool) -> None:
    """The numbers, at once. Nobody is called out by looking."""
    await crisis.show(turn, client, crisis.OPENED, fresh=fresh)


async def contact_me(turn: Turn, client: Client) -> None:
    """The second button under the numbers: a person is asked to get in touch."""
    await crisis.show(turn, client, crisis.OPENED, crisis.PASSING)
    await alerts.raise_danger(turn, client, frozenset(), source="asked")
    await _quiet(turn, client)


async def danger(turn: Turn, client: Client, lists: frozenset[str], text: str, message_id: int | None) -> None:
    """A word list hit something that was typed: the numbers first, then the notice; no questions for now.

    The words are kept like other words, and shown to nobody by that.
    """
    harm = lists == frozenset({HARM_BY_OTHERS})
    await crisis.show(turn, client, crisis.MATCHED, crisis.PASSING, harm=harm, fresh=True)
    known = await remarks.of_message(turn, client, message_id) if message_id is not None else None
    kept = known or await turn.m.remarks.add(client.id, None, message_id, text, turn.now)
    await turn.m.remarks.change(kept.id, text=text, shown_to=NOBODY)
    await people.expect(turn, client.person, None)
    await alerts.raise_danger(turn, client, lists, source="typed")
    await _quiet(turn, client)


async def not_meant(turn: Turn, client: Client) -> None:
    """It calls nothing off; whoever has the notice reads it there."""
    await alerts.note_not_meant(turn, client)
    await people.say(turn, client.person, "client.crisis.not_meant")


async def _quiet(turn: Turn, client: Client) -> None:
    """Questions stop until a person has been in touch. Whoever is not asked anyway stays as they are."""
    if client.person.status is Status.JOINED and client.asking not in (Asking.CRISIS, Asking.NO_MORE, Asking.NOT_YET):
        await turn.m.people.change_client(client.id, asking=Asking.CRISIS, asking_since=turn.now, paused_until=None)
        await turn.m.people.pause(client.id, Asking.CRISIS.value, turn.now, None)
        await prompts.stop_asking(turn, client.id, Asking.CRISIS.value)


# ---------------------------------------------------------------- own answers


async def progress(turn: Turn, client: Client, *, fresh: bool, most: int = 20) -> None:
    """The client's own answers and the words they added in the account that they have, newest first."""
    kept = [one for many in (await turn.m.answers.of(client.id)).values() for one in many if one.current]
    kept = [one for one in kept if client.may_show(one.answered_at)]
    said = [one for one in kept if (one.value, one.choice, one.text) != (None, None, None)]
    goals = {goal.id: goal.text for goal in await turn.m.goals.of(client.id)}
    lines: list[Json] = [
        {
            "day": people.local(client.person, one.answered_at),
            "question": one.question,
            "goal": goals.get(one.goal_id or ""),
            "value": one.value,
            "choice": one.choice,
            "text": one.text,
        }
        for one in said
    ]
    own: list[Json] = [
        {"day": people.local(client.person, one.said_at), "text": one.text}
        for one in await turn.m.remarks.of(client.id)
        if client.may_show(one.said_at)
    ]
    newest = sorted((*lines, *own), key=_day, reverse=True)[:most]
    await menu.show(turn, client, "answers", fresh=fresh, more={"answers": newest})


def _day(line: Json) -> datetime:
    assert isinstance(line, dict)
    return datetime.fromisoformat(str(line["day"]))
