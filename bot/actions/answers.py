"""Answering: a tap, a change of mind, what follows. One action = one check-in stepped on, under lock. (`typed`: words.)

Every button carries its item, so that a late or doubled tap can never answer another question. What is tapped on a copy
of the card that the bot did not know of counts all the same, and the copy loses its buttons.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.actions import alerts, delivery, direct, prompts, reading
from bot.actions.desk import Turn
from bot.domain.checkins import (
    Answer,
    CheckIn,
    Event,
    Means,
    State,
    ended,
    half_done_at,
    item_before,
    means,
    next_item,
    scales_done,
    step,
    with_answer,
)
from bot.domain.errors import Refusal
from bot.domain.people import Client, Style
from bot.domain.questions import Question, Scale, Value, is_valid, value_0_10
from bot.domain.schedules import reminder_at

STALE = "errors.stale_button"


# ---------------------------------------------------------------- tapping


async def answer(
    turn: Turn, client: Client, check_in_id: str, item: int, said: Value | None, message_id: int | None = None
) -> Means:
    """A tap on a value, or on Skip (`said` None). Returns what it meant; raises Refusal for what is not theirs."""
    check_in = await own(turn, client, check_in_id)
    return await take(turn, client, check_in, item, said, tapped=message_id)


async def back(turn: Turn, client: Client, check_in_id: str, item: int, message_id: int | None = None) -> None:
    """*Back*, tapped under `item`: show the one before. Tapped again, or where the card has moved on: nothing."""
    check_in = await own(turn, client, check_in_id)
    before = item_before(check_in, item, turn.plan.bank) if item < len(check_in.items) else None
    if not (check_in.running and check_in.takes_answers(turn.now)) or check_in.position != item or before is None:
        return
    check_in = await _arrived(turn, client, check_in, message_id)
    answers = await turn.m.answers.of_check_in(check_in.id)
    check_in = await _touched(turn, client, replace(check_in, position=before), answers)
    await prompts.show(turn, client, check_in, answers)


async def words(turn: Turn, client: Client, check_in_id: str, style: Style, message_id: int | None = None) -> None:
    """*Words, not numbers*, and the way back: from now on everywhere, and the open card at once."""
    check_in = await own(turn, client, check_in_id)
    if client.style is style:
        return
    await turn.m.people.change_client(client.id, style=style)
    if check_in.running and check_in.takes_answers(turn.now):
        check_in = await _arrived(turn, client, check_in, message_id)
        answers = await turn.m.answers.of_check_in(check_in.id)
        check_in = await _touched(turn, client, check_in, answers)
        await prompts.show(turn, replace(client, style=style), check_in, answers)


async def own(turn: Turn, client: Client, check_in_id: str) -> CheckIn:
    """The client's own check-in, kept for this unit. Raises Refusal for anybody else's, and for what never was."""
    check_in = await turn.m.checkins.by_id(check_in_id, lock=True)
    if check_in is None or check_in.client_id != client.id:
        raise Refusal(STALE)
    return check_in


async def take(
    turn: Turn,
    client: Client,
    check_in: CheckIn,
    item: int,
    said: Value | None,
    *,
    tapped: int | None = None,
    typed: int | None = None,
) -> Means:
    """One answer to one item: tapped on message `tapped`, or typed in message `typed`."""
    answers = await turn.m.answers.of_check_in(check_in.id)
    meant = means(check_in, answers, item, said, turn.plan.bank, turn.heard)
    if meant is Means.STALE:
        if tapped is not None and _asks_no_more(turn, check_in, item):
            await _past(turn, client, check_in, answers, item, tapped)
        else:
            await _too_late(turn, client, check_in, tapped)
        return meant
    question = turn.plan.bank[check_in.items[item].question]
    # Words are typed, and scanned before they come here: no button carries any.
    if said is not None and (not is_valid(question, said) or (question.scale is Scale.TEXT and typed is None)):
        raise Refusal(STALE)
    check_in = await _arrived(turn, client, check_in, tapped)
    if meant is not Means.SAME:
        answers = with_answer(answers, _kept(turn, check_in, item, question, said, typed))
        await turn.m.answers.add(check_in, answers[-1])
        turn.count("answers")
        check_in = await direct.after(turn, client, check_in, answers)
    elif not check_in.running or check_in.position != item:
        return meant
    await _onward(turn, client, check_in, answers, item, meant)
    return meant


def _kept(turn: Turn, check_in: CheckIn, item: int, question: Question, said: Value | None, typed: int | None) -> Answer:
    is_word, number = isinstance(said, str), None if said is None or isinstance(said, str) else float(said)
    return Answer(
        item=item,
        question=question.id,
        construct=question.construct.value,
        asks=question.asks.value if question.asks else None,
        goal_id=check_in.items[item].goal_id,
        value=number,
        value_0_10=None if said is None else value_0_10(question, said),
        choice=str(said) if is_word and question.scale is Scale.CHOICE else None,
        text=str(said) if is_word and question.scale is Scale.TEXT else None,
        chat_message_id=typed,
        answered_at=check_in.touch_at(turn.heard, turn.now),
    )


def _asks_no_more(turn: Turn, check_in: CheckIn, item: int) -> bool:
    """The file has let this question go, or puts it in another way by now, and its window is open still."""
    still = check_in.running and check_in.takes_answers(turn.heard) and item < len(check_in.items)
    return still and check_in.items[item].question not in turn.plan.bank


async def _past(turn: Turn, client: Client, check_in: CheckIn, answers: Sequence[Answer], item: int, tapped: int) -> None:
    """Whoever taps there is there: the card goes on to what is still to be asked, and says so where nothing is."""
    check_in = await _touched(turn, client, await _arrived(turn, client, check_in, tapped), answers)
    following = next_item(check_in, answers, turn.plan.bank, after=item)
    if following is not None:
        await _ask_next(turn, client, replace(check_in, position=following), answers)
    elif answers:
        await _finished(turn, client, await prompts.finish(turn, check_in, answers))
    else:
        await prompts.show(turn, client, replace(check_in, position=item), answers)


# ---------------------------------------------------------------- what follows


async def _onward(
    turn: Turn, client: Client, check_in: CheckIn, answers: Sequence[Answer], item: int, meant: Means
) -> None:
    check_in = await _touched(turn, client, check_in, answers)
    if not check_in.running:
        await _changed_afterwards(turn, client, check_in, answers)
        return
    following = next_item(check_in, answers, turn.plan.bank, after=item)
    if following is None or await _is_over(turn, client, check_in):
        await _finished(turn, client, await prompts.finish(turn, check_in, answers))
        return
    if scales_done(check_in, answers, turn.plan.bank) and meant is not Means.SAME:
        sharing = await reading.read(turn, client.id, check_in.id)
        await turn.m.checkins.change(check_in.id, asks_about=sharing or check_in.asks_about)
    if check_in.position == item or meant is not Means.CHANGED:
        await _ask_next(turn, client, replace(check_in, position=following), answers)


async def _ask_next(turn: Turn, client: Client, check_in: CheckIn, answers: Sequence[Answer]) -> None:
    if check_in.takes_answers(turn.now):
        await prompts.show(turn, client, check_in, answers)
    else:  # what they have sent in time is still to be read; a button would be out of time
        await turn.m.checkins.change(check_in.id, position=check_in.position)


async def _is_over(turn: Turn, client: Client, check_in: CheckIn) -> bool:
    """Handled after its window, and nothing else of theirs waits: there is no more to come."""
    return not check_in.takes_answers(turn.now) and not await turn.m.inbox.waits_from(client.person.chat_id)


async def _finished(turn: Turn, client: Client, check_in: CheckIn) -> None:
    about = await reading.read(turn, client.id, check_in.id) or check_in.asks_about
    if about is None:
        await prompts.thanks(turn, client, check_in.id)
    else:
        await ask_wish(turn, client, check_in, about)


async def ask_wish(turn: Turn, client: Client, check_in: CheckIn, about: str) -> None:
    """In place of the question: how shall the worker hear about it?"""
    await turn.m.checkins.change(check_in.id, asks_about=about, comes_back=False, remind_at=None)
    await alerts.ask_wish(turn, client, check_in.id)


async def _changed_afterwards(turn: Turn, client: Client, check_in: CheckIn, answers: Sequence[Answer]) -> None:
    """Everything had been touched, and now one answer is another: read again; the message follows if it has to."""
    event = ended(check_in, answers, turn.plan.bank)
    state = step(check_in.state, event) if event else check_in.state
    await turn.m.checkins.change(check_in.id, state=state, evaluate_at=None)
    sharing = await reading.read(turn, client.id, check_in.id)
    if sharing is not None and sharing != check_in.asks_about:
        await ask_wish(turn, client, check_in, sharing)
    elif sharing is None and check_in.asks_about is not None:
        await prompts.thanks(turn, client, check_in.id)


async def _touched(turn: Turn, client: Client, check_in: CheckIn, answers: Sequence[Answer]) -> CheckIn:
    """The client is there: no reminder, and what is left half done is read in a while."""
    at = check_in.touch_at(turn.heard, turn.now)
    touched = replace(
        check_in,
        first_touched_at=check_in.first_touched_at or at,
        last_touched_at=at,
        remind_at=None,
        comes_back=False,
        evaluate_at=half_done_at(check_in, answers, turn.plan.bank, at) if check_in.running else None,
    )
    names = ("first_touched_at", "last_touched_at", "remind_at", "comes_back", "evaluate_at")
    await turn.m.checkins.change(check_in.id, **{name: getattr(touched, name) for name in names})
    if check_in.last_touched_at is None:  # only the untouched are ever reminded
        await delivery.withdraw(turn, key=prompts.reminder_key(check_in), why="answered")
    if answers and not client.card_explained:
        await turn.m.people.change_client(client.id, card_explained=True)
    return touched


async def _arrived(turn: Turn, client: Client, check_in: CheckIn, tapped: int | None) -> CheckIn:
    """A tap proves that the card is there: learn its message, close an unknown copy, count it as sent."""
    chat_id = client.person.chat_id
    if tapped is not None and chat_id is not None and not await turn.m.messages.knows(chat_id, tapped):
        stands = await turn.m.messages.standing(client.id, check_in.surface)
        place = check_in.surface if stands is None else f"{check_in.surface}:copy:{tapped}"
        await turn.m.messages.adopt(client.id, chat_id, tapped, place, turn.now)
        if stands is not None:
            await prompts.clear(turn, client, check_in, tapped)
    return check_in if check_in.sent_at is not None else await _sent(turn, client, check_in)


async def _sent(turn: Turn, client: Client, check_in: CheckIn) -> CheckIn:
    schedule = turn.plan.schedule(check_in.schedule)
    closes_at, zone, remind_at = check_in.expires_at or turn.now, client.person.timezone, None
    if schedule:
        remind_at = reminder_at(schedule, turn.plan.calendar, zone, turn.now, closes_at, client.quiet_mode)
    sent_at = check_in.touch_at(turn.heard, turn.now)
    opened = replace(check_in, state=step(check_in.state, Event.SENT), sent_at=sent_at, remind_at=remind_at)
    await turn.m.checkins.change(opened.id, state=opened.state, sent_at=opened.sent_at, remind_at=opened.remind_at)
    return opened


async def sent(turn: Turn, check_in_id: str) -> None:
    """Telegram has taken the question: it is open now, and its reminder is set. Any further time changes nothing."""
    check_in = await turn.m.checkins.by_id(check_in_id, lock=True)
    client = await turn.m.people.client(check_in.client_id) if check_in else None
    if check_in is None or client is None:
        return
    await prompts.clear_older(turn, client, check_in)
    if check_in.sent_at is not None:
        return
    await _sent(turn, client, check_in)
    if check_in.state is not State.PLANNED:  # taken back while it was on its way
        await prompts.clear(turn, client, check_in)


async def _too_late(turn: Turn, client: Client, check_in: CheckIn, tapped: int | None) -> None:
    """Nothing is stored; a copy that still has its buttons loses them. The end of the window says so in the chat."""
    if tapped is not None:
        await prompts.clear(turn, client, check_in, tapped)
    turn.ring(turn.desk.bells.release)
