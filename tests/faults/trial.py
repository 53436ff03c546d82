"""A service under way with real bot processes, which die at any instant, against a Telegram that misbehaves."""

import asyncio
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.actions.desk import Desk
from bot.domain.delivery import LEASE
from bot.ports import SystemClock
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import Kind, Rule, StandIn, serve
from tests.support.config_file import ROUNDS, config_file
from tests.support.ledger import Account, Shown, account, settled
from tests.support.live import LiveBot
from tests.support.players import Player, takes_alerts
from tests.support.seats import Seated, seat

A_LIFE = 3.0
"""Seconds that a process lives at least at times, once it fetches updates: else it would never get to its work."""
MIX: dict[Kind, float] = {
    Kind.BAD_GATEWAY: 4,
    Kind.SERVER_ERROR: 2,
    Kind.DROP_BEFORE: 5,
    Kind.DROP_AFTER: 5,
    Kind.HALF_JSON: 4,
    Kind.DELAY: 4,
    Kind.HANG: 2,
    Kind.TOO_MANY: 2,
    Kind.UNAUTHORIZED: 0.5,
    Kind.NOT_FOUND: 0.5,
    Kind.CONFLICT: 0.5,
    Kind.PARTITION: 0.1,
}
"""How often each kind comes, against the others. A 400 or 403 is no fault of the line: those have tests of their own."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bot keeps what it knows, from one life to the next. `url`: a server; else a file in `folder`."""

    folder: Path
    url: str | None = None
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def patience(self) -> float:
        """Seconds until whatever a dead process was sending has been taken up: another one may still be alive on a
        server, so its lease has to run out."""
        return 90 if self.url is None else 90 + 2 * LEASE.total_seconds()


@dataclass(frozen=True, slots=True)
class Order:
    """What is tried. `seconds` are shared out among the kills; `share` of all calls go wrong, 0 to 1.

    `processes` on one database, one of which dies at a time; SQLite takes one. One client in four types.
    """

    kills: int
    seconds: float
    seed: int
    share: float = 0.0
    clients: int = 20
    rounds: int = ROUNDS
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: `kills` that hit a living process; `calls` of the bot until the last of them, and how many of
    those each kind of fault hit.
    """

    kills: int
    injected: dict[Kind, int]
    calls: int
    found: Account


def config(rounds: int) -> str:
    """The regular time of the schedules is half a day away, so that nobody is asked but by the trial."""
    later = (SystemClock().now() + timedelta(hours=12)).strftime("%H:%M")
    return config_file(rounds, time=later, alerts='detail = "full"\nask_client_first = false')


def faults(share: float) -> list[Rule]:
    """Rules by which this share of all calls goes wrong, mixed as MIX says: each rule sees what those before it left."""
    rules, left = [], 1.0
    for kind, weight in MIX.items():
        part = share * weight / sum(MIX.values())
        seconds = 3.0 if kind in (Kind.HANG, Kind.PARTITION) else 0.3
        rules.append(Rule(kind, times=None, retry_after=1, seconds=seconds, probability=part / left))
        left -= part
    return rules


async def run(place: Place, order: Order, tell: Callable[[int], None] = lambda _: None) -> Outcome:
    """Play it to its end: people go on until the last kill, then everything comes to rest. `tell` hears of each kill."""
    standin = StandIn(SystemClock(), TOKEN, seed=order.seed)
    standin.listeners.append(shown := Shown(standin))
    async with serve(standin) as address:
        bots = _bots(place, order, address)
        async with bots[0].desk() as desk:
            seated = await seat(desk, standin, order.clients, order.clients // 4)
            if order.share:
                standin.faults.add(*faults(order.share))
            try:
                calls = await _played(place, order, desk, standin, seated, bots, tell)
                await settled(desk, place.patience)
                found = await account(desk, standin, seated, shown)
                assert [await bot.end() for bot in bots] == [0] * len(bots)
            finally:
                for bot in bots:
                    await bot.end(signal.SIGKILL)
    return Outcome(order.kills, dict(standin.faults.hit), calls, found)


def _bots(place: Place, order: Order, address: str) -> list[LiveBot]:
    text = config(order.rounds)
    homes = [place.folder, *(place.folder / f"process {n}" for n in range(2, order.processes + 1))]
    for home in homes:
        home.mkdir(exist_ok=True)
    return [LiveBot(home, address, text, place.url, place.environ) for home in homes]


async def _played(
    place: Place,
    order: Order,
    desk: Desk,
    standin: StandIn,
    seated: Seated,
    bots: list[LiveBot],
    tell: Callable[[int], None],
) -> int:
    """Returns how many calls the bot had made when the faults ended."""
    enough, done = asyncio.Event(), asyncio.Event()
    patience = 30 + place.patience
    players = [
        Player(desk, client, phone, enough, phone.chat_id in seated.typing, patience) for client, phone in seated.items()
    ]
    async with asyncio.TaskGroup() as staff:
        for phone in seated.staff:
            staff.create_task(takes_alerts(phone, done.is_set))
        try:
            async with asyncio.TaskGroup() as group:
                for player in players:
                    group.create_task(player.play(order.rounds))
                await _killed(order, standin, bots, tell)
                calls = len(standin.calls)
                standin.faults.clear()
                enough.set()
            await settled(desk, place.patience)  # the last alerts are on the phones
            await _taken(standin, seated, place.patience)
        finally:
            done.set()
    return calls


async def _killed(order: Order, standin: StandIn, bots: list[LiveBot], tell: Callable[[int], None]) -> None:
    """Start them all; then one after another dies in its share of the time, and is started again."""
    dice = random.Random(order.seed)
    began, never = time.monotonic(), asyncio.Event()
    for bot in bots:
        await bot.start()
    for number in range(order.kills):
        polls, bot = standin.polls, dice.choice(bots)
        until = began + (number + dice.random()) * order.seconds / max(1, order.kills)
        if dice.random() < 0.8:  # else it may die before it has come up
            await standin.polled(polls + 1)
            until = max(until, time.monotonic() + A_LIFE * dice.random())
        await SystemClock().wait(never, timedelta(seconds=max(0.0, until - time.monotonic())))
        assert await bot.end(signal.SIGKILL) == -signal.SIGKILL
        await bot.start()
        tell(number + 1)


async def _taken(standin: StandIn, seated: Seated, patience: float) -> None:
    """Everybody has had the time to take what rings."""
    for phone in seated.staff:
        try:
            await phone.until(
                lambda phone=phone: not any("I've got it" in one.labels for one in phone.messages), patience
            )
        except AssertionError:
            return  # the account names what was not taken
