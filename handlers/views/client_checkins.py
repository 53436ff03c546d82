"""The check-in in the client's chat: the question card, *Later*, the thanks, the reminder, and that it has gone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.bank import five_words
from bot.domain.answers import labels
from bot.domain.questions import STEPS, Question, Scale, Value
from bot.domain.words import Facts
from bot.texts import Html, blocks, lines
from handlers.verbs import ANSWER, BACK, LATER, SKIP, WORDS
from handlers.views.screen import Button, Rows, Screen, View, Voice, button
from handlers.views.wording import in_language, option_label, worded

NUMBERS_IN_ROW = 6
LETTERS_IN_ROW = 22
"""Labels that are longer together go below each other: a phone cuts off what is too wide."""
FACES = ("😞", "🙁", "😐", "🙂", "😀")


# ---------------------------------------------------------------- the question


def question(facts: Facts, voice: Voice) -> Screen:
    """One item of a check-in, with a button for every value of its scale."""
    asked = voice.plan.bank.get(str(facts["question"]))
    if asked is None:  # taken out of the bank since it was posted
        return Screen(voice.say("client.question.cancelled"))
    in_words = facts["style"] == "words"
    return Screen(
        _text(asked, facts, voice, in_words), (*_values(asked, facts, voice, in_words), *_ways(asked, facts, voice))
    )


def _text(asked: Question, facts: Facts, voice: Voice, in_words: bool) -> Html:
    say, language = voice.say, voice.say.language
    words = _filled(in_language(asked.text, language), facts, voice)
    least, most = in_language(asked.low, language), in_language(asked.high, language)
    if asked.scale is Scale.NUMBERS and not in_words and least and most:
        ends = say("client.question.ends", least=least, most=most)
        card = say("client.question.frame", n=facts["n"], of=facts["of"], question=words, ends=ends)
    else:
        card = say("client.question.frame_no_ends", n=facts["n"], of=facts["of"], question=words)
    note = in_language(asked.note, language)
    return lines(
        card,
        say("client.question.type_it") if asked.scale is Scale.TEXT else None,
        _filled(note, facts, voice) if note else None,
        say("client.question.first_time", worker=facts["worker"]) if facts["first"] and not asked.note else None,
        say("client.question.offer_words") if _offers(asked, facts) else None,
        _chosen(asked, facts, voice, in_words),
        say("client.question.reoffered") if facts["away"] else None,
    )


def _filled(words: str, facts: Facts, voice: Voice) -> Html:
    goal = facts.get("goal") or voice.say("client.question.goal_unnamed", n=facts.get("goal_number") or 1)
    date = facts.get("date")
    quoted = {
        "worker": facts["worker"],
        "manager": facts.get("manager") or voice.plan.service.place,
        "goal": goal,
        "date": voice.say.forms.write(date, "date") if date else None,
    }
    return worded(words, quoted, voice)


def _chosen(asked: Question, facts: Facts, voice: Voice, in_words: bool) -> Html | None:
    chosen = facts["chosen"]
    if not isinstance(chosen, int | float | str) or asked.scale is Scale.TEXT:
        return None
    return voice.say("client.question.chosen", answer=_label(asked, chosen, voice.say.language, in_words))


def _label(asked: Question, value: Value, language: str, in_words: bool) -> str:
    if isinstance(value, str):
        return option_label(asked, value, language)
    if asked.scale in (Scale.FACES, Scale.WORDS) and value in range(len(STEPS)):
        return (FACES if asked.scale is Scale.FACES else _five(asked, language))[int(value)]
    return _five(asked, language)[STEPS.index(value)] if in_words and value in STEPS else f"{value:g}"


def _values(asked: Question, facts: Facts, voice: Voice, in_words: bool) -> Rows:
    check_in, item, language = str(facts["check_in"]), _number(facts, "item"), voice.say.language

    def one(label: str, value: object) -> Button:
        return button(label, ANSWER, check_in, item, str(value))

    match asked.scale:
        case Scale.NUMBERS if in_words:
            return packed(one(label, f"{step:g}") for label, step in zip(_five(asked, language), STEPS, strict=True))
        case Scale.NUMBERS:
            numbers = tuple(one(str(n), n) for n in range(11))
            return numbers[:NUMBERS_IN_ROW], numbers[NUMBERS_IN_ROW:]
        case Scale.WORDS:
            return packed(one(label, n) for n, label in enumerate(_five(asked, language)))
        case Scale.FACES:
            return (tuple(one(face, n) for n, face in enumerate(FACES)),)
        case Scale.CHOICE:
            return packed(one(in_language(option.text, language), f"={option.id}") for option in asked.options)
        case Scale.TEXT:
            return ()


def _ways(asked: Question, facts: Facts, voice: Voice) -> Rows:
    """What can be done besides answering: Back from the second card on, Skip, Later; at first, the other style."""
    say, check_in, item = voice.say.plain, str(facts["check_in"]), _number(facts, "item")
    ways = [
        button(say("client.question.buttons.skip"), SKIP, check_in, item),
        button(say("client.question.buttons.later"), LATER, check_in),
    ]
    if facts["back"]:
        ways.insert(0, button(say("client.question.buttons.back"), BACK, check_in, item))
    rows: Rows = (tuple(ways),)
    if (facts["first"] and asked.scale is Scale.NUMBERS) or _offers(asked, facts):
        other = "numbers" if facts["style"] == "words" else "words"
        rows += ((button(say(f"client.question.buttons.{other}"), WORDS, check_in, other),),)
    return rows


def _offers(asked: Question, facts: Facts) -> bool:
    """Words instead of numbers, offered once in a while to whom the same number comes easily."""
    return bool(facts.get("offers")) and not facts["first"] and asked.scale is Scale.NUMBERS


def packed(buttons: Iterable[Button]) -> Rows:
    """As many in a row as a narrow phone shows whole."""
    rows: list[list[Button]] = []
    for one in buttons:
        room = rows and sum(len(other.label) for other in rows[-1]) + len(one.label) <= LETTERS_IN_ROW
        if room:
            rows[-1].append(one)
        else:
            rows.append([one])
    return tuple(tuple(row) for row in rows)


def _five(asked: Question, language: str) -> Sequence[str]:
    return labels(asked, language) or five_words(language)


def _number(facts: Facts, name: str) -> int:
    value = facts[name]
    assert isinstance(value, int)
    return value


# ---------------------------------------------------------------- later


def later(facts: Facts, voice: Voice) -> Screen:
    """When suits you? Only times that fit are offered."""
    say, check_in, choices = voice.say.plain, str(facts["check_in"]), _words(facts["choices"])
    text = voice.say("client.later.text") if choices else voice.say("client.later.too_late", until=facts["until"])
    offered = packed(button(say(f"client.later.buttons.{one}"), LATER, check_in, one) for one in choices)
    return Screen(text, (*offered, (button(say("client.later.buttons.back"), LATER, check_in, "back"),)))


def later_set(facts: Facts, voice: Voice) -> Screen:
    text = voice.say("client.later.set_today" if facts["today"] else "client.later.set", when=facts["when"])
    back = button(voice.say.plain("client.later.buttons.back"), LATER, str(facts["check_in"]), "back")
    return Screen(text, ((back,),))


# ---------------------------------------------------------------- the end


def thanks(facts: Facts, voice: Voice) -> Screen:
    """The same after 0s and after 10s. In quiet mode nothing but the first line."""
    say = voice.say
    done = say("client.thanks.skipped" if facts["skipped"] else "client.thanks.done")
    if facts["quiet"]:
        return Screen(done)
    add = say("client.thanks.add", worker=facts["worker"], hours=voice.plan.calendar.working)
    return Screen(blocks(done, _next_in(facts, voice), add))


def _next_in(facts: Facts, voice: Voice) -> Html | None:
    if facts["today"]:
        return voice.say("client.thanks.next_in_today", worker=facts["worker"])
    if not facts["next_in"]:
        return None
    key = "client.thanks.next_in" if facts["in_a_week"] else "client.thanks.next_in_date"
    return voice.say(key, worker=facts["worker"], day=facts["next_in"])


def gone(facts: Facts, voice: Voice) -> Screen:
    if facts["day"]:
        return Screen(voice.say("client.small.too_late", day=facts["day"]))
    return Screen(voice.say("client.small.too_late_no_day"))


def reminder(facts: Facts, voice: Voice) -> Screen:
    until = datetime.fromisoformat(str(facts["until"]))
    return Screen(voice.say("client.reminder.text", n=facts["n"], until=until))


VIEWS: Mapping[str, View] = {
    "client.question": question,
    "client.later": later,
    "client.later_set": later_set,
    "client.thanks": thanks,
    "client.gone": gone,
    "client.reminder": reminder,
}


def _words(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
