"""The page: docs/signals-benchmark.md, written from figures."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.benchmarks.signals import pictures
from tests.benchmarks.signals.asked import HONESTY
from tests.benchmarks.signals.scoring import TROUBLES
from tests.benchmarks.signals.trial import EXAMPLE, OURS, SHIPPED, TURNED, USUAL, Found, Live, Size
from tests.benchmarks.signals.verdicts import (
    BUDGETS,
    FLOOR,
    JUDGED,
    MOST_ALERTS,
    MOST_FALSE,
    Key,
    Point,
    digest_figures,
    live_point,
    near_the_end,
    parts,
    quantiles,
    rule_figures,
    world,
    years,
)  # fmt: skip
from tests.benchmarks.signals.worlds import MAIN, OTHERS, TWICE

HERE = Path(__file__).parent
BASELINES = ("random", "level", "drop from last", "control chart", "EWMA", "CUSUM alone")
WINS_NEEDED = 3
SWEPT_OTHERS = tuple(name for name in OTHERS if name != "contrary")

HEAD = """# How good are the rules?

The rules of [signals](signals.md) on made-up clients of whom the truth is known. Written by `make bench-signals`
(`python -m tests.benchmarks.signals --write`); the same seeds give the same page.
"""

DELAYS = """Check-ins sent since the trouble began, before the one that brought the alert: median, 90th percentile of
those found (in brackets: of these, answered ones); then the share that was missed. Ours as shipped, the others at as
many alerts.
"""

TWICE_A_WEEK = """**Asked twice a week**, with the score rules alone: by the numbers of the example configuration, which
asks so, and with all limits turned together (see *One dial each*; 1 is as shipped). Two looks a week find more, and are
wrong more often.
"""

QUESTIONS = """How honestly people answer is not known, so this is a curve. Each answered check-in also asks whether
something bothered, or which way it is going, in turn; a truthful answer is *yes* or *worse* while 1.5 points are missing,
else *a bit*. Without trouble one answer in a hundred says so all the same, and four say *a bit*. *The wrong way round*:
in trouble nobody says so, without it twice as many do.
"""


class Page:
    """All figures of one run, ready to be said."""

    def __init__(self, found: Mapping[Key, Found], size: Size) -> None:
        self.size, self.found = size, found
        self.main = {profile: world(found[profile, "main", None], "main", size.draws) for profile in MAIN}
        self.others = {
            (profile, name): world(found[profile, name, None], name, size.draws)
            for profile in MAIN
            for name in SWEPT_OTHERS
        }

    def live(self, profile: str, name: str = "main", honesty: float | None = None) -> Live:
        live = self.found[profile, name, honesty].live
        assert live is not None
        return live

    def short(self) -> Iterator[str]:
        """What was aimed at, and whether it was reached."""
        rows = []
        for profile in MAIN:
            one = live_point(self.live(profile), self.size.draws)
            kinds = " / ".join(f"{kind.value:.2f}" for kind in one.by_trouble)
            rows.append(
                [
                    profile,
                    one.alerts,
                    one.sensitivity,
                    kinds,
                    one.false,
                    f"≥ {FLOOR[profile]:.2f}",
                    verdict(one, profile),
                ]
            )
        yield "As shipped, from numbers alone:"
        yield from table(
            [
                "",
                "alerts per client and month",
                "share of troubles found",
                " / ".join(TROUBLES),
                "false per client-year",
                "aim",
                "",
            ],
            rows,
        )
        yield f"The aim: that share at no more than {MOST_ALERTS} alerts a month and {MOST_FALSE} false alarms a year.\n"
        turned = [
            f"{one.curves[OURS].at_false(MOST_FALSE, one.curves[OURS].sensitivity)} in {profile}"
            for profile, one in self.main.items()
        ]
        yield f"With all limits turned together until false alarms are {MOST_FALSE} a year: {' and '.join(turned)}.\n"
        yield TWICE_A_WEEK
        yield from self.twice()
        yield from self.beaten()
        yield "False alarms of each rule, per client-year without trouble (in brackets: no other rule took part):"
        yield from self.rules()

    def twice(self) -> Iterator[str]:
        rows = []
        for profile in MAIN:
            for times in (EXAMPLE, *TURNED):
                one = live_point(self.live(profile, TWICE, times), self.size.draws)
                limits = f"all × {times:g}" if times else "of the example"
                rows.append([profile, limits, one.alerts, one.sensitivity, one.false, verdict(one, profile)])
        yield from table(["", "limits", "alerts a month", "found", "false a year", "aim"], rows)

    def beaten(self) -> Iterator[str]:
        rows = []
        standing: dict[str, list[str]] = {}
        for profile in MAIN:
            for other in BASELINES:
                here = [self.main[profile].beats(other, budget) for budget in JUDGED]
                won = sum(all(self.others[profile, name].beats(other, b) for b in JUDGED) for name in SWEPT_OTHERS)
                is_beaten = all(here) and won >= WINS_NEEDED
                rows.append([profile, other, *map(yes, here), f"{won} of {len(SWEPT_OTHERS)}", yes(is_beaten)])
                if not is_beaten:
                    standing.setdefault(other, []).append(profile)
        yield (
            "Who is beaten: the lower end of our interval is above what the other finds, at "
            f"{JUDGED[0]} and at {JUDGED[1]} alerts a month, in the main world and in {WINS_NEEDED} others at least."
        )
        yield from table(["", "other", f"main, {JUDGED[0]}", f"main, {JUDGED[1]}", "other worlds, both", "beaten"], rows)
        left = "; ".join(f"{other} ({', '.join(profiles)})" for other, profiles in standing.items())
        yield f"**Not beaten by this measure: {left}.**\n" if left else "All are beaten by this measure.\n"

    def rules(self) -> Iterator[str]:
        rows: dict[str, list[object]] = {}
        for place, profile in enumerate(MAIN):
            for told, figures in (("alert", rule_figures), ("digest", digest_figures)):
                for one in figures(self.live(profile)):
                    row = rows.setdefault(f"`{one.rule}`, {told}", ["–"] * 4)
                    row[place], row[2 + place] = f"{one.false:.2f} ({one.alone:.2f})", f"{one.found:.2f}"
        heads = [*MAIN, *(f"troubles found, {profile}" for profile in MAIN)]
        yield from table(["rule", *heads], [[name, *cells] for name, cells in rows.items()])

    def budgets(self) -> Iterator[str]:
        for profile, one in self.main.items():
            rows = [
                [name, *(one.sensitivity(name, budget) for budget in BUDGETS), *(one.false(name, b) for b in JUDGED)]
                for name in (OURS, *BASELINES)
            ]
            heads = [f"{budget:.2f} alerts" for budget in BUDGETS] + [f"false a year, {b:.2f}" for b in JUDGED]
            yield f"**{profile.capitalize()}**"
            yield from table(["", *heads], rows)

    def usual(self) -> Iterator[str]:
        rows = []
        for profile, one in self.main.items():
            for name, (limit, at) in USUAL.items():
                curve = one.curves[name]
                kinds = " / ".join(f"{kind[0, at]:.2f}" for kind in curve.by_trouble)
                points = [curve.at(at, what) for what in (curve.alerts, curve.sensitivity, curve.false)]
                rows.append([profile, name, limit, *points, kinds])
        yield from table(["", "", "limit", "alerts a month", "found", "false a year", " / ".join(TROUBLES)], rows)

    def delays(self) -> Iterator[str]:
        rows = []
        for profile, one in self.main.items():
            for name in (OURS, *BASELINES[1:]):
                at = SHIPPED if name == OURS else one.curves[name].nearest(one.curves[OURS].alerts[0, SHIPPED])
                cells = []
                for kind in range(len(TROUBLES)):
                    sent, answered = quantiles(one.found.late[name], at, kind)
                    found = one.curves[name].by_trouble[kind][0, at]
                    cells.append(f"{sent} ({answered}); {1 - found:.2f}")
                rows.append([profile, name, *cells])
        yield from table(["", "", *TROUBLES], rows)

    def subgroups(self) -> Iterator[str]:
        rows = []
        for profile in MAIN:
            live = self.live(profile)
            for name, where in parts(live):
                one = live_point(live, self.size.draws, where)
                rows.append([profile, name, one.alerts, one.sensitivity, one.false])
            five = self.others[profile, "five steps"].curves[OURS]
            figures = (five.at(SHIPPED, what) for what in (five.alerts, five.sensitivity, five.false))
            rows.append([profile, "five buttons", *figures])
        yield from table(["", "", "alerts a month", "found", "false a year"], rows)

    def worlds(self) -> Iterator[str]:
        for budget in JUDGED:
            rows = []
            for (profile, name), one in self.others.items():
                others = [
                    f"{one.sensitivity(other, budget).value:.2f}{'' if one.beats(other, budget) else ' *'}"
                    for other in BASELINES
                ]
                rows.append([profile, name, one.sensitivity(OURS, budget), *others])
            yield f"At {budget} alerts a month; a star: not beaten."
            yield from table(["", "world", OURS, *BASELINES], rows)
        yield "As shipped, in the other worlds:"
        rows = []
        for (profile, name), one in self.others.items():
            ours = one.curves[OURS]
            rows.append(
                [profile, name, *(ours.at(SHIPPED, what) for what in (ours.alerts, ours.sensitivity, ours.false))]
            )
        yield from table(["", "world", "alerts a month", "found", "false a year"], rows)

    def honesty(self) -> Iterator[str]:
        asked = [("main", honesty) for honesty in HONESTY] + [("contrary", 1.0)]
        rows = []
        for profile in MAIN:
            for name, honesty in asked:
                live = self.live(profile, name, honesty)
                one = live_point(live, self.size.draws)
                silence = live_point(live, self.size.draws, also=live.digest.get("silence"))
                said = f"{honesty:.2f}" if name == "main" else "the wrong way round"
                rows.append([profile, said, one.alerts, one.sensitivity, one.false, silence.sensitivity])
        yield from table(
            [
                "",
                "answered truthfully",
                "alerts a month",
                "found",
                "false a year",
                "found, silence in the digest counted",
            ],
            rows,
        )

    def leaving(self) -> Iterator[str]:
        rows = []
        for profile in MAIN:
            for left, said in (("faded", "faded"), ("abrupt", "left without a sign"), ("", "stayed as planned")):
                many, alerted, silent = near_the_end(self.live(profile), left)
                rows.append([profile, said, many, f"{alerted:.2f}", f"{silent:.2f}"])
        yield from table(["", "", "clients", "an alert", "a line of `silence`"], rows)

    def text(self) -> str:
        """The whole page."""
        clients = (
            f"{self.size.main:,} clients in each main world, {self.size.others:,} in each other, seed `{self.size.seed}`"
        )
        quiet = " and ".join(f"{years(self.live(profile)):,.0f}" for profile in MAIN)
        blocks = [
            HEAD,
            "## In short\n",
            *self.short(),
            f"({clients}; {quiet} client-years without trouble.)\n",
            (HERE / "page.md").read_text("utf-8"),
            "Other worlds, never used for choosing numbers:\n",
            *(f"- **{name}**: {means}." for name, means in OTHERS.items()),
            "\n## How much is found at which cost\n",
            "![Share of troubles found against alerts a month](signals-benchmark-budget.png)\n",
            "Share of troubles found when the limit is set for so many alerts per client and month:\n",
            *self.budgets(),
            "At the limits that they are published with:\n",
            *self.usual(),
            "## How late\n",
            "![Share found against check-ins since it began](signals-benchmark-delay.png)\n",
            DELAYS,
            *self.delays(),
            "## Who is served less well\n",
            "As shipped, over the sessions of that group (a trouble counts where it began in one):\n",
            *self.subgroups(),
            "## Other worlds\n",
            *self.worlds(),
            "## Direct questions and silence on top\n",
            QUESTIONS,
            *self.honesty(),
            "## Leaving\n",
            "In the last four sessions before the end (those who stayed are the measure of chance):\n",
            *self.leaving(),
            (HERE / "remarks.md").read_text("utf-8"),
        ]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(blocks)).rstrip() + "\n"

    def write(self, docs: Path) -> None:
        """The page and its pictures."""
        pictures.budgets(self.main, docs / "signals-benchmark-budget.png")
        pictures.delays(self.main, docs / "signals-benchmark-delay.png")
        (docs / "signals-benchmark.md").write_text(self.text(), "utf-8")


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """As Markdown, an empty line before and after."""
    lines = [heads, ["---"] * len(heads), *rows]
    yield "\n" + "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def verdict(one: Point, profile: str) -> str:
    """Is the aim reached, all three parts of it? Surely so only where the whole intervals do it."""
    if not _meets(profile, one.sensitivity.value, one.false.value, one.alerts.value):
        return "missed"
    surely = _meets(profile, one.sensitivity.low, one.false.high, one.alerts.high)
    return "met" if surely else "by the middle figure only"


def _meets(profile: str, found: float, false: float, alerts: float) -> bool:
    return found >= FLOOR[profile] and false <= MOST_FALSE and alerts <= MOST_ALERTS


def yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
