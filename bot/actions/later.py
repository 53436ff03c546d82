"""*Later*: in an hour, tonight, tomorrow. The question comes back by itself, without sound, inside its window."""

from bot.actions import delivery, prompts
from bot.actions.answers import own
from bot.actions.desk import Turn
from bot.actions.people import local
from bot.domain.checkins import CheckIn, half_done_at
from bot.domain.later import Later, later_times
from bot.domain.people import Client
from bot.domain.words import Facts


async def show_later(turn: Turn, client: Client, check_in_id: str) -> None:
    """The choices that fit: inside the window, outside quiet hours."""
    check_in = await _open(turn, client, check_in_id)
    if check_in is None:
        return
    times = later_times(turn.now, check_in.expires_at or turn.now, client.person.timezone, turn.plan.calendar)
    facts: Facts = {
        "check_in": check_in.id,
        "choices": [one.value for one in times],
        "until": local(client.person, check_in.expires_at or turn.now),
    }
    await _touch(turn, check_in)
    await prompts.say(turn, client, check_in, "client.later", facts)


async def choose_later(turn: Turn, client: Client, check_in_id: str, choice: Later) -> None:
    """One of the choices, tapped. Tapped again, or where it no longer fits: nothing changes."""
    check_in = await _open(turn, client, check_in_id)
    if check_in is None or check_in.comes_back:
        return
    times = later_times(turn.now, check_in.expires_at or turn.now, client.person.timezone, turn.plan.calendar)
    at = times.get(choice)
    if at is None:
        await show_later(turn, client, check_in_id)
        return
    await _touch(turn, check_in)
    await turn.m.checkins.change(check_in.id, remind_at=at, comes_back=True)
    zone = client.person
    facts: Facts = {
        "check_in": check_in.id,
        "when": local(zone, at),
        "today": local(zone, at)[:10] == local(zone, turn.now)[:10],
    }
    await prompts.say(turn, client, check_in, "client.later_set", facts)


async def resume(turn: Turn, client: Client, check_in_id: str) -> None:
    """Now after all: the question again."""
    check_in = await _open(turn, client, check_in_id)
    if check_in is None:
        return
    await _touch(turn, check_in)
    await turn.m.checkins.change(check_in.id, remind_at=None, comes_back=False)
    answers = await turn.m.answers.of_check_in(check_in.id)
    await prompts.show(turn, client, check_in, answers)


async def _open(turn: Turn, client: Client, check_in_id: str) -> CheckIn | None:
    check_in = await own(turn, client, check_in_id)
    return check_in if check_in.running and check_in.takes_answers(turn.now) else None


async def _touch(turn: Turn, check_in: CheckIn) -> None:
    """*Later* is a tap as well: nobody is reminded, and nothing counts as silence."""
    answers, at = await turn.m.answers.of_check_in(check_in.id), check_in.touch_at(turn.heard, turn.now)
    await turn.m.checkins.change(
        check_in.id,
        first_touched_at=check_in.first_touched_at or at,
        last_touched_at=at,
        remind_at=None,
        evaluate_at=half_done_at(check_in, answers, turn.plan.bank, at),
    )
    await delivery.withdraw(turn, key=prompts.reminder_key(check_in), why="answered")
