"""Saying a text: found by key, filled with facts as the language writes them, and never made markup by what was typed."""

import re
import subprocess
import sys
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.domain.words import DutyHours, Hours, Weekday
from bot.texts import Html, MissingText, blocks, lines, seen
from tests.support.wording import HERE, MOMENT, SAY, TEXTS

# ── Looking up ──


def test_a_text_is_found_by_its_dotted_key_and_filled_with_facts_by_name() -> None:
    assert SAY("client.thanks.picked_up") == "Sam has picked this up."
    assert SAY("client.thanks.picked_up", worker="S") == "S has picked this up."


def test_the_number_n_chooses_the_plural_form() -> None:
    assert seen(SAY("worker.caseload.head", n=1)).endswith("1 client")
    assert seen(SAY("worker.caseload.head", n=0)).endswith("0 clients")


def test_an_unknown_key_raises_missing_text() -> None:
    with pytest.raises(MissingText, match=r"client\.no\.such"):
        SAY("client.no.such")


@pytest.mark.parametrize("facts", [{}, {"day": None}, {"day": "not a day"}, {"day": object()}])
def test_a_missing_or_unfit_fact_raises_and_names_the_fact_but_never_what_it_held(facts: dict[str, object]) -> None:
    with pytest.raises(MissingText) as raised:
        SAY("client.thanks.next_in", **facts)
    assert "client.thanks.next_in: day" in str(raised.value)


def test_a_plural_without_its_number_raises() -> None:
    with pytest.raises(MissingText, match="n"):
        SAY("client.reminder.text", until=MOMENT)


@pytest.mark.parametrize("language", ["en", "en-GB", "en_US", "xx", ""])
def test_a_regional_language_is_its_mother_tongue_and_an_unknown_one_is_english(language: str) -> None:
    assert TEXTS.for_language(language).plain("buttons.back") == "Back"


def test_texts_of_the_config_replace_the_shipped_ones_nested_or_dotted() -> None:
    nested = {"en": {"client": {"stop": {"text": "OK, quiet."}}}}
    dotted = {"en": {"client.stop.text": "OK, quiet."}}
    assert [TEXTS.for_language("en", changed)("client.stop.text") for changed in (nested, dotted)] == ["OK, quiet."] * 2


def test_babel_is_not_imported_until_a_date_or_a_plural_is_said() -> None:
    code = "import sys; from bot.texts import Texts; Texts.shipped().for_language('en'); sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=HERE, check=False).returncode == 0


# ── Dates, times and numbers ──


@pytest.mark.parametrize(
    ("key", "facts", "text"),
    [
        ("client.thanks.next_in", {"day": date(2026, 5, 13)}, "Sam is next in on Wednesday."),
        ("client.thanks.next_in", {"day": "2026-05-13"}, "Sam is next in on Wednesday."),
        ("client.thanks.next_in", {"day": Weekday.WED}, "Sam is next in on Wednesday."),
        ("client.break.set", {"until": date(2026, 5, 12)}, "until Tue 12 May. Then I'll see if you want to go on."),
        ("client.later.set_today", {"when": time(9, 5)}, "I'll ask again at 09:05."),
        ("client.later.set_today", {"when": "2026-05-12T13:05:00+00:00"}, "I'll ask again at 14:05."),
        ("worker.alert.meets_next", {"when": datetime(2026, 5, 14, 10, tzinfo=UTC)}, "Thu 14 May, 11:00."),
        ("client.when.set", {"days": [1, 3], "when": "14:00"}, "every Tuesday and Thursday at 14:00."),
        ("manager.danger.nobody", {"duty": "Jo", "tried": ["21:42", "21:52"]}, "21:42 and 21:52. Nobody has taken it."),
        ("client.when.set", {"days": ["mon"], "when": "14:00"}, "every Monday at 14:00."),
        ("worker.alert.other_answer_new", {"construct": "Plans", "value": 7.5}, "Plans: 7.5."),
        ("worker.alert.other_answer_new", {"construct": "Plans", "value": 8.0}, "Plans: 8."),
        ("worker.alert.other_answer_new", {"construct": "Plans", "value": 8.2345}, "Plans: 8.2."),
    ],
)
def test_facts_are_written_as_the_language_and_the_readers_zone_want_them(
    key: str, facts: dict[str, object], text: str
) -> None:
    say = TEXTS.for_language("en", zone=ZoneInfo("Europe/London"), worker="Sam")
    assert say(key, **facts).endswith(text)


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ({0, 1, 2, 3, 4}, "Monday to Friday, 09:00 to 17:00"),
        ({0, 2}, "Monday and Wednesday, 09:00 to 17:00"),
        ({5, 6}, "Saturday and Sunday, 09:00 to 17:00"),
    ],
)
def test_duty_hours_are_said_in_words(days: set[int], text: str) -> None:
    hours = DutyHours(frozenset(map(Weekday, days)), Hours(time(9), time(17)))
    assert f"only {text}." in SAY("client.join.4.text", hours=hours)


# ── What people typed never becomes markup ──


@pytest.mark.parametrize("typed", ["<b>loud</b>", "a & b", "**loud**", "`x`", "{worker}", "&lt;", "</b><a href='x'>"])
def test_what_was_typed_stands_as_it_was_typed(typed: str) -> None:
    text = SAY("worker.alert.their_words", words=typed)
    assert seen(text) == f'Their words, shared by them. "{typed}"'
    assert re.findall(r"</?\w+", text) == ["<b", "</b"]


def test_marks_of_the_texts_become_tags_in_messages_and_vanish_in_labels() -> None:
    assert SAY("client.menu.closed") == "OK. Type <b>menu</b> any time."
    assert SAY.plain("client.menu.closed") == "OK. Type menu any time."


def test_a_label_shows_a_name_as_it_is_written() -> None:
    assert SAY.plain("client.stop.buttons.about_worker", worker="A & B") == "It's about A & B"


def test_parts_put_together_stay_safe_and_are_not_escaped_twice() -> None:
    part = SAY("worker.alert.their_words", words="a < b")
    assert blocks(part, None, "", "c < d") == f"{part}\n\nc &lt; d"
    assert isinstance(lines(part, part), Html)
    assert seen(SAY("worker.alert.what_changed", reasons=part)) == f"What changed. {seen(part)}"


def test_long_words_are_one_line_and_cut() -> None:
    text = seen(SAY("worker.alert.their_words", words="so\nvery  long " * 100))
    assert "\n" not in text
    assert len(text) < 130
