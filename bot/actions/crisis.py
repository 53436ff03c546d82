"""The crisis text: numbers to call, at once, and to whom it has been passed on.

Fixed words from the config; nothing here judges how serious anything is.
"""

from zoneinfo import ZoneInfo

from bot.actions import delivery, people
from bot.actions.desk import Turn
from bot.domain.delivery import Post, Urgency
from bot.domain.on_duty import on_duty
from bot.domain.people import Client, Person, Status
from bot.domain.words import Facts, Json

SURFACE = "crisis"
MATCHED, OPENED = "matched", "opened"
"""The two heads: after words that were typed, and opened from the menu."""
PASSING, SENT, NOT_SENT = "passing", "sent", "not_sent"
"""What became of the notice; "sent" only after Telegram has taken it."""


async def show(
    turn: Turn, client: Client, page: str, passed: str | None = None, *, harm: bool = False, fresh: bool = False
) -> None:
    """The numbers, under the head of `page`; with `passed`, what became of the notice. `harm`: it is safeguarding's."""
    facts: Facts = {
        "page": page,
        "passed": passed,
        "harm": harm,
        "crisis_text": _numbers(turn, client),
        "place": turn.plan.service.place,
        **await _duty_facts(turn, client, harm=harm),
    }
    urgency = Urgency.DANGER if client.person.status is Status.JOINED else Urgency.REPLY
    key = people.once("crisis")
    post = Post(client.id, "client.crisis", key, facts, SURFACE, urgency=urgency, fresh=fresh, client_id=client.id)
    await delivery.post(turn, post)


async def passed_on(turn: Turn, client: Client, page: str, *, sent: bool, harm: bool) -> None:
    """The notice was taken by Telegram, or could not be sent to anybody: say so where the crisis text stands."""
    await show(turn, client, page, SENT if sent else NOT_SENT, harm=harm)


async def duty_person(turn: Turn, *, harm: bool) -> Person | None:
    """Who gets what cannot wait; for harm by somebody, the safeguarding contact."""
    safety = turn.plan.safety
    for ref in safety.safeguarding_contact if harm else safety.duty:
        person = await turn.m.people.by_ref(ref)
        if person is not None and person.status is not Status.DISCHARGED:
            return person
    return None


def _numbers(turn: Turn, client: Client) -> str | None:
    """None where the config has none: the view falls back on the shipped example."""
    said = turn.plan.service.crisis_text
    wanted = (client.person.language, *turn.plan.service.languages)
    return next((said[one] for one in wanted if said.get(one, "").strip()), None)


async def _duty_facts(turn: Turn, client: Client, *, harm: bool) -> dict[str, Json]:
    """Who has it, and when they are here: `in` is one of the keys `client.crisis.in_*`."""
    duty, plan = await duty_person(turn, harm=harm), turn.plan
    hours = plan.safety.duty_hours or plan.calendar.working
    when = on_duty(turn.now, hours, plan.calendar.closed_dates, plan.service.timezone) if duty else None
    if when is None:
        inside = "in_unknown"
    elif when.here:
        inside = "in_today"
    else:
        inside = "in_later" if (when.at - turn.now).days < 6 else "in_later_date"
    at = when.at.astimezone(ZoneInfo(client.person.timezone)).isoformat() if when else None
    return {"duty": duty.name if duty else plan.service.place, "in": inside, "at": at}
