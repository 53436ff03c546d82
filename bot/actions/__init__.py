"""Use-cases: what the bot does, each one a single transaction, and the only callers of storage."""
