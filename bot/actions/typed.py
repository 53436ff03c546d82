"""Typed answers: a number or a word where a button would do as well, and the edit of one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.actions import delivery, people
from bot.actions.answers import own, take
from bot.actions.desk import Turn
from bot.bank import spoken
from bot.domain.answers import OutOfRange, is_number, read
from bot.domain.checkins import Answer, CheckIn, Means, holding, untouched
from bot.domain.delivery import Post
from bot.domain.people import Client


@dataclass(frozen=True, slots=True)
class Written:
    """One message of a client's as Telegram hands it out: its number, when it was written or edited, and whether it is
    an edit. After an outage that can be long before it was heard.
    """

    message_id: int
    at: datetime
    edited: bool = False


async def answer_typed(turn: Turn, client: Client, text: str, written: Written) -> bool:
    """A typed answer to the question that stood in the chat, or an edit of one. False: it is none, and may be words.

    A number out of range is answered with a kind sentence and not kept. A number typed when all is answered replaces
    the last one, if that was typed as well.
    """
    message_id = written.message_id
    earlier = await turn.m.answers.by_message(client.id, message_id)
    if earlier is not None and client.may_show(earlier[1].answered_at):
        check_in = await own(turn, client, earlier[0])
        if not check_in.takes_answers(turn.heard):
            turn = _as_written(turn, written)
        return await _typed(turn, client, check_in, earlier[1].item, text, message_id)
    check_in_now = await turn.m.checkins.answerable(client.id, turn.heard, turn.now)
    if check_in_now is None or await _is_older(turn, written, check_in_now):
        turn = _as_written(turn, written)
        check_in_now = await turn.m.checkins.answerable(client.id, turn.heard, turn.now)
    if written.edited or check_in_now is None:
        return not written.edited and await _number_for_nothing(turn, client, text)
    answers = await turn.m.answers.of_check_in(check_in_now.id)
    item = _asked_now(turn, check_in_now, answers)
    return item is not None and await _typed(turn, client, check_in_now, item, text, message_id)


def _as_written(turn: Turn, written: Written) -> Turn:
    """Telegram keeps for a day what is typed while we are away: whoever typed inside the window was in time."""
    return replace(turn, heard=min(turn.heard, written.at))


async def _is_older(turn: Turn, written: Written, check_in: CheckIn) -> bool:
    """Was it typed before this check-in's card came? Then it is about something else.

    Telegram's clock and ours may differ, and a card may have come anew under a higher number: only both together tell.
    """
    if written.at >= (check_in.sent_at or check_in.planned_at):
        return False
    cards = await turn.m.messages.older(check_in.client_id, check_in.surface)
    stands = await turn.m.messages.standing(check_in.client_id, check_in.surface)
    return all(written.message_id < card for card in (*cards, *([stands] if stands is not None else [])))


async def _number_for_nothing(turn: Turn, client: Client, text: str) -> bool:
    """A number while nothing is asked is neither an answer nor words for anybody."""
    if not is_number(text, spoken(client.person.language)):
        return False
    await people.say(turn, client.person, "client.small.number_but_none_open")
    return True


def _asked_now(turn: Turn, check_in: CheckIn, answers: Sequence[Answer]) -> int | None:
    if check_in.running:
        left, asked = untouched(check_in.items, answers, turn.plan.bank), check_in.items[check_in.position].question
        stands = check_in.position in left or (holding(answers) and asked in turn.plan.bank)
        return check_in.position if stands else next(iter(left), None)
    last = max(holding(answers).values(), key=lambda one: (one.answered_at, one.item), default=None)
    return last.item if last is not None and last.chat_message_id is not None and last.text is None else None


async def _typed(turn: Turn, client: Client, check_in: CheckIn, item: int, text: str, message_id: int) -> bool:
    question = turn.plan.bank.get(check_in.items[item].question)
    if question is None:  # the file has let it go since
        await _say(turn, client, check_in, "client.small.edited_too_late", message_id)
        return True
    language = client.person.language
    said = read(text, question, language, spoken(language))
    if said is None:
        return False
    if isinstance(said, OutOfRange):
        await _say(turn, client, check_in, "client.question.typed_out_of_range", message_id)
        return True
    meant = await take(turn, client, check_in, item, said, typed=message_id)
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
