"""`python -m bot` is `checkin-bot`."""

from bot.cli import main

if __name__ == "__main__":
    main(prog_name="checkin-bot")
