"""The menu and the pages behind it: four lines, words and not commands. What a button does stands beside its label."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

from bot.domain.words import Facts
from bot.texts import Html, blocks, lines, seen
from handlers.verbs import MENU
from handlers.views.client_join import plan_words
from handlers.views.screen import Rows, Screen, View, Voice, button
from handlers.views.wording import in_language, option_label, worded

MOST = 3900
"""Letters of a page; a message holds 4,096."""

Labelled: TypeAlias = tuple[str, str]
"""The key of a label, and the action that a tap on it starts."""


@dataclass(frozen=True, slots=True)
class Page:
    """A text and its buttons, one to a line."""

    text: str
    buttons: tuple[Labelled, ...] = ()


_BACK_TO_TOP = ("client.menu.buttons.back", "top")
_BACK_TO_BREAK = ("client.break.buttons.back", "break")
_BACK_TO_SETTINGS = ("client.settings.buttons.back", "settings")
_BACK_TO_WHEN = ("client.when.buttons.back", "when")
_BREAK = ("client.stop.buttons.break", "long")
_CARRY_ON = ("client.break.buttons.carry_on", "on")

PAGES: Mapping[str, Page] = {
    "top": Page(
        "client.menu.text",
        (
            ("client.menu.buttons.urgent", "urgent"),
            ("client.menu.buttons.talk", "talk"),
            ("client.menu.buttons.break", "break"),
            ("client.menu.buttons.settings", "settings"),
        ),
    ),
    "talk": Page(
        "client.talk.text",
        (
            ("client.talk.buttons.how_we_work", "how"),
            ("client.talk.buttons.what_we_work_on", "what"),
            ("client.talk.buttons.times_and_place", "times"),
            ("client.talk.buttons.someone_else", "else"),
            ("client.talk.buttons.back", "top"),
        ),
    ),
    "someone_else": Page(
        "client.talk.someone_else",
        (("client.talk.buttons.yes_someone_else", "else_yes"), ("client.talk.buttons.back", "talk")),
    ),
    "someone_else_sent": Page("client.talk.someone_else_sent"),
    "someone_else_open": Page("client.talk.someone_else_open"),
    "long": Page(
        "client.break.how_long",
        (
            ("client.break.buttons.week", "week"),
            ("client.break.buttons.two_weeks", "weeks"),
            ("client.break.buttons.until", "until"),
            _BACK_TO_BREAK,
        ),
    ),
    "break_date": Page("client.break.ask_date", (_BACK_TO_BREAK,)),
    "break_set": Page("client.break.set", (_CARRY_ON,)),
    "break_over": Page(
        "client.break.ended",
        (
            _CARRY_ON,
            ("client.break.buttons.longer", "long"),
            ("client.break.buttons.no_more", "no_more"),
        ),
    ),
    "often_set": Page("client.break.often_set"),
    "just_one": Page("client.break.just_one"),
    "stop": Page(
        "client.stop.text",
        (("client.stop.buttons.no_more", "no_more"), _BREAK, ("client.stop.buttons.about_worker", "talk"), _CARRY_ON),
    ),
    "back": Page("client.back.text", (("client.back.buttons.yes", "on"), ("client.back.buttons.no", "back_no"))),
    "back_no": Page("client.back.no"),
    "no_more": Page(
        "client.leave.ask", (("client.leave.buttons.yes", "no_more_yes"), ("client.leave.buttons.no", "break"))
    ),
    "left": Page("client.leave.done", (("client.leave.buttons.delete_now", "erase"),)),
    "erase": Page(
        "client.erase.ask", (("client.erase.buttons.yes", "erase_yes"), ("client.erase.buttons.no", "settings"))
    ),
    "erase_set": Page("client.erase.set", (("client.erase.buttons.take_back", "erase_back"),)),
    "erase_now": Page("client.erase.set_now"),
    "erase_kept": Page("client.erase.taken_back", (_BACK_TO_SETTINGS,)),
    "who": Page("client.who.text", (_BACK_TO_SETTINGS,)),
    "words_on": Page("client.settings.words_on", (_BACK_TO_SETTINGS,)),
    "numbers_on": Page("client.settings.numbers_on", (_BACK_TO_SETTINGS,)),
    "quiet_on": Page("client.settings.quiet_on", (_BACK_TO_SETTINGS,)),
    "quiet_off": Page("client.settings.quiet_off", (_BACK_TO_SETTINGS,)),
    "language_set": Page("client.language.set", (_BACK_TO_SETTINGS,)),
    "language_only": Page("client.language.only_one", (_BACK_TO_SETTINGS,)),
    "clock_set": Page("client.join.clock.set", (_BACK_TO_WHEN,)),
}
"""Pages that need nothing but their texts."""


def menu(facts: Facts, voice: Voice) -> Screen:
    page = str(facts["page"])
    if page in PAGES:
        return Screen(voice.say(PAGES[page].text, **_known(facts, voice)), _rows(PAGES[page].buttons, facts, voice))
    return _MADE[page](facts, voice)


def _known(facts: Facts, voice: Voice) -> dict[str, Any]:
    """Every fact, and how often as words."""
    known: dict[str, Any] = {name: value for name, value in facts.items() if value is not None and name != "plan"}
    if "often" in known:
        known["often"] = voice.say.plain(f"client.often.{known['often']}", n=known["often_n"])
    return known


def _rows(buttons: tuple[Labelled, ...], facts: Facts, voice: Voice) -> Rows:
    known = _known(facts, voice)
    return tuple((button(voice.say.plain(label, **known), MENU, *action.split(":")),) for label, action in buttons)


# ---------------------------------------------------------------- pages that are made


def _talk_done(facts: Facts, voice: Voice) -> Screen:
    return Screen(voice.say(f"client.talk.{facts['what']}", **_known(facts, voice)))


def _carried_on(facts: Facts, voice: Voice) -> Screen:
    known = _known(facts, voice)
    return Screen(voice.say("client.break.carried_on" if "day" in known else "client.join.done_no_day", **known))


def _break(facts: Facts, voice: Voice) -> Screen:
    wanted: tuple[Labelled, ...] = (
        ("client.about_questions.buttons.break", "long"),
        ("client.break.buttons.less_often", "less"),
        ("client.break.buttons.just_one", "one"),
        ("client.break.buttons.no_more", "no_more"),
        _BACK_TO_TOP,
    )
    if facts["resting"]:
        wanted = (_CARRY_ON, *wanted)
    return Screen(voice.say("client.break.text"), _rows(wanted, facts, voice))


def _settings(facts: Facts, voice: Voice) -> Screen:
    wanted: list[Labelled] = [
        ("client.settings.buttons.answers", "answers"),
        ("client.settings.buttons.goals", "goals"),
        ("client.settings.buttons.when", "when"),
        ("client.settings.buttons.numbers", "numbers") if facts["words"] else ("client.settings.buttons.words", "words"),
        ("client.settings.buttons.who", "who"),
        ("client.settings.buttons.quiet_off", "quiet_off")
        if facts["quiet"]
        else ("client.settings.buttons.quiet", "quiet_on"),
    ]
    if int(str(facts["languages"])) > 1:
        wanted.append(("client.settings.buttons.language", "language"))
    wanted.append(("client.settings.buttons.delete", "erase"))
    return Screen(voice.say("client.settings.text"), _rows((*wanted, _BACK_TO_TOP), facts, voice))


def _language(facts: Facts, voice: Voice) -> Screen:
    offered: Any = facts["names"]
    rows = tuple((button(str(name), MENU, "lang", str(code)),) for code, name in offered)
    return Screen(voice.say("client.language.text"), (*rows, *_rows((_BACK_TO_SETTINGS,), facts, voice)))


def _when(facts: Facts, voice: Voice) -> Screen:
    plan: Html = voice.say("client.when.text", plan=plan_words(facts, voice.say))
    paused = voice.say("client.when.paused", until=facts["until"]) if facts.get("until") else None
    if paused is None and not facts.get("asked", True):
        paused = voice.say("client.when.not_now")
    changes: tuple[Labelled, ...] = (("client.when.buttons.clock", "clock"), _BACK_TO_SETTINGS)
    if facts["plan"] == "plan_days":
        changes = (("client.when.buttons.day", "day"), ("client.when.buttons.time", "time"), *changes)
    return Screen(lines(plan, paused), _rows(changes, facts, voice))


def _when_day(facts: Facts, voice: Voice) -> Screen:
    """The seven days; those on which there is a check-in are ticked."""
    chosen: Any = facts["days"]
    days = [(n, voice.say.forms.write(n, "weekday")) for n in range(7)]
    buttons = [button(f"✓ {name}" if n in chosen else name, MENU, "toggle", n) for n, name in days]
    pairs = tuple(tuple(buttons[at : at + 2]) for at in range(0, 7, 2))
    return Screen(
        voice.say("client.when.ask_day"), (*pairs, *_rows((("client.when.buttons.back", "when"),), facts, voice))
    )


def _when_time(facts: Facts, voice: Voice) -> Screen:
    hours: Any = facts["hours"]
    buttons = [button(str(wall), MENU, "at", int(str(wall)[:2])) for wall in hours]
    rows = tuple(tuple(buttons[at : at + 3]) for at in range(0, len(buttons), 3))
    return Screen(
        voice.say("client.when.ask_time"), (*rows, *_rows((("client.when.buttons.back", "when"),), facts, voice))
    )


def _clock(facts: Facts, voice: Voice) -> Screen:
    offered: Any = facts["clocks"]
    buttons = [button(str(wall), MENU, "zone", int(minutes)) for minutes, wall in offered]
    pairs = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    return Screen(voice.say("client.join.clock.ask"), (*pairs, *_rows((_BACK_TO_WHEN,), facts, voice)))


def _answers(facts: Facts, voice: Voice) -> Screen:
    found: Any = facts["answers"]
    if not found:
        return Screen(voice.say("client.answers.none"), _rows((_BACK_TO_SETTINGS,), facts, voice))
    shown, text = len(found), _by_day(found, facts, voice)
    while len(seen(text)) > MOST and shown > 1:
        shown -= max(1, shown // 10)
        text = blocks(_by_day(found[:shown], facts, voice), voice.say("client.answers.newest_only"))
    return Screen(text, _rows((_BACK_TO_SETTINGS,), facts, voice))


def _by_day(found: Sequence[Mapping[str, Any]], facts: Facts, voice: Voice) -> Html:
    days = [
        lines(head, *(_answer(one, facts, voice) for one in same))
        for head, same in groupby(found, key=lambda one: voice.say("client.answers.day", day=one["day"]))
    ]
    return blocks(voice.say("client.answers.head"), *days)


def _answer(one: Mapping[str, Any], facts: Facts, voice: Voice) -> Html:
    if one["text"] is not None:
        return voice.say("client.answers.words", words=one["text"])
    question = _asked(one, facts, voice)
    return voice.say("client.answers.line", question=question, answer=_value(one, voice))


def _asked(one: Mapping[str, Any], facts: Facts, voice: Voice) -> str:
    """The question as it was put, with the names that stand in it."""
    question = voice.plan.bank.get(one["question"])
    if question is None:
        return str(one["question"])
    known = {"worker": facts["worker"], "manager": facts["manager"], "goal": one["goal"]}
    return worded(in_language(question.text, voice.say.language), known, voice)


def _value(one: Mapping[str, Any], voice: Voice) -> str:
    if one["choice"] is None:
        return voice.say.forms.write(one["value"], "number")
    question = voice.plan.bank.get(one["question"])
    return option_label(question, str(one["choice"]), voice.say.language) if question else str(one["choice"])


_MADE: Mapping[str, View] = {
    "break": _break,
    "talk_done": _talk_done,
    "carried_on": _carried_on,
    "settings": _settings,
    "language": _language,
    "when": _when,
    "when_day": _when_day,
    "when_time": _when_time,
    "clock": _clock,
    "answers": _answers,
}


VIEWS: Mapping[str, View] = {"client.menu": menu}
