"""The worker's alert: a card that fits under a picture, its softened form, and what stands behind its buttons."""

from collections.abc import Mapping
from typing import Any

from bot.domain.answers import labels
from bot.domain.card import SAID
from bot.domain.questions import MEANINGS, Question, meaning
from bot.domain.words import Facts
from bot.texts import Html, blocks, lines
from handlers.verbs import ACK, ACT, MORE, TALKED
from handlers.views.pictures import chart, in_words
from handlers.views.room import CAPTION, MESSAGE, Block, fitted
from handlers.views.screen import Rows, Screen, View, Voice, button
from handlers.views.wording import in_language, option_label, worded

# ---------------------------------------------------------------- the card


def card(facts: Facts, voice: Voice) -> Screen:
    """The full card, or the softened one, or the discreet first line; with what has been done so far."""
    if facts.get("discreet"):
        return _discreet(facts, voice)
    if facts.get("softened"):
        return _softened(facts, voice)
    drawn = chart(facts, voice)
    text = fitted(_blocks(facts, voice), CAPTION if drawn else MESSAGE, more_reasons(voice))
    return Screen(text, _rows(facts, voice), drawn, protected=True)


def more_reasons(voice: Voice) -> Html:
    """Where what is left out stands."""
    return voice.say("worker.alert.more_reasons")


def _blocks(facts: Facts, voice: Voice) -> list[Block]:
    say = voice.say
    reasons: Any = facts.get("reasons") or ()
    first = say("worker.alert.what_changed", reasons=reason(reasons[0], facts, voice)) if reasons else None
    picture, words = in_words(facts, voice), words_of(facts, voice)
    return [
        Block(_head(facts, voice)),
        Block(first),
        *(Block(reason(one, facts, voice), 7) for one in reasons[1:]),
        Block(changed(facts, voice)),
        Block(others(facts, voice), 5),
        Block(say("worker.alert.picture", facts=picture) if picture else None, 3),
        Block(says_little(facts, voice), 1),
        Block(words, 4),
        Block(say("worker.alert.newer") if facts.get("newer") else None, 1),
        Block(their_wish(facts, voice), 6),
        Block(sure(facts, voice), 6),
        Block(supervision(facts, voice), 1),
        Block(say("worker.alert.way_in", way_in=say(f"worker.way_in.{facts['way_in']}")), 2),
        Block(lines(_meets(facts, voice), _escalates(facts, voice), _footnote(facts, voice)), 0),
        Block(_states(facts, voice)),
    ]


_WISHES = ("tell", "not_asked")


def their_wish(facts: Facts, voice: Voice) -> Html | None:
    """How the client wants it told, where they were asked or would have been."""
    said = facts.get("asked") and facts["wish"] in _WISHES
    return voice.say(f"worker.wish.{facts['wish']}") if said else None


def _head(facts: Facts, voice: Voice) -> Html:
    """Safe on a lock screen: nothing but the ref."""
    say, ref, name = voice.say, facts["ref"], facts["name"]
    if facts.get("severity") == "high":
        return say("worker.alert.head_now", ref=ref)
    lead, waits = facts.get("lead"), facts["state"] == "raised"
    if lead == "worker.alert_reminder" and waits:
        going: Any = facts.get("escalates")
        if going:
            return say("worker.reminder.text", ref=ref, when=facts["sent"], name=going["name"], until=going["when"])
        return say("worker.reminder.no_next", ref=ref, when=facts["sent"])
    if lead == "worker.alert_cover":
        if not waits:
            return say("worker.cover.taken", ref=ref, name=name)
        if facts.get("passed"):
            return say("worker.cover.passed", ref=ref, name=name)
        if facts.get("unreachable"):
            return say("worker.cover.unreachable", ref=ref, name=name)
        if facts.get("away"):
            return say("worker.cover.away", ref=ref, name=name)
        return say("worker.cover.text", ref=ref, name=name, when=facts["since"])
    return say("worker.alert.head_softened" if facts.get("softened") else "worker.alert.head", ref=ref)


def reason(one: Mapping[str, Any], facts: Facts, voice: Voice) -> Html:
    """One reason in a sentence, with the very numbers of its evidence."""
    about = {
        "construct": voice.say.plain(f"worker.construct.{one['construct']}"),
        "value": one["value"],
        "usual": one["usual"],
        "last": one["last"],
        "day": one["day"],
        "place": voice.plan.service.place,
        "n": one["value"],
    }
    about |= {name: one.get(name) for name in SAID if name != "answer"} | tapped(one, facts, voice)
    if one.get("lists"):
        about["lists"] = [voice.say.plain(f"worker.list.{name}") for name in one["lists"]]
    return voice.say(one["text"], **{name: value for name, value in about.items() if value is not None})


def tapped(one: Mapping[str, Any], facts: Facts, voice: Voice) -> dict[str, str]:
    """The question and the button, where a reason rests on a choice."""
    said = one.get("answer") or (one["value"] if isinstance(one["value"], str) else None)
    if said is None or not one.get("question"):
        return {}
    question = voice.plan.bank.get(str(one["question"]))
    if question is None:
        return {"question": str(one["question"]), "answer": str(said)}
    asked = worded(in_language(question.text, voice.say.language), {"worker": facts["name"]}, voice)
    return {"question": asked, "answer": _label(question, str(said), voice.say.language)}


def _label(question: Question, said: str, language: str) -> str:
    """What stood on the button that the client tapped, in the reader's language."""
    option = next((one.id for one in question.options if meaning(question, one.id) == said), None)
    return option_label(question, option, language) if option else _word(question, said, language) or said


def _word(question: Question, said: str, language: str) -> str | None:
    known = MEANINGS.get(question.asks, ()) if question.asks else ()
    words = labels(question, language)
    return words[known.index(said)] if said in known and len(words) == len(known) else None


def others(facts: Facts, voice: Voice) -> str | None:
    """The other answers of that check-in, each beside its usual."""
    found: Any = facts.get("others") or ()
    said = []
    for one in found:
        name = voice.say.plain(f"worker.construct.{one['construct']}")
        new = one["usual"] is None
        known = {} if new else {"usual": one["usual"]}
        key = "worker.alert.other_answer_new" if new else "worker.alert.other_answer"
        said.append(voice.say(key, construct=name, value=one["value"], **known))
    return Html(" ".join(said)) if said else None


def changed(facts: Facts, voice: Voice) -> str | None:
    """What was changed after somebody could see it: both values."""
    found: Any = facts.get("changed") or ()
    said = [
        voice.say(
            "worker.alert.was_changed",
            construct=voice.say.plain(f"worker.construct.{one['construct']}"),
            was=one["was"],
            value=one["now"],
            when=one["when"],
        )
        for one in found
    ]
    return lines(*said) if said else None


def words_of(facts: Facts, voice: Voice, key: str = "worker.alert.their_words") -> str | None:
    """What the client wrote and lets the worker see."""
    found: Any = facts.get("words") or ()
    return lines(*(voice.say(key, words=one) for one in found)) if found else None


def says_little(facts: Facts, voice: Voice) -> Html | None:
    """The chat can't show change here: many people give the same answer every time."""
    return voice.say("worker.client.low_information", ref=facts["ref"]) if facts.get("says_little") else None


def supervision(facts: Facts, voice: Voice) -> Html | None:
    """Who else is asked, where a talk did not mend it."""
    name = facts.get("supervision")
    return voice.say("worker.alert.supervision", name=name) if name else None


def sure(facts: Facts, voice: Voice) -> Html:
    """How sure, and what it is not."""
    about: Any = facts["sure"]
    first = voice.say(f"worker.sure.{about['text']}", **{k: v for k, v in about.items() if k != "text"})
    known: Any = facts.get("figures")
    figures = voice.say("worker.sure.figures", **known) if known else voice.say("worker.sure.no_figures")
    said = [first, voice.say("worker.sure.always"), figures]
    return voice.say("worker.alert.sure", facts=Html(" ".join(said)))


def _meets(facts: Facts, voice: Voice) -> Html:
    if facts.get("next"):
        return voice.say("worker.alert.meets_next", when=facts["next"])
    return voice.say("worker.alert.meets_unknown")


def _escalates(facts: Facts, voice: Voice) -> Html | None:
    going: Any = facts.get("escalates")
    return voice.say("worker.alert.escalates", when=going["when"], name=going["name"]) if going else None


def _footnote(facts: Facts, voice: Voice) -> Html | None:
    seen_by_client = facts["state"] == "raised" and not facts.get("unseen")
    return voice.say("worker.alert.footnote") if seen_by_client else None


def _states(facts: Facts, voice: Voice) -> str | None:
    found: Any = facts.get("states") or ()
    said = [
        voice.say(f"worker.state.{one['text']}", **{k: v for k, v in one.items() if k != "text" and v is not None})
        for one in found
    ]
    return lines(*said) if said else None


def _softened(facts: Facts, voice: Voice) -> Screen:
    """No numbers, no words, no picture, no time pressure."""
    text = blocks(_head(facts, voice), nothing_to_show(facts, voice), _states(facts, voice))
    return Screen(text, _rows(facts, voice), protected=True)


def nothing_to_show(facts: Facts, voice: Voice) -> Html:
    """All that may be said where the client would rather say it themselves, or did not choose."""
    asked = facts.get("wish") == "myself"
    return voice.say("worker.alert.softened.text" if asked else "worker.alert.softened.worth_asking")


def _discreet(facts: Facts, voice: Voice) -> Screen:
    rows = _rows(facts, voice, last="show") if facts["state"] in ("raised", "acknowledged") else ()
    return Screen(blocks(_head(facts, voice), _states(facts, voice)), rows, protected=True)


def _rows(facts: Facts, voice: Voice, last: str = "more") -> Rows:
    say, alert = voice.say.plain, str(facts["alert"])
    got_it = button(say("worker.alert.buttons.got_it"), ACK, alert)
    talked = button(say("worker.alert.buttons.talked"), TALKED, alert)
    more = button(say(f"worker.alert.buttons.{last}"), *((MORE, alert) if last == "more" else (ACT, alert, "show")))
    if facts["state"] == "raised":
        return ((got_it, talked), (more,))
    return ((talked, more),) if facts["state"] == "acknowledged" else ()


def taken(facts: Facts, voice: Voice) -> Screen:
    return Screen(voice.say("worker.cover.no_longer", ref=facts["ref"], by=facts["by"]))


def _led(kind: str) -> View:
    return lambda facts, voice: card({**facts, "lead": kind}, voice)


VIEWS: Mapping[str, View] = {
    "worker.alert": card,
    "worker.alert_soft": card,
    "worker.alert_reminder": _led("worker.alert_reminder"),
    "worker.alert_cover": _led("worker.alert_cover"),
    "worker.alert_taken": taken,
}
