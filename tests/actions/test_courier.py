"""Carrying: order, the last look, what becomes of each verdict, and dying anywhere in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.actions import delivery
from bot.actions.courier import Courier
from bot.actions.desk import Desk, Turn
from bot.actions.settling import Hooks
from bot.domain.delivery import CLEAR, DELETE, LEASE, Guard, Post, PostState, Urgency
from bot.domain.outgoing import Outgoing
from bot.domain.people import Asking, Status
from bot.ports import Gone, Letter, Refused, Sent, TryLater, Unreachable, Unsure, Verdict
from storage import tables as t
from tests.support.people import a_client, a_manager, a_worker
from tests.support.post_office import UNPACED, at_work, deliver, post_all, rows, settled_down, states, surfaces
from tests.support.scripted import Scripted

LATER = timedelta(minutes=10)


def said(to: str, key: str = "r", **more: Any) -> Post:
    return Post(to, "said", key, **more)


def question(to: str, key: str = "q", **more: Any) -> Post:
    return Post(to, "client.question", key, urgency=Urgency.QUESTION, **more)


def alarm(to: str, key: str = "a", **more: Any) -> Post:
    return Post(to, "worker.alert", key, urgency=Urgency.ALERT, **more)


# ---------------------------------------------------------------- the plain way


async def test_what_is_due_is_sent_and_settled_and_its_content_blanked(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id, facts={"n": 3}))
    messenger = await deliver(desk)
    (row,) = await rows(desk)
    assert [(one.chat_id, one.kind, one.facts) for one in messenger.letters] == [(1001, "client.question", {"n": 3})]
    assert (row.state, row.message_id, row.facts_sealed, row.kind) == (PostState.SENT, 101, None, "client.question")


async def test_what_is_not_due_waits(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id, not_before=desk.clock.now() + LATER))
    assert (await deliver(desk)).letters == []
    desk.clock.advance(LATER)
    assert (await deliver(desk)).kinds == ["client.question"]


async def test_a_reply_posted_while_the_courier_runs_is_sent_without_being_claimed_again(desk: Desk) -> None:
    client = await a_client(desk)
    messenger = Scripted(desk.clock)
    async with at_work(desk, messenger) as courier:
        await post_all(desk, said(client.id))
        await courier.idle()
        assert messenger.kinds == ["said"]
    (row,) = await rows(desk)
    assert (row.state, row.tries) == (PostState.SENT, 1)


async def test_a_chat_gets_its_messages_in_the_order_in_which_they_were_decided(desk: Desk) -> None:
    client = await a_client(desk)
    messenger = Scripted(desk.clock)
    async with at_work(desk, messenger) as courier:
        for n in range(6):
            await post_all(desk, *(said(client.id, f"{n}{m}", facts={"n": f"{n}{m}"}) for m in range(3)))
        await courier.idle()
    assert [letter.facts["n"] for letter in messenger.letters] == [f"{n}{m}" for n in range(6) for m in range(3)]
    assert messenger.overlaps == 0


async def test_many_chats_are_served_side_by_side_and_none_twice_at_once(desk: Desk) -> None:
    clients = [await a_client(desk, ref=f"R-{n}", chat_id=n + 1) for n in range(5)]
    together, all_in = set(), asyncio.Event()

    async def meet(letter: Letter) -> Verdict:
        together.add(letter.chat_id)
        if len(together) == 5:
            all_in.set()
        await all_in.wait()
        return Sent(letter.chat_id)

    await post_all(desk, *(question(client.id, client.ref) for client in clients))
    messenger = await deliver(desk, *[meet] * 5)
    assert len(messenger.letters) == 5


async def test_what_is_more_urgent_goes_first(desk: Desk) -> None:
    people = [await a_client(desk, ref=f"R-{n}", chat_id=n + 1) for n in range(5)]
    urgencies = [Urgency.DIGEST, Urgency.QUESTION, Urgency.REPLY, Urgency.ALERT, Urgency.DANGER]
    await post_all(desk, *(Post(one.id, "x", one.ref, urgency=how) for one, how in zip(people, urgencies, strict=True)))
    messenger = Scripted(desk.clock)
    async with at_work(desk, messenger, senders=1):
        pass
    assert [letter.chat_id for letter in messenger.letters] == [5, 4, 3, 2, 1]


# ---------------------------------------------------------------- surfaces


async def test_the_first_post_of_a_surface_makes_its_message_and_the_next_edits_it(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk)
    await post_all(desk, said(client.id, "2", surface="menu"))
    messenger = await deliver(desk)
    assert [letter.edits for letter in messenger.letters] == [101]
    assert [(row.message_id, row.current) for row in await surfaces(desk)] == [(101, True)]


async def test_a_fresh_post_makes_a_new_message_and_the_old_one_loses_its_buttons(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk, Sent(50, has_buttons=True))
    await post_all(desk, said(client.id, "2", surface="menu", fresh=True))
    messenger = await deliver(desk)
    assert [(letter.kind, letter.edits) for letter in messenger.letters] == [("said", None), (CLEAR, 50)]
    assert [(row.message_id, row.current, row.has_buttons) for row in await surfaces(desk)] == [
        (50, False, False),
        (101, True, True),
    ]


async def test_an_old_message_without_buttons_is_left_alone(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk, Sent(50, has_buttons=False))
    await post_all(desk, said(client.id, "2", surface="menu", fresh=True))
    assert (await deliver(desk)).kinds == ["said"]


async def test_a_message_that_had_to_change_its_shape_takes_the_place_of_the_old_one(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk, Sent(50))
    await post_all(desk, said(client.id, "2", surface="menu"))
    messenger = await deliver(desk, Sent(51, has_photo=True))
    assert [(letter.kind, letter.edits) for letter in messenger.letters] == [("said", 50), (DELETE, 50)]
    assert [row.message_id for row in await surfaces(desk) if row.current] == [51]


async def test_a_picture_that_stands_there_is_told_to_the_messenger(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk, Sent(50, has_photo=True))
    await post_all(desk, said(client.id, "2", surface="menu"))
    assert [letter.shows_photo for letter in (await deliver(desk)).letters] == [True]


async def test_a_message_that_is_gone_is_sent_anew(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk)
    await post_all(desk, said(client.id, "2", surface="menu"))
    messenger = await deliver(desk, Gone())
    assert [letter.edits for letter in messenger.letters] == [101, None]
    assert await states(desk) == [PostState.SENT, PostState.SENT]


async def test_clearing_a_surface_takes_its_buttons_and_clearing_an_empty_one_calls_nobody(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk)
    await post_all(desk, Post(client.id, CLEAR, "c1", surface="menu"), Post(client.id, CLEAR, "c2", surface="nowhere"))
    messenger = await deliver(desk)
    assert [(letter.kind, letter.edits) for letter in messenger.letters] == [(CLEAR, 101)]
    assert [row.has_buttons for row in await surfaces(desk)] == [False]
    assert [row.why for row in await rows(desk)] == [None, None, "nothing_there"]


async def test_deleting_empties_the_surface_and_what_is_too_old_loses_its_buttons_at_least(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk)
    await post_all(desk, Post(client.id, DELETE, "d", surface="menu"))
    messenger = await deliver(desk, Gone())
    assert [(letter.kind, letter.edits) for letter in messenger.letters] == [(DELETE, 101), (CLEAR, 101)]
    assert [row.current for row in await surfaces(desk)] == [False]


async def test_in_another_chat_of_the_same_person_nothing_is_edited(desk: Desk) -> None:
    """Somebody joined again from another account: the old chat is no longer theirs."""
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk)
    async with desk.turn() as turn:
        await turn.m.people.change(client.id, chat_id=7777)
    await post_all(desk, said(client.id, "2", surface="menu"))
    messenger = await deliver(desk)
    assert [(letter.chat_id, letter.edits) for letter in messenger.letters] == [(7777, None)]


# ---------------------------------------------------------------- the last look


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


# ---------------------------------------------------------------- verdicts


async def test_a_question_that_may_have_arrived_is_repeated_once_and_then_given_up(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    assert len((await deliver(desk, Unsure("?"))).letters) == 1
    desk.clock.advance(LATER)
    assert len((await deliver(desk, Unsure("?"))).letters) == 1
    desk.clock.advance(LATER)
    assert (await deliver(desk)).letters == []
    assert [(row.state, row.why) for row in await rows(desk)] == [(PostState.DEAD, "unsure_twice")]


async def test_an_alert_that_may_have_arrived_is_repeated_without_end_and_says_so(desk: Desk) -> None:
    worker = await a_worker(desk)
    await post_all(desk, alarm(worker.id))
    for attempt in range(12):
        (letter,) = (await deliver(desk, Unsure("?"))).letters
        assert letter.may_be_repeat == (attempt > 0)
        desk.clock.advance(LATER)
    await deliver(desk)
    assert await states(desk) == [PostState.SENT]


async def test_an_edit_that_may_have_arrived_is_repeated_since_it_shows_nothing_twice(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, said(client.id, "1", surface="menu"))
    await deliver(desk)
    await post_all(desk, said(client.id, "2", surface="menu"))
    for _ in range(4):
        await deliver(desk, Unsure("?"))
        desk.clock.advance(LATER)
    await deliver(desk)
    assert await states(desk) == [PostState.SENT, PostState.SENT]


async def test_flood_control_counts_no_try_and_keeps_the_order(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id, "1", facts={"n": 1}), question(client.id, "2", facts={"n": 2}))
    messenger = Scripted(desk.clock, [TryLater(timedelta(seconds=30), whole_bot=True)])
    async with at_work_until(desk, messenger, heard=1):
        desk.clock.advance(timedelta(seconds=29))
        await settled_down()
        assert len(messenger.letters) == 1
        desk.clock.advance(timedelta(seconds=1))
        await until(lambda: len(messenger.letters) == 3)
    assert [letter.facts["n"] for letter in messenger.letters] == [1, 1, 2]
    assert messenger.moments[1] - messenger.moments[0] >= 30
    assert [row.tries for row in await rows(desk)] == [1, 1]


async def test_flood_control_holds_back_replies_too(desk: Desk) -> None:
    client, other = await a_client(desk), await a_client(desk, ref="R-2", chat_id=2)
    await post_all(desk, question(client.id))
    messenger = Scripted(desk.clock, [TryLater(timedelta(seconds=30), whole_bot=True)])
    async with at_work_until(desk, messenger, heard=1):
        await post_all(desk, said(other.id))
        await settled_down()
        assert len(messenger.letters) == 1
        desk.clock.advance(timedelta(seconds=30))
        await until(lambda: len(messenger.letters) == 3)


async def test_flood_control_of_one_chat_leaves_the_others_open(desk: Desk) -> None:
    client, other = await a_client(desk), await a_client(desk, ref="R-2", chat_id=2)
    await post_all(desk, question(client.id, "1"))
    messenger = Scripted(desk.clock, [TryLater(timedelta(seconds=30))])
    async with at_work_until(desk, messenger, heard=1):
        await post_all(desk, question(other.id, "2"))
        await until(lambda: len(messenger.letters) == 2)
    assert [letter.chat_id for letter in messenger.letters] == [1001, 2]


async def test_while_the_line_is_down_it_is_tried_again_with_growing_pauses_and_no_try_is_counted(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    messenger = Scripted(desk.clock, [TryLater(timedelta(), why="ConnectError")] * 6)
    async with at_work_until(desk, messenger, heard=1) as courier:
        while len(messenger.letters) < 7:
            assert courier.reach.trouble == "ConnectError"
            before = len(messenger.letters)
            desk.clock.advance(timedelta(seconds=1))
            await settled_down(15)
            assert len(messenger.letters) - before <= 1
        await until(lambda: courier.reach.trouble is None)
    pauses = [later - earlier for earlier, later in zip(messenger.moments, messenger.moments[1:], strict=False)]
    least = (1, 2, 4, 8, 16, 30)  # never earlier; later only by how slow this machine is to look
    assert all(pause >= wanted for pause, wanted in zip(pauses, least, strict=True))
    assert [(row.state, row.tries) for row in await rows(desk)] == [(PostState.SENT, 1)]


async def test_while_nobody_answers_nothing_is_risked_and_then_the_most_urgent_goes_first(desk: Desk) -> None:
    """An outage that leaves in doubt whatever is sent: it costs no question its one repetition, and puts no alert off."""
    client, other, worker = await a_client(desk), await a_client(desk, ref="R-2", chat_id=2), await a_worker(desk)
    await post_all(desk, question(client.id, "1"))
    messenger = Scripted(desk.clock, [Unsure("reset")], answers=[False] * 9)
    async with at_work_until(desk, messenger, heard=1) as courier:
        await post_all(desk, question(other.id, "2"), alarm(worker.id))
        while messenger.answers:
            assert len(messenger.letters) == 1
            desk.clock.advance(timedelta(seconds=31))
            await settled_down(15)
        desk.clock.advance(timedelta(seconds=31))
        await until(lambda: len(messenger.letters) == 4)
        await until(lambda: courier.reach.trouble is None)
    assert messenger.letters[1].chat_id == worker.chat_id
    assert [(row.state, row.unsure) for row in await rows(desk)] == [(PostState.SENT, n) for n in (1, 0, 0)]


async def test_an_alert_that_is_slow_to_be_put_back_is_still_the_first_to_leave(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line comes back while a slow database still puts the alert back: no question slips in before it."""
    client, other, worker = await a_client(desk), await a_client(desk, ref="R-2", chat_id=2), await a_worker(desk)
    may_write, turn = asyncio.Event(), Desk.turn
    may_write.set()

    class SlowFromThere(Scripted):
        async def reaches(self) -> bool:
            if self.answers:
                may_write.clear()
            return await super().reaches()

    async def breaks(letter: Letter) -> Verdict:
        await post_all(desk, question(other.id, "2"), alarm(worker.id))
        return Unsure("reset")

    @asynccontextmanager
    async def when_it_may(self: Desk) -> AsyncIterator[Turn]:
        await may_write.wait()
        async with turn(self) as it:
            yield it

    monkeypatch.setattr(Desk, "turn", when_it_may)
    await post_all(desk, question(client.id, "1"))
    messenger = SlowFromThere(desk.clock, [breaks], answers=[False])
    async with at_work_until(desk, messenger, heard=1):
        await until(lambda: not messenger.answers)
        await settled_down()
        desk.clock.advance(timedelta(seconds=31))
        await settled_down()
        may_write.set()
        await until(lambda: len(messenger.letters) == 4)
    assert messenger.letters[1].chat_id == worker.chat_id


async def test_while_nobody_answers_one_row_is_claimed_at_a_time(desk: Desk) -> None:
    """Whoever dies then leaves one message in doubt, not all that wait."""
    people = [await a_client(desk, ref=f"R-{n}", chat_id=n) for n in range(5)]
    await post_all(desk, question(people[0].id, "0"))
    messenger = Scripted(desk.clock, [Unsure("reset")] * 3, answers=[False] * 9)
    async with at_work_until(desk, messenger, heard=1):
        await post_all(desk, *(question(one.id, one.person.ref) for one in people[1:]))
        while messenger.answers:
            desk.clock.advance(timedelta(seconds=31))
            await settled_down(15)
            assert (await states(desk)).count(PostState.SENDING) <= 1
        messenger.says.clear()
        desk.clock.advance(timedelta(seconds=31))
        await until(lambda: len(messenger.letters) == 6)


async def test_a_dead_chat_marks_the_person_and_what_is_for_them_is_not_sent_at_all(desk: Desk) -> None:
    worker = await a_worker(desk)
    await post_all(desk, alarm(worker.id, "1"), alarm(worker.id, "2"))
    calls: list[tuple[str, str]] = []

    async def next_one(turn: Turn, out: Outgoing, why: str) -> None:
        calls.append((out.ref, why))

    messenger = await deliver(desk, Unreachable("Forbidden: bot was blocked"), hooks=Hooks(unreachable=next_one))
    assert len(messenger.letters) == 1
    assert calls == [("W-1", "Forbidden: bot was blocked")] * 2
    assert await states(desk) == [PostState.DEAD, PostState.DROPPED]
    async with desk.glance() as m:
        found = await m.people.by_id(worker.id)
    assert found is not None
    assert found.unreachable == "Forbidden: bot was blocked"


async def test_a_message_that_is_refused_is_never_tried_again_and_somebody_is_told(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    calls: list[str] = []

    async def tell(turn: Turn, out: Outgoing, why: str) -> None:
        calls.append(why)

    messenger = await deliver(desk, Refused("too long"), hooks=Hooks(refused=tell, unsent={"client.question": tell}))
    assert (len(messenger.letters), calls, await states(desk)) == (1, ["too long", "too long"], [PostState.DEAD])


async def test_a_feature_hears_in_the_settling_transaction_that_its_message_stands(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))

    async def note(turn: Turn, out: Outgoing, message_id: int) -> None:
        await turn.m.people.change(out.person_id, expects=f"seen:{message_id}")

    await deliver(desk, hooks=Hooks(sent={"client.question": note}))
    async with desk.glance() as m:
        found = await m.people.by_id(client.id)
    assert found is not None
    assert found.expects == "seen:101"


async def test_a_feature_that_fails_does_not_make_a_sent_message_go_twice(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    attempts = 0

    async def broken(turn: Turn, out: Outgoing, message_id: int) -> None:
        nonlocal attempts
        attempts += 1
        raise ZeroDivisionError

    messenger = Scripted(desk.clock)
    async with asyncio.timeout(20), asyncio.TaskGroup() as house:
        courier = Courier(desk, messenger, Hooks(sent={"client.question": broken}), UNPACED)
        house.create_task(courier.run())
        while await states(desk) != [PostState.SENT]:
            desk.clock.advance(timedelta(seconds=30))
            await settled_down()
        courier.stop()
    assert (len(messenger.letters), attempts) == (1, 5)


# ---------------------------------------------------------------- dying anywhere


async def until(holds: Any) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await settled_down(1)


class at_work_until:  # reads as a sentence
    """A courier that runs while the block lasts, once the messenger has heard so many letters."""

    def __init__(self, desk: Desk, messenger: Scripted, heard: int) -> None:
        self._desk, self._messenger, self._heard = desk, messenger, heard
        self._courier = Courier(desk, messenger, None, UNPACED)
        self._house = asyncio.TaskGroup()

    async def __aenter__(self) -> Courier:
        await self._house.__aenter__()
        self._house.create_task(self._courier.run())
        await until(lambda: len(self._messenger.letters) >= self._heard)
        await settled_down()
        return self._courier

    async def __aexit__(self, *why: Any) -> None:
        self._courier.stop()
        await self._house.__aexit__(*why)


async def killed(desk: Desk, *, when_heard: bool) -> Scripted:
    """A courier that is cancelled while Telegram has its letter (or before it hears of it at all)."""
    messenger = Scripted(desk.clock)
    never = asyncio.Event()

    async def hang(_: Letter) -> Verdict:
        await never.wait()
        return Sent(1)

    messenger.says = [hang]
    running = asyncio.get_running_loop().create_task(Courier(desk, messenger, None, UNPACED).run())
    if when_heard:
        await messenger.heard.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return messenger


async def test_a_row_whose_sender_died_with_it_in_flight_counts_as_unsure(desk: Desk) -> None:
    worker = await a_worker(desk)
    await post_all(desk, alarm(worker.id))
    await killed(desk, when_heard=True)
    assert await states(desk) == [PostState.SENDING]
    desk.clock.advance(LEASE)
    await deliver(desk)
    desk.clock.advance(LATER)
    messenger = await deliver(desk)
    assert [letter.may_be_repeat for letter in messenger.letters] == [True]
    assert [(row.state, row.unsure) for row in await rows(desk)] == [(PostState.SENT, 1)]


async def test_a_question_whose_senders_died_twice_is_not_sent_a_third_time(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    heard = 0
    for _ in range(2):
        heard += len((await killed(desk, when_heard=True)).letters)
        desk.clock.advance(LEASE)
        await deliver(desk)
        desk.clock.advance(LATER)
    heard += len((await deliver(desk)).letters)
    assert (heard, await states(desk)) == (2, [PostState.DEAD])


@pytest.mark.parametrize("fresh", [False, True])
async def test_what_a_dead_sender_left_in_doubt_never_covers_what_was_shown_since(desk: Desk, fresh: bool) -> None:
    """Its lease runs out long after: the question before would stand there again, with buttons that lead nowhere."""
    client = await a_client(desk)
    await post_all(desk, question(client.id, "old", surface="card", fresh=fresh))
    await killed(desk, when_heard=True)
    await post_all(desk, question(client.id, "new", surface="card", facts={"newer": True}))
    letters = (await deliver(desk)).letters
    for wait in (LEASE, LATER, LATER):
        desk.clock.advance(wait)
        letters += (await deliver(desk)).letters
    assert [letter.facts for letter in letters] == [{"newer": True}]
    assert await states(desk) == [PostState.REPLACED, PostState.SENT]


async def test_an_alert_in_doubt_rings_all_the_same_though_its_card_was_edited_since(desk: Desk) -> None:
    worker = await a_worker(desk)
    await post_all(desk, alarm(worker.id, "rings", surface="alert", fresh=True))
    await killed(desk, when_heard=True)
    await post_all(desk, alarm(worker.id, "edit", surface="alert", facts={"newer": True}))
    letters = (await deliver(desk)).letters
    for wait in (LEASE, LATER):
        desk.clock.advance(wait)
        letters += (await deliver(desk)).letters
    assert any(letter.edits is None for letter in letters)
    assert PostState.WAITING not in await states(desk)


async def test_a_courier_killed_before_it_sent_anything_loses_nothing(desk: Desk) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    await killed(desk, when_heard=False)
    assert (await deliver(desk)).kinds == ["client.question"]


async def test_a_message_that_was_sent_and_could_not_be_settled_is_settled_later_and_not_sent_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await a_client(desk)
    await post_all(desk, question(client.id))
    messenger = Scripted(desk.clock)
    broken = True
    turn = Desk.turn

    def sometimes(self: Desk) -> Any:
        if messenger.letters and broken:
            raise OSError("disk full")
        return turn(self)

    monkeypatch.setattr(Desk, "turn", sometimes)
    async with at_work_until(desk, messenger, heard=1):
        assert await states(desk) == [PostState.SENDING]
        broken = False
        while await states(desk) != [PostState.SENT]:
            desk.clock.advance(timedelta(seconds=30))
            await settled_down()
    assert len(messenger.letters) == 1


async def test_replies_that_were_handed_over_and_not_sent_are_given_back_when_the_courier_stops(desk: Desk) -> None:
    client = await a_client(desk)
    messenger = Scripted(desk.clock, [TryLater(timedelta(seconds=3), whole_bot=True)])
    await post_all(desk, question(client.id, "q"))
    async with at_work_until(desk, messenger, heard=1):
        await post_all(desk, said(client.id))
        await settled_down()
    assert await states(desk) == [PostState.WAITING, PostState.WAITING]
    assert desk.hand_over is None


async def test_one_row_that_cannot_be_read_keeps_nobody_else_waiting(desk: Desk) -> None:
    client, other = await a_client(desk), await a_client(desk, ref="R-2", chat_id=2)
    await post_all(desk, question(client.id, "bad"), question(other.id, "good"), question(client.id, "next"))
    async with desk.turn() as turn:
        spoilt = t.outbox.update().where(t.outbox.c.key == "bad").values(facts_sealed=b"not sealed by any key of ours")
        await turn.m.con.execute(spoilt)
    messenger = await deliver(desk)
    assert sorted(letter.chat_id for letter in messenger.letters) == [2, 1001]
    assert await states(desk) == [PostState.WAITING, PostState.SENT, PostState.SENT]


async def test_two_couriers_never_send_one_row_twice(desk: Desk) -> None:
    clients = [await a_client(desk, ref=f"R-{n}", chat_id=n + 1) for n in range(20)]
    await post_all(desk, *(question(client.id, client.ref) for client in clients))
    one, two = Scripted(desk.clock), Scripted(desk.clock)
    async with asyncio.timeout(20), asyncio.TaskGroup() as house:
        couriers = [Courier(desk, messenger, None, UNPACED) for messenger in (one, two)]
        for courier in couriers:
            house.create_task(courier.run())
        for courier in couriers:
            await courier.idle()
        for courier in couriers:
            courier.stop()
    assert sorted(letter.chat_id for letter in one.letters + two.letters) == list(range(1, 21))


# ---------------------------------------------------------------- pace


async def test_no_row_is_left_unsettled_by_any_of_this(desk: Desk) -> None:
    """The sum of the above on one desk: random verdicts, and in the end nothing flies."""
    clients = [await a_client(desk, ref=f"R-{n}", chat_id=n + 1) for n in range(10)]
    verdicts: list[Any] = [Unsure("?"), Gone(), Refused("x"), OSError("?"), TryLater(timedelta(seconds=2)), Sent(5)]
    await post_all(desk, *(alarm(client.id, f"{client.ref}:{n}") for client in clients for n in range(3)))
    messenger = Scripted(desk.clock, verdicts * 4)
    async with asyncio.timeout(30), asyncio.TaskGroup() as house:
        courier = Courier(desk, messenger, None, UNPACED)
        house.create_task(courier.run())
        while set(await states(desk)) - {PostState.SENT, PostState.DEAD}:
            desk.clock.advance(timedelta(minutes=5))
            await settled_down()
        courier.stop()
    async with desk.glance() as m:
        unsettled = sa.select(sa.func.count()).where(t.outbox.c.settled_at.is_(None))
        assert (await m.con.execute(unsettled)).scalar_one() == 0
