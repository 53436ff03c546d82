"""Who may become whom: a chat that is closed, a link in another account, and what neither of them shows.

Alex (R-118) has answered 8, 8, 8 six times in account 1001. Account 1005 is another one: a new phone, or somebody else.
"""

from datetime import timedelta

import pytest

from bot.actions import delivery, goals, invitations, joining, people
from bot.actions.desk import Desk, Turn
from bot.domain.alerts import AlertState
from bot.domain.delivery import DELETE, Post
from bot.domain.people import Asking, Client, Status
from bot.domain.words import Role
from bot.ports import Letter, Unreachable
from handlers import routes
from storage.people import People
from tests.support.checkins import move, release
from tests.support.post_office import deliver, rows
from tests.support.stories import Phone, World, a_world

OTHER = 1005


@pytest.fixture
async def world(desk: Desk) -> World:
    world = await a_world(desk)
    world.phones[OTHER] = Phone(desk, OTHER, world=world)
    return world


def other(world: World) -> Phone:
    return world.phones[OTHER]


async def new_client(turn: Turn, world: World, ref: str) -> None:
    """On the roster, with the worker of R-118; not joined yet."""
    person_id = await turn.m.people.add(Role.CLIENT, ref, None, "en", "Europe/London", turn.now)
    await turn.m.people.change_client(person_id, worker_id=world.worker.id)


async def link(world: World, ref: str = "R-118", by: str = "operator") -> str:
    async with world.desk.turn() as turn:
        return (await invitations.invite(turn, ref, by)).code


async def unlinked(world: World, by: Phone | None = None, ref: str = "R-118") -> None:
    move(world.desk, seconds=1)
    phone = by or world.sam
    await phone.types(f"/unlink {ref}")
    await phone.taps("Yes, close it")
    move(world.desk, seconds=1)


async def joins(world: World, phone: Phone, code: str | None = None) -> None:
    """Through all six screens."""
    await phone.types(f"/start {code or await link(world)}")
    for _ in range(6):
        await phone.taps(phone.labels[0])


async def alex_now(world: World) -> Client:
    async with world.desk.turn() as turn:
        return await people.client(turn, world.client.id)


async def record(world: World, ref: str = "R-118") -> list[tuple[str, str]]:
    async with world.desk.glance() as m:
        return [(one.by, one.did) for one in await m.audit.lines(ref)]


# ---------------------------------------------------------------- a link for somebody who has joined


async def test_a_worker_gets_no_link_for_a_client_who_has_joined(world: World) -> None:
    await world.sam.types("/invite R-118")
    assert world.sam.refused == "worker.invite.has_joined"
    assert world.sam.screens == []
    async with world.desk.glance() as m:
        assert await m.invitations.latest(world.client.id) is None


async def test_a_manager_gets_no_link_for_staff_who_have_joined(world: World) -> None:
    await world.jo.types("/invite W-1")
    assert world.jo.refused == "worker.invite.has_joined"


async def test_a_client_who_asked_for_no_more_can_be_invited_again(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.client.id, status=Status.LEFT)
    await world.sam.types("/invite R-118")
    assert world.sam.shows.startswith("R-118 · link to join")


# ---------------------------------------------------------------- unlinking


async def test_a_chat_is_closed_only_after_a_second_tap(world: World) -> None:
    await world.sam.types("/unlink R-118")
    assert world.sam.shows.startswith("R-118 · close their chat?")
    assert (await alex_now(world)).person.chat_id == 1001
    await world.sam.taps("No, leave it")
    assert world.sam.shows == "OK. Nothing has changed."
    assert (await alex_now(world)).person.chat_id == 1001
    await unlinked(world)
    now = await alex_now(world)
    assert (now.person.chat_id, now.person.status, now.asking) == (None, Status.INVITED, Asking.NOT_YET)
    assert (now.consent_version, now.consent_at) == (None, None)


async def test_the_button_that_closes_a_chat_is_good_for_ten_minutes(world: World) -> None:
    await world.sam.types("/unlink R-118")
    move(world.desk, minutes=11)
    await world.sam.taps("Yes, close it")
    assert world.sam.refused == "errors.stale_button"
    assert (await alex_now(world)).person.chat_id == 1001


async def test_a_chat_that_is_closed_while_its_words_wait_for_the_client_is_nobodys(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Staff hold the client's row to close the chat; what was sent from it is read once they are through."""

    async def closed_meanwhile(people: People, ids: list[str]) -> None:
        await people.change(ids[0], chat_id=None)

    with monkeypatch.context() as now:
        now.setattr(People, "lock", closed_meanwhile)
        assert await world.alex.who() == (None, None)


async def test_the_old_chat_reads_that_it_is_closed_and_is_nobodys_afterwards(world: World) -> None:
    await unlinked(world)
    assert world.alex.shows.startswith("This chat is closed now. Nothing more comes here.")
    before = len(world.alex.screens)
    assert await world.alex.who() == (None, None)
    await world.alex.types("/mydata")
    assert world.alex.refused is not None
    await world.pass_time(days=8)
    await release(world.desk)
    await world.settle()
    assert len(world.alex.screens) == before


async def test_what_a_finder_reads_names_nobody(world: World) -> None:
    await unlinked(world)
    for name in ("Sam", "Alex", "R-118", "Jo"):
        assert name not in world.alex.shows


async def test_the_last_two_days_are_deleted_from_the_old_chat(world: World) -> None:
    check_in = await world.asked()
    async with world.desk.glance() as m:
        stands = await m.messages.standing(world.client.id, check_in.surface)
    assert stands is not None
    await unlinked(world)
    deleted = [row for row in await rows(world.desk) if row.kind == DELETE]
    assert [(row.chat_id, row.message_id, row.state) for row in deleted] == [(1001, stands, "sent")]


async def test_an_unreachable_chat_is_closed_without_a_word(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.client.id, unreachable="blocked")
    await unlinked(world)
    assert world.alex.screens == []
    assert (await alex_now(world)).person.chat_id is None


async def test_the_worker_and_the_managers_are_told_who_did_it_and_it_is_on_record(world: World) -> None:
    await unlinked(world, world.jo)
    for phone in (world.sam, world.ada):
        assert phone.shows.startswith("R-118 · their chat was closed by Jo")
    assert not any("was closed by" in screen.text for screen in world.jo.screens)
    assert ("M-1", "chat_closed") in await record(world)


async def test_who_does_it_is_not_told_a_second_time(world: World) -> None:
    await unlinked(world)
    assert not any("was closed by" in screen.text for screen in world.sam.screens)
    assert world.jo.shows.startswith("R-118 · their chat was closed by Sam")


async def test_another_worker_cannot_tell_a_foreign_client_from_none_at_all(world: World) -> None:
    for ref in ("R-118", "R-999", "W-1", "M-1"):
        await world.kim.types(f"/unlink {ref}")
        assert world.kim.refused == "errors.unknown_ref"
    await world.kim.taps_data(f"1:ul:{world.client.id}:yes:4102444800")
    assert world.kim.refused == "errors.unknown_ref"
    assert (await alex_now(world)).person.chat_id == 1001


async def test_managers_do_not_close_their_own_chat(world: World) -> None:
    await world.jo.types("/unlink M-1")
    assert world.jo.refused == "worker.unlink.own"


async def test_words_that_nobody_has_heard_yet_are_heard_first(world: World) -> None:
    """They may be about danger: from a chat that is closed nobody would hear them."""
    await world.sam.types("/unlink R-118")
    update = {"update_id": 1, "message": {"chat": {"id": 1001}, "text": "i want to die"}}
    async with world.desk.turn() as turn:
        await turn.m.inbox.keep([(1, 1001, update)], turn.now)
    await world.sam.taps("Yes, close it")
    assert world.sam.refused == "errors.too_fast"
    assert (await alex_now(world)).person.chat_id == 1001


async def test_danger_and_a_hold_outlast_a_change_of_account(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, asking=Asking.CRISIS)
    await unlinked(world)
    await joins(world, other(world))
    assert (await alex_now(world)).asking is Asking.CRISIS
    assert other(world).shows == "All done. I'll be in touch. You can close this now."


# ---------------------------------------------------------------- in another account


async def test_another_account_agrees_anew_before_anything_is_asked(world: World) -> None:
    await unlinked(world)
    phone = other(world)
    await phone.types(f"/start {await link(world)}")
    assert phone.shows.startswith("1 of 6")
    assert (await alex_now(world)).asking is Asking.NOT_YET
    for label in ("/goals", "/mydata", "/menu"):
        await phone.types(label)
        assert phone.shows.startswith("1 of 6")
    for _ in range(6):
        await phone.taps(phone.labels[0])
    now = await alex_now(world)
    assert (now.person.chat_id, now.person.status, now.asking) == (OTHER, Status.JOINED, Asking.ON)
    assert world.sam.shows.startswith("R-118 has joined.")
    for told in (world.sam, world.jo, world.ada):
        assert any("from another account than before" in screen.text for screen in told.screens)
    assert ("R-118", "other_account") in await record(world)


async def test_another_account_is_shown_nothing_of_before(world: World) -> None:
    """No answer, no word, no goal; the worker goes on seeing what was said to them."""
    await world.low()
    await world.alex.taps("Tell")
    await world.alex.types("felt told off")
    await world.alex.taps("No, just for me")
    async with world.desk.turn() as turn:
        await goals.add(turn, world.client, "see my sister")
    await unlinked(world)
    phone = other(world)
    await joins(world, phone)
    for typed in ("/mydata", "/progress", "/goals"):
        await phone.types(typed)
    await phone.types("menu")
    assert "sister" not in phone.all_words
    assert "told off" not in phone.all_words
    assert not any(screen.chart for screen in phone.screens)
    async with world.desk.glance() as m:
        assert await m.goals.live(world.client.id) == []
        assert len(await m.goals.of(world.client.id)) == 1
    await world.sam.types("/client R-118")
    assert "8" in world.sam.shows


async def test_the_same_account_again_is_shown_its_own(world: World) -> None:
    async with world.desk.turn() as turn:
        await goals.add(turn, world.client, "see my sister")
    await unlinked(world)
    await joins(world, world.alex)
    assert (await alex_now(world)).shown_from is None
    await world.alex.types("/goals")
    assert "sister" in world.alex.shows


async def test_an_account_that_opened_the_link_and_did_not_agree_takes_nothing_away(world: World) -> None:
    await unlinked(world)
    await other(world).types(f"/start {await link(world)}")
    await unlinked(world)
    await joins(world, world.alex)
    assert (await alex_now(world)).shown_from is None


async def test_after_an_account_that_was_wrong_the_first_one_is_not_shown_its_words(world: World) -> None:
    await unlinked(world)
    await joins(world, other(world))
    await other(world).types("words of somebody else")
    await unlinked(world)
    await joins(world, world.alex)
    await world.alex.types("/mydata")
    assert "somebody else" not in world.alex.shows


async def test_whoever_comes_back_in_another_account_is_shown_nothing_either(world: World) -> None:
    """Discharged, and back on the roster: the chat was let go by a file."""
    from bot.actions import roster

    async with world.desk.turn() as turn:
        await goals.add(turn, world.client, "see my sister")
    for status in ("discharged", "active"):
        async with world.desk.turn() as turn:
            done = await roster.import_roster(
                turn, f"role,ref,name,worker,status\nclient,R-118,,,{status}\n", dry_run=False
            )
            assert done.problems == ()
    assert (await alex_now(world)).person.chat_id is None
    await joins(world, other(world))
    await other(world).types("/goals")
    assert "sister" not in other(world).all_words
    assert (await alex_now(world)).shown_from is not None


async def test_a_message_with_the_number_of_an_earlier_one_is_no_edit_of_it(world: World) -> None:
    """Telegram numbers messages in each chat anew."""
    await world.low()
    await world.alex.taps("Tell")
    await world.alex.types("felt told off", message_id=77)
    await unlinked(world)
    await joins(world, other(world))
    world.client = await alex_now(world)
    check_in = await world.asked()
    for item in range(3):
        await other(world).taps_data(f"1:a:{check_in.id}:{item}:8")
    await other(world).types("all fine", message_id=77)
    async with world.desk.glance() as m:
        assert [one.text for one in await m.remarks.of(world.client.id)] == ["felt told off", "all fine"]


async def test_a_typed_number_with_the_number_of_an_earlier_message_answers_what_is_asked_now(world: World) -> None:
    first = await world.asked()
    await world.alex.types("3", message_id=78)
    await unlinked(world)
    await joins(world, other(world))
    world.client = await alex_now(world)
    second = await world.asked()
    await other(world).types("9", message_id=78)
    async with world.desk.glance() as m:
        assert [one.value for one in await m.answers.of_check_in(first.id)] == [3]
        assert [one.value for one in await m.answers.of_check_in(second.id)] == [9]


async def test_that_somebody_picked_it_up_is_told_only_to_the_account_that_answered(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    await unlinked(world)
    phone = other(world)
    await phone.types(f"/start {await link(world)}")
    await world.sam.taps("I've got it")
    assert "picked this up" not in phone.all_words
    for _ in range(6):
        await phone.taps(phone.labels[0])
    assert "picked this up" not in phone.all_words


async def test_another_account_is_not_asked_whether_a_talk_helped(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    await world.sam.taps("We talked")
    await unlinked(world)
    await joins(world, other(world))
    await world.pass_time(days=1, hours=2)
    assert "wasn't right" not in other(world).all_words
    [alert] = await world.alerts()
    assert alert.state is AlertState.UNCONFIRMED


async def test_what_became_of_danger_words_is_told_only_to_the_account_that_wrote_them(world: World) -> None:
    await world.alex.types("i want to die")
    async with world.desk.turn() as turn:
        [alert] = await turn.m.alerts.of_client(world.client.id)
        await turn.m.alerts.change(alert.id, rang_at=None)
    await unlinked(world)
    world.dead |= {2001, 3001, 3002}
    phone = other(world)
    await phone.types(f"/start {await link(world)}")
    await world.pass_time(minutes=11)
    assert "reach anyone" not in phone.all_words
    assert "999" not in phone.all_words


async def test_a_row_that_waited_for_the_old_account_does_not_go_to_the_new_one(world: World) -> None:
    async with world.desk.turn() as turn:
        later = turn.now + timedelta(minutes=5)
        said = {"key": "client.words.kept", "facts": {}}
        await delivery.post(turn, Post(world.client.id, "sentence", "late", facts=said, not_before=later))
    await unlinked(world)
    await other(world).types(f"/start {await link(world)}")
    await world.pass_time(minutes=6)
    assert "stays with you" not in other(world).all_words


# ---------------------------------------------------------------- a link of the operator's


async def test_a_replaced_link_moves_nobody_in_silence(world: World) -> None:
    """`checkin-bot invite` is the operator's own act: the old chat, the worker and the managers read of it."""
    phone = other(world)
    await phone.types(f"/start {await link(world)}")
    assert phone.shows.startswith("1 of 6")
    assert world.alex.shows.startswith("This chat is closed now.")
    for told in (world.sam, world.jo, world.ada):
        assert told.shows.startswith("R-118 · their new link was opened in another account")
    assert ("operator", "chat_closed") in await record(world)
    assert (await world.alex.who()) == (None, None)


async def test_opened_in_the_account_they_have_it_changes_nothing(world: World) -> None:
    await world.alex.types(f"/start {await link(world)}")
    assert world.alex.shows.startswith("You're already in.")
    assert (await alex_now(world)).asking is Asking.ON
    assert world.sam.screens == []


async def test_halfway_through_changed_words_a_link_does_not_start_questions_that_were_held(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.change_client(world.client.id, asking=Asking.HELD, consent_version="older")
        await joining.ask_all_again(turn)
    await world.settle()
    await world.alex.types(f"/start {await link(world)}")
    for _ in range(4):
        await world.alex.taps("Next")
    await world.alex.taps("I agree")
    assert (await alex_now(world)).asking is Asking.HELD


# ---------------------------------------------------------------- staff


async def test_a_worker_in_another_account_leaves_nothing_in_the_old_one(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    phone = other(world)
    await phone.types(f"/start {await link(world, 'W-1')}")
    assert phone.shows.startswith("Hi Sam.")
    assert world.sam.shows.startswith("This chat is closed now.")
    assert (await world.sam.who()) == (None, None)
    for told in (world.jo, world.ada):
        assert told.shows.startswith("W-1 · their new link was opened in another account")
    assert {row.chat_id for row in await rows(world.desk) if row.kind == DELETE and row.state == "sent"} == {2001}
    await phone.types("/caseload")
    assert "R-118" in phone.shows


async def test_what_an_unlinked_worker_had_in_hand_goes_to_the_next_person(world: World) -> None:
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    await world.sam.taps("I've got it")
    await unlinked(world, world.jo, "W-1")
    [alert] = await world.alerts()
    assert alert.state is AlertState.RAISED
    assert alert.holder_ref == "W-2"
    assert world.kim.shows.startswith("R-118")


async def test_an_alert_for_a_worker_whose_chat_was_closed_rings_with_the_next_person(world: World) -> None:
    await unlinked(world, world.jo, "W-1")
    await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    [alert] = await world.alerts()
    assert alert.holder_ref == "W-2"


# ---------------------------------------------------------------- one account, two people


async def test_an_account_of_somebody_discharged_may_become_a_workers(world: World) -> None:
    """A client who becomes a worker years later has one Telegram account, and nothing of the client in it any more."""
    async with world.desk.turn() as turn:
        await turn.m.people.change(world.client.id, status=Status.DISCHARGED)
        await turn.m.people.add(Role.WORKER, "W-7", "Alex", "en", "Europe/London", turn.now)
    await world.alex.types(f"/start {await link(world, 'W-7')}")
    person, client = await world.alex.who()
    assert person is not None
    assert (person.ref, client) == ("W-7", None)
    await world.alex.types("/mydata")
    assert world.alex.refused == "errors.unknown_command"
    await world.alex.types("/client R-118")
    assert world.alex.refused == "errors.unknown_ref"


async def test_an_account_of_a_worker_does_not_become_a_clients(world: World) -> None:
    async with world.desk.turn() as turn:
        await new_client(turn, world, "R-300")
    code = await link(world, "R-300")
    await world.kim.types(f"/start {code}")
    assert world.kim.refused == "client.code.other_phone"
    await other(world).types(f"/start {code}")
    assert other(world).shows.startswith("1 of 6")


async def test_whoever_leaves_their_account_to_another_ref_is_shown_nothing_in_the_next(world: World) -> None:
    """R-118 has left; the account becomes R-300's. Later R-118 joins again elsewhere."""
    async with world.desk.turn() as turn:
        await goals.add(turn, world.client, "see my sister")
        await turn.m.people.change(world.client.id, status=Status.LEFT)
        await new_client(turn, world, "R-300")
    await world.alex.types(f"/start {await link(world, 'R-300')}")
    assert (await world.alex.client()).ref == "R-300"
    assert "closed" not in world.alex.all_words
    await joins(world, other(world))
    await other(world).types("/goals")
    assert "sister" not in other(world).all_words


async def test_whoever_was_erased_is_forgotten_when_their_account_becomes_anothers(world: World) -> None:
    from bot.actions import privacy

    async with world.desk.turn() as turn:
        await new_client(turn, world, "R-300")
        await privacy.erase(turn, world.client.id)
    code = await link(world, "R-300")
    async with world.desk.turn() as turn:
        assert await invitations.open_link(turn, 1001, code) is None
        assert await turn.m.erasing.strays(world.client.id, "none") == []
        now = await people.client(turn, world.client.id)
    assert (now.person.chat_id, now.agreed_chat_id) == (None, None)


async def test_a_dead_old_chat_says_nothing_about_the_new_one(world: World) -> None:
    """A message was on its way to the old account when the person moved; Telegram says that it is blocked."""
    async with world.desk.turn() as turn:
        said = {"key": "worker.unlink.kept", "facts": {}}
        await delivery.post(turn, Post(world.worker.id, "sentence", "on its way", facts=said))

    async def moves_meanwhile(letter: Letter) -> Unreachable:
        async with world.desk.turn() as turn:
            await turn.m.people.change(world.worker.id, chat_id=OTHER)
        return Unreachable("bot was blocked by the user")

    heard = await deliver(world.desk, moves_meanwhile, hooks=routes.HOOKS)
    assert [letter.chat_id for letter in heard.letters] == [2001, OTHER]
    async with world.desk.glance() as m:
        sam = await m.people.by_id(world.worker.id)
    assert sam is not None
    assert sam.unreachable is None


async def test_danger_in_a_chat_that_is_closed_gets_the_numbers_and_is_kept_nowhere(world: World) -> None:
    await unlinked(world)
    await world.alex.types("i want to die")
    assert world.alex.refused == "errors.stranger_in_danger"
    async with world.desk.glance() as m:
        assert await m.alerts.of_client(world.client.id) == []
        assert await m.remarks.of(world.client.id) == []


async def test_an_unlinked_client_is_no_silence(world: World) -> None:
    await world.asked()
    await unlinked(world)
    await world.pass_time(days=14)
    await release(world.desk)
    assert await world.alerts() == []


async def test_two_people_do_not_open_one_link(world: World) -> None:
    await unlinked(world)
    code = await link(world)
    await other(world).types(f"/start {code}")
    await world.alex.types(f"/start {code}")
    assert world.alex.refused == "client.code.used"
    assert await world.alex.who() == (None, None)


async def test_managers_and_others_may_have_nothing_to_close(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.add(Role.WORKER, "W-8", "Lee", "en", "Europe/London", turn.now)
    await world.jo.types("/unlink W-8")
    assert world.jo.refused == "errors.no_chat"


async def test_the_managers_hear_that_a_member_of_staff_has_joined(world: World) -> None:
    async with world.desk.turn() as turn:
        await turn.m.people.add(Role.WORKER, "W-8", "Lee", "en", "Europe/London", turn.now)
    await other(world).types(f"/start {await link(world, 'W-8')}")
    for told in (world.jo, world.ada):
        assert told.shows.startswith("W-8 has joined. If that can't have been them, /unlink W-8")


async def test_an_account_that_has_not_agreed_passes_nothing_on(world: World) -> None:
    from bot.actions import reassigning

    async with world.desk.turn() as turn:
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await reassigning.give(turn, world.client.id, kim.id)
    await unlinked(world, world.kim)
    phone = other(world)
    await phone.types(f"/start {await link(world)}")
    before = len(phone.screens)
    await phone.taps_data(f"1:nw:{kim.id}:yes")
    assert (phone.refused, len(phone.screens)) == (None, before + 1), "their own screen comes instead"
    assert (await alex_now(world)).worker_sees_from is not None
    for _ in range(6):
        await phone.taps(phone.labels[0])
    await phone.taps_data(f"1:nw:{kim.id}:yes")
    assert phone.refused == "errors.stale_button"
    assert (await alex_now(world)).worker_sees_from is not None
