"""What the models found wrong, in plain words; and a layer of values without it, so that the rest can be checked."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from pydantic_core import ErrorDetails

from bot.config.document import Document
from bot.config.given import inside, keys_of
from bot.config.problems import Fault, Path, meant

Two: TypeAlias = tuple[str, str]

_PLAIN: Mapping[str, Two] = {
    "string_type": ("is not text", "put it in quotes"),
    "bool_type": ("is not true or false", "write true or false without quotes"),
    "bool_parsing": ("is not true or false", "write true or false without quotes"),
    "int_type": ("is not a whole number", "write a whole number without quotes"),
    "int_parsing": ("is not a whole number", "write a whole number without quotes"),
    "int_from_float": ("is not a whole number", "write a whole number without a point"),
    "int_parsing_size": ("is far too large", "write a smaller number"),
    "float_type": ("is not a number", "write a number without quotes"),
    "float_parsing": ("is not a number", "write a number without quotes"),
    "finite_number": ("is not a number", "write a number without quotes"),
    "list_type": ("is not a list", 'write it in square brackets: ["one", "two"]'),
    "tuple_type": ("is not a list", 'write it in square brackets: ["one", "two"]'),
    "dict_type": ("is not a table", "write a section in square brackets, and the keys below it"),
    "model_type": ("is not a table", "write a section in square brackets, and the keys below it"),
    "path_type": ("is not a path", "put it in quotes"),
}
_BOUNDS: Mapping[str, Two] = {
    "greater_than_equal": ("ge", "or more"),
    "less_than_equal": ("le", "or less"),
}


def fault_of(error: ErrorDetails) -> Fault:
    """One error of pydantic as a fault. Values never show unless a shape of ours put them there."""
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    kind, context = error["type"], error.get("ctx", {})
    if kind == "told":
        return Fault(path, str(context["wrong"]), str(context["right"]))
    if kind == "extra_forbidden":
        return Fault(path, "there is no such key", meant(str(path[-1]), _siblings(path)))
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        wrong = "is too small" if bound == "ge" else "is too large"
        return Fault(path, wrong, f"write {context[bound]:g} {words}")
    wrong, right = _PLAIN.get(kind, ("is not what belongs here", "see config.example.toml"))
    return Fault(path, wrong, right)


def _siblings(path: Path) -> list[str]:
    kind: Any = Document
    for key in path[:-1]:
        kind = inside(kind, key)
    return list(keys_of(kind))


def without(layer: dict[str, Any], path: Path) -> Path:
    """Takes a bad value out of a layer; the path of what went, which is a whole list where one element was bad."""
    here: Any = layer
    for depth, key in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(here, dict) and key in here:
            inner = here[key]
            if last or not isinstance(inner, dict | list) or _is_plain_list(inner):
                del here[key]
                return path[: depth + 1]
        elif isinstance(here, list) and isinstance(key, int) and key < len(here):
            inner = here[key]
            if last:
                here[key] = {}
                return path
        else:
            return ()
        here = inner
    return ()


def _is_plain_list(value: object) -> bool:
    return isinstance(value, list) and not all(isinstance(one, dict) for one in value)
