"""A day as people type it: "24 May", "May 24th", "24.5.", "24/5/2026", "2026-05-24"."""

import re
from collections.abc import Mapping
from datetime import date

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NUMBERS = re.compile(r"(\d{1,2})\s*[./-]\s*(\d{1,2})(?:\s*[./-]\s*(\d{4})?)?")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?([^\W\d]+)\.?,?(?:\s+(\d{4}))?")
_MONTH_FIRST = re.compile(r"([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?(?:\s+(\d{4}))?")


def read_day(typed: str, today: date, months: Mapping[str, int]) -> date | None:
    """The day meant; without a year the next one there is, today included. `months`: small-letter name → number.

    Numbers alone are read day first. None: not understood, or no such day.
    """
    text = " ".join(typed.casefold().split()).strip(" .!")
    if found := _ISO.fullmatch(text):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _NUMBERS.fullmatch(text):
        return _next(today, int(found[2]), int(found[1]), found[3])
    if (found := _DAY_FIRST.fullmatch(text)) and (month := _month(found[2], months)):
        return _next(today, month, int(found[1]), found[3])
    if (found := _MONTH_FIRST.fullmatch(text)) and (month := _month(found[1], months)):
        return _next(today, month, int(found[2]), found[3])
    return None


def _month(word: str, months: Mapping[str, int]) -> int | None:
    """By its name, or by at least three letters that begin only one."""
    if word in months:
        return months[word]
    begun = {number for name, number in months.items() if len(word) >= 3 and name.startswith(word)}
    return begun.pop() if len(begun) == 1 else None


def _next(today: date, month: int, day: int, year: str | None) -> date | None:
    if year:
        return _day(int(year), month, day)
    coming = (_day(today.year + more, month, day) for more in range(9))  # 29 February may be eight years away
    return next((one for one in coming if one is not None and one >= today), None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
