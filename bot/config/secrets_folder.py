"""A folder of secrets: files named like variables, with or without `CHECKIN_`, each holding one value."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bot.config.given import PREFIX, SECRETS_DIR, Given, Misnamed, given
from bot.config.others import OPEN, SECRETS, all_may_read

NOBODY_ELSES = frozenset(f"{PREFIX}{table}__{key}".upper() for table, key in SECRETS)
FOR_ONE = "chmod 400 it (Docker: mode 0400 and the bot's uid; Kubernetes: defaultMode 0440 and fsGroup)"


def held_in(folder: Path | None) -> Given:
    """What the files set. One line break at the end is not part of a value."""
    if folder is None:
        return given({})
    found: dict[str, str] = {}
    wrong: list[Misnamed] = []
    try:
        for name, file in _files(folder):
            if name in found:
                wrong.append(Misnamed(name, "stands there in two files", "keep one of them"))
            try:
                if name in NOBODY_ELSES and all_may_read(file):
                    wrong.append(Misnamed(name, OPEN, FOR_ONE))
                found[name] = file.read_text("utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                wrong.append(Misnamed(name, "does not hold text", "save it as UTF-8"))
            except OSError as why:
                wrong.append(Misnamed(name, f"cannot be read ({why.strerror})", "let this account read the file"))
    except OSError:
        right = "write the path of a folder of secrets, or leave it out"
        wrong.append(Misnamed(SECRETS_DIR, "is not a folder that can be read", right))
    known = given(found)
    return replace(known, misnamed=(*wrong, *known.misnamed))


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.iterdir()):
        if file.is_file() and not file.name.startswith("."):
            name = file.name.upper()
            yield (name if name.startswith(PREFIX) else f"{PREFIX}{name}"), file
