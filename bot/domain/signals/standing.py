"""Where a client's answers of one check-in stand beside their own usual: what a card shows of the other answers."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.signals.history import History
from bot.domain.signals.items import earlier_answers
from bot.domain.signals.reading import Reading
from bot.domain.signals.settings import Settings
from bot.domain.usual import figure, median
from bot.domain.words import ALLIANCE, Construct


@dataclass(frozen=True, slots=True)
class Standing:
    """One answer on 0–10 (None: asked and skipped), the median of that question's earlier answers, the last three."""

    construct: Construct
    question: str
    value: float | None
    usual: float | None
    last_three: tuple[float, ...]


def standings(history: History, settings: Settings, now: datetime, check_in_id: str) -> tuple[Standing, ...]:
    """The alliance answers of one check-in in the order of asking; the numbers equal those of `item_low`'s evidence."""
    reading = Reading.of(history, settings, now, check_in_id)
    here = next((one for one in reading.occasions if one.check_in_id == check_in_id), None)
    if here is None:
        return ()
    before = [one for one in reading.occasions if one is not here]
    found = []
    for reply in here.answers():
        if reply.construct not in ALLIANCE or reply.asks is not None:
            continue
        earlier = earlier_answers(reply, before, reading)
        usual = median(earlier)
        found.append(
            Standing(
                reply.construct,
                reply.question,
                None if reply.value_0_10 is None else figure(reply.value_0_10),
                None if usual is None else figure(usual),
                tuple(figure(value) for value in earlier[-3:]),
            )
        )
    return tuple(found)
