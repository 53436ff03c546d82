"""What a button carries: read back exactly as it was written, or not at all; and nobody's forgery does anything odd."""

import pytest
from hypothesis import strategies as st

from bot.actions.desk import Desk
from handlers import routes
from handlers.callbacks import MAX_BYTES, decode, encode, whole
from handlers.client.checkins import _value as value_of
from tests.parsers.cases import made_up
from tests.parsers.house import CHATS, House
from tests.parsers.shapes import NASTY, mixed, texts
from tests.support.chats import Chat
from tests.support.people import a_client, a_worker

VERBS = tuple(routes.TAPS)
SAID = (
    *(
        "0",
        "7",
        "10",
        "11",
        "2.5",
        "=yes",
        "=",
        "next",
        "at",
        "agree",
        "again",
        "hold",
        "later",
        "hour",
        "words",
        "y",
        "n",
        "d",
    ),
    *(
        "toggle",
        "zone",
        "time",
        "lang",
        "en",
        "until",
        "to",
        "not",
        "use",
        "tomorrow",
        "back",
        "better",
        "tell",
        "self",
        "1",
        "6",
    ),
    *("-60", "345", "9999", "@check_in", "@alert", "whole", "show", "more", "else_yes", "erase_yes", "no_more_yes"),
)
argument = st.one_of(st.sampled_from(SAID), st.integers().map(str), texts)
forged = st.one_of(
    st.builds(lambda verb, args: ":".join(("1", verb, *args)), st.sampled_from(VERBS), st.lists(argument, max_size=4)),
    mixed("1", ":", "a", "m", "2"),
)


@made_up("buttons_read", data=st.one_of(st.none(), forged))
def test_data_is_read_as_it_was_written_or_not_at_all(data: str | None) -> None:
    tap = decode(data)
    if tap is not None:
        assert encode(tap.verb, *tap.args) == data
        assert len(str(data).encode()) <= MAX_BYTES


@made_up("buttons_made", verb=st.one_of(st.sampled_from(VERBS), texts), args=st.lists(argument, max_size=4))
def test_what_is_written_is_read_back_and_what_would_not_be_is_not_written(verb: str, args: list[str]) -> None:
    try:
        data = encode(verb, *args)
    except ValueError:
        return
    tap = decode(data)
    assert tap is not None
    assert (tap.verb, list(tap.args)) == (verb, args)


@made_up(
    "buttons_handled",
    on="house",
    data=forged,
    chat=st.sampled_from(CHATS),
)
def test_a_forged_button_is_answered_at_once_and_stores_no_nonsense(house: House, data: str, chat: int) -> None:
    data = data.replace("@check_in", house.check_in).replace("@alert", house.alert)
    update = {
        "callback_query": {
            "id": "1",
            "from": {"id": chat, "is_bot": False, "first_name": "P"},
            "data": data,
            "chat_instance": "1",
        }
    }
    assert house.run(house.hears(update)) == "done"
    assert house.run(house.every_answer_fits())


@pytest.mark.parametrize("written", [*NASTY, "07", "+7", "1_0", "10000", "-0", "00"])
def test_only_a_number_as_buttons_carry_it_is_one(written: str) -> None:
    assert whole(written) is None


@pytest.mark.parametrize("number", [0, 1, -1, 9999, -9999, 345])
def test_a_number_is_read_back(number: int) -> None:
    assert whole(str(number)) == number


@pytest.mark.parametrize(("written", "value"), [("7", 7), ("10", 10), ("2.5", 2.5), ("=yes", "yes")])
def test_a_value_is_read_back(written: str, value: object) -> None:
    assert value_of(written) == value


@pytest.mark.parametrize("nasty", NASTY)
async def test_what_no_database_holds_gets_the_same_kind_sentence_on_each(desk: Desk, nasty: str) -> None:
    await a_client(desk, await a_worker(desk))
    chat = Chat(desk, 1001)
    assert (await chat.taps_data(f"1:a:{nasty}:0:7")).refused in ("errors.stale_button", "errors.unknown_command")
