"""What clients say about their goals and plans: `goal_not_mine`, `goal_drop`, `goal_stall`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from bot.domain.signals.history import Signal
from bot.domain.signals.observations import LONG_GAP
from bot.domain.signals.occasions import Reply
from bot.domain.signals.reading import Finding, Reading, Unmet, shown
from bot.domain.signals.settings import Parameters
from bot.domain.usual import figure, median
from bot.domain.words import Construct, Json, Tier

NOT_MINE: Mapping[str, Mapping[str, Tier]] = {
    "goal_still_mine": {"no": Tier.ALERT, "change": Tier.DIGEST},
    "task_sense": {"no": Tier.ALERT},
    "task_done": {"not_for_me": Tier.ALERT},
}
"""Questions and the answers that say: this is not mine. Wanting to word a goal anew is for the digest only."""


def goal_not_mine(reading: Reading, numbers: Parameters) -> Finding:
    """The newest answer: this goal is not what matters to me, I don't see why, or the plan is not for me."""
    found: dict[Construct, Signal] = {}
    asked = False
    for asks, refusals in NOT_MINE.items():
        answers = reading.asked(asks)
        if not answers or not reading.is_news(answers[-1][1].at):
            continue
        asked = True
        newest = [reply for check_in_id, reply in answers if check_in_id == answers[-1][0]]
        against = [reply for reply in newest if reply.choice in refusals]
        if against:
            reply = max(against, key=lambda one: (refusals[one.choice or ""], one.at, one.key))
            signal = _not_mine(reply, answers, refusals[reply.choice or ""])
            found[reply.construct] = max(found.get(reply.construct, signal), signal, key=_weight)
    if not asked:
        return Unmet("not_asked")
    return tuple(found[construct] for construct in sorted(found)) or Unmet("still_mine")


def _weight(signal: Signal) -> tuple[int, datetime]:
    return signal.tier, signal.raised_at


def _not_mine(reply: Reply, answers: Sequence[tuple[str, Reply]], tier: Tier) -> Signal:
    before = [one.choice or "" for _, one in answers if one.key == reply.key and one.at < reply.at]
    evidence = shown(reply.choice, None, before, question=reply.question, asks=reply.asks)
    goal: dict[str, Json] = {"goal": reply.about} if reply.about else {}
    return Signal("goal_not_mine", reply.construct, reply.at, tier, evidence | goal, answers[-1][0])


# ---------------------------------------------------------------- progress


@dataclass(frozen=True, slots=True)
class Course:
    """How far one goal has come, as rated by the client: oldest first. `check_in_id` is that of the newest rating."""

    goal: str
    ratings: tuple[float, ...]
    newest: Reply
    check_in_id: str

    @property
    def fall(self) -> float:
        """From its own best."""
        return max(self.ratings) - self.ratings[-1]


def courses(reading: Reading) -> list[Course]:
    """One per goal that has been rated within the last 60 days."""
    by_goal: dict[str, list[tuple[str, Reply]]] = {}
    for check_in_id, reply in reading.rated("goal_progress"):
        by_goal.setdefault(reply.about or "", []).append((check_in_id, reply))
    return [
        Course(goal, tuple(one.value_0_10 or 0.0 for _, one in rated), rated[-1][1], rated[-1][0])
        for goal, rated in by_goal.items()
        if rated[-1][1].at + LONG_GAP >= reading.now
    ]


def goal_drop(reading: Reading, numbers: Parameters) -> Finding:
    """The goals are on average ≥ `fall` below their own best; told for the one rated last, if it has fallen itself.
    A goal rated once has no best to fall from, and would hide how far the others fell.
    """
    known = [one for one in courses(reading) if len(one.ratings) > 1]
    rated = _rated_last(reading, known)
    if not rated:
        return Unmet("not_rated")
    mean = fmean(one.fall for one in known)
    fallen = [one for one in rated if one.fall > 0]
    if mean < numbers["fall"] or not fallen:
        return Unmet("fall_too_small", {"fall": figure(mean), "goals": len(known)})
    fresh = [one for one in fallen if not _told(reading, "goal_drop", one, numbers)]
    if not fresh:
        return Unmet("told_lately", {"fall": figure(mean)})
    one = max(fresh, key=lambda each: (each.fall, each.goal))
    return (_progress("goal_drop", one, best=max(one.ratings), fall=mean, goals=len(known)),)


def goal_stall(reading: Reading, numbers: Parameters) -> Finding:
    """The last `ratings` of a goal all within `within` of their mean, and that mean ≤ `level`."""
    rated = _rated_last(reading, courses(reading))
    if not rated:
        return Unmet("not_rated")
    n = int(numbers["ratings"])
    long = [one for one in rated if len(one.ratings) >= n]
    if not long:
        return Unmet("too_few", {"n": max(len(one.ratings) for one in rated)})
    stuck = [one for one in long if _is_stuck(one.ratings[-n:], numbers)]
    if not stuck:
        return Unmet("moving_or_well")
    fresh = [one for one in stuck if not _told(reading, "goal_stall", one, numbers)]
    if not fresh:
        return Unmet("told_lately")
    one = min(fresh, key=lambda each: (fmean(each.ratings[-n:]), each.goal))
    return (_progress("goal_stall", one, mean=fmean(one.ratings[-n:]), n=n),)


def _is_stuck(lately: Sequence[float], numbers: Parameters) -> bool:
    mean = fmean(lately)
    return mean <= numbers["level"] and all(abs(value - mean) <= numbers["within"] for value in lately)


def _rated_last(reading: Reading, known: Sequence[Course]) -> list[Course]:
    """Those rated in the check-in in which any goal was rated last, if that is news."""
    newest = max(known, key=lambda one: one.newest.at, default=None)
    if newest is None or not reading.is_news(newest.newest.at):
        return []
    return [one for one in known if one.check_in_id == newest.check_in_id]


def _told(reading: Reading, rule: str, one: Course, numbers: Parameters) -> bool:
    return any((known.about or "") == one.goal for known in reading.told_lately(rule, numbers["again_after"]))


def _progress(rule: str, one: Course, **figures: Json) -> Signal:
    earlier = one.ratings[:-1]
    evidence = shown(one.ratings[-1], median(earlier), earlier, question=one.newest.question, **figures)
    goal: dict[str, Json] = {"goal": one.goal} if one.goal else {}
    return Signal(rule, one.newest.construct, one.newest.at, Tier.DIGEST, evidence | goal, one.check_in_id)
