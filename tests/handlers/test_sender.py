"""The way out: what a letter becomes in the chat, and what each failure means, over both transports and a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from telegram.ext import ExtBot

from bot import charts
from bot.charts import Labels
from bot.domain.delivery import CLEAR, DELETE
from bot.domain.outgoing import ALSO
from bot.domain.picture import Picture, Point, Series
from bot.domain.plan import Plan
from bot.domain.words import Construct, Facts
from bot.ports import Gone, Letter, Refused, Sent, TryLater, Unreachable, Unsure, Verdict
from bot.rehearsal.clock import RehearsalClock
from bot.rehearsal.telegram import Kind, Phone, Rule, StandIn, serve
from bot.rehearsal.telegram.methods import METHODS
from bot.texts import Texts
from handlers import sender
from handlers.sender import TelegramMessenger, make_bot
from handlers.views.screen import Button, Chart, Screen, Voice
from tests.support.desks import START

TOKEN = "123456:made-up-token-for-tests"
SAM = 7001
PICTURE = Picture(
    date(2026, 1, 5),
    date(2026, 1, 19),
    (Series(Construct.BOND, (Point(date(2026, 1, 5), 5.0), Point(date(2026, 1, 12), 6.0))),),
)
LABELS = Labels({}, "", "", {}, date.isoformat, str)


def plain(facts: Facts, voice: Voice) -> Screen:
    rows = ((Button("Yes", data="1:x"), Button("Page", url="https://example.org")),) if facts.get("buttons") else ()
    return Screen(str(facts.get("text", "<b>Hello</b>")), rows, protected=bool(facts.get("protected")))


def picture(facts: Facts, voice: Voice) -> Screen:
    return Screen("The picture", chart=Chart(PICTURE, LABELS))


def broken_picture(facts: Facts, voice: Voice) -> Screen:
    return Screen("Its words", chart=Chart(PICTURE, None))


def broken(facts: Facts, voice: Voice) -> Screen:
    raise KeyError("a text that is not there")


DRAWN = charts.draw(PICTURE, LABELS)


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes its time and has tests of its own: here every picture is the same one."""
    monkeypatch.setattr(charts, "draw", lambda picture, labels: DRAWN if labels else labels.day)


VIEWS = {"plain": plain, "picture": picture, "broken_picture": broken_picture, "broken": broken}


@pytest.fixture
def standin() -> StandIn:
    return StandIn(RehearsalClock(START), TOKEN)


@pytest.fixture
def sam(standin: StandIn) -> Phone:
    phone = standin.person(SAM, "Sam")
    phone.start()
    return phone


@asynccontextmanager
async def connected(address: str, plan: Plan, transport: httpx.AsyncBaseTransport | None) -> AsyncIterator[Any]:
    tg: ExtBot[None] = make_bot(TOKEN, address, transport=transport)
    texts = Texts.shipped()
    try:
        yield TelegramMessenger(tg, VIEWS, lambda language: Voice(texts.for_language(language), plan))
    finally:
        for line in tg._request:
            await line.shutdown()


@pytest.fixture
async def messenger(standin: StandIn, sam: Phone, plan: Plan) -> AsyncIterator[TelegramMessenger]:
    """In process: no socket, nothing that could break."""
    async with connected("http://telegram", plan, httpx.ASGITransport(app=standin.app)) as found:
        yield found


def letter(kind: str = "plain", chat_id: int = SAM, /, facts: Facts | None = None, **more: Any) -> Letter:
    return Letter(chat_id, "en", kind, facts or {}, **more)


def from_bot(sam: Phone) -> list[Any]:
    return [message for message in sam.messages if message.from_bot]


# ---------------------------------------------------------------- what stands in the chat


async def test_a_letter_becomes_a_message_with_words_in_html_and_buttons(
    messenger: TelegramMessenger, sam: Phone
) -> None:
    verdict = await messenger.deliver(letter(facts={"buttons": True}))
    assert verdict == Sent(sam.last.id, has_photo=False, has_buttons=True)
    assert (sam.last.text, [one.type for one in sam.last.entities]) == ("Hello", ["bold"])
    assert [(one.data, one.url) for row in sam.last.buttons for one in row] == [
        ("1:x", None),
        (None, "https://example.org"),
    ]


async def test_links_show_no_preview(messenger: TelegramMessenger, standin: StandIn) -> None:
    await messenger.deliver(letter())
    (call,) = [call for call in standin.calls if call.method.lower() == "sendmessage"]
    assert "is_disabled" in str(call.params["link_preview_options"])


@pytest.mark.parametrize("silent", [True, False])
@pytest.mark.parametrize("protected", [True, False])
async def test_sound_and_forwarding_are_as_asked(
    messenger: TelegramMessenger, sam: Phone, silent: bool, protected: bool
) -> None:
    await messenger.deliver(letter(facts={"protected": protected}, silent=silent))
    assert (sam.last.silent, sam.last.protected) == (silent, protected)


async def test_a_chart_is_sent_as_a_photo_with_its_caption(messenger: TelegramMessenger, sam: Phone) -> None:
    verdict = await messenger.deliver(letter("picture"))
    assert verdict == Sent(sam.last.id, has_photo=True)
    assert sam.last.photo is not None
    assert (sam.last.photo[:4], sam.last.text) == (b"\x89PNG", "The picture")


async def test_what_was_prepared_ahead_is_not_drawn_again(
    messenger: TelegramMessenger, monkeypatch: pytest.MonkeyPatch, sam: Phone
) -> None:
    ready = await messenger.prepare(letter("picture"))
    monkeypatch.setattr(charts, "draw", None)
    assert await messenger.deliver(ready) == Sent(sam.last.id, has_photo=True)


async def test_preparing_calls_nobody(messenger: TelegramMessenger, standin: StandIn) -> None:
    await messenger.prepare(letter("picture"))
    assert standin.calls == []


async def test_a_picture_that_cannot_be_drawn_leaves_its_words_and_says_so(
    messenger: TelegramMessenger, sam: Phone
) -> None:
    assert await messenger.deliver(letter("broken_picture")) == Sent(sam.last.id)
    assert sam.last.text.startswith("Its words\n\n(The picture could not be drawn")


async def test_a_repeat_says_that_it_may_be_one(messenger: TelegramMessenger, sam: Phone) -> None:
    await messenger.deliver(letter(may_be_repeat=True))
    assert sam.last.text.startswith("(This may be a repeat.")


async def test_words_are_edited_in_place(messenger: TelegramMessenger, sam: Phone) -> None:
    first = await messenger.deliver(letter(facts={"buttons": True}))
    assert isinstance(first, Sent)
    verdict = await messenger.deliver(letter(facts={"text": "Thanks"}, edits=first.message_id))
    assert verdict == Sent(first.message_id, has_buttons=False)
    assert [(one.text, one.labels) for one in from_bot(sam)] == [("Thanks", [])]


async def test_an_edit_that_changes_nothing_counts_as_sent(messenger: TelegramMessenger, sam: Phone) -> None:
    first = await messenger.deliver(letter(facts={"buttons": True}))
    assert isinstance(first, Sent)
    again = await messenger.deliver(letter(facts={"buttons": True}, edits=first.message_id))
    assert again == Sent(first.message_id, has_buttons=True)


async def test_a_picture_is_edited_in_place(messenger: TelegramMessenger, sam: Phone, standin: StandIn) -> None:
    first = await messenger.deliver(letter("picture"))
    assert isinstance(first, Sent)
    verdict = await messenger.deliver(letter("picture", edits=first.message_id, shows_photo=True))
    assert verdict == Sent(first.message_id, has_photo=True)
    assert standin.calls[-1].method.lower() == "editmessagemedia"


async def test_short_words_over_a_picture_change_its_caption_and_leave_it_standing(
    messenger: TelegramMessenger, sam: Phone
) -> None:
    first = await messenger.deliver(letter("picture"))
    assert isinstance(first, Sent)
    verdict = await messenger.deliver(letter(facts={"text": "Taken"}, edits=first.message_id, shows_photo=True))
    assert verdict == Sent(first.message_id, has_photo=True)
    assert (sam.last.text, sam.last.photo is not None) == ("Taken", True)


async def test_words_too_long_for_a_caption_become_a_new_message(messenger: TelegramMessenger, sam: Phone) -> None:
    first = await messenger.deliver(letter("picture"))
    assert isinstance(first, Sent)
    long = letter(facts={"text": "x" * 1025}, edits=first.message_id, shows_photo=True)
    assert await messenger.deliver(long) == Sent(first.message_id + 1)


async def test_words_that_become_a_picture_are_a_new_message_without_sound(
    messenger: TelegramMessenger, sam: Phone
) -> None:
    first = await messenger.deliver(letter())
    assert isinstance(first, Sent)
    verdict = await messenger.deliver(letter("picture", edits=first.message_id))
    assert verdict == Sent(sam.last.id, has_photo=True)
    assert (sam.last.id != first.message_id, sam.last.silent) == (True, True)


@pytest.mark.parametrize("kind", ["plain", "picture"])
async def test_clearing_takes_the_buttons_and_nothing_else(messenger: TelegramMessenger, sam: Phone, kind: str) -> None:
    first = await messenger.deliver(letter(kind, facts={"buttons": True}))
    assert isinstance(first, Sent)
    before = sam.last.text
    verdict = await messenger.deliver(letter(CLEAR, edits=first.message_id))
    assert verdict == Sent(first.message_id)
    assert (sam.last.text, sam.last.labels) == (before, [])


async def test_deleting_deletes_and_what_is_deleted_already_counts_as_done(
    messenger: TelegramMessenger, sam: Phone
) -> None:
    first = await messenger.deliver(letter())
    assert isinstance(first, Sent)
    for _ in range(2):
        assert await messenger.deliver(letter(DELETE, edits=first.message_id)) == Sent(first.message_id)
    assert from_bot(sam) == []


@pytest.mark.parametrize("knows_many", [True, False])
async def test_many_messages_go_at_once_or_one_by_one_where_the_server_knows_no_better(
    messenger: TelegramMessenger, sam: Phone, monkeypatch: pytest.MonkeyPatch, knows_many: bool
) -> None:
    if not knows_many:
        monkeypatch.delitem(METHODS, "deletemessages")  # a mapping that is a dict
    sent = [await messenger.deliver(letter()) for _ in range(3)]
    first, gone, last = [one.message_id for one in sent if isinstance(one, Sent)]
    await messenger.deliver(letter(DELETE, edits=gone))
    assert await messenger.deliver(letter(DELETE, edits=first, facts={ALSO: [gone, last]})) == Sent(first)
    assert from_bot(sam) == []


async def test_after_48_hours_a_message_can_be_cleared_but_not_deleted(
    messenger: TelegramMessenger, sam: Phone, standin: StandIn
) -> None:
    first = await messenger.deliver(letter(facts={"buttons": True}))
    assert isinstance(first, Sent)
    standin.clock.advance(timedelta(hours=49))
    assert await messenger.deliver(letter(DELETE, edits=first.message_id)) == Gone()
    assert await messenger.deliver(letter(CLEAR, edits=first.message_id)) == Sent(first.message_id)


# ---------------------------------------------------------------- what Telegram says


async def test_an_edit_of_a_message_that_is_not_there_is_gone(messenger: TelegramMessenger) -> None:
    assert await messenger.deliver(letter(edits=424242)) == Gone()


async def test_flood_control_says_how_long_and_closes_the_whole_bot(
    messenger: TelegramMessenger, standin: StandIn
) -> None:
    standin.faults.add(Rule(Kind.TOO_MANY, "sendMessage", retry_after=7))
    assert await messenger.deliver(letter()) == TryLater(timedelta(seconds=7), whole_bot=True, why="flood_control")


async def test_who_blocked_the_bot_is_unreachable(messenger: TelegramMessenger, sam: Phone) -> None:
    sam.block()
    assert isinstance(await messenger.deliver(letter()), Unreachable)


async def test_a_deleted_account_is_unreachable(messenger: TelegramMessenger, sam: Phone) -> None:
    sam.delete_account()
    assert isinstance(await messenger.deliver(letter()), Unreachable)


async def test_who_never_started_the_bot_is_unreachable(messenger: TelegramMessenger) -> None:
    assert isinstance(await messenger.deliver(letter("plain", 999)), Unreachable)


async def test_a_message_that_telegram_will_never_take_is_refused(messenger: TelegramMessenger) -> None:
    verdict = await messenger.deliver(letter(facts={"text": "<b>not closed"}))
    assert isinstance(verdict, Refused)
    assert "not closed" not in verdict.why


async def test_a_chat_that_became_a_supergroup_is_refused_for_it_is_no_persons(
    messenger: TelegramMessenger, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = Rule(Kind.BAD_REQUEST, text="Bad Request: group chat was upgraded to a supergroup chat")
    standin.faults.add(rule)
    refusal = rule.refusal()
    refusal.parameters["migrate_to_chat_id"] = -100123
    monkeypatch.setattr(Rule, "refusal", lambda _: refusal)
    assert await messenger.deliver(letter()) == Refused("chat_migrated")


@pytest.mark.parametrize("code", ["401", "404"])
async def test_a_refused_token_or_a_strange_proxy_is_the_lines_fault_and_not_the_messages(
    messenger: TelegramMessenger, standin: StandIn, code: str
) -> None:
    standin.faults.add(Rule(Kind(code)))
    assert await messenger.deliver(letter()) == TryLater(timedelta(), why="token_refused")


async def test_a_server_that_knows_no_pictures_gets_the_words(
    messenger: TelegramMessenger, standin: StandIn, sam: Phone
) -> None:
    """The alert is told in any case; the words hold the same facts and say that a picture is missing."""
    standin.faults.add(Rule(Kind("404"), method="sendPhoto", text="Not Found: method not found"))
    assert isinstance(await messenger.deliver(letter("picture")), Sent)
    shown = from_bot(sam)[-1]
    assert shown.photo is None
    assert shown.text.startswith("The picture\n\n(")


async def test_a_server_that_cannot_edit_is_written_to_anew(messenger: TelegramMessenger, standin: StandIn) -> None:
    standin.faults.add(Rule(Kind("404"), method="editMessageText", text="Not Found: method not found"))
    assert await messenger.deliver(letter("plain", edits=5)) == Gone()


@pytest.mark.parametrize("kind", ["broken", "no_such_kind"])
async def test_a_view_that_fails_is_our_mistake_and_calls_nobody(
    messenger: TelegramMessenger, standin: StandIn, kind: str
) -> None:
    verdict = await messenger.deliver(letter(kind))
    assert (verdict, standin.calls) == (Refused(f"view of {kind}: KeyError"), [])


# ---------------------------------------------------------------- what the line does, over both transports

TRANSPORTS = {"httpx": httpx.AsyncHTTPTransport, "aiohttp": lambda: None}


@pytest.fixture(params=TRANSPORTS)
async def line(
    request: pytest.FixtureRequest, standin: StandIn, sam: Phone, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TelegramMessenger]:
    """Over a loopback socket, and impatient."""
    monkeypatch.setattr(sender, "READ_SECONDS", 0.4)
    async with serve(standin) as address, connected(address, plan, TRANSPORTS[request.param]()) as found:
        yield found


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> httpx.AsyncBaseTransport | None:
    return TRANSPORTS[request.param]()


def never_left(verdict: Verdict) -> bool:
    return isinstance(verdict, TryLater) and verdict.after == timedelta()


async def test_over_the_socket_a_message_arrives(line: TelegramMessenger, sam: Phone) -> None:
    assert await line.deliver(letter()) == Sent(sam.last.id)


@pytest.mark.parametrize(
    ("kind", "accepted"),
    [
        (Kind.DROP_BEFORE, 0),
        (Kind.DROP_AFTER, 1),
        (Kind.HALF_JSON, 1),
        (Kind.HANG, 1),
        (Kind.BAD_GATEWAY, 0),
        (Kind.SERVER_ERROR, 0),
    ],
)
async def test_whenever_telegram_may_have_taken_it_the_verdict_is_unsure(
    line: TelegramMessenger, standin: StandIn, sam: Phone, kind: Kind, accepted: int
) -> None:
    standin.faults.add(Rule(kind, "sendMessage", seconds=5))
    assert isinstance(await line.deliver(letter()), Unsure)
    assert len(from_bot(sam)) == accepted


@pytest.mark.parametrize("kind", [Kind.DROP_BEFORE, Kind.DROP_AFTER])
async def test_a_reset_of_a_connection_in_use_is_unsure_too(
    line: TelegramMessenger, standin: StandIn, sam: Phone, kind: Kind
) -> None:
    """A kept-alive connection fails in other ways than a new one."""
    await line.deliver(letter())
    standin.faults.add(Rule(kind, "sendMessage"))
    assert isinstance(await line.deliver(letter()), Unsure)
    assert isinstance(await line.deliver(letter()), Sent)


async def test_a_picture_whose_answer_never_comes_is_unsure(line: TelegramMessenger, standin: StandIn) -> None:
    standin.faults.add(Rule(Kind.HANG, "sendPhoto", seconds=5))
    assert isinstance(await line.deliver(letter("picture")), Unsure)


async def test_where_nobody_listens_nothing_was_sent(plan: Plan, transport: httpx.AsyncBaseTransport | None) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    async with connected(address, plan, transport) as messenger:
        assert never_left(await messenger.deliver(letter()))


@contextmanager
def deaf_door() -> Iterator[str]:
    """A port whose queue is full: connecting to it hangs."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(door.getsockname())
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            for one in waiting:
                one.close()


async def test_where_no_connection_comes_about_nothing_was_sent(
    plan: Plan, transport: httpx.AsyncBaseTransport | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "CONNECT_SECONDS", 0.2)
    with deaf_door() as address:
        async with connected(address, plan, transport) as messenger:
            assert never_left(await messenger.deliver(letter()))


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_without_a_free_connection_nothing_was_sent(
    name: str, standin: StandIn, sam: Phone, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "CONNECTIONS", 1)
    monkeypatch.setattr(sender, "POOL_SECONDS", 0.2)
    monkeypatch.setattr(sender, "READ_SECONDS", 1.0)
    one = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=1)) if name == "httpx" else None
    standin.faults.add(Rule(Kind.HANG, "sendMessage", seconds=5))
    async with serve(standin) as address, connected(address, plan, one) as messenger:
        first = asyncio.get_running_loop().create_task(messenger.deliver(letter()))
        await sam.until(lambda: len(from_bot(sam)) == 1)
        assert never_left(await messenger.deliver(letter()))
        assert isinstance(await first, Unsure)
    assert len(from_bot(sam)) == 1


async def test_a_429_over_the_socket_is_understood(line: TelegramMessenger, standin: StandIn) -> None:
    standin.faults.add(Rule(Kind.TOO_MANY, retry_after=3))
    assert await line.deliver(letter()) == TryLater(timedelta(seconds=3), whole_bot=True, why="flood_control")


async def test_no_verdict_tells_the_token_or_the_words(plan: Plan, transport: httpx.AsyncBaseTransport | None) -> None:
    async with connected("http://127.0.0.1:1", plan, transport) as messenger:
        verdict = await messenger.deliver(letter(facts={"text": "canary"}))
    assert TOKEN not in repr(verdict)
    assert "canary" not in repr(verdict)
