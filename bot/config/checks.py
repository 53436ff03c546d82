"""What is wrong between two keys, or missing, although each value is fine by itself. A table of small checks.

Every check takes the document with its bad values taken out, and yields faults; `known_bad` in load.py keeps a check
from calling a key missing that was only wrong.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

from bot import bank
from bot.config.check_questions import questions
from bot.config.check_times import times
from bot.config.check_webhook import webhook
from bot.config.document import Document
from bot.config.problems import Fault, Path, Weight, dotted, meant
from bot.config.shapes import shown
from bot.domain.signals.catalogue import RULES
from bot.texts import Texts

KEPT_BY_TELEGRAM = timedelta(hours=48)


@cache
def _shipped() -> Texts:
    return Texts.shipped()


def faults(document: Document, today: date | None) -> Iterator[Fault]:
    """Everything that is wrong between keys."""
    for check in CHECKS:
        yield from check(document)
    yield from _dates(document, today)


def _service(document: Document) -> Iterator[Fault]:
    service = document.service
    if service.name is None:
        yield Fault(("service", "name"), "is missing", 'write the name of the organisation: name = "The Hill"')
    if service.timezone is None:
        yield Fault(("service", "timezone"), "is missing", 'write it as in timezone = "Europe/London"')
    if service.place is None and service.name is not None:
        right = "add a neutral short name that may be read on a lock screen: place = …"
        yield Fault(("service", "place"), "is missing, so the full name shows in chats", right, Weight.WARNING)


def _languages(document: Document) -> Iterator[Fault]:
    service, known = document.service, _shipped().languages
    if not service.languages:
        yield Fault(("service", "languages"), "is empty", 'write languages = ["en"]')
    for index, language in enumerate(service.languages):
        here: Path = ("service", "languages", index)
        if language not in known or language not in bank.languages():
            yield Fault(here, f"there are no texts in {shown(language)}", meant(language, known))
        if language in service.languages[:index]:
            yield Fault(here, f"{shown(language)} stands here twice", "take one out")
    for language in service.crisis_text:
        if language not in service.languages:
            right = meant(language, service.languages)
            here = ("service", "crisis_text", language)
            yield Fault(here, "is not one of service.languages", right, rests_on=("service", "languages"))


def _schedules(document: Document) -> Iterator[Fault]:
    if not document.schedules:
        yield Fault(
            ("schedules",), "nobody is ever asked: there is no schedule", "add [[schedules]] with name, days and time"
        )
    names: dict[str, int] = {}
    for index, one in enumerate(document.schedules):
        if one.name is None:
            yield Fault(("schedules", index, "name"), "is missing", 'write a short name: name = "twice a week"')
        elif names.setdefault(one.name, index) != index:
            right = f"give each schedule a name of its own (the other is {dotted(('schedules', names[one.name]))})"
            yield Fault(("schedules", index, "name"), f"{shown(one.name)} is the name of another schedule too", right)


def _signals(document: Document) -> Iterator[Fault]:
    for rule, parameters in document.signals.items():
        if rule not in RULES:
            yield Fault(("signals", rule), "there is no such rule", meant(rule, RULES))
            continue
        for name, value in parameters.items():
            yield from _parameter(rule, name, value)


def _parameter(rule: str, name: str, value: float | bool) -> Iterator[Fault]:
    here: Path = ("signals", rule, name)
    if name == "enabled":
        if not isinstance(value, bool):
            yield Fault(here, "is not true or false", "write true or false without quotes")
        elif rule == "risk_text" and not value:
            yield Fault(here, "words of danger are always passed on", "leave it out", Weight.WARNING)
        return
    known = RULES[rule].parameters
    if name not in known:
        yield Fault(here, "this rule has no such number", meant(name, ["enabled", *known]))
    elif isinstance(value, bool):
        yield Fault(here, "is true or false, and a number is needed", f"from {known[name].low:g} to {known[name].high:g}")
    elif not known[name].low <= value <= known[name].high:
        right = f"from {known[name].low:g} to {known[name].high:g}"
        yield Fault(here, f"{value:g} is outside what makes sense", right)


def _alerts(document: Document) -> Iterator[Fault]:
    alerts = document.alerts
    for ref, other in alerts.cover.items():
        if ref == other:
            yield Fault(("alerts", "cover", ref), "nobody covers for themselves", "name somebody else")
    within = alerts.acknowledge_within
    for first, then in (("high", "medium"), ("medium", "low")):
        if getattr(within, first) > getattr(within, then):
            right = f"make {first} as short as {then} or shorter"
            yield Fault(("alerts", "acknowledge_within", first), f"is longer than that of {then}", right)
    for key in ("high", "medium", "low"):
        if getattr(within, key) <= timedelta(0):
            yield Fault(("alerts", "acknowledge_within", key), "nobody can be that quick", 'write "30m" or more')
    for key in ("escalate_to", "complaints_to"):
        refs = getattr(alerts, key)
        for index, ref in enumerate(refs):
            if ref in refs[:index]:
                yield Fault(("alerts", key, index), f"{shown(ref)} stands here twice", "take one out")
    if not alerts.escalate_to:
        right = 'name managers in order, the last resort last: escalate_to = ["M-1"]'
        yield Fault(("alerts", "escalate_to"), "nobody hears of an alert that nobody takes", right, Weight.WARNING)


def _duty(document: Document) -> Iterator[Fault]:
    pairs = (
        (("service", "working_hours"), document.service.working_hours),
        (("safety", "duty_hours"), document.safety.duty_hours),
    )
    for path, duty in pairs:
        if duty is not None and (duty.days is None) != (duty.hours is None):
            missing = "days" if duty.days is None else "hours"
            right = 'write { days = ["mon", "tue"], hours = "09:00-17:00" }'
            yield Fault((*path, missing), "is missing", right)
        elif duty is not None and duty.days == []:
            yield Fault((*path, "days"), "is empty: nobody is ever here", 'write days = ["mon", "tue"]')


def _data(document: Document) -> Iterator[Fault]:
    messages = document.retention.messages
    if messages is not None and messages >= KEPT_BY_TELEGRAM:
        right = 'write "24h", or "" to leave them'
        yield Fault(("retention", "messages"), "Telegram lets a bot clear only the last 48 hours", right)


def _telegram(document: Document) -> Iterator[Fault]:
    telegram = document.telegram
    if telegram.token is not None and telegram.token.get_secret_value() and telegram.token_file is not None:
        yield Fault(("telegram", "token_file"), "the token is given twice", "keep token or token_file, not both")
    if document.database.encryption_keys and document.database.encryption_keys_file is not None:
        right = "keep encryption_keys or encryption_keys_file, not both"
        yield Fault(("database", "encryption_keys_file"), "the keys are given twice", right)
    if telegram.messages_per_second > 30:
        right = "write 30 or less, unless api_base_url is a server of your own"
        yield Fault(("telegram", "messages_per_second"), "Telegram allows about 30", right, Weight.WARNING)


def _texts(document: Document) -> Iterator[Fault]:
    for problem in _shipped().problems_in(document.texts):
        parts = () if problem.key == "*" else _as_written(document.texts[problem.language], problem.key)
        yield Fault(("texts", problem.language, *parts), problem.wrong, problem.right)


def _as_written(table: Mapping[str, Any], dotted_key: str) -> tuple[str, ...]:
    """How a text's key is spelled in the file: as one quoted key, as tables, or as a bit of both."""
    for key, value in table.items():
        if key == dotted_key or not dotted_key.startswith(f"{key}."):
            continue
        if isinstance(value, Mapping):
            return (key, *_as_written(value, dotted_key.removeprefix(f"{key}.")))
    return (dotted_key,)


def _dates(document: Document, today: date | None) -> Iterator[Fault]:
    checked = document.safety.checked_on
    if checked is not None and today is not None and checked > today + timedelta(days=1):
        yield Fault(
            ("safety", "checked_on"), f"{checked} has not come yet", "write the day on which the numbers were rung"
        )


CHECKS: tuple[Callable[[Document], Iterator[Fault]], ...] = (
    _service,
    _languages,
    _schedules,
    times,
    questions,
    _signals,
    _alerts,
    _duty,
    _data,
    _telegram,
    webhook,
    _texts,
)
