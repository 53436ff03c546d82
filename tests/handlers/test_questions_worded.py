"""A question is put in the same words wherever it stands, and no curly bracket reaches anybody."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.actions.people import texts
from bot.domain.questions import PLACEHOLDERS, Asks, Bank, Option, Question, Scale
from bot.domain.words import Construct
from bot.texts import seen
from handlers.routes import VIEWS
from handlers.views.screen import Voice
from handlers.views.wording import in_language, option_label, worded
from tests.support.plans import a_plan

NOW = "2026-05-12T15:00:00+01:00"
OWN = Question(
    "X1",
    Construct.BOND,
    Scale.CHOICE,
    {"en": "{worker} or {manager}, {place}, {date}, {goal}, {task}?"},
    Asks.BOTHERED,
    options=(Option("yes", {"en": "Yes & more"}), Option("no", {"en": "No"})),
)


@pytest.fixture
def voice() -> Voice:
    plan = replace(a_plan(), bank=Bank((OWN,)))
    return Voice(texts().for_language("en", zone=ZoneInfo("Europe/London"), place="Riverside"), plan)


def test_a_worker_s_card_leaves_open_what_it_does_not_know(voice: Voice) -> None:
    reason = {"rule": "said_bothered", "construct": "bond", "day": NOW, "value": "yes", "usual": None, "last": None}
    facts: Any = {
        "ref": "R-118",
        "name": "Sam",
        "repair": "bond",
        "until": NOW,
        "reasons": [{**reason, "text": "worker.reason.said_bothered", "question": "X1"}],
    }
    text = seen(VIEWS["worker.whole_card"](facts, voice).text)
    assert '"Sam or …, Riverside, …, …, …?" They tapped "Yes & more" on Tue 12 May.' in text


def test_among_their_own_answers_a_client_reads_it_with_the_names(voice: Voice) -> None:
    answer = {"day": NOW, "text": None, "question": "X1", "choice": "yes", "value": None, "goal": "<sleep>"}
    facts: Any = {"page": "answers", "worker": "Sam", "manager": "Jo", "answers": [answer]}
    assert "Sam or Jo, Riverside, …, <sleep>, …? Yes & more" in seen(VIEWS["client.menu"](facts, voice).text)


def test_everything_that_may_be_quoted_is_filled_in_or_left_open(voice: Voice) -> None:
    everything = " ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS))
    assert worded(everything, {}, voice) == "… … … Riverside … …"
    known = {name: f"<{name}>" for name in PLACEHOLDERS}
    assert seen(worded(everything, known, voice)) == " ".join(f"<{name}>" for name in sorted(PLACEHOLDERS))


def test_what_is_not_said_in_a_language_is_said_in_english_or_in_any() -> None:
    assert in_language({"cy": "Iawn", "en": "OK"}, "cy") == "Iawn"
    assert in_language({"cy": "Iawn", "en": "OK"}, "de") == "OK"
    assert in_language({"cy": "Iawn"}, "de") == "Iawn"
    assert in_language({}, "de") == ""


def test_an_option_that_left_the_bank_is_called_by_its_id() -> None:
    assert option_label(OWN, "yes", "en") == "Yes & more"
    assert option_label(OWN, "gone", "en") == "gone"
