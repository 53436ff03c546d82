"""Everything that is remembered: all SQL and only SQL."""
