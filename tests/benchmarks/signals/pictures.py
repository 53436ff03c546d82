"""The two pictures of the page."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tests.benchmarks.signals.scoring import TROUBLES
from tests.benchmarks.signals.trial import OURS, SHIPPED
from tests.benchmarks.signals.verdicts import FLOOR, MOST_ALERTS, World

PAPER, INK = "#FBFAF7", "#3A4048"
COLOURS = {
    OURS: "#17677D",
    "CUSUM alone": "#B27D1E",
    "EWMA": "#7A5C99",
    "drop from last": "#8A8F3C",
    "level": "#B5654A",
    "control chart": "#6B7F8C",
    "random": "#B9B6AE",
}
BY_TROUBLE = ("#17677D", "#B27D1E", "#7A5C99")
FOUND = (0, 0.85)


def budgets(worlds: Mapping[str, World], path: Path) -> None:
    """Share of troubles found against alerts a month, each detector one line; the dot is what is shipped."""
    sheet, panels = _sheet(len(worlds))
    for axes, (profile, world) in zip(panels, worlds.items(), strict=True):
        for name, colour in COLOURS.items():
            one = world.curves[name]
            order = np.argsort(one.alerts[0], kind="stable")
            x, y = one.alerts[0][order], one.sensitivity[:, order]
            axes.plot(
                x, y[0], color=colour, linewidth=2.4 if name == OURS else 1.3, label=name, zorder=3 - (name != OURS)
            )
            if name == OURS:
                low, high = np.percentile(y[1:], (2.5, 97.5), axis=0)
                axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
                axes.plot(one.alerts[0, SHIPPED], one.sensitivity[0, SHIPPED], "o", color=colour, markersize=7, zorder=4)
        axes.plot([0, MOST_ALERTS], [FLOOR[profile]] * 2, color=INK, linewidth=0.8, linestyle=":")
        axes.axvline(MOST_ALERTS, color=INK, linewidth=0.8, linestyle=":")
        axes.set(xlim=(0, 0.5), ylim=FOUND, title=profile, xlabel="alerts per client and month, false ones included")
    panels[0].set_ylabel("share of troubles found in time")
    panels[0].legend(frameon=False, fontsize=8, loc="lower right")
    _print(sheet, path)


def delays(worlds: Mapping[str, World], path: Path) -> None:
    """How many of each kind have been found after so many check-ins, at the shipped setting. What never comes up to 1 was
    missed."""
    sheet, panels = _sheet(len(worlds))
    for axes, (profile, world) in zip(panels, worlds.items(), strict=True):
        late, episodes = world.found.late[OURS], world.found.counts[OURS].episodes.sum(axis=0)
        for kind, colour in enumerate(BY_TROUBLE):
            share = np.cumsum(late.sent[kind, :, SHIPPED]) / max(1, episodes[kind])
            axes.step(range(len(share)), share, where="post", color=colour, linewidth=2, label=TROUBLES[kind])
        axes.set(xlim=(0, 8.5), ylim=FOUND, title=profile, xlabel="check-ins sent since it began, before the alert's own")
    panels[0].set_ylabel("share found by then")
    panels[0].legend(frameon=False, fontsize=8, loc="lower right")
    _print(sheet, path)


def _sheet(panels: int):
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(10, 4.2), dpi=110, facecolor=PAPER, layout="constrained")
    found = sheet.subplots(1, panels, sharey=True, squeeze=False)[0]
    for axes in found:
        axes.set_facecolor(PAPER)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    return sheet, found


def _print(sheet, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(sheet).print_png(str(path), metadata={"Software": None})
