"""The demo's page: everybody's phone side by side in a browser, and a clock that can be moved."""

from bot.rehearsal.page.app import OnPage, StoryButton, demo_app

__all__ = ["OnPage", "StoryButton", "demo_app"]
