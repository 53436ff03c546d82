"""Alerts under everything at once: taps, changed answers, undo, ticks, broken lines, dead chats, kills, in any order.

However it goes: nothing raised is ever stuck, nothing that somebody took goes on ringing, danger is one matter, and
what concerns the worker stays away from the worker. And in the end, when the line is good and nobody acts,
the last person on each ladder has been told.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.actions import alerts, answers, checkins, followup, handling, hold, ladder, matters, more, sharing
from bot.actions.desk import Turn
from bot.domain.alerts import OPEN, AlertState, Kind, Wish
from bot.domain.checkins import CheckIn, Item, State
from bot.domain.matters import URGENT, Alert
from bot.domain.people import Client, Person
from bot.ports import Unsure, Verdict
from handlers import routes
from storage import tables as t
from storage.tables import new_id
from tests.support.people import a_client, a_manager, a_worker
from tests.support.plans import a_plan
from tests.support.quarters import CERTAINLY_NOT, Quarters, Shown
from tests.support.stories import ITEMS, earlier_answers

pytestmark = pytest.mark.timeout(300)
STAFF = ("W-1", "W-2", "M-1", "M-2")
LOOPS = (checkins.evaluate_due, checkins.expire_due, ladder.escalate_due, followup.ask_clients_due)
MINUTES = (1, 10, 45, 121, 60 * 24, 60 * 24 * 3)
VALUES = st.sampled_from((0, 2, 8))
LONGEST_RUNG = timedelta(days=9)
"""Three working days, with a weekend and what the client is given to choose."""


class AlertMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.at = Quarters(a_plan())
        self.asked: list[str] = []

    def teardown(self) -> None:
        try:
            if self.asked or self.all_alerts():
                self.ends_well()
        finally:
            self.at.close()

    @initialize()
    def a_service(self) -> None:
        run, desk = self.at.run, self.at.desk
        worker = run(a_worker(desk))
        run(a_worker(desk, "W-2", "Kim", 2002))
        run(a_manager(desk))
        run(a_manager(desk, "M-2", "Ada", 3002))
        self.client_id = run(a_client(desk, worker)).id
        run(earlier_answers(desk, self.client, [(8, 8, 8)] * 6))

    # ------------------------------------------------------------ what there is

    @property
    def client(self) -> Client:
        async def read() -> Client | None:
            async with self.at.desk.glance() as m:
                return await m.people.client(self.client_id)

        found = self.at.run(read())
        assert found is not None
        return found

    def person(self, ref: str) -> Person:
        async def read() -> Person | None:
            async with self.at.desk.glance() as m:
                return await m.people.by_ref(ref)

        found = self.at.run(read())
        assert found is not None
        return found

    def all_alerts(self) -> list[Alert]:
        async def read() -> list[Alert]:
            async with self.at.desk.glance() as m:
                return await m.alerts.all_since()

        return self.at.run(read())

    def an_alert(self, which: int) -> str:
        found = self.all_alerts()
        return found[-1 - which % len(found)].id if found else "none"

    # ------------------------------------------------------------ the client

    @rule(values=st.tuples(VALUES, VALUES, VALUES), count=st.sampled_from((3, 3, 3, 1)))
    def answers_a_check_in(self, values: tuple[int, int, int], count: int) -> None:
        check_in_id = new_id()

        async def opened(turn: Turn) -> None:
            client = self.client_id
            one = CheckIn(
                id=check_in_id,
                client_id=client,
                worker_id=None,
                schedule="twice a week",
                local_date=turn.now.date(),
                slot=check_in_id,
                state=State.OPEN,
                items=tuple(Item(name) for name in ITEMS),
                planned_at=turn.now,
                sent_at=turn.now,
                expires_at=turn.now + timedelta(days=1),
            )
            await turn.m.checkins.add([one])

        self.at.act(opened)
        self.asked.append(check_in_id)
        for item, value in list(enumerate(values))[:count]:
            client = self.client
            self.at.act(partial(self.tap, client, check_in_id, item, value))

    async def tap(self, client: Client, check_in_id: str, item: int, value: int, turn: Turn) -> None:
        await answers.answer(turn, client, check_in_id, item, value)

    async def back(self, person: Person, turn: Turn) -> None:
        await routes.back(turn, person, turn.now)

    @rule(which=st.integers(0, 2), item=st.integers(0, 2), value=VALUES)
    def changes_an_answer(self, which: int, item: int, value: int) -> None:
        if self.asked:
            check_in_id, client = self.asked[-1 - which % len(self.asked)], self.client
            self.at.act(lambda turn: answers.answer(turn, client, check_in_id, item, value))

    @rule(which=st.integers(0, 2), wish=st.sampled_from((Wish.TELL, Wish.MYSELF, Wish.SOMEONE_ELSE)))
    def says_how_the_worker_shall_hear(self, which: int, wish: Wish) -> None:
        if self.asked:
            check_in_id, client = self.asked[-1 - which % len(self.asked)], self.client
            self.at.act(lambda turn: sharing.choose(turn, client, check_in_id, wish))

    @rule(which=st.integers(0, 2))
    def undoes(self, which: int) -> None:
        if self.asked:
            check_in_id, client = self.asked[-1 - which % len(self.asked)], self.client
            self.at.act(lambda turn: sharing.undo(turn, client, check_in_id))

    @rule(what=st.sampled_from(("talk", "danger", "harm", "someone else")))
    def says_something_urgent(self, what: str) -> None:
        client = self.client
        said = {
            "talk": lambda turn: alerts.raise_talk(turn, client, "how"),
            "danger": lambda turn: alerts.raise_danger(turn, client, frozenset({"self_harm"}), "typed:1"),
            "harm": lambda turn: alerts.raise_danger(turn, client, frozenset({"harm_by_others"}), "typed:2"),
            "someone else": lambda turn: alerts.raise_someone_else(turn, client),
        }
        self.at.act(said[what])

    @rule(which=st.integers(0, 2), said=st.sampled_from((*followup.SAID, *followup.WISHES, "feels")))
    def answers_afterwards(self, which: int, said: str) -> None:
        alert_id, client = self.an_alert(which), self.client
        if said == "feels":
            self.at.act(lambda turn: followup.feels(turn, client, alert_id, 3))
        elif said in followup.SAID:
            self.at.act(lambda turn: followup.answer(turn, client, alert_id, said))
        else:
            self.at.act(lambda turn: followup.wish(turn, client, alert_id, said))

    # ------------------------------------------------------------ staff

    @rule(
        which=st.integers(0, 2),
        ref=st.sampled_from(STAFF),
        does=st.sampled_from(("ack", "ack", "ack", "talked", "dismiss", "snooze", "pass", "in touch")),
        to=st.sampled_from(STAFF),
    )
    def somebody_acts(self, which: int, ref: str, does: str, to: str) -> None:
        alert_id, staff, to_id = self.an_alert(which), self.person(ref), self.person(to).id
        taps = {
            "ack": lambda turn: handling.acknowledge(turn, staff, alert_id),
            "talked": lambda turn: handling.talked(turn, staff, alert_id),
            "dismiss": lambda turn: handling.dismiss(turn, staff, alert_id, "known"),
            "snooze": lambda turn: more.snooze(turn, staff, alert_id, "tomorrow"),
            "pass": lambda turn: more.pass_on(turn, staff, alert_id, to_id),
            "in touch": lambda turn: hold.in_touch(turn, staff, alert_id),
        }
        self.at.act(taps[does])

    @rule(ref=st.sampled_from(STAFF))
    def somebody_blocks_the_bot(self, ref: str) -> None:
        """Nobody tells the bot: it finds out when it writes."""
        chat_id = self.person(ref).chat_id
        assert chat_id is not None
        self.at.dead.add(chat_id)

    @rule(ref=st.sampled_from(STAFF))
    def somebody_comes_back(self, ref: str) -> None:
        person = self.person(ref)
        assert person.chat_id is not None
        self.at.dead.discard(person.chat_id)
        self.at.act(lambda turn: routes.back(turn, person, turn.now))

    @rule(ref=st.sampled_from(("W-1", "W-2")))
    def somebody_else_is_the_worker_now(self, ref: str) -> None:
        worker = self.person(ref)

        async def reassigned(turn: Turn) -> None:
            await turn.m.people.assign(self.client_id, worker.id, turn.now)
            await matters.move(turn, self.client_id)

        self.at.act(reassigned)

    @rule(ref=st.sampled_from(STAFF), days=st.sampled_from((0, 2)))
    def somebody_is_away(self, ref: str, days: int) -> None:
        person = self.person(ref)
        self.at.act(lambda turn: turn.m.people.change(person.id, away_until=turn.now + timedelta(days=days)))

    # ------------------------------------------------------------ time and the line

    @rule(minutes=st.sampled_from(MINUTES))
    def time_passes(self, minutes: int) -> None:
        self.at.wait(minutes=minutes)
        self.at.look(*LOOPS)

    @rule()
    def the_line_is_good(self) -> None:
        self.at.carry()

    @rule()
    def something_is_on_its_way(self) -> None:
        self.at.claim()

    @rule(which=st.integers(0, 3))
    def something_arrives(self, which: int) -> None:
        if self.at.flights:
            flight = self.at.flights[which % len(self.at.flights)]
            self.at.settle(flight, self.at.arrive(flight))

    @rule(which=st.integers(0, 3), arrived=st.booleans())
    def nobody_knows_whether_it_arrived(self, which: int, arrived: bool) -> None:
        if self.at.flights:
            flight = self.at.flights[which % len(self.at.flights)]
            if arrived:
                self.at.arrive(flight)
            self.at.settle(flight, Unsure("reset"))

    @rule(which=st.integers(0, 3), verdict=st.sampled_from(CERTAINLY_NOT))
    def it_does_not_arrive(self, which: int, verdict: Callable[[], Verdict]) -> None:
        if self.at.flights:
            self.at.settle(self.at.flights[which % len(self.at.flights)], verdict())

    @rule()
    def the_process_dies(self) -> None:
        self.at.die()

    # ------------------------------------------------------------ what always holds

    @invariant()
    def always(self) -> None:
        every = self.all_alerts()
        self.nothing_raised_is_stuck(every)
        self.whoever_took_it_stops_the_clock(every)
        self.what_was_taken_rings_for_nobody_else(every)
        self.a_client_has_one_open_matter_of_a_kind(every)
        self.what_concerns_the_worker_stays_away_from_the_worker(every)

    def nothing_raised_is_stuck(self, every: list[Alert]) -> None:
        now = self.at.desk.clock.now()
        for alert in every:
            if alert.state is AlertState.RAISED:
                assert alert.ladder
                assert alert.step_due_at is not None, f"{alert.kind} is never looked at again"
                assert alert.step_due_at <= max(now, alert.goes_at) + LONGEST_RUNG

    def whoever_took_it_stops_the_clock(self, every: list[Alert]) -> None:
        for alert in every:
            assert alert.state is AlertState.RAISED or alert.step_due_at is None
            assert alert.is_open == (alert.closed_at is None) or alert.state in (
                AlertState.TALKED,
                AlertState.NOT_REPAIRED,
            )

    def what_was_taken_rings_for_nobody_else(self, every: list[Alert]) -> None:
        taken = {one.id: one for one in every if one.state is not AlertState.RAISED}
        guarded = sa.select(t.outbox).where(t.outbox.c.state == "waiting", t.outbox.c.guard == "holder")
        for row in self.at.read(guarded):
            alert = taken.get(row.alert_id)
            if alert is not None and alert.kind not in URGENT:
                assert alert.is_open, f"{row.kind} waits for an alert that is {alert.state}"
                assert row.person_id == alert.holder_id, f"{row.kind} waits for somebody who does not have it"

    def a_client_has_one_open_matter_of_a_kind(self, every: list[Alert]) -> None:
        kinds = [one.kind for one in every if one.state in OPEN]
        assert len(kinds) == len(set(kinds)), kinds

    def what_concerns_the_worker_stays_away_from_the_worker(self, every: list[Alert]) -> None:
        for alert in every:
            if alert.kind in (Kind.SOMEONE_ELSE, Kind.HARM):
                assert not {"W-1", "W-2"} & alert.reached

    # ------------------------------------------------------------ and in the end

    def ends_well(self) -> None:
        """The line is good, every chat gets through, nobody does anything: whoever is last hears of it."""
        self.at.dead.clear()
        for ref in STAFF:
            person = self.person(ref)
            self.at.act(partial(self.back, person))
        for _ in range(14):
            self.at.wait(days=3)
            self.at.look(*LOOPS)
            self.at.carry()
        for alert in self.all_alerts():
            if alert.state is AlertState.RAISED:
                assert alert.ladder[-1].ref == alert.holder_ref
                assert self.saw(self.person(alert.ladder[-1].ref), alert), f"{alert.kind} never reached the last one"
        self.nobody_is_told_anything_old()

    def saw(self, person: Person, alert: Alert) -> bool:
        surface = f"alert:{alert.id}"
        return any(shown.chat_id == person.chat_id and shown.surface == surface for shown in self.at.chats.values())

    def nobody_is_told_anything_old(self) -> None:
        """The card that the bot knows to stand says in which state the alert is."""
        for alert in self.all_alerts():
            for shown in self.known(alert):
                told = shown.facts.get("state")
                assert told is None or told == alert.state, f"{shown.kind} still says {told}: it is {alert.state}"

    def known(self, alert: Alert) -> list[Shown]:
        m = t.message.c
        rows = self.at.read(sa.select(t.message).where(m.surface == f"alert:{alert.id}", m.current.is_(True)))
        return [
            self.at.chats[row.chat_id, row.message_id] for row in rows if (row.chat_id, row.message_id) in self.at.chats
        ]


AlertMachine.TestCase.settings = settings(
    max_examples=6,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # making a failure smaller takes minutes; its steps are printed as they are
)
TestAlerts = AlertMachine.TestCase
