"""The table of rules: what each looks for, with which numbers, and how loudly it speaks.

A rule is one row here and one pure function `(Reading, Parameters) -> signals, or the condition that failed`. Nobody has
published how accurate such rules are; the defaults are engineering defaults.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from bot.domain.signals.drop import drop
from bot.domain.signals.history import Happening, Signal, TalkAbout
from bot.domain.signals.items import item_low
from bot.domain.signals.reading import Finding, Reading
from bot.domain.signals.risk import risk_text
from bot.domain.signals.said import WORSE, YES, said_bothered, said_worse
from bot.domain.signals.settings import Parameters, Settings
from bot.domain.signals.silence import silence
from bot.domain.signals.slide import slide
from bot.domain.signals.talk import asked_to_talk, blocked
from bot.domain.words import ALLIANCE, Construct, Tier

PROFILES = ("therapy", "recovery")
Find: TypeAlias = Callable[[Reading, Parameters], Finding]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a rule: its default (per profile where the two differ) and the bounds that the config keeps to."""

    default: float | Mapping[str, float]
    low: float
    high: float
    doc: str

    def default_for(self, profile: str) -> float:
        """The default of `"therapy"` or `"recovery"`."""
        return self.default if isinstance(self.default, int | float) else self.default[profile]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `tier` is the usual one (a signal carries its own). `text` is the key of the sentence that says it.

    `client_is_asked`: it rests on answers, so the client is asked how the worker shall hear. `rests`: once told, it is
    not told again for some time; what a client says or does in so many words never rests. `may_wait`: it was reckoned,
    so it can go to the digest instead when the worker's budget is spent.
    """

    name: str
    find: Find
    tier: Tier
    doc: str
    constructs: tuple[Construct, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    client_is_asked: bool = False
    rests: bool = False
    may_wait: bool = False

    @property
    def text(self) -> str:
        return f"worker.reason.{self.name}"


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
        "said_bothered",
        said_bothered,
        Tier.ALERT,
        "Something from last time is still there: yes once, or a bit more than once lately.",
        constructs=(Construct.BOND,),
        parameters={
            "times": Parameter(2, 1, 5, 'how often "a bit" is enough'),
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
        parameters={"times": Parameter(2, 1, 5, 'how many "a bit worse" in a row are enough')},
        client_is_asked=True,
    ),
    Rule(
        "item_low",
        item_low,
        Tier.ALERT,
        "One bond, goals or tasks answer is low, and far below that question's own median.",
        constructs=ALLIANCE,
        parameters={
            "level": Parameter(3, 0, 9, "low is this or less"),
            "fall": Parameter(3, 0, 10, "and at least so far below the own median"),
            "level_early": Parameter(2, 0, 9, "low while there is no median yet"),
            "early_n": Parameter(3, 1, 20, "earlier answers that make a median"),
        },
        client_is_asked=True,
        rests=True,
        may_wait=True,
    ),
    Rule(
        "drop",
        drop,
        Tier.ALERT,
        "A check-in far below the client's own usual (shrunken personal z).",
        constructs=ALLIANCE,
        parameters={
            "z": Parameter(-2.0, -6, -0.5, "limit of z"),
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
    ),
    Rule(
        "slide",
        slide,
        Tier.ALERT,
        "Several answers a little below the usual (CUSUM; the usual is that of `drop`).",
        constructs=ALLIANCE,
        parameters={
            "k": Parameter(0.5, 0, 3, "slack per interval"),
            "h": Parameter(2.6, 0.5, 20, "limit of the sum"),
            "clip_low": Parameter(-2.5, -10, 0, "z counts no lower"),
            "clip_high": Parameter(1.5, 0, 10, "z counts no higher"),
            "min_n": Parameter(3, 2, 20, "intervals with an answer needed, the present one included"),
        },
        client_is_asked=True,
        rests=True,
        may_wait=True,
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
            "surprise": Parameter(0.03, 0.0001, 0.5, "limit of (1 − p0)^r"),
            "min_run": Parameter(2, 1, 20, "shortest run r"),
            "untouched": Parameter(4, 1, 50, "a run that is silence whatever p0 is"),
        },
        rests=True,
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


def _parameters(rule: Rule, profile: str, wanted: Mapping[str, float | bool]) -> Parameters:
    numbers = {
        name: float(wanted.get(name, parameter.default_for(profile))) for name, parameter in rule.parameters.items()
    }
    return Parameters(bool(wanted.get("enabled", True)) or rule.tier is Tier.NOW, MappingProxyType(numbers))


def reason(signal: Signal) -> str:
    """The key of the sentence that says this signal, by what its evidence holds.

    KeyError for the wish for somebody else, which has no place on a card.
    """
    evidence, key = signal.evidence, RULES[signal.rule].text
    if signal.rule in ("item_low", "drop") and evidence.get("limit_is") == "early":
        return f"{key}_new"
    if signal.rule.startswith("said_") and evidence["value"] not in (YES, WORSE[0]):
        return f"{key}_again"
    if signal.rule == "asked_to_talk":
        return f"{key}_{_TALK_TEXTS[TalkAbout(str(evidence['about']))]}"
    if evidence["value"] == Happening.CONTACT_ME:
        return "worker.reason.asked_for_contact"
    return key


_TALK_TEXTS = {
    TalkAbout.HOW_WE_WORK: "how",
    TalkAbout.WHAT_WE_WORK_ON: "what",
    TalkAbout.TIMES_AND_PLACE: "logistics",
}
