"""On which line of a TOML file each key and list element stands. tomllib reads values and forgets where they were."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from bot.config.problems import Path

_TOML = Language(tree_sitter_toml.language())
_KEYS = ("bare_key", "quoted_key", "dotted_key")


class Lines:
    """Looks up lines, from 1. What is not in the file is where its section begins, or line 1."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {(): 1}
        for path, line in _places(Parser(_TOML).parse(text.encode()).root_node):
            self._lines.setdefault(path, line)

    def line(self, path: Path) -> int:
        """The line of a path, or of the nearest thing around it that is there."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def __contains__(self, path: Path) -> bool:
        return path in self._lines


def _places(document: Node) -> Iterator[tuple[Path, int]]:
    counts: dict[Path, int] = {}
    for node in document.named_children:
        if node.type == "pair":
            yield from _pair(node, ())
        elif node.type in ("table", "table_array_element"):
            here = _table_path(node, counts)
            for depth in range(1, len(here) + 1):
                yield here[:depth], _line(node)
            for child in node.named_children:
                if child.type == "pair":
                    yield from _pair(child, here)


def _table_path(node: Node, counts: dict[Path, int]) -> Path:
    """The path of `[a.b]` or `[[a.b]]`, with the index of each list of tables that it goes through."""
    here: Path = ()
    keys = _key(node)
    for position, key in enumerate(keys):
        here = (*here, key)
        if node.type == "table_array_element" and position == len(keys) - 1:
            counts[here] = counts.get(here, -1) + 1
        if here in counts:
            here = (*here, counts[here])
    return here


def _pair(node: Node, before: Path) -> Iterator[tuple[Path, int]]:
    keys = _key(node)
    for depth in range(1, len(keys) + 1):
        yield (*before, *keys[:depth]), _line(node)
    yield from _value(node.named_children[-1], (*before, *keys))


def _value(node: Node, here: Path) -> Iterator[tuple[Path, int]]:
    if node.type == "inline_table":
        for child in node.named_children:
            if child.type == "pair":
                yield from _pair(child, here)
    elif node.type == "array":
        elements = [child for child in node.named_children if child.type != "comment"]
        for index, child in enumerate(elements):
            yield (*here, index), _line(child)
            yield from _value(child, (*here, index))


def _key(node: Node) -> tuple[str, ...]:
    """The parts of a key, with its quotes and escapes read by the TOML parser itself."""
    written = next(child for child in node.named_children if child.type in _KEYS)
    table: Any = tomllib.loads(f"{(written.text or b'').decode()} = 0")
    parts: list[str] = []
    while isinstance(table, Mapping):
        key = next(iter(table))
        parts.append(key)
        table = table[key]
    return tuple(parts)


def _line(node: Node) -> int:
    return node.start_point.row + 1
