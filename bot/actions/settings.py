"""What a client decides about being asked: a break, fewer messages, none at all, when, how, and on whose screen."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.actions import delivery, joining, menu, people, prompts, reassigning, timetable
from bot.actions.apart import PUSHED_AWAY, together
from bot.actions.desk import Turn
from bot.domain.asked import Own
from bot.domain.clocks import read_clock
from bot.domain.consent import DONE
from bot.domain.dates import read_day
from bot.domain.delivery import CAN_DELETE, Post, Urgency
from bot.domain.errors import Refusal
from bot.domain.people import Asking, Client, Status, Style
from bot.domain.rhythm import describe, per_week, slower
from bot.domain.wall import DAY, instant, out_of_quiet
from bot.domain.words import Json, Weekday

BREAK_DATE = "break:date"
WHEN_TIME = "when:time"
WHEN_CLOCK = "when:clock"
"""What a client's typed words are for."""
PATIENCE = timedelta(hours=1)
LONGEST_BREAK = timedelta(days=183)
RESUMABLE = (Asking.BREAK, Asking.QUIETED, Asking.GONE_QUIET, Asking.NO_MORE, Asking.ON)
"""The client's own word ends these; after danger or a hold, a person has to speak first."""


# ---------------------------------------------------------------- quiet, break, no more


async def go_quiet(turn: Turn, client: Client) -> None:
    """ "stop", in any mood: quiet at once, and only then the choices."""
    if client.asking is Asking.ON:
        await _stop(turn, client, Asking.QUIETED)
    await menu.show(turn, client, "stop", fresh=True)


async def take_break(turn: Turn, client: Client, until: date) -> None:
    """Nothing is asked before `until`, a day on the client's own calendar; then the client is asked whether to go on."""
    today = turn.now.astimezone(ZoneInfo(client.person.timezone)).date()
    if until <= today:
        raise Refusal("client.break.date_past")
    if until - today > LONGEST_BREAK:
        raise Refusal("client.break.date_far", {"until": (today + LONGEST_BREAK).isoformat()})
    await _still_here(turn, client)
    if client.asking not in RESUMABLE:
        raise Refusal("client.crisis.still_quiet")
    ends = _morning(turn, client, until)
    await _stop(turn, client, Asking.BREAK, ends)
    await people.expect(turn, client.person, None)
    await menu.show(turn, client, "break_set", until=until.isoformat())
    await people.tell_worker(turn, client, "worker.left.break", people.once("break"), until=until.isoformat())


async def break_for(turn: Turn, client: Client, days: int) -> None:
    today = turn.now.astimezone(ZoneInfo(client.person.timezone)).date()
    await take_break(turn, client, today + days * DAY)


async def break_until_typed(turn: Turn, client: Client, typed: str) -> None:
    """The day as it was typed, in the client's language or in English."""
    today = turn.now.astimezone(ZoneInfo(client.person.timezone)).date()
    until = read_day(typed, today, people.months(client.person.language))
    if until is None:
        raise Refusal("client.break.date_unclear")
    await take_break(turn, client, until)


async def set_time_typed(turn: Turn, client: Client, typed: str) -> None:
    wall = read_clock(typed)
    if wall is None:
        raise Refusal("client.when.time_unclear")
    await set_time(turn, client, wall)


async def set_zone_typed(turn: Turn, client: Client, typed: str) -> None:
    await set_zone(turn, client, joining.zone_from_words(turn, typed))


async def show_break(turn: Turn, client: Client) -> None:
    """A break, fewer, one, or none; and for whoever is not asked now, the way back."""
    await _still_here(turn, client)
    resting = client.asking is not Asking.ON and client.asking in RESUMABLE
    await menu.show(turn, client, "break", resting=resting)


async def ask_break_date(turn: Turn, client: Client) -> None:
    await people.expect(turn, client.person, BREAK_DATE, turn.now + PATIENCE)
    await menu.show(turn, client, "break_date")


async def end_due_breaks(turn: Turn) -> int:
    """Whoever's break is over is asked whether to go on; until they tap, nothing else is asked. Returns how many."""
    over = await turn.m.people.breaks_over(turn.now)
    await together(turn, over, _end_breaks, _end_later)
    return len(over)


async def _end_later(turn: Turn, client: Client) -> None:
    await turn.m.people.change_client(client.id, paused_until=turn.now + PUSHED_AWAY)


async def _end_breaks(turn: Turn, over: Sequence[Client]) -> None:
    for client in over:
        await turn.m.people.change_client(client.id, paused_until=None)
        zone = ZoneInfo(client.person.timezone)
        facts = {**await people.names_for(turn, client), "page": "break_over"}
        await delivery.post(
            turn,
            Post(
                to=client.id,
                kind="client.menu",
                key=f"break_over:{client.id}:{turn.now.date()}",
                facts=facts,
                surface=menu.SURFACE,
                urgency=Urgency.QUESTION,
                fresh=True,
                silent=client.quiet_mode,
                not_before=out_of_quiet(turn.now, turn.plan.calendar.quiet_hours, zone),
                client_id=client.id,
            ),
        )


async def carry_on(turn: Turn, client: Client) -> None:
    """Ask again, from the next time on. Raises Refusal where the client's word alone is not enough."""
    await _still_here(turn, client)
    if client.join_screen != DONE:
        raise Refusal("client.leave.gone_already", await people.names_for(turn, client))
    if client.asking not in RESUMABLE:
        raise Refusal("client.crisis.still_quiet")
    await turn.m.people.change_client(client.id, asking=Asking.ON, asking_since=turn.now, paused_until=None)
    await turn.m.people.resume(client.id, turn.now)
    if client.asking is Asking.GONE_QUIET:
        await people.tell_worker(turn, client, "worker.silence.came_back", people.once("back"))
    first = await timetable.plan_for(turn, client.id)
    await reassigning.tell_client(turn, await people.client(turn, client.id))
    await menu.show(turn, client, "carried_on", day=people.local(client.person, first) if first else None)


async def no_more(turn: Turn, client: Client) -> None:
    """No more messages. It changes nothing in the care, and the worker reads no reason into it."""
    if client.person.status is not Status.LEFT:
        await _stop(turn, client, Asking.NO_MORE)
        await turn.m.people.change(client.id, status=Status.LEFT, expects=None, expects_until=None)
        await people.tell_worker(turn, client, "worker.left.text", people.once("left"))
    await menu.show(turn, client, "left")


async def _stop(turn: Turn, client: Client, asking: Asking, until: datetime | None = None) -> None:
    await turn.m.people.change_client(client.id, asking=asking, asking_since=turn.now, paused_until=until)
    await turn.m.people.pause(client.id, asking.value, turn.now, until)
    await prompts.stop_asking(turn, client.id, asking.value)


async def _still_here(turn: Turn, client: Client) -> None:
    """To whoever has left nothing is promised that will not be: a new link brings them back."""
    if client.person.status is Status.LEFT:
        raise Refusal("client.leave.gone_already", await people.names_for(turn, client))


def _morning(turn: Turn, client: Client, day: date) -> datetime:
    """The first minute of that day that is no quiet hour, on the client's clock."""
    zone = ZoneInfo(client.person.timezone)
    start = instant(day, time(0), zone) or turn.now
    return out_of_quiet(start, turn.plan.calendar.quiet_hours, zone)


# ---------------------------------------------------------------- how often, when, how


async def less_often(turn: Turn, client: Client) -> None:
    """Half as often, at most every four weeks."""
    await _still_here(turn, client)
    own = slower(turn.plan.schedules, Own.from_json(client.own_times))
    if own is None:
        raise Refusal("client.break.often_least")
    await _own_times(turn, client, own)
    often, n = per_week(turn.plan.schedules, own)
    await menu.show(turn, client, "often_set", often=often, often_n=n)


async def just_one(turn: Turn, client: Client) -> None:
    await _still_here(turn, client)
    own = Own.from_json(client.own_times)
    await _own_times(turn, client, Own(own.time, own.days, own.every_weeks, max_questions=1))
    await menu.show(turn, client, "just_one")


async def show_when(turn: Turn, client: Client, page: str = "when", *, fresh: bool = False) -> None:
    """When this client is asked, with what can be changed about it. `page`: when, when_day, when_time."""
    if page == "when_time":
        await people.expect(turn, client.person, WHEN_TIME, turn.now + PATIENCE)
    quiet = turn.plan.calendar.quiet_hours
    hours: list[Json] = [f"{hour:02}:00" for hour in range(8, 21, 2) if time(hour) not in quiet]
    await _still_here(turn, client)
    facts = describe(turn.plan.schedules, Own.from_json(client.own_times))
    paused = client.paused_until if client.asking is Asking.BREAK else None
    until = people.local(client.person, paused) if paused else None
    more: dict[str, Json] = {"hours": hours, "until": until, "asked": client.is_asked, **facts}
    await menu.show(turn, client, page, fresh=fresh, more=more)


async def toggle_day(turn: Turn, client: Client, day: int) -> None:
    """One day of the week more or fewer; at least one stays."""
    own, first = Own.from_json(client.own_times), describe(turn.plan.schedules, Own.from_json(client.own_times))["days"]
    chosen = {Weekday(one) for one in first if isinstance(one, int)} if isinstance(first, list) else set()
    if day not in range(7) or not chosen:
        raise Refusal("errors.stale_button")
    days = chosen ^ {Weekday(day)} or chosen
    await _own_times(turn, client, Own(own.time, frozenset(days), own.every_weeks, own.max_questions))
    await show_when(turn, await people.client(turn, client.id), "when_day")


async def set_time(turn: Turn, client: Client, wall: time) -> None:
    quiet, own = turn.plan.calendar.quiet_hours, Own.from_json(client.own_times)
    if wall in quiet:
        raise Refusal("client.when.quiet_hours", {"start": f"{quiet.start:%H:%M}", "end": f"{quiet.end:%H:%M}"})
    await people.expect(turn, client.person, None)
    await _own_times(turn, client, Own(wall, own.days, own.every_weeks, own.max_questions))
    await show_when(turn, await people.client(turn, client.id))


async def ask_clock(turn: Turn, client: Client) -> None:
    """The clock is wrong, or the client is somewhere else: other clocks to tap on, or one to type."""
    await people.expect(turn, client.person, WHEN_CLOCK, turn.now + PATIENCE)
    await menu.show(turn, client, "clock", clocks=joining.other_clocks(turn, client))


async def set_zone(turn: Turn, client: Client, zone: str) -> None:
    """The same days and hours, on another clock."""
    await people.expect(turn, client.person, None)
    await turn.m.people.change(client.id, timezone=zone)
    await timetable.plan_for(turn, client.id)
    wall = turn.now.astimezone(ZoneInfo(zone))
    await menu.show(turn, await people.client(turn, client.id), "clock_set", now=f"{wall:%H:%M}")


async def _own_times(turn: Turn, client: Client, own: Own) -> None:
    await turn.m.people.change_client(client.id, own_times=own.as_json())
    await timetable.plan_for(turn, client.id)


async def show_settings(turn: Turn, client: Client) -> None:
    words, languages = client.style is Style.WORDS, len(turn.plan.service.languages)
    await menu.show(turn, client, "settings", words=words, languages=languages)


async def show_who(turn: Turn, client: Client) -> None:
    """Who sees what."""
    await menu.show(turn, client, "who", not_shared_with=list(turn.plan.service.not_shared_with))


async def show_languages(turn: Turn, client: Client, *, fresh: bool = False) -> None:
    codes = turn.plan.service.languages
    names: list[Json] = [[code, people.texts().for_language(code).texts["format.name"]] for code in codes]
    await menu.show(turn, client, "language" if len(codes) > 1 else "language_only", fresh=fresh, names=names)


async def set_style(turn: Turn, client: Client, style: Style) -> None:
    await turn.m.people.change_client(client.id, style=style)
    await menu.show(turn, client, "words_on" if style is Style.WORDS else "numbers_on")


async def set_quiet_mode(turn: Turn, client: Client, *, on: bool) -> None:
    """Other people see this phone: an initial only, no reminders, no writing, cleared after answering."""
    await turn.m.people.change_client(client.id, quiet_mode=on)
    client = await people.client(turn, client.id)
    await menu.show(turn, client, "quiet_on" if on else "quiet_off", worker=await people.whole_name(turn, client))


async def set_language(turn: Turn, client: Client, language: str) -> None:
    """What the client agreed to stays agreed: only its language changes, not what it says."""
    if language not in turn.plan.service.languages:
        raise Refusal("errors.stale_button")
    agreed = people.consent_current(client, turn.plan)
    await turn.m.people.change(client.id, language=language)
    if agreed:
        await turn.m.people.change_client(client.id, consent_version=people.consent_version(turn.plan, language))
    await menu.show(turn, await people.client(turn, client.id), "language_set")


async def hide(turn: Turn, client: Client) -> None:
    """Delete what the bot and the client wrote in this chat, as far back as Telegram allows, and at once: somebody may
    be reaching for the phone. What is still to come is still sent.
    """
    chat_id = client.person.chat_id
    if chat_id is None:
        return
    known = await turn.m.messages.since(client.id, chat_id, turn.now - CAN_DELETE)
    await delivery.take_away(turn, client.id, known, people.once("hide"))
    if not client.quiet_mode:
        await people.say(turn, client.person, "client.hide.done")
