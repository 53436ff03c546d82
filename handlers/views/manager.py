"""What reaches managers and duty contacts: handling facts, never answers; danger; the wish for somebody else; figures."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from bot.domain.words import Facts
from bot.texts import Html, blocks, lines
from handlers.verbs import ACK, ACT, MORE, TALKED
from handlers.views.screen import Button, Rows, Screen, View, Voice, button

DAY, HOUR, MINUTE = 86400, 3600, 60
MOST_CALLS = 3
"""Moments that are named one by one."""


# ---------------------------------------------------------------- not picked up


def escalation(facts: Facts, voice: Voice) -> Screen:
    """Who has been told and when; what it is about only in kind."""
    say, ref = voice.say, facts["ref"]
    if facts["state"] != "raised":
        return Screen(blocks(say("manager.escalation.head", ref=ref), _states(facts, voice)), _rows(facts, voice))
    since = say("manager.escalation.for_since", name=facts["name"], when=facts["since"], within=_within(facts, voice))
    passed = bool(facts.get("passed"))
    text = blocks(
        say("manager.escalation.head_passed" if passed else "manager.escalation.head", ref=ref),
        lines(since, _states(facts, voice) if passed else _tried(facts, voice)),
        say(
            {"asked": "manager.escalation.what_asked", "softened": "manager.escalation.what_softened"}.get(
                str(facts["what"]), "manager.escalation.what_it_is"
            )
        ),
        lines(say("manager.escalation.please", name=facts["name"]), _goes_to(facts, voice)),
    )
    return Screen(text, _rows(facts, voice), protected=True)


def _within(facts: Facts, voice: Voice) -> str:
    seconds: Any = facts["within"]
    for unit, size in (("days", DAY), ("hours", HOUR), ("minutes", MINUTE)):
        if seconds >= size or unit == "minutes":
            return voice.say.plain(f"manager.within.{unit}", n=max(1, round(seconds / size)))
    raise AssertionError


def _tried(facts: Facts, voice: Voice) -> Html | None:
    tried: Any = facts["tried"]
    dead: Any = facts["unreachable"]
    away: Any = facts.get("away") or ()
    said = []
    if tried:
        said.append(voice.say("manager.escalation.tried", tried="; ".join(_calls(tried, voice))))
        said.append(voice.say("manager.escalation.took_all"))
    said += [voice.say("manager.escalation.not_through", name=name) for name in dict.fromkeys(dead)]
    said += [voice.say("manager.escalation.away", name=name) for name in dict.fromkeys(away)]
    return Html(" ".join(said)) if said else None


def _calls(tried: Sequence[Mapping[str, Any]], voice: Voice) -> Iterator[str]:
    """One after the other; whoever was asked day after day is named once, or in the end it would fill the message."""
    for name, group in groupby(tried, key=lambda one: one["name"]):
        same = list(group)
        if len(same) > MOST_CALLS:
            often = {"n": len(same), "since": same[0]["when"], "until": same[-1]["when"]}
            yield voice.say.plain("manager.escalation.tried_often", name=name, **often)
            continue
        for one in same:
            key = "manager.escalation.tried_cover" if one["cover"] else "manager.escalation.tried_one"
            yield voice.say.plain(key, **_who(one))


def _who(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": one["name"], "when": one["when"]}


def _goes_to(facts: Facts, voice: Voice) -> Html:
    going: Any = facts["goes_to"]
    if going:
        return voice.say("manager.escalation.or_goes_to", until=going["when"], to=going["name"])
    return voice.say("manager.escalation.last_resort")


def _states(facts: Facts, voice: Voice) -> str | None:
    found: Any = facts.get("states") or ()
    said = [
        voice.say(f"worker.state.{one['text']}", **{k: v for k, v in one.items() if k != "text" and v is not None})
        for one in found
    ]
    return lines(*said) if said else None


def _button(facts: Facts, voice: Voice, key: str, verb: str, *args: str) -> Button:
    return button(voice.say.plain(key), verb, str(facts["alert"]), *args)


def _rows(facts: Facts, voice: Voice) -> Rows:
    pass_to = _button(facts, voice, "manager.buttons.pass_to", ACT, "pass")
    more = _button(facts, voice, "manager.buttons.more", MORE)
    if facts["state"] == "raised":
        return ((_button(facts, voice, "manager.buttons.got_it", ACK), pass_to), (more,))
    if facts["state"] == "acknowledged":
        return ((_button(facts, voice, "manager.buttons.done", TALKED), more),)
    return ()


def taken(facts: Facts, voice: Voice) -> Screen:
    return Screen(voice.say("manager.escalation.taken", ref=facts["ref"], by=facts["by"]))


def still_there(facts: Facts, voice: Voice) -> Screen:
    """For supervision; not a complaint."""
    by_answers = facts["chose"] == "by_answers"
    chosen = "manager.still_there.text" if facts["chose"] == "try_again" else "manager.still_there.no_choice"
    text = voice.say("manager.still_there.by_answers" if by_answers else chosen, ref=facts["ref"], name=facts["name"])
    return Screen(blocks(text, _states(facts, voice)), _rows(facts, voice), protected=True)


def someone_else(facts: Facts, voice: Voice) -> Screen:
    """A matter of its own."""
    key = "manager.someone_else.slipped" if facts.get("slipped") else "manager.someone_else.text"
    text = voice.say(key, ref=facts["ref"], name=facts["name"], day=facts["day"])
    line: str | None = None
    if facts.get("done"):
        line = voice.say("manager.someone_else.done", when=facts["done"])
    elif facts.get("taken"):
        line = voice.say("manager.someone_else.taken", when=facts["taken"], day=facts["day"])
    elif facts["state"] == "raised":
        line = _states(facts, voice)  # passed on to whom, or by whom
    done = _button(facts, voice, "manager.buttons.done", TALKED)
    pass_to = _button(facts, voice, "manager.buttons.pass_to", ACT, "pass")
    rows: Rows = {
        "raised": ((_button(facts, voice, "manager.buttons.got_it", ACK), done), (pass_to,)),
        "acknowledged": ((done, pass_to),),
    }.get(str(facts["state"]), ())
    late = voice.say("manager.someone_else.overdue") if facts.get("overdue") else None
    return Screen(blocks(text, late, line), rows, protected=True)


# ---------------------------------------------------------------- danger


def danger(facts: Facts, voice: Voice) -> Screen:
    """For whoever is on duty, repeated until somebody takes it. It judges nothing."""
    say, ref = voice.say, facts["ref"]
    lists: Any = facts.get("lists") or ()
    named = [say.plain(f"worker.list.{name}") for name in lists]
    what = (
        say("manager.danger.first", lists=named, when=facts["when"])
        if named
        else say("manager.danger.contact_me", place=facts["place"], when=facts["when"])
    )
    again = facts.get("again") and facts["state"] == "raised"
    text = blocks(
        say("manager.danger.again" if again else "manager.danger.head", ref=ref),
        lines(what, _nobody(facts, voice), say("manager.danger.not_meant") if facts.get("not_meant") else None),
        lines(say("manager.danger.given_numbers"), say("manager.danger.no_hit") if named else None),
        _worker_told(facts, voice),
        say("manager.danger.paused"),
        _danger_states(facts, voice),
    )
    return Screen(text, _danger_rows(facts, voice), protected=True)


def _nobody(facts: Facts, voice: Voice) -> Html | None:
    tried: Any = facts.get("tried") or ()
    if not tried or facts["state"] != "raised" or not facts.get("again"):
        return None
    if len(tried) > MOST_CALLS:
        often = {"n": len(tried), "since": tried[0], "until": tried[-1]}
        return voice.say("manager.danger.nobody_often", duty=facts["duty"], **often)
    return voice.say("manager.danger.nobody", duty=facts["duty"], tried=tried)


def _worker_told(facts: Facts, voice: Voice) -> Html:
    key = "manager.danger.worker_told" if facts.get("worker_told") else "manager.danger.worker_not_told"
    return voice.say(key, name=facts["name"])


def _danger_states(facts: Facts, voice: Voice) -> str | None:
    found: Any = facts.get("states") or ()
    shown = [one for one in found if one["text"].startswith(("taken", "passed"))]
    taken_by = [voice.say(f"worker.state.{one['text']}", **_quoted(one)) for one in shown]
    touched = facts.get("in_touch")
    by = next((one.get("by") for one in found), None)
    if touched and by:
        taken_by.append(voice.say("manager.danger.in_touch", by=by, when=touched))
    return lines(*taken_by) if taken_by else None


def _quoted(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "text" and value is not None}


def _danger_rows(facts: Facts, voice: Voice) -> Rows:
    in_touch = _button(facts, voice, "manager.danger.buttons.in_touch", ACT, "in_touch")
    pass_to = _button(facts, voice, "manager.danger.buttons.pass_to", ACT, "pass")
    show = _button(facts, voice, "manager.danger.buttons.show", ACT, "show")
    if facts["state"] == "raised":
        return ((_button(facts, voice, "manager.danger.buttons.got_it", ACK), show), (in_touch, pass_to))
    return ((in_touch, show), (pass_to,)) if facts["state"] == "acknowledged" else ()


def danger_words(facts: Facts, voice: Voice) -> Screen:
    """What was typed; opened by whoever acts on it, and cleared again."""
    words: Any = facts.get("words") or ()
    said = [voice.say("manager.danger.words", words=one) for one in words] or [voice.say("manager.danger.no_words")]
    if facts.get("older"):
        said.append(voice.say("manager.danger.older_words", n=facts["older"]))
    text = blocks(str(facts["ref"]), lines(*said), voice.say("worker.alert.discreet.shown_until", when=facts["until"]))
    return Screen(text, protected=True)


def danger_worker(facts: Facts, voice: Voice) -> Screen:
    """For the assigned worker, while somebody else is on duty for it."""
    what = "text" if facts.get("lists") else "contact_me"
    text = voice.say(f"worker.danger.{what}", **{name: facts[name] for name in ("ref", "duty", "when", "place")})
    return Screen(blocks(text, _danger_states(facts, voice)), _danger_rows(facts, voice), protected=True)


def fit(facts: Facts, voice: Voice) -> Screen:
    """The answer about the right person, for whoever hears what the worker does not. Nothing to take."""
    said, who = str(facts["said"]), {"ref": facts["ref"], "name": facts["name"]}
    if said == "changed":
        return Screen(voice.say("manager.fit.changed", ref=who["ref"]), protected=True)
    words = voice.say(f"manager.fit.{said}", name=who["name"])
    return Screen(voice.say("manager.fit.text", said=words, **who), protected=True)


VIEWS: Mapping[str, View] = {
    "manager.fit": fit,
    "manager.escalation": escalation,
    "manager.taken": taken,
    "manager.still_there": still_there,
    "manager.someone_else": someone_else,
    "danger": danger,
    "danger_worker": danger_worker,
    "danger_words": danger_words,
}
