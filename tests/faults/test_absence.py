"""R19: what Telegram threw away while the bot was gone is asked for again, once, and nobody's silence is made of it."""

from datetime import timedelta

import pytest

from bot.rehearsal.people import asks
from bot.rehearsal.telegram import Message
from tests.faults.conftest import Line
from tests.support.town import Town

AWAY = "I was away for a bit."
"""client.question.reoffered"""
AWAY_FOR = (151, *(pytest.param(seconds, marks=pytest.mark.slow) for seconds in (149, 3600, 25 * 3600)))
"""Seconds. Taps wait at Telegram for 150 of them, words for 24 hours."""
TAPS_WAIT, WORDS_WAIT = 150, 24 * 3600


def offered_again(town: Town, name: str) -> int:
    """How often a client was told that the bot had been away, and asked to tap again."""
    return sum(AWAY in line.text for line in town.phones[name].transcript)


async def said(town: Town, ref: str) -> list[float]:
    return [one["value"] for one in (await town.kept(ref))["check_ins"][-1]["answers"]]


async def both_asked(town: Town) -> tuple[Message, Message]:
    """Alex's and Bo's cards."""
    alex = await town.asked()
    return alex, await town.bo.expect(asks)


@pytest.mark.parametrize("seconds", AWAY_FOR)
async def test_what_telegram_dropped_is_asked_again_once_and_counts_against_nobody(line: Line, seconds: int) -> None:
    """Alex taps and Bo types while the bot is gone; when it is back, Alex taps again."""
    async with line.open() as town:
        card, _ = await both_asked(town)
    town.alex.tap("8", card.id)
    town.bo.text("8")
    line.clock.advance(timedelta(seconds=seconds))
    async with line.open() as town:
        await town.settled()
        tapped, typed = await said(town, "R-118"), await said(town, "R-204")
        assert tapped == ([8.0] if seconds < TAPS_WAIT else [])
        assert typed == ([8.0] if seconds < WORDS_WAIT else [])
        for ref in ("R-118", "R-204"):
            kept = await town.kept(ref)
            assert len(kept["absences"]) == 1
            assert kept["signals"] == []
        # Over a tap that came in time nothing is offered: its own answer may have taken that place.
        least = TAPS_WAIT < seconds < WORDS_WAIT
        assert least <= offered_again(town, "alex") <= (seconds < WORDS_WAIT)
        assert offered_again(town, "bo") <= (seconds < WORDS_WAIT)


@pytest.mark.slow
async def test_after_an_hour_away_a_tap_on_what_was_offered_again_counts(line: Line) -> None:
    async with line.open() as town:
        card, _ = await both_asked(town)
    town.alex.tap("3", card.id)
    line.clock.advance(timedelta(hours=1))
    async with line.open() as town:
        await town.settled()
        await town.answers(8, 8, 8)
        assert await said(town, "R-118") == [8.0, 8.0, 8.0]
        assert offered_again(town, "alex") == 1


@pytest.mark.slow
async def test_a_short_restart_offers_nothing(line: Line) -> None:
    async with line.open() as town:
        await both_asked(town)
    line.clock.advance(timedelta(seconds=60))
    async with line.open() as town:
        await town.settled()
        assert offered_again(town, "alex") == 0
        assert (await town.kept())["absences"] == []
