"""What a client reads after a low answer, when it has been picked up, and when asked whether it helped."""

from collections.abc import Mapping
from typing import Any

from bot.domain.words import Facts
from bot.texts import Html, blocks
from handlers.verbs import AGAIN, FOLLOW_UP, SHARE, UNDO
from handlers.views.screen import Rows, Screen, View, Voice, button


def _known(facts: Facts) -> dict[str, Any]:
    return {"worker": facts.get("worker"), "manager": facts.get("manager"), "day": facts.get("day")}


def ask(facts: Facts, voice: Voice) -> Screen:
    """How shall the worker hear about it? The same after every low answer; the numbers are not repeated.

    `said`: `ask` at first, `undone` after *Undo*, `no_tap` once the worker has been told as much as no tap allows.
    """
    names = ("tell", "myself", "someone_else") if facts.get("offers_other") else ("tell", "myself")
    rows = tuple(
        (button(voice.say.plain(f"client.sharing.buttons.{one}", **_known(facts)), SHARE, str(facts["check_in"]), one),)
        for one in names
    )
    return Screen(voice.say(f"client.sharing.{facts['said']}", **_known(facts)), rows)


def chosen(facts: Facts, voice: Voice) -> Screen:
    """What was chosen, with *Undo* for a minute."""
    rows: Rows = ()
    if facts.get("undo"):
        rows = ((button(voice.say.plain("client.sharing.buttons.undo"), UNDO, str(facts["check_in"])),),)
    return Screen(blocks(_said(facts, voice), None if facts.get("undo") else _add(facts, voice)), rows)


def _said(facts: Facts, voice: Voice) -> Html:
    wish = facts["wish"]
    if wish == "tell":
        if facts.get("is_today"):
            return voice.say("client.sharing.told_today", **_known(facts))
        if facts.get("next_in"):
            return voice.say("client.sharing.told_next_in", worker=facts.get("worker"), day=facts["next_in"])
        return voice.say("client.sharing.told", **_known(facts))
    slipped = "_slipped" if facts.get("slipped") else ""
    return voice.say(f"client.sharing.{wish}{slipped}", **_known(facts))


def _add(facts: Facts, voice: Voice) -> Html | None:
    """Where other people see the phone, no writing is asked for."""
    if facts.get("quiet"):
        return None
    return voice.say("client.thanks.add", worker=facts.get("worker"), hours=voice.plan.calendar.working)


def picked_up(facts: Facts, voice: Voice) -> Screen:
    """A soundless edit of the thanks."""
    by = facts.get("by")
    said = (
        voice.say("client.thanks.picked_up_other", by=by, worker=facts.get("worker"))
        if by
        else voice.say("client.thanks.picked_up", worker=facts.get("worker"))
    )
    return Screen(blocks(voice.say("client.thanks.done"), said))


def follow(facts: Facts, voice: Voice) -> Screen:
    """Was it talked about, how is it now, what would you like; and what is said at the end."""
    page = facts["page"]
    text = voice.say(f"client.follow.{page}", **_known(facts))
    names: tuple[str, ...] = {"ask": ("better", "still_there", "not_yet", "skip")}.get(str(page), ())
    if page == "wish":
        names = ("try_again", "someone_else", "leave_it") if facts.get("offers_other") else ("try_again", "leave_it")
    if page == "how_now":
        return Screen(text, _numbers(str(facts["alert"])))
    rows = tuple(
        (button(voice.say.plain(f"client.follow.buttons.{one}", **_known(facts)), FOLLOW_UP, str(facts["alert"]), one),)
        for one in names
    )
    return Screen(text, rows)


def _numbers(alert: str) -> Rows:
    buttons = [button(str(n), FOLLOW_UP, alert, n) for n in range(11)]
    return (tuple(buttons[:6]), tuple(buttons[6:]))


def after_crisis(facts: Facts, voice: Voice) -> Screen:
    """Only once a person has been in touch."""
    names = ("yes", "week", "no_more")
    rows = tuple((button(voice.say.plain(f"client.after_crisis.buttons.{one}"), AGAIN, one),) for one in names)
    return Screen(voice.say("client.after_crisis.text"), rows)


VIEWS: Mapping[str, View] = {
    "client.sharing": ask,
    "client.sharing_chosen": chosen,
    "client.thanks_picked_up": picked_up,
    "client.followup": follow,
    "client.after_crisis": after_crisis,
}
