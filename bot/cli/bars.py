"""How far a long command has come."""

import sys
from collections.abc import Callable
from typing import Any


class Bar:
    """A progress bar on a terminal, once the work takes longer than two seconds; nothing in a pipe."""

    def __init__(self, what: str, total: int, after: float = 2.0) -> None:
        self._what, self._total, self._after = what, total, after
        self._bar: Any = None

    def __enter__(self) -> Callable[..., None]:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(self._what, total=self._total)
        return self._step

    def _step(self, rows: int = 1) -> None:
        if self._bar is None:
            return
        self._bar.advance(self._task, rows)
        if not self._bar.live.is_started and (self._bar.tasks[0].elapsed or 0) > self._after:
            self._bar.start()

    def __exit__(self, *_: object) -> None:
        if self._bar is not None and self._bar.live.is_started:
            self._bar.stop()
