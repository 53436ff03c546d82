"""Words of the client's own, and the question about the questions."""

from collections.abc import Mapping

from bot.actions.remarks import DELETE, KEEP, SHOW
from bot.domain.words import Facts
from bot.texts import html
from handlers.verbs import QUESTIONS, REMARK
from handlers.views.screen import Rows, Screen, View, Voice, button

LONGEST = 3_800
"""Letters of a remark that fit one message beside its head; all of it is in the export."""
CHANGES = ("less_often", "other_time", "just_one", "break", "no_more", "keep")
"""What the question about the questions offers, in order."""


def remark_sharing(facts: Facts, voice: Voice) -> Screen:
    """Shall the worker see that?"""
    say, remark, worker = voice.say.plain, str(facts["remark"]), facts["worker"]
    text = voice.say("client.words.while_asking" if facts["while_asking"] else "client.words.ask", worker=worker)
    rows: Rows = (
        (button(say("client.words.buttons.show", worker=worker), REMARK, remark, SHOW, str(facts["to"])),),
        (button(say("client.words.buttons.keep"), REMARK, remark, KEEP),),
        (button(say("client.words.buttons.delete"), REMARK, remark, DELETE),),
    )
    return Screen(text, rows)


def remark_done(facts: Facts, voice: Voice) -> Screen:
    return Screen(voice.say(str(facts["key"]), worker=facts["worker"]))


def words_for_worker(facts: Facts, voice: Voice) -> Screen:
    """To the worker: words that the client lets them see, whole as far as a message holds them."""
    words = str(facts["words"])
    shown = words if len(words) <= LONGEST else f"{words[:LONGEST]}…"
    return Screen(voice.say("worker.words.text", ref=facts["ref"], words=html(shown)), protected=True)


def about_questions(facts: Facts, voice: Voice) -> Screen:
    """After two without a tap, in place of a third."""
    say, check_in = voice.say, str(facts["check_in"])
    text = say("client.about_questions.text", day=facts["day"]) if facts["day"] else say("client.about_questions.no_day")
    rows = tuple(
        (button(say.plain(f"client.about_questions.buttons.{one}"), QUESTIONS, check_in, one),) for one in CHANGES
    )
    return Screen(text, rows)


def about_kept(facts: Facts, voice: Voice) -> Screen:
    if facts["day"]:
        return Screen(voice.say("client.about_questions.keep", day=facts["day"]))
    return Screen(voice.say("client.about_questions.keep_no_day"))


VIEWS: Mapping[str, View] = {
    "client.remark_sharing": remark_sharing,
    "client.remark_done": remark_done,
    "worker.words": words_for_worker,
    "client.about_questions": about_questions,
    "client.about_kept": about_kept,
}
