"""Is everything there that the bot needs: token, database, keys, clock, disk, configuration, people. Changes nothing.

Each look gives findings: what is so, and where something is wrong, what to do. Neither ever holds a token, a key, a
password, a name or a word of a client.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from bot.actions import erasures, getme, housekeeping, people
from bot.actions.desk import Desk
from bot.actions.findings import Finding, State, fine, note, wrong
from bot.actions.hooked import look_at_webhook
from bot.config.keys import NoKey, key_file, keys_for
from bot.config.settings import Settings
from bot.domain.plan import Plan, live_problems
from bot.ports import Clock
from storage import migrate
from storage.sealing import Seal, WrongKey, new_key
from storage.unit_of_work import Memory

CLOCK_MAY_DIFFER = timedelta(seconds=30)
"""Check-ins are planned by the minute; Telegram's own answer tells the time to a second."""
LITTLE, TOO_LITTLE = 1024**3, 100 * 1024**2
"""Free bytes below which to clean up soon, and at once."""


Free = Callable[[Path], int]
"""Folder → free bytes."""


async def examine(settings: Settings, plan: Plan, clock: Clock, free: Free | None = None) -> list[Finding]:
    """Look at everything. `free` takes the place of asking the disk."""
    found = await look_at_telegram(settings, clock)
    found += look_at_what_is_not_there_yet(plan)
    found += look_at_disk(settings, free or _free)
    found += look_at_erased(settings)
    seal, about_keys = look_at_keys(settings)
    found += about_keys
    reached, about_database = await look_at_database(settings)
    found += about_database
    if reached and seal is not None:
        return found + await _look_inside(settings, plan, clock, seal)
    lacking = live_problems(plan, clock.now().astimezone(ZoneInfo(plan.service.timezone)).date())
    if not lacking:
        return [*found, note("live", "The configuration is complete; people are looked up once the database is there.")]
    return found + _live([f"{one.key}: {housekeeping.LACKING[one.lack]}" for one in lacking])


# ---------------------------------------------------------------- Telegram, and the clock by its answer


async def look_at_telegram(settings: Settings, clock: Clock) -> list[Finding]:
    """Whether Telegram knows the token, and what time it is there."""
    if settings.telegram.token is None:
        return [wrong("token", "There is none.", "Get one from @BotFather, give it as CHECKIN_TELEGRAM__TOKEN.")]
    host = getme.host(settings)
    try:
        answer = await getme.ask(settings, settings.telegram.token)
        name = getme.name_in(answer)
    # The words of these errors may hold the address, and the address holds the token.
    except (httpx.HTTPError, httpx.InvalidURL) as broken:
        says = f"{host} could not be reached ({type(broken).__name__})."
        return [wrong("token", says, "Is this computer on line? May it reach that address, or does it need a proxy?")]
    if answer.status_code in (401, 404):
        cure = "Copy it again from @BotFather (/mybots, API Token). A revoked token never works again."
        return [wrong("token", f"{host} does not know this token.", cure), *_clock(answer, clock.now())]
    if name is None:
        cure = "Try again in a minute; if it stays, look at telegram.api_base_url."
        return [wrong("token", f"{host} gave an answer that is none (status {answer.status_code}).", cure)]
    hook = await look_at_webhook(settings, settings.telegram.token, clock)
    return [fine("token", f"{host} knows it: @{name}."), *_clock(answer, clock.now()), *hook]


def _clock(answer: httpx.Response, now: datetime) -> list[Finding]:
    try:
        there = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return [note("clock", "The answer did not say what time it is; nothing to compare with.")]
    apart = now - there
    if abs(apart) <= CLOCK_MAY_DIFFER:
        return [fine("clock", "It agrees with Telegram's.")]
    way = "ahead of" if apart > timedelta() else "behind"
    cure = "Let the computer set its clock by the network: timedatectl set-ntp true."
    return [wrong("clock", f"It is {_long(abs(apart))} {way} Telegram's: check-ins come at the wrong time.", cure)]


def _long(apart: timedelta) -> str:
    seconds = round(apart.total_seconds())
    for size, word in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {word}"
    return f"{seconds} seconds"


def look_at_what_is_not_there_yet(plan: Plan) -> list[Finding]:
    """What the configuration asks for and this version does not do: nobody may rely on it."""
    found = []
    if plan.safety.second_channel is not None:
        says = "safety.second_channel is not used yet: a notice of danger goes on to the next people in the chat only."
        found.append(note("version", says))
    return found


# ---------------------------------------------------------------- disk and keys


def look_at_disk(settings: Settings, free: Free) -> list[Finding]:
    """Whether there is room where the database grows."""
    folder = _folder(settings)
    try:
        left = free(folder)
    except OSError as why:
        return [
            wrong("disk", f"{folder} can't be looked at ({why.strerror}).", "Make the folder, or correct database.url.")
        ]
    says = f"{left / 1024**3:.1f} GB free at {folder}."
    if left < TOO_LITTLE:
        return [wrong("disk", says, "Make room now: with a full disk no answer can be kept.")]
    return [note("disk", f"{says} Make room soon.") if left < LITTLE else fine("disk", says)]


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _file(settings: Settings) -> Path | None:
    """Where an SQLite database lies; None for PostgreSQL."""
    url = settings.database.url.get_secret_value()
    return Path(url.partition("///")[2].partition("?")[0]).absolute() if url.startswith("sqlite") else None


def _folder(settings: Settings) -> Path:
    file = _file(settings)
    return file.parent if file else settings.folder.absolute()


def look_at_erased(settings: Settings) -> list[Finding]:
    """Whether the list of who was erased is whole, and can be kept where no restored backup overwrites it."""
    file = settings.erased_file
    if not erasures.is_writable(file):
        cure = "Set database.erased_file to a place that the bot may write to and that no backup overwrites."
        return [wrong("erased", f"{file} can't be written: a restored backup would bring back who was erased.", cure)]
    if not file.exists():
        return [note("erased", f"{file} is not there: the bot makes it. If it was lost, put your copy back.")]
    try:
        return [fine("erased", f"{file} lists {len(erasures.read(file))}. Keep a copy with your backups.")]
    except erasures.Unreadable as why:
        return [wrong("erased", f"{why}.", "Put the list back from your copy; until then no backup can be restored.")]


def look_at_keys(settings: Settings) -> tuple[Seal | None, list[Finding]]:
    """The keys, where there are any. Makes none."""
    file, database = key_file(settings), _file(settings)
    if file is not None and not file.exists() and database is not None and not database.exists():
        return None, [note("keys", f"None yet: the first `checkin-bot run` makes {file}.")]
    try:
        seal = Seal(keys_for(settings, new_key, lambda _: None, sealed=True))
    except NoKey as why:
        return None, [wrong("keys", "None can be used.", str(why))]
    except (ValueError, OSError) as why:
        return None, [wrong("keys", f"They can't be used: {why}.", "Put the keys back from your copy.")]
    return seal, [fine("keys", f"There, key {seal.number} closes what is new.")]


# ---------------------------------------------------------------- the database


async def look_at_database(settings: Settings) -> tuple[bool, list[Finding]]:
    """Whether it can be reached and has the shape that this version expects. Makes none and changes none."""
    file = _file(settings)
    if file is not None and not file.exists():
        return False, [note("database", f"Not made yet: the first `checkin-bot run` makes {file}.")]
    try:
        standing = await asyncio.to_thread(migrate.standing, settings.database.url.get_secret_value())
    except migrate.NotReached as broken:
        cure = "Is the server up, and are database.url, its name and its password right?"
        if file is not None:
            cure = f"May this account read and write {file} and its folder? Else put a backup back."
        return False, [wrong("database", f"It can't be opened: {broken}.", cure)]
    if standing is None or standing < migrate.HEAD:
        says = f"It stands at {standing or 'nothing'}, this version needs {migrate.HEAD}."
        return False, [note("database", f"{says} The next `checkin-bot run` brings it up to date.")]
    if standing > migrate.HEAD:
        cure = "Run the newer version again, or put back a backup from before it."
        return False, [wrong("database", f"A newer version of the bot has changed it ({standing}).", cure)]
    return True, [fine("database", f"Reached, up to date ({standing}).")]


async def _look_inside(settings: Settings, plan: Plan, clock: Clock, seal: Seal) -> list[Finding]:
    """What can be known only with the database open: does it take a row, do the keys open it, who is missing."""
    async with _opened(settings, seal) as memory:
        try:
            found = [await _writes(memory, clock), *await _opens(memory)]
            if any(one.state is State.WRONG for one in found):
                return found
            found += await _listed(settings, memory)
            async with Desk(memory=memory, clock=clock, plan=plan).turn() as turn:
                missing = await people.contacts_missing(turn)
                waiting = [_not_joined(person.ref) for _, person in missing if person is not None]
                return found + (_live(await housekeeping.not_live_because(turn), waiting))
        except Exception as broken:
            cure = "Is another program holding the database, or is the disk full or read-only?"
            return [
                wrong("database", f"It takes no row ({type(getattr(broken, 'orig', None) or broken).__name__}).", cure)
            ]


@asynccontextmanager
async def _opened(settings: Settings, seal: Seal) -> AsyncIterator[Memory]:
    memory = Memory(settings.database.url.get_secret_value(), seal)
    try:
        yield memory
    finally:
        await memory.close()


class _TakenBack(Exception):
    """Ends a unit without keeping it."""


async def _writes(memory: Memory, clock: Clock) -> Finding:
    try:
        async with memory.unit() as m:
            await m.marks.set("doctor", clock.now())
            raise _TakenBack
    except _TakenBack:
        return fine("database", "It takes a row.")


async def _listed(settings: Settings, memory: Memory) -> list[Finding]:
    """Whether everybody whom the database knows as erased stands in the list: a full disk shows only so."""
    async with memory.glance() as m:
        stones = await m.tombstones.everything()
    try:
        known = {one.id for one in erasures.read(settings.erased_file)} if settings.erased_file.exists() else set()
    except erasures.Unreadable:
        return []  # said already
    lacks = sum(one.id not in known for one in stones)
    if not lacks:
        return []
    says = f"{settings.erased_file} lacks {lacks} who were erased: a restored backup would bring them back."
    return [wrong("erased", says, f"If the bot runs and this stays for a minute: {erasures.CURE}")]


async def _opens(memory: Memory) -> list[Finding]:
    async with memory.glance() as m:
        sealed, foreign = await m.operations.sealed()
        try:
            await m.people.everybody()
        except WrongKey:
            foreign = foreign or sealed
    if foreign:
        cure = "Put the older keys back behind the newest one, in database.encryption_keys or in the key file."
        return [wrong("keys", f"{foreign} of {sealed} sealed values were closed with a key that is not here.", cure)]
    return [fine("keys", f"They open what is there ({sealed} sealed values).")] if sealed else []


# ---------------------------------------------------------------- live or not


def _live(lacking: Sequence[str], waiting: Sequence[Finding] = ()) -> list[Finding]:
    cure = "Fill it in, then `checkin-bot config check`. Until then no client is invited or asked; alerts go on."
    found = [*(wrong("live", f"{line}.", cure) for line in lacking), *waiting]
    return found or [fine("live", "Nothing is missing: clients can be invited and asked.")]


def _not_joined(ref: str) -> Finding:
    says = f"{ref} hears of what cannot wait and has not joined: until then no client is asked."
    return wrong("live", says, f"checkin-bot invite {ref}; they open the link.")
