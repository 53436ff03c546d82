"""How long things stay: what leaves the chat by itself, and who is deleted some time after discharge.

Deleting after discharge is the deletion that a client can ask for (`privacy`), with its line in the record as the
receipt; only the client's chat stays silent, since they have long left. Managers are told the week before.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.actions import delivery, duty, erasures, people, privacy
from bot.actions.desk import Turn
from bot.domain import digest
from bot.domain.delivery import CAN_DELETE
from bot.domain.words import Json

BY = "retention"
"""Who did it, in the record."""
ANNOUNCED, WEEK = "retention_announced", timedelta(days=7)
CLEARED, CLEARS_EVERY = "chats_cleared", timedelta(minutes=10)
TOO_LATE = CAN_DELETE - timedelta(minutes=15)
"""Messages of this age may be too old to be deleted by the time it is their turn."""
CLIENTS_AT_ONCE = 50


async def erase_discharged(turn: Turn) -> int:
    """Delete the first client whose time after discharge is over and for whom nothing waits. Returns how many."""
    before = turn.now - turn.plan.data.after_discharge
    if not erasures.may_begin(turn.desk):
        return 0
    for client_id, _ in await turn.m.erasing.discharged(before):
        client = await people.client(turn, client_id)
        if await privacy.waits_for(turn, client) is None:
            await privacy.erase(turn, client_id, BY, tells_client=False)
            return 1
    return 0


async def announce(turn: Turn) -> int:
    """Once a week, at work: whom it will be in the coming week, so that there is time for an export."""
    week = digest.week_of(turn.now, turn.plan.calendar).name
    told = await turn.m.marks.get(ANNOUNCED)
    if (told is not None and told.value == week) or not duty.on_duty(turn.plan, turn.now):
        return 0
    await turn.m.marks.set(ANNOUNCED, turn.now, week)
    last = turn.now + WEEK + timedelta(days=1) - turn.plan.data.after_discharge
    soon = await turn.m.erasing.discharged(last)
    if soon:
        refs = [(await people.client(turn, client_id)).ref for client_id, _ in soon]
        await _tell(turn, week, sorted(refs), soon[0][1] + turn.plan.data.after_discharge)
    return 0


async def _tell(turn: Turn, week: str, refs: list[str], first: datetime) -> None:
    day = max(first, turn.now).astimezone(ZoneInfo(turn.plan.service.timezone)).date().isoformat()
    told: list[Json] = [*refs]
    await people.tell_managers(turn, f"{BY}:{week}", "manager.data.soon", n=len(refs), refs=told, day=day)


async def clear_chats(turn: Turn) -> int:
    """Take questions, answers and what was typed out of the chats of the next clients. Returns how many clients.

    A question that may still be answered stays until its window is over.
    """
    after, looked = turn.plan.data.messages, await turn.m.marks.get(CLEARED)
    if after is None or (looked is not None and timedelta() <= turn.now - looked.at < CLEARS_EVERY):
        return 0
    old = await turn.m.messages.to_clear(turn.now - after, turn.now - TOO_LATE, turn.now, CLIENTS_AT_ONCE)
    for client_id, message_ids in old.items():
        await delivery.take_away(turn, client_id, message_ids, f"cleared:{client_id}:{message_ids[0]}")
        await turn.m.messages.cleared(client_id, message_ids)
    if not old:
        await turn.m.marks.set(CLEARED, turn.now)
    return len(old)


WORK = (erase_discharged, announce, clear_chats)
APART = (erasures.keep_outside, erasures.overwrite)
"""For the loop that tidies up."""
