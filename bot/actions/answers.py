"""Answering: a tap, a typed number, a change of mind. One action = one check-in stepped on, under lock.

Every button carries its item, so that a late or doubled tap can never answer another question. What is tapped on a copy
of the card that the bot did not know of counts all the same, and the copy loses its buttons.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.actions import alerts, delivery, direct, people, prompts, reading
from bot.actions.desk import Turn
from bot.bank import spoken
from bot.domain.answers import OutOfRange, is_number, read
from bot.domain.checkins import (
    Answer,
    CheckIn,
    Event,
    Means,
    State,
    ended,
    half_done_at,
    holding,
    item_before,
    means,
    next_item,
    scales_done,
    step,
    untouched,
    with_answer,
)
from bot.domain.delivery import Post
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
    return await _answer(turn, client, check_in, item, said, tapped=message_id)


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


async def _answer(
    turn: Turn,
    client: Client,
    check_in: CheckIn,
    item: int,
    said: Value | None,
    *,
    tapped: int | None = None,
    typed: int | None = None,
) -> Means:
    answers = await turn.m.answers.of_check_in(check_in.id)
    meant = means(check_in, answers, item, said, turn.plan.bank, turn.now)
    if meant is Means.STALE:
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
        answered_at=turn.now,
    )


# ---------------------------------------------------------------- what follows


async def _onward(
    turn: Turn, client: Client, check_in: CheckIn, answers: Sequence[Answer], item: int, meant: Means
) -> None:
    check_in = await _touched(turn, client, check_in, answers)
    if not check_in.running:
        await _changed_afterwards(turn, client, check_in, answers)
        return
    following = next_item(check_in, answers, turn.plan.bank, after=item)
    if following is None:
        await _finished(turn, client, await prompts.finish(turn, check_in, answers))
        return
    if scales_done(check_in, answers, turn.plan.bank) and meant is not Means.SAME:
        sharing = await reading.read(turn, client.id, check_in.id)
        await turn.m.checkins.change(check_in.id, asks_about=sharing or check_in.asks_about)
    if check_in.position == item or meant is not Means.CHANGED:
        await prompts.show(turn, client, replace(check_in, position=following), answers)


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
    touched = replace(
        check_in,
        first_touched_at=check_in.first_touched_at or turn.now,
        last_touched_at=turn.now,
        remind_at=None,
        comes_back=False,
        evaluate_at=half_done_at(check_in, answers, turn.plan.bank, turn.now) if check_in.running else None,
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
    opened = replace(check_in, state=step(check_in.state, Event.SENT), sent_at=turn.now, remind_at=remind_at)
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


# ---------------------------------------------------------------- typing


async def answer_typed(turn: Turn, client: Client, text: str, message_id: int, edited: bool = False) -> bool:
    """A typed answer to the question that stands in the chat, or an edit of one. False: it is none, and may be words.

    A number out of range is answered with a kind sentence and not kept. A number typed when all is answered replaces
    the last one, if that was typed as well.
    """
    earlier = await turn.m.answers.by_message(client.id, message_id)
    if earlier is not None and client.may_show(earlier[1].answered_at):
        check_in = await own(turn, client, earlier[0])
        return await _typed(turn, client, check_in, earlier[1].item, text, message_id)
    check_in_now = await turn.m.checkins.answerable(client.id, turn.now)
    if edited or check_in_now is None:
        return not edited and await _number_for_nothing(turn, client, text)
    answers = await turn.m.answers.of_check_in(check_in_now.id)
    item = _asked_now(turn, check_in_now, answers)
    return item is not None and await _typed(turn, client, check_in_now, item, text, message_id)


async def _number_for_nothing(turn: Turn, client: Client, text: str) -> bool:
    """A number while nothing is asked is neither an answer nor words for anybody."""
    if not is_number(text, spoken(client.person.language)):
        return False
    await people.say(turn, client.person, "client.small.number_but_none_open")
    return True


def _asked_now(turn: Turn, check_in: CheckIn, answers: Sequence[Answer]) -> int | None:
    if check_in.running:
        left = untouched(check_in.items, answers, turn.plan.bank)
        return check_in.position if check_in.position in left or holding(answers) else next(iter(left), None)
    last = max(holding(answers).values(), key=lambda one: (one.answered_at, one.item), default=None)
    return last.item if last is not None and last.chat_message_id is not None and last.text is None else None


async def _typed(turn: Turn, client: Client, check_in: CheckIn, item: int, text: str, message_id: int) -> bool:
    question = turn.plan.bank.get(check_in.items[item].question)
    if question is None:
        return False
    said = read(text, question, client.person.language, spoken(client.person.language))
    if said is None:
        return False
    if isinstance(said, OutOfRange):
        await _say(turn, client, check_in, "client.question.typed_out_of_range", message_id)
        return True
    meant = await _answer(turn, client, check_in, item, said, typed=message_id)
    if meant is Means.STALE:
        await _say(turn, client, check_in, "client.small.edited_too_late", message_id)
    elif meant is Means.CHANGED:
        await _say(turn, client, check_in, "client.question.changed", message_id)
    return True


async def _say(turn: Turn, client: Client, check_in: CheckIn, key: str, message_id: int) -> None:
    """One sentence of its own, once for each state of the typed message."""
    count = len(await turn.m.answers.of_check_in(check_in.id))
    post_key = f"{check_in.surface}:typed:{message_id}:{count}:{key.rsplit('.', 1)[1]}"
    await delivery.post(turn, Post(to=client.id, kind="sentence", key=post_key, facts={"key": key, "facts": {}}))
