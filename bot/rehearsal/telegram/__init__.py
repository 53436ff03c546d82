"""The stand-in Telegram: `StandIn` is the Bot API, `Phone` a person, `Rule` a fault, `serve` a loopback port."""

from bot.rehearsal.telegram.faults import Kind, Rule
from bot.rehearsal.telegram.phone import Group, Phone, Tap
from bot.rehearsal.telegram.serve import serve
from bot.rehearsal.telegram.shapes import Button, Call, Message, Toast, TranscriptLine
from bot.rehearsal.telegram.standin import StandIn

__all__ = [
    "Button",
    "Call",
    "Group",
    "Kind",
    "Message",
    "Phone",
    "Rule",
    "StandIn",
    "Tap",
    "Toast",
    "TranscriptLine",
    "serve",
]
