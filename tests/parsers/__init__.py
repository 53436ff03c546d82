"""Whatever comes in: made-up input by the thousand, and a defined outcome for each."""
