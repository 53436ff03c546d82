"""The story that the demo starts with: three weeks of answers, one question waiting, one alert open.

It is not painted on: the people join by their links, answer six check-ins as the clock moves on, and one of them
answers low today. So all that stands on the phones was said by the bot, and why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.rehearsal import people
from bot.rehearsal.run import Stage
from bot.rehearsal.telegram import Message, Phone

LONDON = ZoneInfo("Europe/London")
BEGINS = datetime(2026, 4, 20, 10, 0, tzinfo=LONDON)
"""The Monday on which everybody joins."""
EARLIER = [datetime(2026, *day, 14, 0, tzinfo=LONDON) for day in ((4, 21), (4, 23), (4, 28), (4, 30), (5, 5), (5, 7))]
TODAY = datetime(2026, 5, 12, 14, 0, tzinfo=LONDON)
UNDO = timedelta(seconds=61)

ROSTER = """role,ref,name,worker,language,timezone,next_session,status
manager,M-1,Jo,,en,Europe/London,,
worker,W-1,Sam,,en,Europe/London,,
worker,W-2,Kim,,en,Europe/London,,
client,R-118,Alex,W-1,en,Europe/London,2026-05-14T11:00,
client,R-204,Robin,W-1,en,Europe/London,2026-05-15T10:00,
"""


@dataclass(frozen=True, slots=True)
class Cast:
    """The phones of the story. Robin's is not shown: theirs is the alert that is open already."""

    alex: Phone
    robin: Phone
    sam: Phone
    jo: Phone


async def so_far(stage: Stage, tell: Callable[[str], None] = lambda _: None) -> Cast:
    """Play everything up to now: Alex has a question waiting, Sam has an alert about somebody else."""
    tell("Everybody joins …")
    cast = await _everybody_joins(stage)
    for day in EARLIER:
        tell(f"{day:%a %d %b}: a check-in is asked and answered")
        await _asked_and_answered(stage, cast, day)
    tell(f"{TODAY:%a %d %b}: Robin answers low, and lets Sam know")
    await _today(stage, cast)
    return cast


async def _everybody_joins(stage: Stage) -> Cast:
    await stage.enrol(ROSTER)
    phones = {}
    for number, (ref, name) in enumerate((("M-1", "Jo"), ("W-1", "Sam"), ("R-118", "Alex"), ("R-204", "Robin"))):
        phones[ref] = stage.standin.person(1001 + number, name)
        await people.join(phones[ref], await stage.code(ref), stage.clock)
    return Cast(alex=phones["R-118"], robin=phones["R-204"], sam=phones["W-1"], jo=phones["M-1"])


async def _asked_and_answered(stage: Stage, cast: Cast, day: datetime) -> None:
    for phone, values in zip((cast.alex, cast.robin), ((8, 8, 8), (9, 8, 9)), strict=True):
        question = await _next_question(stage, phone, day)
        await people.answer(phone, question, values, stage.clock)


async def _today(stage: Stage, cast: Cast) -> None:
    question = await _next_question(stage, cast.robin, TODAY)
    await people.answer(cast.robin, question, (3, 8, 8), stage.clock)
    await tell_worker(cast.robin)
    await undo_minute(stage)
    await cast.sam.expect(_is_alert)
    await _next_question(stage, cast.alex, TODAY)


async def _next_question(stage: Stage, phone: Phone, day: datetime) -> Message:
    if stage.clock.now() < day:
        stage.clock.advance_to(day)
    return await phone.expect(lambda message: people.asks(message) and message.date >= day)


# ---------------------------------------------------------------- the rest of it, played by itself


async def to_the_end(stage: Stage, cast: Cast) -> None:
    """Alex answers low; Sam is told, takes it, talks with Alex; Alex is asked whether it helped; Jo sees the figures."""
    question = await cast.alex.expect(people.asks)
    await people.answer(cast.alex, question, (2, 8, 8), stage.clock)
    await tell_worker(cast.alex)
    before = cast.sam.revision
    await undo_minute(stage)
    alert = await cast.sam.expect(lambda message: _is_alert(message) and "R-118" in message.text, after=before)
    cast.sam.tap("I've got it", alert.id)
    await cast.alex.expect("picked this up")
    before = cast.sam.revision
    cast.sam.tap("We talked", alert.id)
    await cast.sam.expect(lambda message: True, after=before)
    before = cast.alex.revision
    follow_up = await _asked_whether_it_helped(stage, cast.alex, before)
    before = cast.alex.revision
    cast.alex.tap(next(label for label in follow_up.labels if label.startswith("Yes, and")), follow_up.id)
    better = await cast.alex.expect(lambda message: "10" in message.labels, after=before)
    before = cast.alex.revision
    cast.alex.tap("9", better.id)
    await cast.alex.expect(lambda message: True, after=before)
    before = cast.jo.revision
    cast.jo.text("/report")
    await cast.jo.expect(lambda message: True, after=before)


async def tell_worker(phone: Phone) -> None:
    """Answer the sharing choice with its first button."""
    choice = await phone.expect(lambda message: any(label.startswith("Tell") for label in message.labels))
    before = phone.revision
    phone.tap(next(label for label in choice.labels if label.startswith("Tell")), choice.id)
    await phone.expect(lambda message: message.id == choice.id, after=before)


async def undo_minute(stage: Stage) -> None:
    stage.clock.advance(UNDO)


async def _asked_whether_it_helped(stage: Stage, phone: Phone, before: int) -> Message:
    for _ in range(10):
        stage.clock.advance(timedelta(hours=12))
        await stage.standin.idle()
        for message in phone.messages:
            if message.revision > before and any(label.startswith("Yes, and") for label in message.labels):
                return message
    raise AssertionError("Alex was never asked whether it helped")


def _is_alert(message: Message) -> bool:
    return "I've got it" in message.labels
