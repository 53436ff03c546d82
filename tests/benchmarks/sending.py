"""P1: sending. Ours makes a row of each message, claims, sends and settles it, on disk with every step; the peer only sends."""

from tests.benchmarks.figures import Fact, Figure, Results, Size
from tests.benchmarks.house import House, telegram, told_by

AT_ONCE = {8: 1.2, 32: 1.8}


async def measure(house: House, size: Size) -> Results:
    figures = {
        n: Figure(
            f"P1 sending, {n} at once",
            "outbox: post, claim, send, settle (FULL)",
            "bare send_message",
            "msg/s",
            at_least=goal,
        )
        for n, goal in AT_ONCE.items()
    }
    shipped = Figure("P1 sending, as shipped", "the same, 16 senders", "bare send_message, 32 at once", "msg/s")
    writing = []
    for _ in range(size.rounds):
        for n, figure in figures.items():
            ours = await _ours(house, size.messages, n)
            figure.add(size.messages / ours["seconds"], size.messages / await _theirs(house, size.messages, n))
            writing.append(ours["posting"] / ours["seconds"])
        ours = await _ours(house, size.messages, 16)
        shipped.add(size.messages / ours["seconds"], figures[32].theirs[-1])
    share = sorted(writing)[len(writing) // 2]
    return Results(
        [*figures.values(), shipped], [Fact("P1", f"deciding and writing the rows takes {share:.0%} of our time")]
    )


async def _ours(house: House, messages: int, at_once: int) -> dict[str, float]:
    folder = house.copy("sending")
    async with telegram(house) as (standin, address):
        found: dict[str, float] = await told_by("ours", "send", folder, address, at_once, *house.clients[:messages])
        _all_there(house.chats[:messages], standin)
    return found


async def _theirs(house: House, messages: int, at_once: int) -> float:
    async with telegram(house) as (standin, address):
        found = await told_by("peers", "send", address, at_once, *house.chats[:messages])
        _all_there(house.chats[:messages], standin)
    return float(found["seconds"])


def _all_there(chats: list[int], standin: object) -> None:
    empty = [chat for chat in chats if not standin.phones[chat].messages]  # type: ignore[attr-defined]
    assert not empty, f"{len(empty)} of {len(chats)} got nothing"
