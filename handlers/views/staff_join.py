"""The one screen with one button that workers and managers get."""

from collections.abc import Mapping

from bot.domain.words import Facts, Role
from bot.texts import lines
from handlers.verbs import STAFF_JOIN
from handlers.views.screen import Screen, View, Voice, button


def join(facts: Facts, voice: Voice) -> Screen:
    whose = "worker" if facts["role"] == Role.WORKER else "manager"
    if not facts["done"]:
        text = voice.say(f"{whose}.join.text", name=facts["name"], place=facts["place"])
        return Screen(text, ((button(voice.say.plain(f"{whose}.join.buttons.yes"), STAFF_JOIN),),))
    nobody_yet = whose == "worker" and not facts["clients"]
    return Screen(voice.say(f"{whose}.join.done_none" if nobody_yet else f"{whose}.join.done"))


COMMANDS: Mapping[Role, tuple[str, ...]] = {
    Role.WORKER: (
        *("caseload", "client", "digest", "invite", "next", "met", "missed", "hold", "unlink", "ack", "intouch", "help"),
    ),
    Role.MANAGER: ("report", "invite", "unlink", "ack", "intouch", "help"),
}
"""What the help of staff lists: the commands that exist."""


def help_(facts: Facts, voice: Voice) -> Screen:
    role = Role(str(facts["role"]))
    listed = [
        voice.say(f"{role}.help.line", command=name, what=voice.say.plain(f"commands.{role}.{name}"))
        for name in COMMANDS[role]
    ]
    foot = voice.say("worker.help.foot")
    return Screen(lines(voice.say(f"{role}.help.head"), *listed, foot))


VIEWS: Mapping[str, View] = {"staff.join": join, "staff.help": help_}
