"""What the house itself needs: is it live, what it counts, what it may forget."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.actions import delivery, people
from bot.actions.desk import Turn
from bot.domain.delivery import Post, Urgency
from bot.domain.invitations import WRONG_WITHIN
from bot.domain.people import Status
from bot.domain.words import Json, Role

INBOX_KEPT, DEAD_KEPT = timedelta(days=3), timedelta(days=30)
"""What was handled (its content goes at once), and what was set aside for whoever looks after the computer."""
MESSAGES_KEPT = timedelta(days=30)
"""Numbers of messages that show nothing any more."""
AT_ONCE = 1000
TOLD = "not_live_told"
FORGOTTEN = "forgotten"
LACKING = {
    "missing": "is missing in the configuration",
    "old": "is older than six months: ring the numbers again and enter who did and when",
    "in_future": "is a day that has not come yet",
}


async def not_live_because(turn: Turn) -> list[str]:
    """Every reason why no client is invited or asked, one line each, for whoever runs the bot; empty when live."""
    lines = [f"{one.key}: {LACKING[one.lack]}" for one in people.lacks(turn)]
    for key, refs in turn.plan.people_needed.items():
        for ref in refs:
            person = await turn.m.people.by_ref(ref)
            if person is None or person.status is Status.DISCHARGED:
                lines.append(f"{key}: {ref} is not on the roster; add them to the CSV, then `checkin-bot roster import`")
    return lines


async def tell_not_live(turn: Turn) -> int:
    """Once a day, tell the managers what keeps the bot from asking clients."""
    told = await turn.m.marks.get(TOLD)
    if told is not None and turn.now - told.at < timedelta(days=1):
        return 0
    facts = await _lacking(turn)
    if not any(facts.values()):
        return 0
    await turn.m.marks.set(TOLD, turn.now)
    today = turn.now.astimezone(ZoneInfo(turn.plan.service.timezone)).date()
    for manager in await turn.m.people.everybody(Role.MANAGER):
        key = f"not_live:{today}:{manager.id}"
        await delivery.post(turn, Post(manager.id, "manager.not_live", key, facts, urgency=Urgency.DIGEST))
    return 0


async def _lacking(turn: Turn) -> dict[str, Json]:
    """What keeps the bot from asking, as values: config keys with how they fall short, and who has not joined."""
    waiting = [person.name if person else ref for ref, person in await people.contacts_missing(turn)]
    return {"lacks": [[one.key, str(one.lack)] for one in people.lacks(turn)], "not_joined": waiting}


async def forget(turn: Turn) -> int:
    """Drop, once an hour, what has been handled long ago, a part at a time. Returns how many rows."""
    last = await turn.m.marks.get(FORGOTTEN)
    if last is not None and turn.now - last.at < timedelta(hours=1):
        return 0
    gone = await turn.m.inbox.forget_before(turn.now - INBOX_KEPT, turn.now - DEAD_KEPT, AT_ONCE)
    gone += await turn.m.messages.forget_before(turn.now - MESSAGES_KEPT, AT_ONCE)
    await turn.m.invitations.forget_wrong(before=turn.now - WRONG_WITHIN)
    await turn.m.marks.open_again(turn.now)
    if not gone:
        await turn.m.marks.set(FORGOTTEN, turn.now)
    return gone
