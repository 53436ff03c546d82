"""The table of rules: what each looks for, with which numbers, and how loudly it speaks.

A rule is one row here and one pure function `(Reading, Parameters) -> signals, or the condition that failed`. Nobody has
published how accurate such rules are; the defaults are engineering defaults.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.domain.signals.coming import low_intent, missed_sessions
from bot.domain.signals.drop import drop
from bot.domain.signals.fade import fade
from bot.domain.signals.first import first_low
from bot.domain.signals.goals import goal_drop, goal_not_mine, goal_stall
from bot.domain.signals.information import low_information
from bot.domain.signals.items import item_low
from bot.domain.signals.manner import short_answers, slow_answers
from bot.domain.signals.repair import not_repaired
from bot.domain.signals.risk import risk_text
from bot.domain.signals.rule import Parameter, Rule
from bot.domain.signals.said import said_bothered, said_stopping, said_worse
from bot.domain.signals.settings import Parameters, Settings
from bot.domain.signals.sided import one_sided
from bot.domain.signals.silence import silence
from bot.domain.signals.slide import slide
from bot.domain.signals.steady import steady_low
from bot.domain.signals.strain import worker_strain
from bot.domain.signals.talk import asked_to_talk, blocked
from bot.domain.words import ALLIANCE, Construct, Tier

PROFILES = ("therapy", "recovery")

_ROWS = (
    Rule("risk_text", risk_text, Tier.NOW, "A text hits a word list, or somebody asks to be contacted."),
    Rule(
        "asked_to_talk",
        asked_to_talk,
        Tier.ALERT,
        "The client chose a way of the menu's talk route.",
        constructs=(Construct.BOND, Construct.GOALS, Construct.LOGISTICS),
    ),
    Rule(
        "said_stopping",
        said_stopping,
        Tier.ALERT,
        "Thoughts of not coming any more: yes once; now and then more than once is for the digest.",
        constructs=(Construct.ENGAGEMENT,),
        parameters={
            "times": Parameter(2, 2, 5, 'how often "now and then" is enough'),
            "of": Parameter(3, 1, 8, "among how many of the last answers"),
        },
        client_is_asked=True,
    ),
    Rule(
        "said_bothered",
        said_bothered,
        Tier.ALERT,
        "Something from last time is still there: yes once, or a bit more than once lately.",
        constructs=(Construct.BOND,),
        parameters={
            "times": Parameter(2, 2, 5, 'how often "a bit" is enough', stricter=1),
            "of": Parameter(3, 1, 8, "among how many of the last answers"),
        },
        client_is_asked=True,
    ),
    Rule(
        "said_worse",
        said_worse,
        Tier.ALERT,
        "Working together feels worse: worse once, or a bit worse running.",
        constructs=(Construct.BOND,),
        parameters={"times": Parameter(2, 2, 5, 'how many "a bit worse" in a row are enough', stricter=1)},
        client_is_asked=True,
    ),
    Rule(
        "goal_not_mine",
        goal_not_mine,
        Tier.ALERT,
        "The goal is not what matters to the client, or the plan makes no sense to them or is not for them.",
        constructs=(Construct.GOALS, Construct.TASKS),
        client_is_asked=True,
    ),
    Rule(
        "not_repaired",
        not_repaired,
        Tier.ALERT,
        "It was talked about, and it isn't better: for supervision.",
        constructs=ALLIANCE,
        parameters={
            "r3_min": Parameter(7, 1, 10, '"how is it now" below this is not all OK', stricter=-1),
            "back_within_sd": Parameter(0.5, 0, 5, "so many s below the usual is still back"),
            "check_ins": Parameter(2, 1, 20, "observations that have to come after it"),
            "days": Parameter(14, 1, 90, "or so many days"),
        },
        client_is_asked=True,
        for_supervision=True,
        on_scale=True,
    ),
    Rule(
        "low_intent",
        low_intent,
        Tier.ALERT,
        "The client is not likely to come, or far less than they usually say.",
        constructs=(Construct.ENGAGEMENT, Construct.LOGISTICS),
        parameters={
            "level": Parameter(3, 0, 9, "low is this or less", stricter=-1),
            "fall": Parameter(4, 0.5, 10, "or so far below the own median"),
            "early_n": Parameter(3, 1, 20, "earlier answers that make a median"),
        },
        client_is_asked=True,
        rests=True,
        on_scale=True,
    ),
    Rule(
        "missed_sessions",
        missed_sessions,
        Tier.ALERT,
        "Meetings running that were neither held nor cancelled in time.",
        constructs=(Construct.ENGAGEMENT,),
        parameters={"in_a_row": Parameter(2, 1, 10, "meetings in a row", stricter=1)},
        rests=True,
    ),
    Rule(
        "item_low",
        item_low,
        Tier.ALERT,
        "One bond, goals or tasks answer is low, and far below that question's own median.",
        constructs=ALLIANCE,
        parameters={
            "level": Parameter(3, 0, 9, "low is this or less", stricter=-1),
            "fall": Parameter(3, 0, 10, "and at least so far below the own median"),
            "level_early": Parameter(2, 0, 9, "low while there is no median yet"),
            "early_n": Parameter(3, 1, 20, "earlier answers that make a median"),
        },
        client_is_asked=True,
        rests=True,
        may_wait=True,
        on_scale=True,
    ),
    Rule(
        "drop",
        drop,
        Tier.ALERT,
        "A check-in far below the client's own usual (shrunken personal z).",
        constructs=ALLIANCE,
        parameters={
            "z": Parameter(-2.0, -6, -0.5, "limit of z", stricter=-0.25),
            "z_early": Parameter(-2.3, -6, -0.5, "limit of z while there is little to go by"),
            "early_n": Parameter(4, 1, 20, "closed intervals from which on `z` holds"),
            "min_n": Parameter(2, 1, 20, "closed intervals needed at all"),
            "min_drop": Parameter(1.0, 0, 10, "points below the usual at least"),
            "mu0": Parameter(8.2, 0, 10, "mean expected of a new client"),
            "sigma0": Parameter({"therapy": 0.75, "recovery": 0.95}, 0.1, 5, "spread expected within a client"),
            "kappa0": Parameter(0.4, 0.01, 20, "weight of `mu0`, in answers"),
            "nu0": Parameter(4, 1, 50, "weight of `sigma0`, in answers"),
            "winsor_k": Parameter(1.5, 0.5, 10, "a value enters the usual no lower than m − this·s"),
        },
        client_is_asked=True,
        rests=True,
        may_wait=True,
        on_scale=True,
    ),
    Rule(
        "slide",
        slide,
        Tier.ALERT,
        "Several answers a little below the usual (CUSUM; the usual is that of `drop`).",
        constructs=ALLIANCE,
        parameters={
            "k": Parameter(0.5, 0, 3, "slack per interval"),
            "h": Parameter(2.6, 0.5, 20, "limit of the sum", stricter=0.4),
            "clip_low": Parameter(-2.5, -10, 0, "z counts no lower"),
            "clip_high": Parameter(1.5, 0, 10, "z counts no higher"),
            "min_n": Parameter(3, 2, 20, "intervals with an answer needed, the present one included"),
        },
        client_is_asked=True,
        rests=True,
        may_wait=True,
        on_scale=True,
    ),
    Rule(
        "steady_low",
        steady_low,
        Tier.ALERT,
        "Answers that are low and stay low.",
        constructs=ALLIANCE,
        parameters={
            "last": Parameter(3, 2, 12, "observations in a row"),
            "level": Parameter(5, 1, 9, "all of them this or less: for the digest"),
            "level_alert": Parameter(3, 0, 9, "all of them this or less: an alert", stricter=-1),
            "again_after": Parameter(60, 7, 365, "days until the digest says it again"),
        },
        client_is_asked=True,
        rests=True,
        may_wait=True,
        on_scale=True,
    ),
    Rule(
        "first_low",
        first_low,
        Tier.DIGEST,
        "A low start; an alert only once the client has confirmed it when asked directly.",
        constructs=ALLIANCE,
        parameters={
            "level": Parameter(6, 1, 9, "low is this or less", stricter=-1),
            "drop": Parameter(2, 0.5, 10, "or so far below the answers before"),
            "first_n": Parameter(3, 1, 10, "observations that are the first ones"),
            "confirm_within": Parameter(3, 1, 10, "check-ins after it in which a direct answer confirms it"),
        },
        client_is_asked=True,
        rests=True,
        may_wait=True,
        on_scale=True,
    ),
    Rule(
        "one_sided",
        one_sided,
        Tier.DIGEST,
        "One of bond, goals and tasks stays far behind the other two.",
        constructs=ALLIANCE,
        parameters={
            "gap": Parameter(2.5, 0.5, 10, "below the mean of the other two at least"),
            "times": Parameter(2, 2, 10, "observations in a row"),
            "again_after": Parameter(28, 7, 365, "days until it is told again"),
        },
        client_is_asked=True,
        rests=True,
        on_scale=True,
    ),
    Rule(
        "goal_drop",
        goal_drop,
        Tier.DIGEST,
        "Progress on the client's goals has fallen from its best.",
        constructs=(Construct.PROGRESS,),
        parameters={
            "fall": Parameter(2.45, 0.5, 10, "mean fall from the best of each goal at least"),
            "again_after": Parameter(30, 7, 365, "days until the same goal is told again"),
        },
        client_is_asked=True,
        on_scale=True,
    ),
    Rule(
        "goal_stall",
        goal_stall,
        Tier.DIGEST,
        "Progress on a goal stays where it is, and low.",
        constructs=(Construct.PROGRESS,),
        parameters={
            "ratings": Parameter(4, 2, 20, "ratings of one goal"),
            "within": Parameter(1, 0, 5, "all so close to their mean"),
            "level": Parameter(4, 0, 9, "and that mean this or less"),
            "again_after": Parameter(30, 7, 365, "days until the same goal is told again"),
        },
        client_is_asked=True,
        on_scale=True,
    ),
    Rule(
        "silence",
        silence,
        Tier.DIGEST,
        "A run of unanswered check-ins that is long for this client.",
        parameters={
            "p_service": Parameter({"therapy": 0.75, "recovery": 0.70}, 0.05, 0.99, "answer rate of a new client"),
            "weight": Parameter(6, 0.5, 100, "weight of `p_service`, in check-ins"),
            "lag": Parameter(4, 0, 20, "newest check-ins that the own rate leaves out"),
            "surprise": Parameter(0.03, 0.0001, 0.5, "limit of (1 − p0)^r", stricter=-0.01),
            "min_run": Parameter(2, 1, 20, "shortest run r"),
            "untouched": Parameter(4, 1, 50, "a run that is silence whatever p0 is"),
        },
        rests=True,
    ),
    Rule(
        "fade",
        fade,
        Tier.DIGEST,
        "Ever fewer answers (Bernoulli CUSUM; the own rate is that of `silence`).",
        parameters={
            "odds": Parameter(0.2, 0.01, 0.9, "fading is: the odds of an answer times this"),
            "h": Parameter(2.5, 0.5, 20, "limit of the sum"),
        },
        rests=True,
    ),
    Rule(
        "worker_strain",
        worker_strain,
        Tier.DIGEST,
        "The worker's own rating is low, or far from the client's.",
        constructs=ALLIANCE,
        parameters={
            "level": Parameter(5, 0, 9, "low is this or less"),
            "gap": Parameter(3, 0.5, 10, "or so far from the client's mean"),
            "days": Parameter(28, 7, 120, "days over which the client's mean is taken"),
            "every_days": Parameter(28, 14, 365, "days between two askings about one client"),
            "per_week": Parameter(3, 1, 5, "askings of one worker in seven days, never two on one day"),
        },
        private=True,
    ),
    Rule(
        "slow_answers",
        slow_answers,
        Tier.CHART,
        "Answers come later than is usual for this client.",
        parameters={
            "last": Parameter(3, 1, 10, "newest check-ins whose median counts"),
            "k": Parameter(2, 0.5, 10, "so many spreads above the own median"),
            "floor": Parameter(0.7, 0.1, 3, "smallest spread, in log-time"),
            "early_n": Parameter(5, 3, 50, "earlier check-ins needed"),
        },
        beside=True,
    ),
    Rule(
        "short_answers",
        short_answers,
        Tier.CHART,
        "What the client writes gets shorter than is usual for them.",
        parameters={
            "last": Parameter(3, 1, 10, "newest texts whose mean counts"),
            "k": Parameter(1.5, 0.5, 10, "so many standard deviations below the own mean"),
            "early_n": Parameter(5, 3, 50, "earlier texts needed"),
        },
        beside=True,
    ),
    Rule(
        "low_information",
        low_information,
        Tier.CHART,
        "Answers that can't show change. Never an alert.",
        constructs=ALLIANCE,
        parameters={
            "min_n": Parameter(4, 2, 50, "observations needed"),
            "last": Parameter(12, 4, 50, "newest observations that are looked at"),
            "level": Parameter(9.5, 5, 10, "all equal, and this or more"),
            "mode_share": Parameter(0.6, 0.3, 1, "or this share of the answers at one value"),
            "sd": Parameter(0.5, 0, 3, "and a spread of this or less"),
            "item_seconds": Parameter(1, 0.1, 10, "and seconds per question, this or less"),
            "again_after": Parameter(28, 7, 365, "days until it is on record again"),
        },
        on_scale=True,
    ),
    Rule("blocked", blocked, Tier.CHART, "The chat does not get through any more, or does again: a neutral note."),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.name: rule for rule in _ROWS})
"""By name, the weightiest first: of one tier, what was said comes before what was reckoned."""


def settings(
    profile: str, wanted: Mapping[str, Mapping[str, float | bool]] | None = None, *, silence_is_urgent: bool = False
) -> Settings:
    """The defaults of a profile with what a config sets (rule → parameter → value). Raises KeyError for a wrong name.

    `risk_text` cannot be switched off.
    """
    wanted = wanted or {}
    for rule, numbers in wanted.items():
        for name in numbers:
            if name != "enabled":
                RULES[rule].parameters[name]  # a wrong name is a KeyError
    return Settings(
        MappingProxyType({rule.name: _parameters(rule, profile, wanted.get(rule.name, {})) for rule in _ROWS}),
        silence_is_urgent,
    )


def settings_by(rules: Mapping[str, Any]) -> Settings:
    """The same by what is kept of a plan (`Plan.rules`). Rules and numbers that are no more are left out."""
    known = {
        rule: {name: one for name, one in numbers.items() if name == "enabled" or name in RULES[rule].parameters}
        for rule, numbers in rules["signals"].items()
        if rule in RULES
    }
    return settings(rules["profile"], known, silence_is_urgent=rules["silence_is_urgent"])


def _parameters(rule: Rule, profile: str, wanted: Mapping[str, float | bool]) -> Parameters:
    numbers = {
        name: float(wanted.get(name, parameter.default_for(profile))) for name, parameter in rule.parameters.items()
    }
    return Parameters(bool(wanted.get("enabled", True)) or rule.tier is Tier.NOW, MappingProxyType(numbers))
