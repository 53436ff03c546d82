"""The crisis text: numbers to call, and what became of the notice."""

from collections.abc import Mapping

from bot.domain.words import Facts
from bot.texts import Html, blocks
from handlers.verbs import URGENT_HELP
from handlers.views.screen import Rows, Screen, View, Voice, button


def crisis(facts: Facts, voice: Voice) -> Screen:
    """After words that were typed, or opened from the menu; the same message tells what became of the notice."""
    passed, numbers = facts.get("passed"), _numbers(facts, voice)
    passing = _passing(str(passed), facts, voice) if passed else None
    if facts["page"] == "matched":
        text = voice.say("client.crisis.matched", crisis_text=numbers, passing=passing or "")
        return Screen(text, _matched_rows(voice))
    text = voice.say("client.crisis.opened", crisis_text=numbers)
    return Screen(blocks(text, passing), () if passed else _opened_rows(facts, voice))


def _numbers(facts: Facts, voice: Voice) -> Html | str:
    given = facts.get("crisis_text")
    return str(given).strip() if given else voice.say("client.crisis.example")


def _passing(passed: str, facts: Facts, voice: Voice) -> Html:
    when = facts.get("at")
    next_in = voice.say(f"client.crisis.{facts['in']}", duty=facts["duty"], until=when or "", when=when or "")
    return voice.say(f"client.crisis.{passed}", duty=facts["duty"], next_in=next_in)


def _matched_rows(voice: Voice) -> Rows:
    say = voice.say.plain
    return (
        (button(say("client.crisis.buttons.numbers"), URGENT_HELP, "numbers"),),
        (button(say("client.crisis.buttons.not_meant"), URGENT_HELP, "not_meant"),),
    )


def _opened_rows(facts: Facts, voice: Voice) -> Rows:
    say = voice.say.plain
    return (
        (button(say("client.crisis.buttons.contact_me", place=facts["place"]), URGENT_HELP, "contact"),),
        (button(say("client.crisis.buttons.back"), URGENT_HELP, "back"),),
    )


VIEWS: Mapping[str, View] = {"client.crisis": crisis}
