"""Client, worker, manager; and in which mood the bot is towards a client."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.words import Json, Role


class Status(StrEnum):
    """Where a person stands with the service."""

    INVITED = "invited"
    JOINED = "joined"
    DECLINED = "declined"
    LEFT = "left"
    DISCHARGED = "discharged"


class Asking(StrEnum):
    """Whether a client is asked now, and if not, who or what said so."""

    NOT_YET = "not_yet"
    """Has not agreed, or the first question waits for something."""
    ON = "on"
    BREAK = "break"
    """The client set a break, with an end."""
    QUIETED = "quieted"
    """The client typed "stop" or the like, and has not yet said what they want instead."""
    GONE_QUIET = "gone_quiet"
    """Four check-ins without a tap; the worker checks by the usual way first."""
    CRISIS = "crisis"
    """Words of danger; a person has to be in touch first."""
    HELD = "held"
    """The worker holds the messages; no reason is asked."""
    NO_MORE = "no_more"
    """The client wants no more messages."""


class Style(StrEnum):
    """How a client likes to answer."""

    NUMBERS = "numbers"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Person:
    """Anybody on the roster. `name` is what others read for them; `chat_id` is theirs alone, once joined."""

    id: str
    role: Role
    ref: str
    name: str = field(repr=False)
    language: str
    timezone: str
    status: Status
    chat_id: int | None = field(default=None, repr=False)
    unreachable: str | None = None
    joined_at: datetime | None = None
    away_until: datetime | None = None
    """Heeded everywhere, but nobody can say it to the bot yet."""
    expects: str | None = None
    """What this person's next typed words are for, such as `goal:new`; kept in the database, so no restart forgets."""
    expects_until: datetime | None = None

    @property
    def reachable(self) -> bool:
        return self.status is Status.JOINED and self.chat_id is not None and self.unreachable is None

    def is_there(self, at: datetime) -> bool:
        """Would a message at this moment come to somebody who can act?"""
        return self.reachable and (self.away_until is None or self.away_until <= at)


@dataclass(frozen=True, slots=True)
class Client:
    """A client with what only clients have. `worker_id` is the assigned worker's person id."""

    person: Person
    worker_id: str | None
    asking: Asking = Asking.NOT_YET
    asking_since: datetime | None = None
    paused_until: datetime | None = None
    consent_version: str | None = None
    consent_at: datetime | None = None
    quiet_mode: bool = False
    style: Style = Style.NUMBERS
    join_screen: int = 0
    card_explained: bool = False
    own_times: Json = None
    next_session: datetime | None = None
    erase_at: datetime | None = None
    """When everything of this client is deleted, as they asked; None = they did not ask."""
    erased_at: datetime | None = None
    """When it was. Whoever joins anew begins anew: then it is None again."""
    agreed_chat_id: int | None = field(default=None, repr=False)
    """The account in which they last said yes: whoever agrees in another one is shown nothing of before."""
    shown_from: datetime | None = None
    """Their chat shows nothing older: it was said in another account. None = everything is theirs to see."""
    worker_sees_from: datetime | None = None
    """The worker sees nothing older: it was said to another worker, and not passed on. None = everything."""

    @property
    def id(self) -> str:
        return self.person.id

    @property
    def ref(self) -> str:
        return self.person.ref

    @property
    def is_new_here(self) -> bool:
        """Whoever has this chat has not agreed in it yet: all screens, and nothing of what was agreed before."""
        return self.consent_at is None or self.asking is Asking.NOT_YET

    @property
    def is_asked(self) -> bool:
        """Do questions go on? Not on a break, held or gone quiet, nor while everything is about to be deleted."""
        return self.asking is Asking.ON and self.erase_at is None

    def may_show(self, at: datetime) -> bool:
        """Whether something of that moment may stand in their chat: it was said in the account that they have now."""
        return self.shown_from is None or at > self.shown_from

    def worker_may_see(self, at: datetime) -> bool:
        """Whether something of that moment was said to the worker whom they have now, or passed on to them."""
        return self.worker_sees_from is None or at > self.worker_sees_from


def worker_name_for(client: Client, worker: Person) -> str:
    """How the worker is named in this client's chat: one letter where other people see the phone."""
    return worker.name[:1] if client.quiet_mode else worker.name
