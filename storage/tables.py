"""Every table, in one place. Plain tables, no mapped classes: a query says what it reads, and returns values.

Ids are random and made by the application, so that sealed text can be bound to its row before the row exists.
Nothing cascades: health data goes only where it is told to go by name. Text that people wrote, names and goals
stand in columns that end in `_sealed` and are never readable without the key.
"""

import secrets
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect


def new_id() -> str:
    """Sixteen characters, 64 random bits: short enough for a button, too many to guess."""
    return secrets.token_hex(8)


class Instant(sa.TypeDecorator[datetime]):
    """A moment: aware in, aware out, UTC in the database. Refuses naive values instead of guessing."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        zone: tzinfo = UTC
        if value is None:
            return None
        return value.replace(tzinfo=zone) if value.tzinfo is None else value.astimezone(zone)


meta = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(16), primary_key=True, default=new_id)


def _to(table: str, name: str, *, null: bool = False, index: bool = False) -> sa.Column[str]:
    key = "person_id" if table == "client" else "id"
    return sa.Column(name, sa.String(16), sa.ForeignKey(f"{table}.{key}"), nullable=null, index=index)


def _text(name: str, size: int = 40, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(size), nullable=null, default=default)


def _when(name: str, *, null: bool = True, index: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, Instant, nullable=null, index=index)


def _flag(name: str, default: bool = False) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, default=default)


def _number(name: str, default: int | None = 0) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=default is None, default=default)


def _score(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float, nullable=True)


def _sealed(name: str, *, null: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=null)


def _day(name: str, *, null: bool = False) -> sa.Column[date]:
    return sa.Column(name, sa.Date, nullable=null)


def _json(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=null)


# ---------------------------------------------------------------- people

person = sa.Table(
    "person",
    meta,
    _id(),
    _text("role", 8),
    sa.Column("ref", sa.String(40), nullable=False, unique=True),
    _sealed("name_sealed", null=True),
    _text("language", 12),
    _text("timezone", 64),
    _text("status", 16),
    sa.Column("chat_id", sa.BigInteger, nullable=True, unique=True),
    _text("unreachable", 40, null=True),
    _when("unreachable_at"),
    _when("joined_at"),
    _when("away_until"),
    _text("expects", 40, null=True),
    _when("expects_until"),
    _when("created_at", null=False),
)

client = sa.Table(
    "client",
    meta,
    sa.Column("person_id", sa.String(16), sa.ForeignKey("person.id"), primary_key=True),
    _to("person", "worker_id", null=True, index=True),
    _text("asking", 16, default="not_yet"),
    _when("asking_since"),
    _when("paused_until"),
    _text("consent_version", 16, null=True),
    _when("consent_at"),
    _flag("quiet_mode"),
    _text("style", 8, default="numbers"),
    _number("join_screen"),
    _flag("card_explained"),
    _json("own_times", null=True),
    _when("next_session"),
    _when("erase_at", index=True),
    _when("erased_at"),
    _when("discharged_at", index=True),
    sa.Column("agreed_chat_id", sa.BigInteger, nullable=True),  # the account that last said yes
    _when("shown_from"),
    _when("worker_sees_from"),
)

assignment = sa.Table(
    "assignment",
    meta,
    _id(),
    _to("client", "client_id", index=True),
    _to("person", "worker_id"),
    _when("starts_at", null=False),
    _when("ends_at"),
)

invitation = sa.Table(
    "invitation",
    meta,
    _id(),
    _to("person", "person_id", index=True),
    sa.Column("code_hash", sa.String(64), nullable=False, unique=True),
    _text("made_by", 40),
    _when("made_at", null=False),
    _when("expires_at", null=False),
    _when("used_at"),
    _text("ended", 16, null=True),
)

wrong_code = sa.Table(
    "wrong_code",
    meta,
    _id(),
    sa.Column("chat_id", sa.BigInteger, nullable=False, index=True),
    _when("at", null=False),
)

consent = sa.Table(
    "consent",
    meta,
    _id(),
    _to("client", "client_id", index=True),
    _text("version", 16),
    _text("language", 12),
    _flag("agreed"),
    _when("at", null=False),
)

goal = sa.Table(
    "goal",
    meta,
    _id(),
    _to("client", "client_id", index=True),
    _number("number", 1),
    _sealed("text_sealed"),
    _text("state", 8, default="live"),
    _when("made_at", null=False),
    _when("changed_at", null=False),
    _when("seen_by_worker_at"),
    _when("quote_agreed_at"),
)

pause = sa.Table(
    "pause",
    meta,
    _id(),
    _to("client", "client_id", index=True),
    _text("why", 16),
    _when("starts_at", null=False),
    _when("ends_at"),
)

session = sa.Table(
    "session",
    meta,
    _id(),
    _to("client", "client_id", index=True),
    _when("at", null=False),
    _text("state", 12),
    _text("said_by", 40),
    _when("said_at", null=False),
)

worker_rating = sa.Table(
    "worker_rating",
    meta,
    _id(),
    _to("client", "client_id", index=True),
    _to("person", "worker_id", index=True),
    _when("asked_at", null=False),
    _score("value"),
    _when("rated_at"),
)

# ---------------------------------------------------------------- check-ins

timetable = sa.Table(
    "timetable",
    meta,
    sa.Column("client_id", sa.String(16), sa.ForeignKey("client.person_id"), primary_key=True),
    sa.Column("schedule", sa.String(64), primary_key=True),
    _when("next_due_at", null=False, index=True),
    _when("due_at", null=False),
    _day("local_date"),
    _text("slot", 24),
)

check_in = sa.Table(
    "check_in",
    meta,
    _id(),
    _to("client", "client_id"),
    _to("person", "worker_id", null=True),
    _text("schedule", 64),
    _day("local_date"),
    _text("slot", 24),
    _text("state", 14, default="planned"),
    _text("reason", 24, null=True),
    _json("items"),
    _number("position"),
    _number("showing"),
    _flag("comes_back"),
    _text("asks_about", 16, null=True),
    _text("plan_version", 16),
    _when("planned_at", null=False),
    _when("sent_at"),
    _when("first_touched_at"),
    _when("last_touched_at"),
    _when("finished_at"),
    _when("remind_at", index=True),
    _when("expires_at"),
    _when("evaluate_at", index=True),
    sa.UniqueConstraint("client_id", "schedule", "local_date", "slot"),
    sa.Index("ix_check_in_client_id_planned_at", "client_id", "planned_at"),
    sa.Index("ix_check_in_state_expires_at", "state", "expires_at"),
)

answer = sa.Table(
    "answer",
    meta,
    _id(),
    _to("check_in", "check_in_id"),
    _to("client", "client_id", index=True),
    _number("item"),
    _text("question", 64),
    _to("goal", "goal_id", null=True),
    _text("construct", 16),
    _text("asks", 16, null=True),
    _score("value"),
    _score("value_0_10"),
    _text("choice", 40, null=True),
    _sealed("text_sealed", null=True),
    sa.Column("chat_message_id", sa.BigInteger, nullable=True),
    _when("answered_at", null=False),
    _number("version", 1),
    _flag("current", True),
    sa.UniqueConstraint("check_in_id", "item", "version"),
)

remark = sa.Table(
    "remark",
    meta,
    _id(),
    _to("client", "client_id", index=True),
    _to("check_in", "check_in_id", null=True),
    sa.Column("chat_message_id", sa.BigInteger, nullable=True),
    _sealed("text_sealed"),
    _text("shown_to", 8, default="asked"),
    _when("said_at", null=False),
)

# ---------------------------------------------------------------- signals and alerts

signal = sa.Table(
    "signal",
    meta,
    _id(),
    _to("client", "client_id", index=True),
    _to("alert", "alert_id", null=True, index=True),
    _text("rule", 24),
    _text("construct", 16, null=True),
    _number("tier"),
    _json("evidence"),
    _text("plan_version", 16),
    _when("raised_at", null=False),
    _text("source", 40, null=True),
    _flag("note"),
    _text("wish", 14, default="none"),
    _flag("holds", True),
    _text("held", 10, null=True),
    _when("digested_at"),
    sa.Column("key", sa.String(100), nullable=False, unique=True),
)

_STILL_OPEN = sa.text("state IN ('raised', 'acknowledged')")

alert = sa.Table(
    "alert",
    meta,
    _id(),
    _to("client", "client_id", index=True),
    _to("person", "worker_id", null=True),
    _text("kind", 14),
    _text("state", 14, default="raised"),
    _text("severity", 8),
    _text("wish", 14, default="none"),
    _flag("waits"),
    _when("chosen_at"),
    _to("check_in", "check_in_id", null=True),
    _number("edition"),
    _when("raised_at", null=False),
    _when("goes_at", null=False),
    _when("rang_at"),
    _json("ladder"),
    _number("step"),
    _number("rang_step", -1),
    _when("step_due_at", index=True),
    _flag("reminded"),
    _to("person", "holder_id", null=True),
    _when("snoozed_until"),
    _when("acknowledged_at"),
    _when("talked_at"),
    _when("ask_client_at", index=True),
    _when("asked_at"),
    _text("client_said", 16, null=True),
    _score("client_feels"),
    _text("usefulness", 16, null=True),
    _when("closed_at"),
    sa.Index("ix_alert_open", "client_id", "kind", "closed_at"),
    sa.Index("ix_alert_worker_id_raised_at", "worker_id", "raised_at"),
    sa.Index(
        "ix_alert_one_open", "client_id", "kind", unique=True, sqlite_where=_STILL_OPEN, postgresql_where=_STILL_OPEN
    ),
)

alert_event = sa.Table(
    "alert_event",
    meta,
    _id(),
    _to("alert", "alert_id", index=True),
    _when("at", null=False),
    _text("state", 24),
    _text("by", 40),
)

# ---------------------------------------------------------------- in and out

inbox = sa.Table(
    "inbox",
    meta,
    sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("chat_key", sa.BigInteger, nullable=False),
    _sealed("body_sealed", null=True),
    _text("state", 6, default="new"),
    _number("attempts"),
    _when("try_at", null=False),
    _when("received_at", null=False),
    _when("done_at"),
    sa.Index("ix_inbox_waiting", "state", "chat_key", "update_id"),
)

outbox = sa.Table(
    "outbox",
    meta,
    _id(),
    sa.Column("key", sa.String(120), nullable=False, unique=True),
    _to("person", "person_id"),
    sa.Column("chat_id", sa.BigInteger, nullable=True),  # a chat that was theirs; else the one they have now
    _text("surface", 64, null=True),
    _text("kind", 48),
    _sealed("facts_sealed", null=True),
    _number("urgency"),
    _flag("fresh"),
    _flag("silent"),
    _text("guard", 12),
    _to("client", "client_id", null=True),
    _to("check_in", "check_in_id", null=True),
    _to("alert", "alert_id", null=True, index=True),
    _text("state", 10, default="waiting"),
    _text("why", 40, null=True),
    _number("tries"),
    _number("unsure"),
    _when("not_before", null=False),
    _when("expires_at"),
    _when("lease_until"),
    _text("claimed_by", 16, null=True),
    sa.Column("message_id", sa.BigInteger, nullable=True),
    _when("made_at", null=False),
    _when("settled_at"),
    sa.Column("number", sa.BigInteger, nullable=False, index=True),  # the order in which rows were decided
    sa.Index("ix_outbox_due", "state", "not_before", "urgency"),
    sa.Index("ix_outbox_surface", "person_id", "state", "surface"),
)

message = sa.Table(
    "message",
    meta,
    _id(),
    _to("person", "person_id"),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("message_id", sa.BigInteger, nullable=False),
    _text("surface", 64),
    _flag("has_photo"),
    _flag("has_buttons"),
    _flag("current", True),
    _when("sent_at", null=False, index=True),
    sa.UniqueConstraint("chat_id", "message_id"),
    sa.Index("ix_message_surface", "person_id", "surface", "current"),
)

# ---------------------------------------------------------------- the house itself

plan_version = sa.Table(
    "plan_version",
    meta,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    _text("version", 16),
    _when("applied_at", null=False),
    _text("applied_by", 40),
    _json("rules"),
)

mark = sa.Table(
    "mark",
    meta,
    sa.Column("name", sa.String(40), primary_key=True),
    _when("at", null=False),
    sa.Column("value", sa.String(80), nullable=True),
)

absence = sa.Table(
    "absence",
    meta,
    _id(),
    _when("starts_at", null=False),
    _when("ends_at", null=False),
)

tombstone = sa.Table(
    "tombstone",
    meta,
    _id(),
    _text("mark", 80),  # a keyed hash of the person's id: tells nothing without the key (storage.tombstones)
    _when("at", null=False),
)

audit = sa.Table(
    "audit",
    meta,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    _when("at", null=False),
    _text("by", 40),
    _text("did", 32),
    _text("about", 40, null=True),
    sa.Column("place", sa.Integer, nullable=True, index=True),  # in the chain; none while the unit has not ended
    _text("hash", 64, null=True),
)

audit_head = sa.Table(
    "audit_head",
    meta,
    sa.Column("id", sa.String(8), primary_key=True),
    _when("begun_at", null=False),
    _number("place"),
    _text("hash", 64),
    _text("end", 64),
    _sealed("key_sealed"),
)
