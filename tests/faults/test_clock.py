"""R17: the wall clock is put forward by days or back by an hour: nothing is lost or doubled, and the log says so."""

from collections.abc import Iterator, MutableMapping
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.rehearsal.people import asks
from tests.faults.conftest import Line
from tests.support.town import LOW, Town, alerts_on

Log = list[MutableMapping[str, Any]]


@pytest.fixture
def log() -> Iterator[Log]:
    with capture_logs() as lines:
        yield lines


def jumps(log: Log) -> list[int]:
    """Seconds, each time that the log said that the clock was set. To move it on by hours, as `pass_time` does, is such
    a jump as well.
    """
    return [one["seconds"] for one in log if one["event"] == "clock_jumped"]


async def an_alert_is_under_way(town: Town) -> None:
    """Alex answered low and let Sam know; Bo has a question open. The minute for changing one's mind runs."""
    await town.asked()
    await town.answers(*LOW)
    await town.tap(town.alex, "Tell")


async def minutes(town: Town, many: int) -> None:
    for _ in range(many):
        town.stage.clock.advance(timedelta(minutes=1))
        await town.settled()


def questions(town: Town) -> list[int]:
    """How many cards stand in the chats of Alex and Bo."""
    return [sum(asks(one) for one in phone.messages) for phone in (town.alex, town.bo)]


async def test_an_hour_back_delays_no_alert_and_asks_nobody_twice(line: Line, log: Log) -> None:
    async with line.open() as town:
        await an_alert_is_under_way(town)
        line.clock.set_back(timedelta(hours=1))
        await minutes(town, 2)
        assert len(alerts_on(town.sam)) == 1
        await town.says(town.bo, "8")
        await town.pass_time(minutes=75)
        assert questions(town) == [0, 1]
        assert len(alerts_on(town.sam)) == 1
        assert [one["value"] for one in (await town.kept("R-204"))["check_ins"][-1]["answers"]] == [8.0]
        assert len((await town.kept("R-204"))["check_ins"]) == 7
    assert -3600 in jumps(log)


@pytest.mark.slow
async def test_days_forward_lose_no_alert_and_make_no_absence(line: Line, log: Log) -> None:
    """It is Friday all of a sudden: what was open is over, Thursday's check-in was missed by us."""
    async with line.open() as town:
        await an_alert_is_under_way(town)
        line.clock.advance(timedelta(days=3, hours=1), steady=timedelta())
        await minutes(town, 2)
        assert len(alerts_on(town.sam)) == 1
        assert questions(town) == [0, 0]
        for ref, tuesday in (("R-118", "completed"), ("R-204", "expired")):
            kept = await town.kept(ref)
            assert [one["state"] for one in kept["check_ins"][-2:]] == [tuesday, "missed_by_us"]
            assert kept["absences"] == []
        due = await town.stage.next_check_in("R-204")
        assert due is not None
        await town.pass_until(due)
        assert questions(town) == [1, 1]
    assert 73 * 3600 in jumps(log)
