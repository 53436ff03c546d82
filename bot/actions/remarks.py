"""Words that a client adds of their own accord: kept sealed, and shown to nobody before the client says so.

The scan for words of danger comes before this, and does not depend on what the client chooses here.
"""

from bot.actions import delivery, evidence, matters, people
from bot.actions.desk import Turn
from bot.domain.alerts import Kind
from bot.domain.delivery import Guard, Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.people import Client
from bot.domain.plan import Detail
from bot.domain.words import Facts
from storage.remarks import ASKED, NOBODY, WORKER, Remark

SHOW, KEEP, DELETE = "y", "n", "d"
"""The three buttons under "Shall they see that?"."""


async def keep(turn: Turn, client: Client, text: str, message_id: int | None, edited: bool = False) -> bool:
    """Words after the thanks, or while a question stands. False: nobody asked this client anything yet.

    An edited message updates the words; whether the worker sees the new ones is asked again.
    """
    known = await of_message(turn, client, message_id) if message_id is not None else None
    if known is not None:
        if known.text != text:
            await turn.m.remarks.change(known.id, text=text, shown_to=ASKED)
            await _bring_up_to_date(turn, client, known)
            await _ask(turn, client, known, f"edited:{len(text)}:{turn.now.isoformat()}")
        return True
    asked = await turn.m.checkins.last_sent(client.id, turn.now)
    if asked is None or (edited and message_id is None):
        return False
    remark = await turn.m.remarks.add(client.id, asked.id, message_id, text, turn.heard)
    await _ask(turn, client, remark, "asked", while_asking=asked.running and asked.takes_answers(turn.now))
    return True


async def of_message(turn: Turn, client: Client, message_id: int) -> Remark | None:
    """What this message said before, if it is an edit. In another account the same number is another message."""
    known = await turn.m.remarks.by_message(client.id, message_id)
    return known if known is not None and client.may_show(known.said_at) else None


async def _ask(turn: Turn, client: Client, remark: Remark, when: str, *, while_asking: bool = False) -> None:
    names = await people.names_for(turn, client)
    facts = {**names, "remark": remark.id, "while_asking": while_asking, "to": client.worker_id or ""}
    await delivery.post(turn, _post(client, remark.id, "client.remark_sharing", when, facts))


async def decide(turn: Turn, client: Client, remark_id: str, choice: str, worker_id: str = "") -> None:
    """One of the three buttons; `worker_id` is whom it named. Raises Refusal for words not theirs, or gone.

    A yes is for the worker whose name stood on the button. Where it is another one by now, it is asked again.
    """
    remark = await turn.m.remarks.by_id(remark_id)
    if (
        remark is None
        or remark.client_id != client.id
        or not client.may_show(remark.said_at)
        or choice not in (SHOW, KEEP, DELETE)
    ):
        raise Refusal("errors.stale_button")
    if choice == SHOW and worker_id != (client.worker_id or ""):
        await _ask(turn, client, remark, f"again:{turn.now.isoformat()}")
        return
    wanted = {SHOW: WORKER, KEEP: NOBODY}.get(choice)
    if remark.shown_to == wanted:
        return
    if wanted is None:
        await turn.m.remarks.delete(remark.id)
    else:
        await turn.m.remarks.change(remark.id, shown_to=wanted)
    said = {SHOW: "client.words.shown", KEEP: "client.words.kept", DELETE: "client.words.deleted"}[choice]
    facts: Facts = {**await people.names_for(turn, client), "key": said}
    await delivery.post(turn, _post(client, remark.id, "client.remark_done", f"{choice}:{turn.now.isoformat()}", facts))
    if WORKER in (wanted, remark.shown_to):
        await _bring_up_to_date(turn, client, remark)
    if choice == SHOW:
        await _tell_worker(turn, client, remark)


async def _bring_up_to_date(turn: Turn, client: Client, remark: Remark) -> None:
    """The card that shows what this check-in said shows the words as well, or no more; an edit makes no sound."""
    alert = await turn.m.alerts.open_of(client.id, Kind.ALLIANCE, lock=True)
    if alert is not None and turn.plan.alerts.detail is Detail.FULL:
        shown = await evidence.reasons(turn, alert)
        if any(one.source == remark.check_in_id for one in shown):
            await matters.show(turn, alert, client)


async def _tell_worker(turn: Turn, client: Client, remark: Remark) -> None:
    """A note without sound; what goes into an alert's card goes there as well."""
    if client.worker_id is None:
        return
    await delivery.post(
        turn,
        Post(
            to=client.worker_id,
            kind="worker.words",
            key=f"remark:{remark.id}:worker:{turn.now.isoformat()}",
            facts={"ref": client.ref, "words": remark.text, "when": remark.said_at.isoformat()},
            surface=f"words:{remark.id}",
            urgency=Urgency.DIGEST,
            guard=Guard.ASSIGNED,
            silent=True,
            client_id=client.id,
        ),
    )


def _post(client: Client, remark_id: str, kind: str, when: str, facts: Facts) -> Post:
    return Post(
        to=client.id,
        kind=kind,
        key=f"remark:{remark_id}:{when}",
        facts=facts,
        surface=f"remark:{remark_id}",
        client_id=client.id,
    )
