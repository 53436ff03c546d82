"""What can be asked of the memory, feature by feature, all through one connection."""

from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.alerts import AlertStore
from storage.answers import Answers
from storage.audit import Audit
from storage.checkins import CheckIns
from storage.delivery import Outbox
from storage.erasing import Erasing
from storage.goals import Goals
from storage.histories import Histories
from storage.inbox import Inbox
from storage.invitations import Invitations
from storage.marks import Marks, Plans
from storage.messages import Messages
from storage.operations import Operations
from storage.people import People
from storage.ratings import Ratings
from storage.remarks import Remarks
from storage.resealing import Resealing
from storage.restored import Restored
from storage.sealing import Seal
from storage.sending import Sending
from storage.sessions import Sessions
from storage.signals import Signals
from storage.timetable import Timetable
from storage.tombstones import Tombstones
from storage.wall import Wall


class Stores:
    """The stores of one open connection; each is made when it is first asked for."""

    def __init__(self, con: AsyncConnection, seal: Seal) -> None:
        self.con = con
        self.seal = seal

    @cached_property
    def people(self) -> People:
        return People(self.con, self.seal)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self.con, self.seal)

    @cached_property
    def marks(self) -> Marks:
        return Marks(self.con)

    @cached_property
    def invitations(self) -> Invitations:
        return Invitations(self.con, self.seal)

    @cached_property
    def goals(self) -> Goals:
        return Goals(self.con, self.seal)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self.con, self.seal)

    @cached_property
    def alerts(self) -> AlertStore:
        return AlertStore(self.con)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self.con, self.seal)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.con)

    @cached_property
    def signals(self) -> Signals:
        return Signals(self.con)

    @cached_property
    def histories(self) -> Histories:
        return Histories(self.con, self.seal)

    @cached_property
    def checkins(self) -> CheckIns:
        return CheckIns(self.con)

    @cached_property
    def answers(self) -> Answers:
        return Answers(self.con, self.seal)

    @cached_property
    def remarks(self) -> Remarks:
        return Remarks(self.con, self.seal)

    @cached_property
    def ratings(self) -> Ratings:
        return Ratings(self.con)

    @cached_property
    def timetable(self) -> Timetable:
        return Timetable(self.con)

    @cached_property
    def sending(self) -> Sending:
        return Sending(self.con, self.seal)

    @cached_property
    def messages(self) -> Messages:
        return Messages(self.con)

    @cached_property
    def plans(self) -> Plans:
        return Plans(self.con)

    @cached_property
    def erasing(self) -> Erasing:
        return Erasing(self.con)

    @cached_property
    def operations(self) -> Operations:
        return Operations(self.con, self.seal)

    @cached_property
    def resealing(self) -> Resealing:
        return Resealing(self.con, self.seal)

    @cached_property
    def tombstones(self) -> Tombstones:
        return Tombstones(self.con, self.seal)

    @cached_property
    def restored(self) -> Restored:
        return Restored(self.con)

    @cached_property
    def wall(self) -> Wall:
        return Wall(self.con)
