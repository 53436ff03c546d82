"""The real bot with three parts exchanged: Telegram, the clock, and where it lives.

    async with rehearsal(folder, clock, config) as stage:
        alex = stage.standin.person(1001, "Alex")

Everything else is what `checkin-bot run` runs: the same wiring, database, handlers and loops.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from bot import app
from bot.actions import invitations, people, roster
from bot.actions.desk import Desk
from bot.config.load import Problems, read_text
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import StandIn

TOKEN = "7000001:rehearsal-rehearsal-rehearsal-token"  # noqa: S105  # opens nothing but the stand-in
DEMO_CONFIG = Path(__file__).with_name("demo.toml")


class NotPlayable(Exception):
    """The configuration of a rehearsal has problems; they are its text."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A bot that runs, and the Telegram it runs against."""

    standin: StandIn
    clock: RehearsalClock
    desk: Desk
    bot: app.Bot

    async def enrol(self, csv: str) -> None:
        """Put people on the roster, as `roster import` does."""
        async with self.desk.turn() as turn:
            await roster.import_roster(turn, csv, dry_run=False)

    async def code(self, ref: str) -> str:
        """A fresh invitation for somebody on the roster, as `invite` makes one."""
        async with self.desk.turn() as turn:
            return (await invitations.invite(turn, ref, by="rehearsal")).code

    async def next_check_in(self, ref: str) -> datetime | None:
        """When a client is asked next."""
        async with self.desk.turn() as turn:
            client = await turn.m.people.client_by_ref(ref)
            return people.next_asked(turn, client) if client else None


@asynccontextmanager
async def rehearsal(
    folder: Path,
    clock: RehearsalClock,
    config: str | None = None,
    *,
    standin: StandIn | None = None,
    environ: Mapping[str, str] | None = None,
    address: str | None = None,
) -> AsyncIterator[Stage]:
    """Run the bot in this process for as long as the block lasts. `config` is TOML; without it, the demo's.

    `address`: where the stand-in is served, so that the bot goes there over the network; else there is no line at all.
    """
    text = DEMO_CONFIG.read_text() if config is None else config
    given = {"CHECKIN_TELEGRAM__TOKEN": TOKEN, "CHECKIN_TELEGRAM__MODE": "polling", "CHECKIN_HTTP__LISTEN": ""}
    given |= environ or {}
    given.setdefault("CHECKIN_DATABASE__URL", f"sqlite+aiosqlite:///{folder / 'checkin.db'}")
    if address is not None:
        given["CHECKIN_TELEGRAM__API_BASE_URL"] = address
    found = read_text(text, "demo.toml", folder, given, today=clock.now().date())
    if isinstance(found, Problems):
        raise NotPlayable(str(found))
    there = standin or StandIn(clock, TOKEN)
    line = httpx.ASGITransport(app=there.app) if address is None else None
    stop = asyncio.Event()
    async with app.open_desk(found.settings, found.plan, clock, tell=lambda _: None) as desk:
        bot = app.wire(found.settings, desk, line)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(app.run(bot, stop, beats=False))
            try:
                yield Stage(there, clock, desk, bot)
            finally:
                there.close()
                stop.set()
                await asyncio.wait([running])
