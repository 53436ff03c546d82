"""The command line. Each command's module is imported only when the command is used: start-up stays quick."""

import importlib
import importlib.metadata
import importlib.util
import os
import traceback
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import click

COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "run": ("bot.cli.run:run", "The bot itself, until it is told to end."),
        "demo": ("bot.cli.demo:demo", "Everything on this machine: a page with three phones, no token."),
        "config": ("bot.cli.config:config", "Check the configuration; who would be asked what and when; what changes."),
        "roster": ("bot.cli.roster:roster", "Who is on the roster: import, export, list."),
        "invite": ("bot.cli.roster:invite", "A one-use invitation for somebody on the roster."),
        "export": ("bot.cli.data:export", "Answers, signals and alerts as JSON or CSV."),
        "report": (
            "bot.cli.report:report",
            "Figures: answers, alerts, how soon they are taken, how useful they are.",
        ),
        "backtest": (
            "bot.cli.backtest:backtest",
            "What the rules decide over stored answers, and what other numbers would.",
        ),
        "why": ("bot.cli.why:why", "Why an alert rang, or why none did."),
        "erase": ("bot.cli.erasing:erase", "Delete everything held of one client, at once."),
        "keys": ("bot.cli.keys:keys", "Exchange the encryption key while the bot runs."),
        "audit": ("bot.cli.audit:audit", "Who read or changed what, and whether that record is as it was written."),
        "backup": ("bot.cli.backing_up:backup", "Everything into one file, while the bot runs."),
        "restore": ("bot.cli.backing_up:restore", "Put a backup back; nobody who was erased comes back with it."),
        "doctor": ("bot.cli.ops:doctor", "Tests token, database, clock, keys and disk, and says what to do."),
    }
)
"""Name → where the command is, and its line in the list."""


OURS = frozenset({"bot", "handlers", "storage"})
OWNER_ONLY = 0o077
"""Whatever a command writes, databases and links to open included, nobody else on the computer may read."""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def invoke(self, ctx: click.Context) -> Any:
        """Whatever nobody thought of ends in three lines and status 1: a stack trace quotes what it was about."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as broken:
            click.echo(told(broken), err=True)
            ctx.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, (where, _) in COMMANDS.items() if importlib.util.find_spec(where.split(":")[0])]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


def told(broken: BaseException) -> str:
    """What went wrong, by its kind and its place alone, and what to do."""
    while isinstance(broken, BaseExceptionGroup):
        broken = broken.exceptions[0]
    version = importlib.metadata.version("checkin-bot")
    return (
        f"This should not have happened: {type(broken).__name__} in {_place(broken)}.\n"
        "What it was about is not shown: it may hold somebody's words. What was not finished was undone.\n"
        f"`checkin-bot doctor` tests what it needs. If all is well there, report the first line, with version {version}."
    )


def _place(broken: BaseException) -> str:
    """The last place in our own code, else the last of all."""
    frames = list(traceback.walk_tb(broken.__traceback__))
    ours = [frame for frame in frames if frame[0].f_globals.get("__name__", "").split(".")[0] in OURS]
    if not frames:
        return "an unknown place"
    frame, line = (ours or frames)[-1]
    return f"{frame.f_globals.get('__name__', '?')}:{line}"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="checkin-bot", message="%(version)s")
def main() -> None:
    """Short check-ins between sessions, and an alert to the worker when something may be going wrong."""
    os.umask(OWNER_ONLY)
