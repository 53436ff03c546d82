"""Reading the configuration: everything that is needed, or every problem at once.

    found = read(path, environ, today=…)
    if isinstance(found, Problems): …    # the lines to print; nothing can be used
    found.settings, found.plan, found.warnings

The strongest source first: environment, folder of secrets, file, defaults.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from bot.config import build
from bot.config.checks import faults
from bot.config.document import Document, validate
from bot.config.faulty import fault_of, without
from bot.config.given import CONFIG, SECRETS_DIR, Given, given, outranked
from bot.config.keys import is_key
from bot.config.lines import Lines
from bot.config.others import OPEN, all_may_read, in_the_open
from bot.config.problems import ENVIRONMENT, Fault, Problem, Weight, dotted
from bot.config.problems import Path as Place
from bot.config.secrets_folder import held_in
from bot.config.settings import Settings
from bot.domain.plan import Plan

_NOT_TOML, _FIRST = "is not TOML: {}", "put this line right first; the rest is read after that"
MANY_DIGITS = re.compile("[0-9_]{1000}")
AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be used."""

    settings: Settings
    plan: Plan
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Problems:
    """All that is wrong, by line; warnings are among them. At least one is an error."""

    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def place(option: str | None, environ: Mapping[str, str]) -> Path:
    """Where the file is: as given, else `$CHECKIN_CONFIG`, else `config.toml` here."""
    return Path(option or environ.get(CONFIG) or "config.toml")


def read(
    path: Path, environ: Mapping[str, str], secrets_dir: Path | None = None, today: date | None = None
) -> Loaded | Problems:
    """The configuration from a file. `secrets_dir` is else `$CHECKIN_SECRETS_DIR`; without `today` no date is judged."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as why:
        right = "give the file's path with --config, or set CHECKIN_CONFIG"
        return _only(path, 1, f"cannot be read ({why.strerror})", right)
    except UnicodeDecodeError as why:
        return _only(path, why.object[: why.start].count(b"\n") + 1, "is not UTF-8 text", "save it as UTF-8")
    folder = secrets_dir or (Path(environ[SECRETS_DIR]) if environ.get(SECRETS_DIR) else None)
    return read_text(text, str(path), path.parent, environ, folder, today, shared=path if all_may_read(path) else None)


def read_text(
    text: str,
    name: str,
    folder: Path,
    environ: Mapping[str, str],
    secrets_dir: Path | None = None,
    today: date | None = None,
    *,
    shared: Path | None = None,
) -> Loaded | Problems:
    """The same for a text that is at hand; `name` stands in problems, relative paths start at `folder`.

    `shared`: the file that it comes from, if everybody may read that: then no secret may stand in it.
    """
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as why:
        return _broken(text, name, str(why))
    except RecursionError:
        return _only(name, len(text.splitlines()), _NOT_TOML.format("it is nested too deeply"), _FIRST)
    except ValueError:  # a number that Python does not read, and no word of where it stands
        line = text[: many.start()].count("\n") + 1 if (many := MANY_DIGITS.search(text)) else 1
        return _only(name, line, _NOT_TOML.format("a number has thousands of digits"), _FIRST)
    reading = _Reading(name, Lines(text), given(environ), held_in(secrets_dir))
    document = reading.document(written)
    for fault in (*faults(document, today), *(in_the_open(written, shared) if shared else ())):
        reading.add(fault)
    document = reading.with_secret_files(document, folder)
    if any(problem.severity is Weight.ERROR for problem in reading.problems):
        return Problems(tuple(reading.in_order()))
    return Loaded(build.settings(document, folder), build.plan(document), tuple(reading.in_order()))


def _only(path: Path | str, line: int, wrong: str, right: str) -> Problems:
    return Problems((Problem(str(path), line, "file", wrong, right),))


def _broken(text: str, name: str, why: str) -> Problems:
    at = AT.search(why)
    line = int(at[1]) if at and at[1] else max(1, len(text.splitlines()))
    return _only(name, line, _NOT_TOML.format(AT.sub("", why).strip().rstrip(".")), _FIRST)


@dataclass(slots=True)
class _Reading:
    """One reading of one file: collects problems and knows where each key was set."""

    name: str
    lines: Lines
    environment: Given
    secrets: Given
    problems: list[Problem] = field(default_factory=list)
    bad: set[Place] = field(default_factory=set)

    def document(self, written: Mapping[str, Any]) -> Document:
        """The document without its bad values, each of which has become a problem."""
        for source, known in ((ENVIRONMENT, self.environment), ("secrets", self.secrets)):
            self.problems += [Problem(source, 0, one.name, one.wrong, one.right) for one in known.misnamed]
        layers = outranked(self.environment.values, self.secrets.values, dict(written))
        while True:
            try:
                return validate(*layers)
            except ValidationError as errors:
                found = [fault_of(one) for one in errors.errors(include_url=False, include_input=False)]
                for fault in found:
                    self.add(fault)
                taken = {without(layer, self._rest_of(fault.path)) for layer in layers for fault in found} - {()}
                if taken <= self.bad:
                    raise
                self.bad |= taken

    def _rest_of(self, path: Place) -> Place:
        """What has to go next: a value that was put in the place of a bad one may be no better, then what holds it."""
        while path in self.bad:
            path = path[:-1]
        return path

    def add(self, fault: Fault) -> None:
        """A fault becomes a problem, unless the key, or what it rests on, is known to be wrong already."""
        for path in (fault.path, fault.rests_on):
            if path and any(path[:depth] in self.bad for depth in range(1, len(path) + 1)):
                return
        self.problems.append(self._told(fault))

    def in_order(self) -> list[Problem]:
        """By line; what was not set in the file first."""
        return sorted(self.problems, key=lambda one: (one.file == self.name, one.line))

    def _told(self, fault: Fault) -> Problem:
        for source, known in ((ENVIRONMENT, self.environment), ("secrets", self.secrets)):
            for depth in range(len(fault.path), 0, -1):
                if fault.path[:depth] in known.names:
                    name = known.names[fault.path[:depth]]
                    return Problem(source, 0, name, fault.wrong, fault.right, fault.weight)
        line = self.lines.line(fault.path)
        return Problem(self.name, line, dotted(fault.path), fault.wrong, fault.right, fault.weight)

    def with_secret_files(self, document: Document, folder: Path) -> Document:
        """The token and the keys from the files that hold them."""
        telegram, database = document.telegram, document.database
        if telegram.token_file is not None:
            held = self._held(folder / telegram.token_file, ("telegram", "token_file"))
            token = SecretStr(held.strip()) if held.strip() else None
            telegram = telegram.model_copy(update={"token": token, "token_file": folder / telegram.token_file})
        elif telegram.token is not None and not telegram.token.get_secret_value().strip():
            telegram = telegram.model_copy(update={"token": None})
        if database.encryption_keys_file is not None:
            file = folder / database.encryption_keys_file
            held = self._held(file, ("database", "encryption_keys_file")) if file.exists() else ""
            keys = tuple(SecretStr(line.strip()) for line in held.splitlines() if is_key(line))
            database = database.model_copy(update={"encryption_keys": keys, "encryption_keys_file": file})
        return document.model_copy(update={"telegram": telegram, "database": database})

    def _held(self, file: Path, where: Place) -> str:
        try:
            if all_may_read(file):
                self.add(Fault(where, OPEN, f"chmod 600 {file}"))
            return file.read_text("utf-8")
        except OSError as why:
            self.add(Fault(where, f"cannot be read ({why.strerror})", "write the path of a file that holds it"))
        except UnicodeDecodeError:
            self.add(Fault(where, "does not hold text", "write the path of a file that holds it"))
        return ""
