"""What several commands are tried on."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main

PEOPLE = """role,ref,name,worker,language,timezone,next_session,status
worker,W-1,Sam,,en,Europe/London,,
client,R-118,Alexandra,W-1,en,Europe/London,,
"""


@pytest.fixture
def small_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its folder, with the example configuration, one worker and one client."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text((Path(__file__).parents[2] / "config.example.toml").read_text("utf-8"), "utf-8")
    (tmp_path / "roster.csv").write_text(PEOPLE)
    assert CliRunner().invoke(main, ["roster", "import", "roster.csv"]).exit_code == 0
    return tmp_path
