"""A worker's clients, by ref, and one of them with the chart."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.domain.words import Facts
from bot.texts import Html, html, lines, seen
from handlers.verbs import HOLD
from handlers.views.pictures import chart, in_words
from handlers.views.room import CAPTION, MESSAGE, Block, as_many, fitted
from handlers.views.screen import Screen, View, Voice, button
from handlers.views.worker_alerts import says_little

STATES = {
    "break": "on_break",
    "quieted": "quieted",
    "gone_quiet": "quiet",
    "crisis": "danger",
    "held": "held",
}


def caseload(facts: Facts, voice: Voice) -> Screen:
    """One line each; what somebody wishes from others than the worker is in none of them. A long one is several messages,
    the first with the head."""
    clients: Any = facts["clients"]
    covered: Any = facts["covered"]
    if not clients and not covered:
        return Screen(voice.say("worker.caseload.none"))
    head = voice.say("worker.caseload.head", n=facts.get("of", len(clients))) if facts.get("first", True) else Html("")
    own = [voice.say("worker.caseload.line", ref=one["ref"], state=state(one, voice)) for one in clients]
    rows = [head, *own, *_covered(covered, voice)]
    text = as_many(rows, MESSAGE, lambda n: voice.say("worker.caseload.left_out", n=n))
    return Screen(text.strip(), protected=True)


def _covered(covered: Sequence[Mapping[str, Any]], voice: Voice) -> Iterator[Html]:
    """Those with something open, and before the first of each colleague's for whom they are covered."""
    name = None
    for one in covered:
        ref = html(one["ref"])
        covering = voice.say("worker.caseload.covering", name=one["name"])
        yield ref if one["name"] == name else Html(f"\n{covering}\n{ref}")
        name = one["name"]


def state(one: Mapping[str, Any], voice: Voice) -> str:
    """Where a client stands, in a few words; with a dead chat that too, for then nothing changes by itself."""
    if one["status"] in ("declined", "left", "discharged") or one["asking"] == "no_more":
        return voice.say.plain("worker.caseload.declined")
    stands = _stands(one, voice)
    if not one.get("unreachable"):
        return stands
    return voice.say.forms.write([stands, voice.say.plain("worker.caseload.blocked")], "list")


def _stands(one: Mapping[str, Any], voice: Voice) -> str:
    say, base = voice.say.plain, "worker.caseload"
    if one["status"] == "invited":
        return say(f"{base}.invited")
    key = STATES.get(str(one["asking"]))
    if key == "on_break" and one.get("until"):
        return say(f"{base}.on_break", until=one["until"])
    if key:
        return say(f"{base}.{'break_over' if key == 'on_break' else key}")
    if one.get("open"):
        return say(f"{base}.open_alert", day=one["open"])
    return say(f"{base}.asked", day=one["last"]) if one.get("last") else say(f"{base}.no_answer_yet")


def client(facts: Facts, voice: Voice) -> Screen:
    """The last answers and the chart of one client. Words that have no room under a picture come without it: they hold
    the same facts."""
    drawn, picture = chart(facts, voice), in_words(facts, voice)
    meets = facts.get("next")
    parts = [
        Block(voice.say("worker.client.head", ref=facts["ref"], state=state(facts, voice))),
        Block(lines(_latest(facts, voice), picture)),
        Block(says_little(facts, voice), 2),
        Block(voice.say("worker.client.next", when=meets) if meets else voice.say("worker.client.next_unknown"), 1),
    ]
    text = fitted(parts, MESSAGE, voice.say("worker.client.left_out"))
    return Screen(text, _rows(facts, voice), drawn if len(seen(text)) <= CAPTION else None, protected=True)


def _latest(facts: Facts, voice: Voice) -> Html:
    answers: Any = facts.get("answers") or ()
    if not answers:
        return voice.say("worker.client.none")
    said = [
        f"{voice.say.plain('worker.construct.' + a['construct'])} {voice.say.forms.write(a['value'], 'number')}"
        for a in answers
    ]
    return voice.say("worker.client.latest", day=answers[0]["day"], answers=", ".join(said))


def _rows(facts: Facts, voice: Voice) -> Any:
    ref, asking = str(facts["client"]), facts["asking"]
    if asking in ("held", "gone_quiet"):
        return ((button(voice.say.plain("worker.client.buttons.resume"), HOLD, ref, "again"),),)
    if asking in ("on", "break", "quieted"):
        return ((button(voice.say.plain("worker.client.buttons.hold"), HOLD, ref, "hold"),),)
    return ()


VIEWS: Mapping[str, View] = {"worker.caseload": caseload, "worker.client": client}
