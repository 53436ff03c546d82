"""A person's chat as tests play it: through the routes, actions, database, courier and views, without Telegram."""

from dataclasses import dataclass, field

from bot.actions.desk import Desk
from bot.actions.people import texts
from bot.domain.errors import Refusal
from bot.domain.people import Client, Person
from bot.ports import Letter
from bot.texts import seen
from handlers import access, routes
from handlers.callbacks import decode
from handlers.context import Route, Talk
from handlers.views.screen import Screen, Voice
from tests.support.post_office import deliver

_update_ids = iter(range(1, 10_000_000))


@dataclass
class Chat:
    """One private chat. `refused` is the key of the sentence that the last thing got instead of being done."""

    desk: Desk
    chat_id: int
    screens: list[Screen] = field(default_factory=list)
    refused: str | None = None
    toast: str | None = None
    letters: list[Letter] = field(default_factory=list)

    # ------------------------------------------------------------ what the person does

    async def types(self, text: str, *, message_id: int | None = None, edited: bool = False) -> "Chat":
        talk = await self._begin(text=text, message_id=message_id or next(_update_ids), edited=edited)
        if text.startswith("/"):
            return await self._go(talk, routes.COMMANDS.get(text.split()[0][1:]))
        return await self._go(talk, Route(routes.typed))

    async def sends(self, what: str) -> "Chat":
        talk = await self._begin(message_id=next(_update_ids))
        talk.what = what
        return await self._go(talk, Route(routes.typed))

    async def taps(self, label: str) -> "Chat":
        """The newest button whose label begins so."""
        found = [one for screen in reversed(self.screens) for row in screen.rows for one in row]
        data = next((one.data for one in found if one.label.startswith(label)), None)
        assert data is not None, f"no button {label!r} among {[one.label for one in found]}"
        return await self.taps_data(data)

    async def taps_data(self, data: str) -> "Chat":
        talk = await self._begin(message_id=1)
        talk.tap = decode(data)
        return await self._go(talk, routes.TAPS.get(talk.tap.verb) if talk.tap else None)

    # ------------------------------------------------------------ what the person sees

    @property
    def shows(self) -> str:
        """The words of the newest message."""
        return seen(self.screens[-1].text)

    @property
    def labels(self) -> list[str]:
        return [one.label for row in self.screens[-1].rows for one in row]

    async def who(self) -> tuple[Person | None, Client | None]:
        async with self.desk.turn() as turn:
            return await access.who(turn, self.chat_id)

    async def client(self) -> Client:
        _, client = await self.who()
        assert client is not None
        return client

    # ------------------------------------------------------------

    async def _begin(self, text: str | None = None, message_id: int | None = None, edited: bool = False) -> Talk:
        speaker, client = await self.who()
        # The turn is filled in when the handler runs.
        return Talk(None, self.chat_id, next(_update_ids), speaker, client, None, message_id, text, edited)

    async def _go(self, talk: Talk, found: Route | None) -> "Chat":
        self.refused = self.toast = None
        role = talk.speaker.role if talk.speaker else None
        try:
            if found is None or (found.who and role not in found.who):
                raise Refusal("errors.unknown_command")
            async with self.desk.turn() as turn:
                talk.turn = turn
                await found.handler(talk)
            self.refused = talk.answer.key if talk.answer else None
        except Refusal as refusal:
            self.refused = refusal.key
        self.toast = talk.toast
        await self.receive()
        return self

    async def receive(self) -> None:
        """Take delivery of everything that is due, in every chat; show what is for this one."""
        self.letters = (await deliver(self.desk)).letters
        for letter in self.letters:
            if letter.chat_id == self.chat_id and letter.kind in routes.VIEWS:
                self.screens.append(render(self.desk, letter))


def render(desk: Desk, letter: Letter) -> Screen:
    """A letter as the reader sees it."""
    say = texts().for_language(letter.language, desk.plan.texts, place=desk.plan.service.place)
    return routes.VIEWS[letter.kind](letter.facts, Voice(say, desk.plan))
