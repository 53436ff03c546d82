"""Tests. Which one goes where: tests/README.md."""
