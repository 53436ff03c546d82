"""Whatever people do: one kind sentence, nothing lost, nothing kept as an answer, nothing repeated of what was typed."""

import pytest

from bot.rehearsal.telegram import Phone
from tests.support.town import LOW, Town, alerts_on, answered, toast, words_on

SECRET = "xyzzy-plugh-1234567890"


async def heard(town: Town, words: str) -> str:
    """What Alex gets for something typed, which is never repeated."""
    said = await town.says(town.alex, words)
    assert words not in said.text
    return said.text


async def test_an_unknown_command(town: Town) -> None:
    assert await heard(town, f"/{SECRET}") == "I don't know that one. Type /help to see what I can do."


async def test_a_command_of_somebody_else_is_as_unknown_as_any(town: Town) -> None:
    """A client who types a worker's command learns nothing by it."""
    assert await heard(town, "/caseload") == await heard(town, "/nonsense")
    assert "open alert" not in words_on(town.alex)


async def test_what_is_not_words_gets_its_sentence_and_leaves_the_question_open(town: Town) -> None:
    card = await town.asked()
    picture = "I can't look at pictures. If it's urgent, type help."
    voice = "I can't understand voice, and nobody hears it. If it's urgent, type help."
    for send, says in ((town.alex.sticker, picture), (town.alex.photo, picture), (town.alex.voice, voice)):
        before = town.alex.revision
        send()
        assert (await town.alex.expect(lambda one: one.id != card.id, after=before)).text == says
    await town.answers(8, 8, 8)
    assert await town.values() == [8, 8, 8]


async def test_five_thousand_letters(town: Town) -> None:
    """Telegram cuts at 4,096, but nothing here relies on that."""
    await town.asked()
    assert await heard(town, "so " * 1_667) == "That's more than I can keep in one go. Please send it in shorter parts."
    assert (await town.kept())["remarks"] == []
    await town.answers(8, 8, 8)
    assert await town.values() == [8, 8, 8]


async def test_a_number_out_of_range_is_no_answer(town: Town) -> None:
    await town.asked()
    for typed in ("11", "-1", "99/10", "1000000"):
        assert await heard(town, typed) == "Please tap a number, or type one from 0 to 10."
    assert await town.values() == []


async def test_a_number_while_nothing_is_open(town: Town) -> None:
    assert "I kept no number." in await heard(town, "7")


async def test_a_double_tap_is_one_answer(either_town: Town) -> None:
    town = either_town
    card = await town.asked()
    first, second = town.alex.tap("8", card.id), town.alex.tap("8", card.id)
    await toast(first)
    await toast(second)
    await town.settled()
    assert await town.values() == [8]
    assert "2 of 3" in town.alex.last.text
    [answer] = (await town.kept())["check_ins"][-1]["answers"]
    assert answer["versions"] == []


async def test_a_tap_on_an_earlier_question_of_the_same_card_changes_that_answer(town: Town) -> None:
    card = await town.asked()
    data = card.button("3")
    await town.answers(8, 8, 8)
    assert data is not None
    tap = town.alex.tap_data(card.id, data.data or "")
    assert await toast(tap) == "OK, changed."
    await town.settled()
    assert await town.values() == [3, 8, 8]
    first = (await town.kept())["check_ins"][-1]["answers"][0]
    assert [one["value"] for one in first["versions"]] == [8]


async def test_a_tap_on_an_expired_question(town: Town) -> None:
    card = await town.asked()
    data = (card.button("8") or card.buttons[0][0]).data or ""
    await town.pass_time(hours=25)
    assert not any(one.buttons for one in town.alex.messages if one.id == card.id), "gone by then, or at least bare"
    before = town.alex.revision
    tap = town.alex.tap_data(card.id, data)
    said = await toast(tap)
    await town.settled()
    assert "That one has gone. Nothing lost." in " ".join([said, *(one.text or "" for one in town.alex.messages)])
    assert town.alex.revision >= before
    assert (await town.kept())["check_ins"][-1]["state"] == "expired"
    assert await town.values() == []


async def test_a_tap_on_a_button_of_a_message_that_is_gone_still_counts(town: Town) -> None:
    """The chat was cleared between looking and tapping: the answer is kept."""
    card = await town.asked()
    data = (card.button("8") or card.buttons[0][0]).data or ""
    town.alex.clear()
    await toast(town.alex.tap_data(card.id, data))
    await town.settled()
    assert await town.values() == [8]


async def test_somebody_elses_button_is_refused_and_changes_nothing(town: Town) -> None:
    card = await town.asked()
    data = (card.button("1") or card.buttons[0][0]).data or ""
    before = town.bo.revision
    tap = town.bo.tap_data(1, data)
    said = f"{await toast(tap)} {(await town.bo.expect(lambda _: True, after=before)).text}"
    assert "button" in said
    assert "R-118" not in said
    assert "Alex" not in said
    assert await town.values() == []


async def test_a_workers_button_in_the_hands_of_a_client_opens_nothing(town: Town) -> None:
    alert = await town.told()
    for data in [button.data or "" for row in alert.buttons for button in row]:
        before = town.bo.revision
        town.bo.tap_data(alert.id, data)
        assert "R-118" not in (await town.bo.expect(lambda _: True, after=before)).text
    assert [one["state"] for one in await town.alerts()] == ["raised"]


async def test_another_workers_alert_is_not_there_for_a_worker(town: Town) -> None:
    """Kim covers, but has not been asked yet."""
    alert = await town.told()
    before = town.kim.revision
    town.kim.tap_data(alert.id, alert.buttons[0][0].data or "")
    assert (await town.kim.expect(lambda _: True, after=before)).text == "There's nothing open under that ref."
    assert [one["state"] for one in await town.alerts()] == ["raised"]


async def test_forged_data_gets_an_answer_and_changes_nothing(town: Town) -> None:
    card = await town.asked()
    for data in (
        "",
        "1",
        "1:",
        "1:a",
        "1:a:::",
        "9:a:b:c",
        "1:nosuch:1",
        "1:a:x:0:8",
        "1:a:x:99:1e9",
        "☃" * 20,
        "1:ack:x",
    ):
        shown = len(words_on(town.alex))
        await toast(town.alex.tap_data(card.id, data))
        await answered(town.stage)
        said = words_on(town.alex)[shown:]
        assert "That button has had its day. Nothing is lost." in said or "has gone" in said, data
    await town.answers(8, 8, 8)
    assert await town.values() == [8, 8, 8]


async def test_a_worker_who_opens_somebody_elses_client_hears_what_an_unknown_ref_gets(either_town: Town) -> None:
    town = either_town
    for command in ("/client", "/invite", "/hold", "/met", "/missed", "/ack", "/intouch"):
        other = (await town.says(town.kim, f"{command} R-118")).text
        unknown = (await town.says(town.kim, f"{command} R-999")).text
        assert other == unknown
        assert "R-118" not in other
    assert words_on(town.sam) == ""


async def test_an_edited_message_changes_the_typed_answer_and_starts_nothing_new(town: Town) -> None:
    await town.asked()
    typed = town.alex.text("7")
    await town.alex.expect("2 of 3")
    town.alex.edit(typed.id, "6")
    await town.settled()
    assert await town.values() == [6]
    town.alex.edit(typed.id, "stop")
    await town.settled()
    assert "gone quiet" not in words_on(town.alex)


async def test_words_in_the_middle_of_a_check_in_are_kept_as_words_and_not_as_an_answer(town: Town) -> None:
    await town.asked()
    said = await town.says(town.alex, f"he was late again {SECRET}")
    assert "Shall Sam see that?" in said.text
    assert SECRET not in said.text
    assert await town.values() == []
    await town.answers(*LOW)
    await town.settled()
    assert SECRET not in words_on(town.sam)


async def test_blocked_and_unblocked_in_the_middle_nothing_is_lost(town: Town) -> None:
    await town.asked()
    await town.answers(8)
    town.alex.block()
    await town.settled()
    town.alex.unblock()
    await town.settled()
    assert await town.values() == [8]


async def test_a_stranger_gets_one_sentence_and_nothing_is_kept_of_them(town: Town) -> None:
    nobody = town.stranger()
    said = await town.says(nobody, f"hello {SECRET}")
    assert said.text.startswith("I don't know this chat yet.")
    assert "999" in said.text
    before = nobody.revision
    nobody.sticker()
    assert (await nobody.expect(lambda _: True, after=before)).text.startswith("I don't know this chat yet.")
    before = nobody.revision
    nobody.tap_data(1, "1:a:b:0:8")
    assert (await nobody.expect(lambda _: True, after=before)).text.startswith("I don't know this chat yet.")


async def test_a_stranger_who_types_a_workers_command_learns_nothing(town: Town) -> None:
    nobody = town.stranger()
    assert "R-" not in (await town.says(nobody, "/client R-118")).text
    assert "R-" not in (await town.says(nobody, "/caseload")).text


async def test_staff_who_just_type_are_told_where_help_is(town: Town) -> None:
    for phone in (town.sam, town.jo):
        said = await town.says(phone, f"what about {SECRET}")
        assert said.text == "I didn't get that, and nobody else reads it. Type /help to see what I can do."


async def test_words_of_danger_from_staff_are_passed_on_to_nobody_and_it_says_so(town: Town) -> None:
    said = await town.says(town.sam, "R-118 wrote to me: i want to die")
    assert said.text.endswith("please tell somebody by phone.\nCall 999 now.")
    assert await town.alerts() == []


@pytest.mark.parametrize("typed", ["help", "Menu", "/help"])
async def test_staff_get_their_commands_by_word_as_well(town: Town, typed: str) -> None:
    assert "/caseload" in (await town.says(town.sam, typed)).text


async def test_staff_who_open_the_bot_anew_are_told_of_what_is_theirs(town: Town) -> None:
    said = await town.says(town.sam, "/start")
    assert said.text == "You're already in. Nothing has changed. /help shows what I can do."


@pytest.mark.parametrize("typed", ["r-118", "R–118", "R-118,"])
async def test_a_ref_may_be_typed_as_phones_write_it(town: Town, typed: str) -> None:
    assert (await town.says(town.sam, f"/client {typed}")).text.startswith("R-118 · ")
    assert (await town.says(town.sam, f"/hold {typed}")).text.startswith("R-118: I've gone quiet.")
    assert (await town.says(town.kim, f"/client {typed}")).text == "I don't know that ref."
    assert (await town.says(town.jo, f"/unlink {typed}")).text.startswith("R-118 · close their chat?")


async def test_an_old_button_of_an_alert_that_is_closed(town: Town) -> None:
    alert = await town.told()
    got_it = alert.buttons[0][0].data or ""
    town.sam.tap("More")
    await town.sam.expect("What shall happen with R-118?")
    await town.tap(town.sam, "Not a concern")
    town.sam.tap("I knew, and it's in hand")
    await town.sam.expect("Not a concern: noted")
    before = town.sam.revision
    town.sam.tap_data(alert.id, got_it)
    assert (await town.sam.expect(lambda _: True, after=before)).text == "That one is closed already."
    assert alerts_on(town.sam) == []
    assert [one["state"] for one in await town.alerts()] == ["dismissed"]


async def test_what_is_forwarded_is_nobodys_answer_and_no_words_of_theirs(town: Town) -> None:
    """A number that somebody else wrote, somebody's "stop", and somebody's words."""
    await town.asked()
    for words in ("7", "stop", "look what she wrote about me"):
        before = town.alex.revision
        town.alex.text(words, forwarded=True)
        await town.alex.expect("I can only take your own words.", after=before)
    kept = await town.kept()
    assert kept["check_ins"][-1]["answers"] == []
    assert kept["remarks"] == []
    assert kept["pauses"] == []


async def test_words_of_danger_are_heard_even_when_they_are_forwarded(town: Town) -> None:
    town.alex.text("i want to die", forwarded=True)
    await town.alex.expect("Call 999 now.")


async def unreadable(town: Town, phone: Phone, words: str) -> str:
    """A message with a part that nothing here can read, as a later Telegram may bring; what the person then reads."""
    before = phone.revision
    message = phone._message(words, extra={"poll": {"id": 7}})
    phone._say(message, words)
    await town.settled()
    return (await phone.expect(lambda _: True, after=before)).text


async def test_who_sent_what_could_not_be_read_is_not_left_without_an_answer(town: Town) -> None:
    for phone in (town.alex, town.sam, town.stranger()):
        assert "didn't get through, and nobody has seen it. Please try again." in await unreadable(town, phone, "hello")
    await town.jo.expect("Something could not be handled")


async def test_words_of_danger_are_passed_on_even_from_what_could_not_be_read(town: Town) -> None:
    assert "I've sent this to Jo" in await unreadable(town, town.alex, "i want to die")
    await town.jo.expect("Urgent · R-118")
    assert "Call 999 now." in await unreadable(town, town.stranger(), "i want to die")


async def test_a_group_that_it_never_learnt_it_was_added_to_is_left_at_the_first_word(town: Town) -> None:
    """The note that it was added came while it was away for more than a day, and was lost."""
    group = town.stage.standin.group(-100501, "Family")
    group.chat.open = True
    group.text("hello everybody", town.alex)
    await town.settled()
    assert group.messages == []
    assert not group.has_bot
