"""R7: after three days out of reach what still fits its window goes out, alerts first; the rest was missed by us."""

from datetime import datetime, timedelta

import pytest

from bot.rehearsal.people import asks
from bot.rehearsal.telegram import Kind, Message, Rule
from tests.faults.conftest import Line, hours
from tests.support.town import CONFIG, Town, answered, is_alert

DAILY = CONFIG.replace('days = ["tue", "thu"]', 'days = ["tue", "wed", "thu", "fri"]')
THREE_DAYS = 72
DOWN = {
    "nobody can reach it": Rule(Kind.PARTITION, seconds=(THREE_DAYS + 0.5) * 3600),
    "a proxy in front of it is ill": Rule(Kind.BAD_GATEWAY, times=None),
    "it takes the token for wrong": Rule(Kind.UNAUTHORIZED, times=None),
}


def newest(town: Town, name: str) -> datetime:
    """When this person's newest message left; the clock is moved by the minute."""
    chat = town.phones[name].chat_id
    return max(
        one.at for one in town.stage.standin.calls if (one.chat_id, one.status, one.method[:4]) == (chat, 200, "send")
    )


async def minutes(town: Town, many: int) -> None:
    """The line is back, and everything finds that out by itself."""
    for _ in range(many):
        town.stage.clock.advance(timedelta(minutes=1))
        await answered(town.stage)


@pytest.mark.slow
@pytest.mark.parametrize("how", DOWN)
async def test_three_days_down_and_what_fits_its_window_goes_out_alerts_first(line: Line, how: str) -> None:
    """On Tuesday Alex answered low, and the alert had not left yet. Down until Friday afternoon, half past two."""

    def todays(message: Message) -> bool:
        return asks(message) and message.date > town.now - timedelta(hours=1)

    async with line.open(config=DAILY) as town:
        await town.asked()
        await town.answers(2, 8, 8)
        await town.tap(town.alex, "Tell")
        await answered(town.stage)
        line.standin.faults.add(DOWN[how])
        await hours(town, THREE_DAYS + 0.6)
        line.standin.faults.clear()
        await minutes(town, 8)
        assert [is_alert(one) for one in town.sam.messages] == [True]
        assert [sum(map(todays, phone.messages)) for phone in (town.alex, town.bo)] == [1, 1]
        assert newest(town, "sam") <= min(newest(town, "alex"), newest(town, "bo"))
        for ref, tuesday in (("R-118", "completed"), ("R-204", "expired")):
            kept = await town.kept(ref)
            states = [one["state"] for one in kept["check_ins"][-4:]]
            assert states == [tuesday, "missed_by_us", "missed_by_us", "open"]
            assert "silence" not in [one["rule"] for one in kept["signals"]]
            assert len(kept["absences"]) == 1
