"""Other people are named by the file, or somebody has left: what is open goes to those who are there now.

An alert's ladder is a snapshot. Whoever has been reached stays on it; what stands above them is worked out anew, so that
nothing climbs to somebody who has left, and ends there without anybody noticing.
"""

from bot.actions import arrivals, ladder, matters
from bot.actions.desk import Turn
from bot.domain.alerts import AlertState, Kind
from bot.domain.ladder import next_person, renewed
from bot.domain.matters import Alert
from bot.domain.people import Client, Person, Status


async def all_open(turn: Turn) -> int:
    """Every open alert, as the plan and the roster are now. Its clients are locked by now. A second time nothing changes.

    Returns how many there are.
    """
    every = await turn.m.alerts.open_ones()
    for one in every:
        alert = await turn.m.alerts.get(one.id, lock=True)
        client = await turn.m.people.client(one.client_id)
        if alert is not None and alert.is_open and client is not None:
            await _renew(turn, alert, client)
    return len(every)


async def _renew(turn: Turn, alert: Alert, client: Client) -> None:
    wanted, reached = await ladder.steps_now(turn, alert, client), alert.ladder[: alert.step + 1]
    steps = renewed(reached, wanted, only_higher=alert.kind is Kind.ALLIANCE)
    if steps != alert.ladder:
        await turn.m.alerts.change(alert.id, ladder=steps)
    now = await turn.m.alerts.get(alert.id)
    assert now is not None
    if now.ladder and not alert.ladder:  # there was nobody at all to be told
        await turn.m.alerts.change(alert.id, step=ladder.first_step(now.kind, now.ladder))
        await matters.first_cards(turn, alert.id, client, max(turn.now, alert.goes_at))
    elif now.state is AlertState.RAISED:
        await _past_whoever_left(turn, now, client)
    elif now.holder_id is not None and _has_left(holder := await turn.m.people.by_id(now.holder_id)):
        await arrivals.rings_anew(turn, now, client, holder.ref if holder else "")


async def _past_whoever_left(turn: Turn, alert: Alert, client: Client) -> None:
    """On to the next person at once, if there is one."""
    if alert.holder_ref is None or not _has_left(await turn.m.people.by_ref(alert.holder_ref)):
        return
    if alert.ladder[next_person(alert.ladder, alert.step)].ref != alert.holder_ref:
        await ladder.pass_over(turn, alert, client)


def _has_left(person: Person | None) -> bool:
    return person is None or person.status is Status.DISCHARGED
