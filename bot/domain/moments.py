"""Moments inside facts, brought to the wall clock of whoever will read them."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.words import Json

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[+-]\d\d:\d\d|Z)")


def localized(fact: Json, timezone: str) -> Json:
    """The same fact with every moment (ISO text with an offset) on the clock of `timezone`; days stay days."""
    return _in(fact, ZoneInfo(timezone))


def _in(fact: Json, zone: ZoneInfo) -> Json:
    if isinstance(fact, str):
        return datetime.fromisoformat(fact).astimezone(zone).isoformat() if _MOMENT.fullmatch(fact) else fact
    if isinstance(fact, Mapping):
        return {name: _in(one, zone) for name, one in fact.items()}
    if isinstance(fact, Sequence):
        return [_in(one, zone) for one in fact]
    return fact
