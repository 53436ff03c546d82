"""R12: a backup that is put back brings nobody back who was erased, asks nothing twice, and hides no alert."""

import shutil
from collections.abc import AsyncIterator
from contextlib import nullcontext, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import app
from bot.actions import alerts, checkins, privacy, remarks
from bot.actions.backups import Restored
from bot.actions.presence import HEARD, Presence
from bot.domain.checkins import State
from bot.domain.errors import NotUsable
from bot.domain.people import Asking, Status
from bot.domain.plan import Plan
from handlers import routes
from storage import tables as t
from storage.sealing import Seal, new_key
from storage.unit_of_work import Memory
from tests.support.checkins import asked, at, move, plan_for, release, untouched_check_in
from tests.support.empty import empty_postgres, empty_sqlite
from tests.support.exports import export
from tests.support.full import everything
from tests.support.people import a_client
from tests.support.safekeeping import KEY, Safekeeping, in_safekeeping

CANARY = "canary4711"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
async def kept(request: pytest.FixtureRequest, tmp_path: Path, plan: Plan) -> AsyncIterator[Safekeeping]:
    with (
        empty_postgres(request.getfixturevalue("postgres_url"))
        if request.param == "postgres"
        else nullcontext(empty_sqlite(tmp_path)) as url
    ):
        async with in_safekeeping(url, tmp_path, plan) as kept:
            yield kept


async def said(kept: Safekeeping) -> None:
    """A canary in words, a goal, a name, an answer, and an alert about them."""
    world = kept.world
    await world.low()
    async with world.desk.turn() as turn:
        await turn.m.goals.add(world.client.id, f"{CANARY} goal", turn.now)
        await remarks.keep(turn, world.client, f"{CANARY} remark", 77)
        await turn.m.people.change(world.client.id, name=CANARY)
        await turn.m.inbox.keep([(9, 1001, {"text": CANARY})], turn.now)
        await turn.m.con.execute(t.answer.update().values(choice=CANARY))


async def erase(kept: Safekeeping) -> None:
    """And the tidying up that follows."""
    async with kept.world.desk.turn() as turn:
        await turn.m.inbox.take(9, turn.now)
        await privacy.erase(turn, kept.world.client.id)
    await kept.tidy_up()


async def words_of(kept: Safekeeping) -> list[bytes]:
    """The sealed form of the name and of everything that was written."""
    async with kept.world.desk.glance() as m:
        columns = (t.person.c.name_sealed, t.goal.c.text_sealed, t.remark.c.text_sealed, t.inbox.c.body_sealed)
        found = [await m.con.scalars(sa.select(one).where(one.is_not(None))) for one in columns]
        return [bytes(one) for some in found for one in some]


# ---------------------------------------------------------------- nobody comes back


async def test_after_erasing_and_putting_an_older_backup_back_the_canary_is_nowhere(kept: Safekeeping) -> None:
    await said(kept)
    async with kept.world.desk.glance() as m:
        theirs = [bytes(one) for one in await m.con.scalars(sa.select(t.goal.c.text_sealed))]
    backup = await kept.back_up()
    assert CANARY.encode() in backup.read_bytes()
    assert all(one in backup.read_bytes() for one in theirs)
    await erase(kept)
    done = await kept.restore(backup)
    assert done.aftermath.erased == ("R-118",)
    rows = everything(kept.url)
    assert CANARY not in repr(rows)
    async with kept.world.desk.glance() as m:
        exported = (await export(m, "R-118"))["clients"][0]
        client = await m.people.client(kept.world.client.id)
    assert {name for name, value in exported.items() if value} == {"ref", "status", "timezone"}
    assert client is not None
    assert (client.person.chat_id, client.person.name, client.erased_at is not None) == (None, "R-118", True)
    files = [one for one in kept.folder.iterdir() if one.is_file() and one != backup]
    assert not [one for one in files if CANARY.encode() in one.read_bytes()]
    assert not [one for one in files for words in theirs if words in one.read_bytes()]
    assert not [one for one in await words_of(kept) if one in theirs]


@pytest.mark.slow
async def test_nobody_else_loses_anything_by_it(kept: Safekeeping) -> None:
    await said(kept)
    other = await a_client(kept.world.desk, kept.world.worker, "R-200", "Robin", 1200)
    async with kept.world.desk.turn() as turn:
        await turn.m.goals.add(other.id, "stay dry", turn.now)
    async with kept.world.desk.glance() as m:
        before = (await export(m, "R-200"))["clients"][0]
    backup = await kept.back_up()
    await erase(kept)
    await kept.restore(backup)
    async with kept.world.desk.glance() as m:
        assert (await export(m, "R-200"))["clients"][0] == before


@pytest.mark.slow
async def test_whoever_came_back_after_the_erasing_stays(kept: Safekeeping) -> None:
    """The later backup knows of the erasing; restoring it, and the older one before it, undoes no new beginning."""
    older = await kept.back_up("older.backup")
    await erase(kept)
    await kept.restore(older)
    async with kept.world.desk.turn() as turn:
        await turn.m.people.change(kept.world.client.id, chat_id=1001, status=Status.JOINED, name="Alex again")
        await turn.m.people.change_client(kept.world.client.id, erased_at=None)
    later = await kept.back_up("later.backup")
    done = await kept.restore(later)
    assert done.aftermath.erased == ()
    async with kept.world.desk.glance() as m:
        client = await m.people.client(kept.world.client.id)
    assert client is not None
    assert client.person.name == "Alex again"


@pytest.mark.slow
async def test_every_process_ends_up_with_the_whole_list_and_none_twice(kept: Safekeeping, tmp_path: Path) -> None:
    await erase(kept)
    mine = kept.list.read_text()
    kept.world.desk.erased_kept = -1
    await kept.tidy_up()
    assert kept.list.read_text() == mine
    kept.list.unlink()  # another computer, or a lost disk
    await kept.tidy_up()
    assert kept.list.read_text() == mine
    assert kept.list.stat().st_mode & 0o777 == 0o600
    for telling in ("R-118", kept.world.client.id, "Alex", "1001"):
        assert telling not in mine


@pytest.mark.slow
async def test_a_list_that_lies_elsewhere_counts_as_well(kept: Safekeeping) -> None:
    backup = await kept.back_up()
    await erase(kept)
    elsewhere = kept.list.rename(kept.folder / "copy-of-the-list")
    await kept.world.desk.memory.close()
    (kept.folder / "new").mkdir()
    kept.url = empty_sqlite(kept.folder / "new")  # another database, which knows of nothing
    with pytest.raises(NotUsable, match="--nobody-erased-since"):
        await kept.restore(backup, nobody_since=False)
    done = await kept.restore(backup, lists=[elsewhere])
    assert done.aftermath.erased == ("R-118",)
    assert kept.list.read_text() == elsewhere.read_text()


@pytest.mark.slow
async def test_a_list_with_a_hole_is_refused(kept: Safekeeping) -> None:
    backup = await kept.back_up()
    await erase(kept)
    before, whole = everything(kept.url), kept.list.read_text()
    for hole in (whole[:-40], whole.replace("+00:00", ""), whole[: whole.index("\n") + 1] + "2026\n"):
        kept.list.write_text(hole)
        with pytest.raises(NotUsable, match=r"checkin\.erased:2"):
            await kept.restore(backup)
    assert everything(kept.url) == before


@pytest.mark.slow
async def test_a_list_that_was_begun_anew_elsewhere_is_refused(kept: Safekeeping) -> None:
    """It lacks what even the backup knows, so it may lack more."""
    other = await a_client(kept.world.desk, kept.world.worker, "R-200", "Robin", 1200)
    await erase(kept)
    backup = await kept.back_up()
    async with kept.world.desk.turn() as turn:
        await privacy.erase(turn, other.id)
    await kept.tidy_up()
    whole = kept.list.read_text()
    await kept.world.desk.memory.close()
    (kept.folder / "new").mkdir()
    kept.url = empty_sqlite(kept.folder / "new")
    head, _, newest = whole.splitlines(keepends=True)
    for begun_anew, says in ((head, "names nobody"), (head + newest, "lacks 1")):
        kept.list.write_text(begun_anew)
        with pytest.raises(NotUsable, match=says):
            await kept.restore(backup, nobody_since=False)
    kept.list.write_text(whole)
    assert (await kept.restore(backup)).aftermath.erased == ("R-200",)


async def test_a_list_that_names_nobody_takes_a_word_even_where_the_backup_knows_nobody(kept: Safekeeping) -> None:
    """The first erasing there ever was came after the backup; the computer and its list are lost."""
    backup = await kept.back_up()
    await erase(kept)
    whole = kept.list.read_text()
    await kept.world.desk.memory.close()
    (kept.folder / "new").mkdir()
    kept.url = empty_sqlite(kept.folder / "new")
    kept.list.write_text(whole.splitlines(keepends=True)[0])
    with pytest.raises(NotUsable, match="names nobody"):
        await kept.restore(backup, nobody_since=False)
    kept.list.write_text(whole)
    assert (await kept.restore(backup, nobody_since=False)).aftermath.erased == ("R-118",)


async def test_a_database_that_was_put_back_as_a_file_brings_nobody_back(tmp_path: Path, plan: Plan) -> None:
    """Without `restore`, or by a snapshot of the machine: the list lies beside it, and the start goes by it."""
    url = empty_sqlite(tmp_path)
    async with in_safekeeping(url, tmp_path, plan) as kept:
        await said(kept)
        await kept.world.desk.memory.close()
        file = Path(url.partition("///")[2])
        older = shutil.copy(file, tmp_path / "older.db")
        kept.world.desk.memory = Memory(url, Seal(kept.keys))
        await erase(kept)
        await kept.world.desk.memory.close()
        shutil.copy(older, file)
        kept.world.desk.memory = Memory(url, Seal(kept.keys))
        with suppress(NotUsable):  # without clients it is not ready
            await app.prepare(kept.world.desk)
        assert CANARY not in repr(everything(url))
        async with kept.world.desk.glance() as m:
            client = await m.people.client(kept.world.client.id)
            assert client is not None
            assert (client.erased_at is not None, await m.tombstones.count()) == (True, 1)


@pytest.mark.slow
async def test_a_line_that_was_cut_off_is_written_again(kept: Safekeeping) -> None:
    backup = await kept.back_up()
    await erase(kept)
    kept.list.write_text(kept.list.read_text()[:-40])
    kept.world.desk.erased_kept = -1
    await kept.tidy_up()
    assert (await kept.restore(backup)).aftermath.erased == ("R-118",)


@pytest.mark.slow
async def test_a_mark_whose_key_is_missing_stops_it(kept: Safekeeping) -> None:
    backup = await kept.back_up()
    newer = new_key()
    kept.keys = [newer, KEY]
    kept.world.desk.memory.seal = type(kept.world.desk.memory.seal)(kept.keys)
    await erase(kept)
    kept.keys = [KEY]
    with pytest.raises(NotUsable, match="marked with a key"):
        await kept.restore(backup)
    kept.keys = [newer, KEY]
    assert (await kept.restore(backup)).aftermath.erased == ("R-118",)


# ---------------------------------------------------------------- nothing is asked or said twice


async def test_a_question_that_waited_is_missed_by_us_and_never_sent(kept: Safekeeping) -> None:
    due = await plan_for(kept.world.desk, kept.world.client)
    assert due is not None
    at(kept.world.desk, due)
    await release(kept.world.desk)  # decided, and not sent yet
    backup = await kept.back_up()
    done = await kept.restore(backup)
    assert (done.aftermath.missed, done.aftermath.dropped) == (1, 1)
    await release(kept.world.desk)
    assert [one.kind for one in (await kept.letters()).letters if one.chat_id == 1001] == []
    async with kept.world.desk.glance() as m:
        last = (await m.checkins.of(kept.world.client.id))[-1]
    assert (last.state, last.reason) == (State.MISSED_BY_US, "restored")


@pytest.mark.slow
async def test_what_was_due_since_the_backup_is_not_asked_late(kept: Safekeeping) -> None:
    """The old process asked it; the new one does not know that, and its window is still open."""
    due = await plan_for(kept.world.desk, kept.world.client)
    assert due is not None
    backup = await kept.back_up()
    at(kept.world.desk, due + timedelta(minutes=10))
    done = await kept.restore(backup)
    assert done.aftermath.missed == 1
    await release(kept.world.desk)
    assert [one.kind for one in (await kept.letters()).letters if one.chat_id == 1001] == []
    async with kept.world.desk.glance() as m:
        following = await m.timetable.next_for(kept.world.client.id)
    assert following is not None
    at(kept.world.desk, following)  # and the next one comes as it should
    await release(kept.world.desk)
    assert "client.question" in [one.kind for one in (await kept.letters()).letters if one.chat_id == 1001]


@pytest.mark.slow
async def test_after_weeks_every_occasion_is_on_record_once(kept: Safekeeping) -> None:
    await plan_for(kept.world.desk, kept.world.client)
    backup = await kept.back_up()
    move(kept.world.desk, days=21)
    done = await kept.restore(backup)
    assert done.aftermath.missed == 6  # twice a week
    async with kept.world.desk.glance() as m:
        new = [one for one in await m.checkins.of(kept.world.client.id) if one.reason == "restored"]
        assert {one.state for one in new} == {State.MISSED_BY_US}
        assert len({(one.local_date, one.slot) for one in new}) == 6
        slots = await m.timetable.of([kept.world.client.id])
    assert all(one.due.at > kept.world.desk.clock.now() for one in slots)


@pytest.mark.slow
async def test_a_question_that_stood_open_counts_as_nobodys_silence(kept: Safekeeping) -> None:
    """Its answer may have come after the backup. Three in a row were untouched: a fourth would make the bot go quiet."""
    desk, client = kept.world.desk, kept.world.client
    for _ in range(3):
        await untouched_check_in(desk, client)
    check_in = await asked(desk, client)
    async with desk.turn() as turn:
        await turn.m.marks.set(HEARD, turn.now)
    backup = await kept.back_up()
    move(desk, days=3)
    await kept.restore(backup)
    await Presence(desk, routes.came_back).heard()
    async with desk.turn() as turn:
        await checkins.expire_due(turn)
    async with desk.glance() as m:
        found = await m.people.client(client.id)
        over = await m.checkins.by_id(check_in.id)
    assert over is not None
    assert over.state is State.EXPIRED
    assert found is not None
    assert found.asking is Asking.ON
    letters = (await kept.letters()).letters
    assert {one.kind for one in letters if one.chat_id == 1001} <= {"client.gone"}


@pytest.mark.slow
async def test_a_link_that_may_have_been_used_opens_nothing(kept: Safekeeping) -> None:
    async with kept.world.desk.turn() as turn:
        await turn.m.invitations.add(kept.world.client.id, "h" * 64, "M-1", turn.now, turn.now + timedelta(days=9))
    backup = await kept.back_up()
    done = await kept.restore(backup)
    assert done.aftermath.invitations == 1
    async with kept.world.desk.glance() as m:
        found = await m.invitations.by_hash("h" * 64)
    assert found is not None
    assert found.ended == "restored"


@pytest.mark.slow
async def test_whoever_had_asked_for_deletion_has_the_whole_time_again_to_take_it_back(kept: Safekeeping) -> None:
    async with kept.world.desk.turn() as turn:
        await turn.m.people.change_client(kept.world.client.id, erase_at=turn.now + timedelta(hours=1))
    backup = await kept.back_up()
    move(kept.world.desk, days=2)
    done = await kept.restore(backup)
    day = kept.world.desk.clock.now() + kept.world.desk.plan.data.erase_delay
    assert done.aftermath.to_be_erased == (("R-118", day),)
    async with kept.world.desk.turn() as turn:
        assert await privacy.erase_due(turn) == 0


# ---------------------------------------------------------------- no alert is hidden


async def test_an_alert_that_had_not_left_is_shown_to_people_as_perhaps_old(kept: Safekeeping) -> None:
    async with kept.world.desk.turn() as turn:
        await alerts.raise_danger(turn, kept.world.client, frozenset({"self_harm"}), "typed")
    done = await kept.restore(await kept.back_up())
    [one] = done.aftermath.alerts
    assert (one.ref, one.urgent, one.taken) == ("R-118", True, False)
    letters = (await kept.letters()).letters
    rings = [one for one in letters if one.chat_id == 2001 and one.kind != "sentence"]
    assert [one.may_be_repeat for one in rings] == [True], [one.kind for one in letters]
    told = [one for one in letters if one.chat_id == 3001 and one.kind == "sentence"]
    assert "manager.data.restored" in [one.facts["key"] for one in told]


@pytest.mark.slow
async def test_an_alert_that_nobody_had_taken_rings_again_for_all_who_had_been_told(kept: Safekeeping) -> None:
    await kept.world.low()
    await kept.world.pass_time(hours=3)
    before = (await kept.world.alerts())[0]
    assert before.sent
    backup = await kept.back_up()
    move(kept.world.desk, days=2)
    await kept.restore(backup)
    letters = (await kept.letters()).letters
    assert [one.may_be_repeat for one in letters if one.chat_id == 2001 and one.kind.startswith("worker.alert")] == [True]
    after = (await kept.world.alerts())[0]
    assert after.step == before.step  # the time of this rung begins anew; nobody further up is told at once
    assert after.step_due_at > kept.world.desk.clock.now()


@pytest.mark.slow
async def test_backing_up_and_putting_back_are_on_record(kept: Safekeeping) -> None:
    await kept.back_up("first.backup")
    await kept.restore(await kept.back_up())
    async with kept.world.desk.glance() as m:
        assert [(line.by, line.did) for line in await m.audit.lines()] == [
            ("operator", "backed_up"),
            ("operator", "restored"),
        ]


# ---------------------------------------------------------------- before anything is changed


@pytest.mark.slow
async def test_looking_changes_nothing_and_says_what_would_be(kept: Safekeeping) -> None:
    await said(kept)
    backup = await kept.back_up()
    await erase(kept)
    before, its_list = everything(kept.url), kept.list.read_text()
    found = await kept.restore(backup, check_only=True)
    assert (found.aftermath.erased, found.there) == (("R-118",), 5)
    assert (everything(kept.url), kept.list.read_text()) == (before, its_list)
    assert not [one for one in kept.folder.iterdir() if one.name.startswith(".checkin")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "says"),
    [("key", "was made with key"), ("damaged", "not as it was written"), ("none", "no backup"), ("replace", "--replace")],
)
async def test_what_is_not_fit_for_it_is_refused_and_nothing_touched(kept: Safekeeping, wrong: str, says: str) -> None:
    backup = await kept.back_up()
    before = everything(kept.url)
    if wrong == "key":
        kept.keys = [new_key()]
    elif wrong == "damaged":
        with sa.create_engine(f"sqlite:///{backup}").begin() as con:
            con.exec_driver_sql("UPDATE answer SET value = 9")
    elif wrong == "none":
        backup.write_bytes(b"something else")
    with pytest.raises(NotUsable, match=says):
        await kept.restore(backup, replace=wrong != "replace")
    assert everything(kept.url) == before


@pytest.mark.slow
async def test_a_service_moves_from_sqlite_to_postgresql_and_goes_on(
    tmp_path: Path, plan: Plan, postgres_url: str
) -> None:
    async with in_safekeeping(empty_sqlite(tmp_path), tmp_path, plan) as kept:
        await said(kept)
        backup = await kept.back_up()
        with empty_postgres(postgres_url) as there:
            await kept.world.desk.memory.close()
            kept.url = there
            done: Restored = await kept.restore(backup, replace=False)
            assert done.there == 0
            async with kept.world.desk.glance() as m:
                assert [one.text for one in await m.goals.live(kept.world.client.id)] == [f"{CANARY} goal"]
            check_in = await kept.world.low(3, 8, 8)
            async with kept.world.desk.glance() as m:
                assert len(await m.answers.of_check_in(check_in.id)) == 3
            await kept.world.desk.memory.close()
            kept.world.desk.memory = type(kept.world.desk.memory)(empty_sqlite(tmp_path), kept.world.desk.memory.seal)
