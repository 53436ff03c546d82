"""Every key and list element of a TOML file is found on its line."""

import pytest

from bot.config.lines import Lines
from bot.config.problems import Path

TEXT = '''# a comment
top = 1

[service]
name = "x"
crisis_text.en = """
Call 999.
"""
working_hours = { days = ["mon",
  "tue"], hours = "09:00-17:00" }

[[schedules]]
name = "a"
[schedules.text]
en = "q"

[[schedules]]
questions = [
  "B1",  # first
  "G1",
]

[alerts]
cover = { "W-1" = "W-2" }
[texts.en]
"client.thanks.done" = "t"

[[questions]]
options = [
  { id = "a" },
  { id = "b", text.en = "B" },
]
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("service",), 4),
        (("service", "name"), 5),
        (("service", "crisis_text", "en"), 6),
        (("service", "working_hours", "days"), 9),
        (("service", "working_hours", "days", 1), 10),
        (("service", "working_hours", "hours"), 10),
        (("schedules",), 12),
        (("schedules", 0, "name"), 13),
        (("schedules", 0, "text", "en"), 15),
        (("schedules", 1), 17),
        (("schedules", 1, "questions", 0), 19),
        (("schedules", 1, "questions", 1), 20),
        (("alerts", "cover", "W-1"), 24),
        (("texts", "en", "client.thanks.done"), 26),
        (("questions", 0, "options", 1, "text", "en"), 31),
    ],
)
def test_what_is_there_is_on_its_line(path: Path, line: int) -> None:
    lines = Lines(TEXT)
    assert path in lines
    assert lines.line(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [(("service", "timezone"), 4), (("schedules", 1, "time"), 17), (("safety", "duty"), 1), ((), 1)],
)
def test_what_is_missing_is_where_its_section_begins(path: Path, line: int) -> None:
    assert Lines(TEXT).line(path) == line
