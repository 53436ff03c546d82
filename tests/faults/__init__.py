"""Things are broken on purpose: one file for each promise that no other test tries (docs/promises.md)."""
