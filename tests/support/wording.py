"""What the tests of the texts need: plausible facts, a reading-age formula, and which keys the code says."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.texts import Say, Texts
from tests.support.code import module

MOMENT = datetime(2026, 9, 30, 14, 5, tzinfo=UTC)  # a Wednesday in September: the longest names in English

FACTS: Mapping[str, Any] = {
    "worker": "Sam",
    "initial": "S",
    "manager": "Kim",
    "name": "Sam",
    "to": "Kim",
    "by": "Jo",
    "new": "Jo",
    "ref": "R-118",
    "place": "The Hill",
    "duty": "Kim",
    "hours": "Monday to Friday, 09:00 to 17:00",
    "not_shared_with": ["the police", "probation", "the courts", "social services", "the benefits office"],
    "often": "Twice a week",
    "plan": "I'll write every Tuesday and Thursday at 14:00.",
    "next_in": "Kim is here until 17:00 today.",
    "passing": "I'm passing this to Kim.",
    "crisis_text": "In danger? Call 999 now.",
    "question": "How easy is Sam to talk to just now?",
    "answer": "A bit",
    "ends": "0 = can't talk · 10 = easy",
    "least": "can't talk",
    "most": "easy",
    "goal": "see my kids more",
    "words": "felt told off",
    "construct": "Easy to talk to",
    "value": 2.0,
    "usual": 8.0,
    "was": 8.0,
    "lowest": 6.0,
    "highest": 9.0,
    **dict.fromkeys(("others", "best", "client"), 7.0),
    "last": [8.0, 8.0, 7.0],
    "n": 3,
    "of": 6,
    "days": [1, 3],
    "tried": [MOMENT, MOMENT],
    "refs": ["R-118", "R-121"],
    "lists": ["harm to self", "medical danger"],
    **dict.fromkeys(("when", "until", "since", "day", "now", "start", "end"), MOMENT),
}
"""A value for each fact; a fact that is not here is filled with a short word."""


class Plausible(dict[str, Any]):
    """Facts that know every name."""

    def get(self, name: str, default: Any = None) -> Any:
        return FACTS.get(name, "this")


HERE = Path(__file__).parent.parent.parent
CODE = [HERE / "bot", HERE / "handlers"]
TEXTS = Texts.shipped()
ALL = sorted(TEXTS.keys())


def voice(**facts: object) -> Say:
    """Everybody's voice here, with these facts known to every text."""
    say = TEXTS.for_language("en")
    return replace(say, facts={**say.facts, "worker": "Sam", "place": "The Hill", "manager": "Kim", **facts})


SAY = voice()


def filled(key: str) -> str:
    """A text as it would stand on a screen, with plausible facts."""
    say = TEXTS.for_language("en")
    return say.plain(key, **{fact: Plausible().get(fact) for fact in {*TEXTS.placeholders(key), "n"}})


def under(*tables: str) -> list[str]:
    """Every key that begins so."""
    return [key for key in ALL if key.startswith(tables)]


FOR_CLIENTS = under("client.", "buttons.", "alert.", "commands.client.")
LABELS = [key for key in ALL if ".buttons." in key or key.startswith("buttons.")]
TOASTS = under("client.toast.", "worker.toast.", "errors.", "alert.")


def syllables(word: str) -> int:
    """Groups of vowels, a silent e at the end left out; never less than one."""
    word = re.sub(r"[^a-z]", "", word.lower())
    silent = (word.endswith("e") and not word.endswith(("le", "ee"))) or re.search(r"[^td]ed$", word)
    return max(1, len(re.findall(r"[aeiouy]+", word)) - bool(silent))


def grade(text: str) -> float:
    """Flesch–Kincaid grade level: the school year in which a text is easy (age − 5, roughly).

    0.39 · words per sentence + 11.8 · syllables per word − 15.59
    (Kincaid, Fishburne, Rogers, Chissom 1975, Naval Technical Training Command, Research Branch Report 8-75).
    A line's end counts as a sentence's end; figures count as one syllable.
    """
    sentences = [part for part in re.split(r"[.!?:;\n·]+(?:\s|$)", text) if re.search(r"\w", part)]
    words = [word for sentence in sentences for word in sentence.split() if re.search(r"\w", word)]
    if not words:
        return 0.0
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


@dataclass(frozen=True, slots=True)
class Spoken:
    """Where in the code a text is said; `key` may be a pattern where a part of it is computed."""

    key: re.Pattern[str]
    where: str
    literal: str | None


SAYS_FIRST = {"say", "plain", "Refusal"}
SAYS_LATER = {"people.say", "tell_worker", "people.tell_worker"}
KEY = re.compile(r"(client|worker|manager|errors|admin|alert|buttons|commands|chart)\\?\.")


def spoken(folders: list[Path]) -> Iterator[Spoken]:
    """Every key that the code says: f-strings as patterns.

    `say("key")`, `….plain("key")`, `Refusal("key")`, `people.say(turn, who, "key")`, `tell_worker(turn, who, "key")`
    """
    for file in sorted(path for folder in folders for path in folder.rglob("*.py")):
        for node in ast.walk(module(file)):
            if isinstance(node, ast.Call) and node.args:
                where, name = f"{file}:{node.lineno}", _called(node.func)
                if name in SAYS_FIRST:
                    yield from _key(node.args[0], where)
                if ast.unparse(node.func) in SAYS_LATER:
                    later = (one for arg in node.args[1:] for one in _key(arg, where))
                    yield from (one for one in later if KEY.match(one.key.pattern))


def strings(folders: list[Path]) -> Iterator[re.Pattern[str]]:
    """Every text in the code that looks like a key or the beginning of one."""
    for file in sorted(path for folder in folders for path in folder.rglob("*.py")):
        for node in ast.walk(module(file)):
            if isinstance(node, ast.Constant | ast.JoinedStr):
                yield from (one.key for one in _key(node, str(file)) if KEY.match(one.key.pattern))


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _key(node: ast.expr, where: str) -> Iterator[Spoken]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield Spoken(re.compile(re.escape(node.value)), where, node.value)
    elif isinstance(node, ast.JoinedStr):
        parts = [re.escape(str(v.value)) if isinstance(v, ast.Constant) else r"[\w.-]+" for v in node.values]
        yield Spoken(re.compile("".join(parts)), where, None)
    elif isinstance(node, ast.IfExp):
        yield from _key(node.body, where)
        yield from _key(node.orelse, where)
