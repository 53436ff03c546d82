"""Rows that are due are worked on together; where that fails for one row's sake, each by itself.

So one that can't be worked on keeps no other waiting, and nobody pays for that as long as all goes well.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

import structlog

from bot.actions.desk import Turn
from storage.unit_of_work import is_trouble

PUSHED_AWAY = timedelta(hours=1)
"""A row that could not be worked on is looked at again after this long."""

log = structlog.get_logger()


class Row(Protocol):
    """What comes due."""

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Row)


async def together(
    turn: Turn,
    rows: Sequence[R],
    do: Callable[[Turn, Sequence[R]], Awaitable[None]],
    push_away: Callable[[Turn, R], Awaitable[None]],
) -> None:
    """`do` all rows; if that fails, undo it and `do` them one by one. Whichever fails then is undone and pushed away.

    Raises what the database itself is at fault for: that concerns every row, and may do later.
    """
    if not rows or await _kept(turn, rows, do):
        return
    for row in rows:
        if not await _kept(turn, [row], do):
            await push_away(turn, row)


async def _kept(turn: Turn, rows: Sequence[R], do: Callable[[Turn, Sequence[R]], Awaitable[None]]) -> bool:
    try:
        async with turn.m.apart():
            await do(turn, rows)
    except Exception as broken:
        if is_trouble(broken):
            raise
        if len(rows) == 1:
            log.error("row_pushed_away", kind=do.__name__, row=rows[0].id, error=type(broken).__name__)
        return False
    return True
