"""How well are you and a client working together: the worker's own number, once a month."""

from collections.abc import Mapping

from bot.domain.words import Facts
from handlers.verbs import RATE
from handlers.views.client_checkins import NUMBERS_IN_ROW
from handlers.views.screen import Screen, View, Voice, button

SKIP = "skip"


def rating(facts: Facts, voice: Voice) -> Screen:
    asking = str(facts["asking"])
    numbers = tuple(button(str(n), RATE, asking, n) for n in range(11))
    skip = button(voice.say.plain("worker.rating.buttons.skip"), RATE, asking, SKIP)
    text = voice.say("worker.rating.text", ref=facts["ref"])
    return Screen(text, (numbers[:NUMBERS_IN_ROW], numbers[NUMBERS_IN_ROW:], (skip,)), protected=True)


def rated(facts: Facts, voice: Voice) -> Screen:
    if facts["value"] is None:
        return Screen(voice.say("worker.rating.skipped", ref=facts["ref"]))
    return Screen(voice.say("worker.rating.done", ref=facts["ref"], value=facts["value"]), protected=True)


VIEWS: Mapping[str, View] = {"worker.rating": rating, "worker.rated": rated}
