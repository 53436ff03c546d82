"""`backtest`: the live rules over the stored answers or over an export, and what other numbers would have changed."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC

from bot.actions import budget
from bot.actions.reports import severity_of, signal_as_json
from bot.actions.signals import parameters
from bot.domain.backtest import Case, Comparison, compare, run
from bot.domain.plan import Plan
from bot.domain.replay import Replay, Replayed
from bot.domain.words import Json


def replay(cases: Sequence[Case], plan: Plan, step: Callable[[], None]) -> list[Replay]:
    """Every client by a plan's rules and budget. `step` is called for each client that is done."""
    return run(cases, parameters(plan), budget.of(plan), ask_client_first=plan.alerts.ask_client_first, step=step)


def compared(cases: Sequence[Case], before: Sequence[Replay], after: Sequence[Replay]) -> dict[str, Json]:
    """Alerts gained, lost and known-useful lost: in all, per rule, per worker."""
    found: Comparison = compare(cases, before, after)
    return {
        **asdict(found.whole),
        "by_rule": {rule: asdict(change) for rule, change in sorted(found.by_rule.items())},
        "by_worker": {worker: asdict(change) for worker, change in sorted(found.by_worker.items())},
    }


def as_json(case: Case, replay: Replay) -> dict[str, Json]:
    """One client: `signals` and `alerts` as in the export, and what was `held` for the digest, with the reason."""
    return {
        "ref": case.ref,
        "signals": [signal_as_json(one) for one in replay.signals],
        "alerts": [_alert(one) for one in replay.alerts],
        "held": [{**signal_as_json(one.signal), "reason": one.reason} for one in replay.held],
    }


def _alert(one: Replayed) -> dict[str, Json]:
    at = one.raised_at.astimezone(UTC).isoformat()
    return {
        "kind": one.kind.value,
        "raised_at": at,
        "severity": severity_of(one.tier),
        "state": "raised",
        "rules": list(one.rules),
        "wish": "none",
        "history": [{"at": at, "state": "raised", "by": "bot"}],
    }
