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
A_WHILE = 15.0
"""Real seconds that a slow machine is given."""

ROSTER = """role,ref,name,worker,language,timezone,next_session,status
manager,M-1,Jo,,en,Europe/London,,
worker,W-1,Sam,,en,Europe/London,,
worker,W-2,Kim,,en,Europe/London,,
client,R-118,Alex,W-1,en,Europe/London,2026-05-14T11:00,
client,R-204,Robin,W-1,en,Europe/London,2026-05-15T10:00,
"""


PEOPLE = (("M-1", "Jo"), ("W-1", "Sam"), ("W-2", "Kim"), ("R-118", "Alex"), ("R-204", "Robin"))


@dataclass(frozen=True, slots=True)
class Cast:
    """The phones of the story. Robin's is not shown: theirs is the alert that is open already. Kim covers for Sam."""

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
    for number, (ref, name) in enumerate(PEOPLE):
        phones[ref] = stage.standin.person(1001 + number, name)
        await people.join(phones[ref], await stage.code(ref), stage.clock)
    for ref in ("R-118", "R-204"):
        await phones["W-1"].expect(f"{ref} has joined.")
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
    await _tap(cast.sam, await cast.sam.expect(_is_alert), "I've got it")
    question = await cast.alex.expect(people.asks)
    await people.answer(cast.alex, question, (2, 8, 8), stage.clock)
    await tell_worker(cast.alex)
    before = cast.sam.revision
    await undo_minute(stage)
    alert = await cast.sam.expect(lambda message: _is_alert(message) and "R-118" in message.text, after=before)
    await _tap(cast.sam, alert, "I've got it")
    await cast.alex.expect("picked this up")
    await _tap(cast.sam, alert, "We talked")
    before = cast.alex.revision
    stage.clock.advance(timedelta(days=1))
    asked = await cast.alex.expect(lambda message: bool(_label(message, "Yes, and")), A_WHILE, after=before)
    better = await _tap(cast.alex, asked, "Yes, and")
    await _tap(cast.alex, better, "9")
    before = cast.jo.revision
    cast.jo.text("/report")
    await cast.jo.expect(lambda message: True, A_WHILE, after=before)


async def _tap(phone: Phone, message: Message, label: str) -> Message:
    """Tap the button whose label begins like this, and see what comes of it on the same message."""
    before = phone.revision
    phone.tap(_label(message, label), message.id)
    return await phone.expect(lambda now: now.id == message.id, A_WHILE, after=before)


def _label(message: Message, begins: str) -> str:
    return next((label for label in message.labels if label.startswith(begins)), "")


async def tell_worker(phone: Phone) -> None:
    """Answer the sharing choice with its first button."""
    choice = await phone.expect(lambda message: bool(_label(message, "Tell")))
    await _tap(phone, choice, "Tell")


async def undo_minute(stage: Stage) -> None:
    stage.clock.advance(UNDO)


def _is_alert(message: Message) -> bool:
    return "I've got it" in message.labels
