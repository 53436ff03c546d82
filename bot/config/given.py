"""What the environment and a folder of secrets set: names with `__` between tables, turned into nested values.

    CHECKIN_SERVICE__TIMEZONE=Europe/Paris          a value: taken as it stands
    CHECKIN_SERVICE__LANGUAGES='["en", "fr"]'       a list or a table: JSON; a list of one text may be the text
    CHECKIN_SIGNALS__DROP__ENABLED=false

Not to be reached this way: single values inside lists and inside tables whose keys are refs; the whole of these is set
as JSON. A secret is a file named like the variable, with or without `CHECKIN_`, holding the value.
"""

import json
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from bot.config.document import Document
from bot.config.problems import Path, meant

PREFIX = "CHECKIN_"
CONFIG, SECRETS_DIR = f"{PREFIX}CONFIG", f"{PREFIX}SECRETS_DIR"
NOT_SETTINGS = frozenset({CONFIG, SECRETS_DIR})
REF_KEYED = frozenset({("alerts", "cover")})
EITHER_OR = (("telegram", "token", "token_file"), ("database", "encryption_keys", "encryption_keys_file"))
"""Table, and two keys of it that say the same thing in two ways."""

_HALF = re.compile("[\ud800-\udfff]")

Layer: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Misnamed:
    """A variable or secret that cannot be used: what is wrong, and what would be right."""

    name: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True)
class Given:
    """Nested values, the name that set each path, and what could not be used."""

    values: Layer
    names: Mapping[Path, str]
    misnamed: tuple[Misnamed, ...]


def given(variables: Mapping[str, str]) -> Given:
    """Reads every `CHECKIN_…` among the variables; others are none of ours."""
    values: Layer = {}
    names: dict[Path, str] = {}
    misnamed: list[Misnamed] = []
    for name in sorted(variables):
        if not name.upper().startswith(PREFIX) or name.upper() in NOT_SETTINGS:
            continue
        path = tuple(name[len(PREFIX) :].lower().split("__"))
        kind = _kind_at(path)
        if isinstance(kind, str):
            misnamed.append(Misnamed(name, "is not a setting", kind))
            continue
        if not _is_text(variables[name]):
            misnamed.append(Misnamed(name, "is not text in UTF-8", "write the value anew"))
            continue
        try:
            _put(values, path, _read(kind, variables[name]))
            names[path] = name
        except ValueError:
            misnamed.append(Misnamed(name, "is not JSON", 'write a list as ["one", "two"], a table as {"key": "value"}'))
    return Given(values, names, tuple(misnamed))


def outranked(*layers: Layer) -> tuple[Layer, ...]:
    """The layers, the strongest first, without what a stronger one says in the other of two ways.

    A token from the environment goes before the file's `token_file` just as it goes before its `token`.
    """
    for table, *pair in EITHER_OR:
        said = False
        for layer in layers:
            inner = layer.get(table)
            if not isinstance(inner, dict):
                continue
            if said:
                layer[table] = {key: value for key, value in inner.items() if key not in pair}
            said = said or any(inner.get(key) for key in pair)
    return layers


def bare(annotation: Any) -> Any:
    """An annotation without `Annotated`, `| None` and aliases."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType) and type(None) in get_args(annotation):
            annotation = next(one for one in get_args(annotation) if one is not type(None))
        else:
            return annotation


def keys_of(annotation: Any) -> dict[str, Any]:
    """The keys of a table that has a model, with their annotations; empty for anything else."""
    model = bare(annotation)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {}
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def inside(annotation: Any, key: str | int) -> Any:
    """The annotation one step further in, or None where nothing may stand."""
    kind = bare(annotation)
    if kind is Any:
        return Any
    if get_origin(kind) is dict and isinstance(key, str):
        return get_args(kind)[1]
    if get_origin(kind) in (list, tuple) and isinstance(key, int):
        return get_args(kind)[0]
    return keys_of(kind).get(str(key))


def _kind_at(path: tuple[str, ...]) -> Any:
    """The annotation at a path; a str that says what would be right where a variable cannot reach."""
    kind: Any = Document
    for depth, key in enumerate(path):
        if path[:depth] in REF_KEYED or get_origin(bare(kind)) is list:
            return f"set the whole of {PREFIX}{'__'.join(path[:depth]).upper()} as JSON"
        known, kind = keys_of(kind), inside(kind, key)
        if kind is None or not key:
            before = "".join(f"{one}__" for one in path[:depth]).upper()
            return meant(f"{PREFIX}{before}{key.upper()}", [f"{PREFIX}{before}{one.upper()}" for one in known])
    return kind


def _read(kind: Any, value: str) -> Any:
    kind = bare(kind)
    if keys_of(kind) or get_origin(kind) is dict:
        return _json(value)
    if get_origin(kind) in (list, tuple):
        is_json = value.lstrip().startswith(("[", "{", '"'))
        return _json(value) if is_json or not value or bare(get_args(kind)[0]) not in (str, SecretStr) else value
    return value


def _json(value: str) -> Any:
    try:
        read = json.loads(value)
        if not _is_text(json.dumps(read, ensure_ascii=False)):
            raise ValueError
    except RecursionError:
        raise ValueError from None
    return read


def _is_text(value: str) -> bool:
    """Half a letter, which is how bytes that are no text come in, can be neither printed nor kept."""
    return not _HALF.search(value)


def _put(values: Layer, path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        deeper = values.setdefault(key, {})
        if not isinstance(deeper, dict):
            raise ValueError
        values = deeper
    before = values.get(path[-1])
    values[path[-1]] = {**value, **before} if isinstance(before, dict) and isinstance(value, dict) else value
