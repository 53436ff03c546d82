"""`backtest`: the live rules over the stored answers or over an export, and what other numbers would have changed."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from datetime import UTC
from multiprocessing import get_context
from typing import Any

from bot.actions import budget
from bot.actions.reports import severity_of, signal_as_json
from bot.actions.signals import parameters_by
from bot.domain.backtest import Case, Comparison, by_worker, compare, run
from bot.domain.budget import Budget
from bot.domain.plan import Plan
from bot.domain.replay import Decided, Replayed
from bot.domain.words import Json

WORTH_SHARING = 200
"""Clients from which on starting other processes pays."""
MOST_PROCESSES = 8


def replay(cases: Sequence[Case], plan: Plan, step: Callable[[], None]) -> list[Decided]:
    """Every client by a plan's rules and budget. `step` is called for each client that is done.

    Many clients are shared out over the processors, a worker's all to the same one.
    """
    processors = os.cpu_count() or 1
    if len(cases) < WORTH_SHARING or processors < 2:
        return _part(plan.rules, budget.of(plan), cases, step)
    found: dict[int, Decided] = {}
    with ProcessPoolExecutor(min(processors, MOST_PROCESSES), get_context("spawn")) as pool:
        parts = {
            pool.submit(_part, plan.rules, budget.of(plan), [cases[n] for n in mine]): mine for mine in by_worker(cases)
        }
        for done in as_completed(parts):
            for n, one in zip(parts[done], done.result(), strict=True):
                found[n] = one
                step()
    return [found[n] for n in range(len(cases))]


def _part(
    rules: Mapping[str, Any], limits: Budget, cases: Sequence[Case], step: Callable[[], None] = lambda: None
) -> list[Decided]:
    """Some clients, by what is kept of a plan: a plan itself does not travel between processes."""
    return run(cases, parameters_by(rules), limits, ask_client_first=rules["ask_client_first"], step=step)


def compared(cases: Sequence[Case], before: Sequence[Decided], after: Sequence[Decided]) -> dict[str, Json]:
    """Alerts gained, lost and known-useful lost: in all, per rule, per worker."""
    found: Comparison = compare(cases, before, after)
    return {
        **asdict(found.whole),
        "by_rule": {rule: asdict(change) for rule, change in sorted(found.by_rule.items())},
        "by_worker": {worker: asdict(change) for worker, change in sorted(found.by_worker.items())},
    }


def as_json(case: Case, replay: Decided) -> dict[str, Json]:
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
