"""From the checked document to the values that the rest works with: a Plan, and Settings."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from bot import bank
from bot.config.check_times import DEFAULT_QUIET, DEFAULT_WINDOW, duty_hours, hours_of
from bot.config.document import Document, QuestionTable, ScheduleTable
from bot.config.settings import Settings
from bot.domain.plan import Alerts, Data, House, Plan, Profile, Safety
from bot.domain.questions import Option, Question, Scale
from bot.domain.schedules import Calendar, Schedule
from bot.domain.words import Construct, Severity
from bot.texts import flat

AFTER_DISCHARGE = timedelta(days=90)
ERASE_DELAY = timedelta(days=3)
SNOOZE = timedelta(days=1)
CLEARED_IN_RECOVERY = timedelta(hours=24)


def settings(document: Document, folder: Path) -> Settings:
    """What the computer needs; `folder` is where the file stands."""
    return Settings(folder, document.telegram, document.http, document.database, document.logs, document.heartbeat)


def plan(document: Document) -> Plan:
    """What the managers decided. The document has no errors."""
    return Plan(
        service=_house(document),
        schedules=tuple(_schedule(one) for one in document.schedules),
        bank=bank.shipped().with_more(_question(one, document.service.languages) for one in document.questions),
        signals=document.signals,
        alerts=_alerts(document),
        safety=_safety(document),
        data=_data(document),
        texts={language: flat(texts) for language, texts in document.texts.items()},
    )


def _house(document: Document) -> House:
    service = document.service
    name, zone = service.name or "", service.timezone or "UTC"
    return House(
        name=name,
        place=service.place or name,
        profile=service.profile,
        languages=tuple(service.languages),
        calendar=Calendar(
            quiet_hours=service.quiet_hours or DEFAULT_QUIET,
            closed_dates=frozenset(service.closed_dates),
            working=duty_hours(document),
            timezone=zone,
        ),
        not_shared_with=tuple(service.not_shared_with),
        silence_is_urgent=service.silence_is_urgent,
        crisis_text=service.crisis_text,
    )


def _schedule(table: ScheduleTable) -> Schedule:
    return Schedule(
        name=table.name or "",
        days=frozenset(table.days or ()),
        time=table.time,
        every_weeks=table.every_weeks,
        after_session=table.after_session,
        before_session=table.before_session,
        questions=tuple(table.questions),
        max_questions=table.max_questions,
        remind_after=table.remind_after,
        expires_after=_else(table.expires_after, DEFAULT_WINDOW),
    )


def _question(table: QuestionTable, languages: list[str]) -> Question:
    scale = table.scale or Scale.NUMBERS
    five: Mapping[str, tuple[str, ...]] = {language: tuple(words) for language, words in table.words.items()}
    if scale not in (Scale.TEXT, Scale.CHOICE):
        five = {**{language: bank.five_words(language) for language in languages}, **five}
    return Question(
        id=table.id or "",
        construct=table.about or Construct.ENGAGEMENT,
        scale=scale,
        asks=table.asks,
        reverse=table.reverse,
        pool=table.pool,
        text=table.text,
        low=table.low,
        high=table.high,
        words=five,
        options=tuple(Option(one.id or "", one.text) for one in table.options),
        note=table.note,
    )


def _alerts(document: Document) -> Alerts:
    alerts, within = document.alerts, document.alerts.acknowledge_within
    return Alerts(
        detail=alerts.detail,
        ask_client_first=alerts.ask_client_first,
        acknowledge_within={
            Severity.HIGH: within.high,
            Severity.MEDIUM: within.medium,
            Severity.LOW: within.low,
        },
        escalate_to=tuple(alerts.escalate_to),
        complaints_to=tuple(alerts.complaints_to),
        cover=alerts.cover,
        snooze=_else(alerts.snooze, SNOOZE),
        budget_per_worker_per_week=alerts.budget_per_worker_per_week,
        budget_per_client_per_month=alerts.budget_per_client_per_month,
    )


def _safety(document: Document) -> Safety:
    safety = document.safety
    return Safety(
        duty=tuple(safety.duty),
        duty_hours=hours_of(safety.duty_hours) or duty_hours(document),
        safeguarding_contact=tuple(safety.safeguarding_contact),
        second_channel=safety.second_channel or None,
        checked_by=safety.checked_by,
        checked_on=safety.checked_on,
    )


def _data(document: Document) -> Data:
    messages = document.retention.messages
    if messages is None and document.service.profile is Profile.RECOVERY:
        messages = CLEARED_IN_RECOVERY
    return Data(
        after_discharge=_else(document.retention.after_discharge, AFTER_DISCHARGE),
        messages=messages or None,
        erase_delay=_else(document.privacy.erase_delay, ERASE_DELAY),
    )


def _else(written: timedelta | None, default: timedelta) -> timedelta:
    """No time at all is a time too."""
    return default if written is None else written
