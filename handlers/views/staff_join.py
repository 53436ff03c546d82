"""The one screen with one button that workers and managers get."""

from collections.abc import Mapping

from bot.domain.words import Facts, Role
from handlers.views.screen import Screen, View, Voice, button

VERB = "sj"


def join(facts: Facts, voice: Voice) -> Screen:
    whose = "worker" if facts["role"] == Role.WORKER else "manager"
    if not facts["done"]:
        text = voice.say(f"{whose}.join.text", name=facts["name"], place=facts["place"])
        return Screen(text, ((button(voice.say.plain(f"{whose}.join.buttons.yes"), VERB),),))
    nobody_yet = whose == "worker" and not facts["clients"]
    return Screen(voice.say(f"{whose}.join.done_none" if nobody_yet else f"{whose}.join.done"))


VIEWS: Mapping[str, View] = {"staff.join": join}
