"""The verb of every button: the first part of its data (`handlers.callbacks`). A view puts it on, a handler takes it.

Buttons live for ever: a verb is never given a second meaning.
"""

# ---------------------------------------------------------------- clients

JOIN = "j"
ANSWER, BACK, SKIP, LATER, WORDS = "a", "b", "s", "l", "w"
"""On a check-in's question."""
SHARE, UNDO, AGAIN = "sh", "un", "ca"
"""How the worker shall hear, a minute's *Undo*, and starting again after a crisis."""
REMARK, QUESTIONS = "r", "q"
"""Whether words are shown, and the question about the questions."""
FOLLOW_UP = "fu"
MENU, GOAL, URGENT_HELP, NEW_WORKER = "m", "g", "c", "nw"

# ---------------------------------------------------------------- staff

STAFF_JOIN = "sj"
ACK, TALKED, MORE, ACT = "ack", "talked", "more", "al"
"""On an alert; `ACT` is what stands behind *More* and *Show*."""
HOLD = "hd"
GOAL_SEEN, RATE, UNLINK = "gs", "rt", "ul"
