"""Two in the afternoon is two in the afternoon: in London, New York and Kathmandu, over both changes of the clocks."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.actions import checkins
from bot.app import open_desk
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.people import asks
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import StandIn
from tests.support.people import a_client, a_manager, a_worker
from tests.support.town import CONFIG, Town, loaded, open_town

ZONES = {1: "Europe/London", 2: "America/New_York", 3: "Asia/Kathmandu"}
CHANGES = {
    "New York, spring": date(2026, 3, 8),
    "London, spring": date(2026, 3, 29),
    "London, autumn": date(2026, 10, 25),
    "New York, autumn": date(2026, 11, 1),
}
TWO = time(14)


def config(change: date) -> str:
    """One question at two on Saturday, Sunday and Monday; the clocks change on Sundays."""
    return (
        CONFIG.replace('"14:00"\nquestions = ["B1", "G1", "T1"]', '"14:00"\nquestions = ["B1"]')
        .replace('days = ["tue", "thu"]', 'days = ["sat", "sun", "mon"]')
        .replace("2026-05-01", str(change - timedelta(days=5)))
    )


async def three_clients(folder: Path, change: date, clock: RehearsalClock) -> None:
    found = loaded(folder, config(change), today=change)
    async with open_desk(found.settings, found.plan, clock, tell=lambda _: None) as desk:
        sam = await a_worker(desk)
        await a_manager(desk)
        await a_manager(desk, "M-2", "Ada", 3002)
        for number, zone in ZONES.items():
            client = await a_client(desk, sam, f"R-{number}", f"C{number}", number, timezone=zone)
            async with desk.turn() as turn:
                await checkins.plan_for(turn, client.id)


async def play(town: Town, until: datetime) -> None:
    """Everybody answers whatever they are asked."""
    while True:
        nexts = {number: await town.stage.next_check_in(f"R-{number}") for number in ZONES}
        soonest = min(one for one in nexts.values() if one is not None)
        if soonest > until:
            return
        seen = town.stage.standin.revision
        await town.pass_until(soonest)
        for number, at in nexts.items():
            if at == soonest:
                phone = town.stage.standin.phones[number]
                await phone.expect(asks, after=seen)
                phone.tap("8")


EVERY = [
    pytest.param(day, id=name, marks=() if name in ("New York, spring", "London, autumn") else pytest.mark.slow)
    for name, day in CHANGES.items()
]


@pytest.mark.parametrize("change", EVERY)
async def test_the_clocks_change_and_two_stays_two(tmp_path: Path, change: date) -> None:
    """Each is asked once a day at 14:00 on their own clock; a restart just before the change doubles nothing."""
    days = [change + timedelta(days=n) for n in (-1, 0, 1)]
    clock = RehearsalClock(datetime.combine(days[0] - timedelta(days=1), time(12), UTC))
    await three_clients(tmp_path, change, clock)
    standin = StandIn(clock, TOKEN)
    for number in ZONES:
        standin.person(number, f"C{number}").chat.open = True
    for until in (days[0], days[-1]):
        async with open_town(tmp_path, tmp_path, clock=clock, standin=standin, config=config(change)) as town:
            await play(town, datetime.combine(until, time(23, 59), UTC))
    asked = defaultdict(list)
    for line in standin.transcript:
        if line.kind == "sent" and any("10" in row for row in line.buttons):
            asked[line.chat_id].append(line.at.astimezone(ZoneInfo(ZONES[line.chat_id])))
    for number in ZONES:
        assert [(one.date(), one.time()) for one in asked[number]] == [(day, TWO) for day in days]
