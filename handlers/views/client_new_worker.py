"""Who the worker is now, and whether they shall see the older answers."""

from collections.abc import Mapping

from bot.domain.words import Facts
from handlers.verbs import NEW_WORKER
from handlers.views.screen import Screen, View, Voice, button

YES, NO = "yes", "no"


def new_worker(facts: Facts, voice: Voice) -> Screen:
    text = voice.say(f"client.new_worker.{facts['said']}", new=facts["new"])
    if facts["said"] != "text":
        return Screen(text)
    say, worker = voice.say.plain, str(facts["worker"])
    row = tuple(button(say(f"client.new_worker.buttons.{one}"), NEW_WORKER, worker, one) for one in (YES, NO))
    return Screen(text, (row,))


VIEWS: Mapping[str, View] = {"client.new_worker": new_worker}
