"""The config file of a service with real bot processes, which asks as often in a day as somebody may tap."""

from bot.ports import SystemClock

ROUNDS = 60
"""Check-ins that each client can be asked at most: a schedule each, since one asks once a day."""

_HOUSE = """
[telegram]
messages_per_second = 0
chat_messages_per_second = 0
[service]
name = "The Hill"
timezone = "UTC"
quiet_hours = "00:00-00:00"
not_shared_with = ["the police"]
crisis_text.en = "Call 999."
[alerts]
{alerts}
escalate_to = ["M-1"]
complaints_to = "M-1"
budget_per_worker_per_week = 100
budget_per_client_per_month = 10
[safety]
duty = "M-1"
duty_hours = {{ days = ["mon"], hours = "09:00-17:00" }}
safeguarding_contact = "M-1"
checked_by = "M-1"
checked_on = {today}
"""
_SCHEDULE = """[[schedules]]
name = "s{number}"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
time = "{time}"
questions = ["B1", "G1", "T1"]
max_questions = 3
expires_after = "24h"
"""


def config_file(rounds: int = ROUNDS, *, time: str = "12:00", alerts: str = "") -> str:
    """TOML with so many schedules at `time`, checked today; `alerts`: more lines of that part."""
    house = _HOUSE.format(alerts=alerts, today=SystemClock().now().date().isoformat())
    return house + "".join(_SCHEDULE.format(number=number, time=time) for number in range(rounds))
