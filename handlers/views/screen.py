"""What a view returns, and what it is given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bot.charts import Labels
from bot.domain.picture import Picture
from bot.domain.plan import Plan
from bot.domain.words import Facts
from bot.texts import Say
from handlers.callbacks import encode


@dataclass(frozen=True, slots=True)
class Button:
    """A label and what a tap on it means; or a label and a link."""

    label: str
    data: str | None = None
    url: str | None = None


def button(label: str, verb: str, *args: str | int) -> Button:
    return Button(label, encode(verb, *args))


Rows: TypeAlias = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture still to be drawn, with its words."""

    picture: Picture
    labels: Labels


@dataclass(frozen=True, slots=True)
class Screen:
    """One message as it will stand in the chat. `text` is Telegram's HTML; with a chart it is the caption."""

    text: str
    rows: Rows = ()
    chart: Chart | None = None
    protected: bool = False
    """Not to be forwarded or saved: alerts and charts."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What a view speaks with: the texts of the reader's language, and the plan in force."""

    say: Say
    plan: Plan


View: TypeAlias = Callable[[Facts, Voice], Screen]
