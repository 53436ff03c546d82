"""What keeps the bot from asking clients, told to the managers once a day."""

from collections.abc import Mapping
from typing import Any

from bot.domain.words import Facts
from bot.texts import Say, lines
from handlers.views.screen import Screen, View, Voice

WORSE = {"old": "_old", "in_future": "_in_future"}


def not_live(facts: Facts, voice: Voice) -> Screen:
    """`lacks`: config key and how it falls short; `not_joined`: names of contacts who have not joined."""
    say = voice.say
    lacks: Any = facts["lacks"]
    waiting: Any = facts["not_joined"]
    what = [_what(say, str(key), str(lack)) for key, lack in lacks]
    what += [say("manager.live.not_joined", name=name) for name in waiting]
    return Screen(lines(say("manager.live.daily"), *(say("manager.live.missing_line", what=one) for one in what)))


def _what(say: Say, key: str, lack: str) -> str:
    section, name, *language = key.split(".")
    text = f"manager.live.{name}{WORSE.get(lack, '')}"
    return say(text, language=language[0] if language else "") if say.has(text) else f"{section}.{name}"


VIEWS: Mapping[str, View] = {"manager.not_live": not_live}
