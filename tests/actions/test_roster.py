"""The roster in the database: brought in line with a file, all of it or nothing."""

from datetime import timedelta

from bot.actions import roster
from bot.actions.desk import Desk
from bot.actions.roster import Imported
from bot.domain.people import Asking, Status
from bot.domain.roster import COLUMNS
from tests.support.people import a_client, a_worker

HEADER = ",".join(COLUMNS)
STAFF = ("worker,W-1,Sam,,,,,", "worker,W-2,Ann,,,,,")
CLIENT = "client,R-118,,W-1,,,,"


async def brought_in(desk: Desk, *lines: str, dry_run: bool = False) -> Imported:
    async with desk.turn() as turn:
        return await roster.import_roster(turn, "\n".join((HEADER, *lines)), dry_run=dry_run)


async def test_new_people_get_the_defaults_of_the_plan(desk: Desk) -> None:
    await brought_in(desk, *STAFF, CLIENT)
    async with desk.turn() as turn:
        client = await turn.m.people.client_by_ref("R-118")
        worker = await turn.m.people.by_ref("W-1")
    assert client is not None
    assert worker is not None
    assert (client.person.language, client.person.timezone) == ("en", "Europe/London")
    assert (client.worker_id, client.person.status, worker.name) == (worker.id, Status.INVITED, "Sam")


async def test_a_dry_run_and_a_file_with_a_mistake_write_nothing(desk: Desk) -> None:
    seen = await brought_in(desk, *STAFF, CLIENT, dry_run=True)
    wrong = await brought_in(desk, *STAFF, "client,R-118,,W-9,,,,")
    assert len(seen.changes.new) == 3
    assert len(wrong.problems) == 1
    async with desk.turn() as turn:
        assert await turn.m.people.everybody() == []


async def test_the_same_file_again_changes_nothing_and_an_export_imports_as_it_is(desk: Desk) -> None:
    await brought_in(desk, *STAFF, "client,R-118,Al,W-1,en,Asia/Tokyo,2026-05-14 11:00,")
    async with desk.turn() as turn:
        exported = await roster.export_roster(turn.m)
        again = await roster.import_roster(turn, exported, dry_run=False)
    assert again.problems == ()
    assert (again.changes.new, again.changes.changed, len(again.changes.unchanged)) == ((), (), 3)


async def test_names_zones_and_workers_change_and_earlier_workers_stay_on_record(desk: Desk) -> None:
    await brought_in(desk, *STAFF, CLIENT)
    desk.clock.advance(timedelta(days=1))
    done = await brought_in(desk, "worker,W-1,Samuel,,,,,", "client,R-118,,W-2,,Asia/Kathmandu,,")
    assert [one.fields for one in done.changes.changed] == [("name",), ("worker", "timezone")]
    async with desk.turn() as turn:
        client = await turn.m.people.client_by_ref("R-118")
        ann, sam = await turn.m.people.by_ref("W-2"), await turn.m.people.by_ref("W-1")
        assert client is not None
        assert ann is not None
        assert sam is not None
        terms = await turn.m.people.assignments(client.id)
    assert (client.worker_id, client.person.timezone, sam.name) == (ann.id, "Asia/Kathmandu", "Samuel")
    now = desk.clock.now()
    assert terms == [(sam.id, now - timedelta(days=1), now), (ann.id, now, None)]


async def test_discharge_ends_the_prompts_and_the_invitation(desk: Desk) -> None:
    worker = await a_worker(desk)
    client = await a_client(desk, worker)
    async with desk.turn() as turn:
        await turn.m.invitations.add(client.id, "hash", "W-1", turn.now, turn.now + timedelta(days=1))
    await brought_in(desk, "client,R-118,,W-1,,,,discharged")
    async with desk.turn() as turn:
        now = await turn.m.people.client(client.id)
        invitation = await turn.m.invitations.latest(client.id)
    assert now is not None
    assert (now.person.status, now.asking) == (Status.DISCHARGED, Asking.NO_MORE)
    assert invitation is not None
    assert invitation.ended == "discharged"


async def test_whoever_comes_back_starts_with_a_new_link_and_a_new_yes(desk: Desk) -> None:
    worker = await a_worker(desk)
    client = await a_client(desk, worker)
    await brought_in(desk, "client,R-118,,W-1,,,,discharged")
    await brought_in(desk, "client,R-118,,W-1,,,,active")
    async with desk.turn() as turn:
        now = await turn.m.people.client(client.id)
    assert now is not None
    assert (now.person.status, now.person.chat_id, now.consent_version) == (Status.INVITED, None, None)


async def test_people_who_are_not_in_the_file_are_left_alone(desk: Desk) -> None:
    await brought_in(desk, *STAFF, CLIENT)
    await brought_in(desk, "worker,W-3,Bo,,,,,")
    async with desk.turn() as turn:
        assert [one.ref for one in await turn.m.people.everybody()] == ["R-118", "W-1", "W-2", "W-3"]
