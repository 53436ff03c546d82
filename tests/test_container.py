"""What stands around the bot in a container: nothing to write to, nothing to become, nothing to tell."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMPOSE = (ROOT / "compose.yaml").read_text("utf-8")
BOT, DATABASE = re.split(r"^  database:$", COMPOSE.partition("\nservices:\n")[2], maxsplit=1, flags=re.MULTILINE)
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


@pytest.mark.parametrize(
    "line", ["read_only: true", "cap_drop: [ALL]", "security_opt: [no-new-privileges:true]", "tmpfs: [/tmp]", "core: 0"]
)
def test_the_bot_may_write_nothing_and_become_nobody(line: str) -> None:
    assert line in BOT


def test_no_port_is_open_to_the_network() -> None:
    assert re.findall(r'ports: \["([\d.]+):', COMPOSE) == ["127.0.0.1"]
    assert "ports:" not in DATABASE


def test_the_image_runs_as_nobody_in_particular() -> None:
    last = DOCKERFILE.rpartition("FROM ")[2]
    users = re.findall(r"^USER (\w+)$", last, re.MULTILINE)
    assert users == ["checkin"]
    assert last.index("USER checkin") < last.index("ENTRYPOINT")
    assert "--uid 10001" in last


def test_no_secret_is_built_in_or_stands_in_the_environment() -> None:
    assert not re.search(r"TOKEN|ENCRYPTION|PASSWORD", DOCKERFILE)
    assert not re.search(r"(TOKEN|KEYS|PASSWORD|URL): \S", BOT)
    for name in ("telegram__token", "database__encryption_keys", "database__url", "postgres_password"):
        assert f"{name}: {{ file: ./secrets/{name} }}" in COMPOSE


def test_what_is_installed_is_locked_with_hashes() -> None:
    assert "--require-hashes" in DOCKERFILE
    for lock in ("requirements.lock", "requirements-dev.lock", "requirements-audit.lock"):
        text = (ROOT / lock).read_text("utf-8")
        pinned = re.findall(r"^([a-z][\w.-]*)==", text, re.MULTILINE)
        assert len(pinned) > 20
        assert text.count("--hash=sha256:") >= len(pinned)
        assert "://" not in text
