"""The environment and the folder of secrets: what they may set, and what goes before what."""

from pathlib import Path

import pytest

from bot.config.load import Loaded, Problems, place, read, read_text
from tests.config.test_load import SECRET, STARTER, loaded, problems


class TestEnvironment:
    def test_it_goes_before_the_file(self) -> None:
        found = loaded(STARTER, {"CHECKIN_SERVICE__PLACE": "Elsewhere", "CHECKIN_HTTP__LISTEN": ""})
        assert found.plan.service.place == "Elsewhere"
        assert found.settings.http.listen == ""

    def test_other_keys_of_the_same_table_stay(self) -> None:
        text = f"{STARTER}\n[telegram]\nchat_messages_per_second = 3\nmessages_per_second = 20\n"
        telegram = loaded(text, {"CHECKIN_TELEGRAM__MESSAGES_PER_SECOND": "5"}).settings.telegram
        assert (telegram.messages_per_second, telegram.chat_messages_per_second) == (5, 3)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("CHECKIN_SIGNALS__DROP__Z", "-2.5"),
            ("CHECKIN_SIGNALS__DROP__ENABLED", "false"),
            ("CHECKIN_SERVICE__CRISIS_TEXT__EN", "Call 999."),
            ("CHECKIN_ALERTS__ACKNOWLEDGE_WITHIN__HIGH", "10m"),
            ("CHECKIN_ALERTS__ASK_CLIENT_FIRST", "false"),
            ("CHECKIN_SAFETY__CHECKED_ON", "2026-05-01"),
            ("CHECKIN_SAFETY__DUTY_HOURS__HOURS", "10:00-12:00"),
            ("checkin_service__profile", "recovery"),
        ],
    )
    def test_every_scalar_outside_lists_can_be_set(self, name: str, value: str) -> None:
        text = f"{STARTER}\n[safety]\nduty_hours = {{ days = ['mon'], hours = '09:00-10:00' }}\n"
        assert loaded(text, {name: value}).plan.version != loaded(text).plan.version

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("CHECKIN_SERVICE__LANGUAGES", '["en"]'),
            ("CHECKIN_ALERTS__COVER", '{"W-1": "W-2"}'),
            ("CHECKIN_ALERTS__ESCALATE_TO", '["M-1", "M-2"]'),
            ("CHECKIN_ALERTS__ESCALATE_TO", "M-9"),
            ("CHECKIN_SCHEDULES", '[{"name": "x", "days": ["mon"], "time": "10:00"}]'),
        ],
    )
    def test_a_list_or_a_table_is_set_as_json(self, name: str, value: str) -> None:
        assert isinstance(read_text(STARTER, "c.toml", Path(), {name: value}), Loaded)

    @pytest.mark.parametrize(
        ("name", "right"),
        [
            ("CHECKIN_TELEGRAM__TOKN", 'did you mean "CHECKIN_TELEGRAM__TOKEN"?'),
            ("CHECKIN_SERVISE__NAME", 'did you mean "CHECKIN_SERVICE"?'),
            ("CHECKIN_SCHEDULES__0__NAME", "set the whole of CHECKIN_SCHEDULES as JSON"),
            ("CHECKIN_ALERTS__COVER__W1", "set the whole of CHECKIN_ALERTS__COVER as JSON"),
            ("CHECKIN_SERVICE__NAME__FIRST", "leave it out"),
        ],
    )
    def test_an_unknown_variable_is_a_problem(self, name: str, right: str) -> None:
        assert problems(STARTER, {name: "x"}) == [f"environment:0: {name}: is not a setting; {right}"]

    def test_those_that_say_where_things_are_do_not_count(self) -> None:
        assert loaded(STARTER, {"CHECKIN_CONFIG": "x", "CHECKIN_SECRETS_DIR": "", "PATH": "/bin", "CHECKINS": "3"})

    def test_a_wrong_value_is_told_by_the_variable_s_name(self) -> None:
        found = problems(STARTER, {"CHECKIN_SERVICE__TIMEZONE": "Mars/Base", "CHECKIN_SERVICE__CLOSED_DATES": "[1"})
        assert found == [
            'environment:0: CHECKIN_SERVICE__CLOSED_DATES: is not JSON; write a list as ["one", "two"], '
            'a table as {"key": "value"}',
            'environment:0: CHECKIN_SERVICE__TIMEZONE: "Mars/Base" is not a time zone; write it as in "Europe/London"',
        ]

    def test_one_key_needs_no_list_around_it(self) -> None:
        found = loaded(STARTER, {"CHECKIN_DATABASE__ENCRYPTION_KEYS": "one+key/as=openssl=makes=it="})
        keys = [key.get_secret_value() for key in found.settings.database.encryption_keys]
        assert keys == ["one+key/as=openssl=makes=it="]

    def test_the_file_is_the_one_that_was_named_else_that_of_the_environment(self) -> None:
        assert place("a.toml", {"CHECKIN_CONFIG": "b.toml"}) == Path("a.toml")
        assert place(None, {"CHECKIN_CONFIG": "b.toml"}) == Path("b.toml")
        assert place(None, {}) == Path("config.toml")


class TestSecretsFolder:
    def read(self, tmp_path: Path, files: dict[str, str], environ: dict[str, str] | None = None) -> Loaded | Problems:
        (tmp_path / "c.toml").write_text(f'{STARTER}\n[telegram]\ntoken = "from the file"\n')
        (tmp_path / "c.toml").chmod(0o600)
        folder = tmp_path / "secrets"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o400)
        return read(tmp_path / "c.toml", {"CHECKIN_SECRETS_DIR": str(folder), **(environ or {})})

    def token(self, found: Loaded | Problems) -> str:
        assert isinstance(found, Loaded), str(found)
        assert found.settings.telegram.token is not None
        return found.settings.telegram.token.get_secret_value()

    @pytest.mark.parametrize("name", ["CHECKIN_TELEGRAM__TOKEN", "telegram__token"])
    def test_a_file_named_like_the_variable_goes_before_the_config(self, tmp_path: Path, name: str) -> None:
        assert self.token(self.read(tmp_path, {name: f"{SECRET}\n"})) == SECRET

    def test_the_environment_goes_before_the_folder(self, tmp_path: Path) -> None:
        found = self.read(tmp_path, {"telegram__token": SECRET}, {"CHECKIN_TELEGRAM__TOKEN": "from outside"})
        assert self.token(found) == "from outside"

    def test_an_unknown_file_is_a_problem_that_does_not_show_what_it_holds(self, tmp_path: Path) -> None:
        found = str(self.read(tmp_path, {"telegram__tokn": SECRET}))
        assert found.startswith("secrets:0: CHECKIN_TELEGRAM__TOKN: is not a setting")
        assert SECRET not in found

    def test_a_token_file_of_the_config_gives_way_to_a_token_from_a_stronger_source(self, tmp_path: Path) -> None:
        (tmp_path / "c.toml").write_text(f'{STARTER}\n[telegram]\ntoken_file = "is not even there"\n')
        assert self.token(read(tmp_path / "c.toml", {"CHECKIN_TELEGRAM__TOKEN": SECRET})) == SECRET

    def test_a_token_of_the_config_gives_way_to_a_token_file_from_a_stronger_source(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text(SECRET)
        (tmp_path / "token").chmod(0o600)
        assert self.token(self.read(tmp_path, {"telegram__token_file": "token"})) == SECRET

    def test_a_key_file_of_the_config_gives_way_to_keys_from_the_environment(self, tmp_path: Path) -> None:
        (tmp_path / "c.toml").write_text(f'{STARTER}\n[database]\nencryption_keys_file = "old"\n')
        found = read(tmp_path / "c.toml", {"CHECKIN_DATABASE__ENCRYPTION_KEYS": SECRET})
        assert isinstance(found, Loaded), str(found)
        assert [key.get_secret_value() for key in found.settings.database.encryption_keys] == [SECRET]

    def test_twice_in_one_source_is_a_problem(self, tmp_path: Path) -> None:
        given = {"CHECKIN_TELEGRAM__TOKEN": SECRET, "CHECKIN_TELEGRAM__TOKEN_FILE": "token"}
        (tmp_path / "c.toml").write_text(STARTER)
        assert "the token is given twice" in str(read(tmp_path / "c.toml", given))

    def test_an_empty_token_beside_a_token_file_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text(SECRET)
        (tmp_path / "token").chmod(0o600)
        (tmp_path / "c.toml").write_text(f'{STARTER}\n[telegram]\ntoken = ""\ntoken_file = "token"\n')
        assert self.token(read(tmp_path / "c.toml", {})) == SECRET

    def test_a_folder_that_is_not_there_is_a_problem(self, tmp_path: Path) -> None:
        (tmp_path / "c.toml").write_text(STARTER)
        found = str(read(tmp_path / "c.toml", {"CHECKIN_SECRETS_DIR": str(tmp_path / "no")}))
        assert found.startswith("secrets:0: CHECKIN_SECRETS_DIR: is not a folder that can be read; ")

    def test_a_file_that_holds_no_text_is_a_problem_among_the_others(self, tmp_path: Path) -> None:
        (tmp_path / "c.toml").write_text(f"{STARTER}\n[telegram]\nmode = 'telepathy'\n")
        (tmp_path / "telegram__token").write_bytes(b"\xff\xfe")
        found = str(read(tmp_path / "c.toml", {"CHECKIN_SECRETS_DIR": str(tmp_path)})).splitlines()
        assert "secrets:0: CHECKIN_TELEGRAM__TOKEN: does not hold text; save it as UTF-8" in found
        assert any("telegram.mode" in line for line in found)

    @pytest.mark.parametrize(
        "name", ["telegram__token", "database__encryption_keys", "CHECKIN_DATABASE__URL", "heartbeat__url"]
    )
    def test_a_secret_that_everybody_may_read_is_refused_and_not_shown(self, tmp_path: Path, name: str) -> None:
        assert isinstance(self.read(tmp_path, {}), Loaded)
        (tmp_path / "secrets" / name).write_text(SECRET)
        (tmp_path / "secrets" / name).chmod(0o444)
        found = str(read(tmp_path / "c.toml", {"CHECKIN_SECRETS_DIR": str(tmp_path / "secrets")}))
        assert "everybody on this computer can read this file; chmod 400" in found
        assert SECRET not in found

    def test_what_is_no_secret_may_be_read_by_everybody(self, tmp_path: Path) -> None:
        assert isinstance(self.read(tmp_path, {}), Loaded)
        (tmp_path / "secrets" / "logs__level").write_text("debug")
        assert isinstance(read(tmp_path / "c.toml", {"CHECKIN_SECRETS_DIR": str(tmp_path / "secrets")}), Loaded)

    def test_secrets_are_found_behind_links_as_kubernetes_makes_them(self, tmp_path: Path) -> None:
        assert isinstance(self.read(tmp_path, {}), Loaded)
        folder = tmp_path / "secrets"
        (folder / "..2026").mkdir()
        (folder / "..2026" / "telegram__token").write_text(SECRET)
        (folder / "..2026" / "telegram__token").chmod(0o440)
        (folder / "..data").symlink_to("..2026")
        (folder / "telegram__token").symlink_to("..data/telegram__token")
        assert self.token(read(tmp_path / "c.toml", {"CHECKIN_SECRETS_DIR": str(folder)})) == SECRET
        (folder / "..2026" / "telegram__token").chmod(0o444)
        assert "chmod 400" in str(read(tmp_path / "c.toml", {"CHECKIN_SECRETS_DIR": str(folder)}))

    @pytest.mark.parametrize(
        ("line", "key"),
        [
            (f'[telegram]\ntoken = "{SECRET}"', "telegram.token"),
            (f'[telegram]\nwebhook_secret = "{SECRET[7:]}"', "telegram.webhook_secret"),
            (f'[database]\nencryption_keys = ["{SECRET}"]', "database.encryption_keys"),
            (f'[heartbeat]\nurl = "https://hc.example.org/{SECRET[7:]}"', "heartbeat.url"),
            (f'[database]\nurl = "postgresql+psycopg://a:{SECRET[:9]}@b/c"', "database.url"),
        ],
    )
    def test_no_secret_may_stand_in_a_configuration_that_everybody_may_read(
        self, tmp_path: Path, line: str, key: str
    ) -> None:
        file = tmp_path / "c.toml"
        file.write_text(f"{STARTER}\n{line}\n")
        found = str(read(file, {}))
        at = len(f"{STARTER}\n{line}".splitlines())
        assert found.startswith(f"{file}:{at}: {key}: everybody on this computer can read this file")
        assert found.endswith(f"chmod 600 {file}, or give it by environment or as a secret")
        assert SECRET[:9] not in found
        assert SECRET[7:] not in found
        file.chmod(0o600)
        assert isinstance(read(file, {}), Loaded)

    def test_an_address_without_a_password_is_no_secret(self, tmp_path: Path) -> None:
        (tmp_path / "c.toml").write_text(f'{STARTER}\n[database]\nurl = "sqlite+aiosqlite:///x.db"\n')
        assert isinstance(read(tmp_path / "c.toml", {}), Loaded)

    def test_one_setting_in_two_files_is_a_problem(self, tmp_path: Path) -> None:
        found = str(self.read(tmp_path, {"CHECKIN_TELEGRAM__TOKEN": SECRET, "telegram__token": f"{SECRET}x"}))
        assert found == "secrets:0: CHECKIN_TELEGRAM__TOKEN: stands there in two files; keep one of them"
