"""Check-ins under taps in any order, lost replies of Telegram, kills, breaks and the end of the window.

Every answer is kept once, no check-in has two messages with buttons that the bot knows of, and every one ends.
"""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.actions import answers, checkins, prompts
from bot.actions.desk import Turn
from bot.domain.checkins import ANSWERABLE
from bot.domain.people import Asking, Client
from bot.domain.schedules import Due
from bot.ports import Unsure
from storage import tables as t
from storage.timetable import Slot
from tests.support.people import a_client, a_worker
from tests.support.plans import a_plan
from tests.support.quarters import Quarters, Shown

pytestmark = pytest.mark.timeout(300)
LOOPS = (checkins.release_due, checkins.remind_due, checkins.evaluate_due, checkins.expire_due)


class CheckInMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.at = Quarters(a_plan())
        self.days = 0
        self.said: dict[tuple[str, int], list[float]] = {}
        """Check-in and item → what was tapped while it could be answered, without repeats."""

    def teardown(self) -> None:
        try:
            if self.days:
                self.ends_well()
        finally:
            self.at.close()

    @initialize()
    def a_service(self) -> None:
        worker = self.at.run(a_worker(self.at.desk))
        self.client_id = self.at.run(a_client(self.at.desk, worker)).id

    @property
    def client(self) -> Client:
        async def read() -> Client | None:
            async with self.at.desk.glance() as m:
                return await m.people.client(self.client_id)

        found = self.at.run(read())
        assert found is not None
        return found

    # ------------------------------------------------------------ what happens

    @rule()
    def it_is_time_to_ask(self) -> None:
        self.days += 1

        async def due(turn: Turn) -> None:
            occasion = Due(turn.now.date() + timedelta(days=self.days), "", turn.now)
            await turn.m.timetable.put([Slot(self.client_id, "twice a week", occasion, turn.now)])

        self.at.act(due)
        self.at.look(*LOOPS)

    @rule(which=st.integers(0, 5), value=st.sampled_from((0, 5, 8)))
    def taps_a_card(self, which: int, value: int) -> None:
        """Any card that stands in the chat with its buttons, also an old one or an unknown copy."""
        cards = self.cards()
        if not cards:
            return
        card, client = cards[which % len(cards)], self.client
        check_in_id, item = str(card.facts["check_in"]), int(card.facts["item"])
        (row,) = self.at.read(sa.select(t.check_in).where(t.check_in.c.id == check_in_id))
        in_time = row.state in ANSWERABLE and self.at.desk.clock.now() < row.expires_at
        self.at.act(lambda turn: answers.answer(turn, client, check_in_id, item, value, card.message_id))
        given = self.said.setdefault((check_in_id, item), [])
        if in_time and given[-1:] != [value]:
            given.append(value)

    def cards(self) -> list[Shown]:
        return [one for one in self.at.chats.values() if one.kind == "client.question" and one.buttons]

    @rule(why=st.sampled_from((Asking.BREAK, Asking.ON, Asking.ON)))
    def breaks_off_or_goes_on(self, why: Asking) -> None:
        async def change(turn: Turn) -> None:
            await turn.m.people.change_client(self.client_id, asking=why)
            if why is Asking.BREAK:
                await prompts.stop_asking(turn, self.client_id, "break")

        self.at.act(change)

    @rule(minutes=st.sampled_from((1, 31, 245, 60 * 25)))
    def time_passes(self, minutes: int) -> None:
        self.at.wait(minutes=minutes)
        self.at.look(*LOOPS)

    @rule()
    def the_line_is_good(self) -> None:
        self.at.carry()

    @rule()
    def something_is_on_its_way(self) -> None:
        self.at.claim()

    @rule()
    def it_arrives(self) -> None:
        if self.at.flights:
            self.at.settle(self.at.flights[0], self.at.arrive(self.at.flights[0]))

    @rule(arrived=st.booleans(), told=st.booleans())
    def nobody_knows_whether_it_arrived(self, arrived: bool, told: bool) -> None:
        """Told: the line broke. Not told: the process died, and finds the row when it starts again."""
        if self.at.flights:
            flight = self.at.flights[0]
            if arrived:
                self.at.arrive(flight)
            if told:
                self.at.settle(flight, Unsure("reset"))
            else:
                self.at.die()

    # ------------------------------------------------------------ what always holds

    @invariant()
    def every_answer_is_kept_once(self) -> None:
        kept: dict[tuple[str, int], list[float]] = {}
        a = t.answer.c
        for row in self.at.read(sa.select(t.answer).order_by(a.check_in_id, a.item, a.version)):
            kept.setdefault((row.check_in_id, row.item), []).append(row.value)
        assert kept == {place: values for place, values in self.said.items() if values}

    # ------------------------------------------------------------ and in the end

    def ends_well(self) -> None:
        self.at.carry()
        self.no_two_known_keyboards()
        self.at.wait(hours=30)
        self.at.look(*LOOPS)
        self.at.carry()
        running = t.check_in.c.state.in_(("planned", "open"))
        assert self.at.read(sa.select(t.check_in.c.id).where(running, t.check_in.c.sent_at.is_not(None))) == []

    def no_two_known_keyboards(self) -> None:
        known = {row.message_id for row in self.at.read(sa.select(t.message))}
        standing = [str(one.facts["check_in"]) for one in self.cards() if one.message_id in known]
        assert len(standing) == len(set(standing)), standing


CheckInMachine.TestCase.settings = settings(
    max_examples=6,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # making a failure smaller takes minutes; its steps are printed as they are
)
TestCheckIns = CheckInMachine.TestCase
