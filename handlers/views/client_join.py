"""The six joining screens, and the pages beside them. On each screen the first button goes forward."""

from collections.abc import Mapping
from typing import Any

from bot.domain.consent import SCREENS, Choice
from bot.domain.words import Facts
from bot.texts import Html, Say, lines
from handlers.verbs import JOIN
from handlers.views.screen import Button, Rows, Screen, View, Voice, button


def join(facts: Facts, voice: Voice) -> Screen:
    """One message that edits itself: the screen on which the client stands, or a page beside them."""
    page = facts.get("page")
    if page is not None:
        return _PAGES[str(page)](facts, voice)
    screen = int(str(facts["screen"]))
    head = voice.say("client.join.head", n=screen, of=SCREENS)
    return Screen(lines(head, _SCREENS[screen](facts, voice)), _rows(screen, facts, voice.say))


def _known(facts: Facts) -> dict[str, Any]:
    return {name: facts[name] for name in ("worker", "initial") if name in facts}


def _one(facts: Facts, voice: Voice) -> Html:
    return voice.say("client.join.again.text" if facts["again"] else "client.join.1.text", **_known(facts))


def _two(facts: Facts, voice: Voice) -> Html:
    often = voice.say.plain(f"client.often.{facts['often']}", n=facts["often_n"])
    key = "client.join.2.quiet" if facts["quiet"] else "client.join.2.text"
    return voice.say(key, n=facts["questions"], often=often, **_known(facts))


def _three(facts: Facts, voice: Voice) -> Html:
    key = "client.join.3.text" if facts["ask_first"] else "client.join.3.told_at_once"
    return voice.say(key, not_shared_with=facts["not_shared_with"], **_known(facts))


def _four(facts: Facts, voice: Voice) -> Html:
    return voice.say("client.join.4.text", hours=voice.plan.calendar.working)


def _five(facts: Facts, voice: Voice) -> Html:
    return voice.say("client.join.5.text")


def _six(facts: Facts, voice: Voice) -> Html:
    return voice.say("client.join.6.text", plan=plan_words(facts, voice.say), now=facts["now"])


def plan_words(facts: Facts, say: Say) -> str:
    """When this client is asked, as a sentence."""
    return say.plain(f"client.join.6.{facts['plan']}", days=facts["days"], when=facts["when"], worker=facts["worker"])


_SCREENS = {1: _one, 2: _two, 3: _three, 4: _four, 5: _five, 6: _six}

_BUTTONS: Mapping[int, tuple[tuple[tuple[str, Choice], ...], ...]] = {
    1: ((("yes_private", Choice.NEXT),), (("shared", Choice.SHARED),), (("unknown_worker", Choice.UNKNOWN),)),
    2: ((("next", Choice.NEXT),), (("back", Choice.BACK),)),
    3: ((("next", Choice.NEXT),), (("back", Choice.BACK),)),
    4: ((("next", Choice.NEXT),), (("back", Choice.BACK),)),
    5: ((("agree", Choice.AGREE),), (("decline", Choice.DECLINE),), (("back", Choice.BACK),)),
    6: ((("yes_clock", Choice.FINE),), (("change_clock", Choice.CHANGE),), (("words", Choice.STYLE),)),
}


def _rows(screen: int, facts: Facts, say: Say) -> Rows:
    rows = _BUTTONS[screen]
    if screen == 1 and facts["again"]:
        rows = ((("next", Choice.NEXT),),)
    if screen == 6 and facts["words"]:
        rows = (*rows[:2], (("numbers", Choice.STYLE),))
    return tuple(tuple(_button(say, facts, key, screen, choice) for key, choice in row) for row in rows)


def _button(say: Say, facts: Facts, key: str, screen: int, choice: Choice) -> Button:
    return button(say.plain(f"client.join.buttons.{key}", **_known(facts)), JOIN, screen, choice.value)


# ---------------------------------------------------------------- pages beside the six


def _clock(facts: Facts, voice: Voice) -> Screen:
    """Other clocks to tap on, two in a row; none of them says which country it is."""
    offered: Any = facts["clocks"]
    buttons = [button(str(wall), JOIN, 6, Choice.CLOCK.value, int(minutes)) for minutes, wall in offered]
    pairs = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    return Screen(voice.say("client.join.clock.ask"), pairs)


def _done(facts: Facts, voice: Voice) -> Screen:
    if facts.get("day") is None:
        return Screen(voice.say("client.join.done_no_day"))
    return Screen(voice.say("client.join.done", day=facts["day"]))


def _plain(key: str) -> View:
    def page(facts: Facts, voice: Voice) -> Screen:
        return Screen(voice.say(key, **_known(facts)))

    return page


_PAGES: Mapping[str, View] = {
    "clock": _clock,
    "done": _done,
    "waiting": _plain("client.join.waiting"),
    "declined": _plain("client.join.declined.text"),
    "unknown_worker": _plain("client.join.unknown_worker.text"),
}

VIEWS: Mapping[str, View] = {"client.join": join}
