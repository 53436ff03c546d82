"""Every button and every command, by everybody whom it does not concern: nothing changes, and nothing is learnt.

Alex (R-118) is Sam's client and has an alert, a danger, a goal, words of their own and a check-in. Kim (W-2) works with
somebody else, Bo is another client, Una once worked here, and a stranger is on no roster. Access is decided above the
database, so one database is enough.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa

from bot.actions import alerts, goals, reassigning
from bot.domain.errors import Refusal
from bot.domain.people import Status
from bot.domain.plan import Plan
from bot.domain.words import Role
from bot.rehearsal.clock import RehearsalClock
from handlers import access, routes, setup, verbs
from handlers.callbacks import decode
from handlers.context import Talk
from handlers.receiver import ALLOWED
from handlers.sender import make_bot
from handlers.setup import TelegramEars
from storage import tables as t
from storage.unit_of_work import Memory
from tests.support.desks import START, desk_for
from tests.support.people import a_client, a_worker
from tests.support.scripted import Scripted
from tests.support.stories import Phone, World, a_world

SECRETS = ("Alex", "R-118", "Sam", "see my sister", "told off", "fell to")
QUIET_TABLES = {"outbox", "inbox", "message", "wrong_code", "audit_head"}
"""Where an answer to the speaker leaves its traces."""


@dataclass
class Place:
    """What buttons could be about."""

    world: World
    alert: str
    danger: str
    check_in: str
    goal: str
    remark: str
    asking: str

    def taps(self) -> Iterator[str]:
        """Every button that there is, with Alex's ids in it."""
        check_in, goal, client = self.check_in, self.goal, self.world.client.id
        for alert in (self.alert, self.danger):
            for verb in ("ack", "talked", "more"):
                yield f"1:{verb}:{alert}"
            yield from (f"1:fu:{alert}:{said}" for said in ("better", "not_yet", "skip", "try_again", "leave_it", "7"))
            yield from (f"1:al:{alert}:{what}" for what in ("show", "whole", "notes", "hold", "close", "touched", "more"))
            yield from (f"1:al:{alert}:{what}" for what in ("pass", "why_not", "in_touch", "not:known", "later:tomorrow"))
            yield f"1:al:{alert}:to:{client}"
            yield f"1:al:{alert}:use:useful"
        yield from (
            f"1:a:{check_in}:0:3",
            f"1:s:{check_in}:0",
            f"1:b:{check_in}:1",
            f"1:l:{check_in}",
            f"1:w:{check_in}:words",
            *(f"1:sh:{check_in}:{wish}" for wish in ("tell", "myself", "someone_else")),
            f"1:un:{check_in}",
        )
        yield from (f"1:g:{what}:{goal}" for what in ("ask_rename", "let_go_ask", "yes_let_go", "yes_quote", "no_quote"))
        yield f"1:gs:{goal}"
        yield from (f"1:r:{self.remark}:{what}" for what in ("y", "n", "d", f"y:{self.world.worker.id}"))
        yield from (f"1:nw:{self.world.worker.id}:{said}" for said in ("yes", "no"))
        yield from (f"1:ul:{client}:{said}" for said in ("no", "yes:4102444800"))
        yield from (f"1:hd:{client}:again", f"1:hd:{client}:hold")
        yield from (f"1:rt:{self.asking}:3", f"1:rt:{self.asking}:skip")

    def commands(self) -> Iterator[str]:
        for name in ("client", "met", "missed", "hold", "invite", "unlink", "ack", "intouch"):
            yield from (f"/{name} {ref}" for ref in ("R-118", "r-118", " R-118 "))
        yield "/next R-118 24 May 11:00"
        yield from ("/caseload", "/digest", "/report", "/goals", "/progress", "/mydata", "/menu", "/hide")


@pytest.fixture
async def place(sqlite_empty: Memory, plan: Plan) -> Place:
    desk = desk_for(sqlite_empty, plan)
    world = await a_world(desk)
    check_in = await world.low()
    await world.alex.taps("Tell")
    await world.pass_time(seconds=62)
    await world.alex.types("felt told off")
    async with desk.turn() as turn:
        goal = await goals.add(turn, world.client, "see my sister")
        await alerts.raise_danger(turn, world.client, frozenset({"self_harm"}), "typed")
        asking = await turn.m.ratings.ask(world.client.id, world.worker.id, turn.now.date(), turn.now)
    await world.settle()
    async with desk.glance() as m:
        [remark] = await m.remarks.of(world.client.id)
    kinds = {one.kind.value: one.id for one in await world.alerts()}
    return Place(world, kinds["alliance"], kinds["danger"], check_in.id, goal.id, remark.id, asking or "")


async def _kim(world: World) -> Phone:
    return world.kim


async def _bo(world: World) -> Phone:
    kim = await a_worker(world.desk, "W-2", "Kim", 2002)
    await a_client(world.desk, kim, "R-204", "Bo", 1002)
    return _phone(world, 1002)


async def _una(world: World) -> Phone:
    una = await a_worker(world.desk, "W-9", "Una", 2009)
    async with world.desk.turn() as turn:
        await turn.m.people.change(una.id, status=Status.DISCHARGED)
    return _phone(world, 2009)


async def _stranger(world: World) -> Phone:
    return _phone(world, 9009)


def _phone(world: World, chat_id: int) -> Phone:
    world.phones[chat_id] = Phone(world.desk, chat_id, world=world)
    return world.phones[chat_id]


async def _former(world: World) -> Phone:
    """Sam, whose client Alex was until a moment ago; the cards of then still stand on this phone."""
    async with world.desk.turn() as turn:
        kim = await turn.m.people.by_ref("W-2")
        assert kim is not None
        await reassigning.give(turn, world.client.id, kim.id)
    await world.settle()
    world.sam.screens.clear()
    return world.sam


SPEAKERS = {
    "another worker": _kim,
    "another client": _bo,
    "who has left": _una,
    "a stranger": _stranger,
    "their former worker": _former,
}


Rows: TypeAlias = dict[str, list[tuple[object, ...]]]


async def _state(world: World) -> Rows:
    """Every row about Alex, and every table that only grows by doing something."""
    async with world.desk.glance() as m:
        return {
            table.name: sorted((tuple(map(repr, row)) for row in await m.con.execute(_rows(table))), key=repr)
            for table in t.meta.sorted_tables
            if table.name not in QUIET_TABLES
        }


def _rows(table: sa.Table) -> sa.Select[Any]:
    """All; of the access log those that name somebody: that a worker looked at their own list concerns nobody else."""
    return sa.select(table).where(t.audit.c.about.is_not(None)) if table is t.audit else sa.select(table)


def _changed(before: Rows, after: Rows, mine: str) -> list[tuple[str, tuple[object, ...]]]:
    """Rows that came, went or became others, but for the speaker's own."""
    different = [(name, row) for name, rows in after.items() for row in set(rows) ^ set(before[name])]
    return [(name, row) for name, row in different if mine not in " ".join(map(str, row))]


@pytest.mark.parametrize("speaker", list(SPEAKERS))
async def test_whoever_it_does_not_concern_changes_nothing_and_learns_nothing(place: Place, speaker: str) -> None:
    world = place.world
    phone = await SPEAKERS[speaker](world)
    who, before = await _id(world, phone), await _state(world)
    others = {one.chat_id: len(one.screens) for one in world.phones.values() if one is not phone}
    for said in (*place.taps(), *place.commands()):
        with suppress(Refusal):
            await (phone.types(said) if said.startswith("/") else phone.taps_data(said))
        assert [one for one in SECRETS if one in phone.all_words] == [], said
    assert _changed(before, await _state(world), who) == []
    assert {chat: len(world.phones[chat].screens) for chat in others} == others


async def _id(world: World, phone: Phone) -> str:
    async with world.desk.glance() as m:
        person = await m.people.by_chat(phone.chat_id)
    return person.id if person else "nobody"


# ---------------------------------------------------------------- the table: role × button or command × whose

C, W, M = Role.CLIENT, Role.WORKER, Role.MANAGER
ANYBODY: tuple[Role, ...] = ()


class Whose(StrEnum):
    """What it may be about. Only what is about oneself, or about nobody, is not tried with somebody else's ids above."""

    ONESELF = "oneself"
    """It names nothing and nobody, or only what the speaker was asked: it can only be about whoever taps or types."""
    OWN_ROWS = "rows of one's own"
    """A check-in, goal, remark or rating of the speaker's."""
    OWN_CLIENT = "a client of one's own"
    """Of a worker: assigned to them. A manager may make and take away links for everybody, and reads nothing by that."""
    IN_HAND = "an alert in one's hands"
    """Whoever was reached by it or holds its step."""
    NOBODY = "nobody in particular"


TAPS: Mapping[str, tuple[tuple[Role, ...], Whose]] = {
    "a": ((C,), Whose.OWN_ROWS),
    "ack": ((W, M), Whose.IN_HAND),
    "al": ((W, M), Whose.IN_HAND),
    "b": ((C,), Whose.OWN_ROWS),
    "c": ((C,), Whose.ONESELF),
    "ca": ((C,), Whose.ONESELF),
    "fu": ((C,), Whose.OWN_ROWS),
    "g": ((C,), Whose.OWN_ROWS),
    "gs": ((W, M), Whose.OWN_CLIENT),
    "hd": ((W,), Whose.OWN_CLIENT),
    "j": ((C,), Whose.ONESELF),
    "l": ((C,), Whose.OWN_ROWS),
    "m": ((C,), Whose.ONESELF),
    "more": ((W, M), Whose.IN_HAND),
    "nw": ((C,), Whose.OWN_ROWS),
    "q": ((C,), Whose.ONESELF),
    "r": ((C,), Whose.OWN_ROWS),
    "rt": ((W,), Whose.OWN_ROWS),
    "s": ((C,), Whose.OWN_ROWS),
    "sh": ((C,), Whose.OWN_ROWS),
    "sj": ((W, M), Whose.ONESELF),
    "talked": ((W, M), Whose.IN_HAND),
    "ul": ((W, M), Whose.OWN_CLIENT),
    "un": ((C,), Whose.OWN_ROWS),
    "w": ((C,), Whose.OWN_ROWS),
}
COMMANDS: Mapping[str, tuple[tuple[Role, ...], Whose]] = {
    "ack": ((W, M), Whose.IN_HAND),
    "caseload": ((W,), Whose.OWN_CLIENT),
    "client": ((W,), Whose.OWN_CLIENT),
    "digest": ((W,), Whose.OWN_CLIENT),
    "erase": ((C,), Whose.ONESELF),
    "goals": ((C,), Whose.OWN_ROWS),
    "help": (ANYBODY, Whose.NOBODY),
    "hide": ((C,), Whose.OWN_ROWS),
    "hold": ((W,), Whose.OWN_CLIENT),
    "intouch": ((W, M), Whose.IN_HAND),
    "invite": ((W, M), Whose.OWN_CLIENT),
    "language": ((C,), Whose.ONESELF),
    "menu": ((C,), Whose.OWN_ROWS),
    "met": ((W,), Whose.OWN_CLIENT),
    "missed": ((W,), Whose.OWN_CLIENT),
    "mydata": ((C,), Whose.OWN_ROWS),
    "next": ((W,), Whose.OWN_CLIENT),
    "pause": ((C,), Whose.ONESELF),
    "progress": ((C,), Whose.OWN_ROWS),
    "report": ((M,), Whose.OWN_CLIENT),
    "start": (ANYBODY, Whose.NOBODY),
    "stop": ((C,), Whose.ONESELF),
    "talk": ((C,), Whose.ONESELF),
    "unlink": ((W, M), Whose.OWN_CLIENT),
    "when": ((C,), Whose.ONESELF),
}
NOT_TRIED = (Whose.ONESELF, Whose.NOBODY)


def test_each_verb_of_a_button_is_taken_by_one_handler() -> None:
    written = [value for name, value in vars(verbs).items() if name.isupper()]
    assert sorted(written) == sorted(routes.TAPS)


async def test_every_button_and_every_command_is_in_the_table(place: Place) -> None:
    """A new one has to be thought of here: who may, whose it is, and what happens with somebody else's ids."""
    assert {name: route.who for name, route in routes.TAPS.items()} == {name: {*who} for name, (who, _) in TAPS.items()}
    assert {name: route.who for name, route in routes.COMMANDS.items()} == {
        name: {*who} for name, (who, _) in COMMANDS.items()
    }
    tried = {one.split(":")[1] for one in place.taps()}, {one.split()[0][1:] for one in place.commands()}
    for table, names in zip((TAPS, COMMANDS), tried, strict=True):
        assert {name for name, (_, whose) in table.items() if whose not in NOT_TRIED} == names


async def test_there_is_no_other_way_in(sqlite_empty: Memory, plan: Plan) -> None:
    """Messages, edited messages, taps, being blocked or added, and whatever comes from groups and channels."""
    ears = TelegramEars(make_bot("1:x", "http://127.0.0.1:1"), Scripted(RehearsalClock(START)), lambda: "en")
    ways = [type(one).__name__ for group in ears._application.handlers.values() for one in group]
    assert sorted(ways) == ["CallbackQueryHandler", "ChatMemberHandler", *["MessageHandler"] * 3]
    assert ALLOWED == ["message", "edited_message", "callback_query", "my_chat_member", "channel_post"]


async def test_whoever_has_not_the_role_gets_one_sentence_before_anything_is_looked_at(place: Place) -> None:
    """With their own ids or anybody's: the handler is not even called."""
    every = [(True, *one) for one in routes.TAPS.items()] + [(False, *one) for one in routes.COMMANDS.items()]
    chats: dict[Role | None, int] = {C: 1001, W: 2001, M: 3001, None: 9009}
    for role, chat_id in chats.items():
        async with place.world.desk.turn() as turn:
            for is_tap, name, route in every:
                if not route.who or role in route.who:
                    continue
                talk = Talk(turn, chat_id, 1, *await access.who(turn, chat_id))
                talk.tap, talk.text = (decode(f"1:{name}:{place.alert}"), None) if is_tap else (None, f"/{name} R-118")
                otherwise = "errors.stale_button" if is_tap else "errors.unknown_command"
                with pytest.raises(Refusal) as refused:
                    await setup._go(talk, route, otherwise)
                assert refused.value.key == (otherwise if role else "errors.stranger"), (role, name)


@pytest.mark.parametrize("command", ["/client", "/met", "/hold", "/ack", "/intouch", "/invite", "/unlink"])
async def test_somebody_elses_client_sounds_exactly_like_nobody(place: Place, command: str) -> None:
    """What is refused is refused in the same words as a ref that does not exist, and no ref is repeated."""
    kim = place.world.kim
    heard = [(await kim.types(f"{command} {ref}")).refused for ref in ("R-404", "R-118", "r-118", "W-1")]
    assert set(heard) in ({"errors.unknown_ref"}, {"errors.no_alert"})
    assert kim.screens == []
