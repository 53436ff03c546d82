"""The menu, breaks, quiet, settings, hiding; and everything that is typed, in its order."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
import sqlalchemy as sa

from bot.actions import settings
from bot.actions.desk import Desk
from bot.domain.alerts import Kind
from bot.domain.people import Asking, Person, Status, Style
from storage import tables as t
from tests.support.chats import Chat
from tests.support.people import a_client, a_manager, a_worker

pytestmark = pytest.mark.parametrize("memory", ["sqlite"], indirect=True)  # pages and words; joining runs on both
PHONE, WORKER, DUTY = 1001, 2001, 3001


@pytest.fixture
async def worker(desk: Desk) -> Person:
    await a_manager(desk, "M-1", "Jo", chat_id=DUTY)
    await a_manager(desk, "M-2", "Kim", chat_id=3002)
    return await a_worker(desk)


@pytest.fixture
async def chat(desk: Desk, worker: Person) -> Chat:
    await a_client(desk, worker)
    return Chat(desk, PHONE)


def sent_to(chat: Chat, chat_id: int) -> list[str]:
    return [one.kind for one in chat.letters if one.chat_id == chat_id]


# ---------------------------------------------------------------- menu


@pytest.mark.parametrize("typed", ["menu", "Menu!", "/menu"])
async def test_the_menu_is_four_lines_in_words(chat: Chat, typed: str) -> None:
    await chat.types(typed)
    assert chat.labels == [
        "Urgent help",
        "I want to talk about something",
        "Break or fewer messages",
        "My answers and settings",
    ]


async def test_every_button_of_every_page_leads_somewhere(chat: Chat) -> None:
    """Each button that can be reached is tapped once; none gets a refusal that says the button is old."""
    await chat.types("menu")
    done: set[str] = set()
    todo = [button.data for row in chat.screens[-1].rows for button in row]
    while todo:
        data = todo.pop()
        if data is None or data in done or data.startswith(("1:m:no_more_yes", "1:c:contact", "1:g:")):
            continue
        done.add(data)
        shown = len(chat.screens)
        await chat.taps_data(data)
        assert chat.refused not in ("errors.stale_button", "errors.unknown_command"), data
        todo += [button.data for screen in chat.screens[shown:] for row in screen.rows for button in row]
    assert len(done) > 40


async def test_every_hour_that_is_offered_can_be_chosen(chat: Chat, desk: Desk) -> None:
    """Also those before ten, which are written with a nought."""
    night = replace(desk.plan.calendar.quiet_hours, start=time(22), end=time(7))
    calendar = replace(desk.plan.calendar, quiet_hours=night)
    desk.plan = replace(desk.plan, service=replace(desk.plan.service, calendar=calendar))
    await chat.taps_data("1:m:time")
    offered = [button.data for row in chat.screens[-1].rows for button in row if button.data and ":at:" in button.data]
    assert offered
    for data in offered:
        await chat.taps_data(data)
        assert chat.refused is None, data


async def test_however_much_somebody_has_said_their_own_answers_fit_one_message(chat: Chat, desk: Desk) -> None:
    client = await chat.client()
    async with desk.turn() as turn:
        for n in range(40):
            remark = await turn.m.remarks.add(client.id, None, n, f"{n} " + "and so on " * 30, turn.now)
            await turn.m.remarks.change(remark.id, shown_to="worker")
    await chat.types("/mydata")
    assert 3000 < len(chat.shows) <= 4096
    assert "These are the newest." in chat.shows


async def test_an_unknown_page_gets_the_kind_answer_for_old_buttons(chat: Chat) -> None:
    assert (await chat.taps_data("1:m:nonsense")).refused == "errors.stale_button"
    assert (await chat.taps_data("1:m")).refused == "errors.stale_button"
    assert (await chat.taps_data("1:m:toggle:x")).refused == "errors.stale_button"


# ---------------------------------------------------------------- quiet and breaks


@pytest.mark.parametrize("said", ["stop", "FUCK OFF", "leave me alone", "unsubscribe", "please stop"])
async def test_stop_in_any_mood_is_quiet_before_any_tap(chat: Chat, said: str) -> None:
    await chat.types(said)
    assert (await chat.client()).asking is Asking.QUIETED
    assert chat.shows == "OK. I've gone quiet."
    assert chat.labels == ["No more messages", "Just a break", "It's about Sam", "Carry on"]


async def test_when_says_that_nothing_is_asked_just_now(chat: Chat) -> None:
    await chat.types("/when")
    assert "not asking" not in chat.shows
    await chat.types("stop")
    await chat.types("/when")
    assert chat.shows.endswith("Just now I'm not asking anything.")


@pytest.mark.parametrize("page", ["break", "when", "less", "one", "on"])
async def test_to_whoever_has_left_nothing_is_promised_but_the_way_back(chat: Chat, page: str) -> None:
    await chat.taps_data("1:m:no_more_yes")
    await chat.taps_data(f"1:m:{page}")
    assert chat.refused == "client.leave.gone_already"


async def test_after_stop_there_is_a_way_back(chat: Chat) -> None:
    await chat.types("stop")
    await chat.types("menu")
    await chat.taps("Break or fewer")
    await chat.taps("Carry on")
    assert (await chat.client()).asking is Asking.ON
    await chat.taps_data("1:m:break")
    assert "Carry on" not in chat.labels


async def test_what_was_not_meant_as_stop_is_taken_back_with_one_tap(chat: Chat) -> None:
    await chat.types("enough")
    await chat.taps("Carry on")
    assert (await chat.client()).asking is Asking.ON
    assert chat.shows.startswith("OK. Next one is on")


@pytest.mark.parametrize("said", ["hello, I lost my phone", "7"])
@pytest.mark.parametrize("asking", [Asking.GONE_QUIET, Asking.BREAK])
async def test_whoever_writes_again_after_a_long_silence_is_shown_the_way_back(
    chat: Chat, desk: Desk, said: str, asking: Asking
) -> None:
    client = await chat.client()
    async with desk.turn() as turn:
        await turn.m.people.change_client(client.id, asking=asking, asking_since=turn.now)
    await chat.types(said)
    assert chat.shows == "Hi again. Shall I start asking again?"
    await chat.taps("Not now")
    assert (await chat.client()).asking is asking
    before = len(chat.screens)
    await chat.types("and more")
    assert "Hi again" not in "".join(one.text for one in chat.screens[before:]), "once a day"
    await chat.taps("Yes")
    assert (await chat.client()).asking is Asking.ON
    told = [one for one in chat.letters if one.chat_id == WORKER]
    assert [one.facts["key"] for one in told] == ["worker.silence.came_back"] * (asking is Asking.GONE_QUIET)


async def test_whoever_wanted_quiet_is_not_asked_again_for_writing(chat: Chat) -> None:
    await chat.types("stop")
    await chat.types("thank you")
    assert "Hi again" not in chat.shows


async def test_a_break_has_an_end_and_then_asks_before_going_on(chat: Chat, desk: Desk) -> None:
    await chat.types("/pause")
    await chat.taps("1 week")
    assert chat.shows == "OK. I ask nothing until Tue 19 May. Then I'll see if you want to go on."
    client = await chat.client()
    assert client.asking is Asking.BREAK
    desk.clock.advance(timedelta(days=6))
    async with desk.turn() as turn:
        assert await settings.end_due_breaks(turn) == 0
    desk.clock.advance(timedelta(days=1))
    async with desk.turn() as turn:
        assert await settings.end_due_breaks(turn) == 1
        assert await settings.end_due_breaks(turn) == 0
    await chat.receive()
    assert chat.shows == "Hi again. The break you set is over."
    assert (await chat.client()).asking is Asking.BREAK
    await chat.taps("Carry on")
    assert (await chat.client()).asking is Asking.ON
    assert chat.shows.startswith("OK. Next one is on T")


async def test_a_break_until_a_typed_day(chat: Chat) -> None:
    await chat.types("/pause")
    await chat.taps("Until a day I choose")
    assert (await chat.types("whenever")).refused == "client.break.date_unclear"
    assert (await chat.types("1 May 2026")).refused == "client.break.date_past"
    assert (await chat.types("24 May 2031")).refused == "client.break.date_far"
    await chat.types("24 may")
    assert "Sun 24 May" in chat.shows
    paused = (await chat.client()).paused_until
    assert paused is not None
    assert paused.isoformat() == "2026-05-24T08:00:00+00:00"  # nine in the morning in London, when quiet hours end


async def test_the_worker_reads_no_reason_into_a_goodbye(chat: Chat) -> None:
    await chat.types("stop")
    await chat.taps("No more messages")
    await chat.taps("No more messages")
    assert (await chat.client()).person.status is Status.LEFT
    (told,) = [one for one in chat.letters if one.chat_id == WORKER]
    assert told.facts["key"] == "worker.left.text"
    assert "deleted on" not in chat.shows  # nothing is promised that nothing does


async def test_whoever_left_can_still_look_and_still_get_help(chat: Chat) -> None:
    await chat.types("stop")
    await chat.taps("No more messages")
    await chat.taps("No more messages")
    await chat.types("help")
    assert any("999" in screen.text for screen in chat.screens)
    await chat.types("menu")
    assert "Urgent help" in chat.labels
    assert (await chat.taps_data("1:m:on")).refused == "client.leave.gone_already"


async def test_pauses_are_on_record_so_that_they_count_against_nobody(chat: Chat, desk: Desk) -> None:
    await chat.types("/pause")
    await chat.taps("2 weeks")
    desk.clock.advance(timedelta(days=3))
    await chat.taps("Carry on")
    client_id = (await chat.client()).id
    async with desk.turn() as turn:
        ((why, begun, ended),) = await turn.m.people.pauses(client_id)
    assert (why, ended) == ("break", begun + timedelta(days=3))


# ---------------------------------------------------------------- settings


async def test_less_often_and_just_one(chat: Chat) -> None:
    await chat.types("menu")
    await chat.taps("Break or fewer")
    await chat.taps("Ask less often")
    assert chat.shows == "OK. From now on: Once a week."
    await chat.taps("Just 1 question")
    assert (await chat.client()).own_times == {"days": [1], "max_questions": 1}


async def test_days_and_time_of_ones_own(chat: Chat) -> None:
    await chat.types("/when")
    assert "Tuesday and Thursday at 14:00" in chat.shows
    await chat.taps("Other day")
    await chat.taps("Friday")
    await chat.taps("✓ Tuesday")
    await chat.taps("Back")
    await chat.taps("Other time")
    assert (await chat.types("21:00")).refused == "client.when.quiet_hours"
    await chat.types("10.30")
    assert "Thursday and Friday at 10:30" in chat.shows


async def test_the_last_day_stays(chat: Chat) -> None:
    await chat.types("/when")
    await chat.taps("Other day")
    await chat.taps("✓ Tuesday")
    await chat.taps("✓ Thursday")
    assert "✓ Thursday" in chat.labels


async def test_words_instead_of_numbers_and_a_shared_phone(chat: Chat) -> None:
    await chat.types("menu")
    await chat.taps("My answers and settings")
    await chat.taps("Words, not numbers")
    await chat.taps("Back")
    await chat.taps("Other people see this phone")
    client = await chat.client()
    assert (client.style, client.quiet_mode) == (Style.WORDS, True)


async def test_with_one_language_there_is_nothing_to_choose(chat: Chat) -> None:
    await chat.types("/language")
    assert chat.shows == "I only know this language for now."


async def test_hide_deletes_what_stands_there_from_the_last_two_days_and_nothing_older(chat: Chat, desk: Desk) -> None:
    await chat.types("menu")
    desk.clock.advance(timedelta(hours=49))
    await chat.types("help")
    async with desk.glance() as m:
        young = set(
            await m.con.scalars(
                sa.select(t.message.c.message_id).where(t.message.c.sent_at > desk.clock.now() - timedelta(hours=48))
            )
        )
    await chat.types("hide")
    (letter,) = [one for one in chat.letters if one.kind == "delete"]
    deleted = {letter.edits, *letter.facts["also"]}
    assert deleted == young
    assert young


# ---------------------------------------------------------------- talk and help


async def test_how_we_work_goes_to_the_worker(chat: Chat, desk: Desk) -> None:
    await chat.types("/talk")
    await chat.taps("How we work together")
    assert "Sam will hear" in chat.shows
    client_id = (await chat.client()).id
    async with desk.turn() as turn:
        assert await turn.m.alerts.open_of(client_id, Kind.ALLIANCE) is not None


async def test_someone_else_goes_to_the_other_person_and_never_to_the_worker(chat: Chat) -> None:
    await chat.types("/talk")
    await chat.taps("I'd like someone else")
    assert chat.shows.startswith("I'd pass this to Kim. Sam isn't told.")
    await chat.taps("Yes, ask Kim")
    assert sent_to(chat, 3002) == ["manager.someone_else"]
    assert sent_to(chat, WORKER) == []


async def test_looking_at_the_numbers_calls_nobody(chat: Chat) -> None:
    await chat.types("menu")
    await chat.taps("Urgent help")
    assert "999" in chat.shows
    assert {one.chat_id for one in chat.letters} == {PHONE}
    assert chat.labels[0] == "Ask Riverside to contact me"


async def test_only_the_second_button_calls_somebody(chat: Chat) -> None:
    await chat.types("help")
    await chat.taps("Ask Riverside to contact me")
    assert sent_to(chat, DUTY)
    assert (await chat.client()).asking is Asking.CRISIS


async def test_words_of_danger_bring_the_numbers_first_and_stop_the_questions(chat: Chat, desk: Desk) -> None:
    await chat.types("I want to die")
    first = next(one for one in chat.letters if one.chat_id == PHONE)
    assert first.kind == "client.crisis"
    assert any("999" in screen.text and "robot" in screen.text for screen in chat.screens)
    assert sent_to(chat, DUTY)
    assert (await chat.client()).asking is Asking.CRISIS
    client_id = (await chat.client()).id
    async with desk.turn() as turn:
        ((text, shown),) = [(one.text, one.shown_to) for one in await turn.m.remarks.of(client_id)]
    assert (text, shown) == ("I want to die", "nobody")


async def test_danger_inside_an_outburst_is_danger(chat: Chat) -> None:
    await chat.types("leave me alone i want to die")
    assert (await chat.client()).asking is Asking.CRISIS


async def test_danger_comes_before_what_the_chat_was_waiting_for(chat: Chat, desk: Desk) -> None:
    await chat.types("/goals")
    await chat.types("kill myself")
    client_id = (await chat.client()).id
    async with desk.turn() as turn:
        assert await turn.m.goals.of(client_id) == []
    assert (await chat.client()).asking is Asking.CRISIS


async def test_not_what_i_meant_calls_nothing_off(chat: Chat) -> None:
    await chat.types("I want to die of boredom")
    await chat.taps("That's not what I meant")
    assert (await chat.client()).asking is Asking.CRISIS
    await chat.types("/pause")
    assert (await chat.taps("1 week")).refused == "client.crisis.still_quiet"


# ---------------------------------------------------------------- what is not understood


async def test_words_out_of_nowhere_get_one_kind_sentence(chat: Chat) -> None:
    await chat.types("hello there")
    assert chat.shows == "I didn't get that. Type menu to see what I can do."


@pytest.mark.parametrize(
    ("what", "key"), [("photo", "picture"), ("sticker", "picture"), ("voice", "voice_off"), ("other", "other_kind")]
)
async def test_what_is_no_text_gets_its_sentence(chat: Chat, what: str, key: str) -> None:
    assert (await chat.sends(what)).refused == f"client.small.{key}"


async def test_a_very_long_text_is_asked_for_in_parts_but_scanned_all_the_same(chat: Chat) -> None:
    assert (await chat.types("blah " * 1000)).refused == "client.words.too_long"
    await chat.types("blah " * 1000 + "i want to die")
    assert (await chat.client()).asking is Asking.CRISIS


async def test_help_for_a_worker_is_a_list(desk: Desk, chat: Chat) -> None:
    assert "/caseload – Your clients" in (await Chat(desk, WORKER).types("/help")).shows


async def test_a_stranger_learns_nothing(desk: Desk, chat: Chat) -> None:
    stranger = Chat(desk, 4242)
    for text in ("hello", "stop", "/menu", "I want to die"):
        assert (await stranger.types(text)).refused in (
            "errors.stranger",
            "errors.stranger_in_danger",
            "errors.unknown_command",
        )


async def test_a_worker_gets_nothing_from_a_clients_buttons(desk: Desk, chat: Chat) -> None:
    staff = Chat(desk, WORKER)
    assert (await staff.taps_data("1:m:answers")).refused == "errors.unknown_command"


async def test_staff_who_were_taken_off_the_roster_are_told_nothing_more(desk: Desk, chat: Chat, worker: Person) -> None:
    async with desk.turn() as turn:
        await turn.m.people.change(worker.id, status=Status.DISCHARGED)
    with pytest.raises(Exception, match="no_longer"):
        await Chat(desk, WORKER).types("/help")
