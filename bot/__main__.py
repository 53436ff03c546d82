"""Where `checkin-bot` and `python -m bot` begin. Nothing is imported here that takes time."""

import os
import signal
import sys


def start() -> None:
    """Run the command line. `run` may be told to end from this moment on: nothing is in flight, so that is a good end.

    Loading takes most of a second, in which the computer's own answer would be an end by signal. What is being
    imported may not expect an exception at any point of it, so the process ends without one.
    """
    if sys.argv[1:2] == ["run"]:
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda *_: os._exit(0))
    from bot.cli import main

    main(prog_name="checkin-bot")


if __name__ == "__main__":
    start()
