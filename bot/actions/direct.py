"""What an answer to a direct question brings about at once, besides what the rules find in it.

The one about the right person goes to whoever hears what the worker does not, and stands on no surface of the worker.
A low "will you come" is followed by the question about times and places, in the same check-in if there is room.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.actions import choosing, delivery, people, signals
from bot.actions.desk import Turn
from bot.domain.asking import low_intent, most_for, rested_barriers
from bot.domain.checkins import Answer, CheckIn, Item
from bot.domain.delivery import Post, Urgency
from bot.domain.outgoing import Outgoing
from bot.domain.people import Client, Status
from bot.domain.questions import Asks, meaning
from bot.domain.turns import Waits

FIT = "manager.fit"
TELLING = ("mixed", "no")
CHANGED = "changed"
A_DAY = timedelta(days=1)
MAY_CHANGE = timedelta(minutes=1)
"""So long a tap may be taken back before anybody hears of it."""


async def after(turn: Turn, client: Client, check_in: CheckIn, answers: Sequence[Answer]) -> CheckIn:
    """The newest of `answers` has just been kept. Returns the check-in, which may have one more item now."""
    new = answers[-1]
    if new.asks == Asks.FIT:
        await _tell_other(turn, client, check_in, new)
    asks_on = check_in.running and check_in.takes_answers(turn.now)
    if new.asks == Asks.INTENT and asks_on and await _is_low(turn, client, check_in, new):
        return await _with_barriers(turn, client, check_in)
    return check_in


# ---------------------------------------------------------------- the right person


async def _tell_other(turn: Turn, client: Client, check_in: CheckIn, new: Answer) -> None:
    """A neutral note without sound. An answer that is changed takes it back, or says so where it stands already."""
    other, worker = await people.other_person(turn, client), await people.worker_of(turn, client)
    if other is None or worker is None:
        return
    surface = f"fit:{check_in.id}:{new.item}"
    await delivery.withdraw(turn, key_prefix=f"{surface}:", why="changed")
    said = meaning(turn.plan.bank[new.question], new.said) if new.said is not None else None
    if said not in TELLING and await turn.m.messages.standing(other.id, surface) is None:
        return
    await delivery.post(
        turn,
        Post(
            to=other.id,
            kind=FIT,
            key=f"{surface}:{new.version}",
            facts={"ref": client.ref, "name": worker.name, "said": said if said in TELLING else CHANGED},
            surface=surface,
            urgency=Urgency.DIGEST,
            silent=True,
            not_before=turn.now + MAY_CHANGE,
            client_id=client.id,
        ),
    )


async def not_told(turn: Turn, out: Outgoing, why: str) -> None:
    """Only they may see it, and it does not get through: again tomorrow. Once they have left it is for whoever hears such
    things in their place."""
    client = await turn.m.people.client(out.client_id) if out.client_id is not None else None
    before = await turn.m.people.by_id(out.person_id)
    if client is None or client.erased_at is not None or out.withdrawn is not None or out.surface is None:
        return
    stays = before is not None and before.status is not Status.DISCHARGED
    reader = before if stays else await people.other_person(turn, client)
    if reader is None:
        return
    post = Post(
        to=reader.id,
        kind=FIT,
        key=people.once(out.surface),
        facts=out.facts,
        surface=out.surface,
        urgency=Urgency.DIGEST,
        silent=True,
        not_before=turn.now + A_DAY if stays else None,
        client_id=client.id,
    )
    await delivery.post(turn, post)


# ---------------------------------------------------------------- times and places


async def _is_low(turn: Turn, client: Client, check_in: CheckIn, new: Answer) -> bool:
    if new.value_0_10 is None:
        return False
    earlier = await turn.m.answers.worth(client.id, Asks.INTENT, but=check_in.id)
    return low_intent(new.value_0_10, earlier, signals.parameters(turn.plan)["low_intent"])


async def _with_barriers(turn: Turn, client: Client, check_in: CheckIn) -> CheckIn:
    """Behind everything else, so that no button that is out there means another question. No room: next time."""
    schedule, bank = turn.plan.schedule(check_in.schedule), turn.plan.bank
    standing = (await choosing.standings(turn, [client], {client.id: ()}))[client.id]
    question = Waits.of(standing.rounds).longest(bank.by_asks(Asks.BARRIERS))
    room = schedule is not None and len(check_in.items) < most_for(schedule, standing)
    if question is None or not room or not rested_barriers(standing, bank, turn.now):
        return check_in
    longer = replace(check_in, items=(*check_in.items, Item(question.id)))
    await turn.m.checkins.put_items(longer)
    return longer
