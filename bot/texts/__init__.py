"""Every sentence for people, by key and language.

    texts = Texts.shipped()
    say = texts.for_language("en", zone=ZoneInfo("Europe/London"), worker="Sam", place="The Hill")
    say("client.thanks.text")                    Html: for messages and captions, sent with parse mode HTML
    say("client.reminder.text", n=3, until=...)  facts by name; `n` also chooses the plural form
    say.plain("client.question.buttons.skip")    str: for buttons, toasts and command descriptions

One file per language, named by its code: `en.toml`. docs/texts.md tells how a text is changed and a language added.
A key that does not exist, or a fact that a text needs and was not given, raises `MissingText`; tests/test_texts.py
makes both impossible for what is shipped. A key missing in one language is said in English; so is all of an unknown
language.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Formatter
from typing import Any

from bot.texts.forms import PLURALS, SPECS, Forms
from bot.texts.marks import Html, blocks, html, lines, marked_up, seen, unmarked

__all__ = ["Html", "MissingText", "Say", "TextProblem", "Texts", "blocks", "flat", "html", "lines", "seen"]

FALL_BACK = "en"
PATTERNS = ("weekday", "date", "day", "short", "time", "day_time", "hours", "days")


class MissingText(KeyError):
    """A text or one of its facts is not there. Names the key and the fact, never what the facts held."""


@dataclass(frozen=True, slots=True)
class TextProblem:
    """What is wrong with one text of a file or of the config, and what would be right."""

    language: str
    key: str
    wrong: str
    right: str

    def __str__(self) -> str:
        return f"texts.{self.language}.{self.key}: {self.wrong}; {self.right}"


@dataclass(frozen=True, slots=True)
class Say:
    """Texts in one language, for one reader. `facts` are known to every text and need not be given again."""

    texts: Mapping[str, str]
    forms: Forms
    language: str
    facts: Mapping[str, object]

    def __call__(self, key: str, /, **facts: object) -> Html:
        """The text as Html: its marks are tags, every fact in it is escaped."""
        return Html(self._filled(key, facts, marked=True))

    def plain(self, key: str, /, **facts: object) -> str:
        """The text without marks and without escaping, for where Telegram shows no HTML."""
        return self._filled(key, facts, marked=False)

    def has(self, key: str) -> bool:
        """Whether there is such a text, plural or not."""
        return key in self.texts or f"{key}.other" in self.texts

    def _filled(self, key: str, given: Mapping[str, object], marked: bool) -> str:
        facts = {**self.facts, **given}
        template = _template(self._form(key, facts), marked)
        return "".join(self._piece(key, piece, facts, marked) for piece in template)

    def _form(self, key: str, facts: Mapping[str, object]) -> str:
        if key in self.texts:
            return self.texts[key]
        if f"{key}.other" not in self.texts:
            raise MissingText(key)
        n = facts.get("n")
        if not isinstance(n, int | float):
            raise MissingText(f"{key}: n")
        return self.texts.get(f"{key}.{self.forms.plural(n)}") or self.texts[f"{key}.other"]

    def _piece(self, key: str, piece: "_Piece", facts: Mapping[str, object], marked: bool) -> str:
        if piece.fact is None:
            return piece.literal
        value = facts.get(piece.fact)
        if value is None:
            raise MissingText(f"{key}: {piece.fact}")
        try:
            written = value if isinstance(value, Html) else self.forms.write(value, piece.spec)
        except ValueError as why:
            raise MissingText(f"{key}: {piece.fact}: {why}") from None
        if marked:
            return piece.literal + html(written)
        return piece.literal + (seen(written) if isinstance(written, Html) else written)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Letters, and then perhaps a fact."""

    literal: str
    fact: str | None
    spec: str


@cache
def _template(text: str, marked: bool) -> tuple[_Piece, ...]:
    return tuple(_pieces(marked_up(text) if marked else unmarked(text)))


def _pieces(text: str) -> Iterator[_Piece]:
    for literal, fact, spec, _ in Formatter().parse(text):
        yield _Piece(literal, fact, spec or "")


class Texts:
    """All languages. Values in, words out: nothing here knows a person."""

    def __init__(self, by_language: Mapping[str, Mapping[str, str]]) -> None:
        """`by_language`: language code → dotted key → text. English must be among them."""
        self._english = by_language[FALL_BACK]
        self._languages = {code: {**self._english, **texts} for code, texts in by_language.items()}
        self._own = dict(by_language)
        self._keys = frozenset(base(key, self._english) for key in self._english)
        self._facts: dict[str, dict[str, frozenset[str]]] = {}

    @classmethod
    @cache
    def shipped(cls) -> "Texts":
        """The files that stand beside this module; read once, since parsing them takes some 50 ms."""
        return cls.from_folder(files(__name__))

    @classmethod
    def from_folder(cls, folder: Traversable) -> "Texts":
        """Every `<code>.toml` of a folder. Raises ValueError for a file that is not TOML or holds other than text."""
        found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda e: e.name)
        return cls({e.name.removesuffix(".toml"): flat(tomllib.loads(e.read_text("utf-8"))) for e in found})

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of all languages there are."""
        return tuple(self._languages)

    def keys(self) -> frozenset[str]:
        """Every key that `say` takes: a plural counts as one key, without its form."""
        return self._keys

    def raw(self, language: str = FALL_BACK) -> Mapping[str, str]:
        """Dotted key → text as it stands in the language's own file, plural forms one by one."""
        return self._own[language]

    def placeholders(self, key: str, language: str = FALL_BACK) -> frozenset[str]:
        """The names of the facts that a text needs (all plural forms together; `n` for a plural)."""
        if language not in self._facts:
            self._facts[language] = _facts_of(self._own[language])
        return self._facts[language][key]

    def for_language(
        self,
        language: str,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
        zone: tzinfo | None = None,
        **facts: object,
    ) -> Say:
        """The voice for one reader. `overrides`: language → key → text, from the config, nested or dotted."""
        code = self._nearest(language)
        texts = self._languages[code]
        changed = (overrides or {}).get(code)
        if changed:
            texts = {**texts, **flat(changed)}
        patterns = {name: texts[f"format.{name}"] for name in PATTERNS}
        return Say(texts, Forms(texts["format.locale"], patterns, zone), code, facts)

    def problems_in(self, overrides: Mapping[str, Mapping[str, Any]]) -> list[TextProblem]:
        """What is wrong with the texts of a config. Empty: all of them can be said."""
        return [problem for code, texts in overrides.items() for problem in self._problems_of(code, texts)]

    def parity_problems(self, language: str) -> list[TextProblem]:
        """Where a language's file and the English one differ in keys, facts or plural forms."""
        own = self._own[language]
        mine = {base(key, own) for key in own}
        missing = [
            TextProblem(language, key, "this text is missing", "add it, or it is said in English")
            for key in sorted(self.keys() - mine)
        ]
        return missing + self._problems_of(language, own, whole=True)

    def _nearest(self, language: str) -> str:
        for code in (language, language.replace("_", "-").split("-")[0]):
            if code in self._languages:
                return code
        return FALL_BACK

    def _problems_of(self, code: str, texts: Mapping[str, Any], whole: bool = False) -> list[TextProblem]:
        if code not in self._languages:
            known = ", ".join(self.languages)
            return [TextProblem(code, "*", "there is no such language", f"one of: {known}")]
        try:
            own = flat(texts)
        except ValueError as why:
            return [TextProblem(code, "*", str(why), "write each text in quotes")]
        return [problem for key, text in own.items() for problem in self._problem_of(code, key, text, own, whole)]

    def _problem_of(self, code: str, key: str, text: str, own: Mapping[str, str], whole: bool) -> Iterator[TextProblem]:
        name = base(key, own)
        if key not in self._english and name not in self.keys():
            yield TextProblem(code, key, "there is no such text", "see bot/texts/en.toml for the keys")
            return
        if key.startswith("format."):
            return
        yield from self._wrong_facts(code, key, base(name, self._english), text)
        if whole and name != key:
            yield from _missing_forms(code, name, key, own)

    def _wrong_facts(self, code: str, key: str, name: str, text: str) -> Iterator[TextProblem]:
        try:
            pieces = [piece for piece in _pieces(text) if piece.fact is not None]
        except ValueError:
            yield TextProblem(code, key, "a curly bracket is not closed", "write {fact}, or {{ and }} for the signs")
            return
        known = self.placeholders(name)
        for piece in pieces:
            if piece.fact not in known:
                right = "it may hold " + (", ".join(f"{{{fact}}}" for fact in sorted(known)) or "no facts")
                yield TextProblem(code, key, f"{{{piece.fact}}} is not known in this text", right)
            elif piece.spec and piece.spec not in SPECS:
                yield TextProblem(code, key, f"{{…:{piece.spec}}} is no form", "one of: " + ", ".join(SPECS))
        lost = self._needed(name) - {piece.fact for piece in pieces}
        if lost and not key.endswith((".zero", ".one", ".two")):
            facts = ", ".join(f"{{{fact}}}" for fact in sorted(lost))
            yield TextProblem(code, key, f"{facts} is lost", "keep every fact of the English text")

    def _needed(self, name: str) -> set[str]:
        text = self._english.get(name) or self._english[f"{name}.other"]
        return {piece.fact for piece in _pieces(text) if piece.fact is not None}


def _facts_of(texts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Key → the names of its facts."""
    found: dict[str, frozenset[str]] = {}
    for name, text in texts.items():
        facts = frozenset(piece.fact for piece in _pieces(text) if piece.fact is not None)
        found[base(name, texts)] = found.get(base(name, texts), frozenset()) | facts
    return found


def _missing_forms(code: str, name: str, key: str, own: Mapping[str, str]) -> Iterator[TextProblem]:
    if not key.endswith(".other"):
        return
    lost = Forms(own.get("format.locale", code), {}).plurals() - {
        k.rpartition(".")[2] for k in own if k.startswith(f"{name}.")
    }
    if lost:
        yield TextProblem(code, name, f"the plural form {', '.join(sorted(lost))} is missing", "add it")


def flat(table: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Nested tables → dotted keys. Raises ValueError for a value that is no text."""
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{key}.")
        elif isinstance(value, str):
            found[f"{before}{key}"] = value
        else:
            raise ValueError(f"{before}{key} is no text")
    return found


def base(key: str, texts: Mapping[str, str]) -> str:
    """A plural form's key without the form; any other key as it is."""
    name, _, form = key.rpartition(".")
    if form not in PLURALS or f"{name}.other" not in texts:
        return key
    siblings = {k.rpartition(".")[2] for k in texts if k.rpartition(".")[0] == name}
    return name if siblings <= PLURALS else key
