"""What a check-in showed of which the client may say how the worker shall hear, and the alert that it belongs to.

The question is about one check-in. Where its rule rests there is no alert: the client is asked all the same, and only
what they say makes one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.actions import evidence, matters
from bot.actions.desk import Turn
from bot.domain.alerts import AlertState, Kind, Wish, for_supervision
from bot.domain.matters import Alert
from bot.domain.people import Client
from bot.domain.words import Severity
from storage.signals import Kept


@dataclass(frozen=True, slots=True)
class Unsaid:
    """Signals of one check-in of which the client has not said anything. `alert`: None while they rest."""

    signals: Sequence[Kept]
    alert: Alert | None

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.signals]

    @property
    def about(self) -> datetime:
        """The time of the evidence."""
        return max(one.signal.raised_at for one in self.signals)


async def unsaid(turn: Turn, client_id: str, check_in_id: str) -> Unsaid | None:
    """What the client may still say something about. None: nothing, or not any more."""
    kept = await turn.m.signals.from_source(client_id, check_in_id)
    asked = [one for one in kept if one.holds and one.wish is Wish.NONE and evidence.is_asked_about(one)]
    if not asked:
        return None
    alert = await alert_of(turn, asked)
    first = bool(await evidence.asked_first(turn, asked)) if alert is None else alert.waits
    return Unsaid(asked, alert) if first else None


async def alert_of(turn: Turn, kept: Sequence[Kept]) -> Alert | None:
    """The alert that these signals are part of. One that was taken back counts for nothing."""
    ids = sorted({one.alert_id for one in kept if one.alert_id is not None})
    alerts = [await turn.m.alerts.get(alert_id, lock=True) for alert_id in ids]
    return next((one for one in alerts if one is not None and one.state is not AlertState.WITHDRAWN), None)


async def speak_up(turn: Turn, client: Client, check_in_id: str, found: Unsaid, by: str) -> Alert:
    """Make an alert of it, or add it to the one that is open. The client can still say how it is told."""
    alert = await turn.m.alerts.open_of(client.id, Kind.ALLIANCE, lock=True)
    if alert is None:
        tier = max(one.signal.tier for one in found.signals)
        return await matters.raise_alert(
            turn,
            client,
            Kind.ALLIANCE,
            tier,
            found.ids,
            raised_at=found.about,
            waits=True,
            last_tap=turn.now,
            check_in_id=check_in_id,
            higher=for_supervision(one.signal for one in found.signals),
            by=by,
        )
    await turn.m.alerts.change(alert.id, check_in_id=check_in_id, waits=True)
    return await matters.add(turn, alert, client, found.ids, Severity.LOW)


async def severity_of(turn: Turn, alert: Alert) -> Severity:
    """Low only as long as nothing of it may be shown."""
    if alert.severity is Severity.HIGH:
        return alert.severity
    kept = [one for one in await turn.m.signals.of_alert(alert.id) if one.holds]
    return Severity.MEDIUM if any(evidence.may_show(alert, one) for one in kept) else Severity.LOW
