"""One sentence without buttons: a refusal, a note to a member of staff, what a stranger gets."""

from collections.abc import Mapping
from typing import Any

from bot.domain.words import Facts
from handlers.views.screen import Screen, View, Voice


def sentence(facts: Facts, voice: Voice) -> Screen:
    """`key` names the text, `facts` holds what it quotes."""
    quoted: Any = facts.get("facts") or {}
    return Screen(voice.say(str(facts["key"]), **quoted))


VIEWS: Mapping[str, View] = {"sentence": sentence}
