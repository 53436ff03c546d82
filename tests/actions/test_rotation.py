"""The key is exchanged while a bot works on the same database: nobody meets a value that they can't open."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.actions import inbox, rotation
from bot.actions.desk import Desk
from bot.config.keys import again, keys_in, put
from bot.domain.plan import Plan
from bot.domain.words import Role
from bot.rehearsal.clock import RehearsalClock
from storage import tables as t
from storage.resealing import LABELS
from storage.sealing import NUMBER_BYTES, KeyGone, Seal, new_key, number_of
from storage.unit_of_work import Memory
from tests.support.desks import START

PEOPLE, AT_ONCE = 25, 10
"""More than two batches."""


@pytest.fixture(autouse=True)
def in_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "AT_ONCE", AT_ONCE)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "checkin.keys"
    path.write_text(f"# ours\n{new_key()}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def hurried() -> RehearsalClock:
    """So fast that nobody waits for the minute after which a process is held to be gone."""
    return RehearsalClock(START, speed=200)


@asynccontextmanager
async def at(memory: Memory, file: Path, plan: Plan, clock: RehearsalClock, name: str) -> AsyncIterator[Desk]:
    """A process of its own on the same database."""
    own = Memory(memory.url, Seal(keys_in(file), again(file)))
    try:
        yield Desk(memory=own, clock=clock, plan=plan, process=name)
    finally:
        await own.close()


@pytest.fixture
async def desk(memory: Memory, file: Path, plan: Plan, hurried: RehearsalClock) -> AsyncIterator[Desk]:
    """Where `keys rotate` works, with a row in every table that holds something sealed."""
    async with at(memory, file, plan, hurried, "command") as one:
        async with one.turn() as turn:
            for n in range(PEOPLE):
                await turn.m.people.add(Role.WORKER, f"W-{n}", f"Name {n}", "en", "Europe/London", turn.now)
            client = await turn.m.people.add(Role.CLIENT, "R-1", "Alex", "en", "Europe/London", turn.now)
            await turn.m.goals.add(client, "see my sister", turn.now)
            await turn.m.audit.note(turn.now, "W-1", "read_answers", "R-1")
        await inbox.keep(one, [{"update_id": n, "message": {"chat": {"id": n}}} for n in range(1, 30)])
        yield one


async def numbers(desk: Desk) -> set[str]:
    """Of the keys that have closed what is on record."""
    found = set()
    async with desk.glance() as m:
        for column in LABELS:
            query = sa.select(sa.func.substr(column, 1, NUMBER_BYTES)).where(column.is_not(None)).distinct()
            found |= {bytes(one).hex() for one in await m.con.scalars(query)}
    return found


async def works(desk: Desk, enough: asyncio.Event, rounds: list[int]) -> None:
    """A running bot: it writes, reads everything, and now and then says which keys it has."""
    while not enough.is_set():
        async with desk.turn() as turn:
            await turn.m.people.add(Role.WORKER, f"N-{len(rounds)}", "New", "en", "Europe/London", turn.now)
            await rotation.tell_keys(turn)
        async with desk.glance() as m:
            await m.people.everybody()
            await m.inbox.next(desk.clock.now(), (), 100)
        rounds.append(1)
        await desk.clock.wait(asyncio.Event(), timedelta(seconds=1))


async def more(desk: Desk, rounds: list[int], count: int) -> None:
    """Wait until the bot has gone round so often again."""
    wanted = len(rounds) + count
    while len(rounds) < wanted:
        await desk.clock.wait(asyncio.Event(), timedelta(seconds=1))


def test_every_sealed_column_is_sealed_anew() -> None:
    sealed = {column for table in t.meta.tables.values() for column in table.columns if column.name.endswith("_sealed")}
    assert set(LABELS) == sealed


async def test_a_key_is_exchanged_while_a_bot_works(
    desk: Desk, memory: Memory, file: Path, plan: Plan, hurried: RehearsalClock
) -> None:
    [old] = keys_in(file)
    steps: list[int] = []
    async with at(memory, file, plan, hurried, "bot") as bot:
        enough, rounds = asyncio.Event(), [0]
        async with asyncio.TaskGroup() as group:
            working = group.create_task(works(bot, enough, rounds))
            await more(desk, rounds, 3)
            assert await rotation.take_into_use(desk, file)
            assert await rotation.reseal(desk, lambda: steps.append(1)) == 0
            await more(desk, rounds, 3)
            enough.set()
            await working
        assert await rotation.verify(desk, lambda: None) == 0
        await rotation.end(desk)
        new, kept = keys_in(file)
        assert kept == old
        assert await numbers(desk) == {number_of(new)}
        assert len(steps) >= PEOPLE
        assert bot.memory.seal.numbers == [number_of(new), number_of(old)]
        async with bot.glance() as m:
            assert await m.audit.check(lambda: None) == []


@pytest.mark.parametrize(
    "after", [AT_ONCE, *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 1, AT_ONCE + 1, PEOPLE + 3))]
)
async def test_cut_off_at_any_value_it_goes_on_with_the_same_key(
    desk: Desk, memory: Memory, file: Path, plan: Plan, hurried: RehearsalClock, after: int
) -> None:
    class CutOff(BaseException):
        pass

    steps: list[int] = []

    def step() -> None:
        steps.append(1)
        if len(steps) > after:
            raise CutOff

    assert await rotation.take_into_use(desk, file)
    begun = keys_in(file)
    with suppress(CutOff):
        await rotation.reseal(desk, step)
    assert len(await numbers(desk)) == 2 or after > PEOPLE
    async with at(memory, file, plan, hurried, "next") as once_more:
        assert await rotation.take_into_use(once_more, file)
        assert keys_in(file) == begun
        assert await rotation.reseal(once_more, lambda: None) == 0
        assert await rotation.verify(once_more, lambda: None) == 0
        assert await numbers(once_more) == {number_of(begun[0])}


@pytest.mark.parametrize("where", ["nowhere yet", "behind", "in front"])
async def test_cut_off_while_the_file_is_written_it_goes_on_with_the_same_key(desk: Desk, file: Path, where: str) -> None:
    [old], new = keys_in(file), new_key()
    async with desk.turn() as turn:
        await turn.m.marks.set(rotation.GOING_ON, turn.now, number_of(new))
    put(file, {"nowhere yet": [old], "behind": [old, new], "in front": [new, old]}[where])
    assert await rotation.take_into_use(desk, file)
    first, second = keys_in(file)
    assert second == old
    assert first == new or where == "nowhere yet"


async def test_the_next_exchange_makes_another_key(desk: Desk, file: Path) -> None:
    for _ in range(2):
        assert await rotation.take_into_use(desk, file)
        assert await rotation.reseal(desk, lambda: None) == 0
        await rotation.end(desk)
    assert len(set(keys_in(file))) == 3
    assert await numbers(desk) == {number_of(keys_in(file)[0])}


async def test_nothing_is_sealed_with_a_key_that_a_running_bot_does_not_get(
    desk: Desk, memory: Memory, file: Path, plan: Plan, tmp_path: Path
) -> None:
    """On another computer, say, with a key file of its own."""
    desk.clock = clock = RehearsalClock(START)
    elsewhere = Path(shutil.copy(file, tmp_path / "other.keys"))
    [old] = keys_in(file)
    async with at(memory, elsewhere, plan, clock, "far away") as bot, asyncio.TaskGroup() as group:
        await _tells(bot)
        taken = group.create_task(rotation.take_into_use(desk, file))
        while not taken.done():
            clock.advance(timedelta(seconds=5))
            await _tells(bot)
    assert not taken.result()
    assert keys_in(file)[0] == old
    assert await numbers(desk) == {number_of(old)}


async def _tells(bot: Desk) -> None:
    async with bot.turn() as turn:
        await rotation.tell_keys(turn)


async def test_a_value_that_no_key_opens_stays_and_is_told(desk: Desk, file: Path) -> None:
    spoilt = bytes.fromhex(desk.memory.seal.number) + bytes(40)
    async with desk.turn() as turn:
        await turn.m.con.execute(t.person.update().where(t.person.c.ref == "W-7").values(name_sealed=spoilt))
    assert await rotation.take_into_use(desk, file)
    assert await rotation.reseal(desk, lambda: None) == 1
    assert await rotation.verify(desk, lambda: None) == 1
    async with desk.glance() as m:
        assert await m.con.scalar(sa.select(t.person.c.name_sealed).where(t.person.c.ref == "W-7")) == spoilt


async def test_an_old_key_is_dropped_only_when_nothing_can_be_on_its_way_with_it(desk: Desk, file: Path) -> None:
    assert await rotation.take_into_use(desk, file)
    assert not await rotation.settled(desk)
    assert await rotation.reseal(desk, lambda: None) == 0
    await rotation.end(desk)
    desk.clock = RehearsalClock(desk.clock.now(), speed=0)  # the hurried one would let 75 s pass in a third of one
    assert await rotation.settled(desk)  # no bot is running
    async with desk.turn() as turn:
        await rotation.tell_keys(turn)
    assert not await rotation.settled(desk)
    desk.clock.advance(timedelta(minutes=3))
    assert await rotation.settled(desk)
    await rotation.drop_older(desk, file)
    assert len(keys_in(file)) == 1
    assert (await asyncio.to_thread(file.read_text)).startswith("# ours\n")
    assert desk.memory.seal.numbers == [number_of(keys_in(file)[0])]


async def test_whoever_slept_through_an_exchange_keeps_nothing_with_the_old_key(
    desk: Desk, memory: Memory, file: Path, plan: Plan, hurried: RehearsalClock
) -> None:
    """It is held to be gone after 75 s; when it wakes it is refused once, and then has the key that stands there now."""
    async with at(memory, file, plan, hurried, "sleeper") as sleeper:
        await _tells(sleeper)
        await _exchanged_and_dropped(desk, file)
        with pytest.raises(KeyGone):
            await _adds(sleeper, "S-1")
        await _adds(sleeper, "S-2")
        await _tells(sleeper)
        assert sleeper.memory.seal.numbers == [number_of(key) for key in keys_in(file)]
        assert not sleeper.memory.keyless.is_set()
    assert await numbers(desk) == {number_of(keys_in(file)[0])}
    async with desk.glance() as m:
        assert [one.ref for one in await m.people.everybody() if one.ref.startswith("S-")] == ["S-2"]


async def test_whoever_has_looked_at_the_file_before_it_wrote_is_mended_as_well(
    desk: Desk, memory: Memory, file: Path, plan: Plan, hurried: RehearsalClock
) -> None:
    async with at(memory, file, plan, hurried, "sleeper") as sleeper:
        await _exchanged_and_dropped(desk, file)
        sleeper.memory.seal.look_again()
        assert sleeper.memory.seal.refused is not None
        with pytest.raises(KeyGone):
            await _tells(sleeper)
        await _adds(sleeper, "S-1")
        assert sleeper.memory.seal.refused is None


async def test_whoever_is_given_no_other_key_says_so_and_keeps_nothing(
    desk: Desk, memory: Memory, file: Path, plan: Plan, hurried: RehearsalClock, tmp_path: Path
) -> None:
    elsewhere = Path(shutil.copy(file, tmp_path / "other.keys"))
    async with at(memory, elsewhere, plan, hurried, "far away") as sleeper:
        await _exchanged_and_dropped(desk, file)
        for n in range(2):
            with pytest.raises(KeyGone):
                await _adds(sleeper, f"S-{n}")
        assert sleeper.memory.keyless.is_set()
    assert await numbers(desk) == {number_of(keys_in(file)[0])}


async def test_a_key_goes_out_of_use_only_when_who_is_writing_with_it_has_ended(
    desk: Desk, memory: Memory, file: Path, plan: Plan, hurried: RehearsalClock
) -> None:
    """Whoever has asked whether the key holds commits first; otherwise the last look would miss what they wrote."""
    async with at(memory, file, plan, hurried, "sleeper") as sleeper:
        await _exchanged(desk, file)
        async with asyncio.TaskGroup() as group, sleeper.turn() as turn:
            await turn.m.people.add(Role.WORKER, "S-1", "New", "en", "Europe/London", turn.now)
            await turn.m.key_holds()
            forbidding = group.create_task(rotation.forbid(desk, desk.memory.seal.numbers[1:]))
            for _ in range(20):
                await desk.clock.wait(asyncio.Event(), timedelta(seconds=1))
            assert not forbidding.done()
    assert await rotation.left(desk) == 1


async def _exchanged(desk: Desk, file: Path) -> None:
    """All of `keys rotate`; only the command itself says that it is there."""
    desk.clock.advance(rotation.ALIVE * 2)
    assert await rotation.take_into_use(desk, file)
    assert await rotation.reseal(desk, lambda: None) == 0
    await rotation.end(desk)


async def _exchanged_and_dropped(desk: Desk, file: Path) -> None:
    await _exchanged(desk, file)
    await rotation.forbid(desk, desk.memory.seal.numbers[1:])
    await rotation.drop_older(desk, file)


async def _adds(desk: Desk, ref: str) -> None:
    async with desk.turn() as turn:
        await turn.m.people.add(Role.WORKER, ref, "New", "en", "Europe/London", turn.now)
