"""A picture from its facts, with the words that stand in it."""

from collections.abc import Mapping
from typing import Any

from bot.charts import Labels
from bot.domain.picture import GapKind, Picture
from bot.domain.words import ALLIANCE, Facts
from bot.texts import Html
from handlers.views.screen import Chart, Voice

GAPS = {
    GapKind.PAUSED: "chart.paused",
    GapKind.CLOSED: "chart.closed",
    GapKind.OURS: "chart.ours",
    GapKind.UNANSWERED: "chart.no_answer",
}


def chart(facts: Facts, voice: Voice) -> Chart | None:
    """What stands under `chart`, if anything does."""
    kept = facts.get("chart")
    if not isinstance(kept, Mapping):
        return None
    say = voice.say.plain
    labels = Labels(
        lines={one: say(f"worker.construct.{one}") for one in ALLIANCE},
        together=say("worker.construct.together"),
        usual=say("chart.usual"),
        gaps={kind: say(key) for kind, key in GAPS.items()},
        day=lambda day: voice.say.forms.write(day, "short"),
        number=lambda value: voice.say.forms.write(value, "number"),
    )
    return Chart(Picture.of_facts(kept), labels)


def in_words(facts: Facts, voice: Voice) -> str | None:
    """The same facts as the picture, as sentences in one line."""
    lines: Any = facts.get("picture") or ()
    said = [voice.say(f"worker.picture.{one['text']}", **{k: v for k, v in one.items() if k != "text"}) for one in lines]
    return Html(" ".join(said)) if said else None
