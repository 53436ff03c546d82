"""What somebody would write with the same libraries and no further thought: plain peers, one function each.

    python -m tests.benchmarks.peers send ADDRESS CONCURRENCY CHAT…     stock PTB, messages with eleven buttons
    python -m tests.benchmarks.peers taps ADDRESS WAY CHAT…             stock PTB that edits and answers at each tap
    python -m tests.benchmarks.peers photos ADDRESS FILE EVERY CHAT…    stock PTB, one picture after the other
    python -m tests.benchmarks.peers start ADDRESS FILE                 PTB and SQLAlchemy, nothing else
    python -m tests.benchmarks.peers jobs FILE COUNT DUE                APScheduler with a job for each client

WAY: `nothing` keeps nothing; `default` and `wal` keep each tap in a transaction of its own; `nothing-64` handles 64 at
once.
"""

import asyncio
import json
import pickle
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TOKEN = "7000001:rehearsal-rehearsal-rehearsal-token"
QUESTION = "How easy is your worker to talk to just now?\n\n0 = can't talk · 10 = easy\n\n<i>Question {n} of 3</i>"


def _keyboard(item: int) -> Any:
    from telegram import InlineKeyboardButton, InlineKeyboardMarkup

    buttons = [InlineKeyboardButton(str(n), callback_data=f"1:a:0123456789abcdef:{item}:{n}") for n in range(11)]
    return InlineKeyboardMarkup([buttons[:6], buttons[6:]])


def _builder(address: str) -> Any:
    from telegram.ext import Application

    return Application.builder().token(TOKEN).base_url(f"{address}/bot")


async def _ask(bot: Any, chat: int) -> None:
    await bot.send_message(chat, QUESTION.format(n=1), parse_mode="HTML", reply_markup=_keyboard(0))


async def send(address: str, concurrency: str, *chats: str) -> dict[str, float]:
    bot = _builder(address).build().bot
    await bot.initialize()
    waiting = list(map(int, chats))

    async def one_sender() -> None:
        while waiting:
            await _ask(bot, waiting.pop())

    began, busy = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as senders:
        for _ in range(int(concurrency)):
            senders.create_task(one_sender())
    took, cost = time.perf_counter() - began, time.process_time() - busy
    await bot.shutdown()
    return {"seconds": took, "cpu": cost}


async def photos(address: str, file: str, every: str, *chats: str) -> dict[str, list[float]]:
    bot = _builder(address).build().bot
    await bot.initialize()
    data, never, began = await asyncio.to_thread(Path(file).read_bytes), asyncio.Event(), []
    for chat in chats:
        began.append(time.time())
        await bot.send_photo(int(chat), data, caption=QUESTION.format(n=1), parse_mode="HTML", reply_markup=_keyboard(0))
        try:
            await asyncio.wait_for(never.wait(), float(every))
        except TimeoutError:
            continue
    await bot.shutdown()
    return {"began": began}


def taps(address: str, way: str, *chats: str) -> None:
    from telegram.ext import CallbackQueryHandler

    keep = _Keeper(way) if way in ("default", "wal") else None

    async def begin(application: Any) -> None:
        if keep is not None:
            await keep.begin()
        for chat in chats:
            await _ask(application.bot, int(chat))

    async def tapped(update: Any, _: Any) -> None:
        query = update.callback_query
        *_, item, value = query.data.split(":")
        if keep is not None:
            await keep.tap(query.from_user.id, int(item), int(value))
        if int(item) < 2:
            text, keyboard = QUESTION.format(n=int(item) + 2), _keyboard(int(item) + 1)
            await query.edit_message_text(text, parse_mode="HTML", reply_markup=keyboard)
        else:
            await query.edit_message_text("Thank you. That was all for today.")
        await query.answer()

    builder = _builder(address).post_init(begin)
    if way.endswith("-64"):
        builder = builder.concurrent_updates(64)
    application = builder.build()
    application.add_handler(CallbackQueryHandler(tapped))
    application.run_polling(timeout=25)


class _Keeper:
    """Answers in a file: one session and one transaction for each tap, as the tutorials show it."""

    def __init__(self, way: str) -> None:
        import sqlalchemy as sa
        from sqlalchemy import orm
        from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

        class Base(orm.DeclarativeBase):
            pass

        class Client(Base):
            __tablename__ = "client"
            id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
            chat: orm.Mapped[int] = orm.mapped_column(unique=True)

        class Answer(Base):
            __tablename__ = "answer"
            id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
            client_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("client.id"))
            item: orm.Mapped[int]
            value: orm.Mapped[int]

        self.base, self.client, self.answer, self.sa = Base, Client, Answer, sa
        folder = Path(sys.argv[0]).parent if not Path("/dev/shm").exists() else None
        import tempfile

        self.engine = create_async_engine(f"sqlite+aiosqlite:///{tempfile.mkdtemp(dir=folder)}/answers.db")
        self.sessions = async_sessionmaker(self.engine)
        if way == "wal":

            @sa.event.listens_for(self.engine.sync_engine, "connect")
            def pragmas(connection: Any, _: object) -> None:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")

    async def begin(self) -> None:
        async with self.engine.begin() as con:
            await con.run_sync(self.base.metadata.create_all)

    async def tap(self, chat: int, item: int, value: int) -> None:
        async with self.sessions() as session, session.begin():
            client = await session.scalar(self.sa.select(self.client).where(self.client.chat == chat))
            if client is None:
                client = self.client(chat=chat)
                session.add(client)
                await session.flush()
            session.add(self.answer(client_id=client.id, item=item, value=value))


def start(address: str, file: str) -> None:
    """The least that keeps anything: a table made, then polling."""
    import sqlalchemy as sa
    from sqlalchemy.ext.asyncio import create_async_engine
    from telegram.ext import MessageHandler, filters

    meta = sa.MetaData()
    answers = sa.Table("answer", meta, sa.Column("id", sa.Integer, primary_key=True), sa.Column("words", sa.Text))
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")

    async def begin(_: Any) -> None:
        async with engine.begin() as con:
            await con.run_sync(meta.create_all)

    async def said(update: Any, _: Any) -> None:
        async with engine.begin() as con:
            await con.execute(answers.insert().values(words=update.message.text))

    application = _builder(address).post_init(begin).build()
    application.add_handler(MessageHandler(filters.TEXT, said))
    application.run_polling(timeout=25)


# ---------------------------------------------------------------- APScheduler

started: list[str] = []


async def job(client: str) -> None:
    """What each client's job does: nothing but being started."""
    started.append(client)


async def jobs(file: str, count: str, due: str) -> dict[str, float]:
    """Seconds from waking up until every due job has run."""
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    store = SQLAlchemyJobStore(f"sqlite:///{file}")
    scheduler = AsyncIOScheduler(timezone="UTC", jobstores={"default": store})
    scheduler.start(paused=True)
    now = datetime.now(UTC)  # noqa: TID251  # a peer has no clock of ours
    first = scheduler.add_job(
        job, "interval", days=3, args=["0"], id="0", next_run_time=now - timedelta(seconds=1), misfire_grace_time=3600
    )
    _clone(store, first, int(count), int(due), now)
    began = time.perf_counter()
    scheduler.resume()
    scheduler._process_jobs()
    while len(started) < int(due):  # noqa: ASYNC110  # its jobs ring no bell
        await asyncio.sleep(0)
    took = time.perf_counter() - began
    scheduler.shutdown(wait=False)
    return {"seconds": took}


def _clone(store: Any, first: Any, count: int, due: int, now: datetime) -> None:
    """The same job for every other client, written straight into the store: adding 10,000 of them takes 20 s."""
    rows = []
    for n in range(1, count):
        state = first.__getstate__()
        at = now - timedelta(seconds=1) if n < due else now + timedelta(days=1, seconds=n)
        state |= {"id": str(n), "args": (str(n),), "next_run_time": at}
        rows.append({"id": str(n), "next_run_time": at.timestamp(), "job_state": pickle.dumps(state)})
    with store.engine.begin() as con:
        con.execute(store.jobs_t.insert(), rows)


def main(way: str, *args: str) -> None:
    ways: dict[str, Any] = {"send": send, "photos": photos, "jobs": jobs}
    if way in ways:
        print(json.dumps(asyncio.run(ways[way](*args))))
    else:
        {"taps": taps, "start": start}[way](*args)


if __name__ == "__main__":
    arguments: Sequence[str] = sys.argv[1:]
    main(*arguments)
