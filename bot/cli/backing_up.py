"""`backup` and `restore`: everything into one file, and back again without bringing the past back with it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.bars import Bar
from bot.cli.config import config_option, load_or_exit
from bot.config.load import Loaded
from bot.ports import SystemClock

if TYPE_CHECKING:
    from bot.actions.aftermath import Aftermath
    from bot.actions.backups import Restored, Wanted, Written

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=FILE)
@config_option
def backup(file: Path, config_path: str | None) -> None:
    """Write everything into a new FILE; the bot may be running. What is sealed stays sealed: keep the key elsewhere."""
    written = _backed_up(load_or_exit(config_path, SystemClock().now()), file)
    for line in _about(written, file):
        click.echo(line, err=True)
    sys.exit(1 if written.foreign else 0)


def _backed_up(found: Loaded, file: Path) -> "Written":
    from bot import logs
    from bot.actions import backups
    from bot.domain.errors import NotUsable

    logs.set_up("WARNING", json=False)
    try:
        return backups.back_up(found.settings, file, SystemClock(), Bar)
    except FileExistsError:
        raise _refused(f"{file} is there already; choose another name, or delete it.") from None
    except OSError as why:
        raise _refused(f"{file}: {why.strerror}") from None
    except NotUsable as why:
        raise _refused(str(why)) from None


def _refused(why: str) -> SystemExit:
    click.echo(why, err=True)
    return SystemExit(2)


def _about(written: "Written", file: Path) -> list[str]:
    slip = written.slip
    lines = [f"{slip.rows} rows written to {file} and read again: as things stood at {slip.made_at:%Y-%m-%d %H:%M} UTC."]
    if written.foreign:
        missing = f"{written.foreign} of {written.sealed} sealed values need a key that is not here"
        return [*lines, f"But {missing}: put it back behind the newest one, or this backup can't be restored."]
    return [*lines, f"It opens with key {slip.key} and those behind it. They are not in it."]


# ---------------------------------------------------------------- putting back


@click.command()
@click.argument("file", type=FILE)
@click.option("--check", is_flag=True, help="Only say whether it can be put back, and what that would do.")
@click.option("--replace", is_flag=True, help="Delete what the database holds now.")
@click.option("--erased", "lists", metavar="LIST", type=FILE, multiple=True, help="One more list of who was erased.")
@click.option("--nobody-erased-since", is_flag=True, help="There is no such list, and nobody was.")
@config_option
def restore(
    file: Path, check: bool, replace: bool, lists: Sequence[Path], nobody_erased_since: bool, config_path: str | None
) -> None:
    """Put FILE, made by `backup`, back into the database. The bot must not be running."""
    from bot.actions.backups import Wanted

    found = load_or_exit(config_path, SystemClock().now())
    done = _restored(found, Wanted(file, check, replace, tuple(lists), nobody_erased_since))
    for line in (*_what(done, file, check_only=check), *_since(done.aftermath, check_only=check)):
        click.echo(line)


def _restored(found: Loaded, wanted: "Wanted") -> "Restored":
    from bot import app, logs
    from bot.actions import backups
    from bot.domain.errors import NotUsable

    logs.set_up("ERROR", json=False)
    try:
        if wanted.check_only:
            return backups.restore(found.settings, found.plan, wanted, SystemClock(), Bar)
        with app.only_one(found.settings.database.url.get_secret_value()):
            return backups.restore(found.settings, found.plan, wanted, SystemClock(), Bar)
    except app.AlreadyRunning:
        raise _refused("The bot works with this database. End it first.") from None
    except OSError as why:
        raise _refused(f"{why.filename or wanted.backup}: {why.strerror}") from None
    except NotUsable as why:
        raise _refused(str(why)) from None


def _what(done: "Restored", file: Path, *, check_only: bool) -> list[str]:
    slip, people = done.slip, done.there
    when = f"{slip.made_at:%Y-%m-%d %H:%M} UTC, version {slip.program}, {slip.engine}, schema {slip.schema}"
    lines = [f"{file}: whole, {slip.rows} rows of {when}; the keys open all {done.sealed} sealed values."]
    lines.append(f"Erased people known here: {done.marks}. Is that the newest list that you have?")
    if not check_only:
        return [*lines, "Put back. Start the bot, then `checkin-bot doctor`."]
    lines.append("Nothing was changed. Putting it back would do this:")
    return [*lines, f"- {people} people that the database holds now would go (--replace)."] if people else lines


def _since(after: "Aftermath", *, check_only: bool) -> list[str]:
    will = "would be" if check_only else "now"
    lines = [
        f"- Erased since the backup, and {will} again: {', '.join(after.erased) or 'nobody'}.",
        f"- Check-ins that were due since, or just leaving, and count as missed by us: {after.missed}. None comes late.",
        f"- Other messages that were on their way and are not sent again: {after.dropped}.",
        f"- Open invitations that end: {after.invitations}. Make new ones.",
    ]
    lines += [f"- {ref} had asked for deletion: the day is now {day:%Y-%m-%d}." for ref, day in after.to_be_erased]
    if after.alerts:
        lines.append("Alerts that were open. They may be old; those that nobody had ring again when the bot starts:")
        lines += [
            f"- {one.ref}: {'urgent, ' if one.urgent else ''}raised {one.raised_at:%Y-%m-%d %H:%M} UTC, "
            f"{'somebody had it' if one.taken else 'NOBODY HAD IT: please look'}"
            for one in after.alerts
        ]
    return [*lines, *WARNINGS]


WARNINGS = (
    "Gone with the time since: answers, and what people decided. Before you start the bot, look through the roster:",
    "- breaks, “no more messages”, discharges, new workers since then are unknown here. Enter them again, by hand;",
    "- who asked for deletion since, and was not yet deleted, has to be deleted: checkin-bot erase.",
)
