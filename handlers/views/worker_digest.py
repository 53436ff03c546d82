"""The worker's weekly digest: a few words about each client, no numbers, in one message."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.words import Facts
from bot.texts import Html, blocks, lines
from handlers.views.screen import Screen, View, Voice

MOST_REFS = 12
"""Named in one line; of the others only how many there are."""


def digest(facts: Facts, voice: Voice) -> Screen:
    """The facts are cut so that it fits into one message."""
    say, clients, left_out = voice.say, _list(facts["clients"]), facts["left_out"]
    is_open, low, so_far = _list(facts["open"]), _list(facts["low"]), bool(facts.get("so_far"))
    not_asked = _list(facts.get("not_asked", ()))
    quiet = not (clients or left_out or is_open or not_asked)
    text = blocks(
        say("worker.digest.head_so_far" if so_far else "worker.digest.head", day=facts["day"]),
        say("worker.digest.nothing_new" if so_far else "worker.digest.all_quiet") if quiet else None,
        say("worker.digest.open", n=len(is_open), refs=_refs(is_open, voice)) if is_open else None,
        say("worker.digest.not_asked", refs=_refs(not_asked, voice)) if not_asked else None,
        *(_client(one, voice) for one in clients),
        say("worker.digest.left_out", n=left_out) if left_out else None,
        say("worker.digest.low_information", n=len(low), of=facts["of"], refs=_refs(low, voice)) if low else None,
        say("worker.digest.numbers", ref=clients[0]["ref"]) if clients else None,
    )
    return Screen(text, protected=True)


def _client(client: Mapping[str, Any], voice: Voice) -> Html:
    return lines(voice.say("worker.digest.client", ref=client["ref"]), *(_line(one, voice) for one in client["lines"]))


def _line(one: Mapping[str, Any], voice: Voice) -> Html:
    what = voice.say(f"worker.digest.{one['says']}")
    return voice.say("worker.digest.line_held_back" if one["held_back"] else "worker.digest.line", what=what)


def _refs(refs: Sequence[str], voice: Voice) -> str:
    more = len(refs) - MOST_REFS
    if more > 0:
        return voice.say.plain("worker.digest.and_more", refs=", ".join(refs[:MOST_REFS]), n=more)
    return voice.say.forms.write(refs, "list")


def _list(found: Any) -> list[Any]:
    return list(found)


VIEWS: Mapping[str, View] = {"worker.digest": digest}
