"""The courier: carries rows out, for one term in which this process sends. It awaits the messenger between two
transactions.

A person's messages leave one after another, those of many people side by side. What is more urgent passes first. Each
row is claimed by itself, looked at for the last time in the same transaction, sent, and settled in another; whoever
dies in between leaves a row whose lease runs out, or whose claim nobody living holds (PostgreSQL), and nobody knows
whether it arrived: it counts as *unsure*. If its sender was only cut off and comes back, it still says what it knows.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from bot.actions import settling
from bot.actions.desk import Desk, Turn
from bot.actions.gate import Gate
from bot.actions.leading import Term
from bot.actions.line import Item, WaitingLine
from bot.actions.reach import Reach
from bot.actions.settling import HookFailed, Hooks
from bot.domain.delivery import LEASE, REPEATED_WHEN_UNSURE, Guard, Urgency, back_off
from bot.domain.leading import Lead
from bot.domain.outgoing import Go, Outgoing, for_person
from bot.domain.pacing import Pacing
from bot.ports import PATIENCE, Gone, Letter, Messenger, Refused, Sent, TryLater, Unreachable, Unsure, Verdict
from storage.delivery import Claim
from storage.sealing import WrongKey

SENDERS = 16
AHEAD = 4
"""Rows claimed before their slot is free: enough to use every slot, few enough for a crash to leave little in doubt."""
STALE = 30.0
"""A handed-over row that waited so long (seconds) is claimed anew, well before its lease runs out."""
LATELY = timedelta(seconds=5)
"""So long back a message counts for the pace."""
YOUNG = 1.0
"""What was read from a row and its person is believed for so long (seconds)."""
MOST_TRIES = 5
"""Of a row that cannot even be prepared; then it is set aside."""
COUNTED: Mapping[type[Verdict], str] = {
    Sent: "sent",
    TryLater: "try_later",
    Unsure: "unsure",
    Gone: "gone",
    Unreachable: "unreachable",
    Refused: "refused",
}
PUT_BACK = TryLater(timedelta(), why="not_sent")

log = structlog.get_logger()


class Courier:
    """Runs until it is stopped or cancelled. While it runs, replies of this process are handed to it directly."""

    def __init__(
        self,
        desk: Desk,
        messenger: Messenger,
        hooks: Hooks | None = None,
        pacing: Pacing | None = None,
        senders: int = SENDERS,
        term: Term | None = None,
    ) -> None:
        self._desk = desk
        self._clock = desk.clock
        self._messenger = messenger
        self._hooks = hooks or Hooks()
        self._senders = senders
        self._term = term or Term(desk.process)
        self._stir = asyncio.Event()
        self._line = WaitingLine(desk, self._stir)
        self._gate = Gate(desk.clock, pacing or Pacing.of(), self._stir.set)
        self._busy: set[str] = set()
        """People with something in flight."""
        self._flying: dict[str, bool] = {}
        """Row id → has it passed the gate."""
        self._recovered = 0.0
        self._ending = False
        self._hurries = False
        self._idle = asyncio.Event()
        self.reach = Reach(desk.clock, self._gate, messenger)

    # ------------------------------------------------------------ life

    async def run(self) -> None:
        """Carry until told to end, or cancelled. What was not sent is given back at the end."""
        self._desk.progress.begin(Lead.SEND)
        await self._recover(everything=self._desk.memory.is_sqlite)
        await self._go_on()
        if not self._ending:
            self._desk.hand_over = self._line.take_over
        try:
            async with asyncio.TaskGroup() as around:
                around_us = [around.create_task(self._gate.run()), around.create_task(self._listen())]
                async with asyncio.TaskGroup() as lanes:
                    await self._dispatch(lanes)
                for task in around_us:
                    task.cancel()
        finally:
            self._hands_off()
            await self._give_back()

    def stop(self) -> None:
        """The process ends: like `lay_down`, but what can't be settled soon is left to whoever sends next."""
        self._hurries = True
        self.lay_down()

    def lay_down(self) -> None:
        """Begin nothing new; `run` returns when what is in flight is settled, however long the database takes."""
        self._ending = True
        self._hands_off()
        self._gate.shut()
        self._stir.set()

    def _hands_off(self) -> None:
        if self._desk.hand_over == self._line.take_over:
            self._desk.hand_over = None

    async def idle(self) -> None:
        """Return when nothing that is due waits or flies; for rehearsals and tests."""
        self._idle.clear()
        self._line.look_now()
        await self._idle.wait()

    async def _listen(self) -> None:
        while True:
            await self._clock.wait(self._desk.bells.deliver)
            self._line.look_now()
            if self._clock.monotonic() - self._recovered >= LEASE.total_seconds() / 4:
                await self._recover(everything=False)

    async def _recover(self, *, everything: bool) -> None:
        """Rows whose sender died. On SQLite this is the only process there is, so all that it finds at its start."""
        self._recovered = self._clock.monotonic()
        try:
            async with self._desk.glance() as m:
                mine = {*self._flying, *self._line.in_hand}
                lost = await m.sending.run_out(self._clock.now(), mine, all_of_them=everything)
        except Exception as broken:
            log.error("outbox_unreadable", error=type(broken).__name__)
            return
        for row_id in lost:
            await self._settle_by_id(row_id, Unsure("lease ran out"))

    async def _go_on(self) -> None:
        """Where whoever sent before left off: what has just left counts, and what Telegram closed stays closed."""
        now, wall = self._clock.monotonic(), self._clock.now()
        try:
            async with self._desk.glance() as m:
                left, closed = await m.sending.lately(wall - LATELY), await m.marks.closed(wall)
        except Exception as broken:
            log.error("outbox_unreadable", error=type(broken).__name__)
            return
        for chat_id, at in left:
            self._gate.pacing = self._gate.pacing.taken(chat_id, now - (wall - at).total_seconds())
        for chat, until in closed:
            self._gate.close(now + (until - wall).total_seconds(), chat)

    async def _give_back(self) -> None:
        for row_id in (*(row_id for row_id, passed in self._flying.items() if not passed), *self._line.in_hand):
            await self._settle_by_id(row_id, PUT_BACK)

    async def _settle_by_id(self, row_id: str, verdict: Verdict) -> None:
        try:
            async with self._desk.turn() as turn:
                for _, out in await turn.m.sending.load([row_id]):
                    await settling.settle(turn, out, verdict, self._hooks)
        except Exception as broken:
            log.error("not_settled", row=row_id, error=type(broken).__name__)

    # ------------------------------------------------------------ whose turn it is

    async def _dispatch(self, lanes: asyncio.TaskGroup) -> None:
        while not self._ending:
            try:
                await self._line.read()
                patience = self._send_off(lanes)
            except Exception as broken:
                log.error("outbox_unreadable", error=type(broken).__name__)
                patience = 1.0
            else:
                if not self._ending:
                    self._desk.progress.mark(Lead.SEND)
            if not self._flying and self._line.is_empty:
                self._idle.set()
            await self._clock.wait(self._stir, min(PATIENCE, timedelta(seconds=max(0.0, patience))))

    def _send_off(self, lanes: asyncio.TaskGroup) -> float:
        """Start whatever may start now. Returns for how many seconds nothing else can, unless something happens."""
        now = self._clock.monotonic()
        soonest = self._line.next_look_in(now)
        if not self._term.holds():
            return soonest
        for item in self._line.in_order(self._busy):
            wait = self._gate.pacing.chat_ready_in(item.head.chat_id, now)
            # What is claimed already does not stand here for long: the gate sends it back among the waiting.
            if wait > 0 and not (item.out is not None and wait > PATIENCE.total_seconds()):
                soonest = min(soonest, wait)
            elif self._has_room(item.head.urgency):
                self._begin(item, lanes)
            else:
                break
        return soonest

    def _has_room(self, urgency: Urgency) -> bool:
        """Claim little ahead of the slots; but what is urgent need not wait for a claim as well. While nobody can tell
        whether the line holds, one at a time: whoever dies leaves what it has claimed in doubt.
        """
        ahead = sum(not passed for passed in self._flying.values())
        most = self._senders if self._gate.pacing.whole.pace.off or urgency < Urgency.QUESTION else AHEAD
        most = most if self.reach.trouble is None else 1
        return len(self._flying) < self._senders and ahead < most

    def _begin(self, item: Item, lanes: asyncio.TaskGroup) -> None:
        self._line.leave(item)
        self._busy.add(item.head.person_id)
        self._flying[item.head.id] = False
        lanes.create_task(self._lane(item))

    # ------------------------------------------------------------ one row

    async def _lane(self, item: Item) -> None:
        head = item.head
        try:
            out = await self._ready(item)
            if out is not None:
                await self._carry(out)
        except Exception as broken:
            log.error("row_failed", row=head.id, error=type(broken).__name__)
            await self._push_away(head.id)
        self._flying.pop(head.id, None)
        self._busy.discard(head.person_id)
        if item.out is None:
            self._line.look_soon()
        self._stir.set()

    async def _ready(self, item: Item) -> Outgoing | None:
        """The claimed row as it is now, or None if it may not go."""
        age = self._clock.monotonic() - item.since
        if item.out is not None and age < YOUNG and _plainly_goes(item.out, self._desk):
            return item.out
        async with self._desk.turn() as turn:
            if not await self._hold(turn, item, age):
                return None
            mine = [out for _, out in await turn.m.sending.load([item.head.id])]
            answers = [await settling.look(turn.m, out, turn.plan, turn.now) for out in mine]
        for out, answer in zip(mine, answers, strict=True):
            return out if isinstance(answer, Go) else await self._look_again(out)
        return None

    async def _hold(self, turn: Turn, item: Item, age: float) -> bool:
        claim = Claim(self._term.name, turn.now + LEASE)
        if item.out is None:
            return await turn.m.sending.claim(item.head.id, claim, turn.now)
        return age < STALE or await turn.m.sending.renew(item.head.id, claim)

    async def _carry(self, out: Outgoing) -> None:
        assert out.chat_id is not None
        letter = await self._messenger.prepare(_letter(out, out.chat_id))
        may = await self._gate.wait(out.urgency, out.chat_id) and await self.reach.is_there()
        if not may or not self._term.holds():
            await self._settle(out, PUT_BACK)
            return
        self._flying[out.id] = True
        if out.guard is Guard.HOLDER and not await self._still_goes(out):
            return
        try:
            verdict = await self._messenger.deliver(letter)
        except Exception as broken:  # it promised not to; whether Telegram took it, nobody can know
            log.error("messenger_failed", row=out.id, error=type(broken).__name__)
            verdict = Unsure(type(broken).__name__)
        self._desk.tally.add("sends", COUNTED[type(verdict)])
        self.reach.heed(out.chat_id, verdict)
        await self._settle(out, verdict)

    async def _still_goes(self, out: Outgoing) -> bool:
        """Drawing a picture and waiting for a slot take time: an alert is looked at once more before it leaves."""
        async with self._desk.glance() as m:
            now = [one for _, one in await m.sending.load([out.id])]
            answers = [await settling.look(m, one, self._desk.plan, self._clock.now()) for one in now]
        for one, answer in zip(now, answers, strict=True):
            still = one if isinstance(answer, Go) else await self._look_again(one)
            if still is not None and still.chat_id == out.chat_id:
                return True
            if still is not None:  # they have another chat by now
                await self._settle(still, PUT_BACK)
        return False

    async def _look_again(self, out: Outgoing) -> Outgoing | None:
        """It is not to go: that is written down in a unit of its own, which locks the client before the row."""
        async with self._desk.turn() as turn:
            return await settling.look_again(turn, out, self._hooks)

    async def _settle(self, out: Outgoing, verdict: Verdict) -> None:
        """Write it down, however often that takes: what is sent and not settled would be sent again."""
        hooks, attempt = self._hooks, 0
        while True:
            try:
                async with self._desk.turn() as turn:
                    await settling.settle(turn, out, verdict, hooks)
            except Exception as broken:
                attempt += 1
                log.error("not_settled", row=out.id, kind=out.kind, attempt=attempt, error=type(broken).__name__)
                if isinstance(broken, HookFailed) and attempt >= MOST_TRIES:
                    hooks = Hooks()
                if self._hurries and attempt >= MOST_TRIES:
                    return
                await self._clock.wait(asyncio.Event(), back_off(attempt - 1))
            else:
                if isinstance(verdict, TryLater):
                    self._line.look_now()  # it stands in line again, and may be the most urgent of all
                return

    async def _push_away(self, row_id: str) -> None:
        """A row that raises keeps nobody else waiting: later again, and after a few times never."""
        try:
            if await self._worn_out(row_id):
                await self._settle_by_id(row_id, Refused("cannot be prepared"))
            else:
                async with self._desk.turn() as turn:
                    await turn.m.sending.push_away(row_id, self._term.name, turn.now)
        except Exception as broken:
            log.error("not_pushed_away", row=row_id, error=type(broken).__name__)

    async def _worn_out(self, row_id: str) -> bool:
        try:
            async with self._desk.glance() as m:
                return any(out.tries >= MOST_TRIES for _, out in await m.sending.load([row_id]))
        except WrongKey:
            return False  # what no key opens today may open tomorrow


def _plainly_goes(out: Outgoing, desk: Desk) -> bool:
    """Nothing more has to be read to know that it may go."""
    return out.guard is Guard.PERSON and not out.former and isinstance(for_person(out, desk.clock.now()), Go)


def _letter(out: Outgoing, chat_id: int) -> Letter:
    return Letter(
        chat_id=chat_id,
        language=out.language,
        kind=out.kind,
        facts=out.facts,
        edits=out.edits,
        shows_photo=out.stands.has_photo if out.stands else False,
        silent=out.silent,
        may_be_repeat=out.unsure > 0 and out.edits is None and out.urgency in REPEATED_WHEN_UNSURE,
    )
