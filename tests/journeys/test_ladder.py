"""Who is asked next when nobody acts, through the phones: reminder, cover, manager, last resort."""

from tests.support.town import LOW, Town, is_alert, words_on


async def test_when_nobody_acts_everybody_on_the_ladder_is_asked_in_turn(either_town: Town) -> None:
    """One working day on each rung; the last resort is asked again until somebody takes it."""
    town = either_town
    await town.told()
    before = town.sam.revision
    await town.pass_time(days=1, minutes=1)
    await town.sam.expect("R-118 · still waiting", after=before)
    assert words_on(town.kim) == ""
    await town.pass_time(days=1, minutes=1)
    assert "R-118 · please look today, for Sam" in (await town.kim.expect(is_alert)).text
    assert words_on(town.jo) == ""
    await town.pass_time(days=1, minutes=1)
    escalated = await town.jo.expect("R-118 · nobody has picked this up")
    assert "You don't see the answers." in escalated.text
    assert "fell" not in escalated.text
    assert words_on(town.ada) == ""
    await town.pass_time(days=4)
    last = await town.ada.expect("R-118 · nobody has picked this up")
    assert "You are the last one on the list." in last.text
    before = town.ada.revision
    await town.pass_time(days=3)
    await town.ada.expect("R-118", after=before)
    states = [(one["state"], one["by"]) for one in (await town.alerts())[0]["history"]]
    rungs = ("reminder", "cover", "manager", "last_resort")
    assert [by for state, by in states if state in rungs][:4] == ["W-1", "W-2", "M-1", "M-2"]


async def test_taking_it_cancels_the_rest(town: Town) -> None:
    await town.told()
    await town.tap(town.sam, "I've got it")
    shown = words_on(town.sam)
    await town.pass_time(days=3)
    assert words_on(town.kim) == words_on(town.jo) == words_on(town.ada) == ""
    assert "still waiting" not in words_on(town.sam)[len(shown) :]


async def test_when_cover_takes_it_the_worker_and_the_client_see_who_has_it(town: Town) -> None:
    await town.told()
    await town.pass_time(days=1, minutes=1)
    await town.pass_time(days=1, minutes=1)
    await town.kim.expect(is_alert)
    before = town.sam.revision
    await town.tap(town.kim, "I've got it")
    await town.sam.expect("Kim", after=before)
    await town.alex.expect("Kim has picked this up for Sam.")
    await town.pass_time(days=3)
    assert words_on(town.jo) == ""


async def test_a_worker_whose_chat_is_dead_is_passed_over_at_once(either_town: Town) -> None:
    """Sam has blocked the bot: with the minute over, Kim is asked, with the reason."""
    town = either_town
    town.sam.block()
    await town.asked()
    await town.answers(*LOW)
    await town.tap(town.alex, "Tell")
    await town.pass_time(seconds=61)
    asked = await town.kim.expect(is_alert)
    assert "The chat with Sam doesn't get through, so you are asked at once." in asked.text


async def test_a_worker_who_vanishes_without_a_word_is_passed_over_when_the_alert_bounces(town: Town) -> None:
    """A deleted account says nothing beforehand: Telegram's refusal is the first that is known of it."""
    town.sam.delete_account()
    await town.asked()
    await town.answers(*LOW)
    await town.tap(town.alex, "Tell")
    await town.pass_time(seconds=61)
    await town.kim.expect(is_alert)


async def test_a_client_who_blocks_the_bot_is_a_neutral_note_and_no_question_more(town: Town) -> None:
    town.alex.block()
    note = await town.sam.expect("R-118 · the chat doesn't get through")
    assert "both are fine" in note.text
    asked = len(town.alex.messages)
    await town.pass_time(days=3)
    assert len(town.alex.messages) == asked
    assert await town.alerts() == []


async def test_a_client_who_comes_back_is_noted_and_asked_again(town: Town) -> None:
    town.alex.block()
    await town.sam.expect("R-118 · the chat doesn't get through")
    town.alex.unblock()
    await town.sam.expect("R-118 · the chat gets through again.")
    await town.asked()
