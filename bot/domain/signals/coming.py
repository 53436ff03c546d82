"""Whether a client comes: `low_intent` by what they say before a meeting, `missed_sessions` by what happened."""

from bot.domain.signals.history import Signal
from bot.domain.signals.occasions import Reply
from bot.domain.signals.reading import Finding, Reading, Unmet, shown
from bot.domain.signals.settings import Parameters
from bot.domain.usual import figure, median
from bot.domain.words import Construct, Json, Tier

IN_THE_WAY = ("time", "place", "travel", "phone")
"""Answers to *shall we change something about meeting up?* that make it a matter of times and places."""


def low_intent(reading: Reading, numbers: Parameters) -> Finding:
    """How likely to come: ≤ `level`, or `fall` below the own median of `early_n` or more. Where the client has named a
    time or a place as what is in the way, then or since, it is logistics, for the digest, and never a rupture."""
    answers = [(name, reply) for name, reply in reading.rated("intent") if _of_now(reading, reply)]
    if not answers or not reading.is_news(answers[-1][1].at):
        return Unmet("not_asked")
    values = [reply.value_0_10 or 0.0 for _, reply in answers]
    check_in_id, reply = answers[-1]
    value, earlier = values[-1], values[:-1]
    usual = median(earlier) if len(earlier) >= numbers["early_n"] else None
    if value > numbers["level"] and (usual is None or usual - value < numbers["fall"]):
        return Unmet("likely", {"value": figure(value), "usual": None if usual is None else figure(usual)})
    evidence = shown(value, usual, earlier, n=len(earlier))
    barrier = _barrier(reading, check_in_id, reply)
    if barrier is None:
        own = {"question": reply.question}
        return (Signal("low_intent", reply.construct, reply.at, Tier.ALERT, evidence | own, check_in_id),)
    why: dict[str, Json] = {"logistics": True, "question": barrier.question, "answer": barrier.choice}
    at = max(reply.at, barrier.at)
    return (Signal("low_intent", Construct.LOGISTICS, at, Tier.DIGEST, evidence | why, check_in_id),)


def _of_now(reading: Reading, reply: Reply) -> bool:
    return reading.since is None or reply.at >= reading.since


def _barrier(reading: Reading, check_in_id: str, intent: Reply) -> Reply | None:
    """What the client says is in the way, if it is a time or a place: the newest word on it, of then or since."""
    said = [one for name, one in reading.asked("barriers") if name == check_in_id or one.at >= intent.at]
    return said[-1] if said and said[-1].choice in IN_THE_WAY else None


def missed_sessions(reading: Reading, numbers: Parameters) -> Finding:
    """`in_a_row` meetings running that were neither held nor cancelled in time; not those of a break or a closed day.
    Raised when the last of them was entered."""
    known = reading.history
    off = (*known.pauses, *known.closures)
    missed = [at for at in known.missed_sessions if not any(span.meets(at, at) for span in off)]
    if not missed or not reading.is_news(missed[-1]):
        return Unmet("none_missed")
    last_held = max(known.sessions, default=None)
    run = [at for at in missed if last_held is None or at > last_held]
    if len(run) < numbers["in_a_row"]:
        return Unmet("too_few", {"n": len(run)})
    before = sorted([*((at, "held") for at in known.sessions), *((at, "missed") for at in missed if at not in run)])
    share = sum(state == "held" for _, state in before) / len(before) if before else None
    evidence = shown(len(run), share, [state for _, state in before])
    heard = max((known.heard_at().get(at, at) for at in run), default=run[-1])
    return (Signal("missed_sessions", Construct.ENGAGEMENT, max(run[-1], heard), Tier.ALERT, evidence),)
