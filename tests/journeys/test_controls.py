"""What a client can always do: get help, stop, hide, take a break, see and change what is theirs."""

import pytest

from tests.support.town import LOW, Town, words_on

MENU = ["Urgent help", "I want to talk about something", "Break or fewer messages", "My answers and settings"]


# ---------------------------------------------------------------- danger


async def test_words_of_danger_get_the_numbers_at_once_and_reach_the_duty_contact(town: Town) -> None:
    """\"Sent\" only after Telegram took the notice. The worker is told that somebody has it, not the words."""
    town.alex.text("I want to kill myself")
    shown = await town.alex.expect("Call 999 now.")
    assert "kill" not in shown.text
    await town.jo.expect("Urgent · R-118 · a person needs to look at this now")
    await town.alex.expect("I've sent this to Jo.")
    await town.sam.expect("R-118")
    assert "kill" not in words_on(town.sam)
    assert words_on(town.ada) == ""


async def test_harm_by_others_goes_to_safeguarding_only(either_town: Town) -> None:
    town = either_town
    town.alex.text("he hits me")
    await town.alex.expect("Call 999 now.")
    await town.ada.expect("Urgent · R-118 · a person needs to look at this now")
    await town.settled()
    assert words_on(town.sam) == words_on(town.kim) == ""
    await town.says(town.sam, "/caseload")
    assert "danger" not in words_on(town.sam)


async def test_danger_is_repeated_until_somebody_takes_it(town: Town) -> None:
    town.alex.text("I want to kill myself")
    await town.jo.expect("Urgent · R-118")
    before = town.jo.revision
    await town.pass_time(minutes=11)
    await town.jo.expect("Urgent · R-118 · still waiting for a person", after=before)
    await town.tap(town.jo, "I've got it")
    await town.settled()
    shown = words_on(town.jo)
    await town.pass_time(minutes=45)
    assert words_on(town.jo) == shown


async def test_questions_stop_until_a_person_has_been_in_touch_and_then_are_asked_about(town: Town) -> None:
    await town.asked()
    town.alex.text("I want to kill myself")
    await town.jo.expect("Urgent · R-118")
    await town.pass_time(days=7)
    assert not [one for one in town.alex.messages if "10" in one.labels]
    await town.says(town.jo, "/intouch R-118")
    again = await town.alex.expect("Shall I start asking again?")
    await town.tap(town.alex, "Yes", again)
    await town.settled()
    await town.asked()


async def test_not_what_i_meant_calls_nothing_off(town: Town) -> None:
    town.alex.text("I want to kill myself")
    await town.jo.expect("Urgent · R-118")
    await town.alex.expect("I've sent this to Jo.")
    before = town.jo.revision
    town.alex.tap("That's not what I meant")
    await town.alex.expect("I've added that to what I passed on.")
    await town.jo.expect("Client says: not what I meant.", after=before)
    assert [one["state"] for one in await town.alerts()] == ["raised"]


async def test_showing_the_words_is_written_down(town: Town) -> None:
    """Whoever holds the step may read them; the export's alert says that somebody did."""
    town.alex.text("I want to kill myself")
    await town.jo.expect("Urgent · R-118")
    town.jo.tap("Show")
    await town.jo.expect('Their words: "I want to kill myself"')


async def test_danger_words_in_a_goal_or_an_edit_are_found_too(town: Town) -> None:
    typed = town.alex.text("all fine")
    await town.settled()
    town.alex.edit(typed.id, "I want to kill myself")
    await town.alex.expect("Call 999 now.")
    await town.jo.expect("Urgent · R-118")


@pytest.mark.parametrize("typed", ["/stop I want to kill myself", "/nothing like that: I want to kill myself"])
async def test_danger_words_behind_a_slash_are_found(town: Town, typed: str) -> None:
    town.alex.text(typed)
    await town.alex.expect("Call 999 now.")
    await town.jo.expect("Urgent · R-118")


async def test_danger_words_below_a_picture_are_found(town: Town) -> None:
    town.alex.photo("I want to kill myself")
    await town.alex.expect("Call 999 now.")
    await town.jo.expect("Urgent · R-118")


async def test_of_a_long_text_the_part_that_was_found_is_shown(town: Town) -> None:
    """And of many the newest, as many as one message holds."""
    for _ in range(3):
        town.alex.text("blah " * 700 + "I want to kill myself " + "blah " * 60)
        await town.alex.expect("Call 999 now.")
        await town.settled()
    town.jo.tap("Show")
    shown = await town.jo.expect("Their words:")
    assert "I want to kill myself" in shown.text
    assert "2 more messages before these" in shown.text


async def test_danger_words_that_were_edited_in_an_hour_later_are_shown(town: Town) -> None:
    typed = town.alex.text("all fine")
    await town.pass_time(hours=1)
    town.alex.edit(typed.id, "I want to kill myself")
    await town.jo.expect("Urgent · R-118")
    town.jo.tap("Show")
    await town.jo.expect('Their words: "I want to kill myself"')


async def test_urgent_help_calls_nobody_by_looking(town: Town) -> None:
    await town.says(town.alex, "help")
    await town.alex.expect("Call 999 now.")
    await town.settled()
    assert words_on(town.jo) == ""
    town.alex.tap("Ask the Hill to contact me")
    await town.jo.expect("Urgent · R-118")
    await town.alex.expect("I've sent this to Jo.")


# ---------------------------------------------------------------- stop, break, hide, menu


@pytest.mark.parametrize("typed", ["STOP!!!", "fuck off", "/stop"])
async def test_stop_in_any_mood_is_quiet_at_once(town: Town, typed: str) -> None:
    card = await town.asked()
    town.alex.text(typed)
    await town.alex.expect("OK. I've gone quiet.")
    await town.settled()
    assert next(one for one in town.alex.messages if one.id == card.id).buttons == ()
    shown = words_on(town.alex)
    await town.pass_time(days=7)
    assert words_on(town.alex) == shown


async def test_hide_clears_the_chat_as_far_back_as_telegram_allows(town: Town) -> None:
    await town.asked()
    town.alex.text("hide")
    await town.alex.until(lambda: not [one for one in town.alex.messages if one.from_bot and "1 of 3" in one.text])


async def test_hide_clears_what_the_client_wrote_as_well(town: Town) -> None:
    """The bot's messages hold little; what the client typed is what nobody else should see."""
    typed = ["they were angry with me", "/menu", "/nonsense", "hide"]
    for words in typed:
        await town.says(town.alex, words)
        await town.settled()
    await town.alex.until(lambda: not {one.text for one in town.alex.messages} & set(typed))


async def test_on_a_shared_phone_typed_answers_go_with_the_question(town: Town) -> None:
    await town.says(town.alex, "menu")
    await town.tap(town.alex, "My answers")
    await town.tap(town.alex, "Other people see")
    await town.asked()
    for number in ("7", "8", "9"):
        await town.says(town.alex, number)
    await town.alex.expect("That's all for today")
    await town.pass_time(minutes=2)
    await town.alex.until(lambda: not {"7", "8", "9"} & {one.text for one in town.alex.messages})


async def test_the_menu_has_four_words_and_everything_is_behind_them(town: Town) -> None:
    shown = await town.says(town.alex, "menu")
    assert shown.labels[:4] == MENU
    for name, says in (
        ("I want to talk", "What is it about?"),
        ("Break or fewer", "What would suit you better?"),
        ("My answers", "What would you like to see or change?"),
    ):
        page = await town.tap(town.alex, name)
        assert says in page.text
        await town.tap(town.alex, "Back")


async def test_a_break_ends_by_asking(town: Town) -> None:
    await town.says(town.alex, "menu")
    await town.tap(town.alex, "Break or fewer")
    await town.tap(town.alex, "Take a break")
    said = await town.tap(town.alex, "1 week")
    assert "OK. I ask nothing until Tue 19 May." in said.text
    shown = words_on(town.alex)
    await town.pass_time(days=6)
    assert words_on(town.alex) == shown
    await town.pass_time(days=1)
    over = await town.alex.expect("The break you set is over.")
    await town.pass_time(days=4)
    assert not [one for one in town.alex.messages if "1 of 3" in one.text]
    await town.tap(town.alex, "Carry on", over)
    await town.asked()
    assert [one["why"] for one in (await town.kept())["pauses"]] == ["break"]
    assert not [one for one in (await town.kept())["signals"] if one["rule"] == "silence"]


async def test_no_more_messages_is_final_and_no_failure(town: Town) -> None:
    town.alex.text("stop")
    await town.alex.expect("OK. I've gone quiet.")
    await town.tap(town.alex, "No more messages")
    await town.tap(town.alex, "No more messages")
    await town.sam.expect("R-118 · not taking part any more")
    await town.settled()
    shown = words_on(town.alex)
    await town.pass_time(days=10)
    assert words_on(town.alex) == shown


async def test_wanting_to_talk_reaches_the_worker_with_what_it_is_about(town: Town) -> None:
    await town.says(town.alex, "menu")
    await town.tap(town.alex, "I want to talk")
    await town.tap(town.alex, "How we work together")
    await town.settled()
    assert "asked to talk about how you two work together" in words_on(town.sam)


# ---------------------------------------------------------------- goals


async def test_goals_are_added_changed_and_let_go_in_own_words(either_town: Town) -> None:
    town = either_town
    await town.says(town.alex, "/goals")
    await town.says(town.alex, "Sleep at my own place")
    shown = await town.sam.expect("Sleep at my own place")
    assert shown.text.startswith("R-118 · a new goal")
    await town.says(town.alex, "/goals")
    town.alex.tap("Change the words")
    await town.alex.expect("Which one shall I change?")
    await town.tap(town.alex, "1. Sleep")
    await town.pass_time(minutes=1)
    await town.says(town.alex, "Sleep at home")
    await town.sam.expect("Sleep at home")
    await town.says(town.alex, "/goals")
    town.alex.tap("Let one go")
    await town.alex.expect("Which one do you want to let go?")
    await town.tap(town.alex, "1. Sleep")
    await town.tap(town.alex, "Yes, let it go")
    await town.sam.expect("a goal has been let go")
    [goal] = (await town.kept())["goals"]
    assert (goal["text"], goal["state"]) == ("Sleep at home", "let_go")


async def test_a_goal_is_quoted_only_after_both_have_said_yes(town: Town) -> None:
    await town.says(town.alex, "/goals")
    await town.says(town.alex, "Sleep at my own place")
    await town.sam.expect("Sleep at my own place")
    town.sam.tap("I've seen it")
    asked = await town.alex.expect("Sam has seen your goal 1.")
    agreed = await town.tap(town.alex, "Yes, my words", asked)
    assert "Your own words from now on" in agreed.text


# ---------------------------------------------------------------- the check-in itself


async def test_back_skip_and_later(town: Town) -> None:
    await town.asked()
    await town.answers(8)
    assert (await town.tap(town.alex, "Back")).text.startswith("1 of 3")
    await town.answers(7)
    await town.tap(town.alex, "Skip")
    assert "3 of 3" in town.alex.last.text
    await town.tap(town.alex, "Later")
    said = await town.tap(town.alex, "In an hour")
    assert "15:00" in said.text
    before = town.alex.revision
    await town.pass_time(hours=1)
    again = await town.alex.expect("3 of 3", after=before)
    assert again.labels[:1] == ["0"]
    await town.answers(8)
    kept = (await town.kept())["check_ins"][-1]
    assert [(one["value"], one["skipped"]) for one in kept["answers"]] == [(7, False), (None, True), (8, False)]


@pytest.mark.parametrize("typed", ["7/10", "seven"])
async def test_a_typed_number_counts_like_a_tap(town: Town, typed: str) -> None:
    await town.asked()
    town.alex.text(typed)
    await town.alex.expect("2 of 3")
    assert await town.values() == [7]


async def test_one_reminder_without_a_sound_that_stops_on_an_answer(town: Town) -> None:
    await town.asked()
    await town.pass_time(hours=4, minutes=1)
    reminder = await town.alex.expect("The 3 questions are still here if you want them.")
    assert reminder.silent
    shown = words_on(town.alex)
    await town.pass_time(hours=1)
    assert words_on(town.alex) == shown


async def test_no_reminder_for_who_has_answered(town: Town) -> None:
    await town.asked()
    await town.answers(8, 8, 8)
    await town.pass_time(hours=6)
    assert "still here" not in words_on(town.alex)


@pytest.mark.slow
async def test_four_untouched_in_a_row_and_the_worker_is_asked_to_look(town: Town) -> None:
    """After two the question about the questions takes the place of a third; after four the bot is quiet."""
    for _ in range(6):
        due = await town.stage.next_check_in("R-118")
        if due is None:
            break
        await town.pass_until(due)
        await town.pass_time(hours=24, minutes=1)
    assert "Maybe I'm asking at a bad time." in words_on(town.alex)
    assert "so I've gone quiet" in words_on(town.sam)
    shown = words_on(town.alex)
    await town.pass_time(days=10)
    assert words_on(town.alex) == shown


@pytest.mark.slow
async def test_nobody_is_told_of_quiet_while_the_client_is_still_asked(town: Town) -> None:
    """A tap on the question about the questions shows that the client is there: two more misses are only two."""
    for n in range(5):
        due = await town.stage.next_check_in("R-118")
        assert due is not None
        await town.pass_until(due)
        if n == 2:
            await town.tap(town.alex, "Keep it as it is")
        await town.pass_time(hours=24, minutes=1)
    assert await town.stage.next_check_in("R-118") is not None
    assert [one.text for one in town.sam.messages if "R-118" in one.text and "gone quiet" in one.text] == []


async def test_words_after_the_thanks_reach_the_worker_only_with_a_yes(town: Town) -> None:
    await town.asked()
    await town.answers(8, 8, 8)
    await town.says(town.alex, "he was late again")
    await town.settled()
    assert "late again" not in words_on(town.sam)
    await town.tap(town.alex, "Yes, show Sam")
    await town.sam.expect("he was late again")


async def test_a_low_answer_and_a_break_at_once(town: Town) -> None:
    """The break stops the questions, never the alert that was asked for."""
    await town.asked()
    await town.answers(*LOW)
    await town.tap(town.alex, "Tell")
    town.alex.text("stop")
    await town.alex.expect("OK. I've gone quiet.")
    await town.pass_time(seconds=61)
    await town.sam.expect("R-118 · please look today")


@pytest.mark.parametrize("elsewhere", ["menu", "/when", "stop"])
async def test_whoever_went_elsewhere_is_no_longer_typing_a_goal(town: Town, elsewhere: str) -> None:
    """A goal is shown to the worker at once: what was typed after something else must not become one."""
    await town.says(town.alex, "/goals")
    await town.says(town.alex, elsewhere)
    await town.says(town.alex, "it was a long day")
    await town.settled()
    assert (await town.kept())["goals"] == []
    assert "long day" not in words_on(town.sam)


async def test_a_tap_elsewhere_ends_the_typing_of_a_goal(town: Town) -> None:
    await town.says(town.alex, "/goals")
    await town.asked()
    await town.says(town.alex, "/goals")
    await town.answers(8, 8, 8)
    await town.says(town.alex, "it was a long day")
    await town.settled()
    assert (await town.kept())["goals"] == []
    assert "long day" not in words_on(town.sam)
