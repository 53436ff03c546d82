"""Are they sure? Before somebody's chat is closed."""

from collections.abc import Mapping

from bot.domain.words import Facts
from handlers.verbs import UNLINK
from handlers.views.screen import Screen, View, Voice, button

YES, NO = "yes", "no"


def unlink(facts: Facts, voice: Voice) -> Screen:
    say, person = voice.say.plain, str(facts["person"])
    yes = button(say("worker.unlink.buttons.yes"), UNLINK, person, YES, int(str(facts["until"])))
    no = button(say("worker.unlink.buttons.no"), UNLINK, person, NO)
    return Screen(voice.say("worker.unlink.ask", ref=facts["ref"]), ((yes,), (no,)))


VIEWS: Mapping[str, View] = {"staff.unlink": unlink}
