"""A lost phone as it happens: the real bot, Telegram's strictness, two accounts."""

import pytest

from bot.rehearsal.people import asks
from bot.rehearsal.telegram import Phone
from tests.support.town import Town, words_on

pytestmark = pytest.mark.slow


async def joins(town: Town, phone: Phone, code: str) -> None:
    """Through all six screens, by the first button of each."""
    phone.start(code)
    for number in range(1, 7):
        shown = await phone.expect(f"{number} of 6")
        phone.tap(shown.labels[0], shown.id)
    await phone.expect("All done.")


async def test_a_lost_phone_from_unlinking_to_the_next_question(either_town: Town) -> None:
    town = either_town
    await town.asked()
    await town.answers(3)
    await town.says(town.sam, "/invite R-118")
    assert "They have joined already" in town.sam.last.text
    await town.says(town.sam, "/unlink R-118")
    await town.tap(town.sam, "Yes, close it")
    await town.settled()
    assert [one.text.split("\n")[0] for one in town.alex.messages if one.from_bot] == [
        "This chat is closed now. Nothing more comes here."
    ]
    assert town.jo.last.text.startswith("R-118 · their chat was closed by Sam")
    said = await town.says(town.sam, "/invite R-118")
    assert said.text.startswith("R-118 · link to join")

    new, lost = town.stage.standin.person(1009, "Alex again"), words_on(town.alex)
    await joins(town, new, await town.stage.code("R-118"))
    await town.says(new, "/mydata")
    assert not any(figure in new.last.text for figure in ("8", "3")), new.last.text
    await town.asked(new)
    await town.answers(8, 8, 8, phone=new)
    await town.settled()
    assert words_on(town.alex) == lost
    states = [one["state"] for one in (await town.kept())["check_ins"]]
    assert states[-1] == "completed"
    assert "expired" not in states


async def test_two_accounts_and_a_link_of_the_operators(town: Town) -> None:
    """Somebody opens a second link in an account of their own: nobody is in the dark, and nothing is shown there."""
    other = town.stranger(1009, "Other")
    other.start(await town.stage.code("R-118"))
    await other.expect("1 of 6")
    await town.settled()
    assert town.alex.last.text.startswith("This chat is closed now.")
    for phone in (town.sam, town.jo, town.ada):
        assert phone.last.text.startswith("R-118 · their new link was opened in another account")
    await town.pass_time(days=3)
    assert not [one for one in (*other.messages, *town.alex.messages) if asks(one)]
    assert "8" not in words_on(other).replace("R-118", "")
