"""Whoever starts goes by a plan: if it is another than the last time, so does everybody who is under way.

The one place where that happens. What depends on the plan and stands in a row, a timetable, a ladder, a card, is worked
out anew here, or the row goes by a plan that is no more.
"""

from bot.actions import joining, people, renewing, rewording, timetable
from bot.actions.desk import Turn
from bot.domain.words import OPERATOR

WORDINGS, CONSENT = "wordings", "consent"
"""Under which names it is kept with a plan's version how it puts its questions, and what clients agree to by it."""


async def into_force(turn: Turn) -> None:
    """Bring everything in line with the plan as it is now. With the same plan only what the roster has changed."""
    await turn.m.people.lock_all()  # another process may be at work
    before = await turn.m.plans.at(turn.now)
    then = before.rules if before is not None else {}
    agreed = {one: people.consent_version(turn.plan, one) for one in turn.plan.service.languages}
    kept = {**turn.plan.rules, WORDINGS: turn.plan.wordings, CONSENT: agreed}
    if await turn.m.plans.note(turn.plan.version, kept, turn.now):
        await timetable.replan_all(turn)
        await rewording.ask_anew(turn, then.get(WORDINGS, {}))
        if then.get(CONSENT) != agreed:
            await joining.begin_again(turn)
        await turn.m.audit.note(turn.now, OPERATOR, "plan_applied")
    await renewing.all_open(turn)
