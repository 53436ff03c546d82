"""What an alert rests on, as far as it may be shown: the history, the reasons, the words, what was changed since."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from statistics import fmean
from typing import Any

from bot.actions import people
from bot.actions.desk import Turn
from bot.domain.alerts import Wish, for_supervision, strongest
from bot.domain.card import card, way_in
from bot.domain.ladder import HIGHER
from bot.domain.matters import Alert
from bot.domain.people import Client
from bot.domain.signals.catalogue import RULES, settings_by
from bot.domain.signals.history import History, Signal
from bot.domain.signals.information import says_little
from bot.domain.signals.intervals import closures
from bot.domain.usefulness import FEWEST, REVIEWED, by_rule
from bot.domain.usual import figure
from bot.domain.words import Json, Tier
from storage.signals import Kept

WITHOUT_WORDS = ("silence", "blocked")
"""Rules that rest on nothing that the client said."""
LOOKED_AT = timedelta(days=1)
"""The picture ends so long after the newest reason: later answers are another matter's."""


async def history(turn: Turn, client: Client) -> History:
    """Everything that rules and pictures read of one client, the service's closed dates included."""
    known = await turn.m.histories.of(client.id, client.person.timezone, turn.plan.bank, turn.now)
    return replace(known, closures=closures(turn.plan.calendar.closed_dates, client.person.timezone))


async def shown_history(turn: Turn, client: Client) -> History:
    """The same as staff may see it: without what is still being answered, what the client kept back, and what was said
    to another worker and not passed on."""
    known, apart = await history(turn, client), await kept_back(turn, client)
    theirs = [one for one in known.occasions if client.worker_may_see(one.started_at)]
    shown = [one for one in theirs if one.readable(turn.now) and one.check_in_id not in apart]
    return replace(known, occasions=tuple(shown))


async def kept_back(turn: Turn, client: Client) -> set[str | None]:
    """Check-ins of which the client was asked how the worker shall hear, and has not said *Tell*: no numbers."""
    waited = {one.id for one in await turn.m.alerts.of_client(client.id) if one.waits}
    every = [one for one in await turn.m.signals.of_client(client.id) if one.holds and is_asked_about(one)]
    unsaid = [one for one in every if one.wish is not Wish.TELL]
    resting = [one for one in unsaid if one.alert_id is None]  # also where a resting rule made no alert
    apart = [one for one in resting if one.wish is not Wish.NONE] + await asked_first(turn, resting)
    return {one.signal.source for one in (*apart, *(one for one in unsaid if one.alert_id in waited))}


async def asked_first(turn: Turn, kept: Sequence[Kept]) -> list[Kept]:
    """Those of which the client was asked by the plan that found them: what they were told then holds under any other."""
    then = await turn.m.plans.rules_of({one.plan_version for one in kept}) if kept else {}
    now = turn.plan.alerts.ask_client_first
    return [one for one in kept if then.get(one.plan_version, {}).get("ask_client_first", now)]


def gives_the_same(turn: Turn, known: History) -> bool:
    """Can the answers that staff may see show no change, so that only asking in person can?"""
    return says_little(known, settings_by(turn.plan.rules), turn.now)


def is_asked_about(one: Kept) -> bool:
    """Does it rest on the client's answers, and weigh enough to be told?"""
    return RULES[one.signal.rule].client_is_asked and one.signal.tier >= Tier.ALERT and not one.signal.note


def was_said_to_them(client: Client, one: Kept) -> bool:
    """To the worker whom the client has now, or passed on to them."""
    return one.signal.rule in WITHOUT_WORDS or client.worker_may_see(one.signal.raised_at)


def may_show(alert: Alert, one: Kept) -> bool:
    """Numbers and words that the client was asked about are shown only by their wish."""
    return one.wish is Wish.TELL or not (alert.waits and RULES[one.signal.rule].client_is_asked)


async def reasons(turn: Turn, alert: Alert) -> tuple[Signal, ...]:
    """What the card may show, strongest first."""
    kept, client = await turn.m.signals.of_alert(alert.id), await people.client(turn, alert.client_id)
    theirs = [one for one in kept if (one.holds or alert.sent) and was_said_to_them(client, one)]
    return strongest([one.signal for one in theirs if may_show(alert, one)])


async def content(turn: Turn, alert: Alert, client: Client) -> dict[str, Json]:
    """The card without the things that depend on the reader. Without anything to show it is the softened one."""
    shown = await reasons(turn, alert)
    facts: dict[str, Json] = {
        "wish": "not_asked" if not alert.waits else alert.wish.value,
        "next": client.next_session.isoformat() if client.next_session and client.next_session > turn.now else None,
        "softened": not shown,
    }
    if not shown:
        return facts
    cut = min(turn.now, max(one.raised_at for one in shown) + LOOKED_AT)
    known = await shown_history(turn, client)
    facts |= card(known, shown, cut)
    facts["says_little"] = gives_the_same(turn, known)
    await leave_out(turn, client, facts["reasons"])
    facts["asked"] = any(RULES[one.rule].client_is_asked for one in shown)
    facts["changed"] = list[Json](await _changed(turn, client, shown))
    facts["words"] = list[Json](await _words(turn, shown))
    facts["newer"] = await _will_be_said(turn, alert)
    facts["figures"] = await _figures(turn, shown[0].rule)
    facts["supervision"] = await _supervisor(turn, alert) if for_supervision(shown) else None
    return facts


async def _figures(turn: Turn, rule: str) -> Json:
    """How many of the newest alerts of a rule staff called useful here; None while there are too few to say."""
    mine = [one for one in await turn.m.alerts.judged() if rule in one.rules][-REVIEWED:]
    verdicts = by_rule(mine).get(rule)
    return {"n": verdicts.useful, "of": verdicts.n} if verdicts and verdicts.n >= FEWEST else None


async def _supervisor(turn: Turn, alert: Alert) -> str | None:
    """Who is asked to give the worker time on it."""
    ref = next((one.ref for one in alert.ladder if one.rung in HIGHER), None)
    person = await turn.m.people.by_ref(ref) if ref else None
    return person.name if person else None


async def _will_be_said(turn: Turn, alert: Alert) -> bool:
    """Beside what is shown: something that the client would rather say themselves."""
    kept = await turn.m.signals.of_alert(alert.id)
    return any(one.holds and one.wish is Wish.MYSELF and not may_show(alert, one) for one in kept)


async def leave_out(turn: Turn, client: Client, reasons: Any) -> None:
    """Among the last three of a reason, what the client kept back is left out: it was to be told without numbers."""
    apart = await kept_back(turn, client)
    before = [one for one in (await history(turn, client)).occasions if one.check_in_id in apart]
    for occasion in before:
        answers = occasion.scored
        for reason in reasons:
            about = [one.value for one in answers if reason["construct"] in ("together", one.reply.construct)]
            number = figure(fmean(about)) if about else None
            if number in (reason["last"] or ()):
                at = reason["last"].index(number)
                reason["last"] = [*reason["last"][:at], *reason["last"][at + 1 :]]


async def _words(turn: Turn, shown: tuple[Signal, ...]) -> list[str]:
    """What the client wrote in those check-ins and lets the worker see."""
    sources = dict.fromkeys(one.source for one in shown if one.source)
    return [remark.text for source in sources for remark in await turn.m.remarks.shown(source)]


async def _changed(turn: Turn, client: Client, shown: tuple[Signal, ...]) -> list[dict[str, Json]]:
    """Answers that were changed after somebody could see them: both values stand on the card."""
    lines: list[dict[str, Json]] = []
    known = {one.check_in_id: one for one in (await history(turn, client)).occasions}
    for signal in shown:
        occasion = known.get(signal.source or "")
        if signal.rule != "item_low" or occasion is None or signal.construct is None:
            continue
        asked = signal.evidence.get("question")
        answer = next((one for one in occasion.answers() if one.question == asked), None)
        was = signal.evidence.get("was", signal.evidence.get("value"))
        if answer is not None and answer.value_0_10 is not None and answer.value_0_10 != was:
            line: dict[str, Json] = {"construct": signal.construct.value, "was": was}
            lines.append(line | {"now": answer.value_0_10, "when": answer.at.isoformat()})
    return lines


async def whole(turn: Turn, alert: Alert, client: Client) -> dict[str, Json]:
    """Everything there is to show, with the repair card of what it is about."""
    facts = await content(turn, alert, client)
    shown = await reasons(turn, alert)
    worker = await people.worker_of(turn, client)
    facts |= {"ref": client.ref, "alert": alert.id, "name": worker.name if worker else client.ref}
    facts |= {"repair": way_in(shown[0]) if shown else "general"}
    return facts
