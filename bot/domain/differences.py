"""Two configurations side by side: which keys of the file differ, and what changes for whom."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from bot.domain.preview import Foreseen
from bot.domain.words import Json

SECRET = ("telegram.token", "telegram.webhook_secret", "database.url", "database.encryption_keys", "heartbeat.url")
"""That they differ may be said, what they hold may not."""
HIDDEN = "(not shown)"
_Occasion: TypeAlias = tuple[date, str, str]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the file; None: it does not stand there, so that its default holds."""

    name: str
    before: Json
    after: Json

    def as_json(self) -> Mapping[str, Json]:
        return {"key": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class Difference:
    """One occasion of one client, as it would be by each; None: there would be none."""

    before: Foreseen | None
    after: Foreseen | None

    @property
    def line(self) -> Foreseen:
        """The one that there is, the later plan's if there are two."""
        found = self.after or self.before
        assert found is not None
        return found

    def as_json(self) -> Mapping[str, Json]:
        return {
            "client": self.line.ref,
            "before": dict(self.before.as_json()) if self.before else None,
            "after": dict(self.after.as_json()) if self.after else None,
        }


def keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Key]:
    """Of two files as TOML reads them, by name. A table in a list goes by its `name` or `id`."""
    one, other = dict(_flat(before)), dict(_flat(after))
    differ = [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
    return [Key(name, _shown(name, one.get(name)), _shown(name, other.get(name))) for name in differ]


def _flat(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, Mapping):
            yield from _flat(value, name)
        elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            for n, one in enumerate(value, 1):
                yield from _flat(one, f"{name}[{one.get('name', one.get('id', n))}]")
        else:
            yield name, value


def _shown(name: str, value: Any) -> Json:
    if value is None or name in SECRET:
        return None if value is None else HIDDEN
    return value if isinstance(value, bool | int | float | str | list) else str(value)


def occasions(before: Sequence[Foreseen], after: Sequence[Foreseen]) -> list[Difference]:
    """What would be asked otherwise, not at all, or besides; earliest day first."""
    one, other = ({_occasion(line): line for line in lines} for lines in (before, after))
    found = [Difference(one.get(name), other.get(name)) for name in sorted({*one, *other})]
    return [change for change in found if change.before != change.after]


def _occasion(line: Foreseen) -> _Occasion:
    return line.local_date, line.ref, line.schedule
