"""Direct questions on top of the scores. How honestly they are answered is an assumption: a curve, never a figure.

Each answered check-in also asks one of two: *did something bother you* and *which way is it going*, in turn. Somebody
in trouble answers truthfully with a chance that is varied (`honesty`), else *no* or *the same*. Truthful is *yes* or
*worse* while at least 1.5 points are missing, else *a bit*. Without trouble, one answer in a hundred is *yes* or *worse*
all the same, and four are *a bit*.
"""

from random import Random

from bot.domain.signals.occasions import Reply
from bot.domain.words import Construct
from tests.benchmarks.signals.clients import Client
from tests.benchmarks.signals.histories import answered_at

HONESTY = (0.0, 0.25, 0.5, 0.75, 1.0)
CLEAR = 1.5
WITHOUT_CAUSE, A_BIT_WITHOUT = 0.01, 0.04
QUESTIONS = (("R1", "bothered", ("no", "a_bit", "yes")), ("C1", "direction", ("same", "bit_worse", "worse")))


def said(client: Client, honesty: float, *, contrary: bool = False) -> list[tuple[Reply, ...]]:
    """The direct answer of every session. `contrary`: in trouble nobody says so, and without it twice as many do."""
    dice = Random(f"said/{client.name}/{client.rate}")
    return [(_answer(client, u, honesty, dice, contrary),) for u in range(client.sessions)]


def _answer(client: Client, u: int, honesty: float, dice: Random, contrary: bool) -> Reply:
    question, asks, degrees = QUESTIONS[u % 2]
    fall, chance = -client.shift[u], dice.random()
    if fall > 0:
        degree = 0 if contrary or chance >= honesty else 2 if fall >= CLEAR else 1
    else:
        times = 2 if contrary else 1
        clear, a_bit = WITHOUT_CAUSE * times, (WITHOUT_CAUSE + A_BIT_WITHOUT) * times
        degree = 2 if chance < clear else 1 if chance < a_bit else 0
    return Reply(question, Construct.BOND, answered_at(client, u), asks=asks, choice=degrees[degree])
