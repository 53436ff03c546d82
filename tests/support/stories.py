"""A small service under way: phones of a client, two workers and two managers, with answers of earlier weeks."""

from dataclasses import dataclass, field
from datetime import timedelta

from bot.actions import checkins, followup, ladder
from bot.actions.desk import Desk
from bot.domain.checkins import Answer, CheckIn, Item, State
from bot.domain.people import Client, Person
from bot.ports import Letter, Unreachable, Verdict
from handlers import routes
from storage.tables import new_id
from tests.support.chats import Chat, render
from tests.support.checkins import at, move, plan_for, release
from tests.support.people import a_client, a_manager, a_worker
from tests.support.post_office import at_work
from tests.support.scripted import Scripted

ITEMS = ("B1", "G1", "T1")
CONSTRUCTS = ("bond", "goals", "tasks")


@dataclass
class Network(Scripted):
    """A messenger to which some chats are dead."""

    dead: set[int] = field(default_factory=set)

    async def _answer(self, letter: Letter) -> Verdict:
        return (
            Unreachable("bot was blocked by the user") if letter.chat_id in self.dead else await super()._answer(letter)
        )


@dataclass
class Phone(Chat):
    """A chat whose messages come with everybody else's; what the features do on arrival is done."""

    world: "World | None" = None

    async def receive(self) -> None:
        assert self.world is not None
        await self.world.settle()

    @property
    def all_words(self) -> str:
        """Everything that this phone has ever shown."""
        return "\n".join(screen.text for screen in self.screens)


@dataclass
class World:
    """Everybody's phone on one desk."""

    desk: Desk
    client: Client
    worker: Person
    phones: dict[int, Phone] = field(default_factory=dict)
    dead: set[int] = field(default_factory=set)
    """Chats that do not get through."""
    last_message: int = 1000

    @property
    def alex(self) -> Phone:
        return self.phones[1001]

    @property
    def sam(self) -> Phone:
        return self.phones[2001]

    @property
    def kim(self) -> Phone:
        """The worker who covers for Sam."""
        return self.phones[2002]

    @property
    def jo(self) -> Phone:
        """The manager."""
        return self.phones[3001]

    @property
    def ada(self) -> Phone:
        """Who hears what the worker does not."""
        return self.phones[3002]

    async def settle(self) -> None:
        """Everything that is due now reaches its phone, and what that causes as well."""
        async with self.desk.glance() as m:
            if not await m.sending.heads(self.desk.clock.now(), 1):
                return
        network = Network(self.desk.clock, message_id=self.last_message, dead=self.dead)
        async with at_work(self.desk, network, routes.HOOKS):
            pass
        self.last_message = network.message_id
        for letter in network.letters:
            phone = self.phones.get(letter.chat_id)
            if phone is not None and letter.kind in routes.VIEWS and letter.chat_id not in self.dead:
                phone.screens.append(render(self.desk, letter))
                phone.letters.append(letter)

    async def pass_time(self, **by: float) -> None:
        """The clock goes on, and every loop looks once."""
        move(self.desk, **by)
        await self.loops()

    async def loops(self) -> None:
        await self.settle()
        for look in (checkins.evaluate_due, checkins.expire_due, ladder.escalate_due, followup.ask_clients_due):
            async with self.desk.turn() as turn:
                await look(turn)
        await self.settle()

    async def asked(self) -> CheckIn:
        """The client's next check-in stands in the chat."""
        due = await plan_for(self.desk, self.client)
        assert due is not None
        at(self.desk, due)
        await release(self.desk)
        await self.settle()
        async with self.desk.glance() as m:
            return (await m.checkins.of(self.client.id))[-1]

    async def answers(self, check_in: CheckIn, *values: float | None) -> None:
        for item, value in enumerate(values):
            await self.alex.taps_data(
                f"1:a:{check_in.id}:{item}:{value}" if value is not None else f"1:s:{check_in.id}:{item}"
            )

    async def low(self, *values: float) -> CheckIn:
        check_in = await self.asked()
        await self.answers(check_in, *(values or (2, 8, 8)))
        return check_in

    async def alerts(self) -> list:
        async with self.desk.glance() as m:
            return await m.alerts.of_client(self.client.id)


async def a_world(desk: Desk, *, earlier: int = 6) -> World:
    """Sam (W-1) with Alex (R-118), Kim (W-2) who covers, Jo (M-1) and Ada (M-2); `earlier` check-ins of 8, 8, 8."""
    worker = await a_worker(desk)
    await a_worker(desk, "W-2", "Kim", 2002)
    await a_manager(desk)
    await a_manager(desk, "M-2", "Ada", 3002)
    client = await a_client(desk, worker)
    world = World(desk, client, worker)
    for chat_id in (1001, 2001, 2002, 3001, 3002):
        world.phones[chat_id] = Phone(desk, chat_id, world=world)
    await earlier_answers(desk, client, [(8, 8, 8)] * earlier)
    return world


async def earlier_answers(desk: Desk, client: Client, rows: list[tuple[float, ...]]) -> None:
    """Completed check-ins, one every half week, the last one some days ago."""
    async with desk.turn() as turn:
        for n, values in enumerate(rows):
            when = turn.now - timedelta(days=3.5 * (len(rows) - n))
            check_in = CheckIn(
                id=new_id(),
                client_id=client.id,
                worker_id=client.worker_id,
                schedule="twice a week",
                local_date=when.date(),
                slot="day",
                state=State.COMPLETED,
                items=tuple(Item(name) for name in ITEMS),
                planned_at=when,
                sent_at=when,
                first_touched_at=when,
                last_touched_at=when + timedelta(minutes=1),
                finished_at=when + timedelta(minutes=1),
                expires_at=when + timedelta(days=1),
            )
            await turn.m.checkins.add([check_in])
            for item, value in enumerate(values):
                tapped = when + timedelta(seconds=6 * (item + 1))
                answer = Answer(item, ITEMS[item], CONSTRUCTS[item], tapped, value=value, value_0_10=value)
                await turn.m.answers.add(check_in, answer)
