"""`doctor` names the cause and the cure: what it finds where all is well, and with one thing broken at a time."""

import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.actions import erasures
from bot.actions.desk import Desk
from bot.actions.findings import Finding, State
from bot.actions.operations import examine
from bot.config.settings import Database, Http, Logs, Mode, Settings, Telegram
from bot.domain.plan import Plan
from bot.ports import Clock, SystemClock
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import StandIn
from bot.rehearsal.telegram.faults import Kind, Rule
from bot.rehearsal.telegram.serve import serve
from bot.rehearsal.telegram.standin import Webhook
from storage import migrate
from storage.sealing import Seal, new_key
from storage.unit_of_work import Memory
from tests.support.empty import empty_postgres, empty_sqlite
from tests.support.people import a_client, a_manager, a_worker
from tests.support.plans import a_plan

TOKEN = "123456:made-up-token-for-tests"
ROOM = 50 * 1024**3


@dataclass(frozen=True, slots=True)
class House:
    """Everything that a doctor looks at."""

    settings: Settings
    plan: Plan
    clock: Clock
    free: int = ROOM

    async def examined(self) -> list[Finding]:
        return await examine(self.settings, self.plan, self.clock, lambda _: self.free)

    async def wrong(self) -> list[Finding]:
        return [one for one in await self.examined() if one.state is State.WRONG]

    def with_database(self, **changes: object) -> "House":
        database = self.settings.database.model_copy(update=changes)
        return replace(self, settings=replace(self.settings, database=database))

    def with_telegram(self, **changes: object) -> "House":
        telegram = self.settings.telegram.model_copy(update=changes)
        return replace(self, settings=replace(self.settings, telegram=telegram))


on_both = pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """SQLite, unless a test asks for both: most looks never touch the database."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield empty_sqlite(tmp_path)
    else:
        with empty_postgres(request.getfixturevalue("postgres_url")) as url:
            yield url


@pytest.fixture
async def telegram() -> AsyncIterator[str]:
    """A Telegram that knows our token; its clock in the Date header is this computer's."""
    standin = StandIn(SystemClock(), TOKEN)
    async with serve(standin, app=_with_date(standin.app)) as address:
        yield address


def _with_date(app: ASGIApp) -> ASGIApp:
    """Every answer tells the time, as those of a web server do."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                now = format_datetime(SystemClock().now(), usegmt=True)
                message["headers"] = [*message["headers"], (b"date", now.encode())]
            await send(message)

        await app(scope, receive, dated)

    return run


@pytest.fixture
async def new_house(url: str, telegram: str, tmp_path: Path) -> House:
    """Configured, never started."""
    settings = Settings(
        folder=tmp_path,
        telegram=Telegram(token=SecretStr(TOKEN), api_base_url=telegram),
        http=Http(),
        database=Database(url=SecretStr(url), encryption_keys=(SecretStr(new_key()),)),
        logs=Logs(),
    )
    clock = SystemClock()
    plan = a_plan()
    safety = replace(plan.safety, checked_on=clock.now().date() - timedelta(days=1))
    return House(settings, replace(plan, safety=safety), clock)


@pytest.fixture(scope="module")
def up_to_date(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database after its migrations, to be copied."""
    folder = tmp_path_factory.mktemp("up_to_date")
    migrate.upgrade(empty_sqlite(folder))
    return folder / "checkin.db"


@pytest.fixture
async def house(new_house: House, url: str, up_to_date: Path) -> House:
    """Running for a while: staff on the roster, a client."""
    if url.startswith("sqlite"):
        shutil.copy(up_to_date, new_house.settings.folder)
    else:
        migrate.upgrade(url)
    key = new_house.settings.database.encryption_keys[0].get_secret_value()
    memory = Memory(url, Seal([key]))
    desk = Desk(memory=memory, clock=new_house.clock, plan=new_house.plan)
    await a_manager(desk, "M-1", "Jo", 1)
    await a_manager(desk, "M-2", "Kim", 2)
    worker = await a_worker(desk, "W-1", "Sam", 3)
    await a_worker(desk, "W-2", "Pat", 4)
    await a_client(desk, worker)
    await memory.close()
    erasures.write_down(new_house.settings.erased_file, [])
    return new_house


@on_both
async def test_where_all_is_well_there_is_nothing_to_do(house: House) -> None:
    found = await house.examined()
    assert [one for one in found if one.state is not State.FINE] == []
    assert {one.area for one in found} == {"token", "clock", "disk", "erased", "keys", "database", "live"}


async def test_a_list_of_the_erased_that_has_a_hole_or_no_place_is_found(house: House) -> None:
    house.settings.erased_file.write_text("half a line\n")
    [hole] = await house.wrong()
    assert (hole.area, "checkin.erased:1" in hole.says) == ("erased", True)
    [nowhere] = await house.with_database(erased_file=Path("no/such/folder/list")).wrong()
    assert (nowhere.area, "erased_file" in nowhere.cure) == ("erased", True)


@on_both
async def test_whoever_was_erased_and_is_not_in_the_list_is_counted(house: House, url: str) -> None:
    """As on a full disk, which looks writable until something is written."""
    memory = Memory(url, Seal([house.settings.database.encryption_keys[0].get_secret_value()]))
    async with memory.unit() as m:
        await m.tombstones.raise_for("somebody", house.clock.now())
    await memory.close()
    [lacks] = await house.wrong()
    assert (lacks.area, "lacks 1 who were erased" in lacks.says) == ("erased", True)


@on_both
async def test_before_the_first_start_nothing_is_made_and_nothing_is_wrong(new_house: House, url: str) -> None:
    assert await new_house.wrong() == []
    if url.startswith("sqlite"):
        assert list(new_house.settings.folder.iterdir()) == []
    else:
        assert migrate.standing(url) is None


@on_both
async def test_looking_leaves_no_trace(house: House, url: str) -> None:
    await house.examined()
    memory = Memory(url, Seal([house.settings.database.encryption_keys[0].get_secret_value()]))
    async with memory.glance() as m:
        assert await m.marks.get("doctor") is None
    await memory.close()


# ---------------------------------------------------------------- token and clock


async def test_a_revoked_token_is_named_and_never_shown(house: House) -> None:
    wrong = await house.with_telegram(token=SecretStr("123456:revoked")).wrong()
    assert [one.area for one in wrong] == ["token"]
    assert "BotFather" in wrong[0].cure
    assert "revoked-token" not in str(wrong)
    assert "123456" not in str(wrong)


async def test_without_a_token_it_says_where_to_get_one(house: House) -> None:
    wrong = await house.with_telegram(token=None).wrong()
    assert [one.area for one in wrong] == ["token"]
    assert "CHECKIN_TELEGRAM__TOKEN" in wrong[0].cure


@pytest.mark.parametrize("token", [TOKEN, "with\nline break"])
async def test_where_nobody_listens_the_host_is_named_and_not_the_token(house: House, token: str) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{held.getsockname()[1]}"
        wrong = await house.with_telegram(api_base_url=address, token=SecretStr(token)).wrong()
    assert [one.area for one in wrong] == ["token"]
    assert "127.0.0.1" in wrong[0].says
    assert token not in str(wrong)


async def test_a_page_instead_of_an_answer_is_no_answer(house: House) -> None:
    standin = StandIn(SystemClock(), TOKEN)
    standin.faults.add(Rule(Kind.BAD_GATEWAY, "getMe"))
    async with serve(standin) as address:
        wrong = await house.with_telegram(api_base_url=address).wrong()
    assert [(one.area, "502" in one.says) for one in wrong] == [("token", True)]


@pytest.mark.parametrize(
    ("off", "says"), [(timedelta(hours=-3.5), "3 hours behind"), (timedelta(days=4.5), "4 days ahead")]
)
async def test_a_clock_that_is_wrong_is_told_by_how_much(house: House, off: timedelta, says: str) -> None:
    moved = replace(house, clock=RehearsalClock(house.clock.now() + off, speed=1))
    assert [says in one.says for one in await moved.wrong() if one.area == "clock"] == [True]


# ---------------------------------------------------------------- database and keys


async def test_a_database_that_cannot_be_reached_says_so_without_its_password(house: House, url: str) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        lost = f"postgresql+psycopg://checkin:correct-horse@127.0.0.1:{port}/checkin"
        wrong = await house.with_database(url=SecretStr(lost)).wrong()
    assert [one.area for one in wrong] == ["database"]
    assert "correct-horse" not in str(wrong)


async def test_a_file_that_is_no_database_is_named(house: House, tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear Sam, this is no database at all. " * 50)
    wrong = await house.with_database(url=SecretStr(f"sqlite+aiosqlite:///{tmp_path / 'letter.db'}")).wrong()
    assert [one.area for one in wrong] == ["database"]
    assert "not a database" in wrong[0].says


@on_both
async def test_a_database_of_a_newer_version_is_not_touched(
    house: House, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "HEAD", "0000")
    wrong = await house.wrong()
    assert [one.area for one in wrong] == ["database"]
    assert "newer version" in wrong[0].says


async def test_a_database_that_waits_for_its_upgrade_is_only_noted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "HEAD", "9999")
    noted = [one for one in await house.examined() if one.area == "database"]
    assert [one.state for one in noted] == [State.NOTE]


@on_both
async def test_with_another_key_it_says_how_much_cannot_be_read(house: House) -> None:
    wrong = await house.with_database(encryption_keys=(SecretStr(new_key()),)).wrong()
    assert [one.area for one in wrong] == ["keys"]
    assert "5 of 5" in wrong[0].says


@on_both
async def test_while_keys_are_exchanged_all_is_well(house: House) -> None:
    both = (SecretStr(new_key()), *house.settings.database.encryption_keys)
    assert await house.with_database(encryption_keys=both).wrong() == []


@pytest.mark.parametrize("key", ["too short", 42 * "k" + "*"])
async def test_something_that_is_no_key_is_refused_without_being_shown(house: House, key: str) -> None:
    wrong = await house.with_database(encryption_keys=(SecretStr(key),)).wrong()
    assert [one.area for one in wrong] == ["keys"]
    assert key not in str(wrong)


async def test_a_database_without_its_key_file_is_not_new(house: House) -> None:
    wrong = await house.with_database(encryption_keys=()).wrong()
    assert [one.area for one in wrong] == ["keys"]
    assert "put it back from your copy" in wrong[0].cure


async def test_a_key_file_that_everybody_may_read_is_told_with_the_cure(house: House, url: str) -> None:
    file = house.settings.folder / "checkin.keys"
    file.write_text(new_key())
    file.chmod(0o644)
    wrong = await house.with_database(encryption_keys=()).wrong()
    assert [one.area for one in wrong] == ["keys"]
    assert f"chmod 600 {file}" in wrong[0].cure


# ---------------------------------------------------------------- disk, people, safety


@pytest.mark.parametrize(
    ("free", "state"), [(ROOM, State.FINE), (500 * 1024**2, State.NOTE), (50 * 1024**2, State.WRONG)]
)
async def test_a_full_disk_is_told_before_it_is_full(house: House, free: int, state: State) -> None:
    found = await replace(house, free=free).examined()
    assert [one.state for one in found if one.area == "disk"] == [state]


async def test_what_keeps_the_bot_from_being_live_is_listed(house: House) -> None:
    plan = replace(house.plan, safety=replace(house.plan.safety, checked_on=None, duty=("M-9",)))
    wrong = await replace(house, plan=plan).wrong()
    assert {one.area for one in wrong} == {"live"}
    told = " ".join(one.says for one in wrong)
    assert "safety.checked_on" in told
    assert "M-9" in told


async def test_who_covers_for_several_and_is_missing_is_named_once(house: House) -> None:
    plan = replace(house.plan, alerts=replace(house.plan.alerts, cover={"W-8": "W-9", "W-7": "W-9", "W-9": "W-8"}))
    told = [one.says for one in await replace(house, plan=plan).wrong()]
    assert sorted(line.split()[1] for line in told) == ["W-7", "W-8", "W-9"]


async def test_somebody_on_duty_who_has_not_joined_is_named_with_what_to_do(house: House, url: str) -> None:
    memory = Memory(url, Seal([house.settings.database.encryption_keys[0].get_secret_value()]))
    await a_manager(Desk(memory=memory, clock=house.clock, plan=house.plan), "M-3", "Lee", None)
    await memory.close()
    plan = replace(house.plan, safety=replace(house.plan.safety, duty=("M-3",)))
    assert [one.cure for one in await replace(house, plan=plan).wrong()] == [
        "checkin-bot invite M-3; they open the link."
    ]


async def test_what_this_version_does_not_do_yet_is_said_where_it_is_asked_for(house: House) -> None:
    plan = replace(house.plan, safety=replace(house.plan.safety, second_channel="https://example.org"))
    found = [one for one in await replace(house, plan=plan).examined() if one.area == "version"]
    assert [one.state for one in found] == [State.NOTE]


# ---------------------------------------------------------------- the webhook

OURS, THEIRS = "https://bot.example.org/telegram", "https://somebody.example.org/bot-secret-path"


async def about_the_webhook(house: House, hook: Webhook, mode: Mode = Mode.WEBHOOK) -> list[Finding]:
    standin = StandIn(SystemClock(), TOKEN)
    standin.webhook = hook
    async with serve(standin) as address:
        asks = house.with_telegram(api_base_url=address, mode=mode, webhook_url=OURS)
        return [one for one in await asks.examined() if one.area == "webhook"]


async def test_a_webhook_that_stands_where_it_should_is_fine(house: House) -> None:
    assert [one.state for one in await about_the_webhook(house, Webhook(OURS))] == [State.FINE]


async def test_before_the_first_start_no_webhook_is_set_and_nothing_is_wrong(house: House) -> None:
    assert [one.state for one in await about_the_webhook(house, Webhook())] == [State.NOTE]


async def test_a_webhook_of_somebody_else_is_named_by_its_host_and_no_more(house: House) -> None:
    (found,) = await about_the_webhook(house, Webhook(THEIRS))
    assert (found.state, "somebody.example.org" in found.says) == (State.WRONG, True)
    assert "/revoke" in found.cure
    assert "secret-path" not in str(found)


async def test_in_polling_mode_a_webhook_is_only_noted(house: House) -> None:
    assert [one.state for one in await about_the_webhook(house, Webhook(THEIRS), Mode.POLLING)] == [State.NOTE]
    assert await about_the_webhook(house, Webhook(), Mode.POLLING) == []


async def test_what_keeps_telegram_from_bringing_updates_is_told_with_its_cure(house: House) -> None:
    ago, error = int(house.clock.now().timestamp()) - 300, "Wrong response from the webhook: 403 Forbidden"
    (found,) = await about_the_webhook(house, Webhook(OURS, last_error=(ago, error)))
    assert (found.state, error in found.says, "5 min ago" in found.says) == (State.WRONG, True, True)
    assert "webhook_secret" in found.cure


async def test_an_error_of_long_ago_is_none_any_more(house: House) -> None:
    long_ago = int(house.clock.now().timestamp()) - 7200
    assert [one.state for one in await about_the_webhook(house, Webhook(OURS, last_error=(long_ago, "x")))] == [
        State.FINE
    ]
