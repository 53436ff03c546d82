"""Every rule that can raise an alert, run on real answers: what the worker reads are the very numbers of the export."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import bank
from bot.actions import alerts, goals
from bot.actions.desk import Desk
from bot.actions.people import texts
from bot.domain.plan import Plan
from bot.domain.signals.catalogue import RULES
from bot.domain.words import Tier
from bot.texts import seen
from handlers import routes
from handlers.views.screen import Voice
from handlers.views.worker_alerts import reason
from tests.support.checkins import plan_for
from tests.support.exports import export
from tests.support.plans import TWICE_A_WEEK, a_plan
from tests.support.stories import World, a_world, earlier_answers

pytestmark = pytest.mark.slow

STEADY = [(8.0, 8.0, 8.0)] * 6
THREE = ("B1", "G1", "T1")
DAY = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{1,2} [A-Z][a-z]{2}\b")
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def asking(*questions: str, urgent: bool = False) -> Plan:
    """The shipped questions, these in this order; the worker is told at once."""
    plan = a_plan(bank=bank.shipped(), schedules=(replace(TWICE_A_WEEK, questions=questions, max_questions=4),))
    told = replace(plan.alerts, ask_client_first=False)
    return replace(plan, alerts=told, service=replace(plan.service, silence_is_urgent=urgent))


async def story(
    desk: Desk, plan: Plan, earlier: list[tuple[float, ...]], *said: tuple[object, ...], **of_client: Any
) -> World:
    """Earlier answers to the three, then check-ins that the client answers by tapping: numbers, or ids of options."""
    desk.plan = plan
    world = await a_world(desk, earlier=0)
    await earlier_answers(desk, world.client, earlier)
    if of_client:
        async with desk.turn() as turn:
            await turn.m.people.change_client(world.client.id, **of_client)
    for answers in said:
        await answered(world, answers)
    return world


async def answered(world: World, answers: tuple[object, ...]) -> None:
    """The client's next check-in, answered by tapping, and what comes of it."""
    check_in = await world.asked()
    for item, one in enumerate(answers):
        value = f"={one}" if isinstance(one, str) else str(one)
        await world.alex.taps_data(f"1:a:{check_in.id}:{item}:{value}")
        assert world.alex.refused is None
    await world.loops()


def tapped(question: str, said: object) -> Callable[[Desk], Awaitable[World]]:
    return lambda desk: story(desk, asking(*THREE, question), STEADY, (8, 8, 8, said))


async def goal_not_mine(desk: Desk) -> World:
    world = await story(desk, asking(*THREE, "G2"), STEADY)
    async with desk.turn() as turn:
        await goals.add(turn, world.client, "see my sister")
    await answered(world, (8, 8, 8, "no"))
    return world


async def low_intent(desk: Desk) -> World:
    meets = desk.clock.now() + timedelta(days=30)
    four = [(8, 8, 8, likely) for likely in (9, 9, 8, 2)]
    return await story(desk, asking(*THREE, "E1"), STEADY, *four, next_session=meets)


async def slide(desk: Desk) -> World:
    down = [(8.5, 8.5, 8.5)] * 8 + [(7.5, 7.5, 7.5)] * 2 + [(7.0, 7.0, 7.0)] * 2 + [(6.5, 6.5, 6.5)] * 2
    return await story(desk, asking(*THREE), down, (6, 6, 6))


async def asked_to_talk(desk: Desk) -> World:
    world = await story(desk, asking(*THREE), STEADY)
    async with desk.turn() as turn:
        await alerts.raise_talk(turn, world.client, "how")
    await world.settle()
    return world


async def missed_sessions(desk: Desk) -> World:
    world = await story(desk, asking(*THREE), STEADY)
    for said in ("/met R-118", "/missed R-118", "/missed R-118"):
        await world.sam.types(said)
        await world.pass_time(days=7)
    return world


async def not_repaired(desk: Desk) -> World:
    world = await story(desk, asking(*THREE), STEADY, (2, 8, 8))
    await world.sam.taps("We talked")
    await world.pass_time(hours=24)
    await world.alex.taps("Yes, and it's better")
    await world.alex.taps("5")
    for _ in range(2):
        await world.low(7, 7, 7)
    return world


async def silence(desk: Desk) -> World:
    world = await story(desk, asking(*THREE, urgent=True), STEADY)
    for _ in range(4):
        await world.asked()
        await world.pass_time(hours=25)
    return world


async def blocked(desk: Desk) -> World:
    world = await story(desk, asking(*THREE, urgent=True), STEADY)
    assert await plan_for(desk, world.client)
    async with desk.turn() as turn:
        await routes.gone(turn, world.client.person, turn.now)
    await world.settle()
    return world


STORIES: dict[str, Callable[[Desk], Awaitable[World]]] = {
    "asked_to_talk": asked_to_talk,
    "said_stopping": tapped("E3", "yes"),
    "said_bothered": tapped("R1", "yes"),
    "said_worse": tapped("C1", "worse"),
    "goal_not_mine": goal_not_mine,
    "not_repaired": not_repaired,
    "low_intent": low_intent,
    "missed_sessions": missed_sessions,
    "item_low": lambda desk: story(desk, asking(*THREE), STEADY, (2, 8, 8)),
    "drop": lambda desk: story(desk, asking(*THREE), STEADY, (5, 6, 5)),
    "slide": slide,
    "steady_low": lambda desk: story(desk, asking(*THREE), [(3.0, 3.0, 3.0)] * 2, (3, 3, 3)),
    "first_low": lambda desk: story(desk, asking(*THREE, "R1"), [], (6, 6, 6, "yes")),
    "silence": silence,
    "blocked": blocked,
}
SHARES = ("silence", "missed_sessions")
"""Their usual is a share: said as so many in ten."""


def test_there_is_a_story_for_every_rule_that_can_raise_an_alert() -> None:
    loud = {name for name, rule in RULES.items() if rule.tier is Tier.ALERT}
    assert set(STORIES) == loud | {"first_low", "silence", "blocked"}


async def reason_on_card(world: World, rule: str) -> tuple[str, dict[str, Any]]:
    """The sentence of the newest card in which this rule spoke, and its facts."""
    for letter, screen in zip(reversed(world.sam.letters), reversed(world.sam.screens), strict=True):
        reasons: Any = letter.facts.get("reasons") or ()
        found = next((one for one in reasons if one["rule"] == rule), None)
        if found is not None:
            card = seen(screen.text).split("How sure.")[0]
            return said(world, found, letter.facts, card), found
    raise AssertionError(f"{rule} stands on no card: {[one.facts for one in world.sam.letters]}")


def said(world: World, found: dict[str, Any], facts: Any, card: str) -> str:
    """The sentence by itself; it stands on the card as it is."""
    say = texts().for_language("en", place=world.desk.plan.service.place)
    sentence = seen(reason(found, facts, Voice(say, world.desk.plan)))
    assert sentence in card
    return sentence


async def exported(world: World, rule: str) -> list[dict[str, Any]]:
    async with world.desk.glance() as m:
        client = json.loads(json.dumps(await export(m, "R-118")))["clients"][0]
    return [one for one in client["signals"] if one["rule"] == rule and one["severity"] == "medium"]


def written(number: float) -> str:
    """As texts write a number: one decimal at most."""
    return f"{round(number, 1):g}"


def numbers_of(rule: str, evidence: dict[str, Any]) -> set[str]:
    """Every number that the sentence may hold."""
    usual = evidence["usual"]
    told = [evidence["value"], *evidence["last_three"], *(evidence.get(name) for name in ("of", "best", "others"))]
    numbers = {written(one) for one in told if isinstance(one, int | float)} | {"10"}
    if usual is not None:
        numbers.add(str(round(usual * 10)) if rule in SHARES else written(usual))
    return numbers


@pytest.mark.parametrize("rule", STORIES)
async def test_what_the_card_says_is_what_the_export_holds(desk: Desk, rule: str) -> None:
    world = await STORIES[rule](desk)
    sentence, facts = await reason_on_card(world, rule)
    about = None if facts["construct"] == "together" else facts["construct"]
    evidence = next(one["evidence"] for one in await exported(world, rule) if one["construct"] == about)
    assert (facts["value"], facts["usual"], facts["last"]) == (
        evidence["value"],
        evidence["usual"],
        evidence["last_three"],
    )
    plain = DAY.sub("", sentence)
    assert set(NUMBER.findall(plain)) <= numbers_of(rule, evidence)
    if RULES[rule].on_scale:
        assert facts["construct"] != "together" or "together" in plain
        assert written(evidence["value"]) in NUMBER.findall(plain)
        usual, last = evidence["usual"], ", ".join(written(one) for one in evidence["last_three"])
        assert "Too few" in plain if usual is None else re.search(rf"Usual .*: about {written(usual)}\.", plain)
        assert (usual is None and rule != "steady_low") or f": {last}." in plain


async def test_a_card_has_three_reasons_at_most_and_new_evidence_of_the_week_edits_it(desk: Desk) -> None:
    world = await story(desk, asking(*THREE, "E3"), STEADY, (2, 2, 1, "no"))
    card = world.sam.letters[-1]
    assert len(await signals_of(world)) == 4  # three answers and the drop
    assert [one["rule"] for one in reasons(card)] == ["item_low"] * 3
    await world.sam.taps("I've got it")
    before = len([one for one in world.sam.letters if one.edits is None])
    await answered(world, (2, 2, 2, "yes"))
    edited = world.sam.letters[-1]
    assert edited.edits is not None
    assert len([one for one in world.sam.letters if one.edits is None]) == before
    assert len(await world.alerts()) == 1
    assert [one["rule"] for one in reasons(edited)] == ["said_stopping", "item_low", "item_low"]
    text = seen(world.sam.screens[-1].text)
    assert 'tapped "Yes"' in text


def reasons(letter: Any) -> list[dict[str, Any]]:
    return list(letter.facts["reasons"])


async def signals_of(world: World) -> list[Any]:
    async with world.desk.glance() as m:
        return await m.signals.of_alert((await world.alerts())[-1].id)
