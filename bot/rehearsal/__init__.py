"""A whole day of the bot without Telegram: the stand-in, its phones, and a clock that is moved by hand."""
