"""P1: sending. Ours makes a row of each message, claims, sends and settles it, all of it on disk; the peer only sends."""

from statistics import median

from tests.benchmarks.figures import Fact, Figure, Results, Size
from tests.benchmarks.house import House, telegram, told_by

AT_ONCE = {8: 1.2, 32: 1.8}


async def measure(house: House, size: Size) -> Results:
    what, peer, n = "outbox: post, claim, send, settle (FULL)", "bare send_message", size.messages
    rates = {at: Figure(f"P1 sending, {at} at once", what, peer, "msg/s", at_least=goal) for at, goal in AT_ONCE.items()}
    costs = {at: Figure(f"P1 processor, {at} at once", what, peer, "ms/msg") for at in AT_ONCE}
    writing = []
    for _ in range(size.rounds):
        for at in AT_ONCE:
            ours, theirs = await _ours(house, n, at), await _theirs(house, n, at)
            rates[at].add(n / ours["seconds"], n / theirs["seconds"])
            costs[at].add(1000 * ours["cpu"] / n, 1000 * theirs["cpu"] / n)
            writing.append(ours["posting"] / ours["seconds"])
    says = f"deciding and writing the rows takes {median(writing):.0%} of our time"
    return Results([*rates.values(), *costs.values()], [Fact("P1", says)])


async def _ours(house: House, messages: int, at_once: int) -> dict[str, float]:
    folder = house.copy("sending")
    async with telegram(house) as (standin, address):
        found: dict[str, float] = await told_by("ours", "send", folder, address, at_once, *house.clients[:messages])
        _all_there(house.chats[:messages], standin)
    return found


async def _theirs(house: House, messages: int, at_once: int) -> dict[str, float]:
    async with telegram(house) as (standin, address):
        found: dict[str, float] = await told_by("peers", "send", address, at_once, *house.chats[:messages])
        _all_there(house.chats[:messages], standin)
    return found


def _all_there(chats: list[int], standin: object) -> None:
    empty = [chat for chat in chats if not standin.phones[chat].messages]
    assert not empty, f"{len(empty)} of {len(chats)} got nothing"
