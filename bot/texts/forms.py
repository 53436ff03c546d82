"""How a fact is written in a language: `{when:date}`, `{n:number}`, and which plural form a number takes.

The patterns for dates and times stand in each language's own file under `[format]` (Unicode's date letters), so that
a translator decides them. Babel fills them in; it is imported at the first use, since it is slow to load.

spec       the fact                                          in English
weekday    date, moment, or a day of the week (0 = Monday)   Tuesday
date       date or moment                                    Tue 12 May
day        date or moment                                    12 May
time       moment or wall time                               14:05
times      several of those                                 21:42 and 21:52
day_time   moment                                            Tue 12 May, 14:05
number     number, at most one decimal                       7.5
numbers    several numbers                                   8, 8, 7
in_ten     a share of one                                    8   (said as "8 in 10")
weekdays   several days of the week                          Tuesday and Thursday
hours      DutyHours, or words that say them already         Monday to Friday, 09:00 to 17:00
list       several words                                     a, b and c
or_list    several words                                     a, b or c
words      what a person typed: one line, cut at 240 letters
brief      the same, cut at 90 letters

Dates and times may be values or ISO text (facts travel as JSON). Moments with a zone are shown in the reader's zone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import TYPE_CHECKING, Any

from bot.domain.words import DutyHours, Weekday

if TYPE_CHECKING:
    from babel import Locale

PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})
LONGEST_WORDS = 240
LONGEST_BRIEF = 90


@dataclass(frozen=True, slots=True)
class Forms:
    """The ways of one language: its Babel locale, its patterns, and the zone of the person who reads."""

    locale: str
    patterns: Mapping[str, str]
    zone: tzinfo | None = None

    def write(self, fact: object, spec: str) -> str:
        """A fact as words. Raises ValueError when the spec is unknown or does not fit the fact."""
        if not spec:
            return self._number(fact) if isinstance(fact, float) else str(fact)
        try:
            return SPECS[spec](self, fact)
        except KeyError:
            raise ValueError(f"no such form: {spec}") from None
        except (TypeError, AttributeError):
            raise ValueError(f"{spec} cannot show a {type(fact).__name__}") from None

    def plural(self, n: float) -> str:
        """The name of the plural form that `n` takes: "one" or "other" in English."""
        return str(self._babel().plural_form(n))

    def plurals(self) -> frozenset[str]:
        """Every plural form that this language has."""
        return frozenset(self._babel().plural_form.tags) | {"other"}

    def _babel(self) -> "Locale":
        from babel import Locale

        return Locale.parse(self.locale)

    def _by_pattern(self, value: date | datetime | time, pattern: str) -> str:
        from babel.dates import format_date, format_datetime, format_time

        if isinstance(value, datetime):
            return str(format_datetime(value, self.patterns[pattern], tzinfo=value.tzinfo, locale=self.locale))
        if isinstance(value, date):
            return str(format_date(value, self.patterns[pattern], locale=self.locale))
        return str(format_time(value, self.patterns[pattern], locale=self.locale))

    def _day(self, fact: object, pattern: str) -> str:
        if isinstance(fact, int):
            return self._by_pattern(date(2024, 1, 1 + fact), pattern)  # 1 January 2024 was a Monday
        value = self._moment(fact)
        if isinstance(value, time):
            raise TypeError
        return self._by_pattern(value, pattern)

    def _clock(self, fact: object, pattern: str) -> str:
        value = self._moment(fact)
        if not isinstance(value, datetime | time):
            raise TypeError
        return self._by_pattern(value, pattern)

    def _moment(self, fact: object) -> date | datetime | time:
        value = _from_iso(fact) if isinstance(fact, str) else fact
        if isinstance(value, datetime):
            return value.astimezone(self.zone) if self.zone and value.tzinfo else value
        if isinstance(value, date | time):
            return value
        raise TypeError

    def _number(self, fact: object) -> str:
        from babel.numbers import format_decimal

        if isinstance(fact, bool) or not isinstance(fact, int | float):
            raise TypeError
        return str(format_decimal(fact, "#,##0.#", locale=self.locale))

    def _numbers(self, fact: Any) -> str:
        return ", ".join(self._number(one) for one in fact)

    def _weekdays(self, fact: Any) -> str:
        return self._list([self._day(_weekday(day), "weekday") for day in fact])

    def _hours(self, fact: object) -> str:
        if isinstance(fact, str):
            return fact
        if not isinstance(fact, DutyHours):
            raise TypeError
        hours = {"start": self._clock(fact.hours.start, "time"), "end": self._clock(fact.hours.end, "time")}
        return self.patterns["hours"].format(days=self._stretch(sorted(fact.days)), **hours)

    def _stretch(self, days: list[Weekday]) -> str:
        """Days in a row as "Monday to Friday", others one by one."""
        if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
            ends = {"first": self._day(days[0], "weekday"), "last": self._day(days[-1], "weekday")}
            return self.patterns["days"].format(**ends)
        return self._weekdays(days)

    def _list(self, fact: Any, style: Any = "standard") -> str:
        from babel.lists import format_list

        return str(format_list([str(one) for one in _several(fact)], style=style, locale=self.locale))


def _from_iso(text: str) -> date | datetime | time:
    if "T" in text or " " in text:
        return datetime.fromisoformat(text)
    return time.fromisoformat(text) if ":" in text else date.fromisoformat(text)


def _weekday(day: object) -> int:
    return Weekday[day.upper()] if isinstance(day, str) else int(day)  # type: ignore[call-overload]  # facts are untyped; a Weekday or int


def _several(fact: object) -> Iterable[object]:
    if isinstance(fact, str) or not isinstance(fact, Iterable):
        raise TypeError
    return fact


def _one_line(fact: object, most: int) -> str:
    text = " ".join(str(fact).split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


SPECS: Mapping[str, Callable[[Forms, Any], str]] = {
    "weekday": lambda forms, fact: forms._day(fact, "weekday"),
    "date": lambda forms, fact: forms._day(fact, "date"),
    "day": lambda forms, fact: forms._day(fact, "day"),
    "short": lambda forms, fact: forms._day(fact, "short"),
    "time": lambda forms, fact: forms._clock(fact, "time"),
    "times": lambda forms, fact: forms._list([forms._clock(one, "time") for one in _several(fact)]),
    "day_time": lambda forms, fact: forms._clock(fact, "day_time"),
    "number": lambda forms, fact: forms._number(fact),
    "in_ten": lambda forms, fact: forms._number(round(fact * 10)),
    "numbers": lambda forms, fact: forms._numbers(fact),
    "weekdays": lambda forms, fact: forms._weekdays(fact),
    "hours": lambda forms, fact: forms._hours(fact),
    "list": lambda forms, fact: forms._list(fact),
    "or_list": lambda forms, fact: forms._list(fact, "or"),
    "words": lambda _, fact: _one_line(fact, LONGEST_WORDS),
    "brief": lambda _, fact: _one_line(fact, LONGEST_BRIEF),
}
