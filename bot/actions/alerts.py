"""What raises an alert outside the check-ins, and asking the client how the worker shall hear."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bot.actions import (
    arrivals,
    budget,
    cards,
    crisis,
    delivery,
    duty,
    ladder,
    overtaken,
    people,
    prompts,
    signals,
    wishes,
)
from bot.actions.desk import Turn
from bot.domain.alerts import AlertState, Kind
from bot.domain.checkins import surface as checkin_surface
from bot.domain.delivery import Post, Urgency
from bot.domain.matters import URGENT, Alert
from bot.domain.outgoing import Outgoing
from bot.domain.people import Client
from bot.domain.signals.history import Event, Happening, TalkAbout
from bot.domain.words import Facts, Role

ABOUT: Mapping[str, TalkAbout] = {
    "how": TalkAbout.HOW_WE_WORK,
    "what": TalkAbout.WHAT_WE_WORK_ON,
    "times": TalkAbout.TIMES_AND_PLACE,
}


# ---------------------------------------------------------------- danger


async def raise_danger(turn: Turn, client: Client, lists: frozenset[str], source: str) -> dict[Kind, Alert]:
    """A word list was hit, or (with no list) the client asks to be contacted. Everybody concerned hears at once.

    `harm_by_others` goes to the safeguarding contact only. Where nobody at all can be told, the client reads it.
    """
    kind = Happening.TEXT if lists else Happening.CONTACT_ME
    event = Event(f"{source}:{turn.now.isoformat()}"[:40], kind, turn.now, lists=lists)
    raised = await signals.happened(turn, client, event)
    for alert in raised.values():
        if not alert.ladder:
            page = crisis.MATCHED if lists else crisis.OPENED
            await crisis.passed_on(turn, client, page, sent=False, harm=alert.kind is Kind.HARM)
    return raised


async def note_not_meant(turn: Turn, client: Client) -> None:
    """*That's not what I meant*: nothing is called off, one line is added to the notice."""
    for kind in URGENT:
        alert = await turn.m.alerts.open_of(client.id, kind)
        if alert is None:
            continue
        await turn.m.alerts.note(alert.id, turn.now, "not_meant", "client")
        await cards.post_to_reached(turn, alert, client)


# ---------------------------------------------------------------- requests


async def raise_talk(turn: Turn, client: Client, about: str) -> None:
    """The menu's talk route: `how` or `what` we work (on), or `times` and place. Asking twice a day is asking once."""
    today = turn.now.astimezone(ZoneInfo(client.person.timezone)).date()
    event = Event(f"talk:{about}:{today}", Happening.TALK, turn.now, about=ABOUT[about])
    await signals.happened(turn, client, event)


async def raise_someone_else(turn: Turn, client: Client) -> None:
    """A matter of its own, for the named other person; on no surface of the worker.

    One that is open stays as it is, unless the day that was promised is over: then it rings anew, with a new day.
    """
    known = await turn.m.alerts.open_of(client.id, Kind.SOMEONE_ELSE, lock=True)
    if known is not None:
        if duty.promised(turn.plan, known.goes_at) <= turn.now:
            await _promise_anew(turn, client, known)
        return
    event = Event(f"else:{turn.now.isoformat()}"[:40], Happening.TALK, turn.now, about=TalkAbout.SOMEONE_ELSE)
    await signals.happened(turn, client, event)


async def _promise_anew(turn: Turn, client: Client, matter: Alert) -> None:
    steps = await ladder.steps_now(turn, matter, client)
    again = {"state": AlertState.RAISED, "holder_id": None, "acknowledged_at": None, "snoozed_until": None}
    await delivery.withdraw(turn, alert_id=matter.id, why="asked again")
    await turn.m.alerts.change(matter.id, goes_at=turn.now, ladder=steps or matter.ladder, rang_step=-1, **again)
    await turn.m.alerts.note(matter.id, turn.now, "asked_again", "client")
    now = await turn.m.alerts.get(matter.id)
    assert now is not None
    await ladder.take(turn, now, client, ladder.first_step(now.kind, now.ladder), at=turn.now)


# ---------------------------------------------------------------- silence of the chat itself


async def note_blocked(turn: Turn, client_id: str) -> None:
    """The chat doesn't get through any more: one neutral note the same day, without the weight of a concern."""
    await _note_chat(turn, client_id, Happening.BLOCKED, "worker.blocked.text")


async def note_back(turn: Turn, client_id: str) -> None:
    """It gets through again: one note."""
    await _note_chat(turn, client_id, Happening.RETURNED, "worker.blocked.back")


async def _note_chat(turn: Turn, client_id: str, kind: Happening, key: str) -> None:
    client = await people.client(turn, client_id)
    if client.erased_at is not None:
        return  # nothing is noted about them any more
    last = [one.signal for one in await turn.m.signals.of_client(client_id) if one.signal.rule == "blocked"]
    was = last[-1].evidence.get("value") if last else Happening.RETURNED.value
    if was == kind.value:
        return  # that has been said
    event = Event(f"{kind}:{turn.now.isoformat()}"[:40], kind, turn.now)
    raised = await signals.happened(turn, client, event)
    if not raised:
        await people.tell_worker(turn, client, key, f"{kind}:{turn.now.isoformat()}")


# ---------------------------------------------------------------- how shall the worker hear?


async def ask_wish(turn: Turn, client: Client, check_in_id: str) -> None:
    """Put the sharing choice on the check-in's surface; the thanks, if there is nothing to choose any more."""
    found = await wishes.unsaid(turn, client.id, check_in_id)
    if found is None or (found.alert is not None and not found.alert.is_open):
        await prompts.thanks(turn, client, check_in_id)
        return
    await post_choice(turn, client, check_in_id, _without_a_tap(found))


def _without_a_tap(found: wishes.Unsaid) -> str:
    """Which of the questions says truly what happens if nobody taps."""
    if found.alert is not None:
        return "ask_known" if found.alert.sent else "ask"
    return "ask_held" if any(one.held == budget.HELD for one in found.signals) else "ask_resting"


async def told_softly(turn: Turn, out: Outgoing, message_id: int) -> None:
    """Telegram took the softened card: where the client never chose, the choice says what has been told without it."""
    before = await turn.m.alerts.get(out.alert_id, lock=True) if out.alert_id else None
    await overtaken.rang(turn, out, message_id)
    if before is None or before.rang_at is not None or before.chosen_at is not None or before.check_in_id is None:
        return  # an edit of what had arrived before; or it went as the client wished
    check_in = await turn.m.checkins.by_id(before.check_in_id)
    found = await wishes.unsaid(turn, before.client_id, before.check_in_id)
    client = await turn.m.people.client(before.client_id)
    if client is None or check_in is None or check_in.asks_about is None or found is None or found.alert is None:
        return  # there is no choice to be made any more
    await post_choice(turn, client, check_in.id, "no_tap", silent=True)


async def post_choice(turn: Turn, client: Client, check_in_id: str, said: str, *, silent: bool = False) -> None:
    """The three buttons under one text: `ask`, `undone` after *Undo*, `no_tap` once the worker has been told as much as
    no tap allows, or where no tap means that nothing is added: `ask_known` (the worker has a card already),
    `ask_resting` (there is none), or only a line in the weekly digest: `ask_held`."""
    names: Facts = await people.names_for(turn, client)
    other = await people.other_person(turn, client)
    await delivery.post(
        turn,
        Post(
            to=client.id,
            kind="client.sharing",
            key=people.once("sharing"),
            facts={**names, "check_in": check_in_id, "said": said, "offers_other": other is not None},
            surface=checkin_surface(check_in_id),
            urgency=Urgency.REPLY,
            silent=silent,
            client_id=client.id,
            check_in_id=check_in_id,
        ),
    )


# ---------------------------------------------------------------- what the courier says


async def not_through(turn: Turn, out: Outgoing, why: str) -> None:
    """A chat is dead. A client's: the worker gets a note. A member of staff's: the next person is asked at once."""
    if out.role is Role.CLIENT:
        await note_blocked(turn, out.person_id)
    else:
        await arrivals.not_through(turn, out, why)
