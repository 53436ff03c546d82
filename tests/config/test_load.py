"""The file: every problem at once, each with its line, key, what is wrong and what would be right."""

import re
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.load import Loaded, Problems, read, read_text
from bot.domain.questions import Asks, Scale
from bot.domain.words import Construct, Hours, Severity, Weekday

STARTER = """\
[service]
name = "The Hill"
place = "the Hill"
timezone = "Europe/London"

[[schedules]]
name = "twice a week"
days = ["tue", "thu"]
time = "14:00"

[alerts]
escalate_to = "M-1"
"""
TODAY = date(2026, 5, 12)


def reading(text: str, environ: dict[str, str] | None = None, folder: Path = Path()) -> Loaded | Problems:
    return read_text(text, "c.toml", folder, environ or {}, today=TODAY)


def loaded(text: str, environ: dict[str, str] | None = None, folder: Path = Path()) -> Loaded:
    found = reading(text, environ, folder)
    assert isinstance(found, Loaded), str(found)
    return found


def problems(text: str, environ: dict[str, str] | None = None, folder: Path = Path()) -> list[str]:
    found = reading(text, environ, folder)
    assert isinstance(found, Problems)
    return [str(problem) for problem in found.problems]


MISTAKES = """\
[service]
name = ""                                   # 2
timezone = "Europe/Lundon"                  # 3
profil = "recovery"                         # 4
quiet_hours = "20-9"                        # 5
closed_dates = [2026-12-25, "2026-02-30"]   # 6
languages = ["en", "xx"]                    # 7
silence_is_urgent = "yes please"            # 8

[[schedules]]
name = "a"
days = ["tue", "tursday"]                   # 12
time = "25:00"                              # 13
questions = ["B1", "G11"]                   # 14
max_questions = 0                           # 15

[[schedules]]
name = "a"                                  # 18
days = ["mon"]
time = "10:00"
remind_after = "30h"                        # 21
expires_after = "24h"

[[schedules]]                               # 24: no time
name = "b"
days = ["wed"]

[[questions]]
id = "H1"
construct = "bonds"                         # 30
scale = "0-11"                              # 31
text.en = "How is {wroker}?"                # 32

[signals.dorp]                              # 34
z = -2.0
[signals.slide]
h = 200                                     # 37

[alerts]
acknowledge_within = { high = "soon" }      # 40
escalate_to = ["M-1", "M 2"]                # 41
cover = { "W-1" = "W-1" }                   # 42

[safety]
second_channel = "duty@example.org"         # 45
checked_on = 2027-01-01                     # 46

[telegram]
messages_per_second = "many"                # 49
"""
WRONG_LINES = [2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 18, 21, 24, 30, 31, 32, 34, 37, 40, 41, 42, 45, 46, 49]

HOOK = "https://bot.example.org/telegram"
BOTH = f'webhook_url = "{HOOK}"\nwebhook_secret = "0123456789abcdef"'


class TestProblems:
    def test_twenty_five_mistakes_are_all_told_in_one_pass_each_on_its_line(self) -> None:
        found = reading(MISTAKES)
        assert isinstance(found, Problems)
        errors = [problem for problem in found.problems if problem.severity == "error"]
        assert [problem.line for problem in errors] == WRONG_LINES, "\n" + str(found)
        assert all(problem.wrong and problem.right for problem in errors)

    @pytest.mark.parametrize(
        "line",
        [
            'c.toml:3: service.timezone: "Europe/Lundon" is not a time zone; did you mean "Europe/London"?',
            'c.toml:4: service.profil: there is no such key; did you mean "profile"?',
            'c.toml:12: schedules[1].days[2]: "tursday" is not a day; did you mean "thu"?',
            'c.toml:14: schedules[1].questions[2]: there is no question or pool "G11"; did you mean "G1"?',
            "c.toml:15: schedules[1].max_questions: is too small; write 1 or more",
            "c.toml:21: schedules[2].remind_after: the check-in is over before it is due; "
            "make remind_after shorter than expires_after",
            'c.toml:30: questions[1].construct: "bonds" is not known here; did you mean "bond"?',
            'c.toml:32: questions[1].text.en: {wroker} is not something that can be filled in; did you mean "worker"?',
            'c.toml:34: signals.dorp: there is no such rule; did you mean "drop"?',
            "c.toml:37: signals.slide.h: 200 is outside what makes sense; from 0.5 to 20",
            "c.toml:42: alerts.cover.W-1: nobody covers for themselves; name somebody else",
        ],
    )
    def test_a_problem_says_where_which_key_what_is_wrong_and_what_would_be_right(self, line: str) -> None:
        assert line in problems(MISTAKES)

    def test_a_syntax_error_is_told_alone_with_its_line(self) -> None:
        found = problems(MISTAKES.replace('name = "b"', 'name = "b'))
        assert len(found) == 1
        assert found[0].startswith("c.toml:25: file: is not TOML: ")

    def test_an_empty_file_says_what_a_service_needs(self) -> None:
        keys = [line.split(": ")[1] for line in problems("")]
        assert {"service.name", "service.timezone", "schedules"} <= set(keys)

    @pytest.mark.parametrize(
        ("change", "key"),
        [
            ('time = "14:00"\nafter_session = "2h"', "schedules[1].days"),
            ('time = "14:00"\nafter_session = "2h"\nbefore_session = "2h"', "schedules[1].before_session"),
            ('time = "14:00"\nexpires_after = "0m"', "schedules[1].expires_after"),
            ('time = "14:00"\nevery_weeks = 1.5', "schedules[1].every_weeks"),
            ('time = "14:00"\nevery_weeks = true', "schedules[1].every_weeks"),
            ('time = "14:00"\nquestions = []\nquestion = "B1"', "schedules[1].question"),
            ("time = 14", "schedules[1].time"),
        ],
    )
    def test_schedules_that_cannot_be_meant(self, change: str, key: str) -> None:
        assert key in [line.split(": ")[1] for line in problems(STARTER.replace('time = "14:00"', change))]

    @pytest.mark.parametrize(
        ("question", "key"),
        [
            ('id = "H"\nconstruct = "bond"\nscale = "0-10"', "questions[1].text.en"),
            ('id = "H"\nscale = "0-10"\ntext.en = "?"', "questions[1].construct"),
            ('construct = "bond"\nscale = "0-10"\ntext.en = "?"', "questions[1].id"),
            ('id = "H"\nconstruct = "bond"\nscale = "choice"\ntext.en = "?"', "questions[1].options"),
            ('id = "H"\nconstruct = "bond"\nscale = "text"\nreverse = true\ntext.en = "?"', "questions[1].reverse"),
            ('id = "H"\nconstruct = "bond"\nscale = "words"\nwords.en = ["a"]\ntext.en = "?"', "questions[1].words.en"),
            ('id = "H"\nconstruct = "bond"\nscale = "0-10"\ntext.en = "?"\ntext.fr = "?"', "questions[1].text.fr"),
            ('id = "H"\nconstruct = "bond"\nscale = "0-10"\ntext.en = "?"\nlow.en = "l"', "questions[1].low"),
            ('id = "H"\nconstruct = "bond"\nscale = "0-10"\ntext.en = "{worker"', "questions[1].text.en"),
            ('id = "H"\nconstruct = "bond"\nscale = "0-10"\nasks = "bothered"\ntext.en = "?"', "questions[1].asks"),
            ('id = "H"\nconstruct = "bond"\nscale = "text"\nasks = "intent"\ntext.en = "?"', "questions[1].asks"),
            ('id = "H"\nconstruct = "bond"\nscale = "faces"\nasks = "stop"\ntext.en = "?"', "questions[1].asks"),
        ],
    )
    def test_questions_that_cannot_be_asked(self, question: str, key: str) -> None:
        found = problems(f"{STARTER}\n[[questions]]\n{question}\n")
        assert [line.split(": ")[1] for line in found] == [key]

    @pytest.mark.parametrize(
        ("more", "key"),
        [
            ("[retention]\nmessages = '3d'", "retention.messages"),
            ("[telegram]\nmode = 'webhook'\nwebhook_url = 'https://x.org'", "telegram.webhook_secret"),
            ("[telegram]\nmode = 'telepathy'", "telegram.mode"),
            ("[telegram]\nwebhook_secret = 'with blanks in it'", "telegram.webhook_secret"),
            ("[http]\nlisten = 'everywhere'", "http.listen"),
            ('[telegram]\ntoken_file = "a\\u0000b"', "telegram.token_file"),
            ('[database]\nencryption_keys_file = ""', "database.encryption_keys_file"),
            ("[texts.en]\n'client.thanks.dome' = 'Ta.'", "texts.en.client.thanks.dome"),
            ("[texts.en.client.reminder]\ntext = 3", "texts.en"),
            ("[service.crisis_text]\nfr = 'Appelez le 112.'", "service.crisis_text.fr"),
            ("[signals.drop]\nenabled = 1", "signals.drop.enabled"),
            ("[signals.drop]\nz = 'low'", "signals.drop.z"),
            ("[alerts.acknowledge_within]\nhigh = '2d'", "alerts.acknowledge_within.high"),
            ("[safety]\nduty_hours = { days = ['mon'] }", "safety.duty_hours.hours"),
            ("[[schedule]]\nname = 'x'", "schedule"),
            ("safety = 3", "alerts.safety"),
        ],
    )
    def test_other_things_that_cannot_be_meant(self, more: str, key: str) -> None:
        assert key in [line.split(": ")[1] for line in problems(f"{STARTER}\n{more}\n")]

    @pytest.mark.parametrize(
        ("url", "right"),
        [
            ("mysql://root:correct-horse@h/x", "write sqlite+aiosqlite:///checkin.db, or postgresql+psycopg://…"),
            ("checkin.db", "write sqlite+aiosqlite:///checkin.db, or postgresql+psycopg://…"),
            ("", "write sqlite+aiosqlite:///checkin.db, or postgresql+psycopg://…"),
            ("sqlite:///checkin.db", "write sqlite+aiosqlite:///checkin.db"),
            ("sqlite+aiosqlite://", "write sqlite+aiosqlite:///checkin.db"),
            ("sqlite+aiosqlite:///:memory:", "write sqlite+aiosqlite:///checkin.db"),
            ("postgres://u:correct-horse@h/x", "write postgresql+psycopg://name:password@host/database"),
            ("postgresql://u:correct-horse@h/x", "write postgresql+psycopg://name:password@host/database"),
            ("postgresql+psycopg://u:correct/horse@h/x", "write / : @ in a password as %2F %3A %40"),
        ],
    )
    def test_a_database_that_cannot_be_meant_is_told_without_its_password(self, url: str, right: str) -> None:
        (found,) = problems(f'{STARTER}\n[database]\nurl = "{url}"\n')
        assert found.startswith("c.toml:15: database.url: ")
        assert found.endswith(right)
        assert "horse" not in found

    @pytest.mark.parametrize(
        "url",
        [
            "sqlite+aiosqlite:////data/checkin.db",
            "postgresql+psycopg://u:p%2Fw@h:5432/x?sslmode=require",
            "postgresql+psycopg://[::1]/x",
            "postgresql+psycopg:///x?host=/run/postgresql",
        ],
    )
    def test_the_databases_that_there_are(self, url: str) -> None:
        assert loaded(f'{STARTER}\n[database]\nurl = "{url}"\n').settings.database.url.get_secret_value() == url

    @pytest.mark.parametrize(
        ("more", "key", "wrong"),
        [
            ('webhook_secret = "0123456789abcdef"', "telegram.webhook_url", "is missing"),
            (f'webhook_url = "{HOOK}"', "telegram.webhook_secret", "is missing"),
            ('webhook_url = "http://x.org/t"\nwebhook_secret = "0123456789abcdef"', "telegram.webhook_url", "only https"),
            (
                'webhook_url = "https://x.org:444/t"\nwebhook_secret = "0123456789abcdef"',
                "telegram.webhook_url",
                "that port",
            ),
            (
                'webhook_url = "https://x.org:99999/t"\nwebhook_secret = "0123456789abcdef"',
                "telegram.webhook_url",
                "that port",
            ),
            (f'webhook_url = "{HOOK}"\nwebhook_secret = "with blanks in it"', "telegram.webhook_secret", "does not take"),
            (f'{BOTH}\nwebhook_path = "telegram"', "telegram.webhook_path", "is no path"),
            (f'{BOTH}\nwebhook_path = "/{{x}}"', "telegram.webhook_path", "is no path"),
            (f'{BOTH}\nwebhook_path = "/healthz"', "telegram.webhook_path", "something else"),
            (f'{BOTH}\n[http]\nlisten = ""', "http.listen", "is off, and the mode is webhook"),
        ],
    )
    def test_a_webhook_that_could_not_work(self, more: str, key: str, wrong: str) -> None:
        (found,) = problems(f'{STARTER}\n[telegram]\nmode = "webhook"\n{more}\n')
        assert re.match(rf"c\.toml:\d+: {re.escape(key)}: ", found), found
        assert wrong in found

    def test_a_webhook_that_can_work(self) -> None:
        telegram = loaded(f'{STARTER}\n[telegram]\nmode = "webhook"\n{BOTH}\n').settings.telegram
        assert (telegram.mode, telegram.webhook_url, telegram.webhook_path) == ("webhook", HOOK, "/telegram")

    def test_a_bot_api_server_of_ones_own_may_call_whatever_it_likes(self) -> None:
        own = 'api_base_url = "http://127.0.0.1:8081"\nwebhook_url = "http://127.0.0.1:9999/t"'
        loaded(f'{STARTER}\n[telegram]\nmode = "webhook"\nwebhook_secret = "0123456789abcdef"\n{own}\n')

    def test_a_secret_that_could_be_guessed_is_warned_of_and_not_shown(self) -> None:
        text = f'{STARTER}\n[telegram]\nmode = "webhook"\nwebhook_url = "{HOOK}"\nwebhook_secret = "sesame"\n'
        (warning,) = loaded(text).warnings
        assert warning.key == "telegram.webhook_secret"
        assert "sesame" not in str(warning)

    @pytest.mark.parametrize("every", ["0m", "59d", "2"])
    def test_a_pace_that_is_none_for_a_heartbeat(self, every: str) -> None:
        (found,) = problems(f'{STARTER}\n[heartbeat]\nevery = "{every}"\n')
        assert "heartbeat.every: " in found

    def test_the_address_of_the_heartbeat_is_a_secret(self) -> None:
        good = f'{STARTER}\n[heartbeat]\nurl = "https://hc.example.org/ping/planted"\nevery = "5m"\n'
        assert "planted" not in repr(loaded(good).settings)
        assert "planted" not in str(problems(good.replace("https://", "planted://")))

    def test_what_rests_on_a_wrong_key_is_not_told_as_well(self) -> None:
        """With a wrong `expires_after` nobody can know whether `remind_after` is too long."""
        text = STARTER.replace('time = "14:00"', 'time = "14:00"\nremind_after = "30h"\nexpires_after = "two days"')
        assert len(problems(text)) == 1

    def test_a_wrong_value_is_not_called_missing_too(self) -> None:
        assert len(problems(STARTER.replace('"14:00"', '"2pm"'))) == 1


class TestWarnings:
    def warned(self, text: str) -> list[str]:
        return [f"{one.key}: {one.wrong}" for one in loaded(text).warnings]

    def test_a_good_starter_file_has_none(self) -> None:
        assert self.warned(STARTER) == []

    def test_a_time_in_quiet_hours(self) -> None:
        found = self.warned(STARTER.replace("14:00", "08:00"))
        assert "schedules[1].time: lies in the quiet hours and waits until 09:00" in found

    def test_an_alert_that_nobody_could_handle_within_one_working_day(self) -> None:
        found = self.warned(STARTER.replace('"thu"', '"fri"').replace("14:00", "16:00"))
        assert found == ["schedules[1].days: an alert from a check-in on fri could not be handled within one working day"]

    def test_a_window_that_reaches_the_next_check_in(self) -> None:
        found = self.warned(STARTER.replace('time = "14:00"', 'time = "14:00"\nexpires_after = "3d"'))
        assert found == ["schedules[1].expires_after: the next check-in is due before this one is over"]

    def test_an_option_that_no_rule_reads(self) -> None:
        options = 'options = [{ id = "yes", text.en = "Yes" }, { id = "dunno", text.en = "Dunno" }]'
        question = (
            f'[[questions]]\nid = "H"\nconstruct = "bond"\nscale = "choice"\nasks = "bothered"\ntext.en = "?"\n{options}'
        )
        assert self.warned(f"{STARTER}\n{question}\n") == [
            'questions[1].options[2].id: no rule for bothered reads "dunno"'
        ]


class TestPlan:
    def test_defaults_are_those_of_the_documentation(self) -> None:
        plan = loaded(STARTER).plan
        assert plan.calendar.quiet_hours == Hours(time(20), time(9))
        assert plan.schedules[0].days == {Weekday.TUE, Weekday.THU}
        assert plan.schedules[0].expires_after == timedelta(hours=24)
        assert plan.alerts.acknowledge_within[Severity.MEDIUM] == timedelta(days=1)
        assert plan.safety.duty_hours == plan.calendar.working
        assert (plan.data.after_discharge, plan.data.messages) == (timedelta(days=90), None)

    def test_one_ref_where_a_list_is_meant_is_a_list_of_one(self) -> None:
        assert loaded(STARTER).plan.alerts.escalate_to == ("M-1",)

    def test_recovery_clears_the_chat_unless_told_otherwise(self) -> None:
        recovery = STARTER.replace("[[sch", 'profile = "recovery"\n[[sch')
        assert loaded(recovery).plan.data.messages == timedelta(hours=24)
        assert loaded(f'{recovery}\n[retention]\nmessages = ""\n').plan.data.messages is None

    def test_a_question_of_the_service_s_own_comes_into_the_bank(self) -> None:
        text = f'{STARTER}\n[[questions]]\nid = "B1"\nconstruct = "bond"\nscale = "words"\ntext.en = "OK?"\n'
        ours = loaded(text).plan.bank["B1"]
        assert (ours.construct, ours.scale, ours.asks) == (Construct.BOND, Scale.WORDS, None)
        assert len(ours.words["en"]) == 5
        assert loaded(text).plan.bank["R1"].asks is Asks.BOTHERED

    def test_what_a_file_means_makes_the_version_and_not_how_it_looks(self) -> None:
        same = STARTER.replace('"14:00"', "14:00:00").replace('["tue", "thu"]', '["Thursday", "tue"]') + "# a comment\n"
        assert loaded(same).plan.version == loaded(STARTER).plan.version
        assert loaded(STARTER.replace("14:00", "14:30")).plan.version != loaded(STARTER).plan.version

    def test_a_byte_order_mark_and_windows_line_ends_are_read(self, tmp_path: Path) -> None:
        file = tmp_path / "c.toml"
        file.write_bytes(b"\xef\xbb\xbf" + STARTER.replace("\n", "\r\n").encode())
        assert isinstance(read(file, {}), Loaded)


class TestFile:
    def test_a_file_that_is_not_there_is_one_clear_line(self, tmp_path: Path) -> None:
        found = str(read(tmp_path / "none.toml", {}))
        assert "cannot be read (No such file or directory); give the file's path with --config" in found

    def test_a_folder_is_one_clear_line(self, tmp_path: Path) -> None:
        assert isinstance(read(tmp_path, {}), Problems)

    def test_bytes_that_are_not_utf_8_are_named_with_their_line(self, tmp_path: Path) -> None:
        file = tmp_path / "c.toml"
        file.write_bytes(b'[service]\nname = "caf\xe9"\n')
        assert str(read(file, {})) == f"{file}:2: file: is not UTF-8 text; save it as UTF-8"


SECRET = "123456:AAcanaryCANARYcanary"


class TestSecrets:
    def file(self, folder: Path, mode: int, text: str = f"{SECRET}\n") -> str:
        file = folder / "token"
        file.write_text(text)
        file.chmod(mode)
        return f'{STARTER}\n[telegram]\ntoken_file = "token"\n'

    def test_a_token_file_is_read_from_beside_the_config(self, tmp_path: Path) -> None:
        token = loaded(self.file(tmp_path, 0o600), folder=tmp_path).settings.telegram.token
        assert token is not None
        assert token.get_secret_value() == SECRET

    def test_a_token_file_that_everybody_can_read_is_refused(self, tmp_path: Path) -> None:
        found = problems(self.file(tmp_path, 0o604), folder=tmp_path)
        assert len(found) == 1
        assert "telegram.token_file: everybody on this computer can read this file; chmod 600" in found[0]

    def test_a_token_file_that_is_not_there_is_a_problem(self, tmp_path: Path) -> None:
        assert (
            "telegram.token_file: cannot be read"
            in problems(f'{STARTER}[telegram]\ntoken_file = "no"', folder=tmp_path)[0]
        )

    def test_keys_are_read_one_per_line(self, tmp_path: Path) -> None:
        self.file(tmp_path, 0o600, "# newest\nk2\n\nk1\n")
        database = loaded(f'{STARTER}[database]\nencryption_keys_file = "token"', folder=tmp_path).settings.database
        assert [key.get_secret_value() for key in database.encryption_keys] == ["k2", "k1"]

    def test_an_empty_token_is_none(self) -> None:
        assert loaded(f'{STARTER}[telegram]\ntoken = ""').settings.telegram.token is None

    @pytest.mark.parametrize(
        "text",
        [
            f'{STARTER}[telegram]\ntoken = ["{SECRET}"]\nmode = "x"',
            f'{STARTER}[telegram]\ntoken = "{SECRET}"\ntokn = "{SECRET}"\nmode = "x"',
            f'{STARTER}[telegram]\ntoken = "{SECRET}"\nwebhook_url = "{SECRET}"',
            f'{STARTER}[database]\nurl = 5\nencryption_keys = [3, "{SECRET}"]',
            f'{STARTER}[safety]\nsecond_channel = "{SECRET}"',
        ],
    )
    def test_no_secret_stands_in_a_problem(self, text: str) -> None:
        assert SECRET not in str(problems(text))

    def test_no_secret_shows_when_settings_are_printed(self) -> None:
        assert SECRET not in repr(loaded(f'{STARTER}[telegram]\ntoken = "{SECRET}"').settings)


class TestAnything:
    @pytest.mark.parametrize("value", ["[{}]", "[[{}]]", "[{}, {}]", "{}", "[{ x = 1 }]", "[[]]"])
    @pytest.mark.parametrize("key", ["closed_dates", "languages", "working_hours", "name", "crisis_text"])
    def test_a_value_of_another_shape_ends_in_an_answer(self, key: str, value: str) -> None:
        text = STARTER.replace('name = "The Hill"', f'name = "The Hill"\n{key} = {value}')
        assert isinstance(reading(text), Loaded | Problems)

    @given(text=st.text(max_size=400))
    def test_any_text_ends_in_problems_or_a_plan(self, text: str) -> None:
        assert isinstance(reading(text), Problems)

    @given(
        line=st.integers(0, STARTER.count("\n")),
        junk=st.sampled_from(
            [
                "x = 1",
                "[[service]]",
                "[schedules]",
                "schedules = 3",
                "[a.b]",
                "x = [[[]]]",
                "time = {}",
                "[[alerts.cover]]",
                "name = inf",
                "days = [1, 'mon', {}]",
                "[service.name]",
                "text = 1979-05-27T07:32:00Z",
                "[[questions.text]]",
            ]
        ),
    )
    def test_a_stray_line_anywhere_is_survived(self, line: int, junk: str) -> None:
        lines = STARTER.splitlines()
        lines.insert(line, junk)
        assert isinstance(reading("\n".join(lines)), Problems)
