"""Further languages, and a place's own sentences: what is broken is found out and said."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.texts import Texts
from bot.texts.forms import SPECS
from tests.support.wording import HERE, TEXTS

# ── Other languages, and texts of the config ──


def two_languages(folder: Path, polish: str) -> Texts:
    (folder / "en.toml").write_text((HERE / "bot/texts/en.toml").read_text("utf-8"), "utf-8")
    (folder / "pl.toml").write_text(polish, "utf-8")
    return Texts.from_folder(folder)


@pytest.mark.parametrize("language", TEXTS.languages)
def test_every_language_has_every_text_with_every_fact_and_plural_form(language: str) -> None:
    assert [str(problem) for problem in TEXTS.parity_problems(language)] == []


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ("", "buttons.back: this text is missing"),
        ('client.thanks.picked_up = "Jest."', "client.thanks.picked_up: {worker} is lost"),
        ('client.stop.text = "OK {pracownik}."', "client.stop.text: {pracownik} is not known"),
        ('client.stop.text = "OK {worker."', "client.stop.text: a curly bracket is not closed"),
        ('client.thanks.next_in = "{worker} {day:dzien}"', "client.thanks.next_in: {…:dzien} is no form"),
        ('client.stop.tekst = "OK."', "client.stop.tekst: there is no such text"),
        (
            'worker.caseload.head.one = "{n}"\nworker.caseload.head.other = "{n}"',
            "worker.caseload.head: the plural form few, many is missing",
        ),
    ],
)
def test_a_broken_language_file_is_found_out(tmp_path: Path, broken: str, complaint: str) -> None:
    texts = two_languages(tmp_path, f'{broken}\n[format]\nlocale = "pl"\n')
    assert any(complaint in str(problem) for problem in texts.parity_problems("pl"))


def test_a_text_file_that_holds_something_else_than_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"buttons\.back is no text"):
        two_languages(tmp_path, "[buttons]\nback = 3\n")


def test_good_texts_of_a_config_have_no_problems() -> None:
    changed = {"en": {"client.stop.text": "OK.", "client.reminder.text": {"other": "Here: {n}, {until:time}."}}}
    assert TEXTS.problems_in(changed) == []


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        ({"xx": {"client.stop.text": "OK."}}, "there is no such language; one of: en"),
        ({"en": {"client.stop.txt": "OK."}}, "there is no such text"),
        ({"en": {"client.stop.text": "OK {worker}."}}, "{worker} is not known in this text; it may hold no facts"),
        ({"en": {"client.thanks.picked_up": "OK."}}, "{worker} is lost; keep every fact"),
        ({"en": {"client.thanks.picked_up": "{worker"}}, "a curly bracket is not closed"),
        ({"en": {"client.stop.text": 3}}, "client.stop.text is no text; write each text in quotes"),
    ],
)
def test_each_problem_of_a_configs_texts_is_said_with_what_would_be_right(
    overrides: dict[str, dict[str, object]], complaint: str
) -> None:
    assert complaint in str(TEXTS.problems_in(overrides)[0])


def test_a_key_missing_in_one_language_is_said_in_english(tmp_path: Path) -> None:
    texts = two_languages(tmp_path, '[format]\nlocale = "pl"\n[buttons]\nback = "Wstecz"\n')
    say = texts.for_language("pl")
    assert (say.plain("buttons.back"), say.plain("buttons.menu")) == ("Wstecz", "Menu")


# ── The page about texts ──


def test_every_form_is_documented() -> None:
    page = (HERE / "docs/texts.md").read_text("utf-8")
    assert [form for form in SPECS if f"| `{form}` |" not in page] == []


def test_the_example_of_the_page_is_a_good_override() -> None:
    page = (HERE / "docs/texts.md").read_text("utf-8")
    example = re.search(r"```toml\n(\[texts\.en\].*?)```", page, re.DOTALL)
    assert example
    assert TEXTS.problems_in(tomllib.loads(example[1])["texts"]) == []
