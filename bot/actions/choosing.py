"""What the choice of questions depends on, read for many clients at once: for the release and for the preview."""

from collections.abc import Mapping, Sequence

from bot.actions import people
from bot.actions.desk import Turn
from bot.domain.asked import Own
from bot.domain.asking import CALLS_FOR, NOTICED, SAME_FOR, Standing, takes_turns
from bot.domain.goals import Goal
from bot.domain.people import Client


async def standings(turn: Turn, clients: Sequence[Client], goals: Mapping[str, Sequence[Goal]]) -> dict[str, Standing]:
    """Client id → what decides about their questions now."""
    ids = [one.id for one in clients]
    plan, others = turn.plan, await people.others(turn)
    in_turn = {one.name for one in plan.schedules if takes_turns(one, plan.bank)}
    rounds = await turn.m.checkins.rounds(ids, turn.now, in_turn)
    told = await turn.m.signals.noticed(ids, NOTICED, turn.now - max(CALLS_FOR, SAME_FOR))
    missed = await turn.m.sessions.missed(ids, turn.now - CALLS_FOR)
    return {
        one.id: Standing(
            rounds=rounds[one.id],
            live_goals=len(goals[one.id]),
            next_session=one.next_session,
            max_questions=Own.from_json(one.own_times).max_questions,
            has_other=people.other_than_worker(others, one) is not None,
            told=told[one.id],
            missed=missed[one.id],
        )
        for one in clients
    }
