"""What is looked at once more before a message leaves: it may not be wanted, or not be for that person, any more."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.actions import delivery
from bot.actions.desk import Desk
from bot.domain.delivery import Guard, PostState
from bot.domain.people import Asking, Status
from bot.ports import Letter, Unsure, Verdict
from storage import tables as t
from tests.support.people import a_client, a_manager, a_worker
from tests.support.post_office import (
    alarm,
    at_work,
    deliver,
    post_all,
    question,
    rows,
    said,
)
from tests.support.scripted import Scripted


async def a_check_in(desk: Desk, client_id: str, **changes: Any) -> str:
    values = {
        "id": t.new_id(),
        "client_id": client_id,
        "schedule": "weekly",
        "local_date": date(2026, 5, 12),
        "slot": 0,
        "items": [],
        "plan_version": "x",
        "planned_at": desk.clock.now(),
        "expires_at": desk.clock.now() + timedelta(hours=20),
    } | changes
    async with desk.turn() as turn:
        await turn.m.con.execute(t.check_in.insert().values(values))
    return str(values["id"])


async def asked(desk: Desk, check_in: dict[str, Any] | None = None, **client: Any) -> tuple[Scripted, Any]:
    """A guarded question to a client like this, about a check-in like this: what was heard, and the row."""
    somebody = await a_client(desk, **client)
    check_in_id = await a_check_in(desk, somebody.id, **(check_in or {}))
    await post_all(desk, question(somebody.id, guard=Guard.ASKED, client_id=somebody.id, check_in_id=check_in_id))
    return await deliver(desk), (await rows(desk))[0]


async def test_a_client_who_takes_part_is_asked(desk: Desk) -> None:
    messenger, row = await asked(desk)
    assert (messenger.kinds, row.state) == (["client.question"], PostState.SENT)


async def test_a_client_on_a_break_hears_nothing(desk: Desk) -> None:
    messenger, row = await asked(desk, asking=Asking.BREAK)
    assert (messenger.letters, row.state, row.why) == ([], PostState.DROPPED, "break")


async def test_a_check_in_that_is_over_is_not_asked(desk: Desk) -> None:
    messenger, row = await asked(desk, {"state": "cancelled"})
    assert (messenger.letters, row.why) == ([], "cancelled")


async def test_in_quiet_hours_a_question_waits_for_their_end_if_that_is_inside_its_window(desk: Desk) -> None:
    """13:00 in London is midnight in Auckland; quiet hours end at eight in the morning or so."""
    messenger, row = await asked(desk, timezone="Pacific/Auckland")
    assert (messenger.letters, row.state, row.tries) == ([], PostState.WAITING, 0)
    desk.clock.advance_to(row.not_before)
    assert (await deliver(desk)).kinds == ["client.question"]
    assert row.not_before.astimezone(UTC) > datetime(2026, 5, 12, 12, tzinfo=UTC)


async def an_alert(desk: Desk, client_id: str, **changes: Any) -> str:
    rungs = [("W-1", "first"), ("W-1", "reminder"), ("M-1", "manager")]
    values = {
        "id": t.new_id(),
        "client_id": client_id,
        "kind": "alliance",
        "severity": "medium",
        "raised_at": desk.clock.now(),
        "goes_at": desk.clock.now(),
        "ladder": [{"ref": ref, "rung": rung} for ref, rung in rungs],
        "step": 0,
    } | changes
    async with desk.turn() as turn:
        await turn.m.con.execute(t.alert.insert().values(values))
    return str(values["id"])


async def told(desk: Desk, to: str, client_id: str, **alert: Any) -> str | None:
    """Tell this person of an alert like this; returns why they were not told, or None."""
    alert_id = await an_alert(desk, client_id, **alert)
    await post_all(desk, alarm(to, alert_id, guard=Guard.HOLDER, alert_id=alert_id, client_id=client_id))
    messenger = await deliver(desk)
    row = (await rows(desk))[-1]
    assert bool(messenger.letters) == (row.state == PostState.SENT)
    return None if messenger.letters else str(row.why)


async def test_an_open_alert_reaches_the_assigned_worker(desk: Desk) -> None:
    worker = await a_worker(desk)
    assert await told(desk, worker.id, (await a_client(desk, worker)).id) is None


async def test_of_a_closed_alert_nobody_is_told(desk: Desk) -> None:
    worker = await a_worker(desk)
    assert await told(desk, worker.id, (await a_client(desk, worker)).id, state="dismissed") == "closed"


async def test_somebody_further_up_the_ladder_is_told_only_when_it_is_their_turn(desk: Desk) -> None:
    worker, manager = await a_worker(desk), await a_manager(desk)
    client = await a_client(desk, worker)
    another = await a_client(desk, worker, ref="R-204", name="Bo", chat_id=1002)
    assert await told(desk, manager.id, client.id, step=1) == "not_reached"
    assert await told(desk, manager.id, another.id, step=2) is None


async def test_a_worker_who_is_no_longer_assigned_is_not_told(desk: Desk) -> None:
    worker, other = await a_worker(desk), await a_worker(desk, "W-2", "Kim", 2002)
    client = await a_client(desk, other)
    assert await told(desk, worker.id, client.id) == "not_assigned"


async def test_nothing_goes_to_a_person_who_is_gone(desk: Desk) -> None:
    client = await a_client(desk)
    async with desk.turn() as turn:
        await turn.m.people.change(client.id, status=Status.LEFT)
    await post_all(desk, question(client.id))
    messenger = await deliver(desk)
    assert (messenger.letters, [row.why for row in await rows(desk)]) == ([], ["left"])


async def test_who_has_just_left_still_gets_the_answer_to_that(desk: Desk) -> None:
    client = await a_client(desk)
    messenger = Scripted(desk.clock)
    async with at_work(desk, messenger) as courier:
        async with desk.turn() as turn:
            await turn.m.people.change(client.id, status=Status.LEFT)
            await delivery.post(turn, said(client.id))
        await courier.idle()
    assert messenger.kinds == ["said"]


async def test_what_expired_while_it_waited_is_dropped(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id, expires_at=desk.clock.now()))
    assert (await deliver(desk)).letters == []
    assert [row.why for row in await rows(desk)] == ["too_late"]


async def test_what_is_withdrawn_while_it_flies_does_not_come_back(desk: Desk) -> None:
    worker = await a_worker(desk)
    await post_all(desk, alarm(worker.id))

    async def withdrawn_meanwhile(_: Letter) -> Verdict:
        async with desk.turn() as turn:
            await delivery.withdraw(turn, key="a", why="not true any more")
        return Unsure("broken")

    messenger = await deliver(desk, withdrawn_meanwhile)
    assert len(messenger.letters) == 1
    assert [(row.state, row.why) for row in await rows(desk)] == [(PostState.DROPPED, "not true any more")]


async def test_what_failed_while_something_newer_came_gives_way_to_it(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "old", surface="s", fresh=True))

    async def overtaken(_: Letter) -> Verdict:
        await post_all(desk, said(client.id, "new", surface="s"))
        return Unsure("broken")

    await deliver(desk, overtaken)
    old, new = await rows(desk)
    assert (old.state, new.state, new.fresh) == (PostState.REPLACED, PostState.SENT, True)
