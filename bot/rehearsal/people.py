"""People as a rehearsal plays them: they open links, go through the joining screens, tap numbers."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Message, Phone

FORWARD = ("Yes", "Next", "I agree")
MOST_SCREENS = 8


A_LOOK = timedelta(seconds=2)
"""What a person takes to read a screen and tap."""


async def join(phone: Phone, code: str, clock: RehearsalClock | None = None) -> Message:
    """Open an invitation and go forward through every screen. Returns what stands there at the end."""
    before = phone.revision
    phone.start(code)
    screen = await phone.expect(_goes_forward, after=before)
    for _ in range(MOST_SCREENS):
        before = phone.revision
        phone.tap(_forward(screen), screen.id)
        _take_time(clock)
        screen = await phone.expect(partial(_is, screen.id), after=before)
        if not _goes_forward(screen):
            return screen
    raise AssertionError("joining never came to an end")


async def answer(
    phone: Phone, question: Message, values: Sequence[int | str], clock: RehearsalClock | None = None
) -> Message:
    """Tap one value after the other on a question's message. Returns the message as it stands at the end."""
    for value in values:
        before = phone.revision
        phone.tap(str(value), question.id)
        _take_time(clock)
        question = await phone.expect(partial(_is, question.id), after=before)
    return question


def asks(message: Message) -> bool:
    """Whether this is a question card with numbers."""
    return "0" in message.labels and "10" in message.labels


def _take_time(clock: RehearsalClock | None) -> None:
    if clock is not None:
        clock.advance(A_LOOK)


def _is(message_id: int, message: Message) -> bool:
    return message.id == message_id


def _forward(screen: Message) -> str:
    return next(label for label in screen.labels if label.startswith(FORWARD))


def _goes_forward(message: Message) -> bool:
    return any(label.startswith(FORWARD) for label in message.labels)
