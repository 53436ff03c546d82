"""The English words themselves: kind, easy, safe on a lock screen, short enough."""

import re

import pytest

from bot.texts import Html, blocks, lines, seen
from tests.support.wording import (
    ALL,
    FACTS,
    FOR_CLIENTS,
    LABELS,
    MOMENT,
    TEXTS,
    TOASTS,
    filled,
    grade,
    under,
    voice,
)

# ── Kind words ──


SECOND_MEANINGS = re.compile(
    r"\b(stop|stops|stopping|stopped|sorted|score|scores|use|uses|using|used|user|clean|dry|hit|hits|slip|slipped|"
    r"lapse|relapse|fix|gear|straight|habit|script|high|test|tests|fail|fails|failed|comply|case|discharge[d]?|"
    r"ruptures?|alliance|repair(ed|s)?|signals?|silence|patient|addict\w*|drugs?|alcohol|methadone|treatment|therapy|"
    r"diagnosis|recovery)\b",
    re.IGNORECASE,
)
BLAME_AND_PRAISE = re.compile(
    r"\b(you missed|you failed|you have not|you haven't|you didn't answer|well done|great|brilliant|good job|proud|"
    r"congratulations|keep it up|streak|excellent|unreliable|i feel|i'm sorry to hear|i care)\b",
    re.IGNORECASE,
)


def offenders(keys: list[str], pattern: re.Pattern[str]) -> dict[str, list[str]]:
    """Key → what was found in its words, for those where something was found."""
    found = {key: [hit.group() for hit in pattern.finditer(_own_words(key))] for key in keys}
    return {key: hits for key, hits in found.items() if hits}


def test_no_client_reads_a_word_with_a_second_meaning() -> None:
    assert offenders(FOR_CLIENTS, SECOND_MEANINGS) == {}


def test_the_guard_of_second_meanings_knows_the_whole_list() -> None:
    """Rule 6: each of them alone, in any case."""
    alone = """stop Stopping sorted score use using clean dry hit slip lapse fix gear straight habit script HIGH test
        fail comply case discharge"""
    assert [word for word in alone.split() if not SECOND_MEANINGS.search(f"a {word}, then")] == []


def test_no_client_is_praised_or_blamed() -> None:
    assert offenders(FOR_CLIENTS, BLAME_AND_PRAISE) == {}


def test_no_text_says_that_somebody_read_a_message() -> None:
    assert offenders(FOR_CLIENTS, re.compile(r"\bread\b", re.IGNORECASE)) == {}
    staff = [key for key in ALL if key not in FOR_CLIENTS]
    claim = re.compile(r"\b(has|have|was|been|had|not|who) read\b|\bread (it|this|by)\b", re.IGNORECASE)
    assert offenders(staff, claim) == {}


def _own_words(key: str) -> str:
    """All forms of a text without what is filled in."""
    raw = TEXTS.raw()
    return " ".join(re.sub(r"{[^}]*}", "…", text) for name, text in raw.items() if name in (key, *_forms(key)))


def _forms(key: str) -> tuple[str, ...]:
    return (f"{key}.one", f"{key}.other")


def test_a_refusal_never_repeats_a_ref_a_name_or_what_was_typed() -> None:
    allowed = {"worker", "until", "place", "crisis_text"}
    assert {key for key in under("errors.", "client.code.", "alert.") if TEXTS.placeholders(key) - allowed} == set()


# ── Easy words ──


HARDEST = 6
"""The grade of an eleven-year-old; the aim is ten, and most texts are far below."""

HARDER: dict[str, str] = {}
"""Texts over the limit, each with the reason."""


def _sentences() -> list[str]:
    """Texts that are sentences: what is shorter than five words says little about reading age."""
    return [key for key in FOR_CLIENTS if key not in LABELS and len(filled(key).split()) >= 5]


def test_the_formula_gives_the_published_grades() -> None:
    """By hand: 6 words, 1 sentence, 6 syllables → 2.34 + 11.8 − 15.59; a lawyers' sentence is far above ten."""
    assert grade("The cat sat on the mat.") == pytest.approx(-1.45)
    assert grade("Participation necessitates continuing authorisation of information processing.") > 20


def test_each_text_for_clients_is_easy() -> None:
    hard = {key: round(grade(filled(key)), 1) for key in _sentences() if grade(filled(key)) > HARDEST}
    assert {key: by for key, by in hard.items() if key not in HARDER} == {}


def test_texts_for_clients_are_easy_for_a_ten_year_old_on_average() -> None:
    grades = [grade(filled(key)) for key in _sentences()]
    assert sum(grades) / len(grades) <= 3


# ── The first line is safe on a lock screen ──


PUSHED = [
    *under("client.join.1", "client.join.again", "client.question.frame", "client.reminder.", "client.about_questions.t"),
    *(
        "client.break.ended",
        "client.after_crisis.text",
        "client.new_worker.text",
        "client.follow.ask",
        "client.back.text",
    ),
    *("client.crisis.matched", "client.crisis.opened", *under("client.sharing.ask"), "client.small.our_fault"),
    *("client.goals.agree_ask", "client.mydata.text", "client.erase.receipt", "client.thanks.picked_up"),
    "client.erase.waits",
    "client.sharing.no_tap",
    *under("worker.alert.head", "worker.silence.text", "worker.blocked.", "worker.left.", "worker.goal.added"),
    *under(
        "worker.words.text",
        "worker.reminder.",
        "worker.cover.",
        "worker.danger.t",
        "worker.danger.c",
        "worker.useful.ask",
    ),
    *under("manager.escalation.head", "manager.danger.head", "manager.still_there.", "manager.someone_else.text"),
    *under("manager.live.daily", "manager.live.stale", "admin.", "worker.digest.head"),
]
"""Messages that come unasked: their first line may be seen by whoever holds or passes the phone."""

PRIVATE = {"value", "usual", "last", "was", "goal", "words", "answer", "question", "construct", "crisis_text", "reasons"}


def test_the_first_line_of_what_comes_unasked_is_short() -> None:
    firsts = {key: re.split(r"\n|(?<=[.!?]) ", filled(key))[0] for key in PUSHED}
    assert {key: first for key, first in firsts.items() if len(first) > 60} == {}


def test_the_first_line_of_what_comes_unasked_tells_nothing_private() -> None:
    told = re.compile(
        r"danger|hurt|999|between you|wasn't right|\blow\b|harm|suicid|{(?:" + "|".join(PRIVATE) + r")\b", re.IGNORECASE
    )
    firsts = {key: told.findall(_own_first_line(key)) for key in PUSHED}
    assert {key: hits for key, hits in firsts.items() if hits} == {}


def _own_first_line(key: str) -> str:
    raw = TEXTS.raw()
    return (raw.get(key) or raw[f"{key}.other"]).split("\n")[0]


# ── Sizes ──


SCREENS = [key for key in under("client.join.") if re.fullmatch(r"client\.join\.\d\.(text|quiet|told_at_once)", key)]


@pytest.mark.parametrize("key", SCREENS)
def test_each_joining_screen_has_at_most_sixty_words(key: str) -> None:
    assert len(filled(key).split()) <= 60


def test_there_are_six_joining_screens() -> None:
    assert len([key for key in SCREENS if key.endswith(".text")]) == 6


def test_a_button_fits_a_phone() -> None:
    assert {key: filled(key) for key in LABELS if len(filled(key)) > 40 or "\n" in filled(key)} == {}


def test_a_toast_fits_telegrams_two_hundred_characters() -> None:
    assert {key: filled(key) for key in TOASTS if len(filled(key)) > 200} == {}


def test_commands_are_as_telegram_wants_them() -> None:
    for key in under("commands."):
        assert re.fullmatch(r"[a-z0-9_]{1,32}", key.rpartition(".")[2])
        assert 1 <= len(filled(key)) <= 256


def test_every_text_fits_into_one_message_and_has_no_stray_blanks() -> None:
    said = {key: filled(key) for key in ALL}
    assert {key: text for key, text in said.items() if not 1 <= len(text) <= 4096 or text != text.strip()} == {}


LONG_NAME = "Oluwaseun Konstantinopoulos"


def alert_card(reason: str, way_in: str) -> str:
    """A full card as the caption holds it, with the longest plausible facts."""
    say = voice(**{**FACTS, "name": LONG_NAME, "ref": "REF-2026-00118", "when": MOMENT, "n": 12})
    goals = say("worker.construct.goals")
    names = ("bond", "goals", "tasks") if reason.endswith(("drop", "drop_new", "slide")) else ("bond", "goals")
    others = [
        say("worker.alert.other_answer", construct=say(f"worker.construct.{name}"), value=7.5, usual=8.2)
        for name in names
    ]
    sure = " ".join(say(f"worker.sure.{key}") for key in ("one_answer", "always", "no_figures"))
    picture = " ".join(say(f"worker.picture.{key}") for key in ("steady_then_step", "gap_paused"))
    return blocks(
        say("worker.alert.head"),
        lines(say("worker.alert.what_changed", reasons=say(reason, construct=goals)), Html(" ".join(others))),
        say("worker.alert.picture", facts=picture),
        lines(say("worker.alert.their_words", words="w" * 120), say("worker.wish.number_only")),
        say("worker.alert.sure", facts=sure),
        say("worker.alert.way_in", way_in=say(way_in)),
        lines(say("worker.alert.meets_next"), say("worker.alert.escalates"), say("worker.alert.footnote")),
    )


def test_a_full_card_with_its_picture_fits_telegrams_caption() -> None:
    reasons = [key for key in under("worker.reason.") if not key.endswith(("risk_text", "asked_for_contact"))]
    sizes = {(one, way): len(seen(alert_card(one, way))) for one in reasons for way in under("worker.way_in.")}
    assert {pair: size for pair, size in sizes.items() if size > 1024} == {}
