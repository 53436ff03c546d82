"""What stands in the client's chat during a check-in, word for word, and what its buttons carry."""

from dataclasses import replace
from typing import Any

import pytest

from bot.bank import shipped
from bot.domain.questions import Bank, Question, Scale
from bot.domain.words import Construct
from bot.texts import Texts, seen
from handlers.callbacks import MAX_BYTES, decode
from handlers.views.client_checkins import VIEWS, gone, later, later_set, question, reminder, thanks
from handlers.views.client_remarks import about_questions, remark_sharing, words_for_worker
from handlers.views.screen import Screen, Voice
from tests.support.plans import BANK, a_plan

ID = "0123456789abcdef"


def voice(*more: Question) -> Voice:
    return Voice(Texts.shipped().for_language("en"), replace(a_plan(), bank=Bank((*BANK.questions, *more))))


def card(voice_: Voice | None = None, **changes: Any) -> Screen:
    facts: dict[str, Any] = {
        "check_in": ID,
        "item": 0,
        "n": 1,
        "of": 3,
        "question": "B1",
        "style": "numbers",
        "worker": "Sam",
        "manager": "Kim",
        "goal": None,
        "goal_number": None,
        "date": None,
        "back": False,
        "first": False,
        "chosen": None,
        "away": False,
    }
    return question({**facts, **changes}, voice_ or voice())


def labels(screen: Screen) -> list[list[str]]:
    return [[button.label for button in row] for row in screen.rows]


def each_label(screen: Screen) -> list[str]:
    return [label for row in labels(screen) for label in row]


def text(screen: Screen) -> list[str]:
    return seen(screen.text).splitlines()


def test_the_first_card_reads_as_in_the_house_texts() -> None:
    screen = card()
    assert text(screen) == ["1 of 3", "How easy is Sam to talk to just now?", "0 = can't talk · 10 = easy"]
    assert labels(screen) == [
        ["0", "1", "2", "3", "4", "5"],
        ["6", "7", "8", "9", "10"],
        ["Skip", "Later"],
    ]


def test_from_the_second_card_on_there_is_a_way_back() -> None:
    assert labels(card(item=1, n=2, question="G1", back=True))[-1] == ["Back", "Skip", "Later"]


def test_only_the_very_first_card_says_who_sees_it_and_offers_words() -> None:
    screen = card(first=True)
    assert text(screen)[-1] == "Sam sees this. Any number is OK."
    assert labels(screen)[-1] == ["Words, not numbers"]


def test_words_are_offered_in_one_line_with_one_button_and_only_where_there_are_numbers() -> None:
    screen = card(offers=True)
    assert text(screen)[-1] == "If words suit you better than numbers, tap below. Numbers are fine too."
    assert labels(screen)[-1] == ["Words, not numbers"]
    choice = Question("C9", Construct.BOND, Scale.CHOICE, {"en": "Which?"}, options=shipped()["R1"].options)
    assert "Words, not numbers" not in each_label(card(voice(choice), question="C9", offers=True))


def test_a_question_that_says_itself_who_sees_it_does_not_say_that_the_worker_does() -> None:
    said = text(card(voice(shipped()["F1"]), question="F1", first=True))
    assert said == ["1 of 3", "Is Sam the right person for you?", "Only Kim sees this one."]


def test_in_words_five_labels_carry_the_same_five_values() -> None:
    screen = card(style="words")
    values = [decode(button.data).args[2] for row in screen.rows[:-1] for button in row]
    assert values == ["0", "2.5", "5", "7.5", "10"]
    assert "0 = can't talk" not in screen.text


def test_going_back_shows_what_was_tapped() -> None:
    assert text(card(chosen=8.0))[-1] == "You tapped 8. Tap another to change it."
    assert text(card(chosen=7.5, style="words"))[-1] == "You tapped Mostly. Tap another to change it."


def test_after_an_absence_the_card_says_so() -> None:
    assert text(card(away=True))[-1].startswith("I was away for a bit.")


@pytest.mark.parametrize(("goal", "expected"), [("see my kids more", "see my kids more"), (None, "goal 2")])
def test_a_goal_is_quoted_or_called_by_its_number(goal: str | None, expected: str) -> None:
    assert expected in text(card(question="G3", goal=goal, goal_number=2))[1]


def test_what_people_wrote_never_becomes_markup() -> None:
    screen = card(question="G3", goal="<b>bold</b> & {worker}", worker="<i>Sam</i>")
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; {worker}" in screen.text
    assert "<i>" not in screen.text


def test_faces_stand_in_one_row() -> None:
    faces = replace(BANK["B1"], id="F", scale=Scale.FACES)
    screen = card(voice(faces), question="F", chosen=1.0)
    assert len(screen.rows[0]) == 5
    assert text(screen)[-1] == "You tapped 🙁. Tap another to change it."


def test_a_question_in_words_asks_to_type() -> None:
    words = Question("T", Construct.TASKS, Scale.TEXT, {"en": "What would help?"})
    screen = card(voice(words), question="T")
    assert text(screen)[-1] == "Type your answer here."
    assert labels(screen) == [["Skip", "Later"]]


def test_a_question_that_left_the_bank_has_no_buttons() -> None:
    assert card(question="gone").rows == ()


def test_every_shipped_question_makes_a_card_whose_buttons_fit() -> None:
    """Every question, in both styles, with every button under Telegram's 64 bytes."""
    everything = Voice(Texts.shipped().for_language("en"), replace(a_plan(), bank=shipped()))
    for one in shipped():
        for style in ("numbers", "words"):
            screen = card(
                everything, question=one, style=style, item=11, first=True, goal="sleep", date="2026-05-14T11:00:00+00:00"
            )
            data = [button.data or "" for row in screen.rows for button in row]
            assert all(len(each.encode()) <= MAX_BYTES for each in data)
            assert len(set(data)) == len(data)
            assert "{" not in screen.text


def test_later_offers_its_times_and_a_way_back() -> None:
    screen = later({"check_in": ID, "choices": ["hour", "tomorrow"], "until": "2026-05-13T14:00:00+01:00"}, voice())
    assert each_label(screen) == ["In an hour", "Tomorrow", "Back"]


def test_when_no_time_fits_later_says_until_when_it_is_here() -> None:
    screen = later({"check_in": ID, "choices": [], "until": "2026-05-13T14:00:00+01:00"}, voice())
    assert text(screen) == ["It would be gone by then. It's here until 14:00 if you want it."]
    assert labels(screen) == [["Back"]]


def test_later_set_says_when() -> None:
    facts = {"check_in": ID, "when": "2026-05-13T10:00:00+01:00", "today": False}
    assert text(later_set(facts, voice())) == ["OK. I'll ask again on Wednesday at 10:00."]


def said_thanks(**changes: Any) -> list[str]:
    facts = {
        "worker": "Sam",
        "next_in": "2026-05-13",
        "in_a_week": True,
        "today": False,
        "quiet": False,
        "skipped": False,
    }
    return [line for line in text(thanks({**facts, **changes}, voice())) if line]


def test_the_thanks_say_who_is_next_in_when_and_that_words_are_welcome() -> None:
    done, next_in, add = said_thanks()
    assert done == "Thanks. That's all for today."
    assert next_in == "Sam is next in on Wednesday."
    assert add.startswith("Want to add something? Type it here.")


def test_in_quiet_mode_the_thanks_are_one_line() -> None:
    assert said_thanks(quiet=True) == ["Thanks. That's all for today."]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"today": True, "next_in": None}, "Sam is in today."),
        ({"in_a_week": False, "next_in": "2026-05-27"}, "Sam is next in on Wed 27 May."),
    ],
)
def test_a_far_day_is_a_date_and_today_is_today(changes: dict[str, Any], line: str) -> None:
    assert said_thanks(**changes)[1] == line


def test_gone_says_when_the_next_one_comes() -> None:
    assert text(gone({"day": "2026-05-14T14:00:00+01:00"}, voice())) == [
        "That one has gone. Nothing lost. Next one is on Thursday."
    ]
    assert text(gone({"day": None}, voice())) == ["That one has gone. Nothing lost."]


def test_the_reminder_leaves_the_client_free() -> None:
    said = text(reminder({"n": 3, "until": "2026-05-13T13:00:00+00:00"}, voice()))[0]
    assert said.startswith("The 3 questions are still here if you want them. If not, that's fine.")


def test_words_are_shown_only_by_a_button_of_three() -> None:
    screen = remark_sharing({"remark": ID, "worker": "Sam", "while_asking": False, "to": ID}, voice())
    assert text(screen) == ["Shall Sam see that?"]
    assert each_label(screen) == ["Yes, show Sam", "No, just for me", "Delete it"]


def test_the_worker_reads_long_words_whole_as_far_as_a_message_holds() -> None:
    short = words_for_worker({"ref": "R-118", "words": "<felt> told off " * 50}, voice())
    assert seen(short.text).count("<felt> told off") == 50
    assert len(seen(words_for_worker({"ref": "R-118", "words": "x" * 4096}, voice()).text)) <= 4096


def test_after_two_misses_six_ways_are_offered() -> None:
    screen = about_questions({"check_in": ID, "day": "2026-05-14T14:00:00+01:00"}, voice())
    assert text(screen)[-1] == "If you don't tap, that's fine too. I'll ask on Thursday."
    assert each_label(screen) == [
        "Ask less often",
        "Other day or time",
        "Just 1 question",
        "Take a break",
        "No more messages",
        "Keep it as it is",
    ]


def test_every_kind_that_a_check_in_posts_has_its_view() -> None:
    assert set(VIEWS) == {
        "client.question",
        "client.later",
        "client.later_set",
        "client.thanks",
        "client.gone",
        "client.reminder",
    }
