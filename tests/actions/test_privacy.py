"""Real deletion: nothing of an erased client is left anywhere, nobody else loses anything, and no alert is lost."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.actions import alerts, erasures, handling, people, privacy, prompts, remarks
from bot.actions.desk import Desk
from bot.domain.alerts import Kind
from bot.domain.checkins import State
from bot.domain.delivery import CLEAR, DELETE, Post, PostState
from bot.domain.errors import Refusal
from bot.domain.people import Client, Status
from bot.domain.plan import Plan
from handlers import routes
from storage import tables as t
from storage import unit_of_work
from tests.support.checkins import asked, at, latest, move, plan_for, release
from tests.support.desks import desk_for, sqlite_memory
from tests.support.exports import export
from tests.support.people import a_client, a_worker
from tests.support.post_office import at_work, rows
from tests.support.scripted import Scripted
from tests.support.stories import World, a_world

CANARY = "canary4711"


@pytest.fixture
async def world(desk: Desk) -> World:
    return await a_world(desk)


async def said_much(world: World) -> None:
    """Answers low enough for an alert, words, a goal, a break, a session: something in every table of a client."""
    await world.low()
    async with world.desk.turn() as turn:
        m, client_id, now = turn.m, world.client.id, turn.now
        await m.goals.add(client_id, f"{CANARY} goal", now)
        await remarks.keep(turn, world.client, f"{CANARY} remark", 77)
        await m.people.change(client_id, name=CANARY)
        await m.people.pause(client_id, "break", now, now)
        await m.people.note_consent(client_id, "v1", "en", True, now)
        await m.sessions.put(client_id, now, "held", "W-1", now)
        await m.ratings.add(client_id, world.worker.id, 4, now)
        await m.people.change_client(client_id, own_times={"x": CANARY})
        await m.con.execute(t.answer.update().where(t.answer.c.client_id == client_id).values(choice=CANARY))
        await m.con.execute(t.check_in.update().where(t.check_in.c.client_id == client_id).values(reason=CANARY))
        await m.inbox.keep([(9, 1001, {"text": CANARY}), (10, 5005, {"text": "somebody else's"})], now)
        await m.inbox.take(9, now)
        await people.tell_worker(turn, world.client, "worker.left.break", people.once("b"), until=now.date().isoformat())


async def erased(world: World) -> privacy.Receipt:
    async with world.desk.turn() as turn:
        return await privacy.erase(turn, world.client.id)


async def looked_after(world: World) -> None:
    """The tidy loop's part."""
    for work in (privacy.erase_due, privacy.let_go):
        async with world.desk.turn() as turn:
            while await work(turn):
                pass


async def client_of(world: World) -> Client:
    async with world.desk.glance() as m:
        found = await m.people.client(world.client.id)
    assert found is not None
    return found


async def everything(desk: Desk) -> str:
    """Every row of every table as text, sealed bytes included."""
    async with desk.glance() as m:
        found = {
            one.name: [repr(tuple(row)) for row in await m.con.execute(sa.select(one))] for one in t.meta.sorted_tables
        }
    return json.dumps(found)


async def exported(desk: Desk, ref: str) -> dict[str, Any]:
    async with desk.glance() as m:
        found: dict[str, Any] = (await export(m, ref))["clients"][0]
    return found


# ---------------------------------------------------------------- what goes


async def test_after_erasing_the_export_has_the_ref_and_nothing_else_of_the_client(world: World) -> None:
    await said_much(world)
    before = await exported(world.desk, "R-118")
    empty = {name for name, value in before.items() if value == []} - {"absences", "assignments"}
    assert empty == set()  # there was something of everything
    await erased(world)
    after = await exported(world.desk, "R-118")
    assert {name: value for name, value in after.items() if value} == {
        "ref": "R-118",
        "status": "left",
        "timezone": world.desk.plan.service.timezone,
    }


async def test_no_row_of_any_table_knows_the_client_afterwards_but_the_bare_person_and_the_record(world: World) -> None:
    await said_much(world)
    await erased(world)
    await world.settle()
    await looked_after(world)
    kept = await everything(world.desk)
    assert CANARY not in kept
    assert "1001" not in {str(row) for row in await _column(world.desk, t.person.c.chat_id)}
    tables = json.loads(kept)
    holding = {name for name, found in tables.items() if any(world.client.id in row for row in found)}
    assert holding == {"person", "client"}
    assert not [row for row in await rows(world.desk) if row.person_id == world.client.id]
    assert "erased" in "".join(tables["audit"])


async def _column(desk: Desk, column: sa.Column[Any]) -> list[Any]:
    async with desk.glance() as m:
        return list(await m.con.scalars(sa.select(column)))


def _files(folder: Path) -> Iterator[bytes]:
    for path in folder.glob("checkin.db*"):
        yield path.read_bytes()


async def test_its_bytes_are_nowhere_in_the_database_files(sqlite_template: Path, tmp_path: Path, plan: Plan) -> None:
    """Neither a plain canary nor the sealed form of any word is found in the file, the log or freed pages."""
    async with sqlite_memory(sqlite_template, tmp_path) as memory:
        world = await a_world(desk_for(memory, plan))
        await said_much(world)
        async with world.desk.turn() as turn:  # more than fits on a page: freed pages have to be overwritten as well
            for n in range(60):
                await turn.m.remarks.add(world.client.id, None, 1000 + n, f"{CANARY} " * 60, turn.now)
        sealed = await sealed_of(world)
        there = b"".join(_files(tmp_path))
        assert CANARY.encode() in there
        assert all(one[:40] in there for one in sealed)
        await erased(world)
        left = b"".join(_files(tmp_path))
        assert CANARY.encode() not in left
        assert [one for one in sealed if one[:40] in left or one[-40:] in left] == []


async def test_what_somebody_still_read_is_overwritten_once_they_are_done(
    sqlite_template: Path, tmp_path: Path, plan: Plan
) -> None:
    """A backup may be reading the moment before the erasing: until it is done the log keeps the old pages."""
    async with sqlite_memory(sqlite_template, tmp_path) as memory:
        world = await a_world(desk_for(memory, plan))
        await said_much(world)
        async with world.desk.glance() as reader:
            await reader.people.everybody()
            await erased(world)
            await erasures.overwrite(world.desk)
            assert CANARY.encode() in b"".join(_files(tmp_path))
        await erasures.overwrite(world.desk)
        assert CANARY.encode() not in b"".join(_files(tmp_path))


async def test_where_the_log_cant_be_emptied_the_erasing_stands_and_it_is_tried_again(
    sqlite_template: Path, tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: what is on the disk is no failure."""
    async with sqlite_memory(sqlite_template, tmp_path) as memory:
        world = await a_world(desk_for(memory, plan))
        await said_much(world)
        with monkeypatch.context() as full:
            full.setattr(unit_of_work, "CHECKPOINT", "PRAGMA no_such_table.wal_checkpoint(TRUNCATE)")
            await erased(world)
        assert (await client_of(world)).erased_at is not None
        assert memory.holds_old_pages
        await erasures.overwrite(world.desk)
        assert CANARY.encode() not in b"".join(_files(tmp_path))


async def sealed_of(world: World) -> list[bytes]:
    """The sealed form of everything that the client wrote, and of their name."""
    async with world.desk.glance() as m:
        of_client = sa.select(t.person.c.name_sealed).where(t.person.c.id == world.client.id)
        name = [await m.con.scalar(of_client)]
    words = [await _column(world.desk, one) for one in (t.remark.c.text_sealed, t.goal.c.text_sealed)]
    return [bytes(one) for column in (name, *words) for one in column]


async def test_the_messages_of_the_last_two_days_go_and_one_receipt_stays(world: World) -> None:
    await said_much(world)
    await world.pass_time(hours=3)  # the alert is with the worker
    receipt = await erased(world)
    messenger = Scripted(world.desk.clock, message_id=9000)
    async with at_work(world.desk, messenger, routes.HOOKS):
        pass
    to_client = [one for one in messenger.letters if one.chat_id == 1001]
    assert {one.kind for one in to_client[:-1]} == {DELETE}
    assert to_client[-1].facts["key"] == "client.erase.receipt"
    assert to_client[-1].facts["facts"]["receipt"] == str(receipt.number)
    to_worker = [one for one in messenger.letters if one.chat_id == 2001]
    assert {one.kind for one in to_worker} == {DELETE, "sentence"}  # the card goes, a neutral line comes
    assert [one.facts["key"] for one in to_worker if one.kind == "sentence"] == ["worker.left.erased"]


async def test_whatever_staff_were_shown_of_the_client_goes_from_their_chats(world: World) -> None:
    """Not the alert's card alone: the chart, the whole card, the line for the notes, goals and words of their own."""
    check_in = await world.low()
    await world.alex.taps("Tell")
    await world.alex.types("felt told off")
    await world.alex.taps("Yes")
    await world.alex.types("/goals")
    await world.alex.types("see my sister")
    await world.pass_time(hours=3)
    await world.sam.types("/client R-118")
    (alert,) = await world.alerts()
    for what in ("whole", "notes"):
        await world.sam.taps_data(f"1:al:{alert.id}:{what}")
    shown = {one.message_id for one in await _in_chat(world, 2001) if one.surface.partition(":")[0] != "help"}
    surfaces = {one.surface.partition(":")[0] for one in await _in_chat(world, 2001)}
    assert {"client", "card", "notes", "goal", "words"} <= surfaces, surfaces
    await erased(world)
    assert await _in_chat(world, 2001) == []
    messenger = Scripted(world.desk.clock, message_id=9000)
    async with at_work(world.desk, messenger, routes.HOOKS):
        pass
    gone = {one.edits for one in messenger.letters if one.chat_id == 2001 and one.kind == DELETE}
    assert shown <= gone
    assert check_in.id not in await everything(world.desk)


async def _in_chat(world: World, chat_id: int) -> list[Any]:
    async with world.desk.glance() as m:
        return list(await m.con.execute(sa.select(t.message).where(t.message.c.chat_id == chat_id)))


async def test_nobody_else_loses_anything(world: World) -> None:
    sam = world.worker
    other = await a_client(world.desk, sam, "R-200", "Robin", 1200)
    async with world.desk.turn() as turn:
        await turn.m.goals.add(other.id, "stay dry", turn.now)
        await turn.m.remarks.add(other.id, None, 5, "words of somebody else", turn.now)
        await alerts.raise_danger(turn, other, frozenset({"self_harm"}), "typed")
    await said_much(world)
    before = await exported(world.desk, "R-200")
    waiting = [row.id for row in await rows(world.desk) if row.client_id == other.id]
    await erased(world)
    assert await exported(world.desk, "R-200") == before
    assert waiting
    assert {row.id for row in await rows(world.desk)} >= set(waiting)
    async with world.desk.glance() as m:
        assert await m.inbox.oldest_waiting() is not None


async def test_erasing_twice_is_harmless(world: World) -> None:
    await said_much(world)
    async with world.desk.glance() as m:
        assert await m.people.has_consenting_client()
    first = await erased(world)
    async with world.desk.glance() as m:
        assert not await m.people.has_consenting_client()
    before = await everything(world.desk)
    again = await erased(world)
    assert (again.at, again.number) == (first.at, None)
    assert await everything(world.desk) == before


# ---------------------------------------------------------------- what the client sees


async def test_asked_for_in_the_menu_it_happens_on_the_day_that_was_told(world: World) -> None:
    await said_much(world)
    await world.alex.types("menu")
    for label in ("My answers and settings", "Delete everything", "Yes, delete it all"):
        await world.alex.taps(label)
    assert "Until then I ask you nothing, and you can take it back." in world.alex.shows
    move(world.desk, days=2, hours=23)
    await looked_after(world)
    assert (await client_of(world)).erased_at is None
    move(world.desk, hours=2)
    await looked_after(world)
    assert (await client_of(world)).erased_at is not None
    await world.settle()
    assert "All you gave me is deleted." in world.alex.shows


async def test_until_that_day_nothing_is_asked(desk: Desk) -> None:
    """What stands open is taken back; whoever takes the deleting back is asked again from the next time on."""
    client = await a_client(desk, await a_worker(desk))
    await asked(desk, client)
    async with desk.turn() as turn:
        await privacy.erase_later(turn, client)
    assert (await latest(desk, client)).state is State.CANCELLED
    await due_again(desk, client)
    assert ((await latest(desk, client)).state, (await latest(desk, client)).reason) == (State.CANCELLED, "erasing")
    async with desk.turn() as turn:
        assert await prompts.next_day(turn, await people.client(turn, client.id)) is None
    async with desk.turn() as turn:
        await privacy.call_off(turn, await people.client(turn, client.id))
    await due_again(desk, client)
    assert (await latest(desk, client)).state is State.PLANNED


async def due_again(desk: Desk, client: Client) -> None:
    due = await plan_for(desk, client)
    assert due is not None
    at(desk, due)
    await release(desk)


async def test_called_off_in_time_nothing_is_deleted(world: World) -> None:
    await said_much(world)
    await world.alex.types("/erase")
    await world.alex.taps("Yes, delete it all")
    await world.alex.taps("Take it back")
    assert "Nothing is deleted." in world.alex.shows
    before = await exported(world.desk, "R-118")
    move(world.desk, days=5)
    await looked_after(world)
    assert await exported(world.desk, "R-118") == before


async def test_an_old_button_afterwards_gets_a_kind_sentence_and_does_nothing(world: World) -> None:
    check_in = await world.low()
    await erased(world)
    for step in ("before the receipt", "after it"):
        await world.alex.taps_data(f"1:a:{check_in.id}:0:9")
        assert world.alex.refused == "errors.unknown_command", step  # the way of somebody unknown: errors.stranger
        await world.alex.types("I feel low")
        assert world.alex.refused == "errors.stranger", step
        await looked_after(world)
    export = await exported(world.desk, "R-118")
    assert (export["check_ins"], export["remarks"], export["signals"]) == ([], [], [])


async def test_a_client_who_blocked_the_bot_is_erased_without_a_note_about_it(world: World) -> None:
    await said_much(world)
    world.dead.add(1001)
    await erased(world)
    await world.settle()
    await looked_after(world)
    assert (await exported(world.desk, "R-118"))["signals"] == []
    assert (await client_of(world)).person.chat_id is None


async def test_whoever_comes_back_by_a_new_link_begins_anew(world: World) -> None:
    await said_much(world)
    await erased(world)
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.client.id, chat_id=1001, status=Status.INVITED)
        await turn.m.people.change_client(world.client.id, join_screen=1, erased_at=None)
    await looked_after(world)
    client = await client_of(world)
    assert (client.person.chat_id, client.person.name, client.consent_version) == (1001, "R-118", None)


# ---------------------------------------------------------------- what must not happen


async def test_what_is_in_flight_is_not_sent_again_and_brings_nothing_back(world: World) -> None:
    """A row that a process had claimed and perhaps sent when it died."""
    async with world.desk.turn() as turn:
        await turn.m.outbox.add(
            Post(world.client.id, "sentence", "x", {"key": "client.goals.none"}, client_id=world.client.id),
            turn.now,
            fresh=False,
            claim=None,
        )
        await turn.m.con.execute(
            t.outbox.update().values(state=PostState.SENDING, claimed_by="another", lease_until=turn.now)
        )
    await erased(world)
    messenger = Scripted(world.desk.clock)
    async with at_work(world.desk, messenger, routes.HOOKS):
        pass
    assert "client.goals.none" not in [one.facts.get("key") for one in messenger.letters]
    await looked_after(world)
    assert not [row for row in await rows(world.desk) if row.person_id == world.client.id]


async def test_what_arrives_during_the_erasing_is_taken_out_of_the_chat_again(world: World) -> None:
    await erased(world)
    await world.settle()
    async with world.desk.turn() as turn:
        await turn.m.messages.adopt(world.client.id, 1001, 4444, "checkin:late", turn.now)
    await looked_after(world)
    messenger = Scripted(world.desk.clock)
    async with at_work(world.desk, messenger, routes.HOOKS):
        pass
    assert [(one.kind, one.edits) for one in messenger.letters] == [(DELETE, 4444)]
    await looked_after(world)
    assert (await client_of(world)).person.chat_id is None


async def test_an_untaken_notice_of_danger_delays_the_erasing_until_somebody_has_it(world: World) -> None:
    await world.alex.types("/erase")
    await world.alex.taps("Yes, delete it all")
    move(world.desk, days=3, minutes=1)
    async with world.desk.turn() as turn:
        await alerts.raise_danger(turn, world.client, frozenset({"self_harm"}), "typed")
    for _ in range(3):
        await looked_after(world)
    await world.settle()
    assert (await client_of(world)).erased_at is None
    told = [one for one in world.alex.letters if one.facts.get("key") == "client.erase.waits"]
    assert len(told) == 1
    with pytest.raises(Refusal, match="waits"):
        await erased(world)
    async with world.desk.turn() as turn:
        danger = await turn.m.alerts.open_of(world.client.id, Kind.DANGER)
        assert danger is not None
        holder = await turn.m.people.by_ref(sorted(danger.reached)[0])
        assert holder is not None
        await handling.acknowledge(turn, holder, danger.id)
    await world.settle()
    await looked_after(world)
    assert (await client_of(world)).erased_at is not None
    kinds = [row.kind for row in await rows(world.desk) if row.person_id == holder.id and row.key.startswith("erase:")]
    assert CLEAR in kinds  # what is in somebody's hand stays readable in their chat
    assert (await exported(world.desk, "R-118"))["alerts"] == []


async def test_erasing_waits_for_words_that_have_not_been_read(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, erase_at=turn.now - timedelta(minutes=1))
        await turn.m.inbox.keep([(9, 1001, {"text": "help"})], turn.now)
    await looked_after(world)
    assert (await client_of(world)).erased_at is None
    async with world.desk.turn() as turn:
        await turn.m.inbox.take(9, turn.now)
    await looked_after(world)
    assert (await client_of(world)).erased_at is not None


# ---------------------------------------------------------------- table by table

NOT_ABOUT_CLIENTS = {"plan_version", "mark", "absence", "audit_head"}
"""Tables in which nothing of a client ever stands."""
STAYS = {"person", "client", "audit", "tombstone"}
"""The bare person; lines without content; a mark that tells nothing."""
READ_BY_THE_ERASING = {"state", "kind", "severity", "wish", "guard", "ladder", "surface"}
"""Columns that have to say something sensible until the rows are gone."""


async def something_in_every_table(world: World) -> None:
    await said_much(world)
    await plan_for(world.desk, world.client)
    async with world.desk.turn() as turn:
        await turn.m.invitations.add(world.client.id, "h" * 64, "M-1", turn.now, turn.now)
        await turn.m.invitations.note_wrong(1001, turn.now)
        await turn.m.people.assign(world.client.id, world.worker.id, turn.now)
        await turn.m.con.execute(t.check_in.update().values(asks_about="wish"))


def about(table: sa.Table, client_id: str) -> sa.ColumnElement[bool]:
    """Rows of this table that belong to the client."""
    c = table.c
    alerts_of = sa.select(t.alert.c.id).where(t.alert.c.client_id == client_id)
    ways = {
        "client_id": lambda: c.client_id == client_id,
        "person_id": lambda: c.person_id == client_id,
        "alert_id": lambda: c.alert_id.in_(alerts_of),
        "chat_key": lambda: c.chat_key == 1001,
        "chat_id": lambda: c.chat_id == 1001,
    }
    return sa.or_(sa.false(), *(way() for name, way in ways.items() if name in c))


async def plant(desk: Desk, client_id: str) -> set[str]:
    """The canary in every column that can hold it, of every row of the client; returns the tables that have such rows."""
    found = set()
    async with desk.turn() as turn:
        for table in t.meta.sorted_tables:
            values = {one.name: value for one in table.columns if (value := _canary(one)) is not None}
            mine = about(table, client_id)
            if table.name in NOT_ABOUT_CLIENTS | STAYS:
                continue
            if await turn.m.con.scalar(sa.select(sa.func.count()).select_from(table).where(mine)):
                found.add(table.name)
            if values:
                await turn.m.con.execute(table.update().where(mine).values(values))
    return found


def _canary(column: sa.Column[Any]) -> Any:
    if column.name in READ_BY_THE_ERASING or column.foreign_keys or column.primary_key:
        return None
    if isinstance(column.type, sa.String) and not column.unique and (column.type.length or 99) >= len(CANARY):
        return CANARY
    if isinstance(column.type, sa.LargeBinary):
        return CANARY.encode()
    return {"said": CANARY} if isinstance(column.type, sa.JSON) else None


async def test_no_column_of_any_table_keeps_a_planted_word(world: World) -> None:
    """A table that is new has to be erased as well, or to be named here with its reason."""
    await something_in_every_table(world)
    assert await plant(world.desk, world.client.id) == set(t.meta.tables) - NOT_ABOUT_CLIENTS - STAYS
    ids = {one for table in ("check_in", "alert", "goal") for one in await ids_of(world, t.meta.tables[table])}
    await erased(world)
    await world.settle()
    await looked_after(world)
    kept = await everything(world.desk)
    assert CANARY not in kept
    assert repr(CANARY.encode().hex()) not in kept
    assert [one for one in ids if one in kept] == []
    async with world.desk.glance() as m:
        for table in (one for one in t.meta.sorted_tables if one.name not in NOT_ABOUT_CLIENTS | STAYS):
            found = (await m.con.execute(sa.select(table).where(about(table, world.client.id)))).all()
            assert found == [], table.name


async def ids_of(world: World, table: sa.Table) -> list[str]:
    async with world.desk.glance() as m:
        return list(await m.con.scalars(sa.select(table.c.id).where(table.c.client_id == world.client.id)))


@pytest.mark.slow
async def test_what_stays_says_no_more_than_that_somebody_once_took_part(world: World) -> None:
    await something_in_every_table(world)
    await erased(world)
    await world.settle()
    await looked_after(world)
    async with world.desk.glance() as m:
        person = (await m.con.execute(sa.select(t.person).where(t.person.c.id == world.client.id))).one()._mapping
        client = (await m.con.execute(sa.select(t.client).where(t.client.c.person_id == world.client.id))).one()._mapping
    assert {name for name, value in person.items() if value is not None} == {
        *("id", "role", "ref", "language", "timezone", "status", "created_at")
    }
    fixed = {"asking", "quiet_mode", "style", "join_screen", "card_explained"}
    assert {name for name, value in client.items() if value is not None} == {"person_id", "erased_at", *fixed}
