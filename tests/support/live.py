"""The bot as its own process, as an operator starts it: to be killed, ended and started again."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.actions.desk import Desk
from bot.app import open_desk
from bot.config.load import Loaded, Problems, read_text
from bot.rehearsal.run import TOKEN


@dataclass(slots=True)
class LiveBot:
    """`checkin-bot run` against the stand-in at `address`, in `folder`."""

    folder: Path
    address: str
    config: str
    url: str | None = None
    environ: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    @property
    def settings(self) -> dict[str, str]:
        return {
            "CHECKIN_TELEGRAM__TOKEN": TOKEN,
            "CHECKIN_TELEGRAM__API_BASE_URL": self.address,
            "CHECKIN_DATABASE__URL": self.url or f"sqlite+aiosqlite:///{self.folder / 'checkin.db'}",
            "CHECKIN_HTTP__LISTEN": "",
            **self.environ,
        }

    def loaded(self) -> Loaded:
        (self.folder / "config.toml").write_text(self.config)
        found = read_text(self.config, "config.toml", self.folder, self.settings)
        assert not isinstance(found, Problems), str(found)
        return found

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Desk]:
        """The same database, for the test itself: to put people into it, to look at what is kept."""
        found = self.loaded()
        async with open_desk(found.settings, found.plan, tell=lambda _: None) as desk:
            yield desk

    async def start(self) -> None:
        self.loaded()
        environ = {key: value for key, value in os.environ.items() if not key.startswith("CHECKIN_")}
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "bot", "run", "--config", str(self.folder / "config.toml")),
                env={**environ, **self.settings},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it, and return its exit status once it is gone."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(how)
        return await self.process.wait()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()
