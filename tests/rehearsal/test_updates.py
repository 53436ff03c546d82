"""How updates wait, are handed out, confirmed and forgotten: Telegram's own queue rules."""

import asyncio
from datetime import timedelta

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Phone, StandIn
from tests.rehearsal.conftest import Caller


async def tapped(call: Caller, phone: Phone) -> None:
    """A tap is waiting, and nothing else."""
    phone.start()
    await call("getUpdates", timeout=0)
    buttons = {"inline_keyboard": [[{"text": "8", "callback_data": "v1:8"}]]}
    await call("sendMessage", chat_id=phone.chat_id, text="1 of 3", reply_markup=buttons)
    phone.tap("8")


async def test_an_update_comes_again_until_a_higher_offset_confirms_it(call: Caller, sam: Phone) -> None:
    sam.text("one")
    first = await call.updates()
    assert await call.updates() == first
    assert await call.updates(offset=first[0]["update_id"]) == first
    assert await call.updates(offset=first[0]["update_id"] + 1) == []
    assert await call.updates() == []


async def test_an_offset_far_ahead_counts_as_none_but_a_near_one_deletes(call: Caller, sam: Phone) -> None:
    sam.text("one")
    number = (await call.updates())[0]["update_id"]
    assert len(await call.updates(offset=number + 11)) == 1
    assert await call.updates(offset=number + 10) == []


async def test_ids_rise_by_one_and_limit_is_kept(call: Caller, sam: Phone) -> None:
    for word in "abc":
        sam.text(word)
    found = await call.updates(limit=2)
    assert [u["message"]["text"] for u in found] == ["a", "b"]
    assert found[1]["update_id"] == found[0]["update_id"] + 1


async def test_after_a_quiet_week_ids_start_anew(call: Caller, sam: Phone, clock: RehearsalClock) -> None:
    sam.text("one")
    first = (await call.updates())[0]["update_id"]
    clock.advance(timedelta(days=8))
    sam.text("two")
    assert abs((await call.updates())[0]["update_id"] - first) > 1


async def test_a_tap_waits_150_seconds(call: Caller, sam: Phone, clock: RehearsalClock) -> None:
    await tapped(call, sam)
    clock.advance(timedelta(seconds=150))
    assert [u for u in await call.updates() if "callback_query" in u]
    clock.advance(timedelta(seconds=1))
    assert [u for u in await call.updates() if "callback_query" in u] == []


async def test_a_message_and_a_block_wait_24_hours(call: Caller, sam: Phone, clock: RehearsalClock) -> None:
    sam.text("one")
    sam.block()
    clock.advance(timedelta(hours=24))
    assert [set(u) - {"update_id"} for u in await call.updates()] == [{"message"}, {"my_chat_member"}]
    clock.advance(timedelta(seconds=1))
    assert await call.updates() == []


async def test_a_long_poll_returns_as_soon_as_somebody_writes(call: Caller, standin: StandIn, sam: Phone) -> None:
    async with asyncio.timeout(2), asyncio.TaskGroup() as tasks:
        poll = tasks.create_task(call("getUpdates", timeout=30))
        await standin.polled()
        sam.text("hello")
    assert poll.result()["result"][0]["message"]["text"] == "hello"


async def test_a_long_poll_ends_when_its_time_on_the_clock_is_over(
    call: Caller, standin: StandIn, clock: RehearsalClock
) -> None:
    async with asyncio.timeout(2), asyncio.TaskGroup() as tasks:
        poll = tasks.create_task(call("getUpdates", timeout=30))
        await standin.polled()
        clock.advance(timedelta(seconds=30))
    assert poll.result() == {"ok": True, "result": []}


async def test_the_older_of_two_pollers_gets_409(call: Caller, standin: StandIn, sam: Phone) -> None:
    async with asyncio.timeout(2), asyncio.TaskGroup() as tasks:
        older = tasks.create_task(call("getUpdates", timeout=30))
        await standin.polled()
        newer = tasks.create_task(call("getUpdates", timeout=30))
        await standin.polled(2)
        sam.text("hello")
    assert older.result()["error_code"] == 409
    assert "terminated by other getUpdates request" in older.result()["description"]
    assert len(newer.result()["result"]) == 1


async def test_nobody_polls_while_a_webhook_is_set(call: Caller) -> None:
    await call("setWebhook", url="https://example.org/hook", secret_token="s")
    assert (await call("getUpdates"))["error_code"] == 409
    await call("deleteWebhook")
    assert (await call("getUpdates", timeout=0))["ok"]


async def test_allowed_updates_stay_in_force_until_named_again(call: Caller, sam: Phone) -> None:
    await call.updates(allowed_updates=["message"])
    sam.text("one")
    sam.block()
    assert [set(u) - {"update_id"} for u in await call.updates()] == [{"message"}]
    await call.updates(allowed_updates=[])
    sam.unblock()
    assert "my_chat_member" in (await call.updates())[-1]


async def test_what_was_handed_out_is_recorded_once(call: Caller, standin: StandIn, sam: Phone) -> None:
    sam.text("one")
    first = await call.updates()
    await call.updates()
    assert list(standin.handed_out.values()) == first
