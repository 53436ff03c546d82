"""The configuration, whatever stands in the file, the environment and the secrets: a plan, or all the problems."""

import re
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from bot.config.load import Loaded, Problems, read, read_text
from bot.config.shapes import zones
from handlers.callbacks import decode, encode
from handlers.verbs import ANSWER
from tests.parsers.cases import made_up
from tests.parsers.shapes import NASTY, texts

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = (ROOT / "config.example.toml").read_bytes()
STARTER = b"""\
[service]
name = "The Hill"
place = "the Hill"
timezone = "Europe/London"

[[schedules]]
name = "twice a week"
days = ["tue", "thu"]
time = "14:00"

[[questions]]
id = "H1"
construct = "bond"
scale = "choice"
text.en = "How is {worker}?"
options = [{ id = "yes", text.en = "Yes" }, { id = "no", text.en = "No" }]

[alerts]
escalate_to = "M-1"
"""
TODAY = date(2026, 5, 12)
TOKENS = (
    *(
        b"[",
        b"]",
        b"[[",
        b"]]",
        b"{",
        b"}",
        b"=",
        b"\n",
        b"\r",
        b"\r\n",
        b".",
        b",",
        b'"',
        b"'",
        b'"""',
        b"'''",
        b"#",
        b"\\",
    ),
    *(
        b"schedules",
        b"service",
        b"questions",
        b"signals",
        b"alerts",
        b"texts",
        b"en",
        b"name",
        b"drop",
        b"z",
        b"options",
        b"id",
    ),
    *(
        b"[[schedules]]\n",
        b"[service]\n",
        b"[signals.drop]\n",
        b"[texts.en]\n",
        b"x = ",
        b"time = ",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\0",
    ),
    *(
        b"true",
        b"inf",
        b"-nan",
        b"0x" + b"f" * 5000,
        b"9" * 5000,
        b"1e999",
        b"2026-02-30",
        b"1979-05-27T07:32:00Z",
        b"07:32:00",
    ),
    *(b"\\ud800", b"\\U00110000", b"\\u0000", b"[" * 300, b"a." * 300),
)
soup = st.lists(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=6)), max_size=8).map(b"".join)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A good file with something written into it, or cut out of it; or nothing but soup."""
    base = draw(st.sampled_from([b"", STARTER, STARTER, EXAMPLE]))
    at = draw(st.integers(0, len(base)))
    gone = draw(st.sampled_from([0, 0, 0, 1, 5, 40]))
    return base[:at] + draw(soup) + base[at + gone :]


def outcome(found: Loaded | Problems) -> None:
    if isinstance(found, Problems):
        assert found.problems
        for problem in found.problems:
            assert problem.line >= 0
            assert problem.wrong
            assert problem.right
            str(problem).encode()
        return
    plan = found.plan
    assert len(plan.version) <= 16
    assert plan.service.timezone in zones()
    assert all(len(schedule.name) <= 64 for schedule in plan.schedules)
    for question in plan.bank.values():
        assert len(question.id) <= 64
        for option in question.options:
            tap = decode(encode(ANSWER, "x" * 16, 999, f"={option.id}"))
            assert tap is not None
            assert tap.args[2] == f"={option.id}"


@made_up(
    "config_bytes",
    on="tmp_path",
    raw=files(),
)
def test_any_bytes_are_a_plan_or_problems(folder: Path, raw: bytes) -> None:
    file = folder / "c.toml"
    file.write_bytes(raw)
    outcome(read(file, {}, today=TODAY))


def toml(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(one):08x}" for one in value if not "\ud800" <= one <= "\udfff") + '"'
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml(key)} = {toml(one)}" for key, one in value.items()) + " }"
    return str(value)


values = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-3, 40),
        st.sampled_from([10**400, -(10**30), 2**63, 1.5, "inf", "1979-05-27T07:32:00Z", "07:32:00"]),
        st.floats(allow_nan=True).map(lambda one: repr(one).replace("+", "")),
        st.sampled_from(
            [
                "mon",
                "14:00",
                "24h",
                "",
                "0m",
                "en",
                "B1",
                "bond",
                "0-10",
                "choice",
                "W-1",
                "M 1",
                "Europe/London",
                "20:00-09:00",
            ]
        ),
        texts,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["en", "id", "text", "days", "W-1", "high"]), inner, max_size=2),
    ),
    max_leaves=3,
)
LINES = [n for n, line in enumerate(EXAMPLE.decode().splitlines()) if re.match(r"[\w.]+ = ", line)]


@made_up("config_values", line=st.sampled_from(LINES), value=values)
def test_any_value_of_any_key_is_told_or_taken(line: int, value: Any) -> None:
    """Every key of the example, with a value that somebody else's key might have."""
    written = EXAMPLE.decode().splitlines()
    written[line] = f"{written[line].partition(' = ')[0]} = {toml(value)}"
    outcome(read_text("\n".join(written), "c.toml", Path(), {}, today=TODAY))


NAMES = st.sampled_from(
    (
        *("SERVICE__NAME", "SERVICE__TIMEZONE", "SERVICE__LANGUAGES", "SERVICE", "SERVICE__NAME__X", "SCHEDULES"),
        *("ALERTS__COVER", "ALERTS__ESCALATE_TO", "ALERTS__ACKNOWLEDGE_WITHIN", "SAFETY__CHECKED_ON", "SIGNALS__DROP__Z"),
        *("TELEGRAM__TOKEN", "TELEGRAM__MESSAGES_PER_SECOND", "HTTP__LISTEN", "DATABASE__ENCRYPTION_KEYS"),
        *("SERVICE__CRISIS_TEXT__EN", "TEXTS__EN", "X", "", "__"),
    )
)
given = st.one_of(
    st.sampled_from(
        [
            "[",
            "{}",
            "[]",
            '["a"]',
            "null",
            "[" * 5000,
            '{"a": 1}',
            '"x"',
            "1e999",
            "true",
            "nan",
            '["\\ud800"]',
            "9" * 5000,
            *NASTY,
        ]
    ),
    texts,
)


@made_up(
    "config_environment",
    on="tmp_path",
    variables=st.dictionaries(NAMES, given, max_size=3),
    secret=st.one_of(st.binary(max_size=8), st.just(b"")),
)
def test_any_environment_and_any_secret_is_told_or_taken(folder: Path, variables: dict[str, str], secret: bytes) -> None:
    (folder / "telegram__token").write_bytes(secret)
    environ = {f"CHECKIN_{name}": value for name, value in variables.items()}
    outcome(read_text(STARTER.decode(), "c.toml", folder, environ, folder, TODAY))
