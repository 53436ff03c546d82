"""The file asks otherwise, or no more: what is under way is asked anew, so that no tap is read as what it did not say.

Ten buttons from 0 to 10 stand in a chat while the file makes five words of them: a 3 would be "mostly".
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.actions import delivery, prompts
from bot.actions.desk import Turn
from bot.domain.checkins import Answer, CheckIn, Event, holding, next_item, put_anew, step
from bot.domain.delivery import Guard, Urgency
from bot.domain.people import Client

GONE = "question_gone"
"""Why a check-in was taken back of which nothing is left to ask."""


async def ask_anew(turn: Turn, before: Mapping[str, Any]) -> int:
    """`before`: how the last plan put its questions (`Plan.wordings`). Returns how many check-ins that concerned."""
    now = turn.plan.wordings
    otherwise = {question for question, mark in before.items() if now.get(question) != mark}
    found = await turn.m.checkins.all_running(turn.now) if otherwise else []
    concerned = [one for one in found if any(item.question in otherwise for item in one.items)]
    for check_in in concerned:
        client = await turn.m.people.client(check_in.client_id)
        if client is not None:
            await _ask_anew(turn, client, check_in, otherwise)
    return len(concerned)


async def _ask_anew(turn: Turn, client: Client, check_in: CheckIn, otherwise: set[str]) -> None:
    given, bank = await turn.m.answers.of_check_in(check_in.id), turn.plan.bank
    put_otherwise = {one for one in otherwise if one in bank}
    anew = replace(check_in, items=put_anew(check_in.items, holding(given), put_otherwise))
    await turn.m.checkins.put_items(anew)
    following = next_item(anew, given, bank)
    if following is None and not given:
        await _take_back(turn, client, anew)
    elif following is not None and anew.items[anew.position].question not in bank:
        await _show(turn, client, replace(anew, position=following), given)


async def _show(turn: Turn, client: Client, check_in: CheckIn, given: list[Answer]) -> None:
    """In place of the card that stands there; or, where it has not left yet, of the one that would have."""
    waits = await delivery.withdraw(turn, key=prompts.ask_key(check_in), why="asked otherwise")
    on_the_card = check_in.sent_at is not None and not check_in.comes_back and check_in.asks_about is None
    if waits or on_the_card:
        how: dict[str, Any] = {"guard": Guard.ASKED, "silent": not waits, "expires_at": check_in.expires_at}
        await prompts.show(turn, client, check_in, given, urgency=Urgency.QUESTION, **how)
    else:
        await turn.m.checkins.change(check_in.id, position=check_in.position)


async def _take_back(turn: Turn, client: Client, check_in: CheckIn) -> None:
    """Nothing is left to ask: it counts as silence for nobody."""
    state = step(check_in.state, Event.TAKEN_BACK)
    await turn.m.checkins.change(check_in.id, state=state, reason=GONE, finished_at=turn.now, remind_at=None)
    await prompts.take_back(turn, check_in, GONE)
    if check_in.sent_at is not None:
        await prompts.show(turn, client, check_in, (), urgency=Urgency.QUESTION, silent=True)
