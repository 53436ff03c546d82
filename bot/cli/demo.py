"""`demo`: the whole thing on this machine, without a token, an account or a network."""

import asyncio
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from bot import logs

if TYPE_CHECKING:
    from bot.rehearsal.run import Stage
    from bot.rehearsal.telegram import TranscriptLine

PORT = 8765
LONDON = ZoneInfo("Europe/London")
SEEN = frozenset({"sent", "edited", "deleted", "toast"})
INTRO = (
    "A made-up service on {day}. For three weeks Alex has answered 8, 8, 8 about working with Sam. "
    "Sam has an alert about somebody else, R-204. And Alex is being asked again."
)
TRY = (
    "On Alex's phone answer 2, then 8, then 8. Then choose how Sam hears about it.",
    "Press “+1 minute”: Alex can't take it back any more, and Sam's phone rings.",
    "On Sam's phone tap “I've got it” under both alerts, then “We talked” under the new one. See what Alex sees.",
    "Press “+1 day”: Alex is asked whether it helped. Then send /report from Jo's phone.",
    "Another time: answer only the first question with 2, press “+1 hour” three times, and look at Sam's phone.",
)


@click.command()
@click.option("--once", is_flag=True, help="Play the story to its end by itself, and end.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Where the page is served.")
def demo(once: bool, port: int) -> None:
    """Everything on this machine: a page with three phones, and a story under way."""
    logs.set_up("warning")
    if not once and (why := _taken(port)):
        click.echo(f"Port {port} can't be had ({why}). Choose another: make demo PORT=9000", err=True)
        sys.exit(2)
    try:
        with tempfile.TemporaryDirectory(prefix="checkin-demo-") as folder:
            asyncio.run(_once(Path(folder)) if once else _serve(Path(folder), port))
    except KeyboardInterrupt:
        click.echo("The demo has ended. Nothing of it was kept.")


def _taken(port: int) -> str | None:
    """Why the page cannot be served there: asked first, before the story has been played for nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
        except OSError as taken:
            return taken.strerror
    return None


async def _once(folder: Path) -> None:
    from bot.rehearsal import run, story
    from bot.rehearsal.clock import RehearsalClock

    async with run.rehearsal(folder, RehearsalClock(story.BEGINS, speed=1.0)) as stage:
        stage.standin.listeners.append(_on_terminal())
        cast = await story.so_far(stage)
        await story.to_the_end(stage, cast)
    click.echo("The story is over: nothing was missed.")


async def _serve(folder: Path, port: int) -> None:
    from bot.rehearsal import run, story
    from bot.rehearsal.clock import RehearsalClock
    from bot.rehearsal.page import OnPage, StoryButton, demo_app
    from bot.rehearsal.telegram import serve

    clock = RehearsalClock(story.BEGINS, speed=1.0)
    async with run.rehearsal(folder, clock) as stage:
        cast = await story.so_far(stage, click.echo)
        stage.standin.listeners.append(_on_terminal())
        page = demo_app(
            stage.standin,
            clock,
            [
                OnPage(cast.alex, "Client", "R-118, asked twice a week"),
                OnPage(cast.sam, "Worker", "of R-118 and R-204"),
                OnPage(cast.jo, "Manager", "sees whether somebody acted"),
            ],
            [StoryButton("next", "Next check-in", _next_check_in(stage))],
            intro=INTRO.format(day=f"{story.TODAY:%A %d %B}"),
            try_this=TRY,
        )
        async with serve(stage.standin, port=port, app=page) as address:
            click.echo(f"\nOpen {address} in a browser. Ctrl-C ends it.\n")
            await asyncio.Event().wait()


def _next_check_in(stage: "Stage") -> Callable[[], Awaitable[str | None]]:
    """The clock's button that goes to the next time at which Alex is asked."""

    async def press() -> str | None:
        at = await stage.next_check_in("R-118")
        if at is None:
            return "Nothing is planned for Alex."
        stage.clock.advance_to(at)
        return None

    return press


def _on_terminal() -> Callable[["TranscriptLine"], None]:
    """Write the conversation as it happens, so that it can be followed without a browser."""

    def write(line: "TranscriptLine") -> None:
        who = f"{line.name} sees" if line.kind in SEEN else line.name
        words = " / ".join(part for part in line.text.split("\n") if part)
        buttons = " ".join(f"[{label}]" for row in line.buttons for label in row)
        click.echo(f"{line.at.astimezone(LONDON):%a %d %b %H:%M}  {who:<10}  {line.kind:<8}  {words} {buttons}")

    return write
