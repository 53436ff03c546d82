"""The pages under test: what exists is documented, what is documented exists. (Config keys: test_config_example.py.)"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from bot.cli import main
from bot.domain.signals.catalogue import PROFILES, RULES
from bot.domain.signals.history import WINDOW
from handlers import routes
from tests.support.code import module

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = (*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")), ROOT / "tests" / "README.md")
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")


@cache
def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def told_to_managers() -> str:
    return "\n".join(page(name) for name in ("managers.md", "operations.md", "configuration.md"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# ---------------------------------------------------------------- links and commands


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_link_leads_somewhere(path: Path) -> None:
    for _, target in LINK.findall(path.read_text("utf-8")):
        file, _, heading = target.partition("#")
        if "://" in target:
            continue
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), target
        if heading:
            assert heading in _headings(there), target


def test_every_page_that_the_code_names_is_there() -> None:
    code = [path for package in ("bot", "handlers", "storage") for path in sorted((ROOT / package).rglob("*.py"))]
    told = {(named(path), page) for path in code for page in re.findall(r"docs/[\w/.-]*\w", path.read_text("utf-8"))}
    assert [one for one in sorted(told) if not (ROOT / one[1]).exists()] == []


def _headings(path: Path) -> set[str]:
    lines = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


def test_every_page_can_be_found_from_the_readme() -> None:
    found, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in found or path.suffix != ".md":
            continue
        found.add(path)
        targets = (target for _, target in LINK.findall(path.read_text("utf-8")) if "://" not in target)
        waiting += [(path.parent / target.partition("#")[0]).resolve() for target in targets]
    decisions = {path for path in PAGES if path.parent.name == "decisions"}
    assert {named(path) for path in set(PAGES) - found - decisions} == set()


def test_every_make_command_of_the_pages_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    said = {
        word for path in PAGES for word in re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert {"demo", "test", "install"} <= said <= targets


# ---------------------------------------------------------------- the command line


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


EVERY_COMMAND = dict(commands(main))


@pytest.mark.parametrize("name", EVERY_COMMAND)
def test_every_command_and_each_of_its_options_is_documented(name: str) -> None:
    pages = told_to_managers()
    assert f"checkin-bot {name}" in pages or f"`{name}`" in pages
    for option in EVERY_COMMAND[name].params:
        if isinstance(option, click.Option):
            assert any(one in pages for one in option.opts if one.startswith("--")), option.opts


def test_commands_that_the_pages_show_exist() -> None:
    heads = {name.split()[0] for name in EVERY_COMMAND} | {"COMMAND"}
    for path in PAGES:
        shown = re.findall(r"(?:^|`|bin/)checkin-bot ([a-zA-Z]+)", path.read_text("utf-8"), re.MULTILINE)
        assert set(shown) <= heads, named(path)


# ---------------------------------------------------------------- the chat


def test_every_chat_command_is_explained_to_staff() -> None:
    told = page("workers.md") + page("managers.md")
    missing = {name for name in routes.COMMANDS if not re.search(rf"`/{name}[ `]", told)}
    assert missing == set()


def test_no_page_for_staff_promises_a_chat_command_that_is_not_there() -> None:
    for name in ("workers.md", "managers.md"):
        promised = set(re.findall(r"`/([a-z]+)[ `]", page(name)))
        assert promised <= set(routes.COMMANDS), name


# ---------------------------------------------------------------- rules, logs, hazards


def section(rule: str) -> str:
    """What signals.md says of a rule."""
    found = re.search(rf"^### `{rule}`$(.*?)(?=^##|\Z)", page("signals.md"), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_explained_with_its_numbers_as_they_are(rule: str) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", section(rule), re.MULTILINE))
    assert set(rows) == set(RULES[rule].parameters)
    for name, parameter in RULES[rule].parameters.items():
        _, default, bounds = rows[name].rsplit(" | ", 2)
        each = [f"{parameter.default_for(one):g}" for one in PROFILES]
        assert re.findall(r"-?[\d.]+", default) == (each if len(set(each)) > 1 else each[:1]), name
        assert bounds == f"{parameter.low:g} to {parameter.high:g}", name


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_names_its_evidence_its_weakness_and_its_false_alarms_as_measured(rule: str) -> None:
    said = dict(re.findall(r"^- \*\*([A-Z][a-z ]+)\*\*: (\S.+)$", section(rule), re.MULTILINE))
    assert list(said) == ["Evidence", "Weakness", "False alarms"]
    assert not re.search(r"\bas for `", said["Weakness"])
    row = re.compile(rf"^\| `{rule}`, \w+ \| ([\d.]+) \(.+?\) \| ([\d.]+) \(", re.MULTILINE)
    measured = [figure for pair in row.findall(page("signals-benchmark.md")) for figure in pair]
    assert re.findall(r"\d+\.\d+", said["False alarms"]) == measured
    assert said["False alarms"].startswith("not simulated") is not bool(measured)


def test_how_good_the_rules_are_is_said_as_measured() -> None:
    told = " ".join(page("signals.md").partition("## How good is it?")[2].split())
    once, twice, shipped = ([_measured(profile, limits) for profile in PROFILES] for limits in ("", EXAMPLE, DEFAULTS))
    for (alerts, found, false), (alerts_too, found_too, false_too) in (once, twice):
        assert f"**{found} %**" in told
        assert f"**{found_too} %**" in told
        assert f"with {false} and {false_too} false alarms" in told
        assert f"{alerts} and {alerts_too} alerts a month" in told
    (_, found, false), (_, found_too, false_too) = shipped
    assert f"would find {found} % and {found_too} % there, and be wrong {false} and {false_too} times a year" in told
    met = re.findall(r"\| of the example \|.+\| (.+) \|", page("signals-benchmark.md"))
    assert met == ["met", "by the middle figure only"]
    assert "**reached in therapy; in recovery by the middle figure only**" in told


EXAMPLE, DEFAULTS = "of the example", "all × 1"


def _measured(profile: str, limits: str) -> tuple[str, int, str]:
    """Alerts a month, percent found, false alarms a year: once a week, or twice by these limits."""
    table = page("signals-benchmark.md").partition("## How it is measured")[0]
    row = next(line for line in table.splitlines() if line.startswith(f"| {profile} | {limits}{' |' if limits else ''}"))
    alerts, found, *_, false = re.findall(r"([\d.]+) \([\d.]+–[\d.]+\)", row)
    return alerts, round(100 * float(found)), false


def test_habitual_low_raters_are_told_of_as_measured() -> None:
    measured = re.findall(r"[\d.]+ \([\d.]+–[\d.]+\)", page("signals-benchmark.md").partition("**Habitual low")[2])
    told = page("signals.md").partition("**Habitual low")[2]
    assert len(measured) == len(PROFILES)
    assert {figures for figures in measured if figures not in told} == set()


def test_the_page_says_how_far_back_rules_look() -> None:
    assert f"they look at the **last {WINDOW}**" in page("signals.md")


@pytest.mark.parametrize(
    ("name", "source"), [("signals-benchmark.md", "signals/remarks.md"), ("performance.md", "remarks.md")]
)
def test_a_page_that_is_written_ends_with_the_remarks_it_is_written_from(name: str, source: str) -> None:
    assert page(name).endswith((ROOT / "tests" / "benchmarks" / source).read_text("utf-8"))


def test_every_log_line_says_in_the_pages_what_it_means() -> None:
    table = page("operations.md")
    assert {event for event in _events() if f"`{event}`" not in table} == set()


def test_no_log_line_is_explained_that_nothing_writes() -> None:
    table = page("operations.md").partition("| event | means")[2].partition("## ")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {event for cell in cells for event in re.findall(r"`(\w+)`", cell)} <= set(_events())


def _events() -> Iterator[str]:
    for path, node in _calls():
        if ast.unparse(node.func).startswith("log.") and node.args:
            assert isinstance(node.args[0], ast.Constant), f"{named(path)}:{node.lineno}: an event has one fixed name"
            yield str(node.args[0].value)


@cache
def _calls() -> list[tuple[Path, ast.Call]]:
    """Every call in the code, and where it stands."""
    files = [path for package in ("bot", "handlers", "storage") for path in (ROOT / package).rglob("*.py")]
    trees = [(path, module(path)) for path in files]
    return [(path, node) for path, tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_every_word_of_the_access_log_is_explained() -> None:
    said = {
        node.args[2].value
        for _, node in _calls()
        if re.search(r"audit\.note(_each)?$", ast.unparse(node.func)) and isinstance(node.args[2], ast.Constant)
    }
    table = page("security.md").partition("| word | means |")[2].partition("\n\n")[0]
    told = {word for line in table.splitlines()[1:] for word in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert said | {"exported", "replayed", "restored"} == told


def test_every_test_that_stands_against_a_hazard_exists() -> None:
    there = {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(module(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    said = set(re.findall(r"`(test_\w+)`", page("hazards.md")))
    assert said - there == set()


def test_every_hazard_has_a_test_or_says_not_yet() -> None:
    rows = [line for line in page("hazards.md").splitlines() if re.match(r"\| H\d+ ", line)]
    assert [row.split("|")[1].strip() for row in rows] == [f"H{number + 1}" for number in range(len(rows))]
    assert [row for row in rows if "`test_" not in row.split("|")[4] and "not yet" not in row] == []
