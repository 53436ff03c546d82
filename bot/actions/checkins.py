"""The check-in, feature by feature, under one name: what handlers, loops and the courier call.

timetable   when each client is asked next              prompts   what stands in the chat
release     what is due becomes a check-in and a post   answers   taps; typed   words
rounds      reminders, half-done ones, the end          later     *Later*
"""

from bot.actions.answers import answer, back, sent, words
from bot.actions.later import choose_later, resume, show_later
from bot.actions.prompts import stop_asking, thanks
from bot.actions.release import release_due
from bot.actions.rounds import evaluate_due, expire_due, remind_due, reoffer_open, undeliverable
from bot.actions.timetable import plan_for, replan_all
from bot.actions.typed import Written, answer_typed

__all__ = [
    "Written",
    "answer",
    "answer_typed",
    "back",
    "choose_later",
    "evaluate_due",
    "expire_due",
    "plan_for",
    "release_due",
    "remind_due",
    "reoffer_open",
    "replan_all",
    "resume",
    "sent",
    "show_later",
    "stop_asking",
    "thanks",
    "undeliverable",
    "words",
]
