"""Checks of the service's own questions, and of what schedules ask."""

import string
from collections.abc import Iterator

from bot import bank
from bot.config.document import Document, QuestionTable
from bot.config.problems import Fault, Path, Weight, dotted, meant
from bot.config.shapes import shown
from bot.domain.questions import MEANINGS, PLACEHOLDERS, STEPS, Asks, Scale, canonical

LANGUAGES: Path = ("service", "languages")
RATINGS = (Scale.NUMBERS, Scale.WORDS, Scale.FACES)
NUMERIC = (Asks.INTENT, Asks.GOAL_PROGRESS, Asks.REPAIR)
NEEDED = {"about": ("construct", 'write construct = "bond"'), "scale": ("scale", 'write scale = "0-10"')}


def questions(document: Document) -> Iterator[Fault]:
    """What is wrong with each question, and with the names that schedules use."""
    seen: dict[str, int] = {}
    for index, question in enumerate(document.questions):
        here: Path = ("questions", index)
        if question.id is None:
            yield Fault((*here, "id"), "is missing", 'write a short id: id = "H1"')
        elif seen.setdefault(question.id, index) != index:
            right = f"give each question an id of its own (the other is {dotted(('questions', seen[question.id]))})"
            yield Fault((*here, "id"), f"{shown(question.id)} is the id of another question too", right)
        yield from _needed(here, question)
        yield from _wording(here, question, document.service.languages)
        yield from _scale(here, question)
        yield from _asks(here, question)
    yield from _asked(document)


def _needed(here: Path, question: QuestionTable) -> Iterator[Fault]:
    for attribute, (key, right) in NEEDED.items():
        if getattr(question, attribute) is None:
            yield Fault((*here, key), "is missing", right)


def _wording(here: Path, question: QuestionTable, languages: list[str]) -> Iterator[Fault]:
    texts = {"text": question.text, "low": question.low, "high": question.high, "note": question.note}
    for key, wording in texts.items():
        for language in languages:
            if language in bank.languages() and language not in wording and (wording or key == "text"):
                right = f"add {key}.{language}, the wording in that language"
                yield Fault((*here, key, language), "is missing", right, rests_on=LANGUAGES)
        for language, words in wording.items():
            if language not in languages:
                right = meant(language, languages)
                wrong = "is not one of service.languages"
                yield Fault((*here, key, language), wrong, right, rests_on=LANGUAGES)
            yield from _placeholders((*here, key, language), words)
    for key in ("low", "high"):
        if texts[key] and not texts["high" if key == "low" else "low"]:
            yield Fault((*here, key), "only one end of the scale has words", "write both low and high")


def _placeholders(here: Path, words: str) -> Iterator[Fault]:
    try:
        quoted = {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}
    except ValueError:
        yield Fault(here, "a curly bracket is left open", "write {worker}, or no curly bracket")
        return
    for name in sorted(quoted - PLACEHOLDERS):
        yield Fault(here, f"{{{name}}} is not something that can be filled in", meant(name, PLACEHOLDERS))


def _scale(here: Path, question: QuestionTable) -> Iterator[Fault]:
    if question.scale is None:
        return
    if question.scale is Scale.CHOICE:
        yield from _options(here, question)
    elif question.options:
        yield Fault((*here, "options"), f"a question on the scale {question.scale} has none", 'write scale = "choice"')
    if question.reverse and question.scale not in RATINGS:
        yield Fault((*here, "reverse"), f"there is nothing to turn round on the scale {question.scale}", "take it out")
    for language, five in question.words.items():
        if len(five) != len(STEPS):
            yield Fault((*here, "words", language), f"{len(five)} words", "write five, from low to high")


def _options(here: Path, question: QuestionTable) -> Iterator[Fault]:
    if len(question.options) < 2:
        yield Fault(
            (*here, "options"), "a choice needs at least two", 'write options = [{ id = "yes", text.en = "Yes" }, …]'
        )
    ids = [option.id for option in question.options]
    for index, option in enumerate(question.options):
        where: Path = (*here, "options", index)
        if option.id is None:
            yield Fault((*where, "id"), "is missing", 'write id = "yes"')
        elif option.id in ids[:index]:
            yield Fault((*where, "id"), f"{shown(option.id)} stands here twice", "give each option an id of its own")
        for language in question.text:
            if language not in option.text:
                yield Fault((*where, "text", language), "is missing", "write the label in that language")


def _asks(here: Path, question: QuestionTable) -> Iterator[Fault]:
    asks, scale = question.asks, question.scale
    if asks is None or scale is None:
        return
    if asks in NUMERIC and scale not in RATINGS:
        yield Fault((*here, "asks"), f"{asks} needs a rating", 'write scale = "0-10"')
    known = MEANINGS.get(asks, ())
    five_steps = len(known) == len(STEPS) and scale in (Scale.WORDS, Scale.FACES)
    if known and scale is not Scale.CHOICE and not five_steps:
        yield Fault((*here, "asks"), f"{asks} needs a choice", 'write scale = "choice" with options')
    for index, option in enumerate(question.options if scale is Scale.CHOICE else ()):
        if known and option.id is not None and not _is_read(asks, option.id):
            right = meant(option.id, known)
            wrong = f"no rule for {asks} reads {shown(option.id)}"
            yield Fault((*here, "options", index, "id"), wrong, right, Weight.WARNING)


def _is_read(asks: Asks, option: str) -> bool:
    return canonical(option) in MEANINGS[asks]


def _asked(document: Document) -> Iterator[Fault]:
    shipped = bank.shipped()
    ids = {*shipped, *(one.id for one in document.questions if one.id)}
    pools = {*shipped.pools, *(one.pool for one in document.questions if one.pool)}
    for index, schedule in enumerate(document.schedules):
        here: Path = ("schedules", index, "questions")
        for position, name in enumerate(schedule.questions):
            if name not in ids | pools:
                wrong = f"there is no question or pool {shown(name)}"
                yield Fault((*here, position), wrong, meant(name, ids | pools))
        if len(schedule.questions) > schedule.max_questions:
            right = f"write max_questions = {len(schedule.questions)}, or fewer questions"
            wrong = f"only the first {schedule.max_questions} are asked"
            yield Fault(here, wrong, right, Weight.WARNING)
