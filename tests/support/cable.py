"""A cable between a process and a server on this machine that can be pulled: nobody on either side notices.

What was sent while it was pulled arrives when it is put back, as TCP would have it; connections stay open meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Cable:
    """Listens at `port` and passes everything on to `to`."""

    to: int
    port: int = 0
    _whole: asyncio.Event = field(default_factory=asyncio.Event)
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)

    def pull(self) -> None:
        self._whole.clear()

    def put_back(self) -> None:
        self._whole.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            await self._whole.wait()
            there_reader, there = await asyncio.open_connection("127.0.0.1", self.to)
            self._ends.add(there)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, there))
                both.create_task(self._pass_on(there_reader, writer))
        finally:
            self._ends.discard(writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        await self._whole.wait()
        writer.close()
        self._ends.discard(writer)


@asynccontextmanager
async def cable(to: int) -> AsyncIterator[Cable]:
    one = Cable(to)
    one.put_back()
    server = await asyncio.start_server(one._connected, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        one.put_back()
        for end in list(one._ends):
            end.close()
