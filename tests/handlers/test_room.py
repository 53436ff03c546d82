"""What is too long for one message of Telegram's: what is left out, and that it is said."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.actions.people import texts
from bot.domain.words import Facts
from bot.texts import html, seen
from handlers.routes import VIEWS
from handlers.views.room import Block, as_many, fitted
from handlers.views.screen import Voice
from tests.support.plans import a_plan

NOW = "2026-05-12T15:00:00+01:00"
CHART: Facts = {
    "start": "2026-04-01",
    "end": "2026-05-12",
    "about": None,
    "usual": 8.0,
    "spread": 1.0,
    "low": None,
    "lines": {"bond": [["2026-05-01", 8.0], ["2026-05-08", 2.0]]},
    "gaps": [],
}


def voice(**changed: str) -> Voice:
    """With some texts as a service may word them, by key with `__` for the dots."""
    plan = a_plan()
    own = {"en": {key.replace("__", "."): text for key, text in changed.items()}}
    return Voice(texts().for_language("en", own, zone=ZoneInfo("Europe/London"), place=plan.service.place), plan)


def report(workers: int) -> Facts:
    counts = ("joined", "clients", "answered", "sent", "missed_by_us", "alerts", "high", "medium", "low", "open", "taken")
    caseloads: list[Any] = [
        {"name": f"Bartholomew Featherstonehaugh {n}", "clients": 12, "alerts": 3, "floor": 5} for n in range(workers)
    ]
    zero = dict.fromkeys((*counts, "in_time", "late", "waiting", "talked", "better", "not_yet", "no_answer"), 0)
    return {**zero, "since": NOW, "half_within": None, "caseloads": caseloads}


def client(**more: Any) -> Facts:
    said: list[Any] = [{"text": "steady_then_step", "n": 6, "usual": 8.0}]
    return {
        "ref": "R-118",
        "client": "0123456789abcdef",
        "status": "joined",
        "asking": "on",
        "next": NOW,
        "answers": [{"construct": "bond", "value": 2.0, "day": NOW}],
        "picture": said,
        "chart": CHART,
        "says_little": True,
        **more,
    }


def test_the_report_of_a_large_service_fits_and_says_how_many_caseloads_it_leaves_out() -> None:
    text = seen(VIEWS["manager.report"](report(120), voice()).text)
    shown = text.count("Bartholomew")
    assert 3900 < len(text) <= 4096
    assert f"{120 - shown} more caseloads don't fit in here; checkin-bot report shows all." in text
    assert text.endswith("A small caseload is not shown.")


def test_the_report_of_a_small_one_leaves_nothing_out() -> None:
    text = seen(VIEWS["manager.report"](report(12), voice()).text)
    assert text.count("Bartholomew") == 12
    assert "more caseload" not in text


def test_words_about_a_client_that_have_no_room_under_the_chart_come_without_it() -> None:
    """Telegram takes 1,024 letters under a picture; a service's own texts may need more."""
    short = VIEWS["worker.client"](client(), voice())
    assert short.chart is not None
    long = VIEWS["worker.client"](client(), voice(worker__client__low_information="{ref}: " + "please ask " * 100))
    assert long.chart is None
    assert seen(long.text).startswith("R-118 · no answer yet\n")
    assert len(seen(long.text)) > 1024


def test_a_view_of_a_client_is_never_longer_than_a_message() -> None:
    long = VIEWS["worker.client"](client(), voice(worker__client__low_information="{ref}: " + "please ask " * 400))
    assert len(seen(long.text)) <= 4096
    assert seen(long.text).endswith("There isn't room for more here.")


def test_a_caseload_in_a_service_s_own_long_words_fits_and_says_how_many_are_left() -> None:
    clients: list[Any] = [{"ref": f"R-{n}", "status": "joined", "asking": "on"} for n in range(30)]
    facts: Facts = {"clients": clients, "covered": [{"ref": "R-9", "name": "Kim"}], "of": 30, "first": True}
    text = seen(VIEWS["worker.caseload"](facts, voice(worker__caseload__no_answer_yet="no answer yet " * 15)).text)
    left = 31 - text.count(" · no answer")
    assert len(text) <= 4096
    assert text.endswith(f"{left} more don't fit in here: /client and the ref.")


def test_covered_clients_stand_below_the_name_of_the_one_who_is_away() -> None:
    covered: list[Any] = [{"ref": f"R-{n}", "name": "Kim" if n < 2 else "Bo"} for n in range(3)]
    facts: Facts = {"clients": [], "covered": covered, "of": 1, "first": False}
    text = seen(VIEWS["worker.caseload"](facts, voice()).text)
    assert text == ("Covered for Kim · open alerts only\nR-0\nR-1\n\nCovered for Bo · open alerts only\nR-2")


def test_what_can_be_spared_goes_first_and_it_is_said() -> None:
    parts = [Block("a" * 10), Block("b" * 10, 1), Block("c" * 10, 2)]
    assert fitted(parts, 34, html("…")) == f"{'a' * 10}\n\n{'b' * 10}\n\n{'c' * 10}"
    assert fitted(parts, 33, html("…")) == f"{'a' * 10}\n\n{'b' * 10}\n\n…"


@pytest.mark.parametrize(("most", "said"), [(5, "a\nb\nc"), (4, "a\n+2"), (3, "+3")])
def test_rows_are_shown_from_the_first_on(most: int, said: str) -> None:
    assert as_many([html(one) for one in "abc"], most, lambda n: html(f"+{n}")) == said
