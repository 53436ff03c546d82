"""What an alert shows: the reasons with their numbers, the other answers of that day, the picture, how sure.

All of it is values, frozen when the card is written, so that card, picture and export can never say different numbers.
Numbers are on 0–10 with reversed questions turned round, each rounded by `usual.figure`; moments are ISO text in UTC.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.picture import facts_in_words, picture
from bot.domain.signals.history import History, Signal
from bot.domain.signals.observations import era_start
from bot.domain.signals.occasions import Occasion, Scored
from bot.domain.signals.reasons import reason
from bot.domain.usual import figure, median
from bot.domain.words import ALLIANCE, Construct, Json

ITEM = "item_low"
SAID = ("answer", "others", "best", "client", "of")
"""Figures of single rules that their sentences name."""
EARLIER = 3
"""So many earlier answers to the same question make a usual."""


def card(history: History, reasons: Sequence[Signal], now: datetime) -> dict[str, Json]:
    """The content of a full card. `history` as known now; `reasons` strongest first, those that may be shown."""
    lead, known = reasons[0], history.until(now)
    chart = picture(known, now, lead)
    said = [{"text": one.key, **one.facts} for one in facts_in_words(chart)] if chart.lines else []
    return {
        "reasons": [_reason(one) for one in reasons],
        "others": list[Json](_others(known, reasons, now)),
        "picture": list[Json](said),
        "sure": _sure(lead, said),
        "way_in": way_in(lead),
        "chart": chart.as_facts() if chart.lines else None,
    }


def way_in(lead: Signal) -> str:
    """Which opening, and which repair card, fits."""
    if lead.construct in (*ALLIANCE, Construct.LOGISTICS):
        return str(lead.construct)
    by_rule = {"silence": "silence", "fade": "silence", "missed_sessions": "not_held"}
    about = "engagement" if lead.construct is Construct.ENGAGEMENT else "general"
    return by_rule.get(lead.rule, about)


# ---------------------------------------------------------------- the reasons


def _reason(signal: Signal) -> dict[str, Json]:
    evidence = signal.evidence
    return {
        "text": reason(signal),
        "rule": signal.rule,
        "construct": signal.construct.value if signal.construct else "together",
        "day": signal.raised_at.isoformat(),
        "value": evidence.get("value"),
        "usual": evidence.get("usual"),
        "last": evidence.get("last_three"),
        "question": evidence.get("question"),
        "lists": evidence.get("lists"),
        **{name: evidence[name] for name in SAID if name in evidence},
    }


def _others(history: History, reasons: Sequence[Signal], now: datetime) -> list[dict[str, Json]]:
    """The other bond, goals and tasks answers of the check-in that the newest reason rests on."""
    occasion = next((one for one in history.occasions if one.check_in_id == reasons[0].source), None)
    if occasion is None:
        return []
    told = {one.evidence.get("question") for one in reasons}
    since = era_start(history, now)
    before = [one for one in history.occasions if one.started_at < occasion.started_at]
    return [_other(one, before, since) for one in occasion.scored if one.reply.question not in told]


def _other(one: Scored, before: Sequence[Occasion], since: datetime | None) -> dict[str, Json]:
    earlier = [
        other.value
        for occasion in before
        for other in occasion.scored
        if other.reply.key == one.reply.key and (since is None or other.reply.at >= since)
    ]
    usual = median(earlier) if len(earlier) >= EARLIER else None
    return {
        "construct": one.reply.construct.value,
        "question": one.reply.question,
        "value": figure(one.value),
        "usual": None if usual is None else figure(usual),
    }


# ---------------------------------------------------------------- how sure

SURE = {
    "drop": "one_step",
    "slide": "slow",
    "steady_low": "steady",
    "first_low": "confirmed",
    "not_repaired": "after_talk",
    "missed_sessions": "not_held",
    "asked_to_talk": "asked",
    "silence": "silence",
    "fade": "silence",
}
"""The sentence by what the first reason is; the others are what the client said themselves."""


def _sure(lead: Signal, said: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    if lead.rule == ITEM:
        steady = next((one["n"] for one in said if str(one["text"]).startswith("steady")), 0)
        early = reason(lead).endswith("_new") or not steady
        return {"text": "one_answer_new"} if early else {"text": "one_answer", "n": steady}
    return {"text": SURE.get(lead.rule, "said")}
