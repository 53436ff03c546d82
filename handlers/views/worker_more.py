"""What stands behind the buttons of an alert: choices, the whole card with its repair card, lines for the notes."""

from collections.abc import Mapping
from typing import Any

from bot.domain.words import Facts
from bot.texts import Html, lines
from handlers.verbs import ACT, HOLD, MORE
from handlers.views.pictures import in_words
from handlers.views.room import MESSAGE, Block, fitted
from handlers.views.screen import Button, Rows, Screen, View, Voice, button
from handlers.views.worker_alerts import (
    changed,
    more_reasons,
    nothing_to_show,
    others,
    reason,
    says_little,
    supervision,
    sure,
    tapped,
    their_wish,
    words_of,
)


def more(facts: Facts, voice: Voice) -> Screen:
    """`more`, `why_not`, `pass` or `in_touch`: choices in a message of their own, gone once one is made."""
    page, ref = facts["page"], facts["ref"]
    if page == "why_not":
        return Screen(voice.say("worker.more.why_not"), _why_rows(facts, voice))
    if page == "pass":
        found: Any = facts["to"]
        key = "worker.more.pass_to" if found else "worker.more.pass_to_nobody"
        return Screen(voice.say(key, ref=ref) if found else voice.say(key), _pass_rows(facts, voice))
    if page == "in_touch":
        return Screen(voice.say("worker.danger.in_touch_ask", ref=ref), _touch_rows(facts, voice))
    return Screen(voice.say("worker.more.text", ref=ref), _more_rows(facts, voice))


def _act(facts: Facts, voice: Voice, key: str, *args: str, **quoted: Any) -> Any:
    return button(voice.say.plain(key, **quoted), ACT, str(facts["alert"]), *args)


def _more_rows(facts: Facts, voice: Voice) -> Rows:
    alliance, base = facts["kind"] == "alliance", "worker.alert.buttons"
    rows: list[Any] = []
    if alliance:
        tomorrow = _act(facts, voice, f"{base}.tomorrow", "later", "tomorrow", when=facts["tomorrow"])
        rows.append((tomorrow, _act(facts, voice, f"{base}.next_meeting", "later", "meeting")))
        rows.append(
            (_act(facts, voice, f"{base}.not_a_concern", "why_not"), _act(facts, voice, f"{base}.pass_to", "pass"))
        )
    else:
        rows.append((_act(facts, voice, f"{base}.pass_to", "pass"),))
    if facts.get("may_look") and facts["kind"] != "someone_else":
        whole = _act(facts, voice, f"{base}.whole_card", "whole")
        rows.append((whole, _act(facts, voice, f"{base}.notes_line", "notes")))
    if alliance:
        rows.append((_act(facts, voice, f"{base}.hold", "hold"),))
    rows.append((_act(facts, voice, f"{base}.back", "close"),))
    return tuple(rows)


def _why_rows(facts: Facts, voice: Voice) -> Rows:
    why = ("known", "mistake", "not_us", "other")
    rows = [(_act(facts, voice, f"worker.more.buttons.{one}", "not", one),) for one in why]
    return (*rows, (_act(facts, voice, "worker.more.buttons.back", "more"),))


def _pass_rows(facts: Facts, voice: Voice) -> Rows:
    found: Any = facts["to"]
    key = "worker.alert.buttons.pass_to_name"
    rows = [(_act(facts, voice, key, "to", one["id"], name=one["name"]),) for one in found]
    return (*rows, (_act(facts, voice, "worker.more.buttons.back", "more"),))


def _touch_rows(facts: Facts, voice: Voice) -> Rows:
    yes = _act(facts, voice, "worker.danger.buttons.yes", "touched")
    return ((yes, _act(facts, voice, "worker.danger.buttons.not_yet", "close")),)


def useful(facts: Facts, voice: Voice) -> Screen:
    """Asked once, after *We talked*."""
    rows = [
        (_act(facts, voice, f"worker.useful.buttons.{one}", "use", one),) for one in ("useful", "knew", "not_concern")
    ]
    return Screen(voice.say("worker.useful.ask", ref=facts["ref"]), tuple(rows))


REPAIR = ("title", "open_with", "then", "if_quiet", "if_angry", "if_not_theirs", "if_logistics", "avoid")


def whole(facts: Facts, voice: Voice) -> Screen:
    """All reasons, all words, and the repair card."""
    reasons: Any = facts.get("reasons") or ()
    about, softened = str(facts["repair"]), bool(facts.get("softened"))
    kind = about if voice.say.has(f"worker.repair.{about}.title") else "general"
    keys = [f"worker.repair.{kind}.{one}" for one in REPAIR]
    repair = lines(*(voice.say(key) for key in keys if voice.say.has(key)))
    picture = in_words(facts, voice)
    parts = [
        Block(voice.say("worker.alert.head_softened" if softened else "worker.alert.head", ref=facts["ref"])),
        Block(nothing_to_show(facts, voice) if softened else None),
        *(Block(reason(one, facts, voice)) for one in reasons),
        Block(changed(facts, voice)),
        Block(others(facts, voice)),
        Block(voice.say("worker.alert.picture", facts=picture) if picture else None),
        Block(says_little(facts, voice)),
        Block(words_of(facts, voice, "worker.alert.their_words_all"), 1),
        Block(their_wish(facts, voice)),
        Block(sure(facts, voice) if facts.get("sure") else None),
        Block(supervision(facts, voice)),
        Block(repair),
        Block(voice.say("worker.repair.ending")),
        Block(voice.say("worker.alert.discreet.shown_until", when=facts["until"])),
    ]
    rows = ((_choices(facts, voice),),) if facts.get("offers_more") else ()
    return Screen(fitted(parts, MESSAGE, more_reasons(voice)), rows, protected=True)


def _choices(facts: Facts, voice: Voice) -> Button:
    """*More*, where the line that is safe on a lock screen has *Show* in its place."""
    return button(voice.say.plain("worker.alert.buttons.more"), MORE, str(facts["alert"]))


def cleared(facts: Facts, voice: Voice) -> Screen:
    row = (button(voice.say.plain("worker.alert.buttons.show"), ACT, str(facts["alert"]), "whole"),)
    return Screen(voice.say("worker.alert.discreet.cleared", ref=facts["ref"]), (row,))


def notes(facts: Facts, voice: Voice) -> Screen:
    """Copyable lines for the care record."""
    found: Any = facts["lines"]
    said = [_note(one, facts, voice) for one in found] or [voice.say("worker.notes.asked", day=facts["raised"])]
    if facts.get("taken"):
        said.append(voice.say("worker.notes.picked_up", when=facts["taken"]))
    if facts.get("talked"):
        said.append(voice.say("worker.notes.talked", when=facts["talked"]))
    return Screen(lines(*said), protected=False)


def _note(one: Mapping[str, Any], facts: Facts, voice: Voice) -> Html:
    if not one["on_scale"] or not isinstance(one["value"], int | float):
        return _noticed(one, facts, voice)
    about = voice.say.plain(f"worker.notes.about.{one['construct']}")
    if one["usual"] is None:
        return voice.say("worker.notes.answer_new", day=one["day"], about=about, value=one["value"])
    return voice.say("worker.notes.answer", day=one["day"], about=about, value=one["value"], usual=one["usual"])


def _noticed(one: Mapping[str, Any], facts: Facts, voice: Voice) -> Html:
    """What is no answer from 0 to 10: a button that they tapped, something that happened, or that they asked to talk."""
    about = tapped(one, facts, voice)
    for key in (f"worker.notes.{one['rule']}", "worker.notes.said"):
        if voice.say.has(key) and (about or key != "worker.notes.said"):
            return voice.say(key, day=one["day"], n=one["value"], **about)
    return voice.say("worker.notes.asked", day=one["day"])


# ---------------------------------------------------------------- gone quiet, held


def silence(facts: Facts, voice: Voice) -> Screen:
    """Four in a row without a tap."""
    say, client = voice.say.plain, str(facts["client"])
    row = (
        button(say("worker.hold.buttons.write_again"), HOLD, client, "again"),
        button(say("worker.hold.buttons.hold"), HOLD, client, "hold"),
    )
    return Screen(voice.say("worker.silence.text", ref=facts["ref"], n=facts["n"]), (row,))


def held(facts: Facts, voice: Voice) -> Screen:
    row = (button(voice.say.plain("worker.hold.buttons.write_again"), HOLD, str(facts["client"]), "again"),)
    return Screen(voice.say("worker.hold.held", ref=facts["ref"]), (row,))


VIEWS: Mapping[str, View] = {
    "worker.more": more,
    "worker.useful": useful,
    "worker.whole_card": whole,
    "worker.cleared": cleared,
    "worker.notes": notes,
    "worker.silence": silence,
    "worker.held": held,
}
