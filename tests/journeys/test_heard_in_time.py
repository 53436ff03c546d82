"""What was received before a window ended counts, however late it is handled: the bot died, or its handler failed.

The bot is stopped, and what people do then is kept as the bot would have kept it: that is what a kill between the
inbox's commit and the handling leaves behind. Then the window ends, and the bot comes back.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.actions import inbox
from bot.app import open_desk
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.run import TOKEN
from bot.rehearsal.telegram import StandIn
from tests.support.desks import START
from tests.support.town import CONFIG, Town, is_alert, loaded, open_town, words_on

pytestmark = pytest.mark.slow

TOO_LATE = ("has gone", "gone by then", "kept no number", "nothing to answer")
WINDOW = timedelta(hours=24)


@dataclass
class Place:
    """A town that is left and entered again."""

    prepared: Path
    folder: Path
    url: str | None
    clock: RehearsalClock
    standin: StandIn

    @asynccontextmanager
    async def town(self, config: str = CONFIG) -> AsyncIterator[Town]:
        there = open_town(self.prepared, self.folder, url=self.url, clock=self.clock, config=config, standin=self.standin)
        async with there as town:
            yield town

    async def received_and_killed(self) -> None:
        """What waits at Telegram is received, and the bot dies before anything comes of it."""
        waiting = [one.as_json() for one in self.standin.queue.ready(self.clock.now())]
        found = loaded(self.folder, url=self.url)
        async with open_desk(found.settings, found.plan, self.clock, tell=lambda _: None) as desk:
            await inbox.keep(desk, waiting)

    def a_second_before(self, asked: datetime) -> None:
        self.clock.advance_to(asked + WINDOW - timedelta(seconds=1))

    def after_the_window(self, asked: datetime, **later: float) -> None:
        self.clock.advance_to(asked + WINDOW + timedelta(**(later or {"hours": 3})))


@pytest.fixture
def place(where: str | None, prepared: Path, tmp_path: Path) -> Place:
    clock = RehearsalClock(START)
    return Place(prepared, tmp_path, where, clock, StandIn(clock, TOKEN))


def said_after(town: Town, before: int) -> str:
    """What the client read since then, toasts too."""
    lines = town.alex.transcript[before:]
    return "\n".join(one.text for one in lines if one.kind in ("sent", "edited", "toast"))


async def newest(town: Town) -> dict[str, Any]:
    found: dict[str, Any] = (await town.kept())["check_ins"][-1]
    return found


async def test_the_last_tap_completes_a_check_in_whose_window_is_over(place: Place) -> None:
    """The answer is in the export with the time at which it was received; the alert is raised; the client is asked how
    the worker shall hear, with two hours from now for that, and reads nothing of "too late"."""
    async with place.town() as town:
        await town.asked()
        asked, card = town.now, await town.answers(8, 8)
    place.a_second_before(asked)
    town.alex.tap("2", card.id)
    await place.received_and_killed()
    place.after_the_window(asked)
    before = len(town.alex.transcript)
    async with place.town() as town:
        await town.alex.until(lambda: "How shall Sam hear about it?" in said_after(town, before))
        assert await town.values() == [8, 8, 2]
        check_in = await newest(town)
        assert check_in["state"] == "completed"
        assert datetime.fromisoformat(check_in["answers"][-1]["answered_at"]) == asked + WINDOW - timedelta(seconds=1)
        assert [one["state"] for one in await town.alerts()] == ["raised"]
        await town.pass_time(minutes=119)
        assert not [one for one in town.sam.messages if is_alert(one)], "two hours to say how"
        await town.tap(town.alex, "Tell")
        await town.pass_time(seconds=61)
        assert '"Help with what matters" fell to 2' in words_on(town.sam) or "fell to 2" in words_on(town.sam)
        assert not [words for words in TOO_LATE if words in said_after(town, before)]


async def test_a_good_last_answer_gets_its_thanks(place: Place) -> None:
    async with place.town() as town:
        await town.asked()
        asked, card = town.now, await town.answers(8, 8)
    place.a_second_before(asked)
    town.alex.tap("8", card.id)
    await place.received_and_killed()
    place.after_the_window(asked)
    before = len(town.alex.transcript)
    async with place.town() as town:
        await town.alex.until(lambda: "Thanks" in said_after(town, before))
        await town.settled()
        assert (await newest(town))["state"] == "completed"
        assert not [words for words in TOO_LATE if words in said_after(town, before)]


async def test_a_first_low_answer_ends_the_check_in_and_raises_the_alert(place: Place) -> None:
    """More cannot be asked: the window is over. What was said is read at once, and nobody waits for half an hour."""
    async with place.town() as town:
        card = await town.asked()
        asked = town.now
    place.a_second_before(asked)
    town.alex.tap("1", card.id)
    await place.received_and_killed()
    place.after_the_window(asked)
    before = len(town.alex.transcript)
    async with place.town() as town:
        await town.alex.until(lambda: "How shall Sam hear about it?" in said_after(town, before))
        await town.settled()
        assert await town.values() == [1]
        assert (await newest(town))["state"] == "partial"
        assert len(await town.alerts()) == 1
        assert "2 of 3" not in said_after(town, before)
        assert not [words for words in TOO_LATE if words in said_after(town, before)]


async def test_typed_answers_and_the_edit_of_one_count_as_well(place: Place) -> None:
    """Telegram hands them out once more after the restart: the time at which they first came is the one that holds."""
    async with place.town() as town:
        await town.asked()
        asked = town.now
    place.a_second_before(asked)
    typed = town.alex.text("8")
    town.alex.text("8")
    town.alex.text("7")
    town.alex.edit(typed.id, "2")
    await place.received_and_killed()
    place.after_the_window(asked, hours=1)
    before = len(town.alex.transcript)
    async with place.town() as town:
        await town.alex.until(lambda: "How shall Sam hear about it?" in said_after(town, before))
        await town.settled()
        assert await town.values() == [2, 8, 7]
        assert (await newest(town))["state"] == "completed"
        assert len(await town.alerts()) == 1
        assert not [words for words in TOO_LATE if words in said_after(town, before)]


async def test_a_tap_that_came_after_the_window_is_still_too_late(place: Place) -> None:
    async with place.town() as town:
        await town.asked()
        asked, card = town.now, await town.answers(8, 8)
    place.after_the_window(asked, seconds=1)
    town.alex.tap("2", card.id)
    await place.received_and_killed()
    place.after_the_window(asked, seconds=60)
    async with place.town() as town:
        await town.settled()
        assert await town.values() == [8, 8]
        assert (await newest(town))["state"] == "partial"
        assert await town.alerts() == []


async def test_what_telegram_kept_while_we_were_away_counts_for_the_check_in_it_was_typed_for(place: Place) -> None:
    """Typed inside the window while nothing here listened, heard when the next check-in is due already."""
    daily = CONFIG.replace('days = ["tue", "thu"]', 'days = ["mon", "tue", "wed", "thu", "fri"]')
    daily = daily.replace('expires_after = "24h"', 'expires_after = "23h"')
    async with place.town(daily) as town:
        await town.asked()
        asked = town.now
    place.clock.advance_to(asked + timedelta(hours=22))
    for number in "847":
        town.alex.text(number)
    place.clock.advance_to(asked + timedelta(hours=24, minutes=5))
    before = len(town.alex.transcript)
    async with place.town(daily) as town:
        await town.alex.until(lambda: "1 of 3" in said_after(town, before))
        await town.settled()
        then, now = (await town.kept())["check_ins"][-2:]
        assert [one["value"] for one in then["answers"]] == [8, 4, 7]
        assert (then["state"], now["state"], now["answers"]) == ("completed", "open", [])
        assert not [words for words in TOO_LATE if words in said_after(town, before)]
