"""Telegram, all of it and only it: what people send, what they see."""
