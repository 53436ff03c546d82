"""Views of alerts: pure, from facts to words and buttons; the first line is safe on a lock screen."""

import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.actions.people import texts
from bot.domain.words import Facts
from bot.texts import seen
from handlers.callbacks import MAX_BYTES, decode
from handlers.routes import TAPS, VIEWS
from handlers.views.screen import Screen, Voice
from tests.support.plans import a_plan

ID = "0123456789abcdef"
NOW = "2026-05-12T15:00:00+01:00"


@pytest.fixture
def voice() -> Voice:
    plan = a_plan()
    return Voice(texts().for_language("en", zone=ZoneInfo("Europe/London"), place=plan.service.place), plan)


def card(**more: Any) -> Facts:
    reason = {
        "text": "worker.reason.item_low",
        "rule": "item_low",
        "construct": "bond",
        "day": NOW,
        "value": 2.0,
        "usual": 8.0,
        "last": [8.0, 8.0, 7.0],
        "question": "B1",
        "lists": None,
    }
    return {
        "alert": ID,
        "ref": "R-118",
        "name": "Sam",
        "state": "raised",
        "severity": "medium",
        "states": [],
        "since": NOW,
        "wish": "tell",
        "asked": True,
        "next": NOW,
        "softened": False,
        "reasons": [reason],
        "others": [{"construct": "goals", "question": "G1", "value": 7.0, "usual": 8.0}],
        "picture": [{"text": "steady_then_step", "n": 6, "usual": 8.0}],
        "sure": {"text": "one_answer", "n": 6},
        "way_in": "bond",
        "chart": None,
        "changed": [],
        "words": ["felt told off"],
        "escalates": {"name": "Kim", "when": NOW},
        **more,
    }


ESCALATION: Facts = {
    **card(),
    "tried": [{"name": "Sam", "when": NOW, "cover": False}],
    "unreachable": ["Kim"],
    "within": 86400,
    "what": "is",
    "goes_to": None,
}
DANGER: Facts = {
    **card(),
    "lists": ["self_harm"],
    "when": NOW,
    "place": "Riverside",
    "duty": "Jo",
    "tried": [NOW, NOW],
    "again": True,
    "not_meant": True,
    "in_touch": None,
    "worker_told": True,
}
MORE: Facts = {
    "ref": "R-118",
    "alert": ID,
    "kind": "alliance",
    "tomorrow": NOW,
    "may_look": True,
    "to": [{"id": ID, "name": "Kim"}],
}
SHARE: Facts = {
    "worker": "Sam",
    "manager": "Ada",
    "alert": ID,
    "check_in": ID,
    "said": "ask",
    "offers_other": True,
    "day": NOW,
}

EVERY: dict[str, Facts] = {
    "worker.alert": card(),
    "worker.alert_soft": card(softened=True, wish="none"),
    "worker.alert_reminder": card(sent=NOW),
    "worker.alert_cover": card(unreachable=False),
    "manager.escalation": ESCALATION,
    "manager.still_there": {**card(), "chose": "try_again"},
    "manager.someone_else": {**card(), "day": NOW, "taken": None},
    "danger": DANGER,
    "danger_worker": DANGER,
    "danger_words": {"ref": "R-118", "words": ["words"], "until": NOW},
    "worker.more": {**MORE, "page": "more"},
    "worker.useful": {"ref": "R-118", "alert": ID},
    "worker.silence": {"ref": "R-118", "client": ID, "n": 4},
    "worker.held": {"ref": "R-118", "client": ID},
    "client.sharing": SHARE,
    "client.sharing_chosen": {**SHARE, "wish": "tell", "undo": True, "next_in": "2026-05-13", "is_today": False},
    "client.followup": {**SHARE, "page": "how_now"},
    "client.after_crisis": SHARE,
    "client.thanks_picked_up": {**SHARE, "by": None},
}


def shown(kind: str, facts: Facts, voice: Voice) -> Screen:
    return VIEWS[kind](facts, voice)


def test_however_often_somebody_was_asked_it_stays_a_short_message(voice: Voice) -> None:
    """Weeks of repeating, in the end longer than Telegram takes: then nobody would be asked any more."""
    danger = seen(shown("danger", {**DANGER, "tried": [NOW] * 700}, voice).text)
    assert "Sent to Jo 700 times from Tue 12 May, 15:00 to Tue 12 May, 15:00. Nobody has taken it." in danger
    sam, ada = ({"name": name, "when": NOW, "cover": False} for name in ("Sam", "Ada"))
    asked = seen(shown("manager.escalation", {**ESCALATION, "tried": [sam, sam, *[ada] * 200]}, voice).text)
    assert "Sam, Tue 12 May, 15:00; Sam, Tue 12 May, 15:00; Ada, 200 times from Tue 12 May, 15:00 to" in asked
    assert max(len(danger), len(asked)) < 1000


@pytest.mark.parametrize("kind", ["worker.alert_reminder", "worker.alert_cover"])
def test_what_is_taken_calls_for_no_tap_any_more(kind: str, voice: Voice) -> None:
    calls = "A tap on|Please take it"
    asked, taken = (seen(shown(kind, {**EVERY[kind], "state": one}, voice).text) for one in ("raised", "acknowledged"))
    assert re.search(calls, asked)
    assert not re.search(calls, taken)
    assert taken.startswith("R-118 · please look today")


@pytest.mark.parametrize("kind", sorted(EVERY))
def test_every_button_fits_and_leads_somewhere(kind: str, voice: Voice) -> None:
    for row in shown(kind, EVERY[kind], voice).rows:
        for button in row:
            assert button.data is not None
            assert len(button.data.encode()) <= MAX_BYTES
            tap = decode(button.data)
            assert tap is not None
            assert tap.verb in TAPS


@pytest.mark.parametrize(
    "kind", [kind for kind in sorted(EVERY) if kind.startswith(("worker.alert", "manager", "danger"))]
)
def test_the_first_line_is_safe_on_a_lock_screen(kind: str, voice: Voice) -> None:
    first = seen(shown(kind, EVERY[kind], voice).text).splitlines()[0]
    assert first.startswith(("R-118", "Urgent · R-118"))
    for word in ("2", "8", "told off", "self", "easy"):
        assert word not in first.replace("R-118", "")


@pytest.mark.parametrize(
    "kind", ["worker.alert", "worker.alert_soft", "manager.escalation", "danger", "manager.someone_else"]
)
def test_what_is_about_a_client_cannot_be_forwarded(kind: str, voice: Voice) -> None:
    assert shown(kind, EVERY[kind], voice).protected


def test_the_first_two_buttons_are_the_promised_ones(voice: Voice) -> None:
    labels = [button.label for row in shown("worker.alert", card(), voice).rows for button in row]
    assert labels == ["I've got it", "We talked", "More"]


def test_once_taken_only_what_is_left_can_be_tapped(voice: Voice) -> None:
    labels = [button.label for row in shown("worker.alert", card(state="acknowledged"), voice).rows for button in row]
    assert labels == ["We talked", "More"]
    assert shown("worker.alert", card(state="repaired"), voice).rows == ()


def test_the_softened_card_has_no_number_and_no_words(voice: Voice) -> None:
    text = seen(shown("worker.alert_soft", EVERY["worker.alert_soft"], voice).text).replace("R-118", "")
    assert not any(sign.isdigit() for sign in text)
    assert "told off" not in text


def test_a_manager_reads_no_answer(voice: Voice) -> None:
    text = seen(shown("manager.escalation", ESCALATION, voice).text)
    assert "fell to" not in text
    assert "told off" not in text
    assert "one working day" in text
    assert "The chat with Kim doesn't get through." in text


def test_words_that_look_like_markup_stay_words(voice: Voice) -> None:
    text = shown("worker.alert", card(words=["<b>bold</b> & **stars**"]), voice).text
    assert "&lt;b&gt;bold" in text


def test_a_later_danger_notice_tells_when_it_was_sent(voice: Voice) -> None:
    text = seen(shown("danger", DANGER, voice).text)
    assert text.startswith("Urgent · R-118 · still waiting for a person")
    assert "Sent to Jo at" in text
    assert "Client says: not what I meant" in text


def test_who_asked_to_be_contacted_is_not_said_to_have_written_anything(voice: Voice) -> None:
    asked = {**DANGER, "lists": []}
    worker, duty = (seen(shown(kind, asked, voice).text) for kind in ("danger_worker", "danger"))
    assert "asked for Riverside to contact them" in worker
    assert "asked for Riverside to contact them" in duty
    for said in (worker, duty):
        assert "wrote" not in said
        assert "word list" not in said
    assert "They wrote danger words" in seen(shown("danger_worker", DANGER, voice).text)


def test_nobody_is_said_to_handle_what_was_only_sent(voice: Voice) -> None:
    assert "handled" not in seen(shown("danger_worker", DANGER, voice).text)


def test_a_question_asked_in_words_is_quoted_with_the_tapped_button(voice: Voice) -> None:
    from dataclasses import replace

    from bot.domain.questions import Asks, Option, Question, Scale
    from bot.domain.words import Construct

    question = Question(
        id="R1",
        construct=Construct.BOND,
        scale=Scale.CHOICE,
        text={"en": "Did anything upset you with {worker}?"},
        asks=Asks.BOTHERED,
        options=(Option("no", {"en": "No"}), Option("a_bit", {"en": "A bit"}), Option("yes", {"en": "Yes, it did"})),
    )
    plan = replace(voice.plan, bank=voice.plan.bank.with_more([question]))
    reason = {
        "text": "worker.reason.said_bothered",
        "rule": "said_bothered",
        "construct": "bond",
        "day": NOW,
        "value": "yes",
        "usual": None,
        "last": ["no"],
        "question": "R1",
        "lists": None,
    }
    text = seen(shown("worker.alert", card(reasons=[reason]), replace(voice, plan=plan)).text)
    assert "Did anything upset you with Sam?" in text
    assert '"Yes, it did"' in text


@pytest.mark.parametrize("page", ["ask", "how_now", "wish", "better", "skipped", "try_again", "leave_it", "someone_else"])
def test_every_page_of_the_follow_up_can_be_said(page: str, voice: Voice) -> None:
    assert shown("client.followup", {**SHARE, "page": page}, voice).text


@pytest.mark.parametrize("page", ["more", "why_not", "pass", "in_touch"])
def test_every_page_behind_more_can_be_said(page: str, voice: Voice) -> None:
    assert shown("worker.more", {**MORE, "page": page}, voice).text
