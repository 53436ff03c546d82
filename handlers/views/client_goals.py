"""Goals in the client's own words; and, for the worker, a new one to read."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.words import Facts
from bot.texts import Html, blocks, lines
from handlers.verbs import GOAL, GOAL_SEEN
from handlers.views.screen import Button, Rows, Screen, View, Voice, button


def goals(facts: Facts, voice: Voice) -> Screen:
    page = str(facts["page"])
    view = _PAGES.get(page)
    return view(facts, voice) if view else Screen(_listed(facts, voice), _list_rows(facts, voice))


def _live(facts: Facts) -> Sequence[Mapping[str, Any]]:
    found: Any = facts.get("goals") or ()
    return tuple(found)


def _listed(facts: Facts, voice: Voice) -> Html:
    live = _live(facts)
    if not live:
        return voice.say("client.goals.none")
    shown = [
        voice.say("client.goals.line" if one["quoted"] else "client.goals.line_unquoted", n=one["n"], goal=one["text"])
        for one in live
    ]
    return lines(voice.say("client.goals.head"), *shown)


def _list_rows(facts: Facts, voice: Voice) -> Rows:
    if not _live(facts):
        return ()
    return tuple((_button(voice, key),) for key in ("add", "rename", "let_go", "back"))


def _button(voice: Voice, key: str, *args: str | int, action: str | None = None, **known: Any) -> Button:
    return button(voice.say.plain(f"client.goals.buttons.{key}", **known), GOAL, action or key, *args)


def _after(key: str) -> View:
    """One sentence, and the goals as they are now."""

    def page(facts: Facts, voice: Voice) -> Screen:
        said = voice.say(key, worker=facts["worker"], n=facts.get("n") or 0)
        live = _listed(facts, voice) if _live(facts) else None
        return Screen(blocks(said, live), _list_rows(facts, voice))

    return page


def _pick(key: str, action: str) -> View:
    """One button per goal, by its number and its words."""

    def page(facts: Facts, voice: Voice) -> Screen:
        rows = tuple((button(_label(one), GOAL, action, one["id"]),) for one in _live(facts))
        return Screen(voice.say(key), (*rows, (_button(voice, "back", action="list"),)))

    return page


def _label(goal: Mapping[str, Any]) -> str:
    words = " ".join(str(goal["text"]).split())
    return f"{goal['n']}. {words if len(words) <= 40 else words[:39].rstrip() + '…'}"


def _ask(key: str) -> View:
    def page(facts: Facts, voice: Voice) -> Screen:
        return Screen(voice.say(key), ((_button(voice, "back", action="list"),),))

    return page


def _let_go_ask(facts: Facts, voice: Voice) -> Screen:
    yes, keep = _button(voice, "yes_let_go", str(facts["id"])), _button(voice, "keep", action="list")
    return Screen(voice.say("client.goals.let_go_ask"), ((yes,), (keep,)))


def _agree_ask(facts: Facts, voice: Voice) -> Screen:
    n, goal_id = facts["n"], str(facts["id"])
    text = voice.say("client.goals.agree_ask", worker=facts["worker"], n=n)
    yes, no = _button(voice, "yes_quote", goal_id), _button(voice, "no_quote", goal_id, n=n)
    return Screen(text, ((yes,), (no,)))


def _agreed(key: str) -> View:
    def page(facts: Facts, voice: Voice) -> Screen:
        return Screen(voice.say(key, n=facts["n"]))

    return page


_PAGES: Mapping[str, View] = {
    "ask": _ask("client.goals.ask"),
    "added": _after("client.goals.added"),
    "rename": _pick("client.goals.pick_rename", "ask_rename"),
    "ask_rename": _ask("client.goals.ask_rename"),
    "renamed": _after("client.goals.renamed"),
    "let_go": _pick("client.goals.pick_let_go", "let_go_ask"),
    "let_go_ask": _let_go_ask,
    "let_go_done": _after("client.goals.let_go"),
    "agree_ask": _agree_ask,
    "agree_yes": _agreed("client.goals.agree_yes"),
    "agree_no": _agreed("client.goals.agree_no"),
}


def for_worker(facts: Facts, voice: Voice) -> Screen:
    """A client's new goal, for the worker to read; only after that may it be quoted."""
    text = voice.say(f"worker.goal.{facts['what']}", ref=facts["ref"], goal=facts["goal"])
    seen = button(voice.say.plain("worker.goal.buttons.seen"), GOAL_SEEN, str(facts["id"]))
    return Screen(text, ((seen,),), protected=True)


VIEWS: Mapping[str, View] = {"client.goals": goals, "worker.goal": for_worker}
