"""The way in: from a link to the first question, with everything that people do on six screens."""

from pathlib import Path

import pytest

from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Message, Phone
from tests.support.desks import START
from tests.support.town import CONFIG, Town, open_town, words_on

CLEO = "role,ref,name,worker\nclient,R-300,Cleo,W-1\n"


async def invited(town: Town) -> tuple[Phone, str]:
    """Cleo has a phone and a link."""
    await town.stage.enrol(CLEO)
    return town.stage.standin.person(1003, "Cleo"), await town.stage.code("R-300")


async def opened(town: Town) -> tuple[Phone, str]:
    """Cleo has opened the link and looks at the first screen."""
    cleo, code = await invited(town)
    cleo.start(code)
    await cleo.expect("1 of 6")
    return cleo, code


async def forward(town: Town, phone: Phone, screens: int) -> Message:
    """Tap the first button of so many screens."""
    for _ in range(screens):
        shown = await town.tap(phone, phone.last.labels[0], phone.last)
    return shown


async def test_six_screens_seven_taps_one_message_and_no_typing(either_town: Town) -> None:
    """Start is the first tap. Each screen has at most 60 words, the first button goes forward."""
    town = either_town
    cleo, _ = await opened(town)
    for number in range(1, 7):
        assert cleo.last.text.startswith(f"{number} of 6")
        assert len(cleo.last.text.split("\n", 1)[1].split()) <= 60
        assert cleo.last.labels[0].startswith(("Yes", "Next", "I agree"))
        await forward(town, cleo, 1)
    assert "All done. First one on Tuesday at 14:00." in cleo.last.text
    assert len([one for one in cleo.messages if one.from_bot]) == 1
    await town.sam.expect("R-300 has joined.")
    await town.asked(cleo, "R-300")
    [consent] = (await town.kept("R-300"))["consents"]
    assert consent["agreed"] is True


async def test_back_from_the_second_screen_on(town: Town) -> None:
    cleo, _ = await opened(town)
    assert "Back" not in cleo.last.labels
    await forward(town, cleo, 2)
    assert (await town.tap(cleo, "Back")).text.startswith("2 of 6")
    assert (await town.tap(cleo, "Back")).text.startswith("1 of 6")
    await forward(town, cleo, 6)
    assert "All done." in cleo.last.text


async def test_closing_keeps_the_place_even_when_the_bot_is_restarted(prepared: Path, tmp_path: Path) -> None:
    clock = RehearsalClock(START)
    async with open_town(prepared, tmp_path, clock=clock) as town:
        cleo, code = await opened(town)
        await forward(town, cleo, 3)
        standin = town.stage.standin
    async with open_town(prepared, tmp_path, clock=clock, standin=standin) as town:
        before = cleo.revision
        cleo.start(code)
        assert (await cleo.expect("4 of 6", after=before)).labels[0] == "Next"
        await forward(town, cleo, 3)
        assert "All done." in cleo.last.text


async def test_a_phone_that_other_people_see_gets_quiet_mode(town: Town) -> None:
    """An initial for the worker, no reminder, no writing asked for, cleared after answering."""
    cleo, _ = await opened(town)
    screen = await town.tap(cleo, "Other people see it")
    assert "I'll write S for Sam" in screen.text
    await forward(town, cleo, 5)
    shown = words_on(cleo)
    await town.asked(cleo, "R-300")
    await town.pass_time(hours=5)
    assert "still here" not in words_on(cleo)
    await town.answers(8, 8, 8, phone=cleo)
    await town.settled()
    later = words_on(cleo)[len(shown) :]
    assert "Sam" not in later
    assert "Type it here" not in later
    await town.pass_time(minutes=30)
    assert not [one for one in cleo.messages if one.from_bot and "easy" in one.text.lower()]


async def test_who_does_not_know_the_worker_is_let_go_and_the_link_is_dead(town: Town) -> None:
    cleo, code = await opened(town)
    assert (await town.tap(cleo, "I don't know Sam")).text == "Sorry to bother you. I won't write again."
    await town.sam.expect("R-300: the link was opened by somebody it wasn't meant for. It is dead now.")
    other = town.stranger()
    other.start(code)
    await other.expect("each one opens once")
    await town.pass_time(days=3)
    assert cleo.last.text == "Sorry to bother you. I won't write again."


async def test_no_thanks_is_respected_and_told_without_blame(town: Town) -> None:
    cleo, _ = await opened(town)
    await forward(town, cleo, 4)
    said = await town.tap(cleo, "No thanks")
    assert "That's OK. I won't ask again." in said.text
    await town.sam.expect("R-300: not taking part. That is fine, and changes nothing in their care.")
    await town.pass_time(days=7)
    assert cleo.last.id == said.id
    kept = await town.kept("R-300")
    assert kept["status"] == "declined"
    assert [one["agreed"] for one in kept["consents"]] == [False]


async def test_a_second_account_with_the_used_link_gets_in_nowhere(either_town: Town) -> None:
    town = either_town
    cleo, code = await opened(town)
    await forward(town, cleo, 6)
    other = town.stranger()
    other.start(code)
    said = await other.expect("each one opens once")
    assert code not in said.text
    await town.sam.expect("R-300: a link that was opened before was tried again. Nobody got in.")
    await town.asked(cleo, "R-300")
    assert not [one for one in other.messages if "1 of 3" in one.text]


async def test_a_link_that_is_too_old(town: Town) -> None:
    cleo, code = await invited(town)
    await town.pass_time(days=60)
    cleo.start(code)
    await cleo.expect("That link is too old now. Please ask for a new one.")
    assert (await town.kept("R-300"))["consents"] == []


async def test_a_code_that_nobody_made_opens_nothing_and_is_not_repeated(town: Town) -> None:
    nobody = town.stranger()
    for code in ("guessed-guessed-guessed", "x", "🙈" * 20, "../../etc/passwd"):
        said = await town.says(nobody, f"/start {code}")
        assert said.text.startswith("I don't know that link.")
        assert code not in said.text


async def test_start_without_a_code(town: Town) -> None:
    nobody = town.stranger()
    nobody.start()
    await nobody.expect("I only talk with people who were given a link.")


async def test_a_code_opened_in_a_group_stays_good_and_the_bot_leaves(town: Town) -> None:
    """It says nothing there, whoever writes whatever."""
    cleo, code = await invited(town)
    group = town.stage.standin.group(-100500, "Family")
    group.add_bot(cleo)
    group.text(f"/start {code}", cleo)
    group.text("menu", cleo)
    await town.settled()
    assert group.messages == []
    assert not group.has_bot
    cleo.start(code)
    await cleo.expect("1 of 6")


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
async def test_it_leaves_a_group_that_it_finds_itself_in(town: Town, kind: str) -> None:
    """Added while it was away: that news is long gone, but somebody writes there."""
    cleo = town.stranger()
    group = town.stage.standin.group(-100500, "Family", kind)
    group.chat.open = True
    group.text("hello everybody", cleo)
    await town.settled()
    assert group.messages == []
    assert not group.has_bot


async def test_typing_on_a_screen_leads_back_to_it(town: Town) -> None:
    """No typing is needed; whoever types all the same is not left alone, and nothing is kept of it."""
    cleo, _ = await opened(town)
    said = await town.says(cleo, "yes ok")
    assert said.text != ""
    assert "yes ok" not in said.text
    await town.settled()
    assert (await town.kept("R-300"))["remarks"] == []


async def test_the_old_buttons_of_a_finished_joining_do_nothing(town: Town) -> None:
    cleo, _ = await opened(town)
    data = [button.data or "" for row in cleo.last.buttons for button in row]
    await forward(town, cleo, 6)
    before = cleo.revision
    for one in data:
        cleo.tap_data(cleo.last.id, one)
    await cleo.expect("That button has had its day.", after=before)
    await town.settled()
    assert (await town.kept("R-300"))["status"] == "joined"


async def test_a_changed_consent_text_is_asked_again_before_the_next_question(prepared: Path, tmp_path: Path) -> None:
    """Nothing is asked in between; with the new yes the questions go on, at their usual times."""
    clock = RehearsalClock(START)
    changed = CONFIG.replace('["the police", "the courts"]', '["the police"]')
    async with open_town(prepared, tmp_path, clock=clock) as town:
        standin = town.stage.standin
    async with open_town(prepared, tmp_path, clock=clock, standin=standin, config=changed) as town:
        await town.alex.expect("Some of what I told you at the start has changed.")
        await town.pass_time(hours=2)
        assert not [one for one in town.alex.messages if "1 of 3" in one.text]
        await forward(town, town.alex, 5)
        await town.settled()
        await town.asked()
        consents = (await town.kept())["consents"]
        assert consents[-1]["agreed"] is True
