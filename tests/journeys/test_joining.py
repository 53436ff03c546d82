"""Joining as it happens: the real bot, Telegram's strictness, a phone. The words are those on the screen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.domain.people import Asking, Client
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.run import Stage, rehearsal
from bot.rehearsal.telegram.phone import Phone
from tests.support.desks import START

ROSTER = "role,ref,name,worker\nworker,W-1,Sam,\nworker,W-2,Jo,\nmanager,M-1,Kim,\nclient,R-118,,W-1\nclient,R-200,,W-1\n"


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[Stage]:
    async with rehearsal(folder, RehearsalClock(START, speed=20)) as stage:
        await stage.enrol(ROSTER)
        yield stage


async def joined(stage: Stage, phone: Phone, ref: str = "R-118") -> Client:
    phone.start(await stage.code(ref))
    for n in range(1, 7):
        shown = await phone.expect(f"{n} of 6")
        phone.tap(shown.buttons[0][0].text)
    await phone.expect("All done.")
    async with stage.desk.turn() as turn:
        client = await turn.m.people.client_by_ref(ref)
    assert client is not None
    return client


async def test_seven_taps_one_message_and_the_first_question_at_two(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage:
        sam, alex = stage.standin.person(2001, "Sam"), stage.standin.person(1001, "Alex")
        sam.start(await stage.code("W-1"))
        await sam.expect("Hi Sam.")
        client = await joined(stage, alex)
        assert len([message for message in alex.messages if message.from_bot]) == 1
        assert client.asking is Asking.ON
        await sam.expect("R-118 has joined.")


async def test_the_kinds_of_bad_links_each_get_one_kind_sentence(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage:
        alex, other = stage.standin.person(1001, "Alex"), stage.standin.person(1002, "Bo")
        other.start()
        await other.expect("I only talk with people who were given a link")
        other.start("guessed-guessed-guessed")
        await other.expect("I don't know that link")
        code = await stage.code("R-118")
        alex.start(code)
        await alex.expect("1 of 6")
        other.start(code)
        await other.expect("each one opens once")


async def test_five_guesses_are_counted_although_nobody_knows_the_chat(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage:
        guesser = stage.standin.person(1002, "Bo")
        for n in range(5):
            before = guesser.revision
            guesser.start(f"guess-guess-guess-{n}")
            await guesser.expect("I don't know that link", after=before)
        guesser.start(await stage.code("R-118"))
        await guesser.expect("Please wait an hour")


async def test_a_code_opened_in_a_group_opens_nothing(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage:
        alex = stage.standin.person(1001, "Alex")
        group = stage.standin.group(-100500, "Family")
        group.add_bot(alex)
        code = await stage.code("R-118")
        group.text(f"/start {code}", alex)
        alex.start(code)
        await alex.expect("1 of 6")
        assert group.messages == []


async def test_stop_is_quiet_at_once_and_help_comes_at_once(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage:
        alex = stage.standin.person(1001, "Alex")
        await joined(stage, alex)
        alex.text("stop")
        await alex.expect("I've gone quiet")
        alex.text("help")
        await alex.expect("Call 999 now")


async def test_words_of_danger_are_passed_on_and_only_then_called_sent(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage:
        kim, alex = stage.standin.person(3001, "Kim"), stage.standin.person(1001, "Alex")
        kim.start(await stage.code("M-1"))
        await kim.expect("Hi Kim.")
        await joined(stage, alex)
        alex.text("I want to die")
        await kim.expect("R-118")
        shown = await alex.expect("I've sent this to Kim")
        assert "Call 999 now" in shown.text
        assert "want to die" not in shown.text


async def test_hide_clears_the_chat(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage:
        alex = stage.standin.person(1001, "Alex")
        await joined(stage, alex)
        alex.text("menu")
        await alex.expect("What would you like?")
        alex.text("hide")
        await alex.until(lambda: not any("What would you like?" in one.text for one in alex.messages if one.from_bot))


async def test_pictures_and_stickers_get_their_sentence(tmp_path: Path) -> None:
    async with playing(tmp_path) as stage:
        alex = stage.standin.person(1001, "Alex")
        await joined(stage, alex)
        alex.sticker()
        await alex.expect("I can't look at pictures")
        alex.voice()
        await alex.expect("I can't understand voice")
