"""Every rule's finding can be said: on the card, on the whole card, in the picture and in the line for the notes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.actions.people import texts
from bot.bank import shipped
from bot.domain.card import card
from bot.domain.signals.beside import Rating, Remark, Repair
from bot.domain.signals.catalogue import RULES, settings
from bot.domain.signals.evaluate import evaluate
from bot.domain.signals.history import Happening, History, Signal, TalkAbout
from bot.domain.words import Construct
from bot.texts import seen
from handlers.routes import VIEWS
from handlers.views.screen import Voice
from tests.support.histories import (
    A_DAY,
    A_WEEK,
    MONDAY,
    answered,
    asked,
    check_in,
    chose,
    end,
    event,
    found,
    goal,
    rated,
    weekly,
)
from tests.support.plans import a_plan

NOW = "2026-05-12T15:00:00+01:00"
THERAPY = settings("therapy")


def really(asks: str, choice: str, question: str, construct: Construct) -> History:
    """Asked by a question that the shipped bank has."""
    history = asked(asks, choice, construct=construct)
    only = history.occasions[0]
    replies = tuple(replace(one, question=question) if one.asks else one for one in only.replies)
    return History((replace(only, replies=replies),))


def intent(value: float, *more: str) -> History:
    said = [rated("intent", value, MONDAY, Construct.ENGAGEMENT)]
    said += [replace(chose("barriers", one, MONDAY), question="E2") for one in more]
    return History((check_in("c", MONDAY, 8, 8, 8, more=said),))


def intents(*values: float) -> History:
    when = [MONDAY + n * A_DAY for n in range(len(values))]
    said = [rated("intent", value, at, Construct.ENGAGEMENT) for value, at in zip(values, when, strict=True)]
    return History(tuple(check_in(f"c{n}", at, 8, 8, 8, more=[said[n]]) for n, at in enumerate(when)))


def confirmed() -> History:
    yes = replace(chose("bothered", "yes", MONDAY), question="R1")
    return History((check_in("c", MONDAY, 6, 6, 6, more=[yes]),))


def sided() -> History:
    return History(tuple(check_in(f"c{n}", MONDAY + n * A_WEEK, 9, 9, 6) for n in range(2)))


def after_talk(said: str, left_alone: bool | None) -> History:
    repair = Repair("a", MONDAY + 3.5 * A_WEEK, said, 5, MONDAY + 3.6 * A_WEEK, left_alone, MONDAY + 3.6 * A_WEEK)
    return replace(weekly(8, 8, 8, 4, 5, 5), repairs=(repair,))


def slow() -> History:
    early = weekly(*[8] * 8)
    late = [
        replace(one, replies=tuple(replace(each, at=each.at + timedelta(hours=9)) for each in one.replies))
        for one in early.occasions[5:]
    ]
    return History((*early.occasions[:5], *(replace(one, finished_at=one.replies[0].at) for one in late)))


def short() -> History:
    words = (20, 30, 20, 30, 25, 2, 3, 2)
    remarks = tuple(Remark(MONDAY + n * A_WEEK + A_DAY, many) for n, many in enumerate(words))
    return replace(weekly(*[8] * 8), remarks=remarks)


def happened(kind: Happening, about: TalkAbout | None = None) -> History:
    return replace(weekly(8), events=(event(kind, MONDAY + A_DAY, about),))


CASES: dict[str, tuple[str, Callable[[], History], str]] = {
    "risk_text": ("risk_text", lambda: happened(Happening.CONTACT_ME), "asked for"),
    "asked_to_talk": ("asked_to_talk", lambda: happened(Happening.TALK, TalkAbout.HOW_WE_WORK), "how you two work"),
    "said_stopping": (
        "said_stopping",
        lambda: really("stopping", "yes", "E3", Construct.ENGAGEMENT),
        '"Have you thought about not coming any more?" They tapped "Yes" on Mon 4 May.',
    ),
    "said_bothered": ("said_bothered", lambda: really("bothered", "yes", "R1", Construct.BOND), "They tapped"),
    "said_worse": ("said_worse", lambda: really("direction", "worse", "C1", Construct.BOND), "They tapped"),
    "goal_not_mine": (
        "goal_not_mine",
        lambda: really("goal_still_mine", "no", "G2", Construct.GOALS),
        'if one of their goals is still what matters to them, they tapped "No"',
    ),
    "goal_not_mine, a plan": (
        "goal_not_mine",
        lambda: really("task_done", "not_for_me", "T3", Construct.TASKS),
        'what you two had planned, they tapped "Not for me"',
    ),
    "not_repaired": ("not_repaired", lambda: after_talk("better", None), "not back at their usual: 5 on"),
    "not_repaired, said": ("not_repaired", lambda: after_talk("still_there", False), "it isn't better yet"),
    "low_intent": (
        "low_intent",
        lambda: intents(9, 9, 8, 2),
        "they said 2 of 10 on Thu 7 May. Usual here: about 9. Last three: 9, 9, 8.",
    ),
    "low_intent, new": ("low_intent", lambda: intent(2), "Too few before"),
    "low_intent, few": ("low_intent", lambda: intents(9, 2), "2 of 10 on Tue 5 May, and before that 9. Too few"),
    "low_intent, logistics": ("low_intent", lambda: intent(2, "travel"), '"Getting there" is in the way'),
    "missed_sessions": (
        "missed_sessions",
        lambda: replace(weekly(8, 8), sessions=(MONDAY,), missed_sessions=(MONDAY + 2 * A_DAY, MONDAY + 3 * A_DAY)),
        "2 meetings in a row were not held, the latest on Thu 7 May. Before that about 10 in 10 were held.",
    ),
    "missed_sessions, new": (
        "missed_sessions",
        lambda: replace(weekly(8), missed_sessions=(MONDAY, MONDAY + A_DAY)),
        "Too few before",
    ),
    "item_low": ("item_low", lambda: weekly(8, 8, 8, 2), "fell to 2"),
    "drop": ("drop", lambda: weekly(8, 8, 8, 8, 8, 5), "one clear step"),
    "slide": ("slide", lambda: weekly(8.5, 8.5, 8.5, 8.5, 7.4, 6.9, 6.4), "bit by bit"),
    "steady_low": ("steady_low", lambda: weekly(8, 3, 3, 3), "stayed low: 3 on"),
    "steady_low, new": ("steady_low", lambda: weekly(3, 3, 3, every=A_DAY), "low from the start"),
    "item_low, new": ("item_low", lambda: weekly(2), '"Easy to talk to" was 2 on Tue 5 May. Too few before'),
    "item_low, few": ("item_low", lambda: weekly(8, 2), "was 2 on Tue 12 May, and before that 8. Too few before"),
    "first_low": ("first_low", lambda: weekly(6), "The first answers, all taken together, were low: 6 on"),
    "first_low, a fall": ("first_low", lambda: weekly(10, 8), "came to 8 on Tue 12 May, and before that 10. Too few"),
    "first_low, confirmed": ("first_low", confirmed, 'Asked directly, they tapped "Yes"'),
    "one_sided": ("one_sided", sided, '"Plans a help" was 6 on Mon 11 May'),
    "goal_drop": (
        "goal_drop",
        lambda: goal(5, 8, 4),
        "went down to 4 on Mon 18 May; its best was 8. Usual here: about 6.5",
    ),
    "goal_stall": ("goal_stall", lambda: goal(3, 3, 3, 3), "doesn't move: 3 on"),
    "silence": ("silence", lambda: answered("aaaaaaaa---"), "3 check-ins in a row with no tap"),
    "fade": ("fade", lambda: answered("aaaaaaaa--a--"), "4 of the last 5 check-ins had no tap"),
    "worker_strain": (
        "worker_strain",
        lambda: replace(weekly(9, 9), ratings=(Rating(MONDAY + 8 * A_DAY, 5),)),
        "as you rated it: 5 on Tue 12 May. Their own answers: about 9. Only you see this.",
    ),
    "worker_strain, alone": (
        "worker_strain",
        lambda: replace(weekly(9, start=MONDAY + A_WEEK), ratings=(Rating(MONDAY + A_DAY, 5),)),
        "as you rated it: 5 on Tue 5 May. Only you see this.",
    ),
    "slow_answers": ("slow_answers", slow, "about 600 minutes after the question"),
    "short_answers": ("short_answers", short, "about 2.3 words"),
    "low_information": ("low_information", lambda: weekly(10, 10, 10, 10), "They mostly give the same answer."),
    "blocked": ("blocked", lambda: happened(Happening.BLOCKED), "doesn't get through"),
}


@pytest.fixture
def voice() -> Voice:
    plan = replace(a_plan(), bank=shipped())
    return Voice(texts().for_language("en", zone=ZoneInfo("UTC"), place=plan.service.place), plan)


def case(name: str) -> tuple[History, Signal]:
    rule, make, _ = CASES[name]
    history = make()
    signal = found(evaluate(history, THERAPY, end(history)), rule)
    assert signal is not None
    return history, signal


def test_there_is_a_case_for_every_rule() -> None:
    assert {rule for rule, _, _ in CASES.values()} == set(RULES)


@pytest.mark.parametrize("name", CASES)
def test_it_can_be_said_on_a_card_and_on_the_whole_card(name: str, voice: Voice) -> None:
    history, signal = case(name)
    facts = {
        "alert": "0123456789abcdef",
        "ref": "R-118",
        "name": "Sam",
        "state": "raised",
        "severity": "medium",
        "wish": "tell",
        "repair": "general",
        "until": NOW,
        **card(history, [signal], end(history)),
    }
    for kind in ("worker.alert", "worker.whole_card"):
        text = seen(VIEWS[kind](facts, voice).text)
        assert CASES[name][2] in text
        assert "{" not in text


@pytest.mark.parametrize("name", CASES)
def test_the_picture_shows_as_usual_only_what_is_of_these_answers(name: str) -> None:
    history, signal = case(name)
    chart = card(history, [signal], end(history))["chart"]
    drawn = chart.get("usual") if isinstance(chart, dict) else None
    own = ("item_low", "drop", "slide", "steady_low", "one_sided", "not_repaired", "low_information")
    assert drawn is None or signal.rule in own
    assert drawn == (signal.evidence["usual"] if signal.rule in own and drawn is not None else None)


NOTES = {
    "said_stopping": 'check-in answer "Yes" to "Have you thought about not coming any more?"',
    "goal_not_mine": 'check-in answer "No" about a goal or a plan.',
    "not_repaired": "check-in answer on working together (mean of the answers) 5/10",
    "low_intent": "check-in answer on coming along 2/10 (usual about 9).",
    "missed_sessions": "2 meetings in a row not held.",
    "steady_low": "check-in answer on working together (mean of the answers) 3/10",
    "silence": "3 check-ins in a row with no tap.",
    "blocked": "the check-in chat doesn't get through.",
    "asked_to_talk": "asked in the check-in chat for time to talk.",
}


@pytest.mark.parametrize("name", NOTES)
def test_the_line_for_the_notes_says_what_it_was(name: str, voice: Voice) -> None:
    _, signal = case(name)
    line = {
        "construct": signal.construct.value if signal.construct else "together",
        "value": signal.evidence["value"],
        "usual": signal.evidence["usual"],
        "day": signal.raised_at.isoformat(),
        "rule": signal.rule,
        "on_scale": RULES[signal.rule].on_scale,
        "question": signal.evidence.get("question"),
        "answer": signal.evidence.get("answer"),
    }
    text = seen(VIEWS["worker.notes"]({"lines": [line], "raised": NOW, "name": "Sam", "ref": "R-118"}, voice).text)
    assert NOTES[name] in text
