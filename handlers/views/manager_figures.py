"""What a manager sees of the service as a whole: figures, and a rule that is worth another look."""

from collections.abc import Mapping
from typing import Any

from bot.domain.words import Facts
from bot.texts import Html, blocks, lines, seen
from handlers.views.room import MESSAGE, as_many
from handlers.views.screen import Screen, View, Voice

MINUTE, HOUR = 60, 3600


def report(facts: Facts, voice: Voice) -> Screen:
    """Figures only: no answers, and nothing about a small caseload."""
    f = dict[str, Any](facts)
    above = [*_counts(f, voice), _nothing_missed(f, voice), _useful(f, voice)]
    ratings = voice.say("manager.report.ratings", **f["ratings"]) if f.get("ratings") else None
    below = [ratings, voice.say("manager.report.footnote")]
    room = MESSAGE - len(seen(blocks(*above, *below))) - len("\n\n")
    return Screen(blocks(*above, _caseloads(f, voice, room), *below))


def _counts(f: Mapping[str, Any], voice: Voice) -> list[Html]:
    say = voice.say
    return [
        say("manager.report.head", day=f["since"]),
        lines(
            say("manager.report.clients", n=f["joined"], of=f["clients"]),
            say("manager.report.answered", n=f["answered"], of=f["sent"]),
            say("manager.report.missed_by_us", n=f["missed_by_us"]),
        ),
        lines(
            say("manager.report.alerts", n=f["alerts"], now=f["high"], today=f["medium"], softened=f["low"]),
            say("manager.report.picked_up", n=f["in_time"], of=f["taken"], half=_half(f, voice)) if f["taken"] else None,
            say("manager.report.open", n=f["open"]),
            say(
                "manager.report.talked",
                n=f["talked"],
                of=f["alerts"],
                better=f["better"],
                not_yet=f["not_yet"],
                no_answer=f["no_answer"],
            ),
        ),
    ]


def _useful(f: Mapping[str, Any], voice: Voice) -> str | None:
    """What staff said of the alerts, rule by rule."""
    rows = [
        voice.say("manager.report.useful", rule=_called(str(one["rule"]), voice), n=one["useful"], of=_all(one))
        for one in f.get("usefulness") or ()
    ]
    return lines(voice.say("manager.report.useful_head"), *rows) if rows else None


def _called(rule: str, voice: Voice) -> str:
    return voice.say.plain(f"manager.rules.{rule}")


def _all(one: Mapping[str, Any]) -> int:
    return int(one["useful"]) + int(one["knew"]) + int(one["not_concern"])


def _caseloads(f: Mapping[str, Any], voice: Voice, room: int) -> Html:
    """As many as fit: of all that stands here only these grow with the service."""
    rows = [_caseload(one, voice) for one in f.get("caseloads") or ()]
    return as_many(rows, room, lambda n: voice.say("manager.report.more_caseloads", n=n))


def _caseload(one: Mapping[str, Any], voice: Voice) -> Html:
    if one["alerts"] is not None:
        return voice.say("manager.report.caseload", name=one["name"], n=one["alerts"], of=one["clients"])
    what = "few" if one["clients"] < one["floor"] else "beside_few"
    return voice.say(f"manager.report.{what}", name=one["name"], floor=one["floor"])


def proposal(facts: Facts, voice: Voice) -> Screen:
    """A rule that is seldom useful: another number, what it would have changed, and where it is set."""
    say, f = voice.say, dict[str, Any](facts)
    rule = _called(f["rule"], voice)
    tried = None
    if "then" in f:
        now, then = f"{f['now']:g}", f"{f['then']:g}"
        tried = lines(
            say("manager.proposal.tried", name=f["name"], now=now, then=then, n=f["before"], lost=f["lost"]),
            say("manager.proposal.useful_lost", n=f["useful_lost"]),
            say("manager.proposal.how", rule=f["rule"], name=f["name"], then=then),
        )
    head = say("manager.proposal.text", rule=rule, n=f["n"], of=f["of"])
    return Screen(blocks(head, tried or say("manager.proposal.off", rule=f["rule"]), say("manager.proposal.yours")))


def _half(f: Mapping[str, Any], voice: Voice) -> str:
    seconds = f["half_within"]
    unit, size = ("hours", HOUR) if seconds >= HOUR else ("minutes", MINUTE)
    return voice.say.plain(f"manager.within.{unit}", n=max(1, round(seconds / size)))


def _nothing_missed(f: Mapping[str, Any], voice: Voice) -> Html | None:
    """Said only of what has been taken; what is still open and in time is neither."""
    base = "manager.nothing_missed"
    if not f["alerts"]:
        return voice.say(f"{base}.none", day=f["since"])
    missed = [voice.say(f"{base}.{what}", n=f[what], day=f["since"]) for what in ("late", "waiting") if f[what]]
    if missed:
        return lines(*missed)
    return voice.say(f"{base}.text", n=f["taken"], day=f["since"]) if f["taken"] else None


VIEWS: Mapping[str, View] = {"manager.report": report, "manager.proposal": proposal}
