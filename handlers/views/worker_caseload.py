"""A worker's clients, by ref, and one of them with the chart."""

from collections.abc import Mapping
from typing import Any

from bot.domain.words import Facts
from bot.texts import Html, blocks, lines
from handlers.views.pictures import chart, in_words
from handlers.views.screen import Screen, View, Voice, button
from handlers.views.worker_alerts import CAPTION, MESSAGE, Block, fitted, says_little

STATES = {
    "break": "on_break",
    "quieted": "quieted",
    "gone_quiet": "quiet",
    "crisis": "danger",
    "held": "held",
}


def caseload(facts: Facts, voice: Voice) -> Screen:
    """One line each; what somebody wishes from others than the worker is in none of them."""
    clients: Any = facts["clients"]
    covered: Any = facts["covered"]
    if not clients and not covered:
        return Screen(voice.say("worker.caseload.none"))
    head = voice.say("worker.caseload.head", n=len(clients))
    own = [voice.say("worker.caseload.line", ref=one["ref"], state=state(one, voice)) for one in clients]
    names = dict.fromkeys(one["name"] for one in covered)
    others = [
        lines(
            voice.say("worker.caseload.covering", name=name),
            *(one["ref"] for one in covered if one["name"] == name),
        )
        for name in names
    ]
    parts = [Block(lines(head, *own[:40])), *(Block(one, 1) for one in others)]
    return Screen(fitted(parts, voice, MESSAGE), protected=True)


def state(one: Mapping[str, Any], voice: Voice) -> str:
    """Where a client stands, in a few words."""
    say, base = voice.say.plain, "worker.caseload"
    if one["status"] in ("invited", "declined"):
        return say(f"{base}.{one['status']}")
    if one["status"] in ("left", "discharged") or one["asking"] == "no_more":
        return say(f"{base}.declined")
    if one.get("unreachable"):
        return say(f"{base}.blocked")
    key = STATES.get(str(one["asking"]))
    if key == "on_break" and one.get("until"):
        return say(f"{base}.on_break", until=one["until"])
    if key:
        return say(f"{base}.{'break_over' if key == 'on_break' else key}")
    if one.get("open"):
        return say(f"{base}.open_alert", day=one["open"])
    return say(f"{base}.asked", day=one["last"]) if one.get("last") else say(f"{base}.no_answer_yet")


def client(facts: Facts, voice: Voice) -> Screen:
    """The last answers and the chart of one client."""
    drawn, found = chart(facts, voice), facts.get("answers")
    answers: Any = found or ()
    said = [
        f"{voice.say.plain('worker.construct.' + a['construct'])} {voice.say.forms.write(a['value'], 'number')}"
        for a in answers
    ]
    latest = (
        voice.say("worker.client.latest", day=answers[0]["day"], answers=", ".join(said))
        if answers
        else voice.say("worker.client.none")
    )
    meets = facts.get("next")
    picture = in_words(facts, voice)
    text = blocks(
        voice.say("worker.client.head", ref=facts["ref"], state=state(facts, voice)),
        lines(latest, Html(picture) if picture else None),
        says_little(facts, voice),
        voice.say("worker.client.next", when=meets) if meets else voice.say("worker.client.next_unknown"),
    )
    return Screen(fitted([Block(text)], voice, CAPTION if drawn else MESSAGE), _rows(facts, voice), drawn, protected=True)


def _rows(facts: Facts, voice: Voice) -> Any:
    ref, asking = str(facts["client"]), facts["asking"]
    if asking in ("held", "gone_quiet"):
        return ((button(voice.say.plain("worker.client.buttons.resume"), "hd", ref, "again"),),)
    if asking in ("on", "break", "quieted"):
        return ((button(voice.say.plain("worker.client.buttons.hold"), "hd", ref, "hold"),),)
    return ()


VIEWS: Mapping[str, View] = {"worker.caseload": caseload, "worker.client": client}
