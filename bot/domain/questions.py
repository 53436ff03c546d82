"""The question bank: what may be asked, on which scale, and what an answer is worth from 0 to 10.

An answer's own value depends on the scale of its question:

    0-10          a number from 0 to 10; whole when tapped as a number, a multiple of 2.5 when tapped as a word
    words, faces  the step, 0 (low end) to 4 (high end)
    choice        the id of the option
    text          the words

Rules never read ids of questions: they read `construct`, and `asks` with the meaning of the option that was chosen.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from bot.domain.words import ALLIANCE, Construct

Value: TypeAlias = int | float | str
STEPS = (0.0, 2.5, 5.0, 7.5, 10.0)
"""What the five words and the five faces are worth."""

PLACEHOLDERS = frozenset({"worker", "goal", "task", "date", "place", "manager"})
"""What a question may quote in curly brackets."""


class Scale(StrEnum):
    """How a question is answered."""

    NUMBERS = "0-10"
    WORDS = "words"
    FACES = "faces"
    TEXT = "text"
    CHOICE = "choice"


class Asks(StrEnum):
    """What a question is after, where a rule has to know it."""

    BOTHERED = "bothered"
    DIRECTION = "direction"
    STOPPING = "stopping"
    INTENT = "intent"
    FIT = "fit"
    GOAL_STILL_MINE = "goal_still_mine"
    GOAL_PROGRESS = "goal_progress"
    TASK_SENSE = "task_sense"
    TASK_DONE = "task_done"
    REPAIR = "repair"
    BARRIERS = "barriers"


MEANINGS: Mapping[Asks, tuple[str, ...]] = MappingProxyType(
    {
        Asks.BOTHERED: ("no", "a_bit", "yes"),
        Asks.DIRECTION: ("worse", "bit_worse", "same", "bit_better", "better"),
        Asks.STOPPING: ("no", "now_and_then", "yes"),
        Asks.FIT: ("yes", "mixed", "no"),
        Asks.GOAL_STILL_MINE: ("yes", "partly", "no", "change"),
        Asks.TASK_SENSE: ("yes", "not_sure", "no"),
        Asks.TASK_DONE: ("did_it", "some", "not_this_time", "not_for_me"),
        Asks.BARRIERS: ("time", "place", "travel", "phone", "nothing"),
    }
)
"""The option ids that rules understand, per `asks`; other ids may be offered, no rule reads them."""

_ALIKE: Mapping[str, str] = MappingProxyType(
    {
        "a_little": "a_bit",
        "little": "a_bit",
        "bit": "a_bit",
        "a_bit_worse": "bit_worse",
        "a_bit_better": "bit_better",
        "sometimes": "now_and_then",
        "dont_see_why": "no",
        "not_right_for_me": "not_for_me",
        "getting_there": "travel",
    }
)


@dataclass(frozen=True, slots=True)
class Option:
    """One button of a choice, with its label per language."""

    id: str
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """One item of the bank. Every mapping is language → words; `low` and `high` are the ends of the scale."""

    id: str
    construct: Construct
    scale: Scale
    text: Mapping[str, str]
    asks: Asks | None = None
    reverse: bool = False
    low: Mapping[str, str] = field(default_factory=dict)
    high: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    pool: str | None = None
    note: Mapping[str, str] = field(default_factory=dict)
    """A line shown under the question before the first tap, such as who sees this one."""

    @property
    def quotes_goal(self) -> bool:
        """Whether it makes sense only about one of the client's own goals."""
        return self._quotes("{goal}")

    @property
    def quotes_task(self) -> bool:
        return self._quotes("{task}")

    @property
    def quotes_date(self) -> bool:
        return self._quotes("{date}")

    @property
    def is_rating(self) -> bool:
        """Whether its answers are worth something from 0 to 10."""
        return self.scale in (Scale.NUMBERS, Scale.WORDS, Scale.FACES)

    @property
    def is_alliance(self) -> bool:
        """Whether it counts into an observation: a plain rating of bond, goals or tasks."""
        return self.construct in ALLIANCE and self.asks is None and self.is_rating

    def _quotes(self, placeholder: str) -> bool:
        return any(placeholder in words for words in self.text.values())


def is_valid(question: Question, value: Value) -> bool:
    """Whether `value` can be an answer to `question` on the question's own scale."""
    if isinstance(value, bool):
        return False
    if question.scale is Scale.TEXT:
        return isinstance(value, str) and bool(value.strip())
    if question.scale is Scale.CHOICE:
        return any(option.id == value for option in question.options)
    if isinstance(value, str):
        return False
    if question.scale is Scale.NUMBERS:
        return value in STEPS or (0 <= value <= 10 and value == int(value))
    return value in range(len(STEPS))


def value_0_10(question: Question, value: Value) -> float | None:
    """What an answer is worth from 0 (low) to 10 (high), a reversed item turned round; None for text and choice."""
    if not question.is_rating or isinstance(value, str) or not is_valid(question, value):
        return None
    worth = float(value) if question.scale is Scale.NUMBERS else STEPS[int(value)]
    return 10.0 - worth if question.reverse else worth


def canonical(option: str) -> str:
    """An option's id as MEANINGS has it: "A little" and "a_bit" are the same."""
    plain = option.lower().replace("-", "_").replace(" ", "_").replace("'", "")
    return _ALIKE.get(plain, plain)


def chosen(asks: Asks, option: str) -> str | None:
    """What an option says to a rule, by what its question asks."""
    found = canonical(option)
    return found if found in MEANINGS.get(asks, ()) else None


def meaning(question: Question, value: Value) -> str | None:
    """What the chosen option says to a rule: one of MEANINGS[question.asks], else None."""
    known = MEANINGS.get(question.asks, ()) if question.asks else ()
    if isinstance(value, str):
        return chosen(question.asks, value) if question.asks else None
    is_step = question.scale in (Scale.WORDS, Scale.FACES) and len(known) == len(STEPS)
    return known[int(value)] if is_step and is_valid(question, value) else None


@dataclass(frozen=True, slots=True)
class Bank(Mapping[str, Question]):
    """Every question by its id, in the order of the file."""

    questions: tuple[Question, ...] = ()
    _by_id: Mapping[str, Question] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", MappingProxyType({one.id: one for one in self.questions}))

    def __getitem__(self, key: str) -> Question:
        return self._by_id[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def pools(self) -> tuple[str, ...]:
        """Names of all pools, in the order in which they first appear."""
        return tuple(dict.fromkeys(one.pool for one in self.questions if one.pool))

    def by_pool(self, name: str) -> tuple[Question, ...]:
        return tuple(one for one in self.questions if one.pool == name)

    def by_asks(self, asks: Asks) -> tuple[Question, ...]:
        return tuple(one for one in self.questions if one.asks is asks)

    def with_more(self, added: Iterable[Question]) -> "Bank":
        """This bank and the service's own questions; the same id replaces, in its old place."""
        merged = {one.id: one for one in self.questions}
        merged.update({one.id: one for one in added})
        return Bank(tuple(merged.values()))
