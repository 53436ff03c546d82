"""The code itself, read for the tests that look at it."""

import ast
from functools import cache
from pathlib import Path


@cache
def module(path: Path) -> ast.Module:
    """What a module says, parsed once. Nobody changes it."""
    return ast.parse(path.read_text("utf-8"))
