"""What is known about the clients on the roster, for the preview of who would be asked what and when. Reads only."""

from collections.abc import Sequence
from datetime import datetime

from bot.actions import choosing, people
from bot.actions.desk import Turn
from bot.actions.timetable import meetings
from bot.domain.asked import Asked
from bot.domain.asking import Standing
from bot.domain.checkins import CheckIn
from bot.domain.people import Client
from bot.domain.preview import Looked
from bot.domain.schedules import Due

AT_A_TIME = 500


async def everybody(turn: Turn) -> list[Looked]:
    """Every client on the roster, in order of ref."""
    clients = sorted(await turn.m.people.clients(), key=lambda client: client.ref)
    live, found = not people.lacks(turn) and not await people.contacts_missing(turn), list[Looked]()
    for start in range(0, len(clients), AT_A_TIME):
        some = clients[start : start + AT_A_TIME]
        ids = [client.id for client in some]
        latest = await turn.m.checkins.latest(ids, turn.now)
        standing = await choosing.standings(turn, some, await turn.m.goals.live_of(ids))
        met = await meetings(turn, some)
        found += [_looked(turn, one, live, latest[one.id], standing[one.id], met[one.id]) for one in some]
    return found


def _looked(
    turn: Turn, client: Client, live: bool, latest: list[CheckIn], standing: Standing, met: Sequence[datetime]
) -> Looked:
    version = people.consent_version(turn.plan, client.person.language)
    ends = [one.expires_at or one.planned_at for one in latest if one.running]
    # The newest stands first; of each schedule only that one counts.
    last = {one.schedule: Due(one.local_date, one.slot, one.planned_at) for one in reversed(latest)}
    return Looked(
        Asked.of(client, live=live, consent_version=version),
        standing,
        sessions=met,
        last=last,
        open_until=max(ends, default=None),
    )
