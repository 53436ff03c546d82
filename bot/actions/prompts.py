"""What stands in a check-in's message: its question, the thanks, or that it has gone.

One check-in has one surface, `checkin:ID`. Every showing has a key of its own, so that deciding twice shows nothing
twice. Nothing here reads signals or alerts; they may call `thanks` and `stop_asking`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.actions import delivery, people
from bot.actions.desk import Turn
from bot.actions.people import local
from bot.domain.checkins import Answer, CheckIn, Event, State, ended, holding, item_before, step
from bot.domain.delivery import CLEAR, Post, Urgency
from bot.domain.goals import Goal
from bot.domain.next_in import next_in
from bot.domain.outgoing import MESSAGE
from bot.domain.people import Client, Person, Style, worker_name_for
from bot.domain.plan import Plan
from bot.domain.questions import Question
from bot.domain.words import Facts

QUIET_CLEARS_AFTER = timedelta(minutes=1)
"""In quiet mode the last message stays this long before the chat is cleared of it."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a card says besides its check-in: who the worker is, who hears what the worker does not, the goals."""

    worker: Person | None
    manager: Person | None = None
    goals: Mapping[str, Goal] = field(default_factory=dict)


async def around(turn: Turn, client: Client, check_in: CheckIn) -> Around:
    """Read only what this check-in's questions can quote."""
    worker = await turn.m.people.by_id(client.worker_id) if client.worker_id else None
    asked = (turn.plan.bank.get(item.question) for item in check_in.items)
    quotes_manager = any(one is not None and quotes(one, "{manager}") for one in asked)
    about_goals = any(item.goal_id for item in check_in.items)
    goals = {goal.id: goal for goal in await turn.m.goals.of(client.id)} if about_goals else {}
    return Around(worker, await people.other_person(turn, client) if quotes_manager else None, goals)


def quotes(question: Question, placeholder: str) -> bool:
    return any(placeholder in words for words in (*question.text.values(), *question.note.values()))


# ---------------------------------------------------------------- the question


def question_facts(
    client: Client,
    check_in: CheckIn,
    answers: Sequence[Answer],
    plan: Plan,
    near: Around,
    *,
    away: bool = False,
    offers: bool = False,
) -> Facts:
    """What the card shows of the item at `check_in.position`. `offers`: other wording is offered with it."""
    asked = [n for n, item in enumerate(check_in.items) if item.question in plan.bank]
    item = check_in.items[check_in.position]
    goal = near.goals.get(item.goal_id) if item.goal_id else None
    held = holding(answers).get(check_in.position)
    return {
        "check_in": check_in.id,
        "item": check_in.position,
        "n": asked.index(check_in.position) + 1 if check_in.position in asked else 1,
        "of": len(asked),
        "question": item.question,
        "style": client.style.value,
        "worker": worker_name_for(client, near.worker) if near.worker else "",
        "manager": near.manager.name if near.manager else "",
        "goal": goal.text if goal and goal.quotable and not client.quiet_mode else None,
        "goal_number": goal.number if goal else None,
        "date": local(client.person, client.next_session) if client.next_session else None,
        "back": item_before(check_in, check_in.position, plan.bank) is not None,
        "first": not client.card_explained,
        "offers": offers and client.style is Style.NUMBERS,
        "chosen": held.said if held else None,
        "away": away,
    }


def question_post(client: Client, check_in: CheckIn, facts: Facts, **how: Any) -> Post:
    """The card as a post. `check_in.showing` has been counted up already."""
    return Post(
        to=client.id,
        kind="client.question",
        key=f"{check_in.surface}:card:{check_in.showing}",
        facts=facts,
        surface=check_in.surface,
        client_id=client.id,
        check_in_id=check_in.id,
        **how,
    )


async def show(
    turn: Turn, client: Client, check_in: CheckIn, answers: Sequence[Answer], *, away: bool = False, **how: Any
) -> CheckIn:
    """Show the item at `position` anew. Returns the check-in with the showing counted."""
    shown = replace(check_in, showing=check_in.showing + 1)
    await turn.m.checkins.change(shown.id, showing=shown.showing, position=shown.position)
    near = await around(turn, client, shown)
    facts = question_facts(client, shown, answers, turn.plan, near, away=away)
    await delivery.post(turn, question_post(client, shown, facts, **how))
    return shown


async def say(turn: Turn, client: Client, check_in: CheckIn, kind: str, facts: Facts, **how: Any) -> CheckIn:
    """Show something else than a question on the check-in's surface."""
    shown = replace(check_in, showing=check_in.showing + 1)
    await turn.m.checkins.change(shown.id, showing=shown.showing)
    await delivery.post(
        turn,
        Post(
            to=client.id,
            kind=kind,
            key=f"{check_in.surface}:card:{shown.showing}",
            facts=facts,
            surface=check_in.surface,
            client_id=client.id,
            check_in_id=check_in.id,
            **how,
        ),
    )
    return shown


# ---------------------------------------------------------------- the thanks


async def thanks(turn: Turn, client: Client, check_in_id: str) -> None:
    """Say thanks where the check-in stands. One that was left half done ends here; in quiet mode it is cleared."""
    check_in = await turn.m.checkins.by_id(check_in_id, lock=True)
    if check_in is None:
        return
    answers = await turn.m.answers.of_check_in(check_in.id)
    if check_in.running:
        check_in = await finish(turn, check_in, answers)
    await turn.m.checkins.change(check_in.id, asks_about=None)
    shown = await say(turn, client, check_in, "client.thanks", await thanks_facts(turn, client, check_in))
    await clear_when_quiet(turn, client, shown)


async def thanks_facts(turn: Turn, client: Client, check_in: CheckIn) -> Facts:
    worker = await turn.m.people.by_id(client.worker_id) if client.worker_id else None
    day = next_in(turn.now, turn.plan.calendar, worker.away_until if worker else None) if worker else None
    today = turn.now.astimezone(ZoneInfo(turn.plan.calendar.timezone)).date()
    return {
        "worker": worker_name_for(client, worker) if worker else "",
        "next_in": day.isoformat() if day and day != today else None,
        "in_a_week": bool(day and (day - today).days < 7),
        "today": day == today,
        "quiet": client.quiet_mode,
        "skipped": check_in.state is State.SKIPPED,
    }


async def finish(turn: Turn, check_in: CheckIn, answers: Sequence[Answer]) -> CheckIn:
    """End a check-in with the answers that there are; one whose window is over by now ended with that."""
    event = ended(check_in, answers, turn.plan.bank)
    assert event is not None
    at = check_in.touch_at(turn.heard, turn.now)
    done = replace(check_in, state=step(check_in.state, event), finished_at=min(at, check_in.expires_at or at))
    await turn.m.checkins.change(
        done.id, state=done.state, finished_at=done.finished_at, remind_at=None, evaluate_at=None, comes_back=False
    )
    await delivery.withdraw(turn, key=reminder_key(check_in), why="over")
    return done


async def clear_when_quiet(turn: Turn, client: Client, check_in: CheckIn) -> None:
    """Where other people see the phone, the message goes a minute after it has been answered, and typed answers too."""
    stands = await turn.m.messages.standing(client.id, check_in.surface) if client.quiet_mode else None
    chat_id, since = client.person.chat_id, check_in.sent_at
    if stands is None or chat_id is None or since is None:
        return
    typed = await turn.m.messages.since(client.id, chat_id, since, said=True)
    key, at = f"{check_in.surface}:delete:{check_in.showing}", turn.now + QUIET_CLEARS_AFTER
    await delivery.take_away(turn, client.id, [stands, *typed], key, not_before=at)


def ask_key(check_in: CheckIn) -> str:
    return f"{check_in.surface}:ask"


def reminder_key(check_in: CheckIn) -> str:
    return f"{check_in.surface}:reminder"


# ---------------------------------------------------------------- no more of it


async def take_back(turn: Turn, check_in: CheckIn, why: str) -> None:
    """Questions and reminders of this check-in that have not left yet. What was raised by it goes its own way."""
    await delivery.withdraw(turn, key=ask_key(check_in), why=why)
    await delivery.withdraw(turn, key=reminder_key(check_in), why=why)
    for again in ("card", "again"):
        await delivery.withdraw(turn, key_prefix=f"{check_in.surface}:{again}:", why=why)


async def gone(turn: Turn, client: Client, check_in: CheckIn) -> None:
    """Say that its time is over, and when the next one comes; nothing where nothing of it stands in the chat."""
    following = await next_day(turn, client)
    facts: Facts = {"day": local(client.person, following) if following else None}
    await say(turn, client, check_in, "client.gone", facts, silent=True, urgency=Urgency.QUESTION)


async def next_day(turn: Turn, client: Client) -> datetime | None:
    """When this client is next asked; None when nothing is planned, or they are not being asked now."""
    return await turn.m.timetable.next_for(client.id) if client.is_asked else None


async def clear(turn: Turn, client: Client, check_in: CheckIn, message_id: int | None = None) -> None:
    """Take the buttons off the check-in's message, or off one certain copy of it; off each copy once."""
    whole = message_id is None
    await delivery.post(
        turn,
        Post(
            to=client.id,
            kind=CLEAR,
            key=f"{check_in.surface}:clear" if whole else f"{CLEAR}:{client.person.chat_id}:{message_id}",
            facts={} if whole else {MESSAGE: message_id},
            surface=check_in.surface if whole else None,
            client_id=client.id,
        ),
    )


async def clear_older(turn: Turn, client: Client, check_in: CheckIn) -> None:
    """A copy that was tapped while another was still on its way: the later one stands now, the first one closes."""
    for message_id in await turn.m.messages.older(client.id, check_in.surface):
        await clear(turn, client, check_in, message_id)


async def stop_asking(turn: Turn, client_id: str, why: str) -> int:
    """Take back what is planned or open for this client, and its buttons. Answers stay and are read. Returns how many.

    `why` is a short word for the record, such as `crisis`, `break`, `held`, `no_more`.
    """
    client = await turn.m.people.client(client_id)
    stopped = await turn.m.checkins.running(client_id)
    for check_in in stopped if client else ():
        answers = await turn.m.answers.of_check_in(check_in.id)
        some = ended(check_in, answers, turn.plan.bank) is Event.RAN_OUT_ANSWERED
        state = step(check_in.state, Event.RAN_OUT_ANSWERED if some else Event.TAKEN_BACK)
        await turn.m.checkins.change(
            check_in.id,
            state=state,
            reason=why,
            finished_at=turn.now,
            remind_at=None,
            evaluate_at=turn.now if some else None,
        )
        await take_back(turn, check_in, why)
        if check_in.sent_at is not None and client is not None:
            await clear(turn, client, check_in)
    return len(stopped)
