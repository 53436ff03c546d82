"""What the bot thinks, as plain values and plain functions: no I/O, no clock, no framework."""
