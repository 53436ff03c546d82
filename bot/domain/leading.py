"""Of several processes on one database, one receives (Telegram refuses a second poller) and one sends (its limit counts
for the whole bot). That only limits load: what may not happen twice is kept from it by rows, leases and unique keys.

Whoever leads holds a lock that ends with its connection, and says every `BEAT` that it is there. All seconds count
from the last beat that was answered:

    ANSWERED_WITHIN   no answer yet: this process cannot reach the database; it cuts its connections and leads no more
    LEADS_FOR         past this it sends nothing, even if it was stopped in between and could not notice
    FREE_AFTER        the server ends the connection of a process that it has not heard: somebody else may lead

So a process that is cut off stops before another takes over, and that is within `FREE_AFTER` and one beat.
"""

from enum import StrEnum

BEAT = 1.0
ANSWERED_WITHIN = 5.0
LEADS_FOR = 7.0
FREE_AFTER = 12.0


class Lead(StrEnum):
    """What one process does for all. The names are those of the loops that do it."""

    RECEIVE = "receive"
    SEND = "deliver"
