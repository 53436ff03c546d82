"""How a question of the bank is put, with what it quotes: on its card, among somebody's own answers, on an alert."""

from collections.abc import Mapping

from bot.domain.answers import FALL_BACK
from bot.domain.questions import Question
from bot.texts import Html, html
from handlers.views.screen import Voice

LEFT_OPEN = "…"
"""For what was quoted once and is not known here."""


def worded(words: str, quoted: Mapping[str, object], voice: Voice) -> Html:
    """The words with what stands in their curly brackets (`domain.questions.PLACEHOLDERS`), all of it escaped."""
    known = {"place": voice.plan.service.place, **quoted}
    return Html(html(words).format_map(_Quoted({name: html(value) for name, value in known.items() if value})))


class _Quoted(dict[str, Html]):
    def __missing__(self, name: str) -> str:
        return LEFT_OPEN


def in_language(wordings: Mapping[str, str], language: str) -> str:
    """In the reader's language, or in English, or in any there is; empty where there is none."""
    return wordings.get(language) or wordings.get(FALL_BACK) or next(iter(wordings.values()), "")


def option_label(question: Question, option: str, language: str) -> str:
    """What stands on the button of a choice; its id if that was taken out of the bank since."""
    return next((in_language(one.text, language) for one in question.options if one.id == option), option)
