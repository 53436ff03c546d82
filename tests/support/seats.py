"""Everybody's place in a service under way: who has which phone, who is asked, and what stands on a card."""

from datetime import timedelta

from bot.actions.desk import Desk
from bot.app import prepare
from bot.domain.people import Client
from bot.domain.schedules import Due
from bot.rehearsal.telegram import Message, Phone, StandIn
from handlers.callbacks import Tap, decode
from handlers.verbs import ANSWER
from storage.timetable import Slot
from tests.support.people import a_client, a_manager, a_worker


class Seated(dict[Client, Phone]):
    """Client → phone; the phones of staff; and the chats of those clients who type their numbers instead of tapping."""

    def __init__(self) -> None:
        super().__init__()
        self.staff: list[Phone] = []
        self.typing: set[int] = set()


async def seat(desk: Desk, standin: StandIn, count: int, typing: int = 0) -> Seated:
    """A service of one worker, one manager and `count` clients, whose phones know the bot."""
    jo, sam = await a_manager(desk), await a_worker(desk)
    seated = Seated()
    for person in (jo, sam):
        assert person.chat_id is not None
        seated.staff.append(standin.person(person.chat_id, person.name))
    for n in range(count):
        client = await a_client(desk, sam, ref=f"R-{n}", name=f"Client {n}", chat_id=5000 + n)
        seated[client] = standin.person(5000 + n, f"Client {n}")
    for phone in (*seated.staff, *seated.values()):
        phone.start()
    seated.typing = {5000 + n for n in range(typing)}
    await prepare(desk)  # else the first start works the timetable out over what `ask` puts there
    return seated


async def ask(desk: Desk, client: Client, schedule: str) -> None:
    """Let this client's next check-in by this schedule be due now."""
    async with desk.turn() as turn:
        due = Due(turn.now.date(), "", turn.now)
        await turn.m.timetable.put([Slot(client.id, schedule, due, turn.now - timedelta(seconds=1))])


def is_card(message: Message) -> bool:
    """Does it ask something that its buttons answer?"""
    return asks(message) is not None


def asks(message: Message) -> Tap | None:
    """The check-in and item that its buttons are about."""
    tap = decode(message.buttons[0][0].data) if message.from_bot and message.buttons else None
    return tap if tap is not None and tap.verb == ANSWER else None
