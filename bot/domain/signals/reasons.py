"""Which sentence says a signal: its key below `worker.reason`."""

from bot.domain.signals.catalogue import RULES
from bot.domain.signals.history import Happening, Signal, TalkAbout
from bot.domain.signals.said import WORSE, YES
from bot.domain.words import Construct, Tier


def reason(signal: Signal) -> str:
    """The key of the sentence that says this signal, by what its evidence holds.

    KeyError for the wish for somebody else, which has no place on a card.
    """
    evidence, key = signal.evidence, RULES[signal.rule].text
    if signal.rule == "drop" and evidence.get("limit_is") == "early":
        return f"{key}_new"
    if signal.rule.startswith("said_") and evidence["value"] not in (YES, WORSE[0]):
        return f"{key}_again"
    if signal.rule == "asked_to_talk":
        return f"{key}_{_TALK_TEXTS[TalkAbout(str(evidence['about']))]}"
    if evidence["value"] == Happening.CONTACT_ME:
        return "worker.reason.asked_for_contact"
    return f"{key}_{variant}" if (variant := _variant(signal)) else key


def _variant(signal: Signal) -> str | None:
    """What else a rule can have found, where that needs other words."""
    evidence = signal.evidence
    without_usual = evidence.get("usual") is None
    few = "few" if evidence.get("last_three") else "new"
    match signal.rule:
        case "item_low" if evidence.get("limit_is") == "early":
            return few
        case "first_low":
            return f"confirmed_{few}" if signal.tier is Tier.ALERT else few
        case "goal_not_mine":
            return "goal" if signal.construct is Construct.GOALS else "task"
        case "low_intent" if evidence.get("logistics"):
            return "logistics"
        case "low_intent" if without_usual:
            return few
        case "missed_sessions" | "steady_low" if without_usual:
            return "new"
        case "not_repaired":
            return "said" if signal.note else None
        case "worker_strain":
            return "alone" if evidence.get("client") is None else None
    return None


_TALK_TEXTS = {
    TalkAbout.HOW_WE_WORK: "how",
    TalkAbout.WHAT_WE_WORK_ON: "what",
    TalkAbout.TIMES_AND_PLACE: "logistics",
}
