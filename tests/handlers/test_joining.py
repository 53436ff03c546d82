"""Joining: a link that opens once, six screens that edit themselves, and a no that is respected."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from bot.actions import coming, housekeeping, invitations, joining, people
from bot.actions.desk import Desk
from bot.domain.errors import Refusal
from bot.domain.invitations import MANY_WRONG, MOST_WRONG
from bot.domain.people import Asking, Client, Person, Status, Style
from bot.domain.words import Role
from tests.support.chats import Chat
from tests.support.people import a_client, a_manager, a_worker

PHONE = 1001


@pytest.fixture
async def worker(desk: Desk) -> Person:
    await a_manager(desk, "M-2", "Kim", chat_id=3002)
    return await a_worker(desk)


@pytest.fixture
async def invited(desk: Desk, worker: Person) -> Client:
    return await a_client(
        desk, worker, chat_id=None, asking="not_yet", consent_version=None, consent_at=None, join_screen=0
    )


async def code_for(desk: Desk, ref: str = "R-118") -> str:
    async with desk.turn() as turn:
        return (await invitations.invite(turn, ref, "W-1")).code


async def opened(desk: Desk, chat_id: int = PHONE) -> Chat:
    return await Chat(desk, chat_id).types(f"/start {await code_for(desk)}")


async def test_six_screens_and_the_first_button_of_each_goes_forward(desk: Desk, invited: Client) -> None:
    chat = await opened(desk)
    seen = []
    for _ in range(6):
        seen.append(chat.shows)
        assert chat.labels[0].startswith(("Yes", "Next", "I agree"))
        await chat.taps(chat.labels[0])
    assert [text.split("\n")[0] for text in seen] == [f"{n} of 6" for n in range(1, 7)]
    assert "Tuesday and Thursday at 14:00" in seen[5]
    assert "13:00" in seen[5]
    assert chat.shows == "All done. First one on Tuesday at 14:00. You can close this now."


@pytest.mark.parametrize("quiet", [False, True])
async def test_no_screen_is_longer_than_sixty_words(desk: Desk, invited: Client, quiet: bool) -> None:
    chat = await opened(desk)
    for _ in range(6):
        assert len(chat.shows.split("\n", 1)[1].split()) <= 60, chat.shows
        await chat.taps(chat.labels[1] if quiet and len(chat.screens) == 1 else chat.labels[0])


async def _another_file(desk: Desk, **service: Any) -> None:
    desk.plan = replace(desk.plan, service=replace(desk.plan.service, **service))
    async with desk.turn() as turn:
        await coming.into_force(turn)


async def test_nobody_agrees_to_words_that_changed_while_they_were_reading(desk: Desk, invited: Client) -> None:
    """The police were among those who get no answers when they read so; they are not any more."""
    await _another_file(desk)
    chat = await opened(desk)
    for _ in range(4):
        await chat.taps(chat.labels[0])
    agree = chat.screens[-1].rows[0][0].data
    await _another_file(desk, not_shared_with=("courts",))
    await chat.taps_data(str(agree))
    assert chat.shows.startswith("1 of 6")
    async with desk.glance() as m:
        client = await m.people.client(invited.id)
    assert client is not None
    assert client.consent_version is None
    for _ in range(5):
        await chat.taps(chat.labels[0])
    assert chat.shows.startswith("6 of 6")


async def test_another_file_with_the_same_words_lets_them_read_on(desk: Desk, invited: Client) -> None:
    await _another_file(desk)
    chat = await opened(desk)
    for _ in range(4):
        await chat.taps(chat.labels[0])
    await _another_file(desk, name="Another name")
    await chat.taps(chat.labels[0])
    assert chat.shows.startswith("6 of 6")


async def test_a_client_without_a_worker_is_not_invited(desk: Desk, invited: Client) -> None:
    async with desk.turn() as turn:
        await turn.m.people.change_client(invited.id, worker_id=None)
    with pytest.raises(Refusal) as refused:
        await code_for(desk)
    assert refused.value.key == "errors.no_worker"


async def test_every_screen_but_the_first_and_the_last_leads_back(desk: Desk, invited: Client) -> None:
    chat = await opened(desk)
    assert "Back" not in chat.labels
    await chat.taps("Yes")
    await chat.taps("Next")
    await chat.taps("Back")
    assert chat.shows.startswith("2 of 6")


async def test_after_joining_the_client_is_asked_and_the_consent_is_on_record(desk: Desk, invited: Client) -> None:
    chat = await opened(desk)
    for _ in range(6):
        await chat.taps(chat.labels[0])
    client = await chat.client()
    assert (client.person.status, client.asking, client.join_screen) == (Status.JOINED, Asking.ON, 7)
    async with desk.turn() as turn:
        ((version, language, agreed, at),) = await turn.m.people.consents(client.id)
        planned = await turn.m.timetable.next_for(client.id)
    assert (version, language, agreed, at) == (client.consent_version, "en", True, desk.clock.now())
    assert planned == desk.clock.now() + timedelta(hours=1)


async def test_before_the_consent_nothing_is_planned(desk: Desk, invited: Client) -> None:
    chat = await opened(desk)
    for _ in range(4):
        await chat.taps(chat.labels[0])
    client = await chat.client()
    assert (client.person.status, client.asking, client.consent_version) == (Status.INVITED, Asking.NOT_YET, None)


async def test_closing_the_app_keeps_the_place(desk: Desk, invited: Client) -> None:
    chat = await opened(desk)
    await chat.taps("Yes")
    await chat.taps("Next")
    later = await Chat(desk, PHONE).types("/start")
    assert later.shows.startswith("3 of 6")
    assert (await later.types("hello?")).shows.startswith("3 of 6")


async def test_a_double_tap_or_an_old_screen_changes_nothing(desk: Desk, invited: Client) -> None:
    chat = await opened(desk)
    await chat.taps("Yes")
    await chat.taps_data("1:j:1:next")
    assert chat.shows.startswith("2 of 6")
    await chat.taps_data("1:j:5:agree")
    assert (await chat.client()).consent_version is None
    assert chat.shows.startswith("2 of 6")


async def test_no_thanks_is_respected_and_told_without_blame(desk: Desk, invited: Client) -> None:
    chat = await opened(desk)
    for _ in range(4):
        await chat.taps(chat.labels[0])
    await chat.taps("No thanks")
    assert chat.shows.startswith("That's OK. I won't ask again.")
    client = await chat.client()
    assert (client.person.status, client.consent_version) == (Status.DECLINED, None)
    (told,) = [one for one in chat.letters if one.chat_id == 2001]
    assert told.facts["key"] == "worker.invite.declined"


async def test_other_people_see_it_turns_on_quiet_mode(desk: Desk, invited: Client) -> None:
    chat = await opened(desk)
    assert "Sam" in chat.shows
    await chat.taps("Other people see it")
    assert "I'll write S for Sam" in chat.shows
    await chat.taps("Next")
    assert "Sam" not in chat.shows
    assert (await chat.client()).quiet_mode


async def test_whoever_does_not_know_the_worker_ends_it(desk: Desk, invited: Client) -> None:
    chat = await opened(desk)
    await chat.taps("I don't know Sam")
    assert chat.shows == "Sorry to bother you. I won't write again."
    (told,) = [one for one in chat.letters if one.chat_id == 2001]
    assert told.facts["key"] == "worker.invite.not_meant"
    await chat.types("menu")
    assert chat.refused == "client.code.none"
    real = await opened(desk, 1002)
    assert real.shows.startswith("1 of 6")


async def test_words_and_another_clock_are_settled_on_the_last_screen(desk: Desk, invited: Client) -> None:
    chat = await opened(desk)
    for _ in range(5):
        await chat.taps(chat.labels[0])
    await chat.taps("Words")
    assert "Numbers, not words" in chat.labels
    await chat.taps("Change it")
    await chat.taps("14:00")
    assert "Your clock says 14:00 now" in chat.shows
    await chat.taps("Change it")
    await chat.types("kathmandu")
    assert "Your clock says 17:45 now" in chat.shows
    client = await chat.client()
    assert (client.person.timezone, client.style) == ("Asia/Kathmandu", Style.WORDS)


async def test_a_clock_that_is_none_is_asked_for_again(desk: Desk, invited: Client) -> None:
    chat = await opened(desk)
    for _ in range(5):
        await chat.taps(chat.labels[0])
    await chat.taps("Change it")
    assert (await chat.types("dunno")).refused == "client.join.clock.unsure"
    assert "Your clock says 09:00 now" in (await chat.types("9 am")).shows


async def test_changed_words_are_agreed_to_again_before_anything_is_asked(desk: Desk, worker: Person) -> None:
    client = await a_client(desk, worker, consent_version="an older one")
    async with desk.turn() as turn:
        assert not people.consent_current(client, turn.plan)
        assert await joining.ask_all_again(turn) == 1
        assert await joining.ask_all_again(turn) == 0
    chat = Chat(desk, PHONE)
    await chat.receive()
    assert len(chat.screens) == 1
    assert "has changed" in chat.shows
    for _ in range(4):
        await chat.taps("Next")
    await chat.taps("I agree")
    assert chat.shows.startswith("All done.")
    now = await chat.client()
    assert now.consent_version not in (None, "an older one")
    assert now.asking is Asking.ON


# ---------------------------------------------------------------- codes


async def test_a_link_opens_once(desk: Desk, invited: Client) -> None:
    code = await code_for(desk)
    await Chat(desk, PHONE).types(f"/start {code}")
    other = await Chat(desk, 1002).types(f"/start {code}")
    assert other.refused == "client.code.used"
    assert (await other.who()) == (None, None)
    (told,) = [one for one in other.letters if one.chat_id == 2001]
    assert told.facts["key"] == "worker.invite.refused_again"


async def test_its_own_person_may_open_it_again(desk: Desk, invited: Client) -> None:
    code = await code_for(desk)
    chat = await Chat(desk, PHONE).types(f"/start {code}")
    await chat.taps("Yes")
    assert (await chat.types(f"/start {code}")).shows.startswith("2 of 6")


async def test_a_new_invitation_ends_the_older_one(desk: Desk, invited: Client) -> None:
    old = await code_for(desk)
    await code_for(desk)
    assert (await Chat(desk, PHONE).types(f"/start {old}")).refused == "client.code.ended"


async def test_after_a_fortnight_a_link_is_too_old(desk: Desk, invited: Client) -> None:
    code = await code_for(desk)
    desk.clock.advance(timedelta(days=14))
    assert (await Chat(desk, PHONE).types(f"/start {code}")).refused == "client.code.expired"


@pytest.mark.parametrize("code", ["x", "A" * 43, "../../etc/passwd", "a b", "🙂" * 20])
async def test_a_guessed_code_gets_one_kind_sentence(desk: Desk, invited: Client, code: str) -> None:
    assert (await Chat(desk, PHONE).types(f"/start {code}")).refused == "client.code.unknown"


async def test_after_five_wrong_codes_even_a_right_one_waits_for_an_hour(desk: Desk, invited: Client) -> None:
    chat = Chat(desk, PHONE)
    for n in range(MOST_WRONG):
        assert (await chat.types(f"/start {'guess' * 5}{n}")).refused == "client.code.unknown"
    code = await code_for(desk)
    assert (await chat.types(f"/start {code}")).refused == "client.code.too_many"
    desk.clock.advance(timedelta(hours=1, seconds=1))
    assert (await chat.types(f"/start {code}")).shows.startswith("1 of 6")


async def test_a_right_link_makes_wrong_ones_forgotten(desk: Desk, invited: Client) -> None:
    chat = Chat(desk, PHONE)
    for n in range(MOST_WRONG - 1):
        await chat.types(f"/start {'guess' * 5}{n}")
    await chat.types(f"/start {await code_for(desk)}")
    for n in range(MOST_WRONG):
        assert (await chat.types(f"/start {'guess' * 5}{n}")).refused == "client.code.unknown"


async def test_when_many_guess_each_account_has_one_try_and_a_right_link_still_opens(desk: Desk, invited: Client) -> None:
    async with desk.turn() as turn:
        for n in range(MANY_WRONG):
            await turn.m.invitations.note_wrong(7000 + n, turn.now)
    guessing = Chat(desk, 6001)
    assert (await guessing.types(f"/start {'guess' * 5}")).refused == "client.code.unknown"
    assert (await guessing.types(f"/start {await code_for(desk)}")).refused == "client.code.too_many"
    assert (await Chat(desk, PHONE).types(f"/start {await code_for(desk)}")).shows.startswith("1 of 6")


async def test_wrong_codes_are_kept_for_an_hour_and_not_longer(desk: Desk, invited: Client) -> None:
    await Chat(desk, PHONE).types(f"/start {'guess' * 5}")
    desk.clock.advance(timedelta(hours=1, seconds=1))
    async with desk.turn() as turn:
        await housekeeping.forget(turn)
        assert await turn.m.invitations.wrong_since(PHONE, turn.now - timedelta(days=9)) == (0, 0)


async def test_a_wrong_code_is_logged_without_the_code_and_without_who_it_was(
    desk: Desk, invited: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = LogCapture()
    monkeypatch.setattr(invitations, "log", structlog.wrap_logger(None, [log], structlog.BoundLogger))
    for n in range(MOST_WRONG + 1):
        await Chat(desk, PHONE).types(f"/start {'guess' * 5}{n}")
    assert [line["event"] for line in log.entries] == [*["code_wrong"] * MOST_WRONG, "codes_refused"]
    assert "guess" not in str(log.entries)
    assert str(PHONE) not in str(log.entries)


async def test_start_without_a_code_says_how_to_get_in(desk: Desk, invited: Client) -> None:
    assert (await Chat(desk, PHONE).types("/start")).refused == "client.code.none"


async def test_a_phone_that_belongs_to_somebody_else_stays_theirs(desk: Desk, worker: Person, invited: Client) -> None:
    await a_client(desk, worker, "R-200", chat_id=1007)
    code = await code_for(desk)
    chat = await Chat(desk, 1007).types(f"/start {code}")
    assert chat.refused == "client.code.other_phone"
    assert (await chat.client()).ref == "R-200"
    assert (await Chat(desk, PHONE).types(f"/start {code}")).shows.startswith("1 of 6")


async def test_a_client_is_invited_only_when_the_bot_is_live(desk: Desk, invited: Client) -> None:
    desk.clock.advance(timedelta(days=168))
    code = await code_for(desk)
    desk.clock.advance(timedelta(days=10))
    assert (await Chat(desk, 2001).types("/invite R-118")).refused == "errors.not_live"
    assert (await Chat(desk, PHONE).types(f"/start {code}")).refused == "client.code.not_ready"


async def test_the_code_itself_is_nowhere_in_the_database(desk: Desk, invited: Client) -> None:
    code = await code_for(desk)
    async with desk.turn() as turn:
        invitation = await turn.m.invitations.latest(invited.id)
    assert invitation is not None
    assert code not in repr(invitation)


# ---------------------------------------------------------------- staff


@pytest.mark.parametrize(("role", "ref"), [(Role.WORKER, "W-9"), (Role.MANAGER, "M-9")])
async def test_staff_join_on_one_screen_with_one_button(desk: Desk, role: Role, ref: str) -> None:
    async with desk.turn() as turn:
        await turn.m.people.add(role, ref, "Ann", "en", "Europe/London", turn.now)
    chat = await Chat(desk, 2009).types(f"/start {await code_for(desk, ref)}")
    assert chat.shows.startswith("Hi Ann.")
    assert len(chat.labels) == 1
    assert (await chat.taps("Yes")).shows.startswith("All set.")
    person, _ = await chat.who()
    assert person is not None
    assert person.status is Status.JOINED


async def test_a_worker_cannot_tell_a_foreign_client_from_none_at_all(desk: Desk, invited: Client) -> None:
    await a_worker(desk, "W-2", "Ann", chat_id=2002)
    chat = Chat(desk, 2002)
    assert (await chat.types("/invite R-118")).refused == "errors.unknown_ref"
    assert (await chat.types("/invite R-999")).refused == "errors.unknown_ref"
    assert (await Chat(desk, 2001).types("/invite R-118")).shows.startswith("R-118 · link to join")
