"""The access log: what was shown to members of staff, and the whole of it for whoever looks after the computer.

What somebody asks to see is noted where it is done; here stands what comes by itself. What each word of the log means
stands in docs/security.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.actions import arrivals
from bot.actions.desk import Desk, Turn
from bot.domain.outgoing import Outgoing
from bot.domain.plan import Detail
from bot.domain.words import OPERATOR
from storage.chain import Flaw, Line
from storage.sealing import WrongKey

WORDS = ("worker.words", "worker.goal")
"""Kinds of posts that carry a client's own words to the worker."""
DIGEST = "worker.digest"
NOTED_DOWN, NOTED_EVERY = "access_log_noted", timedelta(days=1)
SHOWN = frozenset({*arrivals.KINDS, *WORDS, DIGEST})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Verified:
    """What looking along the chain found. `noted` is its end, to be written down elsewhere: `LINES:HASH`."""

    lines: int
    begun_at: datetime | None
    noted: str | None
    flaws: Sequence[Flaw]


async def shown(turn: Turn, out: Outgoing, message_id: int) -> None:
    """Telegram took something with answers or words of a client in it. A discreet card has none before *Show*."""
    if out.kind not in SHOWN or (out.kind in arrivals.KINDS and turn.plan.alerts.detail is not Detail.FULL):
        return
    client = await turn.m.people.client(out.client_id) if out.client_id is not None else None
    if client is not None or out.kind == DIGEST:
        await turn.m.audit.note(turn.now, out.ref, "was_shown", client.ref if client is not None else None)


async def note_down(turn: Turn) -> int:
    """Once a day the end of the log goes among the house's own log lines. Where those are kept elsewhere, `verify` can
    tell later whether the newest lines were cut off, or all of them made anew, by somebody who has the key.
    """
    last = await turn.m.marks.get(NOTED_DOWN)
    if last is not None and turn.now - last.at < NOTED_EVERY:
        return 0
    try:
        head = await turn.m.audit.head()
    except WrongKey:  # `audit_not_tied` says so with each line
        return 0
    if head is None:
        return 0
    await turn.m.marks.set(NOTED_DOWN, turn.now)
    # Apart: both together look like a token once there are ten thousand lines, and would be taken out.
    log.info("access_log_stands", count=head.place, noted=head.hash)
    return 0


async def lines(turn: Turn, about: str | None, since: datetime | None) -> list[Line]:
    """The log, oldest first. Reading it is a line of its own."""
    found = await turn.m.audit.lines(about, since)
    await turn.m.audit.note(turn.now, OPERATOR, "read_log", about)
    return found


async def count(desk: Desk) -> int:
    """How many lines are tied."""
    async with desk.glance() as m:
        head = await m.audit.head()
    return head.place if head is not None else 0


async def verify(desk: Desk, noted: tuple[int, str] | None, step: Callable[[], None]) -> Verified:
    """Go along the whole chain. `noted`: place and hash that somebody wrote down earlier. Changes nothing."""
    async with desk.glance() as m:
        head, flaws = await m.audit.head(), await m.audit.check(step)
        if noted is not None:
            flaws += await m.audit.differs(*noted)
    if head is None:
        return Verified(0, None, None, flaws)
    return Verified(head.place, head.begun_at, f"{head.place}:{head.hash}", flaws)
