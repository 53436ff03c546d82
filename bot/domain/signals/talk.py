"""What a client does outside the questions: asks to talk, or can no longer be reached."""

from bot.domain.signals.history import Event, Happening, Signal, TalkAbout
from bot.domain.signals.reading import Finding, Reading, Unmet
from bot.domain.signals.settings import Parameters
from bot.domain.words import Construct, Json, Tier

CONSTRUCTS = {
    TalkAbout.HOW_WE_WORK: Construct.BOND,
    TalkAbout.WHAT_WE_WORK_ON: Construct.GOALS,
    TalkAbout.TIMES_AND_PLACE: Construct.LOGISTICS,
}
"""*Someone else* has no construct: it is a matter of its own."""


def happened(reading: Reading, *kinds: Happening) -> list[Event]:
    """The events of these kinds that are still news, oldest first."""
    return [event for event in reading.history.events if event.kind in kinds and reading.is_news(event.at)]


def asked_to_talk(reading: Reading, numbers: Parameters) -> Finding:
    """The menu's talk route. Times and place are logistics, never a rupture."""
    events = [event for event in happened(reading, Happening.TALK) if event.about is not None]
    return tuple(_talk(event, event.about) for event in events if event.about) or Unmet("not_asked_for")


def _talk(event: Event, about: TalkAbout) -> Signal:
    evidence: dict[str, Json] = {"value": None, "usual": None, "last_three": [], "about": about.value}
    return Signal("asked_to_talk", CONSTRUCTS.get(about), event.at, Tier.ALERT, evidence, event.id)


def blocked(reading: Reading, numbers: Parameters) -> Finding:
    """The chat does not get through any more, or does again: one neutral note each, without the weight of a concern."""
    events = happened(reading, Happening.BLOCKED, Happening.RETURNED)
    urgent = reading.settings.silence_is_urgent
    return tuple(_blocked(event, urgent=urgent) for event in events) or Unmet("reachable")


def _blocked(event: Event, *, urgent: bool) -> Signal:
    matters = urgent and event.kind is Happening.BLOCKED
    evidence: dict[str, Json] = {"value": event.kind.value, "usual": None, "last_three": []}
    return Signal("blocked", None, event.at, Tier.ALERT if matters else Tier.CHART, evidence, event.id, note=not matters)
