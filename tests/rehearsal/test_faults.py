"""Each way of misbehaving, over a real loopback socket, and how it looks to a client."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta

import httpx
import pytest

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Kind, Phone, Rule, StandIn, serve
from tests.rehearsal.conftest import TOKEN, Caller


@pytest.fixture
async def address(standin: StandIn, sam: Phone) -> AsyncIterator[str]:
    sam.start()
    async with serve(standin) as found:
        yield found


@pytest.fixture
async def wire(address: str) -> AsyncIterator[Caller]:
    async with httpx.AsyncClient(base_url=address, timeout=5, trust_env=False) as client:
        yield Caller(client)


async def send(wire: Caller, sam: Phone) -> httpx.Response:
    return await wire.client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": sam.chat_id, "text": "x"})


def arrived(sam: Phone) -> int:
    """How many of the bot's messages are on the phone."""
    return sum(message.from_bot for message in sam.messages)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409])
async def test_an_error_is_given_as_often_as_asked_and_nothing_is_accepted(
    wire: Caller, standin: StandIn, sam: Phone, code: int
) -> None:
    standin.faults.add(Rule(Kind(str(code)), "sendMessage", times=2))
    assert [(await send(wire, sam)).status_code for _ in range(3)] == [code, code, 200]
    assert arrived(sam) == 1


async def test_flood_control_on_demand_names_its_seconds(wire: Caller, standin: StandIn, sam: Phone) -> None:
    standin.faults.add(Rule(Kind.TOO_MANY, retry_after=7))
    assert (await send(wire, sam)).json()["parameters"] == {"retry_after": 7}


@pytest.mark.parametrize("code", [500, 502])
async def test_a_sick_proxy_answers_with_a_page(wire: Caller, standin: StandIn, sam: Phone, code: int) -> None:
    standin.faults.add(Rule(Kind(str(code))))
    found = await send(wire, sam)
    assert (found.status_code, found.headers["content-type"]) == (code, "text/html; charset=utf-8")
    assert arrived(sam) == 0


@pytest.mark.parametrize(("kind", "accepted"), [(Kind.DROP_BEFORE, 0), (Kind.DROP_AFTER, 1)])
async def test_the_connection_is_really_reset(
    wire: Caller, standin: StandIn, sam: Phone, kind: Kind, accepted: int
) -> None:
    standin.faults.add(Rule(kind, "sendMessage"))
    with pytest.raises(httpx.ReadError):
        await send(wire, sam)
    assert arrived(sam) == accepted
    assert (await send(wire, sam)).status_code == 200
    assert [call.status for call in standin.calls] == [0, 200]


async def test_the_reset_is_one_on_the_wire_too(address: str, standin: StandIn) -> None:
    """Not a polite end of the connection: the kernel says "connection reset by peer"."""
    standin.faults.add(Rule(Kind.DROP_BEFORE))
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    writer.write(f"GET /bot{TOKEN}/getMe HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_an_answer_can_be_held_back_after_accepting(wire: Caller, standin: StandIn, sam: Phone) -> None:
    standin.faults.add(Rule(Kind.HANG, "sendMessage"))
    with pytest.raises(httpx.ReadTimeout):
        await wire.client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": sam.chat_id, "text": "x"}, timeout=0.1)
    assert arrived(sam) == 1


async def test_half_an_answer_arrives(wire: Caller, standin: StandIn, sam: Phone) -> None:
    standin.faults.add(Rule(Kind.HALF_JSON, "sendMessage"))
    found = await send(wire, sam)
    assert found.status_code == 200
    with pytest.raises(ValueError, match=r"JSON|Unterminated|Expecting"):
        found.json()
    assert arrived(sam) == 1


async def test_an_answer_can_be_late(wire: Caller, standin: StandIn, sam: Phone) -> None:
    standin.faults.add(Rule(Kind.DELAY, "sendMessage", seconds=0.05))
    began = asyncio.get_running_loop().time()
    assert (await send(wire, sam)).status_code == 200
    assert asyncio.get_running_loop().time() - began >= 0.05


async def test_a_partition_lasts_as_long_as_told_on_the_clock(
    wire: Caller, standin: StandIn, sam: Phone, clock: RehearsalClock
) -> None:
    standin.faults.add(Rule(Kind.PARTITION, seconds=3 * 86_400))
    for hours in (0, 71):
        clock.advance(timedelta(hours=hours))
        with pytest.raises(httpx.TransportError):
            await send(wire, sam)
    clock.advance(timedelta(hours=1))
    assert (await send(wire, sam)).status_code == 200


async def test_a_rule_can_be_for_one_chat_and_one_method(wire: Caller, standin: StandIn, sam: Phone, alex: Phone) -> None:
    alex.start()
    standin.faults.add(Rule(Kind.FORBIDDEN, "sendMessage", chat_id=alex.chat_id, times=None))
    assert (await send(wire, sam)).status_code == 200
    assert (await send(wire, alex)).status_code == 403
    assert (await wire("getMe"))["ok"]
    standin.faults.clear()
    assert (await send(wire, alex)).status_code == 200


async def test_chance_is_seeded_so_that_a_run_can_be_repeated(clock: RehearsalClock) -> None:
    def run(seed: int) -> list[bool]:
        faults = StandIn(clock, TOKEN, seed=seed).faults
        faults.add(Rule(Kind.BAD_GATEWAY, times=None, probability=0.3))
        return [faults.pick("sendMessage", 1, clock.now()) is not None for _ in range(100)]

    assert run(4) == run(4) != run(5)
    assert 15 <= sum(run(4)) <= 45


async def test_without_a_socket_the_same_faults_are_raised(call: Caller, standin: StandIn, sam: Phone) -> None:
    sam.start()
    standin.faults.add(Rule(Kind.DROP_AFTER), Rule(Kind.HANG))
    with pytest.raises(httpx.ReadError):
        await send(call, sam)
    with pytest.raises(httpx.ReadTimeout):
        await send(call, sam)
    assert arrived(sam) == 2


async def test_leaving_ends_a_long_poll_at_once(standin: StandIn) -> None:
    async with asyncio.timeout(3), asyncio.TaskGroup() as tasks, serve(standin) as address:
        client = httpx.AsyncClient(base_url=address, trust_env=False)
        tasks.create_task(quiet(Caller(client)("getUpdates", timeout=50)))
        await standin.polled()


async def quiet(call: Awaitable[object]) -> None:
    """How a call ends when the server goes does not matter here."""
    with contextlib.suppress(httpx.TransportError):
        await call


async def test_a_taken_port_is_known_before_anything_starts(standin: StandIn) -> None:
    async with serve(standin) as address:
        with pytest.raises(OSError, match="in use"):
            async with serve(standin, port=int(address.rpartition(":")[2])):
                pass


async def test_a_stand_in_that_was_down_comes_back_with_what_it_knew(standin: StandIn, sam: Phone) -> None:
    sam.start()
    for _ in range(2):
        async with serve(standin) as address, httpx.AsyncClient(base_url=address, trust_env=False) as client:
            assert (await send(Caller(client), sam)).status_code == 200
    assert arrived(sam) == 2
